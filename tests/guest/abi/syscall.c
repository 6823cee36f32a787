/* SPDX-License-Identifier: MIT */
/*
 * The syscall instruction itself (System V ABI A.2.1): which registers survive, the flags, the red
 * zone, numbers that do not exist, instruction forms that a rewriter could get wrong.
 */
#include "tests/guest/tap.h"

struct all {
	uint64_t rbx, rbp, r12, r13, r14, r15, rdi, rsi, rdx, r10, r8, r9; /* 0..88 */
	uint64_t rax, rcx, r11, flags, rsp, red_near, red_far;		   /* 96..144 */
};

__attribute__((used)) struct all abi_in, abi_out;
void abi_call(void);
extern char abi_return[];

/* One call with abi_in's registers and flags; everything afterwards goes to abi_out. */
__asm__(
    ".text\n"
    "abi_call:\n"
    "push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
    "lea abi_in(%rip), %rax\n"
    "pushq 120(%rax)\n"
    "mov 0(%rax), %rbx; mov 8(%rax), %rbp; mov 16(%rax), %r12; mov 24(%rax), %r13\n"
    "mov 32(%rax), %r14; mov 40(%rax), %r15; mov 48(%rax), %rdi; mov 56(%rax), %rsi\n"
    "mov 64(%rax), %rdx; mov 72(%rax), %r10; mov 80(%rax), %r8; mov 88(%rax), %r9\n"
    "mov 96(%rax), %rax\n"
    "movq $0x111, -16(%rsp); movq $0x222, -120(%rsp)\n" /* -24 and -128 once the flags are popped */
    "mov %rsp, abi_in+128(%rip)\n"
    "popfq\n"
    "syscall\n"
    "abi_return:\n"
    "mov %rcx, abi_out+104(%rip); mov %r11, abi_out+112(%rip); mov %rax, abi_out+96(%rip)\n"
    "pushfq; popq abi_out+120(%rip); cld\n"
    "lea abi_out(%rip), %rcx\n"
    "mov %rbx, 0(%rcx); mov %rbp, 8(%rcx); mov %r12, 16(%rcx); mov %r13, 24(%rcx)\n"
    "mov %r14, 32(%rcx); mov %r15, 40(%rcx); mov %rdi, 48(%rcx); mov %rsi, 56(%rcx)\n"
    "mov %rdx, 64(%rcx); mov %r10, 72(%rcx); mov %r8, 80(%rcx); mov %r9, 88(%rcx)\n"
    "lea -8(%rsp), %rax; mov %rax, 128(%rcx)\n"
    "mov -24(%rsp), %rax; mov %rax, 136(%rcx); mov -128(%rsp), %rax; mov %rax, 144(%rcx)\n"
    "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
    "ret\n");

/* Makes the call and says whether everything but rax, rcx and r11 is as before. */
static bool preserved(uint64_t nr, uint64_t flags)
{
	for (int i = 0; i < 12; i++)
		((uint64_t *)&abi_in)[i] = 0x0101010101010101ul * (i + 3);
	abi_in.rax = nr;
	abi_in.flags = flags | 0x202;
	memset(&abi_out, 0, sizeof(abi_out));
	abi_call();
	return !memcmp(&abi_in, &abi_out, 12 * 8) && abi_out.rsp == abi_in.rsp &&
	       abi_out.red_near == 0x111 && abi_out.red_far == 0x222 &&
	       abi_out.flags == abi_in.flags && abi_out.r11 == abi_in.flags &&
	       abi_out.rcx == (uint64_t)abi_return;
}

static void registers(void)
{
	const uint64_t cf = 1, pf = 4, zf = 0x40, sf = 0x80, df = 0x400, of = 0x800, id = 0x200000;

	ok(preserved(SYS_getpid, 0));
	is(abi_out.rax, getpid());
	ok(preserved(SYS_getpid, cf));
	ok(preserved(SYS_getpid, zf | pf | sf));
	ok(preserved(SYS_getpid, of));
	ok(preserved(SYS_getpid, df));
	ok(preserved(SYS_getpid, cf | pf | zf | sf | df | of));
	ok(preserved(SYS_getpid, id));
	ok(preserved(SYS_read, df)); /* a call that fails */
	is((long)abi_out.rax, -EBADF);
	ok(preserved(10000, df | cf));
	is((long)abi_out.rax, -ENOSYS);
	ok(preserved(SYS_sched_yield, 0));
	is(abi_out.rax, 0);
}

static void unknown_numbers(void)
{
	fails(syscall(10000), ENOSYS);
	fails(syscall(388), ENOSYS); /* a gap in the table */
	fails(syscall(-1), ENOSYS);
	fails(syscall(-1000000), ENOSYS);
	fails(syscall(400), ENOSYS);
	fails(syscall(0x7fffffffl), ENOSYS);
	fails(syscall(SYS_getpid | 0x40000000), ENOSYS); /* x32 */
	fails(syscall(512), ENOSYS);			 /* x32 only */
	preserved(SYS_getpid | 0xabcdul << 32, 0);
	is(abi_out.rax, getpid()); /* only eax is the number */
}

/* Ways to load the number that all occur in real programs. */
static void instruction_forms(void)
{
	long r;

	__asm__ volatile("mov $39, %%eax; syscall" : "=a"(r)::"rcx", "r11", "memory");
	is(r, getpid());
	__asm__ volatile("mov $39, %%rax; syscall" : "=a"(r)::"rcx", "r11", "memory");
	is(r, getpid());
	__asm__ volatile("push $39; pop %%rax; syscall" : "=a"(r)::"rcx", "r11", "memory");
	is(r, getpid());
	__asm__ volatile("mov $0xf00, %%ecx; mov $39, %%eax; jmp 1f; mov $0, %%eax; 1: syscall"
			 : "=a"(r)::"rcx", "r11", "memory");
	is(r, getpid()); /* a jump straight to the syscall */
	__asm__ volatile("xor %%eax, %%eax; mov $39, %%al; nop; syscall"
			 : "=a"(r)::"rcx", "r11", "memory");
	is(r, getpid());
	__asm__ volatile("mov $3, %%r12d; 1: mov $39, %%eax; 2: syscall; dec %%r12d; jz 3f; mov "
			 "$39, %%eax; jmp 2b; 3:"
			 : "=a"(r)::"rcx", "r11", "r12", "memory");
	is(r, getpid());
	__asm__ volatile("mov $39, %%eax; .byte 0x66, 0x90; syscall"
			 : "=a"(r)::"rcx", "r11", "memory");
	is(r, getpid());
}

/* The same code in memory that the program writes, runs, and changes. */
static void generated_code(void)
{
	unsigned char code[] = {0xb8, 39, 0, 0, 0, 0x0f, 0x05, 0xc3};
	unsigned char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int wrong = 0;

	memcpy(p, code, sizeof(code));
	for (int i = 0; i < 100; i++)
		wrong += ((int (*)(void))p)() != getpid();
	is(wrong, 0);
	p[1] = SYS_getppid;
	is(((int (*)(void))p)(), getppid());
	p[1] = 39;
	same(p, code, sizeof(code));
	is(mprotect(p, PAGE, PROT_READ | PROT_EXEC), 0);
	is(((int (*)(void))p)(), getpid());
	same(p, code, sizeof(code)); /* whoever reads the code sees the code */
}

int main(void)
{
	registers();
	unknown_numbers();
	instruction_forms();
	generated_code();
	return tap_done();
}
