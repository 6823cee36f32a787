/* SPDX-License-Identifier: MIT */
/* mmap(2): anonymous and file mappings, private and shared, fixed addresses, protections, refusals.
 */
#include "tests/guest/tap.h"

#include <setjmp.h>

static sigjmp_buf trap;
static volatile siginfo_t fault;

static void on_fault(int sig, siginfo_t *si, void *uc)
{
	fault = *si;
	siglongjmp(trap, sig);
}

/* The signal that reading (or writing) the byte at p raises; 0 if none. */
static int touch(volatile char *p, bool write)
{
	int sig = sigsetjmp(trap, 1);

	if (sig)
		return sig;
	if (write)
		*p = 1;
	else
		(void)*p;
	return 0;
}

static void *map(void *at, size_t len, int prot, int flags, int fd, long off)
{
	return (void *)sys(mmap, at, len, prot, flags, fd, off);
}

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW   (PROT_READ | PROT_WRITE)

static void anonymous(void)
{
	char *p = map(NULL, 3 * PAGE, RW, ANON, -1, 0), *q, zero[PAGE] = {0};

	ok(p != MAP_FAILED && ((uintptr_t)p & (PAGE - 1)) == 0);
	same(p, zero, PAGE);
	same(p + 2 * PAGE, zero, PAGE);
	is(touch(p + 3 * PAGE - 1, true), 0);
	p[5] = 'x';
	q = map(NULL, 100, RW, ANON, -1, 0);
	ok(q != MAP_FAILED && q != p);
	is(touch(q + PAGE - 1, true), 0);
	q = map(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	is(touch(q, true), 0);
	is(munmap(p, 3 * PAGE), 0);
	is(touch(p + 5, false), SIGSEGV);
	is(fault.si_code, SEGV_MAPERR);
	is(fault.si_addr, p + 5);
	p = map(NULL, 64ul << 20, RW, ANON | MAP_NORESERVE, -1, 0);
	is(touch(p + (64 << 20) - 1, true), 0);
	is(p[1 << 20], 0);
	is(munmap(p, 64ul << 20), 0);
	p = map(NULL, 1ul << 40, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);
	ok(p != MAP_FAILED, "a terabyte can be reserved");
	is(touch(p + (1ul << 39), false), SIGSEGV);
	is(munmap(p, 1ul << 40), 0);
	p = map(NULL, 4 * PAGE, RW, ANON | MAP_POPULATE, -1, 0);
	is(touch(p + 3 * PAGE, true), 0);
}

static void protections(void)
{
	char *p = map(NULL, PAGE, PROT_READ, ANON, -1, 0);

	is(touch(p, false), 0);
	is(touch(p, true), SIGSEGV);
	is(fault.si_code, SEGV_ACCERR);
	is(fault.si_addr, p);
	p = map(NULL, PAGE, PROT_NONE, ANON, -1, 0);
	is(touch(p, false), SIGSEGV);
	is(fault.si_code, SEGV_ACCERR);
	p = map(NULL, PAGE, PROT_WRITE, ANON, -1, 0);
	is(touch(p, true), 0);
	is(touch(NULL, false), SIGSEGV);
	is(fault.si_code, SEGV_MAPERR);
	is(touch((char *)4095, true), SIGSEGV);
	is(fault.si_addr, 4095);
}

static void fixed(void)
{
	char *p = map(NULL, 4 * PAGE, RW, ANON, -1, 0), *q;

	p[0] = 'a';
	p[PAGE] = 'b';
	p[2 * PAGE] = 'c';
	is(map(p + PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0), p + PAGE);
	ok(p[0] == 'a' && p[PAGE] == 0 && p[2 * PAGE] == 'c');
	fails(map(p, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0), EEXIST);
	is(munmap(p + PAGE, PAGE), 0);
	is(map(p + PAGE, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0), p + PAGE);
	fails(map(p + 1, PAGE, RW, ANON | MAP_FIXED, -1, 0), EINVAL);
	munmap(p + PAGE, PAGE);
	is(map(p + PAGE, PAGE, RW, ANON, -1, 0), p + PAGE); /* a hint that is free is taken */
	q = map(p, PAGE, RW, ANON, -1, 0);
	ok(q != MAP_FAILED && q != p, "a hint that is taken is not");
	fails(map((void *)0xffff800000000000, PAGE, RW, ANON | MAP_FIXED, -1, 0), ENOMEM);
	fails(map((void *)0x7ffffffff000, PAGE, RW, ANON | MAP_FIXED, -1, 0), ENOMEM);
	fails(map((void *)-4096l, PAGE, RW, ANON | MAP_FIXED, -1, 0), ENOMEM);
	is(map((void *)0x7ffffffff000, PAGE, RW, ANON, -1, 0) == MAP_FAILED, 0);
	q = map(NULL, PAGE, RW, ANON | MAP_32BIT, -1, 0);
	ok((uintptr_t)q < 1ul << 31);
	q = map(NULL, PAGE, RW, ANON | MAP_GROWSDOWN, -1, 0);
	is(touch(q, true), 0);
}

static void private_file(int fd)
{
	char *p = map(NULL, 2 * PAGE, RW, MAP_PRIVATE, fd, 0), b[8];

	ok(p != MAP_FAILED);
	same(p, "page zero", 9);
	same(p + PAGE, "page one", 8);
	is(p[PAGE + 100], 0);
	p[0] = 'P';
	is(pread(fd, b, 1, 0), 1);
	is(b[0], 'p');
	is(pwrite(fd, "Q", 1, PAGE + 1), 1);
	/* mmap(2) leaves open whether a private page not yet written to shows it; Linux does. */
	ok(p[PAGE + 1] == 'Q' || p[PAGE + 1] == 'a');
	pwrite(fd, "a", 1, PAGE + 1);
	is(munmap(p, 2 * PAGE), 0);
	p = map(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, PAGE);
	same(p, "page one", 8);
	is(munmap(p, PAGE), 0);
}

static void shared_file(int fd)
{
	char *p = map(NULL, PAGE, RW, MAP_SHARED, fd, 0),
	     *q = map(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	char b[8];
	int fd2 = open("f", O_RDWR);

	ok(p != MAP_FAILED && q != MAP_FAILED);
	p[0] = 'S';
	is(q[0], 'S');
	is(pread(fd2, b, 1, 0), 1);
	is(b[0], 'S');
	is(pwrite(fd2, "T", 1, 1), 1);
	is(p[1], 'T');
	is(sys(msync, p, PAGE, MS_SYNC), 0);
	is(close(fd2), 0);
	p[2] = 'U';
	is(pread(fd, b, 3, 0), 3);
	is(b[2], 'U');
	is(touch(q, true), SIGSEGV);
	munmap(p, PAGE);
	munmap(q, PAGE);
}

static void beyond_the_end(int fd)
{
	char *p = map(NULL, 4 * PAGE, PROT_READ, MAP_SHARED, fd, 0);

	is(touch(p + PAGE + 4095, false), 0);
	is(touch(p + 2 * PAGE, false), SIGBUS);
	is(fault.si_code, BUS_ADRERR);
	is(fault.si_addr, p + 2 * PAGE);
	is(ftruncate(fd, 3 * PAGE), 0);
	is(touch(p + 2 * PAGE, false), 0);
	is(ftruncate(fd, 10), 0);
	is(touch(p + PAGE, false), SIGBUS);
	is(touch(p + 100, false), 0);
	is(p[11], 0);
	munmap(p, 4 * PAGE);
}

static void errors(int fd)
{
	int ro = open("f", O_RDONLY), wo = open("f", O_WRONLY), p[2];

	fails(map(NULL, 0, RW, ANON, -1, 0), EINVAL);
	fails(map(NULL, PAGE, RW, MAP_ANONYMOUS, -1, 0), EINVAL);
	fails(map(NULL, PAGE, RW, MAP_SHARED, fd, 1), EINVAL);
	fails(map(NULL, -1ul, RW, ANON, -1, 0), ENOMEM);
	fails(map(NULL, 1ul << 47, PROT_NONE, ANON | MAP_NORESERVE, -1, 0), ENOMEM);
	fails(map(NULL, PAGE, RW, MAP_PRIVATE, -1, 0), EBADF);
	fails(map(NULL, PAGE, RW, MAP_SHARED, ro, 0), EACCES);
	fails(map(NULL, PAGE, PROT_READ, MAP_SHARED, wo, 0), EACCES);
	fails(map(NULL, PAGE, PROT_READ, MAP_PRIVATE, wo, 0), EACCES);
	works(map(NULL, PAGE, RW, MAP_PRIVATE, ro, 0));
	fails(map(NULL, PAGE, PROT_READ, MAP_PRIVATE, open("f", O_PATH), 0), EBADF);
	fails(map(NULL, PAGE, PROT_READ, MAP_PRIVATE, open(".", O_RDONLY), 0), ENODEV);
	pipe(p);
	fails(map(NULL, PAGE, PROT_READ, MAP_PRIVATE, p[0], 0), ENODEV);
	works(map(NULL, PAGE, RW, MAP_PRIVATE, open("/dev/zero", O_RDWR), 0));
	fails(map(NULL, PAGE, RW, MAP_SHARED_VALIDATE | 0x1000000, fd, 0), EOPNOTSUPP);
	fails(map(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE, fd, -4096l), EOVERFLOW);
}

static void executable(void)
{
	static const unsigned char code[] = {0xb8, 0x2a, 0, 0, 0, 0xc3}; /* mov $42,%eax; ret */
	unsigned char *p = map(NULL, PAGE, RW, ANON, -1, 0);

	memcpy(p, code, sizeof(code));
	is(mprotect(p, PAGE, PROT_READ | PROT_EXEC), 0);
	is(((int (*)(void))p)(), 42);
	p = map(NULL, PAGE, RW | PROT_EXEC, ANON, -1, 0);
	ok(p != MAP_FAILED);
	memcpy(p, code, sizeof(code));
	is(((int (*)(void))p)(), 42);
	p[1] = 43;
	is(((int (*)(void))p)(), 43);
}

int main(void)
{
	struct sigaction sa = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
	int fd;

	tmp();
	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
	fd = file_with("f", "page zero");
	pwrite(fd, "page one", 8, PAGE);
	anonymous();
	protections();
	fixed();
	private_file(fd);
	shared_file(fd);
	errors(fd);
	beyond_the_end(fd);
	executable();
	return tap_done();
}
