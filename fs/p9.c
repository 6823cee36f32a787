/* SPDX-License-Identifier: MIT */
/*
 * Volumes: inodes and their attributes. One inode per file of the host while anybody here uses it,
 * so that locks and mappings meet whatever name it was opened by.
 */
#include "fs/p9.h"

#include "kernel/clock.h"
#include "kernel/heap.h"
#include "kernel/string.h"

/*
 * Attributes that came so recently are not asked for again. A change that the host makes in this
 * time cannot be expected: no message that tells of it gets here so fast. That makes one request of
 * the two or three that one system call would need.
 */
#define RECENT_NS (10 * NSEC_PER_USEC)

/* QEMU reports the largest message. As a buffer size, which is what programs take it for, that is
 * more than it is good for. */
#define BLKSIZE_MAX (128u * 1024)

static const struct inode_ops symlink_ops, special_ops;

static struct list *bucket_of(struct p9_super *s, uint64_t path)
{
	return &s->table[(path * 0x9e3779b97f4a7c15ull >> 32) % P9_BUCKETS];
}

static struct p9_inode *find(struct p9_super *s, uint64_t path)
{
	struct list *bucket = bucket_of(s, path);
	struct p9_inode *pi;

	list_for_each (pi, bucket, link)
		if (pi->path == path)
			return pi;
	return NULL;
}

/* Inode number and device of the host's file. */
uint64_t p9_ino(struct p9_super *s, uint64_t path, uint64_t *dev)
{
	uint64_t ino, index = p9_split_path(path, &ino);

	if (index < 1 || index > P9_DEVS) {
		*dev = s->super.dev;
		return path;
	}
	if (!s->devs[index - 1])
		s->devs[index - 1] = index == 1 ? s->super.dev : vfs_anon_dev();
	*dev = s->devs[index - 1];
	return ino;
}

static void store(struct p9_inode *pi, const struct p9_attr *a)
{
	struct inode *in = &pi->in;

	in->mode = a->mode;
	in->uid = a->uid;
	in->gid = a->gid;
	in->nlink = (uint32_t)MIN(a->nlink, (uint64_t)UINT32_MAX);
	in->size = a->size;
	in->atime_ns = a->atime_ns;
	in->mtime_ns = a->mtime_ns;
	in->ctime_ns = a->ctime_ns;
	in->btime_ns = 0;
	pi->blocks = a->blocks;
	pi->blksize = (uint32_t)MIN(a->blksize, (uint64_t)BLKSIZE_MAX);
	pi->asked_ns = clock_mono_ns();
}

static void set_ops(struct inode *in)
{
	switch (in->mode & S_IFMT) {
	case S_IFDIR:
		in->ops = &p9_dir_inode_ops;
		in->fops = &p9_dir_ops;
		break;
	case S_IFREG:
		in->ops = &p9_file_inode_ops;
		in->fops = &p9_file_ops;
		pagecache_init(&p9_i(in)->cache, &p9_cache_ops, in);
		break;
	case S_IFLNK:
		in->ops = &symlink_ops;
		break;
	default:
		in->ops = &special_ops;
		break;
	}
}

/* The inode with these attributes, referenced. NULL: no memory. */
struct inode *p9_inode_of(struct p9_super *s, const struct p9_attr *a)
{
	struct p9_inode *pi = find(s, a->qid.path);
	uint64_t dev;

	if (pi && (((pi->in.mode ^ a->mode) & S_IFMT) || pi->orphan)) {
		list_del(&pi->link); /* that file is no more, another one has its number */
		list_init(&pi->link);
		pi = NULL;
	}
	if (pi) {
		inode_get(&pi->in);
		store(pi, a);
		return &pi->in;
	}
	pi = kzalloc(sizeof(*pi));
	if (!pi)
		return NULL;
	inode_init(&pi->in, &s->super, a->mode);
	pi->path = a->qid.path;
	pi->in.ino = p9_ino(s, a->qid.path, &dev);
	pi->in.rdev = a->rdev;
	pi->in.flags = INODE_NOATIME; /* the host keeps it */
	pi->fid = P9_NOFID;
	list_init(&pi->files);
	set_ops(&pi->in);
	store(pi, a);
	list_add_head(&pi->link, bucket_of(s, pi->path));
	return &pi->in;
}

/* The name under which the inode's fid was found; without memory it is not known, which only costs
 * requests. */
void p9_moved(struct inode *in, struct inode *dir, const char *name, size_t len)
{
	struct p9_inode *pi = p9_i(in);

	kfree(pi->name);
	pi->dir = p9_i(dir)->path;
	pi->name = kmalloc(len + 1);
	if (!pi->name)
		return;
	memcpy(pi->name, name, len);
	pi->name[len] = 0;
}

bool p9_has_name(const struct inode *in, const struct inode *dir, const char *name, size_t len)
{
	const struct p9_inode *pi = p9_i(in);

	return pi->fid != P9_NOFID && pi->name && pi->dir == p9_i(dir)->path &&
	       strlen(pi->name) == len && !memcmp(pi->name, name, len);
}

int p9_iget(struct p9_super *s, struct inode *dir, const char *name, size_t len, uint32_t fid,
	    struct inode **out)
{
	struct p9_attr a;
	struct inode *in = NULL;
	int r = p9_getattr(s->ch, fid, &a);

	if (!r && !(in = p9_inode_of(s, &a)))
		r = -ENOMEM;
	if (r) {
		p9_fid_clunk(s->ch, fid);
		return r;
	}
	p9_fid_clunk(s->ch, p9_i(in)->fid);
	p9_i(in)->fid = fid;
	if (dir)
		p9_moved(in, dir, name, len);
	*out = in;
	return 0;
}

uint32_t p9_any_fid(struct inode *in)
{
	struct p9_inode *pi = p9_i(in);

	if (pi->fid != P9_NOFID || list_empty(&pi->files))
		return pi->fid;
	return list_first(&pi->files, struct p9_file, link)->fid;
}

int p9_refresh(struct inode *in)
{
	struct p9_inode *pi = p9_i(in);
	struct p9_attr a;
	uint32_t fid;
	int r;

	if (pi->orphan)
		return 0;
	do { /* again if another thread has exchanged the fid meanwhile */
		fid = p9_any_fid(in);
		if (fid == P9_NOFID)
			return -ESTALE;
		r = p9_getattr(p9_ch(in), fid, &a);
	} while (r == -ENOENT && p9_any_fid(in) != fid);
	if (pi->orphan)
		return 0;
	if (r == -ENOENT || r == -ENOTDIR ||
	    (!r && (a.qid.path != pi->path || ((a.mode ^ in->mode) & S_IFMT))))
		return -ESTALE;
	if (!r)
		store(pi, &a);
	return r;
}

int p9_refresh_old(struct inode *in)
{
	return clock_mono_ns() - p9_i(in)->asked_ns < RECENT_NS ? 0 : p9_refresh(in);
}

/*
 * Of a file that the host has removed or renamed under us the attributes are the last ones known:
 * better than an error for a file that is open and can be read.
 */
int p9_inode_getattr(struct inode *in, struct kstat *st)
{
	struct p9_inode *pi = p9_i(in);
	int r = p9_refresh_old(in);

	if (r && r != -ESTALE)
		return r;
	st->ino = p9_ino(p9_s(in), pi->path, &st->dev);
	st->size = in->size;
	st->blocks = pi->blocks;
	st->blksize = pi->blksize;
	st->mode = in->mode;
	st->nlink = in->nlink;
	st->uid = in->uid;
	st->gid = in->gid;
	st->atime_ns = in->atime_ns;
	st->mtime_ns = in->mtime_ns;
	st->ctime_ns = in->ctime_ns;
	st->btime_ns = 0;
	return 0;
}

static void translate(const struct inode *in, const struct setattr *a, struct p9_setattr *out)
{
	static const struct {
		unsigned attr, set;
	} map[] = {
	    {ATTR_MODE, P9_SET_MODE},
	    {ATTR_UID, P9_SET_UID},
	    {ATTR_GID, P9_SET_GID},
	    {ATTR_SIZE, P9_SET_SIZE},
	    {ATTR_ATIME, P9_SET_ATIME | P9_SET_ATIME_SET},
	    {ATTR_MTIME, P9_SET_MTIME | P9_SET_MTIME_SET},
	    {ATTR_ATIME_NOW, P9_SET_ATIME},
	    {ATTR_MTIME_NOW, P9_SET_MTIME},
	};
	unsigned valid = a->valid;

	/* Truncation changes the times by itself, if it changes the size; to ask for more than that
	 * takes the owner. */
	if ((valid & ATTR_SIZE) && (a->size != in->size || !vfs_owner(in)))
		valid &= ~ATTR_MTIME_NOW;
	*out = (struct p9_setattr){
	    .mode = a->mode & 07777,
	    .uid = a->uid,
	    .gid = a->gid,
	    .size = a->size,
	    .atime_ns = a->atime_ns,
	    .mtime_ns = a->mtime_ns,
	};
	for (size_t i = 0; i < ARRAY_SIZE(map); i++)
		if (valid & map[i].attr)
			out->valid |= map[i].set;
	if (!out->valid)
		out->valid = P9_SET_CTIME; /* chown(-1, -1) */
}

/* Caller holds in->lock. 0, -ESTALE (the name leads elsewhere now) or the host's errno. */
int p9_inode_setattr(struct inode *in, const struct setattr *a)
{
	struct p9_inode *pi = p9_i(in);
	struct p9_setattr set;
	int r = p9_refresh_old(in);

	if (r)
		return r;
	if (pi->orphan) {
		if (a->valid & ATTR_SIZE) {
			p9_orphan_resize(in, a->size);
			inode_modified(in);
		}
		inode_apply_attr(in, a);
		return 0;
	}
	translate(in, a, &set);
	r = p9_setattr(p9_ch(in), p9_any_fid(in), &set);
	pi->asked_ns = 0;
	if (r)
		return r;
	if (a->valid & ATTR_MODE)
		in->mode = (in->mode & S_IFMT) | (a->mode & 07777);
	if (a->valid & ATTR_UID)
		in->uid = a->uid;
	if (a->valid & ATTR_GID)
		in->gid = a->gid;
	if (a->valid & ATTR_SIZE) {
		uint64_t less = MIN(in->size, a->size);

		in->size = a->size;
		pagecache_truncate(&pi->cache, less);
	}
	return 0;
}

/*
 * A name was removed here. The fid found under it leads nowhere or, soon, to another file. With the
 * last name gone only those who have the file open know it: its attributes live here from now on.
 */
void p9_name_gone(struct inode *in, struct inode *dir, const char *name, size_t len)
{
	struct p9_inode *pi = p9_i(in);

	if (p9_has_name(in, dir, name, len)) {
		p9_fid_clunk(p9_ch(in), pi->fid);
		pi->fid = P9_NOFID;
	}
	pi->asked_ns = 0;
	if (in->nlink > 1 && !inode_is(in, S_IFDIR)) {
		in->nlink--;
		return;
	}
	in->nlink = 0;
	pi->orphan = true;
	pi->host_size = pi->stale_from = in->size;
	in->ctime_ns = clock_real_coarse_ns();
}

void p9_destroy(struct inode *in)
{
	struct p9_inode *pi = p9_i(in);

	list_del(&pi->link);
	p9_fid_clunk(p9_ch(in), pi->fid);
	if (inode_is(in, S_IFREG))
		pagecache_destroy(&pi->cache);
	kfree(pi->name);
	kfree(pi);
}

static int symlink_read(struct inode *in, char *buf, size_t size)
{
	uint32_t fid = p9_any_fid(in);

	return fid == P9_NOFID ? -ESTALE : p9_readlink(p9_ch(in), fid, buf, size);
}

static const struct inode_ops symlink_ops = {
    .readlink = symlink_read,
    .getattr = p9_inode_getattr,
    .setattr = p9_inode_setattr,
    .destroy = p9_destroy,
};

/* FIFOs, devices and sockets: only their names are the host's. */
static const struct inode_ops special_ops = {
    .getattr = p9_inode_getattr,
    .setattr = p9_inode_setattr,
    .destroy = p9_destroy,
};
