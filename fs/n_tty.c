/* SPDX-License-Identifier: MIT */
/*
 * Input of the line discipline (fs/n_tty.h): special characters, line editing, and handing lines or
 * bytes to read(2). The order in which special characters are looked for is Linux's, so that odd
 * settings behave the same.
 */
#include "fs/n_tty.h"
#include "kernel/signal.h"
#include "kernel/string.h"

/* A terminal as a new pseudo-terminal has it. */
static const struct termios2 initial = {
    .c_iflag = ICRNL | IXON,
    .c_oflag = OPOST | ONLCR,
    .c_cflag = B38400 | CS8 | CREAD,
    .c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
    .c_cc = {[VINTR] = 3,
	     [VQUIT] = 28,
	     [VERASE] = 127,
	     [VKILL] = 21,
	     [VEOF] = 4,
	     [VMIN] = 1,
	     [VSTART] = 17,
	     [VSTOP] = 19,
	     [VSUSP] = 26,
	     [VREPRINT] = 18,
	     [VDISCARD] = 15,
	     [VWERASE] = 23,
	     [VLNEXT] = 22},
    .c_ispeed = 38400,
    .c_ospeed = 38400,
};

void n_tty_init(struct n_tty *t)
{
	memset(t, 0, sizeof(*t));
	t->tios = initial;
}

static bool input_flag(const struct n_tty *t, unsigned flag)
{
	return t->tios.c_iflag & flag;
}

static bool local_flag(const struct n_tty *t, unsigned flag)
{
	return t->tios.c_lflag & flag;
}

/* Is c the special character `which`? A NUL switches one off. */
static bool is_special(const struct n_tty *t, uint8_t c, unsigned which)
{
	return c && c == t->tios.c_cc[which];
}

/* ---- marks at the ends of lines ---- */

static bool is_end(const struct n_tty *t, uint32_t pos)
{
	return t->ends[pos % N_TTY_IN / 64] >> (pos % 64) & 1;
}

static void mark_end(struct n_tty *t, uint32_t pos, bool end)
{
	uint64_t bit = 1ull << (pos % 64);

	if (end)
		t->ends[pos % N_TTY_IN / 64] |= bit;
	else
		t->ends[pos % N_TTY_IN / 64] &= ~bit;
}

static bool is_eof(const struct n_tty *t, uint32_t pos)
{
	return is_end(t, pos) && t->in[pos % N_TTY_IN] == '\0';
}

void n_tty_flush_input(struct n_tty *t)
{
	t->tail = t->canon_head = t->head = 0;
	t->erasing = t->lnext = false;
	memset(t->ends, 0, sizeof(t->ends));
}

void n_tty_set_termios(struct n_tty *t, const struct termios2 *tios)
{
	bool was_canonical = n_tty_canonical(t);

	t->tios = *tios;
	if (!input_flag(t, IXON))
		t->stopped = false;
	if (was_canonical == n_tty_canonical(t))
		return;
	memset(t->ends, 0, sizeof(t->ends));
	t->canon_head = t->tail;
	if (!was_canonical && t->head != t->tail) {
		mark_end(t, t->head - 1, true);
		t->canon_head = t->head;
	}
	t->erasing = t->lnext = false;
}

/* ---- typing ---- */

static uint32_t in_room(const struct n_tty *t)
{
	uint32_t used = t->head - t->tail, room = used < N_TTY_IN ? N_TTY_IN - 1 - used : 0;

	return input_flag(t, PARMRK) ? room / 3 : room;
}

static void put_in(struct n_tty *t, uint8_t c)
{
	if (t->head - t->tail < N_TTY_IN)
		t->in[t->head++ % N_TTY_IN] = c;
}

/* An ordinary byte. A literal 0377 is doubled where it could be taken for a mark. */
static void put_char(struct n_tty *t, uint8_t c)
{
	if (c == 0377 && input_flag(t, PARMRK))
		put_in(t, c);
	put_in(t, c);
}

static void echo_typed(struct n_tty *t, uint8_t c, bool literal)
{
	n_tty_finish_erasing(t);
	if (t->canon_head == t->head)
		t->canon_column = t->column;
	if (c == '\n' && !literal)
		n_tty_show(t, c);
	else
		n_tty_echo(t, c);
}

static void end_line(struct n_tty *t, uint8_t c)
{
	if (t->head - t->tail == N_TTY_IN)
		t->head--;
	mark_end(t, t->head, true);
	put_in(t, c);
	t->canon_head = t->head;
}

/* ^C and its like: what was typed and not yet shown is void, unless NOFLSH. */
static void type_signal(struct n_tty *t, uint8_t c, int signo)
{
	t->raised |= SIGBIT(signo);
	if (!local_flag(t, NOFLSH)) {
		n_tty_flush_input(t);
		n_tty_flush_output(t);
	}
	if (input_flag(t, IXON))
		t->stopped = false;
	if (local_flag(t, ECHO))
		n_tty_echo(t, c);
}

/* Flow control and signals: true if c was one of them. */
static bool control_char(struct n_tty *t, uint8_t c)
{
	static const struct {
		uint8_t which;
		int signo;
	} signals[] = {{VINTR, SIGINT}, {VQUIT, SIGQUIT}, {VSUSP, SIGTSTP}};

	if (input_flag(t, IXON) && (is_special(t, c, VSTART) || is_special(t, c, VSTOP))) {
		t->stopped = !is_special(t, c, VSTART);
		return true;
	}
	for (size_t i = 0; local_flag(t, ISIG) && i < ARRAY_SIZE(signals); i++) {
		if (is_special(t, c, signals[i].which)) {
			type_signal(t, c, signals[i].signo);
			return true;
		}
	}
	return false;
}

static void reprint(struct n_tty *t, uint8_t c)
{
	n_tty_finish_erasing(t);
	n_tty_echo(t, c);
	n_tty_show(t, '\n');
	for (uint32_t pos = t->canon_head; pos != t->head; pos++)
		n_tty_echo(t, t->in[pos % N_TTY_IN]);
}

static void literal_next(struct n_tty *t)
{
	t->lnext = true;
	if (!local_flag(t, ECHO))
		return;
	n_tty_finish_erasing(t);
	if (local_flag(t, ECHOCTL)) {
		n_tty_show(t, '^');
		n_tty_show(t, '\b');
	}
}

/* Editing in line mode: true if c was an editing character. */
static bool edit_char(struct n_tty *t, uint8_t c)
{
	bool extended = local_flag(t, IEXTEN);

	if (is_special(t, c, VERASE) || is_special(t, c, VKILL) ||
	    (extended && is_special(t, c, VWERASE)))
		n_tty_erase(t, c);
	else if (extended && is_special(t, c, VLNEXT))
		literal_next(t);
	else if (extended && local_flag(t, ECHO) && is_special(t, c, VREPRINT))
		reprint(t, c);
	else
		return false;
	return true;
}

/* The end of a line in line mode: true if c was one. */
static bool line_char(struct n_tty *t, uint8_t c)
{
	if (c == '\n') {
		if (local_flag(t, ECHO))
			n_tty_finish_erasing(t);
		if (local_flag(t, ECHO | ECHONL))
			n_tty_show(t, '\n');
		end_line(t, c);
	} else if (is_special(t, c, VEOF)) {
		end_line(t, '\0');
	} else if (is_special(t, c, VEOL) || (local_flag(t, IEXTEN) && is_special(t, c, VEOL2))) {
		if (local_flag(t, ECHO))
			echo_typed(t, c, true);
		if (c == 0377 && input_flag(t, PARMRK))
			put_in(t, c);
		end_line(t, c);
	} else {
		return false;
	}
	return true;
}

static void type_char(struct n_tty *t, uint8_t c)
{
	bool literal = t->lnext;

	t->lnext = false;
	if (input_flag(t, ISTRIP))
		c &= 0x7f;
	if (input_flag(t, IUCLC) && local_flag(t, IEXTEN) && c >= 'A' && c <= 'Z')
		c += 'a' - 'A';
	if (!literal) {
		if (control_char(t, c))
			return;
		if (input_flag(t, IXON) && input_flag(t, IXANY))
			t->stopped = false;
		if (c == '\r' && input_flag(t, IGNCR))
			return;
		if (c == '\r' && input_flag(t, ICRNL))
			c = '\n';
		else if (c == '\n' && input_flag(t, INLCR))
			c = '\r';
		if (n_tty_canonical(t) && (edit_char(t, c) || line_char(t, c)))
			return;
	}
	if (local_flag(t, ECHO))
		echo_typed(t, c, literal);
	put_char(t, c);
}

/*
 * In line mode an overlong line still takes characters, so that its end can be typed: each
 * overwrites the one before, the newline last.
 */
static bool make_room(struct n_tty *t)
{
	if (in_room(t))
		return true;
	if (!n_tty_canonical(t) || t->canon_head != t->tail)
		return false;
	if (t->head - t->tail >= N_TTY_IN)
		t->head--;
	return true;
}

bool n_tty_takes(const struct n_tty *t)
{
	return in_room(t) || (n_tty_canonical(t) && t->canon_head == t->tail);
}

size_t n_tty_input(struct n_tty *t, const uint8_t *data, size_t n)
{
	size_t done = 0;

	while (done < n && make_room(t))
		type_char(t, data[done++]);
	return done;
}

/* ---- reading ---- */

bool n_tty_readable(const struct n_tty *t, size_t min)
{
	if (n_tty_canonical(t))
		return t->canon_head != t->tail;
	return t->head - t->tail >= MAX(min, (size_t)1);
}

static size_t read_bytes(struct n_tty *t, uint8_t *buf, size_t n)
{
	n = MIN(n, (size_t)(t->head - t->tail));
	for (size_t i = 0; i < n; i++)
		buf[i] = t->in[t->tail++ % N_TTY_IN];
	t->canon_head = t->tail;
	return n;
}

/* An end of file right behind a full buffer is taken along, or the next read would see it alone. */
static size_t read_line(struct n_tty *t, uint8_t *buf, size_t n)
{
	size_t i = 0;

	while (t->tail != t->canon_head) {
		bool end = is_end(t, t->tail), eof = is_eof(t, t->tail);

		if (i == n && !eof)
			break;
		mark_end(t, t->tail, false);
		if (!eof)
			buf[i++] = t->in[t->tail % N_TTY_IN];
		t->tail++;
		if (end)
			break;
	}
	return i;
}

size_t n_tty_read(struct n_tty *t, uint8_t *buf, size_t n)
{
	return n_tty_canonical(t) ? read_line(t, buf, n) : read_bytes(t, buf, n);
}

size_t n_tty_available(const struct n_tty *t)
{
	size_t n = 0;

	if (!n_tty_canonical(t))
		return t->head - t->tail;
	for (uint32_t pos = t->tail; pos != t->canon_head; pos++)
		n += !is_eof(t, pos);
	return n;
}
