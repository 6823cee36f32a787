/* SPDX-License-Identifier: MIT */
/*
 * I/O buffers (kernel/iter.h): moves bytes between kernel memory and a cursor over program or
 * kernel segments. A bad program address ends a copy early; the bytes before it count. Nothing here
 * allocates or takes a lock.
 */
#include "kernel/iter.h"
#include "kernel/string.h"
#include "kernel/uaccess.h"

enum iter_op { ITER_FILL, ITER_DRAIN, ITER_ZERO };

static void iter_single(struct iter *it, void *base, size_t len, bool user)
{
	it->one.iov_base = base;
	it->one.iov_len = len;
	it->iov = &it->one;
	it->nr = 1;
	it->off = 0;
	it->left = len;
	it->user = user;
	it->nowait = it->append = it->no_append = false;
}

/* A buffer of len bytes in program memory. */
void iter_user(struct iter *it, uaddr_t base, size_t len)
{
	iter_single(it, (void *)base, len, true);
}

/* A buffer of len bytes in kernel memory. */
void iter_kernel(struct iter *it, void *base, size_t len)
{
	iter_single(it, base, len, false);
}

/* Segments in program memory, in the order they are used. */
void iter_iov(struct iter *it, struct iovec *iov, size_t nr, size_t total)
{
	it->iov = iov;
	it->nr = nr;
	it->off = 0;
	it->left = total;
	it->user = true;
	it->nowait = it->append = it->no_append = false;
}

/* Copy within one segment; returns the bytes NOT done. */
static size_t segment_copy(const struct iter *it, void *seg, void *mem, size_t n, enum iter_op op)
{
	if (it->user) {
		if (op == ITER_FILL)
			return uaccess_write((uaddr_t)seg, mem, n);
		if (op == ITER_DRAIN)
			return uaccess_read(mem, (uaddr_t)seg, n);
		return uaccess_zero((uaddr_t)seg, n);
	}
	if (op == ITER_FILL)
		memcpy(seg, mem, n);
	else if (op == ITER_DRAIN)
		memcpy(mem, seg, n);
	else
		memset(seg, 0, n);
	return 0;
}

/* Move to the segment that holds the next byte. */
static void skip_finished(struct iter *it)
{
	while (it->nr > 1 && it->off >= it->iov->iov_len) {
		it->off = 0;
		it->iov++;
		it->nr--;
	}
}

static size_t iter_copy(struct iter *it, void *mem, size_t n, enum iter_op op)
{
	size_t done = 0;

	n = MIN(n, it->left);
	while (done < n) {
		size_t part, bad;

		skip_finished(it);
		part = MIN(n - done, it->iov->iov_len - it->off);
		bad = segment_copy(it, (char *)it->iov->iov_base + it->off,
				   mem ? (char *)mem + done : NULL, part, op);
		it->off += part - bad;
		it->left -= part - bad;
		done += part - bad;
		if (bad)
			break;
	}
	return done;
}

size_t iter_write(struct iter *it, const void *src, size_t n)
{
	return iter_copy(it, (void *)src, n, ITER_FILL);
}

size_t iter_read(struct iter *it, void *dst, size_t n)
{
	return iter_copy(it, dst, n, ITER_DRAIN);
}

size_t iter_zero(struct iter *it, size_t n)
{
	return iter_copy(it, NULL, n, ITER_ZERO);
}

/* Skip n bytes (clipped to what is left) without touching them. */
void iter_advance(struct iter *it, size_t n)
{
	n = MIN(n, it->left);
	it->left -= n;
	while (n) {
		size_t part;

		skip_finished(it);
		part = MIN(n, it->iov->iov_len - it->off);
		it->off += part;
		n -= part;
	}
}

void iter_revert(struct iter *it, size_t n)
{
	it->left += n;
	while (n > it->off) {
		n -= it->off;
		it->iov--;
		it->nr++;
		it->off = it->iov->iov_len;
	}
	it->off -= n;
}
