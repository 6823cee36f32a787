/* SPDX-License-Identifier: MIT */
/*
 * Classification of the standard descriptors.
 *
 * Standard input that is a terminal is the guest's terminal only if the guest can also write to one
 * (descriptor 1 or 2): then the guest echoes and edits lines, and the terminal here is in raw mode.
 * Otherwise (prog | less) the line editing stays here and the program reads whole lines from a
 * stream.
 */
#include "tools/stdfds.h"

#include "tools/util.h"

#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static bool is_dev_null(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

/* How a stream must behave so that the program cannot tell it from what is here. */
static uint8_t stream_flags(int fd, const struct stat *st)
{
	if (fd == 0)
		return S_ISREG(st->st_mode) ? BI_STDF_FILE : 0;
	return S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode) ? BI_STDF_SYNC : 0;
}

static struct bi_std classify(int fd)
{
	struct stat st;

	if (fcntl(fd, F_GETFD) < 0 || fstat(fd, &st) < 0)
		return (struct bi_std){.kind = BI_STD_CLOSED};
	if (is_dev_null(&st))
		return (struct bi_std){.kind = BI_STD_NULL};
	if (isatty(fd))
		return (struct bi_std){.kind = BI_STD_TTY};
	return (struct bi_std){.kind = BI_STD_STREAM, .flags = stream_flags(fd, &st)};
}

/*
 * Are both descriptors the same open file? Where kcmp(2) is not allowed, the same pipe, socket or
 * terminal opened with the same flags behaves the same; two regular files differ in their offsets
 * and stay apart.
 */
static bool same_open_file(int a, int b)
{
	long order = syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, (long)a, (long)b);
	struct stat sa, sb;

	if (order >= 0)
		return order == 0;
	if (fstat(a, &sa) < 0 || fstat(b, &sb) < 0 || S_ISREG(sa.st_mode))
		return false;
	return sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino &&
	       fcntl(a, F_GETFL) == fcntl(b, F_GETFL);
}

static bool relayed(const struct bi_std *std)
{
	return std->kind == BI_STD_STREAM || std->kind == BI_STD_TTY;
}

/* Put /dev/null on a closed descriptor: O_RDWR, as init programs do. */
static void fill(int fd)
{
	int null = open("/dev/null", O_RDWR);

	if (null < 0 || (null != fd && dup2(null, fd) < 0))
		_exit(STATUS_FAILED); /* there is nowhere to say it */
	if (null != fd)
		close(null);
}

void stdfds_probe(struct stdfds *out)
{
	struct bi_std *std = out->std;

	for (int fd = 0; fd < 3; fd++)
		std[fd] = classify(fd);
	for (int fd = 0; fd < 3; fd++)
		if (std[fd].kind == BI_STD_CLOSED)
			fill(fd);
	if (relayed(&std[1]) && relayed(&std[2]) && same_open_file(1, 2))
		std[2].flags |= BI_STDF_SAME_AS_1;
	out->raw =
	    std[0].kind == BI_STD_TTY && (std[1].kind == BI_STD_TTY || std[2].kind == BI_STD_TTY);
	if (std[0].kind == BI_STD_TTY && !out->raw)
		std[0].kind = BI_STD_STREAM;
}
