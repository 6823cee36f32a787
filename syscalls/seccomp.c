/* SPDX-License-Identifier: MIT */
/*
 * seccomp(2). A thread with a mode has its calls looked at in the slow path of dispatch; until the
 * first of the machine has one, nothing is different. Tracers and listeners do not exist:
 * SECCOMP_RET_TRACE and SECCOMP_RET_USER_NOTIF give ENOSYS, as on Linux without them.
 */
#include "syscalls/seccomp.h"

#include "kernel/log.h"
#include "kernel/process.h"
#include "kernel/seccomp.h"
#include "kernel/string.h"
#include "kernel/stubs.h"
#include "kernel/x86_64/entry.h"
#include "syscalls/syscall.h"

#include <linux/audit.h>
#include <linux/elf-em.h>
#include <linux/unistd.h>

#define FILTER_PENALTY 4 /* so many instructions more does Linux count for each earlier filter */
#define KNOWN_FLAGS                                                                                \
	(SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW |    \
	 SECCOMP_FILTER_FLAG_TSYNC_ESRCH)

struct user_fprog {
	uint16_t len;
	uaddr_t filter;
};

/* ---- when a call is made ---- */

static siginfo_t sigsys(const struct regs *regs, int data)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_signo = SIGSYS;
	info.si_code = SYS_SECCOMP;
	info.si_errno = data;
	info.si_call_addr = (void *)stubs_program_rip(regs);
	info.si_syscall = (int)regs->orig_rax;
	info.si_arch = AUDIT_ARCH_X86_64;
	return info;
}

static bool strict_allows(uint32_t nr)
{
	return nr == __NR_read || nr == __NR_write || nr == __NR_exit || nr == __NR_rt_sigreturn;
}

static void tell(uint32_t nr, const char *name, const char *what)
{
	log_info("seccomp: %s[%d]: %s (%u): %s", current->comm, current->tid,
		 name ? name : "system call", nr, what);
}

static bool enforce(const struct regs *regs, const char *name, uint32_t action, long *ret)
{
	uint32_t nr = regs->orig_rax, data = action & SECCOMP_RET_DATA;
	siginfo_t info;

	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
		return false;
	case SECCOMP_RET_LOG:
		tell(nr, name, "allowed");
		return false;
	case SECCOMP_RET_TRACE:
	case SECCOMP_RET_USER_NOTIF:
		*ret = -ENOSYS;
		return true;
	case SECCOMP_RET_ERRNO:
		*ret = -(long)MIN(data, 4095u);
		return true;
	case SECCOMP_RET_TRAP:
		info = sigsys(regs, (int)data);
		signal_force(&info);
		*ret = (long)regs->orig_rax; /* for the handler to see, and to replace */
		return true;
	case SECCOMP_RET_KILL_THREAD:
		tell(nr, name, "ends the thread");
		thread_exit(signal_exit_status(SIGSYS));
	}
	tell(nr, name, "ends the process");
	process_exit(signal_exit_status(SIGSYS));
}

bool seccomp_answer(const struct regs *regs, const char *name, long *ret)
{
	const struct seccomp_data data = {
	    .nr = (int)regs->orig_rax,
	    .arch = AUDIT_ARCH_X86_64,
	    .instruction_pointer = stubs_program_rip(regs),
	    .args = {regs->rdi, regs->rsi, regs->rdx, regs->r10, regs->r8, regs->r9},
	};
	const struct seccomp_filter *who;
	uint32_t action;

	if (current->seccomp_mode == SECCOMP_MODE_STRICT) {
		if (strict_allows(regs->orig_rax))
			return false;
		tell(regs->orig_rax, name, "ends the thread");
		thread_exit(signal_exit_status(SIGKILL));
	}
	action = seccomp_run(current->seccomp, &data, &who);
	if (who && who->log && (action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO)
		tell(regs->orig_rax, name, "fails");
	return enforce(regs, name, action, ret);
}

/* ---- modes ---- */

/* From now on the calls of all threads take the slow path. */
static void look_at_calls(void)
{
	syscall_limit = 0;
}

static long set_strict(void)
{
	if (current->seccomp_mode == SECCOMP_MODE_FILTER)
		return -EINVAL;
	current->seccomp_mode = SECCOMP_MODE_STRICT;
	look_at_calls();
	return 0;
}

/* The program's filter, checked: 0, -EFAULT, -EINVAL, -EACCES, -ENOMEM. */
static long read_filter(uaddr_t uprog, struct seccomp_filter **out)
{
	struct seccomp_filter *f;
	struct user_fprog prog;
	long r = 0;

	if (get_user(&prog, uprog))
		return -EFAULT;
	if (prog.len == 0 || prog.len > BPF_MAXINSNS)
		return -EINVAL;
	if (!current->no_new_privs && !capable(CAP_SYS_ADMIN))
		return -EACCES;
	f = seccomp_new(prog.len);
	if (!f)
		return -ENOMEM;
	if (copy_from_user(f->insn, prog.filter, prog.len * sizeof(f->insn[0])))
		r = -EFAULT;
	else
		r = seccomp_check(f);
	if (r)
		seccomp_put(f);
	else
		*out = f;
	return r;
}

/* The number of a thread whose filters are not among the caller's; 0: there is none. */
static int diverging_thread(void)
{
	struct thread *t;

	list_for_each (t, &current_process()->threads, process_link)
		if (t != current && t->state != THREAD_DEAD &&
		    (t->seccomp_mode == SECCOMP_MODE_STRICT ||
		     !seccomp_is_above(t->seccomp, current->seccomp)))
			return t->tid;
	return 0;
}

/* All threads of the process get what the caller has. */
static void synchronise(void)
{
	struct thread *t;

	list_for_each (t, &current_process()->threads, process_link) {
		if (t == current || t->state == THREAD_DEAD)
			continue;
		seccomp_get(current->seccomp);
		seccomp_put(t->seccomp);
		t->seccomp = current->seccomp;
		t->seccomp_mode = SECCOMP_MODE_FILTER;
		t->no_new_privs |= current->no_new_privs;
	}
}

static long install(struct seccomp_filter *f, unsigned flags)
{
	struct seccomp_filter *prev = current->seccomp;
	int other = flags & SECCOMP_FILTER_FLAG_TSYNC ? diverging_thread() : 0;

	f->total = f->len + (prev ? prev->total + FILTER_PENALTY : 0);
	if (f->total > SECCOMP_MAX_TOTAL)
		return -ENOMEM;
	if (other)
		return flags & SECCOMP_FILTER_FLAG_TSYNC_ESRCH ? -ESRCH : other;
	f->depth = prev ? prev->depth + 1 : 1;
	f->log = flags & SECCOMP_FILTER_FLAG_LOG;
	f->prev = prev; /* the thread's reference becomes the filter's */
	current->seccomp = seccomp_get(f);
	current->seccomp_mode = SECCOMP_MODE_FILTER;
	if (flags & SECCOMP_FILTER_FLAG_TSYNC)
		synchronise();
	look_at_calls();
	return 0;
}

static long set_filter(unsigned flags, uaddr_t uprog)
{
	struct seccomp_filter *f;
	long r;

	if (flags & ~KNOWN_FLAGS)
		return -EINVAL;
	r = read_filter(uprog, &f);
	if (r)
		return r;
	r = current->seccomp_mode == SECCOMP_MODE_STRICT ? -EINVAL : install(f, flags);
	seccomp_put(f);
	return r;
}

/* ---- the calls ---- */

static long action_avail(uaddr_t uaction)
{
	uint32_t action;

	if (get_user(&action, uaction))
		return -EFAULT;
	switch (action) {
	case SECCOMP_RET_KILL_PROCESS:
	case SECCOMP_RET_KILL_THREAD:
	case SECCOMP_RET_TRAP:
	case SECCOMP_RET_ERRNO:
	case SECCOMP_RET_TRACE:
	case SECCOMP_RET_LOG:
	case SECCOMP_RET_ALLOW:
		return 0;
	}
	return -EOPNOTSUPP;
}

static long notif_sizes(uaddr_t to)
{
	const struct seccomp_notif_sizes sizes = {sizeof(struct seccomp_notif),
						  sizeof(struct seccomp_notif_resp),
						  sizeof(struct seccomp_data)};

	return copy_to_user(to, &sizes, sizeof(sizes));
}

long sys_seccomp(unsigned op, unsigned flags, uaddr_t args)
{
	switch (op) {
	case SECCOMP_SET_MODE_STRICT:
		return flags || args ? -EINVAL : set_strict();
	case SECCOMP_SET_MODE_FILTER:
		return set_filter(flags, args);
	case SECCOMP_GET_ACTION_AVAIL:
		return flags ? -EINVAL : action_avail(args);
	case SECCOMP_GET_NOTIF_SIZES:
		return flags ? -EINVAL : notif_sizes(args);
	}
	return -EINVAL;
}

long seccomp_prctl(int mode, uint64_t arg)
{
	switch (mode) {
	case SECCOMP_MODE_STRICT:
		return set_strict();
	case SECCOMP_MODE_FILTER:
		return set_filter(0, arg);
	}
	return -EINVAL;
}

long seccomp_mode(void)
{
	return current->seccomp_mode;
}
