/* SPDX-License-Identifier: MIT */
/*
 * The virtual shared object every program finds through AT_SYSINFO_EHDR (vdso(7)): clocks without
 * entering the kernel. Program code: runs on the program's stack with its registers, touches only
 * the clock page mapped just before it, and makes a real system call for whatever that page cannot
 * answer. No relocations, no data of its own.
 */
#define VDSO_BUILD
#include "kernel/x86_64/vvar.h"

#include <asm/unistd.h>
#include <linux/time_types.h>

#define EXPORT __attribute__((visibility("default")))

extern const union vvar_page vvar_page __attribute__((visibility("hidden")));

/* The types programs pass: 64-bit since the beginning on x86-64. */
struct getcpu_cache;
long __vdso_clock_gettime(int clock_id, struct __kernel_timespec *ts);
long __vdso_clock_getres(int clock_id, struct __kernel_timespec *ts);
long __vdso_gettimeofday(struct __kernel_old_timeval *tv, struct timezone *tz);
int64_t __vdso_time(int64_t *t);
long __vdso_getcpu(unsigned *cpu, unsigned *node, struct getcpu_cache *unused);

static long syscall2(long nr, const void *a, const void *b)
{
	long ret;

	__asm__ volatile("syscall" : "=a"(ret) : "a"(nr), "D"(a), "S"(b) : "rcx", "r11", "memory");
	return ret;
}

/* Nanoseconds of CLOCK_REALTIME, or false. */
static bool real_now(uint64_t *ns)
{
	uint64_t offset;
	bool ok = vvar_read(&vvar_page.v, true, ns, &offset);

	*ns += offset;
	return ok;
}

EXPORT long __vdso_clock_gettime(int clock_id, struct __kernel_timespec *ts)
{
	enum vvar_clock kind = vvar_clock_kind(clock_id);
	uint64_t ns, offset;

	if (kind == VVAR_NONE || !vvar_read(&vvar_page.v, kind == VVAR_REAL, &ns, &offset))
		return syscall2(__NR_clock_gettime, (const void *)(long)clock_id, ts);
	if (kind == VVAR_REAL)
		ns += offset;
	ts->tv_sec = ns / NSEC_PER_SEC;
	ts->tv_nsec = ns % NSEC_PER_SEC;
	return 0;
}

EXPORT long __vdso_clock_getres(int clock_id, struct __kernel_timespec *ts)
{
	if (vvar_clock_kind(clock_id) == VVAR_NONE)
		return syscall2(__NR_clock_getres, (const void *)(long)clock_id, ts);
	if (ts != NULL) {
		ts->tv_sec = 0;
		ts->tv_nsec = vvar_resolution_ns(clock_id);
	}
	return 0;
}

EXPORT long __vdso_gettimeofday(struct __kernel_old_timeval *tv, struct timezone *tz)
{
	uint64_t ns;

	if (tz != NULL || !real_now(&ns))
		return syscall2(__NR_gettimeofday, tv, tz);
	if (tv != NULL) {
		tv->tv_sec = ns / NSEC_PER_SEC;
		tv->tv_usec = ns % NSEC_PER_SEC / NSEC_PER_USEC;
	}
	return 0;
}

EXPORT int64_t __vdso_time(int64_t *t)
{
	uint64_t ns;

	if (!real_now(&ns))
		return syscall2(__NR_time, t, NULL);
	if (t != NULL)
		*t = ns / NSEC_PER_SEC;
	return ns / NSEC_PER_SEC;
}

EXPORT long __vdso_getcpu(unsigned *cpu, unsigned *node, struct getcpu_cache *unused)
{
	if (vvar_page.v.n_cpus != 1)
		return syscall2(__NR_getcpu, cpu, node); /* its third argument is ignored */
	if (cpu != NULL)
		*cpu = 0;
	if (node != NULL)
		*node = 0;
	return 0;
}
