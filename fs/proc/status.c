/* SPDX-License-Identifier: MIT */
/* A process's or thread's state in numbers: /proc/<pid>/stat, status, sched and schedstat
 * (proc_pid_stat(5), proc_pid_status(5)). What this system does not count is 0, as on Linux. */
#include "fs/proc/proc.h"
#include "kernel/clock.h"
#include "kernel/process.h"
#include "kernel/seccomp.h"
#include "kernel/string.h"
#include "kernel/x86_64/cpuinfo.h"

/* Signals whose disposition is `handler` (SIG_IGN), or any function. */
static uint64_t dispositions(const struct process *p, bool caught)
{
	uint64_t set = 0;

	for (int i = 0; i < N_SIGNALS && p->sighand; i++)
		if (caught ? p->sighand->actions[i].handler > 1
			   : p->sighand->actions[i].handler == 1)
			set |= 1ull << i;
	return set;
}

static char state_of(const struct thread *t)
{
	if (t->process->exited || t->process->stopped)
		return t->process->exited ? 'Z' : 'T';
	if (t->state == THREAD_SLEEPING)
		return t->interruptible ? 'S' : 'D';
	return 'R';
}

/* CPU time of one thread or, with tid 0, of the process. */
static uint64_t cpu_ns(const struct proc_ctx *c, const struct thread *t)
{
	if (!c->tid)
		return process_usage(t->process).cpu_ns;
	return t == current ? clock_thread_cpu_ns() : t->cpu_ns;
}

/* Number and foreground process group of the process's terminal, 0 and -1 if it has none. */
static void put_terminal(struct seq *s, const struct process *p)
{
	unsigned device;
	int pgrp;

	if (tty_controlling(p, &pgrp, &device))
		seq_printf(s, "%u %d ", device, pgrp);
	else
		seq_puts(s, "0 -1 ");
}

static void stat_memory(struct seq *s, const struct process *p)
{
	struct mm_usage use = {0};
	struct proc_vm vm;

	proc_vm_sizes(proc_mm(p), &vm);
	if (proc_mm(p))
		mm_usage(p->mm, 0, TASK_SIZE, &use);
	seq_printf(s, "%lu %zu %lu %lu %lu %lu 0 0 ", (unsigned long)(vm.total * PAGE_SIZE),
		   use.resident, (unsigned long)p->limits[RLIMIT_RSS].rlim_cur,
		   (unsigned long)vm.code_start, (unsigned long)vm.code_end,
		   (unsigned long)(p->mm ? p->mm->arg_start : 0));
}

int proc_show_stat(struct seq *s, const struct proc_ctx *c)
{
	static const struct mm none;
	struct process *p = proc_process(c);
	struct thread *t = proc_thread(c);
	const struct mm *mm;

	if (!p || !t)
		return -ESRCH;
	mm = p->mm ? p->mm : &none;
	seq_printf(s, "%d (%s) %c %d %d %d ", c->tid ? t->tid : p->pid, t->comm, state_of(t),
		   process_ppid(p), p->pgid, p->sid);
	put_terminal(s, p);
	seq_printf(s, "4194304 %lu %lu 0 0 %lu 0 %lu 0 %d %d %u 0 %lu ",
		   (unsigned long)p->counts.faults, (unsigned long)p->reaped_usage.faults,
		   (unsigned long)(cpu_ns(c, t) / TICK_NS),
		   (unsigned long)(p->reaped_usage.cpu_ns / TICK_NS), 20 + t->nice, t->nice,
		   p->n_threads, (unsigned long)(p->start_ns / TICK_NS));
	stat_memory(s, p);
	seq_printf(s, "%lu %lu %lu %lu 0 0 0 17 0 0 %u 0 0 0 ",
		   (unsigned long)((p->pending.set | t->pending.set) & INT32_MAX),
		   (unsigned long)(t->sigmask & INT32_MAX),
		   (unsigned long)(dispositions(p, false) & INT32_MAX),
		   (unsigned long)(dispositions(p, true) & INT32_MAX), t->sched_policy);
	seq_printf(s, "0 0 %lu %lu %lu %lu %lu 0\n", (unsigned long)mm->brk_start,
		   (unsigned long)mm->arg_start, (unsigned long)mm->arg_end,
		   (unsigned long)mm->env_start, (unsigned long)mm->env_end);
	return 0;
}

static void status_ids(struct seq *s, const struct process *p, const struct cred *cr)
{
	uint32_t n = cr->groups ? cr->groups->n : 0;

	seq_printf(s, "Uid:\t%u\t%u\t%u\t%u\n", cr->uid, cr->euid, cr->suid, cr->fsuid);
	seq_printf(s, "Gid:\t%u\t%u\t%u\t%u\n", cr->gid, cr->egid, cr->sgid, cr->fsgid);
	seq_printf(s, "FDSize:\t%u\nGroups:\t", p->files ? files_size(p->files) : 0);
	for (uint32_t i = 0; i < n; i++)
		seq_printf(s, "%u ", cr->groups->gid[i]);
	seq_puts(s, n ? "\n" : " \n"); /* as Linux: blanks behind, not between */
}

static void put_size(struct seq *s, const char *name, size_t pages)
{
	seq_printf(s, "%s:\t%8zu kB\n", name, pages * (PAGE_SIZE / 1024));
}

static void status_memory(struct seq *s, const struct process *p)
{
	struct mm_usage use = {0};
	struct proc_vm vm;

	if (!proc_mm(p))
		return;
	proc_vm_sizes(p->mm, &vm);
	mm_usage(p->mm, 0, TASK_SIZE, &use);
	put_size(s, "VmPeak", MAX(p->mm->peak_total, vm.total));
	put_size(s, "VmSize", vm.total);
	put_size(s, "VmLck", vm.locked);
	put_size(s, "VmPin", 0);
	put_size(s, "VmHWM", MAX(p->mm->peak_resident, use.resident));
	put_size(s, "VmRSS", use.resident);
	put_size(s, "RssAnon", use.anon);
	put_size(s, "RssFile", use.file);
	put_size(s, "RssShmem", use.shmem);
	put_size(s, "VmData", vm.data);
	put_size(s, "VmStk", vm.stack);
	put_size(s, "VmExe", vm.text);
	put_size(s, "VmLib", vm.lib);
	put_size(s, "VmPTE", mm_table_pages(p->mm));
	put_size(s, "VmSwap", 0);
	put_size(s, "HugetlbPages", 0);
	seq_printf(s, "CoreDumping:\t0\nTHP_enabled:\t%d\n", !p->thp_disabled);
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

static void status_caps(struct seq *s, const struct cred *c)
{
	const struct {
		const char *name;
		uint64_t set;
	} sets[] = {{"Inh", c->inheritable},
		    {"Prm", c->permitted},
		    {"Eff", c->effective},
		    {"Bnd", c->bounding},
		    {"Amb", c->ambient}};

	for (size_t i = 0; i < ARRAY_SIZE(sets); i++)
		seq_printf(s, "Cap%s:\t%016lx\n", sets[i].name, (unsigned long)sets[i].set);
}

int proc_show_status(struct seq *s, const struct proc_ctx *c)
{
	struct process *p = proc_process(c);
	struct thread *t = proc_thread(c);
	char state;

	if (!p || !t)
		return -ESRCH;
	state = state_of(t);
	seq_puts(s, "Name:\t");
	proc_put_escaped(s, t->comm, "\n\\");
	seq_printf(s, "\nUmask:\t%04o\nState:\t%c (%s)\n", t->fs ? t->fs->umask : 0, state,
		   state == 'R'	  ? "running"
		   : state == 'S' ? "sleeping"
		   : state == 'D' ? "disk sleep"
		   : state == 'Z' ? "zombie"
				  : "stopped");
	seq_printf(s, "Tgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n", p->pid,
		   c->tid ? t->tid : p->pid, process_ppid(p));
	status_ids(s, p, t->cred);
	seq_printf(s, "NStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\n", p->pid,
		   c->tid ? t->tid : p->pid, p->pgid, p->sid);
	status_memory(s, p);
	seq_printf(s, "Threads:\t%u\n", p->n_threads);
	status_signals(s, p, t);
	status_caps(s, t->cred);
	seq_printf(s, "NoNewPrivs:\t%d\nSeccomp:\t%d\nSeccomp_filters:\t%u\n", t->no_new_privs,
		   t->seccomp_mode, t->seccomp ? t->seccomp->depth : 0);
	seq_puts(s, "Speculation_Store_Bypass:\tvulnerable\n"
		    "SpeculationIndirectBranch:\talways enabled\nCpus_allowed:\t");
	proc_put_cpu_map(s, t->affinity & cpu_mask());
	seq_puts(s, "\nCpus_allowed_list:\t");
	proc_put_cpu_list(s, t->affinity & cpu_mask());
	seq_puts(s, "\nMems_allowed:\t00000000,00000001\nMems_allowed_list:\t0\n");
	seq_printf(s, "voluntary_ctxt_switches:\t%lu\nnonvoluntary_ctxt_switches:\t%lu\n",
		   (unsigned long)p->counts.switches, (unsigned long)p->counts.preempted);
	return 0;
}

/* ---- sched, schedstat: nanoseconds as milliseconds with six places ---- */

static void sched_ns(struct seq *s, const char *name, uint64_t ns)
{
	seq_printf(s, "%-45s:%14lu.%06lu\n", name, (unsigned long)(ns / (1000 * NSEC_PER_USEC)),
		   (unsigned long)(ns % (1000 * NSEC_PER_USEC)));
}

static void sched_value(struct seq *s, const char *name, uint64_t v)
{
	seq_printf(s, "%-45s:%21lu\n", name, (unsigned long)v);
}

int proc_show_sched(struct seq *s, const struct proc_ctx *c)
{
	struct process *p = proc_process(c);
	struct thread *t = proc_thread(c);

	if (!p || !t)
		return -ESRCH;
	seq_printf(s, "%s (%d, #threads: %u)\n", t->comm, t->tid, p->n_threads);
	seq_puts(s, "-------------------------------------------------------------------\n");
	sched_ns(s, "se.exec_start", clock_mono_ns());
	sched_ns(s, "se.vruntime", cpu_ns(c, t));
	sched_ns(s, "se.sum_exec_runtime", cpu_ns(c, t));
	sched_value(s, "se.nr_migrations", 0);
	sched_value(s, "nr_switches", p->counts.switches + p->counts.preempted);
	sched_value(s, "nr_voluntary_switches", p->counts.switches);
	sched_value(s, "nr_involuntary_switches", p->counts.preempted);
	sched_value(s, "policy", t->sched_policy);
	sched_value(s, "prio", 120u + t->nice);
	return 0;
}

/* Run time, time spent waiting to run (not counted), times it was put on the processor. */
int proc_show_schedstat(struct seq *s, const struct proc_ctx *c)
{
	struct process *p = proc_process(c);
	struct thread *t = proc_thread(c);

	if (!p || !t)
		return -ESRCH;
	seq_printf(s, "%lu 0 %lu\n", (unsigned long)cpu_ns(c, t),
		   (unsigned long)(1 + p->counts.switches + p->counts.preempted));
	return 0;
}
