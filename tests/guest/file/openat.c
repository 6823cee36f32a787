/* SPDX-License-Identifier: MIT */
/* openat(2): what the directory descriptor means; O_TMPFILE. */
/* volume: also there */
#include "tests/guest/tap.h"

static void tmpfile_flag(void)
{
	struct stat st;
	char b[4] = {0};
	int fd = openat(AT_FDCWD, ".", O_TMPFILE | O_RDWR, 0600);

	if (fd < 0 && errno == EOPNOTSUPP) {
		skip("the file system has no O_TMPFILE");
		return;
	}
	works(fd);
	is(write(fd, "tmp", 3), 3);
	is(fstat(fd, &st), 0);
	is(st.st_nlink, 0);
	is(pread(fd, b, 4, 0), 3);
	fails(openat(AT_FDCWD, ".", O_TMPFILE | O_RDONLY, 0600), EINVAL);
	fails(openat(AT_FDCWD, "f", O_TMPFILE | O_RDWR, 0600), ENOTDIR);
}

int main(void)
{
	int d, f, fd;
	char abs[512], b[4] = {0};
	const char *dir = tmp();

	mkdir("d", 0755);
	f = file_with("d/f", "deep");
	close(file_with("f", "top"));
	works(d = open("d", O_RDONLY | O_DIRECTORY));
	works(fd = openat(d, "f", O_RDONLY));
	is(read(fd, b, 4), 4);
	same(b, "deep", 4);
	works(openat(d, "../f", O_RDONLY));
	fails(openat(d, "g", O_RDONLY), ENOENT);
	works(openat(d, "g", O_RDWR | O_CREAT, 0600));
	is(access("d/g", F_OK), 0);
	works(openat(AT_FDCWD, "f", O_RDONLY));
	snprintf(abs, sizeof(abs), "%s/f", dir);
	works(openat(-1, abs, O_RDONLY));
	works(openat(f, abs, O_RDONLY));
	fails(openat(-1, "f", O_RDONLY), EBADF);
	fails(openat(FD_NONE, "f", O_RDONLY), EBADF);
	fails(openat(f, "f", O_RDONLY), ENOTDIR);
	fails(openat(d, "", O_RDONLY), ENOENT);
	fails(sys(openat, d, BAD, O_RDONLY, 0), EFAULT);
	d = open("d", O_PATH);
	works(openat(d, "f", O_RDONLY));
	fails(openat(d, "f", O_RDONLY | O_DIRECTORY), ENOTDIR);
	fails(openat(AT_FDCWD, "f", O_CREAT | O_DIRECTORY, 0600), EINVAL); /* since Linux 6.4 */
	is(rename("d", "moved"), 0);
	works(openat(d, "f", O_RDONLY));
	tmpfile_flag();
	return tap_done();
}
