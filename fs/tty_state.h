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
	int session;		    /* (l) whose controlling terminal it is, 0: nobody's */
	int pgrp;		    /* (l) the foreground process group */
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
/*
 * Before a change or a read: one of the terminal's session, but not in the foreground, is stopped
 * by signo. 0 (go on), -ERESTARTSYS (a signal was sent), -EIO.
 */
int tty_check_foreground(int signo);
/* Bytes typed on the keyboard; returns how many were taken. */
size_t tty_type(const uint8_t *data, size_t n);

#endif
