/* SPDX-License-Identifier: MIT */
/* System V IPC: rights, the same for all kinds of objects: sysvipc(7). */
#include "fs/ipc.h"

#include "kernel/task.h"

void ipc_init(struct ipc_perm_info *p, int key, int id, unsigned flags)
{
	const struct cred *c = current->cred;

	*p = (struct ipc_perm_info){.key = key,
				    .id = id,
				    .uid = c->euid,
				    .gid = c->egid,
				    .cuid = c->euid,
				    .cgid = c->egid,
				    .mode = flags & 0777};
}

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

int ipc_owner(const struct ipc_perm_info *p)
{
	uint32_t euid = current->cred->euid;

	return euid == p->uid || euid == p->cuid || capable(CAP_SYS_ADMIN) ? 0 : -EPERM;
}

void ipc_fill(const struct ipc_perm_info *p, struct ipc64_perm *out)
{
	*out = (struct ipc64_perm){.key = p->key,
				   .uid = p->uid,
				   .gid = p->gid,
				   .cuid = p->cuid,
				   .cgid = p->cgid,
				   .mode = (__kernel_mode_t)p->mode,
				   .seq = (unsigned short)(p->id >> 15)};
}
