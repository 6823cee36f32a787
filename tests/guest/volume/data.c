/* SPDX-License-Identifier: MIT */
/* Data of files as volumes must keep it: beyond 4 GiB, without a name, appended, mapped. */
/* volume: also there */
#include "tests/guest/tap.h"

#include <sys/wait.h>

#define GIB (1ll << 30)

static void beyond_4g(void)
{
	int fd = open("big", O_RDWR | O_CREAT | O_EXCL, 0600);
	struct stat st;
	char b[8] = "";

	works(fd);
	is(pwrite(fd, "end", 3, 5 * GIB), 3);
	is(pread(fd, b, 8, 5 * GIB - 2), 5);
	same(b, "\0\0end", 5);
	is(fstat(fd, &st), 0);
	is(st.st_size, 5 * GIB + 3);
	ok(st.st_blocks < 1000, "it is sparse");
	is(lseek(fd, 0, SEEK_END), 5 * GIB + 3);
	is(ftruncate(fd, 4 * GIB + 1), 0);
	is(lseek(fd, 0, SEEK_END), 4 * GIB + 1);
	is(pread(fd, b, 8, 4 * GIB), 1);
	close(fd);
	is(unlink("big"), 0);
}

/* An open file whose last name is gone is a file like any other. */
static void unlinked(void)
{
	int fd = open("u", O_RDWR | O_CREAT | O_EXCL, 0600), other;
	struct stat st, st2;
	char b[16] = "";

	is(write(fd, "0123456789", 10), 10);
	is(unlink("u"), 0);
	is(fstat(fd, &st), 0);
	is(st.st_nlink, 0);
	is(st.st_size, 10);
	other = open("u", O_RDWR | O_CREAT | O_EXCL, 0640); /* another file of that name */
	is(write(other, "other", 5), 5);
	is(fstat(fd, &st), 0);
	is(fstat(other, &st2), 0);
	ok(st.st_ino != st2.st_ino);
	is(st.st_size, 10);
	is(pread(fd, b, 4, 3), 4);
	same(b, "3456", 4);
	is(fchmod(fd, 0604), 0);
	is(fstat(fd, &st), 0);
	is(st.st_mode, S_IFREG | 0604);
	is(fstat(other, &st2), 0);
	is(st2.st_mode, S_IFREG | 0640);
	is(ftruncate(fd, 4), 0);
	is(pread(fd, b, 16, 0), 4);
	is(ftruncate(fd, 12), 0);
	is(pread(fd, b, 16, 0), 12);
	same(b, "0123\0\0\0\0\0\0\0\0", 12);
	is(ftruncate(fd, 2), 0);
	is(pwrite(fd, "X", 1, 8), 1);
	is(pread(fd, b, 16, 0), 9);
	same(b, "01\0\0\0\0\0\0X", 9);
	is(fstat(fd, &st), 0);
	is(st.st_size, 9);
	is(lseek(fd, 0, SEEK_END), 9);
	ok(file_is("u", "other"));
	close(fd);
	close(other);
	is(unlink("u"), 0);
}

/* However much of such a file there is to do for a write, who makes it can be killed. */
static void unlinked_and_huge(void)
{
	int fd = open("u", O_RDWR | O_CREAT | O_EXCL, 0600), status;
	pid_t pid;

	works(fd);
	is(pwrite(fd, "end", 3, 1024 * GIB), 3);
	is(unlink("u"), 0);
	is(ftruncate(fd, 1), 0);
	pid = fork();
	if (pid == 0) {
		pwrite(fd, "again", 5, 1024 * GIB);
		_exit(0);
	}
	usleep(30000);
	is(kill(pid, SIGKILL), 0);
	is(waitpid(pid, &status, 0), pid);
	close(fd);
}

static void replaced(void)
{
	int fd = file_with("old", "old"), fd2 = file_with("new", "new!");
	struct stat st;
	char b[8];

	is(rename("new", "old"), 0);
	is(fstat(fd, &st), 0);
	is(st.st_nlink, 0);
	is(st.st_size, 3);
	is(pread(fd, b, 8, 0), 3);
	same(b, "old", 3);
	is(write(fd2, "NEW!?", 5), 5); /* open before the rename, under another name */
	ok(file_is("old", "NEW!?"));
	is(fstat(fd2, &st), 0);
	is(st.st_nlink, 1);
	is(ftruncate(fd2, 2), 0);
	ok(file_is("old", "NE"));
	close(fd);
	close(fd2);
	is(unlink("old"), 0);
}

static void two_names(void)
{
	int fd = file_with("a", "data");
	struct stat st;

	is(link("a", "b"), 0);
	is(fstat(fd, &st), 0);
	is(st.st_nlink, 2);
	is(stat("b", &st), 0);
	is(unlink("a"), 0);
	is(stat("b", &st), 0);
	is(st.st_nlink, 1);
	is(fstat(fd, &st), 0);
	is(st.st_nlink, 1);
	is(write(fd, "more data", 9), 9);
	is(stat("b", &st), 0);
	is(st.st_size, 9);
	is(unlink("b"), 0);
	is(fstat(fd, &st), 0);
	is(st.st_nlink, 0);
	close(fd);
}

static void append(void)
{
	int a = open("log", O_WRONLY | O_CREAT | O_APPEND, 0600), b = open("log", O_RDWR);

	is(write(a, "one.", 4), 4);
	is(pwrite(b, "two.", 4, 4), 4);
	is(write(a, "three.", 6), 6);
	ok(file_is("log", "one.two.three."));
	is(lseek(a, 0, SEEK_CUR), 14);
	is(fcntl(a, F_SETFL, 0), 0);
	is(pwrite(a, "ONE", 3, 0), 3);
	ok(file_is("log", "ONE.two.three."));
	is(fcntl(b, F_SETFL, O_APPEND), 0);
	is(write(b, "four", 4), 4);
	ok(file_is("log", "ONE.two.three.four"));
	close(a);
	close(b);
	is(unlink("log"), 0);
}

static void read_only_mode(void)
{
	int fd = open("ro", O_RDWR | O_CREAT | O_EXCL, 0444);
	struct stat st;
	char b[8];

	works(fd);
	is(write(fd, "text", 4), 4);
	is(pread(fd, b, 8, 0), 4);
	is(fstat(fd, &st), 0);
	is(st.st_mode, S_IFREG | 0444);
	close(fd);
	is(unlink("ro"), 0);
}

static void large(void)
{
	size_t n = 3 * 1000 * 1000 + 17;
	unsigned char *w = malloc(n), *r = malloc(n);
	int fd = open("large", O_RDWR | O_CREAT, 0600);

	for (size_t i = 0; i < n; i++)
		w[i] = (unsigned char)(i * 7 + (i >> 11));
	is(write(fd, w, n), n);
	is(pread(fd, r, n, 0), n);
	same(r, w, n);
	is(pread(fd, r, n, 1000001), n - 1000001);
	same(r, w + 1000001, n - 1000001);
	is(fsync(fd), 0);
	is(fdatasync(fd), 0);
	close(fd);
	is(unlink("large"), 0);
}

static void mapped(void)
{
	int fd = open("map", O_RDWR | O_CREAT, 0600), fd2;
	char *p, b[8] = "";

	is(write(fd, "0123456789", 10), 10);
	is(ftruncate(fd, 3 * PAGE), 0);
	p = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ok(p != MAP_FAILED);
	is(memcmp(p, "0123456789", 10), 0);
	is(p[2 * PAGE], 0);
	is(pwrite(fd, "W", 1, 1), 1);
	is(p[1], 'W');
	p[2 * PAGE] = 'M';
	is(pread(fd, b, 1, 2 * PAGE), 1);
	is(b[0], 'M');
	p[PAGE] = 'N';
	is(msync(p, 3 * PAGE, MS_SYNC), 0);
	p[0] = 'O';
	close(fd);
	is(munmap(p, 3 * PAGE), 0); /* the last of the file: it must be there for others now */
	fd2 = open("map", O_RDONLY);
	is(pread(fd2, b, 2, 0), 2);
	same(b, "OW", 2);
	is(pread(fd2, b, 1, PAGE), 1);
	is(b[0], 'N');
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd2, 0);
	p[0] = 'P';
	is(pread(fd2, b, 1, 0), 1);
	is(b[0], 'O');
	munmap(p, PAGE);
	close(fd2);
	is(unlink("map"), 0);
}

int main(void)
{
	tmp();
	beyond_4g();
	unlinked();
	unlinked_and_huge();
	replaced();
	two_names();
	append();
	read_only_mode();
	large();
	mapped();
	return tap_done();
}
