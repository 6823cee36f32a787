/* SPDX-License-Identifier: MIT */
/*
 * Directories of tmpfs: a hash table from names to entries, and a radix tree from each entry's
 * cookie to it, which gives readdir a position that stays good while names come and go. Listing
 * goes from the newest entry to the oldest, so names added or renamed during a listing cannot make
 * it endless. A directory of an overlay then lists the lower directory's names in their order; an
 * entry with such a name has no cookie and stands for it there, one without inode says that it is
 * gone. All functions need dir->lock.
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

/* Also finds entries of removed names. */
struct tmpfs_entry *tmpfs_entry_find(struct inode *dir, const char *name, size_t len)
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

/* Put a new entry into the tables: in the order of cookies, or (hides) in the place of the lower
 * directory's name. NULL: no memory. */
static struct tmpfs_entry *entry_new(struct inode *dir, const char *name, size_t len,
				     struct inode *in, bool hides)
{
	struct tmpfs_dir *d = dir_of(dir);
	struct tmpfs_entry *e = kmalloc(sizeof(*e) + len), **slot;
	uint64_t cookie = MAX(d->last_cookie + 1, (uint64_t)FIRST_COOKIE);

	if (!e || grow_table(d) || (!hides && radix_set(&d->by_cookie, cookie, e))) {
		kfree(e);
		return NULL;
	}
	*e = (struct tmpfs_entry){.cookie = hides ? 0 : cookie,
				  .inode = in,
				  .hash = name_hash(name, len),
				  .len = len,
				  .hides = hides};
	memcpy(e->name, name, len);
	slot = &d->buckets[e->hash & (d->n_buckets - 1)];
	e->next = *slot;
	*slot = e;
	d->n_entries++;
	if (!hides) {
		d->last_cookie = cookie;
		dir->size += ENTRY_SIZE;
	}
	return e;
}

/* Give `in` (the reference goes to the entry) a name that is free, or about to be. 0 or -ENOMEM. */
static int entry_add(struct inode *dir, const char *name, size_t len, struct inode *in)
{
	struct tmpfs_entry *e = tmpfs_entry_find(dir, name, len);

	if (!e || e->inode)
		return entry_new(dir, name, len, in, false) ? 0 : -ENOMEM;
	e->inode = in;
	dir_of(dir)->n_removed--;
	return 0;
}

/* The entry of a name; for one that only the lower directory has it is made. 0, -ENOENT, -ENOMEM or
 * what reading the lower directory gave. */
static int entry_get(struct inode *dir, const char *name, size_t len, struct tmpfs_entry **out)
{
	struct tmpfs_entry *e = tmpfs_entry_find(dir, name, len);
	struct inode *in;
	int r;

	*out = e;
	if (e || !tmpfs_i(dir)->lower)
		return e && e->inode ? 0 : -ENOENT;
	r = overlay_lookup(dir, name, len, &in);
	if (r)
		return r;
	*out = entry_new(dir, name, len, in, true);
	if (*out)
		return 0;
	inode_put(in);
	return -ENOMEM;
}

/* The name goes; the entry's reference to the inode is the caller's. */
static void entry_forget(struct inode *dir, struct tmpfs_entry *e)
{
	struct tmpfs_dir *d = dir_of(dir);
	struct tmpfs_entry **p = &d->buckets[e->hash & (d->n_buckets - 1)];

	if (e->hides) {
		e->inode = NULL;
		d->n_removed++;
		return;
	}
	while (*p != e)
		p = &(*p)->next;
	*p = e->next;
	radix_remove(&d->by_cookie, e->cookie);
	d->n_entries--;
	dir->size -= ENTRY_SIZE;
	kfree(e);
}

/* Names of the directory were changed. */
static void dir_changed(struct inode *dir)
{
	inode_modified(dir);
	overlay_change(dir);
}

/* Enter `in` (its reference is taken over on success) and note the change. 0 or -ENOMEM. */
int tmpfs_dir_add(struct inode *dir, const char *name, size_t len, struct inode *in)
{
	int r = entry_add(dir, name, len, in);

	if (r)
		return r;
	if (inode_is(in, S_IFDIR)) {
		dir->nlink++;
		dir_of(in)->above = dir;
	}
	dir_changed(dir);
	return 0;
}

/* Free the table of a directory that is going away; it has no entries unless its instance is thrown
 * away. */
void tmpfs_dir_free(struct inode *dir)
{
	struct tmpfs_dir *d = dir_of(dir);
	struct tmpfs_entry *e, *next;

	for (size_t i = 0; i < d->n_buckets; i++) {
		for (e = d->buckets[i]; e; e = next) {
			next = e->next;
			radix_remove(&d->by_cookie, e->cookie);
			if (e->inode)
				inode_put(e->inode);
			kfree(e);
		}
	}
	kfree(d->buckets);
}

void tmpfs_dir_empty(struct inode *dir)
{
	while (dir) { /* a list through priv, because depth is the program's choice */
		struct tmpfs_dir *d = dir_of(dir);
		struct inode *rest = dir->priv, *sub;

		for (size_t i = 0; i < d->n_buckets; i++) {
			for (struct tmpfs_entry *e = d->buckets[i]; e; e = e->next) {
				sub = e->inode;
				if (!sub || !inode_is(sub, S_IFDIR))
					continue;
				e->inode = NULL;
				sub->priv = rest;
				rest = sub;
			}
		}
		tmpfs_dir_free(dir);
		d->buckets = NULL;
		d->n_buckets = d->n_entries = 0;
		dir->priv = NULL;
		dir->nlink = 0;
		inode_put(dir);
		dir = rest;
	}
}

static int seed(struct inode *dir, const char *name, size_t len)
{
	struct tmpfs *t = tmpfs_of(dir);

	return t->seed && t->super.root == dir ? t->seed(dir, name, len) : 0;
}

static int tmpfs_lookup(struct inode *dir, const char *name, size_t len, struct inode **out)
{
	struct tmpfs_entry *e = tmpfs_entry_find(dir, name, len);

	if (!e && tmpfs_i(dir)->lower)
		return overlay_lookup(dir, name, len, out);
	if (!e && seed(dir, name, len) == 0)
		e = tmpfs_entry_find(dir, name, len);
	if (!e || !e->inode)
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
	overlay_change(target);
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
	if (victim->nlink)
		overlay_change(victim);
	else
		overlay_gone(victim);
}

static int tmpfs_unlink(struct inode *dir, const char *name, size_t len, struct inode *victim)
{
	struct tmpfs_entry *e;
	int r = entry_get(dir, name, len, &e);

	if (r)
		return r;
	entry_forget(dir, e);
	dir_changed(dir);
	drop_link(dir, victim);
	inode_put(victim);
	return 0;
}

static int check_empty(struct inode *dir)
{
	struct tmpfs_dir *d = dir_of(dir);

	if (d->n_entries > d->n_removed)
		return -ENOTEMPTY;
	return tmpfs_i(dir)->lower ? overlay_check_empty(dir) : 0;
}

static int tmpfs_rmdir(struct inode *dir, const char *name, size_t len, struct inode *victim)
{
	int r = check_empty(victim);

	return r ? r : tmpfs_unlink(dir, name, len, victim);
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
	if (inode_is(a, S_IFDIR))
		dir_of(a)->above = ndir;
	if (inode_is(b, S_IFDIR))
		dir_of(b)->above = odir;
	dir_changed(odir);
	dir_changed(ndir);
	a->ctime_ns = b->ctime_ns = odir->ctime_ns;
	overlay_change(a);
	overlay_change(b);
}

/* Name nname leads to `source` from now on, not to what entry n (NULL: nothing) led to: *victim,
 * whose reference goes to the caller. A new name gets the place of readdir where new names belong.
 * 0 or -ENOMEM. */
static int replace(struct inode *ndir, const char *nname, size_t nlen, struct tmpfs_entry *n,
		   struct inode *source, struct inode **victim)
{
	int r;

	*victim = n ? n->inode : NULL;
	if (n && n->hides) {
		n->inode = source;
		return 0;
	}
	r = entry_add(ndir, nname, nlen, source);
	if (!r && n)
		entry_forget(ndir, n);
	return r;
}

static int tmpfs_rename(struct inode *odir, const char *oname, size_t olen, struct inode *ndir,
			const char *nname, size_t nlen, unsigned flags)
{
	struct tmpfs_entry *o, *n;
	struct inode *source, *victim;
	int r = entry_get(odir, oname, olen, &o);

	if (r)
		return r;
	r = entry_get(ndir, nname, nlen, &n);
	if (r == -ENOENT && !(flags & RENAME_EXCHANGE))
		n = NULL;
	else if (r)
		return r;
	if (flags & RENAME_EXCHANGE) {
		exchange(odir, o, ndir, n);
		return 0;
	}
	if (n && inode_is(n->inode, S_IFDIR) && (r = check_empty(n->inode)))
		return r;
	source = o->inode;
	r = replace(ndir, nname, nlen, n, source, &victim);
	if (r)
		return r;
	if (victim) {
		drop_link(ndir, victim);
		inode_put(victim);
	}
	entry_forget(odir, o);
	if (inode_is(source, S_IFDIR)) {
		odir->nlink--;
		ndir->nlink++;
		dir_of(source)->above = ndir;
	}
	dir_changed(odir);
	dir_changed(ndir);
	source->ctime_ns = ndir->ctime_ns;
	overlay_change(source);
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
	if (f->pos >= OVERLAY_PLACES)
		cookie = 0;
	while (cookie >= FIRST_COOKIE && (e = radix_prev(&dir_of(dir)->by_cookie, &cookie))) {
		if (!s->add(s, e->name, e->len, e->inode->ino, type_of(e->inode), cookie))
			goto out;
		f->pos = cookie--;
	}
	f->pos = MAX(f->pos, (uint64_t)FIRST_COOKIE); /* nothing is older */
	if (tmpfs_i(dir)->lower)
		r = overlay_readdir(f, s);
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
	overlay_change(in);
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
