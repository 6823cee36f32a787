/* SPDX-License-Identifier: MIT */
/*
 * Making threads: clone(2) in both forms, with Linux's checks in Linux's order. A thread shares
 * everything with its process; a second process is not made.
 */
#include "kernel/log.h"
#include "syscalls/syscall.h"

#include <linux/sched.h>

#define SHARED_ALWAYS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)
#define NEW_NAMESPACES                                                                             \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |             \
	 CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWTIME)
#define LEGACY_FLAGS 0xffffffffull
#define SET_TID_MAX  32 /* Linux: MAX_PID_NS_LEVEL */

static bool both(uint64_t flags, uint64_t a, uint64_t b)
{
	return (flags & a) && (flags & b);
}

/* copy_process()'s checks. 0, -EINVAL, -EPERM, or -ENOSYS for what is not a thread. */
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
	if (flags & NEW_NAMESPACES)
		return -EPERM;
	return (flags & SHARED_ALWAYS) == SHARED_ALWAYS ? 0 : -ENOSYS;
}

/* Errors of the two stores are not reported, as on Linux. */
static void store_tids(const struct thread *t, const struct clone_args *a)
{
	if (a->flags & CLONE_PARENT_SETTID)
		(void)put_user(a->parent_tid, t->tid);
	if (a->flags & CLONE_CHILD_SETTID)
		(void)put_user(a->child_tid, t->tid);
}

/* a->stack is where the stack pointer starts, 0: the caller's. */
static long clone_thread(const struct clone_args *a)
{
	struct thread *t;
	int r = check_flags(a->flags), tid;

	if (r == -ENOSYS)
		log_info("a second process is asked for, flags %#lx: there is only one",
			 (unsigned long)a->flags);
	if (r == 0 && (a->flags & CLONE_SETTLS) && a->tls >= TASK_SIZE)
		r = -EPERM;
	if (r == 0)
		r = thread_clone(&t);
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
	thread_start(t);
	return tid;
}

long sys_clone(uint64_t flags, uaddr_t stack, uaddr_t parent_tid, uaddr_t child_tid, uint64_t tls)
{
	struct clone_args a = {
	    .flags = (uint32_t)flags & ~(uint64_t)CSIGNAL,
	    .parent_tid = parent_tid,
	    .child_tid = child_tid,
	    .stack = stack,
	    .tls = tls,
	};

	if ((flags & (CLONE_PIDFD | CLONE_PARENT_SETTID)) == (CLONE_PIDFD | CLONE_PARENT_SETTID))
		return -EINVAL; /* both would be stored at parent_tid */
	return clone_thread(&a);
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
	return clone_thread(&a);
}
