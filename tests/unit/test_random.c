/* SPDX-License-Identifier: MIT */
/* ChaCha20 against RFC 8439, and the generator around it. unit: kernel/chacha.c kernel/random.c */
#define _POSIX_C_SOURCE 200809L
#include "kernel/chacha.h"
#include "kernel/random.h"
#include "tests/unit/unit.h"

#include <string.h>

static uint64_t now_ns;

uint64_t clock_mono_ns(void)
{
	return now_ns;
}

bool cpu_has_rdrand(void)
{
	return false; /* so that output can be repeated */
}

/* RFC 8439 2.3.2. */
static void test_block(void)
{
	static const uint8_t expected[64] = {
	    0x10, 0xf1, 0xe7, 0xe4, 0xd1, 0x3b, 0x59, 0x15, 0x50, 0x0f, 0xdd, 0x1f, 0xa3,
	    0x20, 0x71, 0xc4, 0xc7, 0xd1, 0xf4, 0xc7, 0x33, 0xc0, 0x68, 0x03, 0x04, 0x22,
	    0xaa, 0x9a, 0xc3, 0xd4, 0x6c, 0x4e, 0xd2, 0x82, 0x64, 0x46, 0x07, 0x9f, 0xaa,
	    0x09, 0x14, 0xc2, 0xd7, 0x05, 0xd9, 0x8b, 0x02, 0xa2, 0xb5, 0x12, 0x9c, 0xd1,
	    0xde, 0x16, 0x4e, 0xb9, 0xcb, 0xd0, 0x83, 0xe8, 0xa2, 0x50, 0x3c, 0x4e,
	};
	uint32_t key[8], nonce[3] = {0x09000000, 0x4a000000, 0};
	uint8_t bytes[32], out[64];

	for (int i = 0; i < 32; i++)
		bytes[i] = i;
	memcpy(key, bytes, 32);
	chacha20_blocks(out, 1, key, 1, nonce);
	CHECK(memcmp(out, expected, 64) == 0);
}

/* RFC 8439 A.1: test vectors 1 and 2 are consecutive blocks under the zero key. */
static void test_stream(void)
{
	static const uint8_t first[8] = {0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90};
	static const uint8_t second[8] = {0x9f, 0x07, 0xe7, 0xbe, 0x55, 0x51, 0x38, 0x7a};
	uint32_t key[8] = {0}, nonce[3] = {0};
	uint8_t out[129];

	chacha20_blocks(out + 1, 2, key, 0, nonce); /* unaligned on purpose */
	CHECK(memcmp(out + 1, first, 8) == 0);
	CHECK(memcmp(out + 65, second, 8) == 0);
}

static unsigned bits_set(const uint8_t *p, size_t n)
{
	unsigned bits = 0;

	for (size_t i = 0; i < n; i++)
		bits += __builtin_popcount(p[i]);
	return bits;
}

static void test_generator(void)
{
	static uint8_t a[100000], b[100000];
	uint8_t small[3][32];

	random_init("seed", 4);
	for (int i = 0; i < 3; i++)
		random_bytes(small[i], sizeof(small[i]));
	CHECK(memcmp(small[0], small[1], 32) != 0 && memcmp(small[1], small[2], 32) != 0);

	/* Large and small requests: all of the buffer is written, nothing around it. */
	memset(a, 0, sizeof(a));
	random_bytes(a + 1, sizeof(a) - 2);
	CHECK(a[0] == 0 && a[sizeof(a) - 1] == 0);
	CHECK(bits_set(a, sizeof(a)) > sizeof(a) * 4 - 4000 &&
	      bits_set(a, sizeof(a)) < sizeof(a) * 4 + 4000);
	for (size_t n = 0; n < 1500; n += 37) {
		memset(b, 0, 2000);
		random_bytes(b + 8, n);
		CHECK(bits_set(b, 8) == 0 && bits_set(b + 8 + n, 100) == 0);
		CHECK(n < 16 || bits_set(b + 8 + n - 16, 16) > 20);
	}
	CHECK(random_u64() != random_u64());

	/* No 8 bytes of the stream come twice. */
	random_bytes(b, sizeof(b));
	for (size_t i = 0; i + 8 <= 4096; i += 8)
		for (size_t j = 0; j + 8 <= 4096; j += 8)
			if (memcmp(a + 1 + i, b + j, 8) == 0 ||
			    (i != j && memcmp(b + i, b + j, 8) == 0))
				CHECK(!"repeated output");
}

/* Mixing changes what comes, even the same data twice, and also what was already in the pool. */
static void test_mix(void)
{
	uint64_t seen[6];

	for (int i = 0; i < 6; i++) {
		random_mix("same", i & 1 ? 4 : 3);
		seen[i] = random_u64();
		for (int j = 0; j < i; j++)
			CHECK(seen[j] != seen[i]);
	}
	static const uint8_t zeros[64];

	random_mix(zeros, sizeof(zeros));
	CHECK(random_u64() != random_u64());
}

int main(void)
{
	test_block();
	test_stream();
	test_generator();
	test_mix();
	return UNIT_END();
}
