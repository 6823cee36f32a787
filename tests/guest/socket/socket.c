/* SPDX-License-Identifier: MIT */
/* socket(2): arguments and their errors; what a socket is as a file. */
#include "tests/guest/tap.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/un.h>

#define UNIX(type) socket(AF_UNIX, type, 0)

static void arguments(void)
{
	int fd;

	fails(socket(-1, SOCK_STREAM, 0), EAFNOSUPPORT);
	fails(socket(46, SOCK_STREAM, 0), EAFNOSUPPORT);
	fails(socket(46, 11, 0), EAFNOSUPPORT);
	fails(socket(AF_UNSPEC, SOCK_STREAM, 0), EAFNOSUPPORT);
	fails(socket(AF_UNIX, 11, 0), EINVAL);
	fails(socket(AF_UNIX, 15, 0), EINVAL);
	fails(socket(AF_UNIX, SOCK_STREAM | 0x10, 0), EINVAL);
	fails(socket(46, SOCK_STREAM | 0x10, 0), EINVAL);
	fails(UNIX(0), ESOCKTNOSUPPORT);
	fails(UNIX(SOCK_RDM), ESOCKTNOSUPPORT);
	fails(socket(AF_UNIX, SOCK_STREAM, 2), EPROTONOSUPPORT);
	works(fd = socket(AF_UNIX, SOCK_STREAM, AF_UNIX));
	close(fd);
	works(fd = UNIX(SOCK_RAW));
	close(fd);
	works(fd = UNIX(SOCK_SEQPACKET));
	is(fcntl(fd, F_GETFD), 0);
	is(fcntl(fd, F_GETFL), O_RDWR);
	close(fd);
	works(fd = UNIX(SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK));
	is(fcntl(fd, F_GETFD), FD_CLOEXEC);
	is(fcntl(fd, F_GETFL), O_RDWR | O_NONBLOCK);
	is(fcntl(fd, F_SETFL, 0), 0);
	is(fcntl(fd, F_GETFL), O_RDWR);
	is(ioctl(fd, FIONBIO, &(int){1}), 0);
	is(fcntl(fd, F_GETFL), O_RDWR | O_NONBLOCK);
	close(fd);
}

static void as_file(void)
{
	int fd = UNIX(SOCK_STREAM), other = UNIX(SOCK_STREAM);
	char link[64], want[64], path[64];
	struct statfs fs;
	struct stat st, st2;
	ssize_t n;

	is(fstat(fd, &st), 0);
	is(st.st_mode, S_IFSOCK | 0777);
	is(st.st_nlink, 1);
	is(st.st_size, 0);
	is(st.st_uid, geteuid());
	is(fstat(other, &st2), 0);
	is(st.st_dev, st2.st_dev);
	ok(st.st_ino != st2.st_ino);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, link, sizeof(link) - 1);
	link[n > 0 ? n : 0] = '\0';
	snprintf(want, sizeof(want), "socket:[%lu]", (unsigned long)st.st_ino);
	is(strcmp(link, want), 0);
	fails(open(path, O_RDWR), ENXIO);
	is(fstatfs(fd, &fs), 0);
	is(fs.f_type, 0x534F434B);
	fails(lseek(fd, 0, SEEK_CUR), ESPIPE);
	fails(pread(fd, link, 1, 0), ESPIPE);
	fails(pwrite(fd, link, 1, 0), ESPIPE);
	fails(ftruncate(fd, 0), EINVAL);
	fails(fsync(fd), EINVAL);
	ok(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED && errno == ENODEV);
	fails(ioctl(fd, 0x5401 /* TCGETS */, link), ENOTTY);
	fails(read(fd, link, 1), EINVAL);
	is(read(fd, link, 0), 0);
	fails(write(fd, link, 1), ENOTCONN);
	close(fd);
	close(other);
}

/* Every call says first that the descriptor is none, then that it is no socket. */
static void no_socket(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct msghdr m = {0};
	socklen_t len = sizeof(a);
	int fd = open("/dev/null", O_RDWR), path = open("/", O_PATH);

	for (int i = 0; i < 3; i++) {
		int bad = i == 0 ? FD_NONE : i == 1 ? path : fd, e = i == 2 ? ENOTSOCK : EBADF;

		fails(bind(bad, BAD, -1), e);
		fails(connect(bad, BAD, -1), i == 2 ? EINVAL : EBADF);
		fails(connect(bad, (void *)&a, sizeof(a)), e);
		fails(listen(bad, -1), e);
		fails(sys(accept, bad, BAD, BAD), e);
		fails(getsockname(bad, (void *)&a, &len), e);
		fails(getpeername(bad, (void *)&a, &len), e);
		fails(shutdown(bad, 9), e);
		fails(send(bad, &a, 1, 0), e);
		fails(sendto(bad, &a, 1, 0, BAD, -1), e);
		fails(recv(bad, &a, 1, 0), e);
		fails(sys(sendmsg, bad, BAD, 0), e);
		fails(sys(recvmsg, bad, BAD, 0), e);
		fails(sendmsg(bad, &m, 0), e);
		fails(sys(sendmmsg, bad, BAD, 1, 0), e);
		fails(sys(recvmmsg, bad, BAD, 1, 0, NULL), e);
		fails(sys(getsockopt, bad, SOL_SOCKET, SO_TYPE, BAD, BAD), e);
		fails(sys(setsockopt, bad, SOL_SOCKET, SO_TYPE, BAD, -1), e);
	}
	fails(sys(accept4, FD_NONE, NULL, NULL, 1), EBADF);
	fails(sys(accept4, fd, NULL, NULL, 1), EINVAL);
	fails(sys(sendto, FD_NONE, BAD_KERNEL, 1, 0, NULL, 0), EFAULT);
	close(fd);
	close(path);
}

int main(void)
{
	arguments();
	as_file();
	no_socket();
	return tap_done();
}
