/* SPDX-License-Identifier: MIT */
/* /proc entries about a process's memory: proc_pid_maps(5), proc_pid_statm(5),
 * proc_pid_cmdline(5). */
#include "fs/proc/proc.h"
#include "kernel/heap.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/uaccess.h"

void proc_put_vma(struct seq *s, const struct vma *v, char *scratch)
{
	const struct inode *in = v->file ? v->file->inode : NULL;
	uint64_t dev = in ? in->super->dev : 0;
	size_t line = s->len;

	seq_printf(s, "%08lx-%08lx %c%c%c%c %08lx %02x:%02x %lu ", (unsigned long)v->start,
		   (unsigned long)v->end, (v->prot & PROT_READ) ? 'r' : '-',
		   (v->prot & PROT_WRITE) ? 'w' : '-', (v->prot & PROT_EXEC) ? 'x' : '-',
		   (v->flags & MAP_TYPE) == MAP_PRIVATE ? 'p' : 's',
		   (unsigned long)(v->file ? v->offset : 0), dev_major(dev), dev_minor(dev),
		   (unsigned long)(in ? in->ino : 0));
	if (v->file && vfs_file_path(v->file, scratch, PATH_MAX_LEN) >= 0) {
		seq_pad(s, line, PROC_MAPS_NAME_COLUMN);
		proc_put_escaped(s, scratch, "\n\\");
	} else if (v->name) {
		seq_pad(s, line, PROC_MAPS_NAME_COLUMN);
		seq_puts(s, v->name);
	}
	seq_puts(s, "\n");
}

int proc_each_area(struct seq *s, const struct proc_ctx *c, proc_show_area *show)
{
	struct process *p = proc_process(c);
	char *scratch = p && proc_mm(p) ? kmalloc(PATH_MAX_LEN) : NULL;
	struct vma *v;

	if (!scratch)
		return p && proc_mm(p) ? -ENOMEM : 0;
	mutex_lock(&p->mm->lock);
	for (v = mm_next(p->mm, 0); v; v = mm_next(p->mm, v->end))
		show(s, p->mm, v, scratch);
	mutex_unlock(&p->mm->lock);
	kfree(scratch);
	return 0;
}

static void put_area(struct seq *s, struct mm *mm, const struct vma *v, char *scratch)
{
	proc_put_vma(s, v, scratch);
}

int proc_show_maps(struct seq *s, const struct proc_ctx *c)
{
	return proc_each_area(s, c, put_area);
}

/* The program's own code is the first executable area that a file backs; later ones are libraries.
 */
void proc_vm_sizes(struct mm *mm, struct proc_vm *out)
{
	const struct inode *exe = NULL;
	struct vma *v;

	*out = (struct proc_vm){0};
	if (!mm)
		return;
	mutex_lock(&mm->lock);
	for (v = mm_next(mm, 0); v; v = mm_next(mm, v->end)) {
		size_t n = (v->end - v->start) >> PAGE_SHIFT;

		if (v->start < mm->stack_top && mm->stack_top <= v->end)
			out->stack += n;
		if (!(v->prot & PROT_EXEC) || !v->file)
			continue;
		if (!exe) {
			exe = v->file->inode;
			out->code_start = v->start;
			out->code_end = v->end;
		}
		*(v->file->inode == exe ? &out->text : &out->lib) += n;
	}
	out->total = mm->total_pages;
	out->data = mm->data_pages;
	out->locked = mm->locked_pages;
	mutex_unlock(&mm->lock);
}

/* size resident shared text lib data dirty */
int proc_show_statm(struct seq *s, const struct proc_ctx *c)
{
	struct process *p = proc_process(c);
	struct mm_usage use = {0};
	struct proc_vm vm;

	proc_vm_sizes(p ? proc_mm(p) : NULL, &vm);
	if (p && proc_mm(p))
		mm_usage(p->mm, 0, TASK_SIZE, &use);
	seq_printf(s, "%zu %zu %zu %zu 0 %zu 0\n", vm.total, use.resident, use.file + use.shmem,
		   vm.text, vm.data + vm.stack);
	return 0;
}

/* Append a program's memory [start, end), as far as it can be read; another's as far as it is
 * present. */
static void put_user_range(struct seq *s, struct mm *mm, uaddr_t start, uaddr_t end)
{
	size_t n = end > start ? end - start : 0;
	void *p = n ? seq_room(s, n) : NULL;

	if (p)
		s->len +=
		    mm == current_mm() ? n - uaccess_read(p, start, n) : mm_peek(mm, start, p, n);
}

/*
 * The arguments. A program that overwrote them with a longer title (no NUL at their end) is shown
 * up to the first NUL, the environment's space included.
 */
int proc_show_cmdline(struct seq *s, const struct proc_ctx *c)
{
	struct process *p = proc_process(c);
	struct mm *mm = p ? proc_mm(p) : NULL;
	char *end;

	if (!mm)
		return 0;
	put_user_range(s, mm, mm->arg_start, mm->arg_end);
	if (!s->len || s->buf[s->len - 1] == 0)
		return 0;
	put_user_range(s, mm, mm->env_start, mm->env_end);
	end = memchr(s->buf, 0, s->len);
	if (end)
		s->len = end - s->buf + 1;
	return 0;
}

int proc_show_environ(struct seq *s, const struct proc_ctx *c)
{
	struct process *p = proc_process(c);

	if (p && proc_mm(p))
		put_user_range(s, p->mm, p->mm->env_start, p->mm->env_end);
	return 0;
}
