/* SPDX-License-Identifier: MIT */
/* exit(2) of the first thread while another lives: the process goes on, and ends with the last. */
#include "tests/guest/tap.h"

#include <pthread.h>
#include <time.h>

static void *last(void *arg)
{
	struct timespec t = {.tv_nsec = 50000000};

	nanosleep(&t, NULL);
	ok(sys(gettid) != getpid());
	is(kill(getpid(), 0), 0);
	exit(tap_done());
}

int main(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, last, NULL);
	sys(exit, 99);
	return 98;
}
