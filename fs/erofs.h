/* SPDX-License-Identifier: MIT */
/*
 * The read-only file system of root images: EROFS, uncompressed. The image is not trusted: whatever
 * is in it, reading it ends in data or -EUCLEAN. Pages are used in place where the image is in
 * memory, and come from the block device's page cache otherwise.
 */
#ifndef FS_EROFS_H
#define FS_EROFS_H

#include "fs/inode.h"

/* Where an image is. */
struct erofs_source {
	/* Page `index` of the image, referenced; must not be written. 0 or -errno. */
	int (*page)(struct erofs_source *src, uint64_t index, struct page **out);
	uint64_t size; /* bytes */
};

/* A new super for the image. The source must outlive it. 0, -EUCLEAN (corrupt; logged what),
 * -EINVAL (not an EROFS image), -EOPNOTSUPP (a feature this reader does not have; logged), -EIO,
 * -ENOMEM. */
int erofs_new(struct erofs_source *src, struct super **out);
/* Page `index` of a regular file's data for use in place, referenced; the rest of the last page is
 * zeros. -ENODATA beyond the end. */
int erofs_file_page(struct inode *in, uint64_t index, struct page **out);

#endif
