/* SPDX-License-Identifier: MIT */
/*
 * Devices. One table says which there are: number, name in /dev, mode and operations; device_open()
 * finds a driver in it for any device node on any file system, and /dev (a tmpfs, as Linux's
 * devtmpfs is) is filled from it.
 */
#include "fs/vfs_internal.h"
#include "kernel/page.h"
#include "kernel/random.h"
#include "kernel/signal.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/uaccess.h"

#include <linux/eventpoll.h>

/* ---- null, zero, full: drivers/char/mem.c's behaviour ---- */

static ssize_t null_read(struct file *f, struct iter *to, uint64_t *pos)
{
	return 0;
}

/* The program's buffer is not even looked at. */
static ssize_t null_write(struct file *f, struct iter *from, uint64_t *pos)
{
	size_t n = from->left;

	iter_advance(from, n);
	return n;
}

static ssize_t zero_read(struct file *f, struct iter *to, uint64_t *pos)
{
	size_t want = to->left, done = iter_zero(to, want);

	return done || !want ? (ssize_t)done : -EFAULT;
}

static ssize_t full_write(struct file *f, struct iter *from, uint64_t *pos)
{
	return -ENOSPC;
}

static int64_t null_seek(struct file *f, int64_t off, int whence)
{
	return f->pos = 0;
}

/* Anonymous memory: every page of a mapping is a new one. */
static int zero_map_page(struct file *f, uint64_t index, bool write, struct page **out)
{
	*out = page_alloc(0, PAGE_ZEROED);
	return *out ? 0 : -ENOMEM;
}

static const struct file_ops null_ops = {.read = null_read, .write = null_write, .seek = null_seek};
static const struct file_ops zero_ops = {
    .read = zero_read, .write = null_write, .seek = null_seek, .map_page = zero_map_page};
static const struct file_ops full_ops = {.read = zero_read, .write = full_write, .seek = null_seek};

/* ---- random, urandom: random(4); they differ in nothing here, the generator is always seeded ----
 */

static ssize_t random_read(struct file *f, struct iter *to, uint64_t *pos)
{
	uint8_t block[256];
	ssize_t done = 0;

	while (to->left) {
		size_t n = MIN(to->left, sizeof(block)), copied;

		random_bytes(block, n);
		copied = iter_write(to, block, n);
		done += copied;
		if (copied < n) {
			done = done ? done : -EFAULT;
			break;
		}
		if (IS_ALIGNED((size_t)done, PAGE_SIZE) && signal_pending(current))
			break;
	}
	memset(block, 0, sizeof(block));
	return done;
}

static ssize_t random_write(struct file *f, struct iter *from, uint64_t *pos)
{
	uint8_t block[256];
	ssize_t done = 0;

	while (from->left) {
		size_t n = MIN(from->left, sizeof(block)), copied = iter_read(from, block, n);

		random_mix(block, copied);
		done += copied;
		if (copied < n)
			return done ? done : -EFAULT;
	}
	return done;
}

static int64_t random_seek(struct file *f, int64_t off, int whence)
{
	return f->pos; /* accepted and without effect, as Linux's noop_llseek */
}

/* RNDADDENTROPY: struct rand_pool_info, bytes mixed in. */
static long add_entropy(struct file *f, uaddr_t arg)
{
	struct iter from;
	int head[2]; /* entropy_count, buf_size */
	ssize_t n;

	if (get_user(&head, arg))
		return -EFAULT;
	if (head[0] < 0 || head[1] < 0)
		return -EINVAL;
	iter_user(&from, arg + sizeof(head), head[1]);
	n = random_write(f, &from, NULL);
	return n < 0 ? n : n == head[1] ? 0 : -EFAULT;
}

static long random_ioctl(struct file *f, unsigned cmd, uaddr_t arg)
{
	int count;

	switch (cmd) {
	case RNDGETENTCNT:
		return put_user(arg, 256);
	case RNDADDTOENTCNT:
		if (!capable(CAP_SYS_ADMIN))
			return -EPERM;
		if (get_user(&count, arg))
			return -EFAULT;
		return count < 0 ? -EINVAL : 0;
	case RNDADDENTROPY:
		return capable(CAP_SYS_ADMIN) ? add_entropy(f, arg) : -EPERM;
	case RNDZAPENTCNT:
	case RNDCLEARPOOL:
	case RNDRESEEDCRNG:
		return capable(CAP_SYS_ADMIN) ? 0 : -EPERM;
	default:
		return -EINVAL;
	}
}

static const struct file_ops random_ops = {
    .read = random_read, .write = random_write, .seek = random_seek, .ioctl = random_ioctl};

/* ---- the table ---- */

struct device {
	const char *name;
	unsigned major, minor;
	uint32_t mode;
	const struct file_ops *ops; /* NULL: the terminal */
	int absent; /* errno when there is no terminal; EIO: then the node does not exist, either */
};

static const struct device devices[] = {
    {"null", MEM_MAJOR, 3, 0666, &null_ops, 0},
    {"zero", MEM_MAJOR, 5, 0666, &zero_ops, 0},
    {"full", MEM_MAJOR, 7, 0666, &full_ops, 0},
    {"random", MEM_MAJOR, 8, 0666, &random_ops, 0},
    {"urandom", MEM_MAJOR, 9, 0666, &random_ops, 0},
    {"tty", TTYAUX_MAJOR, 0, 0666, NULL, ENXIO},
    {"console", TTYAUX_MAJOR, 1, 0600, NULL, ENODEV},
    {"pts/0", UNIX98_PTY_SLAVE_MAJOR, 0, 0620, NULL, EIO},
};

static const char *const links[][2] = {
    {"fd", "/proc/self/fd"},
    {"stdin", "/proc/self/fd/0"},
    {"stdout", "/proc/self/fd/1"},
    {"stderr", "/proc/self/fd/2"},
};

static const struct device *find_device(const struct inode *in)
{
	if (!inode_is(in, S_IFCHR))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		if (in->rdev == dev_make(devices[i].major, devices[i].minor))
			return &devices[i];
	return NULL;
}

/* The terminal's open file, seen as the node it was opened by. */
static int open_terminal(const struct device *dev, struct inode *in, unsigned flags,
			 struct file **out)
{
	struct inode *own;
	int r = tty_present() ? tty_open(flags, out) : -dev->absent;

	if (r)
		return r;
	own = (*out)->inode;
	(*out)->inode = inode_get(in);
	inode_put(own);
	return 0;
}

/* Open the device behind a node: 0, -EACCES (mounted nodev), -ENXIO (no such device), or the
 * driver's errno. */
int device_open(struct inode *in, struct dentry *d, unsigned flags, struct file **out)
{
	const struct device *dev = find_device(in);
	int r;

	if (in->super->flags & MS_NODEV)
		return -EACCES;
	if (!dev)
		return -ENXIO;
	if (!dev->ops)
		return open_terminal(dev, in, flags, out);
	r = file_new(dev->ops, inode_get(in), flags, 0, out);
	if (r)
		inode_put(in);
	return r;
}

static int add_node(struct dentry *root, const struct device *dev)
{
	struct setattr mode = {.valid = ATTR_MODE, .mode = dev->mode};
	struct dentry *d;
	int r = vfs_mknod(root, dev->name, S_IFCHR | dev->mode, dev_make(dev->major, dev->minor));

	if (!r)
		r = vfs_lookup(root, dev->name, 0, &d);
	if (r)
		return r;
	r = vfs_setattr(d->inode, &mode); /* exactly, whatever the umask */
	dentry_put(d);
	return r;
}

/* The file system for /dev. 0, -ENOMEM. */
int devfs_new(struct super **out)
{
	int r = tmpfs_new_typed("devtmpfs", out);

	if (!r)
		r = vfs_mkdir((*out)->root, "pts", 0755);
	for (size_t i = 0; !r && i < ARRAY_SIZE(devices); i++)
		if (devices[i].absent != EIO || tty_present())
			r = add_node((*out)->root, &devices[i]);
	for (size_t i = 0; !r && i < ARRAY_SIZE(links); i++)
		r = vfs_symlink(links[i][1], (*out)->root, links[i][0]);
	return r;
}
