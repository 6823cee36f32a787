/* SPDX-License-Identifier: MIT */
/*
 * Code that changes, moves and goes: made at run time, mapped from a file twice, given other
 * rights, replaced. It always does what its bytes say, and who may write to it reads what was
 * written.
 */
#include "tests/guest/rewrite/sites.h"

enum { CALLS = 20 }; /* more than a site traps before it is rewritten */

static const unsigned char get_pid[] = {0xb8, SYS_getpid, 0, 0, 0, 0x0f, 0x05, 0xc3};
static int odd;

typedef int (*code_fn)(void);

static void call(const void *code, int want)
{
	for (int i = 0; i < CALLS; i++)
		odd += ((code_fn)code)() != want;
}

static unsigned char *page(int prot)
{
	return mmap(NULL, PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* Written, run, written again: by turns writable and executable. */
static void by_turns(void)
{
	unsigned char *p = page(PROT_READ | PROT_WRITE);

	for (int i = 0; i < 5; i++) {
		memcpy(p + 100, get_pid, sizeof(get_pid));
		is(mprotect(p, PAGE, PROT_READ | PROT_EXEC), 0);
		call(p + 100, getpid());
		is(mprotect(p, PAGE, PROT_READ | PROT_WRITE), 0);
		same(p + 100, get_pid, sizeof(get_pid));
		p[101] = SYS_getppid; /* only the number */
		is(mprotect(p, PAGE, PROT_READ | PROT_EXEC), 0);
		call(p + 100, getppid());
		is(mprotect(p, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC), 0);
		same(p + 101, "\x6e\0\0\0\x0f\x05\xc3", 7);
		memset(p, 0xc3, PAGE);
		is(mprotect(p, PAGE, PROT_READ | PROT_WRITE), 0);
	}
	is(munmap(p, PAGE), 0);
	is(odd, 0);
}

/* Both at a time. */
static void always_writable(void)
{
	unsigned char *p = page(PROT_READ | PROT_WRITE | PROT_EXEC);

	for (int i = 0; i < 10; i++) {
		memcpy(p, get_pid, sizeof(get_pid));
		call(p, getpid());
		same(p, get_pid, sizeof(get_pid));
		p[1] = SYS_getppid;
		call(p, getppid());
	}
	is(munmap(p, PAGE), 0);
	is(odd, 0);
}

/* A site in two pages, and one at the very end of a page. */
static void edges(void)
{
	unsigned char *p =
	    mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (size_t at = PAGE - 8; at < PAGE + 1; at++) {
		memset(p, 0xc3, 2 * PAGE);
		memcpy(p + at, get_pid, sizeof(get_pid));
		is(mprotect(p, 2 * PAGE, PROT_READ | PROT_EXEC), 0);
		call(p + at, getpid());
		is(mprotect(p, 2 * PAGE, PROT_READ | PROT_WRITE), 0);
		same(p + at, get_pid, sizeof(get_pid));
	}
	/* The `syscall` itself in two: only the page with its second half changes, to `rdtsc`. */
	memset(p, 0xc3, 2 * PAGE);
	memcpy(p + PAGE - 6, get_pid, sizeof(get_pid));
	is(mprotect(p, 2 * PAGE, PROT_READ | PROT_EXEC), 0);
	call(p + PAGE - 6, getpid());
	is(mprotect(p + PAGE, PAGE, PROT_READ | PROT_WRITE), 0);
	same(p + PAGE - 6, get_pid, 6);
	p[PAGE] = 0x31;
	is(mprotect(p + PAGE, PAGE, PROT_READ | PROT_EXEC), 0);
	ok(((code_fn)(void *)(p + PAGE - 6))() != getpid());
	is(munmap(p, 2 * PAGE), 0);
	is(odd, 0);
}

/* Elsewhere, or something else in its place. */
static void moved(void)
{
	unsigned char *p = page(PROT_READ | PROT_WRITE), *q = page(PROT_NONE), *room;

	memcpy(p, get_pid, sizeof(get_pid));
	is(mprotect(p, PAGE, PROT_READ | PROT_EXEC), 0);
	call(p, getpid());
	ok(mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q) == q);
	same(q, get_pid, sizeof(get_pid));
	call(q, getpid());
	/* far away from its stubs */
	room = mmap(NULL, 3ul << 30, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (room != MAP_FAILED) {
		ok(mremap(q, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, room) == room);
		call(room, getpid());
		ok(mremap(room, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q) == q);
		is(munmap(room, 3ul << 30), 0);
	}
	call(q, getpid());
	is(madvise(q, PAGE, MADV_DONTNEED), 0); /* zeros now */
	same(q, "\0\0\0\0\0\0\0\0", 8);
	ok(mmap(q, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
	   q);
	memcpy(q, "\xb8\x2a\0\0\0\xc3", 6); /* a function without a call at the same place */
	is(mprotect(q, PAGE, PROT_READ | PROT_EXEC), 0);
	call(q, 42);
	is(munmap(q, PAGE), 0);
	is(odd, 0);
}

/* Code that has only been read is what the file says. */
static bool differs(const char *code, int fd, unsigned long offset, size_t len)
{
	char page[PAGE];

	for (size_t at = 0; at < len; at += PAGE) {
		ssize_t n = pread(fd, page, PAGE, (off_t)(offset + at));

		if (n <= 0 || memcmp(code + at, page, (size_t)n))
			return true;
	}
	return false;
}

/* The program's own code, mapped a second time, as dlopen and dlclose do with libraries. */
static void from_file(void)
{
	unsigned long start, end, offset, at = (unsigned long)site_mov;
	char line[512];
	void *again = MAP_FAILED;
	int fd = open("/proc/self/exe", O_RDONLY);
	FILE *f = fopen("/proc/self/maps", "r");
	size_t len = 0;

	offset = 0;
	while (fgets(line, sizeof(line), f)) {
		unsigned long off;

		if (sscanf(line, "%lx-%lx %*s %lx", &start, &end, &off) == 3 && at >= start &&
		    at < end) {
			len = end - start;
			offset = off;
			at -= start;
			break;
		}
	}
	fclose(f);
	ok(len > 0);
	for (int i = 0; i < 30; i++) {
		int prot = PROT_READ | PROT_EXEC;
		long zero = 0;

		again = mmap(NULL, len, prot, MAP_PRIVATE, fd, (off_t)offset);
		odd += again == MAP_FAILED;
		if (i % 2) /* as those do that interpret another program */
			odd += differs(again, fd, offset, len);
		call((char *)again + at, getpid());
		odd += ((site_fn)(void *)((char *)again + at +
					  ((char *)site_after - (char *)site_mov)))(
			   0, (long)&zero, SYS_getppid) != getppid();
		odd += site_after(0, (long)&zero, SYS_getpid) != getpid();
		odd += mprotect(again, len, prot | PROT_WRITE) != 0;
		odd += memcmp((char *)again + at, "\xb8\x27\0\0\0\x0f\x05\xc3", 8) != 0;
		call((char *)again + at, getpid());
		odd += mprotect(again, len, prot) != 0;
		call((char *)again + at, getpid());
		odd += munmap(again, len) != 0;
	}
	call((void *)site_mov, getpid());
	close(fd);
	is(odd, 0);
}

/* How many areas of what Linux would not have are there? */
static int count_areas(void)
{
	char line[512];
	FILE *f = fopen("/proc/self/maps", "r");
	int n = 0;

	while (fgets(line, sizeof(line), f))
		n += strstr(line, "[uniload]") != NULL;
	fclose(f);
	return n;
}

/* Code that comes and goes, more often than there would be room for all of it. */
static void comes_and_goes(void)
{
	enum { SITES = 120, ROUNDS = 100 };
	int before = count_areas();

	for (int i = 0; i < ROUNDS; i++) {
		unsigned char *p = page(PROT_READ | PROT_WRITE);

		for (int k = 0; k < SITES; k++)
			memcpy(p + k * sizeof(get_pid), get_pid, sizeof(get_pid));
		odd += mprotect(p, PAGE, PROT_READ | PROT_EXEC) != 0;
		for (int k = 0; k < SITES; k++)
			for (int c = 0; c < 8; c++)
				odd += ((code_fn)(void *)(p + k * sizeof(get_pid)))() != getpid();
		odd += munmap(p, PAGE) != 0;
	}
	ok(count_areas() <= before + 1);
	call((void *)site_mov, getpid());
	is(odd, 0);
}

/* What Linux would not have may go, like anything that is mapped. */
static void without_stubs(void)
{
	static struct {
		unsigned long start, end;
	} areas[8];
	char line[512];
	FILE *f = fopen("/proc/self/maps", "r");
	int n = 0;

	call((void *)site_mov, getpid());
	while (fgets(line, sizeof(line), f))
		if (strstr(line, "[uniload]") && n < 8)
			n += sscanf(line, "%lx-%lx", &areas[n].start, &areas[n].end) == 2;
	fclose(f);
	for (int i = 0; i < n; i++) {
		void *p = (void *)areas[i].start;
		size_t len = areas[i].end - areas[i].start;

		odd += mmap(p, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != p;
		call((void *)site_mov, getpid());
		odd += munmap(p, len) != 0;
	}
	for (int i = 0; i < 3; i++) {
		long zero = 0;

		call((void *)site_mov, getpid());
		odd += site_before(0, (long)&zero, SYS_getppid) != getppid();
		odd += site_after(0, (long)&zero, SYS_getppid) != getppid();
	}
	is(odd, 0);
}

int main(void)
{
	by_turns();
	always_writable();
	edges();
	moved();
	from_file();
	comes_and_goes();
	without_stubs();
	return tap_done();
}
