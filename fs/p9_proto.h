/* SPDX-License-Identifier: MIT */
/*
 * The wire format of 9P2000.L: packing requests, unpacking replies. Pure; also compiled on the
 * host. No byte of a reply is trusted: reading past its end, or anything that cannot be, makes the
 * message bad, and a bad message gives zeros and in the end -EIO.
 */
#ifndef FS_P9_PROTO_H
#define FS_P9_PROTO_H

#include "kernel/abi/9p.h"
#include "kernel/types.h"

/* A message being written or read. */
struct p9_msg {
	uint8_t *data;
	size_t size;  /* bytes at data; when reading: that the other side wrote */
	size_t at;    /* where the next field goes or comes from */
	size_t whole; /* when reading: size of the message with data that is elsewhere */
	bool bad;     /* it did not fit, or was not there */
};

struct p9_qid {
	uint8_t type;
	uint32_t version;
	uint64_t path;
};

struct p9_attr {
	struct p9_qid qid;
	uint32_t mode, uid, gid;
	uint64_t nlink, rdev, size, blksize, blocks;
	uint64_t atime_ns, mtime_ns, ctime_ns; /* since 1970 */
};

struct p9_setattr {
	uint32_t valid; /* P9_SET_* */
	uint32_t mode, uid, gid;
	uint64_t size, atime_ns, mtime_ns;
};

struct p9_statfs {
	uint32_t type, bsize;
	uint64_t blocks, bfree, bavail, files, ffree, fsid;
	uint32_t namelen;
};

struct p9_dirent {
	struct p9_qid qid;
	uint64_t offset; /* of the entry after it */
	uint8_t type;	 /* DT_* */
	const char *name;
	size_t len;
};

/* ---- requests ---- */
void p9_begin(struct p9_msg *m, void *data, size_t size, uint8_t type, uint16_t tag);
void p9_put8(struct p9_msg *m, uint8_t v);
void p9_put16(struct p9_msg *m, uint16_t v);
void p9_put32(struct p9_msg *m, uint32_t v);
void p9_put64(struct p9_msg *m, uint64_t v);
void p9_put_string(struct p9_msg *m, const char *s, size_t len);
void p9_put_setattr(struct p9_msg *m, const struct p9_setattr *a);
/* Writes the size field, for a message followed by `data` bytes elsewhere. Returns 0 or
 * -ENAMETOOLONG (it did not fit). */
int p9_end(struct p9_msg *m, size_t data);

/* ---- replies ---- */
/*
 * The answer of `len` bytes to a request of `type`: leaves m at the first field. room: bytes that
 * the reader has in one piece at data (the rest of the answer is data elsewhere). 0, the error it
 * reports, or -EIO if it is no answer to that request.
 */
int p9_reply(struct p9_msg *m, void *data, size_t room, size_t len, uint8_t type, uint16_t tag);
uint8_t p9_get8(struct p9_msg *m);
uint16_t p9_get16(struct p9_msg *m);
uint32_t p9_get32(struct p9_msg *m);
uint64_t p9_get64(struct p9_msg *m);
/* Points into the message; not terminated. "" if bad. */
const char *p9_get_string(struct p9_msg *m, size_t *len);
void p9_get_qid(struct p9_msg *m, struct p9_qid *out);
/* 0, or -EIO if the message is bad or its values cannot be. */
int p9_get_attr(struct p9_msg *m, struct p9_attr *out);
int p9_get_statfs(struct p9_msg *m, struct p9_statfs *out);
/* Rversion: the size of messages agreed on. 0, -EPROTONOSUPPORT (no 9P2000.L), -EIO. */
int p9_get_version(struct p9_msg *m, uint32_t offered, uint32_t *msize);
/* Rwalk after a walk of `names` names: 0, -ENOENT (it did not get to the end), -EIO. qid is that of
 * the last name and untouched if there was none. */
int p9_get_walk(struct p9_msg *m, unsigned names, struct p9_qid *qid);
/* Rwrite, or with `data` Rread and Rreaddir, whose data must then be in the message: a count of at
 * most `max`. Bytes or -EIO. */
int64_t p9_get_count(struct p9_msg *m, uint32_t max, bool data);
/* The next entry of a directory, of the bytes of Rreaddir alone: 1, 0 (end), -EIO. Names that no
 * directory has (empty, with a slash or a zero byte) are -EIO too. */
int p9_get_dirent(struct p9_msg *m, struct p9_dirent *out);

/*
 * QEMU's multidevs=remap makes one number of device and inode: the inode number shifted up, below
 * it a code of variable length for the device. Takes the two apart again; whatever the server does,
 * different paths give different pairs. Returns the device's index, 1 for the first; 0: no such
 * code, *ino is the path.
 */
uint64_t p9_split_path(uint64_t path, uint64_t *ino);

#endif
