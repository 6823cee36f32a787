/* SPDX-License-Identifier: MIT */
/*
 * ELF64 x86-64 executables: elf_parse() turns an untrusted file into a checked struct elf_image,
 * elf_map() puts that image into an address space through callbacks. Nothing after elf_parse()
 * looks at the file's headers again, so every rule about what a file may say is in this file's
 * first half. Refused is what Linux could not run correctly either: what real linkers produce
 * (segments sharing a file page, odd p_align, empty segments) passes.
 *
 * Pure: no state, no allocation; compiled into the kernel, the host command, the unit tests and the
 * fuzzer.
 */
#include "loader/elf.h"

#include "kernel/abi/linux.h"
#include "kernel/string.h"

#include <linux/elf-em.h>
#include <linux/elf.h>

#define PHDR_TABLE_MAX 65536 /* bytes; Linux's limit in load_elf_phdrs() */

/* What the parser knows besides its result. */
struct parse {
	elf_read_fn read;
	void *ctx;
	uint64_t file_size;
	Elf64_Ehdr eh;
	struct elf_image *img;
};

static bool in_file(const struct parse *p, uint64_t offset, uint64_t len)
{
	return offset <= p->file_size && len <= p->file_size - offset;
}

static enum elf_error read_header(struct parse *p)
{
	Elf64_Ehdr *eh = &p->eh;
	size_t n = MIN(p->file_size, (uint64_t)sizeof(*eh));

	memset(eh, 0, sizeof(*eh));
	if (n < SELFMAG)
		return ELF_NOT_ELF;
	if (p->read(p->ctx, 0, eh, n) < 0)
		return ELF_READ_FAILED;
	if (memcmp(eh->e_ident, ELFMAG, SELFMAG) != 0)
		return ELF_NOT_ELF;
	if (n > EI_CLASS && eh->e_ident[EI_CLASS] == ELFCLASS32)
		return ELF_CLASS_32;
	if (n > EI_DATA && eh->e_ident[EI_DATA] == ELFDATA2MSB)
		return ELF_BIG_ENDIAN;
	if (n < sizeof(*eh))
		return ELF_TRUNCATED_HEADER;
	return ELF_OK;
}

static enum elf_error check_header(const struct parse *p)
{
	const Elf64_Ehdr *eh = &p->eh;

	if (eh->e_ident[EI_CLASS] != ELFCLASS64 || eh->e_ident[EI_DATA] != ELFDATA2LSB)
		return ELF_NOT_ELF;
	if (eh->e_version != EV_CURRENT)
		return ELF_BAD_VERSION;
	if (eh->e_machine != EM_X86_64)
		return ELF_BAD_MACHINE;
	if (eh->e_type != ET_EXEC && eh->e_type != ET_DYN)
		return ELF_BAD_TYPE;
	if (eh->e_phnum == 0)
		return ELF_NO_SEGMENTS;
	if (eh->e_phentsize != sizeof(Elf64_Phdr) ||
	    eh->e_phnum > PHDR_TABLE_MAX / sizeof(Elf64_Phdr) ||
	    !in_file(p, eh->e_phoff, eh->e_phnum * sizeof(Elf64_Phdr)))
		return ELF_BAD_PHDRS;
	return ELF_OK;
}

static uint64_t page_start(const struct elf_segment *s)
{
	return ALIGN_DOWN(s->vaddr, PAGE_SIZE);
}

static uint64_t page_end(const struct elf_segment *s)
{
	return ALIGN_UP(s->vaddr + s->memsz, PAGE_SIZE);
}

/*
 * May b follow a? Only the one page at the border can be shared. Linux maps in order, so that page
 * ends up with b's file page; this is right when both want the same file page there and a has no
 * zeroed part in it. A b without file contents leaves the page as it is, which asks for equal
 * rights.
 */
static bool may_follow(const struct elf_segment *a, const struct elf_segment *b)
{
	if (b->vaddr < a->vaddr + a->memsz)
		return false;
	if (page_start(b) >= page_end(a))
		return true;
	if (b->filesz == 0)
		return a->prot == b->prot;
	return a->memsz == a->filesz && b->offset - a->offset == b->vaddr - a->vaddr;
}

static unsigned segment_prot(uint32_t flags)
{
	return (flags & PF_R ? PROT_READ : 0) | (flags & PF_W ? PROT_WRITE : 0) |
	       (flags & PF_X ? PROT_EXEC : 0);
}

/* One PT_LOAD: check it by itself and against its predecessor, and record it. */
static enum elf_error add_segment(struct parse *p, const Elf64_Phdr *ph)
{
	struct elf_image *img = p->img;
	struct elf_segment s = {
	    .vaddr = ph->p_vaddr,
	    .memsz = ph->p_memsz,
	    .offset = ph->p_offset,
	    .filesz = ph->p_filesz,
	    .prot = segment_prot(ph->p_flags),
	};

	if (s.filesz > s.memsz || s.memsz > TASK_SIZE || s.vaddr > TASK_SIZE - s.memsz)
		return ELF_BAD_SEGMENT;
	if (s.filesz > 0 &&
	    (!in_file(p, s.offset, s.filesz) || !IS_ALIGNED(s.vaddr - s.offset, PAGE_SIZE)))
		return ELF_BAD_SEGMENT;
	if (s.memsz == 0)
		return ELF_OK;
	if (img->n_segments == ELF_MAX_SEGMENTS)
		return ELF_BAD_PHDRS;
	if (img->n_segments > 0 && !may_follow(&img->segments[img->n_segments - 1], &s))
		return ELF_OVERLAP;
	if (ph->p_align > img->align && (ph->p_align & (ph->p_align - 1)) == 0)
		img->align = ph->p_align;
	if (img->phdr_vaddr == 0 && p->eh.e_phoff >= s.offset &&
	    p->eh.e_phoff - s.offset < s.filesz)
		img->phdr_vaddr = p->eh.e_phoff - s.offset + s.vaddr;
	img->segments[img->n_segments++] = s;
	return ELF_OK;
}

/* PT_INTERP: the first one counts, and its string must end where the segment says (as Linux). */
static enum elf_error read_interp(struct parse *p, const Elf64_Phdr *ph)
{
	struct elf_image *img = p->img;
	size_t len = ph->p_filesz;

	if (img->has_interp)
		return ELF_OK;
	if (len < 2 || len > sizeof(img->interp) || !in_file(p, ph->p_offset, len))
		return ELF_BAD_INTERP;
	if (p->read(p->ctx, ph->p_offset, img->interp, len) < 0)
		return ELF_READ_FAILED;
	if (img->interp[len - 1] != '\0' || img->interp[0] == '\0')
		return ELF_BAD_INTERP;
	img->has_interp = true;
	return ELF_OK;
}

static enum elf_error read_phdrs(struct parse *p)
{
	enum elf_error e = ELF_OK;

	for (unsigned i = 0; i < p->eh.e_phnum && e == ELF_OK; i++) {
		Elf64_Phdr ph;

		if (p->read(p->ctx, p->eh.e_phoff + i * sizeof(ph), &ph, sizeof(ph)) < 0)
			return ELF_READ_FAILED;
		if (ph.p_type == PT_LOAD)
			e = add_segment(p, &ph);
		else if (ph.p_type == PT_INTERP)
			e = read_interp(p, &ph);
		else if (ph.p_type == PT_GNU_STACK)
			p->img->exec_stack = ph.p_flags & PF_X;
	}
	return e;
}

static bool entry_executable(const struct elf_image *img)
{
	for (size_t i = 0; i < img->n_segments; i++) {
		const struct elf_segment *s = &img->segments[i];

		if ((s->prot & PROT_EXEC) && img->entry >= page_start(s) &&
		    img->entry < page_end(s))
			return true;
	}
	return false;
}

/* What can only be said about the whole. */
static enum elf_error check_image(struct elf_image *img)
{
	if (img->n_segments == 0)
		return ELF_NO_SEGMENTS;
	img->lo = page_start(&img->segments[0]);
	img->hi = page_end(&img->segments[img->n_segments - 1]);
	if (img->type == ET_EXEC) {
		img->align = PAGE_SIZE; /* it has no choice of address */
		if (img->lo < ELF_MIN_ADDR)
			return ELF_BAD_SEGMENT;
	}
	if (img->align > ELF_SPAN_MAX || img->hi - ALIGN_DOWN(img->lo, img->align) > ELF_SPAN_MAX)
		return ELF_TOO_BIG;
	return entry_executable(img) ? ELF_OK : ELF_BAD_ENTRY;
}

/*
 * Validate a file of file_size bytes as a program or an interpreter and describe it in *out.
 * Returns ELF_OK, or the first thing found wrong; then *out means nothing.
 */
enum elf_error elf_parse(elf_read_fn read, void *ctx, uint64_t file_size, struct elf_image *out)
{
	struct parse p = {.read = read, .ctx = ctx, .file_size = file_size, .img = out};
	enum elf_error e;

	memset(out, 0, sizeof(*out));
	e = read_header(&p);
	if (e == ELF_OK)
		e = check_header(&p);
	if (e != ELF_OK)
		return e;
	out->type = p.eh.e_type;
	out->entry = p.eh.e_entry;
	out->phnum = p.eh.e_phnum;
	out->align = PAGE_SIZE;
	e = read_phdrs(&p);
	return e == ELF_OK ? check_image(out) : e;
}

/* A sentence for people, to follow "FILE: "; never NULL. */
const char *elf_error_text(enum elf_error e)
{
	switch (e) {
	case ELF_OK:
		return "valid";
	case ELF_READ_FAILED:
		return "cannot be read";
	case ELF_TRUNCATED_HEADER:
		return "truncated: shorter than an ELF header";
	case ELF_NOT_ELF:
		return "not an ELF program";
	case ELF_CLASS_32:
		return "a 32-bit program; only 64-bit x86-64 programs can run";
	case ELF_BIG_ENDIAN:
		return "a big-endian program; only x86-64 programs can run";
	case ELF_BAD_MACHINE:
		return "built for another architecture; only x86-64 programs can run";
	case ELF_BAD_TYPE:
		return "not an executable (an object file or a core dump)";
	case ELF_BAD_VERSION:
		return "of an unknown ELF version";
	case ELF_BAD_PHDRS:
		return "broken: its program header table is invalid or truncated";
	case ELF_NO_SEGMENTS:
		return "not runnable: it has nothing to load";
	case ELF_BAD_SEGMENT:
		return "broken: a segment lies outside the file or outside the address space";
	case ELF_OVERLAP:
		return "broken: its segments overlap or are out of order";
	case ELF_BAD_ENTRY:
		return "not runnable: its entry point is not in executable code";
	case ELF_BAD_INTERP:
		return "broken: the name of its interpreter is invalid";
	case ELF_TOO_BIG:
		return "not runnable: it needs too much address space";
	}
	return "invalid";
}

/* Map one segment; what lies below `from` is mapped already (link-time addresses). */
static int map_segment(const struct elf_mapper *m, const struct elf_segment *s, uint64_t bias,
		       uint64_t from)
{
	uint64_t file_end = s->vaddr + s->filesz;
	uint64_t zero = page_start(s);
	int r = 0;

	if (s->filesz > 0) {
		zero = ALIGN_UP(file_end, PAGE_SIZE);
		r = m->map_file(m->ctx, bias + page_start(s), zero - page_start(s),
				ALIGN_DOWN(s->offset, PAGE_SIZE), s->prot);
	} else if (from > zero) {
		zero = from; /* starts in its predecessor's last page */
	}
	if (r == 0 && s->memsz > s->filesz && (s->prot & PROT_WRITE) && zero > file_end)
		r = m->clear(m->ctx, bias + file_end, zero - file_end);
	if (r == 0 && page_end(s) > zero)
		r = m->map_zero(m->ctx, bias + zero, page_end(s) - zero, s->prot);
	return r;
}

/* Where the image goes: *bias is a multiple of img->align, so that alignments the linker promised
 * hold. */
static int choose(const struct elf_image *img, const struct elf_mapper *m, uint64_t *bias)
{
	bool fixed = img->type == ET_EXEC;
	uint64_t lo = fixed ? img->lo : ALIGN_DOWN(img->lo, img->align);
	int64_t at = m->choose(m->ctx, fixed ? lo : 0, img->hi - lo, img->align, fixed);

	*bias = at < 0 ? 0 : (uint64_t)at - lo;
	return at < 0 ? (int)at : 0;
}

/*
 * Map a parsed image. The page that holds the end of a segment's file contents and the beginning of
 * its zeroed part is cleared from there on if the segment is writable; otherwise the file's bytes
 * stay visible, as in Linux. Zero pages have exactly their segment's rights (Linux makes them
 * writable always).
 */
int elf_map(const struct elf_image *img, const struct elf_mapper *m, uint64_t *bias)
{
	uint64_t mapped = img->lo;
	int r = choose(img, m, bias);

	for (size_t i = 0; i < img->n_segments && r == 0; i++) {
		r = map_segment(m, &img->segments[i], *bias, mapped);
		mapped = page_end(&img->segments[i]);
	}
	return r;
}
