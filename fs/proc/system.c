/* SPDX-License-Identifier: MIT */
/* The system's entries of /proc: proc(5). Constants here are how the kernel behaves. */
#include "fs/ipc.h"
#include "fs/msg.h"
#include "fs/proc/proc.h"
#include "fs/sem.h"
#include "kernel/clock.h"
#include "kernel/filelock.h"
#include "kernel/heap.h"
#include "kernel/process.h"
#include "kernel/sched.h"
#include "kernel/string.h"
#include "kernel/utsname.h"
#include "kernel/x86_64/cpuinfo.h"

#define FLAGS_MAX 4096

/* Cores of one package. */
static void put_cpu(struct seq *s, unsigned n, const struct cpu_info *i, const char *flags)
{
	unsigned long hz = cpu_tsc_hz();

	seq_printf(s,
		   "processor\t: %u\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\n"
		   "model name\t: %s\n",
		   n, i->vendor, i->family, i->model, i->brand);
	seq_printf(s, "stepping\t: %u\ncpu MHz\t\t: %lu.%03lu\n", i->stepping, hz / 1000000,
		   hz / 1000 % 1000);
	if (i->cache_kb)
		seq_printf(s, "cache size\t: %u KB\n", i->cache_kb);
	seq_printf(s,
		   "physical id\t: 0\nsiblings\t: %u\ncore id\t\t: %u\ncpu cores\t: %u\n"
		   "apicid\t\t: %u\ninitial apicid\t: %u\nfpu\t\t: yes\nfpu_exception\t: yes\n",
		   cpu_count(), n, cpu_count(), n, n);
	seq_printf(s, "cpuid level\t: %u\nwp\t\t: yes\nflags\t\t: %s\nbugs\t\t:\n", i->cpuid_level,
		   flags);
	seq_printf(s, "bogomips\t: %lu.%02lu\nclflush size\t: %u\ncache_alignment\t: %u\n",
		   hz / 500000, hz / 5000 % 100, i->clflush_size, i->clflush_size);
	seq_printf(s, "address sizes\t: %u bits physical, %u bits virtual\npower management:\n\n",
		   i->phys_bits, i->virt_bits);
}

static int show_cpuinfo(struct seq *s, const struct proc_ctx *c)
{
	struct cpu_info i;
	char *flags = kmalloc(FLAGS_MAX);

	if (!flags)
		return -ENOMEM;
	cpu_info(&i);
	cpu_flags_text(flags, FLAGS_MAX);
	for (unsigned n = 0; n < cpu_count(); n++)
		put_cpu(s, n, &i, flags);
	kfree(flags);
	return 0;
}

static uint64_t all_idle_ns(void)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < cpu_count(); i++)
		sum += sched_idle_ns(i);
	return sum;
}

static void put_times(struct seq *s, uint64_t up, uint64_t idle)
{
	seq_printf(s, " %lu 0 0 %lu 0 0 0 0 0 0\n", (unsigned long)((up - MIN(up, idle)) / TICK_NS),
		   (unsigned long)(idle / TICK_NS));
}

/* A processor's time is the program's or idle. Interrupts are not counted. */
static int show_stat(struct seq *s, const struct proc_ctx *c)
{
	const struct process *p = current_process();
	uint64_t up = clock_mono_ns();

	seq_puts(s, "cpu ");
	put_times(s, up * cpu_count(), all_idle_ns());
	for (unsigned i = 0; i < cpu_count(); i++) {
		seq_printf(s, "cpu%u", i);
		put_times(s, up, sched_idle_ns(i));
	}
	seq_printf(s, "intr 0\nctxt %lu\nbtime %lu\n",
		   (unsigned long)(p->counts.switches + p->counts.preempted),
		   (unsigned long)((clock_real_ns() - up) / NSEC_PER_SEC));
	seq_printf(s, "processes %u\nprocs_running 1\nprocs_blocked 0\n", p->n_threads);
	seq_puts(s, "softirq 0 0 0 0 0 0 0 0 0 0 0\n");
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
	put_seconds(s, all_idle_ns());
	seq_puts(s, "\n");
	return 0;
}

/* No averages are kept. */
static int show_loadavg(struct seq *s, const struct proc_ctx *c)
{
	unsigned threads;

	(void)process_count(0, &threads);
	seq_printf(s, "0.00 0.00 0.00 1/%u %d\n", threads, pid_last());
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

/* Each lock as "number: class ADVISORY type pid device:inode start end". */
static void put_lock(void *arg, const struct filelock *l, int number)
{
	static const char *const classes[] = {"POSIX ", "OFDLCK", "FLOCK "};
	struct seq *s = arg;

	seq_printf(s, "%d: %s ADVISORY  %s %d %02x:%02x:%lu %lu ", number, classes[l->kind],
		   l->type == F_WRLCK ? "WRITE" : "READ ", l->pid, dev_major(l->inode->super->dev),
		   dev_minor(l->inode->super->dev), (unsigned long)l->inode->ino,
		   (unsigned long)l->start);
	if (l->end == LOCK_END)
		seq_puts(s, "EOF\n");
	else
		seq_printf(s, "%lu\n", (unsigned long)l->end);
}

static int show_locks(struct seq *s, const struct proc_ctx *c)
{
	filelock_each(put_lock, s);
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

static int find_pid(const struct proc_ctx *c, int id, struct proc_ctx *child,
		    const struct proc_entry **e)
{
	child->pid = id;
	*e = &proc_pid;
	return id > 0 && proc_process(child) ? 0 : -ENOENT;
}

static int next_pid(const struct proc_ctx *c, int id)
{
	struct process *p;
	int best = -1;

	for_each_process(p) if (p->pid >= id && (best < 0 || p->pid < best)) best = p->pid;
	return best;
}

/* ---- the tables ---- */

#define DEVICES                                                                                    \
	"Character devices:\n  1 mem\n  5 /dev/tty\n  5 /dev/console\n136 pts\n\n"                 \
	"Block devices:\n254 virtblk\n"
#define SOFTIRQS                                                                                   \
	"                    CPU0       \n"                                                        \
	"          HI:          0\n       TIMER:          0\n      NET_TX:          0\n"           \
	"      NET_RX:          0\n       BLOCK:          0\n    IRQ_POLL:          0\n"           \
	"     TASKLET:          0\n       SCHED:          0\n     HRTIMER:          0\n"           \
	"         RCU:          0\n"

static int show_shm(struct seq *s, const struct proc_ctx *c)
{
	seq_puts(
	    s, "       key      shmid perms                  size  cpid  lpid nattch   uid   gid  "
	       "cuid  cgid      atime      dtime      ctime                   rss                  "
	       "swap\n");
	shm_show(s);
	return 0;
}

static int show_msg(struct seq *s, const struct proc_ctx *c)
{
	seq_puts(s,
		 "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid "
		 " cgid      stime      rtime      ctime\n");
	msg_show(s);
	return 0;
}

static int show_sem(struct seq *s, const struct proc_ctx *c)
{
	seq_puts(s,
		 "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      "
		 "ctime\n");
	sem_show(s);
	return 0;
}

static const struct proc_entry sysvipc_entries[] = {
    PROC_REG("msg", 0444, .show = show_msg),
    PROC_REG("sem", 0444, .show = show_sem),
    PROC_REG("shm", 0444, .show = show_shm),
};

static const struct proc_entry root_entries[] = {
    PROC_REG("buddyinfo", 0444, .show = proc_show_buddyinfo),
    PROC_TEXT("cgroups", "#subsys_name\thierarchy\tnum_cgroups\tenabled\n"),
    PROC_REG("cmdline", 0444, .show = show_cmdline),
    PROC_TEXT("consoles", ""),
    PROC_REG("cpuinfo", 0444, .show = show_cpuinfo),
    PROC_TEXT("devices", DEVICES),
    PROC_REG("diskstats", 0444, .show = proc_show_diskstats),
    PROC_TEXT("filesystems", VFS_FILESYSTEMS),
    PROC_TEXT("interrupts", "           CPU0       \n"),
    PROC_TEXT("kallsyms", ""),
    PROC_REG("loadavg", 0444, .show = show_loadavg),
    PROC_REG("locks", 0444, .show = show_locks),
    PROC_REG("meminfo", 0444, .show = proc_show_meminfo),
    PROC_TEXT("misc", ""),
    PROC_TEXT("modules", ""),
    PROC_LINK("mounts", .text = "self/mounts"),
    PROC_LINK("net", .text = "self/net"),
    PROC_REG("partitions", 0444, .show = proc_show_partitions),
    PROC_LINK("self", .readlink = read_self),
    PROC_TEXT("softirqs", SOFTIRQS),
    PROC_REG("stat", 0444, .show = show_stat),
    PROC_TEXT("swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"),
    PROC_DIR("sys", 0555, PROC_CHILDREN(proc_sys_entries)),
    PROC_DIR("sysvipc", 0555, PROC_CHILDREN(sysvipc_entries)),
    PROC_LINK("thread-self", .readlink = read_thread_self),
    PROC_REG("uptime", 0444, .show = show_uptime),
    PROC_REG("version", 0444, .show = show_version),
    PROC_REG("vmstat", 0444, .show = proc_show_vmstat),
    PROC_REG("zoneinfo", 0444, .show = proc_show_zoneinfo),
};

static const struct proc_entry root =
    PROC_DIR("", 0555, PROC_CHILDREN(root_entries), .find = find_pid, .next = next_pid);

/* The file system for /proc. 0 or -ENOMEM. */
int procfs_new(struct super **out)
{
	static const struct proc_tree tree = {"proc", PROC_SUPER_MAGIC, 0, &root};
	static struct super *only;

	return proc_super_only(&tree, &only, out);
}
