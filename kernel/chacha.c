/* SPDX-License-Identifier: MIT */
/*
 * ChaCha20 in general registers: the kernel does not touch vector state. The sixteen words live in
 * local variables, which the compiler keeps in registers as far as there are any.
 */
#include "kernel/chacha.h"

#include "kernel/string.h"

static inline uint32_t rotl(uint32_t x, int n)
{
	return x << n | x >> (32 - n);
}

#define QUARTER(a, b, c, d)                                                                        \
	do {                                                                                       \
		a += b, d = rotl(d ^ a, 16);                                                       \
		c += d, b = rotl(b ^ c, 12);                                                       \
		a += b, d = rotl(d ^ a, 8);                                                        \
		c += d, b = rotl(b ^ c, 7);                                                        \
	} while (0)

/* One block of the state `in` (RFC 8439 2.3). */
static void block(uint8_t *out, const uint32_t in[16])
{
	uint32_t x0 = in[0], x1 = in[1], x2 = in[2], x3 = in[3], x4 = in[4], x5 = in[5], x6 = in[6],
		 x7 = in[7], x8 = in[8], x9 = in[9], x10 = in[10], x11 = in[11], x12 = in[12],
		 x13 = in[13], x14 = in[14], x15 = in[15];

	for (int i = 0; i < 10; i++) {
		QUARTER(x0, x4, x8, x12);
		QUARTER(x1, x5, x9, x13);
		QUARTER(x2, x6, x10, x14);
		QUARTER(x3, x7, x11, x15);
		QUARTER(x0, x5, x10, x15);
		QUARTER(x1, x6, x11, x12);
		QUARTER(x2, x7, x8, x13);
		QUARTER(x3, x4, x9, x14);
	}
	const uint32_t x[16] = {x0, x1, x2,  x3,  x4,  x5,  x6,	 x7,
				x8, x9, x10, x11, x12, x13, x14, x15};
	for (int i = 0; i < 16; i++) {
		uint32_t v = x[i] + in[i];

		memcpy(out + 4 * i, &v, 4);
	}
}

void chacha20_blocks(uint8_t *out, size_t blocks, const uint32_t key[CHACHA_KEY_WORDS],
		     uint32_t counter, const uint32_t nonce[3])
{
	uint32_t state[16] = {0x61707865, 0x3320646e, 0x79622d32,
			      0x6b206574}; /* "expand 32-byte k" */

	memcpy(state + 4, key, CHACHA_KEY_WORDS * 4);
	memcpy(state + 13, nonce, 12);
	for (state[12] = counter; blocks; blocks--, state[12]++, out += CHACHA_BLOCK_SIZE)
		block(out, state);
	memset(state, 0, sizeof(state));
	__asm__ volatile("" ::"r"(state) : "memory");
}
