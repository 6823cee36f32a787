/* SPDX-License-Identifier: MIT */
/* An EROFS image in host memory as a source for fs/erofs.c, without the kernel's page allocator. */
#ifndef TESTS_UNIT_EROFS_IMAGE_H
#define TESTS_UNIT_EROFS_IMAGE_H

#include "fs/erofs.h"

/* Copies the image, in allocations of one page each: the sanitizer sees any byte outside. A page is
 * "in memory" once it was asked for without `now`. */
struct erofs_source *image_new(const void *data, size_t size);
/* False: pages are still referenced. */
bool image_free(struct erofs_source *src);
/* What was logged since the start, one line each. */
extern char image_log[];

#endif
