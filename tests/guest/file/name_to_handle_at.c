/* SPDX-License-Identifier: MIT */
/* name_to_handle_at(2), open_by_handle_at(2): files by number in a tmpfs and, where they have
 * handles, in the root; what is refused; names that were changed or removed meanwhile. */
#include "tests/guest/tap.h"

#include <linux/capability.h>
#include <sys/wait.h>

#define MAX_HANDLE 128

struct handle {
	struct file_handle h;
	unsigned char id[MAX_HANDLE];
};

static int mount_id;

static int handle_of(int dirfd, const char *path, struct handle *h, int flags)
{
	h->h.handle_bytes = MAX_HANDLE;
	return sys(name_to_handle_at, dirfd, path, h, &mount_id, flags);
}

static int by_handle(int mount_fd, struct handle *h, int flags)
{
	return sys(open_by_handle_at, mount_fd, h, flags);
}

/* The mount of an open file as /proc has it. */
static int mount_of(int fd)
{
	char name[64], line[128];
	int id = -1;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
	f = fopen(name, "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "mnt_id: %d", &id) == 1)
			break;
	if (f)
		fclose(f);
	return id;
}

static bool same_file(int a, int b)
{
	struct stat x, y;

	return !fstat(a, &x) && !fstat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static bool may_open(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	return !sys(capget, &head, data) && (data[0].effective & 1u << CAP_DAC_READ_SEARCH);
}

/* ---- naming ---- */

static void naming(void)
{
	struct handle a, b;
	int fd = open("f", O_RDWR), p[2], other;

	is(handle_of(AT_FDCWD, "f", &a, 0), 0);
	ok(a.h.handle_bytes > 0 && a.h.handle_bytes <= MAX_HANDLE);
	if (access("/proc/self/fdinfo", R_OK) == 0)
		is(mount_id, mount_of(fd));
	is(handle_of(fd, "", &b, AT_EMPTY_PATH), 0);
	is(b.h.handle_type, a.h.handle_type);
	is(b.h.handle_bytes, a.h.handle_bytes);
	same(a.id, b.id, a.h.handle_bytes);
	is(handle_of(AT_FDCWD, "g", &b, 0), 0);
	ok(memcmp(a.id, b.id, a.h.handle_bytes) != 0, "another file has another one");
	is(handle_of(AT_FDCWD, "hard", &b, 0), 0);
	same(a.id, b.id, a.h.handle_bytes);
	is(handle_of(AT_FDCWD, "soft", &b, AT_SYMLINK_FOLLOW), 0);
	same(a.id, b.id, a.h.handle_bytes);
	is(handle_of(AT_FDCWD, "soft", &b, 0), 0);
	ok(memcmp(a.id, b.id, a.h.handle_bytes) != 0, "the link itself");
	other = open("f", O_PATH);
	is(handle_of(other, "", &b, AT_EMPTY_PATH), 0);
	same(a.id, b.id, a.h.handle_bytes);
	is(pipe(p), 0);
	fails(handle_of(p[0], "", &b, AT_EMPTY_PATH), EOPNOTSUPP);
	fails(handle_of(AT_FDCWD, "/proc", &b, 0), EOPNOTSUPP);
	fails(handle_of(AT_FDCWD, "/sys", &b, 0), EOPNOTSUPP);
	close(p[0]);
	close(p[1]);
	close(other);
	close(fd);
}

static void too_small(void)
{
	struct handle h;
	unsigned need;

	is(handle_of(AT_FDCWD, "f", &h, 0), 0);
	need = h.h.handle_bytes;
	for (unsigned bytes = 0; bytes < need; bytes += need - 4 ? need - 4 : 1) {
		h.h.handle_bytes = bytes;
		mount_id = -1;
		memset(h.id, 0xee, sizeof(h.id));
		fails(sys(name_to_handle_at, AT_FDCWD, "f", &h, &mount_id, 0), EOVERFLOW);
		is(h.h.handle_bytes, need);
		is(h.id[0], 0xee);
		ok(mount_id != -1, "the mount is told nevertheless");
	}
	h.h.handle_bytes = need;
	is(sys(name_to_handle_at, AT_FDCWD, "f", &h, &mount_id, 0), 0);
	h.h.handle_bytes = MAX_HANDLE + 1;
	fails(sys(name_to_handle_at, AT_FDCWD, "f", &h, &mount_id, 0), EINVAL);
}

static void naming_errors(void)
{
	struct handle h, *at;
	char *end = edge();
	unsigned need;

	fails(handle_of(AT_FDCWD, "f", &h, 0x40000000), EINVAL);
	fails(handle_of(AT_FDCWD, "f", &h, AT_SYMLINK_NOFOLLOW), EINVAL);
	fails(handle_of(AT_FDCWD, "none", &h, 0), ENOENT);
	fails(handle_of(AT_FDCWD, "", &h, 0), ENOENT);
	fails(handle_of(FD_NONE, "f", &h, 0), EBADF);
	fails(handle_of(FD_NONE, "", &h, AT_EMPTY_PATH), EBADF);
	fails(handle_of(AT_FDCWD, "f/x", &h, 0), ENOTDIR);
	fails(handle_of(AT_FDCWD, BAD, &h, 0), EFAULT);
	fails(sys(name_to_handle_at, AT_FDCWD, "f", BAD, &mount_id, 0), EFAULT);
	is(handle_of(AT_FDCWD, "f", &h, 0), 0);
	fails(sys(name_to_handle_at, AT_FDCWD, "f", &h, BAD, 0), EFAULT);
	fails(sys(name_to_handle_at, AT_FDCWD, "f", &h, end - 3, 0), EFAULT);
	need = h.h.handle_bytes;
	at = (struct handle *)(end - sizeof(at->h) - need);
	at->h.handle_bytes = MAX_HANDLE; /* only what is written has to be there */
	is(sys(name_to_handle_at, AT_FDCWD, "f", at, &mount_id, 0), 0);
	same(at->id, h.id, need);
	at = (struct handle *)(end - sizeof(at->h) - need + 4);
	at->h.handle_bytes = MAX_HANDLE;
	fails(sys(name_to_handle_at, AT_FDCWD, "f", at, &mount_id, 0), EFAULT);
	at = (struct handle *)(end - 4);
	fails(sys(name_to_handle_at, AT_FDCWD, "f", at, &mount_id, 0), EFAULT);
}

/* For telling files apart only: of all file systems, since Linux 6.6. */
static void only_id(void)
{
	struct handle a, b;

	if (handle_of(AT_FDCWD, "/proc", &a, 0x200)) {
		skip("no AT_HANDLE_FID here");
		return;
	}
	is(handle_of(AT_FDCWD, "/sys", &b, 0x200), 0);
	is(handle_of(AT_FDCWD, "/proc", &b, 0x200), 0);
	is(b.h.handle_bytes, a.h.handle_bytes);
	same(a.id, b.id, a.h.handle_bytes);
	if (may_open()) {
		int proc = open("/proc", O_RDONLY);

		fails(by_handle(proc, &a, O_RDONLY), ESTALE);
		close(proc);
	}
}

/* ---- opening ---- */

static void opening(int top)
{
	struct handle h, link;
	char buf[16], *end = edge();
	int fd, f = open("f", O_RDWR);

	is(handle_of(AT_FDCWD, "f", &h, 0), 0);
	fd = by_handle(top, &h, O_RDONLY);
	ok(same_file(fd, f));
	is(fcntl(fd, F_GETFD), 0);
	is(read(fd, buf, sizeof(buf)), 4);
	same(buf, "text", 4);
	fails(write(fd, "x", 1), EBADF);
	close(fd);
	fd = by_handle(AT_FDCWD, &h, O_RDWR | O_CLOEXEC | O_APPEND);
	ok(same_file(fd, f));
	is(fcntl(fd, F_GETFD), FD_CLOEXEC);
	is(fcntl(fd, F_GETFL) & (O_APPEND | O_ACCMODE), O_APPEND | O_RDWR);
	is(write(fd, "s", 1), 1);
	ok(file_is("f", "texts"));
	close(fd);
	fd = by_handle(f, &h, O_RDONLY | O_TRUNC); /* any file of the mount */
	ok(file_is("f", ""));
	is(write(f, "text", 4), 4);
	close(fd);
	fd = by_handle(top, &h, O_PATH);
	fails(read(fd, buf, 1), EBADF);
	ok(same_file(fd, f));
	fails(by_handle(fd, &h, O_RDONLY), EBADF); /* as the place it is not taken */
	close(fd);
	fails(by_handle(top, &h, O_RDONLY | O_DIRECTORY), ENOTDIR);
	is(handle_of(AT_FDCWD, "soft", &link, 0), 0);
	fails(by_handle(top, &link, O_RDONLY), ELOOP);
	fd = by_handle(top, &link, O_PATH | O_NOFOLLOW);
	is(readlinkat(fd, "", buf, sizeof(buf)), 1);
	close(fd);
	fails(by_handle(FD_NONE, &h, O_RDONLY), EBADF);
	fails(sys(open_by_handle_at, top, BAD, O_RDONLY), EFAULT);
	memcpy(end - sizeof(h.h), &h, sizeof(h.h));
	fails(sys(open_by_handle_at, top, end - sizeof(h.h), O_RDONLY), EFAULT);
	fails(sys(open_by_handle_at, top, end - 4, O_RDONLY), EFAULT);
	close(f);
}

static void wrong_handles(int top)
{
	struct handle h, bad;
	int p[2], proc = open("/proc", O_RDONLY);

	is(handle_of(AT_FDCWD, "f", &h, 0), 0);
	bad = h;
	bad.h.handle_bytes = 0;
	fails(by_handle(top, &bad, O_RDONLY), EINVAL);
	bad.h.handle_bytes = MAX_HANDLE + 1;
	fails(by_handle(top, &bad, O_RDONLY), EINVAL);
	bad = h;
	bad.h.handle_type = -1;
	fails(by_handle(top, &bad, O_RDONLY), EINVAL);
	bad = h;
	bad.h.handle_bytes = 4;
	fails(by_handle(top, &bad, O_RDONLY), ESTALE);
	bad = h;
	memset(bad.id, 0x5a, sizeof(bad.id));
	fails(by_handle(top, &bad, O_RDONLY), ESTALE);
	fails(by_handle(proc, &h, O_RDONLY), ESTALE);
	is(pipe(p), 0);
	fails(by_handle(p[0], &h, O_RDONLY), ESTALE);
	close(p[0]);
	close(p[1]);
	close(proc);
}

/* A directory is at its true place, whatever it is called by now. */
static void directories(int top)
{
	struct handle h, root;
	char path[4096], want[4096], link[64];
	int fd, up, n, there;

	is(mkdir("a", 0755) | mkdir("a/b", 0755) | mkdir("a/b/c", 0755) | mkdir("z", 0755), 0);
	is(handle_of(AT_FDCWD, "a/b/c", &h, 0), 0);
	is(rename("a/b", "z/y"), 0);
	fd = by_handle(top, &h, O_RDONLY | O_DIRECTORY);
	up = openat(fd, "..", O_PATH);
	there = open("z/y", O_PATH);
	ok(same_file(up, there));
	close(there);
	close(openat(fd, "new", O_CREAT | O_RDWR, 0600));
	is(access("z/y/c/new", F_OK), 0);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n < 0 ? 0 : n] = 0;
	snprintf(want, sizeof(want), "%s/z/y/c", tap_dir);
	ok(!strcmp(path, want), "it has its path");
	is(fchdir(fd), 0);
	ok(getcwd(path, sizeof(path)) && !strcmp(path, want));
	is(fchdir(top), 0);
	close(up);
	close(fd);
	fails(by_handle(top, &h, O_RDWR), EISDIR);
	is(handle_of(top, "", &root, AT_EMPTY_PATH), 0);
	fd = by_handle(top, &root, O_RDONLY);
	ok(same_file(fd, top));
	close(fd);
	is(unlink("z/y/c/new"), 0);
	there = open("z/y/c", O_PATH);
	is(rmdir("z/y/c"), 0);
	fd = by_handle(top, &h, O_RDONLY);
	ok(same_file(fd, there), "as long as it is open somewhere");
	fails(openat(fd, "new", O_CREAT | O_RDWR, 0600), ENOENT);
	close(fd);
	close(there);
	fails(by_handle(top, &h, O_RDONLY), ESTALE);
}

static void removed(int top)
{
	struct handle h;
	int fd, f = file_with("gone", "1");

	is(handle_of(AT_FDCWD, "gone", &h, 0), 0);
	is(link("gone", "kept"), 0);
	is(unlink("gone"), 0);
	fd = by_handle(top, &h, O_RDONLY);
	ok(same_file(fd, f), "it has another name");
	close(fd);
	is(rename("kept", "moved"), 0);
	fd = by_handle(top, &h, O_RDONLY);
	ok(same_file(fd, f));
	close(fd);
	close(f);
	f = open("moved", O_PATH);
	is(unlink("moved"), 0);
	fd = by_handle(top, &h, O_RDONLY);
	ok(same_file(fd, f));
	close(fd);
	close(f);
	fails(by_handle(top, &h, O_RDONLY), ESTALE);
	f = file_with("gone", "2");
	fails(by_handle(top, &h, O_RDONLY), ESTALE);
	close(f);
}

/* The modes of the file count, and the one capability. */
static void unprivileged(int top)
{
	struct handle h;
	int status = 1;
	pid_t pid;

	is(handle_of(AT_FDCWD, "f", &h, 0), 0);
	pid = fork();
	if (pid == 0) {
		if (setresuid(65534, 65534, 65534))
			_exit(3);
		_exit(by_handle(top, &h, O_RDONLY) != -1 || errno != EPERM ||
		      handle_of(AT_FDCWD, "f", &h, 0) != 0);
	}
	is(waitpid(pid, &status, 0), pid);
	is(status, 0);
}

/* Of what the system's root directory has from the start. */
static void of_the_root(void)
{
	struct handle h;
	int top = open("/", O_RDONLY), fd, up, usr;

	if (handle_of(AT_FDCWD, "/usr", &h, 0)) {
		skip("the root has no handles here");
		return;
	}
	fd = by_handle(top, &h, O_RDONLY);
	if (fd < 0 && errno == ESTALE) {
		skip("the root is not the whole of its file system here");
		return;
	}
	usr = open("/usr", O_PATH);
	ok(same_file(fd, usr));
	close(usr);
	up = openat(fd, "..", O_PATH);
	ok(same_file(up, top));
	close(up);
	close(fd);
	close(top);
}

int main(void)
{
	struct handle h;
	int top;

	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1); /* a tmpfs: it has handles everywhere */
	tmp();
	chmod(".", 0755);
	close(file_with("f", "text"));
	close(file_with("g", "other"));
	is(link("f", "hard"), 0);
	is(symlink("f", "soft"), 0);
	if (handle_of(AT_FDCWD, "f", &h, 0)) {
		skip("no handles here");
		return tap_done();
	}
	naming();
	too_small();
	naming_errors();
	only_id();
	top = open(".", O_RDONLY);
	if (!may_open()) {
		fails(by_handle(top, &h, O_RDONLY), EPERM);
		skip("without CAP_DAC_READ_SEARCH nothing is opened");
		return tap_done();
	}
	opening(top);
	wrong_handles(top);
	directories(top);
	removed(top);
	unprivileged(top);
	of_the_root();
	return tap_done();
}
