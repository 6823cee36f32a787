/* SPDX-License-Identifier: MIT */
/*
 * Who a thread is and what it may do: credentials(7), capabilities(7). A struct cred does not
 * change once a thread has it, so that it can be shared and looked at without a lock: a change is
 * a copy (cred_dup), which cred_commit puts in force. What others see of a process is its first
 * thread's.
 */
#ifndef KERNEL_CRED_H
#define KERNEL_CRED_H

#include "kernel/types.h"

#include <linux/capability.h>
#include <linux/securebits.h>

#define CAPS_ALL       ((1ull << (CAP_LAST_CAP + 1)) - 1)
#define CAP_BIT(cap)   (1ull << (cap))
#define MAX_GROUPS     65536
#define SECURE(c, bit) ((c)->securebits & issecure_mask(bit))

/* Supplementary groups, ascending. */
struct group_list {
	uint32_t refs; /* (a) */
	uint32_t n;
	uint32_t gid[];
};

struct cred {
	uint32_t refs; /* (a) */
	uint32_t uid, euid, suid, fsuid;
	uint32_t gid, egid, sgid, fsgid;
	uint32_t securebits;					       /* SECBIT_* */
	uint64_t effective, permitted, inheritable, bounding, ambient; /* bits CAP_* */
	struct group_list *groups;				       /* NULL: none */
};

struct thread;

/* Root's, with every capability: of the kernel's own threads, and before there is a process. */
extern struct cred root_cred;

static inline struct cred *cred_get(struct cred *c)
{
	__atomic_add_fetch(&c->refs, 1, __ATOMIC_RELAXED);
	return c;
}
void cred_put(struct cred *c);

/* A copy of the caller's with one reference, to be changed. NULL: no memory. */
struct cred *cred_dup(void);
/* It is the caller's from now on (reference taken over). A process whose identity changed is not
 * dumpable any more: prctl(2), PR_SET_DUMPABLE. */
void cred_commit(struct cred *c);
/* n groups in any order, sorted here; NULL for none. 0 or -ENOMEM. */
int cred_set_groups(struct cred *c, const uint32_t *gids, uint32_t n);
bool cred_in_groups(const struct cred *c, uint32_t gid); /* supplementary ones only */

/* May the caller look into a thread with credentials `to` (ptrace(2), "access mode checking", with
 * real ids)? dumpable: is its process? */
bool cred_may_inspect(const struct cred *to, bool dumpable);

/* What changed user ids do to the capabilities of `c`, which is still to be committed. */
void cred_fix_setuid(struct cred *c);
void cred_fix_setfsuid(struct cred *c);

/* The capabilities of an executable file, security.capability. */
struct file_caps {
	uint64_t permitted, inheritable;
	bool effective;
};
/*
 * The capabilities a program starts with: c has its new effective ids already. fcaps: NULL if the
 * file has none. no_gain: it may not get more than the caller has. *secure: AT_SECURE. 0, or
 * -EPERM: it was to have what the bounding set forbids.
 */
int cred_exec(struct cred *c, const struct file_caps *fcaps, bool no_gain, bool *secure);

#endif
