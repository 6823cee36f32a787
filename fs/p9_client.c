/* SPDX-License-Identifier: MIT */
/* The requests of 9P2000.L, one function each: pack, call, unpack. */
#include "fs/p9.h"
#include "kernel/abi/linux.h"
#include "kernel/string.h"

struct p9_req *p9_name_req(struct p9_channel *ch, uint8_t type, uint32_t fid, const char *name,
			   size_t len)
{
	struct p9_req *r = p9_req_new(ch, type);

	if (!r)
		return NULL;
	p9_put32(&r->m, fid);
	p9_put_string(&r->m, name, len);
	return r;
}

/* Begin a request whose first field is a fid. */
static struct p9_req *fid_req(struct p9_channel *ch, uint8_t type, uint32_t fid)
{
	struct p9_req *r = p9_req_new(ch, type);

	if (r)
		p9_put32(&r->m, fid);
	return r;
}

static int get_qid(struct p9_req *r, struct p9_qid *qid)
{
	int e = p9_req_call_or_put(r);

	if (e)
		return e;
	p9_get_qid(&r->m, qid);
	e = r->m.bad ? -EIO : 0;
	p9_req_put(r);
	return e;
}

/* Agree on the version first: that is also what makes the server forget all fids. */
static int version(struct p9_channel *ch)
{
	struct p9_req *r = p9_req_new(ch, P9_TVERSION);
	uint16_t tag;
	int e;

	if (!r)
		return -ENOMEM;
	tag = r->tag;
	r->tag = P9_NOTAG;
	p9_begin(&r->m, r->buf, P9_SLOT_BUF, P9_TVERSION, P9_NOTAG);
	p9_put32(&r->m, P9_MSIZE);
	p9_put_string(&r->m, P9_VERSION_TEXT, strlen(P9_VERSION_TEXT));
	e = p9_req_call(r, NULL);
	if (!e)
		e = p9_get_version(&r->m, P9_MSIZE, &ch->msize);
	r->tag = tag;
	p9_req_put(r);
	return e;
}

int p9_attach(struct p9_channel *ch, uint32_t uid, uint32_t *fid, struct p9_qid *qid)
{
	struct p9_req *r;
	int e = version(ch);

	if (e)
		return e;
	*fid = p9_fid_new(ch);
	r = fid_req(ch, P9_TATTACH, *fid);
	if (!r) {
		p9_fid_unused(ch, *fid);
		return -ENOMEM;
	}
	p9_put32(&r->m, P9_NOFID);
	p9_put_string(&r->m, "", 0);
	p9_put_string(&r->m, "", 0);
	p9_put32(&r->m, uid);
	e = get_qid(r, qid);
	if (e)
		p9_fid_unused(ch, *fid);
	return e;
}

int p9_walk(struct p9_channel *ch, uint32_t fid, const char *name, size_t len, uint32_t *out,
	    struct p9_qid *qid)
{
	struct p9_req *r = fid_req(ch, P9_TWALK, fid);
	int e;

	if (!r)
		return -ENOMEM;
	*out = p9_fid_new(ch);
	p9_put32(&r->m, *out);
	p9_put16(&r->m, name ? 1 : 0);
	if (name)
		p9_put_string(&r->m, name, len);
	e = p9_req_call(r, NULL);
	if (!e)
		e = p9_get_walk(&r->m, name ? 1 : 0, qid);
	p9_req_put(r);
	if (e)
		p9_fid_unused(ch, *out);
	return e;
}

int p9_getattr(struct p9_channel *ch, uint32_t fid, struct p9_attr *out)
{
	struct p9_req *r = fid_req(ch, P9_TGETATTR, fid);
	int e;

	if (!r)
		return -ENOMEM;
	p9_put64(&r->m, P9_GETATTR_BASIC);
	e = p9_req_call(r, NULL);
	if (!e)
		e = p9_get_attr(&r->m, out);
	p9_req_put(r);
	return e;
}

int p9_setattr(struct p9_channel *ch, uint32_t fid, const struct p9_setattr *a)
{
	struct p9_req *r = fid_req(ch, P9_TSETATTR, fid);

	if (!r)
		return -ENOMEM;
	p9_put_setattr(&r->m, a);
	return p9_req_finish(r);
}

int p9_lopen(struct p9_channel *ch, uint32_t fid, uint32_t flags, struct p9_qid *qid)
{
	struct p9_req *r = fid_req(ch, P9_TLOPEN, fid);

	if (!r)
		return -ENOMEM;
	p9_put32(&r->m, flags);
	return get_qid(r, qid);
}

int p9_lcreate(struct p9_channel *ch, uint32_t fid, const char *name, size_t len, uint32_t flags,
	       uint32_t mode, uint32_t gid, struct p9_qid *qid)
{
	struct p9_req *r = p9_name_req(ch, P9_TLCREATE, fid, name, len);

	if (!r)
		return -ENOMEM;
	p9_put32(&r->m, flags);
	p9_put32(&r->m, mode);
	p9_put32(&r->m, gid);
	return get_qid(r, qid);
}

int p9_fsync(struct p9_channel *ch, uint32_t fid, bool data_only)
{
	struct p9_req *r = fid_req(ch, P9_TFSYNC, fid);

	if (!r)
		return -ENOMEM;
	p9_put32(&r->m, data_only);
	return p9_req_finish(r);
}

int p9_statfs(struct p9_channel *ch, uint32_t fid, struct p9_statfs *out)
{
	struct p9_req *r = fid_req(ch, P9_TSTATFS, fid);
	int e;

	if (!r)
		return -ENOMEM;
	e = p9_req_call(r, NULL);
	if (!e)
		e = p9_get_statfs(&r->m, out);
	p9_req_put(r);
	return e;
}

int p9_readlink(struct p9_channel *ch, uint32_t fid, char *buf, size_t size)
{
	struct p9_req *r = fid_req(ch, P9_TREADLINK, fid);
	const char *text;
	size_t len;
	int e;

	if (!r)
		return -ENOMEM;
	e = p9_req_call_or_put(r);
	if (e)
		return e;
	text = p9_get_string(&r->m, &len);
	if (r->m.bad || !len || memchr(text, 0, len)) {
		e = -EIO;
	} else {
		e = (int)MIN(size, len);
		memcpy(buf, text, (size_t)e);
	}
	p9_req_put(r);
	return e;
}

/* A request about `len` bytes at pos, with the data in pieces. */
static int64_t transfer(struct p9_channel *ch, uint8_t type, uint32_t fid, uint64_t pos,
			const struct vq_buf *pieces, unsigned n, uint32_t len)
{
	struct p9_req *r = fid_req(ch, type, fid);
	struct p9_data data = {pieces, n, type != P9_TWRITE, len};
	int64_t e;

	if (!r)
		return -ENOMEM;
	p9_put64(&r->m, pos);
	p9_put32(&r->m, len);
	e = p9_req_call(r, &data);
	if (!e)
		e = p9_get_count(&r->m, len, data.in);
	p9_req_put(r);
	return e;
}

int64_t p9_read(struct p9_channel *ch, uint32_t fid, uint64_t pos, const struct vq_buf *pieces,
		unsigned n, uint32_t len)
{
	return transfer(ch, P9_TREAD, fid, pos, pieces, n, len);
}

int64_t p9_write(struct p9_channel *ch, uint32_t fid, uint64_t pos, const struct vq_buf *pieces,
		 unsigned n, uint32_t len)
{
	return transfer(ch, P9_TWRITE, fid, pos, pieces, n, len);
}

int64_t p9_readdir(struct p9_channel *ch, uint32_t fid, uint64_t offset, void *buf, uint32_t len)
{
	struct vq_buf piece = {buf, len};

	return transfer(ch, P9_TREADDIR, fid, offset, &piece, 1, len);
}
