/* SPDX-License-Identifier: MIT */
/*
 * The composition root: everything the kernel does between its first ring-3 instruction and the
 * program's first instruction, in order. The only file that may include everything.
 */
#include "fs/init.h"
#include "fs/stdio.h"
#include "fs/vfs.h"
#include "kernel/bootinfo.h"
#include "kernel/clock.h"
#include "kernel/console.h"
#include "kernel/log.h"
#include "kernel/page.h"
#include "kernel/panic.h"
#include "kernel/random.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/utsname.h"
#include "kernel/virtio.h"
#include "kernel/x86_64/apic.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/entry.h"
#include "kernel/x86_64/kmap.h"
#include "kernel/x86_64/layout.h"
#include "kernel/x86_64/percpu.h"
#include "kernel/x86_64/pvh.h"
#include "syscalls/bootfiles.h"
#include "syscalls/exec.h"
#include "syscalls/syscall.h"

#define STATUS_NOT_RUNNABLE 126
#define EXIT_STATUS(code)   ((code) << 8)

extern char image_end[], boot_stack[], boot_stack_top[];

static struct boot_params params;
static struct process *program;

/* The page-aligned RAM of the boot module, read in place for as long as the machine lives. */
static struct mem_range module_range(void)
{
	return (struct mem_range){ALIGN_DOWN(params.module, PAGE_SIZE),
				  ALIGN_UP(params.module + params.module_size, PAGE_SIZE)};
}

static void memory_init(void)
{
	paddr_t bump = ALIGN_UP((uint64_t)image_end - KERNEL_BASE, PAGE_SIZE);
	struct mem_range reserved[2];

	if (pvh_read(&params))
		panic("not booted through PVH, or no memory map");
	kmap_init(params.ram, params.n_ram, &bump);
	reserved[0] = (struct mem_range){KERNEL_LOAD, bump};
	reserved[1] = module_range();
	if (page_init(params.ram, params.n_ram, reserved, params.module_size ? 2 : 1))
		panic("not enough memory to start: give the machine more with -m");
}

static const struct bootinfo *bootinfo_find(void)
{
	const struct bootinfo *bi = phys_to_virt(params.module);
	const char *wrong;

	if (!params.module_size)
		panic("no boot module: this kernel is started by the uniload command");
	wrong = bootinfo_check(bi, params.module_size);
	if (wrong)
		panic("bad boot module: %s", wrong);
	return bi;
}

static void host_signal(int signo)
{
	if (program)
		signal_raise(program, signo);
}

/* The process and its thread (root until exec_boot): from here on `current` is valid, as files and
 * waiting need. */
static void process_init(void)
{
	struct thread *t;

	if (process_new(&program) || thread_new(program, &t))
		panic("no memory for the first process");
	t->state = THREAD_RUNNING;
	this_cpu()->thread = t;
}

/* Descriptors 0, 1 and 2 as they were on the host; a closed one stays closed. */
static void stdio_init(void)
{
	for (int fd = 0; fd < 3; fd++) {
		struct file *f;
		int r = stdio_open((unsigned)fd, &f);

		if (r == 0 && !f)
			continue;
		if (r || (r = fd_install_at(program->files, f, fd, false)) < 0)
			panic("cannot open descriptor %d: error %d", fd, -r);
	}
}

/* Leave the boot stack for the thread's own and enter the program. */
static __noreturn void enter_program(void)
{
	struct thread *t = current;
	struct cpu *c = this_cpu();

	c->regs = t->regs;
	c->stack_low = t->kstack_low;
	t->slice_start_ns = clock_mono_ns();
	log_info("program entered %lu us after the kernel",
		 (unsigned long)(clock_mono_ns() / NSEC_PER_USEC));
	exit_regs_loaded();
}

void kernel_main(void)
{
	const struct bootinfo *bi;
	const char *hostname;
	int r;

	/* The machine. */
	this_cpu()->stack_low = (uint64_t)boot_stack;
	this_cpu()->regs = (struct regs *)boot_stack_top;
	cpu_init();
	memory_init();
	if (apic_init())
		panic("no memory for the interrupt controllers");
	bi = bootinfo_find();
	log_set_verbose(bi->flags & BI_VERBOSE);
	random_init(bi->seed, sizeof(bi->seed));
	this_cpu()->canary = random_u64() & ~0xffull;
	clock_init(bi);

	/* The process, then what it sees: console, files, descriptors. */
	process_init();
	virtio_mmio_probe(params.cmdline);
	if (con_init(bi))
		panic("no virtio console device");
	con_set_signal_hook(host_signal);
	hostname = bootinfo_string(bi, bi->hostname);
	kernel_set_hostname(hostname, strlen(hostname));
	stdio_config(bi);
	if (fs_init() || bootfiles_add(bi))
		panic("not enough memory for the root file system: give the machine more with -m");
	stdio_init();
	syscalls_init(bi->flags);

	/* The program. */
	r = exec_boot(bi, current->regs);
	if (r)
		process_exit(EXIT_STATUS(STATUS_NOT_RUNNABLE));
	enter_program();
}
