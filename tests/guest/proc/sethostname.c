/* SPDX-License-Identifier: MIT */
/* sethostname(2), setdomainname(2): what uname(2) tells then; lengths and refusals. The names stay
 * as they are: this may be your own machine. */
#include "tests/guest/tap.h"

#include <sys/utsname.h>

/* Set the name to what it is. */
static void set_same(long nr, const char *name)
{
	struct utsname u;

	if (syscall(nr, name, strlen(name)) < 0 && errno == EPERM) {
		skip("not allowed to set names here");
		return;
	}
	is(syscall(nr, name, strlen(name)), 0);
	works(uname(&u));
	is(strcmp(nr == SYS_sethostname ? u.nodename : u.domainname, name), 0);
	fails(syscall(nr, BAD, 5), EFAULT);
	fails(syscall(nr, edge() - 3, 5), EFAULT);
	works(uname(&u));
	is(strcmp(nr == SYS_sethostname ? u.nodename : u.domainname, name), 0);
	fails(syscall(nr, name, 65), EINVAL);
	fails(syscall(nr, name, -1), EINVAL);
}

int main(void)
{
	struct utsname u;

	works(uname(&u));
	set_same(SYS_sethostname, u.nodename);
	set_same(SYS_setdomainname, u.domainname);
	return tap_done();
}
