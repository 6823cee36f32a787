/* SPDX-License-Identifier: MIT */
/*
 * Who the program is: process, group, session, user and group ids, capabilities, and the names of
 * the system. The rules for changing ids are those of credentials(7). There are no capability sets
 * of their own: they follow from the user ids as Linux's do when nobody edits them.
 */
#include "syscalls/ident.h"

#include "kernel/process.h"
#include "kernel/utsname.h"
#include "syscalls/syscall.h"

#define NO_ID 0xffffffffu /* "leave as it is", never a valid id */

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
	return me->sid;
}

/* ---- user and group ids ---- */

#define CRED() (&current_process()->cred)

long sys_getuid(void)
{
	return CRED()->uid;
}

long sys_geteuid(void)
{
	return CRED()->euid;
}

long sys_getgid(void)
{
	return CRED()->gid;
}

long sys_getegid(void)
{
	return CRED()->egid;
}

static long put_ids(const uint32_t ids[3], const uaddr_t to[3])
{
	for (int i = 0; i < 3; i++)
		if (put_user(to[i], ids[i]))
			return -EFAULT;
	return 0;
}

long sys_getresuid(uaddr_t ruid, uaddr_t euid, uaddr_t suid)
{
	const struct cred *c = CRED();

	return put_ids((uint32_t[]){c->uid, c->euid, c->suid}, (uaddr_t[]){ruid, euid, suid});
}

long sys_getresgid(uaddr_t rgid, uaddr_t egid, uaddr_t sgid)
{
	const struct cred *c = CRED();

	return put_ids((uint32_t[]){c->gid, c->egid, c->sgid}, (uaddr_t[]){rgid, egid, sgid});
}

/* Users and groups change by the same rules: the four ids of one sort, in struct cred's order. */
struct ids {
	uint32_t real, effective, saved, fs;
};

_Static_assert(offsetof(struct cred, gid) == sizeof(struct ids),
	       "struct cred: four user ids, then four group ids");

static struct ids *user_ids(void)
{
	return (struct ids *)&CRED()->uid;
}

static struct ids *group_ids(void)
{
	return (struct ids *)&CRED()->gid;
}

/* Put new ids in force. A process whose identity changed is not dumpable any more (prctl(2),
 * PR_SET_DUMPABLE). */
static long commit(struct ids *to, struct ids new)
{
	struct process *p = current_process();

	spin_lock(&p->lock);
	if (to->effective != new.effective || to->fs != new.fs) {
		p->dumpable = false;
		p->pdeath_signal = 0;
	}
	*to = new;
	spin_unlock(&p->lock);
	return 0;
}

/* setuid(2), setgid(2) */
static long set_id(struct ids *to, uint32_t id, int cap)
{
	struct ids new = *to;

	if (id == NO_ID)
		return -EINVAL;
	if (capable(cap))
		new.real = new.saved = id;
	else if (id != to->real && id != to->saved)
		return -EPERM;
	new.effective = new.fs = id;
	return commit(to, new);
}

/* setreuid(2), setregid(2) */
static long set_re_id(struct ids *to, uint32_t real, uint32_t effective, int cap)
{
	struct ids new = *to;

	if (real != NO_ID) {
		if (real != to->real && real != to->effective && !capable(cap))
			return -EPERM;
		new.real = real;
	}
	if (effective != NO_ID) {
		if (effective != to->real && effective != to->effective && effective != to->saved &&
		    !capable(cap))
			return -EPERM;
		new.effective = effective;
	}
	if (real != NO_ID || (effective != NO_ID && effective != to->real))
		new.saved = new.effective;
	new.fs = new.effective;
	return commit(to, new);
}

static bool is_one_of(const struct ids *ids, uint32_t id)
{
	return id == NO_ID || id == ids->real || id == ids->effective || id == ids->saved;
}

/* setresuid(2), setresgid(2) */
static long set_res_id(struct ids *to, uint32_t real, uint32_t effective, uint32_t saved, int cap)
{
	struct ids new = *to;

	if (!(is_one_of(to, real) && is_one_of(to, effective) && is_one_of(to, saved)) &&
	    !capable(cap))
		return -EPERM;
	if (real != NO_ID)
		new.real = real;
	if (effective != NO_ID)
		new.effective = effective;
	if (saved != NO_ID)
		new.saved = saved;
	new.fs = new.effective;
	return commit(to, new);
}

/* setfsuid(2), setfsgid(2). Returns the id before, whether or not it was changed. */
static long set_fs_id(struct ids *to, uint32_t id, int cap)
{
	struct ids new = *to;

	new.fs = id;
	if (id != NO_ID && (id == to->fs || is_one_of(to, id) || capable(cap))) {
		uint32_t old = to->fs;

		commit(to, new);
		return old;
	}
	return to->fs;
}

long sys_setuid(uint32_t uid)
{
	return set_id(user_ids(), uid, CAP_SETUID);
}

long sys_setgid(uint32_t gid)
{
	return set_id(group_ids(), gid, CAP_SETGID);
}

long sys_setreuid(uint32_t ruid, uint32_t euid)
{
	return set_re_id(user_ids(), ruid, euid, CAP_SETUID);
}

long sys_setregid(uint32_t rgid, uint32_t egid)
{
	return set_re_id(group_ids(), rgid, egid, CAP_SETGID);
}

long sys_setresuid(uint32_t ruid, uint32_t euid, uint32_t suid)
{
	return set_res_id(user_ids(), ruid, euid, suid, CAP_SETUID);
}

long sys_setresgid(uint32_t rgid, uint32_t egid, uint32_t sgid)
{
	return set_res_id(group_ids(), rgid, egid, sgid, CAP_SETGID);
}

long sys_setfsuid(uint32_t fsuid)
{
	return set_fs_id(user_ids(), fsuid, CAP_SETUID);
}

long sys_setfsgid(uint32_t fsgid)
{
	return set_fs_id(group_ids(), fsgid, CAP_SETGID);
}

/* ---- supplementary groups ---- */

long sys_getgroups(int size, uaddr_t list)
{
	const struct cred *c = CRED();

	if (size < 0 || (size && (uint32_t)size < c->n_groups))
		return -EINVAL;
	if (size && copy_to_user(list, c->groups, c->n_groups * sizeof(c->groups[0])))
		return -EFAULT;
	return c->n_groups;
}

/* setgroups(2). Linux sorts what it is given, so that getgroups gives it back sorted. */
long sys_setgroups(int size, uaddr_t list)
{
	struct process *p = current_process();
	uint32_t groups[ARRAY_SIZE(p->cred.groups)];

	if (!capable(CAP_SETGID))
		return -EPERM;
	if ((unsigned)size > ARRAY_SIZE(groups))
		return -EINVAL;
	if (copy_from_user(groups, list, size * sizeof(groups[0])))
		return -EFAULT;
	for (int i = 1; i < size; i++)
		for (int k = i; k > 0 && groups[k - 1] > groups[k]; k--) {
			uint32_t g = groups[k];

			groups[k] = groups[k - 1];
			groups[k - 1] = g;
		}
	for (int i = 0; i < size; i++)
		if (groups[i] == NO_ID)
			return -EINVAL;
	spin_lock(&p->lock);
	for (int i = 0; i < size; i++)
		p->cred.groups[i] = groups[i];
	p->cred.n_groups = size;
	spin_unlock(&p->lock);
	return 0;
}

/* ---- capabilities ---- */

#define ALL_CAPS ((1ull << (CAP_LAST_CAP + 1)) - 1)

struct cap_sets {
	uint64_t effective, permitted, inheritable;
};

static struct cap_sets present_caps(void)
{
	const struct cred *c = CRED();
	bool root = c->uid == 0 || c->euid == 0 || c->suid == 0;

	return (struct cap_sets){c->euid == 0 ? ALL_CAPS : 0, root ? ALL_CAPS : 0, 0};
}

/* How many 32-bit words per set the header's version means: 1 or 2, or -EINVAL with the version we
 * prefer put there. */
static int cap_words(uaddr_t uhdr, struct __user_cap_header_struct *hdr)
{
	if (get_user(&hdr->version, uhdr))
		return -EFAULT;
	switch (hdr->version) {
	case _LINUX_CAPABILITY_VERSION_1:
		return 1;
	case _LINUX_CAPABILITY_VERSION_2:
	case _LINUX_CAPABILITY_VERSION_3:
		return 2;
	}
	if (put_user(uhdr, (uint32_t)_LINUX_CAPABILITY_VERSION_3))
		return -EFAULT;
	return -EINVAL;
}

static int cap_pid(uaddr_t uhdr, struct __user_cap_header_struct *hdr)
{
	return get_user(&hdr->pid, uhdr + offsetof(struct __user_cap_header_struct, pid));
}

long sys_capget(uaddr_t uhdr, uaddr_t udata)
{
	struct __user_cap_header_struct hdr;
	struct __user_cap_data_struct data[2];
	struct cap_sets caps = present_caps();
	int words = cap_words(uhdr, &hdr);

	if (words < 0 || !udata)
		return !udata && words == -EINVAL ? 0 : MIN(words, 0);
	if (cap_pid(uhdr, &hdr))
		return -EFAULT;
	if (hdr.pid < 0)
		return -EINVAL;
	if (!thread_by_id(hdr.pid))
		return -ESRCH;
	for (int i = 0; i < words; i++) {
		data[i].effective = caps.effective >> 32 * i;
		data[i].permitted = caps.permitted >> 32 * i;
		data[i].inheritable = caps.inheritable >> 32 * i;
	}
	return copy_to_user(udata, data, words * sizeof(data[0]));
}

long sys_capset(uaddr_t uhdr, uaddr_t udata)
{
	struct __user_cap_header_struct hdr;
	struct __user_cap_data_struct data[2] = {{0}};
	struct cap_sets new, old = present_caps();
	int words = cap_words(uhdr, &hdr);

	if (words < 0)
		return words;
	if (cap_pid(uhdr, &hdr))
		return -EFAULT;
	if (hdr.pid && hdr.pid != current->tid)
		return -EPERM;
	if (copy_from_user(data, udata, words * sizeof(data[0])))
		return -EFAULT;
	new.effective = (data[0].effective | (uint64_t)data[1].effective << 32) & ALL_CAPS;
	new.permitted = (data[0].permitted | (uint64_t)data[1].permitted << 32) & ALL_CAPS;
	new.inheritable = (data[0].inheritable | (uint64_t)data[1].inheritable << 32) & ALL_CAPS;
	return new.effective == old.effective &&new.permitted == old.permitted &&new.inheritable ==
		       old.inheritable
		   ? 0
		   : -EPERM;
}

/* ---- names of the system ---- */

long sys_uname(uaddr_t buf)
{
	struct new_utsname u;

	kernel_utsname(&u);
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
	old = p->fs->umask;
	p->fs->umask = mask & 0777;
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
