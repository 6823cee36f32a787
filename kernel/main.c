/* SPDX-License-Identifier: MIT */
/*
 * The composition root: everything the kernel does between its first ring-3 instruction and the
 * program's first instruction, in order. The only file that may include everything.
 */
#include "fs/init.h"
#include "fs/missing.h"
#include "fs/stdio.h"
#include "fs/vfs.h"
#include "kernel/bootinfo.h"
#include "kernel/clock.h"
#include "kernel/console.h"
#include "kernel/embed.h"
#include "kernel/errname.h"
#include "kernel/log.h"
#include "kernel/page.h"
#include "kernel/panic.h"
#include "kernel/process.h"
#include "kernel/random.h"
#include "kernel/string.h"
#include "kernel/stubs.h"
#include "kernel/utsname.h"
#include "kernel/virtio.h"
#include "kernel/x86_64/acpi.h"
#include "kernel/x86_64/apic.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/entry.h"
#include "kernel/x86_64/kmap.h"
#include "kernel/x86_64/layout.h"
#include "kernel/x86_64/percpu.h"
#include "kernel/x86_64/pvh.h"
#include "kernel/x86_64/smp.h"
#include "net/netif.h"
#include "syscalls/bootfiles.h"
#include "syscalls/count.h"
#include "syscalls/exec.h"
#include "syscalls/syscall.h"

#define STATUS_FAILED	    125
#define STATUS_NOT_RUNNABLE 126
#define EXIT_STATUS(code)   ((code) << 8)

extern char image_end[], boot_stack[], boot_stack_top[];

static struct boot_params params;
static struct process *program;

static bool embedded; /* the boot module is this image's own: no uniload command runs us */

/* The page-aligned RAM of the boot module, read in place for as long as the machine lives. */
static struct mem_range module_range(void)
{
	return (struct mem_range){ALIGN_DOWN(params.module, PAGE_SIZE),
				  ALIGN_UP(params.module + params.module_size, PAGE_SIZE)};
}

/* Without a module from the loader, the one in the kernel's own file. */
static void module_find(void)
{
	struct bi_embed e = embed_read();

	if (params.module_size || !e.size)
		return;
	if (e.image_version != BI_IMAGE_VERSION)
		boot_failed("this image is of version %u, the kernel in it of version %u",
			    e.image_version, BI_IMAGE_VERSION);
	embedded = true;
	params.module = e.module;
	params.module_size = e.size;
}

/* Is all of the module in RAM? The monitor drops without a word what it cannot load. */
static bool module_loaded(void)
{
	struct mem_range m = module_range();

	for (size_t i = 0; i < params.n_ram; i++)
		if (m.start >= params.ram[i].start && m.end <= params.ram[i].end && m.start < m.end)
			return true;
	return false;
}

/*
 * Where the first page tables go: behind the image or, if a module that was loaded there leaves too
 * little room, below the image, where all was read that the loader left. The boot page tables do
 * not reach what lies behind a big module.
 */
static paddr_t tables_place(void)
{
	paddr_t at = ALIGN_UP((uint64_t)image_end - KERNEL_BASE, PAGE_SIZE);
	uint64_t size = kmap_size(params.ram, params.n_ram);
	struct mem_range m = module_range();

	if (!params.module_size || m.start >= at + size || m.end <= at)
		return at;
	for (size_t i = 0; i < params.n_ram; i++)
		if (params.ram[i].start + size <= MIN(params.ram[i].end, KERNEL_LOAD))
			return params.ram[i].start;
	return m.end;
}

static void memory_init(void)
{
	struct mem_range reserved[3];
	paddr_t tables, bump;
	uint64_t too_big = 0;

	if (pvh_read(&params))
		boot_failed("not booted through PVH, or no memory map");
	module_find();
	debug_use_serial(embedded || !params.module_size);
	if (embedded && !module_loaded()) {
		too_big = params.module_size;
		params.module_size = 0; /* go on without it until the machine can be switched off */
	}
	tables = bump = tables_place();
	kmap_init(params.ram, params.n_ram, &bump);
	reserved[0] =
	    (struct mem_range){KERNEL_LOAD, ALIGN_UP((uint64_t)image_end - KERNEL_BASE, PAGE_SIZE)};
	reserved[1] = (struct mem_range){tables, bump};
	reserved[2] = module_range();
	if (page_init(params.ram, params.n_ram, reserved, params.module_size ? 3 : 2))
		boot_failed("not enough memory to start: give the machine more with -m");
	acpi_init(params.rsdp);
	if (strstr(params.cmdline, "reboot=t")) /* as Linux calls it */
		machine_may_reset();
	if (too_big)
		boot_failed("not enough memory for this image of %lu MiB: give the machine more "
			    "with -m",
			    (unsigned long)(too_big >> 20));
}

static const struct bootinfo *bootinfo_find(void)
{
	const struct bootinfo *bi = phys_to_virt(params.module);
	const char *wrong;

	if (!params.module_size)
		boot_failed("no boot module: this kernel is started by the uniload command");
	wrong = bootinfo_check(bi, params.module_size);
	if (wrong)
		boot_failed("bad boot module: %s", wrong);
	return bi;
}

static void host_signal(int signo)
{
	if (program)
		signal_raise(program, signo);
}

/*
 * The program's streams: virtio-console ports to the uniload command, or for an image without one a
 * terminal on the serial port.
 */
static void console_init(const struct bootinfo *bi)
{
	int found = virtio_mmio_probe(params.cmdline);

	if (!embedded && con_init(bi) == 0) {
		con_set_signal_hook(host_signal);
		stdio_config(bi, bi->std);
		return;
	}
	debug_use_serial(true);
	if (!(bi->flags & BI_IMAGE))
		boot_failed("no virtio console device");
	if (!found)
		acpi_virtio_devices(virtio_mmio_add);
	entropy_gather();
	stdio_config(bi, con_init_serial());
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

/*
 * The other processors. The uniload command makes a machine with as many as it says, numbered from
 * 0; without it there are those that ACPI tells of, if it is there, of which at most n are used.
 */
static void cpus_init(unsigned n)
{
	_Static_assert(BOOTINFO_MAX_CPUS <= MAX_CPUS, "more than the kernel has room for");
	uint8_t ids[MAX_CPUS], found[MAX_CPUS];
	unsigned n_ids = 1, n_found = embedded ? acpi_cpus(found, MAX_CPUS) : n;

	ids[0] = apic_id();
	for (unsigned i = 0; i < n_found && n_ids < n; i++) {
		if (!embedded)
			found[i] = i;
		if (found[i] != ids[0])
			ids[n_ids++] = found[i];
	}
	if (n_ids > 1)
		smp_start(n_ids, ids);
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
			panic("cannot open descriptor %d: %s", fd, errno_text(-r));
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

/* What was asked for and is known only at the end. */
static void farewell(void)
{
	missing_report(con_tell_missing);
	count_report();
	stubs_report();
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
	if (bi->n_cpus > 1)
		cpus_init(bi->n_cpus);
	console_init(bi);
	procfs_set_cmdline(params.cmdline);
	hostname = bootinfo_string(bi, bi->hostname);
	kernel_set_hostname(hostname, strlen(hostname));
	netif_preset(&bi->net);
	r = fs_init(bi);
	if (!r)
		r = bootfiles_add(bi);
	if (bi->flags & BI_MISSING)
		missing_enable();
	stubs_init(bi);
	if (bi->flags & (BI_MISSING | BI_COUNT | BI_REWRITE_STATS))
		con_farewell = farewell;
	if (r == -ENOMEM || r == -ENOSPC)
		boot_failed(
		    "not enough memory for the root file system: give the machine more with -m");
	if (r)
		process_exit(EXIT_STATUS(STATUS_NOT_RUNNABLE));
	if (bi->n_volumes && volumes_mount(bi))
		process_exit(EXIT_STATUS(STATUS_FAILED));
	stdio_init();
	syscalls_init(bi);

	/* The program. */
	r = exec_boot(bi, current->regs);
	if (r)
		process_exit(EXIT_STATUS(STATUS_NOT_RUNNABLE));
	enter_program();
}
