/* SPDX-License-Identifier: MIT */
/* Waiting for children, and processes as descriptors: wait4(2), waitid(2), pidfd_open(2). */
#include "fs/mount.h"
#include "fs/pidfd.h"
#include "fs/sem.h"
#include "fs/vfs.h"
#include "kernel/process.h"
#include "kernel/string.h"
#include "syscalls/syscall.h"
#include "syscalls/util.h"

#include <linux/pidfd.h>
#include <linux/sched.h>
#include <linux/wait.h>

#define WAIT_COMMON (WNOHANG | __WNOTHREAD | __WCLONE | __WALL)
#define WAIT_EVENTS (WEXITED | WSTOPPED | WCONTINUED)

#define UNSHARE_OWN                                                                                \
	(CLONE_FS | CLONE_FILES | CLONE_SYSVSEM | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM)
#define UNSHARE_SPACES                                                                             \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |             \
	 CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWTIME)

static int put_rusage(uaddr_t to, const struct task_usage *u)
{
	struct rusage ru;

	rusage_of(u, &ru);
	return put_user(to, ru);
}

/* wait4(2). */
long sys_wait4(int pid, uaddr_t wstatus, int options, uaddr_t rusage)
{
	struct wait_request req = {.options = options | WEXITED};
	struct wait_result res;
	int r;

	if (options & ~(WAIT_COMMON | WUNTRACED | WCONTINUED))
		return -EINVAL;
	if (pid == INT32_MIN)
		return -ESRCH;
	if (pid > 0)
		req.pid = pid;
	else if (pid != -1)
		req.pgid = pid ? -pid : current_process()->pgid;
	r = process_wait(&req, &res);
	if (r || !res.pid)
		return r;
	if (wstatus && put_user(wstatus, res.status))
		return -EFAULT;
	if (rusage && put_rusage(rusage, &res.usage))
		return -EFAULT;
	return res.pid;
}

/* Whom waitid(2) means; *file keeps a process of a descriptor. 0, -EINVAL or -EBADF. */
static int wait_target(int idtype, int id, struct wait_request *req, struct file **file)
{
	switch (idtype) {
	case P_ALL:
		return 0;
	case P_PID:
		req->pid = id;
		return id <= 0 ? -EINVAL : 0;
	case P_PGID:
		req->pgid = id ? id : current_process()->pgid;
		return id < 0 ? -EINVAL : 0;
	case P_PIDFD:
		if (id < 0)
			return -EINVAL;
		*file = fd_file(id);
		req->process = *file ? pidfd_process(*file) : NULL;
		return req->process ? 0 : -EBADF;
	default:
		return -EINVAL;
	}
}

/* Only these members are stored, as Linux does. */
static int put_siginfo(uaddr_t to, const struct wait_result *res)
{
	siginfo_t si;

	memset(&si, 0, sizeof(si));
	if (res->pid) {
		si.si_signo = SIGCHLD;
		si.si_code = res->code;
		si.si_pid = res->pid;
		si.si_uid = res->uid;
		si.si_status = res->code == CLD_STOPPED	    ? res->status >> 8
			       : res->code == CLD_CONTINUED ? SIGCONT
							    : wait_status_value(res->status);
	}
	return copy_to_user(to, &si, offsetof(siginfo_t, si_status) + sizeof(si.si_status));
}

/* A non-blocking descriptor is asked without WNOHANG: EAGAIN instead of waiting. */
static long wait_found(const struct wait_request *req, bool nonblock, uaddr_t info, uaddr_t rusage)
{
	struct wait_result res;
	int r = process_wait(req, &res);

	if (!r && nonblock && !res.pid)
		return -EAGAIN;
	if (r)
		return r;
	if (rusage && res.pid && put_rusage(rusage, &res.usage))
		return -EFAULT;
	return info && put_siginfo(info, &res) ? -EFAULT : 0;
}

/* waitid(2). */
long sys_waitid(int idtype, int id, uaddr_t info, int options, uaddr_t rusage)
{
	struct wait_request req = {.options = options};
	struct file *file = NULL;
	bool nonblock;
	long r;

	if ((options & ~(WAIT_COMMON | WNOWAIT | WAIT_EVENTS)) || !(options & WAIT_EVENTS))
		return -EINVAL;
	r = wait_target(idtype, id, &req, &file);
	nonblock = file && (file->flags & O_NONBLOCK) && !(options & WNOHANG);
	if (nonblock)
		req.options |= WNOHANG;
	if (!r)
		r = wait_found(&req, nonblock, info, rusage);
	if (file)
		file_put(file);
	return r;
}

/* pidfd_open(2). */
long sys_pidfd_open(int pid, unsigned flags)
{
	struct process *p;
	struct file *f;
	int r;

	if (flags & ~PIDFD_NONBLOCK)
		return -EINVAL;
	if (pid <= 0)
		return -EINVAL;
	p = process_find(pid);
	if (!p)
		return thread_find(pid) ? -ENOENT : -ESRCH;
	r = pidfd_new(p, flags, &f);
	return r ? r : fd_new(f, true);
}

/* unshare(2): what a process may have in common with another; of namespaces only that of mounts. */
long sys_unshare(uint64_t flags)
{
	struct process *p = current_process();
	int r = 0;

	if (flags & ~(uint64_t)(UNSHARE_OWN | UNSHARE_SPACES))
		return -EINVAL;
	if (flags & UNSHARE_SPACES & ~(uint64_t)CLONE_NEWNS)
		return -EPERM;
	if (flags & CLONE_NEWNS) {
		if (!capable(CAP_SYS_ADMIN))
			return -EPERM;
		flags |= CLONE_FS;
	}
	/* Threads share all but their directories here. */
	if (p->n_threads > 1 && (flags & ~(uint64_t)(CLONE_SYSVSEM | CLONE_FS | CLONE_NEWNS)))
		return -EINVAL;
	if ((flags & (CLONE_SIGHAND | CLONE_VM)) && p->sighand->refs > 1)
		return -EINVAL;
	if ((flags & CLONE_VM) && p->mm->users > 1)
		return -EINVAL;
	if (flags & CLONE_SYSVSEM)
		sem_undo_all(p);
	if (flags & CLONE_FS)
		r = vfs_unshare_fs();
	if (!r && (flags & CLONE_NEWNS))
		r = mount_ns_copy(current->fs);
	if (!r && (flags & CLONE_FILES))
		r = process_unshare_files();
	return r;
}
