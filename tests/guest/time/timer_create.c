/* SPDX-License-Identifier: MIT */
/* timer_create(2), timer_settime(2), timer_gettime(2), timer_getoverrun(2), timer_delete(2). */
#include "tests/guest/tap.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>

#ifndef SIGEV_THREAD_ID
#define SIGEV_THREAD_ID 4
#endif
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

#define MS 1000000l

static const struct timespec long_enough = {30, 0}, none = {0, 0};

static long now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct timespec ts(long ns)
{
	return (struct timespec){ns / 1000000000, ns % 1000000000};
}

static void sleep_ms(long ms)
{
	struct timespec t = ts(ms * MS);

	nanosleep(&t, NULL);
}

static void burn_ms(clockid_t clock, long ms)
{
	long end = now_ns(clock) + ms * MS;

	while (now_ns(clock) < end)
		;
}

/* The calls themselves: the C libraries number timers differently. */
static int create(clockid_t clock, struct sigevent *ev)
{
	int id = -1;

	return sys(timer_create, clock, ev, &id) ? -1 : id;
}

static int set(int id, int flags, long value_ns, long interval_ns)
{
	struct itimerspec its = {.it_value = ts(value_ns), .it_interval = ts(interval_ns)};

	return sys(timer_settime, id, flags, &its, NULL);
}

static long left(int id)
{
	struct itimerspec its = {.it_value = {-1, -1}};

	return sys(timer_gettime, id, &its)
		   ? -1
		   : its.it_value.tv_sec * 1000000000 + its.it_value.tv_nsec;
}

static int create_signal(clockid_t clock, int signo, long value)
{
	struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = signo};

	ev.sigev_value.sival_ptr = (void *)value;
	return create(clock, &ev);
}

static int wait_for(int signo, siginfo_t *si, const struct timespec *timeout)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signo);
	return sigtimedwait(&set, si, timeout);
}

static void test_errors(void)
{
	struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
	struct itimerspec its = {.it_value = {1, 0}};
	int id;

	fails(create(1000, NULL), EINVAL);
	fails(create(CLOCK_MONOTONIC_RAW, NULL), EOPNOTSUPP);
	fails(create(CLOCK_REALTIME_COARSE, NULL), EOPNOTSUPP);
	fails(create(CLOCK_MONOTONIC, BAD), EFAULT);
	fails(sys(timer_create, CLOCK_MONOTONIC, &ev, BAD), EFAULT);
	ev.sigev_signo = 65;
	fails(create(CLOCK_MONOTONIC, &ev), EINVAL);
	ev.sigev_signo = 0;
	fails(create(CLOCK_MONOTONIC, &ev), EINVAL);
	ev.sigev_notify = 77;
	fails(create(CLOCK_MONOTONIC, &ev), EINVAL);
	ev.sigev_notify = SIGEV_THREAD_ID;
	ev.sigev_signo = SIGRTMIN;
	ev.sigev_notify_thread_id = 1;
	fails(create(CLOCK_MONOTONIC, &ev), EINVAL);
	fails(sys(timer_settime, 12345, 0, &its, NULL), EINVAL);
	fails(left(12345), EINVAL);
	fails(sys(timer_getoverrun, 12345), EINVAL);
	fails(sys(timer_delete, 12345), EINVAL);
	works(id = create(CLOCK_MONOTONIC, NULL));
	fails(sys(timer_settime, id, 0, NULL, NULL), EINVAL);
	fails(sys(timer_settime, id, 0, BAD, NULL), EFAULT);
	fails(sys(timer_gettime, id, BAD), EFAULT);
	its.it_value.tv_nsec = 1000000000;
	fails(sys(timer_settime, id, 0, &its, NULL), EINVAL);
	its.it_value = (struct timespec){-1, 0};
	fails(sys(timer_settime, id, 0, &its, NULL), EINVAL);
	its.it_value = (struct timespec){5, 0};
	its.it_interval = (struct timespec){0, -1};
	fails(sys(timer_settime, id, 0, &its, NULL), EINVAL);
	is(left(id), 0);
	works(sys(timer_delete, id));
	fails(sys(timer_delete, id), EINVAL);
}

/* One shot on a clock of the wall kind, relative and absolute. */
static void test_once(clockid_t clock)
{
	int id = create_signal(clock, SIGRTMIN + 1, 4711);
	long start = now_ns(CLOCK_MONOTONIC);
	struct itimerspec its = {0}, old;
	siginfo_t si;

	works(id);
	works(set(id, 0, 100 * MS, 0));
	ok(left(id) > 0 && left(id) <= 100 * MS);
	is(wait_for(SIGRTMIN + 1, &si, &long_enough), SIGRTMIN + 1);
	ok(now_ns(CLOCK_MONOTONIC) - start >= 100 * MS);
	is(si.si_code, SI_TIMER);
	is(si.si_timerid, id);
	is(si.si_overrun, 0);
	is((long)si.si_ptr, 4711);
	is(left(id), 0);
	works(set(id, TIMER_ABSTIME, now_ns(clock) + 20 * MS, 0));
	is(wait_for(SIGRTMIN + 1, &si, &long_enough), SIGRTMIN + 1);
	works(set(id, TIMER_ABSTIME, 1, 0)); /* long ago */
	is(wait_for(SIGRTMIN + 1, &si, &long_enough), SIGRTMIN + 1);
	works(set(id, 0, 5000 * MS, 7000 * MS));
	works(sys(timer_settime, id, 0, &its, &old)); /* off */
	ok(old.it_value.tv_sec == 4 && old.it_interval.tv_sec == 7);
	is(left(id), 0);
	works(set(id, 0, 1 * MS, 0));
	sleep_ms(10);
	works(sys(timer_delete, id)); /* takes its signal along */
	fails(wait_for(SIGRTMIN + 1, &si, &none), EAGAIN);
}

static void test_periodic(void)
{
	int id = create_signal(CLOCK_MONOTONIC, SIGRTMIN, 0);
	siginfo_t si;
	long n;

	works(set(id, 0, 10 * MS, 10 * MS));
	for (int i = 0; i < 3; i++)
		is(wait_for(SIGRTMIN, &si, &long_enough), SIGRTMIN);
	sleep_ms(105);
	ok(left(id) > 0 && left(id) <= 10 * MS);
	is(wait_for(SIGRTMIN, &si, &none), SIGRTMIN);
	n = sys(timer_getoverrun, id);
	ok(n >= 8 && n < 1000);
	is(si.si_overrun, n);
	/* A new setting forgets what was due. */
	sleep_ms(30);
	works(set(id, 0, 5000 * MS, 0));
	fails(wait_for(SIGRTMIN, &si, &none), EAGAIN);
	is(sys(timer_getoverrun, id), 0);
	sys(timer_delete, id);
}

static void test_default_event(void)
{
	int id = create(CLOCK_MONOTONIC, NULL);
	siginfo_t si;

	works(set(id, 0, MS, 0));
	is(wait_for(SIGALRM, &si, &long_enough), SIGALRM);
	is(si.si_int, id);
	is(si.si_timerid, id);
	sys(timer_delete, id);
}

static void test_none(void)
{
	struct sigevent ev = {.sigev_notify = SIGEV_NONE};
	int id = create(CLOCK_MONOTONIC, &ev);

	works(set(id, 0, 200 * MS, 0));
	ok(left(id) > 0);
	sleep_ms(220);
	is(left(id), 0);
	works(set(id, 0, 10 * MS, 400 * MS));
	sleep_ms(30);
	ok(left(id) > 0 && left(id) <= 400 * MS);
	sys(timer_delete, id);
}

/* Two timers with one standard signal: both come. */
static void test_two(void)
{
	int a = create_signal(CLOCK_MONOTONIC, SIGUSR1, 1);
	int b = create_signal(CLOCK_MONOTONIC, SIGUSR1, 2);
	siginfo_t s1, s2;

	set(a, 0, 1 * MS, 0);
	set(b, 0, 5 * MS, 0);
	sleep_ms(30);
	is(wait_for(SIGUSR1, &s1, &none), SIGUSR1);
	is(wait_for(SIGUSR1, &s2, &none), SIGUSR1);
	is((long)s1.si_ptr, 1);
	is((long)s2.si_ptr, 2);
	fails(wait_for(SIGUSR1, &s1, &none), EAGAIN);
	sys(timer_delete, a);
	sys(timer_delete, b);
}

static volatile int caught;
static volatile long caught_value;

static void handler(int sig, siginfo_t *si, void *uc)
{
	caught++;
	caught_value = (long)si->si_ptr;
}

/* While the signal is ignored nothing comes; a periodic timer goes on when that changes. */
static void test_ignored(void)
{
	struct sigaction sa = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
	int id = create_signal(CLOCK_MONOTONIC, SIGUSR2, 77);
	sigset_t set_, old;

	sigemptyset(&set_);
	sigaddset(&set_, SIGUSR2);
	sigprocmask(SIG_UNBLOCK, &set_, &old);
	signal(SIGUSR2, SIG_IGN);
	works(set(id, 0, 5 * MS, 5 * MS));
	sleep_ms(30);
	is(caught, 0);
	sigaction(SIGUSR2, &sa, NULL);
	for (int i = 0; i < 200 && caught < 3; i++)
		sleep_ms(5);
	ok(caught >= 3);
	is(caught_value, 77);
	sys(timer_delete, id);
	signal(SIGUSR2, SIG_DFL);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

/* CPU clocks count only while something runs. */
static void test_cpu(clockid_t clock)
{
	int id = create_signal(clock, SIGRTMIN + 2, 0);
	long start = now_ns(clock);
	siginfo_t si;

	works(id);
	works(set(id, 0, 30 * MS, 20 * MS));
	sleep_ms(60);
	fails(wait_for(SIGRTMIN + 2, &si, &none), EAGAIN);
	ok(left(id) > 0 && left(id) <= 30 * MS);
	burn_ms(clock, 45);
	is(wait_for(SIGRTMIN + 2, &si, &none), SIGRTMIN + 2);
	ok(now_ns(clock) - start >= 30 * MS);
	is(si.si_code, SI_TIMER);
	burn_ms(clock, 100);
	is(wait_for(SIGRTMIN + 2, &si, &none), SIGRTMIN + 2);
	ok(sys(timer_getoverrun, id) >= 2);
	works(set(id, TIMER_ABSTIME, now_ns(clock) + 10 * MS, 0));
	burn_ms(clock, 30);
	is(wait_for(SIGRTMIN + 2, &si, &none), SIGRTMIN + 2);
	works(set(id, TIMER_ABSTIME, 1, 0));
	burn_ms(clock, 20);
	is(wait_for(SIGRTMIN + 2, &si, &none), SIGRTMIN + 2);
	sys(timer_delete, id);
}

static pthread_barrier_t ready;
static int helper_tid;
static clockid_t helper_clock;
static siginfo_t helper_si;
static int helper_got;

static void *helper(void *arg)
{
	helper_tid = sys(gettid);
	pthread_getcpuclockid(pthread_self(), &helper_clock);
	pthread_barrier_wait(&ready);
	pthread_barrier_wait(&ready); /* the timers are set */
	burn_ms(CLOCK_THREAD_CPUTIME_ID, 30);
	helper_got = wait_for(SIGRTMIN + 3, &helper_si, &long_enough);
	return NULL;
}

/* A signal for one thread; the CPU clock of another thread. */
static void test_thread(void)
{
	struct sigevent ev = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN + 3};
	int id, cpu, own;
	pthread_t t;
	siginfo_t si;

	pthread_barrier_init(&ready, NULL, 2);
	pthread_create(&t, NULL, helper, NULL);
	pthread_barrier_wait(&ready);
	ev.sigev_notify_thread_id = helper_tid;
	works(id = create(CLOCK_MONOTONIC, &ev));
	works(cpu = create_signal(helper_clock, SIGRTMIN + 4, 0));
	ok(now_ns(helper_clock) >= 0);
	works(set(cpu, 0, 10 * MS, 0));
	works(set(id, 0, 10 * MS, 0));
	pthread_barrier_wait(&ready);
	is(wait_for(SIGRTMIN + 4, &si, &long_enough), SIGRTMIN + 4);
	fails(wait_for(SIGRTMIN + 3, &si, &none), EAGAIN); /* it is not ours */
	pthread_join(t, NULL);
	is(helper_got, SIGRTMIN + 3);
	is(helper_si.si_timerid, id);
	/* The thread is gone: its timer goes on and reaches nobody. */
	works(set(id, 0, MS, MS));
	sleep_ms(10);
	fails(wait_for(SIGRTMIN + 3, &si, &none), EAGAIN);
	works(sys(timer_delete, id));
	works(sys(timer_delete, cpu));
	ev.sigev_notify_thread_id = sys(gettid);
	works(own = create(CLOCK_REALTIME, &ev));
	works(set(own, 0, MS, 0));
	is(wait_for(SIGRTMIN + 3, &si, &long_enough), SIGRTMIN + 3);
	sys(timer_delete, own);
}

static void test_signalfd(void)
{
	int id = create_signal(CLOCK_MONOTONIC, SIGRTMIN + 5, 99), fd;
	struct signalfd_siginfo info;
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGRTMIN + 5);
	works(fd = signalfd(-1, &mask, 0));
	works(set(id, 0, MS, MS));
	sleep_ms(20);
	is(read(fd, &info, sizeof(info)), sizeof(info));
	is(info.ssi_signo, SIGRTMIN + 5);
	is(info.ssi_code, SI_TIMER);
	is(info.ssi_tid, id);
	ok(info.ssi_overrun >= 5);
	is(info.ssi_ptr, 99);
	sys(timer_delete, id);
	close(fd);
}

static void test_limit(void)
{
	struct rlimit old, zero;
	int id;

	getrlimit(RLIMIT_SIGPENDING, &old);
	zero = (struct rlimit){0, old.rlim_max};
	setrlimit(RLIMIT_SIGPENDING, &zero);
	fails(create(CLOCK_MONOTONIC, NULL), EAGAIN);
	setrlimit(RLIMIT_SIGPENDING, &old);
	works(id = create(CLOCK_MONOTONIC, NULL));
	sys(timer_delete, id);
}

static void test_proc(void)
{
	struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
	char buf[1024], want[256];
	int id, fd, n;

	ev.sigev_value.sival_ptr = (void *)0xabcd;
	id = create(CLOCK_BOOTTIME, &ev);
	fd = open("/proc/self/timers", O_RDONLY);
	works(fd);
	n = read(fd, buf, sizeof(buf) - 1);
	buf[n > 0 ? n : 0] = 0;
	snprintf(want, sizeof(want),
		 "ID: %d\nsignal: %d/%016lx\nnotify: signal/pid.%d\nClockID: 7\n", id, SIGRTMIN,
		 0xabcdl, getpid());
	ok(strstr(buf, want));
	close(fd);
	sys(timer_delete, id);
}

/* As the C library does it, with a thread for each expiration. */
static volatile int called;

static void call(union sigval v)
{
	called += v.sival_int;
}

static void test_library(void)
{
	struct sigevent ev = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = call};
	struct itimerspec its = {.it_value = ts(5 * MS), .it_interval = ts(5 * MS)};
	timer_t t;

	ev.sigev_value.sival_int = 2;
	works(timer_create(CLOCK_MONOTONIC, &ev, &t));
	works(timer_settime(t, 0, &its, NULL));
	for (int i = 0; i < 200 && called < 6; i++)
		sleep_ms(5);
	ok(called >= 6);
	works(timer_delete(t));
}

int main(void)
{
	sigset_t all;

	sigemptyset(&all);
	for (int i = 0; i < 6; i++)
		sigaddset(&all, SIGRTMIN + i);
	sigaddset(&all, SIGALRM);
	sigaddset(&all, SIGUSR1);
	sigaddset(&all, SIGUSR2);
	sigprocmask(SIG_BLOCK, &all, NULL);
	test_errors();
	test_once(CLOCK_MONOTONIC);
	test_once(CLOCK_REALTIME);
	test_once(CLOCK_BOOTTIME);
	test_once(CLOCK_TAI);
	test_periodic();
	test_default_event();
	test_none();
	test_two();
	test_ignored();
	test_cpu(CLOCK_PROCESS_CPUTIME_ID);
	test_cpu(CLOCK_THREAD_CPUTIME_ID);
	test_thread();
	test_signalfd();
	test_limit();
	test_proc();
	test_library();
	return tap_done();
}
