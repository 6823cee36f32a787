/* SPDX-License-Identifier: MIT */
/* Single-stepping through system calls: every instruction once, at its own place, in order. */
#include "tests/guest/rewrite/sites.h"

enum { STEPS = 64 };

static const char *steps[STEPS];
static volatile int n_steps;
static long zero;

static void on_step(int signo, siginfo_t *si, void *context)
{
	if (n_steps < STEPS)
		steps[n_steps++] = (const char *)*reg(context, REG_RIP);
}

/* Call fn with the trap flag set from just before it until it has returned. */
static long stepped(site_fn fn, long nr)
{
	long r, b = (long)&zero, flags;

	n_steps = 0;
	__asm__ volatile("sub $128, %%rsp\n"
			 "pushfq; pop %[flags]; mov %[flags], %%r8\n"
			 "or $0x100, %%r8; push %%r8; popfq\n"
			 "call *%[fn]\n"
			 "push %[flags]; popfq\n"
			 "add $128, %%rsp"
			 : "=a"(r), [flags] "=&r"(flags), "+d"(nr), "+S"(b)
			 : [fn] "r"(fn), "D"(0l)
			 : "rcx", "r8", "r11", "memory", "cc");
	return r;
}

/*
 * The steps inside of fn are at these offsets. After a `syscall` Linux stops behind it or one
 * instruction later, depending on how it went back; either will do.
 */
static bool in_order(site_fn fn, const int *offsets, int n, int after_call)
{
	const char *start = (const char *)fn;
	int at = 0;

	for (int i = 0; i < n_steps; i++) {
		long off = steps[i] - start;

		if (off < 0 || off > 32)
			continue; /* the way there and back */
		if (at < n && offsets[at] == after_call && off != after_call)
			at++;
		if (at == n || offsets[at++] != off) {
			tap_print("# step %d is at offset %ld\n", i, off);
			return false;
		}
	}
	return at == n || (at == n - 1 && offsets[at] == after_call);
}

static void all(void)
{
	static const int mov[] = {0, 5, 7}, before[] = {0, 3, 4, 7, 8, 9, 11},
			 after[] = {0, 3, 6, 11, 13, 14, 15, 18};

	for (int i = 0; i < 10; i++) {
		is(stepped(site_mov, 0), getpid());
		ok(in_order(site_mov, mov, 3, 7));
		is(stepped(site_before, SYS_getpid), getpid());
		ok(in_order(site_before, before, 7, 11));
		is(stepped(site_after, SYS_getpid), getpid());
		ok(in_order(site_after, after, 8, 13));
	}
}

int main(void)
{
	on_signal(SIGTRAP, on_step, 0);
	all();
	return tap_done();
}
