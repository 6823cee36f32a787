/* SPDX-License-Identifier: MIT */
/* Dynamic symbols through libelf. Damaged files end in fewer symbols, never in a crash. */
#include "tools/imports.h"

#include "tools/util.h"

#include <gelf.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

typedef void symbol_fn(void *ctx, const char *name, const GElf_Sym *sym);

static void each_symbol(const char *bytes, size_t size, symbol_fn *fn, void *ctx)
{
	Elf *elf =
	    elf_version(EV_CURRENT) == EV_NONE ? NULL : elf_memory((char *)(uintptr_t)bytes, size);
	GElf_Shdr section;
	GElf_Sym sym;

	for (Elf_Scn *s = NULL; elf && (s = elf_nextscn(elf, s));) {
		Elf_Data *data = elf_getdata(s, NULL);

		if (gelf_getshdr(s, &section) == NULL || section.sh_type != SHT_DYNSYM)
			continue;
		for (int i = 1; data && gelf_getsym(data, i, &sym); i++) {
			const char *name = elf_strptr(elf, section.sh_link, sym.st_name);

			if (name && *name)
				fn(ctx, name, &sym);
		}
	}
	elf_end(elf);
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void note_import(void *ctx, const char *name, const GElf_Sym *sym)
{
	struct imports *i = ctx;

	if (sym->st_shndx == SHN_UNDEF && tfind(name, &i->names, compare) == NULL)
		tsearch(xstrdup(name), &i->names, compare);
}

void imports_add(struct imports *i, const char *data, size_t size)
{
	each_symbol(data, size, note_import, i);
}

bool imports_have(const struct imports *i, const char *name)
{
	return tfind(name, &i->names, compare) != NULL;
}

void imports_free(struct imports *i)
{
	while (i->names) {
		char *name = *(char **)i->names;

		tdelete(name, &i->names, compare);
		free(name);
	}
}

static void note_export(void *ctx, const char *name, const GElf_Sym *sym)
{
	struct exports *e = ctx;

	if (sym->st_shndx == SHN_UNDEF || GELF_ST_TYPE(sym->st_info) != STT_FUNC)
		return;
	if (e->n == e->room) {
		e->room = e->room ? 2 * e->room : 256;
		e->v = xrealloc(e->v, e->room * sizeof(*e->v));
	}
	e->v[e->n++] = (struct export){sym->st_value, name};
}

void exports_read(struct exports *e, const char *data, size_t size)
{
	*e = (struct exports){0};
	each_symbol(data, size, note_export, e);
}

bool exports_unused(const struct exports *e, uint64_t address, const struct imports *i)
{
	bool exported = false;

	for (size_t k = 0; k < e->n; k++) {
		if (e->v[k].address != address)
			continue;
		if (imports_have(i, e->v[k].name))
			return false;
		exported = true;
	}
	return exported;
}

void exports_free(struct exports *e)
{
	free(e->v);
}
