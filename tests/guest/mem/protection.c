/* SPDX-License-Identifier: MIT */
/*
 * What the program must not be able to do: write its code or constants, run its data, reach page 0
 * or the kernel's half by itself or through a system call.
 */
#include "tests/guest/tap.h"

#include <setjmp.h>

static sigjmp_buf trap;
static volatile int code;
static volatile char sink;
static char data[64] = {(char)0xc3}; /* ret */
static const char constant[64] = "constant";

static void on_fault(int sig, siginfo_t *si, void *uc)
{
	code = si->si_code;
	siglongjmp(trap, sig);
}

static int read_at(uintptr_t addr)
{
	int sig = sigsetjmp(trap, 1);

	if (sig == 0)
		sink = *(volatile char *)addr;
	return sig;
}

/* Writes back what is there, so that nothing breaks where it works. */
static int write_at(uintptr_t addr)
{
	int sig = sigsetjmp(trap, 1);

	if (sig == 0)
		__asm__ volatile("lock orb $0, (%0)" ::"r"(addr) : "memory");
	return sig;
}

static int call_at(uintptr_t addr)
{
	int sig = sigsetjmp(trap, 1);

	if (sig == 0)
		((void (*)(void))addr)();
	return sig;
}

static void own_memory(void)
{
	char on_stack[16] = {(char)0xc3}, *on_heap = malloc(100);

	on_heap[0] = (char)0xc3;
	is(write_at((uintptr_t)on_fault), SIGSEGV);
	is(code, SEGV_ACCERR);
	is(write_at((uintptr_t)constant), SIGSEGV);
	is(code, SEGV_ACCERR);
	is(call_at((uintptr_t)data), SIGSEGV);
	is(code, SEGV_ACCERR);
	is(call_at((uintptr_t)on_stack), SIGSEGV);
	is(call_at((uintptr_t)on_heap), SIGSEGV);
	is(call_at((uintptr_t)constant), SIGSEGV);
	is(read_at((uintptr_t)on_fault), 0);
}

static void page_zero(void)
{
	long low;

	is(read_at(0), SIGSEGV);
	is(write_at(8), SIGSEGV);
	is(call_at(0), SIGSEGV);
	is(read_at(0xffff), SIGSEGV);
	low = sys(mmap, 0ul, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0l);
	if (low == 0)
		munmap(NULL, PAGE);
	if (is_root() && low == 0)
		skip("root may map page 0 here");
	else
		ok(low == -1 && errno == EPERM);
}

static void kernel_half(void)
{
	is(read_at(0xffffa00000000000), SIGSEGV);  /* xfail: kernel and program share ring 3 */
	is(write_at(0xffffa00000000000), SIGSEGV); /* xfail: kernel and program share ring 3 */
	is(call_at(0xffffa00000000000), SIGSEGV);
	is(read_at(0xffffffff80100000), SIGSEGV); /* xfail: kernel and program share ring 3 */
	is(write_at(0xffffffff80100000), SIGSEGV);
	is(read_at(0xffff800000000000), SIGSEGV);
	is(read_at(0xffffffffffffffff), SIGSEGV);
	is(read_at(0x8000000000000000), SIGSEGV);
	is(read_at(0x7ffffffff000), SIGSEGV);
}

static void through_calls(void)
{
	static const uintptr_t at[] = {0,
				       0x1000,
				       0xffffa00000000000,
				       0xffffffff80100000,
				       0xffffffffc0000000,
				       0xffff800000000000,
				       0x7ffffffff000,
				       0xfffffffffffffff8};
	int null = open("/dev/null", O_WRONLY), zero = open("/dev/zero", O_RDONLY), p[2];

	pipe2(p, O_NONBLOCK);
	for (unsigned i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		fails(sys(write, p[1], at[i], 8ul), EFAULT);
		fails(sys(read, zero, at[i], 8ul), EFAULT);
		fails(sys(open, at[i], O_RDONLY), EFAULT);
		fails(sys(uname, at[i]), EFAULT);
	}
	fails(sys(mprotect, 0xffffa00000000000, PAGE, PROT_READ), ENOMEM);
	fails(sys(munmap, 0xffffffff80100000, PAGE), EINVAL);
	close(null);
}

int main(void)
{
	struct sigaction sa = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};

	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
	own_memory();
	page_zero();
	kernel_half();
	through_calls();
	return tap_done();
}
