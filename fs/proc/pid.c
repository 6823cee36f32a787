/* SPDX-License-Identifier: MIT */
/* /proc/<pid>, its threads and its descriptors: proc(5). */
#include "fs/mount.h"
#include "fs/proc/proc.h"
#include "kernel/heap.h"
#include "kernel/oom.h"
#include "kernel/page.h"
#include "kernel/posix_timer.h"
#include "kernel/process.h"
#include "kernel/string.h"

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

/* ---- who has to go when memory is short, kernel/oom.c ---- */

static int show_oom_score_adj(struct seq *s, const struct proc_ctx *c)
{
	struct process *p = proc_process(c);

	if (!p)
		return -ESRCH;
	seq_printf(s, "%d\n", p->oom_score_adj);
	return 0;
}

/* As Linux, also of all that share its memory. */
static int set_oom_score_adj(const struct proc_ctx *c, int v)
{
	struct process *p = proc_process(c), *other;

	if (!p)
		return -ESRCH;
	if (v < p->oom_score_adj && !vfs_capable(CAP_SYS_RESOURCE))
		return -EACCES;
	p->oom_score_adj = v;
	for_each_process(other) if (p->mm && other->mm == p->mm) other->oom_score_adj = v;
	return 0;
}

static int store_oom_score_adj(const struct proc_ctx *c, const char *text, size_t len)
{
	long v;
	int r = proc_parse_int(text, -OOM_ADJ_MAX, OOM_ADJ_MAX, &v);

	return r ? r : set_oom_score_adj(c, (int)v);
}

/* The older file: -17 (never) to 15 for the same range. */
static int show_oom_adj(struct seq *s, const struct proc_ctx *c)
{
	struct process *p = proc_process(c);

	if (!p)
		return -ESRCH;
	seq_printf(s, "%d\n",
		   p->oom_score_adj == OOM_ADJ_MAX ? 15 : p->oom_score_adj * 17 / OOM_ADJ_MAX);
	return 0;
}

static int store_oom_adj(const struct proc_ctx *c, const char *text, size_t len)
{
	long v;
	int r = proc_parse_int(text, -17, 15, &v);

	return r ? r : set_oom_score_adj(c, v == 15 ? OOM_ADJ_MAX : (int)v * OOM_ADJ_MAX / 17);
}

/* Linux's fs/proc/base.c: the share of memory in thousandths, adjusted, over two thirds. */
static int show_oom_score(struct seq *s, const struct proc_ctx *c)
{
	struct process *p = proc_process(c);
	long total = (long)page_total();

	if (!p)
		return -ESRCH;
	seq_printf(
	    s, "%ld\n",
	    p->oom_score_adj == -OOM_ADJ_MAX ? 0l : (1000 + oom_points(p) * 1000 / total) * 2 / 3);
	return 0;
}

/* ---- what may be set, and has no effect: nothing here writes core files ---- */

static unsigned coredump_filter = 0x33; /* as Linux's default */

static int show_coredump_filter(struct seq *s, const struct proc_ctx *c)
{
	seq_printf(s, "%08x\n", coredump_filter);
	return 0;
}

static int store_coredump_filter(const struct proc_ctx *c, const char *text, size_t len)
{
	bool hex = text[0] == '0' && (text[1] | 32) == 'x';
	unsigned long v = 0;

	text += hex ? 2 : 0;
	if (!*text || *text == '\n')
		return -EINVAL;
	for (; *text && *text != '\n'; text++) {
		unsigned digit = *text >= '0' && *text <= '9' ? (unsigned)(*text - '0')
				 : hex && (*text | 32) >= 'a' && (*text | 32) <= 'f'
				     ? (unsigned)(*text | 32) - 'a' + 10
				     : 99;

		v = v * (hex ? 16 : 10) + digit;
		if (digit == 99 || v > UINT32_MAX)
			return -EINVAL;
	}
	coredump_filter = (unsigned)v & 0x1ff;
	return 0;
}

/* Timers of timer_create(2). */
static int show_timers(struct seq *s, const struct proc_ctx *c)
{
	static const char *const how[] = {
	    [SIGEV_SIGNAL] = "signal", [SIGEV_NONE] = "none", [SIGEV_THREAD] = "thread"};
	struct process *p = proc_process(c);
	struct posix_timer *t;

	if (!p)
		return -ESRCH;
	spin_lock(&p->lock);
	list_for_each (t, &p->posix_timers, link)
		seq_printf(s, "ID: %d\nsignal: %d/%016lx\nnotify: %s/%s.%d\nClockID: %d\n", t->id,
			   t->entry.info.si_signo, (unsigned long)t->entry.info.si_value.sival_ptr,
			   how[t->notify & ~SIGEV_THREAD_ID],
			   t->notify & SIGEV_THREAD_ID ? "tid" : "pid",
			   t->target ? t->target->tid : p->pid, t->clockid);
	spin_unlock(&p->lock);
	return 0;
}

static int show_timerslack(struct seq *s, const struct proc_ctx *c)
{
	struct thread *t = proc_thread(c);

	if (!t)
		return -ESRCH;
	seq_printf(s, "%lu\n",
		   (unsigned long)(t->timer_slack_ns ? t->timer_slack_ns : DEFAULT_TIMER_SLACK_NS));
	return 0;
}

static int store_timerslack(const struct proc_ctx *c, const char *text, size_t len)
{
	struct thread *t = proc_thread(c);
	long v;
	int r = proc_parse_int(text, 0, INT64_MAX, &v);

	if (r)
		return r;
	if (!t)
		return -ESRCH;
	t->timer_slack_ns = v == DEFAULT_TIMER_SLACK_NS ? 0 : (uint64_t)v;
	return 0;
}

static int show_personality(struct seq *s, const struct proc_ctx *c)
{
	struct process *p = proc_process(c);

	seq_printf(s, "%08x\n", p ? p->personality : 0u);
	return 0;
}

/* What goes to and from disks is not counted per process. */
static int show_io(struct seq *s, const struct proc_ctx *c)
{
	struct process *p = proc_process(c);

	if (!p)
		return -ESRCH;
	seq_printf(s, "rchar: %lu\nwchar: %lu\nsyscr: %lu\nsyscw: %lu\n",
		   (unsigned long)p->counts.rchar, (unsigned long)p->counts.wchar,
		   (unsigned long)p->counts.read_calls, (unsigned long)p->counts.write_calls);
	seq_puts(s, "read_bytes: 0\nwrite_bytes: 0\ncancelled_write_bytes: 0\n");
	return 0;
}

/* Security attributes without a security module. */
static int show_attr(struct seq *s, const struct proc_ctx *c)
{
	return -EINVAL;
}

static int store_attr(const struct proc_ctx *c, const char *text, size_t len)
{
	return -EINVAL;
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
	struct thread *t = proc_thread(c);

	if (!t || !t->fs)
		return -ENOENT;
	*out = dentry_get(t->fs->cwd);
	return 0;
}

static int follow_root(const struct proc_ctx *c, struct dentry **out)
{
	struct thread *t = proc_thread(c);

	if (!t || !t->fs)
		return -ENOENT;
	*out = dentry_get(t->fs->root);
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

	return p && p->files ? fd_get(p->files, c->fd) : NULL;
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
		   f->dentry && f->dentry->mnt ? f->dentry->mnt->id : 0,
		   (unsigned long)f->inode->ino);
	file_put(f);
	return 0;
}

static const struct proc_entry fd_link = {
    .name = "", .mode = S_IFLNK, .readlink = read_fd, .follow = follow_fd, .mode_of = fd_mode};
static const struct proc_entry fdinfo_file = PROC_REG("", 0400, .show = show_fdinfo);

static int find_open(const struct proc_ctx *c, int id, struct proc_ctx *child)
{
	child->fd = id;
	return proc_process(c) && proc_process(c)->files &&
		       fd_get_cloexec(proc_process(c)->files, id) >= 0
		   ? 0
		   : -ENOENT;
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
	return proc_process(c) && proc_process(c)->files ? fd_next(proc_process(c)->files, id) : -1;
}

/* Linux gives the number of open descriptors as the directory's size. */
static uint64_t count_fds(const struct proc_ctx *c)
{
	uint64_t n = 0;

	for (int id = 0; (id = next_fd(c, id)) >= 0; id++)
		n++;
	return n;
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

/* ---- ns: the namespaces that Linux starts with; there are no others ---- */

struct namespace
{
	const char *name, *type;
	unsigned ino;
};

static const struct namespace namespaces[] = {
    {"cgroup", "cgroup", 4026531835}, {"ipc", "ipc", 4026531839},
    {"mnt", "mnt", 4026531832},	      {"net", "net", 4026531833},
    {"pid", "pid", 4026531836},	      {"pid_for_children", "pid", 4026531836},
    {"time", "time", 4026531834},     {"time_for_children", "time", 4026531834},
    {"user", "user", 4026531837},     {"uts", "uts", 4026531838},
};

static int read_ns(const struct proc_ctx *c, char *buf, size_t size)
{
	const struct namespace *ns = &namespaces[c->fd];
	char text[PROC_NAME_MAX + 16];
	size_t n = MIN((size_t)scnprintf(text, sizeof(text), "%s:[%u]", ns->type, ns->ino), size);

	memcpy(buf, text, n);
	return n;
}

static int follow_ns(const struct proc_ctx *c, struct dentry **out)
{
	static const struct file_ops ns_ops;
	char text[PROC_NAME_MAX + 16];
	int n = read_ns(c, text, sizeof(text)), r;
	struct inode *in;

	r = vfs_anon_inode(S_IFREG | 0444, &in);
	if (r)
		return r;
	in->ino = namespaces[c->fd].ino;
	in->fops = &ns_ops;
	*out = dentry_alloc(NULL, text, n, 0, in);
	if (*out)
		return 0;
	inode_put(in);
	return -ENOMEM;
}

static const struct proc_entry ns_link = PROC_LINK("", .readlink = read_ns, .follow = follow_ns);

static int find_ns(const struct proc_ctx *c, int id, struct proc_ctx *child,
		   const struct proc_entry **e)
{
	if (id < 0 || (size_t)id >= ARRAY_SIZE(namespaces))
		return -ENOENT;
	child->fd = id;
	*e = &ns_link;
	return 0;
}

static int next_ns(const struct proc_ctx *c, int id)
{
	return (size_t)id < ARRAY_SIZE(namespaces) ? id : -1;
}

static int name_ns(int id, char *buf, size_t size)
{
	return scnprintf(buf, size, "%s", namespaces[id].name);
}

/* ---- the table: what only a process has, what both have, what only a thread has ---- */

static const struct proc_entry attr_entries[] = {
    PROC_REG("current", 0666, .show = show_attr, .store = store_attr),
    PROC_REG("prev", 0444, .show = show_attr),
    PROC_REG("exec", 0666, .show = show_attr, .store = store_attr),
    PROC_REG("fscreate", 0666, .show = show_attr, .store = store_attr),
    PROC_REG("keycreate", 0666, .show = show_attr, .store = store_attr),
    PROC_REG("sockcreate", 0666, .show = show_attr, .store = store_attr),
};

#define ID_MAP "         0          0 4294967295\n"

static const struct proc_entry pid_entries[] = {
    PROC_DIR("task", 0555, .find = find_task, .next = next_task),
    PROC_REG("coredump_filter", 0644, .show = show_coredump_filter, .store = store_coredump_filter),
    PROC_REG("mountstats", 0400, .show = proc_show_mountstats),
    PROC_REG("timerslack_ns", 0666, .show = show_timerslack, .store = store_timerslack),
    PROC_REG("timers", 0444, .show = show_timers),
#define N_PROCESS_ONLY 5
    PROC_DIR("fd", 0500, .find = find_fd, .next = next_fd, .size_of = count_fds),
    PROC_DIR("fdinfo", 0555, .find = find_fdinfo, .next = next_fd),
    PROC_DIR("ns", 0511, .find = find_ns, .next = next_ns, .name_of = name_ns),
    PROC_DIR("net", 0555, .table = proc_net_entries, .n_table = PROC_N_NET),
    PROC_DIR("attr", 0555, PROC_CHILDREN(attr_entries)),
    PROC_REG("environ", 0400, .show = proc_show_environ),
    PROC_REG("auxv", 0400, .show = show_auxv),
    PROC_REG("status", 0444, .show = proc_show_status),
    PROC_REG("personality", 0400, .show = show_personality),
    PROC_REG("limits", 0444, .show = show_limits),
    PROC_REG("sched", 0644, .show = proc_show_sched),
    PROC_REG("comm", 0644, .show = show_comm, .store = store_comm),
    PROC_REG("cmdline", 0444, .show = proc_show_cmdline),
    PROC_REG("stat", 0444, .show = proc_show_stat),
    PROC_REG("statm", 0444, .show = proc_show_statm),
    PROC_REG("maps", 0444, .show = proc_show_maps),
    PROC_REG("numa_maps", 0444, .show = proc_show_numa_maps),
    PROC_REG("mem", 0600, .ops = &proc_mem_ops),
    PROC_LINK("cwd", .readlink = read_cwd, .follow = follow_cwd),
    PROC_LINK("root", .readlink = read_root, .follow = follow_root),
    PROC_LINK("exe", .readlink = read_exe, .follow = follow_exe),
    PROC_REG("mounts", 0444, .show = proc_show_mounts),
    PROC_REG("mountinfo", 0444, .show = proc_show_mountinfo),
    PROC_REG("clear_refs", 0200, .store = proc_store_clear_refs),
    PROC_REG("smaps", 0444, .show = proc_show_smaps),
    PROC_REG("smaps_rollup", 0444, .show = proc_show_smaps_rollup),
    PROC_REG("pagemap", 0400, .ops = &proc_pagemap_ops),
    PROC_TEXT("wchan", "0"),
    PROC_REG("schedstat", 0444, .show = proc_show_schedstat),
    PROC_TEXT("cgroup", "0::/\n"),
    PROC_REG("oom_score", 0444, .show = show_oom_score),
    PROC_REG("oom_adj", 0644, .show = show_oom_adj, .store = store_oom_adj),
    PROC_REG("oom_score_adj", 0644, .show = show_oom_score_adj, .store = store_oom_score_adj),
    PROC_PARAM("loginuid", "4294967295"),
    PROC_TEXT("sessionid", "4294967295"),
    PROC_REG("io", 0400, .show = show_io),
    PROC_PARAM("uid_map", ID_MAP),
    PROC_PARAM("gid_map", ID_MAP),
    PROC_PARAM("projid_map", ID_MAP),
    PROC_PARAM("setgroups", "allow\n"),
    PROC_TEXT("children", ""),
#define N_THREAD_ONLY 1
};

const struct proc_entry proc_pid =
    PROC_DIR("", 0555, .table = pid_entries, .n_table = ARRAY_SIZE(pid_entries) - N_THREAD_ONLY);
static const struct proc_entry proc_tid =
    PROC_DIR("", 0555, .table = pid_entries + N_PROCESS_ONLY,
	     .n_table = ARRAY_SIZE(pid_entries) - N_PROCESS_ONLY);
