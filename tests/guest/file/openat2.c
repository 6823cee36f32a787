/* SPDX-License-Identifier: MIT */
/* openat2(2): strict flag checking, the structure's size, and the RESOLVE flags. */
/* volume: also there */
#include "tests/guest/tap.h"

struct how {
	uint64_t flags, mode, resolve, extra;
};
enum { HOW_SIZE = 24, NO_XDEV = 1, NO_MAGICLINKS = 2, NO_SYMLINKS = 4, BENEATH = 8, IN_ROOT = 16 };

static long o2(int dfd, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve)
{
	struct how h = {flags, mode, resolve, 0};

	return sys(openat2, dfd, path, &h, (size_t)HOW_SIZE);
}

int main(void)
{
	struct how h = {.flags = O_RDONLY};
	char abs[512];
	int d;

	tmp();
	close(file_with("f", "x"));
	mkdir("d", 0755);
	close(file_with("d/g", "y"));
	symlink("g", "d/sym");
	symlink("../f", "d/up");
	symlink("/f", "d/abs");
	works(o2(AT_FDCWD, "f", O_RDONLY, 0, 0));
	works(o2(AT_FDCWD, "new", O_RDWR | O_CREAT, 0600, 0));
	fails(o2(AT_FDCWD, "f", O_RDONLY, 0600, 0), EINVAL);
	fails(o2(AT_FDCWD, "f", O_CREAT | O_RDWR, 0100000, 0), EINVAL);
	fails(o2(AT_FDCWD, "f", 1ull << 40, 0, 0), EINVAL);
	fails(o2(AT_FDCWD, "f", O_RDONLY, 0, 0x8000), EINVAL);
	fails(o2(AT_FDCWD, "f", O_RDONLY, 0, BENEATH | IN_ROOT), EINVAL);
	fails(sys(openat2, AT_FDCWD, "f", &h, 8ul), EINVAL);
	works(sys(openat2, AT_FDCWD, "f", &h, 32ul));
	h.extra = 1;
	fails(sys(openat2, AT_FDCWD, "f", &h, 32ul), E2BIG);
	fails(sys(openat2, AT_FDCWD, "f", &h, 1ul << 20), E2BIG);
	fails(sys(openat2, AT_FDCWD, "f", BAD, (size_t)HOW_SIZE), EFAULT);
	fails(sys(openat2, AT_FDCWD, BAD, &h, (size_t)HOW_SIZE), EFAULT);
	works(d = open("d", O_RDONLY | O_DIRECTORY));
	works(o2(d, "g", O_RDONLY, 0, BENEATH));
	works(o2(d, "sym", O_RDONLY, 0, BENEATH));
	fails(o2(d, "../f", O_RDONLY, 0, BENEATH), EXDEV);
	fails(o2(d, "up", O_RDONLY, 0, BENEATH), EXDEV);
	fails(o2(d, "/etc", O_RDONLY, 0, BENEATH), EXDEV);
	fails(o2(d, "sym", O_RDONLY, 0, NO_SYMLINKS), ELOOP);
	works(o2(d, "g", O_RDONLY, 0, NO_SYMLINKS));
	works(o2(d, "/g", O_RDONLY, 0, IN_ROOT));
	works(o2(d, "../../g", O_RDONLY, 0, IN_ROOT));
	fails(o2(d, "abs", O_RDONLY, 0, IN_ROOT), ENOENT);
	works(o2(d, "g", O_RDONLY, 0, NO_XDEV));
	snprintf(abs, sizeof(abs), "/proc/self/fd/%d", d);
	works(o2(AT_FDCWD, abs, O_RDONLY, 0, 0));
	fails(o2(AT_FDCWD, abs, O_RDONLY, 0, NO_MAGICLINKS), ELOOP);
	fails(o2(-1, "f", O_RDONLY, 0, 0), EBADF);
	return tap_done();
}
