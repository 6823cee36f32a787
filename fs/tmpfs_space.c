/* SPDX-License-Identifier: MIT */
/*
 * Which parts of a tmpfs file exist: fallocate and its holes, SEEK_DATA and SEEK_HOLE. Locks as in
 * tmpfs_file.c.
 */
#include "fs/tmpfs.h"
#include "kernel/heap.h"
#include "kernel/string.h"

/* ---- SEEK_DATA, SEEK_HOLE ---- */

/* Pages that were written are data. */
static bool has_data(struct tmpfs_inode *ti, uint64_t index)
{
	const void *entry;
	bool lower;

	spin_lock(&ti->tree_lock);
	entry = radix_get(&ti->pages, index);
	lower = lower_shows(ti, index);
	spin_unlock(&ti->tree_lock);
	if (lower)
		return !erofs_is_hole(&ti->lower->node, index);
	return page_of(entry) && !((uintptr_t)entry & UNWRITTEN);
}

/* The first page with data from index on; some number behind `end` if there is none before. */
static uint64_t next_data(struct tmpfs_inode *ti, uint64_t index, uint64_t end)
{
	while (index < end && !has_data(ti, index)) {
		if (++index < ti->lower_pages)
			continue;
		spin_lock(&ti->tree_lock);
		if (!radix_next(&ti->pages, &index))
			index = end;
		spin_unlock(&ti->tree_lock);
	}
	return index;
}

/* lseek(2): the new position, or -ENXIO. */
int64_t tmpfs_seek_data_hole(struct file *f, int64_t off, bool hole)
{
	struct tmpfs_inode *ti = tmpfs_i(f->inode);
	uint64_t index = (uint64_t)off >> PAGE_SHIFT, size = f->inode->size;
	uint64_t end = (size + PAGE_SIZE - 1) >> PAGE_SHIFT;

	if (off < 0 || (uint64_t)off >= size)
		return -ENXIO;
	if (hole) {
		while (index < end && has_data(ti, index))
			index++;
	} else {
		index = next_data(ti, index, end);
		if (index >= end)
			return -ENXIO;
	}
	return f->pos = MIN(MAX(index << PAGE_SHIFT, (uint64_t)off), size);
}

/* ---- holes ---- */

/* Clear bytes [from, to) of one page, if it has data. 0, -ENOSPC (a borrowed page had to be copied)
 * or what reading the lower file gave. Caller holds in->lock. */
int tmpfs_clear(struct inode *in, uint64_t from, uint64_t to)
{
	uint64_t index = from >> PAGE_SHIFT;
	bool lower, borrowed;
	struct page *p;
	int r;

	if (from >= to)
		return 0;
	p = tmpfs_page_at(in, index, &lower);
	borrowed = lower || (p && is_static(p));
	if (!p && !lower)
		return 0;
	if (p)
		page_put(p);
	r = tmpfs_page_for_write(in, index, &p);
	if (r)
		return r;
	memset((char *)page_to_virt(p) + (from & ~PAGE_MASK), 0, to - from);
	page_put(p);
	if (borrowed)
		tmpfs_page_replaced(in, index);
	return 0;
}

/* Make page `index` a hole. 0 or -ENOSPC (no memory to note that the lower file does not show any
 * more). */
static int punch_page(struct inode *in, uint64_t index)
{
	struct tmpfs_inode *ti = tmpfs_i(in);
	struct page *p;
	void *entry;
	int r = 0;

	spin_lock(&ti->tree_lock);
	entry = radix_get(&ti->pages, index);
	p = page_of(entry);
	if (index >= ti->lower_pages)
		radix_remove(&ti->pages, index);
	else if (radix_set(&ti->pages, index, HOLE))
		r = -ENOSPC;
	else
		ti->n_covered += !entry;
	if (!r && p) {
		ti->n_pages--;
		ti->n_static -= is_static(p);
	}
	spin_unlock(&ti->tree_lock);
	if (r || !p)
		return r;
	if (is_static(p))
		tmpfs_static_count(tmpfs_of(in), -1);
	else
		tmpfs_charge(tmpfs_of(in), -1);
	page_put(p);
	return 0;
}

static int punch_hole(struct inode *in, uint64_t from, uint64_t end)
{
	struct tmpfs_inode *ti = tmpfs_i(in);
	uint64_t first = (from + PAGE_SIZE - 1) >> PAGE_SHIFT, last = end >> PAGE_SHIFT, i;
	int r;

	if (first > last) /* inside one page */
		return tmpfs_clear(in, from, end);
	r = tmpfs_clear(in, from, first << PAGE_SHIFT);
	if (!r)
		r = tmpfs_clear(in, last << PAGE_SHIFT, end);
	if (!r && first < last)
		mm_file_punched(in, from, end);
	for (i = first; !r && i < last; i++) {
		if (i >= ti->lower_pages) {
			void *entry;

			spin_lock(&ti->tree_lock);
			entry = radix_next(&ti->pages, &i);
			spin_unlock(&ti->tree_lock);
			if (!entry || i >= last)
				break;
		}
		r = punch_page(in, i);
	}
	return r;
}

/* ---- allocation ---- */

/* Pages of [first, end) that the file does not own. */
static uint64_t count_missing(struct inode *in, uint64_t first, uint64_t end)
{
	struct tmpfs_inode *ti = tmpfs_i(in);
	uint64_t missing = end - first, i = first;
	const void *entry;

	spin_lock(&ti->tree_lock);
	for (; (entry = radix_next(&ti->pages, &i)) && i < end; i++)
		missing -= page_of(entry) != NULL;
	spin_unlock(&ti->tree_lock);
	return missing;
}

/* Make page `index` exist; what shows of the lower file is copied, so that writing it later cannot
 * fail. */
static int allocate_page(struct inode *in, uint64_t index)
{
	bool lower;
	struct page *p = tmpfs_page_at(in, index, &lower);
	int r = 0;

	if (!p)
		r = tmpfs_page_own(in, index, NULL, lower, lower ? 0 : UNWRITTEN, &p);
	if (r)
		return r;
	page_put(p);
	if (lower)
		tmpfs_page_replaced(in, index);
	return 0;
}

/* Make pages [first, end) exist, or none if there is no room for all. 0 or -ENOSPC, or what reading
 * the lower file gave. */
static int allocate(struct inode *in, uint64_t first, uint64_t end)
{
	uint64_t missing = count_missing(in, first, end);
	int r = 0;

	if (missing > tmpfs_room(tmpfs_of(in)) || missing + RESERVE_PAGES > page_available())
		return -ENOSPC;
	for (uint64_t i = first; i < end && !r; i++)
		r = allocate_page(in, i);
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

int tmpfs_fallocate(struct file *f, int mode, uint64_t off, uint64_t len)
{
	struct inode *in = f->inode;
	int r;

	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE))
		return -EOPNOTSUPP;
	mutex_lock(&in->lock);
	overlay_change(in);
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
