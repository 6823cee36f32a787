/* SPDX-License-Identifier: MIT */
/* Signals around system calls: where the program is, in its handlers, and how it goes on. */
#include "tests/guest/rewrite/sites.h"

#include <sys/time.h>
#include <sys/uio.h>

enum { TICKS = 200 };

static const char *volatile seen;
static const char *ticks_at[TICKS];
static volatile long seen_rax;
static volatile int count;
static int odd, pipes[2];
static long value;

/* A load failed: say where, and repair its address. */
static void on_fault(int signo, siginfo_t *si, void *context)
{
	seen = (const char *)*reg(context, REG_RIP);
	*reg(context, REG_RSI) = (greg_t)&value;
}

static void faults(void)
{
	on_signal(SIGSEGV, on_fault, 0);
	value = 5;
	is(site_before(0, 16, SYS_getpid), getpid());
	ok(seen == site_before_load);
	is(site_after(0, 16, SYS_getpid), getpid() + 5);
	ok(seen == site_after_load);
	for (int i = 0; i < 20; i++) {
		odd += site_before(0, 16, SYS_getpid) != getpid() || seen != site_before_load;
		odd += site_after(0, 16, SYS_getpid) != getpid() + 5 || seen != site_after_load;
	}
	is(odd, 0);
}

static void on_own(int signo, siginfo_t *si, void *context)
{
	seen = (const char *)*reg(context, REG_RIP);
	seen_rax = *reg(context, REG_RAX);
	count++;
}

/* A signal that the call itself raises comes behind it. */
static void raised(void)
{
	long signo = SIGUSR1;

	on_signal(SIGUSR1, on_own, 0);
	for (int i = 0; i < 20; i++) {
		signo = 0; /* what site_before loads is no argument of tkill */
		odd += site_before(gettid(), (long)&signo, SYS_tkill) != -EINVAL;
		odd += tkill_self(SIGUSR1) != 0 || seen != tkill_return || seen_rax != 0;
	}
	is(odd, 0);
	is(count, 20);
}

static void on_alarm(int signo, siginfo_t *si, void *context)
{
	on_own(signo, si, context);
	if (write(pipes[1], "x", 1) != 1)
		odd++;
}

static void alarm_soon(int flags)
{
	const struct itimerval soon = {.it_value = {0, 20000}};

	on_signal(SIGALRM, on_alarm, flags);
	seen = NULL;
	setitimer(ITIMER_REAL, &soon, NULL);
}

/* Interrupted while it waits: the call is to be made again, or has failed. */
static void waits(void)
{
	struct iovec iov[SYS_readv] = {{0}};
	union {
		long n;
		char c;
	} buf;

	for (int i = 0; i < 4; i++) {
		alarm_soon(0);
		buf.n = 1;
		is(site_before(pipes[0], (long)&buf, SYS_read), -EINTR);
		ok(seen == site_before_return && seen_rax == -EINTR);
		is(read(pipes[0], &buf, 1), 1);
		alarm_soon(SA_RESTART);
		buf.n = 1;
		is(site_before(pipes[0], (long)&buf, SYS_read), 1);
		ok(seen == site_before_call && seen_rax == SYS_read);

		iov[0] = (struct iovec){&buf, 1};
		alarm_soon(0);
		is(site_after(pipes[0], (long)iov, SYS_readv), -EINTR + (long)&buf);
		ok(seen == site_after_return && seen_rax == -EINTR);
		is(read(pipes[0], &buf, 1), 1);
		alarm_soon(SA_RESTART);
		is(site_after(pipes[0], (long)iov, SYS_readv), 1 + (long)&buf);
		ok(seen == site_after_call && seen_rax == SYS_readv);
	}
	is(odd, 0);
}

static void on_tick(int signo, siginfo_t *si, void *context)
{
	if (count < TICKS)
		ticks_at[count++] = (const char *)*reg(context, REG_RIP);
}

/* Signals at any time: RIP is always in the program's own code. */
static void ticks(void)
{
	const struct itimerval every = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
	long pid = getpid();

	value = 0;
	count = 0;
	on_signal(SIGALRM, on_tick, SA_RESTART);
	setitimer(ITIMER_REAL, &every, NULL);
	while (count < TICKS) {
		odd += site_mov(0, 0, 0) != pid;
		odd += site_before(0, (long)&value, SYS_getpid) != pid;
		odd += site_after(0, (long)&value, SYS_getpid) != pid;
	}
	setitimer(ITIMER_REAL, &never, NULL);
	is(odd, 0);
	for (int i = 0; i < TICKS; i++)
		odd += in_stubs(ticks_at[i]);
	is(odd, 0);
}

int main(void)
{
	works(pipe(pipes));
	faults();
	raised();
	waits();
	ticks();
	return tap_done();
}
