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
	struct dentry *dentry; /* referenced, like file, and not to be written; NULL: not open */
	struct file *file;
	struct elf_image elf;
	uint64_t bias; /* what to add to link-time addresses */
};

/* Open what d (reference taken over) names, by the right to execute it. 0, -EACCES, -ELOOP (a
 * symbolic link), -ETXTBSY, or what opening gave. */
int exec_image_open(struct exec_image *im, struct dentry *d);
/* Its first bytes, zeros behind its end. 0 or -errno. */
int exec_image_head(struct exec_image *im, char *head, size_t size);
/* Fill im->elf. */
enum elf_error exec_image_parse(struct exec_image *im);
/* Map it: the program where Linux puts programs, its interpreter (program false) into the mapping
 * area. mm is the one in use. 0 or -errno: then some of it may be mapped. */
int exec_image_map(struct exec_image *im, struct mm *mm, bool program);
void exec_image_close(struct exec_image *im); /* once is enough, twice is harmless */

/* A random multiple of the page size below range, a power of two; 0 with ADDR_NO_RANDOMIZE. */
uint64_t exec_random(uint64_t range);

#endif
