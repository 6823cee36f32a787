/* SPDX-License-Identifier: MIT */
/*
 * Mounts through descriptors: open_tree(2), move_mount(2), fsopen(2), fsconfig(2), fsmount(2),
 * fspick(2), mount_setattr(2).
 */
#include "tests/guest/mount/own.h"

#include <linux/mount.h>
#include <sys/resource.h>

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif

static int context(const char *size)
{
	int fs = sys(fsopen, "tmpfs", FSOPEN_CLOEXEC);

	works(fs);
	is(fcntl(fs, F_GETFD), FD_CLOEXEC);
	works(sys(fsconfig, fs, FSCONFIG_SET_STRING, "source", "ctx", 0));
	works(sys(fsconfig, fs, FSCONFIG_SET_STRING, "size", size, 0));
	return fs;
}

static void contexts(void)
{
	char text[16];
	int fs = context("64k"), mnt, pick;

	fails(read(fs, text, sizeof(text)), ENODATA);
	close(fs);
	fs = context("128k");
	fails(sys(fsopen, "nosuchfs", 0), ENODEV);
	fails(sys(fsopen, "tmpfs", 2), EINVAL);
	fails(sys(fsopen, BAD, 0), EFAULT);
	fails(sys(fsconfig, fs, FSCONFIG_SET_STRING, "size", 0, 0), EINVAL);
	fails(sys(fsconfig, fs, FSCONFIG_SET_STRING, BAD, "1", 0), EFAULT);
	fails(sys(fsconfig, fs, FSCONFIG_SET_STRING, "size", BAD, 0), EFAULT);
	fails(sys(fsconfig, fs, FSCONFIG_SET_STRING, "size", "1", 1), EINVAL);
	fails(sys(fsconfig, fs, FSCONFIG_SET_STRING, "nonsense", "1", 0), EINVAL);
	fails(sys(fsconfig, fs, FSCONFIG_SET_FLAG, "nonsense", 0, 0), EINVAL);
	fails(sys(fsconfig, fs, FSCONFIG_SET_FLAG, "ro", "x", 0), EINVAL);
	fails(sys(fsconfig, fs, FSCONFIG_CMD_CREATE, "x", 0, 0), EINVAL);
	fails(sys(fsconfig, fs, 99, 0, 0, 0), EOPNOTSUPP);
	fails(sys(fsconfig, -1, FSCONFIG_CMD_CREATE, 0, 0, 0), EINVAL);
	fails(sys(fsconfig, FD_NONE, FSCONFIG_CMD_CREATE, 0, 0, 0), EBADF);
	fails(sys(fsconfig, 1, FSCONFIG_CMD_CREATE, 0, 0, 0), EINVAL);
	fails(sys(fsmount, fs, 0, 0), EINVAL); /* not made yet */
	fails(sys(fsmount, FD_NONE, 0, 0), EBADF);
	fails(sys(fsmount, fs, 2, 0), EINVAL);
	works(sys(fsconfig, fs, FSCONFIG_CMD_CREATE, 0, 0, 0));
	fails(sys(fsconfig, fs, FSCONFIG_CMD_CREATE, 0, 0, 0), EBUSY);
	fails(sys(fsconfig, fs, FSCONFIG_SET_STRING, "size", "1", 0), EBUSY);
	fails(sys(fsmount, fs, 0, 0x400), EINVAL);
	mnt = sys(fsmount, fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	works(mnt);
	close(fs);
	works(mkdirat(mnt, "sub", 0755)); /* it is nowhere, but there */
	works(sys(move_mount, mnt, "", AT_FDCWD, "dir", MOVE_MOUNT_F_EMPTY_PATH));
	close(mnt);
	ok(says(info("dir"), " rw,nosuid,noexec,relatime - tmpfs ctx rw"));
	ok(says(info("dir"), "size=128k"));
	works(access("dir/sub", F_OK));
	pick = sys(fspick, AT_FDCWD, "dir", 0);
	works(pick);
	works(sys(fsconfig, pick, FSCONFIG_SET_FLAG, "ro", 0, 0));
	works(sys(fsconfig, pick, FSCONFIG_CMD_RECONFIGURE, 0, 0, 0));
	close(pick);
	fails(mkdir("dir/x", 0755), EROFS);
	ok(says(info("dir"), " - tmpfs ctx ro"));
	fails(sys(fspick, AT_FDCWD, "dir/sub", 0), EINVAL);
	fails(sys(fspick, AT_FDCWD, "dir", 0x100), EINVAL);
	fails(sys(fspick, AT_FDCWD, BAD, 0), EFAULT);
	works(sys(umount2, "dir", 0));
}

static void trees(void)
{
	int t;

	nested();
	close(file_with("dir/sub/f", "below"));
	fails(sys(open_tree, AT_FDCWD, "dir", AT_RECURSIVE), EINVAL);
	fails(sys(open_tree, AT_FDCWD, "dir", 0x40), EINVAL);
	fails(sys(open_tree, AT_FDCWD, BAD, OPEN_TREE_CLONE), EFAULT);
	fails(sys(open_tree, AT_FDCWD, "missing", OPEN_TREE_CLONE), ENOENT);
	t = sys(open_tree, AT_FDCWD, "dir", OPEN_TREE_CLOEXEC);
	works(t);
	is(fcntl(t, F_GETFL) & O_PATH, O_PATH);
	close(t);
	t = sys(open_tree, AT_FDCWD, "dir", OPEN_TREE_CLONE | AT_RECURSIVE);
	works(t);
	works(faccessat(t, "sub/f", F_OK, 0));
	fails(sys(move_mount, t, "", AT_FDCWD, "dir2", 0), ENOENT);
	fails(sys(move_mount, t, "", AT_FDCWD, "dir2", 0x8000), EINVAL);
	fails(sys(move_mount, t, "", AT_FDCWD, "missing", MOVE_MOUNT_F_EMPTY_PATH), ENOENT);
	fails(sys(move_mount, t, "", AT_FDCWD, BAD, MOVE_MOUNT_F_EMPTY_PATH), EFAULT);
	fails(sys(move_mount, AT_FDCWD, BAD, AT_FDCWD, "dir2", 0), EFAULT);
	fails(sys(move_mount, t, "sub/f", AT_FDCWD, "dir2", 0), EINVAL);
	fails(sys(move_mount, t, "", AT_FDCWD, "file", MOVE_MOUNT_F_EMPTY_PATH), EINVAL);
	works(sys(move_mount, t, "", AT_FDCWD, "dir2", MOVE_MOUNT_F_EMPTY_PATH));
	ok(file_is("dir2/sub/f", "below"));
	close(t);
	ok(file_is("dir2/sub/f", "below"));
	works(mkdir("dir3", 0755));
	works(sys(move_mount, AT_FDCWD, "dir2", AT_FDCWD, "dir3", 0));
	ok(file_is("dir3/sub/f", "below"));
	works(sys(umount2, "dir3", MNT_DETACH));
	t = sys(open_tree, AT_FDCWD, "dir", OPEN_TREE_CLONE | AT_RECURSIVE);
	works(t);
	close(t); /* and it is gone */
	works(sys(umount2, "dir/sub", 0));
	works(sys(umount2, "dir", 0));
}

static int without_right(void)
{
	struct mount_attr a = {.attr_set = MOUNT_ATTR_RDONLY};
	int bad = 0;

	if (sys(setresuid, 1000, 1000, 1000))
		return 98;
	bad |= !(sys(fsopen, "tmpfs", 0) == -1 && errno == EPERM);
	bad |= !(sys(open_tree, AT_FDCWD, "dir", OPEN_TREE_CLONE) == -1 && errno == EPERM) << 1;
	bad |= !(sys(move_mount, AT_FDCWD, "dir", AT_FDCWD, "dir2", 0) == -1 && errno == EPERM)
	       << 2;
	bad |= !(sys(fspick, AT_FDCWD, "dir", 0) == -1 && errno == EPERM) << 3;
	bad |= !(sys(fsmount, 0, 0, 0) == -1 && errno == EPERM) << 4;
	bad |= !(sys(mount_setattr, AT_FDCWD, "dir", 0, &a, sizeof(a)) == -1 && errno == EPERM)
	       << 5;
	return bad;
}

static void attributes(void)
{
	struct mount_attr a = {.attr_set = MOUNT_ATTR_RDONLY};
	char *page = edge();

	nested();
	is(apart(without_right), 0);
	fails(sys(mount_setattr, AT_FDCWD, "dir", 1, &a, sizeof(a)), EINVAL);
	fails(sys(mount_setattr, AT_FDCWD, "dir", 0, &a, 31), EINVAL);
	fails(sys(mount_setattr, AT_FDCWD, "dir", 0, &a, PAGE + 1), E2BIG);
	fails(sys(mount_setattr, AT_FDCWD, "dir", 0, page - 31, 32), EFAULT);
	fails(sys(mount_setattr, AT_FDCWD, BAD, 0, &a, sizeof(a)), EFAULT);
	fails(sys(mount_setattr, AT_FDCWD, "missing", 0, &a, sizeof(a)), ENOENT);
	works(sys(mount_setattr, AT_FDCWD, "dir", AT_RECURSIVE, &a, sizeof(a)));
	fails(mkdir("dir/x", 0755), EROFS);
	fails(mkdir("dir/sub/x", 0755), EROFS);
	a = (struct mount_attr){.attr_clr = MOUNT_ATTR_RDONLY, .attr_set = MOUNT_ATTR_NODEV};
	works(sys(mount_setattr, AT_FDCWD, "dir", 0, &a, sizeof(a)));
	works(mkdir("dir/x", 0755));
	fails(mkdir("dir/sub/x", 0755), EROFS);
	ok(says(info("dir"), " rw,nodev,relatime - "));
	ok(says(info("dir/sub"), " ro,relatime - "));
	a = (struct mount_attr){.attr_set = MOUNT_ATTR_NOATIME};
	fails(sys(mount_setattr, AT_FDCWD, "dir", 0, &a, sizeof(a)), EINVAL);
	a.attr_clr = MOUNT_ATTR_NOATIME;
	fails(sys(mount_setattr, AT_FDCWD, "dir", 0, &a, sizeof(a)), EINVAL);
	a.attr_clr = MOUNT_ATTR__ATIME;
	works(sys(mount_setattr, AT_FDCWD, "dir", 0, &a, sizeof(a)));
	ok(says(info("dir"), " rw,nodev,noatime - "));
	a = (struct mount_attr){.attr_set = 0x80000000};
	fails(sys(mount_setattr, AT_FDCWD, "dir", 0, &a, sizeof(a)), EINVAL);
	a = (struct mount_attr){.propagation = MS_PRIVATE | MS_SLAVE};
	fails(sys(mount_setattr, AT_FDCWD, "dir", 0, &a, sizeof(a)), EINVAL);
	a = (struct mount_attr){.propagation = MS_PRIVATE};
	works(sys(mount_setattr, AT_FDCWD, "dir", AT_RECURSIVE, &a, sizeof(a)));
	fails(sys(mount_setattr, AT_FDCWD, "dir/x", 0, &a, sizeof(a)), EINVAL);
	works(sys(umount2, "dir", MNT_DETACH));
}

/* All descriptors are in use: nothing is made, and nothing is taken away from what is there. */
static void no_descriptor(void)
{
	struct rlimit all, none;

	works(sys(mount, "t", "dir", "tmpfs", 0, 0));
	works(getrlimit(RLIMIT_NOFILE, &all));
	none = (struct rlimit){0, all.rlim_max};
	works(setrlimit(RLIMIT_NOFILE, &none));
	for (int i = 0; i < 3; i++) {
		fails(sys(fsopen, "tmpfs", 0), EMFILE);
		fails(sys(fspick, AT_FDCWD, "dir", 0), EMFILE);
		fails(sys(open_tree, AT_FDCWD, "dir", 0), EMFILE);
		fails(sys(open_tree, AT_FDCWD, "dir", OPEN_TREE_CLONE), EMFILE);
	}
	works(setrlimit(RLIMIT_NOFILE, &all));
	works(mkdir("dir/sub", 0755));
	works(sys(umount2, "dir", 0));
	fails(access("dir/sub", F_OK), ENOENT);
}

int main(void)
{
	if (!own_mounts())
		return tap_done();
	works(mkdir("dir", 0755));
	works(mkdir("dir2", 0755));
	close(file_with("file", ""));
	contexts();
	trees();
	attributes();
	no_descriptor();
	return tap_done();
}
