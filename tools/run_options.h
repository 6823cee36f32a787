/* SPDX-License-Identifier: MIT */
/*
 * What `uniload run` was asked to do.
 */
#ifndef TOOLS_RUN_OPTIONS_H
#define TOOLS_RUN_OPTIONS_H

#include "tools/net.h"
#include "tools/policy.h"
#include "tools/util.h"

enum missing { MISSING_NO, MISSING_HERE, MISSING_ALL };
enum accel { ACCEL_AUTO, ACCEL_KVM, ACCEL_TCG };

/* What --rewrite is when it is not given; also what an image says. */
#define REWRITE_DEFAULT (BI_REWRITE_PLAN | BI_REWRITE_ONLINE)

struct run_options {
	bool help;
	uint64_t memory; /* bytes */
	unsigned cpus;	 /* 0: not said */
	struct strvec env, qemu_args;
	struct strvec volumes; /* HOST:GUEST[:ro] */
	struct strvec disks;   /* FILE[:ro] */
	struct strvec adds;    /* HOST[:GUEST] */
	const char *rootfs;    /* NULL: none; else a directory or a tar archive */
	const char *cwd;       /* NULL: as here */
	enum accel accel;
	uint32_t rewrite; /* BI_REWRITE_PLAN, BI_REWRITE_ONLINE */
	bool strace, strict, verbose, stats;
	enum missing missing;
	const char *strace_file; /* NULL: standard error */
	uint64_t timeout_ns;	 /* 0: none */
	bool summary;
	const char *summary_file; /* NULL: standard error */
	const char *record;	  /* NULL: no */
	struct policy policy;
	const char *policy_for; /* absolute path of a program in the machine; NULL: for all */
	struct net_options net;
	const char *gdb;    /* NULL: no; else TCP port or path of a Unix socket */
	const char *kernel; /* NULL: the one inside */
	char **app;	    /* the program and its arguments, NULL-terminated */
};

/* The value of --rewrite as flags of the boot module. Returns 0, or an exit status after saying
 * what is wrong with it. */
int rewrite_option(const char *value, uint32_t *flags);
/* The value that gives those flags. */
const char *rewrite_name(uint32_t flags);

/* Returns 0, or an exit status after saying why. Without --help, app[0] is there. */
int run_options_parse(struct run_options *o, int argc, char **argv);
void run_options_free(struct run_options *o);
void run_options_help(void);

#endif
