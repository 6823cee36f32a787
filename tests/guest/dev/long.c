/* SPDX-License-Identifier: MIT */
/* Calls that take seconds: a signal ends them, and other threads run meanwhile. */
#include "tests/guest/tap.h"

#include <pthread.h>
#include <sys/time.h>

enum { LENGTH = 0x7ffff000 };

static volatile long steps;
static volatile bool over;

static void alarmed(int sig)
{
}

static void *count(void *arg)
{
	for (; !over; steps++)
		usleep(1000);
	return NULL;
}

static void set_alarm(void)
{
	const struct itimerval in_100_ms = {{0, 100000}, {0, 100000}};

	setitimer(ITIMER_REAL, &in_100_ms, NULL);
}

/* What can be read in a hundred milliseconds, and not all of it. */
static bool cut_short(long n)
{
	return n > 0 && n < LENGTH;
}

int main(void)
{
	const struct sigaction act = {.sa_handler = alarmed, .sa_flags = SA_RESTART};
	char *all =
	    mmap(NULL, LENGTH, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int urandom = open("/dev/urandom", O_RDWR);
	pthread_t t;
	long before;

	sigaction(SIGALRM, &act, NULL);
	is(pthread_create(&t, NULL, count, NULL), 0);
	set_alarm();
	before = steps;
	ok(cut_short(write(urandom, all, LENGTH)));
	ok(steps - before > 5, "other threads run");
	over = true;
	pthread_join(t, NULL);
	return tap_done();
}
