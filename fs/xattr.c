/* SPDX-License-Identifier: MIT */
/*
 * Extended attributes. They are few and small, so an inode has them in a list. Which names there
 * are: user.* for all who may read or write the file, trusted.* for CAP_SYS_ADMIN, security.* for
 * all to read and CAP_SYS_ADMIN to write. There are no access control lists (system.posix_acl_*).
 */
#include "fs/xattr.h"

#include "fs/vfs_internal.h"
#include "kernel/heap.h"
#include "kernel/string.h"

struct xattr {
	struct xattr *next;
	uint32_t size;
	uint8_t name_len; /* with the NUL it still fits XATTR_NAME_MAX + 1 */
	char data[];	  /* name, NUL, value */
};

static void *value_of(struct xattr *x)
{
	return x->data + x->name_len + 1;
}

static bool starts(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* Which link of the list leads to the attribute of that name, or is the end. */
static struct xattr **find(struct inode *in, const char *name)
{
	struct xattr **at = &in->xattrs;

	while (*at && strcmp((*at)->data, name) != 0)
		at = &(*at)->next;
	return at;
}

static struct xattr *make(const char *name, const void *value, size_t size)
{
	size_t len = strlen(name);
	struct xattr *x = kmalloc(sizeof(*x) + len + 1 + size);

	if (!x)
		return NULL;
	x->next = NULL;
	x->size = size;
	x->name_len = len;
	memcpy(x->data, name, len + 1);
	memcpy(value_of(x), value, size);
	return x;
}

void xattr_free(struct inode *in)
{
	struct xattr *x, *next;

	for (x = in->xattrs; x; x = next) {
		next = x->next;
		kfree(x);
	}
}

void xattr_drop_caps(struct inode *in)
{
	struct xattr **at, *x;

	if (likely(!in->xattrs))
		return;
	at = find(in, XATTR_NAME_CAPS);
	x = *at;
	if (x) {
		*at = x->next;
		kfree(x);
	}
}

/* ---- who may ---- */

static int check_user(struct inode *in, bool write)
{
	if (!inode_is(in, S_IFREG) && !inode_is(in, S_IFDIR))
		return write ? -EPERM : -ENODATA;
	if (write && inode_is(in, S_IFDIR) && (in->mode & S_ISVTX) && !vfs_owner(in))
		return -EPERM;
	return inode_permission(in, write ? W_OK : R_OK);
}

/* Is the name one of a kind that this inode has? */
static int check_kind(const struct inode *in, const char *name)
{
	static const char *const prefixes[] = {XATTR_USER_PREFIX, XATTR_TRUSTED_PREFIX,
					       XATTR_SECURITY_PREFIX};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes) && (in->flags & INODE_XATTR); i++)
		if (starts(name, prefixes[i]))
			return name[strlen(prefixes[i])] ? 0 : -EINVAL;
	return -EOPNOTSUPP;
}

static int may_use(struct inode *in, const char *name, bool write)
{
	if (starts(name, XATTR_SECURITY_PREFIX) || starts(name, XATTR_SYSTEM_PREFIX))
		return 0;
	if (starts(name, XATTR_TRUSTED_PREFIX))
		return vfs_capable(CAP_SYS_ADMIN) ? 0 : write ? -EPERM : -ENODATA;
	if (starts(name, XATTR_USER_PREFIX))
		return check_user(in, write);
	return inode_permission(in, write ? W_OK : R_OK);
}

/* ---- capabilities of files ---- */

static uint64_t cap_words(uint32_t low, uint32_t high)
{
	return (low | (uint64_t)high << 32) & CAPS_ALL;
}

/* Revisions 2 and 3 (which names the root of a user namespace: there is only the first). */
static int parse_caps(const struct vfs_ns_cap_data *d, size_t size, struct file_caps *out)
{
	uint32_t revision = d->magic_etc & VFS_CAP_REVISION_MASK;

	if (size == XATTR_CAPS_SZ_1 && revision == VFS_CAP_REVISION_1)
		*out = (struct file_caps){.permitted = cap_words(d->data[0].permitted, 0),
					  .inheritable = cap_words(d->data[0].inheritable, 0)};
	else if ((size == XATTR_CAPS_SZ_2 && revision == VFS_CAP_REVISION_2) ||
		 (size == XATTR_CAPS_SZ_3 && revision == VFS_CAP_REVISION_3))
		*out = (struct file_caps){
		    .permitted = cap_words(d->data[0].permitted, d->data[1].permitted),
		    .inheritable = cap_words(d->data[0].inheritable, d->data[1].inheritable)};
	else
		return -EINVAL;
	out->effective = d->magic_etc & VFS_CAP_FLAGS_EFFECTIVE;
	return size == XATTR_CAPS_SZ_3 && d->rootid != 0 ? -ENODATA : 1;
}

int vfs_file_caps(struct inode *in, struct file_caps *out)
{
	struct vfs_ns_cap_data d = {0};
	struct xattr *x;
	int r = 0;

	mutex_lock(&in->lock);
	x = in->xattrs ? *find(in, XATTR_NAME_CAPS) : NULL;
	if (x && x->size <= sizeof(d)) {
		memcpy(&d, value_of(x), x->size);
		r = parse_caps(&d, x->size, out);
	}
	mutex_unlock(&in->lock);
	return MAX(r, 0);
}

/* May the caller change a security attribute, and is the value one? (NULL: it is removed.) */
static int check_security(const char *name, const void *value, size_t size)
{
	struct vfs_ns_cap_data d = {0};
	struct file_caps caps;

	if (!starts(name, XATTR_SECURITY_PREFIX))
		return 0;
	if (strcmp(name, XATTR_NAME_CAPS) != 0)
		return vfs_capable(CAP_SYS_ADMIN) ? 0 : -EPERM;
	if (value) {
		if (size != XATTR_CAPS_SZ_2 && size != XATTR_CAPS_SZ_3)
			return -EINVAL;
		memcpy(&d, value, size);
		if (parse_caps(&d, size, &caps) == -EINVAL)
			return -EINVAL;
	}
	return vfs_capable(CAP_SETFCAP) ? 0 : -EPERM;
}

/* ---- the operations ---- */

/* Put x (NULL: nothing) in the place of what is called `name`; x is taken over. */
static int replace(struct inode *in, const char *name, struct xattr *x, int flags)
{
	const struct setattr touch = {0};
	struct xattr **at = find(in, name), *old = *at;
	int r = 0;

	if (old && (flags & XATTR_CREATE))
		r = -EEXIST;
	else if (!old && (flags & XATTR_REPLACE))
		r = -ENODATA;
	else if (in->ops->setattr)
		r = in->ops->setattr(in, &touch);
	if (r) {
		kfree(x);
		return r;
	}
	if (x) {
		x->next = old ? old->next : NULL;
		*at = x;
	} else if (old) {
		*at = old->next;
	}
	kfree(old);
	return 0;
}

static int change(struct inode *in, struct dentry *place, const char *name, const void *value,
		  size_t size, int flags)
{
	struct xattr *x = NULL;
	int r = place ? place_readonly(place) : inode_readonly(in);

	if (!r)
		r = may_use(in, name, true);
	if (!r)
		r = check_security(name, value, size);
	if (!r)
		r = check_kind(in, name);
	if (r)
		return r;
	if (value) {
		x = make(name, value, size);
		if (!x)
			return -ENOMEM;
	}
	mutex_lock(&in->lock);
	r = replace(in, name, x, flags);
	mutex_unlock(&in->lock);
	if (!r)
		notify(place, in, IN_ATTRIB);
	return r;
}

int vfs_setxattr(struct inode *in, struct dentry *place, const char *name, const void *value,
		 size_t size, int flags)
{
	return change(in, place, name, value, size, flags);
}

int vfs_removexattr(struct inode *in, struct dentry *place, const char *name)
{
	return change(in, place, name, NULL, 0, XATTR_REPLACE);
}

ssize_t vfs_getxattr(struct inode *in, const char *name, void *buf, size_t size)
{
	struct xattr *x;
	ssize_t r = may_use(in, name, false);

	if (!r)
		r = check_kind(in, name);
	if (r)
		return r;
	mutex_lock(&in->lock);
	x = *find(in, name);
	r = !x ? -ENODATA : size && size < x->size ? -ERANGE : (ssize_t)x->size;
	if (r > 0 && size)
		memcpy(buf, value_of(x), r);
	mutex_unlock(&in->lock);
	return r;
}

ssize_t vfs_listxattr(struct inode *in, char *buf, size_t size)
{
	bool all = vfs_capable(CAP_SYS_ADMIN);
	ssize_t n = 0;

	mutex_lock(&in->lock);
	for (struct xattr *x = in->xattrs; x; x = x->next) {
		if (!all && starts(x->data, XATTR_TRUSTED_PREFIX))
			continue;
		if (size && (size_t)n + x->name_len + 1 > size) {
			n = -ERANGE;
			break;
		}
		if (size)
			memcpy(buf + n, x->data, x->name_len + 1);
		n += x->name_len + 1;
	}
	mutex_unlock(&in->lock);
	return n;
}
