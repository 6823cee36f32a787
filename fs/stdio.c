/* SPDX-License-Identifier: MIT */
/*
 * The program's first descriptors as the host had them: a relayed stream looks like a pipe whose
 * other end is the host, a terminal is the terminal (fs/tty.c), /dev/null is the guest's own, a
 * closed one stays closed. Opening /proc/self/fd/1 or /dev/stdout again gives the same stream.
 */
#include "fs/stdio.h"
#include "fs/tty.h"
#include "fs/vfs.h"
#include "kernel/console.h"
#include "kernel/poll.h"
#include "kernel/task.h"
#include "kernel/uaccess.h"

#include <linux/eventpoll.h>

#define TTY_GID 5 /* Debian's group tty */

static const struct bootinfo *boot;
static const struct bi_std *std; /* what the descriptors are */
static unsigned input_opens;

/* ---- standard input ---- */

static ssize_t input_read(struct file *f, struct iter *to, uint64_t *pos)
{
	if (!to->left)
		return 0;
	return con_read(to, (f->flags & O_NONBLOCK) || to->nowait);
}

static unsigned input_poll(struct file *f, struct poll_table *pt)
{
	unsigned events = 0;

	poll_wait(pt, con_in_wq());
	if (con_in_available())
		events |= EPOLLIN | EPOLLRDNORM;
	if (con_in_eof())
		events |= EPOLLHUP;
	return events;
}

static long input_ioctl(struct file *f, unsigned cmd, uaddr_t arg)
{
	return cmd == FIONREAD ? put_user(arg, (int)con_in_available()) : -ENOTTY;
}

/* With the last reader gone, whoever writes on the host gets its EPIPE. */
static void input_release(struct file *f)
{
	if (--input_opens == 0)
		con_in_close();
}

static const struct file_ops input_ops = {
    .read = input_read,
    .poll = input_poll,
    .ioctl = input_ioctl,
    .release = input_release,
};

/* ---- standard output and error ---- */

static enum con_stream stream_of(const struct file *f)
{
	return (enum con_stream)(uintptr_t)f->inode->priv;
}

static ssize_t output_write(struct file *f, struct iter *from, uint64_t *pos)
{
	ssize_t r;

	if (!from->left)
		return 0;
	r = con_write(stream_of(f), from, (f->flags & O_NONBLOCK) || from->nowait);
	if (r == -EPIPE)
		signal_sigpipe();
	return r;
}

static unsigned output_poll(struct file *f, struct poll_table *pt)
{
	unsigned events = 0;

	poll_wait(pt, con_out_wq(stream_of(f)));
	if (con_out_ready(stream_of(f)))
		events |= EPOLLOUT | EPOLLWRNORM;
	if (con_out_error(stream_of(f)) == EPIPE)
		events |= EPOLLERR;
	return events;
}

static const struct file_ops output_ops = {
    .write = output_write,
    .poll = output_poll,
};

/* ---- opening ---- */

static struct inode_ops stream_inode_ops; /* those of any anonymous inode, and open */

/* Another open file for the stream behind `in`; it has one direction only. */
static int stream_open(struct inode *in, struct dentry *d, unsigned flags, struct file **out)
{
	bool input = in->fops == &input_ops;
	int r;

	if ((flags & O_ACCMODE) == (input ? O_WRONLY : O_RDONLY))
		return -ENXIO;
	r = file_new(in->fops, inode_get(in), flags, FILE_STREAM, out);
	if (r)
		inode_put(in);
	else if (input)
		input_opens++;
	return r;
}

static int stream_new(unsigned fd, struct file **out)
{
	struct inode *in;
	int r = vfs_anon_inode(S_IFIFO | 0600, &in);

	if (r)
		return r;
	if (!stream_inode_ops.open) {
		stream_inode_ops = *in->ops;
		stream_inode_ops.open = stream_open;
	}
	in->ops = &stream_inode_ops;
	in->fops = fd == 0 ? &input_ops : &output_ops;
	in->priv = (void *)(uintptr_t)(fd == 2 ? CON_ERR : CON_OUT);
	in->uid = boot->uid;
	in->gid = boot->gid;
	r = stream_open(in, NULL, fd == 0 ? O_RDONLY : O_WRONLY, out);
	inode_put(in);
	return r;
}

/* The terminal belongs to the user who runs the program, as a login or a container runtime
 * arranges. */
static int terminal_new(struct file **out)
{
	struct setattr owner = {.valid = ATTR_UID | ATTR_GID, .uid = boot->uid, .gid = TTY_GID};
	const char *path = tty_is_serial() ? "/dev/ttyS0" : "/dev/pts/0";
	int r = vfs_open(NULL, path, O_RDWR, 0, 0, out);

	if (!r)
		r = vfs_setattr((*out)->inode, NULL, &owner);
	return r;
}

/* An earlier descriptor that is the same open file on the host, or -1. A terminal is always one. */
static int same_as(unsigned fd)
{
	if (fd == 2 && (std[2].flags & BI_STDF_SAME_AS_1))
		return 1;
	for (unsigned i = 0; i < fd; i++)
		if (std[i].kind == BI_STD_TTY && std[fd].kind == BI_STD_TTY)
			return i;
	return -1;
}

/*
 * The file for descriptor fd, opened for the current process, whose lower descriptors are installed
 * already. 0 (*out is NULL for a closed one) or -errno.
 */
int stdio_open(unsigned fd, struct file **out)
{
	*out = NULL;
	if (std[fd].kind == BI_STD_CLOSED)
		return 0;
	if (same_as(fd) >= 0)
		*out = fd_get(current_process()->files, same_as(fd));
	if (*out)
		return 0;
	switch (std[fd].kind) {
	case BI_STD_NULL:
		return vfs_open(NULL, "/dev/null", O_RDWR, 0, 0, out);
	case BI_STD_TTY:
		return terminal_new(out);
	}
	return stream_new(fd, out);
}

void stdio_config(const struct bootinfo *bi, const struct bi_std kinds[3])
{
	struct tty_config tty = {
	    .input = kinds[0].kind == BI_STD_TTY,
	    .output = kinds[1].kind == BI_STD_TTY || kinds[2].kind == BI_STD_TTY,
	    .stream = kinds[1].kind == BI_STD_TTY ? CON_OUT : CON_ERR,
	    .rows = bi->tty_rows,
	    .cols = bi->tty_cols,
	    .serial = kinds != bi->std,
	    .process = current_process(),
	};

	boot = bi;
	std = kinds;
	if (tty.input || tty.output)
		tty_init(&tty);
}
