/* SPDX-License-Identifier: MIT */
/* adjtimex(2), clock_adjtime(2): reading the state of the clock; nothing is changed here. */
#include "tests/guest/tap.h"

#include <sys/timex.h>
#include <time.h>

static void check(const struct timex *t, long state)
{
	struct timespec now;
	long unit = t->status & STA_NANO ? 1000000000 : 1000000;

	clock_gettime(CLOCK_REALTIME, &now);
	ok(state >= TIME_OK && state <= TIME_ERROR);
	ok(t->time.tv_sec <= now.tv_sec && t->time.tv_sec > now.tv_sec - 60, "the time is told");
	ok(t->time.tv_usec >= 0 && t->time.tv_usec < unit);
	ok(t->tick >= 9000 && t->tick <= 11000, "microseconds of a tick at 100 Hz");
	ok(t->precision >= 0);
	ok(labs(t->freq) <= 500l << 16);
}

int main(void)
{
	struct timex t = {0};

	check(&t, sys(adjtimex, &t));
	t = (struct timex){0};
	check(&t, sys(clock_adjtime, CLOCK_REALTIME, &t));
	t = (struct timex){.modes =
			       0xa001}; /* ADJ_OFFSET_SS_READ: what adjtime(3) has left to do */
	ok(sys(adjtimex, &t) >= 0);
	is(t.offset, 0);
	fails(sys(adjtimex, BAD), EFAULT);
	fails(sys(adjtimex, readonly_page()), EFAULT);
	fails(sys(clock_adjtime, CLOCK_REALTIME, BAD), EFAULT);
	t = (struct timex){0};
	fails(sys(clock_adjtime, CLOCK_MONOTONIC, &t), EOPNOTSUPP);
	fails(sys(clock_adjtime, 77, &t), EINVAL);
	return tap_done();
}
