/* SPDX-License-Identifier: MIT */
/*
 * Output streams over virtio-console ports. Each stream is a byte ring; a write copies into it and
 * queues the new bytes as one buffer, a completion moves the tail. Completions are in order. Input
 * and control are in console_in.c.
 *
 * Locks: none of its own. Streams are used by kernel paths, which are not preempted, and by
 * irq_process(), which never runs in the middle of one; SMP will need one lock per stream.
 */
#include "kernel/console.h"

#include "kernel/abi/errno.h"
#include "kernel/clock.h"
#include "kernel/console_port.h"
#include "kernel/log.h"
#include "kernel/page.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/timer.h"
#include "kernel/x86_64/apic.h"
#include "kernel/x86_64/cpu.h"

#define RING_ORDER	    5 /* 128 KiB */
#define RING_ORDER_SMALL    3 /* 32 KiB, on a machine with less than: */
#define SMALL_MACHINE_PAGES 4096
#define TX_QUEUE_LEN	    64
/* A non-blocking write up to this size is all or nothing, as in a pipe. */
#define PIPE_BUF_LEN	  4096
#define SHUTDOWN_GRACE_NS (2 * NSEC_PER_SEC)
#define STALL_NS	  NSEC_PER_SEC

struct out_stream {
	unsigned port; /* enum bi_port */
	bool ready;    /* queue and ring exist */
	bool sync;     /* BI_STDF_SYNC */
	int error;     /* errno the host reported, 0 = none */
	struct virtqueue tx;
	struct page *tx_mem; /* set aside for tx, or NULL */
	uint8_t *ring;
	size_t size, head, tail; /* bytes ever added / completed; ring index = modulo size */
	uint64_t acked;		 /* bytes the host has written (sync) */
	struct wait_queue wq;
};

static struct out_stream streams[CON_STREAMS] = {
    [CON_OUT] = {.port = BI_PORT_STDIO},
    [CON_ERR] = {.port = BI_PORT_STDERR},
    [CON_LOG] = {.port = BI_PORT_LOG},
    [CON_TRACE] = {.port = BI_PORT_TRACE},
};
static bool err_is_out; /* BI_STDF_SAME_AS_1 */

static struct out_stream *stream_get(enum con_stream s)
{
	return &streams[s == CON_ERR && err_is_out ? CON_OUT : s];
}

/* The memory of a stream; nothing of it is touched before the stream is used. */
static int stream_reserve(struct out_stream *o)
{
	unsigned order = page_free_count() < SMALL_MACHINE_PAGES ? RING_ORDER_SMALL : RING_ORDER;
	struct page *p;

	if (o->ring)
		return 0;
	p = page_alloc(order, 0);
	o->tx_mem = page_alloc(0, 0);
	if (!p || !o->tx_mem) {
		if (p)
			page_put(p);
		if (o->tx_mem)
			page_put(o->tx_mem);
		return -ENOMEM;
	}
	o->ring = page_to_virt(p);
	o->size = PAGE_SIZE << order;
	return 0;
}

int con_out_config(const struct bootinfo *bi)
{
	int r = stream_reserve(&streams[CON_OUT]);

	err_is_out = bi->std[2].flags & BI_STDF_SAME_AS_1;
	streams[CON_OUT].sync = bi->std[1].flags & BI_STDF_SYNC;
	streams[CON_ERR].sync = bi->std[2].flags & BI_STDF_SYNC;
	if (r == 0 && !err_is_out)
		r = stream_reserve(&streams[CON_ERR]);
	return r;
}

static int stream_setup(struct out_stream *o)
{
	int r = stream_reserve(o);

	if (r == 0)
		r = con_port_queue(&o->tx, o->port, true, TX_QUEUE_LEN, o->tx_mem);
	o->ready = r == 0;
	return r;
}

/* Take finished buffers back. An empty ring starts again at its beginning, to stay on few pages. */
static void stream_reap(struct out_stream *o)
{
	void *token;

	while ((token = vq_pop(&o->tx, NULL)))
		o->tail += (size_t)token;
}

static size_t stream_room(struct out_stream *o)
{
	stream_reap(o);
	return o->tx.n_free ? o->size - (o->head - o->tail) : 0;
}

/* Copy from the iter into the ring as far as there is room, and queue it. Returns bytes taken; *bad
 * if a page was. */
static size_t stream_push(struct out_stream *o, struct iter *from, bool *bad)
{
	size_t done = 0;

	*bad = false;
	while (from->left && !*bad) {
		size_t room = stream_room(o), at = o->head % o->size;
		size_t n = MIN(MIN(room, o->size - at), from->left), got;

		if (!n)
			break;
		got = iter_read(from, o->ring + at, n);
		*bad = got < n;
		if (!got)
			break;
		vq_add(&o->tx, o->ring + at, got, false, (void *)got);
		o->head += got;
		done += got;
	}
	if (done)
		vq_kick(&o->tx);
	return done;
}

static bool stream_drained(struct out_stream *o)
{
	stream_reap(o);
	return o->head == o->tail;
}

/* Ready again, or hopeless. Asks for an interrupt at the next completion. */
static bool stream_wakes(struct out_stream *o)
{
	if (o->error || stream_room(o))
		return true;
	return vq_want_interrupt(&o->tx, true) && stream_room(o);
}

/*
 * A write to a synchronous stream counts only what the host has really written. Not interruptible:
 * the bytes are under way, and a restarted call would send them twice.
 */
static ssize_t sync_result(struct out_stream *o, size_t done)
{
	uint64_t before = o->head - done;
	struct waiter w = {0};

	con_attach(); /* the answer comes through it */
	while (o->acked < o->head && !o->error) {
		wait_prepare(&w, &o->wq);
		if (o->acked < o->head && !o->error)
			wait_sleep(NO_DEADLINE, false);
		wait_finish(&w);
	}
	return o->acked > before ? (ssize_t)(MIN(o->acked, o->head) - before) : -o->error;
}

ssize_t con_write(enum con_stream s, struct iter *from, bool nonblock)
{
	struct out_stream *o = stream_get(s);
	size_t done = 0;
	bool bad = false;
	int r;

	if (!con_present())
		return con_serial_write(from);
	r = o->ready ? 0 : stream_setup(o);

	while (r == 0 && from->left && !bad) {
		if (o->error) {
			r = -o->error;
		} else if (nonblock && done == 0 && from->left <= PIPE_BUF_LEN &&
			   stream_room(o) < from->left) {
			r = -EAGAIN;
		} else {
			done += stream_push(o, from, &bad);
			if (bad)
				r = -EFAULT;
			else if (from->left)
				r = nonblock ? -EAGAIN
					     : wait_until(&o->wq, stream_wakes(o), NO_DEADLINE);
		}
	}
	if (done && o->sync)
		return sync_result(o, done);
	return done ? (ssize_t)done : r;
}

bool con_out_ready(enum con_stream s)
{
	struct out_stream *o = stream_get(s);

	if (!o->ready || o->error || stream_room(o) >= PIPE_BUF_LEN)
		return true;
	return vq_want_interrupt(&o->tx, true) && stream_room(o) >= PIPE_BUF_LEN;
}

int con_out_error(enum con_stream s)
{
	return stream_get(s)->error;
}

struct wait_queue *con_out_wq(enum con_stream s)
{
	return &stream_get(s)->wq;
}

bool con_log(const char *text, size_t len)
{
	struct out_stream *o = &streams[CON_LOG];
	struct iter it;
	bool bad;

	if (!con_present() || (!o->ready && stream_setup(o)) || stream_room(o) < len)
		return false;
	iter_kernel(&it, (void *)text, len);
	return stream_push(o, &it, &bad) == len;
}

/* ---- called by console_in.c ---- */

static struct out_stream *stream_of_port(unsigned port)
{
	for (unsigned i = 0; i < CON_STREAMS; i++)
		if (streams[i].port == port)
			return &streams[i];
	return NULL;
}

void con_out_reported(unsigned port, int error, uint64_t acked)
{
	struct out_stream *o = stream_of_port(port);

	if (!o)
		return;
	if (error)
		o->error = error;
	else
		o->acked = acked;
	wait_wake_all(&o->wq);
}

void con_out_interrupt(void)
{
	for (unsigned i = 0; i < CON_STREAMS; i++) {
		struct out_stream *o = &streams[i];
		size_t tail = o->tail;

		if (!o->ready)
			continue;
		stream_reap(o);
		if (o->tail != tail)
			wait_wake_all(&o->wq);
	}
}

/* ---- the end ---- */

/*
 * Wait until all of a stream has left the machine. A program killed by a signal ends even if nobody
 * reads its output: then only as long as something moves.
 */
static void drain(struct out_stream *o, bool killed)
{
	struct waiter w = {0};

	while (o->ready && !o->error && !stream_drained(o)) {
		size_t tail = o->tail;
		int r = 0;

		wait_prepare(&w, &o->wq);
		if (!vq_want_interrupt(&o->tx, true) && !stream_drained(o))
			r = wait_sleep(killed ? clock_mono_ns() + STALL_NS : NO_DEADLINE, false);
		wait_finish(&w);
		stream_reap(o);
		if (r == -ETIMEDOUT && o->tail == tail)
			return;
	}
}

/* The host has not ended the machine after it was told: there is none, or it is ill. */
static void shutdown_timeout(struct timer *t)
{
	machine_exit(0);
}

void (*con_farewell)(void);

void con_tell_missing(const char *path, size_t len)
{
	struct bi_msg m = {.type = BI_MSG_MISSING, .arg = (uint32_t)len};

	con_send(&m);
	for (size_t at = 0; at < len; at += sizeof(m)) {
		m = (struct bi_msg){0};
		memcpy(&m, path + at, MIN(len - at, sizeof(m)));
		con_send(&m);
	}
}

void con_tell(const struct bi_msg *msg)
{
	con_send(msg);
}

void con_shutdown(int status)
{
	struct bi_msg m = {.type = BI_MSG_EXIT, .arg = (uint32_t)status};
	static struct timer grace;

	if (!con_present())
		con_serial_shutdown(status);
	for (unsigned i = 0; i < CON_STREAMS; i++)
		drain(&streams[i], status & 0x7f);
	for (unsigned i = 0; i < CON_STREAMS; i++)
		m.v[i] = streams[i].tail;
	if (con_farewell)
		con_farewell();
	con_send(&m);
	/* The host ends the machine as soon as it has everything; without one it ends itself. */
	timer_init(&grace, shutdown_timeout);
	timer_arm(&grace, clock_mono_ns() + SHUTDOWN_GRACE_NS);
	for (;;) {
		cpu_halt();
		irq_process();
	}
}
