/* SPDX-License-Identifier: MIT */
/*
 * Random numbers by fast key erasure: each refill runs ChaCha20 under the current key, replaces the
 * key with the first 32 bytes and hands out the rest, erasing what it gives. Someone who reads this
 * memory later cannot compute earlier output. Entropy (boot seed, RDRAND, time) is added by feeding
 * it through the key, so no input can make it worse.
 *
 * Context: any. The lock is a leaf and is not held while a large request is generated.
 */
#include "kernel/random.h"

#include "kernel/chacha.h"
#include "kernel/clock.h"
#include "kernel/lock.h"
#include "kernel/string.h"
#include "kernel/x86_64/cpu.h"

#define KEY_SIZE     (CHACHA_KEY_WORDS * 4)
#define POOL_BLOCKS  8
#define POOL_SIZE    (POOL_BLOCKS * CHACHA_BLOCK_SIZE)
#define RESEED_BYTES (1u << 20) /* of output between two looks at RDRAND and the clock */

static struct spinlock random_lock; /* for all below */
static uint32_t key[CHACHA_KEY_WORDS];
static uint8_t pool[POOL_SIZE];
static size_t pool_left; /* unused bytes, at the end of the pool; what is before them is zero */
static size_t until_reseed;

/* memset that the compiler cannot drop. */
static void erase(void *p, size_t n)
{
	memset(p, 0, n);
	__asm__ volatile("" ::"r"(p) : "memory");
}

/*
 * key = ChaCha20(key ^ chunk) for each 32-byte chunk, the last one padded and all tagged with their
 * length: whoever does not know the key before learns nothing of it after, and whoever does not
 * know a chunk neither.
 */
static void key_mix(const void *data, size_t len)
{
	uint8_t block[CHACHA_BLOCK_SIZE];

	do {
		size_t n = MIN(len, (size_t)KEY_SIZE);
		uint32_t nonce[3] = {1, 0, n}; /* the generator's is 0 */
		uint8_t chunk[KEY_SIZE] = {0};

		memcpy(chunk, data, n);
		for (size_t i = 0; i < KEY_SIZE; i++)
			((uint8_t *)key)[i] ^= chunk[i];
		chacha20_blocks(block, 1, key, 0, nonce);
		memcpy(key, block, KEY_SIZE);
		erase(chunk, sizeof(chunk));
		data = (const uint8_t *)data + n;
		len -= n;
	} while (len);
	erase(block, sizeof(block));
	erase(pool, sizeof(pool)); /* it came from the key before */
	pool_left = 0;
}

/* One word from the CPU. It may fail under load: ten tries, as Intel advises (SDM 1 7.3.17.1). */
__attribute__((target("rdrnd"))) static bool rdrand(unsigned long long *word)
{
	for (int i = 0; i < 10; i++)
		if (__builtin_ia32_rdrand64_step(word))
			return true;
	return false;
}

static void reseed(void)
{
	unsigned long long words[5] = {0};

	if (cpu_has_rdrand())
		for (int i = 0; i < 4; i++)
			if (!rdrand(&words[i]))
				break;
	words[4] = clock_mono_ns();
	key_mix(words, sizeof(words));
	erase(words, sizeof(words));
	until_reseed = RESEED_BYTES;
}

/* Count `len` bytes of output that are about to be made. */
static void account(size_t len)
{
	if (len >= until_reseed)
		reseed();
	until_reseed -= MIN(len, until_reseed);
}

static void refill(void)
{
	static const uint32_t nonce[3];

	account(POOL_SIZE);
	chacha20_blocks(pool, POOL_BLOCKS, key, 0, nonce);
	memcpy(key, pool, KEY_SIZE);
	erase(pool, KEY_SIZE);
	pool_left = POOL_SIZE - KEY_SIZE;
}

/* Locks: random_lock held. */
static void take(uint8_t *out, size_t len)
{
	while (len) {
		size_t n;

		if (!pool_left)
			refill();
		n = MIN(len, pool_left);
		memcpy(out, pool + POOL_SIZE - pool_left, n);
		erase(pool + POOL_SIZE - pool_left, n);
		pool_left -= n;
		out += n;
		len -= n;
	}
}

/* Large requests get a key of their own, and the stream goes straight to where it is wanted. */
static size_t bulk(uint8_t *out, size_t len)
{
	uint32_t subkey[CHACHA_KEY_WORDS];
	size_t blocks = len / CHACHA_BLOCK_SIZE;

	spin_lock(&random_lock);
	account(len);
	take((uint8_t *)subkey, sizeof(subkey));
	spin_unlock(&random_lock);
	for (size_t done = 0; done < blocks;) {
		/* The counter has 32 bits: 256 GiB. Another nonce goes on from there. */
		size_t n = MIN(blocks - done, (size_t)1 << 31);
		uint32_t nonce[3] = {(uint32_t)(done >> 31)};

		chacha20_blocks(out + done * CHACHA_BLOCK_SIZE, n, subkey, 0, nonce);
		done += n;
	}
	erase(subkey, sizeof(subkey));
	return blocks * CHACHA_BLOCK_SIZE;
}

void random_init(const void *seed, size_t len)
{
	spin_lock(&random_lock);
	key_mix(seed, len);
	reseed();
	spin_unlock(&random_lock);
}

void random_bytes(void *buf, size_t len)
{
	uint8_t *out = buf;

	if (len >= POOL_SIZE) {
		size_t n = bulk(out, len);

		out += n;
		len -= n;
	}
	spin_lock(&random_lock);
	take(out, len);
	spin_unlock(&random_lock);
}

uint64_t random_u64(void)
{
	uint64_t v;

	random_bytes(&v, sizeof(v));
	return v;
}

void random_mix(const void *data, size_t len)
{
	spin_lock(&random_lock);
	key_mix(data, len);
	spin_unlock(&random_lock);
}
