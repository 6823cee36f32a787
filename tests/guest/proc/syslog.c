/* SPDX-License-Identifier: MIT */
/* syslog(2): sizes and arguments. What is in the kernel's log is nobody's promise. */
#include "tests/guest/tap.h"

enum { READ_ALL = 3, SIZE_UNREAD = 9, SIZE_BUFFER = 10 };

int main(void)
{
	char b[256];

	if (sys(syslog, SIZE_BUFFER, NULL, 0) < 0 && errno == EPERM) {
		skip("not allowed to look at the kernel's log here");
		return tap_done();
	}
	ok(sys(syslog, SIZE_BUFFER, NULL, 0) >= 0);
	ok(sys(syslog, SIZE_UNREAD, NULL, 0) >= 0);
	ok(sys(syslog, READ_ALL, b, sizeof(b)) <= (long)sizeof(b));
	is(sys(syslog, READ_ALL, b, 0), 0);
	fails(sys(syslog, READ_ALL, NULL, 10), EINVAL);
	fails(sys(syslog, READ_ALL, b, -1), EINVAL);
	fails(sys(syslog, READ_ALL, BAD_KERNEL, 10), EFAULT);
	fails(sys(syslog, 11, b, 10), EINVAL);
	fails(sys(syslog, -1, b, 10), EINVAL);
	return tap_done();
}
