/* SPDX-License-Identifier: MIT */
/* Old and rare questions about file systems: sysfs(2), ustat(2), quotactl(2). */
#include "fs/vfs.h"
#include "kernel/string.h"
#include "syscalls/syscall.h"
#include "syscalls/util.h"

#include <linux/quota.h>

/* ---- sysfs(2) ---- */

/* The name in the next line of VFS_FILESYSTEMS, its length, and the line after it. */
static const char *next_name(const char **at, size_t *len)
{
	const char *tab = strchr(*at, '\t'), *end = tab ? strchr(tab, '\n') : NULL;

	if (!end)
		return NULL;
	*len = (size_t)(end - tab - 1);
	*at = end + 1;
	return tab + 1;
}

static long index_of(uaddr_t uname)
{
	const char *at = VFS_FILESYSTEMS, *name;
	char want[32];
	size_t len;
	ssize_t n = strncpy_from_user(want, uname, sizeof(want));

	if (n < 0 && n != -ENAMETOOLONG)
		return n;
	for (long i = 0; (name = next_name(&at, &len)); i++)
		if (n == (ssize_t)len && memcmp(name, want, len) == 0)
			return i;
	return -EINVAL;
}

static long name_of(unsigned long index, uaddr_t to)
{
	const char *at = VFS_FILESYSTEMS, *name;
	char nul = '\0';
	size_t len = 0;

	do
		name = next_name(&at, &len);
	while (name && index--);
	if (!name)
		return -EINVAL;
	return copy_to_user(to, name, len) || put_user(to + len, nul) ? -EFAULT : 0;
}

long sys_sysfs(int option, unsigned long arg1, unsigned long arg2)
{
	const char *at = VFS_FILESYSTEMS;
	size_t len;
	long n = 0;

	switch (option) {
	case 1:
		return index_of(arg1);
	case 2:
		return name_of(arg1, arg2);
	case 3:
		while (next_name(&at, &len))
			n++;
		return n;
	}
	return -EINVAL;
}

/* ---- ustat(2) ---- */

struct ustat {
	int32_t f_tfree;
	uint64_t f_tinode;
	char f_fname[6], f_fpack[6];
};

static struct super *mounted_from(uint64_t dev)
{
	struct super *s;

	vfs_all_mounts();
	list_for_each (s, vfs_supers(), link)
		if (s->dev == dev)
			return s;
	return NULL;
}

long sys_ustat(unsigned dev, uaddr_t ubuf)
{
	struct super *s = mounted_from(dev);
	struct statfs st;
	struct ustat u;
	long r = s ? vfs_statfs(s->root, NULL, &st) : -EINVAL;

	if (r)
		return r;
	memset(&u, 0, sizeof(u));
	u.f_tfree = (int32_t)st.f_bfree;
	u.f_tinode = st.f_ffree;
	return copy_to_user(ubuf, &u, sizeof(u));
}

/* ---- quotactl(2): no file system here has quotas ---- */

#ifndef MAXQUOTAS
#define MAXQUOTAS 3
#endif

static long quotas_of(const struct inode *in)
{
	if (!S_ISBLK(in->mode))
		return -ENOTBLK;
	return mounted_from(in->rdev) ? -ENOSYS : -ENODEV;
}

long sys_quotactl(unsigned cmd, uaddr_t special, int id, uaddr_t addr)
{
	struct dentry *d;
	long r;

	if ((cmd & SUBCMDMASK) >= MAXQUOTAS)
		return -EINVAL;
	if (!special)
		return cmd >> SUBCMDSHIFT == Q_SYNC ? 0 : -ENODEV;
	r = dentry_at(AT_FDCWD, special, LOOKUP_FOLLOW, &d);
	if (r)
		return r;
	r = quotas_of(d->inode);
	dentry_put(d);
	return r;
}

long sys_quotactl_fd(int fd, unsigned cmd, int id, uaddr_t addr)
{
	struct file *f = fd_file_any(fd);

	if (!f)
		return -EBADF;
	file_put(f);
	return (cmd & SUBCMDMASK) >= MAXQUOTAS ? -EINVAL : -ENOSYS;
}
