/* SPDX-License-Identifier: MIT */
/* The vDSO (vdso(7)): found through AT_SYSINFO_EHDR, has the documented symbols, and agrees with
 * the system calls. */
#include "tests/guest/tap.h"

#include <elf.h>
#include <sys/auxv.h>
#include <sys/time.h>
#include <time.h>

static const char *base;

/* Address of a dynamic symbol of the vDSO, as the dynamic linker would find it. */
static void *symbol(const char *name)
{
	const Elf64_Ehdr *eh = (const void *)base;
	const Elf64_Phdr *ph = (const void *)(base + eh->e_phoff);
	const Elf64_Dyn *dyn = NULL;
	const Elf64_Sym *sym = NULL;
	const char *str = NULL;
	const uint32_t *hash = NULL;
	uint64_t bias = 0;
	bool found = false;

	for (int i = 0; i < eh->e_phnum; i++) {
		if (ph[i].p_type == PT_LOAD && !found) {
			bias = (uint64_t)base + ph[i].p_offset - ph[i].p_vaddr;
			found = true;
		} else if (ph[i].p_type == PT_DYNAMIC) {
			dyn = (const void *)(base + ph[i].p_offset);
		}
	}
	for (; dyn && dyn->d_tag != DT_NULL; dyn++) {
		if (dyn->d_tag == DT_SYMTAB)
			sym = (const void *)(dyn->d_un.d_ptr + bias);
		else if (dyn->d_tag == DT_STRTAB)
			str = (const void *)(dyn->d_un.d_ptr + bias);
		else if (dyn->d_tag == DT_HASH)
			hash = (const void *)(dyn->d_un.d_ptr + bias);
	}
	for (uint32_t i = 0; sym && str && hash && i < hash[1]; i++)
		if (sym[i].st_shndx && !strcmp(str + sym[i].st_name, name))
			return (void *)(sym[i].st_value + bias);
	return NULL;
}

static void agrees(void)
{
	int (*cgt)(int, struct timespec *) = symbol("__vdso_clock_gettime");
	int (*gtod)(struct timeval *, void *) = symbol("__vdso_gettimeofday");
	time_t (*tm)(time_t *) = symbol("__vdso_time");
	int (*cpu)(unsigned *, unsigned *, void *) = symbol("__vdso_getcpu");
	struct timespec a, b, c;
	struct timeval tv;
	unsigned n = 99, node = 99;
	int wrong = 0;

	if (!ok(cgt && gtod && tm && cpu))
		return;
	for (int clock = 0; clock < 2; clock++)
		for (int i = 0; i < 500; i++) {
			sys(clock_gettime, clock, &a);
			wrong += cgt(clock, &b) != 0;
			sys(clock_gettime, clock, &c);
			wrong +=
			    b.tv_sec < a.tv_sec || (b.tv_sec == a.tv_sec && b.tv_nsec < a.tv_nsec);
			wrong +=
			    c.tv_sec < b.tv_sec || (c.tv_sec == b.tv_sec && c.tv_nsec < b.tv_nsec);
		}
	is(wrong, 0);
	is(gtod(&tv, NULL), 0);
	clock_gettime(CLOCK_REALTIME, &a);
	ok(labs(a.tv_sec - tv.tv_sec) <= 2);
	ok(labs(tm(NULL) - a.tv_sec) <= 2);
	is(cpu(&n, &node, NULL), 0);
	ok(n < 4096);
	ok(cgt(99, &a) != 0);
	is(cgt(CLOCK_PROCESS_CPUTIME_ID, &a), 0);
	is(cgt(CLOCK_BOOTTIME, &a), 0);
	is(cgt(CLOCK_MONOTONIC_COARSE, &a), 0);
}

int main(void)
{
	unsigned n = 99;

	base = (const char *)getauxval(AT_SYSINFO_EHDR);
	if (!ok(base != NULL))
		return tap_done();
	same(base, ELFMAG, 4);
	is(((uintptr_t)base & (PAGE - 1)), 0);
	is(((const Elf64_Ehdr *)base)->e_type, ET_DYN);
	is(((const Elf64_Ehdr *)base)->e_machine, EM_X86_64);
	ok(symbol("clock_gettime") != NULL);
	agrees();
	is(sys(getcpu, &n, NULL, NULL), 0);
	ok(n < 4096);
	fails(sys(getcpu, BAD, NULL, NULL), EFAULT);
	return tap_done();
}
