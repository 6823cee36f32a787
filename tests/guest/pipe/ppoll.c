/* SPDX-License-Identifier: MIT */
/* ppoll(2): nanosecond timeout written back, signal mask swapped for the wait. */
#include "tests/guest/tap.h"

#include <poll.h>
#include <time.h>

static volatile int got;

static void on_usr1(int sig)
{
	got++;
}

static long pp(struct pollfd *f, unsigned n, struct timespec *t, const uint64_t *mask, size_t size)
{
	return sys(ppoll, f, n, t, mask, size);
}

int main(void)
{
	struct timespec t = {0, 20000000}, zero = {0, 0};
	struct pollfd f;
	uint64_t none = 0, usr1 = 1ul << (SIGUSR1 - 1);
	sigset_t set;
	int p[2];

	pipe(p);
	f = (struct pollfd){p[0], POLLIN, -1};
	is(pp(&f, 1, &t, NULL, 8), 0);
	is(f.revents, 0);
	is(t.tv_sec, 0);
	is(t.tv_nsec, 0); /* the kernel's call writes the time left; C libraries hide that */
	write(p[1], "x", 1);
	t = (struct timespec){5, 0};
	is(pp(&f, 1, &t, NULL, 8), 1);
	is(f.revents, POLLIN);
	ok(t.tv_sec == 4 || (t.tv_sec == 5 && t.tv_nsec == 0));
	is(pp(&f, 1, NULL, NULL, 0), 1);
	read(p[0], &set, 1);
	signal(SIGUSR1, on_usr1);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	is(got, 0);
	fails(pp(&f, 1, NULL, &none, 8), EINTR);
	is(got, 1);
	sigprocmask(SIG_BLOCK, NULL, &set);
	ok(sigismember(&set, SIGUSR1));
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	is(pp(&f, 1, &zero, &usr1, 8), 0);
	sigprocmask(SIG_BLOCK, NULL, &set);
	ok(!sigismember(&set, SIGUSR1));
	t = (struct timespec){0, 1000000000};
	fails(pp(&f, 1, &t, NULL, 8), EINVAL);
	t = (struct timespec){-1, 0};
	fails(pp(&f, 1, &t, NULL, 8), EINVAL);
	fails(pp(&f, 1, &zero, &none, 4), EINVAL);
	fails(pp(&f, 1, &zero, BAD, 8), EFAULT);
	fails(pp(&f, 1, BAD, NULL, 8), EFAULT);
	fails(pp(BAD, 1, &zero, NULL, 8), EFAULT);
	return tap_done();
}
