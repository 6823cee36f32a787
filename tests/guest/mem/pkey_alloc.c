/* SPDX-License-Identifier: MIT */
/* pkey_alloc(2), pkey_free(2), pkey_mprotect(2), with and without keys in the processor. */
#include "tests/guest/tap.h"

int main(void)
{
	char *p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long key;

	fails(sys(pkey_alloc, 1l, 0l), EINVAL);
	fails(sys(pkey_alloc, 0l, 4l), EINVAL);
	fails(sys(pkey_free, -1), EINVAL);
	fails(sys(pkey_free, 16), EINVAL);
	fails(sys(pkey_mprotect, p, PAGE, (long)PROT_READ, 16), EINVAL);
	fails(sys(pkey_mprotect, p + 1, PAGE, (long)PROT_READ, -1), EINVAL);
	fails(sys(pkey_mprotect, BAD, 0x10000l, (long)PROT_READ, -1), EINVAL);
	fails(sys(pkey_mprotect, p, PAGE, 0x1000l, -1), EINVAL);
	is(sys(pkey_mprotect, p, PAGE, (long)PROT_READ | PROT_WRITE, -1), 0);
	p[0] = 1;
	is(sys(pkey_mprotect, p, 0l, (long)PROT_READ, -1), 0);
	munmap(p, PAGE);
	fails(sys(pkey_mprotect, p, PAGE, (long)PROT_READ, -1), ENOMEM);
	key = sys(pkey_alloc, 0l, 0l);
	if (key < 0) {
		ok(errno == EINVAL || errno == ENOSPC); /* as Linux does, as its manual says */
		fails(sys(pkey_free, 1), EINVAL);
	} else {
		ok(key > 0 && key < 16);
		is(sys(pkey_free, (int)key), 0);
	}
	return tap_done();
}
