/* SPDX-License-Identifier: MIT */
/*
 * execve(2), execveat(2): replace the running program. All that is likely to fail is done with the
 * old one in place; from the moment its threads are ended there is no way back, and what then still
 * fails kills the process by SIGSEGV, as Linux does.
 */
#include "kernel/heap.h"
#include "kernel/process.h"
#include "kernel/string.h"
#include "kernel/x86_64/cpu.h"
#include "syscalls/exec.h"
#include "syscalls/syscall.h"
#include "syscalls/util.h"

#include <linux/fcntl.h>

/* What does not belong to the process but to the program it ran: execve(2), "Effect on process
 * attributes". */
static void forget_program(struct process *p)
{
	struct thread *t = current;

	thread_tell_program(t);
	t->clear_child_tid = t->robust_list = t->rseq = 0;
	t->rseq_len = t->rseq_sig = 0;
	t->restart = (struct restart){0};
	cpu_xreset(t->xstate);
	p->membarrier = 0;
	p->exit_signal = SIGCHLD;
	p->did_exec = true;
}

/* Nothing is left of what clone(2) may have shared but what the new program is to keep. */
static int unshare(struct process *p)
{
	int r = process_unshare_files();

	return r ? r : process_unshare_sighand();
}

static void exchange_mm(struct process *p, struct mm *mm)
{
	struct mm *old = p->mm;

	mutex_lock(&mm_exchange);
	p->mm = mm;
	mm_activate(mm);
	process_leaves_mm(p);
	mm_put(old);
	mutex_unlock(&mm_exchange);
}

/* From here on the process, which is one thread now, is the new program or nothing. */
static int become(struct exec *x, struct mm *mm)
{
	struct process *p = current_process();
	int r;

	forget_program(p);
	exchange_mm(p, mm);
	r = unshare(p);
	if (r == 0) {
		signal_exec();
		r = exec_enter(x, current->regs);
	}
	if (r < 0) {
		signal_force_segv(SIGSEGV);
		return r;
	}
	files_close_exec(p->files);
	current->regs_loaded = true;
	return 0;
}

/*
 * The program d (reference taken over), called x->path. When threads of a process come here
 * together, one becomes the program and the others, told by -EAGAIN, end on their way out.
 */
static long exec_dentry(struct exec *x, struct dentry *d, uaddr_t argv, uaddr_t envp)
{
	struct mm *mm = NULL;
	int r = exec_image_open(&x->program, d);

	if (r == 0)
		r = exec_args_user(&x->args, argv, envp,
				   current_process()->limits[RLIMIT_STACK].rlim_cur);
	if (r == 0)
		r = exec_resolve(x);
	if (r == 0)
		r = mm_new(&mm);
	if (r == 0) {
		r = process_take_over(current_process());
		if (r == 0) {
			thread_async_end();
			r = become(x, mm);
		} else {
			mm_put(mm);
		}
	}
	exec_close(x);
	return r;
}

/* What AT_EXECFN says of a file named relative to a descriptor; to be kfree'd. */
static char *fd_name(int dirfd, const char *path)
{
	size_t size = strlen(path) + 32;
	char *name = kmalloc(size);

	if (name != NULL)
		scnprintf(name, size, "/dev/fd/%d%s%s", dirfd, *path ? "/" : "", path);
	return name;
}

static long exec_at(int dirfd, const struct at_path *at, unsigned flags, uaddr_t argv, uaddr_t envp)
{
	struct exec *x = kzalloc(sizeof(*x));
	bool by_fd = at->base != NULL;
	char *name = by_fd ? fd_name(dirfd, at->path) : NULL;
	struct dentry *d;
	long r = x == NULL || (by_fd && name == NULL) ? -ENOMEM : 0;

	if (r == 0)
		r = vfs_lookup(at->base, at->path, flags, &d);
	if (r == 0) {
		x->path = by_fd ? name : at->path;
		x->fd_path = by_fd && fd_get_cloexec(current_process()->files, dirfd) == 1;
		r = exec_dentry(x, d, argv, envp);
	}
	kfree(name);
	kfree(x);
	return r;
}

/* execveat(2). */
long sys_execveat(int dirfd, uaddr_t path, uaddr_t argv, uaddr_t envp, int at_flags)
{
	int flags = lookup_flags(at_flags, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH);
	struct at_path at;
	long r;

	if (flags < 0)
		return flags;
	r = at_path_get(dirfd, path, flags, &at);
	if (r == -ENOENT && (flags & LOOKUP_EMPTY))
		r = -EACCES; /* a descriptor without a place, such as a pipe: no regular file */
	if (r)
		return r;
	r = exec_at(dirfd, &at, flags, argv, envp);
	at_path_put(&at);
	return r;
}

/* execve(2). */
long sys_execve(uaddr_t path, uaddr_t argv, uaddr_t envp)
{
	return sys_execveat(AT_FDCWD, path, argv, envp, 0);
}
