/* SPDX-License-Identifier: MIT */
/* write(2): amounts, appending, holes, access mode, bad buffers, a pipe nobody reads. */
/* volume: also there */
#include "tests/guest/tap.h"

static volatile int sigpipes;

static void on_sigpipe(int sig)
{
	sigpipes += sig == SIGPIPE;
}

static void amounts(void)
{
	int fd = open("f", O_RDWR | O_CREAT | O_TRUNC, 0644);
	struct stat st;

	is(write(fd, "hello", 5), 5);
	is(lseek(fd, 0, SEEK_CUR), 5);
	is(write(fd, "", 0), 0);
	is(lseek(fd, 1, SEEK_SET), 1);
	is(write(fd, "E", 1), 1);
	ok(file_is("f", "hEllo"));
	is(lseek(fd, 3, SEEK_END), 8);
	is(write(fd, "!", 1), 1);
	is(fstat(fd, &st), 0);
	is(st.st_size, 9);
	is(pread(fd, (char[4]){0}, 4, 4), 4);
	close(fd);
}

static void append(void)
{
	int fd = file_with("a", "12345"), ap = open("a", O_WRONLY | O_APPEND);

	is(lseek(ap, 0, SEEK_CUR), 0);
	is(write(ap, "67", 2), 2);
	is(lseek(ap, 0, SEEK_CUR), 7);
	is(lseek(ap, 0, SEEK_SET), 0);
	is(write(ap, "8", 1), 1);
	is(lseek(ap, 0, SEEK_CUR), 8);
	ok(file_is("a", "12345678"));
	is(ftruncate(fd, 2), 0);
	is(write(ap, "x", 1), 1);
	ok(file_is("a", "12x"));
	close(fd);
	close(ap);
}

static void bad_buffers(void)
{
	int fd = file_with("b", "0123456789");
	char *e = edge();

	memcpy(e - 4, "abcd", 4);
	fails(sys(write, fd, BAD, 4ul), EFAULT);
	fails(sys(write, fd, NULL, 1ul), EFAULT);
	fails(sys(write, fd, BAD_KERNEL, 4ul), EFAULT);
	fails(sys(write, fd, BAD_NONCANON, 4ul), EFAULT);
	fails(sys(write, fd, e, 4ul), EFAULT);
	ok(file_is("b", "0123456789"), "failed writes left the file alone");
	is(lseek(fd, 0, SEEK_CUR), 0);
	is(sys(write, fd, e - 4, 4ul), 4);
	ok(file_is("b", "abcd456789"));
	is(sys(write, fd, BAD, 0ul), 0);
	close(fd);
}

static void descriptors(void)
{
	int rd = open("b", O_RDONLY), path = open("b", O_PATH);

	fails(write(-1, "x", 1), EBADF);
	fails(write(FD_NONE, "x", 1), EBADF);
	fails(write(rd, "x", 1), EBADF);
	fails(write(rd, "x", 0), EBADF);
	fails(write(path, "x", 1), EBADF);
	close(rd);
	close(path);
}

static void broken_pipe(void)
{
	int p[2];

	pipe(p);
	close(p[0]);
	signal(SIGPIPE, SIG_IGN);
	fails(write(p[1], "x", 1), EPIPE);
	signal(SIGPIPE, on_sigpipe);
	fails(write(p[1], "x", 1), EPIPE);
	is(sigpipes, 1);
	is(write(p[1], "", 0), 0);
	is(sigpipes, 1);
	close(p[1]);
}

static void huge_count(void)
{
	int fd = open("/dev/null", O_WRONLY);
	char *p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	is(sys(write, fd, p, 0x7ffff000ul), 0x7ffff000);
	is(sys(write, fd, p, 0x80000000ul), 0x7ffff000);
	fails(sys(write, fd, p, -1ul), EFAULT);
	close(fd);
}

int main(void)
{
	tmp();
	amounts();
	append();
	bad_buffers();
	descriptors();
	broken_pipe();
	huge_count();
	return tap_done();
}
