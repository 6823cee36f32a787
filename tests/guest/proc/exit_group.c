/* SPDX-License-Identifier: MIT */
/* exit_group(2): nothing after it runs; only the low eight bits count (tests/boot checks those). */
#include "tests/guest/tap.h"

static void late(void)
{
	tap_print("not ok 99 - atexit handlers do not run\n");
}

int main(void)
{
	atexit(late);
	ok(true, "before");
	tap_done();
	sys(exit_group, 0x100);
	tap_print("not ok 98 - exit_group does not return\n");
	return 1;
}
