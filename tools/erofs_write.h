/* SPDX-License-Identifier: MIT */
/*
 * A set of files as an EROFS image (kernel/abi/erofs.h), and back. The writer is ours rather than
 * mkfs.erofs because that takes only a directory: files would have to be copied first, and owners
 * and device nodes could not be right without root.
 */
#ifndef TOOLS_EROFS_WRITE_H
#define TOOLS_EROFS_WRITE_H

#include "tools/fileset.h"

/* Told now and then how many of how many bytes of contents are copied. */
typedef void (*erofs_progress_fn)(uint64_t done, uint64_t total);

/*
 * Write the image to fd (empty, seekable). The same set with the same contents gives the same
 * bytes. *size gets its length, a multiple of 4096. Returns 0, or an exit status after saying why.
 */
int erofs_write(const struct fileset *s, int fd, erofs_progress_fn progress, uint64_t *size);

/* Only give the nodes their nids: those they have in the image. */
void erofs_place(const struct fileset *s);

/*
 * Read the image in [offset, offset + size) of fd into an empty set, whose regular files then are
 * in fd. Nothing in the image is trusted. NULL, or what is wrong with it (static text).
 */
const char *erofs_read(struct fileset *s, int fd, uint64_t offset, uint64_t size);

#endif
