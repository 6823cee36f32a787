/* SPDX-License-Identifier: MIT */
/*
 * The filters of system calls that a thread has: seccomp(2). A filter is a classic BPF program over
 * struct seccomp_data. Filters are a tree, shared by threads and inherited by what they start: each
 * leads to the one that was installed before it, and all up to the first are asked. What is checked
 * here once is relied on by seccomp_run.
 */
#ifndef KERNEL_SECCOMP_H
#define KERNEL_SECCOMP_H

#include "kernel/types.h"

#include <linux/filter.h>
#include <linux/seccomp.h>

struct seccomp_filter {
	uint32_t refs; /* (a) of threads and of filters installed later */
	bool log;      /* SECCOMP_FILTER_FLAG_LOG */
	uint16_t len;
	uint32_t total; /* instructions, Linux's way, of it and all before it */
	uint32_t depth; /* filters, it included */
	struct seccomp_filter *prev;
	struct sock_filter insn[];
};

#define SECCOMP_MAX_TOTAL ((1u << 18) / sizeof(struct sock_filter))

/* A filter with room for len instructions, to be filled in and checked. NULL: no memory. */
struct seccomp_filter *seccomp_new(uint16_t len);
struct seccomp_filter *seccomp_get(struct seccomp_filter *f); /* NULL is fine */
void seccomp_put(struct seccomp_filter *f);
/* Is it a program that Linux would take? 0, -EINVAL, -ENOMEM. */
int seccomp_check(const struct seccomp_filter *f);
/* Is `a` among what b leads to, or is it b? (NULL is above all.) */
bool seccomp_is_above(const struct seccomp_filter *a, const struct seccomp_filter *b);
/* Ask all: the SECCOMP_RET_* value that counts, and who said so (NULL: all allow). */
uint32_t seccomp_run(const struct seccomp_filter *f, const struct seccomp_data *data,
		     const struct seccomp_filter **who);

#endif
