/* SPDX-License-Identifier: MIT */
/*
 * tmpfs: a file system in memory, with Linux's limits (half of the memory, half as many inodes as
 * pages), numbers and errors. Also the base of /dev (devtmpfs) and of memfds. Names are in
 * tmpfs_dir.c, data in tmpfs_file.c.
 */
#include "fs/tmpfs.h"
#include "fs/xattr.h"
#include "kernel/heap.h"
#include "kernel/page.h"
#include "kernel/string.h"

#define SHORT_SYMLINK 128 /* longer targets take a page on Linux */

static uint64_t all_pages; /* of every instance, for /proc/meminfo */

static const struct inode_ops symlink_ops, special_ops;

uint64_t tmpfs_total_pages(void)
{
	return all_pages;
}

int tmpfs_charge(struct tmpfs *t, int64_t n)
{
	int r = -ENOSPC;

	spin_lock(&t->lock);
	if (n <= 0 || t->used_pages + n <= t->max_pages) {
		t->used_pages += n;
		all_pages += n;
		r = 0;
	}
	spin_unlock(&t->lock);
	return r;
}

void tmpfs_charge_over(struct tmpfs *t, int64_t n)
{
	spin_lock(&t->lock);
	t->used_pages += n;
	all_pages += n;
	spin_unlock(&t->lock);
}

uint64_t tmpfs_room(struct tmpfs *t)
{
	uint64_t used = READ_ONCE(t->used_pages);

	return t->max_pages - MIN(used, t->max_pages);
}

/* Boot pages are shown in statfs, but not limited. */
void tmpfs_static_count(struct tmpfs *t, int64_t n)
{
	spin_lock(&t->lock);
	t->static_pages += n;
	spin_unlock(&t->lock);
}

void tmpfs_set_ops(struct inode *in)
{
	switch (in->mode & S_IFMT) {
	case S_IFDIR:
		in->ops = &tmpfs_dir_inode_ops;
		in->fops = &tmpfs_dir_ops;
		in->nlink = 2;
		in->size = 40; /* "." and ".." */
		break;
	case S_IFREG:
		in->ops = &tmpfs_file_inode_ops;
		in->fops = &tmpfs_file_ops;
		break;
	case S_IFLNK:
		in->ops = &symlink_ops;
		break;
	default:
		in->ops = &special_ops;
		break;
	}
}

int tmpfs_inode_new(struct super *s, const struct inode *dir, uint32_t mode, uint64_t rdev,
		    struct inode **out)
{
	struct tmpfs *t = container_of(s, struct tmpfs, super);
	struct tmpfs_inode *ti;
	bool room;

	spin_lock(&t->lock);
	room = t->used_inodes < t->max_inodes;
	t->used_inodes += room;
	t->last_ino += room;
	spin_unlock(&t->lock);
	if (!room)
		return -ENOSPC;
	ti = kzalloc(sizeof(*ti));
	if (!ti) {
		spin_lock(&t->lock);
		t->used_inodes--;
		spin_unlock(&t->lock);
		return -ENOMEM;
	}
	inode_init(&ti->in, s, mode);
	inode_init_owner(&ti->in, dir, mode);
	ti->in.ino = t->last_ino;
	ti->in.rdev = rdev;
	ti->in.flags = INODE_XATTR | (S_ISREG(mode) ? INODE_MAP_WRITE : 0);
	ti->seals = F_SEAL_SEAL;
	tmpfs_set_ops(&ti->in);
	*out = &ti->in;
	return 0;
}

void tmpfs_destroy(struct inode *in)
{
	struct tmpfs *t = tmpfs_of(in);
	struct tmpfs_inode *ti = tmpfs_i(in);
	bool counted = !ti->lower;

	if (ti->lower)
		overlay_forget(in);
	if (unlikely(ti->named))
		tmpfs_handle_gone(in);
	switch (in->mode & S_IFMT) {
	case S_IFDIR:
		tmpfs_dir_free(in);
		break;
	case S_IFREG:
		tmpfs_file_drop(in, 0);
		break;
	case S_IFLNK:
		kfree(ti->target);
		break;
	default:
		break;
	}
	xattr_free(in);
	kfree(ti);
	spin_lock(&t->lock);
	t->used_inodes -= counted;
	spin_unlock(&t->lock);
	if (unlikely(t->released) && !t->used_inodes)
		kfree(t);
}

int tmpfs_getattr(struct inode *in, struct kstat *st)
{
	const struct tmpfs_inode *ti = tmpfs_i(in);

	if (inode_is(in, S_IFREG))
		st->blocks = (ti->n_pages + ti->lower_pages - ti->n_covered) * (PAGE_SIZE / 512);
	else if (ti->lower)
		st->blocks = ALIGN_UP(ti->lower->node.size, PAGE_SIZE) / 512;
	else if (inode_is(in, S_IFLNK) && in->size >= SHORT_SYMLINK)
		st->blocks = PAGE_SIZE / 512;
	return 0;
}

static int simple_setattr(struct inode *in, const struct setattr *a)
{
	inode_apply_attr(in, a);
	overlay_change(in);
	return 0;
}

static int symlink_read(struct inode *in, char *buf, size_t size)
{
	size_t n = MIN(size, (size_t)in->size);

	if (tmpfs_i(in)->lower)
		return erofs_readlink(&tmpfs_i(in)->lower->node, buf, size);
	memcpy(buf, tmpfs_i(in)->target, n);
	return n;
}

static const struct inode_ops symlink_ops = {
    .readlink = symlink_read,
    .getattr = tmpfs_getattr,
    .setattr = simple_setattr,
    .destroy = tmpfs_destroy,
};

/* FIFOs, devices and sockets: vfs_open_dentry knows how to open them. */
static const struct inode_ops special_ops = {
    .setattr = simple_setattr,
    .destroy = tmpfs_destroy,
};

static int tmpfs_statfs(struct super *s, struct statfs *out)
{
	struct tmpfs *t = container_of(s, struct tmpfs, super);
	uint64_t room = MIN(tmpfs_room(t), (uint64_t)page_available());

	out->f_blocks = t->max_pages + t->static_pages;
	out->f_bfree = out->f_bavail = room;
	out->f_files = t->max_inodes;
	out->f_ffree = t->max_inodes - t->used_inodes;
	return 0;
}

static int tmpfs_show_options(struct super *s, char *buf, size_t size)
{
	struct tmpfs *t = container_of(s, struct tmpfs, super);
	uint32_t mode = s->root->mode & 07777;
	int n = scnprintf(buf, size, ",size=%luk,nr_inodes=%lu",
			  (unsigned long)(t->max_pages * (PAGE_SIZE / 1024)),
			  (unsigned long)t->max_inodes);

	if (mode != 01777)
		n += scnprintf(buf + n, size - n, ",mode=%o", mode);
	if (s->root->uid)
		n += scnprintf(buf + n, size - n, ",uid=%u", s->root->uid);
	if (s->root->gid)
		n += scnprintf(buf + n, size - n, ",gid=%u", s->root->gid);
	return n;
}

void tmpfs_setup(struct tmpfs *t, const char *fstype)
{
	t->max_pages = t->max_inodes = page_total() / 2;
	t->super.fstype = t->super.source = fstype;
	t->super.magic = TMPFS_MAGIC;
	t->super.dev = vfs_anon_dev();
	t->super.statfs = tmpfs_statfs;
	t->super.show_options = tmpfs_show_options;
	t->super.handles = &tmpfs_handles;
	list_init(&t->super.link);
}

/* An instance that calls itself fstype in /proc/mounts. Root directory: mode 0755, owner root. 0 or
 * -ENOMEM. */
int tmpfs_new_typed(const char *fstype,
		    int (*seed)(struct inode *dir, const char *name, size_t len),
		    struct super **out)
{
	struct tmpfs *t = kzalloc(sizeof(*t));
	struct inode *in;
	int r;

	if (!t)
		return -ENOMEM;
	tmpfs_setup(t, fstype);
	t->seed = seed;
	r = tmpfs_inode_new(&t->super, NULL, S_IFDIR | 0755, 0, &in);
	if (r) {
		kfree(t);
		return r;
	}
	t->super.root = in;
	*out = &t->super;
	return 0;
}

int tmpfs_new(struct super **out)
{
	return tmpfs_new_typed("tmpfs", NULL, out);
}

/* ---- boot files ---- */

/* Make the missing directories above the last component of path. */
static int make_parents(struct dentry *root, const char *path)
{
	char *text = kstrdup(path), *p = text;
	int r = text ? 0 : -ENOMEM;

	while (!r && (p = strchr(p + 1, '/'))) {
		*p = 0;
		r = vfs_mkdir(root, text, 0755);
		if (r == -EEXIST)
			r = 0;
		*p = '/';
	}
	kfree(text);
	return r;
}

static bool all_zero(const char *p, size_t n)
{
	while (n && *p == 0)
		p++, n--;
	return n == 0;
}

/* One page of a boot file: the frame itself, or a copy when bytes of something else follow the
 * file's end in it. */
static int add_frame(struct inode *in, uint64_t index, paddr_t pa, size_t used)
{
	struct page *frame = phys_to_page(pa), *p = frame;
	const char *data = phys_to_virt(pa);
	int r;

	if (frame && all_zero(data + used, PAGE_SIZE - used)) {
		page_get(frame);
	} else {
		p = page_alloc(0, PAGE_ZEROED);
		if (!p)
			return -ENOMEM;
		r = tmpfs_charge(tmpfs_of(in), 1);
		if (r) {
			page_put(p);
			return r;
		}
		memcpy(page_to_virt(p), data, used);
	}
	r = tmpfs_file_add_page(in, index, p);
	if (r)
		page_put(p);
	return r;
}

/*
 * Boot only. path may be absolute or relative to root and must not exist; missing directories are
 * made. The frames must stay as they are: they are the file's contents until it is written to. data
 * is page-aligned. 0, -EEXIST, -EINVAL, -ENOMEM, -ENOSPC.
 */
int tmpfs_add_static(struct dentry *root, const char *path, uint32_t mode, paddr_t data,
		     uint64_t size)
{
	struct dentry *d;
	struct inode *in;
	int r;

	if (!IS_ALIGNED(data, PAGE_SIZE))
		return -EINVAL;
	r = make_parents(root, path);
	if (!r)
		r = vfs_mknod(root, path, S_IFREG | (mode & 07777), 0);
	if (!r)
		r = vfs_lookup(root, path, 0, &d);
	if (r)
		return r;
	in = d->inode;
	if (in->ops != &tmpfs_file_inode_ops)
		r = -EINVAL;
	for (uint64_t off = 0; off < size && !r; off += PAGE_SIZE)
		r = add_frame(in, off >> PAGE_SHIFT, data + off, MIN(size - off, PAGE_SIZE));
	if (!r)
		in->size = size;
	dentry_put(d);
	return r;
}

/* ---- memfd ---- */

/* The instance that memfds live in; it is mounted nowhere. */
static int memfd_super(struct super **out)
{
	static struct super *s;
	int r = s ? 0 : tmpfs_new(&s);

	*out = s;
	return r;
}

/* 0, -ENOMEM, -ENOSPC. The caller checked flags and the name's length. */
int tmpfs_memfd(const char *name, unsigned flags, struct file **out)
{
	char text[NAME_MAX + 16];
	struct super *s;
	struct inode *in;
	struct dentry *d;
	int r = memfd_super(&s), n;

	if (!r)
		r = tmpfs_inode_new(s, NULL, S_IFREG | 0777, 0, &in);
	if (r)
		return r;
	in->nlink = 0;
	if (flags & (MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL))
		tmpfs_i(in)->seals = 0;
	if (flags & MFD_NOEXEC_SEAL) {
		tmpfs_i(in)->seals = F_SEAL_EXEC;
		in->mode = S_IFREG | 0666;
	}
	n = scnprintf(text, sizeof(text), "/memfd:%s", name);
	d = dentry_alloc(NULL, text, n, 0, in);
	if (!d) {
		inode_put(in);
		return -ENOMEM;
	}
	d->unlinked = true;
	r = vfs_open_dentry(d, O_RDWR | O_LARGEFILE, out);
	dentry_put(d);
	return r;
}

static bool can_seal(const struct file *f)
{
	return f->inode->ops == &tmpfs_file_inode_ops;
}

int tmpfs_get_seals(struct file *f)
{
	return can_seal(f) ? (int)(tmpfs_i(f->inode)->seals) : -EINVAL;
}

/* 0, -EINVAL (not sealable, unknown seal), -EPERM (not writable, or sealed against seals), -EBUSY
 * (sealed against writing, but mapped so that it can be written). */
int tmpfs_add_seals(struct file *f, unsigned seals)
{
	const unsigned content = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE;
	struct inode *in = f->inode;
	struct tmpfs_inode *ti = tmpfs_i(in);
	int r = 0;

	if (!file_writable(f))
		return -EPERM;
	if ((seals & ~(F_SEAL_SEAL | F_SEAL_EXEC | content)) || !can_seal(f))
		return -EINVAL;
	mutex_lock(&in->lock);
	if ((seals & F_SEAL_EXEC) && (in->mode & 0111)) /* what can be executed never changes */
		seals |= content;
	if (ti->seals & F_SEAL_SEAL)
		r = -EPERM;
	else if ((seals & ~ti->seals & F_SEAL_WRITE) && mm_file_writable_mapped(in))
		r = -EBUSY;
	else
		ti->seals |= seals;
	mutex_unlock(&in->lock);
	return r;
}
