/* SPDX-License-Identifier: MIT */
/*
 * Starting a program: at boot the one of the boot module, later what execve(2) names. First all
 * that may fail is tried without touching anything of the process, then the process gets its new
 * image.
 */
#ifndef SYSCALLS_EXEC_H
#define SYSCALLS_EXEC_H

#include "kernel/bootinfo.h"
#include "syscalls/exec_args.h"
#include "syscalls/exec_image.h"

struct regs;

/* A start in progress. */
struct exec {
	const char *path; /* as the user named it */
	struct exec_args args;
	bool tell;    /* errors are for the user of the machine: log them */
	bool fd_path; /* path leads through a descriptor that the start closes */
	struct exec_image program, interp; /* interp is open if the program asks for one */
	/* private to exec.c: */
	struct process *p;
	struct mm *mm;
	struct cred *cred;		 /* the program's; NULL once it is in force */
	bool secure;			 /* it may do what the caller may not: AT_SECURE */
	uint64_t stack_top, stack_limit; /* RLIMIT_STACK */
	uint64_t jitter, vdso;
	uint64_t start; /* first instruction: the interpreter's, if there is one */
};

/*
 * Find out all there is to know of the file open as x->program, with the arguments in x->args:
 * through scripts to a program and its interpreter. 0 or -errno as execve(2). exec_close() closes
 * and frees all of x that is there.
 */
int exec_resolve(struct exec *x);
void exec_close(struct exec *x);

/* Make it the program of the calling process in its mm, which is empty and in use. *regs gets the
 * registers it starts with. 0, or -errno: then the process has no usable image. */
int exec_enter(struct exec *x, struct regs *regs);

/*
 * Make the current, new process the program of the (checked) boot module: identity, working
 * directory, address space, image, stack; *regs gets the registers it starts with. Call on its
 * thread with all files in place (bootfiles_add). May sleep. 0, or -errno after a message for the
 * user; then the process has no usable image.
 */
int exec_boot(const struct bootinfo *bi, struct regs *regs);

#endif
