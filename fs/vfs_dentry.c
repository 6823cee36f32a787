/* SPDX-License-Identifier: MIT */
/*
 * The name cache: dentries found by (directory, name) in one hash table, negative ones included. A
 * dentry holds its parent and its inode. One that nobody holds stays cached on the unused list; the
 * list is bounded, the oldest goes first, so making and deleting any number of names uses bounded
 * memory.
 *
 * One spin lock covers everything here; file systems are called without it. An inode or dentry is
 * freed without it.
 */
#include "fs/mount.h"
#include "fs/vfs_internal.h"
#include "kernel/heap.h"
#include "kernel/log.h"
#include "kernel/page.h"
#include "kernel/string.h"

static struct {
	struct spinlock lock;
	struct list *buckets;
	uint32_t mask;
	struct list unused; /* oldest first */
	size_t n_unused, max_unused;
} cache;

void dcache_lock(void)
{
	spin_lock(&cache.lock);
}

void dcache_unlock(void)
{
	spin_unlock(&cache.lock);
}

/* Sizes follow the memory: a 64th of it may hold unused names. Called once, before any other
 * function here. */
void dcache_init(void)
{
	size_t n = 256;

	while (n < 65536 && n * 8 < page_total())
		n *= 2;
	cache.buckets = kmalloc(n * sizeof(*cache.buckets));
	if (!cache.buckets)
		panic("no memory for the name cache");
	for (size_t i = 0; i < n; i++)
		list_init(&cache.buckets[i]);
	cache.mask = n - 1;
	list_init(&cache.unused);
	cache.n_unused = 0;
	cache.max_unused = MIN(MAX(page_total() / 4, 128ul), 65536ul);
}

/* Hash of a file name (FNV-1a, folded by the users of the low bits). */
uint32_t name_hash(const char *name, size_t len)
{
	uint32_t h = 2166136261u;

	while (len--)
		h = (h ^ (uint8_t)*name++) * 16777619u;
	return h;
}

static struct list *bucket_of(const struct dentry *dir, uint32_t hash)
{
	uint64_t v = ((uintptr_t)dir >> 4) * 0x9e3779b97f4a7c15ull + hash;

	v *= 0xff51afd7ed558ccdull;
	return &cache.buckets[(v >> 32) & cache.mask];
}

struct dentry *dentry_get(struct dentry *d)
{
	dcache_lock();
	d->refs++;
	dcache_unlock();
	return d;
}

/* Take a reference to a dentry found in the cache. Lock held. */
static struct dentry *hold(struct dentry *d)
{
	if (d->refs++ == 0) {
		list_del(&d->unused);
		cache.n_unused--;
	}
	return d;
}

/* It is found by its name no longer, and is none of its directory's children. */
static void unhash(struct dentry *d)
{
	list_del(&d->hash_link);
	list_del(&d->sibling);
}

static bool hashed(const struct dentry *d)
{
	return !list_empty(&d->hash_link);
}

/* With refs just gone to 0: park d, or name a victim to free. Lock held. NULL: nothing to free. */
static struct dentry *choose_victim(struct dentry *d)
{
	if (hashed(d) && d->mnt && (d->mnt->dead || d->mnt->super->volatile_names))
		unhash(d);
	if (!hashed(d))
		return d;
	list_add_tail(&d->unused, &cache.unused);
	if (++cache.n_unused <= cache.max_unused)
		return NULL;
	d = list_first(&cache.unused, struct dentry, unused);
	list_del(&d->unused);
	cache.n_unused--;
	unhash(d);
	return d;
}

/* Drop a reference. Never sleeps. */
void dentry_put(struct dentry *d)
{
	while (d) {
		struct dentry *parent;
		struct mount *tree;

		dcache_lock();
		if (--d->refs || !(d = choose_victim(d))) {
			dcache_unlock();
			return;
		}
		parent = d->parent == d ? NULL : d->parent;
		tree = parent ? NULL : d->mnt;
		dcache_unlock();
		if (d->inode)
			inode_put(d->inode);
		if (d->name != d->own_name)
			kfree(d->name);
		kfree(d);
		if (tree)
			mount_free(tree);
		d = parent;
	}
}

struct dentry *dentry_alloc(struct dentry *parent, const char *name, size_t len, uint32_t hash,
			    struct inode *in)
{
	struct dentry *d = kmalloc(sizeof(*d) + len + 1);

	if (!d)
		return NULL;
	*d = (struct dentry){.refs = 1, .hash = hash, .inode = in, .name_len = len};
	list_init(&d->children);
	list_init(&d->sibling);
	list_init(&d->hash_link);
	list_init(&d->unused);
	d->name = d->own_name;
	memcpy(d->own_name, name, len);
	d->own_name[len] = 0;
	d->parent = parent ? dentry_get(parent) : d;
	d->mnt = parent ? parent->mnt : NULL;
	return d;
}

static struct dentry *find(struct dentry *dir, const char *name, size_t len, uint32_t hash)
{
	struct list *bucket = bucket_of(dir, hash);
	struct dentry *d;

	list_for_each (d, bucket, hash_link)
		if (d->hash == hash && d->parent == dir && d->name_len == len &&
		    memcmp(d->name, name, len) == 0)
			return hold(d);
	return NULL;
}

/* Cached child, referenced, or NULL: not known. */
struct dentry *dentry_find(struct dentry *dir, const char *name, size_t len, uint32_t hash)
{
	struct dentry *d;

	dcache_lock();
	d = find(dir, name, len, hash);
	dcache_unlock();
	return d;
}

struct dentry *dentry_of(const struct mount *m, const struct inode *in)
{
	struct dentry *d;

	dcache_lock();
	for (uint32_t i = 0; i <= cache.mask; i++) {
		list_for_each (d, &cache.buckets[i], hash_link) {
			if (d->inode == in && d->mnt == m) {
				(void)hold(d);
				dcache_unlock();
				return d;
			}
		}
	}
	dcache_unlock();
	return NULL;
}

static void insert(struct dentry *d)
{
	list_add_head(&d->hash_link, bucket_of(d->parent, d->hash));
	list_add_tail(&d->sibling, &d->parent->children);
}

/* May what is cached be wrong, because of changes elsewhere? */
static bool may_be_stale(const struct dentry *dir)
{
	return dir->inode->ops->revalidate || dir->inode->super->n_trees > 1;
}

/* Does what is cached still hold? Not for a mount point: what is on top of it stays. 1, 0, -errno.
 */
static int revalidate(struct dentry *dir, struct dentry *d)
{
	const struct inode_ops *ops = dir->inode->ops;

	if (!may_be_stale(dir) || d->mounted)
		return 1;
	if (!ops->revalidate) /* ask; what is always made anew would be another one each time */
		return dir->inode->super->volatile_names;
	return ops->revalidate(dir->inode, d->name, d->name_len, d->inode);
}

/* The name leads elsewhere now, or nowhere. */
static void forget(struct dentry *d, bool gone)
{
	dcache_lock();
	unhash(d);
	d->unlinked = gone && d->inode;
	dcache_unlock();
	dentry_put(d);
}

/* Ask the file system for a name; `old` (may be NULL, taken over) is what it led to so far. */
static int lookup_new(struct dentry *dir, const char *name, size_t len, uint32_t hash,
		      struct dentry *old, struct dentry **out)
{
	struct inode *in = NULL;
	int r = dir->inode->ops->lookup(dir->inode, name, len, &in);

	if (old && (r ? r == -ENOENT && !old->inode : old->inode == in)) {
		if (in)
			inode_put(in);
		*out = old;
		return 0;
	}
	if (old)
		forget(old, r == -ENOENT);
	if (r && (r != -ENOENT || dir->inode->super->volatile_names))
		return r;
	*out = dentry_alloc(dir, name, len, hash, r ? NULL : in);
	if (!*out) {
		if (!r)
			inode_put(in);
		return -ENOMEM;
	}
	if (dir->mnt && dir->mnt->autos && dir->mnt->root == dir) {
		r = vfs_auto_mount(*out);
		if (r) {
			dentry_put(*out);
			return r;
		}
	}
	if (!dir->inode->super->volatile_names) {
		dcache_lock();
		if (!hashed(*out)) /* as a mount point is */
			insert(*out);
		dcache_unlock();
	}
	return 0;
}

int dentry_lookup_locked(struct dentry *dir, const char *name, size_t len, uint32_t hash,
			 struct dentry **out)
{
	struct dentry *old = dentry_find(dir, name, len, hash);
	int r = old ? revalidate(dir, old) : 0;

	if (r == 1) {
		*out = old;
		return 0;
	}
	if (r) {
		dentry_put(old);
		return r;
	}
	if (!dir->inode->nlink) /* removed: nothing is found there and nothing made */
		r = -ENOENT;
	else if (len > NAME_MAX)
		r = -ENAMETOOLONG;
	else if (!dir->inode->ops->lookup)
		r = -ENOTDIR;
	if (!r)
		return lookup_new(dir, name, len, hash, old, out);
	if (old)
		dentry_put(old);
	return r;
}

struct dentry *dentry_guess(struct dentry *dir, const char *name, size_t len, uint32_t hash)
{
	struct dentry *d = dentry_find(dir, name, len, hash);

	if (d)
		return d;
	d = dentry_alloc(dir, name, len, hash, NULL);
	if (d) {
		dcache_lock();
		insert(d);
		dcache_unlock();
	}
	return d;
}

struct dentry *dentry_current(struct dentry *dir, const char *name, size_t len, uint32_t hash)
{
	return may_be_stale(dir) ? NULL : dentry_find(dir, name, len, hash);
}

int dentry_lookup(struct dentry *dir, const char *name, size_t len, uint32_t hash,
		  struct dentry **out)
{
	int r;

	*out = dentry_current(dir, name, len, hash);
	if (*out)
		return 0;
	mutex_lock(&dir->inode->lock);
	r = dentry_lookup_locked(dir, name, len, hash, out);
	mutex_unlock(&dir->inode->lock);
	return r;
}

void dentry_instantiate(struct dentry *d, struct inode *in)
{
	dcache_lock();
	d->inode = in;
	dcache_unlock();
}

/* Forget the cached (all negative or unused) names under a directory that is gone. */
static void prune_children(struct dentry *dir)
{
	for (;;) {
		struct dentry *d, *victim = NULL;

		dcache_lock();
		list_for_each (d, &dir->children, sibling) {
			if (hashed(d)) {
				victim = hold(d);
				unhash(d);
				break;
			}
		}
		dcache_unlock();
		if (!victim)
			return;
		dentry_put(victim);
	}
}

void dentry_unlinked(struct dentry *d)
{
	struct inode *gone = NULL;

	if (inode_is(d->inode, S_IFDIR))
		prune_children(d);
	dcache_lock();
	if (d->refs == 1 && hashed(d)) {
		gone = d->inode;
		d->inode = NULL;
	} else {
		unhash(d);
		d->unlinked = true;
	}
	dcache_unlock();
	if (gone)
		inode_put(gone);
}

void dentry_pin(struct dentry *d, struct mount *m)
{
	dcache_lock();
	d->mounted = m;
	for (; d->parent != d && !hashed(d) && !d->unlinked; d = d->parent)
		insert(d);
	dcache_unlock();
}

void dentry_unpin(struct dentry *d)
{
	dcache_lock();
	d->mounted = NULL;
	dcache_unlock();
}

/* Take the unused names of m's tree out of the cache, for dentry_put to free. Lock held. */
static void take_unused(struct mount *m, struct list *out)
{
	struct dentry *d, *next;

	for (d = list_first(&cache.unused, struct dentry, unused); &d->unused != &cache.unused;
	     d = next) {
		next = list_first(&d->unused, struct dentry, unused);
		if (d->mnt != m)
			continue;
		(void)hold(d);
		unhash(d);
		list_add_tail(&d->unused, out);
	}
}

void dentry_prune(struct mount *m)
{
	struct list taken = LIST_INIT(taken);

	for (;;) { /* directories are unused when what was in them has gone */
		dcache_lock();
		take_unused(m, &taken);
		dcache_unlock();
		if (list_empty(&taken))
			return;
		while (!list_empty(&taken)) {
			struct dentry *d = list_first(&taken, struct dentry, unused);

			list_del(&d->unused);
			list_init(&d->unused);
			dentry_put(d);
		}
	}
}

/* Memory a move needs for the new name(s): one block for d's new name, then one for target's if
 * they swap. */
int dentry_move_prepare(struct dentry *d, struct dentry *target, char *room[2])
{
	room[0] = kmalloc(target->name_len + 1u);
	room[1] = kmalloc(d->name_len + 1u);
	if (room[0] && room[1])
		return 0;
	kfree(room[0]);
	kfree(room[1]);
	return -ENOMEM;
}

void dentry_move_cancel(char *room[2])
{
	kfree(room[0]);
	kfree(room[1]);
}

struct place {
	struct dentry *parent;
	uint32_t hash;
	uint16_t len;
};

/* Give d the name in `name` (owned by d from now on) and the given place. Returns the old separate
 * name, if any. */
static char *set_place(struct dentry *d, struct place to, char *name)
{
	char *old = d->name == d->own_name ? NULL : d->name;

	unhash(d);
	d->parent = to.parent;
	d->hash = to.hash;
	d->name_len = to.len;
	d->name = name;
	return old;
}

void dentry_move(struct dentry *d, struct dentry *target, bool exchange, char *room[2])
{
	struct place from = {d->parent, d->hash, d->name_len};
	struct place to = {target->parent, target->hash, target->name_len};
	char *old[2] = {NULL, NULL};

	dcache_lock();
	memcpy(room[0], target->name, to.len + 1u);
	memcpy(room[1], d->name, from.len + 1u);
	if (exchange) {
		old[1] = set_place(target, from, room[1]);
		insert(target);
		room[1] = NULL;
	} else {
		unhash(target);
		target->unlinked = target->inode != NULL;
		to.parent->refs++; /* d's; target keeps its own until it is freed */
	}
	old[0] = set_place(d, to, room[0]);
	insert(d);
	dcache_unlock();
	kfree(old[0]);
	kfree(old[1]);
	kfree(room[1]);
	if (exchange)
		return;
	if (target->inode && inode_is(target->inode, S_IFDIR))
		prune_children(target);
	dentry_put(from.parent);
}

bool dentry_is_ancestor(const struct dentry *a, const struct dentry *d)
{
	for (;; d = d->parent) {
		if (d == a)
			return true;
		if (d->parent == d)
			return false;
	}
}
