/* SPDX-License-Identifier: MIT */
/*
 * Looking into another process: process_vm_readv(2), process_vm_writev(2), kcmp(2), pidfd_getfd(2),
 * process_madvise(2): between parent and child, with itself, and who may not.
 */
#include "tests/guest/cred/cred.h"

#include <linux/kcmp.h>
#include <sys/uio.h>

static char text[3 * PAGE] = "parent";
static char local[8 * PAGE];
static pid_t child;

static long readv_of(pid_t pid, void *to, size_t n, void *from, size_t m)
{
	struct iovec l = {to, n}, r = {from, m};

	return sys(process_vm_readv, pid, &l, 1l, &r, 1l, 0l);
}

static long writev_of(pid_t pid, void *from, size_t n, void *to, size_t m)
{
	struct iovec l = {from, n}, r = {to, m};

	return sys(process_vm_writev, pid, &l, 1l, &r, 1l, 0l);
}

static void memory(void)
{
	char *fresh = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec l[3] = {{local, 2}, {local + 10, 0}, {local + 20, 30}};
	struct iovec r[2] = {{text, 5}, {text + PAGE - 2, 4}};

	is(readv_of(child, local, 6, text, 100), 6);
	same(local, "child", 6);
	is(sys(process_vm_readv, child, l, 3l, r, 2l, 0l), 9);
	same(local, "ch", 2);
	same(local + 20, "ild", 3);
	is(writev_of(child, "other", 6, text, 6), 6);
	is(readv_of(child, local, 6, text, 6), 6);
	same(local, "other", 6);
	same(text, "parent", 7); /* ours is not the child's */
	is(readv_of(child, local, sizeof(text), text, sizeof(text)), sizeof(text));
	is(readv_of(getpid(), local, 7, text, 7), 7);
	same(local, "parent", 7);
	is(readv_of(getpid(), local, 3, fresh, 3), 3); /* never touched */
	is(writev_of(getpid(), "xyz", 3, fresh, 3), 3);
	same(fresh, "xyz", 3);
	munmap(fresh, PAGE);
}

static void bounds(void)
{
	char *end = edge(), *ro = readonly_page();
	struct iovec v = {local, 1};
	struct iovec r[2] = {{end - 4, 4}, {end, 4}};

	is(readv_of(getpid(), local, 100, end - 10, 100), 10);
	fails(readv_of(getpid(), local, 100, end, 100), EFAULT);
	fails(readv_of(getpid(), local, 100, BAD, 100), EFAULT);
	fails(readv_of(getpid(), local, 100, BAD_KERNEL, 100), EFAULT);
	fails(writev_of(getpid(), "x", 1, ro, 1), EFAULT);
	fails(writev_of(getpid(), end, 1, local, 1), EFAULT);
	is(readv_of(getpid(), local, 1, ro, 1), 1);
	v.iov_len = 100;
	is(sys(process_vm_readv, getpid(), &v, 1l, r, 2l, 0l), 4);
	fails(sys(process_vm_readv, getpid(), &v, 1l, r, 1l, 1l), EINVAL);
	fails(sys(process_vm_readv, getpid(), &v, 1025l, r, 1l, 0l), EINVAL);
	fails(sys(process_vm_readv, getpid(), &v, 1l, r, 1025l, 0l), EINVAL);
	fails(sys(process_vm_readv, getpid(), BAD, 1l, r, 1l, 0l), EFAULT);
	fails(sys(process_vm_readv, getpid(), &v, 1l, BAD, 1l, 0l), EFAULT);
	fails(sys(process_vm_writev, getpid(), &v, 1l, BAD, 1l, 0l), EFAULT);
	is(sys(process_vm_readv, getpid(), NULL, 0l, r, 1l, 0l), 0);
	is(sys(process_vm_readv, getpid(), &v, 1l, NULL, 0l, 0l), 0);
	fails(readv_of(0x3fffffff, local, 1, text, 1), ESRCH);
	fails(writev_of(0x3fffffff, local, 1, text, 1), ESRCH);
	fails(readv_of(0, local, 1, text, 1), ESRCH);
}

static void compare(int fd)
{
	int copy = dup(fd), other = open("/dev/null", O_RDONLY);
	pid_t me = getpid();
	long order;

	if (sys(kcmp, me, me, KCMP_VM, 0l, 0l) < 0 && errno == ENOSYS) {
		skip("no kcmp here");
		return;
	}
	is(sys(kcmp, me, me, KCMP_VM, 0l, 0l), 0);
	ok(sys(kcmp, me, child, KCMP_VM, 0l, 0l) > 0);
	is(sys(kcmp, me, me, KCMP_FILE, (long)fd, (long)copy), 0);
	is(sys(kcmp, me, child, KCMP_FILE, (long)fd, (long)fd), 0);
	order = sys(kcmp, me, me, KCMP_FILE, (long)fd, (long)other);
	ok(order == 1 || order == 2);
	is(sys(kcmp, me, me, KCMP_FILE, (long)other, (long)fd), 3 - order);
	is(sys(kcmp, me, me, KCMP_FILES, 0l, 0l), 0);
	ok(sys(kcmp, me, child, KCMP_FILES, 0l, 0l) > 0);
	is(sys(kcmp, me, me, KCMP_FS, 0l, 0l), 0);
	ok(sys(kcmp, me, child, KCMP_FS, 0l, 0l) > 0);
	is(sys(kcmp, me, me, KCMP_SIGHAND, 0l, 0l), 0);
	ok(sys(kcmp, me, child, KCMP_SIGHAND, 0l, 0l) > 0);
	is(sys(kcmp, me, me, KCMP_IO, 0l, 0l), 0);
	is(sys(kcmp, me, me, KCMP_SYSVSEM, 0l, 0l), 0);
	fails(sys(kcmp, me, me, KCMP_FILE, (long)FD_NONE, (long)fd), EBADF);
	fails(sys(kcmp, me, me, KCMP_FILE, (long)fd, (long)FD_NONE), EBADF);
	fails(sys(kcmp, me, me, 99, 0l, 0l), EINVAL);
	fails(sys(kcmp, 0x3fffffff, me, KCMP_VM, 0l, 0l), ESRCH);
	fails(sys(kcmp, me, 0, KCMP_VM, 0l, 0l), ESRCH);
	close(copy);
	close(other);
}

/* The child has a descriptor that we have not. */
static void take_fd(int pidfd, int fd)
{
	long got = sys(pidfd_getfd, pidfd, fd, 0);
	struct stat a, b;

	if (got < 0 && errno == ENOSYS) {
		skip("Linux before 5.6");
		return;
	}
	ok(got >= 0);
	is(fcntl((int)got, F_GETFD), FD_CLOEXEC);
	fstat((int)got, &a);
	stat("/dev/zero", &b);
	ok(a.st_rdev == b.st_rdev && a.st_ino == b.st_ino);
	fails(sys(pidfd_getfd, pidfd, FD_NONE, 0), EBADF);
	fails(sys(pidfd_getfd, FD_NONE, 0, 0), EBADF);
	fails(sys(pidfd_getfd, 1, 0, 0), EBADF);
	fails(sys(pidfd_getfd, pidfd, 0, 1), EINVAL);
	close((int)got);
}

static void advise(int pidfd)
{
	struct iovec v[2] = {{local, PAGE}, {text, 0}};
	long r;

	v[0].iov_base = (void *)((uintptr_t)local & -PAGE);
	v[1].iov_base = v[0].iov_base;
	r = sys(process_madvise, pidfd, v, 2l, MADV_WILLNEED, 0);
	if (r < 0 && errno == ENOSYS) {
		skip("Linux before 5.10");
		return;
	}
	is(r, PAGE);
	fails(sys(process_madvise, pidfd, v, 2l, MADV_DONTNEED, 0), EINVAL);
	fails(sys(process_madvise, pidfd, v, 2l, MADV_WILLNEED, 1), EINVAL);
	fails(sys(process_madvise, FD_NONE, v, 2l, MADV_WILLNEED, 0), EBADF);
	fails(sys(process_madvise, 1, v, 2l, MADV_WILLNEED, 0), EBADF);
	fails(sys(process_madvise, pidfd, BAD, 2l, MADV_WILLNEED, 0), EFAULT);
	fails(sys(process_madvise, pidfd, v, 2000l, MADV_WILLNEED, 0), EINVAL);
}

/* Somebody else, without privileges. */
static void stranger(int pidfd, int fd)
{
	struct iovec v = {local, PAGE};

	setresuid(USER, USER, USER);
	fails(readv_of(child, local, 1, text, 1), EPERM);
	fails(writev_of(child, local, 1, text, 1), EPERM);
	if (sys(kcmp, getpid(), getpid(), KCMP_VM, 0l, 0l) == 0)
		fails(sys(kcmp, getpid(), child, KCMP_VM, 0l, 0l), EPERM);
	fails(sys(pidfd_getfd, pidfd, fd, 0), EPERM);
	v.iov_base = (void *)((uintptr_t)local & -PAGE);
	fails(sys(process_madvise, pidfd, &v, 1l, MADV_WILLNEED, 0), EACCES);
	is(readv_of(getpid(), local, 1, text, 1), 1);
}

int main(void)
{
	int go[2], done[2], fd = -1, pidfd, status = -1;
	char c;

	pipe(go);
	pipe(done);
	memset(text + PAGE, 'p', PAGE);
	child = fork();
	if (child == 0) {
		strcpy(text, "child");
		fd = open("/dev/zero", O_RDONLY);
		write(done[1], &fd, sizeof(fd));
		close(go[1]);
		read(go[0], &c, 1);
		_exit(0);
	}
	read(done[0], &fd, sizeof(fd));
	pidfd = (int)sys(pidfd_open, child, 0);
	memory();
	bounds();
	compare(go[0]);
	take_fd(pidfd, fd);
	advise(pidfd);
	if (is_root())
		in_child(close(go[1]); stranger(pidfd, fd));
	else
		skip("needs root");
	close(go[1]);
	is(waitpid(child, &status, 0), child);
	is(status, 0);
	fails(readv_of(child, local, 1, text, 1), ESRCH);
	fails(sys(pidfd_getfd, pidfd, fd, 0), ESRCH);
	return tap_done();
}
