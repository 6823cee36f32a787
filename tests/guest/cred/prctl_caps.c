/* SPDX-License-Identifier: MIT */
/* prctl(2): the bounding set, securebits and their locks, ambient capabilities. */
#include "tests/guest/cred/cred.h"

static void bounding(void)
{
	is(prctl(PR_CAPBSET_READ, CAP_CHOWN), 1);
	is(prctl(PR_CAPBSET_DROP, CAP_CHOWN), 0);
	is(prctl(PR_CAPBSET_READ, CAP_CHOWN), 0);
	is(prctl(PR_CAPBSET_DROP, CAP_CHOWN), 0);
	is(status_hex("CapBnd:") & BIT(CAP_CHOWN), 0);
	ok(effective() & BIT(CAP_CHOWN)); /* what one has, one keeps */
	fails(caps_set(effective(), permitted(), BIT(CAP_CHOWN)), EPERM);
	is(caps_set(effective(), permitted(), BIT(CAP_MKNOD)), 0);
	fails(prctl(PR_CAPBSET_READ, 64), EINVAL);
	fails(prctl(PR_CAPBSET_READ, -1ul), EINVAL);
	fails(prctl(PR_CAPBSET_DROP, 64), EINVAL);
	caps_drop(BIT(CAP_SETPCAP));
	fails(prctl(PR_CAPBSET_DROP, CAP_MKNOD), EPERM);
	fails(prctl(PR_CAPBSET_DROP, 64), EPERM);
}

static void securebits(void)
{
	is(prctl(PR_GET_SECUREBITS), 0);
	fails(prctl(PR_SET_SECUREBITS, 1 << 20), EPERM);
	is(prctl(PR_SET_SECUREBITS, SECBIT_KEEP_CAPS | SECBIT_KEEP_CAPS_LOCKED), 0);
	is(prctl(PR_GET_SECUREBITS), SECBIT_KEEP_CAPS | SECBIT_KEEP_CAPS_LOCKED);
	fails(prctl(PR_SET_KEEPCAPS, 0), EPERM);
	fails(prctl(PR_SET_SECUREBITS, SECBIT_KEEP_CAPS_LOCKED), EPERM);
	fails(prctl(PR_SET_SECUREBITS, SECBIT_KEEP_CAPS), EPERM);
	is(prctl(PR_SET_SECUREBITS, SECBIT_KEEP_CAPS | SECBIT_KEEP_CAPS_LOCKED | SECBIT_NOROOT), 0);
	caps_drop(BIT(CAP_SETPCAP));
	fails(prctl(PR_SET_SECUREBITS, SECBIT_KEEP_CAPS | SECBIT_KEEP_CAPS_LOCKED), EPERM);
}

static int ambient(int op, unsigned long cap)
{
	return prctl(PR_CAP_AMBIENT, op, cap, 0, 0);
}

static void raise_ambient(void)
{
	is(ambient(PR_CAP_AMBIENT_IS_SET, CAP_CHOWN), 0);
	fails(ambient(PR_CAP_AMBIENT_RAISE, CAP_CHOWN), EPERM); /* not inheritable */
	is(caps_set(effective(), permitted(), BIT(CAP_CHOWN) | BIT(CAP_MKNOD)), 0);
	is(ambient(PR_CAP_AMBIENT_RAISE, CAP_CHOWN), 0);
	is(ambient(PR_CAP_AMBIENT_RAISE, CAP_MKNOD), 0);
	is(ambient(PR_CAP_AMBIENT_IS_SET, CAP_CHOWN), 1);
	is(status_hex("CapAmb:"), BIT(CAP_CHOWN) | BIT(CAP_MKNOD));
	is(ambient(PR_CAP_AMBIENT_LOWER, CAP_MKNOD), 0);
	is(status_hex("CapAmb:"), BIT(CAP_CHOWN));
	is(caps_set(effective(), permitted(), 0), 0); /* follows the inheritable set */
	is(status_hex("CapAmb:"), 0);
	is(caps_set(effective(), permitted(), BIT(CAP_CHOWN)), 0);
	is(ambient(PR_CAP_AMBIENT_RAISE, CAP_CHOWN), 0);
	is(ambient(PR_CAP_AMBIENT_CLEAR_ALL, 0), 0);
	is(status_hex("CapAmb:"), 0);
	fails(ambient(PR_CAP_AMBIENT_CLEAR_ALL, 1), EINVAL);
	fails(ambient(PR_CAP_AMBIENT_IS_SET, 64), EINVAL);
	fails(ambient(99, CAP_CHOWN), EINVAL);
	fails(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 1, 0), EINVAL);
	is(prctl(PR_SET_SECUREBITS, SECBIT_NO_CAP_AMBIENT_RAISE), 0);
	fails(ambient(PR_CAP_AMBIENT_RAISE, CAP_CHOWN), EPERM);
}

int main(void)
{
	is(prctl(PR_GET_KEEPCAPS), 0);
	fails(prctl(PR_CAPBSET_READ, 64), EINVAL);
	if (!is_root()) {
		skip("needs root");
		return tap_done();
	}
	in_child(bounding());
	in_child(securebits());
	in_child(raise_ambient());
	return tap_done();
}
