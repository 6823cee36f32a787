/* SPDX-License-Identifier: MIT */
/*
 * Segments, symbols, the dynamic section's functions and relocations that give code addresses.
 * Section headers are used where there are some; a file without them is still read by its program
 * headers.
 */
#include "tools/scan_elf.h"

#include "tools/util.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/* n elements of a table in the file, or NULL. */
static const void *table(const struct scan_elf *e, uint64_t offset, uint64_t n, size_t size)
{
	if (offset > e->size || n > (e->size - offset) / size)
		return NULL;
	return e->data + offset;
}

const uint8_t *scan_elf_at(const struct scan_elf *e, uint64_t address, uint64_t *left)
{
	for (size_t i = 0; i < e->n_spans; i++) {
		const struct scan_span *s = &e->spans[i];

		if (address < s->address || address - s->address >= s->size)
			continue;
		*left = s->size - (address - s->address);
		return s->bytes + (address - s->address);
	}
	*left = 0;
	return NULL;
}

const struct scan_span *scan_elf_code(const struct scan_elf *e, uint64_t address)
{
	for (size_t i = 0; i < e->n_spans; i++) {
		const struct scan_span *s = &e->spans[i];

		if (s->exec && address >= s->address && address - s->address < s->size)
			return s;
	}
	return NULL;
}

size_t scan_elf_starts_up_to(const struct scan_elf *e, uint64_t address)
{
	size_t lo = 0, hi = e->n_starts;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (e->starts[mid].address <= address)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct scan_frame *scan_elf_frame(const struct scan_elf *e, uint64_t address)
{
	size_t lo = 0, hi = e->n_frames;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (e->frames[mid].begin <= address)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo && address < e->frames[lo - 1].end ? &e->frames[lo - 1] : NULL;
}

void scan_elf_add_start(struct scan_elf *e, const struct scan_start *start)
{
	if (scan_elf_code(e, start->address) == NULL)
		return;
	if (e->n_starts == e->starts_room) {
		e->starts_room = e->starts_room ? 2 * e->starts_room : 1024;
		e->starts = xrealloc(e->starts, e->starts_room * sizeof(*e->starts));
	}
	e->starts[e->n_starts++] = *start;
}

static void add_function(struct scan_elf *e, uint64_t address)
{
	scan_elf_add_start(e, &(struct scan_start){.address = address});
}

void scan_elf_add_frame(struct scan_elf *e, const struct scan_frame *frame)
{
	if (scan_elf_code(e, frame->begin) == NULL || frame->end <= frame->begin)
		return;
	if (e->n_frames == e->frames_room) {
		e->frames_room = e->frames_room ? 2 * e->frames_room : 1024;
		e->frames = xrealloc(e->frames, e->frames_room * sizeof(*e->frames));
	}
	e->frames[e->n_frames++] = *frame;
	if (!frame
		 ->signal) /* it begins one byte early, so that the byte before the code is in it */
		add_function(e, frame->begin);
}

/* ---- segments ---- */

static void add_span(struct scan_elf *e, const Elf64_Phdr *p)
{
	uint64_t size = p->p_filesz;

	if (e->n_spans == SCAN_MAX_SPANS || p->p_offset >= e->size ||
	    p->p_vaddr > UINT64_MAX - p->p_memsz)
		return;
	if (size > e->size - p->p_offset)
		size = e->size - p->p_offset;
	if (size)
		e->spans[e->n_spans++] = (struct scan_span){
		    p->p_vaddr, size, p->p_offset, e->data + p->p_offset, (p->p_flags & PF_X) != 0};
}

/*
 * Section headers tell code from the constants that some linkers put into the same segment: then
 * only sections are executable spans, beside the segments they are in.
 */
static void use_sections(struct scan_elf *e, const Elf64_Ehdr *eh)
{
	const Elf64_Shdr *v = table(e, eh->e_shoff, eh->e_shnum, sizeof(*v));
	size_t segments = e->n_spans;

	if (eh->e_shentsize != sizeof(*v) || eh->e_shoff % 8)
		return;
	for (unsigned i = 0; v && i < eh->e_shnum; i++) {
		const struct scan_span *s;
		uint64_t left;

		if (!(v[i].sh_flags & SHF_EXECINSTR) || v[i].sh_type == SHT_NOBITS ||
		    v[i].sh_size == 0 || (s = scan_elf_code(e, v[i].sh_addr)) == NULL ||
		    scan_elf_at(e, v[i].sh_addr, &left) == NULL || v[i].sh_size > left)
			continue;
		if (e->n_spans == SCAN_MAX_SPANS) {
			e->n_spans = segments;
			return;
		}
		e->spans[e->n_spans++] = (struct scan_span){
		    v[i].sh_addr, v[i].sh_size, s->offset + (v[i].sh_addr - s->address),
		    s->bytes + (v[i].sh_addr - s->address), true};
	}
	for (size_t i = 0; i < segments && e->n_spans > segments; i++)
		e->spans[i].exec = false;
}

/* ---- symbols ---- */

/* Labels without a type count: assembly has them, and somebody may jump there. */
static void add_symbols(struct scan_elf *e, const Elf64_Shdr *symbols, const Elf64_Shdr *strings)
{
	uint64_t n = symbols->sh_size / sizeof(Elf64_Sym);
	const Elf64_Sym *v = table(e, symbols->sh_offset, n, sizeof(*v));
	const char *text = table(e, strings->sh_offset, strings->sh_size, 1);

	if (v == NULL || text == NULL || strings->sh_size == 0 || text[strings->sh_size - 1])
		return;
	for (uint64_t i = 0; i < n; i++) {
		unsigned type = ELF64_ST_TYPE(v[i].st_info);

		if (v[i].st_shndx == SHN_UNDEF || v[i].st_name >= strings->sh_size ||
		    (type != STT_FUNC && type != STT_NOTYPE && type != STT_GNU_IFUNC))
			continue;
		scan_elf_add_start(
		    e, &(struct scan_start){.address = v[i].st_value,
					    .size = v[i].st_size,
					    .name = text[v[i].st_name] ? text + v[i].st_name : NULL,
					    .label = type == STT_NOTYPE});
	}
}

/* Symbols; and .eh_frame, which files without .eh_frame_hdr have too. */
static void read_sections(struct scan_elf *e, const Elf64_Ehdr *eh)
{
	const Elf64_Shdr *v = table(e, eh->e_shoff, eh->e_shnum, sizeof(*v));
	const Elf64_Shdr *names = v && eh->e_shstrndx < eh->e_shnum ? &v[eh->e_shstrndx] : NULL;

	if (eh->e_shentsize != sizeof(*v) || eh->e_shoff % 8)
		return;
	for (unsigned i = 0; v && i < eh->e_shnum; i++) {
		const char *name = "";

		if ((v[i].sh_type == SHT_SYMTAB || v[i].sh_type == SHT_DYNSYM) &&
		    v[i].sh_link < eh->e_shnum && v[i].sh_offset % 8 == 0)
			add_symbols(e, &v[i], &v[v[i].sh_link]);
		if (names && v[i].sh_name < names->sh_size &&
		    names->sh_size - v[i].sh_name > strlen(".eh_frame") &&
		    table(e, names->sh_offset, names->sh_size, 1))
			name = (const char *)e->data + names->sh_offset + v[i].sh_name;
		if (e->n_frames == 0 && strncmp(name, ".eh_frame", sizeof(".eh_frame")) == 0 &&
		    v[i].sh_type != SHT_NOBITS)
			scan_frames_read(e, v[i].sh_addr, v[i].sh_size);
	}
}

/* ---- the dynamic section ---- */

static void add_relocations(struct scan_elf *e, uint64_t address, uint64_t size)
{
	uint64_t left;
	const uint8_t *at = scan_elf_at(e, address, &left);

	for (; at && size >= sizeof(Elf64_Rela) && left >= sizeof(Elf64_Rela);
	     size -= sizeof(Elf64_Rela), left -= sizeof(Elf64_Rela), at += sizeof(Elf64_Rela)) {
		Elf64_Rela r;

		memcpy(&r, at, sizeof(r));
		if (ELF64_R_TYPE(r.r_info) == R_X86_64_RELATIVE ||
		    ELF64_R_TYPE(r.r_info) == R_X86_64_IRELATIVE)
			scan_elf_add_start(e, &(struct scan_start){.address = (uint64_t)r.r_addend,
								   .label = true});
	}
}

static void add_array(struct scan_elf *e, uint64_t address, uint64_t size)
{
	uint64_t left;
	const uint8_t *at = scan_elf_at(e, address, &left);

	for (uint64_t i = 0; at && i + 8 <= size && i + 8 <= left; i += 8) {
		uint64_t function;

		memcpy(&function, at + i, sizeof(function));
		add_function(e, function);
	}
}

static void read_dynamic(struct scan_elf *e, const Elf64_Phdr *p)
{
	uint64_t d[DT_FINI_ARRAYSZ + 1] = {0};
	uint64_t n = p->p_filesz / sizeof(Elf64_Dyn);
	const uint8_t *at = table(e, p->p_offset, n, sizeof(Elf64_Dyn));

	for (uint64_t i = 0; at && i < n; i++) {
		Elf64_Dyn dyn;

		memcpy(&dyn, at + i * sizeof(dyn), sizeof(dyn));
		if (dyn.d_tag == DT_NULL)
			break;
		if (dyn.d_tag > 0 && (uint64_t)dyn.d_tag <= DT_FINI_ARRAYSZ)
			d[dyn.d_tag] = dyn.d_un.d_val;
	}
	add_function(e, d[DT_INIT]);
	add_function(e, d[DT_FINI]);
	add_array(e, d[DT_INIT_ARRAY], d[DT_INIT_ARRAYSZ]);
	add_array(e, d[DT_FINI_ARRAY], d[DT_FINI_ARRAYSZ]);
	if (e->n_frames == 0) /* else all functions are known, and these can be a million */
		add_relocations(e, d[DT_RELA], d[DT_RELASZ]);
}

/* ---- the whole ---- */

/* By address; functions first, then what has a name and a size. */
static int start_order(const void *a, const void *b)
{
	const struct scan_start *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	if (x->label != y->label)
		return x->label ? 1 : -1;
	if ((x->name == NULL) != (y->name == NULL))
		return x->name == NULL ? 1 : -1;
	if (x->size != y->size)
		return x->size > y->size ? -1 : 1;
	return x->name ? strcmp(x->name, y->name) : 0;
}

static int frame_order(const void *a, const void *b)
{
	const struct scan_frame *x = a, *y = b;

	if (x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	return x->end < y->end ? -1 : x->end > y->end;
}

void scan_elf_sort(struct scan_elf *e)
{
	size_t n = 0;

	if (e->n_starts)
		qsort(e->starts, e->n_starts, sizeof(*e->starts), start_order);
	for (size_t i = 0; i < e->n_starts; i++) {
		struct scan_start *s = &e->starts[i], *last = n ? &e->starts[n - 1] : NULL;

		if (last == NULL || s->address != last->address)
			e->starts[n++] = *s;
		else if (last->name == NULL) /* a label's name is better than none */
			last->name = s->name;
	}
	e->n_starts = n;
	if (e->n_frames)
		qsort(e->frames, e->n_frames, sizeof(*e->frames), frame_order);
}

static bool check_header(const struct scan_elf *e, Elf64_Ehdr *eh)
{
	if (e->size < sizeof(*eh))
		return false;
	memcpy(eh, e->data, sizeof(*eh));
	return memcmp(eh->e_ident, ELFMAG, SELFMAG) == 0 && eh->e_ident[EI_CLASS] == ELFCLASS64 &&
	       eh->e_ident[EI_DATA] == ELFDATA2LSB && eh->e_machine == EM_X86_64 &&
	       (eh->e_type == ET_EXEC || eh->e_type == ET_DYN) &&
	       eh->e_phentsize == sizeof(Elf64_Phdr);
}

bool scan_elf_open(struct scan_elf *e, const uint8_t *data, uint64_t size)
{
	const Elf64_Phdr *ph;
	Elf64_Ehdr eh;

	*e = (struct scan_elf){.data = data, .size = size};
	if (!check_header(e, &eh))
		return false;
	ph = table(e, eh.e_phoff, eh.e_phnum, sizeof(*ph));
	if (ph == NULL || eh.e_phoff % 8)
		return false;
	e->placed = eh.e_type == ET_EXEC;
	for (unsigned i = 0; i < eh.e_phnum; i++)
		if (ph[i].p_type == PT_LOAD)
			add_span(e, &ph[i]);
	use_sections(e, &eh);
	return true;
}

void scan_elf_read(struct scan_elf *e)
{
	const Elf64_Phdr *ph;
	Elf64_Ehdr eh;

	memcpy(&eh, e->data, sizeof(eh));
	ph = (const void *)(e->data + eh.e_phoff);
	for (unsigned i = 0; i < eh.e_phnum; i++)
		if (ph[i].p_type == PT_GNU_EH_FRAME)
			scan_frames_read(e, scan_frames_find(e, ph[i].p_vaddr), UINT64_MAX);
	read_sections(e, &eh);
	for (unsigned i = 0; i < eh.e_phnum; i++)
		if (ph[i].p_type == PT_DYNAMIC)
			read_dynamic(e, &ph[i]);
	add_function(e, eh.e_entry);
	e->go = scan_go_read(e);
	scan_elf_sort(e);
}

void scan_elf_close(struct scan_elf *e)
{
	free(e->starts);
	free(e->frames);
	*e = (struct scan_elf){0};
}
