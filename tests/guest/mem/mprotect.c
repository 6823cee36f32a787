/* SPDX-License-Identifier: MIT */
/* mprotect(2): takes effect at once, on parts, across areas; what it refuses. */
#include "tests/guest/tap.h"

#include <setjmp.h>

static sigjmp_buf trap;
static volatile int code;

static void on_fault(int sig, siginfo_t *si, void *uc)
{
	code = si->si_code;
	siglongjmp(trap, sig);
}

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

static int call(char *p)
{
	int sig = sigsetjmp(trap, 1);

	if (sig)
		return sig;
	((void (*)(void))p)();
	return 0;
}

int main(void)
{
	struct sigaction sa = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	     *ro;
	int fd;

	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
	memset(p, 0xc3, 4 * PAGE); /* ret */
	is(mprotect(p + PAGE, PAGE, PROT_READ), 0);
	is(touch(p + PAGE, false), 0);
	is(touch(p + PAGE, true), SIGSEGV);
	is(code, SEGV_ACCERR);
	is(touch(p, true), 0);
	is(touch(p + 2 * PAGE, true), 0);
	is(mprotect(p + PAGE, PAGE, PROT_READ | PROT_WRITE), 0);
	is(touch(p + PAGE, true), 0);
	p[PAGE] = 0xc3;
	is(call(p + PAGE), SIGSEGV);
	is(code, SEGV_ACCERR);
	is(mprotect(p + PAGE, PAGE, PROT_READ | PROT_EXEC), 0);
	is(call(p + PAGE), 0);
	is(mprotect(p, 4 * PAGE, PROT_NONE), 0);
	is(touch(p + 3 * PAGE, false), SIGSEGV);
	fails(sys(write, 1, p, 1ul), EFAULT);
	is(mprotect(p, 4 * PAGE, PROT_READ), 0);
	is(p[3 * PAGE] & 0xff, 0xc3);
	fails(sys(read, 0, p, 0ul) ? -1 : sys(getcwd, p, PAGE), EFAULT);
	is(mprotect(p, 0, PROT_READ), 0);
	fails(sys(mprotect, p + 1, PAGE, PROT_READ), EINVAL);
	fails(sys(mprotect, p, PAGE, 0x1000), EINVAL);
	is(munmap(p + 2 * PAGE, PAGE), 0);
	fails(sys(mprotect, p, 4 * PAGE, PROT_READ | PROT_WRITE), ENOMEM);
	is(touch(p + PAGE, true), 0); /* the part before the hole was changed */
	fails(sys(mprotect, 0x10000, PAGE, PROT_READ), ENOMEM);
	fails(sys(mprotect, p, -1ul & ~4095, PROT_READ), ENOMEM);
	fails(sys(mprotect, 0xffff888000000000ul, PAGE, PROT_READ), ENOMEM);
	tmp();
	file_with("f", "x");
	fd = open("f", O_RDONLY);
	ro = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	fails(mprotect(ro, PAGE, PROT_READ | PROT_WRITE), EACCES);
	ro = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	is(mprotect(ro, PAGE, PROT_READ | PROT_WRITE), 0);
	is(touch(ro, true), 0);
	return tap_done();
}
