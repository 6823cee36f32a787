/* SPDX-License-Identifier: MIT */
/*
 * Devices. One table says which there are: number, name in /dev, mode and operations; device_open()
 * finds a driver in it for any device node on any file system, and /dev (a tmpfs, as Linux's
 * devtmpfs is) takes its nodes from it, each when a program first looks.
 */
#include "fs/blockdev.h"
#include "fs/mount.h"
#include "fs/tty_state.h"
#include "fs/vfs_internal.h"
#include "kernel/log.h"
#include "kernel/page.h"
#include "kernel/poll.h"
#include "kernel/random.h"
#include "kernel/signal.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/uaccess.h"
#include "kernel/wait.h"

#include <linux/eventpoll.h>
#include <linux/major.h>

/* ---- null, zero, full: drivers/char/mem.c's behaviour ---- */

static ssize_t null_read(struct file *f, struct iter *to, uint64_t *pos)
{
	return 0;
}

/* The program's buffer is not even looked at. */
#define ZERO_STEP (1ul << 20) /* of reading /dev/zero between two looks for signals */

static ssize_t null_write(struct file *f, struct iter *from, uint64_t *pos)
{
	size_t n = from->left;

	iter_advance(from, n);
	return n;
}

static ssize_t zero_read(struct file *f, struct iter *to, uint64_t *pos)
{
	size_t done = 0;

	while (to->left) {
		size_t n = MIN(to->left, ZERO_STEP), zeroed = iter_zero(to, n);

		done += zeroed;
		if (zeroed < n)
			return done ? (ssize_t)done : -EFAULT;
		sched_breathe();
		if (signal_pending(current))
			break;
	}
	return (ssize_t)done;
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

/* Looks up after each page, as Linux; true: a signal ends the call. */
static bool page_done(ssize_t done)
{
	if (!IS_ALIGNED((size_t)done, PAGE_SIZE))
		return false;
	sched_breathe();
	return signal_pending(current);
}

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
		if (page_done(done))
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
		if (page_done(done))
			break;
	}
	return done;
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
    .read = random_read, .write = random_write, .seek = noop_seek, .ioctl = random_ioctl};

/* ---- kmsg: what programs write is a line of our log; nothing can be read back ---- */

static ssize_t kmsg_write(struct file *f, struct iter *from, uint64_t *pos)
{
	char line[256], *text = line;
	size_t all = from->left, n = iter_read(from, line, MIN(all, sizeof(line) - 1));

	if (n < MIN(all, sizeof(line) - 1))
		return -EFAULT;
	iter_advance(from, from->left);
	line[n] = 0;
	if (*text == '<' && strchr(text, '>')) /* "<priority>" */
		text = strchr(text, '>') + 1;
	n = strlen(text);
	if (n && text[n - 1] == '\n')
		text[--n] = 0;
	log_info("kmsg: %s", text);
	return all;
}

/* The end of the log: nobody ever adds to it. */
static ssize_t kmsg_read(struct file *f, struct iter *to, uint64_t *pos)
{
	static struct wait_queue never = WAIT_QUEUE_INIT(never);

	return (f->flags & O_NONBLOCK) || to->nowait ? -EAGAIN
						     : wait_until(&never, false, NO_DEADLINE);
}

static unsigned kmsg_poll(struct file *f, struct poll_table *pt)
{
	return EPOLLOUT | EPOLLWRNORM;
}

static int64_t kmsg_seek(struct file *f, int64_t off, int whence)
{
	if (off)
		return -ESPIPE;
	return whence == SEEK_SET || whence == SEEK_DATA || whence == SEEK_END ? 0 : -EINVAL;
}

static const struct file_ops kmsg_ops = {
    .read = kmsg_read, .write = kmsg_write, .poll = kmsg_poll, .seek = kmsg_seek};

/* ---- the table ---- */

struct device {
	const char *name;
	unsigned major, minor;
	uint32_t mode;
	const struct file_ops *ops; /* NULL: the terminal */
	int absent; /* errno when there is no terminal; EIO: see is_other_terminal() */
};

static const struct device devices[] = {
    {"null", MEM_MAJOR, 3, 0666, &null_ops, 0},
    {"zero", MEM_MAJOR, 5, 0666, &zero_ops, 0},
    {"full", MEM_MAJOR, 7, 0666, &full_ops, 0},
    {"random", MEM_MAJOR, 8, 0666, &random_ops, 0},
    {"urandom", MEM_MAJOR, 9, 0666, &random_ops, 0},
    {"kmsg", MEM_MAJOR, 11, 0644, &kmsg_ops, 0},
    {"tty", TTYAUX_MAJOR, 0, 0666, NULL, ENXIO},
    {"console", TTYAUX_MAJOR, 1, 0600, NULL, ENODEV},
    {"ptmx", TTYAUX_MAJOR, 2, 0666, NULL, 0},
    {"ttyS0", TTY_MAJOR, 64, 0660, NULL, EIO},
};

static const struct device terminal = {"0", UNIX98_PTY_SLAVE_MAJOR, 0, 0620, NULL, EIO};

static const char *const links[][2] = {
    {"fd", "/proc/self/fd"},
    {"stdin", "/proc/self/fd/0"},
    {"stdout", "/proc/self/fd/1"},
    {"stderr", "/proc/self/fd/2"},
};

static bool is_device(const struct device *dev, const struct inode *in)
{
	return in->rdev == dev_make(dev->major, dev->minor);
}

static const struct device *find_device(const struct inode *in)
{
	if (!inode_is(in, S_IFCHR))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		if (is_device(&devices[i], in))
			return &devices[i];
	return is_device(&terminal, in) ? &terminal : NULL;
}

/* Nodes that exist only if they are the terminal's own: /dev/pts/0 or /dev/ttyS0. */
static bool is_other_terminal(const struct device *dev)
{
	return dev->absent == EIO && (!tty_present() || tty_is_serial() == (dev == &terminal));
}

/* Terminals: the process's own, a new pseudo-terminal's master, the one of that number. */
static int open_terminal(const struct device *dev, struct inode *in, unsigned flags,
			 struct file **out)
{
	if (dev->major == TTYAUX_MAJOR && dev->minor == 0)
		return tty_open_current(in, flags, out);
	if (dev->major == TTYAUX_MAJOR && dev->minor == 2)
		return pty_open_master(in, flags, out);
	return tty_present() ? tty_open(in, flags, out) : -dev->absent;
}

static int open_char(struct inode *in, unsigned flags, struct file **out)
{
	const struct device *dev = find_device(in);

	if (dev && !is_other_terminal(dev))
		return dev->ops ? file_new(dev->ops, in, flags & ~O_NOCTTY, 0, out)
				: open_terminal(dev, in, flags, out);
	if (dev_major(in->rdev) == UNIX98_PTY_SLAVE_MAJOR)
		return pty_open_slave(dev_minor(in->rdev), in, flags, out);
	return -ENXIO;
}

/* Open the device behind a node: 0, -EACCES (mounted nodev), -ENXIO (no such device), or the
 * driver's errno. */
int device_open(struct inode *in, struct dentry *d, unsigned flags, struct file **out)
{
	int r;

	if (place_has(d, MS_NODEV))
		return -EACCES;
	if (inode_is(in, S_IFBLK))
		return blockdev_open(in, flags, out);
	r = open_char(inode_get(in), flags, out);
	if (r)
		inode_put(in);
	return r;
}

/* ---- /dev and /dev/pts: nodes come into being when a program looks ---- */

/* Give dir its entry for a device or, with a target, a link. It is root's, whoever looked. */
static int add_entry(struct inode *dir, const char *name, uint32_t mode, uint64_t rdev,
		     const char *target)
{
	const struct inode_ops *ops = dir->ops;
	struct inode *in;
	int r;

	if (target)
		r = ops->symlink(dir, name, strlen(name), target, &in);
	else
		r = ops->create(dir, name, strlen(name), mode, rdev, &in);
	if (r)
		return r;
	in->uid = 0;
	in->gid = (mode & S_IFMT) == S_IFBLK ? BLOCKDEV_GID : 0;
	inode_put(in);
	return 0;
}

static int add_device(struct inode *dir, const struct device *dev)
{
	return add_entry(dir, dev->name, S_IFCHR | dev->mode, dev_make(dev->major, dev->minor),
			 NULL);
}

static bool wanted(const char *entry, const char *name, size_t len)
{
	return !name || (strlen(entry) == len && memcmp(entry, name, len) == 0);
}

static int disks_seed(struct inode *dir, const char *name, size_t len)
{
	static uint32_t made; /* as below */
	struct blockdev *b = blockdev_next(NULL);
	int r = 0;

	for (unsigned i = 0; !r && b && i < BLOCKDEV_MAX; i++, b = blockdev_next(b)) {
		char entry[BLOCKDEV_NAME_SIZE];

		blockdev_name(i, entry);
		if ((made & 1u << i) || !wanted(entry, name, len))
			continue;
		r = add_entry(dir, entry, S_IFBLK | 0660,
			      dev_make(BLOCKDEV_MAJOR, i * BLOCKDEV_MINORS), NULL);
		if (!r)
			made |= 1u << i;
	}
	return r;
}

/* Each name is made once: one that the program removed stays away. */
static int dev_seed(struct inode *dir, const char *name, size_t len)
{
	static uint32_t made; /* bits: devices, then links */
	int r = 0;

	for (size_t i = 0; !r && i < ARRAY_SIZE(devices) + ARRAY_SIZE(links); i++) {
		bool link = i >= ARRAY_SIZE(devices);
		const char *const *l = link ? links[i - ARRAY_SIZE(devices)] : NULL;
		const struct device *dev = link ? NULL : &devices[i];

		if ((made & 1u << i) || (dev && is_other_terminal(dev)) ||
		    !wanted(link ? l[0] : dev->name, name, len))
			continue;
		r = link ? add_entry(dir, l[0], 0, 0, l[1]) : add_device(dir, dev);
		if (!r)
			made |= 1u << i;
	}
	return r ? r : disks_seed(dir, name, len);
}

static int pts_seed(struct inode *dir, const char *name, size_t len)
{
	static bool made;
	int r;

	if (!made && !is_other_terminal(&terminal) && wanted(terminal.name, name, len)) {
		r = add_device(dir, &terminal);
		if (r)
			return r;
		made = true;
	}
	return pty_seed(dir, name, len);
}

/* The file system for /dev; there is one, as of those below. 0, -ENOMEM. */
int devfs_new(struct super **out)
{
	static struct super *only;
	int r = only ? 0 : tmpfs_new_typed("devtmpfs", dev_seed, &only);

	*out = only;
	return r;
}

static int pts_options(struct super *s, char *buf, size_t size)
{
	return scnprintf(buf, size, ",gid=5,mode=620,ptmxmode=000");
}

/* The file system for /dev/pts. 0, -ENOMEM. */
int devpts_new(struct super **out)
{
	static struct super *only;
	int r = only ? 0 : tmpfs_new_typed("devpts", pts_seed, &only);

	*out = only;
	if (r || only->volatile_names)
		return r;
	only->magic = DEVPTS_SUPER_MAGIC;
	only->volatile_names = true;
	only->show_options = pts_options;
	only->handles = NULL;
	only->statfs = NULL; /* no blocks */
	return 0;
}
