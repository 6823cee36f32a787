/* SPDX-License-Identifier: MIT */
/* pselect6(2): nanoseconds and a mask for the wait, passed as pointer and size. */
#include "tests/guest/tap.h"

#include <sys/select.h>
#include <time.h>

static volatile int got;

static void on_usr1(int sig)
{
	got++;
}

int main(void)
{
	uint64_t none = 0;
	struct {
		const uint64_t *mask;
		size_t size;
	} arg = {&none, 8}, bad_size = {&none, 4}, bad_ptr = {BAD, 8}, no_mask = {NULL, 8};
	struct timespec t = {0, 10000000}, zero = {0, 0};
	sigset_t set;
	fd_set r;
	int p[2];

	pipe(p);
	FD_ZERO(&r);
	FD_SET(p[0], &r);
	is(sys(pselect6, p[0] + 1, &r, NULL, NULL, &t, NULL), 0);
	is(t.tv_nsec, 0);
	ok(!FD_ISSET(p[0], &r));
	write(p[1], "x", 1);
	FD_SET(p[0], &r);
	is(sys(pselect6, p[0] + 1, &r, NULL, NULL, NULL, &no_mask), 1);
	ok(FD_ISSET(p[0], &r));
	read(p[0], &t, 1);
	signal(SIGUSR1, on_usr1);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	is(got, 0);
	fails(sys(pselect6, p[0] + 1, &r, NULL, NULL, NULL, &arg), EINTR);
	is(got, 1);
	ok(FD_ISSET(p[0], &r), "the sets are left alone on failure");
	sigprocmask(SIG_BLOCK, NULL, &set);
	ok(sigismember(&set, SIGUSR1));
	fails(sys(pselect6, 0, NULL, NULL, NULL, &zero, &bad_size), EINVAL);
	fails(sys(pselect6, 0, NULL, NULL, NULL, &zero, &bad_ptr), EFAULT);
	fails(sys(pselect6, 0, NULL, NULL, NULL, &zero, BAD), EFAULT);
	fails(sys(pselect6, 0, NULL, NULL, NULL, BAD, NULL), EFAULT);
	fails(sys(pselect6, -1, NULL, NULL, NULL, &zero, NULL), EINVAL);
	t = (struct timespec){0, -1};
	fails(sys(pselect6, 0, NULL, NULL, NULL, &t, NULL), EINVAL);
	return tap_done();
}
