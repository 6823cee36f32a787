/* SPDX-License-Identifier: MIT */
/*
 * Reading an EROFS image into a set of files: for the cache, and to see what is in an image. Every
 * offset is checked; a directory that is met twice ends the reading, so a loop cannot trap it.
 */
#include "tools/erofs_write.h"

#include "kernel/abi/erofs.h"
#include "tools/util.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>

#define BLOCK	   4096ull
#define NAME_LIMIT 255
#define LINK_LIMIT 4096

/* Files by nid, for hard links and loops. */
struct seen {
	uint64_t nid;
	struct node *node;
};

struct reader {
	const unsigned char *data;
	uint64_t size, meta;
	int fd;
	uint64_t base; /* of the image in fd */
	void *seen;
};

struct inode {
	uint16_t mode;
	uint32_t layout, u;
	uint64_t size, at; /* at: where inline bytes begin */
};

static int by_nid(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	return x->nid < y->nid ? -1 : x->nid > y->nid;
}

/* Remember the node of that inode; returns the one that was there first, or NULL. */
static struct node *remember(struct reader *r, uint64_t nid, struct node *node)
{
	struct seen *new = xrealloc(NULL, sizeof(*new)), **old;

	*new = (struct seen){nid, node};
	node->nid = nid;
	old = tsearch(new, &r->seen, by_nid);
	if (old == NULL)
		abort();
	if (*old == new)
		return NULL;
	free(new);
	return (*old)->node;
}

static bool inside(const struct reader *r, uint64_t at, uint64_t len)
{
	return at <= r->size && len <= r->size - at;
}

static void take_attributes(struct node *node, const struct erofs_inode_extended *e)
{
	node->mode = e->mode;
	node->uid = e->uid;
	node->gid = e->gid;
	node->mtime = (struct timespec){(time_t)e->mtime, e->mtime_nsec};
}

/* The inode's attributes into the node, and where its contents are. NULL or what is wrong. */
static const char *read_inode(const struct reader *r, uint64_t nid, struct node *node,
			      struct inode *in)
{
	uint64_t at = r->meta + nid * EROFS_SLOT_SIZE;
	struct erofs_inode_extended e;
	struct erofs_inode_compact c;

	if (nid > r->size / EROFS_SLOT_SIZE || !inside(r, at, sizeof(c)))
		return "an inode is outside the image";
	memcpy(&c, r->data + at, sizeof(c));
	if (c.format & EROFS_FORMAT_EXTENDED) {
		if (!inside(r, at, sizeof(e)))
			return "an inode is outside the image";
		memcpy(&e, r->data + at, sizeof(e));
		at += sizeof(e);
	} else {
		e = (struct erofs_inode_extended){
		    .mode = c.mode, .size = c.size, .u = c.u, .uid = c.uid, .gid = c.gid};
		at += sizeof(c);
	}
	take_attributes(node, &e);
	*in = (struct inode){e.mode, EROFS_FORMAT_LAYOUT(c.format), e.u, e.size,
			     at + EROFS_XATTR_SIZE(c.xattr_count)};
	if (in->layout != EROFS_FLAT_PLAIN && in->layout != EROFS_FLAT_INLINE)
		return "a file has a layout that is not known here";
	if (in->size > r->size)
		return "a file is larger than the image";
	return NULL;
}

/* Where [at, at + len) of the contents is, which lies in one block. NULL if outside the image. */
static const unsigned char *contents(const struct reader *r, const struct inode *in, uint64_t at,
				     uint64_t len)
{
	uint64_t where = (uint64_t)in->u * BLOCK + at;

	if (in->layout == EROFS_FLAT_INLINE && at >= in->size / BLOCK * BLOCK)
		where = in->at + at % BLOCK;
	return inside(r, where, len) ? r->data + where : NULL;
}

static const char *read_tree(struct reader *r, uint64_t nid, struct node *node, unsigned depth);

static const char *read_entry(struct reader *r, struct node *dir, uint64_t nid, const char *name,
			      size_t len, unsigned depth)
{
	struct node *node, *first;

	if (len == 0 || len > NAME_LIMIT || memchr(name, '/', len) || memchr(name, '\0', len))
		return "a file name is damaged";
	if ((len == 1 && *name == '.') || (len == 2 && memcmp(name, "..", 2) == 0))
		return NULL;
	if (node_child(dir, name, len))
		return "a file name is there twice";
	node = node_make_child(dir, name, len);
	first = remember(r, nid, node);
	if (first == NULL)
		return read_tree(r, nid, node, depth + 1);
	if (S_ISDIR(first->mode))
		return "a directory is there twice";
	node_link(node, first);
	return NULL;
}

static const char *read_block(struct reader *r, struct node *dir, const unsigned char *block,
			      size_t len, unsigned depth)
{
	struct erofs_dirent d, next;
	size_t n;
	const char *why = NULL;

	if (len < sizeof(d))
		return "a directory is damaged";
	memcpy(&d, block, sizeof(d));
	n = d.nameoff / sizeof(d);
	if (n == 0 || d.nameoff % sizeof(d) || d.nameoff > len)
		return "a directory is damaged";
	for (size_t i = 0; why == NULL && i < n; i++) {
		size_t end = len;

		memcpy(&d, block + i * sizeof(d), sizeof(d));
		if (i + 1 < n) {
			memcpy(&next, block + (i + 1) * sizeof(d), sizeof(d));
			end = next.nameoff;
		}
		if (d.nameoff >= end || end > len)
			return "a directory is damaged";
		end = d.nameoff + strnlen((const char *)block + d.nameoff, end - d.nameoff);
		why = read_entry(r, dir, d.nid, (const char *)block + d.nameoff, end - d.nameoff,
				 depth);
	}
	return why;
}

static const char *read_directory(struct reader *r, struct node *dir, const struct inode *in,
				  unsigned depth)
{
	const char *why = NULL;

	if (depth > FILESET_DEPTH)
		return "directories are nested too deeply";
	for (uint64_t at = 0; why == NULL && at < in->size; at += BLOCK) {
		size_t len = in->size - at < BLOCK ? in->size - at : BLOCK;
		const unsigned char *block = contents(r, in, at, len);

		why = block ? read_block(r, dir, block, len, depth)
			    : "a directory is outside the image";
	}
	return why;
}

static const char *read_link(struct reader *r, struct node *node, const struct inode *in)
{
	const unsigned char *text = in->size < LINK_LIMIT ? contents(r, in, 0, in->size) : NULL;

	if (text == NULL || in->size == 0 || memchr(text, '\0', in->size))
		return "a symbolic link is damaged";
	node->target = xasprintf("%.*s", (int)in->size, (const char *)text);
	node->size = in->size;
	return NULL;
}

/* A regular file; its contents must be in one piece to be taken from the image. */
static const char *read_file(struct reader *r, struct node *node, const struct inode *in)
{
	const unsigned char *start = contents(r, in, 0, in->size);

	if (in->size == 0)
		start = r->data;
	if (start == NULL)
		return "a file is outside the image";
	if (in->layout == EROFS_FLAT_INLINE && in->size > BLOCK && in->size % BLOCK)
		return "a file is in two pieces, which is not supported here";
	node->size = in->size;
	node->fd = r->fd;
	node->offset = r->base + (uint64_t)(start - r->data);
	return NULL;
}

static const char *read_tree(struct reader *r, uint64_t nid, struct node *node, unsigned depth)
{
	struct inode in;
	const char *why = read_inode(r, nid, node, &in);

	if (why)
		return why;
	switch (in.mode & S_IFMT) {
	case S_IFDIR:
		return read_directory(r, node, &in, depth);
	case S_IFLNK:
		return read_link(r, node, &in);
	case S_IFREG:
		return read_file(r, node, &in);
	case S_IFCHR:
	case S_IFBLK:
		node->rdev = makedev(in.u >> 8 & 0xfff, (in.u & 0xff) | (in.u >> 12 & 0xfff00));
		return NULL;
	case S_IFIFO:
	case S_IFSOCK:
		return NULL;
	default:
		return "a file has no type";
	}
}

static const char *read_all(struct reader *r, struct fileset *s)
{
	struct erofs_super_block super;
	const char *why;

	memcpy(&super, r->data + EROFS_SUPER_OFFSET, sizeof(super));
	if (super.magic != EROFS_MAGIC)
		return "it is no EROFS image";
	if (super.feature_incompat || super.block_bits != 12)
		return "it uses features that are not supported here";
	if ((uint64_t)super.blocks * BLOCK > r->size)
		return "it is truncated";
	r->meta = super.meta_block * BLOCK;
	remember(r, super.root_nid, s->root);
	why = read_tree(r, super.root_nid, s->root, 0);
	if (why == NULL && !S_ISDIR(s->root->mode))
		why = "its root is no directory";
	return why;
}

const char *erofs_read(struct fileset *s, int fd, uint64_t offset, uint64_t size)
{
	struct reader r = {.size = size, .fd = fd, .base = offset};
	const char *why;
	void *data;

	if (size < BLOCK)
		return "it is truncated";
	data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, (off_t)offset);
	if (data == MAP_FAILED)
		return strerror(errno);
	r.data = data;
	why = read_all(&r, s);
	tdestroy(r.seen, free);
	munmap(data, size);
	return why;
}
