/* SPDX-License-Identifier: MIT */
/* Local APIC, IOAPIC and interrupt dispatch (SDM 3A chapter 10; 82093AA data sheet). */
#include "kernel/x86_64/apic.h"

#include "kernel/abi/errno.h"
#include "kernel/log.h"
#include "kernel/ring0/nub.h"
#include "kernel/x86_64/kmap.h"
#include "kernel/x86_64/percpu.h"

#define LAPIC_PHYS	   0xfee00000ul
#define LAPIC_SIZE	   0x400
#define LAPIC_ID	   (0x020 / 4)
#define LAPIC_EOI	   (0x0b0 / 4)
#define LAPIC_SVR	   (0x0f0 / 4)
#define LAPIC_ICR_LOW	   (0x300 / 4)
#define LAPIC_ICR_HIGH	   (0x310 / 4)
#define LAPIC_LVT_TIMER	   (0x320 / 4)
#define LAPIC_LVT_LINT0	   (0x350 / 4)
#define LAPIC_TIMER_INIT   (0x380 / 4)
#define LAPIC_TIMER_COUNT  (0x390 / 4)
#define LAPIC_TIMER_DIVIDE (0x3e0 / 4)
#define ICR_INIT	   0x4500
#define ICR_STARTUP	   0x4600 /* at the page whose number is in the low byte: 0 */
#define ICR_NMI		   0x4400
#define ICR_OTHERS	   0xc0000
#define SVR_ENABLE	   0x100
#define LVT_MASKED	   0x10000
#define DIVIDE_BY_1	   0xb
/* KVM's and QEMU's local APIC timers both count nanoseconds; on a slower one the timer code finds
 * itself late. */
#define TIMER_MAX_COUNT 0xf0000000u

/* microvm has a second IOAPIC for its virtio devices, GSI 24 and up. */
#define IOAPIC0_PHYS 0xfec00000ul
#define IOAPIC1_PHYS 0xfec10000ul
#define IOAPIC_PINS  24
#define IOREGSEL     0
#define IOWIN	     4
#define IOREDTBL     0x10

static volatile uint32_t *lapic;
static volatile uint32_t *ioapic[2];

static struct {
	void (*fn)(void *arg);
	void *arg;
} handlers[VEC_COUNT];

static unsigned next_vector = VEC_DEVICE;
static void (*timer_handler)(void);

void apic_init_other(void)
{
	lapic[LAPIC_SVR] = SVR_ENABLE | VEC_SPURIOUS;
	lapic[LAPIC_TIMER_DIVIDE] = DIVIDE_BY_1;
	lapic[LAPIC_LVT_TIMER] = VEC_TIMER;
}

int apic_init(void)
{
	lapic = kmap_device(LAPIC_PHYS, LAPIC_SIZE);
	if (!lapic)
		return -ENOMEM;
	apic_init_other();
	return 0;
}

static void ioapic_write(volatile uint32_t *io, unsigned reg, uint32_t value)
{
	io[IOREGSEL / 4] = reg;
	io[IOWIN] = value;
}

static volatile uint32_t *ioapic_get(unsigned i)
{
	if (!ioapic[i])
		ioapic[i] = kmap_device(i ? IOAPIC1_PHYS : IOAPIC0_PHYS, 0x20);
	return ioapic[i];
}

int irq_request(unsigned gsi, void (*handler)(void *arg), void *arg)
{
	unsigned vec = next_vector, pin = gsi % IOAPIC_PINS;
	volatile uint32_t *io;

	if (gsi >= 2 * IOAPIC_PINS)
		return -EINVAL;
	if (vec > VEC_DEVICE_LAST)
		return -ENOSPC;
	io = ioapic_get(gsi / IOAPIC_PINS);
	if (!io)
		return -ENOMEM;
	next_vector++;
	handlers[vec].fn = handler;
	handlers[vec].arg = arg;
	ioapic_write(io, IOREDTBL + 2 * pin + 1, 0); /* to CPU 0 */
	ioapic_write(io, IOREDTBL + 2 * pin, vec);
	return 0;
}

void apic_start(uint8_t apic_id, bool again)
{
	lapic[LAPIC_ICR_HIGH] = (uint32_t)apic_id << 24;
	lapic[LAPIC_ICR_LOW] = again ? ICR_STARTUP : ICR_INIT;
}

/* Not by INIT: the first CPU would begin with the firmware. */
void apic_stop_others(void)
{
	lapic[LAPIC_ICR_LOW] = ICR_OTHERS | ICR_NMI;
}

uint8_t apic_id(void)
{
	return lapic[LAPIC_ID] >> 24;
}

/* Neither KVM nor QEMU lets a request stay in the register. */
void apic_send(uint8_t apic_id, unsigned vec)
{
	lapic[LAPIC_ICR_HIGH] = (uint32_t)apic_id << 24;
	lapic[LAPIC_ICR_LOW] = vec;
}

void irq_set_timer_handler(void (*handler)(void))
{
	timer_handler = handler;
}

void irq_process(void)
{
	struct cpu *c = this_cpu();

	while (READ_ONCE(c->pending)) {
		WRITE_ONCE(c->pending, 0);
		for (unsigned vec = VEC_IRQ_FIRST; vec < next_vector; vec++) {
			if (!READ_ONCE(c->pending_vec[vec]))
				continue;
			WRITE_ONCE(c->pending_vec[vec], 0);
			if (vec == VEC_TIMER)
				timer_handler();
			else if (vec == VEC_KICK)
				c->kicked = false;
			else if (handlers[vec].fn)
				handlers[vec].fn(handlers[vec].arg);
			lapic[LAPIC_EOI] = 0;
		}
	}
}

void apic_timer_arm(uint64_t delay_ns)
{
	if (delay_ns == UINT64_MAX) {
		lapic[LAPIC_TIMER_INIT] = 0;
		return;
	}
	lapic[LAPIC_TIMER_INIT] =
	    delay_ns > TIMER_MAX_COUNT ? TIMER_MAX_COUNT : MAX(delay_ns, 1ull);
}

void apic_timer_measure(void)
{
	lapic[LAPIC_TIMER_INIT] = UINT32_MAX;
}

uint32_t apic_timer_elapsed(void)
{
	return UINT32_MAX - lapic[LAPIC_TIMER_COUNT];
}
