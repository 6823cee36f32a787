/* SPDX-License-Identifier: MIT */
/*
 * What a machine is to run: the program, who runs it, and the root file system it needs. The same
 * for `uniload run`, `build` and `inspect`.
 */
#ifndef TOOLS_PAYLOAD_H
#define TOOLS_PAYLOAD_H

#include "tools/program.h"
#include "tools/rootfs.h"
#include "tools/rootimage.h"

struct payload_spec {
	const char *app;
	const char *rootfs;	   /* NULL: none */
	const struct strvec *adds; /* HOST[:GUEST] */
	const struct strvec *env;  /* settings as for guest_environment() */
	bool as_root;		   /* in any case; else only with a rootfs, as docker run does */
};

struct payload {
	struct program program;
	struct user user;
	struct rootimage root;
	bool has_root; /* else the program's own file is all it needs */
};

#define PAYLOAD_NONE                                                                               \
	{                                                                                          \
		.program.fd = -1, .root = {.base = -1, .fd = -1 }                                  \
	}

/* Find all of it. Returns 0, or an exit status after saying why. payload_close() is needed in any
 * case. */
int payload_open(struct payload *p, const struct payload_spec *spec);
/* The root's files, or NULL: for rootfs_build(). */
const struct fileset *payload_set(const struct payload *p);
/* The rewrite plan of all of it, appended to *plan: of the root's files, after rootimage_make(), or
 * of the program as one of the entries that rootfs_build() made. */
void payload_plan(const struct payload *p, const struct guest_files *over, struct blob *plan);
void payload_close(struct payload *p);

#endif
