/* SPDX-License-Identifier: MIT */
/*
 * The inside of pipes, for pipe.c and splice.c. A pipe is a ring of segments, each a part of a
 * page.
 */
#ifndef FS_PIPE_H
#define FS_PIPE_H

#include "kernel/file.h"
#include "kernel/lock.h"

/* Bytes [off, off + len) of a page. */
struct segment {
	struct page *page;
	uint32_t off, len;
	bool packet; /* O_DIRECT: one write, read as one */
	bool closed; /* a later write must not add to it: the page may be somebody else's */
};

/* (l) lock */
struct pipe {
	struct mutex lock;
	struct wait_queue rd_wq, wr_wq; /* waiting for data / for room */
	struct segment *ring;		/* (l) n_slots, a power of two */
	unsigned n_slots, head, tail;	/* (l) counters; head - tail are in use */
	unsigned reserved;		/* (l) free slots that splice(2) has promised to fill */
	unsigned readers, writers;	/* (l) open ends */
	unsigned rd_opens, wr_opens;	/* (l) how many there ever were: for open(2) of FIFOs */
	unsigned files;			/* (inode->lock) open files; the last frees it */
	struct page *spare;		/* (l) a page kept for the next segment */
	bool anonymous;			/* of pipe(2): opening it again waits for nobody */
};

static inline unsigned pipe_in_use(const struct pipe *p)
{
	return p->head - p->tail;
}

static inline bool pipe_empty(const struct pipe *p)
{
	return p->head == p->tail;
}

static inline bool pipe_full(const struct pipe *p)
{
	return pipe_in_use(p) + p->reserved >= p->n_slots;
}

static inline struct segment *pipe_slot(struct pipe *p, unsigned i)
{
	return &p->ring[i & (p->n_slots - 1)];
}

/* The pipe behind an open file, or NULL. */
struct pipe *pipe_of(const struct file *f);
/* The first segment is used up. Locks: p->lock. */
void pipe_drop_tail(struct pipe *p);
/*
 * Fill one new segment of a pipe that is not full. Returns bytes, -EFAULT or -ENOMEM. Locks:
 * p->lock.
 */
ssize_t pipe_append(struct pipe *p, struct iter *from, bool packet);
/*
 * Move what is there; a packet is cut where the buffer ends. Returns bytes, or -EFAULT if the first
 * byte could not be stored. Locks: p->lock.
 */
ssize_t pipe_take(struct pipe *p, struct iter *to);

#endif
