/* SPDX-License-Identifier: MIT */
/* Sets the machine's clock while others wait for a moment of it, which a test must not do at home.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static struct timespec in_s(long s)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += s;
	return t;
}

static void move_clock(long s)
{
	struct timespec t = in_s(s);

	if (clock_settime(CLOCK_REALTIME, &t))
		printf("clock_settime: %s\n", strerror(errno));
}

static void *sleeper(void *arg)
{
	return (void *)(long)clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, arg, NULL);
}

static void *futex_waiter(void *arg)
{
	static uint32_t word;

	syscall(SYS_futex, &word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, arg, NULL, ~0u);
	return (void *)(long)errno;
}

/* How long until the descriptor is readable, up to a limit; ms. */
static int readable(int fd, int ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, ms);
}

int main(void)
{
	struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
	struct timespec t = in_s(1800), soon = {0, 1}, limit = {10, 0}, pause = {0, 100000000};
	struct itimerspec its = {.it_value = t}, rel = {.it_value = {1800, 0}};
	int fd = timerfd_create(CLOCK_REALTIME, 0), other = timerfd_create(CLOCK_REALTIME, 0);
	int relative = timerfd_create(CLOCK_REALTIME, 0);
	pthread_t a, b;
	timer_t timer;
	sigset_t set;
	void *r;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	timer_create(CLOCK_REALTIME, &ev, &timer);
	timer_settime(timer, TIMER_ABSTIME, &its, NULL);
	timerfd_settime(fd, TFD_TIMER_ABSTIME, &its, NULL);
	timerfd_settime(relative, 0, &rel, NULL);
	timerfd_settime(other, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &its, NULL);
	pthread_create(&a, NULL, sleeper, &t);
	pthread_create(&b, NULL, futex_waiter, &t);
	nanosleep(&pause, NULL);
	move_clock(3600);
	pthread_join(a, &r);
	printf("sleep %s\n", strerror((int)(long)r));
	pthread_join(b, &r);
	printf("futex %s\n", strerror((int)(long)r));
	printf("timer %d\n", sigtimedwait(&set, NULL, &limit) == SIGRTMIN);
	printf("timerfd %d\n", readable(fd, 10000));
	printf("cancelled %d\n",
	       readable(other, 10000) && read(other, &t, 8) < 0 && errno == ECANCELED);
	printf("relative %d\n", readable(relative, 0));

	/* Set back, what was about to come is far away. */
	its.it_value = in_s(0);
	its.it_value.tv_nsec += 300000000;
	its.it_value.tv_sec += its.it_value.tv_nsec / 1000000000;
	its.it_value.tv_nsec %= 1000000000;
	timer_settime(timer, TIMER_ABSTIME, &its, NULL);
	timerfd_settime(fd, TFD_TIMER_ABSTIME, &its, NULL);
	move_clock(-3600);
	nanosleep(&(struct timespec){0, 600000000}, NULL);
	printf("timer back %d\n", sigtimedwait(&set, NULL, &soon) == SIGRTMIN);
	printf("timerfd back %d\n", readable(fd, 0));
	return 0;
}
