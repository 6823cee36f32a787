/* SPDX-License-Identifier: MIT */
/* What uname(2), /proc/version and /proc/sys/kernel say about this system. Any context; own leaf
 * lock inside. */
#ifndef KERNEL_UTSNAME_H
#define KERNEL_UTSNAME_H

#include "kernel/abi/linux.h"

/* The Linux release whose behaviour the system calls follow: programs look at it, so it is a plain
 * number. */
#define KERNEL_RELEASE "6.1.0"
#define KERNEL_VERSION "#1 uniload"

void kernel_utsname(struct new_utsname *out);
/* Node and domain name; cut at 64 bytes. */
void kernel_set_hostname(const char *name, size_t len);
void kernel_set_domainname(const char *name, size_t len);

#endif
