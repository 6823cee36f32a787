/* SPDX-License-Identifier: MIT */
/*
 * Volumes: the data of files. Reads and writes go to the host each time; the page cache holds only
 * what is or was mapped while the file is open, and is kept equal to what is written here. What
 * programs stored into shared mappings is written back before somebody reads the file in the other
 * way, at fsync, msync and when the last open file goes.
 */
#include "fs/p9.h"

#include "kernel/heap.h"
#include "kernel/page.h"
#include "kernel/signal.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/uaccess.h"

#define CHUNK (256u * 1024) /* bytes per request; more is hardly faster and takes memory */
/* As in fs/p9_dir.c: QEMU keeps its descriptor. */
#define PIN O_EXCL
/* Of open(2)'s flags, those that mean something to the host. A FIFO that has taken the file's place
 * meanwhile must not hold the server up: O_NONBLOCK. */
#define HOST_FLAGS (O_ACCMODE | O_APPEND | O_DSYNC | O_SYNC | O_NOATIME)

static struct p9_file *p9_f(const struct file *f)
{
	return f->priv;
}

/* ---- opening ---- */

/* A new fid for the inode, opened. -ESTALE: its name leads to another file now. */
static int open_fid(struct inode *in, unsigned flags, uint32_t *out)
{
	struct p9_channel *ch = p9_ch(in);
	uint32_t from = p9_any_fid(in), fid;
	struct p9_qid qid;
	int r = from == P9_NOFID ? -ESTALE : p9_walk(ch, from, NULL, 0, &fid, &qid);

	if (r)
		return r;
	r = p9_lopen(ch, fid, (flags & HOST_FLAGS) | O_NONBLOCK | PIN, &qid);
	if (!r && qid.path != p9_i(in)->path)
		r = -ESTALE;
	if (r)
		p9_fid_clunk(ch, fid);
	else
		*out = fid;
	return r;
}

int p9_file_open(struct inode *in, unsigned flags, uint32_t fid, struct file **out)
{
	struct p9_file *pf = kzalloc(sizeof(*pf));
	int r = pf ? 0 : -ENOMEM;

	if (!r && fid == P9_NOFID)
		r = open_fid(in, flags, &fid);
	if (!r)
		r = file_new(in->fops, in, flags, 0, out);
	if (r) {
		p9_fid_clunk(p9_ch(in), fid);
		kfree(pf);
		return r;
	}
	inode_get(in);
	*pf = (struct p9_file){
	    .file = *out, .fid = fid, .plain_fid = P9_NOFID, .append = flags & O_APPEND};
	(*out)->priv = pf;
	list_add_tail(&pf->link, &p9_i(in)->files);
	return 0;
}

static int file_open(struct inode *in, struct dentry *d, unsigned flags, struct file **out)
{
	return p9_file_open(in, flags, P9_NOFID, out);
}

void p9_file_release(struct file *f)
{
	struct p9_file *pf = p9_f(f);
	struct p9_inode *pi = p9_i(f->inode);
	bool regular = inode_is(f->inode, S_IFREG);

	if (regular && pi->cache.n_dirty)
		pagecache_writeback(&pi->cache, 0, UINT64_MAX);
	list_del(&pf->link);
	if (regular && list_empty(&pi->files) && pi->cache.n_pages)
		pagecache_invalidate(&pi->cache, 0, UINT64_MAX);
	p9_fid_clunk(p9_ch(f->inode), pf->fid);
	p9_fid_clunk(p9_ch(f->inode), pf->plain_fid);
	kfree(pf);
}

/* A fid that writes where it is told to: the host appends through those opened with O_APPEND. */
static int plain_fid(struct p9_file *pf, uint32_t *out)
{
	int r = 0;

	*out = pf->fid;
	if (!pf->append)
		return 0;
	if (pf->plain_fid == P9_NOFID)
		r = open_fid(pf->file->inode, pf->file->flags & ~O_APPEND, &pf->plain_fid);
	*out = pf->plain_fid;
	return r;
}

void p9_before_unlink(struct inode *in)
{
	struct p9_file *pf;
	uint32_t fid;

	list_for_each (pf, &p9_i(in)->files, link)
		if (pf->append && file_writable(pf->file))
			(void)plain_fid(pf, &fid);
}

/* ---- orphans: truncation is only noted, because the protocol truncates by name ---- */

void p9_orphan_resize(struct inode *in, uint64_t size)
{
	struct p9_inode *pi = p9_i(in);

	uint64_t less = MIN(in->size, size);

	pi->stale_from = MIN(pi->stale_from, size);
	in->size = size;
	pagecache_truncate(&pi->cache, less);
}

/* What was read into buf from pos on, of before a truncation, reads as zeros. */
static void hide_stale(struct p9_inode *pi, uint64_t pos, void *buf, size_t n)
{
	uint64_t from = MAX(pos, pi->stale_from);

	if (pi->orphan && from < pos + n)
		memset((char *)buf + (from - pos), 0, pos + n - from);
}

/* A buffer for a transfer of `want` bytes; *size is what there is. NULL: no memory. */
static void *buffer(size_t want, size_t *size)
{
	void *p;

	*size = MIN(want, (size_t)CHUNK);
	while (!(p = kmalloc(*size)) && *size > PAGE_SIZE)
		*size = MAX(*size / 2, PAGE_SIZE);
	return p;
}

/*
 * Before a write at pos: what lies between the good data and it becomes zeros at the host too. That
 * can be any amount, in a sparse file: a thread that is to die gives up after the first chunk.
 */
static int bury_stale(struct p9_inode *pi, uint32_t fid, uint64_t pos)
{
	uint64_t to = MIN(pos, pi->host_size);
	struct vq_buf piece;
	size_t room;
	int64_t n = 0;

	if (!pi->orphan || pi->stale_from >= to)
		return 0;
	piece.addr = buffer(to - pi->stale_from, &room);
	if (!piece.addr)
		return -ENOMEM;
	memset(piece.addr, 0, room);
	do {
		piece.len = (uint32_t)MIN(room, to - pi->stale_from);
		n = p9_write(p9_ch(&pi->in), fid, pi->stale_from, &piece, 1, piece.len);
		if (n == 0)
			n = -EIO;
		if (n > 0)
			pi->stale_from += (uint64_t)n;
	} while (n >= 0 && pi->stale_from < to && !signal_kills(current));
	kfree(piece.addr);
	return n < 0 ? (int)n : pi->stale_from < to ? -EINTR : 0;
}

/* `n` bytes were stored at pos. */
static void orphan_wrote(struct p9_inode *pi, uint64_t pos, uint64_t n)
{
	if (!pi->orphan)
		return;
	pi->host_size = MAX(pi->host_size, pos + n);
	pi->stale_from = MAX(pi->stale_from, pos + n);
	if (pi->stale_from > pi->host_size)
		pi->stale_from = pi->host_size;
	inode_modified(&pi->in);
}

/* ---- read and write ---- */

static int flush_mapped(struct p9_inode *pi, uint64_t pos, size_t len)
{
	uint64_t last = pos + MAX(len, 1ul) - 1;

	if (!pi->cache.n_dirty)
		return 0;
	return pagecache_writeback(&pi->cache, pos >> PAGE_SHIFT,
				   (last < pos ? UINT64_MAX : last) >> PAGE_SHIFT);
}

static ssize_t file_read_at(struct file *f, struct iter *to, uint64_t *pos)
{
	struct inode *in = f->inode;
	struct p9_inode *pi = p9_i(in);
	size_t room, copied;
	struct vq_buf piece;
	ssize_t done = 0;
	int64_t n = flush_mapped(pi, *pos, to->left);

	if (n || !to->left)
		return n;
	piece.addr = buffer(to->left, &room);
	if (!piece.addr)
		return -ENOMEM;
	while (to->left) {
		piece.len = (uint32_t)MIN(to->left, room);
		if (pi->orphan)
			piece.len = (uint32_t)MIN(piece.len, in->size - MIN(*pos, in->size));
		if (!piece.len)
			break;
		n = p9_read(p9_ch(in), p9_f(f)->fid, *pos, &piece, 1, piece.len);
		if (n >= 0 && pi->orphan) {
			memset((char *)piece.addr + n, 0, piece.len - (size_t)n);
			n = piece.len;
			hide_stale(pi, *pos, piece.addr, (size_t)n);
		}
		if (n <= 0)
			break;
		copied = iter_write(to, piece.addr, (size_t)n);
		*pos += copied;
		done += (ssize_t)copied;
		if (copied < (size_t)n) {
			n = -EFAULT;
			break;
		}
		if (n < piece.len) /* the end */
			break;
	}
	kfree(piece.addr);
	return done || n > 0 ? done : n;
}

/* Where the write goes, how much of it the limits allow, and through which fid. Caller holds
 * in->lock. */
static int write_begin(struct file *f, struct iter *from, uint64_t *pos, uint32_t *fid)
{
	struct inode *in = f->inode;
	struct p9_file *pf = p9_f(f);
	bool append = iter_appends(from, f->flags);
	uint64_t limit = MAX_FILE_SIZE;
	uint32_t mode = in->mode;
	int r = 0;

	*fid = pf->fid;
	if (append && !pf->append)
		r = p9_refresh(in); /* of an append by the host the end is only our guess */
	else if (!append ||
		 p9_i(in)->orphan) /* its end at the host is another after a truncation */
		r = plain_fid(pf, fid);
	if (r && r != -ESTALE)
		return r;
	if (append)
		*pos = in->size;
	r = inode_check_limit(*pos + 1);
	if (r)
		return r;
	if (current)
		limit = MIN(limit, (uint64_t)current_process()->limits[RLIMIT_FSIZE].rlim_cur);
	from->left = MIN(from->left, limit - *pos);
	inode_strip_setid(in);
	if (mode != in->mode && !p9_i(in)->orphan) {
		struct p9_setattr a = {.valid = P9_SET_MODE, .mode = in->mode & 07777};

		p9_setattr(p9_ch(in), p9_any_fid(in), &a);
	}
	return bury_stale(p9_i(in), *fid, *pos);
}

/* Note that buf was stored at pos. Caller holds in->lock. */
static void wrote(struct inode *in, uint64_t pos, const void *buf, size_t n)
{
	struct p9_inode *pi = p9_i(in);

	if (pos + n > in->size)
		in->size = pos + n;
	pi->asked_ns = 0;
	orphan_wrote(pi, pos, n);
	if (pi->cache.n_pages)
		pagecache_update(&pi->cache, pos, buf, n);
}

/* Caller holds in->lock. Bytes or -errno. */
static ssize_t write_chunks(struct file *f, struct iter *from, uint64_t *pos, uint32_t fid)
{
	struct inode *in = f->inode;
	size_t room, got = 0;
	struct vq_buf piece;
	ssize_t done = 0;
	int64_t n = 0;

	piece.addr = buffer(from->left, &room);
	if (!piece.addr)
		return -ENOMEM;
	while (from->left) {
		got = iter_read(from, piece.addr, MIN(from->left, room));
		if (!got) {
			n = -EFAULT;
			break;
		}
		piece.len = (uint32_t)got;
		n = p9_write(p9_ch(in), fid, *pos, &piece, 1, piece.len);
		if (n > 0) {
			wrote(in, *pos, piece.addr, (size_t)n);
			*pos += (uint64_t)n;
			done += n;
		}
		if (n < (int64_t)got) {
			iter_revert(from, got - (n > 0 ? (size_t)n : 0));
			break;
		}
	}
	kfree(piece.addr);
	return done ? done : (ssize_t)n;
}

static ssize_t file_write_at(struct file *f, struct iter *from, uint64_t *pos)
{
	struct inode *in = f->inode;
	uint32_t fid;
	ssize_t r;

	if (!from->left)
		return 0;
	mutex_lock(&in->lock);
	r = write_begin(f, from, pos, &fid);
	if (!r)
		r = write_chunks(f, from, pos, fid);
	mutex_unlock(&in->lock);
	return r;
}

static int64_t file_seek_to(struct file *f, int64_t off, int whence)
{
	int r = whence == SEEK_SET || whence == SEEK_CUR ? 0 : p9_refresh_old(f->inode);

	return r && r != -ESTALE ? r : generic_seek(f, off, whence, f->inode->size);
}

static int file_sync(struct file *f, bool data_only)
{
	struct p9_inode *pi = p9_i(f->inode);
	int r = flush_mapped(pi, 0, SIZE_MAX),
	    e = p9_fsync(p9_ch(f->inode), p9_f(f)->fid, data_only);

	return r ? r : e;
}

static long file_ioctl(struct file *f, unsigned cmd, uaddr_t arg)
{
	int r;

	if (cmd != FIONREAD)
		return -ENOTTY;
	r = p9_refresh_old(f->inode);
	return r && r != -ESTALE ? r : put_user(arg, (int)(f->inode->size - f->pos));
}

/* ---- mappings ---- */

static uint64_t pages_of(const struct inode *in)
{
	return (READ_ONCE(in->size) + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

/* Context: under mm->lock. */
static int file_map_page(struct file *f, uint64_t index, bool write, struct page **out)
{
	struct p9_inode *pi = p9_i(f->inode);

	if (index >= pages_of(f->inode))
		p9_refresh(f->inode); /* it may have grown at the host */
	return pagecache_map(&pi->cache, index, pages_of(f->inode), write, out);
}

static void file_map_around(struct file *f, uint64_t first, size_t n, struct page **out)
{
	pagecache_map_around(&p9_i(f->inode)->cache, first, n, pages_of(f->inode), out);
}

/* An open file that can read, or write: mappings keep theirs open. */
static struct p9_file *find_file(struct p9_inode *pi, bool write)
{
	struct p9_file *pf;

	list_for_each (pf, &pi->files, link)
		if (write ? file_writable(pf->file) : file_readable(pf->file))
			return pf;
	return NULL;
}

static unsigned fill_pieces(struct vq_buf *pieces, struct page **pages, size_t n)
{
	unsigned i;

	for (i = 0; i < n && i < P9_MAX_PIECES; i++)
		pieces[i] = (struct vq_buf){page_to_virt(pages[i]), PAGE_SIZE};
	return i;
}

/* Clear what lies behind `got` bytes, and an orphan's old data. */
static void finish_pages(struct p9_inode *pi, uint64_t pos, struct page **pages, unsigned n,
			 uint64_t got)
{
	for (unsigned i = 0; i < n; i++) {
		uint64_t at = (uint64_t)i << PAGE_SHIFT, used = got > at ? got - at : 0;
		char *p = page_to_virt(pages[i]);

		used = MIN(used, PAGE_SIZE);
		memset(p + used, 0, PAGE_SIZE - used);
		hide_stale(pi, pos + at, p, PAGE_SIZE);
	}
}

static int cache_read(struct pagecache *pc, uint64_t index, struct page **pages, size_t n)
{
	struct p9_inode *pi = container_of(pc, struct p9_inode, cache);
	struct vq_buf pieces[P9_MAX_PIECES];
	struct p9_file *pf = find_file(pi, false);
	size_t done = 0;

	if (!pf)
		return -EIO;
	while (done < n) {
		unsigned k = fill_pieces(pieces, pages + done, n - done);
		uint64_t pos = (index + done) << PAGE_SHIFT;
		int64_t r = p9_read(p9_ch(&pi->in), pf->fid, pos, pieces, k, k << PAGE_SHIFT);

		if (r < 0)
			return (int)r;
		finish_pages(pi, pos, pages + done, k, (uint64_t)r);
		done += k;
	}
	return 0;
}

/* Store the first `len` bytes of k pages at pos. */
static int store_pages(struct p9_inode *pi, uint32_t fid, uint64_t pos, struct vq_buf *pieces,
		       unsigned k, uint32_t len)
{
	int64_t r;
	int e = bury_stale(pi, fid, pos);

	if (e)
		return e;
	if (len & ~PAGE_MASK)
		pieces[k - 1].len = len & ~PAGE_MASK;
	r = p9_write(p9_ch(&pi->in), fid, pos, pieces, k, len);
	if (r >= 0 && r < len)
		r = -ENOSPC; /* a local file that takes a part has no room for the rest */
	if (r < 0)
		return (int)r;
	orphan_wrote(pi, pos, len);
	pi->asked_ns = 0;
	return 0;
}

static int cache_write(struct pagecache *pc, uint64_t index, struct page **pages, size_t n)
{
	struct p9_inode *pi = container_of(pc, struct p9_inode, cache);
	struct vq_buf pieces[P9_MAX_PIECES];
	struct p9_file *pf = find_file(pi, true);
	uint32_t fid;
	size_t done = 0;
	int r = pf ? plain_fid(pf, &fid) : -EIO;

	while (!r && done < n) {
		unsigned k = fill_pieces(pieces, pages + done, n - done);
		uint64_t pos = (index + done) << PAGE_SHIFT, size = READ_ONCE(pi->in.size);

		if (pos >= size)
			break;
		done += k;
		k = (unsigned)MIN((uint64_t)k, (size - pos + PAGE_SIZE - 1) >> PAGE_SHIFT);
		r = store_pages(pi, fid, pos, pieces, k,
				(uint32_t)MIN((uint64_t)k << PAGE_SHIFT, size - pos));
	}
	return r;
}

const struct pagecache_ops p9_cache_ops = {.read = cache_read, .write = cache_write};

const struct inode_ops p9_file_inode_ops = {
    .getattr = p9_inode_getattr,
    .setattr = p9_inode_setattr,
    .open = file_open,
    .destroy = p9_destroy,
};

const struct file_ops p9_file_ops = {
    .read = file_read_at,
    .write = file_write_at,
    .ioctl = file_ioctl,
    .seek = file_seek_to,
    .fsync = file_sync,
    .map_page = file_map_page,
    .map_around = file_map_around,
    .release = p9_file_release,
};
