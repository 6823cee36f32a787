/* SPDX-License-Identifier: MIT */
/* Ends in the way its argument says: for tests of exit statuses. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static volatile int zero;

static int overflow(volatile char *p)
{
	volatile char frame[8192];

	frame[0] = *p;
	return overflow(frame) + frame[0];
}

/* Touches memory until there is no more; malloc failing counts as the end too. */
static void eat_all(void)
{
	for (;;) {
		char *p = mmap(NULL, 16 << 20, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (p == MAP_FAILED)
			exit(12);
		memset(p, 1, 16 << 20);
	}
}

static void fault(const char *how)
{
	volatile char c = 0;

	if (!strcmp(how, "null"))
		*(volatile int *)(long)zero = 1;
	else if (!strcmp(how, "div"))
		zero = 1 / zero;
	else if (!strcmp(how, "stack"))
		overflow(&c);
	else if (!strcmp(how, "abort"))
		abort();
	else if (!strcmp(how, "ud2"))
		__builtin_trap();
	else if (!strcmp(how, "int3"))
		__asm__ volatile("int3");
	else if (!strcmp(how, "hlt"))
		__asm__ volatile("hlt");
	else if (!strcmp(how, "text"))
		*(volatile char *)(long)fault = 0;
	else if (!strcmp(how, "data"))
		((void (*)(void)) & zero)();
	else if (!strcmp(how, "jump"))
		((void (*)(void))0x123456789000)();
	else if (!strcmp(how, "eat"))
		eat_all();
}

static int status;

static void *spin(void *arg)
{
	for (;;)
		zero = 0;
	return arg;
}

static void *sleep_long(void *arg)
{
	sleep(100);
	return arg;
}

static void *end(void *how)
{
	usleep(20000);
	if (!strcmp(how, "exit"))
		exit(status);
	if (!strcmp(how, "last")) /* of all: its status counts */
		syscall(SYS_exit, 77);
	fault(how);
	return NULL;
}

/* The same from a second thread, while others are busy or asleep. */
static void threads(char *how)
{
	pthread_t t;

	if (!strcmp(how, "last")) {
		pthread_create(&t, NULL, end, how);
		syscall(SYS_exit, status);
	}
	pthread_create(&t, NULL, spin, NULL);
	pthread_create(&t, NULL, sleep_long, NULL);
	pthread_create(&t, NULL, end, how);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "exit", *arg = argc > 2 ? argv[2] : "0";
	int p[2];

	if (!strcmp(how, "exit"))
		exit(atoi(arg));
	if (!strcmp(how, "_exit"))
		syscall(SYS_exit, atoi(arg));
	if (!strcmp(how, "raise"))
		raise(atoi(arg));
	if (!strcmp(how, "blocked")) { /* a fault whose signal is ignored kills all the same */
		signal(SIGSEGV, SIG_IGN);
		fault("null");
	}
	if (!strcmp(how, "pipe") && pipe(p) == 0) {
		close(p[0]);
		write(p[1], "x", 1);
	}
	if (!strcmp(how, "thread")) {
		status = argc > 3 ? atoi(argv[3]) : 0;
		threads(argv[2]);
	}
	fault(how);
	return 99;
}
