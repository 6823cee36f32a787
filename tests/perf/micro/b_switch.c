/* SPDX-License-Identifier: MIT */
/* Two threads on one CPU: sched_yield in turn, and the way from FUTEX_WAKE to the woken thread. */
#include "tests/perf/micro/bench.h"
#include <linux/futex.h>
#include <pthread.h>
static long n, switches;
static int turn;
static volatile int
    last; /* a leaf function such as sched_yield changes no static variable, compilers know */
static uint64_t woken_at, waited;
static void yield(int me)
{
	for (long i = 0; i < n; i++) {
		if (last != me)
			switches++;
		last = me;
		sched_yield();
	}
}
static void *yield_peer(void *arg)
{
	yield(1);
	return arg;
}
static void wait_for(int value)
{
	while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != value)
		syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, !value, NULL, NULL, 0);
}
static void *sleeper(void *arg)
{
	for (long i = 0; i < n; i++) {
		wait_for(1);
		waited += now_ns() - woken_at;
		__atomic_store_n(&turn, 0, __ATOMIC_RELEASE);
		syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	}
	return arg;
}
static void waker(void)
{
	for (long i = 0; i < n; i++) {
		wait_for(0);
		__atomic_store_n(&turn, 1, __ATOMIC_RELEASE);
		woken_at = now_ns();
		syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	}
}
int main(int argc, char **argv)
{
	pthread_t th;
	uint64_t t;
	n = count(argc, argv, 50000);
	one_cpu();
	last = -1;
	if (pthread_create(&th, NULL, yield_peer, NULL)) {
		perror("pthread_create");
		return 1;
	}
	t = now_ns();
	yield(0);
	pthread_join(th, NULL);
	t = now_ns() - t;
	/* Each of the 2 n calls gives the CPU away, except on a host where it does not. */
	if (switches >= n)
		out("yield_switch", (double)t / switches, "ns/switch");
	if (pthread_create(&th, NULL, sleeper, NULL)) {
		perror("pthread_create");
		return 1;
	}
	waker();
	pthread_join(th, NULL);
	out("futex_wake_to_run", (double)waited / n, "ns");
	return 0;
}
