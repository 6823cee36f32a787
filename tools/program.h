/* SPDX-License-Identifier: MIT */
/*
 * The program to run, as a file on the host: finding it, and saying before any machine starts
 * whether it can run.
 */
#ifndef TOOLS_PROGRAM_H
#define TOOLS_PROGRAM_H

#include "loader/script.h"
#include "tools/fileset.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#define PROGRAM_NEEDS 2

/* Where programs are looked for. */
struct place {
	const struct fileset *set; /* a root image's files; NULL: this host's */
	const char *path;	   /* PATH for the program itself */
	const char *guest_path;	   /* PATH in the machine: for env(1) in a script's first line */
};

struct program {
	char *name;	 /* as typed; for messages */
	int fd;		 /* open for reading */
	uint64_t offset; /* where in fd it begins */
	struct stat st;	 /* of the host's file, or made from the set's */
	char *path;	 /* absolute, no symbolic links: where it is in the guest too */
	char *alias; /* the absolute name it was called by if that is a symbolic link; else NULL */
	uint64_t memory; /* bytes of memory its segments take beyond the file itself */
	char *interp;	 /* of a dynamic program: its PT_INTERP; NULL: static, or a script */
	/* Of a script: its interpreter, and what that looks for if it is env(1). */
	struct program *needs[PROGRAM_NEEDS];
	size_t n_needs;
};

/*
 * Find `name` as execvp(3) would (PATH if it has no slash), open it and check that it is a program
 * this kernel runs, as are its interpreters if it is a script. Returns 0, or an exit status (126 or
 * 127) after saying why. program_close() is needed in any case.
 */
int program_open(struct program *p, const char *name, const struct place *place);
void program_close(struct program *p);

/* elfcheck.c: the part that looks into the file; p->fd and p->st are set. Same returns. */
int elfcheck(struct program *p);
/* Is the file a script? Then *head gets its beginning, for script_parse(). */
bool is_script(const struct program *p, char head[SCRIPT_HEAD_SIZE]);
/* The program that env(1) would look for with that argument, in a copy; NULL: none. */
char *script_env_program(const char *argument);

#endif
