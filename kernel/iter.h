/* SPDX-License-Identifier: MIT */
/*
 * An I/O buffer: a cursor over program iovecs or over one kernel buffer, so that file code is
 * written once for read, readv, pread, sendfile and internal use. The iovec array itself is kernel
 * memory (already copied in).
 */
#ifndef KERNEL_ITER_H
#define KERNEL_ITER_H

#include "kernel/abi/linux.h"
#include "kernel/types.h"

struct iter {
	struct iovec *iov; /* current segment; iov_base is a uaddr_t when user */
	size_t nr;	   /* segments left, with the current one */
	size_t off;	   /* bytes consumed of the current segment */
	size_t left;	   /* bytes left in all */
	struct iovec one;  /* storage for the single-segment forms */
	bool user;
	bool nowait;	/* RWF_NOWAIT: -EAGAIN instead of blocking */
	bool append;	/* RWF_APPEND: write at the end of the file, whatever O_APPEND says; see
			   iter_appends() */
	bool no_append; /* RWF_NOAPPEND: write at the position given, whatever O_APPEND says */
};

/* Does a write from `it` to a file opened with `flags` go to its end? */
static inline bool iter_appends(const struct iter *it, unsigned flags)
{
	return it->append || ((flags & O_APPEND) && !it->no_append);
}

void iter_user(struct iter *it, uaddr_t base, size_t len);
void iter_kernel(struct iter *it, void *base, size_t len);
/* iov must stay alive as long as the iter; total = sum of the lengths, checked by the caller. */
void iter_iov(struct iter *it, struct iovec *iov, size_t nr, size_t total);

/* Copy n (clipped to left) bytes into / out of the iter and advance; returns bytes copied, short
 * only on a bad page. */
size_t iter_write(struct iter *it, const void *src,
		  size_t n); /* kernel -> buffer: a read(2) filling it */
size_t iter_read(struct iter *it, void *dst,
		 size_t n); /* buffer -> kernel: a write(2) draining it */
size_t iter_zero(struct iter *it, size_t n);
void iter_advance(struct iter *it, size_t n);
/* Go back n bytes that were just consumed (short write). Only within what this iter has consumed
 * since set-up. */
void iter_revert(struct iter *it, size_t n);

#endif
