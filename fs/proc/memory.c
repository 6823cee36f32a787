/* SPDX-License-Identifier: MIT */
/*
 * The machine's memory: /proc/meminfo, vmstat, zoneinfo, buddyinfo, and node0 in /sys. There is one
 * zone and no aging of pages: all that could be reclaimed counts as inactive, all else as active.
 */
#include "fs/pagecache.h"
#include "fs/proc/proc.h"
#include "kernel/page.h"
#include "kernel/string.h"
#include "kernel/task.h"

#define KSTACK_PAGES 4

/* In pages. */
struct memory {
	uint64_t total, free, cached, dirty, shmem, anon, mapped, huge, locked, tables, stacks,
	    committed;
};

static void memory_now(struct memory *m)
{
	struct process *p = current_process();
	struct mm_usage use = {0};

	*m = (struct memory){.total = page_total(), .shmem = tmpfs_total_pages()};
	m->free = page_free_count();
	pagecache_totals(&m->cached, &m->dirty);
	m->stacks = (uint64_t)p->n_threads * KSTACK_PAGES;
	if (!p->mm)
		return;
	mm_usage(p->mm, 0, TASK_SIZE, &use);
	m->anon = use.anon;
	m->huge = use.huge;
	m->mapped = use.file + use.shmem;
	m->locked = p->mm->locked_pages;
	m->tables = mm_table_pages(p->mm);
	m->committed = p->mm->data_pages + m->shmem;
}

void proc_put_kb(struct seq *s, const char *name, uint64_t pages)
{
	seq_printf(s, "%-15s %8lu kB\n", name, (unsigned long)(pages * (PAGE_SIZE / 1024)));
}

/* Names without a counter here: there is nothing of the kind. */
static void put_zeros(struct seq *s, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		proc_put_kb(s, names[i], 0);
}

int proc_show_meminfo(struct seq *s, const struct proc_ctx *c)
{
	static const char *const
	    after_shmem[] = {"KReclaimable:", "Slab:", "SReclaimable:", "SUnreclaim:"},
	    *const after_tables[] = {"SecPageTables:", "NFS_Unstable:", "Bounce:", "WritebackTmp:"},
	    *const after_huge[] = {
		"ShmemHugePages:", "ShmemPmdMapped:", "FileHugePages:", "FilePmdMapped:"};
	struct memory m;

	memory_now(&m);
	proc_put_kb(s, "MemTotal:", m.total);
	proc_put_kb(s, "MemFree:", m.free);
	proc_put_kb(s, "MemAvailable:", m.free + m.cached - m.dirty);
	proc_put_kb(s, "Buffers:", 0);
	proc_put_kb(s, "Cached:", m.cached + m.shmem);
	proc_put_kb(s, "SwapCached:", 0);
	proc_put_kb(s, "Active:", m.anon + m.shmem);
	proc_put_kb(s, "Inactive:", m.cached);
	proc_put_kb(s, "Active(anon):", m.anon + m.shmem);
	proc_put_kb(s, "Inactive(anon):", 0);
	proc_put_kb(s, "Active(file):", 0);
	proc_put_kb(s, "Inactive(file):", m.cached);
	proc_put_kb(s, "Unevictable:", m.locked);
	proc_put_kb(s, "Mlocked:", m.locked);
	proc_put_kb(s, "SwapTotal:", 0);
	proc_put_kb(s, "SwapFree:", 0);
	proc_put_kb(s, "Dirty:", m.dirty);
	proc_put_kb(s, "Writeback:", 0);
	proc_put_kb(s, "AnonPages:", m.anon);
	proc_put_kb(s, "Mapped:", m.mapped);
	proc_put_kb(s, "Shmem:", m.shmem);
	put_zeros(s, after_shmem, ARRAY_SIZE(after_shmem));
	proc_put_kb(s, "KernelStack:", m.stacks);
	proc_put_kb(s, "PageTables:", m.tables);
	put_zeros(s, after_tables, ARRAY_SIZE(after_tables));
	proc_put_kb(s, "CommitLimit:", m.total / 2);
	proc_put_kb(s, "Committed_AS:", m.committed);
	seq_puts(s, "VmallocTotal:   34359738367 kB\n");
	proc_put_kb(s, "VmallocUsed:", 0);
	proc_put_kb(s, "VmallocChunk:", 0);
	proc_put_kb(s, "Percpu:", 0);
	proc_put_kb(s, "AnonHugePages:", m.huge);
	put_zeros(s, after_huge, ARRAY_SIZE(after_huge));
	seq_puts(s, "HugePages_Total:       0\nHugePages_Free:        0\nHugePages_Rsvd:        0\n"
		    "HugePages_Surp:        0\nHugepagesize:       2048 kB\n");
	proc_put_kb(s, "Hugetlb:", 0);
	proc_put_kb(s, "DirectMap4k:", 0);
	proc_put_kb(s, "DirectMap2M:", m.total);
	return 0;
}

static void put_node(struct seq *s, const char *name, uint64_t pages)
{
	seq_printf(s, "Node 0 %-15s %8lu kB\n", name, (unsigned long)(pages * (PAGE_SIZE / 1024)));
}

int proc_show_node_meminfo(struct seq *s, const struct proc_ctx *c)
{
	struct memory m;

	memory_now(&m);
	put_node(s, "MemTotal:", m.total);
	put_node(s, "MemFree:", m.free);
	put_node(s, "MemUsed:", m.total - m.free);
	put_node(s, "SwapCached:", 0);
	put_node(s, "Active:", m.anon + m.shmem);
	put_node(s, "Inactive:", m.cached);
	put_node(s, "Active(anon):", m.anon + m.shmem);
	put_node(s, "Inactive(anon):", 0);
	put_node(s, "Active(file):", 0);
	put_node(s, "Inactive(file):", m.cached);
	put_node(s, "Unevictable:", m.locked);
	put_node(s, "Mlocked:", m.locked);
	put_node(s, "Dirty:", m.dirty);
	put_node(s, "Writeback:", 0);
	put_node(s, "FilePages:", m.cached + m.shmem);
	put_node(s, "Mapped:", m.mapped);
	put_node(s, "AnonPages:", m.anon);
	put_node(s, "Shmem:", m.shmem);
	put_node(s, "KernelStack:", m.stacks);
	put_node(s, "PageTables:", m.tables);
	put_node(s, "AnonHugePages:", m.huge);
	seq_puts(s, "Node 0 HugePages_Total:     0\nNode 0 HugePages_Free:      0\n"
		    "Node 0 HugePages_Surp:      0\n");
	return 0;
}

/* The counters of vmstat that there are. */
static void put_counters(struct seq *s, const char *indent, const struct memory *m)
{
	const struct {
		const char *name;
		uint64_t value;
	} v[] = {
	    {"nr_free_pages", m->free},
	    {"nr_inactive_anon", 0},
	    {"nr_active_anon", m->anon + m->shmem},
	    {"nr_inactive_file", m->cached},
	    {"nr_active_file", 0},
	    {"nr_unevictable", m->locked},
	    {"nr_mlock", m->locked},
	    {"nr_slab_reclaimable", 0},
	    {"nr_slab_unreclaimable", 0},
	    {"nr_anon_pages", m->anon},
	    {"nr_mapped", m->mapped},
	    {"nr_file_pages", m->cached + m->shmem},
	    {"nr_dirty", m->dirty},
	    {"nr_writeback", 0},
	    {"nr_shmem", m->shmem},
	    {"nr_anon_transparent_hugepages", m->huge >> (HUGE_SHIFT - PAGE_SHIFT)},
	    {"nr_kernel_stack", m->stacks * (PAGE_SIZE / 1024)},
	    {"nr_page_table_pages", m->tables},
	};

	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		seq_printf(s, "%s%s %lu\n", indent, v[i].name, (unsigned long)v[i].value);
}

int proc_show_vmstat(struct seq *s, const struct proc_ctx *c)
{
	unsigned long faults = (unsigned long)current_process()->counts.faults;
	struct memory m;

	memory_now(&m);
	put_counters(s, "", &m);
	seq_printf(s, "pgpgin 0\npgpgout 0\npswpin 0\npswpout 0\npgfault %lu\npgmajfault 0\n",
		   faults);
	seq_puts(s, "oom_kill 0\n");
	return 0;
}

int proc_show_zoneinfo(struct seq *s, const struct proc_ctx *c)
{
	unsigned long total = page_total();
	struct memory m;

	memory_now(&m);
	seq_puts(s, "Node 0, zone   Normal\n  per-node stats\n");
	put_counters(s, "      ", &m);
	seq_printf(s, "  pages free     %lu\n        min      0\n        low      0\n",
		   (unsigned long)m.free);
	seq_printf(s,
		   "        high     0\n        spanned  %lu\n        present  %lu\n"
		   "        managed  %lu\n",
		   total, total, total);
	seq_puts(s, "        protection: (0, 0)\n");
	return 0;
}

/* The allocator does not tell how its free memory is cut: as few blocks as it takes. */
int proc_show_buddyinfo(struct seq *s, const struct proc_ctx *c)
{
	unsigned long free = page_free_count();

	seq_puts(s, "Node 0, zone   Normal ");
	for (unsigned order = 0; order < PAGE_MAX_ORDER; order++)
		seq_printf(s, "%6lu ", free >> order & 1);
	seq_printf(s, "%6lu \n", free >> PAGE_MAX_ORDER);
	return 0;
}
