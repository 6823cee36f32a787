/* SPDX-License-Identifier: MIT */
/*
 * Descriptive facts of an ELF file through libelf, for messages. What may run is decided by
 * loader/elf.h.
 */
#ifndef TOOLS_ELFINFO_H
#define TOOLS_ELFINFO_H

#include <stdint.h>

/* "AArch64", "Intel 80386", "machine type 9999", or "an unknown machine" if the header cannot be
 * read. text[32]. */
const char *elf_machine_text(int fd, char *text);
/* One past the highest physical address the segments of an ELF in memory take; 0 if it is no ELF.
 */
uint64_t elf_physical_end(const void *image, uint64_t size);

#endif
