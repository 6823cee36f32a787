/* SPDX-License-Identifier: MIT */
/*
 * SHA-256 (FIPS 180-4), for names of cached images.
 */
#ifndef TOOLS_SHA256_H
#define TOOLS_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_HEX 65 /* digest as text, with its NUL */

struct sha256 {
	uint32_t state[8];
	uint64_t length; /* bytes so far */
	unsigned char block[64];
};

void sha256_start(struct sha256 *h);
void sha256_add(struct sha256 *h, const void *data, size_t len);
/* The digest in hexadecimal; h is spent. */
void sha256_end(struct sha256 *h, char hex[SHA256_HEX]);

#endif
