/* SPDX-License-Identifier: MIT */
/* Opening an executable and mapping it into an address space; what syscalls/exec.c builds on. */
#ifndef SYSCALLS_EXEC_IMAGE_H
#define SYSCALLS_EXEC_IMAGE_H

#include "kernel/mm.h"
#include "loader/elf.h"

struct dentry;
struct file;

/* An executable on its way into an address space. */
struct exec_image {
	struct dentry *dentry; /* referenced, like file */
	struct file *file;
	struct elf_image elf;
	uint64_t bias; /* what to add to link-time addresses */
};

/*
 * Open `path` by the right to execute it, check it and map it: the program where Linux puts
 * programs, its interpreter (program false) into the mapping area. Errors are reported to the user.
 * 0, or -errno with nothing left open.
 */
int exec_image_load(struct exec_image *im, struct mm *mm, const char *path, bool program);
void exec_image_close(struct exec_image *im);

/* A random multiple of the page size below range, a power of two. */
uint64_t exec_random(uint64_t range);

#endif
