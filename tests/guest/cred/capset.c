/* SPDX-License-Identifier: MIT */
/* capget(2), capset(2): versions, headers, what may be gained and given up; threads have their own;
 * what changes of user ids do to the sets; /proc shows them. */
#include "tests/guest/cred/cred.h"

#include <pthread.h>

static void headers(void)
{
	struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_1, 0};
	struct __user_cap_data_struct d[2] = {{0}};
	char *end = edge();

	is(sys(capget, &h, d), 0);
	h.version = _LINUX_CAPABILITY_VERSION_2;
	is(sys(capget, &h, d), 0);
	h.version = 12345;
	fails(sys(capget, &h, d), EINVAL);
	is(h.version, _LINUX_CAPABILITY_VERSION_3);
	h.version = 0;
	is(sys(capget, &h, NULL), 0);
	is(h.version, _LINUX_CAPABILITY_VERSION_3);
	h.version = 0;
	fails(sys(capset, &h, d), EINVAL);
	is(h.version, _LINUX_CAPABILITY_VERSION_3);
	h.pid = -1;
	fails(sys(capget, &h, d), EINVAL);
	fails(sys(capset, &h, d), EPERM);
	h.pid = 0x3fffffff;
	fails(sys(capget, &h, d), ESRCH);
	fails(sys(capset, &h, d), EPERM);
	h.pid = getpid();
	is(sys(capget, &h, d), 0);
	is(sys(capset, &h, d), 0);
	h.pid = 0;
	fails(sys(capget, BAD, d), EFAULT);
	fails(sys(capget, &h, BAD), EFAULT);
	fails(sys(capget, &h, end - 8), EFAULT);
	fails(sys(capset, BAD, d), EFAULT);
	fails(sys(capset, &h, BAD), EFAULT);
	memcpy(end - 4, &h, 4);
	fails(sys(capset, end - 4, d), EFAULT);
	is(sys(capget, &h, end - sizeof(d)), 0);
}

static void *drop_all(void *arg)
{
	is(caps_set(0, 0, 0), 0);
	is(effective(), 0);
	is(status_hex("CapPrm:"), 0);
	return NULL;
}

static void sets(void)
{
	struct caps c, now;
	pthread_t t;

	is(caps_get(&c), 0);
	is(status_hex("CapEff:"), c.effective);
	is(status_hex("CapPrm:"), c.permitted);
	is(status_hex("CapInh:"), c.inheritable);
	is(caps_set(c.effective, c.permitted, c.inheritable), 0);
	fails(caps_set(c.permitted, c.permitted & ~BIT(CAP_CHOWN), 0), EPERM);
	is(pthread_create(&t, NULL, drop_all, NULL), 0);
	pthread_join(t, NULL);
	is(effective(), c.effective); /* only the thread's */
	is(caps_set(c.effective & ~BIT(CAP_CHOWN), c.permitted, BIT(CAP_CHOWN)), 0);
	caps_get(&now);
	is(now.effective, c.effective & ~BIT(CAP_CHOWN));
	is(now.inheritable, BIT(CAP_CHOWN));
	is(status_hex("CapInh:"), BIT(CAP_CHOWN));
	fails(chown(".", USER, USER), EPERM);
	is(caps_set(c.effective, c.permitted, 0), 0); /* permitted: it can be had again */
	is(chown(".", USER, USER), 0);
	is(chown(".", 0, 0), 0);
	is(caps_drop(BIT(CAP_CHOWN)), 0);
	fails(caps_set(c.effective, c.permitted, 0), EPERM);
	is(caps_set(effective(), permitted(), BIT(CAP_CHOWN)), 0); /* CAP_SETPCAP allows it */
	is(caps_set(0, permitted(), BIT(CAP_MKNOD)), 0);
	is(caps_set(0, 0, BIT(CAP_MKNOD)), 0);
	is(caps_set(0, 0, 0), 0);
	fails(caps_set(0, 0, BIT(CAP_MKNOD)), EPERM);
	fails(setuid(USER), EPERM); /* root by name only */
	fails(setgroups(0, NULL), EPERM);
}

static void change_ids(void)
{
	uint64_t all = permitted();

	is(setresuid(USER, USER, 0), 0);
	is(effective(), 0);
	is(permitted(), all); /* the saved one is root's */
	is(setresuid(-1, 0, -1), 0);
	is(effective(), all);
	is(sys(setfsuid, USER), 0);
	ok(!(effective() & BIT(CAP_DAC_OVERRIDE)));
	ok(effective() & BIT(CAP_SETUID));
	is(sys(setfsuid, 0), USER);
	is(effective(), all);
	is(setuid(USER), 0);
	is(effective(), 0);
	is(permitted(), 0);
	fails(setuid(0), EPERM);
	fails(chroot("/"), EPERM);
}

static void keep(void)
{
	uint64_t all = permitted();

	is(prctl(PR_SET_KEEPCAPS, 1), 0);
	is(prctl(PR_GET_KEEPCAPS), 1);
	is(prctl(PR_GET_SECUREBITS), SECBIT_KEEP_CAPS);
	is(setuid(USER), 0);
	is(effective(), 0);
	is(permitted(), all);
	is(caps_set(BIT(CAP_CHOWN), BIT(CAP_CHOWN), 0), 0);
	is(chown(".", 0, 0), 0);
	is(prctl(PR_SET_KEEPCAPS, 0), 0);
	is(prctl(PR_GET_KEEPCAPS), 0);
	fails(prctl(PR_SET_KEEPCAPS, 2), EINVAL);
}

static void no_fixup(void)
{
	uint64_t all = permitted();

	is(prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP), 0);
	is(setresuid(USER, USER, USER), 0);
	is(effective(), all);
	is(setuid(0), 0);
	is(prctl(PR_SET_SECUREBITS, 0), 0);
}

int main(void)
{
	headers();
	if (!is_root()) {
		skip("needs root");
		return tap_done();
	}
	tmp();
	chmod(".", 0777);
	in_child(sets());
	in_child(change_ids());
	in_child(keep());
	in_child(no_fixup());
	return tap_done();
}
