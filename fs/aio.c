/* SPDX-License-Identifier: MIT */
/*
 * Linux AIO: fs/aio.h. The ring's pages are those of an unlinked tmpfs file that is mapped into the
 * program; the kernel keeps references to them. The program may write to the ring: what is read
 * from it is only its head, and that is taken modulo the size.
 *
 * A polled file's wake-up comes in any context: the request is put on the list of those that fired,
 * which is worked off (settle) by whoever asks for events, or else by a kernel thread.
 *
 * Locks: aio_lock (mutex) for contexts and requests, then ring_lock (spin) for rings and the list
 * of fired requests.
 */
#include "fs/aio.h"

#include "fs/eventpoll.h"
#include "fs/vfs.h"
#include "kernel/heap.h"
#include "kernel/mm.h"
#include "kernel/page.h"
#include "kernel/poll.h"
#include "kernel/task.h"
#include "kernel/uaccess.h"

#define AIO_RING_MAGIC 0xa10a10a1
#define LEAST_SLOTS    8 /* Linux: four for each CPU */

/* What libraries read. */
struct ring {
	uint32_t id, nr, head, tail, magic, compat_features, incompat_features, header_length;
	struct io_event events[];
};

struct aio {
	struct list link; /* of all contexts */
	uint32_t refs;
	struct mm *mm; /* only compared */
	uaddr_t id;    /* where the ring is mapped */
	size_t n_pages, max;
	uint32_t nr, tail;  /* tail: (ring_lock) */
	uint32_t in_flight; /* (ring_lock) reserved, not completed */
	bool dead;
	struct list polls;    /* of struct request */
	struct wait_queue wq; /* whoever waits for events */
	struct page *pages[];
};

struct request {
	struct list link;	/* of aio->polls */
	struct list fired_link; /* (ring_lock) */
	struct aio *aio;
	struct file *file, *eventfd;
	unsigned events;
	struct io_event event;
	struct poll_table table;
	struct poll_entry room[1];
};

int aio_max = 65536, aio_nr;

static struct mutex aio_lock;
static struct spinlock ring_lock;
static struct list contexts = LIST_INIT(contexts);
static struct list fired = LIST_INIT(fired);
static bool working; /* a kernel thread is about to settle */

/* ---- the ring ---- */

static struct ring *header(const struct aio *a)
{
	return page_to_virt(a->pages[0]);
}

static struct io_event *slot(const struct aio *a, uint32_t i)
{
	size_t at = offsetof(struct ring, events) + i * sizeof(struct io_event);

	return (void *)((char *)page_to_virt(a->pages[at / PAGE_SIZE]) + at % PAGE_SIZE);
}

static uint32_t head_of(const struct aio *a)
{
	return READ_ONCE(header(a)->head) % a->nr;
}

static uint32_t unread(const struct aio *a)
{
	return (a->tail + a->nr - head_of(a)) % a->nr;
}

unsigned aio_slots(const struct aio *a)
{
	return a->nr;
}

bool aio_reserve(struct aio *a)
{
	bool room;

	spin_lock(&ring_lock);
	room = unread(a) + a->in_flight < a->nr - 1;
	a->in_flight += room;
	spin_unlock(&ring_lock);
	return room;
}

void aio_unreserve(struct aio *a)
{
	spin_lock(&ring_lock);
	a->in_flight--;
	spin_unlock(&ring_lock);
}

void aio_complete(struct aio *a, const struct io_event *e, struct file *eventfd)
{
	spin_lock(&ring_lock);
	a->in_flight--;
	*slot(a, a->tail) = *e;
	a->tail = (a->tail + 1) % a->nr;
	__atomic_store_n(&header(a)->tail, a->tail, __ATOMIC_RELEASE);
	spin_unlock(&ring_lock);
	wait_wake_all(&a->wq);
	if (eventfd)
		eventfd_signal(eventfd);
}

/* ---- what waits ---- */

/* It has left all lists but aio->polls. Lock: aio_lock. */
static void request_free(struct request *q)
{
	poll_table_free(&q->table);
	spin_lock(&ring_lock);
	list_del(&q->fired_link);
	spin_unlock(&ring_lock);
	list_del(&q->link);
	file_put(q->file);
	if (q->eventfd)
		file_put(q->eventfd);
	kfree(q);
}

static void finish(struct request *q, unsigned result)
{
	q->event.res = result;
	aio_complete(q->aio, &q->event, q->eventfd);
	request_free(q);
}

static struct request *take_fired(void)
{
	struct request *q = NULL;

	spin_lock(&ring_lock);
	if (!list_empty(&fired)) {
		q = list_first(&fired, struct request, fired_link);
		list_del(&q->fired_link);
	}
	spin_unlock(&ring_lock);
	return q;
}

/* Complete what is ready; what is not any more waits on. May sleep. */
static void settle(void)
{
	struct request *q;

	mutex_lock(&aio_lock);
	while ((q = take_fired()) != NULL) {
		unsigned ready = file_poll(q->file, NULL) & q->events;

		if (ready)
			finish(q, ready);
	}
	mutex_unlock(&aio_lock);
}

static void work(void)
{
	working = false;
	settle();
}

/* Context: any; the polled file's queue is locked. */
static void poll_notify(struct poll_table *table)
{
	struct request *q = container_of(table, struct request, table);

	spin_lock(&ring_lock);
	if (list_empty(&q->fired_link))
		list_add_tail(&q->fired_link, &fired);
	spin_unlock(&ring_lock);
	wait_wake_all(&q->aio->wq);
	if (!working && !thread_kernel(work))
		working = true;
}

int aio_poll(struct aio *a, struct file *f, unsigned events, const struct io_event *e,
	     struct file *eventfd)
{
	struct request *q = kzalloc(sizeof(*q));
	unsigned ready;
	int r = 0;

	if (!q)
		return -ENOMEM;
	q->aio = a;
	q->file = file_get(f);
	q->eventfd = eventfd ? file_get(eventfd) : NULL;
	q->events = events;
	q->event = *e;
	list_init(&q->fired_link);
	poll_table_init(&q->table, q->room, ARRAY_SIZE(q->room));
	q->table.notify = poll_notify;
	mutex_lock(&aio_lock);
	list_add_tail(&q->link, &a->polls);
	ready = file_poll(f, &q->table) & events;
	r = q->table.error;
	if (r)
		request_free(q);
	else if (ready)
		finish(q, ready);
	mutex_unlock(&aio_lock);
	return r;
}

int aio_cancel(struct aio *a, uint64_t obj)
{
	struct request *q;
	int r = -EINVAL;

	mutex_lock(&aio_lock);
	list_for_each (q, &a->polls, link) {
		if (q->event.obj != obj)
			continue;
		finish(q, 0);
		r = -EINPROGRESS;
		break;
	}
	mutex_unlock(&aio_lock);
	return r;
}

/* ---- events ---- */

/* Copy what is there. How many, or -EFAULT: none is taken then. Lock: aio_lock. */
static long copy_events(struct aio *a, long n, uaddr_t events)
{
	uint32_t head = head_of(a);
	long done = 0;

	for (; done < n && head != READ_ONCE(a->tail); done++) {
		if (copy_to_user(events + done * sizeof(struct io_event), slot(a, head),
				 sizeof(struct io_event)))
			return -EFAULT;
		head = (head + 1) % a->nr;
	}
	WRITE_ONCE(header(a)->head, head);
	return done;
}

static bool something(const struct aio *a)
{
	return unread(a) || a->dead || !list_empty(&fired);
}

long aio_events(struct aio *a, long least, long n, uaddr_t events, uint64_t deadline_ns)
{
	long done = 0, r;
	int slept = 0;

	for (;;) {
		settle();
		mutex_lock(&aio_lock);
		r = a->dead ? -EINVAL
			    : copy_events(a, n - done, events + done * sizeof(struct io_event));
		mutex_unlock(&aio_lock);
		if (r < 0)
			return done ? done : r;
		done += r;
		if (done >= least || slept || !deadline_ns)
			return done || slept != -ERESTARTSYS ? done : -EINTR;
		slept = wait_until(&a->wq, something(a), deadline_ns);
	}
}

/* ---- contexts ---- */

static void aio_free(struct aio *a)
{
	for (size_t i = 0; i < a->n_pages; i++)
		page_put(a->pages[i]);
	kfree(a);
}

void aio_put(struct aio *a)
{
	bool last;

	mutex_lock(&aio_lock);
	last = --a->refs == 0;
	mutex_unlock(&aio_lock);
	if (last)
		aio_free(a);
}

/* Nobody finds it any more; the table's reference is the caller's. Lock: aio_lock. */
static void shut_down(struct aio *a)
{
	struct request *q, *next;

	list_del(&a->link);
	aio_nr -= (int)a->max;
	list_for_each_safe (q, next, &a->polls, link)
		finish(q, 0);
	a->dead = true;
	wait_wake_all(&a->wq);
}

/* Lock: aio_lock. */
static struct aio *find(const struct mm *mm, uaddr_t id)
{
	struct aio *a;

	list_for_each (a, &contexts, link)
		if (a->mm == mm && (!id || a->id == id))
			return a;
	return NULL;
}

struct aio *aio_find(uaddr_t id)
{
	struct aio *a;
	uint32_t word;

	if (!id || get_user(&word, id)) /* it may have been unmapped */
		return NULL;
	mutex_lock(&aio_lock);
	a = find(current_mm(), id);
	if (a)
		a->refs++;
	mutex_unlock(&aio_lock);
	return a;
}

int aio_destroy(uaddr_t id)
{
	struct aio *a = aio_find(id);
	bool mine;

	if (!a)
		return -EINVAL;
	mutex_lock(&aio_lock);
	mine = !a->dead;
	if (mine)
		shut_down(a);
	mutex_unlock(&aio_lock);
	if (mine) {
		(void)mm_unmap(current_mm(), id, a->n_pages * PAGE_SIZE);
		aio_put(a);
	}
	aio_put(a);
	return mine ? 0 : -EINVAL;
}

/* The address space goes. */
static void release_all(struct mm *mm)
{
	struct aio *a;

	mutex_lock(&aio_lock);
	while ((a = find(mm, 0)) != NULL) {
		shut_down(a);
		if (!--a->refs)
			aio_free(a);
	}
	mutex_unlock(&aio_lock);
}

/* The ring's file and pages. 0 or -errno. */
static int make_pages(struct aio *a, size_t n, struct file **out)
{
	int r = tmpfs_memfd("[aio]", 0, out);

	if (r)
		return r;
	r = vfs_ftruncate(*out, n * PAGE_SIZE);
	while (!r && a->n_pages < n) {
		r = (*out)->ops->map_page(*out, a->n_pages, true, &a->pages[a->n_pages]);
		a->n_pages += !r;
	}
	if (r)
		file_put(*out);
	return r;
}

static int make(unsigned n, struct aio **out)
{
	uint64_t slots = (uint64_t)MAX(n, (unsigned)LEAST_SLOTS) * 2 + 2;
	size_t pages =
	    ALIGN_UP(sizeof(struct ring) + slots * sizeof(struct io_event), PAGE_SIZE) / PAGE_SIZE;
	struct aio *a = kzalloc(sizeof(*a) + pages * sizeof(a->pages[0]));
	struct file *f;
	int64_t at;
	int r = a ? make_pages(a, pages, &f) : -ENOMEM;

	if (r)
		goto fail;
	at = mm_map(current_mm(), 0, pages * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0,
		    NULL);
	file_put(f);
	if (at < 0) {
		r = -ENOMEM;
		goto fail;
	}
	a->id = (uaddr_t)at;
	a->mm = current_mm();
	a->max = n;
	a->refs = 1;
	a->nr = (uint32_t)((pages * PAGE_SIZE - sizeof(struct ring)) / sizeof(struct io_event));
	list_init(&a->polls);
	*header(a) = (struct ring){.id = UINT32_MAX,
				   .nr = a->nr,
				   .magic = AIO_RING_MAGIC,
				   .compat_features = 1,
				   .header_length = sizeof(struct ring)};
	*out = a;
	return 0;
fail:
	if (a)
		aio_free(a);
	return r;
}

int aio_setup(unsigned n, uaddr_t *id)
{
	struct aio *a;
	int r;

	if (n > 0x10000000u / sizeof(struct io_event) / 2)
		return -EINVAL;
	if (n > (unsigned)aio_max)
		return -EAGAIN;
	r = make(n, &a);
	if (r)
		return r == -ENOSPC ? -ENOMEM : r;
	mm_gone = release_all;
	mutex_lock(&aio_lock);
	if (aio_nr + (int64_t)n > aio_max) {
		r = -EAGAIN;
	} else {
		aio_nr += (int)n;
		list_add_tail(&a->link, &contexts);
		*id = a->id;
	}
	mutex_unlock(&aio_lock);
	if (r) {
		(void)mm_unmap(current_mm(), a->id, a->n_pages * PAGE_SIZE);
		aio_free(a);
	}
	return r;
}
