/* SPDX-License-Identifier: MIT */
/* io_uring_setup(2): a ring's memory and its file. */
#include "fs/eventpoll.h"
#include "fs/vfs.h"
#include "kernel/heap.h"
#include "kernel/page.h"
#include "kernel/string.h"
#include "kernel/wait.h"
#include "syscalls/syscall.h"
#include "syscalls/uring/uring.h"
#include "syscalls/util.h"

#define MAX_ENTRIES    32768u
#define MAX_CQ_ENTRIES (2 * MAX_ENTRIES)
#define SQE_SHIFT      6
#define CQE_SHIFT      4
#define SETUP_FLAGS                                                                                \
	(IORING_SETUP_SQPOLL | IORING_SETUP_SQ_AFF | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP |    \
	 IORING_SETUP_ATTACH_WQ | IORING_SETUP_R_DISABLED | IORING_SETUP_SUBMIT_ALL |              \
	 IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SQE128 |             \
	 IORING_SETUP_CQE32 | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |            \
	 SETUP_NO_SQARRAY)
#define FEATURES                                                                                   \
	(IORING_FEAT_SINGLE_MMAP | IORING_FEAT_NODROP | IORING_FEAT_SUBMIT_STABLE |                \
	 IORING_FEAT_RW_CUR_POS | IORING_FEAT_CUR_PERSONALITY | IORING_FEAT_FAST_POLL |            \
	 IORING_FEAT_POLL_32BITS | IORING_FEAT_SQPOLL_NONFIXED | IORING_FEAT_EXT_ARG |             \
	 IORING_FEAT_NATIVE_WORKERS | IORING_FEAT_RSRC_TAGS | IORING_FEAT_CQE_SKIP |               \
	 IORING_FEAT_LINKED_FILE)

/* ---- memory ---- */

/* A run of at least `bytes`, as single zeroed pages. 0 or -ENOMEM. */
static int run_alloc(size_t bytes, struct page **run, size_t *n)
{
	unsigned order = 0;
	size_t want = ALIGN_UP(bytes, PAGE_SIZE) / PAGE_SIZE;
	struct page *p;

	while (((size_t)1 << order) < want)
		order++;
	p = page_alloc(order, PAGE_ZEROED);
	if (!p)
		return -ENOMEM;
	if (order)
		page_split(p);
	for (size_t i = want; i < (size_t)1 << order; i++)
		page_put(p + i);
	*run = p;
	*n = want;
	return 0;
}

static void run_free(struct page *run, size_t n)
{
	for (size_t i = 0; i < n; i++)
		page_put(run + i);
}

void uring_get(struct uring *r)
{
	__atomic_add_fetch(&r->refs, 1, __ATOMIC_RELAXED);
}

void uring_put(struct uring *r)
{
	if (__atomic_sub_fetch(&r->refs, 1, __ATOMIC_ACQ_REL))
		return;
	uring_drop_overflow(r);
	kfree(r->spare);
	run_free(r->ring_pages, r->n_ring_pages);
	run_free(r->sqe_pages, r->n_sqe_pages);
	kfree(r);
}

/* ---- the file ---- */

static int uring_map_page(struct file *f, uint64_t index, bool write, struct page **out)
{
	struct uring *r = f->priv;
	uint64_t region = (index << PAGE_SHIFT) & IORING_OFF_MMAP_MASK;
	uint64_t i = index - (region >> PAGE_SHIFT);
	bool sqes = region == IORING_OFF_SQES;

	if (!sqes && region != IORING_OFF_SQ_RING && region != IORING_OFF_CQ_RING)
		return -ENODATA;
	if (i >= (sqes ? r->n_sqe_pages : r->n_ring_pages))
		return -ENODATA;
	*out = page_get((sqes ? r->sqe_pages : r->ring_pages) + i);
	return 0;
}

/* Readable: there are completions, or something to do that will make some. */
static unsigned uring_file_poll(struct file *f, struct poll_table *pt)
{
	struct uring *r = f->priv;
	const struct uring_words *w = uring_words(r);
	unsigned events = 0;

	poll_wait(pt, &r->poll_wq);
	if (READ_ONCE(w->sq_tail) - r->sq_head < r->sq_entries)
		events |= EPOLLOUT | EPOLLWRNORM;
	if (uring_unread(r) || !list_empty(&r->overflow) || !list_empty(&r->fired))
		events |= EPOLLIN | EPOLLRDNORM;
	return events;
}

static void uring_release(struct file *f)
{
	struct uring *r = f->priv;
	const struct uring_match all = {.all = true, .op = -1};

	uring_lock(r);
	while (uring_cancel(r, &all))
		;
	uring_table_free(r, &r->files);
	uring_table_free(r, &r->bufs);
	uring_groups_free(r);
	for (unsigned i = 0; i < r->n_creds; i++)
		if (r->creds[i])
			cred_put(r->creds[i]);
	kfree(r->creds);
	if (r->eventfd)
		file_put(r->eventfd);
	r->eventfd = NULL;
	uring_unlock(r);
	timer_disarm(&r->bounce);
	uring_put(r);
}

static const struct file_ops uring_file_ops = {
    .poll = uring_file_poll,
    .map_page = uring_map_page,
    .release = uring_release,
    .anon_name = "[io_uring]",
};

struct uring *uring_of(const struct file *f)
{
	return f->ops == &uring_file_ops ? f->priv : NULL;
}

/* ---- setup ---- */

static void bounce(struct timer *t)
{
	uring_wake_polls(container_of(t, struct uring, bounce), false);
}

static unsigned power_of_2(unsigned n)
{
	unsigned p = 1;

	while (p < n)
		p *= 2;
	return p;
}

static int check_flags(const struct io_uring_params *p)
{
	unsigned f = p->flags;

	if (f & ~(SETUP_FLAGS | IORING_SETUP_IOPOLL))
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(p->resv); i++)
		if (p->resv[i])
			return -EINVAL;
	if ((f & IORING_SETUP_SQPOLL) &&
	    (f &
	     (IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_DEFER_TASKRUN)))
		return -EINVAL;
	if ((f & IORING_SETUP_SQ_AFF) && !(f & IORING_SETUP_SQPOLL))
		return -EINVAL;
	if ((f & IORING_SETUP_TASKRUN_FLAG) &&
	    !(f & (IORING_SETUP_COOP_TASKRUN | IORING_SETUP_DEFER_TASKRUN)))
		return -EINVAL;
	if ((f & IORING_SETUP_DEFER_TASKRUN) && !(f & IORING_SETUP_SINGLE_ISSUER))
		return -EINVAL;
	return f & IORING_SETUP_IOPOLL ? -EOPNOTSUPP : 0; /* no device here can be polled */
}

/* How many entries of both kinds, from what is asked for. */
static int sizes(unsigned entries, struct io_uring_params *p)
{
	unsigned cq = 2 * MIN(entries, MAX_ENTRIES);

	if (!entries || (entries > MAX_ENTRIES && !(p->flags & IORING_SETUP_CLAMP)))
		return -EINVAL;
	p->sq_entries = power_of_2(MIN(entries, MAX_ENTRIES));
	cq = 2 * p->sq_entries;
	if (p->flags & IORING_SETUP_CQSIZE) {
		cq = p->cq_entries;
		if (!cq || (cq > MAX_CQ_ENTRIES && !(p->flags & IORING_SETUP_CLAMP)))
			return -EINVAL;
		cq = power_of_2(MIN(cq, MAX_CQ_ENTRIES));
		if (cq < p->sq_entries)
			return -EINVAL;
	}
	p->cq_entries = cq;
	return 0;
}

static void fill_offsets(const struct uring *r, struct io_uring_params *p)
{
	const size_t words = sizeof(struct uring_words);

	p->features = FEATURES;
	p->sq_off = (struct io_sqring_offsets){
	    .head = offsetof(struct uring_words, sq_head),
	    .tail = offsetof(struct uring_words, sq_tail),
	    .ring_mask = offsetof(struct uring_words, sq_mask),
	    .ring_entries = offsetof(struct uring_words, sq_entries),
	    .flags = offsetof(struct uring_words, sq_flags),
	    .dropped = offsetof(struct uring_words, sq_dropped),
	    .array = r->flags & SETUP_NO_SQARRAY ? 0 : uring_array_offset(r)};
	p->cq_off =
	    (struct io_cqring_offsets){.head = offsetof(struct uring_words, cq_head),
				       .tail = offsetof(struct uring_words, cq_tail),
				       .ring_mask = offsetof(struct uring_words, cq_mask),
				       .ring_entries = offsetof(struct uring_words, cq_entries),
				       .overflow = offsetof(struct uring_words, cq_overflow),
				       .cqes = words,
				       .flags = offsetof(struct uring_words, cq_flags)};
}

static int uring_alloc(const struct io_uring_params *p, struct uring **out)
{
	struct uring *r = kzalloc(sizeof(*r));
	struct uring_words *w;
	size_t bytes;

	if (!r)
		return -ENOMEM;
	r->refs = 1;
	r->flags = p->flags;
	r->sq_entries = p->sq_entries;
	r->cq_entries = p->cq_entries;
	r->sqe_shift = SQE_SHIFT + !!(p->flags & IORING_SETUP_SQE128);
	r->cqe_shift = CQE_SHIFT + !!(p->flags & IORING_SETUP_CQE32);
	list_init(&r->overflow);
	list_init(&r->requests);
	list_init(&r->drained);
	list_init(&r->dead);
	list_init(&r->fired);
	list_init(&r->groups);
	mutex_init(&r->lock);
	timer_init(&r->bounce, bounce);
	r->max_workers[0] = r->sq_entries;
	r->max_workers[1] = (uint32_t)current_process()->limits[RLIMIT_NPROC].rlim_cur;
	bytes = uring_array_offset(r);
	if (!(p->flags & SETUP_NO_SQARRAY))
		bytes += r->sq_entries * sizeof(uint32_t);
	if (run_alloc(bytes, &r->ring_pages, &r->n_ring_pages) ||
	    run_alloc((size_t)r->sq_entries << r->sqe_shift, &r->sqe_pages, &r->n_sqe_pages)) {
		uring_put(r);
		return -ENOMEM;
	}
	w = uring_words(r);
	w->sq_mask = r->sq_entries - 1;
	w->cq_mask = r->cq_entries - 1;
	w->sq_entries = r->sq_entries;
	w->cq_entries = r->cq_entries;
	if (p->flags & IORING_SETUP_SQPOLL) /* always asleep: submit.c */
		w->sq_flags = IORING_SQ_NEED_WAKEUP;
	if ((p->flags & IORING_SETUP_SINGLE_ISSUER) && !(p->flags & IORING_SETUP_R_DISABLED))
		r->issuer = current;
	*out = r;
	return 0;
}

long sys_io_uring_setup(unsigned entries, uaddr_t uparams)
{
	struct io_uring_params p;
	struct uring *r;
	struct file *f;
	int e;

	if (get_user(&p, uparams))
		return -EFAULT;
	e = check_flags(&p);
	if (!e)
		e = sizes(entries, &p);
	if (!e && (p.flags & IORING_SETUP_ATTACH_WQ)) {
		f = fd_file((int)p.wq_fd);
		e = !f ? -ENXIO : uring_of(f) ? 0 : -EINVAL;
		if (f)
			file_put(f);
	}
	if (!e)
		e = uring_alloc(&p, &r);
	if (e)
		return e;
	fill_offsets(r, &p);
	e = put_user(uparams, p);
	if (!e)
		e = vfs_anon_file(&uring_file_ops, r, O_RDWR, &f);
	if (e) {
		uring_put(r);
		return e;
	}
	f->kind |= FILE_NOT_SENT;
	thread_async = (struct thread_async){.run = uring_run, .end = uring_task_end};
	return fd_new(f, true);
}
