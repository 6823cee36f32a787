/* SPDX-License-Identifier: MIT */
/*
 * Virtqueues against a device that reads the rings as the specification lays them out (virtio 1.2,
 * 2.7): chains of both directions, requests in flight finished in any order, answers to requests
 * never made, when the device wants to be told and when it may interrupt.
 * unit: tests/unit/arena.c kernel/page.c kernel/virtio.c
 */
#include "kernel/virtio.h"

#include "kernel/abi/errno.h"
#include "tests/unit/arena.h"
#include "tests/unit/unit.h"

#include <string.h>

enum { F_NEXT = 1, F_WRITE = 2, MAX_PARTS = 12, ROUNDS = 20000 };

struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

/* The device's view of the queue. */
static struct {
	struct desc *desc;
	uint16_t *avail; /* flags, idx, ring[size], used_event */
	uint16_t *used;	 /* flags, idx, ring[size] of 8 bytes, avail_event */
	unsigned size, taken, kicks;
} dev;

static int fake_setup(struct virtio_device *d, struct virtqueue *q, paddr_t desc, paddr_t avail,
		      paddr_t used)
{
	dev.desc = phys_to_virt(desc);
	dev.avail = phys_to_virt(avail);
	dev.used = phys_to_virt(used);
	dev.size = q->size;
	dev.taken = dev.kicks = 0;
	CHECK(IS_ALIGNED(desc, 16) && IS_ALIGNED(avail, 2) && IS_ALIGNED(used, 4));
	return 0;
}

static void fake_notify(struct virtqueue *q)
{
	dev.kicks++;
}

static const struct virtio_transport transport = {.setup_queue = fake_setup, .notify = fake_notify};
static struct virtio_device device = {.transport = &transport};

static uint16_t *avail_event(void)
{
	return &dev.used[2 + 4 * dev.size];
}

static uint16_t used_event(void)
{
	return dev.avail[2 + dev.size];
}

/* The next request offered, or -1. */
static int device_take(void)
{
	if ((uint16_t)dev.taken == dev.avail[1])
		return -1;
	return dev.avail[2 + dev.taken++ % dev.size];
}

static void device_finish(unsigned head, uint32_t len)
{
	uint32_t *elem = (uint32_t *)&dev.used[2 + 4 * (dev.used[1] % dev.size)];

	elem[0] = head;
	elem[1] = len;
	dev.used[1]++;
}

/* ---- a request: its buffers are cut out of one page ---- */

struct request {
	struct vq_buf bufs[MAX_PARTS];
	unsigned reads, writes;
	uint32_t room; /* bytes the device may write */
	bool busy;
	int head; /* once taken */
};

static void request_fill(struct request *r, char *mem, unsigned reads, unsigned writes)
{
	r->reads = reads;
	r->writes = writes;
	r->room = 0;
	for (unsigned i = 0; i < reads + writes; i++) {
		r->bufs[i].len = 1 + rand() % 100;
		r->bufs[i].addr = mem;
		mem += r->bufs[i].len;
		if (i >= reads)
			r->room += r->bufs[i].len;
	}
}

/* What the device finds is what was asked for. */
static bool chain_matches(const struct request *r, unsigned head)
{
	unsigned at = head;

	for (unsigned i = 0; i < r->reads + r->writes; i++) {
		const struct desc *d = &dev.desc[at];
		bool last = i + 1 == r->reads + r->writes;

		if (d->addr != virt_to_phys(r->bufs[i].addr) || d->len != r->bufs[i].len ||
		    !(d->flags & F_NEXT) != last || !(d->flags & F_WRITE) != (i < r->reads))
			return false;
		at = d->next;
	}
	return true;
}

static void test_sizes(void)
{
	struct virtqueue q = {0};

	for (unsigned size = 2; size <= VQ_MAX_SIZE; size *= 2) {
		size_t before = page_free_count();
		unsigned pages;

		CHECK(vq_init(&q, &device, 3, size, NULL) == 0);
		pages = before - page_free_count();
		CHECK(pages == (size <= 64 ? 1 : size == 128 ? 2 : 4));
		CHECK(q.index == 3 && q.n_free == size);
		/* Every part inside, none over another: fill all and read all. */
		for (uint16_t i = 0; i < size; i++)
			CHECK(vq_add(&q, q.desc, i + 1, i & 1, (void *)(uintptr_t)(i + 1)) == 0);
		CHECK(vq_add(&q, q.desc, 1, false, &q) == -ENOSPC);
		for (uint16_t i = 0; i < size; i++) {
			int head = device_take();

			CHECK(head >= 0 && dev.desc[head].len == i + 1u);
			device_finish(head, 0);
		}
		CHECK(device_take() == -1);
		*avail_event() = 0xabcd;
		for (uint16_t i = 0; i < size; i++)
			CHECK(vq_pop(&q, NULL) == (void *)(uintptr_t)(i + 1));
		CHECK(vq_pop(&q, NULL) == NULL && q.n_free == size);
		page_put(virt_to_page(q.desc));
		memset(&q, 0, sizeof(q));
	}
}

/* Any number of requests of any shape in flight, finished in any order. */
static void test_in_flight(unsigned size)
{
	static struct request requests[VQ_MAX_SIZE];
	struct page *mem = page_alloc(0, 0);
	struct virtqueue q = {0};
	unsigned free = size, in_flight = 0, most = 0, done = 0, full = 0;

	CHECK(vq_init(&q, &device, 0, size, NULL) == 0);
	memset(requests, 0, sizeof(requests));
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct request *r = &requests[rand() % size];
		unsigned n, reads;
		uint32_t len, told;
		int head;

		if (!r->busy) {
			n = 1 + rand() % MAX_PARTS;
			reads = rand() % (n + 1);
			request_fill(r, page_to_virt(mem), reads, n - reads);
			if (n > free) {
				full++;
				CHECK(vq_add_chain(&q, r->bufs, reads, n - reads, r) == -ENOSPC);
				CHECK(q.n_free == free && device_take() == -1);
				continue;
			}
			CHECK(vq_add_chain(&q, r->bufs, reads, n - reads, r) == 0);
			head = device_take();
			CHECK(head >= 0 && chain_matches(r, head));
			r->head = head;
			r->busy = true;
			free -= n;
			in_flight++;
			most = MAX(most, in_flight);
			CHECK(q.n_free == free);
		} else {
			CHECK(chain_matches(r, r->head)); /* nobody else's descriptors */
			told = rand() % 2 ? r->room : rand() % 3 ? r->room + 1000 : r->room / 2;
			device_finish(r->head, told);
			CHECK(vq_pop(&q, &len) == r);
			CHECK(len == MIN(told, r->room));
			CHECK(vq_pop(&q, &len) == NULL);
			r->busy = false;
			free += r->reads + r->writes;
			in_flight--;
			done++;
			CHECK(q.n_free == free);
		}
	}
	CHECK(done > ROUNDS / 8 && full > 10);
	CHECK(most >= size / 8 && most > 1);
}

/* Answers that name no request of ours are passed over and change nothing. */
static void test_rogue(void)
{
	struct vq_buf b[2] = {{NULL, 10}, {NULL, 20}};
	struct page *mem = page_alloc(0, 0);
	struct virtqueue q = {0};
	uint32_t len;
	int head;

	b[0].addr = page_to_virt(mem);
	b[1].addr = (char *)page_to_virt(mem) + 64;
	CHECK(vq_init(&q, &device, 0, 8, page_alloc(0, 0)) == 0);
	CHECK(vq_add_chain(&q, b, 1, 1, &q) == 0);
	head = device_take();
	device_finish(dev.desc[head].next, 5); /* the middle of a chain */
	device_finish(5, 5);		       /* never offered */
	device_finish(0xfffffff6, 5);	       /* no descriptor at all */
	CHECK(vq_pop(&q, &len) == NULL && q.n_free == 6);
	device_finish(head, 5);
	device_finish(head, 5); /* twice */
	CHECK(vq_pop(&q, &len) == &q && len == 5 && q.n_free == 8);
	CHECK(vq_pop(&q, &len) == NULL && q.n_free == 8);
}

/* The device is told only when its avail_event says so; it may interrupt only when we ask. */
static void test_events(void)
{
	struct page *mem = page_alloc(0, 0);
	struct virtqueue q = {0};

	CHECK(vq_init(&q, &device, 0, 4, NULL) == 0);
	*avail_event() = 0;
	vq_add(&q, page_to_virt(mem), 1, false, &q);
	vq_kick(&q);
	CHECK(dev.kicks == 1); /* it slept before entry 0 */
	vq_add(&q, page_to_virt(mem), 1, false, &q);
	vq_kick(&q);
	CHECK(dev.kicks == 1); /* still awake */
	*avail_event() = 3;
	vq_add(&q, page_to_virt(mem), 1, false, &q);
	vq_kick(&q);
	CHECK(dev.kicks == 1); /* entry 2 */
	vq_add(&q, page_to_virt(mem), 1, false, &q);
	vq_kick(&q);
	CHECK(dev.kicks == 2); /* entry 3 */
	vq_kick(&q);
	CHECK(dev.kicks == 2);

	CHECK(!vq_want_interrupt(&q, true) && used_event() == 0);
	CHECK(!vq_want_interrupt(&q, false) && used_event() == 0xffff);
	device_finish(device_take(), 0);
	CHECK(vq_want_interrupt(&q, true)); /* it came before we asked */
	CHECK(vq_pop(&q, NULL) == &q);
	CHECK(!vq_want_interrupt(&q, true) && used_event() == 1);
}

int main(void)
{
	CHECK(arena_init(0x100000, 4 << 20, NULL, 0, true) == 0);
	srand(1);
	test_sizes();
	for (unsigned size = 4; size <= VQ_MAX_SIZE; size *= 2)
		test_in_flight(size);
	test_rogue();
	test_events();
	return UNIT_END();
}
