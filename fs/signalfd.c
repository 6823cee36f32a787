/* SPDX-License-Identifier: MIT */
/* signalfd(2): a file that reads pending signals of whoever reads it. */
#include "fs/timerfd.h"
#include "fs/vfs.h"
#include "kernel/poll.h"
#include "kernel/string.h"
#include "kernel/task.h"

#include <linux/eventpoll.h>
#include <linux/signalfd.h>

/* f->priv is the mask itself. */
static uint64_t mask_of(const struct file *f)
{
	return (uint64_t)f->priv;
}

static bool pending(const struct file *f)
{
	return (current->pending.set | current_process()->pending.set) & mask_of(f);
}

/* What a siginfo says besides its first three numbers depends on who sent it (Linux:
 * signalfd_copyinfo). */
static void convert(struct signalfd_siginfo *out, const siginfo_t *in)
{
	memset(out, 0, sizeof(*out));
	out->ssi_signo = in->si_signo;
	out->ssi_errno = in->si_errno;
	out->ssi_code = in->si_code;
	if (in->si_code == SI_TIMER) {
		out->ssi_tid = in->si_tid;
		out->ssi_overrun = in->si_overrun;
		out->ssi_ptr = (uint64_t)in->si_ptr;
		out->ssi_int = in->si_int;
	} else if (in->si_code > 0 && (SIGBIT(in->si_signo) & SIGSET_SYNCHRONOUS)) {
		out->ssi_addr = (uint64_t)in->si_addr;
	} else if (in->si_code == SI_SIGIO ||
		   (in->si_code > 0 && in->si_code <= NSIGPOLL && in->si_signo != SIGCHLD)) {
		out->ssi_band = (uint32_t)in->si_band;
		out->ssi_fd = in->si_fd;
	} else {
		out->ssi_pid = in->si_pid;
		out->ssi_uid = in->si_uid;
		if (in->si_code == SI_QUEUE || in->si_code == SI_MESGQ) {
			out->ssi_ptr = (uint64_t)in->si_ptr;
			out->ssi_int = in->si_int;
		}
	}
}

/* As many as fit. Returns bytes, -EINVAL (no room for one), -EAGAIN, -ERESTARTSYS, -EFAULT. */
static ssize_t signalfd_read(struct file *f, struct iter *to, uint64_t *pos)
{
	struct signalfd_siginfo out;
	siginfo_t info;
	ssize_t done = 0;
	int r;

	if (to->left < sizeof(out))
		return -EINVAL;
	while (to->left >= sizeof(out)) {
		if (!signal_dequeue(~mask_of(f), &info)) {
			if (done)
				break;
			if ((f->flags & O_NONBLOCK) || to->nowait)
				return -EAGAIN;
			r = wait_until(&current_process()->signalfd_wq, pending(f), NO_DEADLINE);
			if (r)
				return r;
			continue;
		}
		convert(&out, &info);
		if (iter_write(to, &out, sizeof(out)) != sizeof(out))
			return done ? done : -EFAULT;
		done += sizeof(out);
	}
	return done;
}

static unsigned signalfd_poll(struct file *f, struct poll_table *pt)
{
	poll_wait(pt, &current_process()->signalfd_wq);
	return pending(f) ? EPOLLIN : 0;
}

static const struct file_ops signalfd_ops = {
    .read = signalfd_read,
    .poll = signalfd_poll,
    .seek = noop_seek,
    .anon_name = "[signalfd]",
};

int signalfd_new(uint64_t mask, unsigned flags, struct file **out)
{
	int r = vfs_anon_file(&signalfd_ops, NULL, O_RDWR | (flags & O_NONBLOCK), out);

	return r ? r : signalfd_set(*out, mask);
}

int signalfd_set(struct file *f, uint64_t mask)
{
	if (f->ops != &signalfd_ops)
		return -EINVAL;
	f->priv = (void *)(mask & ~SIGSET_KERNEL_ONLY);
	wait_wake_all(&current_process()->signalfd_wq);
	return 0;
}
