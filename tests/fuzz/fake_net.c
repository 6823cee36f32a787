/* SPDX-License-Identifier: MIT */
/* The kernel and the device that the driver under test meets (fake_net.h). */
#include "tests/fuzz/fake_net.h"

#include "kernel/abi/errno.h"
#include "kernel/clock.h"
#include "kernel/heap.h"
#include "kernel/iter.h"
#include "kernel/log.h"
#include "kernel/page.h"
#include "kernel/random.h"
#include "kernel/timer.h"
#include "kernel/uaccess.h"
#include "kernel/virtio.h"
#include "kernel/x86_64/apic.h"
#include "net/netdev.h"

#include <string.h>

/* <stdlib.h> and the kernel's headers do not go together. */
void *malloc(size_t size);
void *calloc(size_t n, size_t size);
void *memalign(size_t align, size_t size);
void free(void *p);

/* ---- the device ---- */

static struct {
	struct virtqueue *q;
	uint8_t *desc;	 /* 16 bytes each: address, length, flags, next */
	uint16_t *avail; /* flags, idx, ring */
	uint16_t *used;	 /* flags, idx, ring of 8 bytes */
	uint16_t taken;
} queues[2];
static uint64_t features;
static void (*handler)(void *arg);
static void *handler_arg;

static uint64_t get_features(struct virtio_device *d)
{
	return features;
}

static int negotiate(struct virtio_device *d, uint64_t wanted)
{
	return wanted & ~(features | 1ull << VIRTIO_F_EVENT_IDX) ? -ENODEV : 0;
}

static void nothing(struct virtio_device *d)
{
}

static uint32_t config(struct virtio_device *d, unsigned offset, unsigned width)
{
	return (uint32_t)(features >> 8) * 2654435761u >> (offset & 15);
}

static unsigned queue_max(struct virtio_device *d, unsigned index)
{
	return 32; /* more would only be slower */
}

static int setup_queue(struct virtio_device *d, struct virtqueue *q, paddr_t desc, paddr_t avail,
		       paddr_t used)
{
	queues[q->index].q = q;
	queues[q->index].desc = (uint8_t *)desc;
	queues[q->index].avail = (uint16_t *)avail;
	queues[q->index].used = (uint16_t *)used;
	return 0;
}

static void notify(struct virtqueue *q)
{
}

static const struct virtio_transport transport = {
    .features = get_features,
    .negotiate = negotiate,
    .driver_ok = nothing,
    .config = config,
    .queue_max = queue_max,
    .setup_queue = setup_queue,
    .notify = notify,
    .ack = nothing,
};
static struct virtio_device device = {.transport = &transport, .id = VIRTIO_ID_NET};

unsigned fake_take(int queue)
{
	unsigned size = queues[queue].q ? queues[queue].q->size : 0;

	if (!size || queues[queue].taken == queues[queue].avail[1])
		return 0;
	return queues[queue].avail[2 + (queues[queue].taken++ & (size - 1))];
}

uint8_t *fake_buffer(unsigned head)
{
	uint64_t at = 0;

	if (queues[RX].q && head < queues[RX].q->size)
		memcpy(&at, queues[RX].desc + 16 * head, sizeof(at));
	return queues[RX].q && queues[RX].q->tokens[head & (queues[RX].q->size - 1)] ? (uint8_t *)at
										     : NULL;
}

void fake_use(int queue, unsigned head, uint32_t len)
{
	uint32_t *ring = (uint32_t *)(queues[queue].used + 2);
	unsigned at;

	if (!queues[queue].q)
		return;
	at = queues[queue].used[1] & (queues[queue].q->size - 1);
	ring[2 * at] = head;
	ring[2 * at + 1] = len;
	queues[queue].used[1]++;
}

void fake_jump(int queue, unsigned n)
{
	if (queues[queue].q)
		queues[queue].used[1] += n;
}

void fake_interrupt(void)
{
	if (handler)
		handler(handler_arg);
}

/* ---- the kernel ---- */

/* A page's descriptor lies in front of it, at a multiple of PLACE; behind it is what the sanitizer
 * watches. */
#define PLACE 32768ul

struct page *page_alloc(unsigned order, unsigned flags)
{
	struct page *p = memalign(PLACE, PAGE_SIZE + (PAGE_SIZE << order));

	*p = (struct page){.refs = 1};
	return p;
}

void *page_to_virt(const struct page *p)
{
	return (char *)p + PAGE_SIZE;
}

struct page *virt_to_page(const void *v)
{
	return (struct page *)((uint64_t)v & ~(PLACE - 1));
}

void page_put(struct page *p)
{
	if (!--p->refs)
		free(p);
}

paddr_t virt_to_phys(const void *v)
{
	return (paddr_t)v;
}

/* Blocks of the heap are the caller's own until the next device, as the kernel's are for ever. */
void *kmalloc(size_t size)
{
	return malloc(size ? size : 1);
}

static void *drivers[64];
static unsigned n_drivers;

void *kzalloc(size_t size)
{
	void *p = calloc(1, size);

	if (n_drivers < 64)
		drivers[n_drivers++] = p;
	return p;
}

void kfree(void *p)
{
	for (unsigned i = 0; i < n_drivers; i++)
		if (drivers[i] == p)
			drivers[i] = drivers[--n_drivers];
	free(p);
}

static struct timer *armed;
static uint64_t now;

void timer_init(struct timer *t, void (*fire)(struct timer *))
{
	t->fire = fire;
}

void timer_arm(struct timer *t, uint64_t deadline_ns)
{
	t->armed = true;
	armed = t;
}

void timer_disarm(struct timer *t)
{
	t->armed = false;
}

void fake_timers(void)
{
	for (int i = 0; i < 8 && armed && armed->armed; i++) {
		armed->armed = false;
		armed->fire(armed);
	}
}

uint64_t clock_mono_ns(void)
{
	return now += 1000;
}

uint64_t clock_real_ns(void)
{
	return now;
}

int irq_request(unsigned gsi, void (*h)(void *arg), void *arg)
{
	handler = h;
	handler_arg = arg;
	return 0;
}

void random_bytes(void *buf, size_t len)
{
	memset(buf, 7, len);
}

uint64_t random_u64(void)
{
	return now;
}

void klog(enum log_level level, const char *fmt, ...)
{
}

size_t iter_write(struct iter *it, const void *src, size_t n)
{
	return n;
}

size_t uaccess_read(void *dst, uaddr_t src, size_t n)
{
	return n;
}

size_t uaccess_write(uaddr_t dst, const void *src, size_t n)
{
	return n;
}

/* What the device still has, and what the driver had for itself, goes with it. */
static void forget(void)
{
	for (int i = 0; i < 2; i++) {
		struct virtqueue *q = queues[i].q;

		for (unsigned k = 0; q && k < q->size; k++) {
			if (!q->tokens[k])
				continue;
			if (i == RX)
				page_put(virt_to_page(q->tokens[k]));
			else
				netbuf_put(q->tokens[k]);
		}
		if (q)
			page_put(virt_to_page(q->desc));
	}
	memset(queues, 0, sizeof(queues));
	while (n_drivers)
		free(drivers[--n_drivers]);
}

void fake_reset(uint64_t f)
{
	static bool registered;

	forget();
	if (!registered)
		virtio_register(&device);
	registered = true;
	features = f;
	handler = NULL;
	armed = NULL;
}

void *kmemdup(const void *p, size_t size)
{
	return memcpy(kmalloc(size), p, size);
}

void panic(const char *fmt, ...)
{
	__builtin_abort();
}
