/* SPDX-License-Identifier: MIT */
/* chroot(2): "/" and ".." end there, the working directory stays where it is; refusals. */
#include "tests/guest/tap.h"

#include <sys/wait.h>

static int in_new_root(void)
{
	char b[64];
	int bad = 0;

	bad |= sys(chroot, "root") != 0;
	bad |= (access("/inside", F_OK) != 0) << 1;
	bad |= (access("/../../inside", F_OK) != 0) << 2;
	bad |= (access("outside", F_OK) != 0) << 3; /* the working directory is not in it */
	bad |= (getcwd(b, sizeof(b)) && b[0] == '/') << 4;
	bad |= (chdir("/") != 0 || access("inside", F_OK) != 0) << 5;
	bad |= (getcwd(b, sizeof(b)) == NULL || strcmp(b, "/") != 0) << 6;
	bad |= (access("link", F_OK) != 0) << 7; /* absolute links start there too */
	return bad;
}

int main(void)
{
	int status;
	pid_t pid;

	tmp();
	close(file_with("outside", ""));
	works(mkdir("root", 0755));
	close(file_with("root/inside", ""));
	works(symlink("/inside", "root/link"));
	fails(sys(chroot, "none"), ENOENT);
	fails(sys(chroot, "outside"), ENOTDIR);
	fails(sys(chroot, BAD), EFAULT);
	fails(sys(chroot, ""), ENOENT);
	pid = fork();
	if (pid == 0)
		_exit(is_root()					    ? in_new_root()
		      : sys(chroot, "root") == -1 && errno == EPERM ? 0
								    : 1);
	is(waitpid(pid, &status, 0), pid);
	is(status, 0);
	ok(access("/inside", F_OK) != 0, "here nothing has changed");
	return tap_done();
}
