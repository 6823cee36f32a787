/* SPDX-License-Identifier: MIT */
/*
 * Volumes: directories of the host, served by QEMU through virtio-9p. The host may change them at
 * any time and programs here see it as they would through a bind mount: names are asked for again
 * at every walk (inode_ops.revalidate), attributes at every stat, data at every read; writes go to
 * the host at once. Only pages of mappings are kept, while the file is open.
 *
 * What has to be known of QEMU's server: a fid is a path. All operations but those on an open
 * file's data look the path up again, so that they mean whatever has that name now; QEMU corrects
 * the paths when we rename, not when the host does. Hence: answers are compared with the file we
 * mean (qid.path), and a file whose last name we have removed (an orphan) has its attributes kept
 * here, where nobody else can change them any more.
 *
 * Private to fs/p9*.c.
 */
#ifndef FS_P9_H
#define FS_P9_H

#include "fs/p9_channel.h"
#include "fs/pagecache.h"
#include "fs/vfs_internal.h"

#define P9_BUCKETS 512u
#define P9_DEVS	   16u

struct p9_super {
	struct super super;
	struct list link; /* of all volumes */
	struct p9_channel *ch;
	uint32_t uid;		       /* whose files the server makes when we create some */
	uint64_t devs[P9_DEVS];	       /* st_dev by the index of p9_split_path */
	struct list table[P9_BUCKETS]; /* inodes in use, by qid.path */
};

/* (l) inode->lock, (i) immutable, (n) not preempted between test and use */
struct p9_inode {
	struct inode in;
	struct list link;	/* (n) in the table; empty when another file has taken the number */
	uint64_t path;		/* (i) qid.path: the file's identity */
	uint32_t fid;		/* (n) not opened; P9_NOFID: none yet */
	uint64_t dir;		/* (n) qid.path of the directory in which fid was found... */
	char *name;		/* (n) ...and the name there; NULL: not known */
	uint64_t blocks;	/* (n) as the server says, of 512 bytes */
	uint32_t blksize;	/* (n) */
	uint64_t asked_ns;	/* (n) when the attributes came */
	struct list files;	/* (n) of struct p9_file: open files */
	bool orphan;		/* (n) no name any more: attributes are kept here */
	uint64_t host_size;	/* (l) of an orphan: bytes there are at the server, and */
	uint64_t stale_from;	/* (l) from where on they are of before a truncation */
	struct pagecache cache; /* of regular files */
};

/* file->priv of regular files and directories. */
struct p9_file {
	struct list link; /* in p9_inode.files */
	struct file *file;
	uint32_t fid;	    /* open at the server */
	uint32_t plain_fid; /* open without O_APPEND where fid has it; P9_NOFID: not needed yet */
	bool append;	    /* fid has it */
};

static inline struct p9_inode *p9_i(const struct inode *in)
{
	return container_of(in, struct p9_inode, in);
}

static inline struct p9_super *p9_s(const struct inode *in)
{
	return container_of(in->super, struct p9_super, super);
}

static inline struct p9_channel *p9_ch(const struct inode *in)
{
	return p9_s(in)->ch;
}

/* ---- fs/p9_client.c: requests. 0 or -errno unless they say otherwise. ---- */
int p9_attach(struct p9_channel *ch, uint32_t uid, uint32_t *fid, struct p9_qid *qid);
/* A new fid for `name` below fid, or, with name NULL, for the same place. */
int p9_walk(struct p9_channel *ch, uint32_t fid, const char *name, size_t len, uint32_t *out,
	    struct p9_qid *qid);
int p9_getattr(struct p9_channel *ch, uint32_t fid, struct p9_attr *out);
int p9_setattr(struct p9_channel *ch, uint32_t fid, const struct p9_setattr *a);
int p9_lopen(struct p9_channel *ch, uint32_t fid, uint32_t flags, struct p9_qid *qid);
/* fid, of the directory, becomes the open file. */
int p9_lcreate(struct p9_channel *ch, uint32_t fid, const char *name, size_t len, uint32_t flags,
	       uint32_t mode, uint32_t gid, struct p9_qid *qid);
int p9_fsync(struct p9_channel *ch, uint32_t fid, bool data_only);
int p9_statfs(struct p9_channel *ch, uint32_t fid, struct p9_statfs *out);
/* Bytes stored, not terminated. */
int p9_readlink(struct p9_channel *ch, uint32_t fid, char *buf, size_t size);
/* At most ch->msize - P9_IO_HEADER bytes; returns how many. */
int64_t p9_read(struct p9_channel *ch, uint32_t fid, uint64_t pos, const struct vq_buf *pieces,
		unsigned n, uint32_t len);
int64_t p9_write(struct p9_channel *ch, uint32_t fid, uint64_t pos, const struct vq_buf *pieces,
		 unsigned n, uint32_t len);
/* Entries as p9_get_dirent takes them apart. */
int64_t p9_readdir(struct p9_channel *ch, uint32_t fid, uint64_t offset, void *buf, uint32_t len);
/* Begin a request about a name in a directory: fid, name. NULL: no memory. */
struct p9_req *p9_name_req(struct p9_channel *ch, uint8_t type, uint32_t fid, const char *name,
			   size_t len);

/* ---- fs/p9.c: inodes and attributes ---- */
/* The inode that a fid just walked to leads to (the fid is taken over, also on failure), found
 * under `name` in dir (NULL: the root). */
int p9_iget(struct p9_super *s, struct inode *dir, const char *name, size_t len, uint32_t fid,
	    struct inode **out);
struct inode *p9_inode_of(struct p9_super *s, const struct p9_attr *a);
/* Ask for the attributes. -ESTALE: the name leads to another file or none now. */
int p9_refresh(struct inode *in);
/* The same unless they were asked for so short a time ago that nobody can know of a change. */
int p9_refresh_old(struct inode *in);
/* The fid of the inode now has this place. */
void p9_moved(struct inode *in, struct inode *dir, const char *name, size_t len);
bool p9_has_name(const struct inode *in, const struct inode *dir, const char *name, size_t len);
void p9_name_gone(struct inode *in, struct inode *dir, const char *name, size_t len);
/* A fid for requests about the inode's path: its own, or an open file's. */
uint32_t p9_any_fid(struct inode *in);
int p9_inode_getattr(struct inode *in, struct kstat *st);
int p9_inode_setattr(struct inode *in, const struct setattr *a);
uint64_t p9_ino(struct p9_super *s, uint64_t path, uint64_t *dev);
void p9_destroy(struct inode *in);

/* ---- fs/p9_dir.c, fs/p9_file.c ---- */
extern const struct inode_ops p9_dir_inode_ops, p9_file_inode_ops;
extern const struct file_ops p9_dir_ops, p9_file_ops;
extern const struct pagecache_ops p9_cache_ops;
/* Open a file or directory for f->priv; fid P9_NOFID: a new one, else that one, opened already with
 * O_RDWR (taken over, also on failure). */
int p9_file_open(struct inode *in, unsigned flags, uint32_t fid, struct file **out);
void p9_file_release(struct file *f);
/* Open what can only be opened while the file has a name. */
void p9_before_unlink(struct inode *in);
/* An orphan's new size. */
void p9_orphan_resize(struct inode *in, uint64_t size);

#endif
