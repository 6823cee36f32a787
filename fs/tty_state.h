/* SPDX-License-Identifier: MIT */
/*
 * A terminal, shared by fs/tty.c (reading, writing, waiting), fs/tty_ioctl.c (settings),
 * fs/tty_session.c (processes) and those who are at its other end: fs/tty_console.c (the host) and
 * fs/pty.c (a program).
 */
#ifndef FS_TTY_STATE_H
#define FS_TTY_STATE_H

#include "fs/n_tty.h"
#include "kernel/list.h"
#include "kernel/lock.h"
#include "kernel/wait.h"

struct file;
struct inode;
struct poll_table;
struct process;
struct tty;

/* The other end. */
struct tty_driver {
	/* Send out what waits in t->n, without sleeping: 0 (there is room), -EAGAIN, -EIO. */
	int (*flush)(struct tty *t);
	/* Sleep until flush may go on: 0 or -ERESTARTSYS. */
	int (*wait)(struct tty *t);
	/* May a program write? Registers on what else changes that. */
	bool (*ready)(struct tty *t, struct poll_table *pt);
	void (*resume)(struct tty *t);		      /* there may be room for typing again */
	void (*event)(struct tty *t, uint8_t status); /* TIOCPKT_* happened [nothing] */
	int (*open)(struct tty *t);		      /* another open file: 0, -EIO [0] */
	void (*close)(struct tty *t);		      /* one less; may free t [nothing] */
	unsigned hung_up_events; /* for poll, with EPOLLHUP; not 0: calls fail, too */
};

/* (i) immutable after tty_setup, (l) lock, (w) write_lock */
struct tty {
	const struct tty_driver *driver; /* (i) */
	unsigned device;		 /* (i) as TIOCGDEV tells it */
	bool has_input;			 /* (i) */
	struct spinlock lock;
	struct n_tty n;		    /* (l) */
	struct winsize winsize;	    /* (l) */
	int session;		    /* (l) whose controlling terminal it is, 0: nobody's */
	int pgrp;		    /* (l) the foreground process group */
	bool exclusive;		    /* (l) TIOCEXCL */
	bool hung_up;		    /* (l) the other end is gone */
	struct wait_queue read_wq;  /* something to read */
	struct wait_queue write_wq; /* output started again, or there is room */
	struct mutex write_lock;    /* one write(2) at a time, outside lock */
	uint8_t chunk[2048];	    /* (w) */
};

/* ---- fs/tty.c ---- */

void tty_setup(struct tty *t, const struct tty_driver *driver, unsigned device); /* zeroed */
/*
 * An open file for t, seen as `in`, whose reference is taken over on success; the driver counts it
 * already. The leader of a session without terminal gets t, unless O_NOCTTY. 0, -EBUSY (TIOCEXCL),
 * -ENOMEM.
 */
int tty_open_file(struct tty *t, struct inode *in, unsigned flags, struct file **out);
/* /dev/tty: the caller's controlling terminal. As tty_open_file, and -ENXIO. */
int tty_open_current(struct inode *in, unsigned flags, struct file **out);
int tty_flush(struct tty *t); /* the driver's */
/* The same, sleeping until there is room, or not (-EAGAIN). Returns also -ERESTARTSYS. */
int tty_drain(struct tty *t, bool nonblock);
/* The state changed by other means than typing: start waiting readers, writers and output. */
void tty_changed(struct tty *t);
/* New window size; a change is told to the foreground. */
void tty_resize(struct tty *t, const struct winsize *size);
/* Bytes typed on the keyboard; returns how many were taken. */
size_t tty_type(struct tty *t, const uint8_t *data, size_t n);

void tty_tell(struct tty *t, uint8_t status); /* TIOCPKT_*: to the driver */
/* Do calls on it fail, because the other end is gone? */
static inline bool tty_is_dead(const struct tty *t)
{
	return t->hung_up && t->driver->hung_up_events;
}

/* ---- fs/tty_session.c ---- */

void tty_raise(struct tty *t, uint64_t set); /* signals, to the foreground */
bool tty_is_ours(const struct tty *t);	     /* the caller's controlling terminal */
/*
 * Before a change or a read: one whose controlling terminal it is, but not in the foreground, is
 * stopped by signo. 0 (go on), -ERESTARTSYS (a signal was sent), -EIO.
 */
int tty_check_foreground(struct tty *t, int signo);
/* It is opened: the leader of a session without terminal gets it, unless O_NOCTTY. */
void tty_maybe_take(struct tty *t, unsigned flags);
void tty_forget(struct tty *t);	 /* it is no process's terminal any more */
void tty_hang_up(struct tty *t); /* the other end is gone: the session is told */
void tty_session_end(struct process *leader);
long tty_session_ioctl(struct tty *t, const struct file *f, bool master, unsigned cmd, uaddr_t arg);

/* ---- fs/tty_ioctl.c ---- */
long tty_ioctl(struct file *f, unsigned cmd, uaddr_t arg);
/* Settings, window and queues, as both ends of a pseudo-terminal may ask for them. -ENOTTY: none.
 */
long tty_settings_ioctl(struct tty *t, unsigned cmd, uaddr_t arg);

/* ---- fs/pty.c ---- */
int pty_open_master(struct inode *in, unsigned flags, struct file **out); /* /dev/ptmx */
/* /dev/pts/index: -EIO (locked), -ENXIO (there is none) or as tty_open_file. */
int pty_open_slave(unsigned index, struct inode *in, unsigned flags, struct file **out);
/* Make the nodes of the pseudo-terminals there are, or that of this name, in /dev/pts. Locks: the
 * directory's. 0 or what making one gives. */
int pty_seed(struct inode *dir, const char *name, size_t len);

#endif
