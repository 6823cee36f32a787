/* SPDX-License-Identifier: MIT */
/* open(2): flags, creation, modes, and every errno that an ordinary user can provoke. */
/* volume: also there */
#include "tests/guest/tap.h"

#define o(path, flags, mode) sys(open, path, flags, mode)

static void creating(void)
{
	struct stat st;
	int fd;

	fails(o("f", O_RDONLY, 0), ENOENT);
	works(fd = o("f", O_RDWR | O_CREAT, 0666));
	is(fstat(fd, &st), 0);
	is(st.st_mode, S_IFREG | 0644);
	is(st.st_size, 0);
	is(st.st_nlink, 1);
	is(st.st_uid, geteuid());
	is(write(fd, "abc", 3), 3);
	fails(o("f", O_RDWR | O_CREAT | O_EXCL, 0666), EEXIST);
	works(o("f", O_RDWR | O_CREAT, 0));
	is(stat("f", &st), 0);
	is(st.st_mode, S_IFREG | 0644);
	is(st.st_size, 3);
	works(o("f", O_WRONLY | O_TRUNC, 0));
	is(stat("f", &st) ? -1 : st.st_size, 0);
	umask(077);
	works(o("g", O_RDWR | O_CREAT, 0777));
	is(stat("g", &st), 0);
	is(st.st_mode, S_IFREG | 0700);
	umask(022);
	works(fd = o("ro", O_RDWR | O_CREAT | O_EXCL, 0400));
	is(write(fd, "x", 1), 1);
}

static void kinds(void)
{
	works(o(".", O_RDONLY | O_DIRECTORY, 0));
	fails(o("f", O_RDONLY | O_DIRECTORY, 0), ENOTDIR);
	fails(o(".", O_WRONLY, 0), EISDIR);
	fails(o(".", O_RDWR, 0), EISDIR);
	fails(o(".", O_RDONLY | O_CREAT, 0644), EISDIR);
	fails(o("new/", O_RDWR | O_CREAT, 0644), EISDIR);
	fails(o("f/", O_RDONLY, 0), ENOTDIR);
	fails(o("f/x", O_RDONLY, 0), ENOTDIR);
	fails(o("none/x", O_RDONLY | O_CREAT, 0644), ENOENT);
	symlink("f", "sym");
	works(o("sym", O_RDONLY, 0));
	fails(o("sym", O_RDONLY | O_NOFOLLOW, 0), ELOOP);
	works(o("sym", O_PATH | O_NOFOLLOW, 0));
	fails(o("sym", O_CREAT | O_EXCL | O_RDWR, 0644), EEXIST);
	symlink("dangling-target", "dangling");
	fails(o("dangling", O_RDONLY, 0), ENOENT);
	fails(o("dangling", O_CREAT | O_EXCL | O_RDWR, 0644), EEXIST);
	works(o("dangling", O_CREAT | O_RDWR, 0644));
	is(access("dangling-target", F_OK), 0);
	symlink("loop", "loop");
	fails(o("loop", O_RDONLY, 0), ELOOP);
}

static void names(void)
{
	char name[4200];

	fails(o("", O_RDONLY, 0), ENOENT);
	memset(name, 'n', sizeof(name));
	name[255] = 0;
	works(o(name, O_CREAT | O_RDWR, 0600));
	name[255] = 'n';
	name[256] = 0;
	fails(o(name, O_CREAT | O_RDWR, 0600), ENAMETOOLONG);
	for (int i = 0; i < 4200; i++)
		name[i] = i & 1 ? '/' : '.';
	name[4095] = 0;
	works(o(name, O_RDONLY, 0));
	name[4095] = '/';
	name[4096] = 0;
	fails(o(name, O_RDONLY, 0), ENAMETOOLONG);
	works(o(".//./f", O_RDONLY, 0));
	mkdir("d", 0755);
	works(o("d/.././d/../f", O_RDONLY, 0));
	works(o("/../../", O_RDONLY, 0));
}

static void bad_pointers(void)
{
	char *e = edge();

	fails(o(BAD, O_RDONLY, 0), EFAULT);
	fails(o(NULL, O_RDONLY, 0), EFAULT);
	fails(o(BAD_KERNEL, O_RDONLY, 0), EFAULT);
	e[-1] = 'f';
	fails(o(e - 1, O_RDONLY, 0), EFAULT);
	strcpy(e - 2, "f");
	works(o(e - 2, O_RDONLY, 0));
}

static void modes(void)
{
	char b[2];
	int fd = o("f", O_WRONLY, 0);

	is(write(fd, "q", 1), 1);
	fails(read(fd, b, 1), EBADF);
	fd = o("f", O_PATH, 0);
	fails(read(fd, b, 1), EBADF);
	is(fcntl(fd, F_GETFL) & O_PATH, O_PATH);
	fd = o("f", O_RDONLY | O_CLOEXEC, 0);
	is(fcntl(fd, F_GETFD), FD_CLOEXEC);
	fd = o("f", O_RDWR | O_APPEND | O_NONBLOCK, 0);
	is(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK),
	   O_RDWR | O_APPEND | O_NONBLOCK);
	is(fcntl(fd, F_GETFL) & (O_CREAT | O_EXCL | O_TRUNC), 0);
	chmod("f", 0);
	if (is_root())
		works(o("f", O_RDWR, 0));
	else
		fails(o("f", O_RDONLY, 0), EACCES);
	chmod("f", 0644);
}

static void lowest(void)
{
	int a = o("f", O_RDONLY, 0), b = o("f", O_RDONLY, 0);

	ok(b > a);
	close(a);
	is(o("f", O_RDONLY, 0), a);
}

int main(void)
{
	tmp();
	creating();
	kinds();
	names();
	bad_pointers();
	modes();
	lowest();
	return tap_done();
}
