/* SPDX-License-Identifier: MIT */
/*
 * The virtio-console device, standard input, and the control channel. Ports are used without the
 * discovery dialogue of the specification beyond announcing the driver: which port is what is fixed
 * by kernel/abi/bootinfo.h. The control channel is set up when it is first
 * needed or, so that signals from the host arrive, ATTACH_DELAY_NS after the start: a program that
 * ends before that has not waited for it (each register write may cost a trip to the monitor).
 * Receive buffers are given to the device only when somebody reads, so the host keeps what nobody
 * wants.
 */
#include "kernel/abi/errno.h"
#include "kernel/clock.h"
#include "kernel/console.h"
#include "kernel/console_port.h"
#include "kernel/log.h"
#include "kernel/page.h"
#include "kernel/panic.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/timer.h"
#include "kernel/x86_64/apic.h"
#include "kernel/x86_64/uart.h"

/* virtio 1.2, 5.3 */
#define CONSOLE_F_MULTIPORT 1
#define CONTROL_TX_QUEUE    3
#define EVENT_DEVICE_READY  0
#define EVENT_PORT_READY    3
#define EVENT_PORT_OPEN	    6

#define RX_ORDER	4 /* 64 KiB of input buffers; QEMU fills at most 4 KiB of each */
#define RX_BUFFERS	16
#define CTL_BUFFERS	4
#define CTL_TX_LEN	16
#define TIME_WAIT_NS	NSEC_PER_SEC
#define ATTACH_DELAY_NS (10 * 1000000ull)

struct control_event {
	uint32_t port;
	uint16_t event, value;
};

static struct virtio_device *dev;

/* The control channel's memory: receive buffers, a page of outgoing messages, three queues. Set
 * aside at the start. */
enum { CTL_OUT_PAGE = CTL_BUFFERS, CTL_QUEUE_PAGES, CTL_PAGES = CTL_QUEUE_PAGES + 3 };

static bool started, attached;
static struct timer attach_timer;

/* Port set-up messages: static, each used once. */
static struct virtqueue setup_tx;
static struct control_event setup_events[8];
static unsigned n_setup_events;

/* Standard input: a FIFO of filled receive buffers. */
static struct {
	bool ready, closed;
	bool fill; /* BI_STDF_FILE: reads are not short */
	struct virtqueue rx;
	uint8_t *mem;
	struct {
		uint32_t index, off, len;
	} filled[RX_BUFFERS];
	unsigned first, count; /* of filled */
	unsigned owed;	       /* emptied buffers not yet given back */
	size_t available;      /* bytes in filled */
	uint64_t received;     /* bytes ever */
	uint64_t eof_at;       /* UINT64_MAX until the host has said */
	int error;	       /* errno after the last byte, 0 = end of file */
	struct wait_queue wq;
	size_t (*hook)(const uint8_t *data, size_t n);
} in = {.eof_at = UINT64_MAX};

static struct {
	struct virtqueue rx, tx;
	uint8_t *mem; /* CTL_PAGES pages */
	struct bi_msg partial;
	size_t partial_len;
	struct bi_msg *out;
	unsigned next_out;
	struct wait_queue wq; /* answers */
	uint64_t time_cookie, time_ns;
	uint64_t sync_asked, sync_done; /* numbers of requests */
	int sync_error;
	void (*signal_hook)(int signo);
	void (*winsize_hook)(unsigned rows, unsigned cols);
} ctl;

bool con_present(void)
{
	return dev != NULL;
}

/* The first to need a queue starts the device: that takes longer than all other devices together.
 */
static void device_start(void)
{
	struct virtio_device *d = dev;

	if (started)
		return;
	started = true;
	dev = NULL; /* for the panic's messages */
	if (d->transport->negotiate(d, 1ull << VIRTIO_F_VERSION_1 | 1ull << VIRTIO_F_EVENT_IDX |
					   1ull << CONSOLE_F_MULTIPORT))
		panic("the virtio console device does not offer what is needed");
	d->transport->driver_ok(d);
	dev = d;
}

/* Port 0 has queues 0 and 1, the control queues are 2 and 3, port n > 0 has 2n + 2 and 2n + 3. */
int con_port_queue(struct virtqueue *q, unsigned port, bool transmit, unsigned size,
		   struct page *mem)
{
	int r;

	if (!dev)
		return -ENODEV;
	device_start();
	r = vq_init(q, dev, 2 * port + 2 + transmit, size, mem);
	if (r == 0)
		vq_want_interrupt(q, !transmit);
	return r;
}

static void setup_event(unsigned port, unsigned event)
{
	struct control_event *e = &setup_events[n_setup_events++];

	*e = (struct control_event){.port = port, .event = event, .value = 1};
	vq_add(&setup_tx, e, sizeof(*e), false, e);
}

/* Before the kick that offers receive buffers: QEMU looks whether it may send when it is kicked,
 * not when a port opens. */
static void port_open(unsigned port)
{
	setup_event(port, EVENT_PORT_READY);
	setup_event(port, EVENT_PORT_OPEN);
	vq_kick(&setup_tx);
}

/* ---- control messages ---- */

void con_send(const struct bi_msg *m)
{
	struct bi_msg *slot;

	if (con_attach())
		return;
	/* A slot is free again when its buffer is: as many slots as the queue has entries. */
	while (vq_pop(&ctl.tx, NULL) || !ctl.tx.n_free)
		;
	slot = &ctl.out[ctl.next_out++ % CTL_TX_LEN];
	*slot = *m;
	vq_add(&ctl.tx, slot, sizeof(*slot), false, slot);
	vq_kick(&ctl.tx);
}

static void handle_message(const struct bi_msg *m)
{
	struct bi_msg ack = {.type = BI_MSG_SIGNAL_ACK, .arg = m->arg};

	switch (m->type) {
	case BI_MSG_STDIN_EOF:
		in.eof_at = m->v[0];
		in.error = (int)m->arg;
		wait_wake_all(&in.wq);
		if (in.hook)
			con_input_resume();
		break;
	case BI_MSG_OUT_ERROR:
		con_out_reported(m->arg, (int)m->v[0], 0);
		break;
	case BI_MSG_ACK:
		con_out_reported(m->arg, 0, m->v[0]);
		break;
	case BI_MSG_SIGNAL:
		if (m->arg && ctl.signal_hook) /* 0: only asks whether we live */
			ctl.signal_hook((int)m->arg);
		con_send(&ack);
		break;
	case BI_MSG_WINSIZE:
		if (ctl.winsize_hook)
			ctl.winsize_hook((unsigned)m->v[0], (unsigned)m->v[1]);
		break;
	case BI_MSG_TIME:
		ctl.time_cookie = m->v[0];
		ctl.time_ns = m->v[1];
		wait_wake_all(&ctl.wq);
		break;
	case BI_MSG_SYNCED:
		ctl.sync_done = m->v[0];
		ctl.sync_error = (int)m->arg;
		wait_wake_all(&ctl.wq);
		break;
	}
}

/* The port is a byte stream: a message may arrive in pieces. */
static void control_bytes(const uint8_t *data, size_t n)
{
	while (n) {
		size_t take = MIN(n, sizeof(ctl.partial) - ctl.partial_len);

		memcpy((uint8_t *)&ctl.partial + ctl.partial_len, data, take);
		ctl.partial_len += take;
		data += take;
		n -= take;
		if (ctl.partial_len == sizeof(ctl.partial)) {
			ctl.partial_len = 0;
			handle_message(&ctl.partial);
		}
	}
}

static void control_receive(void)
{
	uint8_t *buf;
	uint32_t len;
	bool any = false;

	if (!attached)
		return;
	do {
		while ((buf = vq_pop(&ctl.rx, &len))) {
			control_bytes(buf, len);
			vq_add(&ctl.rx, buf, PAGE_SIZE, true, buf);
			any = true;
		}
	} while (vq_want_interrupt(&ctl.rx, true));
	if (any)
		vq_kick(&ctl.rx);
}

static struct page *control_page(unsigned n)
{
	return virt_to_page(ctl.mem + n * PAGE_SIZE);
}

/* See console_port.h. */
int con_attach(void)
{
	int r;

	if (attached)
		return 0;
	if (!dev)
		return -ENODEV;
	device_start();
	r = vq_init(&setup_tx, dev, CONTROL_TX_QUEUE, ARRAY_SIZE(setup_events),
		    control_page(CTL_QUEUE_PAGES));
	if (r == 0)
		r = con_port_queue(&ctl.rx, BI_PORT_CTL, false, CTL_BUFFERS,
				   control_page(CTL_QUEUE_PAGES + 1));
	if (r == 0)
		r = con_port_queue(&ctl.tx, BI_PORT_CTL, true, CTL_TX_LEN,
				   control_page(CTL_QUEUE_PAGES + 2));
	if (r)
		return r;
	for (unsigned i = 0; i < CTL_BUFFERS; i++) {
		uint8_t *buf = ctl.mem + i * PAGE_SIZE;

		vq_add(&ctl.rx, buf, PAGE_SIZE, true, buf);
	}
	attached = true;
	vq_want_interrupt(&setup_tx, false);
	setup_event(UINT32_MAX, EVENT_DEVICE_READY);
	port_open(BI_PORT_CTL);
	vq_kick(&ctl.rx);
	return 0;
}

static void attach_timeout(struct timer *t)
{
	con_attach();
}

static int control_reserve(void)
{
	struct page *p = page_alloc(3, 0);

	if (!p)
		return -ENOMEM;
	ctl.mem = page_to_virt(p);
	ctl.out = (struct bi_msg *)(ctl.mem + CTL_OUT_PAGE * PAGE_SIZE);
	timer_init(&attach_timer, attach_timeout);
	timer_arm(&attach_timer, clock_mono_ns() + ATTACH_DELAY_NS);
	return 0;
}

int con_host_time(uint64_t *real_ns)
{
	struct bi_msg m = {.type = BI_MSG_TIME_REQ, .v = {clock_mono_ns() | 1}};
	uint64_t deadline = clock_mono_ns() + TIME_WAIT_NS;

	if (!dev)
		return -ENODEV;
	con_send(&m);
	while (ctl.time_cookie != m.v[0]) {
		struct waiter w = {0};
		int r = 0;

		wait_prepare(&w, &ctl.wq);
		if (ctl.time_cookie != m.v[0])
			r = wait_sleep(deadline, false);
		wait_finish(&w);
		if (r)
			return r;
	}
	*real_ns = ctl.time_ns;
	return 0;
}

int con_host_sync(bool elsewhere)
{
	struct bi_msg m = {.type = BI_MSG_SYNC_REQ, .arg = elsewhere};

	if (!dev)
		return -ENODEV;
	m.v[0] = ++ctl.sync_asked;
	con_send(&m);
	while (ctl.sync_done < m.v[0]) {
		struct waiter w = {0};

		wait_prepare(&w, &ctl.wq);
		if (ctl.sync_done < m.v[0])
			wait_sleep(NO_DEADLINE, false);
		wait_finish(&w);
	}
	return -ctl.sync_error;
}

void con_set_signal_hook(void (*hook)(int signo))
{
	ctl.signal_hook = hook;
}

void con_set_winsize_hook(void (*hook)(unsigned rows, unsigned cols))
{
	ctl.winsize_hook = hook;
}

/* ---- standard input ---- */

static void input_give_back(void)
{
	if (in.owed) {
		vq_kick(&in.rx);
		in.owed = 0;
	}
}

static void input_post(uint32_t index)
{
	vq_add(&in.rx, in.mem + index * PAGE_SIZE, PAGE_SIZE, true, (void *)(uintptr_t)(index + 1));
	in.owed++;
}

static int input_setup(void)
{
	struct page *p = page_alloc(RX_ORDER, 0);
	int r;

	if (!p)
		return -ENOMEM;
	r = con_attach();
	if (r == 0)
		r = con_port_queue(&in.rx, BI_PORT_STDIO, false, RX_BUFFERS, NULL);
	if (r) {
		page_put(p);
		return r;
	}
	in.mem = page_to_virt(p);
	for (uint32_t i = 0; i < RX_BUFFERS; i++)
		input_post(i);
	port_open(BI_PORT_STDIO);
	input_give_back();
	in.ready = true;
	return 0;
}

/* Move finished receive buffers into the FIFO. */
static bool input_receive(void)
{
	void *token;
	uint32_t len;
	bool any = false;

	while (in.ready && (token = vq_pop(&in.rx, &len))) {
		unsigned slot = (in.first + in.count++) % RX_BUFFERS;

		in.filled[slot].index = (uint32_t)(uintptr_t)token - 1;
		in.filled[slot].off = 0;
		in.filled[slot].len = len;
		in.available += len;
		in.received += len;
		any = true;
	}
	return any;
}

/* Drop n bytes of the first filled buffer; an empty one goes back to the device, several at a time.
 */
static void input_consume(size_t n)
{
	in.filled[in.first].off += n;
	in.available -= n;
	if (in.filled[in.first].off < in.filled[in.first].len)
		return;
	input_post(in.filled[in.first].index);
	in.first = (in.first + 1) % RX_BUFFERS;
	in.count--;
	if (in.owed >= RX_BUFFERS / 2 || in.count == 0)
		input_give_back();
}

static const uint8_t *input_head(size_t *len)
{
	*len = in.filled[in.first].len - in.filled[in.first].off;
	return in.mem + in.filled[in.first].index * PAGE_SIZE + in.filled[in.first].off;
}

void con_input_resume(void)
{
	if (!dev) {
		uart_resume();
		return;
	}
	while (in.hook && in.count) {
		size_t len, took;
		const uint8_t *data = input_head(&len);

		took = in.hook(data, len);
		input_consume(took);
		if (took < len)
			return;
	}
	if (in.hook && con_in_eof())
		in.hook(NULL, 0);
}

void con_set_input_hook(size_t (*hook)(const uint8_t *data, size_t n))
{
	if (!dev) {
		if (uart_listen(hook))
			log_error("no interrupt for the serial port: no terminal input");
		return;
	}
	in.hook = hook;
	if (!in.ready && input_setup())
		log_error("no memory for terminal input");
}

/* With nothing there, the next byte to come will interrupt. */
size_t con_in_available(void)
{
	if (!in.ready && !in.closed)
		input_setup();
	input_receive();
	if (!in.available && in.ready && vq_want_interrupt(&in.rx, true))
		input_receive();
	return in.available;
}

bool con_in_eof(void)
{
	return in.received >= in.eof_at && !in.available;
}

struct wait_queue *con_in_wq(void)
{
	return &in.wq;
}

void con_in_close(void)
{
	struct bi_msg m = {.type = BI_MSG_STDIN_CLOSED};

	if (!in.closed)
		con_send(&m);
	in.closed = true;
}

static bool input_wakes(void)
{
	return con_in_available() || con_in_eof();
}

/* Copy what is there; -EFAULT only if nothing could be copied. */
static ssize_t input_copy(struct iter *to)
{
	size_t done = 0;

	while (to->left && con_in_available()) {
		size_t len, got;
		const uint8_t *data = input_head(&len);

		len = MIN(len, to->left);
		got = iter_write(to, data, len);
		input_consume(got);
		done += got;
		if (got < len)
			return done ? (ssize_t)done : -EFAULT;
	}
	return (ssize_t)done;
}

ssize_t con_read(struct iter *to, bool nonblock)
{
	ssize_t done = 0, n;
	int r = in.ready ? 0 : input_setup();

	while (r == 0) {
		if (!nonblock)
			r = wait_until(&in.wq, input_wakes(), NO_DEADLINE);
		else if (!con_in_available() && !con_in_eof())
			r = -EAGAIN;
		if (r)
			break;
		n = con_in_eof() ? -in.error : input_copy(to);
		done += n > 0 ? n : 0;
		if (n <= 0)
			r = (int)n;
		if (n <= 0 || !to->left || !in.fill)
			break;
	}
	return done ? done : r;
}

/* ---- the device ---- */

static void console_interrupt(void *arg)
{
	dev->transport->ack(dev);
	control_receive();
	if (input_receive()) {
		wait_wake_all(&in.wq);
		do
			con_input_resume();
		while (in.hook && vq_want_interrupt(&in.rx, true) && input_receive());
	}
	con_out_interrupt();
}

int con_init(const struct bootinfo *bi)
{
	int r;

	dev = virtio_find(VIRTIO_ID_CONSOLE, 0);
	if (!dev)
		return -ENODEV;
	r = irq_request(dev->gsi, console_interrupt, NULL);
	if (r)
		goto fail;
	r = con_out_config(bi);
	if (r)
		goto fail;
	in.fill = bi->std[0].flags & BI_STDF_FILE;
	r = control_reserve();
	if (r == 0)
		return 0;
fail:
	dev = NULL;
	return r;
}
