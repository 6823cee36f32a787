/* SPDX-License-Identifier: MIT */
/*
 * The virtio-mmio transport, version 2 (virtio 1.2, 4.2) and the legacy version 1 (4.2.4), which is
 * QEMU's default. QEMU names its devices on the kernel command line or in ACPI's tables. Every
 * register access may cost a trip to the monitor process (75 us where measured), so none is made
 * that is not needed.
 */
#include "kernel/abi/errno.h"
#include "kernel/heap.h"
#include "kernel/log.h"
#include "kernel/string.h"
#include "kernel/virtio.h"
#include "kernel/x86_64/kmap.h"

#define MMIO_MAGIC		0x74726976 /* "virt" */
#define REG_MAGIC		(0x000 / 4)
#define REG_VERSION		(0x004 / 4)
#define REG_DEVICE_ID		(0x008 / 4)
#define REG_DEVICE_FEATURES	(0x010 / 4)
#define REG_DEVICE_FEATURES_SEL (0x014 / 4)
#define REG_DRIVER_FEATURES	(0x020 / 4)
#define REG_DRIVER_FEATURES_SEL (0x024 / 4)
#define REG_GUEST_PAGE_SIZE	(0x028 / 4) /* legacy */
#define REG_QUEUE_SEL		(0x030 / 4)
#define REG_QUEUE_NUM_MAX	(0x034 / 4)
#define REG_QUEUE_NUM		(0x038 / 4)
#define REG_QUEUE_ALIGN		(0x03c / 4) /* legacy */
#define REG_QUEUE_PFN		(0x040 / 4) /* legacy */
#define REG_QUEUE_READY		(0x044 / 4)
#define REG_QUEUE_NOTIFY	(0x050 / 4)
#define REG_INTERRUPT_ACK	(0x064 / 4)
#define REG_STATUS		(0x070 / 4)
#define REG_QUEUE_DESC		(0x080 / 4)
#define REG_QUEUE_DRIVER	(0x090 / 4)
#define REG_QUEUE_DEVICE	(0x0a0 / 4)
#define CONFIG_BYTES		0x100

#define STATUS_ACKNOWLEDGE 1
#define STATUS_DRIVER	   2
#define STATUS_DRIVER_OK   4
#define STATUS_FEATURES_OK 8

#define MMIO_KEY "virtio_mmio.device="

static uint64_t mmio_features(struct virtio_device *d)
{
	uint64_t high;

	d->regs[REG_DEVICE_FEATURES_SEL] = 1;
	high = d->regs[REG_DEVICE_FEATURES];
	d->regs[REG_DEVICE_FEATURES_SEL] = 0;
	return high << 32 | d->regs[REG_DEVICE_FEATURES];
}

static const struct virtio_transport legacy_transport;

/*
 * Looked at only when a driver wants the device. A legacy one differs from here on: features and
 * configuration are read the same way.
 */
static int check_device(struct virtio_device *d)
{
	uint32_t version;

	if (d->regs[REG_MAGIC] != MMIO_MAGIC)
		return -ENODEV;
	version = d->regs[REG_VERSION];
	if (version == 1)
		d->transport = &legacy_transport;
	return version == 1 || version == 2 ? 0 : -ENODEV;
}

/* Asking for features the device does not offer makes it refuse FEATURES_OK: one check for all. */
static int mmio_negotiate(struct virtio_device *d, uint64_t features)
{
	int r = check_device(d);

	if (r)
		return r;
	if (d->transport == &legacy_transport)
		return d->transport->negotiate(d, features);
	d->regs[REG_STATUS] = 0;
	d->regs[REG_STATUS] = STATUS_ACKNOWLEDGE | STATUS_DRIVER;
	d->regs[REG_DRIVER_FEATURES_SEL] = 0;
	d->regs[REG_DRIVER_FEATURES] = (uint32_t)features;
	d->regs[REG_DRIVER_FEATURES_SEL] = 1;
	d->regs[REG_DRIVER_FEATURES] = features >> 32;
	d->regs[REG_STATUS] = STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK;
	return d->regs[REG_STATUS] & STATUS_FEATURES_OK ? 0 : -ENODEV;
}

static void mmio_driver_ok(struct virtio_device *d)
{
	d->regs[REG_STATUS] =
	    STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK | STATUS_DRIVER_OK;
}

static uint32_t mmio_config(struct virtio_device *d, unsigned offset, unsigned width)
{
	volatile char *at = (volatile char *)d->regs + CONFIG_BYTES + offset;

	switch (width) {
	case 1:
		return *(volatile uint8_t *)at;
	case 2:
		return *(volatile uint16_t *)at;
	default:
		return *(volatile uint32_t *)at;
	}
}

static unsigned mmio_queue_max(struct virtio_device *d, unsigned index)
{
	d->regs[REG_QUEUE_SEL] = index;
	return d->regs[REG_QUEUE_NUM_MAX];
}

/* The upper halves are zero after reset. */
static void write_address(struct virtio_device *d, unsigned reg, paddr_t pa)
{
	d->regs[reg] = (uint32_t)pa;
	if (pa >> 32)
		d->regs[reg + 1] = pa >> 32;
}

static int mmio_setup_queue(struct virtio_device *d, struct virtqueue *q, paddr_t desc,
			    paddr_t avail, paddr_t used)
{
	d->regs[REG_QUEUE_SEL] = q->index;
	d->regs[REG_QUEUE_NUM] = q->size;
	write_address(d, REG_QUEUE_DESC, desc);
	write_address(d, REG_QUEUE_DRIVER, avail);
	write_address(d, REG_QUEUE_DEVICE, used);
	d->regs[REG_QUEUE_READY] = 1;
	return 0;
}

static void mmio_notify(struct virtqueue *q)
{
	q->dev->regs[REG_QUEUE_NOTIFY] = q->index;
}

/* Both causes at once: with edge-triggered delivery reading which one it was is not worth the trip.
 */
static void mmio_ack(struct virtio_device *d)
{
	d->regs[REG_INTERRUPT_ACK] = 3;
}

static const struct virtio_transport mmio_transport = {
    .features = mmio_features,
    .negotiate = mmio_negotiate,
    .driver_ok = mmio_driver_ok,
    .config = mmio_config,
    .queue_max = mmio_queue_max,
    .setup_queue = mmio_setup_queue,
    .notify = mmio_notify,
    .ack = mmio_ack,
};

/* ---- version 1 ---- */

/* Nothing can be refused: what is offered is read. There is no VERSION_1 to negotiate. */
static int legacy_negotiate(struct virtio_device *d, uint64_t features)
{
	features &= ~(1ull << VIRTIO_F_VERSION_1);
	d->regs[REG_STATUS] = 0;
	d->regs[REG_STATUS] = STATUS_ACKNOWLEDGE | STATUS_DRIVER;
	d->regs[REG_DEVICE_FEATURES_SEL] = 0;
	if (features & ~(uint64_t)d->regs[REG_DEVICE_FEATURES])
		return -ENODEV;
	d->regs[REG_DRIVER_FEATURES_SEL] = 0;
	d->regs[REG_DRIVER_FEATURES] = (uint32_t)features;
	d->regs[REG_GUEST_PAGE_SIZE] = PAGE_SIZE;
	return 0;
}

static void legacy_driver_ok(struct virtio_device *d)
{
	d->regs[REG_STATUS] = STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_DRIVER_OK;
}

/* One address tells all: the parts follow each other as vq_init lays them out (VIRTQ_ALIGN). */
static int legacy_setup_queue(struct virtio_device *d, struct virtqueue *q, paddr_t desc,
			      paddr_t avail, paddr_t used)
{
	d->regs[REG_QUEUE_SEL] = q->index;
	d->regs[REG_QUEUE_NUM] = q->size;
	d->regs[REG_QUEUE_ALIGN] = VIRTQ_ALIGN;
	d->regs[REG_QUEUE_PFN] = (uint32_t)(desc >> PAGE_SHIFT);
	return 0;
}

static const struct virtio_transport legacy_transport = {
    .features = mmio_features,
    .negotiate = legacy_negotiate,
    .driver_ok = legacy_driver_ok,
    .config = mmio_config,
    .queue_max = mmio_queue_max,
    .setup_queue = legacy_setup_queue,
    .notify = mmio_notify,
    .ack = mmio_ack,
};

/* ---- finding devices ---- */

/* A number in C notation; *s is advanced behind it. */
static uint64_t parse_number(const char **s)
{
	unsigned base = 10;
	uint64_t v = 0;

	if ((*s)[0] == '0' && (*s)[1] == 'x') {
		base = 16;
		*s += 2;
	}
	for (;; (*s)++) {
		unsigned c = (unsigned char)**s, digit = c - '0';

		if (digit > 9)
			digit = (c | 32) - 'a' < 6 ? (c | 32) - 'a' + 10 : 99;
		if (digit >= base)
			return v;
		v = v * base + digit;
	}
}

/* Several devices lie in one page: it is mapped once if they are named one after the other. */
static volatile uint32_t *map_regs(paddr_t pa, uint64_t size)
{
	static paddr_t mapped_pa;
	static char *mapped;

	if (!mapped || pa < mapped_pa || pa + size > mapped_pa + PAGE_SIZE) {
		mapped_pa = ALIGN_DOWN(pa, PAGE_SIZE);
		mapped = kmap_device(mapped_pa, pa - mapped_pa + size);
	}
	return mapped ? (volatile uint32_t *)(mapped + (pa - mapped_pa)) : NULL;
}

int virtio_mmio_add(paddr_t pa, uint64_t size, unsigned gsi)
{
	volatile uint32_t *regs = map_regs(pa, size);
	struct virtio_device *d;

	if (!regs)
		return -ENOMEM;
	d = kzalloc(sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->transport = &mmio_transport;
	d->regs = regs;
	d->gsi = gsi;
	d->id = regs[REG_DEVICE_ID];
	return d->id ? virtio_register(d) : 0;
}

int virtio_mmio_probe(const char *cmdline)
{
	int found = 0;

	for (const char *s = strstr(cmdline, MMIO_KEY); s; s = strstr(s, MMIO_KEY)) {
		uint64_t size, pa;

		s += strlen(MMIO_KEY);
		size = parse_number(&s);
		if (*s++ != '@')
			continue;
		pa = parse_number(&s);
		if (*s++ != ':')
			continue;
		virtio_mmio_add(pa, size, parse_number(&s));
		found++;
	}
	return found;
}
