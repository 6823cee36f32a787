/* SPDX-License-Identifier: MIT */
/*
 * Many commands, some at a time, each with a time limit, an empty temporary directory of its own
 * and its output kept: for the commands that run tests.
 */
#ifndef TOOLS_JOBS_H
#define TOOLS_JOBS_H

#include "tools/util.h"

#include <sys/types.h>

#define JOB_OUTPUT_MAX (4u << 20) /* of more output the rest is dropped */

struct job {
	struct strvec argv; /* the command */
	struct strvec env;  /* NAME=VALUE, besides what there is; TMPDIR is set in any case */
	unsigned seconds;   /* time limit; 0: none */
	void *about;	    /* the caller's */
	/* when it is done: */
	int status; /* as waitpid(2) gives it */
	bool timed_out;
	char *output; /* both streams, NUL-terminated */
	/* private: */
	pid_t pid;
	int fd;
	char *directory;
	uint64_t deadline_ns;
};

struct jobs {
	struct job *v;
	size_t n, room;
	void (*done)(struct jobs *jobs,
		     struct job *job); /* after each, in the order in which they end */
	void *ctx;
};

/* A zeroed job to fill in, valid until the next call. */
struct job *jobs_add(struct jobs *jobs);
/*
 * Run all of them, at_once at a time. Their processes are gone when this returns, those they have
 * started in the background included. 0, or an exit status after saying why: a signal asked to end,
 * or nothing can be started.
 */
int jobs_run(struct jobs *jobs, unsigned at_once);
void jobs_free(struct jobs *jobs);

/* How many CPUs there are to run on. */
unsigned jobs_cpus(void);

#endif
