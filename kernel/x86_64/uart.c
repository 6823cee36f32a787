/* SPDX-License-Identifier: MIT */
/* The 16550 (PC16550D data sheet). */
#include "kernel/x86_64/uart.h"

#include "kernel/abi/errno.h"
#include "kernel/x86_64/apic.h"
#include "kernel/x86_64/cpu.h"

#define COM1	 0x3f8
#define COM1_GSI 4

enum { DATA = COM1, IER, FCR, LCR, MCR, LSR, MSR, SCRATCH, DIVISOR_LOW = DATA, DIVISOR_HIGH = IER };

#define IER_RECEIVE 1
#define FCR_ENABLE  7 /* and empty both FIFOs */
#define LCR_8N1	    3
#define LCR_DIVISOR 0x80
#define MCR_ON	    0xb /* DTR, RTS, and OUT2, which lets interrupts through */
#define LSR_DATA    1
#define LSR_EMPTY   0x20
#define FIFO_LEN    16

static bool present;
static size_t (*receiver)(const uint8_t *data, size_t n);
/* Received and not yet taken. While it is full nothing is read: the other side waits. */
static uint8_t held[64];
static size_t n_held;

bool uart_init(void)
{
	cpu_out8(SCRATCH, 0x5a);
	if (cpu_in8(SCRATCH) != 0x5a)
		return false;
	cpu_out8(IER, 0);
	cpu_out8(LCR, LCR_DIVISOR);
	cpu_out8(DIVISOR_LOW, 1);
	cpu_out8(DIVISOR_HIGH, 0);
	cpu_out8(LCR, LCR_8N1);
	cpu_out8(FCR, FCR_ENABLE);
	cpu_out8(MCR, MCR_ON);
	present = true;
	return true;
}

static void wait_empty(void)
{
	while (!(cpu_in8(LSR) & LSR_EMPTY))
		__builtin_ia32_pause();
}

void uart_write(const uint8_t *data, size_t n)
{
	while (present && n) {
		size_t part = MIN(n, (size_t)FIFO_LEN);

		wait_empty();
		cpu_out_fifo(DATA, data, part);
		data += part;
		n -= part;
	}
}

void uart_putc(char c)
{
	wait_empty();
	cpu_out8(DATA, (uint8_t)c);
}

/* Hand over what is held; false if some of it was not taken. */
static bool deliver(void)
{
	size_t took = n_held ? receiver(held, n_held) : 0;

	for (size_t i = took; i < n_held; i++)
		held[i - took] = held[i];
	n_held -= took;
	return n_held == 0;
}

/* Until nothing is left: only then a new byte makes a new edge. */
void uart_resume(void)
{
	if (!receiver)
		return;
	while (deliver()) {
		while (n_held < sizeof(held) && (cpu_in8(LSR) & LSR_DATA))
			held[n_held++] = cpu_in8(DATA);
		if (!n_held)
			return;
	}
}

static void uart_interrupt(void *arg)
{
	uart_resume();
}

int uart_listen(size_t (*receive)(const uint8_t *data, size_t n))
{
	int r = present ? irq_request(COM1_GSI, uart_interrupt, NULL) : -ENODEV;

	if (r)
		return r;
	receiver = receive;
	cpu_out8(IER, IER_RECEIVE);
	uart_resume();
	return 0;
}
