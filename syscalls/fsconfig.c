/* SPDX-License-Identifier: MIT */
/*
 * fsopen(2), fsconfig(2), fsmount(2), fspick(2): a file system in steps. A context collects the
 * source and options as texts; the file system is made from them all at once.
 */
#include "fs/mount.h"
#include "kernel/heap.h"
#include "kernel/string.h"
#include "syscalls/mount.h"
#include "syscalls/syscall.h"
#include "syscalls/util.h"

#include <linux/mount.h>

#ifndef FSCONFIG_CMD_CREATE_EXCL /* Linux 6.6 */
#define FSCONFIG_CMD_CREATE_EXCL 8
#endif
#define KEY_MAX	    256
#define OPTIONS_MAX PAGE_SIZE

struct fs_setup {
	char *fstype, *source;
	char *options;	      /* OPTIONS_MAX bytes, separated by commas */
	unsigned set, clear;  /* MS_* of the file system that were asked for */
	struct mount *made;   /* FSCONFIG_CMD_CREATE: nowhere yet */
	struct dentry *place; /* fspick: what is to be changed */
	bool done;	      /* made and taken, or failed: nothing more can be set */
};

static void setup_release(struct file *f)
{
	struct fs_setup *s = f->priv;

	if (s->made)
		mount_drop(s->made);
	if (s->place)
		dentry_put(s->place);
	kfree(s->fstype);
	kfree(s->source);
	kfree(s->options);
	kfree(s);
}

/* Messages of the file system; there are none here. */
static ssize_t setup_read(struct file *f, struct iter *to, uint64_t *pos)
{
	return -ENODATA;
}

static const struct file_ops setup_ops = {
    .read = setup_read,
    .release = setup_release,
    .anon_name = "[fscontext]",
};

/* Takes over fstype and place, also when it fails. */
static long setup_new(char *fstype, struct dentry *place, bool cloexec)
{
	struct fs_setup *s = kzalloc(sizeof(*s));
	struct file *f;
	int r = -ENOMEM;

	if (s) {
		s->options = kzalloc(OPTIONS_MAX);
		if (s->options)
			r = vfs_anon_file(&setup_ops, s, O_RDWR, &f);
	}
	if (r) {
		if (s)
			kfree(s->options);
		kfree(s);
		kfree(fstype);
		dentry_put(place);
		return r;
	}
	s->fstype = fstype;
	s->place = place;
	return fd_new(f, cloexec);
}

/* The context behind a descriptor, whose file is returned referenced. NULL: *error says why. */
static struct fs_setup *setup_get(int fd, struct file **f, int *error)
{
	*f = fd_file(fd);
	if (*f && (*f)->ops == &setup_ops)
		return (*f)->priv;
	*error = *f ? -EINVAL : -EBADF;
	if (*f)
		file_put(*f);
	return NULL;
}

long sys_fsopen(uaddr_t uname, unsigned flags)
{
	char *name;
	long r;

	if (!may_mount())
		return -EPERM;
	if (flags & ~(unsigned)FSOPEN_CLOEXEC)
		return -EINVAL;
	r = uname ? mount_text(uname, PAGE_SIZE, &name) : -EFAULT;
	if (r)
		return r;
	if (mount_fstype_known(name))
		return setup_new(name, NULL, flags & FSOPEN_CLOEXEC);
	kfree(name);
	return -ENODEV;
}

long sys_fspick(int dirfd, uaddr_t path, unsigned flags)
{
	struct dentry *d;
	long r;

	if (!may_mount())
		return -EPERM;
	if (flags & ~(unsigned)(FSPICK_CLOEXEC | FSPICK_SYMLINK_NOFOLLOW | FSPICK_NO_AUTOMOUNT |
				FSPICK_EMPTY_PATH))
		return -EINVAL;
	r = dentry_at(dirfd, path,
		      (flags & FSPICK_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) |
			  (flags & FSPICK_EMPTY_PATH ? LOOKUP_EMPTY : 0),
		      &d);
	if (r)
		return r;
	if (mount_is_root(d))
		return setup_new(NULL, d, flags & FSPICK_CLOEXEC);
	dentry_put(d);
	return -EINVAL;
}

/* ---- fsconfig(2) ---- */

static const struct {
	const char *key;
	unsigned set, clear;
} super_keys[] = {
    {"ro", MS_RDONLY, 0},	    {"rw", 0, MS_RDONLY},	{"sync", MS_SYNCHRONOUS, 0},
    {"async", 0, MS_SYNCHRONOUS},   {"dirsync", MS_DIRSYNC, 0}, {"lazytime", MS_LAZYTIME, 0},
    {"nolazytime", 0, MS_LAZYTIME}, {"mand", MS_MANDLOCK, 0},	{"nomand", 0, MS_MANDLOCK},
};

static int add_option(struct fs_setup *s, const char *key, const char *value)
{
	size_t n = strlen(s->options);
	size_t want = strlen(key) + (value ? strlen(value) : 0) + 3;

	if ((value && strchr(value, ',')) || n + want > OPTIONS_MAX)
		return -EINVAL;
	scnprintf(s->options + n, OPTIONS_MAX - n, "%s%s%s%s", n ? "," : "", key, value ? "=" : "",
		  value ? value : "");
	return mount_options_known(s->place ? s->place->inode->super->fstype : s->fstype,
				   s->options + n + (n != 0))
		   ? 0
		   : (s->options[n] = 0, -EINVAL);
}

static int set_flag(struct fs_setup *s, const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(super_keys); i++) {
		if (strcmp(key, super_keys[i].key) != 0)
			continue;
		s->set = (s->set & ~super_keys[i].clear) | super_keys[i].set;
		s->clear = (s->clear & ~super_keys[i].set) | super_keys[i].clear;
		return 0;
	}
	return add_option(s, key, NULL);
}

static int set_string(struct fs_setup *s, const char *key, char **value)
{
	if (strcmp(key, "source") != 0)
		return add_option(s, key, *value);
	if (s->source)
		return -EINVAL;
	s->source = *value;
	*value = NULL;
	return 0;
}

static int create(struct fs_setup *s)
{
	int r;

	if (s->place || s->made || s->done)
		return -EBUSY;
	r = mount_make(s->fstype, s->source, s->options, s->set, MS_RELATIME, &s->made);
	s->done = r != 0;
	return r;
}

static int reconfigure(struct fs_setup *s)
{
	unsigned flags;

	if (!s->place)
		return -EBUSY;
	flags = (s->place->inode->super->flags & ~s->clear) | s->set;
	return mount_reconfigure(s->place, flags, s->options);
}

static int command(struct fs_setup *s, unsigned cmd, const char *key, char **value)
{
	switch (cmd) {
	case FSCONFIG_CMD_CREATE:
		return create(s);
	case FSCONFIG_CMD_RECONFIGURE:
		return reconfigure(s);
	case FSCONFIG_CMD_CREATE_EXCL:
		return -EOPNOTSUPP;
	}
	if (s->made || s->done)
		return -EBUSY;
	return cmd == FSCONFIG_SET_FLAG ? set_flag(s, key) : set_string(s, key, value);
}

/* Which of key, value and aux a command takes: 0, -EINVAL, -EOPNOTSUPP (unknown, or a kind of value
 * that no file system here has). */
static int check_config(unsigned cmd, bool key, bool value, int aux)
{
	switch (cmd) {
	case FSCONFIG_SET_FLAG:
		return key && !value && !aux ? 0 : -EINVAL;
	case FSCONFIG_SET_STRING:
		return key && value && !aux ? 0 : -EINVAL;
	case FSCONFIG_SET_BINARY:
		return key && value && aux > 0 && aux <= 1 << 20 ? -EOPNOTSUPP : -EINVAL;
	case FSCONFIG_SET_PATH:
	case FSCONFIG_SET_PATH_EMPTY:
		return key && value && (aux == AT_FDCWD || aux >= 0) ? -EOPNOTSUPP : -EINVAL;
	case FSCONFIG_SET_FD:
		return key && !value && aux >= 0 ? -EOPNOTSUPP : -EINVAL;
	case FSCONFIG_CMD_CREATE:
	case FSCONFIG_CMD_RECONFIGURE:
	case FSCONFIG_CMD_CREATE_EXCL:
		return key || value || aux ? -EINVAL : 0;
	}
	return -EOPNOTSUPP;
}

long sys_fsconfig(int fd, unsigned cmd, uaddr_t ukey, uaddr_t uvalue, int aux)
{
	char *key = NULL, *value = NULL;
	struct fs_setup *s;
	struct file *f;
	int r;

	if (fd < 0)
		return -EINVAL;
	r = check_config(cmd, ukey, uvalue, aux);
	if (r)
		return r;
	s = setup_get(fd, &f, &r);
	if (!s)
		return r;
	r = mount_text(ukey, KEY_MAX, &key);
	if (!r)
		r = mount_text(uvalue, KEY_MAX, &value);
	if (!r) {
		mutex_lock(&f->lock);
		r = command(s, cmd, key, &value);
		mutex_unlock(&f->lock);
	}
	kfree(key);
	kfree(value);
	file_put(f);
	return r;
}

long sys_fsmount(int fs_fd, unsigned flags, unsigned attr_flags)
{
	struct mount *m = NULL;
	struct fs_setup *s;
	struct file *f;
	unsigned wanted;
	int r;

	if (!may_mount())
		return -EPERM;
	if (flags & ~(unsigned)FSMOUNT_CLOEXEC)
		return -EINVAL;
	r = mount_attr_flags(attr_flags, &wanted);
	if (r)
		return r;
	s = setup_get(fs_fd, &f, &r);
	if (!s)
		return r;
	mutex_lock(&f->lock);
	if (s->made) {
		m = s->made;
		s->made = NULL;
		s->done = true;
		m->flags = wanted;
	} else {
		r = s->done ? -EBUSY : -EINVAL;
	}
	mutex_unlock(&f->lock);
	file_put(f);
	return m ? mount_fd(m, flags & FSMOUNT_CLOEXEC) : r;
}
