/* SPDX-License-Identifier: MIT */
/*
 * What a terminal user sees (fs/n_tty.h): output processing, echo, and the visible side of erasing.
 * The cursor column is followed through all of it, because tabs are erased by counting.
 */
#include "fs/n_tty.h"

#define ROOM_PER_BYTE 8	  /* a tab becomes up to eight spaces */
#define ECHO_RESERVE  512 /* kept free of program output, so that typing is still echoed */

static size_t out_room(const struct n_tty *t)
{
	return N_TTY_OUT - (t->out_head - t->out_tail);
}

static void put(struct n_tty *t, uint8_t c)
{
	if (out_room(t))
		t->out[t->out_head++ % N_TTY_OUT] = c;
}

/* The second and later bytes of a UTF-8 character take no column. */
static bool continues(const struct n_tty *t, uint8_t c)
{
	return (t->tios.c_iflag & IUTF8) && (c & 0xc0) == 0x80;
}

static void show_newline(struct n_tty *t)
{
	if (t->tios.c_oflag & ONLCR)
		put(t, '\r');
	if (t->tios.c_oflag & (ONLCR | ONLRET))
		t->column = 0;
	t->canon_column = t->column;
	put(t, '\n');
}

static void show_return(struct n_tty *t)
{
	if ((t->tios.c_oflag & ONOCR) && t->column == 0)
		return;
	if (!(t->tios.c_oflag & OCRNL) || (t->tios.c_oflag & ONLRET))
		t->canon_column = t->column = 0;
	put(t, t->tios.c_oflag & OCRNL ? '\n' : '\r');
}

static void show_tab(struct n_tty *t)
{
	unsigned spaces = 8 - t->column % 8;

	t->column += spaces;
	if ((t->tios.c_oflag & TABDLY) != XTABS)
		put(t, '\t');
	else
		while (spaces--)
			put(t, ' ');
}

void n_tty_show(struct n_tty *t, uint8_t c)
{
	if (!(t->tios.c_oflag & OPOST)) {
		put(t, c);
		return;
	}
	switch (c) {
	case '\n':
		show_newline(t);
		return;
	case '\r':
		show_return(t);
		return;
	case '\t':
		show_tab(t);
		return;
	case '\b':
		if (t->column)
			t->column--;
		break;
	default:
		if ((t->tios.c_oflag & OLCUC) && c >= 'a' && c <= 'z')
			c -= 'a' - 'A';
		if (!n_tty_is_control(c) && !continues(t, c))
			t->column++;
	}
	put(t, c);
}

bool n_tty_has_room(const struct n_tty *t)
{
	return out_room(t) >= ROOM_PER_BYTE + ECHO_RESERVE;
}

size_t n_tty_output(struct n_tty *t, const uint8_t *data, size_t n)
{
	size_t done = 0;

	while (done < n && n_tty_has_room(t))
		n_tty_show(t, data[done++]);
	return done;
}

size_t n_tty_to_show(const struct n_tty *t, const uint8_t **data)
{
	size_t at = t->out_tail % N_TTY_OUT;

	*data = t->out + at;
	return MIN((size_t)(t->out_head - t->out_tail), N_TTY_OUT - at);
}

void n_tty_shown(struct n_tty *t, size_t n)
{
	t->out_tail += MIN(n, (size_t)(t->out_head - t->out_tail));
}

void n_tty_flush_output(struct n_tty *t)
{
	t->out_tail = t->out_head;
}

/* ---- echo ---- */

void n_tty_echo(struct n_tty *t, uint8_t c)
{
	if ((t->tios.c_lflag & ECHOCTL) && n_tty_is_control(c) && c != '\t') {
		put(t, '^');
		put(t, c ^ 0100);
		t->column += 2;
	} else {
		n_tty_show(t, c);
	}
}

void n_tty_finish_erasing(struct n_tty *t)
{
	if (t->erasing)
		n_tty_show(t, '/');
	t->erasing = false;
}

/* ---- erasing ---- */

static void back_over(struct n_tty *t)
{
	n_tty_show(t, '\b');
	n_tty_show(t, ' ');
	n_tty_show(t, '\b');
}

static uint8_t typed(const struct n_tty *t, uint32_t pos)
{
	return t->in[pos % N_TTY_IN];
}

/* Go back over a tab: to the column after what precedes it on the line. */
static void back_over_tab(struct n_tty *t)
{
	uint32_t pos = t->head;
	unsigned width = 0, back;

	while (pos != t->canon_head && typed(t, pos - 1) != '\t') {
		uint8_t c = typed(t, --pos);

		if (n_tty_is_control(c))
			width += t->tios.c_lflag & ECHOCTL ? 2 : 0;
		else if (!continues(t, c))
			width++;
	}
	if (pos == t->canon_head)
		width += t->canon_column;
	for (back = 8 - width % 8; back; back--) {
		put(t, '\b');
		if (t->column)
			t->column--;
	}
}

/* The `len` bytes of one character, at head now, are gone: show that. */
static void show_erased(struct n_tty *t, uint8_t c, unsigned len, bool one_char)
{
	unsigned lflag = t->tios.c_lflag;

	if (lflag & ECHOPRT) {
		if (!t->erasing)
			n_tty_show(t, '\\');
		t->erasing = true;
		n_tty_echo(t, c);
		for (unsigned i = 1; i < len; i++)
			put(t, typed(t, t->head + i));
	} else if (one_char && !(lflag & ECHOE)) {
		n_tty_echo(t, t->tios.c_cc[VERASE]);
	} else if (c == '\t') {
		back_over_tab(t);
	} else {
		if (n_tty_is_control(c) && (lflag & ECHOCTL))
			back_over(t);
		if (!n_tty_is_control(c) || (lflag & ECHOCTL))
			back_over(t);
	}
}

/* Remove the last character typed; returns its first byte, 0 bytes removed if it would be cut. */
static unsigned last_char(const struct n_tty *t, uint8_t *c)
{
	uint32_t pos = t->head;

	do
		*c = typed(t, --pos);
	while (continues(t, *c) && pos != t->canon_head);
	return continues(t, *c) ? 0 : t->head - pos;
}

static bool in_word(uint8_t c)
{
	uint8_t low = c | 0x20;

	return (c >= '0' && c <= '9') || (low >= 'a' && low <= 'z') || c == '_' ||
	       (c >= 0xc0 && c != 0xd7 && c != 0xf7);
}

/* KILL without the means to wipe the line: show the character and go to a new line. */
static bool kill_bluntly(struct n_tty *t, uint8_t c)
{
	const unsigned wipe = ECHOE | ECHOK | ECHOKE;

	if ((t->tios.c_lflag & ECHO) && (t->tios.c_lflag & wipe) == wipe)
		return false;
	t->head = t->canon_head;
	if (t->tios.c_lflag & ECHO) {
		n_tty_finish_erasing(t);
		n_tty_echo(t, c);
		if (t->tios.c_lflag & ECHOK)
			n_tty_show(t, '\n');
	}
	return true;
}

void n_tty_erase(struct n_tty *t, uint8_t how)
{
	bool one_char = how == t->tios.c_cc[VERASE], word = how == t->tios.c_cc[VWERASE];
	bool seen_word = false;

	if (t->head == t->canon_head || (!one_char && !word && kill_bluntly(t, how)))
		return;
	while (t->head != t->canon_head) {
		uint8_t c;
		unsigned len = last_char(t, &c);

		if (!len || (word && seen_word && !in_word(c)))
			break;
		seen_word |= in_word(c);
		t->head -= len;
		if (t->tios.c_lflag & ECHO)
			show_erased(t, c, len, one_char);
		if (one_char)
			break;
	}
	if (t->head == t->canon_head && (t->tios.c_lflag & ECHO))
		n_tty_finish_erasing(t);
}
