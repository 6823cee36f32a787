/* SPDX-License-Identifier: MIT */
/* What the tests of mounts share: a namespace of their own, and looks into /proc/self/mountinfo. */
#ifndef TESTS_GUEST_MOUNT_OWN_H
#define TESTS_GUEST_MOUNT_OWN_H

#include "tests/guest/tap.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/wait.h>

/* From here on mounts are this program's own, and it is in tmp(). False: that is not allowed here.
 */
static bool own_mounts(void)
{
	if (sys(unshare, CLONE_NEWNS) || sys(mount, 0, "/", 0, MS_REC | MS_PRIVATE, 0)) {
		skip("no mount namespace of one's own");
		return false;
	}
	works(chmod(tmp(), 0755));
	return true;
}

/* One tmpfs at dir, another in it at dir/sub. */
static __attribute__((unused)) void nested(void)
{
	works(sys(mount, "t", "dir", "tmpfs", 0, 0));
	works(mkdir("dir/sub", 0755));
	works(sys(mount, "u", "dir/sub", "tmpfs", 0, 0));
}

/* The last line of mountinfo about this mount point below tmp(): "" if there is none. */
static __attribute__((unused)) const char *info(const char *name)
{
	static char line[2048];
	char found[2048] = "", want[512];
	FILE *f = fopen("/proc/self/mountinfo", "r");

	snprintf(want, sizeof(want), " %s%s%s ", tap_dir, *name ? "/" : "", name);
	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, want))
			strcpy(found, line);
	if (f)
		fclose(f);
	return strcpy(line, found);
}

/* Does a file (or mountinfo's line, ...) say this? */
static __attribute__((unused)) bool says(const char *text, const char *part)
{
	if (strstr(text, part))
		return true;
	diag("\"%s\" does not say \"%s\"", text, part);
	return false;
}

/* Runs f in a process of its own: what it returns, 99 for a death. */
static __attribute__((unused)) int apart(int (*f)(void))
{
	int status = 99 << 8;
	pid_t pid = fork();

	if (pid == 0)
		_exit(f());
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

#endif
