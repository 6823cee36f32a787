/* SPDX-License-Identifier: MIT */
/* unit: tools/sha256.c */
/* SHA-256 against the examples of FIPS 180-2, in pieces of all sizes. */
#include "tools/sha256.h"

#include "tests/unit/unit.h"

#include <string.h>

static void check(const char *text, size_t len, const char *want)
{
	char hex[SHA256_HEX];

	for (size_t piece = 1; piece <= 200; piece++) {
		struct sha256 h;

		sha256_start(&h);
		for (size_t at = 0; at < len; at += piece)
			sha256_add(&h, text + at, len - at < piece ? len - at : piece);
		sha256_end(&h, hex);
		CHECK(strcmp(hex, want) == 0);
	}
}

int main(void)
{
	char as[65];

	memset(as, 'a', sizeof(as));
	check("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	check("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	check("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
	      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	/* 63, 64 and 65 bytes: the padding's edges */
	check(as, 63, "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34");
	check(as, 64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
	check(as, 65, "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0");
	return UNIT_END();
}
