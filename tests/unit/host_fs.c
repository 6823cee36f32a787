/* SPDX-License-Identifier: MIT */
/* The Linux side of test_vfs_host.c: operations on the host's own tmpfs, in a chroot in /dev/shm.
 */
#define _GNU_SOURCE
#include "tests/unit/host_fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define TMPFS_MAGIC 0x01021994

static char base[] = "/dev/shm/uniload-vfs-XXXXXX";
static char top[64];
static int old_root = -1;

int host_fs_enter(void)
{
	struct statfs sf;

	old_root = open("/", O_RDONLY | O_DIRECTORY);
	if (geteuid() != 0 || old_root < 0 || statfs("/dev/shm", &sf) || sf.f_type != TMPFS_MAGIC ||
	    !mkdtemp(base))
		return -1;
	umask(022);
	snprintf(top, sizeof(top), "%s/top", base);
	if (chmod(base, 0755) || mkdir(top, 0755) || chroot(top) || chdir("/"))
		return -1;
	return 0;
}

int host_fs_fork(void)
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		return -1;
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		abort();
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

void *host_fs_image(unsigned long *size)
{
	static const char script[] =
	    "cd $BASE && umask 0 &&"
	    "find top -regextype posix-extended -regex '.*/[^/]{255}' -prune -exec rm -rf {} + &&"
	    "find top -type f -exec sh -c 'cat \"$1\" >copy && cat copy >\"$1\"' - {} \\; &&"
	    "rm -f copy && mkfs.erofs $BASE.img . >/dev/null 2>&1";
	char path[80];
	struct stat st;
	void *data = NULL;
	int fd;

	if (chdir("/"))
		abort();
	if (host_fs_fork() < 0) {
		if (fchdir(old_root) || chroot(".") || setenv("BASE", base, 1))
			_exit(1);
		execl("/bin/sh", "sh", "-c", script, NULL);
		_exit(1);
	}
	snprintf(path, sizeof(path), "%s.img", base + 1);
	fd = openat(old_root, path, O_RDONLY);
	if (fd < 0 || fstat(fd, &st))
		return NULL;
	*size = (unsigned long)st.st_size;
	data = malloc(*size);
	if (read(fd, data, *size) != st.st_size || unlinkat(old_root, path, 0))
		abort();
	close(fd);
	return data;
}

void host_fs_leave(void)
{
	char command[64];

	host_fs_become(0, 0);
	if (fchdir(old_root) || chroot(".") || chdir("/"))
		abort();
	snprintf(command, sizeof(command), "rm -rf %s", base);
	if (system(command))
		printf("# %s is left\n", base);
}

void host_fs_become(uint32_t uid, uint32_t group)
{
	gid_t g = group;

	setfsuid(0);
	if (setgroups(group != 0, &g))
		abort();
	setfsgid(uid);
	setfsuid(uid);
}

uint64_t fs_sum(uint64_t sum, const void *data, unsigned long n)
{
	const uint8_t *p = data;

	while (n--)
		sum = (sum ^ *p++) * 0x100000001b3ull;
	return sum;
}

static void describe(struct fs_result *r, const struct stat *st)
{
	r->mode = st->st_mode;
	r->nlink = st->st_nlink;
	r->uid = st->st_uid;
	r->gid = st->st_gid;
	r->size = st->st_size;
	r->blocks = st->st_blocks;
}

/* Sum of a directory's names in any order. */
static uint64_t list(const char *path, long *ret)
{
	DIR *d = opendir(path);
	struct dirent *e;
	uint64_t sum = 0;

	*ret = d ? 0 : -1;
	while (d && (e = readdir(d)))
		sum += fs_sum(e->d_type, e->d_name, strlen(e->d_name));
	if (d)
		closedir(d);
	return sum;
}

/* Operations on an open file. */
static long on_file(const struct fs_op *op, struct fs_result *r)
{
	char data[20000];
	struct stat st;
	int fd = open(op->a, op->flags, op->mode);
	long n = fd, m;

	if (fd < 0)
		return -1;
	switch (op->kind) {
	case OP_WRITE:
		memset(data, 'a' + op->y % 26, sizeof(data));
		n = pwrite(fd, data, op->y, op->x);
		break;
	case OP_READ:
		n = pread(fd, data, op->y, op->x);
		if (n > 0)
			r->sum = fs_sum(0, data, n);
		break;
	case OP_FALLOCATE:
		n = fallocate(fd, op->mode, op->x, op->y);
		break;
	case OP_SEEK:
		n = lseek(fd, op->x, (int)op->y);
		break;
	default:
		n = 0;
		break;
	}
	m = errno;
	if (fstat(fd, &st))
		abort();
	describe(r, &st);
	close(fd);
	errno = (int)m;
	return n;
}

static long do_op(const struct fs_op *op, struct fs_result *r)
{
	char text[4096];
	struct stat st;
	long n;

	switch (op->kind) {
	case OP_MKDIR:
		return mkdir(op->a, op->mode);
	case OP_RMDIR:
		return rmdir(op->a);
	case OP_UNLINK:
		return unlink(op->a);
	case OP_LINK:
		return linkat(AT_FDCWD, op->a, AT_FDCWD, op->b, (int)op->flags);
	case OP_SYMLINK:
		return symlink(op->b, op->a);
	case OP_RENAME:
		return syscall(SYS_renameat2, AT_FDCWD, op->a, AT_FDCWD, op->b, op->flags);
	case OP_MKNOD:
		return mknod(op->a, op->mode, (dev_t)op->x);
	case OP_STAT:
		n = fstatat(AT_FDCWD, op->a, &st, (int)op->flags);
		if (n == 0)
			describe(r, &st);
		return n;
	case OP_READLINK:
		n = readlink(op->a, text, sizeof(text));
		if (n > 0)
			r->sum = fs_sum(0, text, n);
		return n;
	case OP_CHMOD:
		return chmod(op->a, op->mode);
	case OP_CHOWN:
		return fchownat(AT_FDCWD, op->a, (uid_t)op->x, (gid_t)op->y, (int)op->flags);
	case OP_TRUNCATE:
		return truncate(op->a, op->x);
	case OP_ACCESS:
		return syscall(SYS_faccessat2, AT_FDCWD, op->a, op->mode, AT_EACCESS);
	case OP_TOUCH: {
		struct timespec ts[2] = {{1, UTIME_NOW}, {1, op->x ? UTIME_NOW : 5}};

		return utimensat(AT_FDCWD, op->a, ts, (int)op->flags);
	}
	case OP_CHDIR:
		return chdir(op->a);
	case OP_LIST:
		r->sum = list(op->a, &n);
		return n;
	default:
		return on_file(op, r);
	}
}

void host_fs_do(const struct fs_op *op, struct fs_result *r)
{
	memset(r, 0, sizeof(*r));
	errno = 0;
	r->ret = do_op(op, r);
	if (r->ret < 0)
		r->ret = -errno;
}
