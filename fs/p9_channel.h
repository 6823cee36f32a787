/* SPDX-License-Identifier: MIT */
/*
 * Requests to one 9P server over one virtio-9p device (fs/virtio_9p.c): several may be on their way
 * at a time, each in a slot whose number is its tag. Also the server's fids, because those are
 * given back by requests that nobody waits for.
 */
#ifndef FS_P9_CHANNEL_H
#define FS_P9_CHANNEL_H

#include "fs/p9_proto.h"
#include "kernel/virtio.h"
#include "kernel/wait.h"

#define P9_MSIZE      (512u * 1024 + PAGE_SIZE) /* largest message we offer */
#define P9_SLOTS      16u
#define P9_SLOT_BUF   (2 * PAGE_SIZE) /* request and reply, without data that is elsewhere */
#define P9_MAX_PIECES 32u	      /* of data in one request */

struct p9_channel;

struct p9_req {
	struct p9_channel *ch;
	uint16_t tag;
	uint8_t type;
	bool busy, done;
	bool clunk;   /* nobody waits; `fid` is free when it is done */
	uint32_t fid; /* of a clunk */
	uint32_t got; /* bytes the device wrote */
	size_t reply; /* where the reply is in buf */
	uint8_t *buf; /* P9_SLOT_BUF bytes, allocated at the first use */
	struct p9_msg m;
	struct wait_queue wq;
};

/* Physically contiguous data of a request, outside its slot. */
struct p9_data {
	const struct vq_buf *pieces;
	unsigned n;
	bool in; /* the device writes it */
	size_t len;
};

struct p9_channel {
	struct virtio_device *dev;
	struct virtqueue vq;
	uint32_t msize; /* agreed on */
	struct p9_req slots[P9_SLOTS];
	struct wait_queue free_wq; /* for a slot or descriptors */
	unsigned sleepers;	   /* who rely on the interrupt */
	uint32_t next_fid;	   /* never used so far */
	uint32_t *free_fids;	   /* numbers to use again, and behind them... */
	uint32_t *doomed;	   /* fids to clunk as soon as there is a slot */
	size_t n_free, free_room, n_doomed, doomed_room;
	uint32_t live; /* fids the server holds for us */
	bool changed;  /* something was asked for that storage has to remember */
};

/* Set up the device whose mount tag is `tag`, without a word to the server. 0, -ENODEV (no such
 * device), -ENOMEM. */
int p9_channel_open(const char *tag, struct p9_channel **out);

/* A slot with the beginning of a request. May sleep. NULL: no memory. */
struct p9_req *p9_req_new(struct p9_channel *ch, uint8_t type);
/*
 * Send and wait, not interruptibly. data may be NULL. Returns 0 with r->m at the reply's first
 * field, the server's errno, -EIO (bad reply) or -ENAMETOOLONG (the request did not fit). The slot
 * remains the caller's.
 */
int p9_req_call(struct p9_req *r, const struct p9_data *data);
void p9_req_put(struct p9_req *r);
/* The common case: call, and give the slot back unless there is a reply to read. */
int p9_req_call_or_put(struct p9_req *r);
/* ... and nothing is wanted of the reply. */
int p9_req_finish(struct p9_req *r);

/* A number for a new fid. */
uint32_t p9_fid_new(struct p9_channel *ch);
/* The request that would have made it failed. */
void p9_fid_unused(struct p9_channel *ch, uint32_t fid);
/* Give a fid back to the server; P9_NOFID is ignored. Does not sleep. */
void p9_fid_clunk(struct p9_channel *ch, uint32_t fid);

#endif
