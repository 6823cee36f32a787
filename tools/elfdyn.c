/* SPDX-License-Identifier: MIT */
/*
 * The dynamic section is found through the program headers, as the dynamic linker finds it:
 * stripped files have no section headers.
 */
#include "tools/elfdyn.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct file {
	Elf *elf;
	int fd;
	const char *raw; /* the whole file */
	size_t size, n_phdrs;
};

static void file_close(struct file *f)
{
	elf_end(f->elf);
	if (f->fd >= 0)
		close(f->fd);
}

static int file_open(struct file *f, const char *path)
{
	GElf_Ehdr ehdr;

	*f = (struct file){.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
	if (f->fd < 0)
		return -errno;
	if (elf_version(EV_CURRENT) == EV_NONE)
		return -ENOEXEC;
	f->elf = elf_begin(f->fd, ELF_C_READ_MMAP, NULL);
	if (f->elf == NULL || elf_kind(f->elf) != ELF_K_ELF ||
	    gelf_getehdr(f->elf, &ehdr) == NULL || gelf_getclass(f->elf) != ELFCLASS64 ||
	    ehdr.e_machine != EM_X86_64 || ehdr.e_ident[EI_DATA] != ELFDATA2LSB ||
	    (ehdr.e_type != ET_EXEC && ehdr.e_type != ET_DYN) ||
	    elf_getphdrnum(f->elf, &f->n_phdrs) < 0)
		return -ENOEXEC;
	f->raw = elf_rawfile(f->elf, &f->size);
	return f->raw ? 0 : -ENOEXEC;
}

/* A copy of the string at a file offset, which ends at `end` at the latest; NULL if it does not. */
static char *string_at(const struct file *f, uint64_t at, uint64_t end)
{
	if (end > f->size)
		end = f->size;
	if (at >= end || memchr(f->raw + at, '\0', end - at) == NULL)
		return NULL;
	return xstrdup(f->raw + at);
}

/* The file offset of a virtual address, or ~0. */
static uint64_t offset_of(const struct file *f, uint64_t vaddr)
{
	GElf_Phdr p;

	for (size_t i = 0; i < f->n_phdrs; i++)
		if (gelf_getphdr(f->elf, (int)i, &p) && p.p_type == PT_LOAD && vaddr >= p.p_vaddr &&
		    vaddr - p.p_vaddr < p.p_filesz)
			return p.p_offset + (vaddr - p.p_vaddr);
	return ~0ull;
}

static void replace(char **to, char *with)
{
	free(*to);
	*to = with;
}

/* Entries that name strings, once the string table is known. */
static void take_strings(struct elfdyn *d, const struct file *f, Elf_Data *data, uint64_t strtab,
			 uint64_t strsz)
{
	GElf_Dyn dyn;

	for (int i = 0; gelf_getdyn(data, i, &dyn) && dyn.d_tag != DT_NULL; i++) {
		char *text;

		if (dyn.d_tag != DT_NEEDED && dyn.d_tag != DT_SONAME && dyn.d_tag != DT_RPATH &&
		    dyn.d_tag != DT_RUNPATH)
			continue;
		if (dyn.d_un.d_val >= strsz)
			continue;
		text = string_at(f, strtab + dyn.d_un.d_val, strtab + strsz);
		if (text == NULL)
			continue;
		if (dyn.d_tag == DT_NEEDED)
			strvec_add(&d->needed, "%s", text);
		if (dyn.d_tag == DT_SONAME)
			replace(&d->soname, text);
		else if (dyn.d_tag == DT_RPATH)
			replace(&d->rpath, text);
		else if (dyn.d_tag == DT_RUNPATH)
			replace(&d->runpath, text);
		else
			free(text);
	}
}

static void take_dynamic(struct elfdyn *d, const struct file *f, const GElf_Phdr *p)
{
	Elf_Data *data = elf_getdata_rawchunk(f->elf, (int64_t)p->p_offset, p->p_filesz, ELF_T_DYN);
	uint64_t strtab = 0, strsz = 0;
	GElf_Dyn dyn;

	d->dynamic = true;
	for (int i = 0; data && gelf_getdyn(data, i, &dyn) && dyn.d_tag != DT_NULL; i++) {
		if (dyn.d_tag == DT_STRTAB)
			strtab = offset_of(f, dyn.d_un.d_ptr);
		else if (dyn.d_tag == DT_STRSZ)
			strsz = dyn.d_un.d_val;
		else if (dyn.d_tag == DT_FLAGS_1) {
			d->nodeflib = (dyn.d_un.d_val & DF_1_NODEFLIB) != 0;
			d->executable |= (dyn.d_un.d_val & DF_1_PIE) != 0;
		}
	}
	if (data && strtab < f->size && strsz <= f->size - strtab)
		take_strings(d, f, data, strtab, strsz);
}

int elfdyn_read(struct elfdyn *d, const char *path)
{
	struct file f;
	GElf_Ehdr ehdr;
	GElf_Phdr p;
	int err = file_open(&f, path);

	*d = (struct elfdyn){0};
	if (err == 0)
		d->executable = gelf_getehdr(f.elf, &ehdr) && ehdr.e_type == ET_EXEC;
	for (size_t i = 0; err == 0 && i < f.n_phdrs; i++) {
		if (gelf_getphdr(f.elf, (int)i, &p) == NULL)
			err = -ENOEXEC;
		else if (p.p_type == PT_INTERP && d->interp == NULL)
			d->interp = string_at(&f, p.p_offset, p.p_offset + p.p_filesz);
		else if (p.p_type == PT_DYNAMIC)
			take_dynamic(d, &f, &p);
		else if (p.p_type == PT_LOAD && (p.p_flags & PF_W))
			d->writable += p.p_memsz;
	}
	file_close(&f);
	return err;
}

void elfdyn_free(struct elfdyn *d)
{
	free(d->interp);
	free(d->soname);
	free(d->rpath);
	free(d->runpath);
	strvec_free(&d->needed);
}

static bool section_defines(Elf *elf, Elf_Scn *section, const char *symbol)
{
	Elf_Data *data = elf_getdata(section, NULL);
	GElf_Shdr shdr;
	GElf_Sym sym;

	if (gelf_getshdr(section, &shdr) == NULL || shdr.sh_type != SHT_DYNSYM)
		return false;
	for (int i = 0; data && gelf_getsym(data, i, &sym); i++) {
		const char *name = elf_strptr(elf, shdr.sh_link, sym.st_name);

		if (name && sym.st_shndx != SHN_UNDEF && strcmp(name, symbol) == 0)
			return true;
	}
	return false;
}

bool elfdyn_defines(const char *path, const char *symbol)
{
	struct file f;
	bool found = false;

	if (file_open(&f, path) == 0)
		for (Elf_Scn *s = NULL; !found && (s = elf_nextscn(f.elf, s));)
			found = section_defines(f.elf, s, symbol);
	file_close(&f);
	return found;
}
