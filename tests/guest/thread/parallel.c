/* SPDX-License-Identifier: MIT */
/* cpus */
/*
 * Threads that never enter the kernel: signals, membarrier(2), sched_setaffinity(2), the end of the
 * process and execve(2) reach them, whichever processor they run on; getcpu(2) tells which, and so
 * does sched_getcpu(), which asks rseq(2)'s area.
 */
#include "tests/guest/tap.h"

#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <sys/wait.h>

static volatile int running, stop, turn;
static volatile unsigned handled;

static void on_signal(int signo)
{
	handled++;
}

static void *spin(void *arg)
{
	__atomic_add_fetch(&running, 1, __ATOMIC_SEQ_CST);
	while (!stop)
		;
	return NULL;
}

/* A thread that spins, and does already. */
static pthread_t spinner(void)
{
	int before = running;
	pthread_t t;

	stop = 0;
	pthread_create(&t, NULL, spin, NULL);
	while (running == before)
		sched_yield();
	return t;
}

static void end(pthread_t t)
{
	stop = 1;
	is(pthread_join(t, NULL), 0);
}

static void signals(void)
{
	struct sigaction act = {.sa_handler = on_signal};
	pthread_t t = spinner();

	sigaction(SIGUSR1, &act, NULL);
	for (unsigned i = 1; i <= 20; i++) {
		pthread_kill(t, SIGUSR1);
		while (handled < i)
			sched_yield();
	}
	is(handled, 20);
	end(t);
}

/* Both wait for each other without a call: they run at the same time, or are preempted. */
static void *answer(void *arg)
{
	for (int i = 0; i < 50; i++) {
		while (turn != 1)
			;
		turn = 0;
	}
	return NULL;
}

static void handshake(void)
{
	pthread_t t;
	int n = 0;

	is(pthread_create(&t, NULL, answer, NULL), 0);
	for (int i = 0; i < 50; i++) {
		turn = 1;
		while (turn != 0)
			;
		n++;
	}
	is(n, 50);
	is(pthread_join(t, NULL), 0);
}

static void barriers(void)
{
	long can = sys(membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
	pthread_t t = spinner();
	int n = 0;

	if (can < 0 || !(can & MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE)) {
		skip("this kernel has no membarrier that serialises cores");
	} else {
		is(sys(membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0), 0);
		is(sys(membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0), 0);
		for (int i = 0; i < 50; i++)
			n += !sys(membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) &&
			     !sys(membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0);
		is(n, 50);
		is(sys(membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0), 0);
	}
	end(t);
}

static void processors(void)
{
	cpu_set_t all, one;
	unsigned cpu = ~0u;
	int right = 0, n = 0;

	is(sched_getaffinity(0, sizeof(all), &all), 0);
	for (int i = 0; i < CPU_SETSIZE; i++) {
		if (!CPU_ISSET(i, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET(i, &one);
		n++;
		sched_setaffinity(0, sizeof(one), &one);
		for (int k = 0; k < 20; k++)
			sched_yield();
		right += sys(getcpu, &cpu, NULL, NULL) == 0 && (int)cpu == i && sched_getcpu() == i;
	}
	is(right, n);
	is(sched_setaffinity(0, sizeof(all), &all), 0);
	ok(CPU_COUNT(&all) <= sysconf(_SC_NPROCESSORS_ONLN));
}

/* Another thread that spins is sent from processor to processor. */
static void moving(void)
{
	pthread_t t = spinner();
	cpu_set_t all, one, now;
	int n = 0, wanted = 0;

	pthread_getaffinity_np(t, sizeof(all), &all);
	for (int i = 0; i < CPU_SETSIZE; i++) {
		if (!CPU_ISSET(i, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET(i, &one);
		wanted++;
		n += !pthread_setaffinity_np(t, sizeof(one), &one) &&
		     !pthread_getaffinity_np(t, sizeof(now), &now) && CPU_EQUAL(&one, &now);
	}
	is(n, wanted);
	end(t);
}

static int status_of(pid_t child)
{
	int status = -1;

	waitpid(child, &status, 0);
	return status;
}

static void ends(char *self)
{
	pid_t child = fork();

	if (child == 0) {
		(void)spinner();
		(void)spinner();
		_exit(7);
	}
	is(status_of(child), 7 << 8);
	child = fork();
	if (child == 0) {
		(void)spinner();
		execl(self, self, "child", NULL);
		_exit(1);
	}
	is(status_of(child), 8 << 8);
	child = fork();
	if (child == 0) {
		(void)spinner();
		for (;;)
			pause();
	}
	kill(child, SIGSTOP);
	is(waitpid(child, NULL, WUNTRACED), child);
	kill(child, SIGCONT);
	kill(child, SIGKILL);
	is(status_of(child), SIGKILL);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return 8;
	signals();
	handshake();
	barriers();
	processors();
	moving();
	ends(argv[0]);
	return tap_done();
}
