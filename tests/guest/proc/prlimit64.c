/* SPDX-License-Identifier: MIT */
/* getrlimit(2), setrlimit(2), prlimit64(2): reading, lowering, raising, what the limits do. */
#include "tests/guest/tap.h"

#include <sys/resource.h>

int main(void)
{
	struct rlimit r, s;
	uint64_t l[2];

	for (int i = 0; i < 16; i++)
		ok(sys(getrlimit, i, &r) == 0 && r.rlim_cur <= r.rlim_max);
	is(sys(prlimit64, 0, RLIMIT_STACK, NULL, l), 0);
	ok(l[0] >= 64 * 1024);
	is(sys(getrlimit, RLIMIT_STACK, &r), 0);
	is(l[0], r.rlim_cur);
	is(sys(prlimit64, getpid(), RLIMIT_STACK, NULL, l), 0);
	sys(getrlimit, RLIMIT_NOFILE, &r);
	s = r;
	s.rlim_cur = 20;
	is(sys(setrlimit, RLIMIT_NOFILE, &s), 0);
	is(sys(getrlimit, RLIMIT_NOFILE, &r), 0);
	is(r.rlim_cur, 20);
	while (open("/", O_RDONLY) >= 0)
		;
	is(errno, EMFILE);
	fails(dup(0), EMFILE);
	fails(pipe((int[2]){0}), EMFILE);
	fails(fcntl(0, F_DUPFD, 20), EINVAL);
	s.rlim_cur = s.rlim_max + 1;
	if (s.rlim_max != RLIM_INFINITY)
		fails(sys(setrlimit, RLIMIT_NOFILE, &s), EINVAL);
	fails(sys(getrlimit, 16, &r), EINVAL);
	fails(sys(getrlimit, -1, &r), EINVAL);
	fails(sys(setrlimit, 16, &r), EINVAL);
	fails(sys(getrlimit, RLIMIT_CPU, BAD), EFAULT);
	fails(sys(setrlimit, RLIMIT_CPU, BAD), EFAULT);
	fails(sys(prlimit64, 0x3ffffff, RLIMIT_CPU, NULL, l), ESRCH);
	fails(sys(prlimit64, 0, 99, NULL, l), EINVAL);
	is(sys(prlimit64, 0, RLIMIT_CORE, NULL, NULL), 0);
	sys(getrlimit, RLIMIT_AS, &r);
	r.rlim_cur = 1ul << 30;
	is(sys(setrlimit, RLIMIT_AS, &r), 0);
	fails(sys(mmap, NULL, 2ul << 30, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0l), ENOMEM);
	return tap_done();
}
