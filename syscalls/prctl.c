/* SPDX-License-Identifier: MIT */
/*
 * prctl(2) and arch_prctl(2). Attributes that only matter to children, to another program image or
 * to a scheduler that has a choice are kept and given back; what cannot be granted here is refused
 * with the errno of a Linux built or configured without it.
 */
#include "kernel/string.h"
#include "kernel/x86_64/cpu.h"
#include "syscalls/cap.h"
#include "syscalls/seccomp.h"
#include "syscalls/syscall.h"

static long put_int(uaddr_t to, int value)
{
	return put_user(to, value);
}

static long set_name(uaddr_t uname)
{
	char name[sizeof(current->comm)] = {0};
	ssize_t n = strncpy_from_user(name, uname, sizeof(name) - 1);

	if (n < 0 && n != -ENAMETOOLONG)
		return n;
	memcpy(current->comm, name, sizeof(name));
	current->comm[sizeof(name) - 1] = '\0';
	return 0;
}

static long set_timer_slack(uint64_t ns)
{
	current->timer_slack_ns = ns == DEFAULT_TIMER_SLACK_NS ? 0 : ns;
	return 0;
}

/* A process-wide flag set from an argument that may be 0 or 1. */
static long set_flag(bool *flag, uint64_t value)
{
	if (value > 1)
		return -EINVAL;
	*flag = value;
	return 0;
}

static long set_no_new_privs(uint64_t arg2, uint64_t rest)
{
	if (arg2 != 1 || rest)
		return -EINVAL;
	current->no_new_privs = true;
	return 0;
}

/* Options about the machine. */
static long machine(int option, uint64_t arg2, uint64_t arg3, uint64_t arg4, uint64_t arg5)
{
	struct process *p = current_process();

	switch (option) {
	case PR_GET_TIMING:
		return PR_TIMING_STATISTICAL;
	case PR_SET_TIMING:
		return arg2 == PR_TIMING_STATISTICAL ? 0 : -EINVAL;
	case PR_GET_TSC:
		return put_int(arg2, PR_TSC_ENABLE);
	case PR_SET_TSC:
		return (int)arg2 == PR_TSC_ENABLE ? 0 : -EINVAL;
	case PR_TASK_PERF_EVENTS_DISABLE:
	case PR_TASK_PERF_EVENTS_ENABLE:
		return 0; /* there are none */
	case PR_MCE_KILL:
		return arg2 == PR_MCE_KILL_CLEAR && !(arg3 | arg4 | arg5) ? 0 : -EINVAL;
	case PR_MCE_KILL_GET:
		return arg2 | arg3 | arg4 | arg5 ? -EINVAL : PR_MCE_KILL_DEFAULT;
	case PR_GET_SPECULATION_CTRL:
		return arg3 | arg4 | arg5 ? -EINVAL : -ENODEV;
	case PR_SET_SPECULATION_CTRL:
		return arg4 | arg5 ? -EINVAL : -ENODEV;
	case PR_SET_THP_DISABLE:
		if (arg3 | arg4 | arg5)
			return -EINVAL;
		p->thp_disabled = arg2 != 0;
		return 0;
	case PR_GET_THP_DISABLE:
		return arg2 | arg3 | arg4 | arg5 ? -EINVAL : p->thp_disabled;
	}
	return -EINVAL;
}

long sys_prctl(int option, unsigned long arg2, unsigned long arg3, unsigned long arg4,
	       unsigned long arg5)
{
	struct process *p = current_process();
	uint64_t slack = current->timer_slack_ns;

	switch (option) {
	case PR_SET_PDEATHSIG:
		if (arg2 > N_SIGNALS)
			return -EINVAL;
		p->pdeath_signal = arg2;
		return 0;
	case PR_GET_PDEATHSIG:
		return put_int(arg2, p->pdeath_signal);
	case PR_GET_DUMPABLE:
		return p->dumpable;
	case PR_SET_DUMPABLE:
		return set_flag(&p->dumpable, arg2);
	case PR_SET_NAME:
		return set_name(arg2);
	case PR_GET_NAME:
		return copy_to_user(arg2, current->comm, sizeof(current->comm));
	case PR_SET_TIMERSLACK:
		return set_timer_slack(arg2);
	case PR_GET_TIMERSLACK:
		return slack ? slack : DEFAULT_TIMER_SLACK_NS;
	case PR_SET_CHILD_SUBREAPER:
		return set_flag(&p->child_subreaper, arg2 != 0);
	case PR_GET_CHILD_SUBREAPER:
		return put_int(arg2, p->child_subreaper);
	case PR_GET_TID_ADDRESS:
		return put_user(arg2, current->clear_child_tid);
	case PR_SET_MM:
		return capable(CAP_SYS_RESOURCE) ? -EINVAL : -EPERM;
	case PR_GET_KEEPCAPS:
	case PR_SET_KEEPCAPS:
	case PR_GET_SECUREBITS:
	case PR_SET_SECUREBITS:
	case PR_CAPBSET_READ:
	case PR_CAPBSET_DROP:
	case PR_CAP_AMBIENT:
		return prctl_caps(option, arg2, arg3, arg4, arg5);
	case PR_GET_SECCOMP:
		return seccomp_mode();
	case PR_SET_SECCOMP:
		return seccomp_prctl((int)arg2, arg3);
	case PR_SET_NO_NEW_PRIVS:
		return set_no_new_privs(arg2, arg3 | arg4 | arg5);
	case PR_GET_NO_NEW_PRIVS:
		return arg2 | arg3 | arg4 | arg5 ? -EINVAL : current->no_new_privs;
	}
	return machine(option, arg2, arg3, arg4, arg5);
}

/* ---- arch_prctl(2) ---- */

#ifndef ARCH_GET_XCOMP_SUPP
#define ARCH_GET_XCOMP_SUPP 0x1021
#define ARCH_GET_XCOMP_PERM 0x1022
#define ARCH_REQ_XCOMP_PERM 0x1023
#endif
#define XFEATURE_MAX 20

long sys_arch_prctl(int op, unsigned long addr)
{
	switch (op) {
	case ARCH_SET_FS:
		if (addr >= TASK_SIZE)
			return -EPERM;
		cpu_set_fs_base(addr);
		return 0;
	case ARCH_GET_FS:
		return put_user(addr, cpu_get_fs_base());
	case ARCH_SET_GS:
		return addr >= TASK_SIZE ? -EPERM : -EINVAL; /* the kernel's own */
	case ARCH_GET_GS:
		return put_user(addr, (uint64_t)0);
	case ARCH_GET_CPUID:
		return 1;
	case ARCH_SET_CPUID:
		return addr ? 0 : -ENODEV; /* no CPUID faulting */
	case ARCH_GET_XCOMP_SUPP:
	case ARCH_GET_XCOMP_PERM:
		return put_user(addr, cpu_xstate_mask());
	case ARCH_REQ_XCOMP_PERM:
		return addr < XFEATURE_MAX ? -EOPNOTSUPP : -EINVAL; /* none is optional */
	}
	return -EINVAL;
}
