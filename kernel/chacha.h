/* SPDX-License-Identifier: MIT */
/* The ChaCha20 block function (RFC 8439 section 2.3). Pure. */
#ifndef KERNEL_CHACHA_H
#define KERNEL_CHACHA_H

#include "kernel/types.h"

#define CHACHA_KEY_WORDS  8
#define CHACHA_BLOCK_SIZE 64

/*
 * Write `blocks` consecutive blocks of key stream, beginning with the one numbered `counter`.
 * nonce: the three words after the counter. out need not be aligned.
 */
void chacha20_blocks(uint8_t *out, size_t blocks, const uint32_t key[CHACHA_KEY_WORDS],
		     uint32_t counter, const uint32_t nonce[3]);

#endif
