/* SPDX-License-Identifier: MIT */
/*
 * The terminal on standard input: raw while a machine runs, as it was at every end of uniload,
 * whatever kills it.
 */
#ifndef TOOLS_TTY_H
#define TOOLS_TTY_H

#include <stdbool.h>
#include <stdint.h>

/* Remember the terminal's settings and arrange for their return at exit, fatal signals and even
 * SIGKILL. */
void tty_init(void);
/* Is this process in the terminal's foreground, so that it may read and set it? */
bool tty_foreground(void);
/* Into raw mode and back. Both are harmless when repeated; tty_raw only in the foreground. */
void tty_raw(void);
void tty_restore(void);
/* Rows and columns of the first of descriptors 0, 1, 2 that is a terminal; false if none knows. */
bool tty_size(uint16_t *rows, uint16_t *cols);

#endif
