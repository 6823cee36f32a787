/* SPDX-License-Identifier: MIT */
/*
 * Directories of tmpfs: a hash table from names to entries, and a radix tree from each entry's
 * cookie to it, which gives readdir a position that stays good while names come and go. Listing
 * goes from the newest entry to the oldest, so names added or renamed during a listing cannot make
 * it endless. All functions need dir->lock.
 */
#include "fs/tmpfs.h"
#include "kernel/heap.h"
#include "kernel/string.h"

#define ENTRY_SIZE   20 /* what one name adds to a directory's st_size on Linux */
#define FIRST_COOKIE 3	/* 0 is ".", 1 is "..", 2 starts at the newest entry */
#define BUCKETS_MIN  8

static struct tmpfs_dir *dir_of(struct inode *dir)
{
	return &tmpfs_i(dir)->dir;
}

static struct tmpfs_entry *entry_find(struct inode *dir, const char *name, size_t len)
{
	struct tmpfs_dir *d = dir_of(dir);
	uint32_t hash = name_hash(name, len);
	struct tmpfs_entry *e = d->buckets ? d->buckets[hash & (d->n_buckets - 1)] : NULL;

	while (e && !(e->hash == hash && e->len == len && memcmp(e->name, name, len) == 0))
		e = e->next;
	return e;
}

/* Keep the table at most full; running out of memory only makes the chains longer. 0 or -ENOMEM (no
 * table at all). */
static int grow_table(struct tmpfs_dir *d)
{
	size_t n = d->n_buckets ? d->n_buckets * 2 : BUCKETS_MIN;
	struct tmpfs_entry **buckets;

	if (d->n_entries < d->n_buckets)
		return 0;
	buckets = kzalloc(n * sizeof(struct tmpfs_entry *));
	if (!buckets)
		return d->buckets ? 0 : -ENOMEM;
	for (size_t i = 0; i < d->n_buckets; i++) {
		struct tmpfs_entry *e, *next;

		for (e = d->buckets[i]; e; e = next) {
			next = e->next;
			e->next = buckets[e->hash & (n - 1)];
			buckets[e->hash & (n - 1)] = e;
		}
	}
	kfree(d->buckets);
	d->buckets = buckets;
	d->n_buckets = n;
	return 0;
}

static int entry_add(struct inode *dir, const char *name, size_t len, struct inode *in)
{
	struct tmpfs_dir *d = dir_of(dir);
	struct tmpfs_entry *e = kmalloc(sizeof(*e) + len), **slot;
	uint64_t cookie = MAX(d->last_cookie + 1, (uint64_t)FIRST_COOKIE);

	if (!e || grow_table(d) || radix_set(&d->by_cookie, cookie, e)) {
		kfree(e);
		return -ENOMEM;
	}
	*e = (struct tmpfs_entry){
	    .cookie = cookie, .inode = in, .hash = name_hash(name, len), .len = len};
	memcpy(e->name, name, len);
	slot = &d->buckets[e->hash & (d->n_buckets - 1)];
	e->next = *slot;
	*slot = e;
	d->last_cookie = cookie;
	d->n_entries++;
	dir->size += ENTRY_SIZE;
	return 0;
}

/* Free the entry; its reference to the inode goes to the caller. */
static void entry_forget(struct inode *dir, struct tmpfs_entry *e)
{
	struct tmpfs_dir *d = dir_of(dir);
	struct tmpfs_entry **p = &d->buckets[e->hash & (d->n_buckets - 1)];

	while (*p != e)
		p = &(*p)->next;
	*p = e->next;
	radix_remove(&d->by_cookie, e->cookie);
	d->n_entries--;
	dir->size -= ENTRY_SIZE;
	kfree(e);
}

/* Enter `in` (its reference is taken over on success) and note the change. 0 or -ENOMEM. */
int tmpfs_dir_add(struct inode *dir, const char *name, size_t len, struct inode *in)
{
	int r = entry_add(dir, name, len, in);

	if (r)
		return r;
	if (inode_is(in, S_IFDIR))
		dir->nlink++;
	inode_modified(dir);
	return 0;
}

/* Free the table of a directory that is going away; it has no entries unless its instance is thrown
 * away. */
void tmpfs_dir_free(struct inode *dir)
{
	struct tmpfs_dir *d = dir_of(dir);
	struct tmpfs_entry *e;
	uint64_t cookie = 0;

	while ((e = radix_next(&d->by_cookie, &cookie))) {
		radix_remove(&d->by_cookie, cookie);
		inode_put(e->inode);
		kfree(e);
	}
	kfree(d->buckets);
}

static int seed(struct inode *dir, const char *name, size_t len)
{
	struct tmpfs *t = tmpfs_of(dir);

	return t->seed && t->super.root->inode == dir ? t->seed(dir, name, len) : 0;
}

static int tmpfs_lookup(struct inode *dir, const char *name, size_t len, struct inode **out)
{
	struct tmpfs_entry *e = entry_find(dir, name, len);

	if (!e && seed(dir, name, len) == 0)
		e = entry_find(dir, name, len);
	if (!e)
		return -ENOENT;
	*out = inode_get(e->inode);
	return 0;
}

/* Make an inode and give it the name; *out gets its own reference. */
static int make(struct inode *dir, const char *name, size_t len, uint32_t mode, uint64_t rdev,
		struct inode **out)
{
	struct inode *in;
	int r = tmpfs_inode_new(dir->super, dir, mode, rdev, &in);

	if (r)
		return r;
	r = tmpfs_dir_add(dir, name, len, in);
	if (r) {
		inode_put(in);
		return r == -ENOMEM ? -ENOSPC : r;
	}
	*out = inode_get(in);
	return 0;
}

static int tmpfs_create(struct inode *dir, const char *name, size_t len, uint32_t mode,
			uint64_t rdev, struct inode **out)
{
	return make(dir, name, len, mode, rdev, out);
}

static int tmpfs_mkdir(struct inode *dir, const char *name, size_t len, uint32_t mode,
		       struct inode **out)
{
	return make(dir, name, len, mode, 0, out);
}

static int tmpfs_tmpfile(struct inode *dir, uint32_t mode, struct inode **out)
{
	int r = tmpfs_inode_new(dir->super, dir, mode, 0, out);

	if (!r)
		(*out)->nlink = 0;
	return r;
}

static int tmpfs_symlink(struct inode *dir, const char *name, size_t len, const char *target,
			 struct inode **out)
{
	struct inode *in;
	int r = tmpfs_inode_new(dir->super, dir, S_IFLNK | 0777, 0, &in);

	if (r)
		return r;
	tmpfs_i(in)->target = kstrdup(target);
	in->size = strlen(target);
	r = tmpfs_i(in)->target ? tmpfs_dir_add(dir, name, len, in) : -ENOMEM;
	if (r) {
		inode_put(in);
		return r;
	}
	*out = inode_get(in);
	return 0;
}

static int tmpfs_link(struct inode *dir, const char *name, size_t len, struct inode *target)
{
	int r = tmpfs_dir_add(dir, name, len, inode_get(target));

	if (r) {
		inode_put(target);
		return r;
	}
	target->nlink++;
	target->ctime_ns = dir->ctime_ns;
	return 0;
}

/* A name of victim is gone. */
static void drop_link(struct inode *dir, struct inode *victim)
{
	if (inode_is(victim, S_IFDIR)) {
		victim->nlink = 0;
		dir->nlink--;
	} else {
		victim->nlink--;
	}
	victim->ctime_ns = dir->ctime_ns;
}

static int tmpfs_unlink(struct inode *dir, const char *name, size_t len, struct inode *victim)
{
	entry_forget(dir, entry_find(dir, name, len));
	inode_modified(dir);
	drop_link(dir, victim);
	inode_put(victim);
	return 0;
}

static int tmpfs_rmdir(struct inode *dir, const char *name, size_t len, struct inode *victim)
{
	if (dir_of(victim)->n_entries)
		return -ENOTEMPTY;
	return tmpfs_unlink(dir, name, len, victim);
}

/* The two names change places. */
static void exchange(struct inode *odir, struct tmpfs_entry *o, struct inode *ndir,
		     struct tmpfs_entry *n)
{
	struct inode *a = o->inode, *b = n->inode;
	int delta = inode_is(b, S_IFDIR) - inode_is(a, S_IFDIR);

	o->inode = b;
	n->inode = a;
	odir->nlink += delta;
	ndir->nlink -= delta;
	inode_modified(odir);
	inode_modified(ndir);
	a->ctime_ns = b->ctime_ns = odir->ctime_ns;
}

static int tmpfs_rename(struct inode *odir, const char *oname, size_t olen, struct inode *ndir,
			const char *nname, size_t nlen, unsigned flags)
{
	struct tmpfs_entry *o = entry_find(odir, oname, olen), *n = entry_find(ndir, nname, nlen);
	struct inode *source = o->inode;
	int r;

	if (flags & RENAME_EXCHANGE) {
		exchange(odir, o, ndir, n);
		return 0;
	}
	if (n && inode_is(n->inode, S_IFDIR) && dir_of(n->inode)->n_entries)
		return -ENOTEMPTY;
	/* First what can fail: the new name, at the place of readdir where a new name belongs. */
	r = entry_add(ndir, nname, nlen, source);
	if (r)
		return r;
	if (n) {
		struct inode *victim = n->inode;

		entry_forget(ndir, n);
		drop_link(ndir, victim);
		inode_put(victim);
	}
	entry_forget(odir, o);
	if (inode_is(source, S_IFDIR)) {
		odir->nlink--;
		ndir->nlink++;
	}
	inode_modified(odir);
	inode_modified(ndir);
	source->ctime_ns = ndir->ctime_ns;
	return 0;
}

/* ---- reading ---- */

static unsigned type_of(const struct inode *in)
{
	return (in->mode & S_IFMT) >> 12;
}

/* Context: f->lock held by vfs_readdir. */
static int tmpfs_readdir(struct file *f, struct dir_sink *s)
{
	struct inode *dir = f->inode;
	struct tmpfs_entry *e;
	uint64_t cookie;
	int r;

	mutex_lock(&dir->lock);
	r = f->pos < FIRST_COOKIE ? seed(dir, NULL, 0) : 0;
	if (r)
		goto out;
	if (f->pos == 0) {
		if (!s->add(s, ".", 1, dir->ino, DT_DIR, 1))
			goto out;
		f->pos = 1;
	}
	if (f->pos == 1) {
		struct inode *up = f->dentry ? f->dentry->parent->inode : dir;

		if (!s->add(s, "..", 2, up->ino, DT_DIR, 2))
			goto out;
		f->pos = 2;
	}
	cookie = f->pos == 2 ? UINT64_MAX : f->pos - 1;
	while (cookie >= FIRST_COOKIE && (e = radix_prev(&dir_of(dir)->by_cookie, &cookie))) {
		if (!s->add(s, e->name, e->len, e->inode->ino, type_of(e->inode), cookie))
			goto out;
		f->pos = cookie--;
	}
	f->pos = FIRST_COOKIE; /* nothing is older */
out:
	mutex_unlock(&dir->lock);
	return r;
}

static int64_t tmpfs_dir_seek(struct file *f, int64_t off, int whence)
{
	if (whence == SEEK_CUR)
		off += f->pos;
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (off < 0)
		return -EINVAL;
	return f->pos = off;
}

static int tmpfs_dir_fsync(struct file *f, bool data_only)
{
	return 0;
}

static int tmpfs_dir_setattr(struct inode *in, const struct setattr *a)
{
	inode_apply_attr(in, a);
	return 0;
}

const struct inode_ops tmpfs_dir_inode_ops = {
    .lookup = tmpfs_lookup,
    .create = tmpfs_create,
    .mkdir = tmpfs_mkdir,
    .tmpfile = tmpfs_tmpfile,
    .symlink = tmpfs_symlink,
    .link = tmpfs_link,
    .unlink = tmpfs_unlink,
    .rmdir = tmpfs_rmdir,
    .rename = tmpfs_rename,
    .getattr = tmpfs_getattr,
    .setattr = tmpfs_dir_setattr,
    .destroy = tmpfs_destroy,
};

const struct file_ops tmpfs_dir_ops = {
    .read = dir_read,
    .seek = tmpfs_dir_seek,
    .readdir = tmpfs_readdir,
    .fsync = tmpfs_dir_fsync,
};
