/* SPDX-License-Identifier: MIT */
/*
 * What the guest finds beside its kernel's own /dev and /proc: the program, a minimal /etc, places
 * to write, and the environment.
 */
#ifndef TOOLS_ROOTFS_H
#define TOOLS_ROOTFS_H

#include "tools/module.h"
#include "tools/program.h"
#include "tools/util.h"

#include <sys/types.h>

#define GUEST_HOSTNAME "uniload"

/* Who runs uniload: the program in the guest has the same ids. */
struct user {
	uid_t uid;
	gid_t gid;
	gid_t *groups;
	size_t n_groups;
	char *name, *home, *shell;
};
int user_init(struct user *user); /* 0, or -1 after saying why */
void user_free(struct user *user);

void rootfs_build(struct guest_files *files, const struct program *program, const struct user *user,
		  const char *cwd);

/*
 * The program's environment, as docker run makes it: PATH, HOSTNAME, TERM (with a terminal), HOME,
 * then `settings`: K=V sets, K alone copies from here or, if it is not set here, removes.
 */
void guest_environment(struct strvec *env, const struct user *user, bool terminal,
		       const struct strvec *settings);

#endif
