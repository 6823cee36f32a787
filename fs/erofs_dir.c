/* SPDX-License-Identifier: MIT */
/*
 * Directories of EROFS images: blocks of sorted entries. A name is found by binary search for its
 * block (by the first name of each) and then inside that block. A place is the number of the block
 * times 4096 plus the offset of the entry in it.
 */
#include "fs/erofs_internal.h"
#include "kernel/abi/errno.h"
#include "kernel/string.h"

#define ENTRY_SIZE sizeof(struct erofs_dirent)

struct block {
	const struct erofs_node *dir;
	struct page *page; /* referenced */
	const char *data;
	unsigned len; /* bytes of data */
	unsigned n;   /* entries */
};

struct entry {
	struct erofs_dirent d;
	const char *name;
	unsigned len;
};

static uint64_t n_blocks(const struct erofs_node *dir)
{
	return (dir->size + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

static struct erofs_dirent dirent_at(const struct block *b, unsigned i)
{
	struct erofs_dirent d;

	memcpy(&d, b->data + i * ENTRY_SIZE, sizeof(d));
	return d;
}

/* The caller drops b->page on success. */
static int block_get(const struct erofs_node *dir, uint64_t index, struct block *b)
{
	struct erofs_span s;
	unsigned table;
	int r = erofs_span(dir, index, &s);

	if (r)
		return r;
	*b = (struct block){dir, s.page, (const char *)page_to_virt(s.page) + s.off, s.len, 0};
	table = s.len < ENTRY_SIZE ? 0 : dirent_at(b, 0).nameoff;
	b->n = table / ENTRY_SIZE;
	if (b->n && table % ENTRY_SIZE == 0 && table < b->len)
		return 0;
	page_put(b->page);
	return erofs_corrupt(dir->fs, dir->nid, "a directory block makes no sense");
}

/* Entry i < b->n; its name points into the block. */
static int entry_get(const struct block *b, unsigned i, struct entry *e)
{
	unsigned end = b->len, from;

	e->d = dirent_at(b, i);
	from = e->d.nameoff;
	if (i + 1 < b->n)
		end = dirent_at(b, i + 1).nameoff;
	if (from < b->n * ENTRY_SIZE || from >= end || end > b->len)
		goto corrupt;
	e->name = b->data + from;
	e->len = end - from;
	if (i + 1 == b->n)
		e->len = strnlen(e->name, e->len);
	if (e->len == 0 || e->len > EROFS_NAME_MAX || memchr(e->name, '/', e->len) ||
	    memchr(e->name, 0, e->len))
		goto corrupt;
	return 0;
corrupt:
	return erofs_corrupt(b->dir->fs, b->dir->nid, "a name in a directory makes no sense");
}

/* <0, 0, >0 as the wanted name is before, at or behind e's. */
static int compare(const char *name, size_t len, const struct entry *e)
{
	int r = memcmp(name, e->name, MIN(len, (size_t)e->len));

	return r ? r : (len > e->len) - (len < e->len);
}

/* The last entry that is not behind the name: 1 and *e (found: it is the name), 0: all are behind
 * it, or -errno. */
static int search_block(const struct block *b, const char *name, size_t len, struct entry *e,
			unsigned *at, bool *found)
{
	unsigned low = 0, high = b->n; /* the answer is in [low - 1, high - 1] */

	*found = false;
	while (low < high && !*found) {
		unsigned mid = low + (high - low) / 2;
		int r = entry_get(b, mid, e), order;

		if (r)
			return r;
		order = compare(name, len, e);
		*found = order == 0;
		*at = mid;
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return low > 0 || *found;
}

int erofs_lookup(const struct erofs_node *dir, const char *name, size_t len, uint64_t *nid,
		 uint64_t *pos)
{
	uint64_t low = 0, high = n_blocks(dir);

	while (low < high) {
		uint64_t mid = low + (high - low) / 2;
		struct block b;
		struct entry e;
		unsigned at;
		bool found;
		int r = block_get(dir, mid, &b);

		if (r)
			return r;
		r = search_block(&b, name, len, &e, &at, &found);
		if (r > 0 && !found) /* not here unless a later block starts with it or before */
			low = mid + 1;
		else if (r == 0)
			high = mid;
		page_put(b.page);
		if (r < 0)
			return r;
		if (found) {
			*nid = e.d.nid;
			if (pos)
				*pos = (mid << PAGE_SHIFT) + at * ENTRY_SIZE;
			return 0;
		}
	}
	return -ENOENT;
}

static unsigned dt_type(unsigned file_type)
{
	static const uint8_t types[] = {
	    [EROFS_FT_REG] = DT_REG,	 [EROFS_FT_DIR] = DT_DIR,   [EROFS_FT_CHRDEV] = DT_CHR,
	    [EROFS_FT_BLKDEV] = DT_BLK,	 [EROFS_FT_FIFO] = DT_FIFO, [EROFS_FT_SOCK] = DT_SOCK,
	    [EROFS_FT_SYMLINK] = DT_LNK,
	};

	return file_type < ARRAY_SIZE(types) ? types[file_type] : DT_UNKNOWN;
}

int erofs_next(const struct erofs_node *dir, uint64_t *pos, struct erofs_name *out)
{
	uint64_t index = *pos >> PAGE_SHIFT;
	unsigned i = ((*pos & ~PAGE_MASK) + ENTRY_SIZE - 1) / ENTRY_SIZE;

	for (; index < n_blocks(dir); index++, i = 0) {
		struct block b;
		struct entry e;
		int r = block_get(dir, index, &b);

		if (r)
			return r;
		if (i >= b.n) {
			page_put(b.page);
			continue;
		}
		r = entry_get(&b, i, &e);
		if (r == 0) {
			out->nid = e.d.nid;
			out->dt_type = dt_type(e.d.file_type);
			out->len = e.len;
			memcpy(out->name, e.name, e.len);
			out->name[e.len] = 0;
			*pos = (index << PAGE_SHIFT) + (i + 1) * ENTRY_SIZE;
		}
		page_put(b.page);
		return r ? r : 1;
	}
	return 0;
}
