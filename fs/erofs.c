/* SPDX-License-Identifier: MIT */
/*
 * EROFS images: super block, inodes and where their data is. Directories are in erofs_dir.c. All
 * that an image claims is checked where it is read, against the number of blocks it has.
 */
#include "fs/erofs_internal.h"
#include "kernel/abi/errno.h"
#include "kernel/clock.h"
#include "kernel/log.h"
#include "kernel/string.h"

#define KNOWN_FEATURES                                                                             \
	(EROFS_INCOMPAT_ZERO_PADDING | EROFS_INCOMPAT_COMPR_CFGS | EROFS_INCOMPAT_CHUNKED_FILE |   \
	 EROFS_INCOMPAT_DEVICE_TABLE | EROFS_INCOMPAT_ZTAILPACKING | EROFS_INCOMPAT_FRAGMENTS |    \
	 EROFS_INCOMPAT_XATTR_PREFIXES)

#define MAX_SIZE    (1ull << 62) /* of a file: page numbers and sums stay far from overflowing */
#define MAX_SECONDS (INT64_MAX / NSEC_PER_SEC)

int erofs_corrupt(struct erofs *fs, uint64_t nid, const char *what)
{
	if (!fs->told_corrupt)
		log_error("the root image is corrupt: %s (inode %lu)", what, (unsigned long)nid);
	fs->told_corrupt = true;
	return -EUCLEAN;
}

static int unsupported(struct erofs *fs, uint64_t nid, const char *what)
{
	if (!fs->told_unsupported)
		log_error("the root image uses %s (inode %lu), which is not supported", what,
			  (unsigned long)nid);
	fs->told_unsupported = true;
	return -EOPNOTSUPP;
}

/* Copy bytes of the image. The caller checked that they are inside it. `now` here and below: as of
 * the source's page. */
static int image_read(struct erofs *fs, uint64_t at, bool now, void *to, size_t len)
{
	char *out = to;

	while (len) {
		size_t off = at & ~PAGE_MASK, n = MIN(PAGE_SIZE - off, len);
		struct page *p;
		int r = fs->src->page(fs->src, at >> PAGE_SHIFT, now, &p);

		if (r)
			return r;
		memcpy(out, (const char *)page_to_virt(p) + off, n);
		page_put(p);
		at += n;
		out += n;
		len -= n;
	}
	return 0;
}

static bool in_image(const struct erofs *fs, uint64_t at, uint64_t len)
{
	uint64_t size = fs->blocks << EROFS_BLOCK_BITS;

	return at <= size && len <= size - at;
}

/* ---- super block ---- */

/* CRC-32C, four bits at a time: the table is small and the data is one block. */
static uint32_t crc32c(uint32_t crc, const uint8_t *p, size_t n)
{
	static const uint32_t table[16] = {
	    0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
	    0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
	    0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
	};

	while (n--) {
		crc ^= *p++;
		crc = table[crc & 15] ^ crc >> 4;
		crc = table[crc & 15] ^ crc >> 4;
	}
	return crc;
}

static bool checksum_ok(const uint8_t *block)
{
	struct erofs_super_block sb;
	uint32_t crc, want;

	memcpy(&sb, block + EROFS_SUPER_OFFSET, sizeof(sb));
	want = sb.checksum;
	sb.checksum = 0;
	crc = crc32c(~0u, (const uint8_t *)&sb, sizeof(sb));
	return crc32c(crc, block + EROFS_SUPER_OFFSET + sizeof(sb),
		      PAGE_SIZE - EROFS_SUPER_OFFSET - sizeof(sb)) == want;
}

/* What is wrong with the super block, or NULL. */
static const char *super_problem(const struct erofs_super_block *sb, const uint8_t *block,
				 uint64_t size)
{
	if ((sb->feature_compat & EROFS_COMPAT_CHECKSUM) && !checksum_ok(block))
		return "the checksum of its super block is wrong";
	if (sb->blocks > size >> EROFS_BLOCK_BITS)
		return "it is truncated";
	if (sb->meta_block >= sb->blocks)
		return "its inodes lie outside";
	return NULL;
}

int erofs_open(struct erofs *fs, struct erofs_source *src)
{
	struct erofs_super_block sb;
	const char *problem;
	struct page *p;
	int r;

	*fs = (struct erofs){.src = src};
	if (src->size < PAGE_SIZE)
		goto not_erofs;
	r = src->page(src, 0, false, &p);
	if (r)
		return r;
	memcpy(&sb, (const char *)page_to_virt(p) + EROFS_SUPER_OFFSET, sizeof(sb));
	problem = sb.magic == EROFS_MAGIC && sb.block_bits == EROFS_BLOCK_BITS
		      ? super_problem(&sb, page_to_virt(p), src->size)
		      : NULL;
	page_put(p);
	if (sb.magic != EROFS_MAGIC)
		goto not_erofs;
	if (problem)
		return erofs_corrupt(fs, 0, problem);
	if (sb.block_bits != EROFS_BLOCK_BITS)
		return unsupported(fs, 0, "blocks that are not 4 KiB large");
	if ((sb.feature_incompat & ~KNOWN_FEATURES) || sb.dir_block_bits)
		return unsupported(fs, 0, "a feature of newer EROFS versions");
	fs->blocks = sb.blocks;
	fs->meta = (uint64_t)sb.meta_block << EROFS_BLOCK_BITS;
	if (sb.build_time < MAX_SECONDS)
		fs->build_ns = sb.build_time * NSEC_PER_SEC + sb.build_time_nsec;
	fs->root_nid = sb.root_nid;
	fs->n_inodes = sb.inos;
	return 0;
not_erofs:
	log_error("the root image is not an EROFS file system");
	return -EINVAL;
}

/* ---- inodes ---- */

/* Fill the node from either form of inode; u is what its layout makes of it. Returns the inode's
 * size, or 0: the form is unknown. */
static unsigned decode(const union erofs_inode *raw, struct erofs_node *n, uint32_t *u)
{
	const struct erofs_inode_extended *x = &raw->extended;
	const struct erofs_inode_compact *c = &raw->compact;

	if (c->format & ~EROFS_FORMAT_KNOWN)
		return 0;
	n->layout = EROFS_FORMAT_LAYOUT(c->format);
	n->mode = c->mode;
	if (!(c->format & EROFS_FORMAT_EXTENDED)) {
		n->size = c->size;
		n->uid = c->uid;
		n->gid = c->gid;
		n->nlink = c->nlink;
		n->mtime_ns = n->fs->build_ns;
		*u = c->u;
		return sizeof(*c);
	}
	n->size = x->size;
	n->uid = x->uid;
	n->gid = x->gid;
	n->nlink = x->nlink;
	/* Times before 1970 and after 2262 have no place in struct inode. */
	n->mtime_ns = x->mtime < MAX_SECONDS ? x->mtime * NSEC_PER_SEC + x->mtime_nsec : 0;
	*u = x->u;
	return sizeof(*x);
}

static int check_flat(const struct erofs_node *n)
{
	uint64_t whole = n->size >> EROFS_BLOCK_BITS, rest = n->size & ~PAGE_MASK;

	if (n->layout == EROFS_FLAT_PLAIN)
		whole += rest != 0;
	else if (rest &&
		 ((n->tail & ~PAGE_MASK) + rest > PAGE_SIZE || !in_image(n->fs, n->tail, rest)))
		return erofs_corrupt(n->fs, n->nid, "the end of a file crosses a block");
	if (whole && (n->block >= n->fs->blocks || whole > n->fs->blocks - n->block))
		return erofs_corrupt(n->fs, n->nid, "data lies outside");
	return 0;
}

/* The layout of an object that has data. */
static int set_layout(struct erofs_node *n, uint32_t u)
{
	switch (n->layout) {
	case EROFS_FLAT_PLAIN:
	case EROFS_FLAT_INLINE:
		n->block = u;
		return check_flat(n);
	case EROFS_CHUNK_BASED:
		n->chunking = (uint16_t)u;
		if (n->chunking & ~EROFS_CHUNK_KNOWN)
			return unsupported(n->fs, n->nid, "an unknown form of chunks");
		n->tail = ALIGN_UP(n->tail, n->chunking & EROFS_CHUNK_INDEXES ? 8 : 4);
		return 0;
	case EROFS_COMPRESSED:
	case EROFS_COMPRESSED_COMPACT:
		return unsupported(n->fs, n->nid, "compression");
	default:
		return unsupported(n->fs, n->nid, "an unknown layout of data");
	}
}

static int set_type(struct erofs_node *n, uint32_t u)
{
	switch (n->mode & S_IFMT) {
	case S_IFLNK:
		if (n->size == 0 || n->size >= PAGE_SIZE)
			return erofs_corrupt(n->fs, n->nid, "a symbolic link has an odd length");
		return set_layout(n, u);
	case S_IFDIR:
		/* Flat, so that its size is bounded by the image's. */
		if (n->layout == EROFS_CHUNK_BASED)
			return erofs_corrupt(n->fs, n->nid, "a directory is chunk-based");
		return set_layout(n, u);
	case S_IFREG:
		return set_layout(n, u);
	case S_IFCHR:
	case S_IFBLK:
		n->rdev = u; /* encoded as st_dev is */
		n->size = 0;
		return 0;
	case S_IFIFO:
	case S_IFSOCK:
		n->size = 0;
		return 0;
	default:
		return erofs_corrupt(n->fs, n->nid, "an object has no type");
	}
}

int erofs_node_get(struct erofs *fs, uint64_t nid, struct erofs_node *out)
{
	uint64_t area = (fs->blocks << EROFS_BLOCK_BITS) - fs->meta;
	uint64_t at = fs->meta + nid * EROFS_SLOT_SIZE;
	union erofs_inode raw;
	unsigned size;
	uint32_t u = 0;
	int r;

	/* The last slot of the image is big enough for a compact inode only. */
	memset(&raw, 0, sizeof(raw));
	if (nid >= area / EROFS_SLOT_SIZE)
		return erofs_corrupt(fs, nid, "an inode lies outside");
	r = image_read(fs, at, false, &raw,
		       in_image(fs, at, sizeof(raw)) ? sizeof(raw) : sizeof(raw.compact));
	if (r)
		return r;
	*out = (struct erofs_node){.fs = fs, .nid = nid};
	size = decode(&raw, out, &u);
	if (!size)
		return unsupported(fs, nid, "an unknown form of inodes");
	if (out->nlink == 0 || out->size > MAX_SIZE)
		return erofs_corrupt(fs, nid, "an inode makes no sense");
	out->tail = at + size + EROFS_XATTR_SIZE(raw.compact.xattr_count);
	return set_type(out, u);
}

/* ---- data ---- */

/* The block of page `index` of a chunk-based file, or EROFS_NULL_BLOCK. */
static int chunk_block(const struct erofs_node *n, uint64_t index, bool now, uint32_t *block)
{
	unsigned bits = n->chunking & EROFS_CHUNK_BITS;
	unsigned entry =
	    n->chunking & EROFS_CHUNK_INDEXES ? sizeof(struct erofs_chunk_index) : sizeof(*block);
	uint64_t at = n->tail + (index >> bits) * entry;
	struct erofs_chunk_index chunk = {0};
	uint64_t inside = index & ((1ull << bits) - 1);
	int r;

	if (!in_image(n->fs, at, entry))
		return erofs_corrupt(n->fs, n->nid, "a table of chunks lies outside");
	r = image_read(n->fs, at, now, entry == sizeof(*block) ? (void *)&chunk.block : &chunk,
		       entry);
	if (r)
		return r;
	*block = EROFS_NULL_BLOCK;
	if (chunk.block == EROFS_NULL_BLOCK)
		return 0;
	if (chunk.device)
		return unsupported(n->fs, n->nid, "a second device");
	if (chunk.block + inside >= n->fs->blocks)
		return erofs_corrupt(n->fs, n->nid, "data lies outside");
	*block = (uint32_t)(chunk.block + inside);
	return 0;
}

static int find_span(const struct erofs_node *n, uint64_t index, bool now, struct erofs_span *out)
{
	uint64_t whole = n->size >> EROFS_BLOCK_BITS;
	uint64_t page = n->block + index;

	if (index >= whole + ((n->size & ~PAGE_MASK) != 0))
		return -ENODATA;
	*out = (struct erofs_span){.len = PAGE_SIZE};
	if (index == whole)
		out->len = n->size & ~PAGE_MASK;
	if (n->layout == EROFS_CHUNK_BASED) {
		uint32_t block;
		int r = chunk_block(n, index, now, &block);

		if (r || block == EROFS_NULL_BLOCK)
			return r;
		page = block;
	} else if (n->layout == EROFS_FLAT_INLINE && index == whole) {
		page = n->tail >> PAGE_SHIFT;
		out->off = n->tail & ~PAGE_MASK;
	}
	return n->fs->src->page(n->fs->src, page, now, &out->page);
}

int erofs_span(const struct erofs_node *n, uint64_t index, struct erofs_span *out)
{
	return find_span(n, index, false, out);
}

int erofs_span_now(const struct erofs_node *n, uint64_t index, struct erofs_span *out)
{
	return find_span(n, index, true, out);
}

bool erofs_is_hole(const struct erofs_node *n, uint64_t index)
{
	uint32_t block;

	return n->layout == EROFS_CHUNK_BASED && chunk_block(n, index, false, &block) == 0 &&
	       block == EROFS_NULL_BLOCK;
}

int erofs_readlink(const struct erofs_node *n, char *buf, size_t size)
{
	struct erofs_span s;
	const char *text;
	int r = erofs_span(n, 0, &s);
	size_t len = MIN(size, s.len);

	if (r)
		return r;
	if (!s.page)
		return erofs_corrupt(n->fs, n->nid, "a symbolic link has no text");
	text = (const char *)page_to_virt(s.page) + s.off;
	r = (int)len;
	if (memchr(text, 0, s.len))
		r = erofs_corrupt(n->fs, n->nid, "a symbolic link contains a NUL");
	else
		memcpy(buf, text, len);
	page_put(s.page);
	return r;
}
