/* SPDX-License-Identifier: MIT */
/* bind(2), getsockname(2): names of AF_UNIX sockets in the file system, abstract ones, none. */
#include "tests/guest/tap.h"

#include <sys/socket.h>
#include <sys/un.h>

#define OFFSET offsetof(struct sockaddr_un, sun_path)

static struct sockaddr_un name(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	memcpy(a.sun_path, path, strlen(path));
	return a;
}

static int bind_to(int fd, const char *path, size_t len)
{
	struct sockaddr_un a = name(path);

	return bind(fd, (void *)&a, len);
}

static void arguments(void)
{
	struct sockaddr_un a = name("x");
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char long_name[200] = {AF_UNIX, 0, 'x'};

	fails(bind(fd, BAD, 110), EFAULT);
	fails(bind(fd, (void *)&a, -1), EINVAL);
	fails(bind(fd, (void *)&a, 129), EINVAL);
	fails(bind(fd, (void *)long_name, 111), EINVAL);
	fails(bind(fd, (void *)&a, 0), EINVAL);
	fails(bind(fd, (void *)&a, 1), EINVAL);
	a.sun_family = AF_INET;
	fails(bind(fd, (void *)&a, sizeof(a)), EINVAL);
	fails(bind_to(fd, "missing/x", sizeof(a)), ENOENT);
	close(file_with("file", ""));
	fails(bind_to(fd, "file/x", sizeof(a)), ENOTDIR);
	fails(bind_to(fd, "file", sizeof(a)), EADDRINUSE);
	fails(bind_to(fd, ".", sizeof(a)), EADDRINUSE);
	close(fd);
}

static void in_directory(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), other = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un a, got;
	socklen_t len = sizeof(got);
	struct stat st, own;

	umask(027);
	is(bind_to(fd, "sock", sizeof(a)), 0);
	umask(022);
	is(stat("sock", &st), 0);
	is(st.st_mode, S_IFSOCK | 0750);
	is(fstat(fd, &own), 0);
	ok(own.st_ino != st.st_ino || own.st_dev != st.st_dev);
	is(own.st_mode, S_IFSOCK | 0777);
	is(getsockname(fd, (void *)&got, &len), 0);
	is(len, OFFSET + 5);
	ok(got.sun_family == AF_UNIX && !strcmp(got.sun_path, "sock"));
	fails(bind_to(other, "sock", sizeof(a)), EADDRINUSE);
	fails(bind_to(fd, "sock", sizeof(a)), EADDRINUSE);
	fails(bind_to(fd, "again", sizeof(a)), EINVAL);
	fails(stat("again", &st), ENOENT);
	fails(open("sock", O_RDWR), ENXIO);
	close(fd);
	is(stat("sock", &st), 0);
	fails(bind_to(other, "sock", sizeof(a)), EADDRINUSE);
	is(unlink("sock"), 0);
	is(bind_to(other, "sock", sizeof(a)), 0);
	close(other);
}

static void lengths(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct sockaddr_un got;
	char buf[200];
	socklen_t len = sizeof(got);
	struct stat st;

	is(bind_to(fd, "abcdef", OFFSET + 3), 0);
	is(stat("abc", &st), 0);
	is(getsockname(fd, (void *)&got, &len), 0);
	is(len, OFFSET + 4);
	close(fd);

	fd = socket(AF_UNIX, SOCK_DGRAM, 0); /* a path that fills sun_path has no NUL of its own */
	memset(&got, 'p', sizeof(got));
	got.sun_family = AF_UNIX;
	is(bind(fd, (void *)&got, sizeof(got)), 0);
	memset(buf, 'z', sizeof(buf));
	len = sizeof(buf);
	is(getsockname(fd, (void *)buf, &len), 0);
	is(len, sizeof(got) + 1);
	is(buf[sizeof(got)], 0);
	is(buf[sizeof(got) + 1], 'z');
	len = 5; /* cut, but the whole length is told */
	memset(buf, 'z', sizeof(buf));
	is(getsockname(fd, (void *)buf, &len), 0);
	is(len, sizeof(got) + 1);
	ok(buf[4] == 'p' && buf[5] == 'z');
	len = -1;
	fails(getsockname(fd, (void *)buf, &len), EINVAL);
	fails(sys(getsockname, fd, buf, BAD), EFAULT);
	len = 9;
	fails(sys(getsockname, fd, BAD, &len), EFAULT);
	close(fd);
}

static void no_name(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un got;
	socklen_t len = sizeof(got);

	is(getsockname(fd, (void *)&got, &len), 0);
	is(len, 2);
	is(got.sun_family, AF_UNIX);
	fails(getpeername(fd, (void *)&got, &len), ENOTCONN);
	is(bind_to(fd, "", 2), 0); /* the kernel finds one */
	len = sizeof(got);
	is(getsockname(fd, (void *)&got, &len), 0);
	is(len, 8);
	is(got.sun_path[0], 0);
	is(strspn(got.sun_path + 1, "0123456789abcdef"), 5);
	close(fd);
}

static void abstract(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX}, got;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), other = socket(AF_UNIX, SOCK_STREAM, 0);
	int dgram = socket(AF_UNIX, SOCK_DGRAM, 0);
	socklen_t len = sizeof(got);
	struct stat st;

	snprintf(a.sun_path + 1, 60, "uniload test %d", getpid());
	is(bind(fd, (void *)&a, OFFSET + 30), 0);
	is(getsockname(fd, (void *)&got, &len), 0);
	is(len, OFFSET + 30);
	same(&got, &a, OFFSET + 30);
	fails(bind(fd, (void *)&a, OFFSET + 29), EINVAL);
	fails(bind(other, (void *)&a, OFFSET + 30), EADDRINUSE);
	is(bind(dgram, (void *)&a, OFFSET + 30), 0);
	is(bind(other, (void *)&a, OFFSET + 31), 0); /* NULs count */
	fails(stat(a.sun_path + 1, &st), ENOENT);
	close(other);
	close(fd);
	other = socket(AF_UNIX, SOCK_STREAM, 0);
	is(bind(other, (void *)&a, OFFSET + 30), 0); /* gone with its socket */
	close(other);
	close(dgram);
}

int main(void)
{
	tmp();
	arguments();
	in_directory();
	lengths();
	no_name();
	abstract();
	return tap_done();
}
