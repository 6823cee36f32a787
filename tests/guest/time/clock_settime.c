/* SPDX-License-Identifier: MIT */
/* clock_settime(2), settimeofday(2): what is refused. Nothing is set: the host's clock is not ours.
 */
#include "tests/guest/tap.h"

#include <sys/time.h>
#include <time.h>

int main(void)
{
	struct timespec t = {0, 1000000000};
	struct timeval tv = {0, 1000000};

	fails(sys(clock_settime, CLOCK_REALTIME, &t), EINVAL);
	t.tv_nsec = -1;
	fails(sys(clock_settime, CLOCK_REALTIME, &t), EINVAL);
	t = (struct timespec){-1, 0};
	fails(sys(clock_settime, CLOCK_REALTIME, &t), EINVAL);
	fails(sys(clock_settime, CLOCK_MONOTONIC, &t), EINVAL);
	fails(sys(clock_settime, 99, &t), EINVAL);
	fails(sys(clock_settime, CLOCK_REALTIME, BAD), EFAULT);
	fails(sys(settimeofday, &tv, NULL), EINVAL);
	fails(sys(settimeofday, BAD, NULL), EFAULT);
	return tap_done();
}
