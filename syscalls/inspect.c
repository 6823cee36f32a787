/* SPDX-License-Identifier: MIT */
/*
 * Calls that look into another process: its memory (process_vm_readv(2), process_madvise(2)), what
 * it shares with others (kcmp(2)), its descriptors (pidfd_getfd(2)). Whoever may look: ptrace(2),
 * "Ptrace access mode checking".
 */
#include "syscalls/inspect.h"

#include "fs/pidfd.h"
#include "kernel/heap.h"
#include "kernel/process.h"
#include "syscalls/ident.h"
#include "syscalls/syscall.h"
#include "syscalls/util.h"

#include <linux/kcmp.h>

#define CHUNK (16 * PAGE_SIZE)

bool may_inspect(const struct process *p)
{
	return p == current_process() || cred_may_inspect(process_cred(p), p->dumpable);
}

/* The address space of a process the caller may look into, referenced: 0, -EPERM, -ESRCH. */
static int inspect_mm(const struct process *p, struct mm **out)
{
	if (!may_inspect(p))
		return -EPERM;
	if (!p->mm)
		return -ESRCH;
	*out = mm_get(p->mm);
	return 0;
}

int inspect_mm_of(int pid, struct mm **out)
{
	struct thread *t = thread_by_id(pid);

	return t ? inspect_mm(t->process, out) : -ESRCH;
}

/* ---- process_vm_readv(2), process_vm_writev(2) ---- */

struct transfer {
	struct mm *mm;
	struct iter local;
	char *buf; /* CHUNK bytes */
	enum mm_access access;
};

/* One piece: bytes moved, fewer than n where either side cannot. */
static size_t move_chunk(struct transfer *t, uaddr_t addr, size_t n)
{
	size_t got;

	if (t->access == MM_READ)
		return iter_write(&t->local, t->buf, mm_copy(t->mm, addr, t->buf, n, MM_READ));
	got = iter_read(&t->local, t->buf, n);
	return mm_copy(t->mm, addr, t->buf, got, MM_WRITE);
}

/* Move what the n segments say, as far as the local buffers go: bytes or -EFAULT. */
static ssize_t move_segments(struct transfer *t, const struct iovec *remote, size_t n)
{
	ssize_t done = 0;

	for (size_t i = 0; i < n && t->local.left; i++) {
		uaddr_t addr = (uaddr_t)remote[i].iov_base;
		size_t left = MIN(remote[i].iov_len, t->local.left);

		while (left) {
			size_t want = MIN(left, CHUNK), moved = move_chunk(t, addr, want);

			done += moved;
			addr += moved;
			left -= moved;
			if (moved < want)
				return done ? done : -EFAULT;
		}
	}
	return done;
}

static ssize_t move_from_user(struct transfer *t, uaddr_t rvec, size_t n)
{
	struct iovec *remote = kmalloc(MAX(n, 1ul) * sizeof(*remote));
	ssize_t r = -ENOMEM;

	t->buf = kmalloc(CHUNK);
	if (remote && t->buf)
		r = copy_from_user(remote, rvec, n * sizeof(*remote)) ? -EFAULT
								      : move_segments(t, remote, n);
	kfree(t->buf);
	kfree(remote);
	return r;
}

static long process_vm(int pid, uaddr_t lvec, size_t liovcnt, uaddr_t rvec, size_t riovcnt,
		       unsigned long flags, enum mm_access access)
{
	struct transfer t = {.access = access};
	struct iov_buf b;
	long r;

	if (flags)
		return -EINVAL;
	r = iov_from_user(&b, &t.local, lvec, liovcnt);
	if (r)
		return r;
	if (!t.local.left)
		goto out;
	r = riovcnt > UIO_MAXIOV ? -EINVAL : inspect_mm_of(pid ? pid : -1, &t.mm);
	if (r)
		goto out;
	r = move_from_user(&t, rvec, riovcnt);
	mm_put(t.mm);
out:
	iov_buf_put(&b);
	return r;
}

long sys_process_vm_readv(int pid, uaddr_t lvec, unsigned long liovcnt, uaddr_t rvec,
			  unsigned long riovcnt, unsigned long flags)
{
	return process_vm(pid, lvec, liovcnt, rvec, riovcnt, flags, MM_READ);
}

long sys_process_vm_writev(int pid, uaddr_t lvec, unsigned long liovcnt, uaddr_t rvec,
			   unsigned long riovcnt, unsigned long flags)
{
	return process_vm(pid, lvec, liovcnt, rvec, riovcnt, flags, MM_WRITE);
}

/* ---- by pidfd ---- */

/* The process behind a pidfd, good while *file is referenced: 0 or -EBADF. */
static int by_pidfd(int pidfd, struct file **file, struct process **out)
{
	*file = fd_file(pidfd);
	*out = *file ? pidfd_process(*file) : NULL;
	if (*out)
		return 0;
	if (*file)
		file_put(*file);
	return -EBADF;
}

long sys_pidfd_getfd(int pidfd, int targetfd, unsigned flags)
{
	struct file *file, *f = NULL;
	struct process *p;
	long r;

	if (flags)
		return -EINVAL;
	r = by_pidfd(pidfd, &file, &p);
	if (r)
		return r;
	if (p->exited)
		r = -ESRCH;
	else if (!may_inspect(p))
		r = -EPERM;
	else
		f = p->files ? fd_get(p->files, targetfd) : NULL;
	if (!r)
		r = f ? fd_new(f, true) : -EBADF;
	file_put(file);
	return r;
}

/* What one process may advise about another's memory. */
static bool advice_ok(int advice)
{
	return advice == MADV_COLD || advice == MADV_PAGEOUT || advice == MADV_WILLNEED ||
	       advice == MADV_COLLAPSE;
}

static long advise(struct process *p, struct iter *ranges, int advice)
{
	struct mm *mm;
	long done = 0, r = inspect_mm(p, &mm);

	if (r)
		return r == -EPERM ? -EACCES : r;
	if (mm != current_mm() && !capable(CAP_SYS_NICE))
		r = -EPERM;
	for (size_t i = 0; !r && i < ranges->nr; i++) {
		const struct iovec *v = &ranges->iov[i];

		r = mm_advise(mm, (uaddr_t)v->iov_base, v->iov_len, advice);
		if (!r)
			done += v->iov_len;
	}
	mm_put(mm);
	return done ? done : r;
}

long sys_process_madvise(int pidfd, uaddr_t vec, unsigned long vlen, int advice, unsigned flags)
{
	struct iter ranges;
	struct iov_buf b;
	struct process *p;
	struct file *file;
	long r;

	if (flags)
		return -EINVAL;
	r = iov_from_user(&b, &ranges, vec, vlen);
	if (r)
		return r;
	r = by_pidfd(pidfd, &file, &p);
	if (!r) {
		if (p != current_process() && !advice_ok(advice))
			r = -EINVAL;
		else
			r = advise(p, &ranges, advice);
		file_put(file);
	}
	iov_buf_put(&b);
	return r;
}

/* ---- kcmp(2) ---- */

static long order(const void *a, const void *b)
{
	return a == b ? 0 : (uintptr_t)a < (uintptr_t)b ? 1 : 2;
}

static long compare_files(const struct process *a, const struct process *b, unsigned long fd1,
			  unsigned long fd2)
{
	struct file *f1 = a->files ? fd_get(a->files, (int)fd1) : NULL;
	struct file *f2 = b->files ? fd_get(b->files, (int)fd2) : NULL;
	long r = f1 && f2 ? order(f1, f2) : -EBADF;

	if (f1)
		file_put(f1);
	if (f2)
		file_put(f2);
	return r;
}

long sys_kcmp(int pid1, int pid2, int type, unsigned long idx1, unsigned long idx2)
{
	struct thread *t1 = pid1 > 0 ? thread_find(pid1) : NULL;
	struct thread *t2 = pid2 > 0 ? thread_find(pid2) : NULL;
	const struct process *a, *b;

	if (!t1 || !t2)
		return -ESRCH;
	a = t1->process;
	b = t2->process;
	if (!may_inspect(a) || !may_inspect(b))
		return -EPERM;
	switch (type) {
	case KCMP_FILE:
		return compare_files(a, b, idx1, idx2);
	case KCMP_VM:
		return order(a->mm, b->mm);
	case KCMP_FILES:
		return order(a->files, b->files);
	case KCMP_FS:
		return order(t1->fs, t2->fs);
	case KCMP_SIGHAND:
		return order(a->sighand, b->sighand);
	case KCMP_IO:
	case KCMP_SYSVSEM:
		return a == b ? 0 : order(a, b);
	case KCMP_EPOLL_TFD:
		return -EOPNOTSUPP;
	}
	return -EINVAL;
}
