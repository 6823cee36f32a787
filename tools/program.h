/* SPDX-License-Identifier: MIT */
/*
 * The program to run, as a file on the host: finding it, and saying before any machine starts
 * whether it can run.
 */
#ifndef TOOLS_PROGRAM_H
#define TOOLS_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct program {
	const char *name; /* as typed */
	int fd;		  /* open for reading */
	struct stat st;
	char *path;  /* absolute, no symbolic links: where it is in the guest too */
	char *alias; /* the absolute name it was called by if that is a symbolic link; else NULL */
	uint64_t memory; /* bytes of memory its segments take beyond the file itself */
};

/*
 * Find `name` as execvp(3) would (PATH if it has no slash), open it and check that it is a program
 * this kernel runs. Returns 0, or an exit status (126 or 127) after saying why.
 */
int program_open(struct program *p, const char *name);
void program_close(struct program *p);

/* elfcheck.c: the part that looks into the file; p->fd and p->st are set. Same returns. */
int elfcheck(struct program *p);

#endif
