/* SPDX-License-Identifier: MIT */
/*
 * Writing an EROFS image. Two passes over the tree: the first gives every inode its place, the
 * second fills the metadata in memory; then contents are copied. Inodes are extended ones (full
 * owners, sizes and times). Directories' last blocks, symbolic links and files up to INLINE_MAX
 * bytes stay with their inode; other files begin on a block, so that the kernel maps them in place.
 */
#include "tools/erofs_write.h"

#include "kernel/abi/erofs.h"
#include "tools/util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define BLOCK	   4096ull
#define INLINE_MAX 1024
#define COPY_CHUNK (1u << 20)
#define FIRST_NID  ((EROFS_SUPER_OFFSET + sizeof(struct erofs_super_block)) / EROFS_SLOT_SIZE)

/* What the first pass decides about a node; by index in the order of the walk. */
struct place {
	struct node *node;
	uint64_t size;	  /* of the contents, the directory's entries included */
	uint64_t inlined; /* how much of it, from the end, follows the inode */
	uint64_t block;	  /* where the rest begins */
	uint32_t subdirs;
};

struct image {
	const struct fileset *set;
	struct place *places;
	size_t n, room;
	uint64_t meta_end, blocks;
	unsigned char *meta;
	int fd;
	erofs_progress_fn progress;
	uint64_t done, total;
};

static uint64_t round_up(uint64_t n, uint64_t unit)
{
	return (n + unit - 1) / unit * unit;
}

/* ---- directories ---- */

/* The names of a directory in order: its children with "." and ".." where they belong. */
struct entries {
	const struct node *dir;
	size_t child;
	int dots; /* how many of "." and ".." have come */
};

static const char *next_entry(struct entries *e, const struct node **node)
{
	static const char *const dots[] = {".", ".."};
	const struct node *dir = e->dir;
	const struct node *child = e->child < dir->n ? dir->children[e->child] : NULL;

	if (e->dots < 2 && (child == NULL || strcmp(dots[e->dots], child->name) < 0)) {
		*node = e->dots == 0 || dir->parent == NULL ? dir : dir->parent;
		return dots[e->dots++];
	}
	if (child == NULL)
		return NULL;
	e->child++;
	*node = child->link ? child->link : child;
	return child->name;
}

/* The directory's size: blocks are filled as far as the next entry fits. */
static uint64_t directory_size(const struct node *dir)
{
	struct entries e = {dir, 0, 0};
	const struct node *node;
	uint64_t full = 0, used = 0;
	const char *name;

	while ((name = next_entry(&e, &node))) {
		uint64_t need = sizeof(struct erofs_dirent) + strlen(name);

		if (used + need > BLOCK) {
			full += BLOCK;
			used = 0;
		}
		used += need;
	}
	return full + used;
}

static uint8_t file_type(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return EROFS_FT_DIR;
	case S_IFCHR:
		return EROFS_FT_CHRDEV;
	case S_IFBLK:
		return EROFS_FT_BLKDEV;
	case S_IFIFO:
		return EROFS_FT_FIFO;
	case S_IFSOCK:
		return EROFS_FT_SOCK;
	case S_IFLNK:
		return EROFS_FT_SYMLINK;
	default:
		return EROFS_FT_REG;
	}
}

/* One block from where `e` stands; what does not fit is left in `e`. */
static void fill_block(struct entries *e, unsigned char *block)
{
	struct entries ahead = *e;
	const struct node *node;
	const char *name;
	size_t n = 0, used = 0, name_at;

	while ((name = next_entry(&ahead, &node))) {
		used += sizeof(struct erofs_dirent) + strlen(name);
		if (used > BLOCK)
			break;
		n++;
	}
	name_at = n * sizeof(struct erofs_dirent);
	for (size_t i = 0; i < n; i++) {
		struct erofs_dirent d;

		name = next_entry(e, &node);
		d = (struct erofs_dirent){node->nid, (uint16_t)name_at, file_type(node->mode), 0};
		memcpy(block + i * sizeof(d), &d, sizeof(d));
		memcpy(block + name_at, name, strlen(name));
		name_at += strlen(name);
	}
}

/* ---- first pass: places ---- */

static uint64_t content_size(const struct node *n)
{
	if (S_ISDIR(n->mode))
		return directory_size(n);
	return S_ISREG(n->mode) || S_ISLNK(n->mode) ? n->size : 0;
}

static uint64_t inline_size(const struct node *n, uint64_t size)
{
	uint64_t tail = size % BLOCK;

	if (S_ISREG(n->mode) && size > INLINE_MAX)
		return 0;
	return tail + sizeof(struct erofs_inode_extended) <= BLOCK ? tail : 0;
}

static void place_node(struct image *im, struct node *node)
{
	uint64_t size = content_size(node), tail = inline_size(node, size);
	uint64_t need = sizeof(struct erofs_inode_extended) + tail;

	if (im->n == im->room) {
		im->room = im->room ? 2 * im->room : 64;
		im->places = xrealloc(im->places, im->room * sizeof(*im->places));
	}
	if (im->meta_end % BLOCK + need > BLOCK)
		im->meta_end = round_up(im->meta_end, BLOCK);
	node->nid = im->meta_end / EROFS_SLOT_SIZE;
	im->meta_end = round_up(im->meta_end + need, EROFS_SLOT_SIZE);
	im->places[im->n++] = (struct place){.node = node, .size = size, .inlined = tail};
	if (S_ISREG(node->mode))
		im->total += size;
}

static void place_all(struct image *im)
{
	struct node *root = im->set->root;

	im->meta_end = FIRST_NID * EROFS_SLOT_SIZE;
	for (struct node *n = root; n; n = node_next(root, n))
		if (n->link == NULL)
			place_node(im, n);
	im->blocks = round_up(im->meta_end, BLOCK) / BLOCK;
	for (size_t i = 0; i < im->n; i++) {
		struct place *p = &im->places[i];

		p->block = im->blocks;
		im->blocks += round_up(p->size - p->inlined, BLOCK) / BLOCK;
		for (size_t c = 0; c < p->node->n; c++)
			p->subdirs += S_ISDIR(p->node->children[c]->mode) ? 1 : 0;
	}
}

void erofs_place(const struct fileset *s)
{
	struct image im = {.set = s};

	place_all(&im);
	free(im.places);
}

/* ---- second pass: contents ---- */

static int write_at(const struct image *im, const void *data, size_t len, uint64_t at)
{
	const char *from = data;

	while (len > 0) {
		ssize_t n = pwrite(im->fd, from, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(STATUS_FAILED, "cannot write the root image: %s",
				    strerror(n ? errno : ENOSPC));
		from += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

static int fail_reading(const struct node *n, const char *why)
{
	char *path = n->host ? xstrdup(n->host) : node_path(n);
	int status = fail(STATUS_FAILED, "%s: cannot read it for the root image: %s", path, why);

	free(path);
	return status;
}

static int read_at(const struct node *n, int fd, void *buf, size_t len, uint64_t at)
{
	char *to = buf;

	while (len > 0) {
		ssize_t got = pread(fd, to, len, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return fail_reading(n, got ? strerror(errno) : "it became shorter");
		to += got;
		at += (uint64_t)got;
		len -= (size_t)got;
	}
	return 0;
}

static int open_contents(const struct node *n, int *fd)
{
	*fd = n->host ? open(n->host, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : n->fd;
	return *fd < 0 ? fail_reading(n, strerror(errno)) : 0;
}

static void advance(struct image *im, uint64_t bytes)
{
	im->done += bytes;
	if (im->progress)
		im->progress(im->done, im->total);
}

/* In the kernel if it can, which shares the blocks where the file system is able to. */
static int copy(struct image *im, const struct node *n, int fd, uint64_t size, uint64_t to)
{
	uint64_t from = n->host ? 0 : n->offset;
	off_t in = (off_t)from, out = (off_t)to;
	char *buf;
	int status = 0;

	while (size > 0) {
		size_t want = size < 64 * COPY_CHUNK ? size : 64 * COPY_CHUNK;
		ssize_t got = copy_file_range(fd, &in, im->fd, &out, want, 0);

		if (got <= 0)
			break;
		size -= (uint64_t)got;
		advance(im, (uint64_t)got);
	}
	if (size == 0)
		return 0;
	buf = xrealloc(NULL, COPY_CHUNK);
	while (status == 0 && size > 0) {
		size_t len = size < COPY_CHUNK ? size : COPY_CHUNK;

		status = read_at(n, fd, buf, len, (uint64_t)in);
		if (status == 0)
			status = write_at(im, buf, len, (uint64_t)out);
		in += (off_t)len;
		out += (off_t)len;
		size -= len;
		advance(im, len);
	}
	free(buf);
	return status;
}

static int put_regular(struct image *im, const struct place *p, unsigned char *tail)
{
	const struct node *n = p->node;
	int fd, status;

	if (p->size == 0)
		return 0;
	status = open_contents(n, &fd);
	if (status)
		return status;
	if (p->inlined)
		status = read_at(n, fd, tail, p->size, n->host ? 0 : n->offset);
	else
		status = copy(im, n, fd, p->size, p->block * BLOCK);
	if (n->host)
		close(fd);
	return status;
}

static int put_directory(struct image *im, const struct place *p, unsigned char *tail)
{
	struct entries e = {p->node, 0, 0};
	unsigned char block[BLOCK];
	uint64_t blocks = round_up(p->size, BLOCK) / BLOCK;
	int status = 0;

	for (uint64_t i = 0; status == 0 && i < blocks; i++) {
		memset(block, 0, sizeof(block));
		fill_block(&e, block);
		if (i == blocks - 1 && p->inlined)
			memcpy(tail, block, p->inlined);
		else
			status = write_at(im, block, BLOCK, (p->block + i) * BLOCK);
	}
	return status;
}

/* The kernel's 32-bit form of a device number. */
static uint32_t encode_dev(dev_t dev)
{
	return (minor(dev) & 0xff) | major(dev) << 8 | (minor(dev) & ~0xffu) << 12;
}

static int put_node(struct image *im, const struct place *p, size_t index)
{
	const struct node *n = p->node;
	unsigned char *at = im->meta + n->nid * EROFS_SLOT_SIZE;
	enum erofs_layout layout = p->inlined ? EROFS_FLAT_INLINE : EROFS_FLAT_PLAIN;
	struct erofs_inode_extended inode = {
	    .format = (uint16_t)(EROFS_FORMAT_EXTENDED | layout << 1),
	    .mode = (uint16_t)n->mode,
	    .size = p->size,
	    .u = p->size > p->inlined ? (uint32_t)p->block : 0,
	    .ino = (uint32_t)index + 1,
	    .uid = n->uid,
	    .gid = n->gid,
	    .mtime = (uint64_t)n->mtime.tv_sec,
	    .mtime_nsec = (uint32_t)n->mtime.tv_nsec,
	    .nlink = S_ISDIR(n->mode) ? 2 + p->subdirs : n->nlink,
	};
	unsigned char *tail = at + sizeof(inode);

	if (S_ISCHR(n->mode) || S_ISBLK(n->mode))
		inode.u = encode_dev(n->rdev);
	memcpy(at, &inode, sizeof(inode));
	if (S_ISDIR(n->mode))
		return put_directory(im, p, tail);
	if (S_ISREG(n->mode))
		return put_regular(im, p, tail);
	if (S_ISLNK(n->mode) && p->inlined)
		memcpy(tail, n->target, p->size);
	else if (S_ISLNK(n->mode))
		return write_at(im, n->target, p->size, p->block * BLOCK);
	return 0;
}

/* ---- the superblock ---- */

static uint32_t crc32c(const unsigned char *p, size_t len)
{
	uint32_t crc = ~0u;

	while (len--) {
		crc ^= *p++;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return crc;
}

static void put_super(struct image *im)
{
	unsigned char *at = im->meta + EROFS_SUPER_OFFSET;
	struct erofs_super_block super = {
	    .magic = EROFS_MAGIC,
	    .feature_compat = EROFS_COMPAT_CHECKSUM,
	    .block_bits = 12,
	    .root_nid = (uint16_t)im->set->root->nid,
	    .inos = im->n,
	    .blocks = (uint32_t)im->blocks,
	    .uuid = {'u', 'n', 'i', 'l', 'o', 'a', 'd', 0x40, 0x80},
	    .volume_name = "uniload",
	};

	memcpy(at, &super, sizeof(super));
	super.checksum = crc32c(at, BLOCK - EROFS_SUPER_OFFSET);
	memcpy(at, &super, sizeof(super));
}

int erofs_write(const struct fileset *s, int fd, erofs_progress_fn progress, uint64_t *size)
{
	struct image im = {.set = s, .fd = fd, .progress = progress};
	int status = 0;

	place_all(&im);
	*size = im.blocks * BLOCK;
	if (im.blocks > UINT32_MAX)
		status = fail(STATUS_FAILED, "the root is too large for an EROFS image");
	else if (ftruncate(fd, (off_t)*size) < 0)
		status = fail(STATUS_FAILED, "cannot make the root image %llu bytes large: %s",
			      (unsigned long long)*size, strerror(errno));
	im.meta = calloc(1, round_up(im.meta_end, BLOCK));
	if (status == 0 && im.meta == NULL)
		status = fail(STATUS_FAILED, "not enough memory for the root image");
	for (size_t i = 0; status == 0 && i < im.n; i++)
		status = put_node(&im, &im.places[i], i);
	if (status == 0) {
		put_super(&im);
		status = write_at(&im, im.meta, round_up(im.meta_end, BLOCK), 0);
	}
	free(im.meta);
	free(im.places);
	return status;
}
