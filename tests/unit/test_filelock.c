/* SPDX-License-Identifier: MIT */
/* Advisory locks: ranges split, merge and conflict as fcntl(2) and flock(2) say. */
/* unit: kernel/filelock.c */
#define _ISOC11_SOURCE /* only ISO C from the C library: its POSIX types are not the kernel's */
#include "tests/unit/unit.h"

#include "kernel/filelock.h"
#include "kernel/heap.h"
#include "kernel/wait.h"

#include <string.h>

void *kzalloc(size_t n)
{
	return calloc(1, n);
}

void *kmemdup(const void *p, size_t n)
{
	return memcpy(malloc(n), p, n);
}

void kfree(void *p)
{
	free(p);
}

/* A sleeper would wait for ever here: answer as if a signal had come. */
int wait_sleep(uint64_t deadline_ns, bool interruptible)
{
	return -ERESTARTSYS;
}

void wait_prepare(struct waiter *w, struct wait_queue *wq)
{
}

void wait_finish(struct waiter *w)
{
}

size_t wait_wake(struct wait_queue *wq, size_t n)
{
	return 0;
}

static struct files process;
static struct file a = {.inode = (void *)1}, b = {.inode = (void *)1}, other = {.inode = (void *)2};

static int set(struct file *f, enum filelock_kind kind, short type, int64_t start, int64_t end,
	       bool wait)
{
	struct filelock req;

	filelock_init(&req, f, &process, kind);
	req.type = type;
	req.start = start;
	req.end = end;
	return filelock_set(f, &req, wait);
}

/* Who blocks a write lock of one byte on f: start * 1000 + end, or -1. */
static long blocker(struct file *f, enum filelock_kind kind, int64_t byte)
{
	struct filelock req, out;

	filelock_init(&req, f, &process, kind);
	req.type = F_WRLCK;
	req.start = req.end = byte;
	return filelock_test(&req, &out) ? out.start * 1000 + MIN(out.end, 999l) : -1;
}

static void test_ranges(void)
{
	CHECK(set(&a, FILELOCK_OFD, F_WRLCK, 10, 19, false) == 0);
	CHECK(blocker(&a, FILELOCK_OFD, 10) == -1);
	CHECK(blocker(&b, FILELOCK_OFD, 10) == 10019);
	CHECK(blocker(&b, FILELOCK_OFD, 9) == -1 && blocker(&b, FILELOCK_OFD, 20) == -1);
	CHECK(blocker(&other, FILELOCK_OFD, 10) == -1);
	CHECK(set(&a, FILELOCK_OFD, F_WRLCK, 20, 29, false) == 0); /* touching: one lock */
	CHECK(blocker(&b, FILELOCK_OFD, 12) == 10029);
	CHECK(set(&a, FILELOCK_OFD, F_UNLCK, 15, 16, false) == 0); /* split */
	CHECK(blocker(&b, FILELOCK_OFD, 12) == 10014 && blocker(&b, FILELOCK_OFD, 20) == 17029);
	CHECK(blocker(&b, FILELOCK_OFD, 15) == -1);
	CHECK(set(&a, FILELOCK_OFD, F_RDLCK, 12, 20, false) == 0); /* change of type */
	CHECK(blocker(&b, FILELOCK_OFD, 11) == 10011 && blocker(&b, FILELOCK_OFD, 13) == 12020);
	CHECK(blocker(&b, FILELOCK_OFD, 25) == 21029);
	CHECK(set(&b, FILELOCK_OFD, F_RDLCK, 12, 20, false) == 0); /* readers share */
	CHECK(set(&b, FILELOCK_OFD, F_RDLCK, 11, 20, false) == -EAGAIN);
	CHECK(set(&b, FILELOCK_OFD, F_RDLCK, 11, 20, true) == -ERESTARTSYS);
	CHECK(set(&a, FILELOCK_OFD, F_UNLCK, 0, LOCK_END, false) == 0);
	CHECK(set(&b, FILELOCK_OFD, F_WRLCK, 0, LOCK_END, false) == 0);
	CHECK(blocker(&a, FILELOCK_OFD, 5000) == 999);
	filelock_release(&b);
	CHECK(blocker(&a, FILELOCK_OFD, 0) == -1);
}

static void test_kinds(void)
{
	CHECK(set(&a, FILELOCK_POSIX, F_WRLCK, 0, 9, false) == 0);
	CHECK(set(&b, FILELOCK_POSIX, F_WRLCK, 0, 9, false) == 0); /* the same process */
	CHECK(set(&a, FILELOCK_OFD, F_WRLCK, 0, 9, false) == -EAGAIN);
	CHECK(set(&a, FILELOCK_FLOCK, F_WRLCK, 0, LOCK_END, false) == 0);
	CHECK(set(&b, FILELOCK_FLOCK, F_RDLCK, 0, LOCK_END, false) == -EAGAIN);
	CHECK(set(&a, FILELOCK_FLOCK, F_RDLCK, 0, LOCK_END, false) == 0);
	CHECK(set(&b, FILELOCK_FLOCK, F_RDLCK, 0, LOCK_END, false) == 0);
	CHECK(set(&a, FILELOCK_FLOCK, F_WRLCK, 0, LOCK_END, false) == -EAGAIN);
	CHECK(blocker(&a, FILELOCK_FLOCK, 0) == 999); /* b's */
	CHECK(set(&b, FILELOCK_FLOCK, F_WRLCK, 0, LOCK_END, false) ==
	      0); /* a lost its own when it asked for more */
	filelock_closed(&b, &process);
	CHECK(set(&a, FILELOCK_OFD, F_WRLCK, 0, 9, false) == 0);
	filelock_release(&a);
	filelock_release(&b);
	CHECK(blocker(&other, FILELOCK_FLOCK, 0) == -1 && blocker(&a, FILELOCK_FLOCK, 0) == -1);
}

int main(void)
{
	test_ranges();
	test_kinds();
	return UNIT_END();
}
