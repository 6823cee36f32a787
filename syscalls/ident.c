/* SPDX-License-Identifier: MIT */
/*
 * Who the program is: process, group and session ids, and the names of the system. User and group
 * ids: cred.c.
 */
#include "syscalls/ident.h"

#include "kernel/process.h"
#include "kernel/string.h"
#include "kernel/utsname.h"
#include "syscalls/syscall.h"

#include <linux/personality.h>

/* ---- process ids ---- */

struct thread *thread_by_id(int tid)
{
	return tid == 0 ? current : thread_find(tid);
}

long sys_getpid(void)
{
	return current_process()->pid;
}

long sys_gettid(void)
{
	return current->tid;
}

long sys_getppid(void)
{
	return process_ppid(current_process());
}

long sys_getpgrp(void)
{
	return current_process()->pgid;
}

long sys_getpgid(int pid)
{
	struct thread *t = thread_by_id(pid);

	return t ? t->process->pgid : -ESRCH;
}

long sys_getsid(int pid)
{
	struct thread *t = thread_by_id(pid);

	return t ? t->process->sid : -ESRCH;
}

/* Whom setpgid(2) may move: the caller and its children that have not called execve. */
static int check_movable(const struct process *p)
{
	const struct process *me = current_process();

	if (p != me) {
		if (p->parent != me)
			return -ESRCH;
		if (p->sid != me->sid)
			return -EPERM;
		if (p->did_exec)
			return -EACCES;
	}
	return p->sid == p->pid ? -EPERM : 0;
}

/* setpgid(2). */
long sys_setpgid(int pid, int pgid)
{
	struct process *me = current_process(), *p;
	int r;

	if (pid == 0)
		pid = me->pid;
	if (pgid == 0)
		pgid = pid;
	if (pgid < 0)
		return -EINVAL;
	p = process_find(pid);
	if (!p) /* a thread's number names no process */
		return thread_find(pid) ? -EINVAL : -ESRCH;
	r = check_movable(p);
	if (r)
		return r;
	if (pgid != pid && !group_exists(pgid, me->sid))
		return -EPERM;
	p->pgid = pgid;
	return 0;
}

/* setsid(2): a group leader may not, nor one whose number names a group. */
long sys_setsid(void)
{
	struct process *me = current_process(), *p;

	for_each_process(p) if (p->pgid == me->pid) return -EPERM;
	me->pgid = me->sid = me->pid;
	me->tty = NULL;
	me->hung_up_pgrp = 0;
	return me->sid;
}

/* ---- names of the system ---- */

/* personality(2), UNAME26: Linux MAJOR.x calls itself 2.6.(60 + x). */
static void old_release(char *release, size_t size)
{
	const char *minor = strchr(release, '.');
	unsigned n = 0;

	while (minor && *++minor >= '0' && *minor <= '9')
		n = n * 10 + (unsigned)(*minor - '0');
	scnprintf(release, size, "2.6.%u", 60 + n);
}

long sys_uname(uaddr_t buf)
{
	struct new_utsname u;

	kernel_utsname(&u);
	if (current_process()->personality & UNAME26)
		old_release(u.release, sizeof(u.release));
	return copy_to_user(buf, &u, sizeof(u));
}

static long set_name(void (*set)(const char *, size_t), uaddr_t uname, int len)
{
	char name[__NEW_UTS_LEN];

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (len < 0 || len > __NEW_UTS_LEN)
		return -EINVAL;
	if (copy_from_user(name, uname, len))
		return -EFAULT;
	set(name, len);
	return 0;
}

long sys_sethostname(uaddr_t name, int len)
{
	return set_name(kernel_set_hostname, name, len);
}

long sys_setdomainname(uaddr_t name, int len)
{
	return set_name(kernel_set_domainname, name, len);
}

/* ---- attributes of the process ---- */

long sys_umask(unsigned mask)
{
	struct process *p = current_process();
	uint32_t old;

	spin_lock(&p->lock);
	old = current->fs->umask;
	current->fs->umask = mask & 0777;
	spin_unlock(&p->lock);
	return old;
}

long sys_personality(unsigned persona)
{
	struct process *p = current_process();
	uint32_t old = p->personality;

	if (persona != 0xffffffff)
		p->personality = persona;
	return old;
}
