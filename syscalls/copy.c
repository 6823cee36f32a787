/* SPDX-License-Identifier: MIT */
/*
 * Copying between descriptors without the program's memory: sendfile(2), copy_file_range(2). Bytes
 * go through a kernel buffer; the source's position advances only by what the destination took, so
 * nothing is lost on a short write.
 */
#include "syscalls/syscall.h"

#include "kernel/heap.h"
#include "syscalls/util.h"

#define COPY_CHUNK (64ul << 10)

/* Write all of buf unless an error or a full file stops it: bytes written, or the error if none
 * were. */
static ssize_t write_all(struct file *f, char *buf, size_t len, uint64_t *pos)
{
	size_t done = 0;

	while (done < len) {
		struct iter it;
		ssize_t n;

		iter_kernel(&it, buf + done, len - done);
		n = file_write(f, &it, pos);
		if (n <= 0)
			return done ? (ssize_t)done : n;
		done += n;
	}
	return done;
}

/*
 * Copy up to count bytes from *in_pos to *out_pos (NULL: the file's own position), advancing both.
 * Stops at end of file or when a read comes back short. Returns bytes copied, or an error if none
 * were.
 */
static ssize_t copy_bytes(struct file *in, uint64_t *in_pos, struct file *out, uint64_t *out_pos,
			  size_t count)
{
	size_t chunk = MIN(count, COPY_CHUNK), done = 0;
	char *buf = kmalloc(chunk);
	ssize_t n = 0;

	if (!buf)
		return -ENOMEM;
	while (done < count) {
		uint64_t at = *in_pos;
		struct iter it;
		size_t want = MIN(count - done, chunk), got;

		iter_kernel(&it, buf, want);
		n = file_read(in, &it, &at);
		if (n <= 0)
			break;
		got = n;
		n = write_all(out, buf, got, out_pos);
		if (n <= 0)
			break;
		done += n;
		*in_pos += n;
		if ((size_t)n < want)
			break;
		sched_breathe();
		if (signal_kills(current))
			break;
	}
	kfree(buf);
	return done ? (ssize_t)done : n;
}

static int check_sendfile(struct file *in, struct file *out, int64_t pos, size_t count)
{
	if (pos < 0 || (ssize_t)count < 0 || count > (uint64_t)INT64_MAX - pos)
		return -EINVAL;
	if (!out || !file_writable(out))
		return -EBADF;
	if ((in->kind & FILE_STREAM) || S_ISDIR(in->inode->mode))
		return -EINVAL;
	if ((out->flags & O_APPEND) && !(out->kind & FILE_STREAM))
		return -EINVAL;
	if (out->ops->anon_name) /* an eventfd takes 8 bytes at a time: not from here, as Linux */
		return -EINVAL;
	return 0;
}

/* From *offset, or (NULL) from the source's position, which then moves. */
static ssize_t send_file(struct file *in, struct file *out, int64_t *offset, size_t count)
{
	uint64_t pos;
	ssize_t r;

	if (!in || !file_readable(in))
		return -EBADF;
	if (offset && (in->kind & FILE_STREAM))
		return -ESPIPE;
	pos = offset ? (uint64_t)*offset : in->pos;
	r = check_sendfile(in, out, pos, count);
	if (r || !count)
		return r;
	r = copy_bytes(in, &pos, out, NULL, MIN(count, MAX_RW_COUNT));
	if (offset)
		*offset = pos;
	else
		in->pos = pos;
	return r;
}

/* sendfile(2). */
long sys_sendfile(int out_fd, int in_fd, uaddr_t uoff, size_t count)
{
	struct file *in, *out;
	int64_t off = 0;
	ssize_t r;

	if (uoff && get_user(&off, uoff))
		return -EFAULT;
	in = fd_file(in_fd);
	out = fd_file(out_fd);
	r = send_file(in, out, uoff ? &off : NULL, count);
	if (out)
		file_put(out);
	if (in)
		file_put(in);
	if (uoff && put_user(uoff, off))
		return -EFAULT;
	return r;
}

/* One end of a copy_file_range: the file, and where in it. */
struct copy_end {
	struct file *file;
	uaddr_t uoff; /* the program's offset, or 0 for the file's own position */
	uint64_t pos;
};

static int copy_end_get(struct copy_end *e, int fd, uaddr_t uoff)
{
	e->uoff = uoff;
	e->file = fd_file(fd);
	if (!e->file)
		return -EBADF;
	e->pos = e->file->pos;
	if (uoff && get_user(&e->pos, uoff)) {
		file_put(e->file);
		return -EFAULT;
	}
	return 0;
}

static int copy_end_advance(struct copy_end *e)
{
	if (e->uoff)
		return put_user(e->uoff, e->pos);
	e->file->pos = e->pos;
	return 0;
}

/* Linux's generic_copy_file_checks: cuts *len at the end of the source. */
static int check_copy(const struct copy_end *in, const struct copy_end *out, size_t *len)
{
	const struct inode *a = in->file->inode, *b = out->file->inode;

	if (S_ISDIR(a->mode) || S_ISDIR(b->mode))
		return -EISDIR;
	if (!S_ISREG(a->mode) || !S_ISREG(b->mode))
		return -EINVAL;
	if (!file_readable(in->file) || !file_writable(out->file) || (out->file->flags & O_APPEND))
		return -EBADF;
	if (a->super != b->super)
		return -EXDEV;
	if ((int64_t)in->pos < 0 || (int64_t)out->pos < 0)
		return -EINVAL;
	if (*len > INT64_MAX - in->pos || *len > INT64_MAX - out->pos)
		return -EOVERFLOW;
	*len = in->pos >= a->size ? 0 : MIN(*len, a->size - in->pos);
	if (a == b && out->pos < in->pos + *len && in->pos < out->pos + *len)
		return -EINVAL;
	*len = MIN(*len, MAX_RW_COUNT);
	return 0;
}

static ssize_t copy_range(struct copy_end *in, struct copy_end *out, size_t len)
{
	ssize_t n = check_copy(in, out, &len);

	if (n || !len)
		return n;
	n = copy_bytes(in->file, &in->pos, out->file, &out->pos, len);
	if (n > 0 && (copy_end_advance(in) || copy_end_advance(out)))
		n = -EFAULT;
	return n;
}

/* copy_file_range(2). */
long sys_copy_file_range(int fd_in, uaddr_t off_in, int fd_out, uaddr_t off_out, size_t len,
			 unsigned flags)
{
	struct copy_end in, out;
	ssize_t r = copy_end_get(&in, fd_in, off_in);

	if (r)
		return r;
	r = copy_end_get(&out, fd_out, off_out);
	if (!r) {
		r = flags ? -EINVAL : copy_range(&in, &out, len);
		file_put(out.file);
	}
	file_put(in.file);
	return r;
}
