/* SPDX-License-Identifier: MIT */
/* Registered files and buffers. A buffer is a range of program memory that was there when it was
 * registered; its pages are not kept. */
#include "kernel/heap.h"
#include "kernel/string.h"
#include "syscalls/uring/uring.h"
#include "syscalls/util.h"

#define MAX_FILES   (1u << 20)
#define MAX_BUFFERS (1u << 14)
#define MAX_BUFFER  (1ul << 30)
#define FILE_SKIP   (-2) /* in an update: leave that slot alone */

/* ---- slots ---- */

struct uring_rsrc *uring_rsrc_get(struct uring_table *t, unsigned i)
{
	struct uring_rsrc *n = i < t->n ? t->slots[i] : NULL;

	if (n)
		n->refs++;
	return n;
}

void uring_rsrc_put(struct uring *r, struct uring_rsrc *n)
{
	if (--n->refs)
		return;
	if (n->tag)
		uring_post(r, n->tag, 0, 0, false);
	if (n->file)
		file_put(n->file);
	kfree(n);
}

static void clear(struct uring *r, struct uring_table *t, unsigned i)
{
	struct uring_rsrc *n = t->slots[i];

	t->slots[i] = NULL;
	if (!n)
		return;
	r->locked -= n->file ? 0 : n->len;
	uring_rsrc_put(r, n);
}

void uring_table_free(struct uring *r, struct uring_table *t)
{
	for (unsigned i = 0; i < t->n; i++)
		clear(r, t, i);
	kfree(t->slots);
	*t = (struct uring_table){0};
}

static int table_make(struct uring_table *t, unsigned n)
{
	t->slots = kzalloc(n * sizeof(t->slots[0]));
	if (!t->slots)
		return -ENOMEM;
	t->n = t->alloc_to = n;
	return 0;
}

static struct uring_rsrc *rsrc_new(uint64_t tag)
{
	struct uring_rsrc *n = kzalloc(sizeof(*n));

	if (n) {
		n->refs = 1;
		n->tag = tag;
	}
	return n;
}

/* ---- files ---- */

static int set_file(struct uring *r, unsigned i, struct file *f, uint64_t tag)
{
	struct uring_rsrc *n = rsrc_new(tag);

	if (!n)
		return -ENOMEM;
	n->file = f;
	clear(r, &r->files, i);
	r->files.slots[i] = n;
	return 0;
}

static long free_slot(const struct uring_table *t)
{
	for (unsigned i = t->alloc_from; i < t->alloc_to; i++)
		if (!t->slots[i])
			return i;
	return -ENFILE;
}

long uring_file_install(struct uring *r, struct file *f, unsigned index)
{
	bool any = index == IORING_FILE_INDEX_ALLOC;
	long slot = any ? free_slot(&r->files) : (long)index - 1;
	int e;

	if (uring_of(f))
		return -EBADF;
	if (!r->files.n)
		return -ENXIO;
	if (slot < 0)
		return slot;
	if (slot >= r->files.n)
		return -EINVAL;
	e = set_file(r, (unsigned)slot, f, 0);
	return e ? e : any ? slot : 0;
}

long uring_new_fd(struct uring_req *q, struct file *f, bool cloexec)
{
	long r;

	if (!q->sqe.file_index)
		return fd_new(f, cloexec);
	r = uring_file_install(q->ring, f, q->sqe.file_index);
	if (r < 0)
		file_put(f);
	return r;
}

int uring_file_remove(struct uring *r, unsigned slot)
{
	if (!r->files.n)
		return -ENXIO;
	if (slot >= r->files.n)
		return -EINVAL;
	if (!r->files.slots[slot])
		return -EBADF;
	clear(r, &r->files, slot);
	return 0;
}

/* One slot from a descriptor of the program; -1: nothing. */
static int file_from_fd(struct uring *r, unsigned i, int fd, uint64_t tag)
{
	struct file *f;
	int e;

	if (fd == -1) {
		clear(r, &r->files, i);
		return tag ? -EINVAL : 0;
	}
	f = fd_file(fd);
	if (!f)
		return -EBADF;
	e = uring_of(f) ? -EBADF : set_file(r, i, f, tag);
	if (e)
		file_put(f);
	return e;
}

/* ---- buffers ---- */

/* Every page can be read: 0 or -EFAULT. */
static int probe(uaddr_t addr, size_t len)
{
	char c;

	for (size_t at = 0; at < len; at += PAGE_SIZE - (addr + at) % PAGE_SIZE)
		if (get_user(&c, addr + at))
			return -EFAULT;
	return 0;
}

static int buffer_from_iov(struct uring *r, unsigned i, const struct iovec *v, uint64_t tag)
{
	uaddr_t addr = (uaddr_t)v->iov_base;
	struct uring_rsrc *n;

	if (!addr && !v->iov_len) {
		clear(r, &r->bufs, i);
		return tag ? -EINVAL : 0;
	}
	if (!addr || !v->iov_len || v->iov_len > MAX_BUFFER || !user_range_ok(addr, v->iov_len))
		return -EFAULT;
	if (!capable(CAP_IPC_LOCK) &&
	    r->locked + v->iov_len > current_process()->limits[RLIMIT_MEMLOCK].rlim_cur)
		return -ENOMEM;
	if (probe(addr, v->iov_len))
		return -EFAULT;
	n = rsrc_new(tag);
	if (!n)
		return -ENOMEM;
	n->addr = addr;
	n->len = v->iov_len;
	clear(r, &r->bufs, i);
	r->bufs.slots[i] = n;
	r->locked += n->len;
	return 0;
}

/* ---- registering ---- */

struct request {
	bool files;
	unsigned from, n;
	uaddr_t data, tags; /* tags: 0 for none */
};

static int fill_one(struct uring *r, const struct request *q, unsigned i, bool update)
{
	uint64_t tag = 0;
	struct iovec v;
	int fd;

	if (q->tags && get_user(&tag, q->tags + i * sizeof(tag)))
		return -EFAULT;
	if (q->files) {
		if (get_user(&fd, q->data + i * sizeof(fd)))
			return -EFAULT;
		if (update && fd == FILE_SKIP)
			return tag ? -EINVAL : 0;
		return file_from_fd(r, q->from + i, fd, tag);
	}
	if (get_user(&v, q->data + i * sizeof(v)))
		return -EFAULT;
	return buffer_from_iov(r, q->from + i, &v, tag);
}

static int table_new(struct uring *r, const struct request *q, bool sparse)
{
	struct uring_table *t = q->files ? &r->files : &r->bufs;
	int e;

	if (t->slots)
		return -EBUSY;
	if (!q->n)
		return -EINVAL;
	if (q->n > (q->files ? MAX_FILES : MAX_BUFFERS))
		return q->files ? -EMFILE : -EINVAL;
	if (q->files && q->n > current_process()->limits[RLIMIT_NOFILE].rlim_cur)
		return -EMFILE;
	e = table_make(t, q->n);
	for (unsigned i = 0; !e && !sparse && i < q->n; i++)
		e = fill_one(r, q, i, false);
	if (e)
		uring_table_free(r, t);
	return e;
}

/* How many slots were changed, or the error of the first. */
static long update(struct uring *r, const struct request *q)
{
	const struct uring_table *t = q->files ? &r->files : &r->bufs;
	unsigned done = 0;
	int e = 0;

	if (!t->slots)
		return -ENXIO;
	if (q->from > t->n || q->n > t->n - q->from)
		return -EINVAL;
	while (done < q->n && !(e = fill_one(r, q, done, true)))
		done++;
	return done ? (long)done : e;
}

/* IORING_OP_FILES_UPDATE. */
long uring_files_update_op(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;
	const struct request req = {
	    .files = true, .from = (unsigned)s->off, .n = s->len, .data = s->addr};

	if ((s->flags & (IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT)) || s->rw_flags ||
	    s->splice_fd_in || !s->len || s->off == IORING_FILE_INDEX_ALLOC)
		return -EINVAL;
	return update(q->ring, &req);
}

/* The forms with a structure whose size is given. */
static long register2(struct uring *r, bool files, uaddr_t arg, unsigned size)
{
	struct io_uring_rsrc_register a;
	struct request q = {.files = files};
	bool sparse;

	if (size != sizeof(a))
		return -EINVAL;
	if (get_user(&a, arg))
		return -EFAULT;
	sparse = a.flags & IORING_RSRC_REGISTER_SPARSE;
	if (!a.nr || a.resv2 || (a.flags & ~IORING_RSRC_REGISTER_SPARSE) || (sparse && a.data))
		return -EINVAL;
	q.n = a.nr;
	q.data = a.data;
	q.tags = a.tags;
	return table_new(r, &q, sparse);
}

static long update2(struct uring *r, bool files, uaddr_t arg, unsigned size)
{
	struct io_uring_rsrc_update2 a;
	struct request q = {.files = files};

	if (size != sizeof(a))
		return -EINVAL;
	if (get_user(&a, arg))
		return -EFAULT;
	if (!a.nr || a.resv || a.resv2)
		return -EINVAL;
	q.from = a.offset;
	q.n = a.nr;
	q.data = a.data;
	q.tags = a.tags;
	return update(r, &q);
}

static long files_update(struct uring *r, uaddr_t arg, unsigned n)
{
	struct io_uring_rsrc_update a;
	struct request q = {.files = true, .n = n};

	if (!n)
		return -EINVAL;
	if (get_user(&a, arg))
		return -EFAULT;
	if (a.resv)
		return -EINVAL;
	q.from = a.offset;
	q.data = a.data;
	return update(r, &q);
}

static long alloc_range(struct uring *r, uaddr_t arg, unsigned n)
{
	struct io_uring_file_index_range a;

	if (!arg || n)
		return -EINVAL;
	if (get_user(&a, arg))
		return -EFAULT;
	if (a.len > UINT32_MAX - a.off)
		return -EOVERFLOW;
	if (a.resv || a.off + a.len > r->files.n)
		return -EINVAL;
	r->files.alloc_from = a.off;
	r->files.alloc_to = a.off + a.len;
	return 0;
}

static long unregister(struct uring *r, struct uring_table *t, uaddr_t arg, unsigned n)
{
	if (arg || n)
		return -EINVAL;
	if (!t->slots)
		return -ENXIO;
	uring_table_free(r, t);
	return 0;
}

long uring_register_rsrc(struct uring *r, unsigned op, uaddr_t arg, unsigned n)
{
	struct request q = {.files = op == IORING_REGISTER_FILES, .n = n, .data = arg};

	switch (op) {
	case IORING_REGISTER_BUFFERS:
		return arg ? table_new(r, &q, false) : -EFAULT;
	case IORING_REGISTER_FILES:
		return arg ? table_new(r, &q, false) : -EFAULT;
	case IORING_UNREGISTER_BUFFERS:
		return unregister(r, &r->bufs, arg, n);
	case IORING_UNREGISTER_FILES:
		return unregister(r, &r->files, arg, n);
	case IORING_REGISTER_FILES_UPDATE:
		return files_update(r, arg, n);
	case IORING_REGISTER_FILES2:
	case IORING_REGISTER_BUFFERS2:
		return register2(r, op == IORING_REGISTER_FILES2, arg, n);
	case IORING_REGISTER_FILES_UPDATE2:
	case IORING_REGISTER_BUFFERS_UPDATE:
		return update2(r, op == IORING_REGISTER_FILES_UPDATE2, arg, n);
	default:
		return alloc_range(r, arg, n);
	}
}
