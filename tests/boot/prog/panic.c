/* SPDX-License-Identifier: MIT */
/*
 * panic CPU: make the kernel panic on this processor, while another thread computes on each of the
 * others. A fault while cpu->masked says that the kernel runs is a fault of the kernel.
 */
#define _GNU_SOURCE
#include "kernel/ring0/nub.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

static void run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		_exit(2);
}

static volatile int running;

__attribute__((noreturn)) static void *spin(void *cpu)
{
	run_on((int)(long)cpu);
	__atomic_add_fetch(&running, 1, __ATOMIC_SEQ_CST);
	for (;;)
		;
}

int main(int argc, char **argv)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN), which = argc > 1 ? atoi(argv[1]) : 0;
	pthread_t t;

	run_on((int)which);
	for (long i = 0; i < n; i++)
		if (i != which)
			pthread_create(&t, NULL, spin, (void *)i);
	while (running < n - 1)
		sched_yield();
	__asm__ volatile("movl $1, %%gs:%c0\n\tud2" ::"i"(CPU_MASKED));
	return 3;
}
