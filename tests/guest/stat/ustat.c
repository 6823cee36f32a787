/* SPDX-License-Identifier: MIT */
/* ustat(2), sysfs(2), quotactl(2), quotactl_fd(2): old questions about file systems. */
#include "tests/guest/tap.h"

#ifndef SYS_quotactl_fd
#define SYS_quotactl_fd 443
#endif
#define QCMD(cmd, type) ((int)((unsigned)(cmd) << 8 | (type)))
#define Q_SYNC		0x800001u
#define Q_GETQUOTA	0x800007u

static void old_stat(void)
{
	struct {
		int free;
		unsigned long inodes;
		char name[12];
	} u;
	struct stat st;

	memset(&u, 0xff, sizeof(u));
	stat(".", &st);
	is(sys(ustat, (unsigned)st.st_dev, &u), 0);
	ok((long)u.inodes >= 0);
	is(u.name[0], 0);
	fails(sys(ustat, (unsigned)st.st_dev, BAD), EFAULT);
	fails(sys(ustat, 0xfffffu, &u), EINVAL);
}

static void types(void)
{
	char name[64];
	long n = sys(sysfs, 3), i;

	if (n < 0 && errno == ENOSYS) {
		skip("Linux without sysfs(2)");
		return;
	}
	ok(n > 0);
	i = sys(sysfs, 1, "proc");
	ok(i >= 0 && i < n);
	is(sys(sysfs, 2, i, name), 0);
	ok(!strcmp(name, "proc"));
	i = sys(sysfs, 1, "tmpfs");
	is(sys(sysfs, 2, i, name), 0);
	ok(!strcmp(name, "tmpfs"));
	for (i = 0; i < n; i++)
		if (sys(sysfs, 2, i, name) || sys(sysfs, 1, name) != i)
			is(i, -1);
	fails(sys(sysfs, 1, "none of these"), EINVAL);
	fails(sys(sysfs, 1, "pro"), EINVAL);
	fails(sys(sysfs, 1, BAD), EFAULT);
	fails(sys(sysfs, 2, n, name), EINVAL);
	fails(sys(sysfs, 2, 0l, BAD), EFAULT);
	fails(sys(sysfs, 0), EINVAL);
	fails(sys(sysfs, 4), EINVAL);
}

static void quotas(void)
{
	char buf[256];
	int fd = open("f", O_RDWR | O_CREAT, 0644);

	if (sys(quotactl, QCMD(Q_SYNC, 0), NULL, 0, NULL) && errno == ENOSYS) {
		skip("Linux without quotas");
		return;
	}
	is(sys(quotactl, QCMD(Q_SYNC, 0), NULL, 0, NULL), 0);
	fails(sys(quotactl, QCMD(Q_SYNC, 3), NULL, 0, NULL), EINVAL);
	fails(sys(quotactl, QCMD(Q_GETQUOTA, 0), NULL, 0, buf), ENODEV);
	fails(sys(quotactl, QCMD(Q_GETQUOTA, 0), "f", 0, buf), ENOTBLK);
	fails(sys(quotactl, QCMD(Q_GETQUOTA, 0), "none", 0, buf), ENOENT);
	fails(sys(quotactl, QCMD(Q_GETQUOTA, 0), BAD, 0, buf), EFAULT);
	if (sys(quotactl_fd, -1, QCMD(Q_GETQUOTA, 0), 0, buf) && errno == ENOSYS) {
		skip("Linux before 5.14");
		return;
	}
	fails(sys(quotactl_fd, FD_NONE, QCMD(Q_GETQUOTA, 0), 0, buf), EBADF);
	fails(sys(quotactl_fd, fd, QCMD(Q_GETQUOTA, 3), 0, buf), EINVAL);
	ok(sys(quotactl_fd, fd, QCMD(Q_GETQUOTA, 0), 0, buf) == -1 &&
	   (errno == ENOSYS || errno == ESRCH)); /* without quotas, or switched off */
	close(fd);
}

int main(void)
{
	tmp();
	old_stat();
	types();
	quotas();
	return tap_done();
}
