/* SPDX-License-Identifier: MIT */
/* Between console.c (output streams) and console_in.c (device, ports, input, control messages). */
#ifndef KERNEL_CONSOLE_PORT_H
#define KERNEL_CONSOLE_PORT_H

#include "kernel/abi/bootinfo.h"
#include "kernel/iter.h"
#include "kernel/virtio.h"

bool con_present(void);
/* Set up one direction's queue of a port. */
int con_port_queue(struct virtqueue *q, unsigned port, bool transmit, unsigned size,
		   struct page *mem);
/* Connect the control channel, if that has not been done. 0 or -ENODEV. */
int con_attach(void);
/* Send a control message; dropped if the host is gone. */
void con_send(const struct bi_msg *m);

/* Set aside the memory of stdout and stderr, so that output works when the program has eaten all. 0
 * or -ENOMEM. */
int con_out_config(const struct bootinfo *bi);
/* The host reported an error (errno) or an acknowledgement for an output port. */
void con_out_reported(unsigned port, int error, uint64_t acked);
/* ---- console_serial.c: where there is no device ---- */
ssize_t con_serial_write(struct iter *from); /* bytes, -EFAULT; waits for the port */
__noreturn void con_serial_shutdown(int status);

/* Some transmit queue may have completed buffers. */
void con_out_interrupt(void);

#endif
