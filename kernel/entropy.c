/* SPDX-License-Identifier: MIT */
/*
 * Random numbers to start from where no host gives a seed: of the CPU (kernel/random.c takes those
 * itself), of a virtio-rng device, and of how long trips to the monitor take.
 */
#include "kernel/abi/errno.h"
#include "kernel/clock.h"
#include "kernel/log.h"
#include "kernel/page.h"
#include "kernel/random.h"
#include "kernel/string.h"
#include "kernel/virtio.h"
#include "kernel/x86_64/cpu.h"

#define JITTER_TRIPS	  128
#define UNUSED_PORT	  0x80
#define DEVICE_BYTES	  64
#define DEVICE_TIMEOUT_NS (NSEC_PER_SEC / 2)

/* Each trip to the monitor is scheduled by the host: a bit or more of its time nobody can tell. */
static void mix_jitter(void)
{
	uint64_t times[JITTER_TRIPS];

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		cpu_in8(UNUSED_PORT);
		times[i] = cpu_tsc();
	}
	random_mix(times, sizeof(times));
	memset(times, 0, sizeof(times));
}

static int device_bytes(struct virtio_device *d, struct virtqueue *q, void *buf, uint32_t *n)
{
	uint64_t deadline = clock_mono_ns() + DEVICE_TIMEOUT_NS;
	int r = d->transport->negotiate(d, 1ull << VIRTIO_F_VERSION_1 | 1ull << VIRTIO_F_EVENT_IDX);

	if (r == 0)
		r = vq_init(q, d, 0, 1, NULL);
	if (r)
		return r;
	vq_want_interrupt(q, false);
	d->transport->driver_ok(d);
	vq_add(q, buf, DEVICE_BYTES, true, buf);
	vq_kick(q);
	while (!vq_pop(q, n))
		if (clock_mono_ns() > deadline)
			return -ETIMEDOUT;
	return 0;
}

/* virtio 1.2, 5.4. The device keeps its queue's page, and the buffer if it never answers. */
static void mix_device(struct virtio_device *d)
{
	static struct virtqueue q;
	struct page *p = page_alloc(0, PAGE_ZEROED);
	uint32_t n = 0;

	if (!p)
		return;
	if (device_bytes(d, &q, page_to_virt(p), &n))
		return;
	random_mix(page_to_virt(p), n);
	log_info("%u random bytes from the virtio-rng device", n);
	memset(page_to_virt(p), 0, DEVICE_BYTES);
	page_put(p);
}

void entropy_gather(void)
{
	struct virtio_device *d = virtio_find(VIRTIO_ID_RNG, 0);

	if (d)
		mix_device(d);
	if (!cpu_has_rdrand())
		mix_jitter();
}
