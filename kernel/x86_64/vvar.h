/* SPDX-License-Identifier: MIT */
/*
 * The clock page: how the TSC becomes time. kernel/clock.c writes it; the vDSO reads it from the
 * program's side and clock.c through the same functions below, so that a clock read either way
 * agrees to the nanosecond. A sequence lock lets the writer change several members at once.
 */
#ifndef KERNEL_X86_64_VVAR_H
#define KERNEL_X86_64_VVAR_H

#include "kernel/types.h"

#include <linux/time.h>

/*
 * CLOCK_MONOTONIC = mono_base_ns + (TSC - tsc_base) * mult / 2^32
 * CLOCK_REALTIME  = CLOCK_MONOTONIC + real_offset_ns
 *
 * mult is nanoseconds per tick in 32.32 fixed point: exact to 0.3 ppb at 2 GHz; the product is
 * taken in 128 bits, so nothing overflows before mono_base_ns itself would (584 years). A writer
 * that changes mult moves tsc_base and mono_base_ns to the present in the same update, so that the
 * clock does not jump.
 */
struct vvar {
	uint32_t seq;		 /* odd while an update is under way */
	uint32_t realtime_valid; /* real_offset_ns is known; until then the vDSO asks the kernel */
	uint64_t tsc_base;
	uint64_t mono_base_ns;
	uint64_t real_offset_ns; /* modulo 2^64: may be "negative" */
	uint64_t mult;		 /* 0: no clock yet */
	uint32_t n_cpus;	 /* with one, getcpu(2) needs no kernel */
};

/* The page as it is mapped. Writable only by the kernel; defined in kernel/x86_64/vdso.c. */
union vvar_page {
	struct vvar v;
	uint8_t bytes[PAGE_SIZE];
};

#define VVAR_COARSE_NS 4000000ull /* resolution reported for *_COARSE: Linux with HZ = 250 */

/* TSC, read after all earlier instructions have completed. */
static inline uint64_t tsc_ordered(void)
{
	uint32_t lo, hi;

	__asm__ volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi) : : "memory");
	return (uint64_t)hi << 32 | lo;
}

/* A tick count in nanoseconds. */
static inline uint64_t vvar_scale(uint64_t ticks, uint64_t mult)
{
	return (uint64_t)(((unsigned __int128)ticks * mult) >> 32);
}

/* mult for a TSC frequency. */
static inline uint64_t vvar_mult(uint64_t tsc_hz)
{
	return ((NSEC_PER_SEC << 32) + tsc_hz / 2) / tsc_hz;
}

/*
 * CLOCK_MONOTONIC now and the offset to CLOCK_REALTIME. Returns false if that clock is not known
 * (mult 0, or realtime wanted and not valid). A CPU whose TSC is a little behind the writer's sees
 * the time of the last update.
 */
static inline bool vvar_read(const struct vvar *v, bool realtime, uint64_t *mono_ns,
			     uint64_t *real_offset_ns)
{
	uint32_t seq;
	bool valid;

	do {
		uint64_t ticks;

		while ((seq = __atomic_load_n(&v->seq, __ATOMIC_ACQUIRE)) & 1)
			__builtin_ia32_pause();
		valid = READ_ONCE(v->mult) != 0 && (!realtime || READ_ONCE(v->realtime_valid));
		ticks = tsc_ordered() - READ_ONCE(v->tsc_base);
		if ((int64_t)ticks < 0)
			ticks = 0;
		*mono_ns = READ_ONCE(v->mono_base_ns) + vvar_scale(ticks, READ_ONCE(v->mult));
		*real_offset_ns = READ_ONCE(v->real_offset_ns);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (READ_ONCE(v->seq) != seq);
	return valid;
}

/* Brackets of an update; one writer at a time. */
static inline void vvar_write_begin(struct vvar *v)
{
	WRITE_ONCE(v->seq, v->seq + 1);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static inline void vvar_write_end(struct vvar *v)
{
	__atomic_store_n(&v->seq, v->seq + 1, __ATOMIC_RELEASE);
}

/* How a clock id is made from the clock page. */
enum vvar_clock { VVAR_NONE, VVAR_MONO, VVAR_REAL };

static inline enum vvar_clock vvar_clock_kind(int clock_id)
{
	switch (clock_id) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_TAI: /* no leap seconds are announced to us: equal, as in Linux without NTP */
		return VVAR_REAL;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
		return VVAR_MONO;
	default:
		return VVAR_NONE;
	}
}

static inline uint64_t vvar_resolution_ns(int clock_id)
{
	return clock_id == CLOCK_REALTIME_COARSE || clock_id == CLOCK_MONOTONIC_COARSE
		   ? VVAR_COARSE_NS
		   : 1;
}

#ifndef VDSO_BUILD
/* The kernel's own address of the page, and the vDSO image; exec maps both into the program. */
extern union vvar_page vvar_page;
extern const uint8_t vdso_start[], vdso_end[]; /* page-aligned, whole pages */
#endif

#endif
