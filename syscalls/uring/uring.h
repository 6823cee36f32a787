/* SPDX-License-Identifier: MIT */
/*
 * io_uring(7). What can be done at once is done when it is submitted; a file that is not ready gets
 * a poll entry, and its request is tried again when that is woken. All of it runs in the thread
 * that submitted the request: on its way out of the kernel, or when it would sleep
 * (thread_async_wake, kernel/task.h), or with DEFER_TASKRUN when it asks for completions.
 *
 * The rings are shared with a program that may write anything into them at any time: each entry is
 * copied once and then judged, indices are masked, and the kernel's own positions are kept outside.
 *
 * Locks: ring->lock (mutex) for requests and everything registered; inside it fired_lock (spin, in
 * request.c) and cq_lock (spin). Who completes requests holds ring->lock; what comes from elsewhere
 * (a wake-up, a timer) only puts them on a list.
 */
#ifndef SYSCALLS_URING_H
#define SYSCALLS_URING_H

#include "kernel/poll.h"
#include "kernel/task.h"
#include "kernel/timer.h"
#include "syscalls/uring/abi.h"

struct uring;
struct uring_req;

/* A registered file or buffer; requests that use it keep it after it was removed. (ring->lock) */
struct uring_rsrc {
	uint32_t refs;
	uint64_t tag;	   /* of the completion that says that it is gone; 0: none */
	struct file *file; /* of a file */
	uaddr_t addr;	   /* of a buffer */
	size_t len;
};

struct uring_table {
	struct uring_rsrc **slots; /* NULL: nothing there */
	unsigned n, hint;
	unsigned alloc_from, alloc_to; /* where free slots are looked for */
};

/* A group of provided buffers: a list of them, or a ring in program memory. (ring->lock) */
struct uring_group {
	struct list link;
	unsigned id;
	struct list bufs; /* of struct uring_buf, if there is no ring */
	unsigned n_bufs;
	uaddr_t ring;
	uint16_t mask, head;
};

/* (i) immutable, (l) lock, (c) cq_lock, (f) fired_lock */
struct uring {
	uint32_t refs;			     /* (f) the file's, each request's */
	unsigned flags;			     /* (i) IORING_SETUP_*; R_DISABLED: (l) */
	unsigned sq_entries, cq_entries;     /* (i) */
	unsigned sqe_shift, cqe_shift;	     /* (i) */
	struct page *ring_pages, *sqe_pages; /* (i) each a run of single pages */
	size_t n_ring_pages, n_sqe_pages;    /* (i) */
	struct thread *issuer;		     /* (l) SINGLE_ISSUER: who may submit */
	struct mutex lock;
	struct spinlock cq_lock;
	uint32_t sq_head;		  /* (l) */
	uint32_t cq_tail;		  /* (c) */
	uint32_t posted;		  /* (c) completions but of timeouts */
	uint32_t timeouts;		  /* (c) completions of timeouts */
	struct list overflow;		  /* (c) completions without a place */
	bool news;			  /* (c) since the last uring_announce */
	bool waking;			  /* (f) poll_wq */
	bool counting;			  /* (l) uring_timeouts_count() is at work */
	unsigned n_counting;		  /* (l) timeouts that count completions */
	struct wait_queue cq_wq, poll_wq; /* threads in io_uring_enter; polls of the file */
	struct timer bounce;		  /* wakes poll_wq from outside of wake-ups */
	struct list requests;		  /* (l) that wait for something */
	struct uring_req *spare;	  /* (l) one that is free */
	struct list dead;		  /* (l) that are over, but for their files */
	struct list drained;		  /* (l) that wait for those before them, in order */
	unsigned n_open;		  /* (l) issued and not completed */
	bool barrier;			  /* (l) one with IOSQE_IO_DRAIN is among them */
	struct list fired;		  /* (f) DEFER_TASKRUN: that can go on */
	struct uring_table files, bufs;	  /* (l) */
	struct list groups;		  /* (l) */
	struct file *eventfd;		  /* (l) */
	bool eventfd_async;		  /* (l) */
	size_t locked;			  /* (l) bytes of registered buffers */
	uint32_t max_workers[2];	  /* (l) as the program may set them */
	struct cred **creds;		  /* (l) personalities, by number - 1 */
	unsigned n_creds;		  /* (l) */
};

/* A thread's part: what of its requests can go on, and all that wait. (f) */
struct uring_task {
	struct thread *thread;
	struct list fired;
	struct list requests;
	bool running; /* the thread is working on some, or submits: not again meanwhile */
};

enum uring_state { REQ_READY, REQ_POLLING, REQ_TIMING };

enum {			  /* uring_req.flags */
       REQ_FAIL = 1,	  /* its links do not follow, whatever the result */
       REQ_FINE = 2,	  /* they do, even if the result is an error */
       REQ_NOWAIT = 4,	  /* -EAGAIN is a result */
       REQ_MULTISHOT = 8, /* goes on after a completion */
       REQ_SELECTED = 16, /* has chosen a provided buffer, `buf_id` */
       REQ_POLL_FIRST = 32,
       REQ_DRAINED = 64, /* on ring->drained */
       REQ_COUNTS = 256, /* a timeout, in ring->n_counting */
       REQ_BROKEN = 128, /* is not to be issued: `res` */
};

/* (l) of its ring but for fired_link and task_link (f) */
struct uring_req {
	struct list link;	/* ring->requests, or ->drained */
	struct list task_link;	/* task->requests */
	struct list fired_link; /* on task->fired or ring->fired */
	struct uring *ring;
	struct uring_task *task;
	const struct uring_op *op;
	struct uring_req *next; /* linked: follows when this one succeeded */
	struct uring_req *over; /* of a link timeout: whose */
	struct io_uring_sqe sqe;
	enum uring_state state;
	unsigned flags;
	int res;	 /* of one that is not to be issued */
	unsigned events; /* EPOLL* it waits for */
	unsigned spins;	 /* times it was ready and yet could not be done */
	struct file *file;
	struct file *in; /* where a splice comes from */
	bool wait_in;	 /* poll that */
	bool tried;	 /* a connect is under way */
	struct uring_rsrc *file_node, *buf_node;
	struct cred *cred; /* a personality; NULL: the thread's own */
	void *state_mem;   /* the operation's, until it is over */
	size_t done;	   /* bytes of earlier tries */
	uint16_t buf_id;
	uint32_t cflags; /* of the completion */
	struct poll_table table;
	struct poll_entry room[2];
	struct timer timer;
	uint64_t deadline_ns, interval_ns; /* of a timeout */
	uint32_t target;		   /* of a timeout that counts: ring->posted then */
};

/* The file whose readiness it waits for. */
static inline struct file *uring_waits_for(const struct uring_req *q)
{
	return q->wait_in ? q->in : q->file;
}

/* What issue() returns instead of a result: it will complete later. */
#define URING_LATER INT64_MIN

struct uring_op {
	int (*prep)(struct uring_req *q);   /* what must be read at submission; 0 or -errno */
	long (*issue)(struct uring_req *q); /* result; URING_LATER; -EAGAIN: wait for `events` */
	void (*drop)(struct uring_req *q);  /* state_mem goes; NULL: kfree */
	uint16_t events;
	uint8_t needs_file : 1, selects : 1, ioprio : 1;
};
extern const struct uring_op uring_ops[OP_COUNT];

/* ---- setup.c ---- */
struct uring *uring_of(const struct file *f); /* NULL: no ring */
void uring_get(struct uring *r);
void uring_put(struct uring *r);

#include "syscalls/uring/parts.h"

#endif
