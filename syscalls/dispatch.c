/* SPDX-License-Identifier: MIT */
/*
 * The system call table in its run-time forms, all derived from table.def: an array of functions
 * for the entry code, which knows nothing else of policy, and the slow path taken for tracing,
 * --strict and --verbose, which does. A number without a row, inside or outside the array, answers
 * -ENOSYS.
 */
#include "kernel/abi/bootinfo.h"
#include "kernel/heap.h"
#include "kernel/log.h"
#include "kernel/page.h"
#include "kernel/panic.h"
#include "kernel/string.h"
#include "kernel/stubs.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/entry.h"
#include "kernel/x86_64/layout.h"
#include "kernel/x86_64/regs.h"
#include "syscalls/count.h"
#include "syscalls/rules.h"
#include "syscalls/seccomp.h"
#include "syscalls/strace.h"
#include "syscalls/syscall.h"
#include "syscalls/table.h"

/* ---- functions behind rows that have no handler ---- */

/* One function per errno that STUB rows name (and per value that FAKE rows name: none today). */
#define STUB(error)                                                                                \
	static long stub_##error(void)                                                             \
	{                                                                                          \
		return -(error);                                                                   \
	}
STUB(ENOSYS)
STUB(EPERM)

/* ---- the arrays ---- */

#define HANDLER(f)			  ((syscall_fn)(void (*)(void))(f))
#define HANDLER_FULL(handler, stub, fake) HANDLER(handler)
#define HANDLER_PART(handler, stub, fake) HANDLER(handler)
#define HANDLER_STUB(handler, stub, fake) HANDLER(stub)
#define HANDLER_FAKE(handler, stub, fake) HANDLER(fake)
#define ENTRY_0(handler)		  handler
#define ENTRY_REGS(handler)		  HANDLER(syscall_needs_frame)

/* Rows override the filling of the hole. */
#define LAST_NR 462
#pragma GCC diagnostic ignored "-Woverride-init"

const syscall_fn syscall_table[] = {
    [0 ... LAST_NR] = HANDLER(stub_ENOSYS),
#define SYS(nr, name, status, value, result, frame, args, note)                                    \
	[nr] = ENTRY_##frame(HANDLER_##status(sys_##name, stub_##value, fake_##value)),
#include "syscalls/table.def"
    [SYSCALL_SLOW_ROW] = HANDLER(syscall_needs_frame),
};

static const struct syscall_row rows[] = {
/* clang-format off */
#define ARGS(...) {ARG_MAP(ARG_KIND, __VA_ARGS__)}
#define NOARGS    {0}
/* clang-format on */
#define SYS(nr, name, status, value, result, frame, args, note)                                    \
	[nr] = {#name, STATUS_##status, RESULT_##result, args},
#include "syscalls/table.def"
};

_Static_assert(SYSCALL_SLOW_ROW == LAST_NR + 1 && ARRAY_SIZE(syscall_table) == LAST_NR + 2,
	       "LAST_NR is the last row");

static const syscall_fn *handlers = syscall_table; /* the table as it is without rules */

/* What to call when the frame is complete. */
static syscall_fn handler_of(uint32_t nr)
{
	switch (nr) {
#define SYS(nr, name, status, value, result, frame, args, note)                                    \
	case nr:                                                                                   \
		if (FRAME_##frame == FRAME_REGS)                                                   \
			return HANDLER_##status(sys_##name, stub_##value, fake_##value);           \
		break;
#include "syscalls/table.def"
	}
	return handlers[nr];
}

/* ---- the slow path ---- */

static unsigned flags;		      /* enum bi_flags, set once */
static uint8_t reported[LAST_NR + 1]; /* log-once marks */

/*
 * Calls with a rule are made by the slow path, whichever way they come in; all others are as quick
 * as without rules. The table is read-only for the rest of the machine's life: it is written
 * through the map of all memory. The handlers are kept for processes that rules do not concern.
 */
static void divert_ruled(void)
{
	const syscall_fn slow = HANDLER(syscall_needs_frame);
	syscall_fn *copy = kmalloc(sizeof(syscall_table));

	if (!copy)
		panic("no memory for the rules of system calls");
	memcpy(copy, syscall_table, sizeof(syscall_table));
	handlers = copy;

	for (uint32_t nr = 0; nr <= LAST_NR; nr++)
		if (rules_cover(nr))
			memcpy(phys_to_virt((uint64_t)&syscall_table[nr] - KERNEL_BASE), &slow,
			       sizeof(slow));
}

void syscalls_init(const struct bootinfo *bi)
{
	flags = bi->flags;
	if (bi->n_rules || bi->rules_for)
		rules_init(bi);
	if (bi->n_rules)
		divert_ruled();
	if (flags & BI_COUNT)
		count_init(LAST_NR + 1);
	syscall_limit = flags & (BI_STRACE | BI_STRICT | BI_VERBOSE | BI_COUNT | BI_REWRITE_STATS)
			    ? 0
			    : LAST_NR + 1;
	if (flags & BI_STRACE)
		strace_init(flags & BI_STRACE_PORT ? CON_TRACE : CON_ERR);
}

static const struct syscall_row *row_of(uint32_t nr)
{
	return nr < ARRAY_SIZE(rows) && rows[nr].name ? &rows[nr] : NULL;
}

const char *syscall_name(unsigned nr)
{
	const struct syscall_row *row = row_of(nr);

	return row ? row->name : NULL;
}

/* Say that a call is not really there: once per name, or for the last time with --strict. */
static void report_missing(uint32_t nr, const struct syscall_row *row)
{
	const char *what = row && row->status == STATUS_FAKE ? "only pretended" : "not implemented";

	if (flags & BI_STRICT) {
		if (row)
			log_error("system call %s (%u) is %s: ending the program (--strict)",
				  row->name, nr, what);
		else
			log_error(
			    "system call number %u does not exist: ending the program (--strict)",
			    nr);
		process_exit(signal_exit_status(SIGSYS));
	}
	if (row && !reported[nr]) {
		reported[nr] = 1;
		log_info("system call %s (%u) is %s", row->name, nr, what);
	}
}

/* Has the row a handler? */
static bool row_is_real(const struct syscall_row *row)
{
	return row && (row->status == STATUS_FULL || row->status == STATUS_PART);
}

/* Is ret an errno? rt_sigreturn's is whatever the program had. */
static bool failed(const struct syscall_row *row, long ret)
{
	return ret < 0 && ret > -4096 && !(row && row->result == RESULT_NONE);
}

long syscall_slow(struct regs *regs)
{
	uint32_t nr = regs->orig_rax; /* Linux too looks at 32 bits only */
	const struct syscall_row *row = row_of(nr);
	uint64_t args[SYSCALL_MAX_ARGS] = {regs->rdi, regs->rsi, regs->rdx,
					   regs->r10, regs->r8,	 regs->r9};
	struct trace *t = flags & BI_STRACE ? strace_enter(nr, row, args) : NULL;
	struct counted counted;
	long ret = -ENOSYS;
	bool ruled;

	stubs_count_call();
	count_enter(&counted, nr);
	ruled =
	    rules_answer(nr, row ? row->name : NULL, &ret) ||
	    (unlikely(current->seccomp_mode) && seccomp_answer(regs, row ? row->name : NULL, &ret));
	if (row && !ruled)
		ret = handler_of(nr)(args[0], args[1], args[2], args[3], args[4], args[5]);
	count_leave(&counted, failed(row, ret));
	strace_leave(t, ret);
	if (!ruled && !row_is_real(row))
		report_missing(nr, row);
	if (current->regs_loaded) {
		current->regs_loaded = false;
		exit_regs_loaded();
	}
	return ret;
}
