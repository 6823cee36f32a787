/* SPDX-License-Identifier: MIT */
/*
 * Bootable images: the kernel's ELF file with the boot module as one more segment
 * (kernel/abi/bootinfo.h, struct bi_embed).
 */
#ifndef TOOLS_IMAGE_H
#define TOOLS_IMAGE_H

#include "tools/module.h"

/* The kernel inside the command (tools/kernel_image.S). */
extern const unsigned char uniload_kernel_start[], uniload_kernel_end[];

struct image {
	int fd;
	struct bi_embed embed;
	uint64_t module_offset; /* in the file */
	struct module_parts module;
};

/* Is the file one of our images, of whatever version, whole or not? */
bool image_is(int fd);
/* Open an image and take its module apart. Returns 0, or an exit status after saying why.
 * image_close() is needed in any case. */
int image_open(struct image *im, const char *path);
void image_close(struct image *im);

/* Write the kernel and the module to fd (empty). Returns 0, or an exit status after saying why. */
int image_write(int fd, int module_fd, uint64_t module_size);

#endif
