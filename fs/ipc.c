/* SPDX-License-Identifier: MIT */
/* System V IPC: numbers, keys and rights, the same for all kinds of objects: sysvipc(7). */
#include "fs/ipc.h"

#include "kernel/clock.h"
#include "kernel/task.h"

#define FEWEST_PLACES 64 /* that numbers go around in, however few objects there are */

int64_t ipc_now(void)
{
	return (int64_t)(clock_real_coarse_ns() / NSEC_PER_SEC);
}

/* ---- the table ---- */

struct ipc_perm_info *ipc_at(const struct ipc_table *t, int place)
{
	return radix_get(&t->objects, (unsigned)place % IPC_PLACES);
}

struct ipc_perm_info *ipc_find(const struct ipc_table *t, int id)
{
	struct ipc_perm_info *p = id < 0 ? NULL : ipc_at(t, id);

	return p && p->id == id ? p : NULL;
}

struct ipc_perm_info *ipc_next(const struct ipc_table *t, uint64_t *place)
{
	return radix_next(&t->objects, place);
}

int ipc_top(const struct ipc_table *t)
{
	uint64_t place = UINT64_MAX;

	return radix_prev(&t->objects, &place) ? (int)place : 0;
}

static struct ipc_perm_info *find_key(const struct ipc_table *t, int key)
{
	struct ipc_perm_info *p;

	for (uint64_t at = 0; key != IPC_PRIVATE && (p = ipc_next(t, &at)) != NULL; at++)
		if (p->key == key)
			return p;
	return NULL;
}

int ipc_lookup(const struct ipc_table *t, int key, unsigned flags, struct ipc_perm_info **out)
{
	*out = find_key(t, key);
	if (!*out)
		return key == IPC_PRIVATE || (flags & IPC_CREAT) ? 0 : -ENOENT;
	return (flags & IPC_CREAT) && (flags & IPC_EXCL) ? -EEXIST : 0;
}

static unsigned most(const struct ipc_table *t)
{
	return MIN((unsigned)*t->most, (unsigned)IPC_PLACES);
}

/* The next free place: Linux goes around, and counts the rounds. */
static int take_place(struct ipc_table *t)
{
	unsigned n = MIN(MAX(t->count * 3 / 2, (unsigned)FEWEST_PLACES), most(t));
	unsigned place = (unsigned)t->last_place + 1;

	for (unsigned tried = 0; tried <= n; tried++, place++) {
		if (place >= n)
			place = 0;
		if (!ipc_at(t, (int)place))
			break;
	}
	if ((int)place <= t->last_place)
		t->seq = (t->seq + 1) % (INT32_MAX / IPC_PLACES);
	t->last_place = (int)place;
	return (int)place;
}

int ipc_add(struct ipc_table *t, struct ipc_perm_info *p, int key, unsigned flags)
{
	const struct cred *c = current->cred;
	int place;

	if (t->count >= most(t))
		return -ENOSPC;
	place = take_place(t);
	if (radix_set(&t->objects, place, p))
		return -ENOMEM;
	*p = (struct ipc_perm_info){.key = key,
				    .id = t->seq * IPC_PLACES + place,
				    .uid = c->euid,
				    .gid = c->egid,
				    .cuid = c->euid,
				    .cgid = c->egid,
				    .mode = flags & 0777};
	t->count++;
	return 0;
}

void ipc_remove(struct ipc_table *t, struct ipc_perm_info *p)
{
	(void)radix_remove(&t->objects, p->id % IPC_PLACES);
	t->count--;
}

/* ---- rights ---- */

static bool in_group(const struct cred *c, uint32_t gid)
{
	return c->egid == gid || cred_in_groups(c, gid);
}

int ipc_permission(const struct ipc_perm_info *p, unsigned mode)
{
	const struct cred *c = current->cred;
	unsigned granted = p->mode, wanted = (mode >> 6) | (mode >> 3) | mode;

	if (c->euid == p->uid || c->euid == p->cuid)
		granted >>= 6;
	else if (in_group(c, p->gid) || in_group(c, p->cgid))
		granted >>= 3;
	return (wanted & ~granted & 7) && !capable(CAP_IPC_OWNER) ? -EACCES : 0;
}

int ipc_use(const struct ipc_table *t, int id, unsigned mode, struct ipc_perm_info **out)
{
	*out = ipc_find(t, id);
	return *out ? ipc_permission(*out, mode) : -EINVAL;
}

int ipc_own(const struct ipc_table *t, int id, struct ipc_perm_info **out)
{
	uint32_t euid = current->cred->euid;

	*out = ipc_find(t, id);
	if (!*out)
		return -EINVAL;
	return euid == (*out)->uid || euid == (*out)->cuid || capable(CAP_SYS_ADMIN) ? 0 : -EPERM;
}

int ipc_stat(const struct ipc_table *t, int id, bool by_place, bool any, struct ipc_perm_info **out)
{
	int r;

	*out = by_place ? ipc_at(t, id) : ipc_find(t, id);
	if (!*out)
		return -EINVAL;
	r = any ? 0 : ipc_permission(*out, 0444);
	return r || !by_place ? r : (*out)->id;
}

int ipc_change(struct ipc_perm_info *p, const struct ipc64_perm *to)
{
	if (to->uid == UINT32_MAX || to->gid == UINT32_MAX)
		return -EINVAL;
	p->uid = to->uid;
	p->gid = to->gid;
	p->mode = (p->mode & ~0777u) | (to->mode & 0777);
	return 0;
}

void ipc_fill(const struct ipc_perm_info *p, struct ipc64_perm *out)
{
	*out = (struct ipc64_perm){.key = p->key,
				   .uid = p->uid,
				   .gid = p->gid,
				   .cuid = p->cuid,
				   .cgid = p->cgid,
				   .mode = (__kernel_mode_t)p->mode,
				   .seq = (unsigned short)(p->id / IPC_PLACES)};
}
