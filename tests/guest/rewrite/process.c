/* SPDX-License-Identifier: MIT */
/* Processes and threads made and ended by calls that may be rewritten, and running through them. */
#include "tests/guest/rewrite/sites.h"

#include <pthread.h>
#include <sched.h>
#include <sys/wait.h>

enum { THREADS = 4, ROUNDS = 20000 };

static int status_of(int pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid ? status : -1;
}

/* fork, vfork, clone by their numbers; the child leaves by exit_group. */
static long child_of(long nr, long flags)
{
	register long rdx __asm__("rdx") = 0, r10 __asm__("r10") = 0, r8 __asm__("r8") = 0;
	long r;

	__asm__ volatile("syscall\n"
			 "test %%rax, %%rax\n"
			 "jnz 1f\n"
			 "mov $39, %%eax\n"
			 "syscall\n"
			 "mov %%rax, %%rdi\n"
			 "and $0x7f, %%edi\n"
			 "mov $231, %%eax\n"
			 "syscall\n"
			 "1:"
			 : "=a"(r), "+D"(flags), "+r"(rdx), "+r"(r10), "+r"(r8)
			 : "a"(nr), "S"(0l)
			 : "rcx", "r11", "memory");
	return r;
}

static void children(void)
{
	for (int i = 0; i < 10; i++) {
		long pid = child_of(SYS_fork, 0);

		is(status_of((int)pid), (pid & 0x7f) << 8);
		pid = child_of(SYS_vfork, 0);
		is(status_of((int)pid), (pid & 0x7f) << 8);
		pid = child_of(SYS_clone, SIGCHLD);
		is(status_of((int)pid), (pid & 0x7f) << 8);
		pid = child_of(SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD);
		is(status_of((int)pid), (pid & 0x7f) << 8);
	}
}

/* After a fork both sides run, and change, code that was shared. */
static void both_sides(void)
{
	unsigned char code[] = {0xb8, SYS_getpid, 0, 0, 0, 0x0f, 0x05, 0xc3};
	unsigned char *p =
	    mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int (*fn)(void) = (void *)p;
	int odd = 0, pid;

	memcpy(p, code, sizeof(code));
	memcpy(p + 64, code, sizeof(code));
	is(mprotect(p, PAGE, PROT_READ | PROT_EXEC), 0);
	for (int i = 0; i < 20; i++)
		odd += fn() != getpid();
	is(odd, 0);
	pid = fork();
	if (pid == 0) {
		for (int i = 0; i < 20; i++)
			odd += fn() != getpid() || ((int (*)(void))(void *)(p + 64))() != getpid();
		odd += mprotect(p, PAGE, PROT_READ | PROT_WRITE) != 0;
		odd += memcmp(p, code, sizeof(code)) != 0;
		p[1] = SYS_getppid;
		odd += mprotect(p, PAGE, PROT_READ | PROT_EXEC) != 0;
		for (int i = 0; i < 20; i++)
			odd += fn() != getppid();
		_exit(odd != 0);
	}
	for (int i = 0; i < 20; i++)
		odd += fn() != getpid();
	is(status_of(pid), 0);
	for (int i = 0; i < 20; i++)
		odd += fn() != getpid() || ((int (*)(void))(void *)(p + 64))() != getpid();
	is(odd, 0);
	is(mprotect(p, PAGE, PROT_READ | PROT_WRITE), 0);
	same(p, code, sizeof(code));
	is(munmap(p, PAGE), 0);
}

static unsigned char *shared_code;
static volatile int running;

/* All run the same code while its rights change between two sets that let it run. */
static void *runner(void *arg)
{
	long odd = 0, zero = 0, pid = getpid();
	int (*fn)(void) = (void *)shared_code;

	for (int i = 0; i < ROUNDS; i++) {
		odd += fn() != pid;
		odd += site_mov(0, 0, 0) != pid;
		odd += site_before(0, (long)&zero, SYS_getpid) != pid;
		odd += site_after(0, (long)&zero, SYS_getpid) != pid;
	}
	__atomic_sub_fetch(&running, 1, __ATOMIC_RELEASE);
	return (void *)odd;
}

static void threads(void)
{
	static const unsigned char code[] = {0xb8, SYS_getpid, 0, 0, 0, 0x0f, 0x05, 0xc3};
	pthread_t t[THREADS];
	int odd = 0;

	shared_code = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memcpy(shared_code, code, sizeof(code));
	running = THREADS;
	for (int i = 0; i < THREADS; i++)
		odd += pthread_create(&t[i], NULL, runner, NULL) != 0;
	while (__atomic_load_n(&running, __ATOMIC_ACQUIRE)) {
		odd += mprotect(shared_code, PAGE, PROT_READ | PROT_EXEC) != 0;
		sched_yield();
		odd += mprotect(shared_code, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC) != 0;
		odd += memcmp(shared_code, code, sizeof(code)) != 0;
		sched_yield();
	}
	for (int i = 0; i < THREADS; i++) {
		void *r = (void *)1;

		odd += pthread_join(t[i], &r) != 0 || r != NULL;
	}
	is(odd, 0);
	munmap(shared_code, PAGE);
}

int main(void)
{
	children();
	both_sides();
	threads();
	return tap_done();
}
