/* SPDX-License-Identifier: MIT */
/* Split virtqueues with event indices (virtio 1.2, 2.7), and the list of devices found. */
#include "kernel/virtio.h"

#include "kernel/abi/errno.h"
#include "kernel/log.h"
#include "kernel/page.h"
#include "kernel/string.h"

#define VIRTIO_MAX_DEVICES 32
#define DESC_F_NEXT	   1
#define DESC_F_WRITE	   2

struct vring_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

struct vring_avail {
	uint16_t flags, idx;
	uint16_t ring[]; /* then used_event */
};

struct vring_used_elem {
	uint32_t id, len;
};

struct vring_used {
	uint16_t flags, idx;
	struct vring_used_elem ring[]; /* then avail_event */
};

static struct virtio_device *devices[VIRTIO_MAX_DEVICES];
static unsigned n_devices;

int virtio_register(struct virtio_device *d)
{
	if (n_devices == VIRTIO_MAX_DEVICES)
		return -ENOSPC;
	devices[n_devices++] = d;
	return 0;
}

struct virtio_device *virtio_find(unsigned id, unsigned n)
{
	for (unsigned i = 0; i < n_devices; i++)
		if (devices[i]->id == id && n-- == 0)
			return devices[i];
	return NULL;
}

static volatile uint16_t *used_event(struct virtqueue *q)
{
	return &q->avail->ring[q->size];
}

static volatile uint16_t *avail_event(struct virtqueue *q)
{
	return (uint16_t *)&q->used->ring[q->size];
}

/* All parts and the tokens fit one page for size <= 64 (1024 + 134 + 522 + 512 bytes), three for
 * 256. */
int vq_init(struct virtqueue *q, struct virtio_device *d, unsigned index, unsigned size,
	    struct page *mem)
{
	size_t avail_at = size * sizeof(struct vring_desc);
	size_t used_at = ALIGN_UP(avail_at + (3 + size) * 2, (size_t)VIRTQ_ALIGN);
	size_t tokens_at = ALIGN_UP(used_at + 6 + size * sizeof(struct vring_used_elem), 8ul);
	size_t total = tokens_at + size * sizeof(void *);
	unsigned order = 0;
	char *base;

	assert(size <= VQ_MAX_SIZE && (!mem || total <= PAGE_SIZE));
	while (PAGE_SIZE << order < total)
		order++;
	if (!mem)
		mem = page_alloc(order, 0);
	if (!mem)
		return -ENOMEM;
	base = page_to_virt(mem);
	memset(base, 0, ALIGN_UP(total, PAGE_SIZE));
	q->dev = d;
	q->index = index;
	q->size = size;
	q->desc = (struct vring_desc *)base;
	q->avail = (struct vring_avail *)(base + avail_at);
	q->used = (struct vring_used *)(base + used_at);
	q->tokens = (void **)(base + tokens_at);
	for (unsigned i = 0; i < size; i++)
		q->desc[i].next = i + 1;
	q->n_free = size;
	return d->transport->setup_queue(d, q, virt_to_phys(base), virt_to_phys(base) + avail_at,
					 virt_to_phys(base) + used_at);
}

/* Free descriptors are linked through `next`, as those of a chain are. */
int vq_add_chain(struct virtqueue *q, const struct vq_buf *bufs, unsigned reads, unsigned writes,
		 void *token)
{
	uint16_t head = q->free_head;
	unsigned n = reads + writes;
	struct vring_desc *desc = NULL;

	if (n > q->n_free)
		return -ENOSPC;
	for (unsigned i = 0; i < n; i++) {
		desc = &q->desc[q->free_head];
		q->free_head = desc->next;
		desc->addr = virt_to_phys(bufs[i].addr);
		desc->len = bufs[i].len;
		desc->flags = DESC_F_NEXT | (i < reads ? 0 : DESC_F_WRITE);
	}
	desc->flags &= ~DESC_F_NEXT;
	q->n_free -= n;
	q->tokens[head] = token;
	q->avail->ring[q->next_avail & (q->size - 1)] = head;
	q->next_avail++;
	__atomic_store_n(&q->avail->idx, q->next_avail, __ATOMIC_RELEASE);
	return 0;
}

int vq_add(struct virtqueue *q, void *buf, uint32_t len, bool device_writes, void *token)
{
	struct vq_buf b = {buf, len};

	return vq_add_chain(q, &b, !device_writes, device_writes, token);
}

/* Notify only if the device's avail_event lies among the entries added since the last notification.
 */
void vq_kick(struct virtqueue *q)
{
	uint16_t event;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	event = *avail_event(q);
	if ((uint16_t)(q->next_avail - event - 1) < (uint16_t)(q->next_avail - q->kicked))
		q->dev->transport->notify(q);
	q->kicked = q->next_avail;
}

/* Put a finished chain back on the free list. Returns how much the device could write to it. */
static uint64_t free_chain(struct virtqueue *q, uint16_t head)
{
	struct vring_desc *desc = &q->desc[head];
	uint64_t room = 0;

	for (;;) {
		if (desc->flags & DESC_F_WRITE)
			room += desc->len;
		q->n_free++;
		if (!(desc->flags & DESC_F_NEXT))
			break;
		desc = &q->desc[desc->next];
	}
	desc->next = q->free_head;
	q->free_head = head;
	return room;
}

/* The device is not trusted to name a request that it was given: any other is passed over. */
void *vq_pop(struct virtqueue *q, uint32_t *len)
{
	while (__atomic_load_n(&q->used->idx, __ATOMIC_ACQUIRE) != q->last_used) {
		struct vring_used_elem *e = &q->used->ring[q->last_used & (q->size - 1)];
		uint16_t head = e->id & (q->size - 1);
		void *token = q->tokens[head];
		uint64_t room;

		q->last_used++;
		if (!token)
			continue;
		q->tokens[head] = NULL;
		room = free_chain(q, head);
		if (len)
			*len = MIN(e->len, room);
		return token;
	}
	return NULL;
}

bool vq_want_interrupt(struct virtqueue *q, bool want)
{
	*used_event(q) = want ? q->last_used : (uint16_t)(q->last_used - 1);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return __atomic_load_n(&q->used->idx, __ATOMIC_ACQUIRE) != q->last_used;
}

unsigned vq_in_flight(const struct virtqueue *q)
{
	return q->size - q->n_free;
}

bool vq_want_late_interrupt(struct virtqueue *q)
{
	uint16_t late = (uint16_t)(q->next_avail - q->last_used) * 3 / 4;

	*used_event(q) = q->last_used + late;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return (uint16_t)(__atomic_load_n(&q->used->idx, __ATOMIC_ACQUIRE) - q->last_used) > late;
}
