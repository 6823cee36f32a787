/* SPDX-License-Identifier: MIT */
/*
 * The clocks. CLOCK_MONOTONIC starts at 0 with the first instruction of the kernel and runs with
 * the TSC, whose frequency the host tells (it can know it exactly), else the machine.
 * CLOCK_REALTIME is asked from the host, else from the machine, the first time somebody wants it,
 * so that programs that never look at the calendar do not wait for the answer. Everything is kept
 * in the clock page that the vDSO reads too.
 */
#include "kernel/clock.h"

#include "kernel/abi/bootinfo.h"
#include "kernel/console.h"
#include "kernel/log.h"
#include "kernel/timer.h"
#include "kernel/wait.h"
#include "kernel/x86_64/apic.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/cpuinfo.h"
#include "kernel/x86_64/platform_clock.h"
#include "kernel/x86_64/vvar.h"

extern uint64_t boot_tsc; /* boot.S */

static uint64_t tsc_hz;
static uint64_t boot_real_ns; /* CLOCK_REALTIME when the boot module was written for this run: the
				 estimate without an answer; 0 in an image */
static uint64_t armed_deadline = UINT64_MAX;

/* Whatever is armed next is a new request, even for the same moment: the APIC may have been early.
 */
static void clockevent_fired(void)
{
	armed_deadline = UINT64_MAX;
	timer_interrupt();
}

void clock_init(const struct bootinfo *bi)
{
	tsc_hz = bi->tsc_hz ? bi->tsc_hz : platform_tsc_hz();
	boot_real_ns = bi->realtime_ns;
	vvar_write_begin(&vvar_page.v);
	vvar_page.v.tsc_base = boot_tsc;
	vvar_page.v.mult = vvar_mult(tsc_hz);
	vvar_page.v.n_cpus = MAX(bi->n_cpus, 1u); /* at most */
	vvar_write_end(&vvar_page.v);
	irq_set_timer_handler(clockevent_fired);
}

uint64_t cpu_tsc_hz(void)
{
	return tsc_hz;
}

uint64_t clock_mono_ns(void)
{
	uint64_t mono, offset;

	vvar_read(&vvar_page.v, false, &mono, &offset);
	return mono;
}

static void set_real_offset(uint64_t offset)
{
	vvar_write_begin(&vvar_page.v);
	vvar_page.v.real_offset_ns = offset;
	vvar_page.v.realtime_valid = 1;
	vvar_write_end(&vvar_page.v);
}

uint64_t clock_real_ns(void)
{
	uint64_t mono, offset, real;

	if (!vvar_read(&vvar_page.v, true, &mono, &offset)) {
		if (con_host_time(&real))
			real = boot_real_ns ? boot_real_ns + clock_mono_ns() : platform_real_ns();
		set_real_offset(real - clock_mono_ns());
		vvar_read(&vvar_page.v, true, &mono, &offset);
	}
	return mono + offset;
}

/* Until the host has been asked, the time the boot module was written serves: it is a few tens of
 * ms behind. In an image it says nothing, and the machine can be asked without sleeping. */
uint64_t clock_real_coarse_ns(void)
{
	uint64_t mono, offset;

	if (!vvar_read(&vvar_page.v, true, &mono, &offset)) {
		if (!boot_real_ns)
			return clock_real_ns();
		offset = boot_real_ns;
	}
	return mono + offset;
}

struct wait_queue clock_set_wq = WAIT_QUEUE_INIT(clock_set_wq);
static uint64_t n_set;

void clock_set_real_ns(uint64_t now_ns)
{
	set_real_offset(now_ns - clock_mono_ns());
	n_set++;
	wait_wake_all(&clock_set_wq);
}

uint64_t clock_real_set_count(void)
{
	return n_set;
}

void clockevent_arm(uint64_t deadline_ns)
{
	uint64_t now;

	if (deadline_ns == armed_deadline)
		return;
	armed_deadline = deadline_ns;
	if (deadline_ns == UINT64_MAX) {
		apic_timer_arm(UINT64_MAX);
		return;
	}
	now = clock_mono_ns();
	apic_timer_arm(deadline_ns > now ? deadline_ns - now : 0);
}
