/* SPDX-License-Identifier: MIT */
/*
 * fcntl(2) and flock(2): descriptor and status flags, duplication, advisory locks, pipe sizes,
 * seals, who gets signals at I/O.
 */
#include "fs/async.h"
#include "kernel/process.h"
#include "syscalls/syscall.h"

#include "kernel/filelock.h"
#include "syscalls/util.h"

#define F_DUPFD_QUERY (F_LINUX_SPECIFIC_BASE + 3) /* Linux 6.10 */
#define SETFL_FLAGS   (O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME)

static long dup_min(struct file *f, unsigned long min, bool cloexec)
{
	int fd = fd_install(current_process()->files, file_get(f),
			    MIN(min, (unsigned long)INT32_MAX), cloexec);

	if (fd < 0)
		file_put(f);
	return fd;
}

static long same_file(struct file *f, int fd)
{
	struct file *other = fd_file_any(fd);
	bool same = other == f;

	if (!other)
		return -EBADF;
	file_put(other);
	return same;
}

static long set_status_flags(struct file *f, int fd, unsigned flags)
{
	if ((flags & ~f->flags & O_NOATIME) && !vfs_owner(f->inode))
		return -EPERM;
	if (((flags ^ f->flags) & FASYNC) && async_possible(f)) {
		int r = async_set(f, fd, flags & FASYNC);

		if (r)
			return r;
	}
	return file_set_flags(f, (f->flags & ~SETFL_FLAGS) | (flags & SETFL_FLAGS));
}

/* ---- locks ---- */

/* Turn l_whence, l_start, l_len into first and last byte. */
static int lock_range(struct file *f, const struct flock *fl, struct filelock *req)
{
	int64_t base = 0;

	if (fl->l_whence == SEEK_CUR)
		base = f->pos;
	else if (fl->l_whence == SEEK_END)
		base = f->inode->size;
	else if (fl->l_whence != SEEK_SET)
		return -EINVAL;
	if (__builtin_add_overflow(base, fl->l_start, &req->start))
		return -EOVERFLOW;
	if (req->start < 0)
		return -EINVAL;
	req->end = LOCK_END;
	if (fl->l_len > 0 && __builtin_add_overflow(req->start, fl->l_len - 1, &req->end))
		return -EOVERFLOW;
	if (fl->l_len < 0) {
		if (req->start + fl->l_len < 0)
			return -EINVAL;
		req->end = req->start - 1;
		req->start += fl->l_len;
	}
	return 0;
}

/* A request from the program's struct flock. OFD locks belong to no process: l_pid must be 0. */
static int lock_request(struct file *f, uaddr_t ufl, bool ofd, struct flock *fl,
			struct filelock *req)
{
	if (get_user(fl, ufl))
		return -EFAULT;
	if (ofd && fl->l_pid)
		return -EINVAL;
	filelock_init(req, f, current_process()->files, ofd ? FILELOCK_OFD : FILELOCK_POSIX);
	req->type = fl->l_type;
	req->pid = ofd ? -1 : current_process()->pid;
	return lock_range(f, fl, req);
}

static long get_lock(struct file *f, uaddr_t ufl, bool ofd)
{
	struct filelock req, other;
	struct flock fl;
	int r = lock_request(f, ufl, ofd, &fl, &req);

	if (!r && fl.l_type != F_RDLCK && fl.l_type != F_WRLCK)
		r = -EINVAL;
	if (r)
		return r;
	if (filelock_test(&req, &other)) {
		fl.l_type = other.type;
		fl.l_whence = SEEK_SET;
		fl.l_start = other.start;
		fl.l_len = other.end == LOCK_END ? 0 : other.end - other.start + 1;
		fl.l_pid = other.pid;
	} else {
		fl.l_type = F_UNLCK;
	}
	return put_user(ufl, fl);
}

static long set_lock(struct file *f, uaddr_t ufl, bool ofd, bool wait)
{
	struct filelock req;
	struct flock fl;
	int r = lock_request(f, ufl, ofd, &fl, &req);

	if (r)
		return r;
	if ((fl.l_type == F_RDLCK && !file_readable(f)) ||
	    (fl.l_type == F_WRLCK && !file_writable(f)))
		return -EBADF;
	if (fl.l_type != F_RDLCK && fl.l_type != F_WRLCK && fl.l_type != F_UNLCK)
		return -EINVAL;
	return filelock_set(f, &req, wait);
}

/* flock(2). Changing the type drops the old lock first, so another may get in between (its NOTES).
 */
long sys_flock(int fd, unsigned op)
{
	static const short types[] = {
	    [LOCK_SH] = F_RDLCK, [LOCK_EX] = F_WRLCK, [LOCK_UN] = F_UNLCK};
	unsigned how = op & ~LOCK_NB;
	struct filelock req;
	struct file *f;
	int r;

	if (how != LOCK_SH && how != LOCK_EX && how != LOCK_UN)
		return -EINVAL;
	f = fd_file(fd);
	if (!f)
		return -EBADF;
	filelock_init(&req, f, NULL, FILELOCK_FLOCK);
	req.type = types[how];
	req.pid = current_process()->pid;
	r = how != LOCK_UN && !file_readable(f) && !file_writable(f) ? -EBADF : 0;
	if (!r)
		r = filelock_set(f, &req, !(op & LOCK_NB));
	file_put(f);
	return r;
}

/* ---- who is told about I/O ---- */

static bool may_tell(int type, int id)
{
	const siginfo_t nothing = {0};
	const struct thread *t;

	if (type == F_OWNER_PGRP)
		return group_signal(id, &nothing, true) == 0;
	t = thread_find(id);
	return t && signal_permitted(t->process, SIGIO);
}

static long set_owner(struct file *f, int type, int id)
{
	if (type != F_OWNER_TID && type != F_OWNER_PID && type != F_OWNER_PGRP)
		return -EINVAL;
	if (id != 0 && (type == F_OWNER_PGRP ? !group_exists(id, 0) : !thread_find(id)))
		return -ESRCH;
	f->owner = id;
	f->owner_permitted = id && may_tell(type, id);
	f->owner_type = type;
	return 0;
}

static long owner_ex(struct file *f, unsigned cmd, uaddr_t arg)
{
	struct f_owner_ex ex = {.type = f->owner_type, .pid = f->owner};

	if (cmd == F_GETOWN_EX)
		return put_user(arg, ex);
	return get_user(&ex, arg) ? -EFAULT : set_owner(f, ex.type, ex.pid);
}

static long set_signal(struct file *f, unsigned long signo)
{
	if (signo > N_SIGNALS)
		return -EINVAL;
	f->owner_signal = signo;
	return 0;
}

/* ---- the call ---- */

/* Commands on a file that is really open. */
static long fcntl_open(struct file *f, int fd, unsigned cmd, unsigned long arg)
{
	switch (cmd) {
	case F_SETFL:
		return set_status_flags(f, fd, arg);
	case F_GETLK:
	case F_OFD_GETLK:
		return get_lock(f, arg, cmd == F_OFD_GETLK);
	case F_SETLK:
	case F_SETLKW:
		return set_lock(f, arg, false, cmd == F_SETLKW);
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return set_lock(f, arg, true, cmd == F_OFD_SETLKW);
	case F_GETOWN:
		return f->owner_type == F_OWNER_PGRP ? -f->owner : f->owner;
	case F_SETOWN:
		if ((int)arg == INT32_MIN)
			return -EINVAL;
		return set_owner(f, (int)arg < 0 ? F_OWNER_PGRP : F_OWNER_PID,
				 (int)arg < 0 ? -(int)arg : (int)arg);
	case F_GETOWN_EX:
	case F_SETOWN_EX:
		return owner_ex(f, cmd, arg);
	case F_GETSIG:
		return f->owner_signal;
	case F_SETSIG:
		return set_signal(f, arg);
	case F_GETLEASE:
		return F_UNLCK;
	case F_GETPIPE_SZ:
		return pipe_get_size(f);
	case F_SETPIPE_SZ:
		return arg > UINT32_MAX ? -EINVAL : pipe_set_size(f, arg);
	case F_ADD_SEALS:
		return arg > UINT32_MAX ? -EINVAL : tmpfs_add_seals(f, arg);
	case F_GET_SEALS:
		return tmpfs_get_seals(f);
	}
	return -EINVAL;
}

/* Commands on the descriptor itself, which O_PATH files allow too. */
static long fcntl_any(struct file *f, int fd, unsigned cmd, unsigned long arg)
{
	struct files *fs = current_process()->files;

	switch (cmd) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		return dup_min(f, arg, cmd == F_DUPFD_CLOEXEC);
	case F_DUPFD_QUERY:
		return same_file(f, arg);
	case F_GETFD:
		return fd_get_cloexec(fs, fd);
	case F_SETFD:
		return fd_set_cloexec(fs, fd, arg & FD_CLOEXEC);
	case F_GETFL:
		return f->flags;
	}
	return f->kind & FILE_PATH ? -EBADF : fcntl_open(f, fd, cmd, arg);
}

/* fcntl(2). */
long sys_fcntl(int fd, unsigned cmd, unsigned long arg)
{
	struct file *f = fd_file_any(fd);
	long r;

	if (!f)
		return -EBADF;
	r = fcntl_any(f, fd, cmd, arg);
	file_put(f);
	return r;
}
