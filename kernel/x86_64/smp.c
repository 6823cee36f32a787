/* SPDX-License-Identifier: MIT */
/*
 * The kernel lock and what CPUs ask of each other; kernel/x86_64/smp.h says how it fits together.
 */
#include "kernel/x86_64/smp.h"

#include "kernel/clock.h"
#include "kernel/page.h"
#include "kernel/panic.h"
#include "kernel/ring0/nub.h"
#include "kernel/sched.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/x86_64/apic.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/entry.h"

/* How long a CPU that comes holds back for those that wait already: TSC ticks, some 50 us. */
#define POLITE_TICKS 100000

struct cpu *cpus[MAX_CPUS] = {&boot_cpu};
unsigned n_cpus = 1;

/* ---- the lock ---- */

static bool lock_try(void)
{
	return !__atomic_exchange_n(&kernel_lock, 1, __ATOMIC_ACQUIRE);
}

static void unlock(void)
{
	__atomic_store_n(&kernel_lock, 0, __ATOMIC_RELEASE);
}

void kernel_flush_stale(void)
{
	this_cpu()->stale = 0;
	nub_call(NUB_FLUSH_ALL, 0);
}

static uint32_t turns; /* how often somebody has had to wait, and got it */

/*
 * Who comes while others wait lets one of them go first. Not a queue, because it would wait for
 * CPUs that their host does not run just now; therefore it holds back for a moment only.
 */
static void hold_back(void)
{
	uint32_t seen = READ_ONCE(turns);
	uint64_t from = cpu_tsc();

	while (READ_ONCE(kernel_lock_waiters) && READ_ONCE(turns) == seen &&
	       cpu_tsc() - from < POLITE_TICKS)
		__builtin_ia32_pause();
}

void kernel_lock_wait(void)
{
	hold_back();
	__atomic_add_fetch(&kernel_lock_waiters, 1, __ATOMIC_RELAXED);
	while (!lock_try())
		while (READ_ONCE(kernel_lock))
			__builtin_ia32_pause();
	turns++;
	__atomic_sub_fetch(&kernel_lock_waiters, 1, __ATOMIC_RELAXED);
	if (this_cpu()->stale)
		kernel_flush_stale();
}

void kernel_lock_enter(void)
{
	if (n_cpus == 1)
		return;
	WRITE_ONCE(this_cpu()->in_program, 0);
	kernel_lock_wait();
}

void kernel_lock_yield(void)
{
	if (!READ_ONCE(kernel_lock_waiters))
		return;
	unlock();
	kernel_lock_wait();
}

void cpu_idle(void)
{
	if (n_cpus == 1) {
		cpu_halt();
		return;
	}
	unlock();
	cpu_halt();
	kernel_lock_wait();
}

/* ---- asking others ---- */

void cpu_kick(struct cpu *c)
{
	if (c->kicked)
		return;
	c->kicked = true;
	apic_send(c->apic_id, VEC_KICK);
}

/* Kick those of `set` that run program code, and wait until they have come out of it. */
static void bring_in(uint32_t set)
{
	for (unsigned i = 0; i < n_cpus; i++)
		if ((set >> i & 1) && READ_ONCE(cpus[i]->in_program))
			cpu_kick(cpus[i]);
	for (unsigned i = 0; i < n_cpus; i++)
		while ((set >> i & 1) && READ_ONCE(cpus[i]->in_program))
			__builtin_ia32_pause();
}

void smp_flush_others(paddr_t root)
{
	uint32_t set = 0;

	for (unsigned i = 0; i < n_cpus; i++) {
		if (cpus[i] == this_cpu() || cpus[i]->root != root)
			continue;
		cpus[i]->stale = 1;
		set |= 1u << i;
	}
	bring_in(set);
}

void smp_leave_program(const struct mm *mm)
{
	uint32_t set = 0;

	for (unsigned i = 0; i < n_cpus; i++)
		if (cpus[i] != this_cpu() && (!mm || cpus[i]->active == mm))
			set |= 1u << i;
	bring_in(set);
}

/* ---- starting ---- */

#define START_AGAIN_NS (2 * 1000000ull)
#define START_WAIT_NS  (30 * NSEC_PER_SEC)
/* Each is two turns, and a turn may take a time slice of a host that does not run both CPUs. */
#define TSC_ROUNDS 2

/* What the first CPU and the one that starts tell each other, in turn. */
static struct {
	uint32_t turn; /* even: the new CPU's */
	uint64_t tsc;
	bool wrong;
} meeting;

/* Write calls over the NOPs; code is writable through the direct map. */
static void patch_locks(void)
{
	for (const uint64_t *s = lock_sites; s < lock_sites_end; s += 2) {
		uint8_t *at = phys_to_virt(virt_to_phys((void *)s[0]));
		int32_t distance = (int32_t)(s[1] - (s[0] + 5));

		at[0] = 0xe8;
		memcpy(at + 1, &distance, sizeof(distance));
	}
}

/* One side of the meeting: each sees the other's clock, which must not be ahead. */
static void compare_clocks(unsigned parity)
{
	for (int i = 0; i < TSC_ROUNDS; i++) {
		uint64_t now;

		while ((__atomic_load_n(&meeting.turn, __ATOMIC_ACQUIRE) & 1) != parity)
			__builtin_ia32_pause();
		now = cpu_tsc();
		if (now < meeting.tsc)
			meeting.wrong = true;
		meeting.tsc = now;
		__atomic_add_fetch(&meeting.turn, 1, __ATOMIC_RELEASE);
	}
}

static struct cpu *cpu_new(unsigned i, uint8_t id)
{
	struct page *p = page_alloc(1, PAGE_ZEROED);
	struct thread *idle = sched_add_cpu(i);
	struct cpu *c = p ? page_to_virt(p) : NULL;

	if (!c || !idle)
		boot_failed("not enough memory for %u CPUs: give the machine more with -m", i + 1);
	c->self = c;
	c->index = i;
	c->apic_id = id;
	c->masked = 1;
	c->canary = boot_cpu.canary;
	c->root = kernel_root;
	c->thread = idle;
	c->regs = idle->regs;
	c->stack_low = idle->kstack_low;
	return c;
}

/* Wait until the new CPU has taken its turn. */
static void await(const struct cpu *c)
{
	uint64_t now = clock_mono_ns(), end = now + START_WAIT_NS, again = now;

	apic_start(c->apic_id, false);
	while (!(__atomic_load_n(&meeting.turn, __ATOMIC_ACQUIRE))) {
		now = clock_mono_ns();
		if (now > end)
			boot_failed("CPU %u does not start", c->index);
		if (now >= again) {
			apic_start(c->apic_id, true);
			again = now + START_AGAIN_NS;
		}
		__builtin_ia32_pause();
	}
}

void smp_start(unsigned n, const uint8_t *apic_ids)
{
	if (!sched_add_cpu(0))
		boot_failed("not enough memory for %u CPUs: give the machine more with -m", n);
	memcpy(phys_to_virt(0), ap_trampoline, (size_t)(ap_trampoline_end - ap_trampoline));
	patch_locks();
	kernel_lock = 1;
	while (n_cpus < n) {
		struct cpu *c = cpu_new(n_cpus, apic_ids[n_cpus]);

		meeting.turn = 0;
		meeting.tsc = 0;
		ap_cpu = c;
		await(c);
		compare_clocks(1);
		if (meeting.wrong)
			boot_failed("the time-stamp counters of CPUs 0 and %u differ", c->index);
		cpus[n_cpus++] = c;
	}
}

void smp_stop_others(void)
{
	if (n_cpus > 1)
		apic_stop_others();
}

void smp_main(void)
{
	cpu_init_other();
	apic_init_other();
	compare_clocks(0);
	kernel_lock_wait();
	sched_idle();
}
