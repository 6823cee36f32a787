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
	const char *hostname; /* of the machine */
};
int user_init(struct user *user); /* 0, or -1 after saying why */
/* Root, as a root file system's /etc/passwd describes it: who runs what is in a --rootfs. */
void user_init_root(struct user *user, const struct fileset *set); /* NULL: no files */
void user_free(struct user *user);

/* The entries to put over the root image whose files are in `set`: what that has is left alone, the
 * program's file included. `set` NULL: there is no image.
 * `cwd` is a directory of the host's to have too, or NULL; `mtime_ns` the time of what is made up.
 */
void rootfs_build(struct guest_files *files, const struct fileset *set,
		  const struct program *program, const struct user *user, const char *cwd,
		  uint64_t mtime_ns);

/*
 * The program's environment, as docker run makes it: PATH, HOSTNAME, TERM (with a terminal), HOME,
 * then `settings`: K=V sets, K alone copies from here or, if it is not set here, removes.
 */
void guest_environment(struct strvec *env, const struct user *user, bool terminal,
		       const struct strvec *settings);

/* The settings alone, over what is in env. */
void environment_apply(struct strvec *env, const struct strvec *settings);

/* What guest_environment() will make of NAME; NULL: it will not be set. */
const char *guest_setting(const struct strvec *settings, const char *name);
/* The program's PATH. */
const char *guest_search_path(const struct strvec *settings);

#endif
