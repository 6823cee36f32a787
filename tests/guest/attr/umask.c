/* SPDX-License-Identifier: MIT */
/* umask(2): returns the old mask, keeps nine bits, applies to every way of creating. */
#include "tests/guest/tap.h"

static unsigned mode_of(const char *name)
{
	struct stat st;

	return stat(name, &st) ? ~0u : st.st_mode & 07777;
}

int main(void)
{
	tmp();
	is(umask(027), 022);
	is(umask(027), 027);
	close(open("f", O_CREAT | O_RDWR, 0777));
	is(mode_of("f"), 0750);
	mkdir("d", 0777);
	is(mode_of("d"), 0750);
	mknod("p", S_IFIFO | 0666, 0);
	is(mode_of("p"), 0640);
	chmod("f", 0777);
	is(mode_of("f"), 0777);
	is(umask(0), 027);
	close(open("g", O_CREAT | O_RDWR, 0666));
	is(mode_of("g"), 0666);
	is(umask(0777777), 0);
	is(umask(022), 0777);
	is(sys(umask, -1), 022);
	is(umask(022), 0777);
	return tap_done();
}
