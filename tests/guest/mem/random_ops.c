/* SPDX-License-Identifier: MIT */
/*
 * Thousands of random calls on a fixed region of memory and three files of shared memory: mmap,
 * munmap, mprotect, mremap, madvise, msync, read, write, ftruncate, fallocate, loads and stores.
 * Everything a program can see of them goes into a checksum, which must be what Linux 6.18 gives.
 * With arguments: the seed, how many calls, and "trace" to have them printed.
 */
#include "tests/guest/tap.h"

#include <setjmp.h>
#include <sys/uio.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ  22
#define MADV_POPULATE_WRITE 23
#endif
#define BASE ((char *)0x200000000000)
enum { PAGES = 48, FILE_PAGES = 16, N_FILES = 3 };

static uint64_t state, sum;
static int files[N_FILES];
static bool trace;
static sigjmp_buf back;
static volatile int caught;

static unsigned pick(unsigned n)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(state >> 33) % n;
}

static void see(uint64_t v)
{
	sum = (sum ^ v) * 0x100000001b3ull;
	sum ^= sum >> 29;
}

static long arg[3]; /* of the call, to be printed */

static void see_call(const char *what, long r)
{
	see(r < 0 ? -(uint64_t)errno : (uint64_t)r);
	if (trace)
		tap_print("# %s(%#lx, %#lx, %#lx) = %ld %s\n", what, arg[0], arg[1], arg[2], r,
			  r < 0 ? strerror(errno) : "");
}

static void handler(int sig, siginfo_t *si, void *context)
{
	caught = sig << 8 | si->si_code;
	siglongjmp(back, 1);
}

static int random_prot(void)
{
	static const int prots[] = {PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE,
				    PROT_READ | PROT_WRITE, PROT_NONE};

	return prots[pick(5)];
}

static void do_map(char *at, size_t len)
{
	int type = pick(5), fd = type ? files[pick(N_FILES)] : -1, prot = random_prot();
	off_t off = pick(FILE_PAGES) * (off_t)PAGE;
	int flags = MAP_FIXED | (type == 0  ? MAP_PRIVATE | MAP_ANONYMOUS
				 : type < 3 ? MAP_SHARED
					    : MAP_PRIVATE);

	if (pick(8) == 0)
		flags |= MAP_POPULATE;
	if (pick(16) == 0)
		flags = (flags & ~MAP_FIXED) | MAP_FIXED_NOREPLACE;
	arg[0] = (at - BASE) / (long)PAGE, arg[1] = (long)fd << 16 | prot, arg[2] = off;
	see_call(type == 0  ? "map anonymous"
		 : type < 3 ? "map shared"
			    : "map private",
		 (long)mmap(at, len, prot, flags, fd, type ? off : 0));
}

static void do_protect(char *at, size_t len)
{
	int prot = random_prot();

	arg[2] = prot;
	see_call("mprotect", mprotect(at, len, prot));
}

/* One page, because longer ranges depend on which neighbours Linux has merged. */
static void do_remap(char *at)
{
	char *to = BASE + pick(PAGES) * PAGE;

	arg[2] = (to - BASE) / (long)PAGE;
	if (pick(2))
		see_call("mremap fixed",
			 (long)mremap(at, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to));
	else
		see_call("mremap dontunmap", (long)sys(mremap, at, PAGE, PAGE, 7, to));
}

static void do_advise(char *at, size_t len)
{
	static const int advice[] = {MADV_DONTNEED,	 MADV_DONTNEED, MADV_REMOVE,
				     MADV_WILLNEED,	 MADV_COLD,	MADV_POPULATE_READ,
				     MADV_POPULATE_WRITE};
	int a = advice[pick(sizeof(advice) / sizeof(advice[0]))];

	arg[2] = a;
	see_call(a == MADV_DONTNEED ? "dontneed"
		 : a == MADV_REMOVE ? "remove"
				    : "madvise",
		 madvise(at, len, a));
}

static void do_read(int fd)
{
	static unsigned char buf[6 * PAGE];
	size_t len = pick(sizeof(buf));
	off_t at = pick(FILE_PAGES * PAGE);
	long r = pread(fd, buf, len, at);

	arg[0] = fd, arg[1] = (long)len, arg[2] = at;
	see_call("pread", r);
	for (long i = 0; i < r; i += 13)
		see(buf[i]);
}

static void do_write(int fd)
{
	unsigned char buf[2 * PAGE];
	size_t len = pick(sizeof(buf));

	off_t at = pick(FILE_PAGES * PAGE);

	memset(buf, (int)pick(256), len);
	arg[0] = fd, arg[1] = (long)len, arg[2] = at;
	see_call("pwrite", pwrite(fd, buf, len, at));
}

static void do_file(int fd)
{
	long off = pick(FILE_PAGES * PAGE), len = 1 + pick(4 * PAGE);

	arg[0] = fd, arg[1] = off, arg[2] = len;
	switch (pick(8)) {
	case 0:
		see_call("ftruncate page", ftruncate(fd, (off + PAGE) & -PAGE));
		break;
	case 1:
		see_call("punch",
			 fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, off, len));
		break;
	case 2:
		see_call("ftruncate", ftruncate(fd, off));
		break;
	case 3:
	case 4:
		do_write(fd);
		break;
	default:
		do_read(fd);
		break;
	}
}

/*
 * The mapping itself as the buffer of a call. Not beyond the end of the file: Linux's shared memory
 * files grow to where a write starts even if its buffer turns out to be bad. Writes are short, or a
 * mapping of the same file would make it a copy onto itself.
 */
static void do_buffer(char *at, size_t len)
{
	int fd = files[pick(N_FILES)];
	off_t off = pick((unsigned)lseek(fd, 0, SEEK_END) + 1);

	arg[2] = (long)fd << 16 | off;
	if (pick(2))
		see_call("pread to mapping", pread(fd, at + pick(64), len / 2, off));
	else
		see_call("pwrite from mapping", pwrite(fd, at + PAGE - 50, 100, off));
}

static void do_access(char *at, size_t len)
{
	bool store = pick(2);
	char value = (char)pick(256);

	for (char *p = at + pick(PAGE); p < at + len; p += 1777) {
		caught = 0;
		if (sigsetjmp(back, 1) == 0) {
			if (store)
				*(volatile char *)p = value;
			else
				see(*(volatile unsigned char *)p);
		}
		see(caught);
		if (trace)
			tap_print("#   %s %#lx: %x %lx\n", store ? "store" : "load",
				  (long)(p - BASE), caught, (long)sum);
	}
}

/* All that can be seen of the region and the files. */
static void look_around(void)
{
	static unsigned char buf[FILE_PAGES * PAGE];

	for (int i = 0; i < PAGES; i++) {
		caught = 0;
		if (sigsetjmp(back, 1) == 0)
			for (unsigned off = 0; off < PAGE; off += 511)
				see(((volatile unsigned char *)BASE)[i * PAGE + off]);
		see(caught);
		if (trace)
			tap_print("#   page %d: %x %lx\n", i, caught, (long)sum);
	}
	for (int f = 0; f < N_FILES; f++) {
		long r = pread(files[f], buf, sizeof(buf), 0);

		see(r);
		for (long i = 0; i < r; i++) {
			see(buf[i]);
			if (trace && i % 512 == 511)
				tap_print("#   file %d byte %ld: %lx\n", f, i, (long)sum);
		}
		if (trace)
			tap_print("#   file %d: %ld %lx\n", f, r, (long)sum);
	}
}

static void step(void)
{
	unsigned page = pick(PAGES), n = 1 + pick(pick(3) ? 4 : PAGES);
	size_t len = (page + n > PAGES ? PAGES - page : n) * PAGE;
	char *at = BASE + page * PAGE;
	unsigned kind = pick(100);

	arg[0] = page, arg[1] = (long)(len / PAGE), arg[2] = 0;
	if (kind < 18)
		do_map(at, len);
	else if (kind < 21)
		see_call("munmap", munmap(at, len));
	else if (kind < 29)
		do_protect(at, len);
	else if (kind < 33)
		do_remap(at);
	else if (kind < 39)
		do_advise(at, len);
	else if (kind < 42)
		see_call("msync", msync(at, len, pick(2) ? MS_SYNC : MS_ASYNC));
	else if (kind < 60)
		do_file(files[pick(N_FILES)]);
	else if (kind < 65)
		do_buffer(at, len);
	else
		do_access(at, len);
}

static uint64_t run(uint64_t seed, int calls)
{
	state = seed;
	sum = 0;
	munmap(BASE, PAGES * PAGE);
	for (int i = 0; i < N_FILES; i++) {
		files[i] = memfd_create("random", 0);
		ftruncate(files[i], FILE_PAGES * PAGE);
	}
	for (int i = 0; i < calls; i++) {
		step();
		if (i % 64 == 63)
			look_around();
		if (trace)
			tap_print("# %d: %lx\n", i, (long)sum);
	}
	look_around();
	for (int i = 0; i < N_FILES; i++)
		close(files[i]);
	return sum;
}

int main(int argc, char **argv)
{
	struct sigaction sa = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};

	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
	trace = argc > 3;
	if (argc > 2) {
		tap_print("# %lx\n", (long)run(strtoul(argv[1], NULL, 0), atoi(argv[2])));
		return 0;
	}
	is(run(1, 3000), 0xa5684a894c62e71ul);
	is(run(2, 3000), 0xa1b118d612fb2fc5ul);
	is(run(3, 3000), 0x12b865a35ab2a381ul);
	return tap_done();
}
