/* SPDX-License-Identifier: MIT */
/*
 * POSIX message queues. A queue is an inode of a tmpfs whose root directory makes queues instead of
 * files: names, rights and times are the VFS's. A message goes straight to a waiting receiver, if
 * there is one; a receiver lets the first waiting sender put its message in the place of the one it
 * took. Those who wait are served by priority (nice), then in turn.
 *
 * Locks: mq_lock for all queues.
 */
#include "fs/mqueue.h"

#include "fs/eventpoll.h"
#include "fs/tmpfs.h"
#include "kernel/clock.h"
#include "kernel/futex.h"
#include "kernel/heap.h"
#include "kernel/poll.h"
#include "kernel/process.h"
#include "kernel/string.h"
#include "kernel/uaccess.h"

#define FILE_SIZE    80	  /* of a queue, says stat(2) */
#define MSG_COST     48ul /* what a message and a priority cost, for RLIMIT_MSGQUEUE */
#define MQUEUE_MAGIC 0x19800202

struct message {
	struct list link;
	unsigned prio;
	size_t len;
	char text[];
};

/* One who waits for room (message: what it sends) or for a message (what it gets). */
struct mq_waiter {
	struct list link;
	int nice;
	bool done;
	struct message *message;
	struct wait_queue wq;
};

struct queue {
	struct list link;		/* of all queues */
	struct list messages;		/* highest priority first, then oldest */
	struct list receivers, senders; /* of struct mq_waiter */
	long n, max, size_max;
	size_t bytes;	      /* in messages */
	uint64_t cost;	      /* counted for RLIMIT_MSGQUEUE */
	uint32_t owner;	      /* for whom */
	struct process *told; /* referenced: who is to be told of a message; NULL: nobody */
	int notify, signo;
	uint64_t value;
	struct wait_queue poll_wq;
};

int mq_queues_max = 256, mq_msg_max = 10, mq_msgsize_max = 8192, mq_msg_default = 10,
    mq_msgsize_default = 8192;

static struct spinlock mq_lock;
static struct list queues = LIST_INIT(queues);
static int n_queues;
static struct mutex creating;		    /* outside of inode locks */
static const struct mq_attr *creating_attr; /* (creating) of what mq_open is just making */
static struct inode_ops dir_ops;

static const struct file_ops mq_ops;
static const struct inode_ops queue_ops;

static struct queue *queue_of(const struct file *f)
{
	return f->ops == &mq_ops ? f->inode->priv : NULL;
}

/* ---- making ---- */

static int check_attr(long max, long size)
{
	bool may = capable(CAP_SYS_RESOURCE);

	if (max <= 0 || size <= 0)
		return -EINVAL;
	if (max > (may ? HARD_MSG_MAX : mq_msg_max) ||
	    size > (may ? HARD_MSGSIZE_MAX : mq_msgsize_max))
		return -EINVAL;
	return 0;
}

/* What all queues made by a user count for. */
static uint64_t cost_of(uint32_t uid)
{
	struct queue *q;
	uint64_t sum = 0;

	list_for_each (q, &queues, link)
		if (q->owner == uid)
			sum += q->cost;
	return sum;
}

static int account(struct queue *q)
{
	q->owner = current->cred->uid;
	q->cost = q->max * MSG_COST + MIN(q->max, MQ_PRIO_MAX) * MSG_COST + q->max * q->size_max;
	if (cost_of(q->owner) + q->cost > current_process()->limits[RLIMIT_MSGQUEUE].rlim_cur)
		return -EMFILE;
	list_add_tail(&q->link, &queues);
	n_queues++;
	return 0;
}

static int queue_new(const struct mq_attr *attr, struct queue **out)
{
	long max = attr ? attr->mq_maxmsg : MIN(mq_msg_max, mq_msg_default);
	long size = attr ? attr->mq_msgsize : MIN(mq_msgsize_max, mq_msgsize_default);
	struct queue *q;
	int r = check_attr(max, size);

	if (r)
		return r;
	q = kzalloc(sizeof(*q));
	if (!q)
		return -ENOMEM;
	q->max = max;
	q->size_max = size;
	list_init(&q->messages);
	list_init(&q->receivers);
	list_init(&q->senders);
	spin_lock(&mq_lock);
	r = n_queues >= mq_queues_max && !capable(CAP_SYS_RESOURCE) ? -ENOSPC : account(q);
	spin_unlock(&mq_lock);
	if (r)
		kfree(q);
	else
		*out = q;
	return r;
}

static void stop_telling(struct queue *q)
{
	if (q->told)
		process_put(q->told);
	q->told = NULL;
}

static void queue_free(struct queue *q)
{
	struct message *m, *next;

	spin_lock(&mq_lock);
	list_del(&q->link);
	n_queues--;
	stop_telling(q);
	spin_unlock(&mq_lock);
	list_for_each_safe (m, next, &q->messages, link)
		kfree(m);
	kfree(q);
}

static int dir_create(struct inode *dir, const char *name, size_t len, uint32_t mode, uint64_t rdev,
		      struct inode **out)
{
	struct inode *in;
	struct queue *q;
	int r;

	if (!S_ISREG(mode))
		return -EPERM;
	r = queue_new(creating_attr, &q);
	if (r)
		return r;
	r = tmpfs_inode_new(dir->super, dir, mode, 0, &in);
	if (r) {
		queue_free(q);
		return r;
	}
	in->ops = &queue_ops;
	in->fops = &mq_ops;
	in->flags = 0;
	in->size = FILE_SIZE;
	in->priv = q;
	r = tmpfs_dir_add(dir, name, len, in);
	if (r) {
		inode_put(in);
		return r;
	}
	*out = inode_get(in);
	return 0;
}

static int queue_setattr(struct inode *in, const struct setattr *a)
{
	if (!(a->valid & ATTR_SIZE)) /* O_TRUNC is allowed, and does nothing */
		inode_apply_attr(in, a);
	return 0;
}

static void queue_destroy(struct inode *in)
{
	queue_free(in->priv);
	tmpfs_destroy(in);
}

static const struct inode_ops queue_ops = {
    .setattr = queue_setattr,
    .destroy = queue_destroy,
};

int mqueue_new(struct super **out)
{
	static struct super *only;
	struct inode *root;
	int r = only ? 0 : tmpfs_new_typed("mqueue", NULL, &only);

	*out = only;
	if (r || dir_ops.create)
		return r;
	only->magic = MQUEUE_MAGIC;
	only->statfs = NULL;
	only->show_options = NULL;
	only->handles = NULL;
	root = only->root;
	root->mode = S_IFDIR | S_ISVTX | 0777;
	root->uid = root->gid = 0;
	dir_ops = (struct inode_ops){.lookup = root->ops->lookup,
				     .create = dir_create,
				     .unlink = root->ops->unlink,
				     .setattr = root->ops->setattr,
				     .getattr = root->ops->getattr,
				     .destroy = root->ops->destroy};
	root->ops = &dir_ops;
	return 0;
}

/* A name without its slash, in the root directory. 0 or -errno. */
static int check_name(const char *name, struct dentry **root)
{
	static struct dentry *tree; /* the calls' own names, beside those of /dev/mqueue */
	struct super *s;
	int r = mqueue_new(&s);

	if (r)
		return r;
	if (!tree) {
		tree = dentry_alloc(NULL, "/", 1, 0, inode_get(s->root));
		if (!tree) {
			inode_put(s->root);
			return -ENOMEM;
		}
		s->n_trees++;
	}
	*root = tree;
	if (!strcmp(name, ".") || !strcmp(name, "..") || strchr(name, '/'))
		return -EACCES;
	return strlen(name) > NAME_MAX ? -ENAMETOOLONG : 0;
}

int mq_open_name(const char *name, unsigned flags, uint32_t mode, const struct mq_attr *attr,
		 struct file **out)
{
	struct dentry *root;
	int r = check_name(name, &root);

	if (r)
		return r;
	flags &= O_ACCMODE | O_CREAT | O_EXCL | O_NONBLOCK;
	if (!(flags & O_CREAT))
		flags &= ~(unsigned)O_EXCL;
	mutex_lock(&creating);
	creating_attr = attr;
	r = vfs_open(root, name, flags, mode, 0, out);
	creating_attr = NULL;
	mutex_unlock(&creating);
	return r;
}

int mq_unlink_name(const char *name)
{
	struct dentry *root;
	int r = check_name(name, &root);

	return r ? r : vfs_unlink(root, name);
}

/* ---- waiting ---- */

static bool is_done(const void *arg)
{
	const struct mq_waiter *w = arg;

	return READ_ONCE(w->done);
}

/* Wait in a list until served. 0, -ETIMEDOUT or -ERESTARTSYS. Called and left with mq_lock held. */
static int wait_in(struct list *where, struct mq_waiter *w, const struct futex_deadline *until)
{
	struct list *at = where->next;
	int r;

	w->nice = current->nice;
	while (at != where && list_entry(at, struct mq_waiter, link)->nice <= w->nice)
		at = at->next;
	list_add_before(&w->link, at);
	spin_unlock(&mq_lock);
	r = futex_sleep(&w->wq, is_done, w, until);
	spin_lock(&mq_lock);
	if (w->done)
		return 0;
	list_del(&w->link);
	return r;
}

static void serve(struct mq_waiter *w)
{
	list_del(&w->link);
	w->done = true;
	wait_wake_all(&w->wq);
}

/* ---- messages ---- */

static void put(struct queue *q, struct message *m)
{
	struct list *at = q->messages.prev;

	while (at != &q->messages && list_entry(at, struct message, link)->prio < m->prio)
		at = at->prev;
	list_add_head(&m->link, at);
	q->n++;
	q->bytes += m->len;
}

static struct message *take(struct queue *q)
{
	struct message *m = list_first(&q->messages, struct message, link);

	list_del(&m->link);
	q->n--;
	q->bytes -= m->len;
	return m;
}

/* The empty queue has got a message that nobody waited for. */
static void tell(struct queue *q)
{
	siginfo_t info = {0};

	if (!q->told || q->n != 1)
		return;
	if (q->notify == SIGEV_SIGNAL) {
		info.si_signo = q->signo;
		info.si_code = SI_MESGQ;
		info.si_pid = current_process()->pid;
		info.si_uid = current->cred->uid;
		info.si_value.sival_ptr = (void *)q->value;
		if (info.si_signo && !q->told->exited)
			(void)signal_send(q->told, &info);
	}
	stop_telling(q);
}

static void touch(struct inode *in)
{
	inode_modified(in);
	in->atime_ns = in->mtime_ns;
}

/* Hand the message on. False: there is no room. Lock held. */
static bool offer(struct queue *q, struct message *m)
{
	if (q->n >= q->max)
		return false;
	if (!list_empty(&q->receivers)) {
		struct mq_waiter *w = list_first(&q->receivers, struct mq_waiter, link);

		w->message = m;
		serve(w);
		return true;
	}
	put(q, m);
	tell(q);
	wait_wake_all(&q->poll_wq);
	return true;
}

static int message_new(uaddr_t text, size_t len, unsigned prio, struct message **out)
{
	struct message *m = kmalloc(sizeof(*m) + len);

	if (!m)
		return -ENOMEM;
	m->prio = prio;
	m->len = len;
	if (copy_from_user(m->text, text, len)) {
		kfree(m);
		return -EFAULT;
	}
	*out = m;
	return 0;
}

int mq_send(struct file *f, uaddr_t text, size_t len, unsigned prio,
	    const struct futex_deadline *until)
{
	struct queue *q = queue_of(f);
	struct mq_waiter w = {0};
	int r;

	if (!q || !file_writable(f))
		return -EBADF;
	if (len > (size_t)q->size_max)
		return -EMSGSIZE;
	r = message_new(text, len, prio, &w.message);
	if (r)
		return r;
	spin_lock(&mq_lock);
	if (!offer(q, w.message))
		r = f->flags & O_NONBLOCK ? -EAGAIN : wait_in(&q->senders, &w, until);
	spin_unlock(&mq_lock);
	if (r)
		kfree(w.message);
	else
		touch(f->inode);
	return r;
}

/* The message to receive; its place goes to a sender that waits. Lock held. */
static struct message *take_and_refill(struct queue *q)
{
	struct message *m = take(q);

	if (!list_empty(&q->senders)) {
		struct mq_waiter *w = list_first(&q->senders, struct mq_waiter, link);

		put(q, w->message);
		serve(w);
	}
	wait_wake_all(&q->poll_wq);
	return m;
}

long mq_receive(struct file *f, uaddr_t text, size_t len, unsigned *prio,
		const struct futex_deadline *until)
{
	struct queue *q = queue_of(f);
	struct mq_waiter w = {0};
	long r = 0;

	if (!q || !file_readable(f))
		return -EBADF;
	if (len < (size_t)q->size_max)
		return -EMSGSIZE;
	spin_lock(&mq_lock);
	if (q->n)
		w.message = take_and_refill(q);
	else
		r = f->flags & O_NONBLOCK ? -EAGAIN : wait_in(&q->receivers, &w, until);
	spin_unlock(&mq_lock);
	if (r)
		return r;
	touch(f->inode);
	*prio = w.message->prio;
	r = copy_to_user(text, w.message->text, w.message->len) ? -EFAULT : (long)w.message->len;
	kfree(w.message);
	return r;
}

/* ---- telling of messages ---- */

int mq_tell(struct file *f, const struct sigevent *ev)
{
	struct queue *q = queue_of(f);
	int r = 0;

	if (!q)
		return -EBADF;
	spin_lock(&mq_lock);
	if (!ev) {
		if (q->told == current_process())
			stop_telling(q);
	} else if (q->told) {
		r = -EBUSY;
	} else {
		q->told = process_get(current_process());
		q->notify = ev->sigev_notify;
		q->signo = ev->sigev_signo;
		q->value = (uint64_t)ev->sigev_value.sival_ptr;
	}
	spin_unlock(&mq_lock);
	if (r == 0)
		f->inode->atime_ns = f->inode->ctime_ns = clock_real_coarse_ns();
	return r;
}

int mq_attributes(struct file *f, const struct mq_attr *set, struct mq_attr *old)
{
	struct queue *q = queue_of(f);

	if (set && (set->mq_flags & ~O_NONBLOCK))
		return -EINVAL;
	if (!q)
		return -EBADF;
	if (old)
		*old = (struct mq_attr){.mq_flags = f->flags & O_NONBLOCK,
					.mq_maxmsg = q->max,
					.mq_msgsize = q->size_max,
					.mq_curmsgs = READ_ONCE(q->n)};
	if (set) {
		f->flags = (f->flags & ~(unsigned)O_NONBLOCK) | (unsigned)set->mq_flags;
		f->inode->atime_ns = f->inode->ctime_ns = clock_real_coarse_ns();
	}
	return 0;
}

/* ---- the file ---- */

/* Its state as text, for cat /dev/mqueue/NAME. */
static ssize_t mq_read(struct file *f, struct iter *to, uint64_t *pos)
{
	struct queue *q = queue_of(f);
	char text[FILE_SIZE];
	size_t len, n;

	spin_lock(&mq_lock);
	len = scnprintf(text, sizeof(text), "QSIZE:%-10lu NOTIFY:%-5d SIGNO:%-5d NOTIFY_PID:%-6d\n",
			q->bytes, q->told ? q->notify : 0,
			q->told && q->notify == SIGEV_SIGNAL ? q->signo : 0,
			q->told ? q->told->pid : 0);
	spin_unlock(&mq_lock);
	if (*pos >= len)
		return 0;
	n = iter_write(to, text + *pos, MIN(len - (size_t)*pos, to->left));
	*pos += n;
	f->inode->atime_ns = f->inode->ctime_ns = clock_real_coarse_ns();
	return n || !to->left ? (ssize_t)n : -EFAULT;
}

static unsigned mq_poll(struct file *f, struct poll_table *pt)
{
	struct queue *q = queue_of(f);

	poll_wait(pt, &q->poll_wq);
	return (q->n ? EPOLLIN | EPOLLRDNORM : 0u) | (q->n < q->max ? EPOLLOUT | EPOLLWRNORM : 0u);
}

static int64_t mq_seek(struct file *f, int64_t off, int whence)
{
	return generic_seek(f, off, whence, f->inode->size);
}

/* Whoever closes any descriptor of the queue is not told any more. */
static void mq_closed(struct file *f)
{
	struct queue *q = queue_of(f);

	spin_lock(&mq_lock);
	if (q->told == current_process())
		stop_telling(q);
	spin_unlock(&mq_lock);
}

static const struct file_ops mq_ops = {
    .read = mq_read,
    .poll = mq_poll,
    .seek = mq_seek,
    .closed = mq_closed,
};
