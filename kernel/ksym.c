/* SPDX-License-Identifier: MIT */
/*
 * Kernel symbols come from a table made at build time (kernel/ksym.sh): sizes of functions in their
 * order and, in the same order, names. Program symbols are searched in the ELF file behind the
 * mapping, through ordinary file reads: whatever the file claims, the work is bounded and the worst
 * result is no name.
 */
#include "kernel/ksym.h"

#include "kernel/file.h"
#include "kernel/mm.h"
#include "kernel/string.h"
#include "kernel/x86_64/layout.h"

#include <linux/elf.h>

#define SYMBOLS_MAX   (1u << 20) /* of one table looked at */
#define STT_GNU_IFUNC 10	 /* System V ABI, GNU extensions */

/* kernel/ksym.sh */
extern const uint32_t ksym_count, ksym_first; /* functions; where the first is, from KERNEL_BASE */
extern const uint16_t ksym_sizes[]; /* from each to the next, of the last to the text's end */
extern const char ksym_words[], ksym_names[]; /* strings; characters from 128 on stand for words */

static const char *nth_string(const char *strings, uint32_t n)
{
	while (n-- > 0)
		strings += strlen(strings) + 1;
	return strings;
}

static void expand(const char *name, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (; *name; name++) {
		unsigned char c = (unsigned char)*name;

		if (c < 128)
			len += scnprintf(buf + len, size - len, "%c", c);
		else
			len += scnprintf(buf + len, size - len, "%s",
					 nth_string(ksym_words, c - 128u));
	}
}

bool ksym_find(uint64_t addr, char *buf, size_t size, uint64_t *offset)
{
	uint64_t start = KERNEL_BASE + ksym_first;

	for (uint32_t i = 0; i < ksym_count && addr >= start; start += ksym_sizes[i++]) {
		if (addr - start >= ksym_sizes[i])
			continue;
		*offset = addr - start;
		expand(nth_string(ksym_names, i), buf, size);
		return true;
	}
	return false;
}

int ksym_format(uint64_t addr, char *buf, size_t size)
{
	char name[KSYM_NAME_MAX];
	uint64_t offset;

	if (!ksym_find(addr, name, sizeof(name), &offset))
		return scnprintf(buf, size, "0x%lx", addr);
	return scnprintf(buf, size, "%s+0x%lx", name, offset);
}

/* ---- program symbols ---- */

static bool read_at(struct file *f, uint64_t pos, void *buf, size_t len)
{
	struct iter it;

	iter_kernel(&it, buf, len);
	return pos <= INT64_MAX - len && file_read(f, &it, &pos) == (ssize_t)len;
}

/* Link-time address of a file offset: by the PT_LOAD that maps it. */
static bool link_address(struct file *f, const Elf64_Ehdr *eh, uint64_t offset, uint64_t *vaddr)
{
	for (unsigned i = 0; i < eh->e_phnum; i++) {
		Elf64_Phdr ph;

		if (!read_at(f, eh->e_phoff + i * sizeof(ph), &ph, sizeof(ph)))
			return false;
		if (ph.p_type == PT_LOAD && offset >= ph.p_offset &&
		    offset - ph.p_offset < ph.p_filesz) {
			*vaddr = offset - ph.p_offset + ph.p_vaddr;
			return true;
		}
	}
	return false;
}

static bool read_section(struct file *f, const Elf64_Ehdr *eh, unsigned i, Elf64_Shdr *sh)
{
	return i < eh->e_shnum && read_at(f, eh->e_shoff + i * sizeof(*sh), sh, sizeof(*sh));
}

static bool find_section(struct file *f, const Elf64_Ehdr *eh, unsigned type, Elf64_Shdr *sh)
{
	for (unsigned i = 0; read_section(f, eh, i, sh); i++)
		if (sh->sh_type == type)
			return true;
	return false;
}

static bool contains(const Elf64_Sym *s, uint64_t vaddr)
{
	unsigned type = s->st_info & 15;

	return (type == STT_FUNC || type == STT_GNU_IFUNC) && s->st_shndx != SHN_UNDEF &&
	       vaddr >= s->st_value && (s->st_size == 0 || vaddr - s->st_value < s->st_size);
}

/* The function in this symbol table that starts last before vaddr and does not end before it. */
static bool search(struct file *f, const Elf64_Shdr *symtab, uint64_t vaddr, Elf64_Sym *best)
{
	uint64_t left = MIN(symtab->sh_size / sizeof(*best), (uint64_t)SYMBOLS_MAX);
	uint64_t pos = symtab->sh_offset;
	Elf64_Sym chunk[32];
	bool found = false;

	while (left > 0) {
		size_t n = MIN(left, (uint64_t)ARRAY_SIZE(chunk));

		if (!read_at(f, pos, chunk, n * sizeof(chunk[0])))
			break;
		for (size_t i = 0; i < n; i++) {
			if (!contains(&chunk[i], vaddr) ||
			    (found && chunk[i].st_value < best->st_value))
				continue;
			*best = chunk[i];
			found = true;
		}
		left -= n;
		pos += n * sizeof(chunk[0]);
	}
	return found;
}

/* A string of the string table, cut to what fits; unprintable characters end it. */
static bool read_name(struct file *f, const Elf64_Shdr *strtab, uint32_t at, char *name,
		      size_t size)
{
	size_t len = 0;

	if (at >= strtab->sh_size)
		return false;
	while (len < size - 1 && read_at(f, strtab->sh_offset + at + len, &name[len], 1) &&
	       name[len] > ' ' && name[len] <= '~')
		len++;
	name[len] = '\0';
	return len > 0;
}

/* Name of the function at this offset of an ELF file, and the distance from its start. */
static bool find_symbol(struct file *f, uint64_t file_offset, char *name, size_t size,
			uint64_t *offset)
{
	static const unsigned types[] = {SHT_SYMTAB, SHT_DYNSYM};
	Elf64_Ehdr eh;
	uint64_t vaddr;

	if (!read_at(f, 0, &eh, sizeof(eh)) || memcmp(eh.e_ident, ELFMAG, SELFMAG) != 0 ||
	    eh.e_shentsize != sizeof(Elf64_Shdr) || !link_address(f, &eh, file_offset, &vaddr))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		Elf64_Shdr symtab, strtab;
		Elf64_Sym sym;

		if (!find_section(f, &eh, types[i], &symtab) ||
		    !read_section(f, &eh, symtab.sh_link, &strtab) ||
		    !search(f, &symtab, vaddr, &sym) ||
		    !read_name(f, &strtab, sym.st_name, name, size))
			continue;
		*offset = vaddr - sym.st_value;
		return true;
	}
	return false;
}

/* What is mapped at addr: a file (referenced) with the offset into it, or a labelled area with the
 * offset from its start. */
static void locate(struct mm *mm, uaddr_t addr, struct file **file, const char **label,
		   uint64_t *offset)
{
	const struct vma *v;

	mutex_lock(&mm->lock);
	v = mm_find(mm, addr);
	if (v != NULL && v->file != NULL) {
		*file = file_get(v->file);
		*offset = v->offset + (addr - v->start);
	} else if (v != NULL) {
		*label = v->name;
		*offset = addr - v->start;
	}
	mutex_unlock(&mm->lock);
}

int ksym_format_program(struct mm *mm, uaddr_t addr, char *buf, size_t size)
{
	const char *label = NULL;
	struct file *file = NULL;
	uint64_t offset = 0;
	char name[128];

	locate(mm, addr, &file, &label, &offset);
	if (file != NULL) {
		label = find_symbol(file, offset, name, sizeof(name), &offset) ? name : "file";
		file_put(file);
	}
	if (label == NULL)
		return scnprintf(buf, size, "?");
	return scnprintf(buf, size, "%s+0x%lx", label, offset);
}
