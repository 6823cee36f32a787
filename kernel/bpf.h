/* SPDX-License-Identifier: MIT */
/*
 * Classic BPF (Linux's Documentation/networking/filter.rst): programs without loops over bytes that
 * somebody else has: the data of a system call (kernel/seccomp.h) or a frame (net/sock_filter.h).
 * What is checked here once is relied on when a program runs.
 */
#ifndef KERNEL_BPF_H
#define KERNEL_BPF_H

#include "kernel/types.h"

#include <linux/filter.h>

/* What a program looks at. */
struct bpf_input {
	uint32_t len; /* BPF_LEN */
	/* The number in `size` bytes (1, 2, 4) at `off`, or what SKF_AD_*, SKF_NET_OFF or
	 * SKF_LL_OFF ask for. False: it is not there, and the program answers 0. */
	bool (*load)(const struct bpf_input *in, uint32_t off, unsigned size, uint32_t *out);
};

/* Is it a program that Linux would take? 0, -EINVAL, -ENOMEM. len > 0. */
int bpf_check(const struct sock_filter *insn, uint32_t len);
uint32_t bpf_run(const struct sock_filter *insn, const struct bpf_input *in);

#endif
