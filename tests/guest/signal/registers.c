/* SPDX-License-Identifier: MIT */
/*
 * Registers survive system calls that lead to a signal handler, while timers interrupt the program
 * and the kernel all the time: tgkill(2), rt_sigreturn(2).
 */
#include "tests/guest/tap.h"

#include <pthread.h>
#include <time.h>

enum { CALLS = 100000, SECONDS = 3 }; /* whichever comes first */

static volatile int stop;
static volatile unsigned handled;

static void on_signal(int signo)
{
	handled++;
}

static void *sleep_often(void *arg)
{
	struct timespec t = {0, 10000 + 7000 * (long)arg};

	while (!stop)
		nanosleep(&t, NULL);
	return NULL;
}

/* Have this thread's own signal sent; do the registers that a call keeps hold what they held? */
static bool kept(long pid, long tid, uint64_t x)
{
	register uint64_t value __asm__("r8") = x;
	uint64_t wrong;

	__asm__ volatile("push %%rbx\n\tpush %%rbp\n\tpush %%r12\n\tpush %%r13\n\t"
			 "mov %[x], %%rbx\n\tlea 1(%%rbx), %%rbp\n\tlea 2(%%rbx), %%r12\n\t"
			 "lea 3(%%rbx), %%r13\n\tlea 4(%%rbx), %%r14\n\tlea 5(%%rbx), %%r15\n\t"
			 "mov %[nr], %%eax\n\tsyscall\n\t"
			 "sub %%rbx, %%rbp\n\tsub %%rbx, %%r12\n\tsub %%rbx, %%r13\n\t"
			 "sub %%rbx, %%r14\n\tsub %%rbx, %%r15\n\tsub %[x], %%rbx\n\t"
			 "sub $1, %%rbp\n\tsub $2, %%r12\n\tsub $3, %%r13\n\tsub $4, %%r14\n\t"
			 "sub $5, %%r15\n\t"
			 "or %%rbp, %%rbx\n\tor %%r12, %%rbx\n\tor %%r13, %%rbx\n\t"
			 "or %%r14, %%rbx\n\tor %%r15, %%rbx\n\tor %%rax, %%rbx\n\t"
			 "mov %%rbx, %%rax\n\t"
			 "pop %%r13\n\tpop %%r12\n\tpop %%rbp\n\tpop %%rbx"
			 : "=a"(wrong), "+D"(pid), "+S"(tid)
			 : [x] "r"(value), [nr] "i"(SYS_tgkill), "d"((long)SIGUSR1)
			 : "rcx", "r11", "r14", "r15", "memory");
	return !wrong;
}

int main(void)
{
	struct sigaction act = {.sa_handler = on_signal};
	pthread_t t[2];
	time_t end = time(NULL) + SECONDS;
	unsigned bad = 0, calls = 0;

	sigaction(SIGUSR1, &act, NULL);
	for (long i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, sleep_often, (void *)i);
	for (; calls < CALLS && time(NULL) < end; calls++)
		bad += !kept(getpid(), sys(gettid), calls * 0x9e3779b97f4a7c15ull);
	stop = 1;
	for (int i = 0; i < 2; i++)
		is(pthread_join(t[i], NULL), 0);
	is(bad, 0);
	is(handled, calls);
	return tap_done();
}
