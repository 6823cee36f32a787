/* SPDX-License-Identifier: MIT */
/*
 * libelf reads both classes and byte orders alike (gelf), which is what a message about a foreign
 * file needs.
 */
#include "tools/elfinfo.h"

#include <gelf.h>
#include <stdio.h>

struct machine {
	unsigned em;
	const char *name;
};

static const struct machine machines[] = {
    {EM_386, "Intel 80386"},  {EM_X86_64, "x86-64"},
    {EM_AARCH64, "AArch64"},  {EM_ARM, "ARM"},
    {EM_RISCV, "RISC-V"},     {EM_PPC64, "PowerPC64"},
    {EM_PPC, "PowerPC"},      {EM_S390, "IBM S/390"},
    {EM_MIPS, "MIPS"},	      {EM_SPARC, "SPARC"},
    {EM_SPARCV9, "SPARC v9"}, {EM_IA_64, "Itanium"},
    {EM_ALPHA, "Alpha"},      {EM_68K, "Motorola 68000"},
    {EM_SH, "SuperH"},	      {EM_PARISC, "HP PA-RISC"},
    {EM_BPF, "BPF"},	      {EM_AVR, "AVR"},
    {EM_XTENSA, "Xtensa"},    {EM_MSP430, "MSP430"},
    {258, "LoongArch"},	      {EM_FAKE_ALPHA, "Alpha"},
};

static const char *machine_name(unsigned em, char *text)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (machines[i].em == em)
			return machines[i].name;
	snprintf(text, 32, "machine type %u", em);
	return text;
}

const char *elf_machine_text(int fd, char *text)
{
	const char *name = "an unknown machine";
	GElf_Ehdr ehdr;
	Elf *elf;

	if (elf_version(EV_CURRENT) == EV_NONE)
		return name;
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf && elf_kind(elf) == ELF_K_ELF && gelf_getehdr(elf, &ehdr))
		name = machine_name(ehdr.e_machine, text);
	elf_end(elf);
	return name;
}

uint64_t elf_physical_end(const void *image, uint64_t size)
{
	uint64_t end = 0;
	size_t n = 0;
	Elf *elf;

	if (elf_version(EV_CURRENT) == EV_NONE)
		return 0;
	elf = elf_memory((char *)(uintptr_t)image, size); /* it only reads */
	if (elf && elf_kind(elf) == ELF_K_ELF && elf_getphdrnum(elf, &n) == 0) {
		for (size_t i = 0; i < n; i++) {
			GElf_Phdr phdr;

			if (gelf_getphdr(elf, (int)i, &phdr) && phdr.p_type == PT_LOAD &&
			    phdr.p_paddr + phdr.p_memsz > end)
				end = phdr.p_paddr + phdr.p_memsz;
		}
	}
	elf_end(elf);
	return end;
}
