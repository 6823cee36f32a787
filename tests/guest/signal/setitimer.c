/* SPDX-License-Identifier: MIT */
/* setitimer(2), getitimer(2): real and CPU-time timers, intervals, what is left; and restarting
 * reads. */
#include "tests/guest/tap.h"

#include <sys/time.h>
#include <time.h>

static volatile int alarms, virtuals, profs;
static int feed = -1;

static void count(int sig)
{
	if (sig == SIGALRM)
		alarms++;
	else if (sig == SIGVTALRM)
		virtuals++;
	else
		profs++;
	if (feed >= 0)
		write(feed, "x", 1);
}

static void real(void)
{
	struct itimerval it = {{0, 20000}, {0, 20000}}, old;

	is(setitimer(ITIMER_REAL, &it, NULL), 0);
	while (alarms < 5)
		pause();
	ok(alarms >= 5, "an interval timer goes on by itself");
	is(getitimer(ITIMER_REAL, &old), 0);
	is(old.it_interval.tv_usec, 20000);
	ok(old.it_value.tv_sec == 0 && old.it_value.tv_usec <= 20000);
	it = (struct itimerval){{0, 0}, {100, 0}};
	is(setitimer(ITIMER_REAL, &it, &old), 0);
	is(old.it_interval.tv_usec, 20000);
	is(getitimer(ITIMER_REAL, &old), 0);
	ok(old.it_value.tv_sec == 99 || (old.it_value.tv_sec == 100 && old.it_value.tv_usec == 0));
	it = (struct itimerval){{5, 5}, {0, 0}};
	is(setitimer(ITIMER_REAL, &it, NULL), 0);
	is(getitimer(ITIMER_REAL, &old), 0);
	is(old.it_value.tv_sec + old.it_value.tv_usec, 0);
}

static void cpu(void)
{
	struct itimerval it = {{0, 0}, {0, 50000}};
	time_t end = time(NULL) + 10;

	is(setitimer(ITIMER_VIRTUAL, &it, NULL), 0);
	while (!virtuals && time(NULL) < end)
		;
	is(virtuals, 1);
	is(setitimer(ITIMER_PROF, &it, NULL), 0);
	while (!profs && time(NULL) < end)
		;
	is(profs, 1);
}

static void refusals(void)
{
	struct itimerval it = {{0, 0}, {0, 1000000}}, old;

	fails(setitimer(ITIMER_REAL, &it, NULL), EINVAL);
	it.it_value.tv_usec = -1;
	fails(setitimer(ITIMER_REAL, &it, NULL), EINVAL);
	it = (struct itimerval){{0, 0}, {-1, 0}};
	fails(setitimer(ITIMER_REAL, &it, NULL), EINVAL);
	fails(sys(setitimer, 3, &it, NULL), EINVAL);
	fails(sys(getitimer, 3, &old), EINVAL);
	fails(sys(getitimer, ITIMER_REAL, BAD), EFAULT);
	fails(sys(setitimer, ITIMER_REAL, BAD, NULL), EFAULT);
}

/* A read interrupted by a handler: restarted with SA_RESTART, EINTR without. */
static void restart(void)
{
	struct sigaction sa = {.sa_handler = count};
	struct itimerval it = {{0, 0}, {0, 30000}};
	int p[2];
	char b[4];

	pipe(p);
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &it, NULL);
	fails(read(p[0], b, 4), EINTR);
	sa.sa_flags = SA_RESTART;
	sigaction(SIGALRM, &sa, NULL);
	feed = p[1];
	setitimer(ITIMER_REAL, &it, NULL);
	is(read(p[0], b, 4), 1);
	feed = -1;
}

/* A timer must interrupt a program that never enters the kernel. */
static void busy_loop(void)
{
	struct itimerval it = {{0, 0}, {0, 30000}};
	volatile unsigned long n = 0;

	alarms = 0;
	setitimer(ITIMER_REAL, &it, NULL);
	while (!alarms)
		n++;
	is(alarms, 1);
}

int main(void)
{
	signal(SIGALRM, count);
	signal(SIGVTALRM, count);
	signal(SIGPROF, count);
	real();
	busy_loop();
	restart();
	refusals();
	cpu();
	return tap_done();
}
