/* SPDX-License-Identifier: MIT */
/* What the calls of the poll family share: timeouts and temporary signal masks. */
#ifndef SYSCALLS_POLL_H
#define SYSCALLS_POLL_H

#include "kernel/types.h"

/* When a wait of ns ends: 0 means not to wait. */
uint64_t timeout_deadline(uint64_t ns);
/* The deadline of poll's and epoll_wait's milliseconds: negative means none. */
uint64_t deadline_in_ms(int timeout_ms);
/* The deadline of a struct timespec; a null pointer means none. 0, -EFAULT or -EINVAL. */
int timespec_deadline(uaddr_t uts, uint64_t *deadline);
/* Use the mask at umask (a null pointer: none) until temp_mask_end. 0, -EINVAL or -EFAULT. */
int temp_mask_begin(uaddr_t umask, size_t size);
/* A call that a signal ended keeps the mask until the handler has run; any other gets the old one
 * back at once. */
void temp_mask_end(uaddr_t umask, bool interrupted);

#endif
