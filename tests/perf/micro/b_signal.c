/* SPDX-License-Identifier: MIT */
/* A signal to oneself through its handler and back, and one to another thread that sleeps. */
#include "tests/perf/micro/bench.h"
#include <pthread.h>
#include <signal.h>
static volatile sig_atomic_t handled;
static long n;
static pthread_t first;
static void handler(int sig)
{
	handled++;
}
static void *peer(void *arg)
{
	sigset_t set;
	int sig;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	for (long i = 0; i < n; i++) {
		sigwait(&set, &sig);
		pthread_kill(first, SIGUSR2);
	}
	return arg;
}
int main(int argc, char **argv)
{
	struct sigaction sa = {.sa_handler = handler};
	long tid = syscall(SYS_gettid), pid = getpid();
	pthread_t th;
	sigset_t set;
	uint64_t t;
	int sig;
	n = count(argc, argv, 50000);
	one_cpu();
	first = pthread_self();
	sigaction(SIGUSR1, &sa, NULL);
	t = now_ns();
	for (long i = 0; i < n; i++)
		syscall(SYS_tgkill, pid, tid, SIGUSR1);
	t = now_ns() - t;
	if (handled != n)
		return 1;
	out("signal_to_self", (double)t / n, "ns/signal");
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (pthread_create(&th, NULL, peer, NULL)) {
		perror("pthread_create");
		return 1;
	}
	t = now_ns();
	for (long i = 0; i < n; i++) {
		pthread_kill(th, SIGUSR2);
		sigwait(&set, &sig);
	}
	t = now_ns() - t;
	pthread_join(th, NULL);
	out("sigwait_roundtrip", (double)t / n, "ns/roundtrip");
	return 0;
}
