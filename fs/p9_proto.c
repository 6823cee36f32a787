/* SPDX-License-Identifier: MIT */
/* The wire format of 9P2000.L: see fs/p9_proto.h. */
#include "fs/p9_proto.h"

#include "kernel/abi/linux.h"
#include "kernel/string.h"

#define ERRNO_MAX   133 /* EHWPOISON; what lies above means something else inside the kernel */
#define NSEC	    1000000000ull
#define SECONDS_MAX (UINT64_MAX / NSEC - 1)
#define RGETATTR_TAIL                                                                              \
	32 /* btime, generation and data version: sent, but not filled in by any server */

/* ---- packing ---- */

static void put(struct p9_msg *m, uint64_t v, size_t n)
{
	if (m->bad || m->size - m->at < n) {
		m->bad = true;
		return;
	}
	for (; n; n--, v >>= 8)
		m->data[m->at++] = (uint8_t)v;
}

void p9_put8(struct p9_msg *m, uint8_t v)
{
	put(m, v, 1);
}

void p9_put16(struct p9_msg *m, uint16_t v)
{
	put(m, v, 2);
}

void p9_put32(struct p9_msg *m, uint32_t v)
{
	put(m, v, 4);
}

void p9_put64(struct p9_msg *m, uint64_t v)
{
	put(m, v, 8);
}

void p9_put_string(struct p9_msg *m, const char *s, size_t len)
{
	p9_put16(m, (uint16_t)len);
	if (m->bad || len > UINT16_MAX || m->size - m->at < len) {
		m->bad = true;
		return;
	}
	memcpy(m->data + m->at, s, len);
	m->at += len;
}

void p9_put_setattr(struct p9_msg *m, const struct p9_setattr *a)
{
	p9_put32(m, a->valid);
	p9_put32(m, a->mode);
	p9_put32(m, a->uid);
	p9_put32(m, a->gid);
	p9_put64(m, a->size);
	p9_put64(m, a->atime_ns / NSEC);
	p9_put64(m, a->atime_ns % NSEC);
	p9_put64(m, a->mtime_ns / NSEC);
	p9_put64(m, a->mtime_ns % NSEC);
}

void p9_begin(struct p9_msg *m, void *data, size_t size, uint8_t type, uint16_t tag)
{
	*m = (struct p9_msg){.data = data, .size = size};
	p9_put32(m, 0);
	p9_put8(m, type);
	p9_put16(m, tag);
}

int p9_end(struct p9_msg *m, size_t data)
{
	size_t used = m->at;

	if (m->bad)
		return -ENAMETOOLONG;
	m->at = 0;
	p9_put32(m, (uint32_t)(used + data));
	m->at = used;
	return 0;
}

/* ---- unpacking ---- */

static uint64_t get(struct p9_msg *m, size_t n)
{
	uint64_t v = 0;

	if (m->bad || m->size - m->at < n) {
		m->bad = true;
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		v |= (uint64_t)m->data[m->at++] << (8 * i);
	return v;
}

uint8_t p9_get8(struct p9_msg *m)
{
	return (uint8_t)get(m, 1);
}

uint16_t p9_get16(struct p9_msg *m)
{
	return (uint16_t)get(m, 2);
}

uint32_t p9_get32(struct p9_msg *m)
{
	return (uint32_t)get(m, 4);
}

uint64_t p9_get64(struct p9_msg *m)
{
	return get(m, 8);
}

const char *p9_get_string(struct p9_msg *m, size_t *len)
{
	const char *s;

	*len = p9_get16(m);
	if (m->bad || m->size - m->at < *len) {
		m->bad = true;
		*len = 0;
		return "";
	}
	s = (const char *)m->data + m->at;
	m->at += *len;
	return s;
}

void p9_get_qid(struct p9_msg *m, struct p9_qid *out)
{
	out->type = p9_get8(m);
	out->version = p9_get32(m);
	out->path = p9_get64(m);
}

int p9_reply(struct p9_msg *m, void *data, size_t room, size_t len, uint8_t type, uint16_t tag)
{
	uint32_t size, code;
	uint8_t got;

	*m = (struct p9_msg){.data = data, .size = MIN(room, len)};
	size = p9_get32(m);
	got = p9_get8(m);
	if (p9_get16(m) != tag || m->bad || size < P9_HEADER || size > len)
		return -EIO;
	m->size = MIN(m->size, (size_t)size);
	m->whole = size;
	if (got == type + 1)
		return 0;
	code = p9_get32(m);
	if (got != P9_RLERROR || m->bad || code < 1 || code > ERRNO_MAX)
		return -EIO;
	return -(int)code;
}

/* Seconds and nanoseconds. Times that 64 bits of nanoseconds do not hold become the first or last.
 */
static uint64_t get_time(struct p9_msg *m)
{
	uint64_t sec = p9_get64(m), nsec = p9_get64(m);

	if (nsec >= NSEC)
		m->bad = true;
	if ((int64_t)sec < 0)
		return 0;
	return sec > SECONDS_MAX ? UINT64_MAX : sec * NSEC + nsec;
}

int p9_get_attr(struct p9_msg *m, struct p9_attr *out)
{
	uint64_t valid = p9_get64(m);

	p9_get_qid(m, &out->qid);
	out->mode = p9_get32(m);
	out->uid = p9_get32(m);
	out->gid = p9_get32(m);
	out->nlink = p9_get64(m);
	out->rdev = p9_get64(m);
	out->size = p9_get64(m);
	out->blksize = p9_get64(m);
	out->blocks = p9_get64(m);
	out->atime_ns = get_time(m);
	out->mtime_ns = get_time(m);
	out->ctime_ns = get_time(m);
	if (m->bad || m->size - m->at < RGETATTR_TAIL)
		return -EIO;
	if ((valid & P9_GETATTR_BASIC) != P9_GETATTR_BASIC || out->size > INT64_MAX)
		return -EIO;
	switch (out->mode & S_IFMT) {
	case S_IFREG:
	case S_IFDIR:
	case S_IFLNK:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		return 0;
	default:
		return -EIO;
	}
}

int p9_get_statfs(struct p9_msg *m, struct p9_statfs *out)
{
	out->type = p9_get32(m);
	out->bsize = p9_get32(m);
	out->blocks = p9_get64(m);
	out->bfree = p9_get64(m);
	out->bavail = p9_get64(m);
	out->files = p9_get64(m);
	out->ffree = p9_get64(m);
	out->fsid = p9_get64(m);
	out->namelen = p9_get32(m);
	return m->bad ? -EIO : 0;
}

int p9_get_version(struct p9_msg *m, uint32_t offered, uint32_t *msize)
{
	size_t len;
	const char *text;

	*msize = p9_get32(m);
	text = p9_get_string(m, &len);
	if (m->bad || *msize > offered || *msize < PAGE_SIZE)
		return -EIO;
	return len == strlen(P9_VERSION_TEXT) && !memcmp(text, P9_VERSION_TEXT, len)
		   ? 0
		   : -EPROTONOSUPPORT;
}

int p9_get_walk(struct p9_msg *m, unsigned names, struct p9_qid *qid)
{
	unsigned n = p9_get16(m);

	if (m->bad || n > names)
		return -EIO;
	for (unsigned i = 0; i < n; i++)
		p9_get_qid(m, qid);
	if (m->bad)
		return -EIO;
	return n == names ? 0 : -ENOENT;
}

int64_t p9_get_count(struct p9_msg *m, uint32_t max, bool data)
{
	uint32_t n = p9_get32(m);

	if (m->bad || n > max || (data && n > m->whole - m->at))
		return -EIO;
	return n;
}

int p9_get_dirent(struct p9_msg *m, struct p9_dirent *out)
{
	if (m->at == m->size)
		return 0;
	p9_get_qid(m, &out->qid);
	out->offset = p9_get64(m);
	out->type = p9_get8(m);
	out->name = p9_get_string(m, &out->len);
	if (m->bad || out->len == 0 || out->len > NAME_MAX || out->offset > INT64_MAX)
		return -EIO;
	for (size_t i = 0; i < out->len; i++)
		if (out->name[i] == '/' || out->name[i] == 0)
			return -EIO;
	return 1;
}

/*
 * From the lowest bit up: z zeros, a one, z bits more. Read as a number from that one on, most
 * significant bit first, they are the index: 1 -> "1", 2 -> "010", 3 -> "011", 4 -> "00100".
 */
uint64_t p9_split_path(uint64_t path, uint64_t *ino)
{
	unsigned z = path ? (unsigned)__builtin_ctzll(path) : 64;
	uint64_t index = 0;

	*ino = path;
	if (2 * z + 1 > 63)
		return 0;
	for (unsigned i = z; i <= 2 * z; i++)
		index = index << 1 | ((path >> i) & 1);
	*ino = path >> (2 * z + 1);
	return index;
}
