/* SPDX-License-Identifier: MIT */
/*
 * Kernel messages. They go to the console's log stream (the host's standard error), to the
 * serial/debug port before that stream exists. One line each, no trailing newline in fmt.
 */
#ifndef KERNEL_LOG_H
#define KERNEL_LOG_H

#include "kernel/types.h"

enum log_level {
	LOG_ERROR, /* the user must see it */
	LOG_WARN,
	LOG_INFO, /* shown with --verbose */
};

/* Which levels are shown: LOG_WARN and more serious, or LOG_INFO too. */
void log_set_verbose(bool verbose);
bool log_verbose(void);

void klog(enum log_level level, const char *fmt, ...) __printf(2, 3);
#define log_error(...) klog(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  klog(LOG_WARN, __VA_ARGS__)
#define log_info(...)  klog(LOG_INFO, __VA_ARGS__)

/* Our own bug: prints reason, registers, backtrace, and powers the machine off with a status. Takes
 * no lock. */
__noreturn __cold_fn void panic(const char *fmt, ...) __printf(1, 2);

#define assert(cond)                                                                               \
	do {                                                                                       \
		if (unlikely(!(cond)))                                                             \
			panic("assertion failed: %s (%s:%d)", #cond, __FILE__, __LINE__);          \
	} while (0)

#endif
