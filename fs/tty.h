/* SPDX-License-Identifier: MIT */
/*
 * The host's terminal, as the rest of fs/ sets it up. There is at most one: standard descriptors,
 * /dev/console and /dev/pts/0 (in an image on the serial port: /dev/ttyS0) all are it.
 */
#ifndef FS_TTY_H
#define FS_TTY_H

#include "kernel/console.h"

struct process;

struct tty_config {
	bool input;  /* keyboard: standard input is the terminal */
	bool output; /* screen: `stream` is */
	enum con_stream stream;
	unsigned rows, cols;
	bool serial; /* it is /dev/ttyS0, else /dev/pts/0 */
	struct process
	    *process; /* its session's terminal this is, its group is in the foreground */
};

void tty_init(const struct tty_config *config);

#endif
