/* SPDX-License-Identifier: MIT */
/* select(2): the three sets, the highest number, the timeout written back. */
#include "tests/guest/tap.h"

#include <sys/select.h>

static fd_set set_of(int fd)
{
	fd_set s;

	FD_ZERO(&s);
	FD_SET(fd, &s);
	return s;
}

int main(void)
{
	struct timeval tv = {0, 20000};
	fd_set r, w, x;
	int p[2];

	pipe(p);
	r = set_of(p[0]);
	w = set_of(p[1]);
	FD_ZERO(&x);
	is(sys(select, p[1] + 1, &r, &w, &x, NULL), 1);
	ok(!FD_ISSET(p[0], &r) && FD_ISSET(p[1], &w));
	r = set_of(p[0]);
	is(sys(select, p[0] + 1, &r, NULL, NULL, &tv), 0);
	ok(!FD_ISSET(p[0], &r));
	is(tv.tv_sec * 1000000 + tv.tv_usec, 0);
	write(p[1], "x", 1);
	r = set_of(p[0]);
	w = set_of(p[1]);
	tv = (struct timeval){3, 0};
	is(sys(select, p[1] + 1, &r, &w, NULL, &tv), 2);
	ok(FD_ISSET(p[0], &r) && FD_ISSET(p[1], &w));
	ok(tv.tv_sec == 2 || (tv.tv_sec == 3 && tv.tv_usec == 0));
	r = set_of(p[0]);
	tv = (struct timeval){0, 0};
	is(sys(select, p[0], &r, NULL, NULL, &tv), 0);
	read(p[0], &x, 1);
	close(p[1]);
	r = set_of(p[0]);
	is(sys(select, p[0] + 1, &r, NULL, NULL, NULL), 1);
	r = set_of(900);
	tv = (struct timeval){0, 0};
	dup2(p[0], 900);
	is(sys(select, 901, &r, NULL, NULL, &tv), 1);
	close(900);
	r = set_of(900);
	fails(sys(select, 901, &r, NULL, NULL, &tv), EBADF);
	tv = (struct timeval){0, 2000000};
	r = set_of(p[0]);
	is(sys(select, p[0] + 1, &r, NULL, NULL, &tv), 1);
	fails(sys(select, -1, NULL, NULL, NULL, &tv), EINVAL);
	tv = (struct timeval){-1, 0};
	fails(sys(select, 0, NULL, NULL, NULL, &tv), EINVAL);
	tv = (struct timeval){0, 0};
	fails(sys(select, 8, BAD, NULL, NULL, &tv), EFAULT);
	fails(sys(select, 0, NULL, NULL, NULL, BAD), EFAULT);
	is(sys(select, 0, BAD, NULL, NULL, &tv), 0);
	return tap_done();
}
