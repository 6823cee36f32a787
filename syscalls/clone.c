/* SPDX-License-Identifier: MIT */
/*
 * Making threads and processes: clone(2) in both forms, fork(2), vfork(2), with Linux's checks in
 * Linux's order. A thread shares all but its directories with its process; these, and what a
 * process shares, as it is asked.
 */
#include "fs/mount.h"
#include "fs/pidfd.h"
#include "kernel/log.h"
#include "kernel/process.h"
#include "syscalls/syscall.h"
#include "syscalls/util.h"

#include <linux/sched.h>

#define SHARED_ALWAYS (CLONE_VM | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)
#define NEW_NAMESPACES                                                                             \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |             \
	 CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWTIME)
#define LEGACY_FLAGS 0xffffffffull
#define SET_TID_MAX  32 /* Linux: MAX_PID_NS_LEVEL */

static bool both(uint64_t flags, uint64_t a, uint64_t b)
{
	return (flags & a) && (flags & b);
}

/* copy_process()'s checks. 0, -EINVAL, -EPERM, or -ENOSYS for a thread that is one in part only. */
static int check_flags(uint64_t flags)
{
	if (both(flags, CLONE_NEWNS | CLONE_NEWUSER, CLONE_FS))
		return -EINVAL;
	if ((flags & CLONE_THREAD) && !(flags & CLONE_SIGHAND))
		return -EINVAL;
	if ((flags & CLONE_SIGHAND) && !(flags & CLONE_VM))
		return -EINVAL;
	if (both(flags, CLONE_THREAD, CLONE_NEWUSER | CLONE_NEWPID))
		return -EINVAL;
	if (both(flags, CLONE_PIDFD, CLONE_DETACHED | CLONE_THREAD))
		return -EINVAL;
	if ((flags & NEW_NAMESPACES & ~(uint64_t)CLONE_NEWNS) ||
	    ((flags & CLONE_NEWNS) && !capable(CAP_SYS_ADMIN)))
		return -EPERM;
	if ((flags & CLONE_PARENT) && !current_process()->parent)
		return -EINVAL; /* as for an init: there would be no one to wait for it */
	return (flags & CLONE_THREAD) && (flags & SHARED_ALWAYS) != SHARED_ALWAYS ? -ENOSYS : 0;
}

/* Errors of the two stores are not reported, as on Linux. */
static void store_tids(struct thread *t, const struct clone_args *a)
{
	if (a->flags & CLONE_PARENT_SETTID)
		(void)put_user(a->parent_tid, t->tid);
	if ((a->flags & CLONE_CHILD_SETTID) && (a->flags & CLONE_VM))
		(void)put_user(a->child_tid, t->tid);
	if ((a->flags & CLONE_CHILD_SETTID) && !(a->flags & CLONE_VM))
		t->set_child_tid = a->child_tid; /* in its own memory: when it runs */
}

/* CLONE_PIDFD: a descriptor for the new process is stored at a->pidfd. 0 or -errno. */
static int store_pidfd(struct thread *t, const struct clone_args *a, int *fd)
{
	struct file *f;
	int r;

	*fd = -1;
	if (!(a->flags & CLONE_PIDFD))
		return 0;
	r = pidfd_new(t->process, 0, &f);
	if (r)
		return r;
	*fd = fd_new(f, true);
	if (*fd < 0)
		return *fd;
	if (put_user(a->pidfd, *fd) == 0)
		return 0;
	fd_close(current_process()->files, *fd);
	return -EFAULT;
}

/* A started child; with CLONE_VFORK, wait for it. */
static void wait_for_vfork(struct process *child)
{
	process_wait_vfork(child);
	process_put(child);
}

static int make(const struct clone_args *a, struct thread **out)
{
	int r = check_flags(a->flags), fd;

	if (r == -ENOSYS)
		log_info("a thread that does not share all: flags %#lx", (unsigned long)a->flags);
	if (r == 0 && (a->flags & CLONE_SETTLS) && a->tls >= TASK_SIZE)
		r = -EPERM;
	if (r)
		return r;
	if (a->flags & CLONE_THREAD)
		r = thread_clone(current_process(), a->flags & CLONE_FS, out);
	else
		r = process_fork(a->flags, (int)a->exit_signal, out);
	if (r == 0 && (a->flags & CLONE_NEWNS)) {
		r = mount_ns_copy((*out)->fs);
		if (r && (a->flags & CLONE_THREAD))
			thread_undo(*out);
		else if (r)
			process_unfork(*out);
	}
	if (r || (a->flags & CLONE_THREAD))
		return r;
	r = store_pidfd(*out, a, &fd);
	if (r)
		process_unfork(*out);
	return r;
}

/* a->stack is where the stack pointer starts, 0: the caller's. */
static long clone_any(const struct clone_args *a)
{
	struct process *child = NULL;
	struct thread *t;
	int r = make(a, &t), tid;

	if (r)
		return r;
	if (a->stack)
		t->regs->rsp = a->stack;
	if (a->flags & CLONE_SETTLS)
		t->fs_base = a->tls;
	if (a->flags & CLONE_CHILD_CLEARTID)
		t->clear_child_tid = a->child_tid;
	store_tids(t, a);
	tid = t->tid; /* it may be gone as soon as it has started */
	if (a->flags & CLONE_VFORK)
		child = process_get(t->process);
	thread_start(t);
	if (child)
		wait_for_vfork(child);
	return tid;
}

/* fork(2) */
long sys_fork(void)
{
	const struct clone_args a = {.exit_signal = SIGCHLD};

	return clone_any(&a);
}

/* vfork(2) */
long sys_vfork(void)
{
	const struct clone_args a = {.flags = CLONE_VM | CLONE_VFORK, .exit_signal = SIGCHLD};

	return clone_any(&a);
}

long sys_clone(uint64_t flags, uaddr_t stack, uaddr_t parent_tid, uaddr_t child_tid, uint64_t tls)
{
	struct clone_args a = {
	    .flags = (uint32_t)flags & ~(uint64_t)CSIGNAL,
	    .parent_tid = parent_tid,
	    .child_tid = child_tid,
	    .pidfd = parent_tid,
	    .exit_signal = flags & CSIGNAL,
	    .stack = stack,
	    .tls = tls,
	};

	if ((flags & (CLONE_PIDFD | CLONE_PARENT_SETTID)) == (CLONE_PIDFD | CLONE_PARENT_SETTID))
		return -EINVAL; /* both would be stored at parent_tid */
	return clone_any(&a);
}

/* The structure may be longer than we know if the rest is zero. */
static int fetch_args(uaddr_t uargs, size_t size, struct clone_args *a)
{
	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size < CLONE_ARGS_SIZE_VER0)
		return -EINVAL;
	if (copy_from_user(a, uargs, MIN(size, sizeof(*a))))
		return -EFAULT;
	for (size_t i = sizeof(*a); i < size; i++) {
		uint8_t byte;

		if (get_user(&byte, uargs + i))
			return -EFAULT;
		if (byte)
			return -E2BIG;
	}
	return 0;
}

static int check_args(const struct clone_args *a)
{
	if (a->set_tid_size > SET_TID_MAX || !a->set_tid != !a->set_tid_size)
		return -EINVAL;
	if ((a->exit_signal & ~(uint64_t)CSIGNAL) || a->exit_signal > N_SIGNALS)
		return -EINVAL;
	if (a->flags & ~(LEGACY_FLAGS | CLONE_CLEAR_SIGHAND | CLONE_INTO_CGROUP))
		return -EINVAL;
	if (a->flags & (CLONE_DETACHED | (CSIGNAL & ~CLONE_NEWTIME)))
		return -EINVAL;
	if (both(a->flags, CLONE_SIGHAND, CLONE_CLEAR_SIGHAND))
		return -EINVAL;
	if ((a->flags & (CLONE_THREAD | CLONE_PARENT)) && a->exit_signal)
		return -EINVAL;
	if (!a->stack != !a->stack_size)
		return -EINVAL;
	if (a->stack && !user_range_ok(a->stack, a->stack_size))
		return -EINVAL;
	return a->set_tid ? -EPERM : 0;
}

long sys_clone3(uaddr_t uargs, size_t size)
{
	struct clone_args a = {0};
	int r = fetch_args(uargs, size, &a);

	if (r == 0)
		r = check_args(&a);
	if (r)
		return r;
	a.stack += a.stack_size;
	return clone_any(&a);
}
