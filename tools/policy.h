/* SPDX-License-Identifier: MIT */
/*
 * Which system calls a program may make, and which are answered without doing them: the options
 * that say so, and the rules (kernel/abi/bootinfo.h) made from them.
 */
#ifndef TOOLS_POLICY_H
#define TOOLS_POLICY_H

#include "kernel/abi/bootinfo.h"
#include "tools/options.h"
#include "tools/systable.h"

#include <stdbool.h>

struct policy {
	struct {
		bool set;
		uint32_t action; /* enum bi_rule_action */
		int64_t value;
	} of[SYSTABLE_NUMBERS];
	bool only_allowed; /* --allow: all others are refused ... */
	bool kill;	   /* ... and end the process, else fail with ... */
	int error;	   /* 0: none was given */
};

/* Their ids begin here, so that a command's own can be small. */
enum policy_option {
	OPT_FAKE = 1000,
	OPT_STUB,
	OPT_ALLOW,
	OPT_DENY,
	OPT_DENY_WITH,
	OPT_SECCOMP_FROM,
};

/* For a command's table of options. LIST: names with commas between, or @FILE. */
#define POLICY_OPTIONS                                                                               \
	{.help = "System calls (LIST: NAME,NAME... or @FILE, one name a line):"},                    \
	    {OPT_FAKE, 0,                                                                            \
	     "fake",   "NAME[=VALUE]",                                                               \
	     false,    "answer this call with VALUE (default 0) without doing it; repeatable"},      \
	    {OPT_STUB,	   0,	  "stub",                                                            \
	     "NAME=ERRNO", false, "let this call fail: --stub rseq=ENOSYS; repeatable"},             \
	    {OPT_DENY,                                                                               \
	     0,                                                                                      \
	     "deny",                                                                                 \
	     "LIST[=HOW]",                                                                           \
	     false,                                                                                  \
	     "refuse these calls, and log it, once for each; HOW: an errno\n"                        \
	     "(default EPERM), or kill: end the process by SIGSYS; repeatable"},                     \
	    {OPT_ALLOW, 0,     "allow",                                                              \
	     "LIST",	false, "refuse and log all calls but these; repeatable"},                    \
	    {OPT_SECCOMP_FROM, 0,     "seccomp-from",                                                \
	     "FILE",	       false, "the same with the calls in FILE, as run --record writes it"}, \
	{                                                                                            \
		OPT_DENY_WITH, 0, "deny-with", "HOW", false,                                         \
		    "what becomes of calls that --allow does not name: an errno, or kill"            \
	}

/* One of these options. 0, or an exit status after saying why. */
int policy_option(struct policy *p, int id, const char *value);

/*
 * What the options mean as rules, in *rules (to be freed) and *n. base: rules that hold already,
 * whose refusals stay (n_base may be 0). 0, or an exit status after saying why.
 */
int policy_rules(const struct policy *p, const struct bi_rule *base, size_t n_base,
		 struct bi_rule **rules, size_t *n);

/* "EPERM" is 1; 0 if Linux has no such error. */
int errno_number(const char *name);

/* The calls of an allow list, marked in have[SYSTABLE_NUMBERS]. 0, or an exit status after saying
 * why. */
int policy_read_list(const char *path, bool *have);

#endif
