/* SPDX-License-Identifier: MIT */
/* splice(2), tee(2), vmsplice(2): who may be spliced with whom, and where. */
#include "fs/splice.h"

#include "syscalls/fileops.h"
#include "syscalls/syscall.h"
#include "syscalls/util.h"

/* From <fcntl.h>; the UAPI headers do not have them. */
#define SPLICE_F_MOVE	  1u
#define SPLICE_F_NONBLOCK SPLICE_NONBLOCK
#define SPLICE_F_MORE	  4u
#define SPLICE_F_GIFT	  8u
#define SPLICE_F_ALL	  (SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT)

/* Event counters, timers and directories have no data to splice. */
static bool has_data(const struct file *f)
{
	return !f->ops->anon_name && !f->ops->readdir;
}

/* Of the end that is no pipe. */
static int check_offset(const struct splice_end *e)
{
	if (!e->at)
		return 0;
	return (e->file->kind & FILE_STREAM) || (int64_t)e->pos < 0 ? -EINVAL : 0;
}

long splice_files(struct splice_end *in, struct splice_end *out, size_t len, unsigned flags)
{
	bool from_pipe = file_is_pipe(in->file), to_pipe = file_is_pipe(out->file);
	bool nowait = flags & SPLICE_F_NONBLOCK;
	long r;

	len = MIN(len, MAX_RW_COUNT);
	if (!file_readable(in->file) || !file_writable(out->file))
		return -EBADF;
	if ((from_pipe && in->at) || (to_pipe && out->at))
		return -ESPIPE;
	if (from_pipe && to_pipe)
		return splice_pipes(in->file, out->file, len, nowait, false);
	if (to_pipe) {
		r = has_data(in->file) ? check_offset(in) : -EINVAL;
		return r ? r
			 : splice_to_pipe(in->file, in->at ? &in->pos : NULL, out->file, len,
					  nowait);
	}
	if (!from_pipe || !has_data(out->file) ||
	    ((out->file->flags & O_APPEND) && !(out->file->kind & FILE_STREAM)))
		return -EINVAL;
	r = check_offset(out);
	return r ? r
		 : splice_from_pipe(in->file, out->file, out->at ? &out->pos : NULL, len, nowait);
}

/* splice(2). */
long sys_splice(int fd_in, uaddr_t off_in, int fd_out, uaddr_t off_out, size_t len, unsigned flags)
{
	struct splice_end in = {.at = off_in}, out = {.at = off_out};
	long r = -EBADF;

	if (!len)
		return 0;
	if (flags & ~SPLICE_F_ALL)
		return -EINVAL;
	in.file = fd_file(fd_in);
	out.file = fd_file(fd_out);
	if (in.file && out.file) {
		if ((off_in && !file_is_pipe(in.file) && get_user(&in.pos, off_in)) ||
		    (off_out && !file_is_pipe(out.file) && get_user(&out.pos, off_out)))
			r = -EFAULT;
		else
			r = splice_files(&in, &out, len, flags);
		if (r >= 0 && ((off_in && put_user(off_in, in.pos)) ||
			       (off_out && put_user(off_out, out.pos))))
			r = -EFAULT;
	}
	if (in.file)
		file_put(in.file);
	if (out.file)
		file_put(out.file);
	return r;
}

long tee_files(struct file *in, struct file *out, size_t len, unsigned flags)
{
	if (!file_readable(in) || !file_writable(out))
		return -EBADF;
	if (!file_is_pipe(in) || !file_is_pipe(out))
		return -EINVAL;
	return splice_pipes(in, out, MIN(len, MAX_RW_COUNT), flags & SPLICE_F_NONBLOCK, true);
}

/* tee(2). */
long sys_tee(int fd_in, int fd_out, size_t len, unsigned flags)
{
	struct file *in, *out;
	long r = -EBADF;

	if (flags & ~SPLICE_F_ALL)
		return -EINVAL;
	if (!len)
		return 0;
	in = fd_file(fd_in);
	out = fd_file(fd_out);
	if (in && out)
		r = tee_files(in, out, len, flags);
	if (in)
		file_put(in);
	if (out)
		file_put(out);
	return r;
}

/* vmsplice(2): into a pipe that is open for writing, else out of it. The pages are copied. */
long sys_vmsplice(int fd, uaddr_t iov, unsigned long nr_segs, unsigned flags)
{
	bool nowait = flags & SPLICE_F_NONBLOCK;
	struct iov_buf b;
	struct iter it;
	struct file *f;
	long r;

	if (flags & ~SPLICE_F_ALL)
		return -EINVAL;
	f = fd_file(fd);
	if (!f)
		return -EBADF;
	r = iov_from_user(&b, &it, iov, nr_segs);
	if (r == 0) {
		if (!file_is_pipe(f))
			r = -EBADF;
		else if (it.left && file_writable(f))
			r = splice_memory_in(f, &it, nowait);
		else if (it.left)
			r = splice_memory_out(f, &it, nowait);
		iov_buf_put(&b);
	}
	file_put(f);
	return r;
}
