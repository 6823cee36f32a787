/* SPDX-License-Identifier: MIT */
/* /proc entries that look into a process's pages: smaps, smaps_rollup, numa_maps, clear_refs,
 * pagemap and mem (proc_pid_smaps(5), proc_pid_pagemap(5), proc_pid_mem(5)). */
#include "fs/proc/proc.h"
#include "kernel/heap.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/uaccess.h"
#include "kernel/vma.h"

static void put_kb_line(struct seq *s, const char *name, size_t pages)
{
	seq_printf(s, "%-16s%8lu kB\n", name, (unsigned long)(pages * (PAGE_SIZE / 1024)));
}

/* The lines that smaps and smaps_rollup share. Nothing is shared with another process, swapped or
 * merged, so a page's proportional share is all of it. */
static void put_usage(struct seq *s, const struct mm_usage *u, size_t locked, bool rollup)
{
	put_kb_line(s, "Rss:", u->resident);
	put_kb_line(s, "Pss:", u->resident);
	put_kb_line(s, "Pss_Dirty:", u->private_dirty + u->shared_dirty);
	if (rollup) {
		put_kb_line(s, "Pss_Anon:", u->anon);
		put_kb_line(s, "Pss_File:", u->file);
		put_kb_line(s, "Pss_Shmem:", u->shmem);
	}
	put_kb_line(s, "Shared_Clean:", u->shared_clean);
	put_kb_line(s, "Shared_Dirty:", u->shared_dirty);
	put_kb_line(s, "Private_Clean:", u->private_clean);
	put_kb_line(s, "Private_Dirty:", u->private_dirty);
	put_kb_line(s, "Referenced:", u->resident);
	put_kb_line(s, "Anonymous:", u->anon);
	put_kb_line(s, "KSM:", 0);
	put_kb_line(s, "LazyFree:", 0);
	put_kb_line(s, "AnonHugePages:", u->huge);
	put_kb_line(s, "ShmemPmdMapped:", 0);
	put_kb_line(s, "FilePmdMapped:", 0);
	put_kb_line(s, "Shared_Hugetlb:", 0);
	put_kb_line(s, "Private_Hugetlb:", 0);
	put_kb_line(s, "Swap:", 0);
	put_kb_line(s, "SwapPss:", 0);
	put_kb_line(s, "Locked:", locked);
}

static void put_vm_flags(struct seq *s, const struct vma *v)
{
	const bool shared = (v->flags & MAP_TYPE) != MAP_PRIVATE;
	const struct {
		bool set;
		const char *name;
	} flags[] = {
	    {v->prot & PROT_READ, "rd"},
	    {v->prot & PROT_WRITE, "wr"},
	    {v->prot & PROT_EXEC, "ex"},
	    {shared, "sh"},
	    {true, "mr"},
	    {!(v->flags & VMA_NOWRITE), "mw"},
	    {true, "me"},
	    {shared, "ms"},
	    {v->flags & MAP_GROWSDOWN, "gd"},
	    {v->flags & MAP_LOCKED, "lo"},
	    {v->flags & VMA_DONTFORK, "dc"},
	    {v->flags & VMA_PINNED, "de"},
	    {vma_is_data(v->prot, v->flags) && !(v->flags & MAP_NORESERVE), "ac"},
	    {v->flags & MAP_NORESERVE, "nr"},
	    {v->flags & VMA_WIPEONFORK, "wf"},
	    {v->flags & VMA_HUGEPAGE, "hg"},
	    {v->flags & VMA_NOHUGE, "nh"},
	};

	seq_puts(s, "VmFlags: ");
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (flags[i].set)
			seq_printf(s, "%s ", flags[i].name);
	seq_puts(s, "\n");
}

/* Could it hold a 2 MiB page? */
static bool thp_eligible(const struct vma *v)
{
	uaddr_t first = ALIGN_UP(v->start, HUGE_SIZE);

	return !v->file && !(v->flags & (VMA_NOHUGE | VMA_PINNED | MAP_GROWSDOWN)) &&
	       first < v->end && v->end - first >= HUGE_SIZE;
}

static void put_smaps(struct seq *s, struct mm *mm, const struct vma *v, char *scratch)
{
	struct mm_usage u = {0};

	mm_usage_locked(mm, v->start, v->end, &u);
	proc_put_vma(s, v, scratch);
	put_kb_line(s, "Size:", (v->end - v->start) >> PAGE_SHIFT);
	put_kb_line(s, "KernelPageSize:", 1);
	put_kb_line(s, "MMUPageSize:", 1);
	put_usage(s, &u, (v->flags & MAP_LOCKED) ? u.resident : 0, false);
	seq_printf(s, "THPeligible:    %8d\n", thp_eligible(v));
	put_vm_flags(s, v);
}

int proc_show_smaps(struct seq *s, const struct proc_ctx *c)
{
	return proc_each_area(s, c, put_smaps);
}

int proc_show_smaps_rollup(struct seq *s, const struct proc_ctx *c)
{
	struct process *p = proc_process(c);
	uaddr_t first = 0, last = 0;
	struct mm_usage u = {0};
	size_t locked = 0, line;
	struct vma *v;

	if (!p || !proc_mm(p))
		return -ESRCH;
	mutex_lock(&p->mm->lock);
	for (v = mm_next(p->mm, 0); v; v = mm_next(p->mm, v->end)) {
		size_t before = u.resident;

		first = first ? first : v->start;
		last = v->end;
		mm_usage_locked(p->mm, v->start, v->end, &u);
		if (v->flags & MAP_LOCKED)
			locked += u.resident - before;
	}
	mutex_unlock(&p->mm->lock);
	line = s->len;
	seq_printf(s, "%08lx-%08lx ---p 00000000 00:00 0 ", (unsigned long)first,
		   (unsigned long)last);
	seq_pad(s, line, PROC_MAPS_NAME_COLUMN);
	seq_puts(s, "[rollup]\n");
	put_usage(s, &u, locked, true);
	return 0;
}

static void put_numa(struct seq *s, struct mm *mm, const struct vma *v, char *scratch)
{
	struct mm_usage u = {0};

	mm_usage_locked(mm, v->start, v->end, &u);
	seq_printf(s, "%08lx default", (unsigned long)v->start);
	if (v->file && vfs_file_path(v->file, scratch, PATH_MAX_LEN) >= 0) {
		seq_puts(s, " file=");
		proc_put_escaped(s, scratch, "\n\t= \\");
	} else if (v->name && !strcmp(v->name, "[heap]")) {
		seq_puts(s, " heap");
	} else if (v->name && !strcmp(v->name, "[stack]")) {
		seq_puts(s, " stack");
	}
	if (u.anon)
		seq_printf(s, " anon=%zu dirty=%zu", u.anon, u.private_dirty);
	if (u.file + u.shmem)
		seq_printf(s, " mapped=%zu", u.file + u.shmem);
	if (u.resident)
		seq_printf(s, " N0=%zu kernelpagesize_kB=4", u.resident);
	seq_puts(s, "\n");
}

/* numa_maps(5) of a machine with one node. */
int proc_show_numa_maps(struct seq *s, const struct proc_ctx *c)
{
	return proc_each_area(s, c, put_numa);
}

/* Referenced bits are not kept, soft-dirty is not configured: 1..4 have nothing to clear; 5 forgets
 * the peak. */
int proc_store_clear_refs(const struct proc_ctx *c, const char *text, size_t len)
{
	struct process *p = proc_process(c);
	long what;
	int r = proc_parse_int(text, 1, 5, &what);

	if (r)
		return r;
	if (!p || !proc_mm(p))
		return -ESRCH;
	if (what == 5) {
		mutex_lock(&p->mm->lock);
		p->mm->peak_resident = 0;
		mutex_unlock(&p->mm->lock);
	}
	return 0;
}

/* ---- mem, pagemap: the position is an address, or eight times a page number ---- */

static int64_t address_seek(struct file *f, int64_t off, int whence)
{
	if (whence == SEEK_CUR)
		off += f->pos;
	else if (whence != SEEK_SET)
		return -EINVAL;
	return f->pos = off;
}

/* Copy between program memory at *pos and the caller, through a page of ours. */
static ssize_t copy_memory(struct file *f, struct iter *it, uint64_t *pos, bool write)
{
	struct process *p = proc_process(proc_ctx_of(f->inode));
	struct mm *mm = p ? proc_mm(p) : NULL;
	bool ours = p == current_process();
	char *page;
	ssize_t done = 0;

	if (!mm)
		return 0;
	if (write && !ours) /* only debuggers would */
		return -EIO;
	page = kmalloc(PAGE_SIZE);
	if (!page)
		return -ENOMEM;
	mm_get(mm);
	while (it->left) {
		size_t n = MIN(it->left, PAGE_SIZE - (*pos & ~PAGE_MASK)), moved;

		if (*pos >= TASK_SIZE)
			break;
		if (write) {
			n = iter_read(it, page, n);
			moved = n - uaccess_write(*pos, page, n);
		} else {
			n = ours ? n - uaccess_read(page, *pos, n) : mm_peek(mm, *pos, page, n);
			moved = iter_write(it, page, n);
		}
		*pos += moved;
		done += moved;
		if (!moved || moved < n)
			break;
	}
	if (!done && it->left)
		done = *pos >= TASK_SIZE && !write ? 0 : -EIO;
	kfree(page);
	mm_put(mm);
	return done;
}

static ssize_t mem_read(struct file *f, struct iter *to, uint64_t *pos)
{
	return copy_memory(f, to, pos, false);
}

/* Unlike Linux's, it respects write protection: there is no debugger that would place breakpoints.
 */
static ssize_t mem_write(struct file *f, struct iter *from, uint64_t *pos)
{
	return copy_memory(f, from, pos, true);
}

static ssize_t pagemap_read(struct file *f, struct iter *to, uint64_t *pos)
{
	struct process *p = proc_process(proc_ctx_of(f->inode));
	ssize_t done = 0;

	if ((*pos | to->left) % sizeof(uint64_t))
		return -EINVAL;
	while (p && proc_mm(p) && to->left && *pos / sizeof(uint64_t) < TASK_SIZE >> PAGE_SHIFT) {
		uint64_t word;

		mutex_lock(&p->mm->lock);
		word = mm_pagemap(p->mm, *pos / sizeof(word) << PAGE_SHIFT);
		mutex_unlock(&p->mm->lock);
		if (iter_write(to, &word, sizeof(word)) < sizeof(word))
			return done ? done : -EFAULT;
		*pos += sizeof(word);
		done += sizeof(word);
	}
	return done;
}

const struct file_ops proc_mem_ops = {.read = mem_read, .write = mem_write, .seek = address_seek};
const struct file_ops proc_pagemap_ops = {.read = pagemap_read, .seek = address_seek};
