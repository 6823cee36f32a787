/* SPDX-License-Identifier: MIT */
/*
 * The line of --strace: arguments are printed up to the first that the call fills in, then the call
 * is made, then the rest and the result follow, and the line goes out whole. Here are the line
 * itself, numbers, names and strings.
 */
#include "syscalls/strace.h"
#include "kernel/errname.h"
#include "kernel/process.h"

#include "kernel/abi/linux.h"
#include "kernel/heap.h"
#include "kernel/signal.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/uaccess.h"

enum { WHEN_IN, WHEN_OUT };

static const struct {
	trace_show *show;
	const struct trace_name *names;
	uint8_t when;
} kinds[N_ARG_KINDS] = {
#define KIND(name, type, when, show, names)                                                        \
	[KIND_##name] = {show_##show, names_##names, WHEN_##when},
#include "syscalls/kinds.def"
};

static enum con_stream stream;
static struct trace *open_line; /* printed up to where its call sleeps, without a newline */

/* Whose line it is, if there are several who could be meant. */
static int who(char *line, size_t size)
{
	return process_many() ? scnprintf(line, size, "[pid %5d] ", current->tid) : 0;
}

static void strace_signal(const siginfo_t *info);
static void strace_end(int wait_status);
static bool strace_sleep(void);

void strace_init(enum con_stream to)
{
	stream = to;
	trace_hooks =
	    (struct trace_hooks){.signal = strace_signal, .end = strace_end, .sleep = strace_sleep};
}

/* ---- the line ---- */

void trace_printf(struct trace *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (t->cut)
		return;
	va_start(ap, fmt);
	n = vsnprintf(t->text + t->len, t->limit - t->len, fmt, ap);
	va_end(ap);
	if (n < 0 || t->len + n < t->limit) {
		t->len += MAX(n, 0);
		return;
	}
	t->cut = true;
	memcpy(t->text + t->limit - 4, "...", 4);
	t->len = t->limit - 1;
}

/* With a signal pending the rest may be lost: the program must not hang on its trace. What is
 * printed here does not count as the call's own sleep. */
static void send(const char *text, size_t len)
{
	struct trace *own = current->trace;
	struct iter it;
	ssize_t n = 1;

	current->trace = NULL;
	iter_kernel(&it, (void *)text, len);
	while (it.left && n > 0)
		n = con_write(stream, &it, false);
	current->trace = own;
}

/* Print a line, or what is new of it, of the call t (NULL: of none). */
static void send_line(struct trace *t, const char *text, size_t len)
{
	static const char unfinished[] = " <unfinished ...>\n";

	if (open_line && open_line != t) {
		open_line->interrupted = true;
		open_line = NULL;
		send(unfinished, sizeof(unfinished) - 1);
	}
	send(text, len);
}

/* The call sleeps for the first time: show as much of it as is known. */
static bool strace_sleep(void)
{
	struct trace *t = current->trace;

	if (!t || t->sent)
		return false;
	t->sent = t->len;
	send_line(t, t->text, t->len);
	open_line = t;
	return true;
}

static void begin_line(struct trace *t)
{
	if (process_many())
		trace_printf(t, "[pid %5d] ", current->tid);
}

/* ---- signals and the end, between the calls ---- */

/* A code above 0 tells what the kernel saw; its meaning depends on the signal. */
static const char *fault_code(const siginfo_t *info)
{
	static const struct {
		int signo, code;
		const char *name;
	} faults[] = {
	    {SIGSEGV, SEGV_MAPERR, "SEGV_MAPERR"}, {SIGSEGV, SEGV_ACCERR, "SEGV_ACCERR"},
	    {SIGBUS, BUS_ADRALN, "BUS_ADRALN"},	   {SIGBUS, BUS_ADRERR, "BUS_ADRERR"},
	    {SIGFPE, FPE_INTDIV, "FPE_INTDIV"},	   {SIGFPE, FPE_FLTDIV, "FPE_FLTDIV"},
	    {SIGFPE, FPE_FLTOVF, "FPE_FLTOVF"},	   {SIGFPE, FPE_FLTUND, "FPE_FLTUND"},
	    {SIGFPE, FPE_FLTRES, "FPE_FLTRES"},	   {SIGFPE, FPE_FLTINV, "FPE_FLTINV"},
	    {SIGILL, ILL_ILLOPN, "ILL_ILLOPN"},	   {SIGTRAP, TRAP_BRKPT, "TRAP_BRKPT"},
	    {SIGTRAP, TRAP_TRACE, "TRAP_TRACE"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
		if (faults[i].signo == info->si_signo && faults[i].code == info->si_code)
			return faults[i].name;
	return NULL;
}

static int code_text(char *buf, size_t size, const siginfo_t *info)
{
	const char *fault = fault_code(info);

	if (fault)
		return scnprintf(buf, size, "%s", fault);
	for (const struct trace_name *c = names_si_code; c->text; c++)
		if ((int)c->value == info->si_code)
			return scnprintf(buf, size, "%s", c->text);
	return scnprintf(buf, size, "%d", info->si_code);
}

static void strace_signal(const siginfo_t *info)
{
	const char *name = signal_name(info->si_signo);
	char line[192];
	int n = who(line, sizeof(line));

	n += scnprintf(line + n, sizeof(line) - n, "--- %s {si_signo=%s, si_code=", name, name);
	n += code_text(line + n, sizeof(line) - n, info);
	if (info->si_code <= 0)
		n += scnprintf(line + n, sizeof(line) - n, ", si_pid=%d, si_uid=%u", info->si_pid,
			       info->si_uid);
	else if (info->si_code != SI_KERNEL)
		n += scnprintf(line + n, sizeof(line) - n, ", si_addr=0x%lx",
			       (uint64_t)info->si_addr);
	n += scnprintf(line + n, sizeof(line) - n, "} ---\n");
	send_line(NULL, line, n);
}

static void strace_end(int wait_status)
{
	char line[64];
	int n = who(line, sizeof(line));

	if (wait_status & 0x7f)
		n += scnprintf(line + n, sizeof(line) - n, "+++ killed by %s +++\n",
			       signal_name(wait_status & 0x7f));
	else
		n += scnprintf(line + n, sizeof(line) - n, "+++ exited with %d +++\n",
			       wait_status >> 8 & 0xff);

	send_line(NULL, line, n);
}

/* Print arguments from t->next on; before the call only up to the first that it fills in. */
static void print_args(struct trace *t)
{
	for (; t->next < SYSCALL_MAX_ARGS && !t->ended; t->next++) {
		unsigned i = t->next, kind = t->row->kinds[i];
		size_t before = t->len;

		if (kind == KIND_NONE || (kinds[kind].when == WHEN_OUT && !t->done))
			return;
		if (i > 0)
			trace_printf(t, ", ");
		kinds[kind].show(t, i, kinds[kind].names);
		if (t->ended)
			t->len = before; /* not even this one */
	}
}

static void print_unknown_args(struct trace *t)
{
	for (unsigned i = 0; i < SYSCALL_MAX_ARGS; i++)
		trace_printf(t, "%s%#lx", i ? ", " : "", t->args[i]);
}

struct trace *strace_enter(uint32_t nr, const struct syscall_row *row, const uint64_t *args)
{
	struct trace *t = kmalloc(sizeof(*t));

	if (!t)
		return NULL;
	memset(t, 0, offsetof(struct trace, text));
	t->row = row;
	t->limit = TRACE_LINE - TRACE_RESULT;
	memcpy(t->args, args, sizeof(t->args));
	begin_line(t);
	current->trace = t;
	if (!row) {
		trace_printf(t, "syscall_%#x(", nr);
		print_unknown_args(t);
		return t;
	}
	trace_printf(t, "%s(", row->name);
	print_args(t);
	if (row->result != RESULT_NONE)
		return t;
	t->done = true;
	strace_leave(t, 0);
	return NULL;
}

/* Codes between kernel and signal delivery: the program sees EINTR or the call once more. */
static const char *restart_text(long error)
{
	switch (error) {
	case ERESTARTSYS:
		return "ERESTARTSYS (To be restarted if SA_RESTART is set)";
	case ERESTARTNOHAND:
		return "ERESTARTNOHAND (To be restarted if no handler)";
	case ERESTART_RESTARTBLOCK:
		return "ERESTART_RESTARTBLOCK (Interrupted by signal)";
	}
	return NULL;
}

static void print_result(struct trace *t)
{
	long r = t->result;
	const char *restart = restart_text(-r), *name = errno_name(-r);

	if (restart)
		trace_printf(t, "? %s", restart);
	else if (t->row && t->row->result == RESULT_NONE)
		trace_printf(t, "?");
	else if (name && r < 0)
		trace_printf(t, "-1 %s (%s)", name, errno_text(-r));
	else if (t->row && t->row->result == RESULT_ADDR)
		trace_printf(t, "%#lx", r);
	else if (t->row && t->row->result == RESULT_OCT)
		trace_printf(t, "%#lo", r);
	else
		trace_printf(t, "%ld", r);
}

void strace_leave(struct trace *t, long result)
{
	if (!t)
		return;
	t->result = result;
	t->done = true;
	current->trace = NULL;
	if (t->interrupted) {
		t->len = t->sent = 0;
		begin_line(t);
		trace_printf(t, "<... %s resumed>", t->row ? t->row->name : "syscall");
	}
	if (t->row)
		print_args(t);
	t->limit = TRACE_LINE;
	t->cut = false;
	/* The result stands in column 40, as with strace(1). */
	trace_printf(t, ")%*s= ", t->len < 39 ? (int)(39 - t->len) : 1, "");
	print_result(t);
	trace_printf(t, "\n");
	send_line(t, t->text + t->sent, t->len - t->sent);
	if (open_line == t)
		open_line = NULL;
	kfree(t);
}

/* ---- names and numbers ---- */

void trace_choice(struct trace *t, const struct trace_name *names, uint64_t value)
{
	for (; names->text; names++)
		if (names->value == value) {
			trace_printf(t, "%s", names->text);
			return;
		}
	trace_printf(t, "%#lx", value);
}

void trace_flags(struct trace *t, const struct trace_name *names, uint64_t value)
{
	const char *sep = "";

	for (; names->text; names++) {
		if ((value & names->value) != names->value || (!names->value && value))
			continue;
		trace_printf(t, "%s%s", sep, names->text);
		sep = "|";
		value &= ~names->value;
		if (!value)
			return;
	}
	if (value || !*sep)
		trace_printf(t, value ? "%s%#lx" : "%s0", sep, value);
}

void trace_addr(struct trace *t, uint64_t addr)
{
	if (addr)
		trace_printf(t, "%#lx", addr);
	else
		trace_printf(t, "NULL");
}

void trace_signal(struct trace *t, int signo)
{
	if (signo > 0 && signo < 32)
		trace_printf(t, "%s", signal_name(signo));
	else if (signo >= 32 && signo <= N_SIGNALS)
		trace_printf(t, "SIGRT_%d", signo - 32);
	else
		trace_printf(t, "%d", signo);
}

void trace_mode(struct trace *t, unsigned mode)
{
	trace_choice(t, names_file_type, mode & S_IFMT);
	trace_printf(t, "|%#o", mode & ~S_IFMT);
}

void show_dec(struct trace *t, unsigned i, const struct trace_name *names)
{
	trace_printf(t, "%d", (int)t->args[i]);
}

void show_udec(struct trace *t, unsigned i, const struct trace_name *names)
{
	trace_printf(t, "%u", (unsigned)t->args[i]);
}

void show_ldec(struct trace *t, unsigned i, const struct trace_name *names)
{
	trace_printf(t, "%ld", t->args[i]);
}

void show_uldec(struct trace *t, unsigned i, const struct trace_name *names)
{
	trace_printf(t, "%lu", t->args[i]);
}

void show_hex(struct trace *t, unsigned i, const struct trace_name *names)
{
	trace_printf(t, "%#x", (unsigned)t->args[i]);
}

void show_lhex(struct trace *t, unsigned i, const struct trace_name *names)
{
	trace_printf(t, "%#lx", t->args[i]);
}

void show_addr(struct trace *t, unsigned i, const struct trace_name *names)
{
	trace_addr(t, t->args[i]);
}

void show_dirfd(struct trace *t, unsigned i, const struct trace_name *names)
{
	if ((int)t->args[i] == AT_FDCWD)
		trace_printf(t, "AT_FDCWD");
	else
		show_dec(t, i, names);
}

void show_signo(struct trace *t, unsigned i, const struct trace_name *names)
{
	trace_signal(t, t->args[i]);
}

/* dev_t as user space packs it: makedev(3). */
void show_dev(struct trace *t, unsigned i, const struct trace_name *names)
{
	unsigned dev = t->args[i];

	trace_printf(t, "makedev(%#x, %#x)", dev >> 8 & 0xfff,
		     (dev & 0xff) | (dev >> 12 & 0xfff00));
}

/* A mode after open flags counts only when a file may be made. */
void show_mode(struct trace *t, unsigned i, const struct trace_name *names)
{
	if (i > 0 && t->row->kinds[i - 1] == KIND_OPEN_FLAGS &&
	    !(t->args[i - 1] & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))))
		t->ended = true;
	else
		trace_printf(t, "%#o", (unsigned)t->args[i]);
}

/* Kinds are at most 64 bits wide, but an int's upper half is noise. */
static uint64_t narrow(struct trace *t, unsigned i)
{
	switch (t->row->kinds[i]) {
	case KIND_PROT:
	case KIND_MMAP_FLAGS:
	case KIND_MREMAP_FLAGS:
	case KIND_CLONE_FLAGS:
		return t->args[i];
	default:
		return (uint32_t)t->args[i];
	}
}

void show_flags(struct trace *t, unsigned i, const struct trace_name *names)
{
	trace_flags(t, names, narrow(t, i));
}

void show_choice(struct trace *t, unsigned i, const struct trace_name *names)
{
	trace_choice(t, names, narrow(t, i));
}

void trace_open_flags(struct trace *t, uint64_t flags)
{
	static const char *const access[] = {"O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"};

	trace_printf(t, "%s", access[flags & O_ACCMODE]);
	if (flags & ~(uint64_t)O_ACCMODE) {
		trace_printf(t, "|");
		trace_flags(t, names_open_flags, flags & ~(uint64_t)O_ACCMODE);
	}
}

void show_open_flags(struct trace *t, unsigned i, const struct trace_name *names)
{
	trace_open_flags(t, (uint32_t)t->args[i]);
}

void show_futex_op(struct trace *t, unsigned i, const struct trace_name *names)
{
	unsigned op = t->args[i];

	trace_choice(t, names, op & FUTEX_CMD_MASK);
	if (op & ~FUTEX_CMD_MASK) {
		trace_printf(t, "|");
		trace_flags(t, names_futex_flags, op & ~FUTEX_CMD_MASK);
	}
}
