/* SPDX-License-Identifier: MIT */
/* sigaltstack(2): handlers run there, a stack overflow can be caught there; flags and refusals. */
#include "tests/guest/tap.h"

#include <setjmp.h>
#include <ucontext.h>

static char alt[64 * 1024];
static volatile bool on_alt, saw_onstack, uc_has_stack;
static volatile int change_errno;
static sigjmp_buf back;

static void where(int sig, siginfo_t *si, void *ctx)
{
	ucontext_t *uc = ctx;
	char here;
	stack_t ss, other = {.ss_sp = alt, .ss_size = sizeof(alt)};

	on_alt = &here >= alt && &here < alt + sizeof(alt);
	sigaltstack(NULL, &ss);
	saw_onstack = ss.ss_flags == SS_ONSTACK;
	uc_has_stack = uc->uc_stack.ss_sp == alt && uc->uc_stack.ss_size == sizeof(alt);
	change_errno = sigaltstack(&other, NULL) ? errno : 0;
}

static void overflowed(int sig)
{
	siglongjmp(back, 1);
}

static __attribute__((noinline)) int recurse(volatile char *p)
{
	volatile char buf[4096];

	buf[0] = *p + 1;
	return recurse(buf) + buf[0];
}

static void install(int sig, int flags)
{
	struct sigaction sa = {.sa_sigaction = where, .sa_flags = SA_SIGINFO | flags};

	sigaction(sig, &sa, NULL);
}

int main(void)
{
	stack_t ss = {.ss_sp = alt, .ss_size = sizeof(alt)}, old;
	struct sigaction sa = {.sa_handler = overflowed, .sa_flags = SA_ONSTACK};
	volatile char c = 0;

	is(sigaltstack(NULL, &old), 0);
	is(old.ss_flags, SS_DISABLE);
	is(sigaltstack(&ss, &old), 0);
	is(old.ss_flags, SS_DISABLE);
	is(sigaltstack(NULL, &old), 0);
	is(old.ss_flags, 0);
	is(old.ss_sp, alt);
	is(old.ss_size, sizeof(alt));
	install(SIGUSR1, 0);
	raise(SIGUSR1);
	ok(!on_alt && !saw_onstack);
	install(SIGUSR1, SA_ONSTACK);
	raise(SIGUSR1);
	ok(on_alt && saw_onstack);
	ok(uc_has_stack);
	is(change_errno, EPERM);
	sigaltstack(NULL, &old);
	is(old.ss_flags, 0);
	sigaction(SIGSEGV, &sa, NULL);
	if (!sigsetjmp(back, 1)) {
		recurse(&c);
		ok(false, "the stack must overflow");
	}
	ok(true, "a stack overflow was caught on the alternate stack");
	if (!sigsetjmp(back, 1))
		recurse(&c);
	ok(true, "and once more");
	ss.ss_size = 100;
	fails(sys(sigaltstack, &ss, NULL), ENOMEM);
	ss.ss_size = sizeof(alt);
	ss.ss_flags = 0x40;
	fails(sys(sigaltstack, &ss, NULL), EINVAL);
	ss.ss_flags = SS_ONSTACK;
	is(sys(sigaltstack, &ss, NULL), 0);
	ss.ss_flags = (int)0x80000000; /* SS_AUTODISARM */
	is(sys(sigaltstack, &ss, NULL), 0);
	ss.ss_flags = SS_DISABLE;
	is(sys(sigaltstack, &ss, NULL), 0);
	is(sys(sigaltstack, NULL, &old), 0);
	is(old.ss_flags, SS_DISABLE);
	raise(SIGUSR1);
	ok(!on_alt);
	fails(sys(sigaltstack, BAD, NULL), EFAULT);
	fails(sys(sigaltstack, NULL, BAD), EFAULT);
	return tap_done();
}
