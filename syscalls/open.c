/* SPDX-License-Identifier: MIT */
/*
 * Opening, duplicating and closing descriptors: open(2), openat2(2), creat(2), close(2),
 * close_range(2), dup(2). The open calls differ in what they do with bits they do not know; what
 * the known ones mean is decided in vfs_open().
 */
#include "syscalls/syscall.h"

#include "kernel/heap.h"
#include "kernel/process.h"
#include "syscalls/fileops.h"
#include "syscalls/util.h"

#include <linux/close_range.h>

#define TMPFILE_BIT (O_TMPFILE & ~O_DIRECTORY) /* what O_TMPFILE has beyond O_DIRECTORY */
#define PATH_FLAGS  (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) /* all that O_PATH looks at */
#define MODE_BITS   07777
#define OPEN_FLAGS                                                                                 \
	(O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_SYNC |      \
	 FASYNC | O_DIRECT | O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC |      \
	 O_PATH | O_TMPFILE)
#define RESOLVE_FLAGS                                                                              \
	(RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH |         \
	 RESOLVE_IN_ROOT | RESOLVE_CACHED)

/* What openat2(2) refuses though open(2) would ignore it; combinations are vfs_open's to judge. */
static int check_how(const struct open_how *how)
{
	bool creates = how->flags & (O_CREAT | TMPFILE_BIT);

	if ((how->flags & ~(uint64_t)OPEN_FLAGS) || (how->resolve & ~(uint64_t)RESOLVE_FLAGS))
		return -EINVAL;
	if (how->mode & ~(creates ? MODE_BITS : 0ull))
		return -EINVAL;
	if ((how->flags & O_PATH) && (how->flags & ~(uint64_t)PATH_FLAGS))
		return -EINVAL;
	return 0;
}

int open_file(int dirfd, uaddr_t upath, const struct open_how *how, struct file **out)
{
	struct at_path at;
	int r = at_path_get(dirfd, upath, how->resolve & RESOLVE_IN_ROOT ? LOOKUP_IN_ROOT : 0, &at);

	if (r)
		return r;
	r = vfs_open(at.base, at.path, how->flags, how->mode, how->resolve, out);
	at_path_put(&at);
	return r;
}

static long open_how(int dirfd, uaddr_t upath, const struct open_how *how)
{
	struct file *f;
	int r = open_file(dirfd, upath, how, &f);

	return r ? r : fd_new(f, how->flags & O_CLOEXEC);
}

struct open_how open_how_lenient(int flags, uint32_t mode)
{
	return (struct open_how){.flags = flags & OPEN_FLAGS, .mode = mode & MODE_BITS};
}

static long open_lenient(int dirfd, uaddr_t path, int flags, uint32_t mode)
{
	struct open_how how = open_how_lenient(flags, mode);

	return open_how(dirfd, path, &how);
}

/* open(2). */
long sys_open(uaddr_t path, int flags, unsigned mode)
{
	return open_lenient(AT_FDCWD, path, flags, mode);
}

/* openat(2). */
long sys_openat(int dirfd, uaddr_t path, int flags, unsigned mode)
{
	return open_lenient(dirfd, path, flags, mode);
}

/* creat(2). */
long sys_creat(uaddr_t path, unsigned mode)
{
	return open_lenient(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

/* A newer program may pass a longer struct: fine as long as what we do not know is zero. */
static int check_zero_tail(uaddr_t addr, size_t len)
{
	uint8_t chunk[64];

	while (len) {
		size_t n = MIN(len, sizeof(chunk));

		if (copy_from_user(chunk, addr, n))
			return -EFAULT;
		for (size_t i = 0; i < n; i++)
			if (chunk[i])
				return -E2BIG;
		addr += n;
		len -= n;
	}
	return 0;
}

int open_how_from_user(struct open_how *how, uaddr_t uhow, size_t size)
{
	int r;

	if (size < sizeof(*how))
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	r = check_zero_tail(uhow + sizeof(*how), size - sizeof(*how));
	if (!r)
		r = get_user(how, uhow);
	return r ? r : check_how(how);
}

/* openat2(2). */
long sys_openat2(int dirfd, uaddr_t path, uaddr_t uhow, size_t size)
{
	struct open_how how;
	int r = open_how_from_user(&how, uhow, size);

	return r ? r : open_how(dirfd, path, &how);
}

/* close(2). */
long sys_close(int fd)
{
	return fd_close(current_process()->files, fd);
}

/* close_range(2). */
long sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	struct process *p = current_process();
	int r = 0;

	if ((flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC)) || first > last)
		return -EINVAL;
	if (flags & CLOSE_RANGE_UNSHARE)
		r = p->n_threads > 1 ? -EINVAL : process_unshare_files();
	if (!r)
		fd_close_range(p->files, first, last, flags & CLOSE_RANGE_CLOEXEC);
	return r;
}

/* dup(2). */
long sys_dup(int fd)
{
	struct file *f = fd_file_any(fd);

	return f ? fd_new(f, false) : -EBADF;
}

static long dup_to(int oldfd, int newfd, bool cloexec)
{
	struct file *f;
	int r;

	if (newfd < 0 || (uint64_t)newfd >= current_process()->limits[RLIMIT_NOFILE].rlim_cur)
		return -EBADF;
	f = fd_file_any(oldfd);
	if (!f)
		return -EBADF;
	r = fd_install_at(current_process()->files, f, newfd, cloexec);
	if (r < 0)
		file_put(f);
	return r < 0 ? r : newfd;
}

/* dup2(2): onto itself it only asks whether the descriptor is open. */
long sys_dup2(int oldfd, int newfd)
{
	struct file *f;

	if (oldfd != newfd)
		return dup_to(oldfd, newfd, false);
	f = fd_file_any(oldfd);
	if (!f)
		return -EBADF;
	file_put(f);
	return newfd;
}

/* dup3(2). */
long sys_dup3(int oldfd, int newfd, int flags)
{
	if ((flags & ~O_CLOEXEC) || oldfd == newfd)
		return -EINVAL;
	return dup_to(oldfd, newfd, flags & O_CLOEXEC);
}
