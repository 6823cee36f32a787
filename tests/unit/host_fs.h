/* SPDX-License-Identifier: MIT */
/* One file system operation in words that both Linux and the VFS understand; the Linux side. No
 * headers of either. */
#ifndef TESTS_UNIT_HOST_FS_H
#define TESTS_UNIT_HOST_FS_H

#include <stdint.h>

enum fs_op_kind {
	OP_OPEN,
	OP_WRITE,
	OP_READ,
	OP_MKDIR,
	OP_RMDIR,
	OP_UNLINK,
	OP_LINK,
	OP_SYMLINK,
	OP_RENAME,
	OP_MKNOD,
	OP_STAT,
	OP_READLINK,
	OP_CHMOD,
	OP_CHOWN,
	OP_TRUNCATE,
	OP_ACCESS,
	OP_TOUCH,
	OP_CHDIR,
	OP_LIST,
	OP_FALLOCATE,
	OP_SEEK,
	OP_KINDS,
};

struct fs_op {
	enum fs_op_kind kind;
	char a[320], b[320]; /* paths; b also a link's target */
	unsigned flags, mode;
	long x, y; /* offset and length, owner and group */
};

struct fs_result {
	long ret; /* >= 0 or -errno */
	uint32_t mode, nlink, uid, gid;
	uint64_t size, blocks, sum; /* sum: of contents, of names */
};

/* Move into an empty tmpfs directory as root directory. 0, or -1: not possible here. */
int host_fs_enter(void);
/* The tree made so far as an EROFS image, in which it is the directory "top". NULL: there is no
 * mkfs.erofs. Files lose their holes, and names that mkfs.erofs cannot store go. */
void *host_fs_image(unsigned long *size);
/* In a new process: -1. In the old one, when that has ended: its exit status. */
int host_fs_fork(void);
void host_fs_leave(void);
void host_fs_become(uint32_t uid, uint32_t group);
void host_fs_do(const struct fs_op *op, struct fs_result *r);
/* The checksum both sides use. */
uint64_t fs_sum(uint64_t sum, const void *data, unsigned long n);

#endif
