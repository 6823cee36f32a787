/* SPDX-License-Identifier: MIT */
/*
 * Block devices: which there are, their page caches, and what their open files do. Behaviour is
 * that of Linux's block/fops.c: writes past the end are ENOSPC, a read-only device opens for
 * writing but refuses to be written, what was written is stored when the last one closes.
 *
 * O_DIRECT goes through memory of our own: a copy costs nothing beside the trip to the device.
 *
 * Locks: the device inode's lock serialises writers, and is what those who change the contents
 * behind the cache need (fs/pagecache.h).
 */
#include "fs/blockdev.h"

#include "fs/vfs_internal.h"
#include "kernel/page.h"
#include "kernel/string.h"

static struct list devices; /* of struct blockdev; linked at first use, then fixed */

/* ---- which there are ---- */

void blockdev_add(struct blockdev *b)
{
	mutex_init(&b->ready_lock);
	list_add_tail(&b->link, &devices);
}

static void find_devices(void)
{
	if (devices.next)
		return;
	list_init(&devices);
	virtio_blk_find();
}

struct blockdev *blockdev_next(struct blockdev *prev)
{
	struct list *l;

	find_devices();
	for (l = prev ? prev->link.next : devices.next; l != &devices; l = l->next) {
		struct blockdev *b = container_of(l, struct blockdev, link);

		if (!b->hidden)
			return b;
	}
	return NULL;
}

void blockdev_name(unsigned n, char *name)
{
	name[0] = 'v';
	name[1] = 'd';
	name[2] = (char)('a' + n);
	name[3] = 0;
}

struct blockdev *blockdev_find(const char *serial)
{
	for (struct blockdev *b = blockdev_next(NULL); b; b = blockdev_next(b)) {
		if (blockdev_ready(b) || strcmp(b->serial, serial) != 0)
			continue;
		b->hidden = true;
		return b;
	}
	return NULL;
}

/* ---- the cache ---- */

static struct blockdev *of_cache(struct pagecache *pc)
{
	return container_of(pc, struct blockdev, cache);
}

/* Bytes of the device in pages [index, index + n). */
static size_t bytes_of(const struct blockdev *b, uint64_t index, size_t n)
{
	return MIN(b->size - (index << PAGE_SHIFT), n << PAGE_SHIFT);
}

static int cache_read(struct pagecache *pc, uint64_t index, struct page **pages, size_t n)
{
	struct blockdev *b = of_cache(pc);
	size_t len = bytes_of(b, index, n);

	if (len & ~PAGE_MASK)
		memset((char *)page_to_virt(pages[n - 1]) + (len & ~PAGE_MASK), 0,
		       PAGE_SIZE - (len & ~PAGE_MASK));
	return b->ops->transfer(b, false, index << PAGE_SHIFT, pages, len);
}

static int cache_write(struct pagecache *pc, uint64_t index, struct page **pages, size_t n)
{
	struct blockdev *b = of_cache(pc);

	return b->ops->transfer(b, true, index << PAGE_SHIFT, pages, bytes_of(b, index, n));
}

static int cache_flush(struct pagecache *pc)
{
	struct blockdev *b = of_cache(pc);

	return b->ops->flush(b);
}

static const struct pagecache_ops cache_ops = {
    .read = cache_read, .write = cache_write, .flush = cache_flush};

static int start(struct blockdev *b)
{
	int r = b->ops->start(b);

	if (!r)
		r = vfs_anon_inode(S_IFBLK | 0600, &b->inode);
	if (r)
		return r == -ENOMEM ? r : -ENXIO;
	b->inode->size = b->size;
	b->read_ahead = 128 * 1024 / SECTOR_SIZE; /* Linux's default */
	pagecache_init(&b->cache, &cache_ops, b->inode);
	return 0;
}

int blockdev_ready(struct blockdev *b)
{
	mutex_lock(&b->ready_lock);
	if (!b->state) {
		int r = start(b);

		b->state = r ? r : 1;
	}
	mutex_unlock(&b->ready_lock);
	return b->state > 0 ? 0 : b->state;
}

static uint64_t pages_of(const struct blockdev *b)
{
	return (b->size + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

int blockdev_page(struct blockdev *b, uint64_t index, bool now, struct page **out)
{
	if (index >= pages_of(b))
		return -ENODATA;
	if (now) {
		pagecache_map_around(&b->cache, index, 1, pages_of(b), out);
		return *out ? 0 : -EAGAIN;
	}
	return pagecache_get(&b->cache, index, pages_of(b), out);
}

/* ---- reading and writing ---- */

/* Memory for one step of a direct transfer. */
struct bounce {
	struct page *pages[PAGECACHE_RUN];
	size_t n;
};

static int bounce_alloc(struct bounce *m, size_t len)
{
	size_t want = MIN((len + PAGE_SIZE - 1) >> PAGE_SHIFT, (size_t)PAGECACHE_RUN);

	m->n = page_alloc_many(m->pages, want, 0);
	return m->n ? 0 : -ENOMEM;
}

static void bounce_free(struct bounce *m)
{
	for (size_t i = 0; i < m->n; i++)
		page_put(m->pages[i]);
}

/* Copy len bytes between the pages and the program. Returns how many could be. */
static size_t bounce_copy(struct bounce *m, struct iter *it, size_t len, bool write)
{
	size_t done = 0;

	while (done < len) {
		void *mem = page_to_virt(m->pages[done >> PAGE_SHIFT]);
		size_t n = MIN(len - done, PAGE_SIZE);
		size_t copied = write ? iter_read(it, mem, n) : iter_write(it, mem, n);

		done += copied;
		if (copied < n)
			break;
	}
	return done;
}

/* The cache, too, gets what was written past it. */
static void update_cache(struct blockdev *b, struct bounce *m, uint64_t pos, size_t len)
{
	for (size_t done = 0; done < len; done += PAGE_SIZE)
		pagecache_update(&b->cache, pos + done, page_to_virt(m->pages[done >> PAGE_SHIFT]),
				 MIN(len - done, PAGE_SIZE));
}

/* One step of a direct transfer: bytes moved, or -errno. */
static ssize_t direct_step(struct blockdev *b, struct bounce *m, struct iter *it, uint64_t pos,
			   bool write)
{
	size_t len = MIN(it->left, m->n << PAGE_SHIFT), copied;
	int r;

	if (write) {
		copied = bounce_copy(m, it, len, true);
		iter_revert(it, copied % b->logical_block);
		len = ALIGN_DOWN(copied, (size_t)b->logical_block);
		if (!len)
			return -EFAULT;
	}
	r = b->ops->transfer(b, write, pos, m->pages, len);
	if (write && !r)
		update_cache(b, m, pos, len);
	if (r || write)
		return r ? r : (ssize_t)len;
	copied = bounce_copy(m, it, len, false);
	return copied ? (ssize_t)copied : -EFAULT;
}

/* Read or write straight from or to the device; `it` ends inside it. */
static ssize_t direct(struct blockdev *b, struct iter *it, uint64_t *pos, bool write)
{
	ssize_t done = 0, n;
	struct bounce m;
	int r;

	if ((*pos | it->left) & (b->logical_block - 1))
		return -EINVAL;
	r = pagecache_writeback(&b->cache, *pos >> PAGE_SHIFT, (*pos + it->left - 1) >> PAGE_SHIFT);
	if (!r)
		r = bounce_alloc(&m, it->left);
	if (r)
		return r;
	do {
		size_t want = MIN(it->left, m.n << PAGE_SHIFT);

		n = direct_step(b, &m, it, *pos, write);
		if (n > 0) {
			*pos += (uint64_t)n;
			done += n;
		}
		if (n < (ssize_t)want)
			break;
	} while (it->left);
	bounce_free(&m);
	return done ? done : n;
}

static ssize_t bdev_read(struct file *f, struct iter *to, uint64_t *pos)
{
	struct blockdev *b = f->priv;
	size_t beyond;
	ssize_t r;

	if (*pos >= b->size || !to->left)
		return 0;
	beyond = to->left - MIN(to->left, b->size - *pos);
	to->left -= beyond;
	if (f->flags & O_DIRECT)
		r = direct(b, to, pos, false);
	else
		r = pagecache_read(&b->cache, to, pos, b->size);
	to->left += beyond;
	inode_accessed(f->inode, f);
	return r;
}

/* O_APPEND means nothing here. Linux: blkdev_write_iter(). */
static ssize_t bdev_write(struct file *f, struct iter *from, uint64_t *pos)
{
	struct blockdev *b = f->priv;
	size_t beyond;
	ssize_t r;

	if (b->read_only)
		return -EPERM;
	if (!from->left)
		return 0;
	if (*pos >= b->size)
		return -ENOSPC;
	beyond = from->left - MIN(from->left, b->size - *pos);
	from->left -= beyond;
	mutex_lock(&b->inode->lock);
	inode_modified(f->inode);
	if (f->flags & O_DIRECT)
		r = direct(b, from, pos, true);
	else
		r = pagecache_write(&b->cache, from, pos, b->size);
	mutex_unlock(&b->inode->lock);
	from->left += beyond;
	if (r > 0 && (f->flags & O_DSYNC)) {
		int err = pagecache_sync(&b->cache);

		r = err ? err : r;
	}
	return r;
}

static int64_t bdev_seek(struct file *f, int64_t off, int whence)
{
	struct blockdev *b = f->priv;
	int64_t at = off;

	if (whence != SEEK_SET && whence != SEEK_CUR && whence != SEEK_END)
		return -EINVAL;
	if (whence == SEEK_CUR && __builtin_add_overflow((int64_t)f->pos, off, &at))
		return -EINVAL;
	if (whence == SEEK_END && __builtin_add_overflow((int64_t)b->size, off, &at))
		return -EINVAL;
	if (at < 0 || (uint64_t)at > b->size)
		return -EINVAL;
	return (int64_t)(f->pos = (uint64_t)at);
}

static int bdev_fsync(struct file *f, bool data_only)
{
	struct blockdev *b = f->priv;

	return pagecache_sync(&b->cache);
}

static int bdev_map_page(struct file *f, uint64_t index, bool write, struct page **out)
{
	struct blockdev *b = f->priv;

	return pagecache_map(&b->cache, index, pages_of(b), write, out);
}

static void bdev_map_around(struct file *f, uint64_t first, size_t n, struct page **out)
{
	struct blockdev *b = f->priv;

	pagecache_map_around(&b->cache, first, n, pages_of(b), out);
}

/* Zeros; the ranges Linux's blkdev_fallocate() takes. */
static int bdev_fallocate(struct file *f, int mode, uint64_t off, uint64_t len)
{
	struct blockdev *b = f->priv;

	if ((mode & ~FALLOC_FL_KEEP_SIZE) != FALLOC_FL_ZERO_RANGE)
		return -EOPNOTSUPP;
	if (off >= b->size)
		return -EINVAL;
	if (len > b->size - off) {
		if (!(mode & FALLOC_FL_KEEP_SIZE))
			return -EINVAL;
		len = b->size - off;
	}
	if ((off | len) & (b->logical_block - 1))
		return -EINVAL;
	return b->read_only ? -EPERM : blockdev_zero(b, off, len);
}

int blockdev_zero(struct blockdev *b, uint64_t start, uint64_t len)
{
	struct bounce m = {.n = 1};
	int r;

	m.pages[0] = page_alloc(0, PAGE_ZEROED);
	if (!m.pages[0])
		return -ENOMEM;
	for (size_t i = 1; i < PAGECACHE_RUN; i++)
		m.pages[i] = m.pages[0]; /* read only by the device */
	mutex_lock(&b->inode->lock);
	r = pagecache_writeback(&b->cache, start >> PAGE_SHIFT, (start + len - 1) >> PAGE_SHIFT);
	while (len && !r) {
		size_t n = MIN(len, (uint64_t)PAGECACHE_RUN << PAGE_SHIFT);

		r = b->ops->transfer(b, true, start, m.pages, n);
		if (!r)
			update_cache(b, &m, start, n);
		start += n;
		len -= n;
	}
	mutex_unlock(&b->inode->lock);
	bounce_free(&m);
	return r;
}

/* ---- opening and closing ---- */

/* As Linux's sync_blockdev() and kill_bdev() at the last close: everything is stored, nothing is
 * kept. An error is not reported to anybody. */
static void bdev_release(struct file *f)
{
	struct blockdev *b = f->priv;
	bool last;

	mutex_lock(&b->inode->lock);
	if (b->holder == f)
		b->holder = NULL;
	last = --b->openers == 0;
	if (last && !pagecache_writeback(&b->cache, 0, UINT64_MAX))
		pagecache_invalidate(&b->cache, 0, UINT64_MAX);
	mutex_unlock(&b->inode->lock);
}

static const struct file_ops bdev_ops = {
    .read = bdev_read,
    .write = bdev_write,
    .ioctl = blockdev_ioctl,
    .seek = bdev_seek,
    .fsync = bdev_fsync,
    .fallocate = bdev_fallocate,
    .map_page = bdev_map_page,
    .map_around = bdev_map_around,
    .release = bdev_release,
};

/* The unit of the file systems' old buffers: Linux's set_init_blocksize(). */
static unsigned initial_block(const struct blockdev *b)
{
	unsigned size = b->logical_block;

	while (size < PAGE_SIZE && !(b->size & size))
		size *= 2;
	return size;
}

static struct blockdev *of_node(const struct inode *node)
{
	unsigned n = dev_minor(node->rdev) / BLOCKDEV_MINORS;
	struct blockdev *b = blockdev_next(NULL);

	if (dev_major(node->rdev) != BLOCKDEV_MAJOR || dev_minor(node->rdev) % BLOCKDEV_MINORS)
		return NULL; /* not ours, or a partition */
	while (b && n--)
		b = blockdev_next(b);
	return b;
}

int blockdev_open(struct inode *node, unsigned flags, struct file **out)
{
	struct blockdev *b = of_node(node);
	struct file *f;
	int r = b ? blockdev_ready(b) : -ENXIO;

	if (!r && (flags & O_EXCL) && b->holder)
		r = -EBUSY;
	if (r)
		return r;
	r = file_new(&bdev_ops, inode_get(node), flags & ~O_EXCL, 0, &f);
	if (r) {
		inode_put(node);
		return r;
	}
	f->priv = b;
	f->mapped = b->inode;
	mutex_lock(&b->inode->lock);
	if (flags & O_EXCL)
		b->holder = f;
	if (b->openers++ == 0)
		b->soft_block = initial_block(b);
	mutex_unlock(&b->inode->lock);
	*out = f;
	return 0;
}
