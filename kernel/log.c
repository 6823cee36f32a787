/* SPDX-License-Identifier: MIT */
/* Kernel messages: to the console's log stream, or to the debug port while there is none. */
#include "kernel/log.h"

#include "kernel/console.h"
#include "kernel/string.h"
#include "kernel/x86_64/cpu.h"

#define LOG_LINE_MAX 512

static enum log_level log_max = LOG_WARN;

void log_set_verbose(bool verbose)
{
	log_max = verbose ? LOG_INFO : LOG_WARN;
}

bool log_verbose(void)
{
	return log_max >= LOG_INFO;
}

void klog(enum log_level level, const char *fmt, ...)
{
	char line[LOG_LINE_MAX];
	va_list ap;
	int n, len;

	if (level > log_max)
		return;
	n = scnprintf(line, sizeof(line), "uniload: ");
	va_start(ap, fmt);
	len = vsnprintf(line + n, sizeof(line) - (size_t)n - 1, fmt, ap);
	va_end(ap);
	n = MIN(n + len, (int)sizeof(line) - 2);
	line[n++] = '\n';
	if (con_log(line, (size_t)n))
		return;
	for (int i = 0; i < n; i++)
		debug_putc(line[i]);
}
