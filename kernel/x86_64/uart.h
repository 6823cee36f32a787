/* SPDX-License-Identifier: MIT */
/*
 * The first serial port, a 16550 at its usual place: the terminal of a machine without a
 * virtio-console. Every register access is a trip to ring 0 and to the monitor, so output goes by
 * the FIFO's length. Context: any; nothing here sleeps.
 */
#ifndef KERNEL_X86_64_UART_H
#define KERNEL_X86_64_UART_H

#include "kernel/types.h"

/* Set the port up: 115200 8N1, FIFOs on, no interrupts. False if there is none. */
bool uart_init(void);
/* Send; waits while the FIFO is full. Without a port bytes are lost. */
void uart_write(const uint8_t *data, size_t n);
void uart_putc(char c); /* also before uart_init, for panics */
/* Call `receive` for what comes in, from interrupt processing: it returns how many it took. 0 or
 * -errno. */
int uart_listen(size_t (*receive)(const uint8_t *data, size_t n));
/* `receive` can take more again. */
void uart_resume(void);

#endif
