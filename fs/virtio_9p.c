/* SPDX-License-Identifier: MIT */
/*
 * The virtio-9p driver (virtio 1.2 has only its number; the device has one queue and in its
 * configuration the mount tag). A caller looks for its answer for a short while before it sleeps:
 * the server needs some 50 us for most requests, which is less than a halt and an interrupt cost.
 *
 * Locks: none of its own. Everything here is done by kernel paths, which are not preempted, and by
 * the interrupt, which never runs in the middle of one; SMP will need one lock per channel.
 */
#include "fs/p9_channel.h"
#include "kernel/abi/linux.h"
#include "kernel/clock.h"
#include "kernel/heap.h"
#include "kernel/log.h"
#include "kernel/page.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/x86_64/apic.h"

#define QUEUE_SIZE  128u
#define F_MOUNT_TAG 0
#define TAG_MAX	    255u
#define SPIN_NS	    (60 * NSEC_PER_USEC)

/* ---- fids ---- */

uint32_t p9_fid_new(struct p9_channel *ch)
{
	ch->live++;
	return ch->n_free ? ch->free_fids[--ch->n_free] : ch->next_fid++;
}

/* Append to a growing array. Without memory the number is lost: there are four billion. */
static bool push(uint32_t **array, size_t *n, size_t *room, uint32_t fid)
{
	if (*n == *room) {
		size_t want = *room ? *room * 2 : 64;
		uint32_t *more = krealloc(*array, want * sizeof(*more));

		if (!more)
			return false;
		*array = more;
		*room = want;
	}
	(*array)[(*n)++] = fid;
	return true;
}

void p9_fid_unused(struct p9_channel *ch, uint32_t fid)
{
	ch->live--;
	push(&ch->free_fids, &ch->n_free, &ch->free_room, fid);
}

/* ---- slots ---- */

static struct p9_req *slot_take(struct p9_channel *ch)
{
	for (unsigned i = 0; i < P9_SLOTS; i++) {
		struct p9_req *r = &ch->slots[i];

		if (r->busy)
			continue;
		if (!r->buf)
			r->buf = kmalloc(P9_SLOT_BUF);
		if (!r->buf)
			return NULL;
		r->busy = true;
		r->done = r->clunk = false;
		return r;
	}
	return NULL;
}

static void begin(struct p9_req *r, uint8_t type)
{
	r->type = type;
	p9_begin(&r->m, r->buf, P9_SLOT_BUF, type, r->tag);
}

/* Queue it; the device is not told. 0 or -ENOSPC. */
static int enqueue(struct p9_req *r, const struct p9_data *data)
{
	struct vq_buf bufs[P9_MAX_PIECES + 2];
	unsigned n = 0, reads;
	bool in = data && data->in;

	r->reply = ALIGN_UP(r->m.at, 8ul);
	bufs[n++] = (struct vq_buf){r->buf, (uint32_t)r->m.at};
	if (data && !in)
		for (unsigned i = 0; i < data->n; i++)
			bufs[n++] = data->pieces[i];
	reads = n;
	bufs[n++] = (struct vq_buf){r->buf + r->reply,
				    in ? P9_RREAD_HEADER : (uint32_t)(P9_SLOT_BUF - r->reply)};
	if (in)
		for (unsigned i = 0; i < data->n; i++)
			bufs[n++] = data->pieces[i];
	return vq_add_chain(&r->ch->vq, bufs, reads, n - reads, r);
}

/* Send a Tclunk that nobody waits for. false: not now. */
static bool send_clunk(struct p9_channel *ch, uint32_t fid)
{
	struct p9_req *r = slot_take(ch);

	if (!r)
		return false;
	begin(r, P9_TCLUNK);
	p9_put32(&r->m, fid);
	p9_end(&r->m, 0);
	r->clunk = true;
	r->fid = fid;
	if (!enqueue(r, NULL))
		return true;
	r->busy = false;
	return false;
}

/* Take finished requests. */
static void reap(struct p9_channel *ch)
{
	struct p9_req *r;
	uint32_t got;
	bool any = false, sent = false;

	while ((r = vq_pop(&ch->vq, &got))) {
		any = true;
		r->got = got;
		r->done = true;
		if (r->clunk) {
			p9_fid_unused(ch, r->fid);
			r->busy = false;
		} else {
			wait_wake_all(&r->wq);
		}
	}
	while (any && ch->n_doomed && send_clunk(ch, ch->doomed[ch->n_doomed - 1])) {
		ch->n_doomed--;
		sent = true;
	}
	if (sent)
		vq_kick(&ch->vq);
	if (any)
		wait_wake_all(&ch->free_wq);
}

void p9_fid_clunk(struct p9_channel *ch, uint32_t fid)
{
	if (fid == P9_NOFID)
		return;
	reap(ch);
	if (send_clunk(ch, fid))
		vq_kick(&ch->vq);
	else
		push(&ch->doomed, &ch->n_doomed, &ch->doomed_room, fid);
}

static void interrupt(void *arg)
{
	struct p9_channel *ch = arg;

	ch->dev->transport->ack(ch->dev);
	do
		reap(ch);
	while (vq_want_interrupt(&ch->vq, true));
}

/* Sleep until something is finished, unless cond() holds already. */
static void sleep_until(struct p9_channel *ch, struct wait_queue *wq,
			bool (*cond)(struct p9_req *r), struct p9_req *r)
{
	struct waiter w = {0};

	ch->sleepers++;
	wait_prepare(&w, wq);
	while (vq_want_interrupt(&ch->vq, true)) /* again: the index asked for is passed now */
		reap(ch);
	if (!cond(r))
		wait_sleep(NO_DEADLINE, false);
	wait_finish(&w);
	ch->sleepers--;
}

static bool is_done(struct p9_req *r)
{
	return r->done;
}

static bool never(struct p9_req *r)
{
	return false;
}

static void wait_done(struct p9_req *r)
{
	struct p9_channel *ch = r->ch;
	uint64_t until = clock_mono_ns() + SPIN_NS;

	if (!ch->sleepers) /* this one may go and wait for what a sleeper holds */
		vq_want_interrupt(&ch->vq, false);
	do {
		reap(ch);
		if (r->done)
			return;
		__builtin_ia32_pause();
	} while (!sched_others() && clock_mono_ns() < until);
	while (!r->done)
		sleep_until(ch, &r->wq, is_done, r);
}

struct p9_req *p9_req_new(struct p9_channel *ch, uint8_t type)
{
	struct p9_req *r;

	reap(ch);
	while (!(r = slot_take(ch))) {
		bool any = false;

		for (unsigned i = 0; i < P9_SLOTS; i++)
			any |= ch->slots[i].busy;
		if (!any) /* so it was memory that was missing */
			return NULL;
		sleep_until(ch, &ch->free_wq, never, NULL);
	}
	begin(r, type);
	return r;
}

static bool changes(uint8_t type)
{
	switch (type) {
	case P9_TWRITE:
	case P9_TLCREATE:
	case P9_TMKNOD:
	case P9_TMKDIR:
	case P9_TSYMLINK:
	case P9_TLINK:
	case P9_TRENAMEAT:
	case P9_TUNLINKAT:
	case P9_TSETATTR:
		return true;
	default:
		return false;
	}
}

int p9_req_call(struct p9_req *r, const struct p9_data *data)
{
	struct p9_channel *ch = r->ch;
	bool in = data && data->in;
	int e = p9_end(&r->m, data && !in ? data->len : 0);

	if (e)
		return e;
	if (r->m.at > P9_SLOT_BUF - 64) /* room for the shortest replies */
		return -ENAMETOOLONG;
	while (enqueue(r, data))
		sleep_until(ch, &ch->free_wq, never, NULL);
	vq_kick(&ch->vq);
	wait_done(r);
	if (changes(r->type))
		ch->changed = true;
	return p9_reply(&r->m, r->buf + r->reply, in ? P9_RREAD_HEADER : P9_SLOT_BUF - r->reply,
			r->got, r->type, r->tag);
}

void p9_req_put(struct p9_req *r)
{
	r->busy = false;
	wait_wake(&r->ch->free_wq, 1);
}

int p9_req_call_or_put(struct p9_req *r)
{
	int e = p9_req_call(r, NULL);

	if (e)
		p9_req_put(r);
	return e;
}

int p9_req_finish(struct p9_req *r)
{
	int e = p9_req_call(r, NULL);

	p9_req_put(r);
	return e;
}

/* ---- the device ---- */

static bool has_tag(struct virtio_device *d, const char *tag)
{
	size_t len = d->transport->config(d, 0, 2);

	if (len != strlen(tag) || len > TAG_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (d->transport->config(d, 2 + (unsigned)i, 1) != (uint8_t)tag[i])
			return false;
	return true;
}

static int set_up(struct p9_channel *ch)
{
	struct virtio_device *d = ch->dev;
	int r = d->transport->negotiate(d, 1ull << VIRTIO_F_VERSION_1 | 1ull << VIRTIO_F_EVENT_IDX |
					       1ull << F_MOUNT_TAG);
	if (!r)
		r = vq_init(&ch->vq, d, 0, QUEUE_SIZE, NULL);
	if (!r)
		r = irq_request(d->gsi, interrupt, ch);
	if (!r)
		d->transport->driver_ok(d);
	return r;
}

int p9_channel_open(const char *tag, struct p9_channel **out)
{
	struct virtio_device *d;
	struct p9_channel *ch;
	int r;

	for (unsigned n = 0; (d = virtio_find(VIRTIO_ID_9P, n)); n++)
		if (has_tag(d, tag))
			break;
	if (!d)
		return -ENODEV;
	ch = kzalloc(sizeof(*ch));
	if (!ch)
		return -ENOMEM;
	ch->dev = d;
	wait_queue_init(&ch->free_wq);
	for (unsigned i = 0; i < P9_SLOTS; i++) {
		ch->slots[i].ch = ch;
		ch->slots[i].tag = (uint16_t)i;
		wait_queue_init(&ch->slots[i].wq);
	}
	r = set_up(ch);
	if (r) {
		kfree(ch);
		return r;
	}
	*out = ch;
	return 0;
}
