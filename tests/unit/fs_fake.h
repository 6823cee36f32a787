/* SPDX-License-Identifier: MIT */
/* The kernel around the file systems, faked for host tests: one process, real page allocator over
 * tests/unit/arena.c. */
#ifndef TESTS_UNIT_FS_FAKE_H
#define TESTS_UNIT_FS_FAKE_H

#include "kernel/task.h"

extern struct process fake_process;
extern struct thread fake_thread;
extern int fake_signal;	     /* last signal sent, 0 = none */
extern uint64_t fake_now;    /* ns; advances by one at each look */
extern long fake_alloc_left; /* allocations until one fails; -1: none fails */
extern long fake_allocated;  /* blocks in use */
extern long fake_truncated;  /* mm_file_truncated calls */
/* Called when something sleeps; returns true when it did something that may have woken the sleeper.
 */
extern bool (*fake_on_sleep)(void);

/*
 * Disks in memory: each gets n_disks, size, read_only and block (0: 512) before /dev is looked at.
 * fail: transfers and flushes give this errno; the counts are of calls.
 */
#define FAKE_DISKS	2
#define FAKE_DISK_BYTES (2ul << 20)
struct fake_disk {
	uint64_t size;
	bool read_only;
	unsigned block;
	int fail;
	unsigned reads, writes, flushes;
	uint8_t data[FAKE_DISK_BYTES];
};
extern struct fake_disk fake_disks[FAKE_DISKS];
extern unsigned fake_n_disks;

/* 64 MiB of memory, a tmpfs root, /dev, /proc and the rest mounted, root's identity. */
void fake_boot(void);
/* The same with an overlay over an EROFS image as root. */
void fake_boot_over(const void *image, size_t size);
/* Become uid (and gid of the same number) with one supplementary group, 0 = none. */
void fake_become(uint32_t uid, uint32_t group);

#endif
