/* SPDX-License-Identifier: MIT */
/* /proc/<pid>, its threads and its descriptors: proc(5). Values that this system does not count are
 * 0, as on Linux. */
#include "fs/procfs.h"
#include "kernel/clock.h"
#include "kernel/heap.h"
#include "kernel/string.h"
#include "kernel/task.h"

#define USER_HZ	 100
#define TICK_NS	 (NSEC_PER_SEC / USER_HZ)
#define CAP_FULL ((1ull << (CAP_LAST_CAP + 1)) - 1)

static size_t resident(const struct process *p)
{
	return p->mm ? p->mm->resident_pages : 0;
}

/* Signals whose disposition is `handler` (SIG_IGN), or any function. */
static uint64_t dispositions(const struct process *p, bool caught)
{
	uint64_t set = 0;

	for (int i = 0; i < N_SIGNALS; i++)
		if (caught ? p->sigactions[i].handler > 1 : p->sigactions[i].handler == 1)
			set |= 1ull << i;
	return set;
}

static char state_of(const struct thread *t)
{
	return t->process->stopped ? 'T' : t->state == THREAD_SLEEPING ? 'S' : 'R';
}

/* CPU time of one thread or, with tid 0, of the process. */
static uint64_t cpu_ns(const struct proc_ctx *c, const struct thread *t)
{
	if (!c->tid)
		return clock_process_cpu_ns();
	return t == current ? clock_thread_cpu_ns() : t->cpu_ns;
}

static int show_stat(struct seq *s, const struct proc_ctx *c)
{
	struct process *p = proc_process(c);
	struct thread *t = proc_thread(c);
	struct proc_vm vm;
	struct mm *mm;

	if (!p || !t)
		return -ESRCH;
	mm = p->mm;
	proc_vm_sizes(mm, &vm);
	seq_printf(s, "%d (%s) %c %d %d %d 0 -1 4194560 0 0 0 0 %lu 0 0 0 20 0 %u 0 %lu ",
		   c->tid ? t->tid : p->pid, t->comm, state_of(t), p->ppid, p->pgid, p->sid,
		   (unsigned long)(cpu_ns(c, t) / TICK_NS), p->n_threads,
		   (unsigned long)(p->start_ns / TICK_NS));
	seq_printf(s, "%lu %zu %lu %lu %lu %lu 0 0 ", (unsigned long)(vm.total * PAGE_SIZE),
		   resident(p), (unsigned long)p->limits[RLIMIT_RSS].rlim_cur,
		   (unsigned long)vm.code_start, (unsigned long)vm.code_end,
		   (unsigned long)(mm ? mm->arg_start : 0));
	seq_printf(s, "%lu %lu %lu %lu 0 0 0 17 0 0 0 0 0 0 ",
		   (unsigned long)((p->pending.set | t->pending.set) & INT32_MAX),
		   (unsigned long)(t->sigmask & INT32_MAX),
		   (unsigned long)(dispositions(p, false) & INT32_MAX),
		   (unsigned long)(dispositions(p, true) & INT32_MAX));
	seq_printf(s, "0 0 %lu %lu %lu %lu %lu 0\n", (unsigned long)(mm ? mm->brk_start : 0),
		   (unsigned long)(mm ? mm->arg_start : 0), (unsigned long)(mm ? mm->arg_end : 0),
		   (unsigned long)(mm ? mm->env_start : 0), (unsigned long)(mm ? mm->env_end : 0));
	return 0;
}

static void status_ids(struct seq *s, const struct process *p)
{
	const struct cred *cr = &p->cred;

	seq_printf(s, "Uid:\t%u\t%u\t%u\t%u\n", cr->uid, cr->euid, cr->suid, cr->fsuid);
	seq_printf(s, "Gid:\t%u\t%u\t%u\t%u\n", cr->gid, cr->egid, cr->sgid, cr->fsgid);
	seq_printf(s, "FDSize:\t%u\nGroups:\t", files_size(p->files));
	for (uint32_t i = 0; i < cr->n_groups; i++)
		seq_printf(s, "%u ", cr->groups[i]);
	seq_puts(s, cr->n_groups ? "\n" : " \n");
}

static void status_memory(struct seq *s, const struct process *p)
{
	const size_t kb = PAGE_SIZE / 1024;
	struct proc_vm vm;

	proc_vm_sizes(p->mm, &vm);
	seq_printf(s, "VmSize:\t%8zu kB\nVmLck:\t%8zu kB\nVmPin:\t%8u kB\n", vm.total * kb,
		   vm.locked * kb, 0u);
	seq_printf(s, "VmRSS:\t%8zu kB\nVmData:\t%8zu kB\nVmStk:\t%8zu kB\n", resident(p) * kb,
		   vm.data * kb, vm.stack * kb);
	seq_printf(s, "VmExe:\t%8zu kB\nVmLib:\t%8zu kB\nVmSwap:\t%8u kB\n", vm.text * kb,
		   vm.lib * kb, 0u);
}

static void status_signals(struct seq *s, const struct process *p, const struct thread *t)
{
	seq_printf(s, "SigQ:\t%u/%lu\n", p->n_sigqueued,
		   (unsigned long)p->limits[RLIMIT_SIGPENDING].rlim_cur);
	seq_printf(s, "SigPnd:\t%016lx\nShdPnd:\t%016lx\n", (unsigned long)t->pending.set,
		   (unsigned long)p->pending.set);
	seq_printf(s, "SigBlk:\t%016lx\nSigIgn:\t%016lx\nSigCgt:\t%016lx\n",
		   (unsigned long)t->sigmask, (unsigned long)dispositions(p, false),
		   (unsigned long)dispositions(p, true));
}

static int show_status(struct seq *s, const struct proc_ctx *c)
{
	struct process *p = proc_process(c);
	struct thread *t = proc_thread(c);
	uint64_t caps;
	char state;

	if (!p || !t)
		return -ESRCH;
	state = state_of(t);
	caps = p->cred.euid == 0 ? CAP_FULL : 0;
	seq_printf(s, "Name:\t%s\nUmask:\t%04o\nState:\t%c (%s)\n", t->comm, p->fs.umask, state,
		   state == 'R'	  ? "running"
		   : state == 'S' ? "sleeping"
				  : "stopped");
	seq_printf(s, "Tgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n", p->pid,
		   c->tid ? t->tid : p->pid, p->ppid);
	status_ids(s, p);
	seq_printf(s, "NStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\n", p->pid,
		   c->tid ? t->tid : p->pid, p->pgid, p->sid);
	status_memory(s, p);
	seq_printf(s, "Threads:\t%u\n", p->n_threads);
	status_signals(s, p, t);
	seq_printf(
	    s,
	    "CapInh:\t%016lx\nCapPrm:\t%016lx\nCapEff:\t%016lx\nCapBnd:\t%016lx\nCapAmb:\t%016lx\n",
	    0ul, (unsigned long)caps, (unsigned long)caps, (unsigned long)CAP_FULL, 0ul);
	seq_puts(s, "NoNewPrivs:\t0\nSeccomp:\t0\nSeccomp_filters:\t0\nCpus_allowed:\t1\nCpus_"
		    "allowed_list:\t0\n"
		    "Mems_allowed:\t1\nMems_allowed_list:\t0\n");
	return 0;
}

static int show_comm(struct seq *s, const struct proc_ctx *c)
{
	struct thread *t = proc_thread(c);

	if (!t)
		return -ESRCH;
	seq_printf(s, "%s\n", t->comm);
	return 0;
}

static int store_comm(const struct proc_ctx *c, const char *text, size_t len)
{
	struct thread *t = proc_thread(c);

	if (!t)
		return -ESRCH;
	len = MIN(strnlen(text, len), sizeof(t->comm) - 1);
	if (len && text[len - 1] == '\n')
		len--;
	memset(t->comm, 0, sizeof(t->comm));
	memcpy(t->comm, text, len);
	return 0;
}

static int show_auxv(struct seq *s, const struct proc_ctx *c)
{
	struct process *p = proc_process(c);

	if (p)
		seq_write(s, p->auxv, p->auxv_len * sizeof(p->auxv[0]));
	return 0;
}

static void put_limit(struct seq *s, uint64_t v)
{
	if (v == UINT64_MAX)
		seq_printf(s, "%-20s ", "unlimited");
	else
		seq_printf(s, "%-20lu ", (unsigned long)v);
}

static int show_limits(struct seq *s, const struct proc_ctx *c)
{
	static const char *const names[RLIM_NLIMITS][2] = {
	    [RLIMIT_CPU] = {"Max cpu time", "seconds"},
	    [RLIMIT_FSIZE] = {"Max file size", "bytes"},
	    [RLIMIT_DATA] = {"Max data size", "bytes"},
	    [RLIMIT_STACK] = {"Max stack size", "bytes"},
	    [RLIMIT_CORE] = {"Max core file size", "bytes"},
	    [RLIMIT_RSS] = {"Max resident set", "bytes"},
	    [RLIMIT_NPROC] = {"Max processes", "processes"},
	    [RLIMIT_NOFILE] = {"Max open files", "files"},
	    [RLIMIT_MEMLOCK] = {"Max locked memory", "bytes"},
	    [RLIMIT_AS] = {"Max address space", "bytes"},
	    [RLIMIT_LOCKS] = {"Max file locks", "locks"},
	    [RLIMIT_SIGPENDING] = {"Max pending signals", "signals"},
	    [RLIMIT_MSGQUEUE] = {"Max msgqueue size", "bytes"},
	    [RLIMIT_NICE] = {"Max nice priority", NULL},
	    [RLIMIT_RTPRIO] = {"Max realtime priority", NULL},
	    [RLIMIT_RTTIME] = {"Max realtime timeout", "us"},
	};
	struct process *p = proc_process(c);

	if (!p)
		return -ESRCH;
	seq_printf(s, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		seq_printf(s, "%-25s ", names[i][0]);
		put_limit(s, p->limits[i].rlim_cur);
		put_limit(s, p->limits[i].rlim_max);
		if (names[i][1])
			seq_printf(s, "%-10s", names[i][1]);
		seq_puts(s, "\n");
	}
	return 0;
}

static int oom_score_adj; /* there is one process, and nothing that kills by score */

static int show_oom_score_adj(struct seq *s, const struct proc_ctx *c)
{
	seq_printf(s, "%d\n", oom_score_adj);
	return 0;
}

static int store_oom_score_adj(const struct proc_ctx *c, const char *text, size_t len)
{
	bool negative = *text == '-';
	int v = 0;

	for (text += negative; *text >= '0' && *text <= '9' && v <= 1000; text++)
		v = v * 10 + (*text - '0');
	if ((*text && *text != '\n') || v > 1000)
		return -EINVAL;
	v = negative ? -v : v;
	if (v < oom_score_adj && !vfs_capable(CAP_SYS_RESOURCE))
		return -EACCES;
	oom_score_adj = v;
	return 0;
}

/* ---- links ---- */

static int link_text(struct dentry *d, char *buf, size_t size)
{
	char *path = kmalloc(PATH_MAX_LEN);
	ssize_t n = path ? vfs_path(d, path, PATH_MAX_LEN) : -ENOMEM;

	if (n > 0) {
		n = MIN((size_t)n, size);
		memcpy(buf, path, n);
	}
	kfree(path);
	return n;
}

static int follow_cwd(const struct proc_ctx *c, struct dentry **out)
{
	if (!proc_process(c))
		return -ENOENT;
	*out = vfs_process_cwd();
	return 0;
}

static int follow_root(const struct proc_ctx *c, struct dentry **out)
{
	if (!proc_process(c))
		return -ENOENT;
	*out = vfs_process_root();
	return 0;
}

static int follow_exe(const struct proc_ctx *c, struct dentry **out)
{
	struct process *p = proc_process(c);

	if (!p || !p->exe_path)
		return -ENOENT;
	return vfs_lookup(NULL, p->exe_path, LOOKUP_FOLLOW, out);
}

static int read_cwd(const struct proc_ctx *c, char *buf, size_t size)
{
	struct dentry *d;
	int r = follow_cwd(c, &d);

	if (r)
		return r;
	r = link_text(d, buf, size);
	dentry_put(d);
	return r;
}

static int read_root(const struct proc_ctx *c, char *buf, size_t size)
{
	struct dentry *d;
	int r = follow_root(c, &d);

	if (r)
		return r;
	r = link_text(d, buf, size);
	dentry_put(d);
	return r;
}

static int read_exe(const struct proc_ctx *c, char *buf, size_t size)
{
	struct process *p = proc_process(c);
	size_t n;

	if (!p || !p->exe_path)
		return -ENOENT;
	n = MIN(strlen(p->exe_path), size);
	memcpy(buf, p->exe_path, n);
	return n;
}

/* ---- fd, fdinfo ---- */

static struct file *file_of(const struct proc_ctx *c)
{
	struct process *p = proc_process(c);

	return p ? fd_get(p->files, c->fd) : NULL;
}

static int read_fd(const struct proc_ctx *c, char *buf, size_t size)
{
	struct file *f = file_of(c);
	char *path;
	ssize_t n;

	if (!f)
		return -ENOENT;
	path = kmalloc(PATH_MAX_LEN);
	n = path ? vfs_file_path(f, path, PATH_MAX_LEN) : -ENOMEM;
	if (n > 0) {
		n = MIN((size_t)n, size);
		memcpy(buf, path, n);
	}
	kfree(path);
	file_put(f);
	return n;
}

static int follow_fd(const struct proc_ctx *c, struct dentry **out)
{
	struct file *f = file_of(c);
	int r = f ? file_place(f, out) : -ENOENT;

	if (f)
		file_put(f);
	return r;
}

/* The link's mode shows how the file is open. */
static uint32_t fd_mode(const struct proc_ctx *c)
{
	struct file *f = file_of(c);
	uint32_t mode = 0;

	if (!f)
		return 0;
	if (file_readable(f))
		mode |= 0500;
	if (file_writable(f))
		mode |= 0300;
	file_put(f);
	return mode;
}

static int show_fdinfo(struct seq *s, const struct proc_ctx *c)
{
	struct process *p = proc_process(c);
	struct file *f = file_of(c);

	if (!f)
		return -ENOENT;
	seq_printf(s, "pos:\t%ld\nflags:\t0%o\nmnt_id:\t%d\nino:\t%lu\n",
		   (f->kind & FILE_STREAM) ? 0l : (long)f->pos,
		   f->flags | (fd_get_cloexec(p->files, c->fd) == 1 ? O_CLOEXEC : 0u),
		   f->inode->super->id, (unsigned long)f->inode->ino);
	file_put(f);
	return 0;
}

static const struct proc_entry fd_link = {
    .name = "", .mode = S_IFLNK, .readlink = read_fd, .follow = follow_fd, .mode_of = fd_mode};
static const struct proc_entry fdinfo_file = PROC_REG("", 0400, .show = show_fdinfo);

static int find_open(const struct proc_ctx *c, int id, struct proc_ctx *child)
{
	child->fd = id;
	return proc_process(c) && fd_get_cloexec(proc_process(c)->files, id) >= 0 ? 0 : -ENOENT;
}

static int find_fd(const struct proc_ctx *c, int id, struct proc_ctx *child,
		   const struct proc_entry **e)
{
	*e = &fd_link;
	return find_open(c, id, child);
}

static int find_fdinfo(const struct proc_ctx *c, int id, struct proc_ctx *child,
		       const struct proc_entry **e)
{
	*e = &fdinfo_file;
	return find_open(c, id, child);
}

static int next_fd(const struct proc_ctx *c, int id)
{
	return proc_process(c) ? fd_next(proc_process(c)->files, id) : -1;
}

/* ---- task ---- */

static const struct proc_entry proc_tid;

static int find_task(const struct proc_ctx *c, int id, struct proc_ctx *child,
		     const struct proc_entry **e)
{
	child->tid = id;
	*e = &proc_tid;
	return id > 0 && proc_thread(child) ? 0 : -ENOENT;
}

static int next_task(const struct proc_ctx *c, int id)
{
	struct process *p = proc_process(c);
	struct thread *t;
	int best = -1;

	if (!p)
		return -1;
	spin_lock(&p->lock);
	list_for_each (t, &p->threads, process_link)
		if (t->tid >= id && (best < 0 || t->tid < best))
			best = t->tid;
	spin_unlock(&p->lock);
	return best;
}

/* ---- the table: a thread has everything a process has but "task" ---- */

static const struct proc_entry pid_entries[] = {
    PROC_DIR("task", 0555, .find = find_task, .next = next_task),
    PROC_DIR("fd", 0500, .find = find_fd, .next = next_fd),
    PROC_DIR("fdinfo", 0555, .find = find_fdinfo, .next = next_fd),
    PROC_REG("auxv", 0400, .show = show_auxv),
    PROC_TEXT("cgroup", "0::/\n"),
    PROC_REG("cmdline", 0444, .show = proc_show_cmdline),
    PROC_REG("comm", 0644, .show = show_comm, .store = store_comm),
    PROC_TEXT("coredump_filter", "00000033\n"),
    PROC_LINK("cwd", .readlink = read_cwd, .follow = follow_cwd),
    PROC_REG("environ", 0400, .show = proc_show_environ),
    PROC_LINK("exe", .readlink = read_exe, .follow = follow_exe),
    PROC_TEXT("gid_map", "         0          0 4294967295\n"),
    PROC_REG("limits", 0444, .show = show_limits),
    PROC_TEXT("loginuid", "4294967295"),
    PROC_REG("maps", 0444, .show = proc_show_maps),
    PROC_REG("mountinfo", 0444, .show = proc_show_mountinfo),
    PROC_REG("mounts", 0444, .show = proc_show_mounts),
    PROC_TEXT("oom_score", "0\n"),
    PROC_REG("oom_score_adj", 0644, .show = show_oom_score_adj, .store = store_oom_score_adj),
    PROC_TEXT("personality", "00000000\n"),
    PROC_LINK("root", .readlink = read_root, .follow = follow_root),
    PROC_TEXT("sessionid", "4294967295"),
    PROC_TEXT("setgroups", "allow\n"),
    PROC_REG("stat", 0444, .show = show_stat),
    PROC_REG("statm", 0444, .show = proc_show_statm),
    PROC_REG("status", 0444, .show = show_status),
    PROC_TEXT("uid_map", "         0          0 4294967295\n"),
    PROC_TEXT("wchan", "0"),
};

const struct proc_entry proc_pid = PROC_DIR("", 0555, PROC_CHILDREN(pid_entries));
static const struct proc_entry proc_tid =
    PROC_DIR("", 0555, .table = pid_entries + 1, .n_table = ARRAY_SIZE(pid_entries) - 1);
