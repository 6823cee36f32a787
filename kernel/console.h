/* SPDX-License-Identifier: MIT */
/*
 * The program's standard streams and the control channel to the host, over virtio-console
 * (kernel/console.c). Streams are byte-exact and flow-controlled both ways: nothing is dropped, a
 * full stream blocks the writer.
 */
#ifndef KERNEL_CONSOLE_H
#define KERNEL_CONSOLE_H

#include "kernel/abi/bootinfo.h"
#include "kernel/iter.h"
#include "kernel/wait.h"

enum con_stream { CON_OUT, CON_ERR, CON_LOG, CON_TRACE, CON_STREAMS };

/*
 * Write to an output stream. Blocks for room unless nonblock (then a short count or -EAGAIN).
 * Returns bytes taken, -EAGAIN, -ERESTARTSYS, or the errno the host reported (-EPIPE, -ENOSPC ...);
 * the caller raises SIGPIPE. A stream marked BI_STDF_SYNC returns only when the host has written
 * the bytes.
 */
ssize_t con_write(enum con_stream s, struct iter *from, bool nonblock);
/* Room for a write, or a reported error: */
bool con_out_ready(enum con_stream s);
int con_out_error(enum con_stream s); /* 0 or errno */
struct wait_queue *con_out_wq(enum con_stream s);

/*
 * Find the device and connect the streams as the boot information says; what is not needed yet (a
 * queue, a buffer) is set up at first use. 0, or -ENODEV without a console device.
 */
int con_init(const struct bootinfo *bi);
/* Instead: the serial port is the terminal of all three standard descriptors. Returns what they
 * are: without a port, nothing. */
const struct bi_std *con_init_serial(void);
/* Called before the host is told of the end; may use the two below. NULL: nothing to say. */
extern void (*con_farewell)(void);
/* BI_MSG_MISSING. */
void con_tell_missing(const char *path, size_t len);
void con_tell(const struct bi_msg *msg);
/* Everything written so far has left the machine, then its end is announced and it ends. status:
 * wait(2)'s. */
__noreturn void con_shutdown(int status);
/* Like con_write to CON_LOG, from any context: never blocks, never sleeps; false if it cannot be
 * taken now. */
bool con_log(const char *text, size_t len);
/* Ask the host for CLOCK_REALTIME: 0, or -ETIMEDOUT if there is no answer within a second. May
 * sleep. */
int con_host_time(uint64_t *real_ns);
/* Have the host bring what was done to volumes to its disks (elsewhere: also on file systems
 * mounted below a volume's directory): 0, -errno of the host, -ENODEV without one. Sleeps, not
 * interruptibly. Calls exclude each other. */
int con_host_sync(bool elsewhere);
/* Signals from the host. */
void con_set_signal_hook(void (*hook)(int signo));

/* Read from standard input. Returns bytes, 0 at end of file, -EAGAIN, -ERESTARTSYS. */
ssize_t con_read(struct iter *to, bool nonblock);
size_t con_in_available(void);
bool con_in_eof(void);
/* The program will read no more: the host may stop sending. */
void con_in_close(void);
struct wait_queue *con_in_wq(void);

/* Called from interrupt processing with the bytes just received when standard input is a terminal
 * (fs/tty.c sets it); returns how many it took. NULL: bytes stay queued for con_read. */
void con_set_input_hook(size_t (*hook)(const uint8_t *data, size_t n));
/* The hook can take more again. */
void con_input_resume(void);
/* Window size changes from the host. */
void con_set_winsize_hook(void (*hook)(unsigned rows, unsigned cols));

#endif
