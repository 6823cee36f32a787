/* SPDX-License-Identifier: MIT */
/*
 * Changes files of a tree that it finds: argv[1] is a directory with what tests/boot/root.sh puts
 * there. On Linux it is a plain directory, in uniload it lies in the root image; the behaviour must
 * be the same. What random operations can check is in tests/unit/test_vfs_host.c; here are
 * mappings, open files, identity, and listings that go on while names change.
 */
#include "tests/guest/tap.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

static struct stat stat_of(const char *path)
{
	struct stat st = {0};

	lstat(path, &st);
	return st;
}

static char *map(int fd, int prot, int flags, size_t len)
{
	return mmap(NULL, len, prot, flags, fd, 0);
}

/* The file "big" holds 5 pages and 10 bytes; byte i is 'a' + i % 26. */
static char byte_at(size_t i)
{
	return (char)('a' + i % 26);
}

static bool whole(const char *p, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (p[i] != byte_at(i))
			return false;
	return true;
}

static void test_mappings(void)
{
	const size_t size = 5 * PAGE + 10;
	int fd = open("big", O_RDWR), ro = open("big", O_RDONLY);
	char *priv = map(ro, PROT_READ | PROT_WRITE, MAP_PRIVATE, size);
	char *read_only = map(ro, PROT_READ, MAP_SHARED, size);
	char *shared = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED, size);
	char buf[16];

	ok(whole(priv, 0, size) && whole(read_only, 0, size) && whole(shared, 0, size));
	ok(read_only[size] == 0 && read_only[6 * PAGE - 1] == 0);
	priv[PAGE] = '1';
	ok(pread(fd, buf, 1, PAGE) == 1 && buf[0] == byte_at(PAGE));
	ok(pwrite(fd, "XY", 2, PAGE + 1) == 2);
	ok(read_only[PAGE + 1] == 'X' && shared[PAGE + 2] == 'Y');
	ok(priv[PAGE] == '1' && priv[PAGE + 1] == byte_at(PAGE + 1));
	shared[2 * PAGE] = 'S';
	ok(pread(ro, buf, 2, 2 * PAGE) == 2 && buf[0] == 'S' && buf[1] == byte_at(2 * PAGE + 1));
	ok(read_only[2 * PAGE] == 'S' && priv[2 * PAGE] == 'S');
	shared[5 * PAGE] = 'T'; /* the end that does not fill a page */
	ok(pread(ro, buf, 16, 5 * PAGE) == 10 && buf[0] == 'T' && buf[1] == byte_at(5 * PAGE + 1));
	ok(read_only[5 * PAGE] == 'T');
	ok(whole(read_only, 3 * PAGE, 5 * PAGE));
	munmap(priv, size);
	munmap(read_only, size);
	munmap(shared, size);
	close(fd);
	close(ro);
}

static sigjmp_buf on_bus;

static void bus(int sig)
{
	siglongjmp(on_bus, sig);
}

static void test_truncate(void)
{
	int fd = open("cut", O_RDWR);
	char *p = map(fd, PROT_READ, MAP_SHARED, 3 * PAGE), buf[4] = "zzz";
	volatile char sink;
	struct stat st;

	signal(SIGBUS, bus);
	ok(whole(p, 0, 3 * PAGE));
	ok(ftruncate(fd, PAGE + 5) == 0);
	ok(p[PAGE + 4] == byte_at(PAGE + 4) && p[PAGE + 5] == 0);
	if (sigsetjmp(on_bus, 1) == 0) {
		sink = p[2 * PAGE];
		ok(0, "SIGBUS behind the end");
	} else {
		ok(1);
	}
	ok(ftruncate(fd, 3 * PAGE) == 0 && p[2 * PAGE] == 0 && p[PAGE + 5] == 0);
	ok(pread(fd, buf, 3, 2 * PAGE) == 3 && memcmp(buf, "\0\0\0", 3) == 0);
	ok(fstat(fd, &st) == 0 && st.st_size == (off_t)(3 * PAGE));
	ok(lseek(fd, 0, SEEK_DATA) == 0 && lseek(fd, 0, SEEK_HOLE) >= (off_t)PAGE);
	ok(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE) == 0);
	ok(lseek(fd, 0, SEEK_DATA) == (off_t)PAGE);
	ok(p[0] == 0 && p[PAGE] == byte_at(PAGE));
	munmap(p, 3 * PAGE);
	close(fd);
	(void)sink;
}

static void test_identity(void)
{
	struct stat before = stat_of("dir/one"), after, dir = stat_of("dir");
	int fd = open("dir/one", O_RDONLY);
	struct timespec times[2] = {{5, 6}, {7, 8}};
	char buf[8] = "";

	ok(before.st_nlink == 2 && stat_of("dir/two").st_ino == before.st_ino);
	ok(before.st_dev == dir.st_dev && before.st_mtim.tv_nsec == 123456789);
	ok(chmod("dir/two", 0604) == 0 && (stat_of("dir/one").st_mode & 07777) == 0604);
	ok(utimensat(AT_FDCWD, "dir/one", times, 0) == 0);
	after = stat_of("dir/two");
	ok(after.st_ino == before.st_ino && after.st_size == before.st_size &&
	   after.st_mtim.tv_sec == 7 && after.st_mtim.tv_nsec == 8 && after.st_nlink == 2);
	ok(rename("dir", "moved") == 0 && stat_of("moved").st_ino == dir.st_ino);
	ok(stat_of("moved/one").st_ino == before.st_ino);
	ok(unlink("moved/one") == 0 && stat_of("moved/two").st_nlink == 1);
	ok(unlink("moved/two") == 0 && fstat(fd, &after) == 0 && after.st_nlink == 0);
	ok(read(fd, buf, 8) == 4 && strcmp(buf, "one\n") == 0);
	ok(open("moved/one", O_RDONLY) == -1 && errno == ENOENT);
	ok(rmdir("moved") == -1 && errno == ENOTEMPTY);
	ok(unlink("moved/link") == 0 && rmdir("moved/sub") == 0 && rmdir("moved") == 0);
	ok(mkdir("dir", 0700) == 0 && stat_of("dir").st_nlink >= 1);
	ok(stat_of("dir").st_ino != dir.st_ino && open("dir/one", O_RDONLY) == -1);
	close(fd);
}

static void test_replace(void)
{
	struct stat st = stat_of("old");
	int fd = open(".", O_TMPFILE | O_RDWR, 0640), keep = open("old", O_RDONLY);
	char proc[64], buf[8] = "";

	ok(fd >= 0 && write(fd, "new", 3) == 3);
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	ok(linkat(AT_FDCWD, proc, AT_FDCWD, "fresh", AT_SYMLINK_FOLLOW) == 0);
	ok(rename("fresh", "old") == 0 && stat_of("old").st_ino != st.st_ino);
	ok(stat_of("old").st_size == 3 && read(keep, buf, 8) == 4 && strcmp(buf, "old\n") == 0);
	ok(access("fresh", F_OK) == -1 && errno == ENOENT);
	close(fd);
	close(keep);
}

/* The directory "names" holds n000 to n299. While it is listed every third one is removed, others
 * are renamed over, and new ones appear: each that stays is seen exactly once. */
static void test_listing(void)
{
	int seen[300] = {0}, missed = 0, doubled = 0, n;
	DIR *d = opendir("names");
	struct dirent *e;
	char a[32], b[32];
	long at = -1;

	for (int k = 0; (e = readdir(d)); k++) {
		if (k == 50)
			at = telldir(d);
		if (sscanf(e->d_name, "n%d", &n) == 1 && n < 300)
			seen[n]++;
		if (k >= 300)
			continue;
		snprintf(a, sizeof(a), "names/n%03d", k);
		snprintf(b, sizeof(b), "names/x%03d", k);
		if (k % 3 == 0)
			unlink(a);
		else if (k % 3 == 1)
			close(open(b, O_CREAT | O_WRONLY, 0600));
		else if (truncate(a, 5))
			missed++;
	}
	for (int i = 0; i < 300; i++) {
		missed += i % 3 && !seen[i];
		doubled += seen[i] > 1;
	}
	ok(missed == 0);
	ok(doubled == 0);
	seekdir(d, at);
	ok(readdir(d) != NULL);
	rewinddir(d);
	for (n = 0; (e = readdir(d)); n++)
		;
	ok(n == 2 + 200 + 100);
	closedir(d);
	n = 0;
	d = opendir("names");
	while ((e = readdir(d))) {
		snprintf(a, sizeof(a), "names/%s", e->d_name);
		n += unlink(a) == 0;
	}
	closedir(d);
	ok(n == 300 && rmdir("names") == 0);
}

int main(int argc, char **argv)
{
	if (argc < 2 || chdir(argv[1]))
		return 2;
	test_mappings();
	test_truncate();
	test_identity();
	test_replace();
	test_listing();
	return tap_done();
}
