/* SPDX-License-Identifier: MIT */
/* membarrier(2): what it can do, registration before the private kinds, refusals. */
#include "tests/guest/tap.h"

#include <linux/membarrier.h>

int main(void)
{
	long can = sys(membarrier, MEMBARRIER_CMD_QUERY, 0, 0);

	if (can < 0 && errno == ENOSYS) {
		skip("membarrier is not in this kernel");
		return tap_done();
	}
	ok(can > 0);
	ok(can & MEMBARRIER_CMD_PRIVATE_EXPEDITED);
	ok(can & MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
	if (can & MEMBARRIER_CMD_GLOBAL)
		is(sys(membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0), 0);
	fails(sys(membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0), EPERM);
	is(sys(membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0), 0);
	is(sys(membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0), 0);
	fails(sys(membarrier, MEMBARRIER_CMD_QUERY, 1, 0), EINVAL);
	fails(sys(membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 2, 0), EINVAL);
	fails(sys(membarrier, 1 << 30, 0, 0), EINVAL);
	fails(sys(membarrier, 3, 0, 0), EINVAL);
	return tap_done();
}
