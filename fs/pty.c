/* SPDX-License-Identifier: MIT */
/*
 * Pseudo-terminals: pty(7). The slave is a terminal (fs/tty.c); the master reads its output queue
 * and types. /dev/pts/N is there from the opening of the master to its close.
 */
#include "fs/tty_state.h"
#include "fs/vfs_internal.h"
#include "kernel/heap.h"
#include "kernel/poll.h"
#include "kernel/process.h"
#include "kernel/string.h"
#include "kernel/uaccess.h"

#include <linux/eventpoll.h>
#include <linux/tty.h>

#define PTY_MAX	   4096u /* Linux: kernel.pty.max */
#define MINOR_BITS 8	 /* of TIOCGDEV, below the major; the others are above it */
#define CHUNK	   256
#define PTS_GROUP  5 /* Debian's group tty, as devpts is mounted there */

/* (l) t.lock */
struct pty {
	struct tty t;
	struct list link; /* of all, by index */
	unsigned index;
	unsigned refs;	      /* open files of both ends */
	unsigned slaves;      /* open files of the slave */
	bool was_open;	      /* a slave has been */
	bool locked;	      /* TIOCSPTLCK */
	bool packet;	      /* TIOCPKT */
	uint8_t status;	      /* (l) TIOCPKT_* to be told */
	struct wait_queue wq; /* the master's */
	uint32_t uid, gid;    /* of its node */
	bool has_node;
};

static struct list ptys = LIST_INIT(ptys);
static struct inode *devpts; /* the directory, once somebody looked */

static struct pty *pty_of(struct tty *t)
{
	return container_of(t, struct pty, t);
}

static struct pty *pty_find(unsigned index)
{
	struct pty *p;

	list_for_each (p, &ptys, link)
		if (p->index == index)
			return p;
	return NULL;
}

static bool slave_gone(const struct pty *p)
{
	return p->was_open && !p->slaves;
}

/* ---- the slave's driver ---- */

static int flush(struct tty *t)
{
	if (t->hung_up)
		return -EIO;
	if (t->n.out_head != t->n.out_tail)
		wait_wake_all(&pty_of(t)->wq);
	return n_tty_has_room(&t->n) ? 0 : -EAGAIN;
}

static int wait(struct tty *t)
{
	return wait_until(&t->write_wq, n_tty_has_room(&t->n) || READ_ONCE(t->hung_up),
			  NO_DEADLINE);
}

static bool ready(struct tty *t, struct poll_table *pt)
{
	return n_tty_has_room(&t->n) || t->hung_up;
}

static void resume(struct tty *t)
{
	wait_wake_all(&pty_of(t)->wq);
}

static void event(struct tty *t, uint8_t status)
{
	struct pty *p = pty_of(t);

	if (!p->packet)
		return;
	if (status & (TIOCPKT_STOP | TIOCPKT_START))
		p->status &= ~(TIOCPKT_STOP | TIOCPKT_START);
	if (status & (TIOCPKT_DOSTOP | TIOCPKT_NOSTOP))
		p->status &= ~(TIOCPKT_DOSTOP | TIOCPKT_NOSTOP);
	p->status |= status;
	wait_wake_all(&p->wq);
}

static void put(struct pty *p)
{
	if (--p->refs)
		return;
	list_del(&p->link);
	tty_forget(&p->t);
	kfree(p);
}

static int open_slave(struct tty *t)
{
	struct pty *p = pty_of(t);

	if (p->locked || t->hung_up)
		return -EIO;
	p->refs++;
	p->slaves++;
	p->was_open = true;
	return 0;
}

static void close_slave(struct tty *t)
{
	struct pty *p = pty_of(t);

	if (--p->slaves == 0) {
		tty_forget(t);
		wait_wake_all(&p->wq);
	}
	put(p);
}

static const struct tty_driver driver = {
    .flush = flush,
    .wait = wait,
    .ready = ready,
    .resume = resume,
    .event = event,
    .open = open_slave,
    .close = close_slave,
    .hung_up_events = EPOLLERR | EPOLLOUT | EPOLLWRNORM,
};

/* ---- the master: reading ---- */

static bool has_output(const struct pty *p)
{
	return (!p->t.n.stopped && p->t.n.out_head != p->t.n.out_tail) || (p->packet && p->status);
}

/* Take bytes the slave shows; with packets one before them says what they are. Bytes, -EFAULT. */
static ssize_t take_output(struct pty *p, struct iter *to)
{
	uint8_t buf[CHUNK + 1], *at = buf;
	const uint8_t *data;
	size_t n = 0;

	spin_lock(&p->t.lock);
	if (p->packet) {
		*at++ = p->status;
		n = p->status ? 0 : MIN(to->left - 1, (size_t)CHUNK);
		p->status = 0;
	} else {
		n = MIN(to->left, (size_t)CHUNK);
	}
	n = n ? MIN(n_tty_to_show(&p->t.n, &data), n) : 0;
	if (n)
		memcpy(at, data, n);
	n_tty_shown(&p->t.n, n);
	spin_unlock(&p->t.lock);
	n += at - buf;
	return iter_write(to, buf, n) == n ? (ssize_t)n : -EFAULT;
}

static ssize_t master_read(struct file *f, struct iter *to, uint64_t *pos)
{
	struct pty *p = f->priv;
	ssize_t done = 0, n = 0;
	int r;

	if (!to->left)
		return 0;
	while (!has_output(p)) {
		if (slave_gone(p))
			return -EIO;
		if ((f->flags & O_NONBLOCK) || to->nowait)
			return -EAGAIN;
		r = wait_until(&p->wq, has_output(p) || slave_gone(p), NO_DEADLINE);
		if (r)
			return r;
	}
	do {
		n = take_output(p, to);
		done += n > 0 ? n : 0;
	} while (n > 0 && !p->packet && to->left && has_output(p));
	wait_wake_all(&p->t.write_wq);
	return done ? done : n;
}

/* ---- the master: typing ---- */

static ssize_t master_write(struct file *f, struct iter *from, uint64_t *pos)
{
	struct pty *p = f->priv;
	uint8_t buf[CHUNK];
	ssize_t done = 0;
	int r = 0;

	while (from->left && !r) {
		size_t n, took;

		if (!p->slaves)
			return done ? done : -EIO;
		n = iter_read(from, buf, sizeof(buf));
		if (!n)
			return done ? done : -EFAULT;
		took = tty_type(&p->t, buf, n);
		iter_revert(from, n - took);
		done += took;
		if (took == n)
			continue;
		if ((f->flags & O_NONBLOCK) || from->nowait)
			r = -EAGAIN;
		else
			r = wait_until(&p->wq, n_tty_takes(&p->t.n) || !p->slaves, NO_DEADLINE);
	}
	return done ? done : r;
}

static unsigned master_poll(struct file *f, struct poll_table *pt)
{
	struct pty *p = f->priv;
	unsigned events = 0;

	poll_wait(pt, &p->wq);
	if (has_output(p))
		events |= EPOLLIN | EPOLLRDNORM;
	if (p->packet && p->status)
		events |= EPOLLPRI;
	if (slave_gone(p))
		events |= EPOLLHUP | EPOLLIN | EPOLLRDNORM;
	else if (n_tty_takes(&p->t.n))
		events |= EPOLLOUT | EPOLLWRNORM;
	return events;
}

/* ---- the master: ioctl ---- */

static int set_flag(bool *flag, uaddr_t arg)
{
	int on;

	if (get_user(&on, arg))
		return -EFAULT;
	*flag = on;
	return 0;
}

/* TIOCGPTPEER: the slave without its name. */
static long open_peer(struct pty *p, unsigned flags)
{
	char path[24];
	struct file *f;
	int r;

	snprintf(path, sizeof(path), "/dev/pts/%u", p->index);
	r = vfs_open(NULL, path, flags & ~O_CLOEXEC, 0, 0, &f);
	if (r)
		return r;
	r = fd_install(current_process()->files, f, 0, flags & O_CLOEXEC);
	if (r < 0)
		file_put(f);
	return r;
}

static long master_ioctl(struct file *f, unsigned cmd, uaddr_t arg)
{
	struct pty *p = f->priv;
	long r;

	switch (cmd) {
	case TIOCGPTN:
		return put_user(arg, p->index);
	case TIOCSPTLCK:
		return set_flag(&p->locked, arg);
	case TIOCGPTLCK:
		return put_user(arg, (int)p->locked);
	case TIOCGPTPEER:
		return open_peer(p, arg);
	case TIOCPKT:
		p->status = 0;
		return set_flag(&p->packet, arg);
	case TIOCGPKT:
		return put_user(arg, (int)p->packet);
	case TIOCINQ:
		return put_user(arg, (int)(p->t.n.out_head - p->t.n.out_tail));
	case TIOCSIG:
		if (arg != SIGINT && arg != SIGQUIT && arg != SIGTSTP)
			return -EINVAL;
		tty_raise(&p->t, SIGBIT(arg));
		return 0;
	}
	r = tty_settings_ioctl(&p->t, cmd, arg);
	return r == -ENOTTY ? tty_session_ioctl(&p->t, f, true, cmd, arg) : r;
}

/* ---- opening and closing ---- */

/* Take the node away: names in /dev/pts are looked up anew each time. */
static void remove_node(struct pty *p)
{
	struct inode *dir, *in;
	char name[12];
	int n = snprintf(name, sizeof(name), "%u", p->index);

	if (!p->has_node)
		return;
	dir = devpts;
	mutex_lock(&dir->lock);
	if (dir->ops->lookup(dir, name, n, &in) == 0) {
		dir->ops->unlink(dir, name, n, in);
		inode_put(in);
	}
	mutex_unlock(&dir->lock);
}

static void master_release(struct file *f)
{
	struct pty *p = f->priv;

	p->locked = true;
	remove_node(p);
	p->has_node = true; /* never again */
	tty_hang_up(&p->t);
	put(p);
}

static const struct file_ops master_ops = {
    .read = master_read,
    .write = master_write,
    .poll = master_poll,
    .ioctl = master_ioctl,
    .release = master_release,
};

/* Give p the lowest number that is free, and its place in the list. 0 or -ENOSPC. */
static int enlist(struct pty *p)
{
	struct list *before = &ptys;
	struct pty *other;

	p->index = tty_present() && !tty_is_serial();
	list_for_each (other, &ptys, link) {
		if (other->index != p->index)
			break;
		p->index++;
		before = &other->link;
	}
	if (p->index >= PTY_MAX)
		return -ENOSPC;
	list_add_head(&p->link, before);
	return 0;
}

/* 0, -ENOSPC (too many), -ENOMEM. Takes over `in` on success. */
int pty_open_master(struct inode *in, unsigned flags, struct file **out)
{
	struct pty *p = kzalloc(sizeof(*p));
	int r = p ? enlist(p) : -ENOMEM;

	if (r)
		goto fail;
	r = file_new(&master_ops, in, flags & ~O_NOCTTY, FILE_STREAM, out);
	if (r) {
		list_del(&p->link);
		goto fail;
	}
	(*out)->priv = p;
	tty_setup(&p->t, &driver,
		  UNIX98_PTY_SLAVE_MAJOR << MINOR_BITS | (p->index & 0xff) |
		      (p->index >> MINOR_BITS) << 20);
	wait_queue_init(&p->wq);
	p->refs = 1;
	p->locked = true;
	p->uid = vfs_cred()->fsuid;
	p->gid = PTS_GROUP;
	return 0;
fail:
	kfree(p);
	return r;
}

int pty_open_slave(unsigned index, struct inode *in, unsigned flags, struct file **out)
{
	struct pty *p = pty_find(index);
	int r = p ? open_slave(&p->t) : -ENXIO;

	if (r)
		return r;
	r = tty_open_file(&p->t, in, flags, out);
	if (r)
		close_slave(&p->t);
	return r;
}

/* ---- /dev/pts ---- */

int pty_seed(struct inode *dir, const char *name, size_t len)
{
	struct pty *p;

	devpts = dir;
	list_for_each (p, &ptys, link) {
		struct inode *in;
		char entry[12];
		int n = snprintf(entry, sizeof(entry), "%u", p->index), r;

		if (p->has_node || (name && ((size_t)n != len || memcmp(entry, name, len))))
			continue;
		r = dir->ops->create(dir, entry, n, S_IFCHR | 0620,
				     dev_make(UNIX98_PTY_SLAVE_MAJOR, p->index), &in);
		if (r)
			return r;
		in->uid = p->uid;
		in->gid = p->gid;
		inode_put(in);
		p->has_node = true;
	}
	return 0;
}
