/* SPDX-License-Identifier: MIT */
/* The system's entries of /proc and the parameters in /proc/sys (proc(5)). A constant here is how
 * the kernel behaves. */
#include "fs/procfs.h"
#include "kernel/clock.h"
#include "kernel/heap.h"
#include "kernel/page.h"
#include "kernel/random.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/utsname.h"
#include "kernel/x86_64/cpuinfo.h"

#define USER_HZ 100
#define PAGE_KB (PAGE_SIZE / 1024)

#define FILESYSTEMS "nodev\ttmpfs\nnodev\tproc\nnodev\tdevtmpfs\nnodev\tdevpts\n"

static int show_cpuinfo(struct seq *s, const struct proc_ctx *c)
{
	unsigned long hz = cpu_tsc_hz();
	struct cpu_info i;
	char *flags = kmalloc(PAGE_SIZE);

	if (!flags)
		return -ENOMEM;
	cpu_info(&i);
	cpu_flags_text(flags, PAGE_SIZE);
	seq_printf(
	    s,
	    "processor\t: 0\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\nmodel name\t: %s\n",
	    i.vendor, i.family, i.model, i.brand);
	seq_printf(s, "stepping\t: %u\ncpu MHz\t\t: %lu.%03lu\n", i.stepping, hz / 1000000,
		   hz / 1000 % 1000);
	if (i.cache_kb)
		seq_printf(s, "cache size\t: %u KB\n", i.cache_kb);
	seq_puts(s,
		 "physical id\t: 0\nsiblings\t: 1\ncore id\t\t: 0\ncpu cores\t: 1\napicid\t\t: 0\n"
		 "initial apicid\t: 0\nfpu\t\t: yes\nfpu_exception\t: yes\n");
	seq_printf(s, "cpuid level\t: %u\nwp\t\t: yes\nflags\t\t: %s\nbugs\t\t:\n", i.cpuid_level,
		   flags);
	seq_printf(s, "bogomips\t: %lu.%02lu\nclflush size\t: %u\ncache_alignment\t: %u\n",
		   hz / 500000, hz / 5000 % 100, i.clflush_size, i.clflush_size);
	seq_printf(s, "address sizes\t: %u bits physical, %u bits virtual\npower management:\n\n",
		   i.phys_bits, i.virt_bits);
	kfree(flags);
	return 0;
}

static void put_kb(struct seq *s, const char *name, uint64_t pages)
{
	seq_printf(s, "%-15s %8lu kB\n", name, (unsigned long)(pages * PAGE_KB));
}

static int show_meminfo(struct seq *s, const struct proc_ctx *c)
{
	uint64_t free = page_free_count(), shmem = tmpfs_total_pages();

	put_kb(s, "MemTotal:", page_total());
	put_kb(s, "MemFree:", free);
	put_kb(s, "MemAvailable:", free);
	put_kb(s, "Buffers:", 0);
	put_kb(s, "Cached:", shmem);
	put_kb(s, "SwapCached:", 0);
	put_kb(s, "SwapTotal:", 0);
	put_kb(s, "SwapFree:", 0);
	put_kb(s, "Dirty:", 0);
	put_kb(s, "Writeback:", 0);
	put_kb(s, "Shmem:", shmem);
	seq_puts(s, "HugePages_Total:       0\nHugePages_Free:        0\nHugePages_Rsvd:        0\n"
		    "HugePages_Surp:        0\nHugepagesize:       2048 kB\n");
	return 0;
}

static int show_stat(struct seq *s, const struct proc_ctx *c)
{
	uint64_t up = clock_mono_ns(), busy = clock_process_cpu_ns();
	unsigned long user = busy / (NSEC_PER_SEC / USER_HZ),
		      idle = (up - busy) / (NSEC_PER_SEC / USER_HZ);

	seq_printf(s, "cpu  %lu 0 0 %lu 0 0 0 0 0 0\ncpu0 %lu 0 0 %lu 0 0 0 0 0 0\n", user, idle,
		   user, idle);
	seq_printf(s, "btime %lu\nprocesses 1\nprocs_running 1\nprocs_blocked 0\n",
		   (unsigned long)((clock_real_ns() - up) / NSEC_PER_SEC));
	return 0;
}

static void put_seconds(struct seq *s, uint64_t ns)
{
	seq_printf(s, "%lu.%02lu", (unsigned long)(ns / NSEC_PER_SEC),
		   (unsigned long)(ns / 10000000 % 100));
}

static int show_uptime(struct seq *s, const struct proc_ctx *c)
{
	uint64_t up = clock_mono_ns();

	put_seconds(s, up);
	seq_puts(s, " ");
	put_seconds(s, up - clock_process_cpu_ns());
	seq_puts(s, "\n");
	return 0;
}

/* No averages are kept: one processor, mostly one runnable thread. */
static int show_loadavg(struct seq *s, const struct proc_ctx *c)
{
	struct process *p = current_process();

	seq_printf(s, "0.00 0.00 0.00 1/%u %d\n", p->n_threads, p->pid);
	return 0;
}

static const char *boot_cmdline = "";

/* The kernel's command line, which must stay where it is. Boot only. */
void procfs_set_cmdline(const char *text)
{
	boot_cmdline = text;
}

static int show_cmdline(struct seq *s, const struct proc_ctx *c)
{
	seq_printf(s, "%s\n", boot_cmdline);
	return 0;
}

static int show_version(struct seq *s, const struct proc_ctx *c)
{
	struct new_utsname u;

	kernel_utsname(&u);
	seq_printf(s, "%s version %s (uniload) (gcc %s) %s\n", u.sysname, u.release, __VERSION__,
		   u.version);
	return 0;
}

/* ---- self ---- */

static int read_self(const struct proc_ctx *c, char *buf, size_t size)
{
	return current ? scnprintf(buf, size, "%d", current_process()->pid) : -ENOENT;
}

static int read_thread_self(const struct proc_ctx *c, char *buf, size_t size)
{
	return current ? scnprintf(buf, size, "%d/task/%d", current_process()->pid, current->tid)
		       : -ENOENT;
}

static int read_mounts(const struct proc_ctx *c, char *buf, size_t size)
{
	return scnprintf(buf, size, "self/mounts");
}

static int find_pid(const struct proc_ctx *c, int id, struct proc_ctx *child,
		    const struct proc_entry **e)
{
	child->pid = id;
	*e = &proc_pid;
	return id > 0 && proc_process(child) ? 0 : -ENOENT;
}

static int next_pid(const struct proc_ctx *c, int id)
{
	return current && current_process()->pid >= id ? current_process()->pid : -1;
}

/* ---- /proc/sys/kernel ---- */

/* A name without its line end. */
static size_t name_len(const char *text, size_t len)
{
	const char *end = memchr(text, '\n', len);

	return strnlen(text, end ? (size_t)(end - text) : len);
}

static int show_hostname(struct seq *s, const struct proc_ctx *c)
{
	struct new_utsname u;

	kernel_utsname(&u);
	seq_printf(s, "%s\n", u.nodename);
	return 0;
}

static int store_hostname(const struct proc_ctx *c, const char *text, size_t len)
{
	kernel_set_hostname(text, name_len(text, len));
	return 0;
}

static int show_domainname(struct seq *s, const struct proc_ctx *c)
{
	struct new_utsname u;

	kernel_utsname(&u);
	seq_printf(s, "%s\n", u.domainname);
	return 0;
}

static int store_domainname(const struct proc_ctx *c, const char *text, size_t len)
{
	kernel_set_domainname(text, name_len(text, len));
	return 0;
}

/* A random UUID (RFC 9562, version 4). */
static void make_uuid(char out[37])
{
	uint8_t b[16];
	size_t n = 0;

	random_bytes(b, sizeof(b));
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			out[n++] = '-';
		n += snprintf(out + n, 37 - n, "%02x", b[i]);
	}
}

static int show_uuid(struct seq *s, const struct proc_ctx *c)
{
	char text[37];

	make_uuid(text);
	seq_printf(s, "%s\n", text);
	return 0;
}

static int show_boot_id(struct seq *s, const struct proc_ctx *c)
{
	static char text[37];

	if (!text[0])
		make_uuid(text);
	seq_printf(s, "%s\n", text);
	return 0;
}

static int show_ngroups_max(struct seq *s, const struct proc_ctx *c)
{
	seq_printf(s, "%zu\n", ARRAY_SIZE(current_process()->cred.groups));
	return 0;
}

static int show_threads_max(struct seq *s, const struct proc_ctx *c)
{
	seq_printf(s, "%lu\n", 2 * (unsigned long)current_process()->limits[RLIMIT_NPROC].rlim_max);
	return 0;
}

static const struct proc_entry random_entries[] = {
    PROC_REG("boot_id", 0444, .show = show_boot_id),
    PROC_TEXT("entropy_avail", "256\n"),
    PROC_TEXT("poolsize", "256\n"),
    PROC_REG("uuid", 0444, .show = show_uuid),
};

static const struct proc_entry kernel_entries[] = {
    PROC_TEXT("cap_last_cap", "40\n"),
    PROC_TEXT("core_pattern", "core\n"),
    PROC_TEXT("core_uses_pid", "0\n"),
    PROC_REG("domainname", 0644, .show = show_domainname, .store = store_domainname),
    PROC_REG("hostname", 0644, .show = show_hostname, .store = store_hostname),
    PROC_REG("ngroups_max", 0444, .show = show_ngroups_max),
    PROC_TEXT("osrelease", KERNEL_RELEASE "\n"),
    PROC_TEXT("ostype", "Linux\n"),
    PROC_TEXT("overflowgid", "65534\n"),
    PROC_TEXT("overflowuid", "65534\n"),
    PROC_TEXT("pid_max", "32768\n"),
    PROC_DIR("random", 0555, PROC_CHILDREN(random_entries)),
    PROC_TEXT("randomize_va_space", "2\n"),
    PROC_TEXT("tainted", "0\n"),
    PROC_REG("threads-max", 0444, .show = show_threads_max),
    PROC_TEXT("version", KERNEL_VERSION "\n"),
};

static const struct proc_entry vm_entries[] = {
    PROC_TEXT("max_map_count", "65530\n"), PROC_TEXT("mmap_min_addr", "65536\n"),
    PROC_TEXT("nr_hugepages", "0\n"),	   PROC_TEXT("overcommit_memory", "0\n"),
    PROC_TEXT("overcommit_ratio", "50\n"),
};

static const struct proc_entry fs_entries[] = {
    PROC_TEXT("file-max", "9223372036854775807\n"), PROC_TEXT("nr_open", "1048576\n"),
    PROC_TEXT("pipe-max-size", "1048576\n"),	    PROC_TEXT("protected_fifos", "0\n"),
    PROC_TEXT("protected_hardlinks", "1\n"),	    PROC_TEXT("protected_regular", "0\n"),
    PROC_TEXT("protected_symlinks", "0\n"),	    PROC_TEXT("suid_dumpable", "0\n"),
};

static const struct proc_entry sys_entries[] = {
    PROC_DIR("fs", 0555, PROC_CHILDREN(fs_entries)),
    PROC_DIR("kernel", 0555, PROC_CHILDREN(kernel_entries)),
    PROC_DIR("vm", 0555, PROC_CHILDREN(vm_entries)),
};

static const struct proc_entry root_entries[] = {
    PROC_TEXT("cgroups", "#subsys_name\thierarchy\tnum_cgroups\tenabled\n"),
    PROC_REG("cmdline", 0444, .show = show_cmdline),
    PROC_REG("cpuinfo", 0444, .show = show_cpuinfo),
    PROC_TEXT("devices",
	      "Character devices:\n  1 mem\n  5 /dev/tty\n  5 /dev/console\n\nBlock devices:\n"),
    PROC_TEXT("filesystems", FILESYSTEMS),
    PROC_REG("loadavg", 0444, .show = show_loadavg),
    PROC_REG("meminfo", 0444, .show = show_meminfo),
    PROC_LINK("mounts", .readlink = read_mounts),
    PROC_LINK("self", .readlink = read_self),
    PROC_REG("stat", 0444, .show = show_stat),
    PROC_TEXT("swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"),
    PROC_DIR("sys", 0555, PROC_CHILDREN(sys_entries)),
    PROC_LINK("thread-self", .readlink = read_thread_self),
    PROC_REG("uptime", 0444, .show = show_uptime),
    PROC_REG("version", 0444, .show = show_version),
};

const struct proc_entry proc_root =
    PROC_DIR("", 0555, PROC_CHILDREN(root_entries), .find = find_pid, .next = next_pid);
