/* SPDX-License-Identifier: MIT */
/* What a program finds at its start (System V ABI 3.4.1): argc, argv, envp, the auxiliary vector,
 * the registers. */
#include "tests/guest/tap.h"

#include <elf.h>
#include <sys/auxv.h>
#include <sys/personality.h>

extern char **environ;
extern char _end[];

static Elf64_auxv_t *vector(void)
{
	char **p = environ;

	while (*p)
		p++;
	return (Elf64_auxv_t *)(p + 1);
}

/* As it was passed: some C libraries filter what getauxval() returns. */
static uint64_t raw_aux(uint64_t type)
{
	Elf64_auxv_t *av = vector();

	while (av->a_type != AT_NULL && av->a_type != type)
		av++;
	return av->a_type == type ? av->a_un.a_val : 0;
}

static void auxiliary(char **argv)
{
	Elf64_auxv_t *av = vector();
	const Elf64_Phdr *ph = (void *)getauxval(AT_PHDR);
	bool has_entry = false;
	int n = 0;

	for (; av[n].a_type != AT_NULL && n < 64; n++)
		;
	ok(n >= 15 && n < 64);
	is(getauxval(AT_PAGESZ), PAGE);
	is(getauxval(AT_CLKTCK), 100);
	is(getauxval(AT_PHENT), sizeof(Elf64_Phdr));
	ok(getauxval(AT_PHNUM) > 0 && getauxval(AT_PHNUM) < 64);
	ok(ph != NULL);
	for (unsigned i = 0; ph && i < getauxval(AT_PHNUM); i++)
		has_entry |= ph[i].p_type == PT_LOAD && (ph[i].p_flags & PF_X);
	ok(has_entry);
	ok(getauxval(AT_ENTRY) != 0);
	is(getauxval(AT_BASE), 0);
	is(getauxval(AT_FLAGS), 0);
	is(getauxval(AT_UID), getuid());
	is(getauxval(AT_EUID), geteuid());
	is(getauxval(AT_GID), getgid());
	is(getauxval(AT_EGID), getegid());
	is(getauxval(AT_SECURE), 0);
	ok(getauxval(AT_RANDOM) != 0);
	ok(raw_aux(AT_HWCAP) & 1 << 25, "CPUID.1:EDX: SSE");
	ok(getauxval(AT_SYSINFO_EHDR) != 0);
	ok(getauxval(51) >= 1024, "AT_MINSIGSTKSZ");
	ok(getauxval(AT_PLATFORM) && !strcmp((char *)getauxval(AT_PLATFORM), "x86_64"));
	ok(getauxval(AT_EXECFN) && ((char *)getauxval(AT_EXECFN))[0]);
	ok((char *)av > (char *)argv, "the vector is above argv and envp");
}

static void layout(int argc, char **argv)
{
	uintptr_t stack = (uintptr_t)argv;
	unsigned char *r = (void *)getauxval(AT_RANDOM);
	int zeros = 0;

	is(((long *)argv)[-1], argc);
	is(argv[argc] == NULL, 1);
	is(stack % 16, 8); /* rsp, where argc is, is 16-byte aligned */
	ok(stack < 0x7ffffffff000 && stack > 0x700000000000);
	ok((char *)(argv + argc + 1) == (char *)environ);
	for (int i = 0; r && i < 16; i++)
		zeros += r[i] == 0;
	ok(zeros < 8);
	ok((uintptr_t)sys(brk, 0ul) >= (uintptr_t)_end || (uintptr_t)_end > 0x500000000000);
	is(((uintptr_t)_end >> 47), 0);
	is(personality(0xffffffff), 0);
}

static void floating_point(void)
{
	uint32_t mxcsr;
	uint16_t cw;

	__asm__("stmxcsr %0" : "=m"(mxcsr));
	__asm__("fnstcw %0" : "=m"(cw));
	is(mxcsr & 0xffc0, 0x1f80);
	is(cw, 0x37f);
}

static void machine(void)
{
	uint16_t cs, ss;
	uint64_t flags;

	__asm__("mov %%cs, %0; mov %%ss, %1" : "=r"(cs), "=r"(ss));
	is(cs, 0x33);
	is(ss, 0x2b);
	__asm__("pushfq; pop %0" : "=r"(flags));
	is(flags & 0x200, 0x200);
	is(flags & 0x3000, 0); /* no I/O privilege */
}

int main(int argc, char **argv)
{
	ok(argc >= 1 && argv[0] && argv[0][0]);
	auxiliary(argv);
	layout(argc, argv);
	floating_point();
	machine();
	return tap_done();
}
