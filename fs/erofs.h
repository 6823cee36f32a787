/* SPDX-License-Identifier: MIT */
/*
 * Reading an EROFS image, uncompressed. The image is not trusted: whatever is in it, reading it
 * ends in data or an error, and every loop is bounded by the image's size. Nothing is cached here
 * and nothing allocated: whoever reads an object keeps its description (struct erofs_node). All
 * functions but erofs_span_now may sleep (for the source), none needs locks.
 *
 * Errors of all of them: -EUCLEAN (corrupt; the first finding is logged), -EOPNOTSUPP (compressed
 * or of another kind this reader does not have; logged once), -EIO and what the source gives.
 */
#ifndef FS_EROFS_H
#define FS_EROFS_H

#include "kernel/page.h"
#include "kernel/types.h"

/* Where an image is. */
struct erofs_source {
	/* Page `index` of the image, referenced; must not be written. 0 or -errno; with `now` it
	 * does not sleep: -EAGAIN if the page is not in memory. */
	int (*page)(struct erofs_source *src, uint64_t index, bool now, struct page **out);
	uint64_t size; /* bytes */
};

/* An open image. */
struct erofs {
	struct erofs_source *src;
	uint64_t blocks;   /* of 4096 bytes */
	uint64_t meta;	   /* offset of the inode area */
	uint64_t build_ns; /* time of inodes that have none */
	uint64_t root_nid, n_inodes;
	bool told_corrupt, told_unsupported;
};

/* One object: what is needed to find its data. */
struct erofs_node {
	struct erofs *fs;
	uint64_t nid, size, mtime_ns, rdev;
	uint32_t mode, uid, gid, nlink;
	uint32_t block;	   /* first one of a flat layout */
	uint16_t layout;   /* enum erofs_layout */
	uint16_t chunking; /* EROFS_CHUNK_* */
	uint64_t tail;	   /* offset in the image of what follows the inode and its attributes */
};

/* Where one page of data is. */
struct erofs_span {
	struct page *page; /* of the image, referenced; NULL: a hole */
	unsigned off, len; /* the bytes in it; what the data's page has beyond them is zeros */
};

/* One name of a directory. */
struct erofs_name {
	uint64_t nid;
	unsigned dt_type;
	unsigned len;
	char name[256];
};

/* src must outlive fs. Also -EINVAL (logged): not an EROFS image. */
int erofs_open(struct erofs *fs, struct erofs_source *src);
int erofs_node_get(struct erofs *fs, uint64_t nid, struct erofs_node *out);
/* Of a file, link or directory; -ENODATA beyond its end. */
int erofs_span(const struct erofs_node *n, uint64_t index, struct erofs_span *out);
/* The same without sleeping: -EAGAIN if it is not in memory. */
int erofs_span_now(const struct erofs_node *n, uint64_t index, struct erofs_span *out);
/* Does page `index` of a file hold no data? */
bool erofs_is_hole(const struct erofs_node *n, uint64_t index);
/* At most `size` bytes of a symbolic link's target into buf, not terminated: how many. */
int erofs_readlink(const struct erofs_node *n, char *buf, size_t size);
/* -ENOENT, or 0 and where it leads; *pos (may be NULL) is the name's place as of erofs_next. */
int erofs_lookup(const struct erofs_node *dir, const char *name, size_t len, uint64_t *nid,
		 uint64_t *pos);
/* The first name at or behind *pos (any number; 0 is the start), "." and ".." included. *pos moves
 * behind it. 1, or 0 at the end. */
int erofs_next(const struct erofs_node *dir, uint64_t *pos, struct erofs_name *out);
/* Say what is wrong (once per image): -EUCLEAN. */
int erofs_corrupt(struct erofs *fs, uint64_t nid, const char *what);

#endif
