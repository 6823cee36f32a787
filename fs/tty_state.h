/* SPDX-License-Identifier: MIT */
/* The one terminal, shared by fs/tty.c (reading, writing, waiting) and fs/tty_ioctl.c (settings).
 */
#ifndef FS_TTY_STATE_H
#define FS_TTY_STATE_H

#include "fs/n_tty.h"
#include "fs/tty.h"
#include "kernel/lock.h"
#include "kernel/timer.h"
#include "kernel/wait.h"

/* (i) immutable after tty_init, (l) lock, (w) write_lock */
struct tty {
	bool present;		    /* (i) */
	bool has_input, has_output; /* (i) */
	bool serial;		    /* (i) */
	enum con_stream stream;	    /* (i) */
	struct spinlock lock;
	struct n_tty n;		    /* (l) */
	struct winsize winsize;	    /* (l) */
	struct process *process;    /* (i) the foreground process */
	bool controlling;	    /* (l) it is the process's controlling terminal */
	bool exclusive;		    /* (l) TIOCEXCL */
	bool hung_up;		    /* (l) the host's terminal is gone */
	struct wait_queue read_wq;  /* something to read */
	struct wait_queue write_wq; /* output started again */
	struct mutex write_lock;    /* one write(2) at a time, outside lock */
	struct timer retry;	    /* echo that found no room in the stream */
	uint8_t chunk[2048];	    /* (w) */
};

extern struct tty the_tty;

/* Send what waits for the screen as far as it goes without sleeping: 0 (all sent), -EAGAIN, -EIO
 * (it cannot be). */
int tty_flush(void);
/* The same, sleeping until all is sent, or not (-EAGAIN). Returns also -ERESTARTSYS. */
int tty_drain(bool nonblock);
/* The state changed by other means than typing: start waiting readers, writers and output. */
void tty_changed(void);
/* New window size; a change is told to the process. */
void tty_resize(const struct winsize *size);
/* Bytes typed on the keyboard; returns how many were taken. */
size_t tty_type(const uint8_t *data, size_t n);

#endif
