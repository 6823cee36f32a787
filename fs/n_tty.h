/* SPDX-License-Identifier: MIT */
/*
 * The terminal line discipline, Linux's N_TTY, as a machine without surroundings: typed bytes go
 * in, lines come out for read(2), and everything the terminal shall show (echo and the program's
 * output, processed) collects in one queue in the order it happened. No locks, no sleeping, no
 * allocation; tests/unit/test_tty.c runs it on the host.
 */
#ifndef FS_N_TTY_H
#define FS_N_TTY_H

#include "kernel/abi/linux.h"
#include "kernel/types.h"

enum {
	N_TTY_IN =
	    4096, /* bytes typed ahead; a line is at most this long with its end, as on Linux */
	N_TTY_OUT = 4096, /* bytes waiting for the terminal */
};

struct n_tty {
	struct termios2 tios;
	uint8_t in[N_TTY_IN]; /* ring; positions count up for ever */
	uint64_t ends[N_TTY_IN /
		      64]; /* bit set: the byte there ends a line; a NUL there is "end of file" */
	uint32_t tail, canon_head, head; /* next to read; end of complete lines; next to fill */
	bool lnext;			 /* the next byte is taken literally */
	bool erasing;			 /* ECHOPRT: inside \.../ */
	bool stopped;			 /* by ^S or TCOOFF */
	unsigned column, canon_column;	 /* cursor now, and where the line being edited began */
	uint8_t out[N_TTY_OUT];
	uint32_t out_tail, out_head;
	uint64_t
	    raised; /* SIGBIT()s of signals typed; whoever calls in sends them and clears this */
};

void n_tty_init(struct n_tty *t);
/* Change the settings; switching between lines and bytes keeps what is queued. */
void n_tty_set_termios(struct n_tty *t, const struct termios2 *tios);

/* Bytes from the keyboard. Returns how many were taken; fewer: the queue is full until somebody
 * reads. */
size_t n_tty_input(struct n_tty *t, const uint8_t *data, size_t n);
/* Bytes from the program, for the terminal. Returns how many were taken; fewer: the output queue is
 * full. */
size_t n_tty_output(struct n_tty *t, const uint8_t *data, size_t n);
bool n_tty_has_room(const struct n_tty *t); /* it would take one */
bool n_tty_takes(const struct n_tty *t);    /* n_tty_input would take one */
/* Processed bytes for the terminal that lie together; n_tty_shown() removes them. */
size_t n_tty_to_show(const struct n_tty *t, const uint8_t **data);
void n_tty_shown(struct n_tty *t, size_t n);

/* Is there something for read(2): a line, or in byte mode at least `min` bytes? */
bool n_tty_readable(const struct n_tty *t, size_t min);
/* Take up to n bytes, in line mode not past the end of a line. 0 with n_tty_readable(): end of file
 * was typed. */
size_t n_tty_read(struct n_tty *t, uint8_t *buf, size_t n);
/* What FIONREAD says. */
size_t n_tty_available(const struct n_tty *t);

void n_tty_flush_input(struct n_tty *t);
void n_tty_flush_output(struct n_tty *t);

static inline bool n_tty_canonical(const struct n_tty *t)
{
	return t->tios.c_lflag & ICANON;
}

/* ---- between n_tty.c and n_tty_echo.c ---- */

/* Show one byte as the output settings say; dropped if the queue is full. */
void n_tty_show(struct n_tty *t, uint8_t c);
/* Show a typed byte: control characters as ^X with ECHOCTL. */
void n_tty_echo(struct n_tty *t, uint8_t c);
/* ERASE, WERASE or KILL was typed: take bytes back, on the screen too. */
void n_tty_erase(struct n_tty *t, uint8_t c);
/* Close a \.../ of ECHOPRT. */
void n_tty_finish_erasing(struct n_tty *t);

static inline bool n_tty_is_control(uint8_t c)
{
	return c < 32 || c == 127;
}

#endif
