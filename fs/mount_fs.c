/* SPDX-License-Identifier: MIT */
/*
 * File systems a program can ask for by name: a new tmpfs each time, the one /proc, /sys, /dev,
 * /dev/pts and /dev/mqueue again. What the machine was given from outside (the root, volumes) has a
 * name, too, but is mounted elsewhere only with MS_BIND.
 */
#include "fs/mount.h"
#include "fs/mqueue.h"
#include "fs/tmpfs.h"
#include "fs/vfs_internal.h"
#include "kernel/heap.h"
#include "kernel/string.h"

/* ---- options of tmpfs(5) ---- */

struct tmpfs_options {
	uint64_t pages, inodes, mode, uid, gid; /* UINT64_MAX: not given */
};

/* A number with k, m, g behind it, or, where `percent` is not 0, with %. False: something else. */
static bool parse_size(const char *text, uint64_t percent_of, uint64_t *out)
{
	static const char units[] = "kmgtpe";
	uint64_t n = 0;
	const char *unit;

	if (*text < '0' || *text > '9')
		return false;
	for (; *text >= '0' && *text <= '9'; text++)
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*text - '0'), &n))
			return false;
	if (*text == '%' && percent_of) {
		text++;
		n = n > 1000000 ? UINT64_MAX / 2 : n * percent_of / 100;
	} else if (*text && (unit = strchr(units, *text | 0x20))) {
		unsigned shift = 10u * (unsigned)(unit - units + 1);

		text++;
		if (shift > 60 || n > (UINT64_MAX >> 1) >> shift)
			return false;
		n <<= shift;
	}
	*out = n;
	return !*text;
}

static bool parse_octal(const char *text, uint64_t *out)
{
	uint64_t n = 0;

	if (!*text)
		return false;
	for (; *text >= '0' && *text <= '7' && n < 07777777; text++)
		n = n * 8 + (uint64_t)(*text - '0');
	*out = n & 07777;
	return !*text;
}

/* One option; key is changed. False: unknown, or a bad value. */
static bool parse_option(char *key, struct tmpfs_options *o)
{
	char *value = strchr(key, '=');
	uint64_t n = 0;

	if (!value)
		return !strcmp(key, "inode64") || !strcmp(key, "noswap");
	*value++ = 0;
	if (!strcmp(key, "mode"))
		return parse_octal(value, &o->mode);
	if (!strcmp(key, "huge"))
		return !strcmp(value, "never");
	if (!strcmp(key, "size") && parse_size(value, page_total() << PAGE_SHIFT, &n))
		return (o->pages = ALIGN_UP(n, PAGE_SIZE) >> PAGE_SHIFT, true);
	if (!strcmp(key, "nr_blocks"))
		return parse_size(value, 0, &o->pages);
	if (!strcmp(key, "nr_inodes"))
		return parse_size(value, 0, &o->inodes);
	if (!strcmp(key, "uid"))
		return parse_size(value, 0, &o->uid) && o->uid < UINT32_MAX;
	if (!strcmp(key, "gid"))
		return parse_size(value, 0, &o->gid) && o->gid < UINT32_MAX;
	return false;
}

static int parse_options(const char *text, struct tmpfs_options *o)
{
	char *copy = kstrdup(text), *at = copy, *comma;
	bool good = copy != NULL;

	*o = (struct tmpfs_options){UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX};
	while (good && at) {
		comma = strchr(at, ',');
		if (comma)
			*comma = 0;
		good = !*at || parse_option(at, o);
		at = comma ? comma + 1 : NULL;
	}
	kfree(copy);
	return good ? 0 : copy ? -EINVAL : -ENOMEM;
}

/* Limits may change later; 0 means none. */
static int set_limits(struct tmpfs *t, const struct tmpfs_options *o)
{
	uint64_t pages = o->pages ? o->pages : UINT64_MAX / 4096;
	uint64_t inodes = o->inodes ? o->inodes : UINT64_MAX / 4096;

	if ((o->pages != UINT64_MAX && pages < t->used_pages) ||
	    (o->inodes != UINT64_MAX && inodes < t->used_inodes))
		return -EINVAL;
	if (o->pages != UINT64_MAX)
		t->max_pages = pages;
	if (o->inodes != UINT64_MAX)
		t->max_inodes = inodes;
	return 0;
}

/* Remount: mode and owner stay. */
static int tmpfs_configure(struct super *s, const char *text)
{
	struct tmpfs_options o;
	int r = parse_options(text, &o);

	return r ? r : set_limits(container_of(s, struct tmpfs, super), &o);
}

static void tmpfs_release(struct super *s)
{
	struct tmpfs *t = container_of(s, struct tmpfs, super);

	t->released = true;
	tmpfs_dir_empty(s->root); /* with the last inode it is freed */
}

static int tmpfs_make(const char *options, struct super **out)
{
	struct tmpfs_options o;
	struct super *s;
	int r = parse_options(options ? options : "", &o);

	if (!r)
		r = tmpfs_new(&s);
	if (r)
		return r;
	s->configure = tmpfs_configure;
	s->release = tmpfs_release;
	r = set_limits(container_of(s, struct tmpfs, super), &o);
	if (r) {
		tmpfs_release(s);
		return r;
	}
	s->root->mode = S_IFDIR | (o.mode == UINT64_MAX ? 01777 : (uint32_t)o.mode);
	s->root->uid = o.uid == UINT64_MAX ? vfs_cred()->fsuid : (uint32_t)o.uid;
	s->root->gid = o.gid == UINT64_MAX ? vfs_cred()->fsgid : (uint32_t)o.gid;
	*out = s;
	return 0;
}

/* ---- by name ---- */

static const struct {
	const char *name;
	int (*only)(struct super **out);
} shared[] = {{"proc", procfs_new},
	      {"sysfs", sysfs_new},
	      {"devtmpfs", devfs_new},
	      {"devpts", devpts_new},
	      {"mqueue", mqueue_new}};

/* What a name in /proc/filesystems gives that cannot be mounted by it. */
static int refuse(const char *fstype, const char *source)
{
	struct dentry *d;
	int r;

	if (!strcmp(fstype, "overlay") || !strcmp(fstype, "9p") || !strcmp(fstype, "pipefs"))
		return -EINVAL;
	if (strcmp(fstype, "erofs") != 0)
		return -ENODEV;
	if (!source || !*source)
		return -EINVAL;
	r = vfs_lookup(NULL, source, LOOKUP_FOLLOW, &d);
	if (r)
		return r;
	r = inode_is(d->inode, S_IFBLK) ? -EINVAL : -ENOTBLK;
	dentry_put(d);
	return r;
}

bool mount_fstype_known(const char *fstype)
{
	size_t n = strlen(fstype);
	const char *at = VFS_FILESYSTEMS, *end;

	for (; *at; at = end + 1) {
		at = strchr(at, '\t') + 1;
		end = strchr(at, '\n');
		if ((size_t)(end - at) == n && !memcmp(at, fstype, n))
			return true;
	}
	return false;
}

bool mount_options_known(const char *fstype, const char *options)
{
	struct tmpfs_options o;

	return !strcmp(fstype, "tmpfs") && parse_options(options, &o) == 0;
}

static int find_super(const char *fstype, const char *source, const char *options,
		      struct super **out)
{
	vfs_all_mounts(); /* which gives the ones there are their modes */
	for (size_t i = 0; i < ARRAY_SIZE(shared); i++)
		if (!strcmp(fstype, shared[i].name))
			return shared[i].only(out);
	return strcmp(fstype, "tmpfs") ? refuse(fstype, source) : tmpfs_make(options, out);
}

int mount_make(const char *fstype, const char *source, const char *options, unsigned super_flags,
	       unsigned flags, struct mount **out)
{
	struct super *s;
	int r = find_super(fstype, source, options, &s);

	if (r)
		return r;
	r = mount_new(s, source, flags, out);
	if (r) {
		if (!s->n_trees && s->release)
			s->release(s);
		return r;
	}
	if (s->n_trees == 1)
		s->flags |= super_flags & SUPER_FLAGS;
	return 0;
}
