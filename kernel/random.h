/* SPDX-License-Identifier: MIT */
/* Cryptographic random numbers: ChaCha20 keyed from RDRAND, the boot seed and timing. Never blocks.
 */
#ifndef KERNEL_RANDOM_H
#define KERNEL_RANDOM_H

#include "kernel/types.h"

void random_init(const void *seed, size_t len);
void random_bytes(void *buf, size_t len);
uint64_t random_u64(void);
/* Mix in data of unknown quality (writes to /dev/urandom). */
void random_mix(const void *data, size_t len);

/* kernel/entropy.c: mix in what the machine has to give, after its devices were found. For when the
 * seed was none. */
void entropy_gather(void);

#endif
