/* SPDX-License-Identifier: MIT */
/*
 * mount(2), umount2(2): tmpfs, bind, move, remount; what flags of a mount forbid; errors; what
 * /proc/self/mountinfo and statfs(2) say.
 */
#include "tests/guest/mount/own.h"

#include <sys/xattr.h>

#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif

static void errors(void)
{
	char *page = edge();

	fails(sys(mount, BAD, "dir", "tmpfs", 0, 0), EFAULT);
	fails(sys(mount, "none", BAD, "tmpfs", 0, 0), EFAULT);
	fails(sys(mount, "none", "dir", BAD, 0, 0), EFAULT);
	fails(sys(mount, "none", "dir", "tmpfs", 0, BAD), EFAULT);
	fails(sys(mount, "none", "dir", page, 0, 0), EFAULT);
	fails(sys(mount, "none", "missing", "tmpfs", 0, 0), ENOENT);
	fails(sys(mount, "none", "", "tmpfs", 0, 0), ENOENT);
	fails(sys(mount, "none", "file", "tmpfs", 0, 0), ENOTDIR);
	fails(sys(mount, "none", "file/x", "tmpfs", 0, 0), ENOTDIR);
	fails(sys(mount, "none", "dir", "nosuchfs", 0, 0), ENODEV);
	fails(sys(mount, "none", "dir", 0, 0, 0), EINVAL);
	fails(sys(mount, "none", "dir", "tmpfs", 0, "nonsense=1"), EINVAL);
	fails(sys(mount, "none", "dir", "tmpfs", 0, "size=abc"), EINVAL);
	fails(sys(mount, "none", "dir", "tmpfs", 0, "mode=9"), EINVAL);
	fails(sys(mount, 0, "dir", 0, MS_BIND, 0), EINVAL);
	fails(sys(mount, "", "dir", 0, MS_BIND, 0), EINVAL);
	fails(sys(mount, "missing", "dir", 0, MS_BIND, 0), ENOENT);
	fails(sys(mount, "file", "dir", 0, MS_BIND, 0), ENOTDIR);
	fails(sys(mount, "dir", "file", 0, MS_BIND, 0), ENOTDIR);
	fails(sys(mount, "none", "dir", 0, MS_REMOUNT, 0), EINVAL);
	fails(sys(mount, "none", "dir", 0, MS_REMOUNT | MS_BIND, 0), EINVAL);
	fails(sys(mount, 0, "dir", 0, MS_PRIVATE, 0), EINVAL);
	fails(sys(mount, "dir", "dir2", 0, MS_MOVE, 0), EINVAL);
	fails(sys(mount, 0, "dir", 0, MS_MOVE, 0), EINVAL);
	fails(sys(umount2, "dir", 0), EINVAL);
	fails(sys(umount2, "missing", 0), ENOENT);
	fails(sys(umount2, BAD, 0), EFAULT);
	fails(sys(umount2, "dir", 16), EINVAL);
	fails(sys(umount2, "missing", ~0u), EINVAL);
}

static int without_right(void)
{
	int bad = 0;

	if (sys(setresuid, 1000, 1000, 1000))
		return 98;
	bad |= !(sys(mount, "none", "dir", "tmpfs", 0, 0) == -1 && errno == EPERM);
	bad |= !(sys(mount, "none", "missing", "tmpfs", 0, 0) == -1 && errno == ENOENT) << 1;
	bad |= !(sys(umount2, "dir", 0) == -1 && errno == EPERM) << 2;
	bad |= !(sys(unshare, CLONE_NEWNS) == -1 && errno == EPERM) << 3;
	return bad;
}

static void tmpfs(void)
{
	struct statfs s;
	struct stat st;
	int fd;

	works(sys(mount, "my source", "dir", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOATIME,
		  "size=64k,mode=711,nr_inodes=20"));
	ok(says(info("dir"), " rw,nosuid,nodev,noatime - tmpfs my\\040source rw"));
	ok(says(info("dir"), "size=64k"));
	ok(says(info("dir"), "mode=711"));
	works(stat("dir", &st));
	is(st.st_mode, S_IFDIR | 0711);
	works(statfs("dir", &s));
	is(s.f_type, 0x01021994);
	is(s.f_blocks * s.f_bsize, 65536);
	is(s.f_flags & 0x1c2f, 0x426);
	close(file_with("dir/a", "inside"));
	fd = open("dir/big", O_WRONLY | O_CREAT, 0600);
	is(ftruncate(fd, 1 << 20), 0);
	fails(posix_fallocate(fd, 0, 1 << 20) ? (errno = ENOSPC, -1) : 0, ENOSPC);
	close(fd);
	works(unlink("dir/big"));
	is(apart(without_right), 0);
	fails(rmdir("dir"), EBUSY);
	fails(rename("dir", "other"), EBUSY);
	fails(rename("dir/a", "a"), EXDEV);
	fails(link("dir/a", "a"), EXDEV);
	works(mkdir("dir/deep", 0755));
	works(chdir("dir/deep"));
	fails(sys(umount2, "..", 0), EBUSY);
	works(chdir("../.."));
	fd = open("dir/a", O_RDONLY);
	fails(sys(umount2, "dir", 0), EBUSY);
	close(fd);
	fails(sys(umount2, "dir/deep", 0), EINVAL);
	fails(sys(umount2, "dir", MNT_EXPIRE | MNT_DETACH), EINVAL);
	fails(sys(umount2, "dir", MNT_EXPIRE), EAGAIN);
	works(sys(umount2, "dir", MNT_EXPIRE));
	fails(access("dir/a", F_OK), ENOENT);
	is(info("dir")[0], 0);
}

static void flags(void)
{
	struct stat st;
	int fd;

	works(sys(mount, "t", "dir", "tmpfs", 0, 0));
	close(file_with("dir/prog", "#!/bin/true\n"));
	works(chmod("dir/prog", 0755));
	works(symlink("prog", "dir/link"));
	works(mknod("dir/null", S_IFCHR | 0666, 1 << 8 | 3));
	fd = open("dir/prog", O_RDWR);
	fails(sys(mount, 0, "dir", 0, MS_REMOUNT | MS_BIND | MS_RDONLY, 0), EBUSY);
	fails(sys(mount, 0, "dir", 0, MS_REMOUNT | MS_RDONLY, 0), EBUSY);
	close(fd);
	works(sys(mount, 0, "dir", 0, MS_REMOUNT | MS_BIND | MS_RDONLY, 0));
	ok(says(info("dir"), " ro,relatime - tmpfs t rw"));
	fails(open("dir/prog", O_RDWR), EROFS);
	fails(open("dir/prog", O_RDONLY | O_TRUNC), EROFS);
	fails(open("dir/new", O_RDONLY | O_CREAT, 0600), EROFS);
	fails(mkdir("dir/new", 0700), EROFS);
	fails(unlink("dir/prog"), EROFS);
	fails(rename("dir/prog", "dir/other"), EROFS);
	fails(chmod("dir/prog", 0700), EROFS);
	fails(truncate("dir/prog", 0), EROFS);
	fails(access("dir/prog", W_OK), EROFS);
	fails(setxattr("dir/prog", "user.a", "b", 1, 0), EROFS);
	fails(utimensat(AT_FDCWD, "dir/prog", NULL, 0), EROFS);
	fd = open("dir/null", O_RDWR);
	ok(fd >= 0, "devices are written to all the same");
	close(fd);
	works(sys(mount, 0, "dir", 0, MS_REMOUNT | MS_RDONLY, 0));
	ok(says(info("dir"), " ro,relatime - tmpfs t ro"));
	works(sys(mount, 0, "dir", 0, MS_REMOUNT | MS_NODEV | MS_NOEXEC | MS_NOSYMFOLLOW, 0));
	works(close(open("dir/prog", O_RDWR)));
	fails(open("dir/null", O_RDWR), EACCES);
	fails(access("dir/prog", X_OK), EACCES);
	fails(execl("dir/prog", "prog", NULL), EACCES);
	fails(open("dir/link", O_RDONLY), ELOOP);
	works(lstat("dir/link", &st));
	fd = open("dir/prog", O_RDONLY);
	ok(mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED &&
	   errno == EPERM);
	void *p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	fails(mprotect(p, PAGE, PROT_READ | PROT_EXEC), EACCES);
	works(munmap(p, PAGE));
	close(fd);
	fails(sys(mount, 0, "dir", 0, MS_REMOUNT, "nonsense"), EINVAL);
	works(sys(mount, 0, "dir", 0, MS_REMOUNT | MS_STRICTATIME, "size=1m"));
	ok(says(info("dir"), " rw - tmpfs t rw"));
	ok(says(info("dir"), "size=1024k"));
	works(sys(umount2, "dir", 0));
}

static void binds(void)
{
	struct stat a, b;
	char text[300], buf[300];
	int fd;

	works(sys(mount, "t", "dir", "tmpfs", 0, 0));
	works(mkdir("dir/sub", 0755));
	close(file_with("dir/sub/a", "one"));
	works(sys(mount, "dir/sub", "dir2", 0, MS_BIND | MS_RDONLY, 0));
	ok(says(info("dir2"), " /sub "));
	ok(says(info("dir2"), " rw,relatime - tmpfs t rw"));
	ok(file_is("dir2/a", "one"));
	works(stat("dir/sub/a", &a));
	works(stat("dir2/a", &b));
	ok(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
	fails(rename("dir/sub/a", "dir2/b"), EXDEV);
	fails(link("dir/sub/a", "dir2/b"), EXDEV);
	fails(access("dir2/new", F_OK), ENOENT); /* and is not remembered */
	close(file_with("dir/sub/new", "two"));
	ok(file_is("dir2/new", "two"));
	works(unlink("dir/sub/new"));
	fails(access("dir2/new", F_OK), ENOENT);
	works(rename("dir2/a", "dir2/b"));
	fails(access("dir/sub/a", F_OK), ENOENT);
	ok(file_is("dir/sub/b", "one"));
	works(rename("dir/sub/b", "dir/sub/a"));
	works(sys(mount, 0, "dir2", 0, MS_REMOUNT | MS_BIND | MS_RDONLY, 0));
	fails(open("dir2/a", O_RDWR), EROFS);
	close(file_with("dir/sub/a", "three"));
	ok(file_is("dir2/a", "three"));
	works(sys(mount, "x", "dir2", "tmpfs", 0, 0)); /* on the same directory under either name */
	fails(rmdir("dir/sub"), EBUSY);
	works(sys(umount2, "dir2", 0));
	works(mkdir("dir/gone", 0755));
	works(mkdir("dir4", 0755));
	works(sys(mount, "dir/gone", "dir4", 0, MS_BIND, 0));
	works(rmdir("dir/gone"));
	fails(sys(mount, "dir4", "dir/sub", 0, MS_BIND, 0), ENOENT);
	fails(sys(mount, "t", "dir4", "tmpfs", 0, 0), ENOENT);
	works(sys(umount2, "dir4", 0));
	works(rmdir("dir4"));
	works(sys(mount, "dir/sub/a", "file", 0, MS_BIND, 0)); /* a file on a file */
	ok(file_is("file", "three"));
	ok(says(info("file"), " /sub/a "));
	fails(unlink("file"), EBUSY);
	fails(unlink("dir/sub"), EISDIR);
	works(chdir("dir2"));
	works(chdir(".."));
	ok(getcwd(buf, sizeof(buf)) && !strcmp(buf, tap_dir));
	fd = open("dir2/a", O_RDONLY);
	snprintf(text, sizeof(text), "/proc/self/fd/%d", fd);
	is(readlink(text, buf, sizeof(buf)), strlen(tap_dir) + strlen("/dir2/a"));
	close(fd);
	works(sys(umount2, "dir", 0)); /* binds keep the file system */
	ok(file_is("dir2/a", "three"));
	works(sys(umount2, "file", UMOUNT_NOFOLLOW));
	works(sys(umount2, "dir2", 0));
}

static void trees(void)
{
	int fd;

	nested();
	close(file_with("dir/sub/f", "below"));
	works(sys(mount, "dir", "dir2", 0, MS_BIND, 0));
	fails(access("dir2/sub/f", F_OK), ENOENT);
	works(sys(umount2, "dir2", 0));
	works(sys(mount, "dir", "dir2", 0, MS_BIND | MS_REC, 0));
	ok(file_is("dir2/sub/f", "below"));
	fails(sys(umount2, "dir2", 0), EBUSY);
	fails(rmdir("dir2/sub"), EBUSY);
	fails(sys(mount, "dir", "dir/sub", 0, MS_MOVE, 0), ELOOP);
	works(mkdir("dir3", 0755));
	works(sys(mount, "dir2", "dir3", 0, MS_MOVE, 0));
	is(info("dir2")[0], 0);
	ok(file_is("dir3/sub/f", "below"));
	works(sys(mount, "v", "dir3", "tmpfs", 0, 0)); /* on top */
	fails(access("dir3/sub", F_OK), ENOENT);
	works(sys(umount2, "dir3", 0));
	ok(file_is("dir3/sub/f", "below"));
	fd = open("dir3/sub/f", O_RDONLY);
	works(sys(umount2, "dir3", MNT_DETACH));
	char buf[8];
	is(read(fd, buf, 8), 5);
	close(fd);
	is(info("dir3")[0], 0);
	is(info("dir3/sub")[0], 0);
	works(sys(mount, 0, "dir", 0, MS_UNBINDABLE, 0));
	ok(says(info("dir"), " unbindable "));
	fails(sys(mount, "dir", "dir2", 0, MS_BIND, 0), EINVAL);
	works(sys(mount, 0, "dir", 0, MS_PRIVATE, 0));
	fails(sys(mount, 0, "dir", 0, MS_PRIVATE | MS_SLAVE, 0), EINVAL);
	works(sys(mount, 0, "dir", 0, MS_SLAVE | MS_REC, 0));
	works(symlink("dir", "ln"));
	fails(sys(umount2, "ln", UMOUNT_NOFOLLOW), EINVAL);
	works(sys(umount2, "ln", MNT_DETACH));
	fails(sys(umount2, "dir", 0), EINVAL);
	works(rmdir("dir3"));
}

static int in_a_copy(void)
{
	int bad = 0;

	bad |= sys(unshare, CLONE_NEWNS) != 0;
	bad |= !file_is("dir/f", "all") << 1;
	bad |= (sys(umount2, "dir", 0) != 0) << 2;
	bad |= (sys(mount, "x", "dir2", "tmpfs", 0, 0) != 0) << 3;
	bad |= (info("dir")[0] != 0 || !info("dir2")[0]) << 4;
	close(file_with("dir2/x", "mine"));
	return bad;
}

static void spaces(void)
{
	works(sys(mount, "t", "dir", "tmpfs", 0, 0));
	close(file_with("dir/f", "all"));
	is(apart(in_a_copy), 0);
	ok(file_is("dir/f", "all"));
	is(info("dir2")[0], 0);
	fails(access("dir2/x", F_OK), ENOENT);
	works(sys(umount2, "dir", 0));
}

static void known(void)
{
	struct statfs s;

	works(sys(mount, "p", "dir", "proc", MS_NOSUID | MS_RDONLY, 0));
	ok(access("dir/self/stat", R_OK) == 0);
	works(statfs("dir", &s));
	is(s.f_type, 0x9fa0);
	fails(open("dir/self/comm", O_WRONLY), EROFS);
	works(sys(mount, "/dev/null", "dir/self/comm", 0, MS_BIND, 0));
	ok(file_is("dir/self/comm", ""));
	works(sys(umount2, "dir/self/comm", 0));
	ok(!file_is("dir/self/comm", ""));
	works(sys(umount2, "dir", 0));
	works(sys(mount, "d", "dir", "devtmpfs", 0, 0));
	ok(access("dir/null", W_OK) == 0);
	works(sys(umount2, "dir", 0));
}

/* A place whose name was given to something else, through another mount of its file system. */
static void renamed_elsewhere(void)
{
	works(sys(mount, "t", "dir", "tmpfs", 0, 0));
	works(sys(mount, "dir", "dir2", 0, MS_BIND, 0));
	works(mkdir("dir/p", 0755));
	works(mkdir("dir/p/a", 0755));
	works(mkdir("dir/p/b", 0755));
	works(chdir("dir/p/a"));
	works(rename("../../../dir2/p/a", "../../../dir2/p/c"));
	works(mkdir("../../../dir2/p/a", 0755));
	works(access("../a", F_OK));
	works(sys(mount, "u", ".", "tmpfs", 0, 0));
	works(sys(umount2, ".", 0));
	works(chdir(tap_dir));
	works(rmdir("dir/p/b"));
	works(rmdir("dir/p/a"));
	works(rmdir("dir/p/c"));
	works(rmdir("dir/p"));
	works(sys(umount2, "dir2", 0));
	works(sys(umount2, "dir", 0));
}

int main(void)
{
	if (!own_mounts())
		return tap_done();
	works(mkdir("dir", 0755));
	works(mkdir("dir2", 0755));
	close(file_with("file", ""));
	errors();
	tmpfs();
	flags();
	binds();
	trees();
	spaces();
	known();
	renamed_elsewhere();
	return tap_done();
}
