/* SPDX-License-Identifier: MIT */
/*
 * Advisory locks on files: byte ranges owned by a process (POSIX) or by an open file (OFD), and
 * whole files locked by flock(2). Ranges of both kinds conflict with each other, flock locks only
 * among themselves, as on Linux.
 */
#ifndef KERNEL_FILELOCK_H
#define KERNEL_FILELOCK_H

#include "kernel/file.h"

#define LOCK_END INT64_MAX /* "to the end of the file, however far it grows" */

enum filelock_kind { FILELOCK_POSIX, FILELOCK_OFD, FILELOCK_FLOCK };

struct filelock {
	struct list link;
	const struct inode *inode;
	const void *owner; /* POSIX: the struct files; OFD and flock: the struct file */
	enum filelock_kind kind;
	short type;	    /* F_RDLCK, F_WRLCK; in a request also F_UNLCK */
	int pid;	    /* what F_GETLK reports */
	int64_t start, end; /* first and last byte; end may be LOCK_END */
};

/* Set up a request for f by the process with descriptor table `fs`. */
void filelock_init(struct filelock *req, const struct file *f, const struct files *fs,
		   enum filelock_kind kind);
/*
 * Take, change or (F_UNLCK) drop a lock as req says; marks f so that its release drops what is
 * left. Context: sleeps if wait. Returns 0, -EAGAIN (held by another owner, and not wait),
 * -ERESTARTSYS, -ENOMEM.
 */
int filelock_set(struct file *f, const struct filelock *req, bool wait);
/* The first lock that conflicts with req: copies it to *out and returns true; false: the lock could
 * be taken. */
bool filelock_test(const struct filelock *req, struct filelock *out);
/* fn for every lock, numbered from 1, under the list's lock. */
void filelock_each(void (*fn)(void *arg, const struct filelock *l, int number), void *arg);
/* A descriptor for f in `fs` was closed: POSIX drops all of the process's locks on that file
 * (fcntl(2)). */
void filelock_closed(struct file *f, const struct files *fs);
/* The last reference to f is going: drop its OFD and flock locks. */
void filelock_release(struct file *f);

#endif
