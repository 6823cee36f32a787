/* SPDX-License-Identifier: MIT */
/* Credentials: sharing them, and the rules by which capabilities change with user ids and programs
 * (capabilities(7), "Effect of user ID changes" and "Transformation during execve"). */
#include "kernel/cred.h"

#include "kernel/heap.h"
#include "kernel/string.h"
#include "kernel/task.h"

/* What root's file system uid gives and takes. */
#define CAPS_FS                                                                                    \
	(CAP_BIT(CAP_CHOWN) | CAP_BIT(CAP_MKNOD) | CAP_BIT(CAP_DAC_OVERRIDE) |                     \
	 CAP_BIT(CAP_DAC_READ_SEARCH) | CAP_BIT(CAP_FOWNER) | CAP_BIT(CAP_FSETID) |                \
	 CAP_BIT(CAP_LINUX_IMMUTABLE) | CAP_BIT(CAP_MAC_OVERRIDE))

struct cred root_cred = {
    .refs = 1, .effective = CAPS_ALL, .permitted = CAPS_ALL, .bounding = CAPS_ALL};

static void groups_put(struct group_list *g)
{
	if (g && !__atomic_sub_fetch(&g->refs, 1, __ATOMIC_ACQ_REL))
		kfree(g);
}

void cred_put(struct cred *c)
{
	if (__atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL))
		return;
	groups_put(c->groups);
	kfree(c);
}

struct cred *cred_dup(void)
{
	struct cred *c = (void *)kmemdup(current->cred, sizeof(*c));

	if (!c)
		return NULL;
	c->refs = 1;
	if (c->groups)
		__atomic_add_fetch(&c->groups->refs, 1, __ATOMIC_RELAXED);
	return c;
}

void cred_commit(struct cred *c)
{
	struct process *p = current_process();
	struct cred *old = current->cred;

	if (old->euid != c->euid || old->egid != c->egid || old->fsuid != c->fsuid ||
	    old->fsgid != c->fsgid || (c->permitted & ~old->permitted)) {
		p->dumpable = false;
		p->pdeath_signal = 0;
	}
	current->cred = c;
	cred_put(old);
}

/* Heap sort: in place, and no worse for what an attacker chooses. */
static void sift(uint32_t *a, uint32_t i, uint32_t n)
{
	for (uint32_t child; (child = 2 * i + 1) < n; i = child) {
		uint32_t v = a[i];

		if (child + 1 < n && a[child + 1] > a[child])
			child++;
		if (v >= a[child])
			return;
		a[i] = a[child];
		a[child] = v;
	}
}

static void sort(uint32_t *a, uint32_t n)
{
	for (uint32_t i = n / 2; i-- > 0;)
		sift(a, i, n);
	for (uint32_t end = n; end-- > 1;) {
		uint32_t v = a[0];

		a[0] = a[end];
		a[end] = v;
		sift(a, 0, end);
	}
}

int cred_set_groups(struct cred *c, const uint32_t *gids, uint32_t n)
{
	struct group_list *g = NULL;

	if (n) {
		g = kmalloc(sizeof(*g) + n * sizeof(g->gid[0]));
		if (!g)
			return -ENOMEM;
		g->refs = 1;
		g->n = n;
		memcpy(g->gid, gids, n * sizeof(g->gid[0]));
		sort(g->gid, n);
	}
	groups_put(c->groups);
	c->groups = g;
	return 0;
}

bool cred_in_groups(const struct cred *c, uint32_t gid)
{
	uint32_t lo = 0, hi = c->groups ? c->groups->n : 0;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (c->groups->gid[mid] == gid)
			return true;
		if (c->groups->gid[mid] < gid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

/* ---- capabilities ---- */

bool capable(int cap)
{
	return current->cred->effective & CAP_BIT(cap);
}

bool cred_may_inspect(const struct cred *to, bool dumpable)
{
	const struct cred *me = current->cred;
	bool same = me->uid == to->euid && me->uid == to->suid && me->uid == to->uid &&
		    me->gid == to->egid && me->gid == to->sgid && me->gid == to->gid;

	return (same && dumpable && !(to->permitted & ~me->permitted)) || capable(CAP_SYS_PTRACE);
}

static bool is_root_somehow(const struct cred *c)
{
	return c->uid == 0 || c->euid == 0 || c->suid == 0;
}

void cred_fix_setuid(struct cred *c)
{
	const struct cred *old = current->cred;

	if (SECURE(c, SECURE_NO_SETUID_FIXUP))
		return;
	if (is_root_somehow(old) && !is_root_somehow(c)) {
		if (!SECURE(c, SECURE_KEEP_CAPS))
			c->permitted = c->effective = 0;
		c->ambient = 0;
	}
	if (old->euid == 0 && c->euid != 0)
		c->effective = 0;
	else if (old->euid != 0 && c->euid == 0)
		c->effective = c->permitted;
}

void cred_fix_setfsuid(struct cred *c)
{
	const struct cred *old = current->cred;

	if (SECURE(c, SECURE_NO_SETUID_FIXUP))
		return;
	if (old->fsuid == 0 && c->fsuid != 0)
		c->effective &= ~CAPS_FS;
	else if (old->fsuid != 0 && c->fsuid == 0)
		c->effective |= CAPS_FS & c->permitted;
}

/* Root gets what it is allowed, whatever the file says; *effective: at once. */
static void give_root(struct cred *c, bool has_fcaps, bool *effective)
{
	if (SECURE(c, SECURE_NOROOT))
		return;
	if (has_fcaps && c->euid == 0 && c->uid != 0)
		return; /* set-user-id root, with capabilities: these alone count */
	if (c->euid == 0 || c->uid == 0)
		c->permitted = c->bounding | c->inheritable;
	if (c->euid == 0)
		*effective = true;
}

/* Has it more than its ambient set, without being root who has all? */
static bool has_gained(const struct cred *c, bool effective)
{
	return c->uid != 0 && (effective || (c->permitted & ~c->ambient));
}

int cred_exec(struct cred *c, const struct file_caps *fcaps, bool no_gain, bool *secure)
{
	const struct cred *old = current->cred;
	bool effective = fcaps && fcaps->effective, changed;

	c->permitted = 0;
	if (fcaps) {
		c->permitted =
		    (c->bounding & fcaps->permitted) | (c->inheritable & fcaps->inheritable);
		if (effective && (fcaps->permitted & ~c->permitted))
			return -EPERM;
	}
	give_root(c, fcaps != NULL, &effective);
	changed = c->euid != old->euid || (c->egid != old->fsgid && !cred_in_groups(old, c->egid));
	if (no_gain && (changed || (c->permitted & ~old->permitted))) {
		if (!capable(CAP_SETUID) || current->no_new_privs) {
			c->euid = old->euid;
			c->egid = old->egid;
		}
		c->permitted &= old->permitted;
	}
	c->suid = c->fsuid = c->euid;
	c->sgid = c->fsgid = c->egid;
	if (fcaps || changed)
		c->ambient = 0;
	c->permitted |= c->ambient;
	c->effective = effective ? c->permitted : c->ambient;
	c->securebits &= ~SECBIT_KEEP_CAPS;
	*secure = changed || c->euid != old->uid || c->egid != old->gid || has_gained(c, effective);
	return 0;
}
