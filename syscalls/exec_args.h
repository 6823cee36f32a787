/* SPDX-License-Identifier: MIT */
/* Arguments and environment on their way from one program to the next: copies in kernel memory. */
#ifndef SYSCALLS_EXEC_ARGS_H
#define SYSCALLS_EXEC_ARGS_H

#include "kernel/abi/bootinfo.h"
#include "kernel/types.h"

struct exec_args {
	const char **argv, **envp; /* both in `vector` */
	size_t argc, envc;
	/* private: */
	const char **vector;
	struct args_block *blocks; /* where copies lie, newest first */
};

/*
 * Copy the arrays in and all they point to; null arrays are empty. `limit` is RLIMIT_STACK. 0,
 * -EFAULT, -E2BIG (more than Linux allows for), -ENOMEM. In every case exec_args_free() is due.
 */
int exec_args_user(struct exec_args *a, uaddr_t argv, uaddr_t envp, uint64_t limit);
/* Those of the boot module, where they are. 0 or -ENOMEM; exec_args_free() is due. */
int exec_args_boot(struct exec_args *a, const struct bootinfo *bi);
void exec_args_free(struct exec_args *a);
/* A script: replace argv[0] by its interpreter, that one's argument or NULL, and the script. 0 or
 * -ENOMEM. At most SCRIPT_MAX_LEVELS + 1 times. */
int exec_args_script(struct exec_args *a, const char *interp, const char *arg, const char *script);

#endif
