/* SPDX-License-Identifier: MIT */
/*
 * The vDSO's functions and the arithmetic of the clock page, as ordinary host code: the page is
 * filled by the test, and the fallback system calls go to the host's kernel.
 */
/* unit: kernel/x86_64/vdso/vdso.c */
#include <errno.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#define _LINUX_TIME_H /* the C library has its own of those structures */
#include "kernel/x86_64/vvar.h"
#include "tests/unit/unit.h"

union vvar_page vvar_page;

struct ts {
	int64_t sec, nsec;
};

long __vdso_clock_gettime(int clock_id, struct ts *ts);
long __vdso_clock_getres(int clock_id, struct ts *ts);
long __vdso_gettimeofday(struct ts *tv, void *tz);
int64_t __vdso_time(int64_t *t);
long __vdso_getcpu(unsigned *cpu, unsigned *node, void *unused);

static struct vvar *const v = &vvar_page.v;

/* A clock that stands still: with mult 1 a nanosecond takes 2^32 ticks. */
static void stand_still(uint64_t mono_ns, uint64_t real_ns)
{
	*v = (struct vvar){.realtime_valid = 1,
			   .tsc_base = tsc_ordered(),
			   .mono_base_ns = mono_ns,
			   .real_offset_ns = real_ns - mono_ns,
			   .mult = 1,
			   .n_cpus = 1};
}

/* 100 years at any plausible frequency: below 1 ppm off, no overflow. */
static void test_scale(void)
{
	static const uint64_t hz[] = {1000000,	  24000000,   999999999, 1000000000,
				      2294687000, 3000000001, 4999999999};

	for (size_t i = 0; i < ARRAY_SIZE(hz); i++) {
		uint64_t mult = vvar_mult(hz[i]), sec = 100ull * 366 * 86400;
		uint64_t want = sec * NSEC_PER_SEC, got = vvar_scale(sec * hz[i], mult);
		uint64_t diff = got > want ? got - want : want - got;

		CHECK(diff < want / 1000000);
		CHECK(vvar_scale(0, mult) == 0);
	}
	CHECK(vvar_scale(UINT64_MAX, vvar_mult(2000000000)) == UINT64_MAX / 2);
}

static void test_clocks(void)
{
	static const int mono[] = {1, 4, 6, 7}, real[] = {0, 5, 11};
	struct ts t, tv;
	int64_t sec;

	stand_still(5000000123, 1700000000987654321);
	for (size_t i = 0; i < ARRAY_SIZE(mono); i++) {
		CHECK(__vdso_clock_gettime(mono[i], &t) == 0);
		CHECK(t.sec == 5 && t.nsec == 123);
	}
	for (size_t i = 0; i < ARRAY_SIZE(real); i++) {
		CHECK(__vdso_clock_gettime(real[i], &t) == 0);
		CHECK(t.sec == 1700000000 && t.nsec == 987654321);
	}
	CHECK(__vdso_gettimeofday(&tv, NULL) == 0 && tv.sec == 1700000000 && tv.nsec == 987654);
	CHECK(__vdso_gettimeofday(NULL, NULL) == 0);
	CHECK(__vdso_time(&sec) == 1700000000 && sec == 1700000000);
	CHECK(__vdso_time(NULL) == 1700000000);
	CHECK(__vdso_clock_getres(1, &t) == 0 && t.sec == 0 && t.nsec == 1);
	CHECK(__vdso_clock_getres(5, &t) == 0 && t.nsec == 4000000);
	CHECK(__vdso_clock_getres(0, NULL) == 0);

	/* A TSC slightly behind the base must not go back in time, nor 584 years ahead. */
	v->tsc_base += 1ull << 40;
	v->mult = 1ull << 32;
	CHECK(__vdso_clock_gettime(1, &t) == 0 && t.sec == 5 && t.nsec == 123);
}

static bool about_now(const struct ts *t)
{
	struct ts now;

	syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
	return now.sec - t->sec >= 0 && now.sec - t->sec <= 5;
}

/* What the page does not know is asked from the kernel. */
static void test_fallback(void)
{
	unsigned cpu = 99, node = 99;
	struct ts t = {0};
	int64_t sec;

	stand_still(5000000000, 77000000000);
	CHECK(__vdso_clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0 && t.sec < 1000);
	CHECK(__vdso_clock_gettime(99, &t) == -EINVAL);
	CHECK(__vdso_clock_gettime(-1, &t) == -EINVAL);
	CHECK(__vdso_clock_getres(99, &t) == -EINVAL);
	CHECK(__vdso_getcpu(&cpu, &node, NULL) == 0 && cpu == 0 && node == 0);
	CHECK(__vdso_getcpu(NULL, NULL, NULL) == 0);

	v->realtime_valid = 0;
	CHECK(__vdso_clock_gettime(CLOCK_REALTIME, &t) == 0 && about_now(&t));
	t.sec = 0;
	CHECK(__vdso_gettimeofday(&t, NULL) == 0 && about_now(&t));
	CHECK(__vdso_time(&sec) == sec && sec > 1000000000);
	CHECK(__vdso_clock_gettime(CLOCK_MONOTONIC, &t) == 0 && t.sec == 5);
	v->mult = 0;
	CHECK(__vdso_clock_gettime(CLOCK_MONOTONIC, &t) == 0 && (t.sec != 5 || t.nsec != 0));
	v->n_cpus = 2;
	cpu = 99;
	CHECK(__vdso_getcpu(&cpu, NULL, NULL) == 0 && cpu != 99);
}

static volatile bool stop;

/* Keeps real_offset_ns = -2 * mono_base_ns, one update after the other. */
static void *writer(void *unused)
{
	for (uint64_t i = 0; !stop; i++) {
		vvar_write_begin(v);
		WRITE_ONCE(v->mono_base_ns, i * 1000);
		WRITE_ONCE(v->real_offset_ns, i * -2000);
		vvar_write_end(v);
		for (int j = 0; j < 100; j++)
			__builtin_ia32_pause();
	}
	return NULL;
}

static void test_sequence(void)
{
	uint64_t mono, offset, last = 0;
	pthread_t t;
	int torn = 0, back = 0;

	stand_still(0, 0);
	pthread_create(&t, NULL, writer, NULL);
	for (int i = 0; i < 300000; i++) {
		CHECK(vvar_read(v, true, &mono, &offset));
		torn += offset != mono * -2;
		back += mono < last;
		last = mono;
	}
	stop = true;
	pthread_join(t, NULL);
	CHECK(torn == 0);
	CHECK(back == 0);
}

int main(void)
{
	test_scale();
	test_clocks();
	test_fallback();
	test_sequence();
	return UNIT_END();
}
