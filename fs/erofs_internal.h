/* SPDX-License-Identifier: MIT */
/* Shared by fs/erofs.c (inodes, data) and fs/erofs_dir.c (names). */
#ifndef FS_EROFS_INTERNAL_H
#define FS_EROFS_INTERNAL_H

#include "fs/erofs.h"
#include "kernel/abi/erofs.h"
#include "kernel/abi/linux.h"

union erofs_inode {
	struct erofs_inode_compact compact;
	struct erofs_inode_extended extended;
};

#endif
