/* SPDX-License-Identifier: MIT */
/* set_tid_address(2), set_robust_list(2), get_robust_list(2), rseq(2): what C libraries do at
 * start. */
#include "tests/guest/tap.h"

static struct {
	uint32_t cpu_id_start, cpu_id;
	uint64_t cs;
	uint32_t flags, pad[3];
} __attribute__((aligned(32))) area = {0, -1u, 0, 0, {0}};

int main(void)
{
	struct {
		void *next;
		long off;
		void *pending;
	} head = {&head, 0, NULL};
	void *got = NULL;
	size_t len = 0;
	int tid;

	is(sys(set_tid_address, &tid), getpid());
	is(sys(set_tid_address, NULL), getpid());
	is(sys(set_tid_address, BAD), getpid());
	is(sys(set_tid_address, NULL), getpid());
	is(sys(set_robust_list, &head, 24ul), 0);
	is(sys(get_robust_list, 0, &got, &len), 0);
	is(got, &head);
	is(len, 24);
	is(sys(set_robust_list, NULL, 24ul), 0);
	fails(sys(set_robust_list, &head, 23ul), EINVAL);
	fails(sys(get_robust_list, 0, BAD, &len), EFAULT);
	fails(sys(get_robust_list, 0x3ffffff, &got, &len), ESRCH);
	fails(sys(rseq, BAD, 32, 1, 0), EINVAL);
	fails(sys(rseq, &area, 16, 0, 0x53053053), EINVAL);
	fails(sys(rseq, &area, 32, 8, 0x53053053), EINVAL);
	return tap_done();
}
