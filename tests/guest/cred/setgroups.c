/* SPDX-License-Identifier: MIT */
/* setgroups(2), getgroups(2): up to 65536 groups, kept sorted, each of them a right. */
#include "tests/guest/cred/cred.h"

#define MOST 65536

static gid_t in[MOST + 1], out[MOST + 1];

static void many(void)
{
	for (unsigned i = 0; i < MOST; i++)
		in[i] = 1000 + (i * 40503u) % MOST; /* odd factor: each once */
	is(sys(setgroups, MOST, in), 0);
	is(sys(getgroups, 0, NULL), MOST);
	fails(sys(getgroups, MOST - 1, out), EINVAL);
	is(sys(getgroups, MOST, out), MOST);
	is(out[0], 1000);
	is(out[MOST - 1], 1000 + MOST - 1);
	for (unsigned i = 1; i < MOST; i++)
		if (out[i] != out[i - 1] + 1)
			is(out[i], out[i - 1] + 1);
	fails(sys(getgroups, MOST, BAD), EFAULT);
	fails(sys(setgroups, MOST + 1, in), EINVAL);
	fails(sys(setgroups, -1, in), EINVAL);
	fails(sys(setgroups, 3, BAD), EFAULT);
	in[2] = -1;
	fails(sys(setgroups, 3, in), EINVAL);
	is(sys(getgroups, 0, NULL), MOST); /* as it was */
	in[0] = in[1] = in[2] = 7;
	is(sys(setgroups, 3, in), 0);
	is(sys(getgroups, 3, out), 3);
	is(sys(setgroups, 0, NULL), 0);
	is(sys(getgroups, 0, NULL), 0);
}

static void right(void)
{
	gid_t list[] = {900000, 5, 60000, 5000};

	is(sys(setgroups, 4, list), 0);
	is(setresuid(USER, USER, USER), 0);
	is(access("of_group", R_OK), 0);
	is(access("of_other", R_OK), -1);
	fails(sys(setgroups, 0, NULL), EPERM);
}

int main(void)
{
	ok(sys(getgroups, 0, NULL) >= 0);
	fails(sys(getgroups, -1, out), EINVAL);
	if (!is_root()) {
		skip("needs root");
		return tap_done();
	}
	tmp();
	chmod(".", 0755);
	close(file_with("of_group", "x"));
	close(file_with("of_other", "x"));
	chown("of_group", 0, 60000);
	chown("of_other", 0, 60001);
	chmod("of_group", 0640);
	chmod("of_other", 0640);
	in_child(many());
	in_child(right());
	return tap_done();
}
