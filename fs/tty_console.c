/* SPDX-License-Identifier: MIT */
/*
 * The terminal at whose other end is the host: the console streams (kernel/console.h). Echo goes
 * out if the stream has room, else a timer tries again.
 */
#include "fs/tty.h"
#include "fs/tty_state.h"
#include "fs/vfs.h"
#include "kernel/clock.h"
#include "kernel/poll.h"
#include "kernel/process.h"
#include "kernel/timer.h"

#define RETRY_NS      10000000ull
#define PTS_DEVICE    0x8800u /* TIOCGDEV: 136:0, 4:64 */
#define SERIAL_DEVICE 0x440u

/* (i) all immutable after tty_init but t */
static struct {
	struct tty t;
	bool present, has_output, serial;
	enum con_stream stream;
	struct timer retry; /* echo that found no room in the stream */
} console;

static int flush(struct tty *t)
{
	const uint8_t *data;
	bool pending;
	ssize_t r = 0;
	size_t n;

	spin_lock(&t->lock);
	while (!t->n.stopped && (n = n_tty_to_show(&t->n, &data))) {
		struct iter it;

		iter_kernel(&it, (void *)data, n);
		r = console.has_output ? con_write(console.stream, &it, true) : (ssize_t)n;
		if (r <= 0)
			break;
		n_tty_shown(&t->n, r);
	}
	if (r == -EAGAIN)
		timer_arm(&console.retry, clock_mono_ns() + RETRY_NS);
	else if (r < 0)
		n_tty_flush_output(&t->n);
	pending = t->n.out_head != t->n.out_tail;
	spin_unlock(&t->lock);
	if (r < 0 && r != -EAGAIN)
		return -EIO;
	return pending ? -EAGAIN : 0;
}

static void retry(struct timer *timer)
{
	flush(&console.t);
}

static int wait(struct tty *t)
{
	return wait_until(con_out_wq(console.stream), con_out_ready(console.stream), NO_DEADLINE);
}

static bool ready(struct tty *t, struct poll_table *pt)
{
	if (!console.has_output)
		return true;
	poll_wait(pt, con_out_wq(console.stream));
	return con_out_ready(console.stream);
}

static void resume(struct tty *t)
{
	con_input_resume();
}

static const struct tty_driver driver = {
    .flush = flush,
    .wait = wait,
    .ready = ready,
    .resume = resume,
};

/* The console's input hook; no data: the host's terminal is gone. */
static size_t receive(const uint8_t *data, size_t n)
{
	if (n)
		return tty_type(&console.t, data, n);
	tty_hang_up(&console.t);
	return 0;
}

/* The host's terminal was resized. */
static void resized(unsigned rows, unsigned cols)
{
	struct winsize size = {.ws_row = rows, .ws_col = cols};

	tty_resize(&console.t, &size);
}

bool tty_present(void)
{
	return console.present;
}

bool tty_is_serial(void)
{
	return console.serial;
}

int tty_open(struct inode *in, unsigned flags, struct file **out)
{
	return console.present ? tty_open_file(&console.t, in, flags, out) : -ENXIO;
}

/* Called once, before any file is opened. */
void tty_init(const struct tty_config *config)
{
	struct tty *t = &console.t;

	tty_setup(t, &driver, config->serial ? SERIAL_DEVICE : PTS_DEVICE);
	if (!config->input) /* then the host's terminal is not raw: it processes output itself */
		t->n.tios.c_oflag &= ~OPOST;
	timer_init(&console.retry, retry);
	t->has_input = config->input;
	t->winsize.ws_row = config->rows;
	t->winsize.ws_col = config->cols;
	t->session = config->process->sid;
	config->process->tty = t;
	t->pgrp = config->process->pgid;
	console.has_output = config->output;
	console.stream = config->stream;
	console.serial = config->serial;
	console.present = true;
	con_set_winsize_hook(resized);
	if (config->input)
		con_set_input_hook(receive);
}
