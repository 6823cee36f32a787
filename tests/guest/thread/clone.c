/* SPDX-License-Identifier: MIT */
/* clone(2) for threads, without a library: flags, thread numbers, stack, TLS, registers, errors. */
#include "tests/guest/tap.h"

#include <linux/futex.h>
#include <linux/sched.h>
#include <sched.h>

#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)

static char stack[65536] __attribute__((aligned(16)));
static volatile int child_tid, parent_tid, seen_tid, seen_pid, seen_value;
static volatile uint64_t seen_tls;

static long raw(long nr, ...)
{
	va_list ap;
	long a, b, c;

	va_start(ap, nr);
	a = va_arg(ap, long);
	b = va_arg(ap, long);
	c = va_arg(ap, long);
	va_end(ap);
	__asm__ volatile("syscall" : "+a"(nr) : "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
	return nr;
}

/* Runs on the new stack, without the library's thread pointer. */
__attribute__((used, noinline)) static void child(long value)
{
	uint64_t fs;

	__asm__ volatile("mov %%fs:0, %0" : "=r"(fs));
	seen_tls = fs;
	seen_tid = raw(SYS_gettid, 0l, 0l, 0l);
	seen_pid = raw(SYS_getpid, 0l, 0l, 0l);
	seen_value = value;
	raw(SYS_exit, 0l, 0l, 0l);
}

/* clone() whose child calls child(R12): a register that must be the parent's. */
__attribute__((noinline)) static long start(unsigned long flags, void *tls)
{
	register long r10 __asm__("r10") = (long)&child_tid;
	register long r8 __asm__("r8") = (long)tls;
	long ret = SYS_clone;

	__asm__ volatile("mov $4711, %%r12\n"
			 "syscall\n"
			 "test %%rax, %%rax\n"
			 "jnz 1f\n"
			 "mov %%r12, %%rdi\n"
			 "call child\n"
			 "1:"
			 : "+a"(ret)
			 : "D"(flags), "S"(stack + sizeof(stack)), "d"(&parent_tid), "r"(r10),
			   "r"(r8)
			 : "rcx", "r11", "r12", "memory");
	return ret;
}

static void wait_gone(void)
{
	int tid;

	while ((tid = child_tid) != 0)
		syscall(SYS_futex, &child_tid, FUTEX_WAIT, tid, NULL, NULL, 0);
}

static void test_start(void)
{
	static uint64_t tls[4] = {0x1234567};
	long tid;

	child_tid = -1;
	tid = start(THREAD | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID |
			CLONE_SETTLS,
		    tls);
	ok(tid > 0);
	wait_gone();
	is(child_tid, 0);
	is(parent_tid, tid);
	is(seen_tid, tid);
	is(seen_pid, getpid());
	ok(tid != getpid());
	is(seen_value, 4711);
	is(seen_tls, 0x1234567);
	/* CLEARTID comes a little before its end */
	for (int i = 0; i < 10000 && sys(tgkill, getpid(), tid, 0) == 0; i++)
		usleep(1000);
	fails(sys(tgkill, getpid(), tid, 0), ESRCH);
}

static void test_errors(void)
{
	fails(sys(clone, CLONE_THREAD, 0, 0, 0, 0), EINVAL);
	fails(sys(clone, CLONE_THREAD | CLONE_SIGHAND, 0, 0, 0, 0), EINVAL);
	fails(sys(clone, CLONE_SIGHAND, 0, 0, 0, 0), EINVAL);
	fails(sys(clone, CLONE_NEWNS | CLONE_FS, 0, 0, 0, 0), EINVAL);
	fails(sys(clone, THREAD | CLONE_NEWPID, 0, 0, 0, 0), EINVAL);
	fails(sys(clone, THREAD | CLONE_SETTLS, stack + sizeof(stack), 0, 0, 1ul << 62), EPERM);
	fails(sys(clone, CLONE_PIDFD | CLONE_PARENT_SETTID, 0, &parent_tid, 0, 0), EINVAL);
}

int main(void)
{
	test_start();
	test_start();
	test_errors();
	return tap_done();
}
