/* SPDX-License-Identifier: MIT */
/*
 * Virtio block devices (virtio 1.2, 5.2). A transfer becomes as few requests as the device's limits
 * allow, neighbouring pages become one segment, and all requests of a transfer are in flight
 * together. The caller sleeps until they are done; whoever waits takes finished requests off the
 * queue, the interrupt only wakes the waiters.
 *
 * Locks: none of its own, as kernel/console.c. Between taking a slot and queueing it nothing
 * sleeps.
 */
#include "fs/blockdev.h"
#include "kernel/clock.h"
#include "kernel/errname.h"
#include "kernel/heap.h"
#include "kernel/log.h"
#include "kernel/page.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/virtio.h"
#include "kernel/wait.h"
#include "kernel/x86_64/apic.h"
#include "kernel/x86_64/cpu.h"

#define F_SIZE_MAX 1
#define F_SEG_MAX  2
#define F_RO	   5
#define F_BLK_SIZE 6
#define F_FLUSH	   9
#define F_TOPOLOGY 10

/* Offsets in the device's configuration. */
enum {
	CFG_CAPACITY = 0,
	CFG_SIZE_MAX = 8,
	CFG_SEG_MAX = 12,
	CFG_BLK_SIZE = 20,
	CFG_PHYSICAL_EXP = 24,
	CFG_ALIGNMENT = 25,
	CFG_MIN_IO = 26,
	CFG_OPT_IO = 28,
};

enum request_type { T_IN = 0, T_OUT = 1, T_FLUSH = 4, T_GET_ID = 8 };

#define STATUS_OK 0
#define ID_BYTES  20
#define SLOTS	  32
#define POLL_NS	  (300 * NSEC_PER_USEC)
/* A request has a header and a status beside its data. */
#define FRAME 2

struct header {
	uint32_t type, reserved;
	uint64_t sector;
};

/* Requests that somebody waits for together; on the waiter's stack. */
struct batch {
	unsigned pending;
	int error;
};

/* A request in flight, in memory the device can reach. */
struct slot {
	struct header header;
	uint8_t status;
	struct batch *batch; /* NULL: the slot is free */
};

struct queue {
	struct virtqueue vq;
	unsigned seg_max, size_max;
	bool can_flush;
	struct slot slots[SLOTS];
	struct wait_queue wq;
	char id[ID_BYTES];
	struct vq_buf bufs[VQ_MAX_SIZE]; /* of the request being made */
};

struct virtio_blk {
	struct blockdev b;
	struct virtio_device *dev;
	struct queue *q; /* once started */
};

static struct virtio_blk *blk_of(struct blockdev *b)
{
	return container_of(b, struct virtio_blk, b);
}

/* ---- requests ---- */

/* Take finished requests off the queue; any waiter may be the one they belong to. */
static void reap(struct queue *q)
{
	struct slot *s;
	bool any = false;

	while ((s = vq_pop(&q->vq, NULL))) {
		if (s->status != STATUS_OK)
			s->batch->error = -EIO;
		s->batch->pending--;
		s->batch = NULL;
		any = true;
	}
	if (any)
		wait_wake_all(&q->wq);
}

static void blk_interrupt(void *arg)
{
	struct virtio_blk *d = arg;

	d->dev->transport->ack(d->dev);
	reap(d->q);
}

static struct slot *free_slot(struct queue *q)
{
	for (unsigned i = 0; i < SLOTS; i++)
		if (!q->slots[i].batch)
			return &q->slots[i];
	return NULL;
}

static bool may_go_on(struct queue *q, const struct batch *batch)
{
	reap(q);
	return batch ? !batch->pending : free_slot(q) && q->vq.n_free > FRAME;
}

/*
 * Until the batch is done, or (NULL) until another request can be made. Where ring 0 is slow, an
 * interrupt costs more than what it announces: the CPU looks for a while before it sleeps, unless
 * another thread has use for it.
 */
static void wait_for(struct queue *q, const struct batch *batch)
{
	uint64_t until = cpu_ring0_is_slow() ? clock_mono_ns() + POLL_NS : 0;
	struct waiter w = {0};

	while (!may_go_on(q, batch)) {
		if (until && !sched_others() && clock_mono_ns() < until) {
			__builtin_ia32_pause();
			continue;
		}
		wait_prepare(&w, &q->wq);
		if (!vq_want_interrupt(&q->vq, true))
			wait_sleep(NO_DEADLINE, false);
		wait_finish(&w);
	}
}

/* Queue the request whose data are bufs[1..segments]; there is room. */
static void submit(struct queue *q, enum request_type type, uint64_t sector, unsigned segments,
		   struct batch *batch)
{
	struct slot *s = free_slot(q);
	bool to_device = type == T_OUT;

	s->header = (struct header){.type = type, .sector = sector};
	s->status = 0xff;
	s->batch = batch;
	q->bufs[0] = (struct vq_buf){&s->header, sizeof(s->header)};
	q->bufs[segments + 1] = (struct vq_buf){&s->status, sizeof(s->status)};
	vq_add_chain(&q->vq, q->bufs, 1 + (to_device ? segments : 0),
		     1 + (to_device ? 0 : segments), s);
	batch->pending++;
}

/* Lay out as much of len bytes in pages as fits one request, neighbours joined. Returns the number
 * of segments in bufs[1...], and the bytes in *bytes. */
static unsigned gather(struct queue *q, struct page **pages, size_t len, size_t *bytes)
{
	unsigned room = MIN(q->seg_max, (unsigned)q->vq.n_free - FRAME), n = 0;
	struct vq_buf *b = &q->bufs[0];

	for (*bytes = 0; *bytes < len; pages++) {
		uint32_t part = (uint32_t)MIN(len - *bytes, PAGE_SIZE);
		char *at = page_to_virt(*pages);

		if (n && (char *)b->addr + b->len == at && b->len + part <= q->size_max) {
			b->len += part;
		} else if (n == room) {
			break;
		} else {
			b = &q->bufs[++n];
			*b = (struct vq_buf){at, part};
		}
		*bytes += part;
	}
	return n;
}

static int blk_transfer(struct blockdev *b, bool write, uint64_t offset, struct page **pages,
			size_t len)
{
	struct queue *q = blk_of(b)->q;
	struct batch batch = {0};
	size_t bytes;

	while (len && !batch.error) {
		unsigned segments;

		if (!free_slot(q) || q->vq.n_free <= FRAME) {
			vq_kick(&q->vq);
			wait_for(q, NULL);
		}
		segments = gather(q, pages, len, &bytes);
		submit(q, write ? T_OUT : T_IN, offset / SECTOR_SIZE, segments, &batch);
		offset += bytes;
		pages += bytes / PAGE_SIZE;
		len -= bytes;
	}
	vq_kick(&q->vq);
	wait_for(q, &batch);
	return batch.error;
}

/* A request with at most one segment, which is set in bufs[1]. */
static int request(struct queue *q, enum request_type type, const struct vq_buf *data)
{
	struct batch batch = {0};

	wait_for(q, NULL);
	if (data)
		q->bufs[1] = *data;
	submit(q, type, 0, data ? 1 : 0, &batch);
	vq_kick(&q->vq);
	wait_for(q, &batch);
	return batch.error;
}

/* A device without the feature writes through. */
static int blk_flush(struct blockdev *b)
{
	struct queue *q = blk_of(b)->q;

	return q->can_flush ? request(q, T_FLUSH, NULL) : 0;
}

/* ---- start ---- */

static uint32_t config(struct virtio_device *d, unsigned offset, unsigned width)
{
	return d->transport->config(d, offset, width);
}

static void read_topology(struct blockdev *b, struct virtio_device *d)
{
	b->physical_block <<= config(d, CFG_PHYSICAL_EXP, 1) & 15;
	b->alignment = config(d, CFG_ALIGNMENT, 1) * b->logical_block;
	b->io_min = config(d, CFG_MIN_IO, 2) * b->logical_block;
	b->io_opt = config(d, CFG_OPT_IO, 4) * b->logical_block;
}

/* What the configuration says, as Linux's virtblk understands it. */
static void read_config(struct virtio_blk *d, uint64_t features)
{
	struct virtio_device *dev = d->dev;
	struct blockdev *b = &d->b;
	struct queue *q = d->q;
	uint64_t sectors = config(dev, CFG_CAPACITY, 4);

	sectors |= (uint64_t)config(dev, CFG_CAPACITY + 4, 4) << 32;
	b->size = MIN(sectors, (uint64_t)INT64_MAX / SECTOR_SIZE) * SECTOR_SIZE;
	b->read_only = features & 1 << F_RO;
	b->logical_block = features & 1 << F_BLK_SIZE ? config(dev, CFG_BLK_SIZE, 4) : SECTOR_SIZE;
	b->physical_block = b->logical_block;
	if (features & 1 << F_TOPOLOGY)
		read_topology(b, dev);
	b->size = ALIGN_DOWN(b->size, (uint64_t)b->logical_block);
	b->io_min = MAX(b->io_min, b->physical_block);
	q->seg_max = features & 1 << F_SEG_MAX ? MAX(config(dev, CFG_SEG_MAX, 4), 1u) : 1;
	q->seg_max = MIN(q->seg_max, q->vq.size - FRAME);
	q->size_max = features & 1 << F_SIZE_MAX ? config(dev, CFG_SIZE_MAX, 4) : UINT32_MAX;
	q->can_flush = features & 1 << F_FLUSH;
	b->max_sectors = q->seg_max * PAGE_SIZE / SECTOR_SIZE;
}

/* Largest power of two up to what the device and we can have. */
static unsigned queue_size(struct virtio_device *dev)
{
	unsigned max = MIN(dev->transport->queue_max(dev, 0), VQ_MAX_SIZE), size = 1;

	while (size * 2 <= max)
		size *= 2;
	return size;
}

static int start_queue(struct virtio_blk *d, uint64_t features)
{
	unsigned size;
	int r = d->dev->transport->negotiate(d->dev, features);

	if (r)
		return r;
	size = queue_size(d->dev);
	if (size <= FRAME)
		return -ENODEV;
	r = vq_init(&d->q->vq, d->dev, 0, size, NULL);
	if (!r)
		r = irq_request(d->dev->gsi, blk_interrupt, d);
	if (r)
		return r;
	vq_want_interrupt(&d->q->vq, false);
	d->dev->transport->driver_ok(d->dev);
	return 0;
}

static int blk_start(struct blockdev *b)
{
	const uint64_t used = 1 << F_SIZE_MAX | 1 << F_SEG_MAX | 1 << F_RO | 1 << F_BLK_SIZE |
			      1 << F_FLUSH | 1 << F_TOPOLOGY;
	struct virtio_blk *d = blk_of(b);
	uint64_t features = d->dev->transport->features(d->dev) & used;
	struct vq_buf id;
	int r;

	d->q = kzalloc(sizeof(*d->q));
	if (!d->q)
		return -ENOMEM;
	wait_queue_init(&d->q->wq);
	r = start_queue(d, features | 1ull << VIRTIO_F_VERSION_1 | 1ull << VIRTIO_F_EVENT_IDX);
	if (r) {
		log_warn("virtio-blk device does not start: %s", errno_text(-r));
		return r; /* the queue's memory may be known to the device: not freed */
	}
	read_config(d, features);
	if (b->logical_block < SECTOR_SIZE || b->logical_block > PAGE_SIZE ||
	    (b->logical_block & (b->logical_block - 1)) || d->q->size_max < PAGE_SIZE) {
		log_warn("virtio-blk device has blocks of %u bytes, or segments too small: not "
			 "supported",
			 b->logical_block);
		return -ENXIO;
	}
	id = (struct vq_buf){d->q->id, ID_BYTES};
	if (!request(d->q, T_GET_ID, &id)) /* optional */
		memcpy(b->serial, d->q->id, ID_BYTES);
	return 0;
}

static const struct blockdev_ops blk_ops = {
    .start = blk_start, .transfer = blk_transfer, .flush = blk_flush};

void virtio_blk_find(void)
{
	struct virtio_device *dev;

	for (unsigned n = 0; (dev = virtio_find(VIRTIO_ID_BLOCK, n)); n++) {
		struct virtio_blk *d = kzalloc(sizeof(*d));

		if (!d)
			return;
		d->dev = dev;
		d->b.ops = &blk_ops;
		blockdev_add(&d->b);
	}
}
