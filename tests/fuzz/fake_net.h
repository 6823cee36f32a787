/* SPDX-License-Identifier: MIT */
/*
 * A machine for the network driver, and a device for it to meet: the queues as the driver made
 * them, used as the caller likes. fake_net.c has what the driver needs of the kernel.
 */
#ifndef TESTS_FUZZ_FAKE_NET_H
#define TESTS_FUZZ_FAKE_NET_H

#include <stdint.h>

enum { RX, TX };

/* A new device with these features and nothing in its queues. */
void fake_reset(uint64_t features);
/* The next buffer that the driver made available, by its head; any number if there is none. */
unsigned fake_take(int queue);
/* Its memory; NULL: there is no such buffer. */
uint8_t *fake_buffer(unsigned head);
/* Say that the buffer has been used, with len bytes; or that n more have. */
void fake_use(int queue, unsigned head, uint32_t len);
void fake_jump(int queue, unsigned n);
void fake_interrupt(void);
/* Time passes until no timer is armed, or for a while. */
void fake_timers(void);

#endif
