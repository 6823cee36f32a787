/* SPDX-License-Identifier: MIT */
/* Provided buffers: groups from which a transfer takes one when it happens. */
#include "kernel/heap.h"
#include "syscalls/uring/uring.h"
#include "syscalls/util.h"

#define MAX_BUFS  65536u
#define MAX_RING  32768u
#define RING_TAIL 14 /* where struct io_uring_buf_ring has its tail */

struct uring_buf {
	struct list link;
	uaddr_t addr;
	uint32_t len;
	uint16_t id;
};

static struct uring_group *find(struct uring *r, unsigned id)
{
	struct uring_group *g;

	list_for_each (g, &r->groups, link)
		if (g->id == id)
			return g;
	return NULL;
}

static struct uring_group *group_new(struct uring *r, unsigned id)
{
	struct uring_group *g = kzalloc(sizeof(*g));

	if (!g)
		return NULL;
	g->id = id;
	list_init(&g->bufs);
	list_add_tail(&g->link, &r->groups);
	return g;
}

static void drop_first(struct uring_group *g)
{
	struct uring_buf *b = list_first(&g->bufs, struct uring_buf, link);

	list_del(&b->link);
	g->n_bufs--;
	kfree(b);
}

static void group_free(struct uring_group *g)
{
	while (!list_empty(&g->bufs))
		drop_first(g);
	list_del(&g->link);
	kfree(g);
}

void uring_groups_free(struct uring *r)
{
	while (!list_empty(&r->groups))
		group_free(list_first(&r->groups, struct uring_group, link));
}

/* ---- taking one ---- */

static int from_ring(const struct uring_group *g, struct io_uring_buf *b)
{
	uint16_t tail;

	if (get_user(&tail, g->ring + RING_TAIL))
		return -EFAULT;
	if (tail == g->head)
		return -ENOBUFS;
	return get_user(b, g->ring + (g->head & g->mask) * sizeof(*b));
}

int uring_select(struct uring_req *q, uaddr_t *addr, size_t *len)
{
	const struct uring_group *g = find(q->ring, q->sqe.buf_group);
	struct io_uring_buf b;
	const struct uring_buf *l;
	int r;

	if (!g || (!g->ring && list_empty(&g->bufs)))
		return -ENOBUFS;
	if (g->ring) {
		r = from_ring(g, &b);
		if (r)
			return r;
	} else {
		l = list_first(&g->bufs, struct uring_buf, link);
		b = (struct io_uring_buf){.addr = l->addr, .len = l->len, .bid = l->id};
	}
	q->flags |= REQ_SELECTED;
	q->buf_id = b.bid;
	*addr = b.addr;
	*len = *len ? MIN(*len, b.len) : b.len;
	return 0;
}

uint32_t uring_selected(struct uring_req *q)
{
	struct uring_group *g;

	if (!(q->flags & REQ_SELECTED))
		return 0;
	q->flags &= ~REQ_SELECTED;
	g = find(q->ring, q->sqe.buf_group);
	if (g && g->ring)
		g->head++;
	else if (g && !list_empty(&g->bufs))
		drop_first(g);
	return IORING_CQE_F_BUFFER | (uint32_t)q->buf_id << IORING_CQE_BUFFER_SHIFT;
}

/* ---- providing and removing ---- */

int uring_prep_buffers(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;
	bool remove = s->opcode == IORING_OP_REMOVE_BUFFERS;

	if (s->rw_flags || s->splice_fd_in || (remove && (s->addr || s->len || s->off)))
		return -EINVAL;
	if (s->fd <= 0 || (uint32_t)s->fd > MAX_BUFS)
		return remove ? -EINVAL : -E2BIG;
	if (remove)
		return 0;
	if (!s->len)
		return -EINVAL;
	if (s->len > UINT32_MAX / (uint32_t)s->fd)
		return -EOVERFLOW;
	if (!user_range_ok(s->addr, (size_t)s->len * (uint32_t)s->fd))
		return -EFAULT;
	if (s->off >= MAX_BUFS)
		return -E2BIG;
	return s->off + (uint32_t)s->fd > MAX_BUFS ? -EINVAL : 0;
}

long uring_provide_buffers(struct uring_req *q)
{
	const struct io_uring_sqe *s = &q->sqe;
	struct uring_group *g = find(q->ring, s->buf_group);
	struct uring_buf *b;

	if (!g)
		g = group_new(q->ring, s->buf_group);
	if (!g)
		return -ENOMEM;
	if (g->ring)
		return -EINVAL;
	for (uint32_t i = 0; i < (uint32_t)s->fd; i++) {
		b = g->n_bufs < MAX_BUFS ? kmalloc(sizeof(*b)) : NULL;
		if (!b)
			return i ? 0 : -ENOMEM;
		b->addr = s->addr + (size_t)i * s->len;
		b->len = s->len;
		b->id = (uint16_t)(s->off + i);
		list_add_tail(&b->link, &g->bufs);
		g->n_bufs++;
	}
	return 0;
}

long uring_remove_buffers(struct uring_req *q)
{
	struct uring_group *g = find(q->ring, q->sqe.buf_group);
	long n = 0;

	if (!g)
		return -ENOENT;
	if (g->ring)
		return -EINVAL;
	for (; n < q->sqe.fd && !list_empty(&g->bufs); n++)
		drop_first(g);
	return n;
}

/* ---- rings of buffers ---- */

static long register_ring(struct uring *r, const struct io_uring_buf_reg *a)
{
	struct uring_group *g = find(r, a->bgid);

	if (a->pad) /* flags */
		return -EINVAL;
	if (!a->ring_addr)
		return -EFAULT;
	if ((a->ring_addr & ~PAGE_MASK) || !a->ring_entries || a->ring_entries > MAX_RING ||
	    (a->ring_entries & (a->ring_entries - 1)))
		return -EINVAL;
	if (!user_range_ok(a->ring_addr, a->ring_entries * sizeof(struct io_uring_buf)))
		return -EFAULT;
	if (g && (g->ring || !list_empty(&g->bufs)))
		return -EEXIST;
	if (!g)
		g = group_new(r, a->bgid);
	if (!g)
		return -ENOMEM;
	g->ring = a->ring_addr;
	g->mask = (uint16_t)(a->ring_entries - 1);
	g->head = 0;
	return 0;
}

long uring_register_pbuf(struct uring *r, unsigned op, uaddr_t arg)
{
	struct io_uring_buf_reg a;
	struct uring_group *g;

	if (get_user(&a, arg))
		return -EFAULT;
	if (a.resv[0] || a.resv[1] || a.resv[2])
		return -EINVAL;
	if (op == IORING_REGISTER_PBUF_RING)
		return register_ring(r, &a);
	g = find(r, a.bgid);
	if (!g)
		return -ENOENT;
	if (!g->ring)
		return -EINVAL;
	group_free(g);
	return 0;
}
