/* SPDX-License-Identifier: MIT */
/* uname(2), sysinfo(2), gethostname through it. */
#include "tests/guest/tap.h"

#include <sys/sysinfo.h>
#include <sys/utsname.h>

int main(void)
{
	struct utsname u;
	struct sysinfo s;
	int major = 0, minor = -1;

	memset(&u, 0xff, sizeof(u));
	is(uname(&u), 0);
	ok(!strcmp(u.sysname, "Linux"));
	ok(!strcmp(u.machine, "x86_64"));
	is(sscanf(u.release, "%d.%d", &major, &minor), 2);
	ok(major >= 4, "new enough for current C libraries");
	ok(memchr(u.nodename, 0, 65) && u.nodename[0]);
	ok(memchr(u.version, 0, 65) != NULL);
	fails(sys(uname, BAD), EFAULT);
	memset(&s, 0xff, sizeof(s));
	is(sysinfo(&s), 0);
	ok(s.uptime < 3600l * 24 * 3650);
	ok(s.totalram > 0 && s.freeram <= s.totalram);
	ok(s.mem_unit >= 1);
	ok(s.totalram * s.mem_unit >= 4ul << 20);
	ok(s.procs >= 1);
	fails(sys(sysinfo, BAD), EFAULT);
	return tap_done();
}
