/* SPDX-License-Identifier: MIT */
/* Capabilities of the calling thread: capget(2), capset(2), and the options of prctl(2) about them
 * (capabilities(7)). */
#include "syscalls/cap.h"

#include "kernel/process.h"
#include "syscalls/ident.h"
#include "syscalls/syscall.h"

#include <linux/prctl.h>

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
	int words = cap_words(uhdr, &hdr);
	const struct cred *c;
	struct thread *t;

	if (words < 0 || !udata)
		return !udata && words == -EINVAL ? 0 : MIN(words, 0);
	if (cap_pid(uhdr, &hdr))
		return -EFAULT;
	if (hdr.pid < 0)
		return -EINVAL;
	t = thread_by_id(hdr.pid);
	if (!t)
		return -ESRCH;
	c = t->cred;
	for (int i = 0; i < words; i++) {
		data[i].effective = c->effective >> 32 * i;
		data[i].permitted = c->permitted >> 32 * i;
		data[i].inheritable = c->inheritable >> 32 * i;
	}
	return copy_to_user(udata, data, words * sizeof(data[0]));
}

static uint64_t set_of(uint32_t low, uint32_t high)
{
	return (low | (uint64_t)high << 32) & CAPS_ALL;
}

long sys_capset(uaddr_t uhdr, uaddr_t udata)
{
	struct __user_cap_header_struct hdr;
	struct __user_cap_data_struct data[2] = {{0}};
	const struct cred *old = current->cred;
	int words = cap_words(uhdr, &hdr);
	uint64_t effective, permitted, inheritable;
	struct cred *c;

	if (words < 0)
		return words;
	if (cap_pid(uhdr, &hdr))
		return -EFAULT;
	if (hdr.pid && hdr.pid != current->tid)
		return -EPERM;
	if (copy_from_user(data, udata, words * sizeof(data[0])))
		return -EFAULT;
	effective = set_of(data[0].effective, data[1].effective);
	permitted = set_of(data[0].permitted, data[1].permitted);
	inheritable = set_of(data[0].inheritable, data[1].inheritable);
	if (!capable(CAP_SETPCAP) && (inheritable & ~(old->inheritable | old->permitted)))
		return -EPERM;
	if ((inheritable & ~(old->inheritable | old->bounding)) || (permitted & ~old->permitted) ||
	    (effective & ~permitted))
		return -EPERM;
	c = cred_dup();
	if (!c)
		return -ENOMEM;
	c->effective = effective;
	c->permitted = permitted;
	c->inheritable = inheritable;
	c->ambient &= permitted & inheritable;
	cred_commit(c);
	return 0;
}

/* ---- prctl(2) ---- */

static bool is_cap(uint64_t cap)
{
	return cap <= CAP_LAST_CAP;
}

/* The caller's credentials, with other bits in one of the members. */
static long change(uint64_t bounding, uint64_t ambient, uint32_t securebits)
{
	struct cred *c = cred_dup();

	if (!c)
		return -ENOMEM;
	c->bounding = bounding;
	c->ambient = ambient;
	c->securebits = securebits;
	cred_commit(c);
	return 0;
}

static long ambient(uint64_t op, uint64_t cap, uint64_t arg4, uint64_t arg5)
{
	const struct cred *c = current->cred;
	uint64_t bit;

	if (op == PR_CAP_AMBIENT_CLEAR_ALL)
		return cap | arg4 | arg5 ? -EINVAL : change(c->bounding, 0, c->securebits);
	if (arg4 | arg5 || !is_cap(cap))
		return -EINVAL;
	bit = CAP_BIT(cap);
	switch (op) {
	case PR_CAP_AMBIENT_IS_SET:
		return !!(c->ambient & bit);
	case PR_CAP_AMBIENT_LOWER:
		return change(c->bounding, c->ambient & ~bit, c->securebits);
	case PR_CAP_AMBIENT_RAISE:
		if (!(c->permitted & c->inheritable & bit) ||
		    SECURE(c, SECURE_NO_CAP_AMBIENT_RAISE))
			return -EPERM;
		return change(c->bounding, c->ambient | bit, c->securebits);
	}
	return -EINVAL;
}

/* Nothing that is locked, no unlocking, nothing unknown. */
static long set_securebits(uint64_t bits)
{
	const struct cred *c = current->cred;
	uint32_t locks = c->securebits & SECURE_ALL_LOCKS;

	if (((locks >> 1) & (c->securebits ^ bits)) || (locks & ~bits) ||
	    (bits & ~(uint64_t)(SECURE_ALL_LOCKS | SECURE_ALL_BITS)) || !capable(CAP_SETPCAP))
		return -EPERM;
	return change(c->bounding, c->ambient, bits);
}

static long set_keepcaps(uint64_t on)
{
	const struct cred *c = current->cred;
	uint32_t bits = c->securebits & ~SECBIT_KEEP_CAPS;

	if (on > 1)
		return -EINVAL;
	if (SECURE(c, SECURE_KEEP_CAPS_LOCKED))
		return -EPERM;
	return change(c->bounding, c->ambient, on ? bits | SECBIT_KEEP_CAPS : bits);
}

static long drop_bounding(uint64_t cap)
{
	const struct cred *c = current->cred;

	if (!capable(CAP_SETPCAP))
		return -EPERM;
	if (!is_cap(cap))
		return -EINVAL;
	return change(c->bounding & ~CAP_BIT(cap), c->ambient, c->securebits);
}

long prctl_caps(int option, uint64_t arg2, uint64_t arg3, uint64_t arg4, uint64_t arg5)
{
	const struct cred *c = current->cred;

	switch (option) {
	case PR_GET_KEEPCAPS:
		return !!SECURE(c, SECURE_KEEP_CAPS);
	case PR_SET_KEEPCAPS:
		return set_keepcaps(arg2);
	case PR_GET_SECUREBITS:
		return c->securebits;
	case PR_SET_SECUREBITS:
		return set_securebits(arg2);
	case PR_CAPBSET_READ:
		return is_cap(arg2) ? !!(c->bounding & CAP_BIT(arg2)) : -EINVAL;
	case PR_CAPBSET_DROP:
		return drop_bounding(arg2);
	case PR_CAP_AMBIENT:
		return ambient(arg2, arg3, arg4, arg5);
	}
	return -EINVAL;
}
