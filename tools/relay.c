/* SPDX-License-Identifier: MIT */
/*
 * The relay: one poll loop over everything.
 *
 *   RUNNING   the program runs
 *   DRAINING  it has ended (or the kernel has); the guest said how many bytes it ever sent on each
 * stream, and when that many are here the machine is killed: nothing waits for an orderly shutdown
 *   FLUSHING  QEMU is dead; what it left in the sockets is written out
 *   OVER
 *
 * Signals. Those that a process would get (SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2) go
 * to the program, which decides. The machine is killed only if its kernel does not react: no
 * acknowledgement and no output for 5 s after a signal that ends programs, or when such a signal
 * comes again after half a second of that silence. (Two at once are one: timeout(1) and the
 * terminal send pairs.) When the program has ended and only its output is still being written, such
 * a signal ends uniload. On a raw terminal Ctrl-C is a byte for the guest; then the kernel is asked
 * for a sign of life, and the same half-second rule frees a user from a dead machine.
 */
#include "tools/relay.h"

#include "tools/ctl.h"
#include "tools/signals.h"
#include "tools/stream.h"
#include "tools/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECOND		 1000000000ull
#define REACT_LIMIT	 (5 * SECOND)
#define STALL_LIMIT	 (1 * SECOND) /* after a death by signal, for output that nobody reads */
#define INSIST_AFTER	 (SECOND / 2)
#define FOREGROUND_CHECK (SECOND / 4)
#define CTRL_C		 3

enum phase { RUNNING, DRAINING, FLUSHING, OVER };

/* Guest to host, in the order of struct bi_msg.v of BI_MSG_EXIT; then the one without a count. */
enum { OUT_STDOUT, OUT_STDERR, OUT_LOG, OUT_TRACE, OUT_DEBUG, OUTS };

static const int out_port[OUTS] = {BI_PORT_STDIO, BI_PORT_STDERR, BI_PORT_LOG, BI_PORT_TRACE,
				   PORT_DEBUG};

struct out {
	struct stream s;
	uint64_t expected; /* from DRAINING on: bytes the guest ever sent */
	bool sync, reported;
	uint64_t acked;
};

struct relay {
	struct machine *m;
	const struct relay_spec *spec;
	struct relay_result *result;
	enum phase phase;
	struct ctl ctl;
	struct stream in;
	struct out out[OUTS];
	struct endpoint user[3]; /* descriptors 0, 1, 2 */
	bool in_reported;	 /* the guest knows of the end of input */
	bool child_changed;	 /* SIGCHLD came: look */
	bool foreground;	 /* the terminal is ours to read */
	uint64_t unanswered_ns; /* when a signal was sent to which nothing came back yet; 0: none */
	int unanswered;
	uint64_t moved_ns;	 /* when output was last written, or the end was announced */
	bool limit_armed;	 /* REACT_LIMIT counts from unanswered_ns */
	pid_t sync_pid;		 /* does what BI_MSG_SYNC_REQ asks for; 0: nobody */
	uint64_t sync_number;	 /* of the request it works on */
	struct bi_msg sync_next; /* asked for meanwhile */
};

static bool is_terminal(const struct relay *r)
{
	return r->spec->fds->raw;
}

static void finish(struct relay *r, enum relay_end end)
{
	r->result->end = end;
	r->phase = OVER;
}

/* ---- setting up ---- */

static void open_user_ends(struct relay *r)
{
	const struct bi_std *std = r->spec->fds->std;

	for (int fd = 0; fd < 3; fd++) {
		r->user[fd].fd = -1;
		if (std[fd].kind == BI_STD_STREAM || std[fd].kind == BI_STD_TTY)
			endpoint_shared(&r->user[fd], fd, fd != 0);
	}
}

/* A borrowed copy: closed where it came from. */
static struct endpoint borrow(const struct endpoint *e)
{
	struct endpoint copy = *e;

	copy.owned = false;
	return copy;
}

static void open_streams(struct relay *r)
{
	struct endpoint from, to;

	endpoint_own(&to, r->m->port[BI_PORT_STDIO]);
	to.owned = false;
	from = borrow(&r->user[0]);
	stream_init(&r->in, &from, &to);
	for (int i = 0; i < OUTS; i++) {
		struct out *o = &r->out[i];

		endpoint_own(&from, r->m->port[out_port[i]]);
		to = borrow(&r->user[i == OUT_STDOUT ? 1 : 2]);
		if (i == OUT_TRACE) {
			to.fd = -1;
			if (r->spec->trace_fd >= 0)
				endpoint_shared(&to, r->spec->trace_fd, true);
		}
		stream_init(&o->s, &from, &to);
	}
	r->out[OUT_STDOUT].sync = r->spec->fds->std[1].flags & BI_STDF_SYNC;
	r->out[OUT_STDERR].sync = r->spec->fds->std[2].flags & BI_STDF_SYNC;
	r->ctl.fd = r->m->port[BI_PORT_CTL];
}

static void close_streams(struct relay *r)
{
	stream_free(&r->in);
	for (int i = 0; i < OUTS; i++)
		stream_free(&r->out[i].s);
	for (int fd = 0; fd < 3; fd++)
		endpoint_close(&r->user[fd]);
	if (r->ctl.fd >= 0)
		close(r->ctl.fd);
	if (r->m->text >= 0)
		close(r->m->text);
}

/* ---- the guest's reactions ---- */

static void guest_spoke(struct relay *r)
{
	r->result->guest_spoke = true;
	r->unanswered_ns = 0;
	r->limit_armed = false;
}

/* A signal (or a question, for Ctrl-C on a raw terminal) goes out; does the last one still wait for
 * a reaction? */
static void expect_reaction(struct relay *r, int signal, bool limited)
{
	uint64_t now = monotonic_ns();

	if (r->spec->gdb)
		return;
	if (r->unanswered_ns && now - r->unanswered_ns >= INSIST_AFTER) {
		r->result->signal = signal;
		finish(r, RELAY_KILLED);
		return;
	}
	if (r->unanswered_ns == 0) {
		r->unanswered_ns = now;
		r->unanswered = signal;
	}
	r->limit_armed |= limited;
}

/* ---- streams ---- */

/* Input has nowhere to go any more. */
static void cut_input(struct relay *r)
{
	r->in_reported = true;
	stream_stop(&r->in);
	stream_break(&r->in, EPIPE);
}

static void pump_input(struct relay *r)
{
	struct stream *in = &r->in;
	uint64_t before = in->received;

	if (is_terminal(r) && !r->foreground)
		return;
	stream_pump(in);
	if (is_terminal(r) && in->received > before && memchr(in->buffer, CTRL_C, in->end)) {
		ctl_post(&r->ctl, BI_MSG_SIGNAL, 0, 0, 0);
		expect_reaction(r, SIGINT, false);
	}
	if (in->write_error)
		cut_input(r);
	if (in->ended && stream_idle(in) && !r->in_reported) {
		r->in_reported = true;
		r->result->input_errno = in->read_error;
		ctl_post(&r->ctl, BI_MSG_STDIN_EOF, (uint32_t)in->read_error, in->written, 0);
	}
}

static void pump_output(struct relay *r, int i)
{
	struct out *o = &r->out[i];
	uint64_t before = o->s.received;

	stream_pump(&o->s);
	if (o->s.received > before)
		guest_spoke(r);
	if (i == OUT_STDOUT && o->s.ended)
		cut_input(r); /* its socket was this one */
	if (o->s.write_error && !o->reported && i != OUT_DEBUG) {
		o->reported = true;
		ctl_post(&r->ctl, BI_MSG_OUT_ERROR, (uint32_t)out_port[i],
			 (uint64_t)o->s.write_error, 0);
	}
	if (o->sync && o->s.written > o->acked) {
		o->acked = o->s.written;
		ctl_post(&r->ctl, BI_MSG_ACK, (uint32_t)out_port[i], o->acked, 0);
	}
}

/* QEMU's own words: the first 4 KiB are kept. */
static void read_text(struct relay *r)
{
	struct relay_result *res = r->result;
	size_t len = strlen(res->text);
	char rest[512];
	ssize_t n;

	do {
		size_t room = sizeof(res->text) - 1 - len;

		n = room ? read(r->m->text, res->text + len, room)
			 : read(r->m->text, rest, sizeof(rest));
		if (n > 0 && room) {
			len += (size_t)n;
			res->text[len] = '\0';
		}
	} while (n > 0);
	if (n == 0 || errno != EAGAIN) {
		close(r->m->text);
		r->m->text = -1;
	}
}

/* ---- control messages ---- */

static void start_draining(struct relay *r, enum relay_end end)
{
	const struct bi_msg *msg = &r->ctl.in;

	r->result->end = end;
	r->result->status = (int)msg->arg;
	r->moved_ns = monotonic_ns();
	for (int i = 0; i < OUT_DEBUG; i++)
		r->out[i].expected = msg->v[i];
	if (r->phase == RUNNING)
		r->phase = DRAINING;
	cut_input(r);
}

/* The program will not read any more: whoever writes to our standard input shall know (SIGPIPE). */
static void close_input(struct relay *r)
{
	int null;

	cut_input(r);
	endpoint_close(&r->user[0]);
	null = is_terminal(r) ? -1 : open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		close(null);
	}
}

/* In a process of its own: a full disk cache takes its time, and here nothing may wait. It keeps
 * none of our files: who reads our output shall not wait for it either. */
static void start_sync(struct relay *r, const struct bi_msg *msg)
{
	r->sync_pid = fork();
	if (r->sync_pid == 0) {
		close_range(0, ~0u, 0);
		_exit(volumes_sync(r->spec->volumes, msg->arg));
	}
	r->sync_number = msg->v[0];
	if (r->sync_pid < 0) {
		r->sync_pid = 0;
		ctl_post(&r->ctl, BI_MSG_SYNCED, (uint32_t)errno, msg->v[0], 0);
	}
}

static void check_sync(struct relay *r)
{
	struct bi_msg next = r->sync_next;
	int status;

	if (r->sync_pid == 0 || waitpid(r->sync_pid, &status, WNOHANG) != r->sync_pid)
		return;
	r->sync_pid = 0;
	ctl_post(&r->ctl, BI_MSG_SYNCED, WIFEXITED(status) ? (uint32_t)WEXITSTATUS(status) : EIO,
		 r->sync_number, 0);
	r->sync_next.type = 0;
	if (next.type)
		start_sync(r, &next);
}

static void handle_message(struct relay *r)
{
	const struct bi_msg *msg = &r->ctl.in;

	guest_spoke(r);
	if (missing_take(r->spec->missing, msg) || counts_take(r->spec->counts, msg))
		return;
	if (r->phase == DRAINING || r->phase == OVER)
		return;
	switch (msg->type) {
	case BI_MSG_EXIT:
		start_draining(r, RELAY_EXIT);
		break;
	case BI_MSG_PANIC:
		start_draining(r, RELAY_PANIC);
		break;
	case BI_MSG_TIME_REQ:
		ctl_post(&r->ctl, BI_MSG_TIME, 0, msg->v[0], 0);
		break;
	case BI_MSG_SYNC_REQ:
		if (r->sync_pid)
			r->sync_next = *msg;
		else
			start_sync(r, msg);
		break;
	case BI_MSG_STDIN_CLOSED:
		close_input(r);
		break;
	default: /* BI_MSG_SIGNAL_ACK: its coming is its meaning; others are of a later version */
		break;
	}
}

static void pump_ctl(struct relay *r)
{
	ctl_send(&r->ctl);
	while (!ctl_time_due(&r->ctl) && ctl_receive(&r->ctl)) {
		handle_message(r);
		ctl_send(&r->ctl);
	}
}

/* ---- signals and time ---- */

static void send_window_size(struct relay *r)
{
	uint16_t rows, cols;

	if (tty_size(&rows, &cols))
		ctl_post(&r->ctl, BI_MSG_WINSIZE, 0, rows, cols);
}

static void check_foreground(struct relay *r)
{
	bool now = is_terminal(r) && tty_foreground();

	if (now && !r->foreground)
		tty_raw();
	r->foreground = now;
}

/* SIGTSTP: the machine stands still as long as we do. */
static void stop(struct relay *r)
{
	tty_restore();
	if (r->m->pid > 0)
		kill(r->m->pid, SIGSTOP);
	signals_stop_here();
	if (r->m->pid > 0)
		kill(r->m->pid, SIGCONT);
	r->unanswered_ns = 0;
}

static void handle_signal(struct relay *r, int signal)
{
	if (signal == SIGCHLD) {
		r->child_changed = true;
		check_sync(r);
	} else if (signal == SIGTSTP) {
		stop(r);
	} else if (signal == SIGCONT) {
		r->foreground = false; /* whatever the shell did to the terminal, raw mode anew */
		check_foreground(r);
		send_window_size(r);
	} else if (signal == SIGWINCH) {
		send_window_size(r);
	} else if (signal_forwarded(signal) && r->phase == RUNNING) {
		ctl_post(&r->ctl, BI_MSG_SIGNAL, (uint32_t)signal, 0, 0);
		if (signal_ends(signal))
			expect_reaction(r, signal, true);
	} else if (signal_ends(signal)) {
		r->result->signal = signal;
		finish(r, RELAY_KILLED);
	}
}

/* Nobody reads what a program killed by a signal has written: its death does not wait for that. */
static bool output_stalls(const struct relay *r)
{
	return r->phase >= DRAINING && r->result->end == RELAY_EXIT &&
	       WIFSIGNALED(r->result->status);
}

static void check_time(struct relay *r)
{
	uint64_t now = monotonic_ns();

	if (is_terminal(r) && !r->foreground)
		check_foreground(r);
	if (r->spec->deadline_ns && now >= r->spec->deadline_ns) {
		finish(r, RELAY_TIMEOUT);
	} else if (r->limit_armed && r->unanswered_ns && now - r->unanswered_ns >= REACT_LIMIT) {
		r->result->signal = r->unanswered;
		finish(r, RELAY_KILLED);
	} else if (output_stalls(r) && now - r->moved_ns >= STALL_LIMIT) {
		finish(r, RELAY_EXIT);
	}
}

/* Milliseconds until check_time() has something to do; -1: never. */
static int next_check(const struct relay *r)
{
	uint64_t now = monotonic_ns(), when = ~0ull;

	if (r->spec->deadline_ns)
		when = r->spec->deadline_ns;
	if (r->limit_armed && r->unanswered_ns && r->unanswered_ns + REACT_LIMIT < when)
		when = r->unanswered_ns + REACT_LIMIT;
	if (is_terminal(r) && !r->foreground && now + FOREGROUND_CHECK < when)
		when = now + FOREGROUND_CHECK;
	if (output_stalls(r) && r->moved_ns + STALL_LIMIT < when)
		when = r->moved_ns + STALL_LIMIT;
	if (when == ~0ull)
		return -1;
	if (when <= now)
		return 0;
	when = (when - now + 999999) / 1000000;
	return when > 1000000 ? 1000000 : (int)when;
}

/* ---- the loop ---- */

/* All the guest ever sent is here, or can never come. */
static bool all_received(const struct relay *r)
{
	for (int i = 0; i < OUT_DEBUG; i++)
		if (!r->out[i].s.ended && r->out[i].s.received < r->out[i].expected)
			return false;
	return true;
}

static bool all_written(const struct relay *r)
{
	for (int i = 0; i < OUTS; i++)
		if (!r->out[i].s.ended || !stream_idle(&r->out[i].s))
			return false;
	return r->ctl.fd < 0 && r->m->text < 0;
}

static void advance(struct relay *r)
{
	if (r->phase == DRAINING && all_received(r)) {
		machine_kill(r->m);
		r->phase = FLUSHING;
	}
	if (r->phase < FLUSHING && r->child_changed && machine_ended(r->m)) {
		if (r->phase == RUNNING) {
			r->result->end = RELAY_DIED;
			r->result->status = r->m->status;
		}
		r->phase = FLUSHING;
	}
	r->child_changed = false;
	if (r->phase == FLUSHING && all_written(r))
		r->phase = OVER;
}

enum {
	SLOT_SIGNAL,
	SLOT_CTL,
	SLOT_TEXT,
	SLOT_IN,
	SLOT_OUT = SLOT_IN + 2,
	SLOTS = SLOT_OUT + 2 * OUTS
};

static void prepare_poll(const struct relay *r, struct pollfd *p)
{
	short ctl_events = ctl_wants_to_send(&r->ctl) ? POLLOUT : 0;

	if (!ctl_time_due(&r->ctl))
		ctl_events |= POLLIN;
	p[SLOT_SIGNAL] = (struct pollfd){.fd = r->spec->signal_fd, .events = POLLIN};
	p[SLOT_CTL] = (struct pollfd){.fd = r->ctl.fd, .events = ctl_events};
	p[SLOT_TEXT] = (struct pollfd){.fd = r->m->text, .events = POLLIN};
	stream_poll(&r->in, false, &p[SLOT_IN], &p[SLOT_IN + 1]);
	if (is_terminal(r) && !r->foreground)
		p[SLOT_IN].fd = -1;
	for (int i = 0; i < OUTS; i++)
		stream_poll(&r->out[i].s, true, &p[SLOT_OUT + 2 * i], &p[SLOT_OUT + 2 * i + 1]);
}

/* A reader that left is reported before the program writes again, as in a real pipe. */
static void notice_lost_reader(struct relay *r, int i, const struct pollfd *to)
{
	int lost = to->fd >= 0 ? endpoint_lost(&r->out[i].s.to, to->revents) : 0;

	if (lost)
		stream_break(&r->out[i].s, lost);
}

static void turn(struct relay *r, const struct pollfd *p)
{
	int signal;

	for (int i = 0; i < OUTS; i++) {
		const struct pollfd *from = &p[SLOT_OUT + 2 * i], *to = from + 1;

		notice_lost_reader(r, i, to);
		if (from->revents || to->revents)
			pump_output(r, i);
		if (to->revents)
			r->moved_ns = monotonic_ns();
	}
	if (p[SLOT_IN].revents || p[SLOT_IN + 1].revents)
		pump_input(r);
	if (p[SLOT_TEXT].revents)
		read_text(r);
	while (r->phase != OVER && (signal = signals_next(r->spec->signal_fd)) != 0)
		handle_signal(r, signal);
	if (r->phase != OVER)
		pump_ctl(r);
}

/* Nonblocking reads of what is there from the start: a FIFO that lost its writers long ago wakes no
 * poll(2). */
static void first_turn(struct relay *r)
{
	if (r->spec->fds->std[0].kind == BI_STD_CLOSED || r->spec->fds->std[0].kind == BI_STD_NULL)
		r->in_reported = true;
	check_foreground(r);
	pump_input(r);
	pump_ctl(r);
}

static void report_losses(struct relay *r)
{
	struct relay_result *res = r->result;

	res->trace_errno = r->out[OUT_TRACE].s.write_error;
	for (int i = OUT_STDERR; i >= OUT_STDOUT; i--) {
		const struct stream *s = &r->out[i].s;

		if (s->dropped && s->write_error && s->write_error != EPIPE && !r->out[i].sync) {
			res->lost_fd = i + 1;
			res->lost_errno = s->write_error;
		}
	}
}

void relay_run(struct machine *m, const struct relay_spec *spec, struct relay_result *result)
{
	struct relay r = {.m = m, .spec = spec, .result = result, .child_changed = true};
	struct pollfd p[SLOTS];

	*result = (struct relay_result){.end = RELAY_DIED};
	if (is_terminal(&r))
		tty_init();
	open_user_ends(&r);
	open_streams(&r);
	first_turn(&r);
	for (advance(&r); r.phase != OVER; advance(&r)) {
		prepare_poll(&r, p);
		if (poll(p, SLOTS, next_check(&r)) < 0 && errno != EINTR)
			break;
		turn(&r, p);
		if (r.phase != OVER)
			check_time(&r);
	}
	machine_kill(m);
	for (int i = 0; i < OUTS; i++) /* the last words of a machine that was killed */
		stream_pump(&r.out[i].s);
	tty_restore();
	report_losses(&r);
	close_streams(&r);
}
