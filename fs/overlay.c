/* SPDX-License-Identifier: MIT */
/*
 * The overlay of fs/overlay.h: the instance, the table of inodes with a lower object, and what
 * tmpfs asks about lower directories and files.
 *
 * An image is not trusted to be a tree. A directory is accepted under one name only: where its own
 * ".." leads, and not in a second place while it is in use. So no directory is its own ancestor.
 *
 * Locks: overlay->lock (spin) guards the table and is a leaf but for the heap's. Reading the image
 * happens without it.
 */
#include "fs/overlay.h"
#include "fs/tmpfs.h"
#include "kernel/abi/erofs.h"
#include "kernel/heap.h"
#include "kernel/string.h"

#define OVERLAY_MAGIC 0x794c7630

struct overlay {
	struct tmpfs t;
	struct erofs image;
	struct spinlock lock;
	struct radix inodes; /* (lock) of struct tmpfs_inode by nid; a reference only if changed */
};

struct overlay_inode {
	struct tmpfs_inode ti;
	struct lower lower;
};

static struct overlay *overlay_of(struct inode *in)
{
	return container_of(tmpfs_of(in), struct overlay, t);
}

/* ---- inodes ---- */

/* Keep the inode until overlay_gone, for the reason that the mark stands for. False: it is kept for
 * that already, or has no name to be found by. Lock held. */
static bool keep(struct inode *in, bool *mark)
{
	if (*mark || !in->nlink)
		return false;
	*mark = true;
	inode_get(in);
	return true;
}

void overlay_change(struct inode *in)
{
	struct lower *lower = tmpfs_i(in)->lower;

	if (!lower)
		return;
	spin_lock(&overlay_of(in)->lock);
	if (keep(in, &lower->changed))
		in->flags &= ~(unsigned)INODE_NOATIME;
	spin_unlock(&overlay_of(in)->lock);
}

void overlay_named(struct inode *in)
{
	struct lower *lower = tmpfs_i(in)->lower;

	if (!lower)
		return;
	spin_lock(&overlay_of(in)->lock);
	keep(in, &lower->named);
	spin_unlock(&overlay_of(in)->lock);
}

void overlay_gone(struct inode *in)
{
	struct lower *lower = tmpfs_i(in)->lower;
	struct overlay *o = overlay_of(in);
	int held;

	if (!lower)
		return;
	spin_lock(&o->lock);
	held = lower->changed + lower->named;
	lower->changed = lower->named = false;
	spin_unlock(&o->lock);
	while (held--)
		inode_put(in);
}

void overlay_forget(struct inode *in)
{
	struct overlay *o = overlay_of(in);
	uint64_t nid = tmpfs_i(in)->lower->node.nid;

	spin_lock(&o->lock);
	if (radix_get(&o->inodes, nid) == tmpfs_i(in))
		radix_remove(&o->inodes, nid);
	spin_unlock(&o->lock);
}

/* The inode in use for nid, referenced, or NULL. Lock held. */
static struct tmpfs_inode *table_get(struct overlay *o, uint64_t nid)
{
	struct tmpfs_inode *ti = radix_get(&o->inodes, nid);

	return ti && inode_get_live(&ti->in) ? ti : NULL;
}

/* An inode as its lower object is; not in the table yet. NULL: no memory. */
static struct overlay_inode *inode_make(struct overlay *o, const struct erofs_node *n)
{
	struct overlay_inode *oi = kzalloc(sizeof(*oi));
	struct inode *in = &oi->ti.in;

	if (!oi)
		return NULL;
	inode_init(in, &o->t.super, n->mode);
	oi->lower.node = *n;
	oi->ti.lower = &oi->lower;
	oi->ti.seals = F_SEAL_SEAL;
	tmpfs_set_ops(in);
	in->nlink = n->nlink;
	in->uid = n->uid;
	in->gid = n->gid;
	in->ino = n->nid;
	in->rdev = n->rdev;
	in->size = n->size;
	in->atime_ns = in->mtime_ns = in->ctime_ns = in->btime_ns = n->mtime_ns;
	in->flags = INODE_XATTR | INODE_NOATIME; /* else reading would be a change */
	if (inode_is(in, S_IFREG))
		oi->ti.lower_pages = (n->size + PAGE_SIZE - 1) >> PAGE_SHIFT;
	return oi;
}

/* Put a new inode into the table, unless there is one by now. *out is what is there, referenced. */
static int table_add(struct overlay *o, struct overlay_inode *oi, struct inode **out)
{
	uint64_t nid = oi->lower.node.nid;
	struct tmpfs_inode *there;
	int r = 0;

	spin_lock(&o->lock);
	there = table_get(o, nid);
	if (!there)
		r = radix_set(&o->inodes, nid, &oi->ti);
	spin_unlock(&o->lock);
	if (!there && !r) {
		*out = &oi->ti.in;
		return 0;
	}
	kfree(oi);
	*out = there ? &there->in : NULL;
	return r;
}

static int not_a_tree(struct overlay *o, uint64_t nid)
{
	return erofs_corrupt(&o->image, nid, "an object is in more places than it can be");
}

/* May n, found in the lower directory `parent`, be there? */
static int check_place(struct overlay *o, const struct erofs_node *n, uint64_t parent)
{
	uint64_t up;
	int r;

	if (!S_ISDIR(n->mode))
		return 0;
	r = erofs_lookup(n, "..", 2, &up, NULL);
	if (r && r != -ENOENT)
		return r;
	return r || up != parent || n->nid == o->image.root_nid ? not_a_tree(o, n->nid) : 0;
}

/* The inode for nid, whose name is at `place` of the lower directory `parent`. */
static int inode_for(struct overlay *o, uint64_t nid, uint64_t parent, uint64_t place,
		     struct inode **out)
{
	struct overlay_inode *oi;
	struct tmpfs_inode *ti;
	struct erofs_node n;
	struct lower *l;
	int r = 0;

	spin_lock(&o->lock);
	ti = table_get(o, nid);
	spin_unlock(&o->lock);
	if (ti) {
		*out = &ti->in;
	} else {
		r = erofs_node_get(&o->image, nid, &n);
		if (!r)
			r = check_place(o, &n, parent);
		if (r)
			return r;
		oi = inode_make(o, &n);
		if (!oi)
			return -ENOMEM;
		oi->lower.parent = parent;
		oi->lower.place = place;
		r = table_add(o, oi, out);
		if (r)
			return r;
	}
	l = tmpfs_i(*out)->lower;
	/* Of other objects the image says how many names they have; there must not be more. */
	if ((*out)->nlink &&
	    !(inode_is(*out, S_IFDIR) && (l->parent != parent || l->place != place)))
		return 0;
	inode_put(*out);
	return not_a_tree(o, nid);
}

/* ---- directories ---- */

int overlay_lookup(struct inode *dir, const char *name, size_t len, struct inode **out)
{
	const struct erofs_node *n = &tmpfs_i(dir)->lower->node;
	uint64_t nid, place;
	int r = erofs_lookup(n, name, len, &nid, &place);

	return r ? r : inode_for(overlay_of(dir), nid, n->nid, place, out);
}

static bool is_dot(const struct erofs_name *n)
{
	return strcmp(n->name, ".") == 0 || strcmp(n->name, "..") == 0;
}

/* The directory of the image that the one numbered `nid` has its name in, and where. */
static int lower_place(struct overlay *o, uint64_t nid, uint64_t *parent, uint64_t *place)
{
	struct erofs_node n, up;
	struct erofs_name name;
	uint64_t pos = 0, there;
	int r = erofs_node_get(&o->image, nid, &n);

	if (!r)
		r = erofs_lookup(&n, "..", 2, parent, NULL);
	if (!r)
		r = erofs_node_get(&o->image, *parent, &up);
	while (!r && (r = erofs_next(&up, &pos, &name)) > 0) {
		if (name.nid == nid && !is_dot(&name))
			return erofs_lookup(&up, name.name, name.len, &there, place);
		r = 0;
	}
	return r ? r : not_a_tree(o, nid);
}

int overlay_above(struct inode *dir, struct inode **out)
{
	struct overlay *o = overlay_of(dir);
	uint64_t nid = tmpfs_i(dir)->lower->parent, up, place;
	struct tmpfs_inode *ti;
	int r;

	spin_lock(&o->lock);
	ti = table_get(o, nid);
	spin_unlock(&o->lock);
	if (ti) {
		*out = &ti->in;
		return 0;
	}
	/* Nobody uses it, so it was never changed. */
	r = lower_place(o, nid, &up, &place);
	return r ? r : inode_for(o, nid, up, place, out);
}

int overlay_name(struct inode *dir, struct inode *parent, char *name)
{
	const struct lower *l = tmpfs_i(dir)->lower;
	uint64_t pos = l->place;
	struct erofs_name n;
	int r = erofs_next(&tmpfs_i(parent)->lower->node, &pos, &n);

	if (r < 0)
		return r;
	if (!r || n.nid != l->node.nid || tmpfs_entry_find(parent, n.name, n.len))
		return -ESTALE;
	memcpy(name, n.name, n.len + 1u);
	return 0;
}

int overlay_readdir(struct file *f, struct dir_sink *s)
{
	const struct erofs_node *n = &tmpfs_i(f->inode)->lower->node;
	uint64_t pos = f->pos < OVERLAY_PLACES ? 0 : f->pos - OVERLAY_PLACES;
	struct erofs_name name;
	int r;

	while ((r = erofs_next(n, &pos, &name)) > 0) {
		const struct tmpfs_entry *e;

		if (is_dot(&name))
			continue;
		e = tmpfs_entry_find(f->inode, name.name, name.len);
		if (e && e->inode) { /* another object has the name now, or it was renamed */
			name.nid = e->inode->ino;
			name.dt_type = (e->inode->mode & S_IFMT) >> 12;
		}
		if ((!e || e->inode) && !s->add(s, name.name, name.len, name.nid, name.dt_type,
						(int64_t)(OVERLAY_PLACES + pos)))
			return 0;
		f->pos = OVERLAY_PLACES + pos;
	}
	if (!r)
		f->pos = OVERLAY_PLACES + pos; /* the end, also if there was nothing but dots */
	return r;
}

int overlay_check_empty(struct inode *dir)
{
	struct erofs_name name;
	uint64_t pos = 0;
	int r;

	while ((r = erofs_next(&tmpfs_i(dir)->lower->node, &pos, &name)) > 0)
		if (!is_dot(&name) && !tmpfs_entry_find(dir, name.name, name.len))
			return -ENOTEMPTY;
	return r;
}

/* ---- data ---- */

ssize_t overlay_read(struct inode *in, uint64_t pos, struct iter *to, size_t n)
{
	size_t off = pos & ~PAGE_MASK, have, done;
	struct erofs_span s;
	int r = erofs_span(&tmpfs_i(in)->lower->node, pos >> PAGE_SHIFT, &s);

	if (r)
		return r;
	have = MIN(n, s.len - MIN(off, (size_t)s.len)); /* the file may have grown since */
	if (s.page) {
		done = iter_write(to, (const char *)page_to_virt(s.page) + s.off + off, have);
		page_put(s.page);
	} else {
		done = iter_zero(to, have);
	}
	if (done == have)
		done += iter_zero(to, n - have);
	return (ssize_t)done;
}

int overlay_fill(struct inode *in, uint64_t index, struct page *p)
{
	struct erofs_span s;
	char *to = page_to_virt(p);
	int r = erofs_span(&tmpfs_i(in)->lower->node, index, &s);

	if (r)
		return r;
	if (s.page) {
		memcpy(to, (const char *)page_to_virt(s.page) + s.off, s.len);
		page_put(s.page);
	} else {
		s.len = 0;
	}
	memset(to + s.len, 0, PAGE_SIZE - s.len);
	return 0;
}

int overlay_borrow(struct inode *in, uint64_t index, bool now, struct page **out)
{
	const struct erofs_node *n = &tmpfs_i(in)->lower->node;
	struct erofs_span s;
	const char *data;
	unsigned i;
	int r = now ? erofs_span_now(n, index, &s) : erofs_span(n, index, &s);

	if (r || !s.page)
		return r;
	data = page_to_virt(s.page);
	for (i = s.len; s.off == 0 && i < PAGE_SIZE && !data[i]; i++)
		;
	if (s.off == 0 && i == PAGE_SIZE) {
		*out = s.page;
		return 1;
	}
	page_put(s.page);
	return 0;
}

/* ---- the instance ---- */

static int overlay_statfs(struct super *s, struct statfs *out)
{
	struct overlay *o = container_of(s, struct overlay, t.super);

	out->f_blocks = o->t.max_pages + o->t.static_pages + o->image.blocks;
	out->f_bfree = out->f_bavail = MIN(tmpfs_room(&o->t), (uint64_t)page_available());
	out->f_files = o->t.max_inodes + o->image.n_inodes;
	out->f_ffree = o->t.max_inodes - o->t.used_inodes;
	return 0;
}

/* The root directory: the one that is its own parent. */
static int root_new(struct overlay *o, struct inode **out)
{
	struct overlay_inode *oi;
	struct erofs_node n;
	int r = erofs_node_get(&o->image, o->image.root_nid, &n);

	if (r)
		return r;
	if (!S_ISDIR(n.mode))
		return erofs_corrupt(&o->image, n.nid, "its root is not a directory");
	oi = inode_make(o, &n);
	if (!oi)
		return -ENOMEM;
	return table_add(o, oi, out);
}

int overlay_new(struct erofs_source *image, struct super **out)
{
	struct overlay *o = kzalloc(sizeof(*o));
	struct super *s;
	struct inode *in;
	int r;

	if (!o)
		return -ENOMEM;
	s = &o->t.super;
	tmpfs_setup(&o->t, "overlay");
	s->magic = OVERLAY_MAGIC;
	s->statfs = overlay_statfs;
	s->show_options = NULL;
	r = erofs_open(&o->image, image);
	if (r)
		goto fail;
	/* Above every number of the image. */
	o->t.last_ino = ((o->image.blocks << EROFS_BLOCK_BITS) - o->image.meta) / EROFS_SLOT_SIZE;
	r = root_new(o, &in);
	if (r)
		goto fail;
	s->root = in;
	*out = s;
	return 0;
fail:
	kfree(o);
	return r;
}
