/* SPDX-License-Identifier: MIT */
/*
 * Opening: open(2), openat2(2), O_TMPFILE, O_PATH; and what is done to open files here rather than
 * in a file system: truncation, allocation, reading a directory. The order of checks is Linux's,
 * because programs see which errno wins.
 */
#include "fs/mount.h"
#include "fs/vfs_internal.h"
#include "kernel/heap.h"
#include "kernel/string.h"

#define TMPFILE_BIT (O_TMPFILE & ~O_DIRECTORY)
#define PATH_FLAGS  (O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC)
/* Never part of a file's status flags afterwards. */
#define TRANSIENT_FLAGS (O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC)

/* One open(2) on its way. */
struct opening {
	unsigned flags;
	uint32_t mode;	 /* of a new file, umask applied, S_IFREG */
	unsigned access; /* R_OK | W_OK to check on an existing file */
	bool created;
	struct file *opened;	    /* while it was made */
	uint32_t dir_mode, dir_uid; /* O_CREAT: of the directory the file was found in */
};

static const struct file_ops path_ops;

/* Drop what file_new and vfs_open_dentry took; installed in kernel/file.c by fs_init. */
void vfs_file_release(struct file *f)
{
	if (f->kind & FILE_WRITER) {
		inode_end_write(f->inode);
		if (f->dentry && f->dentry->mnt)
			f->dentry->mnt->writers--;
	}
	if (f->dentry)
		dentry_put(f->dentry);
	if (f->inode)
		inode_put(f->inode);
}

static unsigned access_of(unsigned flags)
{
	static const uint8_t table[] = {R_OK, W_OK, R_OK | W_OK, R_OK | W_OK};

	return table[flags & O_ACCMODE] | ((flags & O_TRUNC) ? W_OK : 0u);
}

/* Combinations open(2) refuses; fills in *o. */
static int check_flags(unsigned flags, uint32_t mode, unsigned resolve, struct opening *o)
{
	if ((resolve & RESOLVE_BENEATH) && (resolve & RESOLVE_IN_ROOT))
		return -EINVAL;
	if (flags & O_PATH)
		flags &= PATH_FLAGS;
	else
		flags |= O_LARGEFILE;
	if ((flags & O_DIRECTORY) && (flags & O_CREAT))
		return -EINVAL;
	if ((flags & TMPFILE_BIT) && (!(flags & O_DIRECTORY) || (flags & O_ACCMODE) == O_RDONLY))
		return -EINVAL;
	if ((resolve & RESOLVE_CACHED) && (flags & (O_TRUNC | O_CREAT | TMPFILE_BIT)))
		return -EAGAIN;
	if ((flags & O_SYNC) == O_SYNC || (flags & (O_SYNC & ~O_DSYNC)))
		flags |= O_DSYNC;
	o->flags = flags;
	o->mode = S_IFREG | (mode & 07777 & ~vfs_umask());
	o->access = access_of(flags);
	o->created = false;
	o->opened = NULL;
	o->dir_mode = o->dir_uid = 0;
	return 0;
}

static unsigned lookup_flags(unsigned flags, unsigned resolve)
{
	unsigned l = 0;

	if (!(flags & O_NOFOLLOW) && (flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL))
		l |= LOOKUP_FOLLOW;
	if (flags & O_DIRECTORY)
		l |= LOOKUP_DIRECTORY;
	if (resolve & RESOLVE_NO_XDEV)
		l |= LOOKUP_NO_XDEV;
	if (resolve & RESOLVE_NO_MAGICLINKS)
		l |= LOOKUP_NO_MAGIC;
	if (resolve & RESOLVE_NO_SYMLINKS)
		l |= LOOKUP_NO_SYMLINKS;
	if (resolve & RESOLVE_BENEATH)
		l |= LOOKUP_BENEATH;
	if (resolve & RESOLVE_IN_ROOT)
		l |= LOOKUP_IN_ROOT;
	return l;
}

/* Turn negative d into a new regular file. Directory locked. */
static int create_file(struct dentry *dir, struct dentry *d, struct opening *o)
{
	const struct inode_ops *ops = dir->inode->ops;
	struct inode *in;
	int r = place_readonly(dir);

	if (!r)
		r = may_create(dir->inode);
	if (!r && !ops->create)
		r = -EACCES;
	if (r)
		return r;
	if (ops->create_open)
		r = ops->create_open(dir->inode, d->name, d->name_len, o->mode,
				     o->flags & ~TRANSIENT_FLAGS, &in, &o->opened);
	else
		r = ops->create(dir->inode, d->name, d->name_len, o->mode, 0, &in);
	if (r)
		return r;
	dentry_instantiate(d, in);
	notify_dir(dir->inode, d, in->mode, IN_CREATE);
	o->created = true;
	return 0;
}

/*
 * Where every look at a name is a message to somebody else: make the file without looking, unless
 * it is known to be there. False: it was not made, for whatever reason. Directory locked.
 */
static bool create_unseen(struct walk *w, struct opening *o, struct dentry **out)
{
	struct inode *dir = w->at->inode;
	struct dentry *d;

	if (!dir->ops->revalidate || !dir->ops->create_open || !dir->nlink ||
	    w->last_len > NAME_MAX || place_readonly(w->at) || may_create(dir))
		return false;
	d = dentry_guess(w->at, w->last, w->last_len, w->last_hash);
	if (d && !d->inode && !create_file(w->at, d, o)) {
		*out = d;
		return true;
	}
	if (d)
		dentry_put(d);
	return false;
}

/* Without a cached name. When somebody outside makes the file between the two steps, it is there.
 */
static int lookup_or_create(struct walk *w, struct opening *o, struct dentry **out)
{
	unsigned tries = 3;
	int r = 0;

	mutex_lock(&w->at->inode->lock);
	if (create_unseen(w, o, out))
		goto out;
	do {
		r = dentry_lookup_locked(w->at, w->last, w->last_len, w->last_hash, out);
		if (r || (*out)->inode)
			break;
		r = create_file(w->at, *out, o);
		if (r)
			dentry_put(*out);
	} while (r == -EEXIST && !(o->flags & O_EXCL) && --tries);
out:
	mutex_unlock(&w->at->inode->lock);
	return r;
}

/* The last component of an O_CREAT open: found, or made. */
static int last_or_create(struct walk *w, struct opening *o, struct dentry **out)
{
	struct dentry *d;
	int r = 0;

	if (w->slash)
		return -EISDIR;
	d = dentry_current(w->at, w->last, w->last_len, w->last_hash);
	if (!d || !d->inode) {
		if (d)
			dentry_put(d);
		r = lookup_or_create(w, o, &d);
	}
	if (r)
		return r;
	if (d->mounted && (w->flags & LOOKUP_NO_XDEV)) {
		dentry_put(d);
		return -EXDEV;
	}
	o->dir_mode = w->at->inode->mode;
	o->dir_uid = w->at->inode->uid;
	*out = mount_top(d);
	return 0;
}

/* Walk to the object to open, making it if asked; *out is positive and referenced. */
static int find_object(struct walk *w, struct opening *o, struct dentry **out)
{
	struct dentry *d, *jumped;
	int r;

	for (;;) {
		r = walk_parent(w);
		if (r)
			return r;
		if ((o->flags & O_CREAT) && w->last_type == LAST_NORM)
			r = last_or_create(w, o, &d);
		else
			r = walk_last(w, &d);
		if (r)
			return r;
		if (!d->inode) {
			dentry_put(d);
			return -ENOENT;
		}
		if (w->slash)
			w->flags |= LOOKUP_DIRECTORY | LOOKUP_FOLLOW;
		if (!inode_is(d->inode, S_IFLNK) || !(w->flags & LOOKUP_FOLLOW)) {
			*out = d;
			return 0;
		}
		r = walk_follow(w, d, &jumped);
		if (r || jumped) {
			*out = jumped;
			return r;
		}
	}
}

/*
 * O_CREAT in a sticky directory that all may write to finds somebody else's link, device or socket
 * (plain files and FIFOs are the business of sysctls that are off): Linux's may_create_in_sticky().
 */
static bool planted(const struct inode *in, const struct opening *o)
{
	if ((o->dir_mode & (S_ISVTX | 0002)) != (S_ISVTX | 0002) || inode_is(in, S_IFREG) ||
	    inode_is(in, S_IFIFO))
		return false;
	return in->uid != o->dir_uid && in->uid != vfs_cred()->fsuid;
}

/* Everything open checks on an object that was there before. */
static int may_open(struct dentry *d, struct opening *o, unsigned lflags)
{
	struct inode *in = d->inode;
	int r;

	if ((o->flags & O_CREAT) && (o->flags & O_EXCL))
		return -EEXIST;
	if ((o->flags & O_CREAT) && inode_is(in, S_IFDIR))
		return -EISDIR;
	if ((o->flags & O_CREAT) && planted(in, o))
		return -EACCES;
	if ((lflags & LOOKUP_DIRECTORY) && !inode_is(in, S_IFDIR))
		return -ENOTDIR;
	if (inode_is(in, S_IFREG) && (o->flags & O_TRUNC) && (r = place_readonly(d)))
		return r;
	if (inode_is(in, S_IFLNK))
		return -ELOOP;
	if (inode_is(in, S_IFDIR) && (o->access & W_OK))
		return -EISDIR;
	r = inode_permission(in, o->access);
	if (r)
		return r;
	return (o->flags & O_NOATIME) && !vfs_owner(in) ? -EPERM : 0;
}

/* What the mount has to do with an open file. */
static void opened_on(struct file *f, struct mount *m)
{
	if (!m)
		return;
	m->expiring = false;
	if (f->kind & FILE_WRITER)
		m->writers++;
	if (m->flags & MS_NOEXEC)
		f->kind |= FILE_NOEXEC;
}

/*
 * Open an object whose place and permission are settled. Context: may sleep (FIFOs wait for the
 * other end). 0, -ENXIO (socket, no driver), or what the object's own open gives.
 */
int vfs_open_dentry(struct dentry *d, unsigned flags, struct file **out)
{
	struct inode *in = d->inode;
	unsigned claim =
	    flags & (inode_is(in, S_IFBLK) ? O_EXCL : O_NOCTTY); /* mean something there */
	struct file *f;
	int r;

	flags &= ~TRANSIENT_FLAGS;
	if ((access_of(flags) & W_OK) && inode_is(in, S_IFREG) && (r = place_readonly(d)))
		return r;
	if (in->ops->open) {
		r = in->ops->open(in, d, flags, &f);
	} else if (inode_is(in, S_IFIFO)) {
		r = fifo_open(in, d, flags, &f);
	} else if (inode_is(in, S_IFCHR) || inode_is(in, S_IFBLK)) {
		r = device_open(in, d, flags | claim, &f);
	} else if (!in->fops || inode_is(in, S_IFSOCK)) {
		r = -ENXIO;
	} else {
		r = file_new(in->fops, inode_get(in), flags,
			     in->flags & INODE_MAP_WRITE ? FILE_MAP_WRITE : 0, &f);
		if (r)
			inode_put(in);
	}
	if (r)
		return r;
	if (file_writable(f) && inode_is(f->inode, S_IFREG)) {
		r = inode_begin_write(f->inode);
		if (r) {
			file_put(f);
			return r;
		}
		f->kind |= FILE_WRITER;
	}
	if (!f->dentry)
		f->dentry = dentry_get(d);
	opened_on(f, f->dentry->mnt);
	notify(f->dentry, f->inode, IN_OPEN);
	*out = f;
	return 0;
}

static int open_found(struct dentry *d, struct opening *o, unsigned lflags, struct file **out)
{
	int r = o->created ? 0 : may_open(d, o, lflags);

	if (!r && (o->flags & O_DIRECT) && inode_is(d->inode, S_IFDIR))
		r = -EINVAL;
	if (o->opened) {
		o->opened->dentry = dentry_get(d);
		notify(d, d->inode, IN_OPEN);
		*out = o->opened;
	} else if (!r) {
		r = vfs_open_dentry(d, o->flags, out);
	}
	if (r || o->created || !(o->flags & O_TRUNC) || !inode_is(d->inode, S_IFREG))
		return r;
	r = inode_begin_write(d->inode); /* O_RDONLY | O_TRUNC is possible */
	if (!r) {
		r = inode_truncate(d->inode, d, 0, true);
		inode_end_write(d->inode);
	}
	if (r)
		file_put(*out);
	return r;
}

int vfs_path_file(struct dentry *d, unsigned flags, struct file **out)
{
	int r = file_new(&path_ops, inode_get(d->inode), flags & ~O_CLOEXEC, FILE_PATH, out);

	if (r)
		inode_put(d->inode);
	else
		(*out)->dentry = dentry_get(d);
	return r;
}

static int open_path(struct dentry *base, const char *path, unsigned flags, unsigned lflags,
		     struct file **out)
{
	struct dentry *d;
	int r = vfs_lookup(base, path, lflags, &d);

	if (r)
		return r;
	r = vfs_path_file(d, flags, out);
	dentry_put(d);
	return r;
}

/* A file without a name in directory `dir` (referenced by the caller). */
static int open_tmpfile(struct dentry *dir, struct opening *o, struct file **out)
{
	struct inode *in;
	struct dentry *d;
	char name[24];
	int r = inode_permission(dir->inode, W_OK | X_OK), n;

	if (r)
		return r;
	if (!dir->inode->ops->tmpfile)
		return -EOPNOTSUPP;
	mutex_lock(&dir->inode->lock);
	r = dir->inode->ops->tmpfile(dir->inode, o->mode, &in);
	mutex_unlock(&dir->inode->lock);
	if (r)
		return r;
	if (!(o->flags & O_EXCL))
		in->flags |= INODE_LINKABLE;
	n = scnprintf(name, sizeof(name), "#%lu", (unsigned long)in->ino);
	d = dentry_alloc(dir, name, n, 0, in);
	if (!d) {
		inode_put(in);
		return -ENOMEM;
	}
	d->unlinked = true;
	r = vfs_open_dentry(d, o->flags, out);
	dentry_put(d);
	return r;
}

/*
 * open(2) with the flags as given (unknown bits were masked or refused by the caller). A new
 * reference in *out. 0 or -errno; all of open(2)'s.
 */
int vfs_open(struct dentry *base, const char *path, unsigned flags, uint32_t mode, unsigned resolve,
	     struct file **out)
{
	struct opening o;
	struct walk w;
	struct dentry *d;
	unsigned lflags;
	int r = check_flags(flags, mode, resolve, &o);

	if (r)
		return r;
	lflags = lookup_flags(o.flags, resolve);
	if (o.flags & O_PATH)
		return open_path(base, path, o.flags, lflags, out);
	if (o.flags & TMPFILE_BIT) {
		r = vfs_lookup(base, path, lflags, &d);
		if (r)
			return r;
		r = open_tmpfile(d, &o, out);
		dentry_put(d);
		return r;
	}
	r = walk_begin(&w, base, path, lflags);
	if (r)
		return r;
	r = find_object(&w, &o, &d);
	lflags = w.flags;
	walk_end(&w);
	if (r == -ENOENT && unlikely(vfs_missing))
		vfs_missing(base, path);
	if (r)
		return r;
	r = open_found(d, &o, lflags, out);
	dentry_put(d);
	return r;
}

int vfs_open_place(struct dentry *d, unsigned flags, struct file **out)
{
	struct opening o;
	int r = check_flags(flags, 0, 0, &o);

	if (r)
		return r;
	if ((o.flags & O_DIRECTORY) && !inode_is(d->inode, S_IFDIR))
		return -ENOTDIR;
	if (o.flags & O_PATH)
		return vfs_path_file(d, o.flags, out);
	return o.flags & TMPFILE_BIT ? open_tmpfile(d, &o, out) : open_found(d, &o, 0, out);
}

/* ---- operations on open files ---- */

int inode_truncate(struct inode *in, struct dentry *place, uint64_t size, bool touch)
{
	struct setattr a = {.valid = ATTR_SIZE | (touch ? ATTR_MTIME_NOW : 0), .size = size};

	return vfs_setattr(in, place, &a);
}

int vfs_truncate(struct dentry *d, uint64_t size)
{
	struct inode *in = d->inode;
	int r;

	if (inode_is(in, S_IFDIR))
		return -EISDIR;
	if (!inode_is(in, S_IFREG))
		return -EINVAL;
	r = place_readonly(d);
	if (!r)
		r = inode_permission(in, W_OK);
	if (!r)
		r = inode_begin_write(in);
	if (r)
		return r;
	r = inode_truncate(in, d, size, false);
	inode_end_write(in);
	return r;
}

int vfs_ftruncate(struct file *f, uint64_t size)
{
	if (f->kind & FILE_PATH)
		return -EBADF;
	if (!inode_is(f->inode, S_IFREG) || !file_writable(f))
		return -EINVAL;
	return inode_truncate(f->inode, f->dentry, size, true);
}

/* The modes Linux knows: at most one operation, KEEP_SIZE where it makes sense. */
static int check_fallocate_mode(int mode)
{
	switch (mode & ~FALLOC_FL_KEEP_SIZE) {
	case 0:
	case FALLOC_FL_UNSHARE_RANGE:
	case FALLOC_FL_ZERO_RANGE:
		return 0;
	case FALLOC_FL_PUNCH_HOLE:
		return (mode & FALLOC_FL_KEEP_SIZE) ? 0 : -EOPNOTSUPP;
	case FALLOC_FL_COLLAPSE_RANGE:
	case FALLOC_FL_INSERT_RANGE:
		return (mode & FALLOC_FL_KEEP_SIZE) ? -EOPNOTSUPP : 0;
	default:
		return -EOPNOTSUPP;
	}
}

int vfs_fallocate(struct file *f, int mode, int64_t off, int64_t len)
{
	int64_t end;
	int r;

	if (f->kind & FILE_PATH)
		return -EBADF;
	if (off < 0 || len <= 0)
		return -EINVAL;
	r = check_fallocate_mode(mode);
	if (r)
		return r;
	if (!file_writable(f))
		return -EBADF;
	if (inode_is(f->inode, S_IFIFO))
		return -ESPIPE;
	if (inode_is(f->inode, S_IFDIR))
		return -EISDIR;
	if (!inode_is(f->inode, S_IFREG) && !inode_is(f->inode, S_IFBLK))
		return -ENODEV;
	if (__builtin_add_overflow(off, len, &end))
		return -EFBIG;
	if (!f->ops->fallocate)
		return -EOPNOTSUPP;
	r = f->ops->fallocate(f, mode, off, len);
	if (!r)
		notify(f->dentry, f->inode, IN_MODIFY);
	return r;
}

/* 0, -EBADF (O_PATH), -ENOTDIR, -ENOENT (the directory was removed), or the file system's errno. */
int vfs_readdir(struct file *f, struct dir_sink *s)
{
	int r;

	if (f->kind & FILE_PATH)
		return -EBADF;
	if (!f->ops->readdir)
		return -ENOTDIR;
	if (f->dentry && mount_is_root(f->dentry))
		vfs_auto_mount_all(f->dentry->mnt);
	mutex_lock(&f->lock);
	r = f->inode->nlink ? f->ops->readdir(f, s) : -ENOENT;
	inode_accessed(f->inode, f);
	mutex_unlock(&f->lock);
	if (!r)
		notify(f->dentry, f->inode, IN_ACCESS);
	return r;
}

/* read(2) of a directory. */
ssize_t dir_read(struct file *f, struct iter *to, uint64_t *pos)
{
	return -EISDIR;
}

ssize_t vfs_readlink(struct dentry *d, char *buf, size_t size)
{
	struct inode *in = d->inode;

	if (!inode_is(in, S_IFLNK) || !in->ops->readlink)
		return -EINVAL;
	inode_accessed(in, NULL);
	return in->ops->readlink(in, buf, size);
}

/* Text for a file without a place. */
static int anon_text(struct file *f, char *buf, size_t size)
{
	const char *type = inode_is(f->inode, S_IFSOCK) ? "socket" : "pipe";

	if (f->ops->anon_name)
		return scnprintf(buf, size, "anon_inode:%s", f->ops->anon_name);
	return scnprintf(buf, size, "%s:[%lu]", type, (unsigned long)f->inode->ino);
}

ssize_t vfs_file_path(struct file *f, char *buf, size_t size)
{
	return f->dentry ? vfs_path(f->dentry, buf, size) : anon_text(f, buf, size);
}

int file_place(struct file *f, struct dentry **out)
{
	char name[64];
	int n;

	if (f->dentry) {
		*out = dentry_get(f->dentry);
		return 0;
	}
	n = anon_text(f, name, sizeof(name));
	*out = dentry_alloc(NULL, name, n, 0, inode_get(f->inode));
	if (*out)
		return 0;
	inode_put(f->inode);
	return -ENOMEM;
}
