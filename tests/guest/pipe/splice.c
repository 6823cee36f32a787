/* SPDX-License-Identifier: MIT */
/* splice(2), tee(2), vmsplice(2), and sendfile(2) into pipes. */
#include "tests/guest/tap.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

static char buf[300000], pattern[300000];
static int p[2], q[2], n[2], f, fa, fr, fw;
static off_t off;

static bool holds(int fd, const char *text)
{
	size_t len = strlen(text);

	return read(fd, buf, sizeof(buf)) == (ssize_t)len && !memcmp(buf, text, len);
}

static void put(int fd, const char *text)
{
	write(fd, text, strlen(text));
}

static void test_file_to_pipe(void)
{
	off_t neg = -1;

	is(splice(fr, NULL, p[1], NULL, 5, 0), 5);
	is(lseek(fr, 0, SEEK_CUR), 5);
	off = 0;
	is(splice(fr, &off, p[1], NULL, 100, 0), 11);
	is(off, 11);
	is(lseek(fr, 0, SEEK_CUR), 5);
	is(splice(fr, &off, p[1], NULL, 100, 0), 0);
	ok(holds(p[0], "hellohello world"));
	fails(splice(fr, &neg, p[1], NULL, 5, 0), EINVAL);
	fails(splice(fr, (void *)16, p[1], NULL, 6, 0), EFAULT);
	is(sendfile(p[1], fr, (off = 6, &off), 11), 5);
	is(off, 11);
	ok(holds(p[0], "world"));
}

static void test_errors(void)
{
	int dir = open(".", O_RDONLY), path = open(".", O_PATH), ev = eventfd(5, 0);

	off = 0;
	fails(splice(fr, NULL, fw, NULL, 5, 0), EINVAL);
	fails(splice(p[0], &off, q[1], NULL, 5, 0), ESPIPE);
	fails(splice(p[0], NULL, q[1], &off, 5, 0), ESPIPE);
	fails(splice(p[0], (void *)16, f, NULL, 6, 0), ESPIPE);
	fails(splice(p[0], NULL, p[1], NULL, 5, 0), EINVAL);
	fails(splice(p[1], NULL, q[1], NULL, 5, 0), EBADF);
	fails(splice(p[0], NULL, q[0], NULL, 5, 0), EBADF);
	fails(splice(FD_NONE, NULL, p[1], NULL, 5, 0), EBADF);
	fails(splice(fr, NULL, FD_NONE, NULL, 5, 0), EBADF);
	is(splice(FD_NONE, NULL, FD_NONE, NULL, 0, 0x100), 0);
	fails(splice(fr, NULL, p[1], NULL, 5, 0x100), EINVAL);
	fails(splice(dir, NULL, p[1], NULL, 5, 0), EINVAL);
	fails(splice(path, NULL, p[1], NULL, 5, 0), EBADF);
	fails(splice(ev, NULL, p[1], NULL, 8, 0), EINVAL);
	fails(splice(fw, NULL, p[1], NULL, 5, 0), EBADF);
	fails(splice(p[0], NULL, fr, NULL, 5, SPLICE_F_NONBLOCK), EBADF);
	fails(splice(p[0], NULL, f, NULL, 5, SPLICE_F_NONBLOCK), EAGAIN);
	fails(splice(n[0], NULL, f, NULL, 5, 0), EAGAIN);
	fails(splice(n[0], NULL, q[1], NULL, 5, 0), EAGAIN);
	fails(splice(p[0], NULL, q[1], NULL, 5, SPLICE_F_NONBLOCK), EAGAIN);
	put(p[1], "abcdef");
	fails(splice(p[0], NULL, fa, NULL, 5, 0), EINVAL);
	fails(splice(p[0], NULL, ev, NULL, 6, 0), EINVAL);
	ok(holds(p[0], "abcdef"));
	fails(sendfile(fa, fr, NULL, 5), EINVAL);
	fails(sendfile(f, p[0], NULL, 5), EINVAL);
	close(dir);
	close(path);
	close(ev);
}

static void test_from_pipe(void)
{
	int nul = open("/dev/null", O_WRONLY), zero = open("/dev/zero", O_RDONLY);

	put(p[1], "abcdef");
	is(splice(p[0], NULL, nul, NULL, 3, 0), 3);
	put(p[1], "XYZ");
	is(splice(p[0], NULL, q[1], NULL, 4, 0), 4);
	ok(holds(q[0], "defX"));
	ok(holds(p[0], "YZ"));
	put(p[1], "abcdef");
	off = 3;
	is(splice(p[0], NULL, f, &off, 6, 0), 6);
	is(off, 9);
	is(lseek(f, 0, SEEK_CUR), 11);
	ok(file_is("file", "helabcdefld"));
	put(p[1], "!?");
	is(splice(p[0], NULL, f, NULL, 1, 0), 1);
	is(lseek(f, 0, SEEK_CUR), 12);
	ok(holds(p[0], "?"));
	/* What was spliced away is not added to by a later write. */
	put(p[1], "abc");
	is(splice(p[0], NULL, q[1], NULL, 2, 0), 2);
	put(q[1], "123");
	put(p[1], "de");
	ok(holds(p[0], "cde"));
	ok(holds(q[0], "ab123"));
	is(splice(zero, NULL, p[1], NULL, 100000, 0), 65536);
	fails(splice(zero, NULL, p[1], NULL, 100000, SPLICE_F_NONBLOCK), EAGAIN);
	is(splice(p[0], NULL, nul, NULL, 200000, 0), 65536);
	close(nul);
	close(zero);
}

static void test_tee(void)
{
	fails(tee(p[0], q[1], 10, SPLICE_F_NONBLOCK), EAGAIN);
	fails(tee(p[0], p[1], 10, 0), EINVAL);
	fails(tee(f, q[1], 10, 0), EINVAL);
	fails(tee(p[0], f, 10, 0), EINVAL);
	fails(tee(FD_NONE, q[1], 10, 0), EBADF);
	fails(tee(p[1], q[1], 1, 0), EBADF);
	fails(tee(p[0], q[0], 1, 0), EBADF);
	fails(tee(p[0], q[1], 1, 0x40), EINVAL);
	is(tee(p[0], q[1], 0, 0), 0);
	put(p[1], "abcdef");
	put(p[1], "gh");
	is(tee(p[0], q[1], 7, 0), 7);
	put(p[1], "ij");
	put(q[1], "78");
	ok(holds(q[0], "abcdefg78"));
	ok(holds(p[0], "abcdefghij"));
}

static void test_vmsplice(void)
{
	struct iovec v[2] = {{"abc", 3}, {"defg", 4}}, b = {BAD, 100}, w = {buf, 5};

	is(vmsplice(p[1], v, 2, 0), 7);
	ok(holds(p[0], "abcdefg"));
	is(vmsplice(p[1], v, 0, 0), 0);
	fails(vmsplice(p[0], v, 2, 0x40), EINVAL);
	fails(vmsplice(f, v, 1, 0), EBADF);
	fails(vmsplice(FD_NONE, v, 1, 0), EBADF);
	fails(vmsplice(p[1], v, 1025, 0), EINVAL);
	fails(vmsplice(p[1], BAD, 1, 0), EFAULT);
	fails(vmsplice(p[1], &b, 1, 0), EFAULT);
	put(p[1], "abcdef");
	is(vmsplice(p[0], &w, 1, 0), 5);
	same(buf, "abcde", 5);
	ok(holds(p[0], "f"));
	fails(vmsplice(p[0], &w, 1, SPLICE_F_NONBLOCK), EAGAIN);
	w.iov_base = mmap(NULL, 200000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	w.iov_len = 200000;
	is(vmsplice(p[1], &w, 1, SPLICE_F_NONBLOCK), 65536);
	fails(vmsplice(p[1], &w, 1, SPLICE_F_NONBLOCK), EAGAIN);
	is(read(p[0], buf, sizeof(buf)), 65536);
}

static void *drain(void *arg)
{
	size_t got = 0;
	ssize_t r;

	while ((r = read(q[0], buf + got, sizeof(buf) - got)) > 0)
		got += r;
	return (void *)got;
}

static void *pump(void *arg)
{
	ssize_t r;

	while ((r = splice(p[0], NULL, q[1], NULL, 10000, 0)) > 0)
		;
	close(q[1]);
	return (void *)r;
}

/* A file through two pipes and three threads arrives whole. */
static void test_flow(void)
{
	int big = open("big", O_RDWR | O_CREAT, 0644);
	pthread_t a, b;
	ssize_t r;
	void *got;

	for (size_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = (char)(i * 7 + i / 4096);
	is(write(big, pattern, sizeof(pattern)), sizeof(pattern));
	lseek(big, 0, SEEK_SET);
	pthread_create(&a, NULL, pump, NULL);
	pthread_create(&b, NULL, drain, NULL);
	while ((r = splice(big, NULL, p[1], NULL, 77777, SPLICE_F_MOVE)) > 0)
		;
	is(r, 0);
	close(p[1]);
	pthread_join(a, &got);
	is((long)got, 0);
	pthread_join(b, &got);
	is((long)got, sizeof(pattern));
	same(buf, pattern, sizeof(pattern));
	close(p[0]);
	close(q[0]);
	pipe(p);
	pipe(q);
	close(big);
}

static void test_packets(void)
{
	int k[2];

	pipe2(k, O_DIRECT);
	put(k[1], "abc");
	put(k[1], "defg");
	is(splice(k[0], NULL, p[1], NULL, 2, 0), 2);
	ok(holds(k[0], "c"));
	ok(holds(k[0], "defg"));
	ok(holds(p[0], "ab"));
	close(k[0]);
	close(k[1]);
}

static void test_broken(void)
{
	struct iovec v = {"abc", 3};

	signal(SIGPIPE, SIG_IGN);
	put(p[1], "x");
	close(q[0]);
	fails(splice(p[0], NULL, q[1], NULL, 5, 0), EPIPE);
	fails(tee(p[0], q[1], 5, 0), EPIPE);
	off = 0;
	fails(splice(fr, &off, q[1], NULL, 5, 0), EPIPE);
	is(off, 0);
	fails(vmsplice(q[1], &v, 1, 0), EPIPE);
	ok(holds(p[0], "x"));
	close(p[1]);
	is(splice(p[0], NULL, f, NULL, 5, 0), 0);
}

int main(void)
{
	tmp();
	pipe(p);
	pipe(q);
	pipe2(n, O_NONBLOCK);
	f = file_with("file", "hello world");
	lseek(f, 0, SEEK_END);
	fa = open("file", O_WRONLY | O_APPEND);
	fr = open("file", O_RDONLY);
	fw = open("file", O_WRONLY);
	test_file_to_pipe();
	test_errors();
	test_from_pipe();
	test_tee();
	test_vmsplice();
	test_packets();
	test_flow();
	test_broken();
	return tap_done();
}
