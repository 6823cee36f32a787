/* SPDX-License-Identifier: MIT */
/* What the parts of io_uring are to each other. Included by uring.h only, which see. */
#ifndef SYSCALLS_URING_PARTS_H
#define SYSCALLS_URING_PARTS_H

/* ---- queue.c: the rings. Words that the program may write are read through these. ---- */
struct uring_words { /* at the start of the ring's memory, as offsets tell the program */
	uint32_t sq_head, sq_tail, cq_head, cq_tail;
	uint32_t sq_mask, cq_mask, sq_entries, cq_entries;
	uint32_t sq_dropped, sq_flags, cq_flags, cq_overflow;
	uint32_t pad[4];
};
struct uring_words *uring_words(const struct uring *r);
size_t uring_array_offset(const struct uring *r); /* of the submission array */
/* Copy the next submission. False: there is none. Locks: r->lock. */
bool uring_next_sqe(struct uring *r, struct io_uring_sqe *sqe);
void uring_sq_flag(struct uring *r, uint32_t flag, bool on);
/* Add a completion; told by uring_announce. */
void uring_post(struct uring *r, uint64_t user_data, int32_t res, uint32_t cflags, bool timeout);
/* Tell whoever waits, and the eventfd, of completions since the last time. Thread context. */
void uring_announce(struct uring *r);
/* Completions that overflowed find their place, if there is room now. */
void uring_flush(struct uring *r);
uint32_t uring_unread(const struct uring *r); /* completions the program has not taken */
void uring_drop_overflow(struct uring *r);
/* Wake polls of the ring's file. nested: from the wake-up of a file that may itself be waiting for
 * a ring. */
void uring_wake_polls(struct uring *r, bool nested);

/* ---- request.c ---- */
void uring_lock(struct uring *r);
void uring_unlock(struct uring *r);	 /* and tells what was completed */
struct uring_task *uring_task_get(void); /* the caller's; NULL: no memory */
void uring_task_end(void);		 /* cancels all that is the caller's */
struct uring_req *uring_req_new(struct uring *r, struct uring_task *task); /* NULL: no memory */
void uring_req_bury(struct uring_req *q);
void uring_req_undo(struct uring_req *q); /* it came to nothing; NULL is allowed */
/* The first of a chain may start: do it, or wait for what is before it. */
void uring_start(struct uring_req *q);
void uring_issue(struct uring_req *q);
/* It is over; what is linked to it follows or is cancelled. Frees q. */
void uring_complete(struct uring_req *q, long res);
/* One completion of several: IORING_CQE_F_MORE. */
void uring_post_more(struct uring_req *q, long res, uint32_t cflags);
/* q can go on. Any context. */
void uring_fire(struct uring_req *q);
/* q is among those that wait, from now on. */
void uring_waits(struct uring_req *q, enum uring_state state);
/* Let all go on that can and are the caller's. */
void uring_run(void);			  /* but of rings that defer it */
void uring_run_deferred(struct uring *r); /* of such a ring */
/* Take back what matches: how many. */
struct uring_match {
	uint64_t user_data;
	struct file *file;
	int op;			 /* or -1 */
	struct uring_task *task; /* of this thread only; NULL: of all */
	bool by_data, by_file, all;
};
unsigned uring_cancel(struct uring *r, const struct uring_match *m);
struct uring_req *uring_find(struct uring *r, const struct uring_match *m);
void uring_cancel_one(struct uring_req *q);
/* It leaves ring->drained: it counts among those before others from now on. */
void uring_undrained(struct uring_req *q);
/* Leave poll queues and timers. */
void uring_disarm(struct uring_req *q);

/* ---- cancel.c ---- */
int uring_prep_cancel(struct uring_req *q);
long uring_cancel_op(struct uring_req *q);
long uring_sync_cancel(struct uring *r, uaddr_t arg);

/* ---- time.c ---- */
int uring_prep_timeout(struct uring_req *q);
long uring_timeout(struct uring_req *q);
int uring_prep_timeout_remove(struct uring_req *q);
long uring_timeout_remove(struct uring_req *q);
int uring_prep_link_timeout(struct uring_req *q);
void uring_link_timeout_start(struct uring_req *q); /* q's, if it has one */
/* The timer of q fired. */
void uring_timed_out(struct uring_req *q);
/* Completions were posted: timeouts that count them. Locks: r->lock. */
void uring_timeouts_count(struct uring *r);

/* ---- poll.c ---- */
int uring_prep_poll(struct uring_req *q);
long uring_poll_add(struct uring_req *q);
int uring_prep_poll_remove(struct uring_req *q);
long uring_poll_remove(struct uring_req *q);
/* The polled file was woken. */
void uring_poll_woken(struct uring_req *q);
/* Have q fired when its file may be ready for q->events; what it is ready for now. */
unsigned uring_arm(struct uring_req *q);

/* ---- rsrc.c: registered files and buffers. Locks: r->lock. ---- */
struct uring_rsrc *uring_rsrc_get(struct uring_table *t, unsigned i); /* NULL: none */
void uring_rsrc_put(struct uring *r, struct uring_rsrc *n);
void uring_table_free(struct uring *r, struct uring_table *t);
/* Put a file (reference taken over on success) into slot `index` - 1, or any free one. The slot or
 * 0, -errno. */
long uring_file_install(struct uring *r, struct file *f, unsigned index);
int uring_file_remove(struct uring *r, unsigned slot);
/* f, taken over, as a descriptor or as the registered file the entry asks for: its number. */
long uring_new_fd(struct uring_req *q, struct file *f, bool cloexec);
long uring_files_update_op(struct uring_req *q);
long uring_register_rsrc(struct uring *r, unsigned op, uaddr_t arg, unsigned n);

/* ---- buffers.c: provided buffers. Locks: r->lock. ---- */
/* The buffer the next transfer of q uses: 0 or -ENOBUFS, -EFAULT. *len: what is wanted (0: all),
 * becomes what there is. */
int uring_select(struct uring_req *q, uaddr_t *addr, size_t *len);
/* It was used: what to say in the completion. */
uint32_t uring_selected(struct uring_req *q);
int uring_prep_buffers(struct uring_req *q);
long uring_provide_buffers(struct uring_req *q);
long uring_remove_buffers(struct uring_req *q);
long uring_register_pbuf(struct uring *r, unsigned op, uaddr_t arg);
void uring_groups_free(struct uring *r);

/* ---- submit.c ---- */
long uring_submit(struct uring *r, unsigned n);

#endif
