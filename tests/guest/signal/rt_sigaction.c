/* SPDX-License-Identifier: MIT */
/* rt_sigaction(2): what is stored is what comes back; handlers, SA_RESETHAND, SA_NODEFER, masks,
 * refusals. */
#include "tests/guest/tap.h"

struct kact { /* the kernel's struct sigaction */
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

static volatile int calls, depth, deepest, last;
static volatile siginfo_t info;

static void count(int sig)
{
	calls++;
	last = sig;
}

static void with_info(int sig, siginfo_t *si, void *uc)
{
	calls++;
	info = *si;
}

static void nested(int sig)
{
	calls++;
	if (++depth > deepest)
		deepest = depth;
	if (calls == 1)
		raise(sig);
	depth--;
}

static volatile int order[4], n_order;

static void in_order(int sig)
{
	order[n_order++] = sig;
}

static void install(int sig, void (*fn)(int), int flags)
{
	struct sigaction sa = {.sa_handler = fn, .sa_flags = flags};

	sigemptyset(&sa.sa_mask);
	sigaction(sig, &sa, NULL);
}

static void stored(void)
{
	struct kact a = {count, 0x10000000, (void *)0x1234, ~0ul}, b;

	is(sys(rt_sigaction, SIGUSR1, NULL, &b, 8ul), 0);
	is((long)b.handler, (long)SIG_DFL);
	is(b.flags, 0);
	is(sys(rt_sigaction, SIGUSR1, &a, NULL, 8ul), 0);
	is(sys(rt_sigaction, SIGUSR1, NULL, &b, 8ul), 0);
	is(b.handler, count);
	is(b.flags & 0x10000000, 0x10000000);
	is(b.mask, ~0ul & ~(1ul << (SIGKILL - 1)) & ~(1ul << (SIGSTOP - 1)));
	a.handler = (void (*)(int))SIG_IGN;
	is(sys(rt_sigaction, SIGUSR1, &a, &b, 8ul), 0);
	is(b.handler, count);
	is(raise(SIGUSR1), 0);
	is(calls, 0);
	for (int s = 1; s <= 64; s++)
		if (s != SIGKILL && s != SIGSTOP)
			calls += sys(rt_sigaction, s, NULL, &b, 8ul) != 0;
	is(calls, 0);
}

static void refusals(void)
{
	struct kact a = {count, 0, NULL, 0}, b;

	fails(sys(rt_sigaction, 0, NULL, &b, 8ul), EINVAL);
	fails(sys(rt_sigaction, 65, NULL, &b, 8ul), EINVAL);
	fails(sys(rt_sigaction, -1, NULL, &b, 8ul), EINVAL);
	fails(sys(rt_sigaction, SIGKILL, &a, NULL, 8ul), EINVAL);
	fails(sys(rt_sigaction, SIGSTOP, &a, NULL, 8ul), EINVAL);
	is(sys(rt_sigaction, SIGKILL, NULL, &b, 8ul), 0);
	fails(sys(rt_sigaction, SIGUSR1, &a, NULL, 4ul), EINVAL);
	fails(sys(rt_sigaction, SIGUSR1, &a, NULL, 128ul), EINVAL);
	fails(sys(rt_sigaction, SIGUSR1, BAD, NULL, 8ul), EFAULT);
	fails(sys(rt_sigaction, SIGUSR1, NULL, BAD, 8ul), EFAULT);
	is(sys(rt_sigaction, SIGUSR1, NULL, NULL, 8ul), 0);
}

static void delivery(void)
{
	struct sigaction sa = {.sa_sigaction = with_info, .sa_flags = SA_SIGINFO};

	calls = 0;
	install(SIGUSR1, count, 0);
	is(raise(SIGUSR1), 0);
	is(calls, 1);
	is(last, SIGUSR1);
	is(raise(SIGUSR1), 0);
	is(calls, 2);
	sigaction(SIGUSR2, &sa, NULL);
	is(raise(SIGUSR2), 0);
	is(info.si_signo, SIGUSR2);
	is(info.si_code, SI_TKILL);
	is(info.si_pid, getpid());
	is(info.si_uid, getuid());
	is(kill(getpid(), SIGUSR2), 0);
	is(info.si_code, SI_USER);
	install(SIGRTMIN, count, 0);
	is(raise(SIGRTMIN), 0);
	is(last, SIGRTMIN);
}

static void flags(void)
{
	struct kact b;

	calls = deepest = 0;
	install(SIGUSR1, nested, 0);
	raise(SIGUSR1);
	is(calls, 2);
	is(deepest, 1); /* blocked while its handler runs */
	calls = deepest = 0;
	install(SIGUSR1, nested, SA_NODEFER);
	raise(SIGUSR1);
	is(calls, 2);
	is(deepest, 2);
	install(SIGUSR1, count, SA_RESETHAND);
	raise(SIGUSR1);
	sys(rt_sigaction, SIGUSR1, NULL, &b, 8ul);
	is((long)b.handler, (long)SIG_DFL);
}

static void masks(void)
{
	struct sigaction sa = {.sa_handler = in_order};
	sigset_t both, old;

	sigemptyset(&sa.sa_mask);
	sigaddset(&sa.sa_mask, SIGUSR2);
	sigaddset(&sa.sa_mask, SIGUSR1);
	sigaction(SIGUSR1, &sa, NULL);
	sigaction(SIGUSR2, &sa, NULL);
	both = sa.sa_mask;
	sigprocmask(SIG_BLOCK, &both, &old);
	raise(SIGUSR2);
	raise(SIGUSR1);
	raise(SIGUSR1);
	is(n_order, 0);
	sigprocmask(SIG_SETMASK, &old, NULL);
	is(n_order, 2);
	is(order[0], SIGUSR1);
	is(order[1], SIGUSR2);
	sigprocmask(SIG_BLOCK, NULL, &both);
	ok(!sigismember(&both, SIGUSR1) && !sigismember(&both, SIGUSR2), "the mask is back");
}

int main(void)
{
	stored();
	refusals();
	delivery();
	flags();
	masks();
	return tap_done();
}
