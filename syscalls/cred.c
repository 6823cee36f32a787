/* SPDX-License-Identifier: MIT */
/* User and group ids: setuid(2) and its relatives, supplementary groups. The rules are those of
 * credentials(7). */
#include "kernel/heap.h"
#include "kernel/task.h"
#include "syscalls/syscall.h"

#define NO_ID 0xffffffffu /* "leave as it is", never a valid id */

long sys_getuid(void)
{
	return current->cred->uid;
}

long sys_geteuid(void)
{
	return current->cred->euid;
}

long sys_getgid(void)
{
	return current->cred->gid;
}

long sys_getegid(void)
{
	return current->cred->egid;
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
	const struct cred *c = current->cred;

	return put_ids((uint32_t[]){c->uid, c->euid, c->suid}, (uaddr_t[]){ruid, euid, suid});
}

long sys_getresgid(uaddr_t rgid, uaddr_t egid, uaddr_t sgid)
{
	const struct cred *c = current->cred;

	return put_ids((uint32_t[]){c->gid, c->egid, c->sgid}, (uaddr_t[]){rgid, egid, sgid});
}

/* Users and groups change by the same rules: the four ids of one sort, in struct cred's order. */
struct ids {
	uint32_t real, effective, saved, fs;
};

_Static_assert(offsetof(struct cred, fsuid) - offsetof(struct cred, uid) ==
		       offsetof(struct ids, fs) &&
		   offsetof(struct cred, fsgid) - offsetof(struct cred, gid) ==
		       offsetof(struct ids, fs),
	       "struct cred: four user ids, four group ids");

enum id_sort { USER, GROUP };

static struct ids *ids_of(struct cred *c, enum id_sort sort)
{
	return (struct ids *)(sort == USER ? &c->uid : &c->gid);
}

static const struct ids *own_ids(enum id_sort sort)
{
	return ids_of(current->cred, sort);
}

static bool may_set(enum id_sort sort)
{
	return capable(sort == USER ? CAP_SETUID : CAP_SETGID);
}

/* Put new ids in force, with what follows for the capabilities. */
static long commit(enum id_sort sort, struct ids new, void (*fix)(struct cred *c))
{
	struct cred *c = cred_dup();

	if (!c)
		return -ENOMEM;
	*ids_of(c, sort) = new;
	if (sort == USER)
		fix(c);
	cred_commit(c);
	return 0;
}

/* setuid(2), setgid(2) */
static long set_id(enum id_sort sort, uint32_t id)
{
	const struct ids *old = own_ids(sort);
	struct ids new = *old;

	if (id == NO_ID)
		return -EINVAL;
	if (may_set(sort))
		new.real = new.saved = id;
	else if (id != old->real && id != old->saved)
		return -EPERM;
	new.effective = new.fs = id;
	return commit(sort, new, cred_fix_setuid);
}

/* setreuid(2), setregid(2) */
static long set_re_id(enum id_sort sort, uint32_t real, uint32_t effective)
{
	const struct ids *old = own_ids(sort);
	struct ids new = *old;

	if (real != NO_ID) {
		if (real != old->real && real != old->effective && !may_set(sort))
			return -EPERM;
		new.real = real;
	}
	if (effective != NO_ID) {
		if (effective != old->real && effective != old->effective &&
		    effective != old->saved && !may_set(sort))
			return -EPERM;
		new.effective = effective;
	}
	if (real != NO_ID || (effective != NO_ID && effective != old->real))
		new.saved = new.effective;
	new.fs = new.effective;
	return commit(sort, new, cred_fix_setuid);
}

static bool is_one_of(const struct ids *ids, uint32_t id)
{
	return id == NO_ID || id == ids->real || id == ids->effective || id == ids->saved;
}

/* setresuid(2), setresgid(2) */
static long set_res_id(enum id_sort sort, uint32_t real, uint32_t effective, uint32_t saved)
{
	const struct ids *old = own_ids(sort);
	struct ids new = *old;

	if (!(is_one_of(old, real) && is_one_of(old, effective) && is_one_of(old, saved)) &&
	    !may_set(sort))
		return -EPERM;
	if (real != NO_ID)
		new.real = real;
	if (effective != NO_ID)
		new.effective = effective;
	if (saved != NO_ID)
		new.saved = saved;
	new.fs = new.effective;
	return commit(sort, new, cred_fix_setuid);
}

/* setfsuid(2), setfsgid(2). Returns the id before, whether or not it was changed. */
static long set_fs_id(enum id_sort sort, uint32_t id)
{
	struct ids new = *own_ids(sort);
	uint32_t old = new.fs;

	if (id == NO_ID || id == old || !(is_one_of(&new, id) || may_set(sort)))
		return old;
	new.fs = id;
	(void)commit(sort, new, cred_fix_setfsuid);
	return old;
}

long sys_setuid(uint32_t uid)
{
	return set_id(USER, uid);
}

long sys_setgid(uint32_t gid)
{
	return set_id(GROUP, gid);
}

long sys_setreuid(uint32_t ruid, uint32_t euid)
{
	return set_re_id(USER, ruid, euid);
}

long sys_setregid(uint32_t rgid, uint32_t egid)
{
	return set_re_id(GROUP, rgid, egid);
}

long sys_setresuid(uint32_t ruid, uint32_t euid, uint32_t suid)
{
	return set_res_id(USER, ruid, euid, suid);
}

long sys_setresgid(uint32_t rgid, uint32_t egid, uint32_t sgid)
{
	return set_res_id(GROUP, rgid, egid, sgid);
}

long sys_setfsuid(uint32_t fsuid)
{
	return set_fs_id(USER, fsuid);
}

long sys_setfsgid(uint32_t fsgid)
{
	return set_fs_id(GROUP, fsgid);
}

/* ---- supplementary groups ---- */

long sys_getgroups(int size, uaddr_t list)
{
	const struct group_list *g = current->cred->groups;
	int n = g ? g->n : 0;

	if (size < 0 || (size && size < n))
		return -EINVAL;
	if (size && n && copy_to_user(list, g->gid, n * sizeof(g->gid[0])))
		return -EFAULT;
	return n;
}

/* What the program wants to have, put into c. */
static long take_groups(struct cred *c, uint32_t *gids, uint32_t n, uaddr_t list)
{
	if (copy_from_user(gids, list, n * sizeof(gids[0])))
		return -EFAULT;
	for (uint32_t i = 0; i < n; i++)
		if (gids[i] == NO_ID)
			return -EINVAL;
	return cred_set_groups(c, gids, n);
}

/* setgroups(2). getgroups gives them back sorted, as on Linux. */
long sys_setgroups(int size, uaddr_t list)
{
	struct cred *c;
	uint32_t *gids;
	long r;

	if (!capable(CAP_SETGID))
		return -EPERM;
	if ((unsigned)size > MAX_GROUPS)
		return -EINVAL;
	c = cred_dup();
	gids = kmalloc(MAX(size, 1) * sizeof(gids[0]));
	r = c && gids ? take_groups(c, gids, size, list) : -ENOMEM;
	kfree(gids);
	if (!r)
		cred_commit(c);
	else if (c)
		cred_put(c);
	return r;
}
