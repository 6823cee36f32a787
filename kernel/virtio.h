/* SPDX-License-Identifier: MIT */
/*
 * Virtio devices (virtio 1.2): feature negotiation and split virtqueues over a transport. A queue
 * belongs to one driver, which serialises its use. Buffers are kernel memory in the direct map.
 */
#ifndef KERNEL_VIRTIO_H
#define KERNEL_VIRTIO_H

#include "kernel/types.h"

#define VIRTIO_ID_NET	  1
#define VIRTIO_ID_BLOCK	  2
#define VIRTIO_ID_CONSOLE 3
#define VIRTIO_ID_RNG	  4
#define VIRTIO_ID_9P	  9

#define VIRTIO_F_EVENT_IDX 29
#define VIRTIO_F_VERSION_1 32

#define VIRTQ_ALIGN 64 /* of the used ring; the available ring follows the descriptors */

struct virtio_device;

/* A split virtqueue (virtio 1.2, 2.7). */
struct virtqueue {
	struct virtio_device *dev;
	unsigned index, size; /* size: power of two */
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	uint16_t free_head, n_free;
	uint16_t next_avail; /* our index of the next available entry */
	uint16_t kicked;     /* index the device was last told about */
	uint16_t last_used;
	void **tokens; /* per head descriptor */
};

struct virtio_transport {
	/* The features the device offers: for those a driver can do without. */
	uint64_t (*features)(struct virtio_device *d);
	/* Negotiate exactly `features`; 0 or -ENODEV if the device refuses. */
	int (*negotiate)(struct virtio_device *d, uint64_t features);
	void (*driver_ok)(struct virtio_device *d);
	/* Little-endian field of 1, 2 or 4 bytes in the device's configuration. */
	uint32_t (*config)(struct virtio_device *d, unsigned offset, unsigned width);
	/* Largest size queue `index` may have; 0: there is none. */
	unsigned (*queue_max)(struct virtio_device *d, unsigned index);
	/* Tell the device where queue q is; -ENODEV if it refuses. */
	int (*setup_queue)(struct virtio_device *d, struct virtqueue *q, paddr_t desc,
			   paddr_t avail, paddr_t used);
	void (*notify)(struct virtqueue *q);
	/* Acknowledge an interrupt. */
	void (*ack)(struct virtio_device *d);
};

struct virtio_device {
	const struct virtio_transport *transport;
	unsigned id;		 /* VIRTIO_ID_* */
	unsigned gsi;		 /* interrupt */
	volatile uint32_t *regs; /* transport's own */
};

/* The transport at this place, if a device is behind it. 0, -ENODEV, -ENOMEM, -ENOSPC. */
int virtio_mmio_add(paddr_t pa, uint64_t size, unsigned gsi);
/* Those named on the command line by QEMU ("virtio_mmio.device=512@0xfeb00e00:12"): how many. */
int virtio_mmio_probe(const char *cmdline);
/* The n-th device with this id, or NULL. */
struct virtio_device *virtio_find(unsigned id, unsigned n);
int virtio_register(struct virtio_device *d);

/*
 * Give queue `index` with `size` entries to the device: a power of two, up to 64 (which every
 * device has) or what queue_max said, and at most VQ_MAX_SIZE. Its memory is the page `mem`, which
 * holds up to 64 entries, or, if that is NULL, allocated here. 0, -ENOMEM or -ENODEV.
 */
#define VQ_MAX_SIZE 256u
struct page;
int vq_init(struct virtqueue *q, struct virtio_device *d, unsigned index, unsigned size,
	    struct page *mem);

/* One piece of a request's memory, physically contiguous. */
struct vq_buf {
	void *addr; /* in the direct map or the kernel image */
	uint32_t len;
};
/*
 * Queue one request: `reads` buffers that the device reads, followed in bufs by `writes` that it
 * writes. The token, which is not NULL, comes back from vq_pop when the request is done. 0, or
 * -ENOSPC when fewer descriptors than that are free (q->n_free): nothing was queued then.
 */
int vq_add_chain(struct virtqueue *q, const struct vq_buf *bufs, unsigned reads, unsigned writes,
		 void *token);
/* The same for one buffer. */
int vq_add(struct virtqueue *q, void *buf, uint32_t len, bool device_writes, void *token);
/* Tell the device about added buffers, if it wants to know. */
void vq_kick(struct virtqueue *q);
/* Next finished request's token and the bytes the device wrote (never more than it was given room
 * for); NULL if none. */
void *vq_pop(struct virtqueue *q, uint32_t *len);
/* Ask for an interrupt at the next completion (true) or for none. Returns true if something
 * completed meanwhile. */
bool vq_want_interrupt(struct virtqueue *q, bool want);
/* Ask for an interrupt when three quarters of what is in flight are done, so that there is one for
 * many. Returns true if that has happened already. */
bool vq_want_late_interrupt(struct virtqueue *q);
/* Descriptors of requests that were queued and have not been taken off with vq_pop. */
unsigned vq_in_flight(const struct virtqueue *q);

#endif
