/* SPDX-License-Identifier: MIT */
/* statx(2): agrees with stat(2), says which fields it filled, checks flags and mask. */
/* volume: also there */
#include "tests/guest/tap.h"

#include <sys/sysmacros.h>

struct sx_time {
	int64_t sec;
	uint32_t nsec;
	int32_t pad;
};
struct sx { /* struct statx, which not every C library declares */
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, pad;
	uint64_t ino, size, blocks, attributes_mask;
	struct sx_time atime, btime, ctime, mtime;
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t mnt_id;
	uint64_t spare[13];
};
enum { BASIC = 0x7ff, BTIME = 0x800, RESERVED = (int)0x80000000 };

static long sx(int d, const char *path, int flags, unsigned mask, struct sx *out)
{
	return sys(statx, d, path, flags, mask, out);
}

int main(void)
{
	struct stat st;
	struct sx x;
	int fd;

	tmp();
	fd = file_with("f", "12345");
	symlink("f", "s");
	is(sizeof(x), 256);
	memset(&x, 0xee, sizeof(x));
	is(sx(AT_FDCWD, "f", 0, BASIC, &x), 0);
	is(stat("f", &st), 0);
	is(x.mask & BASIC, BASIC);
	is(x.mode, st.st_mode);
	is(x.ino, st.st_ino);
	is(x.size, 5);
	is(x.nlink, 1);
	is(x.uid, st.st_uid);
	is(x.gid, st.st_gid);
	is(x.blocks, st.st_blocks);
	is(x.blksize, st.st_blksize);
	is(x.mtime.sec, st.st_mtim.tv_sec);
	is(x.mtime.nsec, st.st_mtim.tv_nsec);
	is(x.ctime.sec, st.st_ctim.tv_sec);
	is(makedev(x.dev_major, x.dev_minor), st.st_dev);
	is(x.spare[12], 0);
	is(sx(AT_FDCWD, "f", 0, BASIC | BTIME, &x), 0);
	if (x.mask & BTIME)
		ok(x.btime.sec <= x.mtime.sec);
	else
		skip("the file system has no birth times");
	is(sx(AT_FDCWD, "s", AT_SYMLINK_NOFOLLOW, BASIC, &x), 0);
	is(x.mode & S_IFMT, S_IFLNK);
	is(sx(fd, "", AT_EMPTY_PATH, BASIC, &x), 0);
	is(x.ino, st.st_ino);
	is(sx(AT_FDCWD, "f", 0, 0, &x), 0);
	is(sx(AT_FDCWD, "f", 0x2000, BASIC, &x), 0); /* AT_STATX_FORCE_SYNC */
	is(sx(AT_FDCWD, "/dev/full", 0, BASIC, &x), 0);
	is(makedev(x.rdev_major, x.rdev_minor), makedev(1, 7));
	fails(sx(AT_FDCWD, "f", 0x6000, BASIC, &x), EINVAL);
	fails(sx(AT_FDCWD, "f", 0x40000000, BASIC, &x), EINVAL);
	fails(sx(AT_FDCWD, "f", 0, RESERVED, &x), EINVAL);
	fails(sx(AT_FDCWD, "none", 0, BASIC, &x), ENOENT);
	fails(sx(AT_FDCWD, "", 0, BASIC, &x), ENOENT);
	fails(sx(-1, "f", 0, BASIC, &x), EBADF);
	fails(sx(fd, "f", 0, BASIC, &x), ENOTDIR);
	fails(sx(AT_FDCWD, BAD, 0, BASIC, &x), EFAULT);
	fails(sx(AT_FDCWD, "f", 0, BASIC, BAD), EFAULT);
	return tap_done();
}
