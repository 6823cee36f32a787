/* SPDX-License-Identifier: MIT */
/*
 * The on-disk format of EROFS, as far as images without compression use it (the Linux kernel's
 * Documentation/filesystems/erofs.rst describes it; mkfs.erofs writes it). Little-endian.
 */
#ifndef KERNEL_ABI_EROFS_H
#define KERNEL_ABI_EROFS_H

#include <stdint.h>

#define EROFS_SUPER_OFFSET 1024
#define EROFS_MAGIC	   0xe0f5e1e2u
#define EROFS_BLOCK_BITS   12
#define EROFS_SLOT_SIZE	   32 /* unit of inode numbers: offset in the inode area / 32 */
#define EROFS_NULL_BLOCK   0xffffffffu
#define EROFS_NAME_MAX	   255

enum erofs_feature_compat {
	EROFS_COMPAT_CHECKSUM = 1,
};

enum erofs_feature_incompat {
	EROFS_INCOMPAT_ZERO_PADDING = 1 << 0,
	EROFS_INCOMPAT_COMPR_CFGS = 1 << 1,
	EROFS_INCOMPAT_CHUNKED_FILE = 1 << 2,
	EROFS_INCOMPAT_DEVICE_TABLE = 1 << 3,
	EROFS_INCOMPAT_ZTAILPACKING = 1 << 4,
	EROFS_INCOMPAT_FRAGMENTS = 1 << 5,
	EROFS_INCOMPAT_XATTR_PREFIXES = 1 << 6,
};

struct erofs_super_block {
	uint32_t magic;
	uint32_t checksum; /* CRC-32C of the rest of block 0 with this member 0, not inverted */
	uint32_t feature_compat;
	uint8_t block_bits;
	uint8_t n_ext_slots; /* 16 bytes each, following this structure */
	uint16_t root_nid;
	uint64_t inos;
	uint64_t build_time; /* seconds; the time of every compact inode */
	uint32_t build_time_nsec;
	uint32_t blocks;      /* of the image */
	uint32_t meta_block;  /* where the inode area starts */
	uint32_t xattr_block; /* where shared extended attributes start */
	uint8_t uuid[16];
	uint8_t volume_name[16];
	uint32_t feature_incompat;
	uint16_t compression;
	uint16_t extra_devices;
	uint16_t device_slot;
	uint8_t dir_block_bits;
	uint8_t n_xattr_prefixes;
	uint32_t xattr_prefixes;
	uint64_t packed_nid;
	uint8_t reserved[24];
};

enum erofs_layout {
	EROFS_FLAT_PLAIN = 0, /* consecutive blocks */
	EROFS_COMPRESSED = 1,
	EROFS_FLAT_INLINE = 2, /* the part after the last whole block follows the inode */
	EROFS_COMPRESSED_COMPACT = 3,
	EROFS_CHUNK_BASED = 4, /* a table of chunks follows the inode */
};

/* erofs_inode_*.format */
#define EROFS_FORMAT_EXTENDED  1
#define EROFS_FORMAT_LAYOUT(f) ((f) >> 1 & 7)
#define EROFS_FORMAT_KNOWN     0xfu

/* u of a chunk-based inode: bits 0-4 log2 of the blocks in a chunk, bit 5: struct
 * erofs_chunk_index, else a 32-bit block number. */
#define EROFS_CHUNK_BITS    0x1fu
#define EROFS_CHUNK_INDEXES 0x20u
#define EROFS_CHUNK_KNOWN   0x3fu

struct erofs_inode_compact {
	uint16_t format, xattr_count, mode, nlink;
	uint32_t size;
	uint32_t reserved;
	uint32_t u; /* first block, device number, or chunk format */
	uint32_t ino;
	uint16_t uid, gid;
	uint32_t reserved2;
};

struct erofs_inode_extended {
	uint16_t format, xattr_count, mode, reserved;
	uint64_t size;
	uint32_t u;
	uint32_t ino;
	uint32_t uid, gid;
	uint64_t mtime;
	uint32_t mtime_nsec;
	uint32_t nlink;
	uint8_t reserved2[16];
};

/* Bytes of extended attributes behind an inode. */
#define EROFS_XATTR_SIZE(count) ((count) ? 12u + 4u * ((count)-1u) : 0u)

struct erofs_chunk_index {
	uint16_t advise;
	uint16_t device;
	uint32_t block;
};

/*
 * A directory's blocks are independent: entries sorted by name (as unsigned bytes), then their
 * names; nameoff counts from the block's start and the first one tells how many entries there are.
 * A name ends where the next one starts, the last one at a NUL or at the block's end.
 */
struct __attribute__((packed)) erofs_dirent {
	uint64_t nid;
	uint16_t nameoff;
	uint8_t file_type; /* enum erofs_file_type */
	uint8_t reserved;
};

enum erofs_file_type {
	EROFS_FT_UNKNOWN = 0,
	EROFS_FT_REG = 1,
	EROFS_FT_DIR = 2,
	EROFS_FT_CHRDEV = 3,
	EROFS_FT_BLKDEV = 4,
	EROFS_FT_FIFO = 5,
	EROFS_FT_SOCK = 6,
	EROFS_FT_SYMLINK = 7,
};

#endif
