/* SPDX-License-Identifier: MIT */
/* pivot_root(2), chroot(2) and what /proc/self/root and /proc/self/mounts say afterwards. */
#include "tests/guest/mount/own.h"

static int changed(void)
{
	char buf[256] = "";
	int bad = 0;

	if (sys(unshare, CLONE_NEWNS))
		return 1;
	bad |= (sys(pivot_root, "new", "new/old") != 0);
	bad |= (chdir("/") != 0) << 1;
	bad |= (access("/inside", F_OK) != 0) << 2;
	bad |= (readlink("/old/proc/self/root", buf, sizeof(buf)) != 1 || buf[0] != '/') << 3;
	bad |= (mount("p", "/proc", "proc", 0, NULL) != 0) << 4;
	bad |= (sys(umount2, "/old", MNT_DETACH) != 0) << 5;
	bad |= (access("/old/proc", F_OK) == 0) << 6;
	FILE *f = fopen("/proc/self/mounts", "r");
	bad |= !(f && fgets(buf, sizeof(buf), f) && !strncmp(buf, "n / tmpfs ", 10)) << 7;
	return bad;
}

/* As container tools do it: without a directory for the old root. */
static int in_place(void)
{
	if (sys(unshare, CLONE_NEWNS) || chdir("new"))
		return 1;
	if (sys(pivot_root, ".", "."))
		return 2;
	if (sys(umount2, ".", MNT_DETACH))
		return 3;
	return chdir("/") || access("/inside", F_OK) ? 4 : 0;
}

static int chrooted(void)
{
	char buf[256] = "";
	FILE *f;
	int bad = 0;

	bad |= (mount("p", "new/proc", "proc", 0, NULL) != 0);
	bad |= (sys(chroot, "new") != 0) << 1;
	bad |= (chdir("/") != 0) << 2;
	bad |= (sys(pivot_root, "/old", "/old") == 0) << 3;
	f = fopen("/proc/self/mounts", "r");
	bad |= !(f && fgets(buf, sizeof(buf), f) && !strncmp(buf, "n / tmpfs ", 10)) << 4;
	bad |= !(f && fgets(buf, sizeof(buf), f) && !strncmp(buf, "p /proc proc ", 13)) << 5;
	bad |= (f && fgets(buf, sizeof(buf), f)) << 6; /* the others are out of sight */
	bad |= (access("/proc/self/root/inside", F_OK) != 0) << 7;
	return bad;
}

static int without_right(void)
{
	return sys(setresuid, 1000, 1000, 1000) ||
	       !(sys(pivot_root, BAD, BAD) == -1 && errno == EPERM);
}

int main(void)
{
	if (!own_mounts())
		return tap_done();
	works(mkdir("new", 0755));
	close(file_with("file", ""));
	works(sys(mount, "n", "new", "tmpfs", 0, "mode=755"));
	works(mkdir("new/old", 0755));
	works(mkdir("new/proc", 0755));
	close(file_with("new/inside", ""));
	fails(sys(pivot_root, BAD, "new/old"), EFAULT);
	fails(sys(pivot_root, "new", BAD), EFAULT);
	fails(sys(pivot_root, "missing", "new/old"), ENOENT);
	fails(sys(pivot_root, "new", "missing"), ENOENT);
	fails(sys(pivot_root, "file", "new/old"), ENOTDIR);
	fails(sys(pivot_root, "new", "/"), EBUSY);
	fails(sys(pivot_root, "/", "new/old"), EBUSY);
	fails(sys(pivot_root, "new/old", "new/old"), EINVAL);
	is(apart(without_right), 0);
	is(apart(changed), 0);
	is(apart(in_place), 0);
	is(apart(chrooted), 0);
	works(sys(umount2, "new/proc", 0));
	works(sys(umount2, "new", 0));
	return tap_done();
}
