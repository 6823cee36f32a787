/* SPDX-License-Identifier: MIT */
/*
 * CPUID (SDM 2A; leaf 0x40000010 is VMware's, given by QEMU too), KVM's paravirtual clock (Linux's
 * Documentation/virt/kvm/x86/msr.rst), the MC146818 real-time clock.
 */
#include "kernel/x86_64/platform_clock.h"

#include "kernel/page.h"
#include "kernel/string.h"
#include "kernel/x86_64/apic.h"
#include "kernel/x86_64/cpu.h"

/* ---- KVM ---- */

#define KVM_SIGNATURE  "KVMKVMKVM\0\0\0"
#define KVM_CLOCK2     (1u << 3) /* CPUID 0x40000001 EAX */
#define MSR_KVM_WALL   0x4b564d00
#define MSR_KVM_SYSTEM 0x4b564d01
#define KVM_SYSTEM_ON  1

struct kvm_system_time {
	uint32_t version, pad;
	uint64_t tsc, system_ns; /* the clock said system_ns when the TSC was tsc */
	uint32_t mul;		 /* ns = (ticks shifted left by `shift`) * mul / 2^32 */
	int8_t shift;
	uint8_t flags, pad2[2];
};

struct kvm_wall_clock { /* of the moment when the clock said 0 */
	uint32_t version, sec, nsec;
};

/* One cache line each: KVM wants them not to cross a page. */
static struct {
	struct kvm_system_time system __attribute__((aligned(64)));
	struct kvm_wall_clock wall __attribute__((aligned(64)));
} kvm;

static bool kvm_has_clock(void)
{
	uint32_t r[4];

	cpu_id(0x40000000, 0, r);
	if (memcmp(&r[1], KVM_SIGNATURE, 12) != 0)
		return false;
	cpu_id(0x40000001, 0, r);
	return r[0] & KVM_CLOCK2;
}

/* Have KVM write its clock down once. False if there is none. */
static bool kvm_read_clock(void)
{
	if (!kvm_has_clock())
		return false;
	cpu_wrmsr(MSR_KVM_SYSTEM, virt_to_phys(&kvm.system) | KVM_SYSTEM_ON);
	cpu_wrmsr(MSR_KVM_SYSTEM, 0); /* it is written when ring 3 goes on, at the latest */
	__asm__ volatile("" ::: "memory");
	return READ_ONCE(kvm.system.mul) != 0;
}

static uint64_t kvm_scale(uint64_t ticks)
{
	int8_t shift = kvm.system.shift;

	ticks = shift < 0 ? ticks >> -shift : ticks << shift;
	return (uint64_t)((unsigned __int128)ticks * kvm.system.mul >> 32);
}

static uint64_t kvm_tsc_hz(void)
{
	uint64_t hz;

	if (!kvm_read_clock())
		return 0;
	hz = (NSEC_PER_SEC << 32) / kvm.system.mul;
	return kvm.system.shift < 0 ? hz << -kvm.system.shift : hz >> kvm.system.shift;
}

static uint64_t kvm_real_ns(void)
{
	if (!kvm_read_clock())
		return 0;
	cpu_wrmsr(MSR_KVM_WALL, virt_to_phys(&kvm.wall));
	__asm__ volatile("" ::: "memory");
	if (!READ_ONCE(kvm.wall.sec))
		return 0;
	return kvm.wall.sec * NSEC_PER_SEC + kvm.wall.nsec + kvm.system.system_ns +
	       kvm_scale(cpu_tsc() - kvm.system.tsc);
}

/* ---- the TSC's frequency ---- */

static uint64_t cpuid_tsc_hz(void)
{
	uint32_t r[4];

	cpu_id(0x40000000, 0, r);
	if (r[0] >= 0x40000010 && r[0] < 0x40010000) {
		cpu_id(0x40000010, 0, r);
		if (r[0])
			return r[0] * 1000ull;
	}
	cpu_id(0, 0, r);
	if (r[0] >= 0x15) {
		cpu_id(0x15, 0, r);
		if (r[0] && r[1] && r[2])
			return (uint64_t)r[2] * r[1] / r[0];
	}
	return 0;
}

#define MEASURE_NS    10000000u
#define MEASURE_TRIES 8

/* One moment by both clocks: the try that took least time is the most exact. */
static void both_clocks(uint64_t *tsc, uint32_t *apic_ns)
{
	uint64_t shortest = UINT64_MAX;

	for (int i = 0; i < MEASURE_TRIES; i++) {
		uint64_t before = cpu_tsc();
		uint32_t ns = apic_timer_elapsed();
		uint64_t took = cpu_tsc() - before;

		if (took < shortest) {
			shortest = took;
			*tsc = before + took / 2;
			*apic_ns = ns;
		}
	}
}

static uint64_t measure_tsc_hz(void)
{
	uint64_t tsc_from, tsc_to;
	uint32_t from, to;

	apic_timer_measure();
	both_clocks(&tsc_from, &from);
	while (apic_timer_elapsed() - from < MEASURE_NS)
		__builtin_ia32_pause();
	both_clocks(&tsc_to, &to);
	apic_timer_arm(UINT64_MAX);
	return (tsc_to - tsc_from) * NSEC_PER_SEC / (to - from);
}

uint64_t platform_tsc_hz(void)
{
	uint64_t hz = cpuid_tsc_hz();

	if (!hz)
		hz = kvm_tsc_hz();
	return hz ? hz : measure_tsc_hz();
}

/* ---- the real-time clock ---- */

#define CMOS_INDEX    0x70
#define CMOS_DATA     0x71
#define RTC_A	      10
#define RTC_B	      11
#define RTC_CENTURY   0x32
#define RTC_A_UPDATE  0x80
#define RTC_B_BINARY  4
#define RTC_B_24H     2
#define RTC_HOUR_PM   0x80
#define UPDATE_TRIES  10000
#define SECONDS_A_DAY 86400ull

static uint8_t rtc_read(uint8_t reg)
{
	cpu_out8(CMOS_INDEX, reg);
	return cpu_in8(CMOS_DATA);
}

static unsigned decoded(uint8_t v, uint8_t b)
{
	return b & RTC_B_BINARY ? v : (v >> 4) * 10u + (v & 15);
}

static uint64_t days_since_1970(unsigned year, unsigned month, unsigned day)
{
	static const uint16_t before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	unsigned leap_years = month > 2 ? year : year - 1; /* whose February is over */

	return (year - 1970) * 365ull + leap_years / 4 - leap_years / 100 + leap_years / 400 - 477 +
	       before[month - 1] + day - 1;
}

/* In seconds; 0 if what is there is no clock. */
static uint64_t rtc_seconds(void)
{
	static const uint8_t regs[] = {0, 2, 4, 7, 8, 9, RTC_CENTURY}; /* second ... year */
	uint8_t b = rtc_read(RTC_B), raw[sizeof(regs)], again[sizeof(regs)];
	unsigned v[sizeof(regs)], hour, year;
	int tries = 0;

	do { /* the same twice, and no update meanwhile */
		for (size_t i = 0; i < sizeof(regs); i++)
			raw[i] = rtc_read(regs[i]);
		for (size_t i = 0; i < sizeof(regs); i++)
			again[i] = rtc_read(regs[i]);
		if (++tries == UPDATE_TRIES)
			return 0;
	} while (memcmp(raw, again, sizeof(raw)) != 0 || (rtc_read(RTC_A) & RTC_A_UPDATE));
	hour = decoded(raw[2] & ~RTC_HOUR_PM, b);
	if (!(b & RTC_B_24H))
		hour = hour % 12 + (raw[2] & RTC_HOUR_PM ? 12 : 0);
	for (size_t i = 0; i < sizeof(regs); i++)
		v[i] = decoded(raw[i], b);
	year = v[5] + (v[6] >= 19 && v[6] <= 22 ? v[6] * 100 : 2000);
	if (v[0] > 59 || v[1] > 59 || hour > 23 || v[3] < 1 || v[3] > 31 || v[4] < 1 || v[4] > 12 ||
	    v[5] > 99 || year < 1970)
		return 0;
	return days_since_1970(year, v[4], v[3]) * SECONDS_A_DAY + hour * 3600ull + v[1] * 60 +
	       v[0];
}

uint64_t platform_real_ns(void)
{
	uint64_t ns = kvm_real_ns();

	return ns ? ns : rtc_seconds() * NSEC_PER_SEC;
}
