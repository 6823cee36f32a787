/* SPDX-License-Identifier: MIT */
/* pidfd_open(2). The file keeps the process's structure, not its number. */
#include "fs/pidfd.h"
#include "fs/proc/proc.h"
#include "fs/vfs.h"
#include "kernel/poll.h"
#include "kernel/process.h"

#include <linux/eventpoll.h>

static unsigned pidfd_poll(struct file *f, struct poll_table *pt)
{
	struct process *p = f->priv;

	poll_wait(pt, &p->exit_wq);
	if (!p->exited)
		return 0;
	return EPOLLIN | EPOLLRDNORM | (p->reaped ? EPOLLHUP : 0);
}

static void pidfd_release(struct file *f)
{
	process_put(f->priv);
}

static const struct file_ops pidfd_ops = {
    .poll = pidfd_poll,
    .release = pidfd_release,
    .anon_name = "[pidfd]",
};

int pidfd_new(struct process *p, unsigned flags, struct file **out)
{
	int r = vfs_anon_file(&pidfd_ops, p, O_RDWR | flags, out);

	if (!r)
		process_get(p);
	return r;
}

struct process *pidfd_process(struct file *f)
{
	return f->ops == &pidfd_ops ? f->priv : NULL;
}

int pidfd_or_dir(struct file *f, struct process **out)
{
	struct process *p = pidfd_process(f);
	int pid = p ? 0 : proc_file_pid(f);

	if (pid)
		p = process_find(pid);
	if (!p)
		return pid ? -ESRCH : -EBADF;
	*out = process_get(p);
	return 0;
}
