/* SPDX-License-Identifier: MIT */
/*
 * What the handlers of the file families share: paths, descriptors, buffers and times as a program
 * passes them, each checked in one place with the errno and in the order of Linux. Everything here
 * may sleep.
 */
#ifndef SYSCALLS_UTIL_H
#define SYSCALLS_UTIL_H

#include "fs/vfs.h"
#include "kernel/file.h"
#include "kernel/itimer.h"
#include "kernel/task.h"
#include "kernel/uaccess.h"

/* ---- paths ---- */

/* A path as the *at calls name it: relative to base unless absolute. */
struct at_path {
	char *path;
	struct dentry *base; /* referenced; NULL = the working directory, or not needed */
};

/*
 * Copy a path in. *out is to be kfree'd. Returns 0, -EFAULT, -ENAMETOOLONG (no NUL within
 * PATH_MAX), -ENOENT (empty) or -ENOMEM.
 */
int path_from_user(uaddr_t upath, char **out);

/*
 * Path and starting point of an *at call. flags: LOOKUP_EMPTY allows "" (and, as Linux 6.11 does, a
 * null pointer): then base is the place dirfd is open on, of any type; LOOKUP_IN_ROOT: absolute
 * paths start at dirfd, too. Returns 0 or as path_from_user, -EBADF, -ENOTDIR.
 */
int at_path_get(int dirfd, uaddr_t upath, unsigned flags, struct at_path *out);
void at_path_put(struct at_path *at);

/* Look up what (dirfd, upath) names. flags: LOOKUP_*. */
int dentry_at(int dirfd, uaddr_t upath, unsigned flags, struct dentry **out);
/* The same for calls that need the inode only: "" also works for files without a place, such as
 * pipes. place: also the name, referenced, or NULL; may be NULL itself. */
int inode_at(int dirfd, uaddr_t upath, unsigned flags, struct inode **out, struct dentry **place);

/* LOOKUP_* for the AT_* flags of a call, which accepts only those in `allowed`. Returns -EINVAL for
 * others. */
int lookup_flags(int at_flags, int allowed);

/* ---- descriptors: a new reference, or NULL for EBADF ---- */
struct file *fd_file(int fd);	  /* not O_PATH files, which only name a place */
struct file *fd_file_any(int fd); /* O_PATH ones too */

/* Install a just opened file (reference taken over, dropped on failure) at the lowest free
 * descriptor. */
int fd_new(struct file *f, bool cloexec);

/* For getrusage(2) and wait4(2). */
struct task_usage;
void rusage_of(const struct task_usage *u, struct rusage *ru);

/* Change the status flags (O_APPEND, O_NONBLOCK ...) if the file agrees. 0 or -errno. */
int file_set_flags(struct file *f, unsigned flags);

/* ---- buffers ---- */

enum { IOV_FAST = 8 }; /* segments held without an allocation */

struct iov_buf {
	struct iovec fast[IOV_FAST];
	struct iovec *iov;
};

/*
 * Copy an iovec array in and set `it` up over it. A total above MAX_RW_COUNT is cut, as Linux does.
 * Returns 0, -EINVAL (more than 1024 segments, a negative length), -EFAULT or -ENOMEM. On 0 call
 * iov_buf_put.
 */
int iov_from_user(struct iov_buf *b, struct iter *it, uaddr_t vec, size_t n);
void iov_buf_put(struct iov_buf *b);

/*
 * A request of io_submit(2) on f: bytes at buf, or with `many` n segments, at pos unless f is a
 * stream. flags: RWF_*. Returns an error of the request itself, or 0: *done is what came of it.
 */
long rw_submitted(struct file *f, bool write, bool many, uaddr_t buf, size_t n, int64_t pos,
		  int flags, ssize_t *done);

/* ---- times ---- */

/* Read a struct timespec as a length of time in ns (huge ones saturate at INT64_MAX). 0, -EFAULT or
 * -EINVAL. */
int timespec_from_user(uaddr_t uts, uint64_t *ns);
int timespec_to_user(uaddr_t uts, uint64_t ns);

/* Read a struct itimerspec as lengths of time in ns, saturating far away. 0, -EFAULT or -EINVAL. */
int itimerspec_from_user(uaddr_t uits, struct itimer_value *v);
int itimerspec_to_user(uaddr_t uits, const struct itimer_value *v);

/* The moment `ns` from now on CLOCK_MONOTONIC, NO_DEADLINE if that is never reached; and what is
 * left until it. */
uint64_t deadline_in(uint64_t ns);
uint64_t deadline_left(uint64_t deadline_ns);

#endif
