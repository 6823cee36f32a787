/* SPDX-License-Identifier: MIT */
/*
 * --missing: what the program looked for in vain.
 */
#ifndef TOOLS_MISSING_H
#define TOOLS_MISSING_H

#include "tools/util.h"

#include "kernel/abi/bootinfo.h"

#define MISSING_PATH_MAX 8192

/* Paths that come as messages: BI_MSG_MISSING and what follows it. */
struct missing_paths {
	struct strvec paths;
	char path[MISSING_PATH_MAX + sizeof(struct bi_msg)];
	size_t len, have; /* of the path that is coming; len 0: none */
};

/* Take a message. False: it is none of these. */
bool missing_take(struct missing_paths *m, const struct bi_msg *msg);
/* Tell: first what is there on this host, with the option that provides it; then, if `all`, the
 * rest. */
void missing_print(const struct missing_paths *m, bool all);
void missing_free(struct missing_paths *m);

#endif
