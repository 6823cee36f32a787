/* SPDX-License-Identifier: MIT */
/*
 * The TSC frequency, from the best source there is:
 *  1. the conversion the kernel itself uses, on the page of a perf event (perf_event_open(2):
 * time_mult, time_shift);
 *  2. CPUID leaf 0x15 (SDM 3A 19.7.3) or the hypervisor's leaf 0x40000010;
 *  3. a measurement against CLOCK_MONOTONIC_RAW, good to about 20 ns in the time it lasts.
 * The guest runs on the same counter under both accelerators and has no better clock to compare it
 * with.
 */
#include "tools/tsc.h"

#include <cpuid.h>
#include <linux/perf_event.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

/* ns = cycles * mult >> shift. The kernel knows whole kHz; mult is that rounded to 32 bits, so
 * round back. */
static uint64_t from_conversion(const struct perf_event_mmap_page *page)
{
	__uint128_t khz;

	if (!page->cap_user_time || page->time_mult == 0)
		return 0;
	khz = (((__uint128_t)1000000 << page->time_shift) + page->time_mult / 2) / page->time_mult;
	return (uint64_t)khz * 1000;
}

static uint64_t from_kernel(void)
{
	struct perf_event_attr attr = {
	    .type = PERF_TYPE_SOFTWARE,
	    .size = sizeof(attr),
	    .config = PERF_COUNT_SW_DUMMY,
	    .exclude_kernel = 1,
	    .exclude_hv = 1,
	};
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	long fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	uint64_t hz = 0;
	void *page;

	if (fd < 0)
		return 0;
	page = mmap(NULL, size, PROT_READ, MAP_SHARED, (int)fd, 0);
	if (page != MAP_FAILED) {
		hz = from_conversion(page);
		munmap(page, size);
	}
	close((int)fd);
	return hz;
}

static uint64_t from_cpuid(void)
{
	unsigned a, b, c, d;

	if (__get_cpuid_count(0x15, 0, &a, &b, &c, &d) && a && b && c)
		return (uint64_t)c * b / a;
	__cpuid(1, a, b, c, d);
	if ((c >> 31 & 1) == 0) /* no hypervisor, no such leaves */
		return 0;
	__cpuid(0x40000000, a, b, c, d);
	if (a < 0x40000010)
		return 0;
	__cpuid(0x40000010, a, b, c, d);
	return (uint64_t)a * 1000;
}

/* One reading of both clocks: the closest of some tries. */
static struct tsc_sample read_both(void)
{
	struct tsc_sample best = {0};
	uint64_t width = ~0ull;

	for (int i = 0; i < 50; i++) {
		struct timespec ts;
		uint64_t before = __rdtsc(), after;

		clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
		after = __rdtsc();
		if (after - before < width) {
			width = after - before;
			best.tsc = before + width / 2;
			best.ns = (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
		}
	}
	return best;
}

void tsc_start(struct tsc_clock *clock)
{
	clock->known_hz = from_kernel();
	if (clock->known_hz == 0)
		clock->known_hz = from_cpuid();
	if (clock->known_hz == 0)
		clock->first = read_both();
}

uint64_t tsc_hz(const struct tsc_clock *clock, uint64_t baseline_ns)
{
	struct tsc_sample now;

	if (clock->known_hz)
		return clock->known_hz;
	now = read_both();
	if (now.ns - clock->first.ns < baseline_ns) {
		uint64_t wait = baseline_ns - (now.ns - clock->first.ns);

		nanosleep(&(struct timespec){.tv_sec = (time_t)(wait / 1000000000),
					     .tv_nsec = (long)(wait % 1000000000)},
			  NULL);
		now = read_both();
	}
	return (uint64_t)((__uint128_t)(now.tsc - clock->first.tsc) * 1000000000 /
			  (now.ns - clock->first.ns));
}
