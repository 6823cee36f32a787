/* SPDX-License-Identifier: MIT */
/*
 * Signals to uniload as readable events. Those that were ignored when it started (nohup, shell
 * jobs) stay ignored.
 */
#ifndef TOOLS_SIGNALS_H
#define TOOLS_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

/* Block what is handled and return a signalfd (nonblocking), or -1 after saying why. *old: the mask
 * before. */
int signals_open(sigset_t *old);
/* Next pending signal, or 0. */
int signals_next(int fd);
/* Is it passed on to the program? */
bool signal_forwarded(int signal);
/* Does it ask the program to end? */
bool signal_ends(int signal);
/* Stop this process as the default action of SIGTSTP does; returns when it is continued. */
void signals_stop_here(void);

#endif
