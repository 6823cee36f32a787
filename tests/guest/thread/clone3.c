/* SPDX-License-Identifier: MIT */
/* clone3(2): its argument structure, as Linux checks it. */
#include "tests/guest/tap.h"

#include <linux/sched.h>
#include <sched.h>

#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)

static char stack[16384];

int main(void)
{
	struct {
		struct clone_args a;
		uint64_t more;
	} x = {.a.flags = THREAD};
	char page[8192] = {0};

	fails(sys(clone3, &x, 0), EINVAL);
	fails(sys(clone3, &x, 63), EINVAL);
	fails(sys(clone3, page, 4097), E2BIG);
	fails(sys(clone3, BAD, sizeof(x.a)), EFAULT);
	x.more = 1;
	fails(sys(clone3, &x, sizeof(x)), E2BIG);
	x.a.exit_signal = SIGCHLD; /* a thread has none */
	fails(sys(clone3, &x.a, sizeof(x.a)), EINVAL);
	x.a.exit_signal = 300;
	fails(sys(clone3, &x.a, sizeof(x.a)), EINVAL);
	x.a = (struct clone_args){.flags = THREAD | CLONE_DETACHED};
	fails(sys(clone3, &x.a, sizeof(x.a)), EINVAL);
	x.a = (struct clone_args){.flags = THREAD, .stack = (uint64_t)stack};
	fails(sys(clone3, &x.a, sizeof(x.a)), EINVAL);
	x.a = (struct clone_args){.flags = THREAD, .stack_size = sizeof(stack)};
	fails(sys(clone3, &x.a, sizeof(x.a)), EINVAL);
	x.a = (struct clone_args){.flags = THREAD, .stack = 1ul << 62, .stack_size = 4096};
	fails(sys(clone3, &x.a, sizeof(x.a)), EINVAL);
	x.a = (struct clone_args){.flags = CLONE_THREAD};
	fails(sys(clone3, &x.a, sizeof(x.a)), EINVAL);
	x.a = (struct clone_args){.flags = THREAD | 1ull << 40};
	fails(sys(clone3, &x.a, sizeof(x.a)), EINVAL);
	x.a = (struct clone_args){.flags = THREAD, .set_tid_size = 1};
	fails(sys(clone3, &x.a, sizeof(x.a)), EINVAL);
	return tap_done();
}
