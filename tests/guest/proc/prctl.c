/* SPDX-License-Identifier: MIT */
/* prctl(2): the name, dumpable, parent-death signal, no_new_privs; refusals. */
#include "tests/guest/tap.h"

#include <sys/prctl.h>

int main(void)
{
	char name[17] = {0};
	int sig = -1;

	is(sys(prctl, PR_GET_NAME, name, 0ul, 0ul, 0ul), 0);
	ok(strlen(name) > 0 && strlen(name) < 16);
	is(sys(prctl, PR_SET_NAME, "short", 0ul, 0ul, 0ul), 0);
	is(sys(prctl, PR_GET_NAME, name, 0ul, 0ul, 0ul), 0);
	ok(!strcmp(name, "short"));
	is(sys(prctl, PR_SET_NAME, "a name that is much too long", 0ul, 0ul, 0ul), 0);
	is(sys(prctl, PR_GET_NAME, name, 0ul, 0ul, 0ul), 0);
	ok(!strcmp(name, "a name that is "));
	fails(sys(prctl, PR_SET_NAME, BAD, 0ul, 0ul, 0ul), EFAULT);
	fails(sys(prctl, PR_GET_NAME, BAD, 0ul, 0ul, 0ul), EFAULT);
	ok(sys(prctl, PR_GET_DUMPABLE, 0ul, 0ul, 0ul, 0ul) <= 2);
	is(sys(prctl, PR_SET_DUMPABLE, 0ul, 0ul, 0ul, 0ul), 0);
	is(sys(prctl, PR_GET_DUMPABLE, 0ul, 0ul, 0ul, 0ul), 0);
	is(sys(prctl, PR_SET_DUMPABLE, 1ul, 0ul, 0ul, 0ul), 0);
	is(sys(prctl, PR_GET_DUMPABLE, 0ul, 0ul, 0ul, 0ul), 1);
	fails(sys(prctl, PR_SET_DUMPABLE, 2ul, 0ul, 0ul, 0ul), EINVAL);
	is(sys(prctl, PR_SET_PDEATHSIG, (long)SIGTERM, 0ul, 0ul, 0ul), 0);
	is(sys(prctl, PR_GET_PDEATHSIG, &sig, 0ul, 0ul, 0ul), 0);
	is(sig, SIGTERM);
	fails(sys(prctl, PR_SET_PDEATHSIG, 65ul, 0ul, 0ul, 0ul), EINVAL);
	is(sys(prctl, PR_SET_PDEATHSIG, 0ul, 0ul, 0ul, 0ul), 0);
	is(sys(prctl, PR_SET_NO_NEW_PRIVS, 1ul, 0ul, 0ul, 0ul), 0);
	is(sys(prctl, PR_GET_NO_NEW_PRIVS, 0ul, 0ul, 0ul, 0ul), 1);
	fails(sys(prctl, PR_SET_NO_NEW_PRIVS, 0ul, 0ul, 0ul, 0ul), EINVAL);
	fails(sys(prctl, 99999, 0ul, 0ul, 0ul, 0ul), EINVAL);
	return tap_done();
}
