/* SPDX-License-Identifier: MIT */
/*
 * Data of tmpfs files: a sparse tree of pages, holes read as zeros. Boot files start with the boot
 * module's own frames (PG_RESERVED), which are never changed: the first write replaces such a page
 * by a copy. In an overlay a lower file shows where the tree has nothing; its pages are borrowed in
 * the same way.
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

/* The page of the tree at index with a reference. NULL: the lower file shows there (*lower), or it
 * is a hole. */
struct page *tmpfs_page_at(struct inode *in, uint64_t index, bool *lower)
{
	struct tmpfs_inode *ti = tmpfs_i(in);
	struct page *p;

	spin_lock(&ti->tree_lock);
	p = page_of(radix_get(&ti->pages, index));
	*lower = lower_shows(ti, index);
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

void tmpfs_page_replaced(struct inode *in, uint64_t index)
{
	mm_file_replaced(in, index);
}

/* Is what tmpfs_page_at gave somebody else's? */
static bool is_borrowed(const struct page *p, bool lower)
{
	return lower || (p && is_static(p));
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
 * Put p (reference taken over) at index, in place of `old` (NULL: nothing). If somebody else was
 * faster, p is dropped. Either way *out is what is there now, referenced. lower: p was made from
 * the lower file, which must still show. tag: 0 or UNWRITTEN. 0, -ENOSPC (no memory for the tree)
 * or -EAGAIN (a hole was punched meanwhile); p is dropped then.
 */
static int page_install(struct inode *in, uint64_t index, struct page *old, bool lower,
			struct page *p, uintptr_t tag, struct page **out)
{
	struct tmpfs_inode *ti = tmpfs_i(in);
	struct page *there;
	void *entry;
	int r = 0;

	spin_lock(&ti->tree_lock);
	entry = radix_get(&ti->pages, index);
	there = page_of(entry);
	if (!there && lower && !lower_shows(ti, index)) {
		r = -EAGAIN;
	} else if (there == old) {
		r = radix_set(&ti->pages, index, (void *)((uintptr_t)p | tag)) ? -ENOSPC : 0;
		if (!r) {
			ti->n_covered += !entry && index < ti->lower_pages;
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

/* A page of its own at index, filled from the borrowed page (`old`, or of the lower file) or with
 * zeros; referenced. 0, -ENOSPC, -EAGAIN as page_install, or what reading the lower file gave. */
int tmpfs_page_own(struct inode *in, uint64_t index, struct page *old, bool lower, uintptr_t tag,
		   struct page **out)
{
	struct page *p;
	int r = page_make(in, old || lower ? 0 : PAGE_ZEROED, &p);

	if (r)
		return r;
	if (old)
		memcpy(page_to_virt(p), page_to_virt(old), PAGE_SIZE);
	if (lower && (r = overlay_fill(in, index, p))) {
		page_unmake(in, p);
		return r;
	}
	return page_install(in, index, old, lower, p, tag, out);
}

/* The page at index, made if there is none and writable in place; referenced. 0, -ENOSPC or what
 * reading the lower file gave. */
int tmpfs_page_for_write(struct inode *in, uint64_t index, struct page **out)
{
	int r;

	do {
		bool lower;
		struct page *old = tmpfs_page_at(in, index, &lower);

		if (old && !is_static(old)) {
			mark_written(in, index);
			*out = old;
			return 0;
		}
		r = tmpfs_page_own(in, index, old, lower, 0, out);
		if (old)
			page_put(old);
	} while (r == -EAGAIN);
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

/* A boot file counts as unchanged while all its whole pages are the module's. */
bool tmpfs_origin(const struct file *f, uint64_t *nid, uint64_t *size)
{
	struct tmpfs_inode *ti = tmpfs_i(f->inode);
	struct page *first;

	if (f->ops != &tmpfs_file_ops)
		return false;
	if (ti->lower) {
		*nid = ti->lower->node.nid;
		*size = ti->lower->node.size;
		return !ti->lower->changed;
	}
	spin_lock(&ti->tree_lock);
	first = page_of(radix_get(&ti->pages, 0));
	*size = ti->in.size;
	if (ti->n_static < *size >> PAGE_SHIFT || (first && !is_static(first)))
		first = NULL;
	if (first)
		*nid = FILE_IN_MODULE | page_to_phys(first);
	spin_unlock(&ti->tree_lock);
	return first;
}

/* Drop the data from page `first` on. */
void tmpfs_file_drop(struct inode *in, uint64_t first)
{
	struct tmpfs_inode *ti = tmpfs_i(in);
	uint64_t lower = ti->lower_pages;
	int64_t owned = 0, borrowed = 0;

	ti->lower_pages = MIN(lower, first);
	for (;;) {
		struct page *p;
		void *entry;

		spin_lock(&ti->tree_lock);
		entry = radix_next(&ti->pages, &first);
		p = page_of(entry);
		if (entry) {
			radix_remove(&ti->pages, first);
			ti->n_covered -= first < lower;
			ti->n_pages -= p != NULL;
			ti->n_static -= p && is_static(p);
		}
		spin_unlock(&ti->tree_lock);
		if (!entry)
			break;
		if (!p)
			continue;
		*(is_static(p) ? &borrowed : &owned) += 1;
		page_put(p);
	}
	tmpfs_charge(tmpfs_of(in), -owned);
	tmpfs_static_count(tmpfs_of(in), -borrowed);
}

static ssize_t tmpfs_read(struct file *f, struct iter *to, uint64_t *pos)
{
	struct inode *in = f->inode;
	ssize_t done = 0;

	while (to->left) {
		uint64_t size = READ_ONCE(in->size);
		size_t off = *pos & ~PAGE_MASK, n;
		ssize_t copied;
		struct page *p;
		bool lower;

		if (*pos >= size)
			break;
		n = MIN(MIN(PAGE_SIZE - off, to->left), size - *pos);
		p = tmpfs_page_at(in, *pos >> PAGE_SHIFT, &lower);
		if (lower) {
			copied = overlay_read(in, *pos, to, n);
			if (copied < 0) {
				done = done ? done : copied;
				break;
			}
		} else if (p) {
			copied = iter_write(to, (char *)page_to_virt(p) + off, n);
			page_put(p);
		} else {
			copied = iter_zero(to, n);
		}
		*pos += copied;
		done += copied;
		if ((size_t)copied < n) {
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
	r = page_install(in, index, NULL, false, p, 0, &there);
	if (!r) {
		if (there != p) /* a fault on a mapping made the page meanwhile */
			memcpy(page_to_virt(there), page_to_virt(p), copied);
		page_put(there);
	}
	page_put(p);
	return r ? r : (ssize_t)copied;
}

/* Write up to the end of the page that pos is in. Returns bytes, -EFAULT, -ENOSPC, or what reading
 * the lower file gave. */
static ssize_t write_page(struct inode *in, struct iter *from, uint64_t pos, size_t n)
{
	uint64_t index = pos >> PAGE_SHIFT;
	size_t off = pos & ~PAGE_MASK;
	bool lower, borrowed;
	struct page *p = tmpfs_page_at(in, index, &lower);
	ssize_t r;

	borrowed = is_borrowed(p, lower);
	if (p)
		page_put(p);
	if (!p && n == PAGE_SIZE) {
		r = write_new_page(in, from, index);
	} else {
		r = tmpfs_page_for_write(in, index, &p);
		if (r)
			return r;
		r = (ssize_t)iter_read(from, (char *)page_to_virt(p) + off, n);
		page_put(p);
		r = r ? r : -EFAULT;
	}
	if (borrowed)
		tmpfs_page_replaced(in, index);
	return r;
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
		uint64_t end = ALIGN_DOWN(in->size, PAGE_SIZE); /* Linux goes by whole pages */

		if (*pos >= end)
			return -EPERM;
		from->left = end - *pos;
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
	overlay_change(in);
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

static int64_t tmpfs_seek(struct file *f, int64_t off, int whence)
{
	if (whence == SEEK_DATA || whence == SEEK_HOLE)
		return tmpfs_seek_data_hole(f, off, whence == SEEK_HOLE);
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

/* Page `index` of the lower file, which cannot be used in place, for reading: a copy that does not
 * count as a change and is not refused by a full file system. */
static int map_copy(struct inode *in, uint64_t index, struct page **out)
{
	struct page *p = page_alloc(0, 0);
	int r = p ? overlay_fill(in, index, p) : -ENOMEM;

	if (r) {
		if (p)
			page_put(p);
		return r;
	}
	tmpfs_charge_over(tmpfs_of(in), 1);
	return page_install(in, index, NULL, true, p, 0, out);
}

/* Context: a page fault, with mm->lock held; in->lock may be held further out. */
static int tmpfs_map_page(struct file *f, uint64_t index, bool write, struct page **out)
{
	struct inode *in = f->inode;
	bool lower;
	struct page *p;
	int r;

	if (index >= (READ_ONCE(in->size) + PAGE_SIZE - 1) >> PAGE_SHIFT)
		return -ENODATA;
	p = tmpfs_page_at(in, index, &lower);
	if (p && is_static(p) && !write) {
		*out = p;
		return 0;
	}
	if (p)
		page_put(p);
	if (write)
		overlay_change(in);
	r = lower && !write ? overlay_borrow(in, index, false, out) : 0;
	if (r > 0)
		return 0;
	if (!r && lower && !write && !erofs_is_hole(&tmpfs_i(in)->lower->node, index))
		r = map_copy(in, index, out);
	else if (!r)
		r = tmpfs_page_for_write(in, index, out);
	/* The fault makes room for -ENOMEM; else SIGBUS, as of a full tmpfs on Linux. */
	return !r || r == -ENOMEM ? r : -EIO;
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
		else if (first + i < n_pages && lower_shows(ti, first + i) &&
			 overlay_borrow(f->inode, first + i, true, &out[i]) <= 0)
			out[i] = NULL;
	}
	spin_unlock(&ti->tree_lock);
}

/* Clear what the page that the new end of the file lies in has behind it, if there is one. */
static int clear_rest(struct inode *in, uint64_t end)
{
	bool lower;
	struct page *p = tmpfs_page_at(in, end >> PAGE_SHIFT, &lower);

	if (p)
		page_put(p);
	return p || lower ? tmpfs_clear(in, end, ALIGN_UP(end, PAGE_SIZE)) : 0;
}

/*
 * Also drops what fallocate put beyond the end, and clears the rest of the last page. A file that
 * grows keeps what stores through mappings left there, as on Linux (guest test mem/random_ops).
 * Caller holds in->lock.
 */
static int set_size(struct inode *in, uint64_t size)
{
	uint64_t old = in->size;
	unsigned seals = tmpfs_i(in)->seals;
	int r;

	if ((size < old && (seals & F_SEAL_SHRINK)) || (size > old && (seals & F_SEAL_GROW)))
		return -EPERM;
	if (size > old) {
		in->size = size;
		return 0;
	}
	r = clear_rest(in, size);
	if (r)
		return r;
	in->size = size;
	if (size < old)
		mm_file_truncated(in, size);
	tmpfs_file_drop(in, ALIGN_UP(size, PAGE_SIZE) >> PAGE_SHIFT);
	return 0;
}

/* Caller holds in->lock. 0, -EPERM (sealed), -ENOSPC. */
int tmpfs_file_setattr(struct inode *in, const struct setattr *a)
{
	if ((a->valid & ATTR_MODE) && (tmpfs_i(in)->seals & F_SEAL_EXEC) &&
	    ((in->mode ^ a->mode) & 0111))
		return -EPERM;
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
	overlay_change(in);
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
