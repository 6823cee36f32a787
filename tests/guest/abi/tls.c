/* SPDX-License-Identifier: MIT */
/* Thread-local storage, zeroed bss, initialised data, constructors: what the loader must have got
 * right. */
#include "tests/guest/tap.h"

static __thread int tls_data = 0x1234;
static __thread char tls_bss[5000];
static __thread long tls_aligned __attribute__((aligned(64))) = 7;
static char bss[1 << 20];
static char data[10000] = {[9999] = 42};
static const char rodata[5000] = {[4999] = 43};
static int constructed;
static int *relocated = &constructed;

static __attribute__((constructor)) void construct(void)
{
	constructed = 99;
}

int main(void)
{
	int nonzero = 0;

	is(tls_data, 0x1234);
	is(tls_aligned, 7);
	is((uintptr_t)&tls_aligned % 64, 0);
	for (unsigned i = 0; i < sizeof(tls_bss); i++)
		nonzero += tls_bss[i] != 0;
	for (unsigned i = 0; i < sizeof(bss); i++)
		nonzero += bss[i] != 0;
	is(nonzero, 0);
	is(data[9999], 42);
	is(data[0], 0);
	is(*(volatile const char *)&rodata[4999], 43);
	is(constructed, 99);
	is(*relocated, 99);
	tls_data = 5;
	tls_bss[4999] = 6;
	usleep(1000);
	is(tls_data, 5);
	is(tls_bss[4999], 6);
	ok(errno == errno && &errno != NULL);
	return tap_done();
}
