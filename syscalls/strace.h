/* SPDX-License-Identifier: MIT */
/*
 * --strace: one line per system call in the manner of strace(1), decoded from the argument kinds of
 * table.def. It reads program memory only through uaccess, so it never fails a call. Inside:
 * strace.c has the line and numbers and strings, strace_struct.c the structures (strace_net.c and
 * strace_ipc.c those of their families), strace_names.c the names of flags, commands and errors.
 */
#ifndef SYSCALLS_STRACE_H
#define SYSCALLS_STRACE_H

#include "kernel/console.h"
#include "kernel/types.h"
#include "syscalls/table.h"

/* A row as the kernel keeps it; kinds ends at KIND_NONE. */
struct syscall_row {
	const char *name;
	uint8_t status, result;
	uint8_t kinds[SYSCALL_MAX_ARGS];
};

/* ---- for dispatch.c ---- */
struct trace;
void strace_init(enum con_stream to);
/*
 * Before the call; row is NULL for a number without one. Returns NULL when there is no memory: the
 * call goes untraced. A call that does not return is printed here.
 */
struct trace *strace_enter(uint32_t nr, const struct syscall_row *row, const uint64_t *args);
/* After it: prints the line and frees t, which may be NULL. May sleep. */
void strace_leave(struct trace *t, long result);

/* ---- between the strace files ---- */
struct trace_name {
	uint64_t value;
	const char *text;
};
#define NAMES_END                                                                                  \
	{                                                                                          \
		0, NULL                                                                            \
	} /* closes every list */

enum {
	TRACE_LINE = 2048,  /* longest line; the rest of the arguments is cut with "..." */
	TRACE_RESULT = 160, /* of which kept free for the result */
	TRACE_STRING = 32,  /* longest text shown of a buffer */
	TRACE_ITEMS = 16,   /* longest vector shown */
};

struct trace {
	const struct syscall_row *row; /* NULL: unknown number */
	uint64_t args[SYSCALL_MAX_ARGS];
	long result;	  /* when done */
	bool done;	  /* the call has returned */
	bool cut;	  /* the line was full */
	bool ended;	  /* the arguments after this one mean nothing */
	unsigned next;	  /* first argument not yet printed */
	bool interrupted; /* something else was printed after the beginning of the line */
	size_t sent;	  /* of the text, already printed */
	size_t len, limit;
	char text[TRACE_LINE];
};

void trace_printf(struct trace *t, const char *fmt, ...) __printf(2, 3);
/* One of the list, or the number. */
void trace_choice(struct trace *t, const struct trace_name *names, uint64_t value);
/* Bits of the list joined by |, what is left in hexadecimal, 0 if nothing. */
void trace_flags(struct trace *t, const struct trace_name *names, uint64_t value);
/* n bytes at addr as a C string, cut at TRACE_STRING. */
void trace_bytes(struct trace *t, uaddr_t addr, size_t n);
/* A NUL-terminated string of the kernel's, quoted. */
void trace_text(struct trace *t, const char *s, size_t max);
void trace_addr(struct trace *t, uint64_t addr);
void trace_signal(struct trace *t, int signo);
void trace_open_flags(struct trace *t, uint64_t flags);
void trace_mode(struct trace *t, unsigned mode); /* with the file type */
/* Copy an object to show; prints the address and gives false if it is NULL, unreadable, or the
 * failed call's output. */
bool trace_fetch(struct trace *t, unsigned i, void *dst, size_t n);

/* How each kind is shown: argument i, with the kind's list of names. */
typedef void trace_show(struct trace *t, unsigned i, const struct trace_name *names);
#define KIND(name, type, when, show, names) trace_show show_##show;
#include "syscalls/kinds.def"
#define KIND(name, type, when, show, names) extern const struct trace_name names_##names[];
#include "syscalls/kinds.def"
extern const struct trace_name names_fd_flags[], names_file_type[], names_futex_flags[],
    names_lflag[];
extern const struct trace_name names_lock_type[], names_resolve[], names_si_code[];

#endif
