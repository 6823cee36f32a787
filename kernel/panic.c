/* SPDX-License-Identifier: MIT */
/*
 * When the kernel itself is wrong: reason, registers, backtrace with symbols, then power off with a
 * status. Writes to the debug port only, allocates nothing, takes no lock; a second panic inside it
 * ends the machine at once. Also the report of a program's fatal signal, which goes through the
 * log.
 */
#include "kernel/panic.h"

#include "kernel/abi/bootinfo.h"
#include "kernel/ksym.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/uaccess.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/percpu.h"
#include "kernel/x86_64/smp.h"

#define BACKTRACE_MAX 24
#define LINE_MAX      256

typedef void (*line_fn)(const char *line);

static void debug_line(const char *line)
{
	for (; *line; line++)
		debug_putc(*line);
	debug_putc('\n');
}

static void log_line(const char *line)
{
	log_error("%s", line);
}

static __printf(2, 3) void report(line_fn out, const char *fmt, ...)
{
	char line[LINE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	out(line);
}

static void report_regs(line_fn out, const struct regs *r)
{
	report(out, "  rip %016lx  rsp %016lx  rflags %08lx", r->rip, r->rsp, r->rflags);
	report(out, "  rax %016lx  rbx %016lx  rcx %016lx  rdx %016lx", r->rax, r->rbx, r->rcx,
	       r->rdx);
	report(out, "  rsi %016lx  rdi %016lx  rbp %016lx  r8  %016lx", r->rsi, r->rdi, r->rbp,
	       r->r8);
	report(out, "  r9  %016lx  r10 %016lx  r11 %016lx  r12 %016lx", r->r9, r->r10, r->r11,
	       r->r12);
	report(out, "  r13 %016lx  r14 %016lx  r15 %016lx", r->r13, r->r14, r->r15);
}

static void report_kernel_address(unsigned depth, uint64_t addr)
{
	char name[KSYM_TEXT_MAX];

	ksym_format(addr, name, sizeof(name));
	report(debug_line, "  #%u %016lx %s", depth, addr, name);
}

static void report_program_address(unsigned depth, uint64_t addr)
{
	char name[KSYM_TEXT_MAX];

	ksym_format_program(current_mm(), addr, name, sizeof(name));
	report(log_line, "  #%u %016lx %s", depth, addr, name);
}

static bool on_kernel_stack(uint64_t fp)
{
	struct cpu *c = this_cpu();

	return fp % 8 == 0 && ((fp >= c->stack_low && fp < (uint64_t)c->regs) ||
			       (fp >= (uint64_t)c && fp < (uint64_t)(c + 1)));
}

static void kernel_backtrace(uint64_t rip, uint64_t fp)
{
	report_kernel_address(0, rip);
	for (unsigned depth = 1; depth < BACKTRACE_MAX && on_kernel_stack(fp); depth++) {
		const uint64_t *frame = (const uint64_t *)fp;

		report_kernel_address(depth, frame[1]);
		if (frame[0] <= fp)
			break;
		fp = frame[0];
	}
}

static __noreturn void panic_finish(const struct regs *regs, const char *fmt, va_list ap)
{
	static int depth;
	char line[LINE_MAX];
	int n;

	if (depth++)
		machine_exit(BI_DEBUG_EXIT_PANIC);
	smp_stop_others();
	n = scnprintf(line, sizeof(line), "uniload: kernel panic: ");
	vsnprintf(line + n, sizeof(line) - (size_t)n, fmt, ap);
	debug_line(line);
	if (regs) {
		report_regs(debug_line, regs);
		kernel_backtrace(regs->rip, regs->rbp);
	} else {
		kernel_backtrace((uint64_t)__builtin_return_address(0),
				 (uint64_t)__builtin_frame_address(0));
	}
	if (this_cpu()->thread)
		report(debug_line, "  in thread %d (%s), last system call %ld", current->tid,
		       current->comm, current->regs ? (long)current->regs->orig_rax : -1);
	machine_exit(BI_DEBUG_EXIT_PANIC);
}

void boot_failed(const char *fmt, ...)
{
	char line[LINE_MAX];
	va_list ap;
	int n = scnprintf(line, sizeof(line), "uniload: ");

	va_start(ap, fmt);
	vsnprintf(line + n, sizeof(line) - (size_t)n, fmt, ap);
	va_end(ap);
	debug_line(line);
	machine_exit(BI_DEBUG_EXIT_PANIC);
}

void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	panic_finish(NULL, fmt, ap);
}

void panic_regs(const struct regs *regs, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	panic_finish(regs, fmt, ap);
}

/* The stack protector found a smashed frame. */
__noreturn void __stack_chk_fail(void);
void __stack_chk_fail(void)
{
	panic("stack smashed in the kernel");
}

/* The program's frames, if it keeps frame pointers. */
static void program_backtrace(const struct regs *regs)
{
	uint64_t fp = regs->rbp, frame[2];

	report_program_address(0, regs->rip);
	for (unsigned depth = 1; depth < BACKTRACE_MAX; depth++) {
		if (fp % 8 || copy_from_user(frame, fp, sizeof(frame)) || !frame[1])
			return;
		report_program_address(depth, frame[1]);
		if (frame[0] <= fp)
			return;
		fp = frame[0];
	}
}

void fatal_signal_report(int signo, const siginfo_t *info, const struct regs *regs)
{
	if (!log_verbose())
		return;
	report(log_line, "%s: killed by %s, code %d, address %016lx", current->comm,
	       signal_name(signo), info->si_code, (uint64_t)info->si_addr);
	report_regs(log_line, regs);
	program_backtrace(regs);
}
