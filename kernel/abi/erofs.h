/* SPDX-License-Identifier: MIT */
/*
 * EROFS on disk, as far as uncompressed images need it: what the kernel reads and the host command
 * writes. Little-endian. An inode's number (nid) is its place: 32-byte slots from meta_blkaddr on.
 */
#ifndef KERNEL_ABI_EROFS_H
#define KERNEL_ABI_EROFS_H

#include <stdint.h>

#define EROFS_SUPER_OFFSET 1024
#define EROFS_SUPER_MAGIC  0xe0f5e1e2u
#define EROFS_SLOT	   32 /* bytes; nid = slot number */

enum erofs_feature_compat {
	EROFS_COMPAT_SB_CHKSUM = 1, /* CRC-32C of the first block from EROFS_SUPER_OFFSET on, with
				       `checksum` zero, initial value ~0, not inverted at the end */
	EROFS_COMPAT_MTIME = 2,	    /* the times of inodes are modification times */
};

struct erofs_super {
	uint32_t magic;
	uint32_t checksum;
	uint32_t feature_compat;
	uint8_t blkszbits; /* 12 */
	uint8_t sb_extslots;
	uint16_t root_nid;
	uint64_t inos; /* number of inodes */
	uint64_t build_time;
	uint32_t build_time_nsec;
	uint32_t blocks; /* of the image */
	uint32_t meta_blkaddr;
	uint32_t xattr_blkaddr;
	uint8_t uuid[16];
	uint8_t volume_name[16];
	uint32_t feature_incompat; /* any bit: this is an image that we cannot read */
	uint16_t compr_algs;
	uint16_t extra_devices;
	uint16_t devt_slotoff;
	uint8_t dirblkbits; /* 0: directory blocks are file system blocks */
	uint8_t unused[37];
};

enum erofs_layout {
	EROFS_FLAT_PLAIN = 0,  /* `u` is the first of consecutive blocks */
	EROFS_FLAT_INLINE = 2, /* the same, but the last, partial block follows the inode (and its
				  attributes) and does not cross a block boundary */
};

/* i_format: bit 0: extended inode; bits 1-3: enum erofs_layout. */
#define EROFS_INODE_EXTENDED	   1
#define EROFS_INODE_LAYOUT(format) ((format) >> 1 & 7)

struct erofs_inode_compact {
	uint16_t format;
	uint16_t xattr_icount; /* 0: none, else 12 + 4 * (n - 1) bytes follow the inode */
	uint16_t mode, nlink;
	uint32_t size;
	uint32_t unused;
	uint32_t u; /* first block, or device number as new_encode_dev() makes it */
	uint32_t ino;
	uint16_t uid, gid;
	uint32_t unused2;
};

struct erofs_inode_extended {
	uint16_t format;
	uint16_t xattr_icount;
	uint16_t mode, unused;
	uint64_t size;
	uint32_t u;
	uint32_t ino;
	uint32_t uid, gid;
	uint64_t mtime;
	uint32_t mtime_nsec;
	uint32_t nlink;
	uint8_t unused2[16];
};

/*
 * A directory is a sequence of blocks: entries, then their names without NUL (but the last name of
 * a block ends at a NUL or the end of the block). name_off of the first entry tells how many there
 * are. Names ascend bytewise through the whole directory; "." and ".." are among them.
 */
struct erofs_dirent {
	uint64_t nid;
	uint16_t name_off; /* from the start of the block */
	uint8_t type;	   /* enum erofs_file_type */
	uint8_t unused;
} __attribute__((packed));

enum erofs_file_type {
	EROFS_FT_REG = 1,
	EROFS_FT_DIR = 2,
	EROFS_FT_CHR = 3,
	EROFS_FT_BLK = 4,
	EROFS_FT_FIFO = 5,
	EROFS_FT_SOCK = 6,
	EROFS_FT_SYMLINK = 7,
};

_Static_assert(sizeof(struct erofs_super) == 128, "");
_Static_assert(sizeof(struct erofs_inode_compact) == 32, "");
_Static_assert(sizeof(struct erofs_inode_extended) == 64, "");
_Static_assert(sizeof(struct erofs_dirent) == 12, "");

#endif
