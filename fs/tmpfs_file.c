/* SPDX-License-Identifier: MIT */
/*
 * Data of tmpfs files: a sparse tree of pages, holes read as zeros. Boot files start with the boot
 * module's own frames (PG_RESERVED), which are never changed: the first write replaces such a page
 * by a copy.
 *
 * Locks: in->lock serialises writers; tree_lock guards the tree and is never held while program
 * memory is touched, because that may fault into tmpfs_map_page. Readers take only tree_lock; a
 * page in use has its own reference.
 */
#include "fs/tmpfs.h"
#include "kernel/heap.h"
#include "kernel/page.h"
#include "kernel/string.h"
#include "kernel/uaccess.h"

/* Kept free for the kernel itself, whatever the limit says. */
#define RESERVE_PAGES 32

/*
 * An entry of the tree is a page's address; with this bit the page was made by fallocate and
 * nothing was written to it yet: it is there, but still a hole to SEEK_DATA, as on Linux.
 */
#define UNWRITTEN 1ul

static struct page *page_of(const void *entry)
{
	return (struct page *)((uintptr_t)entry & ~UNWRITTEN);
}

static bool is_static(const struct page *p)
{
	return p->flags & PG_RESERVED;
}

/* The page at index with a reference, or NULL: a hole. */
static struct page *page_at(struct inode *in, uint64_t index)
{
	struct tmpfs_inode *ti = tmpfs_i(in);
	struct page *p;

	spin_lock(&ti->tree_lock);
	p = page_of(radix_get(&ti->pages, index));
	if (p)
		page_get(p);
	spin_unlock(&ti->tree_lock);
	return p;
}

/* The page at index is about to have contents. */
static void mark_written(struct inode *in, uint64_t index)
{
	struct tmpfs_inode *ti = tmpfs_i(in);
	void *entry;

	spin_lock(&ti->tree_lock);
	entry = radix_get(&ti->pages, index);
	if ((uintptr_t)entry & UNWRITTEN)
		(void)radix_set(&ti->pages, index, page_of(entry)); /* in place: cannot fail */
	spin_unlock(&ti->tree_lock);
}

/* A page that counts against the limit. 0, -ENOSPC. */
static int page_make(struct inode *in, unsigned flags, struct page **out)
{
	struct tmpfs *t = tmpfs_of(in);

	if (page_available() <= RESERVE_PAGES || tmpfs_charge(t, 1))
		return -ENOSPC;
	*out = page_alloc(0, flags);
	if (*out)
		return 0;
	tmpfs_charge(t, -1);
	return -ENOSPC;
}

static void page_unmake(struct inode *in, struct page *p)
{
	tmpfs_charge(tmpfs_of(in), -1);
	page_put(p);
}

/*
 * Put p (reference taken over) at index, in place of `old` (NULL: a hole). If somebody else was
 * faster, p is dropped. Either way *out is what is there now, referenced. tag: 0 or UNWRITTEN. 0 or
 * -ENOSPC (no memory for the tree; p is dropped).
 */
static int page_install(struct inode *in, uint64_t index, struct page *old, struct page *p,
			uintptr_t tag, struct page **out)
{
	struct tmpfs_inode *ti = tmpfs_i(in);
	struct page *there;
	int r = 0;

	spin_lock(&ti->tree_lock);
	there = page_of(radix_get(&ti->pages, index));
	if (there == old) {
		r = radix_set(&ti->pages, index, (void *)((uintptr_t)p | tag)) ? -ENOSPC : 0;
		if (!r) {
			ti->n_pages += !old;
			ti->n_static -= old != NULL;
			there = p;
		}
	}
	if (!r)
		*out = page_get(there);
	spin_unlock(&ti->tree_lock);
	if (r || there != p) {
		page_unmake(in, p);
	} else if (old) {
		tmpfs_static_count(tmpfs_of(in), -1);
		page_put(old);
	}
	return r;
}

/* A page of its own at index, filled from the static page `old` or with zeros; referenced. 0 or
 * -ENOSPC. */
static int page_own(struct inode *in, uint64_t index, struct page *old, uintptr_t tag,
		    struct page **out)
{
	struct page *p;
	int r = page_make(in, old ? 0 : PAGE_ZEROED, &p);

	if (r)
		return r;
	if (old)
		memcpy(page_to_virt(p), page_to_virt(old), PAGE_SIZE);
	return page_install(in, index, old, p, tag, out);
}

/*
 * The page at index, made if there is none and writable in place; referenced. 0 or -ENOSPC.
 * fault: for a mapping, whose address space takes care of a page that is replaced.
 */
static int page_for_write(struct inode *in, uint64_t index, bool fault, struct page **out)
{
	struct page *p = page_at(in, index), *old = p;
	int r;

	if (p && !is_static(p)) {
		mark_written(in, index);
		*out = p;
		return 0;
	}
	r = page_own(in, index, old, 0, out);
	if (old && !r && !fault && current && current_mm())
		mm_file_replaced(current_mm(), in, index);
	if (old)
		page_put(old);
	return r;
}

/* Boot only: frame p (reference taken over) becomes page `index`. 0 or -ENOMEM. */
int tmpfs_file_add_page(struct inode *in, uint64_t index, struct page *p)
{
	struct tmpfs_inode *ti = tmpfs_i(in);

	if (radix_set(&ti->pages, index, p))
		return -ENOMEM;
	ti->n_pages++;
	if (is_static(p)) {
		in->flags &= ~(unsigned)INODE_MAP_WRITE; /* stores must not reach the frame */
		ti->n_static++;
		tmpfs_static_count(tmpfs_of(in), 1);
	}
	return 0;
}

/* Drop the data of pages first..last. */
void tmpfs_file_drop(struct inode *in, uint64_t first, uint64_t last)
{
	struct tmpfs_inode *ti = tmpfs_i(in);
	int64_t owned = 0, borrowed = 0;

	for (;;) {
		struct page *p;

		spin_lock(&ti->tree_lock);
		p = page_of(radix_next(&ti->pages, &first));
		if (!p || first > last) {
			spin_unlock(&ti->tree_lock);
			break;
		}
		radix_remove(&ti->pages, first);
		ti->n_pages--;
		ti->n_static -= is_static(p);
		spin_unlock(&ti->tree_lock);
		*(is_static(p) ? &borrowed : &owned) += 1;
		page_put(p);
	}
	tmpfs_charge(tmpfs_of(in), -owned);
	tmpfs_static_count(tmpfs_of(in), -borrowed);
}

/* Clear bytes [from, to) of one page, if it exists. 0 or -ENOSPC (a boot page had to be copied). */
static int clear_part(struct inode *in, uint64_t from, uint64_t to)
{
	uint64_t index = from >> PAGE_SHIFT;
	struct page *p = page_at(in, index);
	int r;

	if (!p || from >= to) {
		if (p)
			page_put(p);
		return 0;
	}
	page_put(p);
	r = page_for_write(in, index, false, &p);
	if (r)
		return r;
	memset((char *)page_to_virt(p) + (from & ~PAGE_MASK), 0, to - from);
	page_put(p);
	return 0;
}

static ssize_t tmpfs_read(struct file *f, struct iter *to, uint64_t *pos)
{
	struct inode *in = f->inode;
	ssize_t done = 0;

	while (to->left) {
		uint64_t size = READ_ONCE(in->size);
		size_t off = *pos & ~PAGE_MASK, n, copied;
		struct page *p;

		if (*pos >= size)
			break;
		n = MIN(MIN(PAGE_SIZE - off, to->left), size - *pos);
		p = page_at(in, *pos >> PAGE_SHIFT);
		if (p) {
			copied = iter_write(to, (char *)page_to_virt(p) + off, n);
			page_put(p);
		} else {
			copied = iter_zero(to, n);
		}
		*pos += copied;
		done += copied;
		if (copied < n) {
			done = done ? done : -EFAULT;
			break;
		}
	}
	inode_accessed(in, f);
	return done;
}

/* Fill a whole new page from the program before anybody can see it. Returns bytes, -EFAULT,
 * -ENOSPC. */
static ssize_t write_new_page(struct inode *in, struct iter *from, uint64_t index)
{
	struct page *p, *there;
	size_t copied;
	int r = page_make(in, 0, &p);

	if (r)
		return r;
	copied = iter_read(from, page_to_virt(p), PAGE_SIZE);
	if (!copied) {
		page_unmake(in, p);
		return -EFAULT;
	}
	memset((char *)page_to_virt(p) + copied, 0, PAGE_SIZE - copied);
	page_get(p);
	r = page_install(in, index, NULL, p, 0, &there);
	if (!r) {
		if (there != p) /* a fault on a mapping made the page meanwhile */
			memcpy(page_to_virt(there), page_to_virt(p), copied);
		page_put(there);
	}
	page_put(p);
	return r ? r : (ssize_t)copied;
}

/* Write up to the end of the page that pos is in. Returns bytes, -EFAULT, -ENOSPC. */
static ssize_t write_page(struct inode *in, struct iter *from, uint64_t pos, size_t n)
{
	size_t off = pos & ~PAGE_MASK, copied;
	struct page *p = page_at(in, pos >> PAGE_SHIFT);
	int r;

	if (!p && n == PAGE_SIZE)
		return write_new_page(in, from, pos >> PAGE_SHIFT);
	if (p)
		page_put(p);
	r = page_for_write(in, pos >> PAGE_SHIFT, false, &p);
	if (r)
		return r;
	copied = iter_read(from, (char *)page_to_virt(p) + off, n);
	page_put(p);
	return copied ? (ssize_t)copied : -EFAULT;
}

/* Where a write starts and how much of it the limits allow. Caller holds in->lock. */
static int write_checks(struct file *f, struct iter *from, uint64_t *pos)
{
	struct inode *in = f->inode;
	struct tmpfs_inode *ti = tmpfs_i(in);
	uint64_t limit = MAX_FILE_SIZE;
	int r;

	if (iter_appends(from, f->flags))
		*pos = in->size;
	r = inode_check_limit(*pos + 1);
	if (r)
		return r;
	if (current)
		limit = MIN(limit, (uint64_t)current_process()->limits[RLIMIT_FSIZE].rlim_cur);
	from->left = MIN(from->left, limit - *pos);
	if (ti->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return -EPERM;
	if ((ti->seals & F_SEAL_GROW) && *pos + from->left > in->size) {
		if (*pos >= in->size)
			return -EPERM;
		from->left = in->size - *pos;
	}
	return 0;
}

static ssize_t tmpfs_write(struct file *f, struct iter *from, uint64_t *pos)
{
	struct inode *in = f->inode;
	ssize_t done = 0, r;

	if (!from->left)
		return 0;
	mutex_lock(&in->lock);
	r = write_checks(f, from, pos);
	if (r)
		goto out;
	inode_strip_setid(in);
	inode_modified(in);
	while (from->left) {
		size_t n = MIN(PAGE_SIZE - (*pos & ~PAGE_MASK), from->left);

		r = write_page(in, from, *pos, n);
		if (r < 0)
			break;
		*pos += r;
		done += r;
		if (*pos > in->size)
			in->size = *pos;
		if ((size_t)r < n)
			break;
	}
	if (done)
		r = done;
out:
	mutex_unlock(&in->lock);
	return r;
}

static bool is_data(const void *entry)
{
	return entry && !((uintptr_t)entry & UNWRITTEN);
}

/* SEEK_DATA and SEEK_HOLE: pages that were written are data. */
static int64_t seek_data_hole(struct file *f, int64_t off, bool hole)
{
	struct tmpfs_inode *ti = tmpfs_i(f->inode);
	uint64_t index = (uint64_t)off >> PAGE_SHIFT, size = f->inode->size;
	void *entry = NULL;

	if (off < 0 || (uint64_t)off >= size)
		return -ENXIO;
	spin_lock(&ti->tree_lock);
	if (hole) {
		while (index << PAGE_SHIFT < size && is_data(radix_get(&ti->pages, index)))
			index++;
	} else {
		while ((entry = radix_next(&ti->pages, &index)) && !is_data(entry))
			index++;
	}
	spin_unlock(&ti->tree_lock);
	if (!hole && (!entry || index << PAGE_SHIFT >= size))
		return -ENXIO;
	return f->pos = MIN(MAX(index << PAGE_SHIFT, (uint64_t)off), size);
}

static int64_t tmpfs_seek(struct file *f, int64_t off, int whence)
{
	if (whence == SEEK_DATA || whence == SEEK_HOLE)
		return seek_data_hole(f, off, whence == SEEK_HOLE);
	return generic_seek(f, off, whence, f->inode->size);
}

static int tmpfs_fsync(struct file *f, bool data_only)
{
	return 0;
}

/* FIONREAD is all a plain file answers. */
static long tmpfs_ioctl(struct file *f, unsigned cmd, uaddr_t arg)
{
	if (cmd != FIONREAD)
		return -ENOTTY;
	return put_user(arg, (int)(f->inode->size - f->pos));
}

static int punch_hole(struct inode *in, uint64_t from, uint64_t end)
{
	uint64_t first = (from + PAGE_SIZE - 1) >> PAGE_SHIFT, last = end >> PAGE_SHIFT;
	int r;

	if (first > last) /* inside one page */
		return clear_part(in, from, end);
	r = clear_part(in, from, first << PAGE_SHIFT);
	if (!r)
		r = clear_part(in, last << PAGE_SHIFT, end);
	if (r || first == last)
		return r;
	if (current && current_mm())
		mm_file_punched(current_mm(), in, from, end);
	tmpfs_file_drop(in, first, last - 1);
	return 0;
}

/* Pages of [first, end) that do not exist. */
static uint64_t count_holes(struct inode *in, uint64_t first, uint64_t end)
{
	struct tmpfs_inode *ti = tmpfs_i(in);
	uint64_t holes = end - first, i = first;

	spin_lock(&ti->tree_lock);
	for (; radix_next(&ti->pages, &i) && i < end; i++)
		holes--;
	spin_unlock(&ti->tree_lock);
	return holes;
}

/* Make pages [first, end) exist, or none if there is no room for all. 0 or -ENOSPC. */
static int allocate(struct inode *in, uint64_t first, uint64_t end)
{
	struct tmpfs *t = tmpfs_of(in);
	uint64_t holes = count_holes(in, first, end);
	int r = 0;

	if (holes > t->max_pages - t->used_pages || holes + RESERVE_PAGES > page_available())
		return -ENOSPC;
	for (uint64_t i = first; i < end && !r; i++) {
		struct page *p = page_at(in, i);

		if (!p)
			r = page_own(in, i, NULL, UNWRITTEN, &p);
		if (!r)
			page_put(p);
	}
	return r;
}

static int allocate_range(struct inode *in, bool keep_size, uint64_t off, uint64_t end)
{
	struct tmpfs *t = tmpfs_of(in);
	uint64_t first = off >> PAGE_SHIFT, last = (end + PAGE_SIZE - 1) >> PAGE_SHIFT;
	int r = end > in->size ? inode_check_limit(end) : 0;

	if (r)
		return r;
	if ((tmpfs_i(in)->seals & F_SEAL_GROW) && end > in->size)
		return -EPERM;
	if (last - first > t->max_pages)
		return -ENOSPC;
	r = allocate(in, first, last);
	if (!r && !keep_size && end > in->size)
		in->size = end;
	return r;
}

static int tmpfs_fallocate(struct file *f, int mode, uint64_t off, uint64_t len)
{
	struct inode *in = f->inode;
	int r;

	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE))
		return -EOPNOTSUPP;
	mutex_lock(&in->lock);
	if (!(mode & FALLOC_FL_PUNCH_HOLE))
		r = allocate_range(in, mode & FALLOC_FL_KEEP_SIZE, off, off + len);
	else if (tmpfs_i(in)->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		r = -EPERM;
	else
		r = punch_hole(in, off, off + len);
	if (!r) {
		inode_strip_setid(in);
		inode_modified(in);
	}
	mutex_unlock(&in->lock);
	return r;
}

/* Context: a page fault, with mm->lock held; in->lock may be held further out. */
static int tmpfs_map_page(struct file *f, uint64_t index, bool write, struct page **out)
{
	struct inode *in = f->inode;
	struct page *p;

	if (index >= (READ_ONCE(in->size) + PAGE_SIZE - 1) >> PAGE_SHIFT)
		return -ENODATA;
	p = page_at(in, index);
	if (p && is_static(p) && !write) {
		*out = p;
		return 0;
	}
	if (p)
		page_put(p);
	return page_for_write(in, index, true, out)
		   ? -EIO
		   : 0; /* SIGBUS, as a full tmpfs gives on Linux */
}

static void tmpfs_map_around(struct file *f, uint64_t first, size_t n, struct page **out)
{
	struct tmpfs_inode *ti = tmpfs_i(f->inode);
	uint64_t n_pages = (READ_ONCE(f->inode->size) + PAGE_SIZE - 1) >> PAGE_SHIFT;

	spin_lock(&ti->tree_lock);
	for (size_t i = 0; i < n; i++) {
		out[i] = first + i < n_pages ? page_of(radix_get(&ti->pages, first + i)) : NULL;
		if (out[i])
			page_get(out[i]);
	}
	spin_unlock(&ti->tree_lock);
}

/* Also drops what fallocate put beyond the end. Caller holds in->lock. */
static int set_size(struct inode *in, uint64_t size)
{
	uint64_t old = in->size, page_end = ALIGN_UP(MIN(size, old), PAGE_SIZE);
	unsigned seals = tmpfs_i(in)->seals;
	int r;

	if ((size < old && (seals & F_SEAL_SHRINK)) || (size > old && (seals & F_SEAL_GROW)))
		return -EPERM;
	/* What lies behind the end in the last page must read as zeros if the file grows. */
	r = clear_part(in, MIN(size, old), page_end);
	if (r)
		return r;
	in->size = size;
	if (size > old)
		return 0;
	if (size < old && current && current_mm())
		mm_file_truncated(current_mm(), in, size);
	tmpfs_file_drop(in, page_end >> PAGE_SHIFT, UINT64_MAX);
	return 0;
}

/* Caller holds in->lock. 0, -EPERM (sealed), -ENOSPC. */
int tmpfs_file_setattr(struct inode *in, const struct setattr *a)
{
	if (a->valid & ATTR_SIZE) {
		bool changes = a->size != in->size;
		int r = set_size(in, a->size);

		if (r)
			return r;
		if (changes)
			inode_modified(in);
		else if (a->valid == ATTR_SIZE)
			return 0; /* truncate(2) to the same size leaves even the times */
	}
	inode_apply_attr(in, a);
	return 0;
}

const struct inode_ops tmpfs_file_inode_ops = {
    .getattr = tmpfs_getattr,
    .setattr = tmpfs_file_setattr,
    .destroy = tmpfs_destroy,
};

const struct file_ops tmpfs_file_ops = {
    .read = tmpfs_read,
    .write = tmpfs_write,
    .ioctl = tmpfs_ioctl,
    .seek = tmpfs_seek,
    .fsync = tmpfs_fsync,
    .fallocate = tmpfs_fallocate,
    .map_page = tmpfs_map_page,
    .map_around = tmpfs_map_around,
};
