/* SPDX-License-Identifier: MIT */
/*
 * loader/elf.c: every way a file can be refused, everything odd that must be accepted, and what
 * elf_map does with it.
 */
/* unit: loader/elf.c */
#include "kernel/abi/errno.h"
#include "loader/elf.h"
#include "tests/unit/unit.h"

#include <linux/elf-em.h>
#include <linux/elf.h>
#include <linux/mman.h>
#include <string.h>

#define P	PAGE_SIZE
#define R	PF_R
#define RX	(PF_R | PF_X)
#define RW	(PF_R | PF_W)
#define N_PHDRS 70

/* A file under construction: headers at the start, `size` bytes in all. */
static struct {
	union {
		struct {
			Elf64_Ehdr eh;
			Elf64_Phdr ph[N_PHDRS];
		};
		uint8_t bytes[16 * P];
	};
	uint64_t size;
	int fail_at; /* make the n-th read fail */
} f;

static struct elf_image img;

static int read_f(void *ctx, uint64_t offset, void *buf, size_t len)
{
	if (f.fail_at > 0 && --f.fail_at == 0)
		return -EIO;
	/* The parser must never ask for what is not there. */
	CHECK(offset <= f.size && len <= f.size - offset);
	memcpy(buf, f.bytes + offset, len);
	return 0;
}

static enum elf_error parse(void)
{
	return elf_parse(read_f, NULL, f.size, &img);
}

static Elf64_Phdr *add(uint32_t type, uint32_t flags, uint64_t vaddr, uint64_t memsz,
		       uint64_t offset, uint64_t filesz)
{
	Elf64_Phdr *ph = &f.ph[f.eh.e_phnum++];

	*ph = (Elf64_Phdr){.p_type = type,
			   .p_flags = flags,
			   .p_offset = offset,
			   .p_vaddr = vaddr,
			   .p_filesz = filesz,
			   .p_memsz = memsz,
			   .p_align = P};
	return ph;
}

static Elf64_Phdr *load(uint32_t flags, uint64_t vaddr, uint64_t memsz, uint64_t offset,
			uint64_t filesz)
{
	return add(PT_LOAD, flags, vaddr, memsz, offset, filesz);
}

/* A valid file without segments. */
static void begin(uint16_t type, uint64_t entry)
{
	memset(&f, 0, sizeof(f));
	f.size = sizeof(f.bytes);
	f.eh = (Elf64_Ehdr){.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
			    .e_type = type,
			    .e_machine = EM_X86_64,
			    .e_version = EV_CURRENT,
			    .e_entry = entry,
			    .e_phoff = sizeof(Elf64_Ehdr),
			    .e_ehsize = sizeof(Elf64_Ehdr),
			    .e_phentsize = sizeof(Elf64_Phdr)};
}

/* The usual program: text with the headers, data with bss. */
static void usual(uint16_t type)
{
	uint64_t base = type == ET_EXEC ? 0x400000 : 0;

	begin(type, base + 0x1000);
	load(RX, base, 0x2345, 0, 0x2345);
	load(RW, base + 0x4100, 0x3000, 0x3100, 0x500);
}

#define EXPECT(e)                                                                                  \
	do {                                                                                       \
		enum elf_error got_ = parse();                                                     \
		CHECK(got_ == (e));                                                                \
		CHECK(elf_error_text(got_) != NULL && elf_error_text(got_)[0] != '\0');            \
	} while (0)

static void test_header(void)
{
	usual(ET_EXEC);
	EXPECT(ELF_OK);
	CHECK(img.type == ET_EXEC && img.entry == 0x401000 && img.phnum == 2);
	CHECK(img.lo == 0x400000 && img.hi == 0x408000 && img.n_segments == 2);
	CHECK(img.phdr_vaddr == 0x400000 + sizeof(Elf64_Ehdr));
	CHECK(img.align == P && !img.has_interp && !img.exec_stack);
	CHECK(img.segments[0].prot == (PROT_READ | PROT_EXEC));
	CHECK(img.segments[1].prot == (PROT_READ | PROT_WRITE));

	f.size = 0;
	EXPECT(ELF_NOT_ELF);
	f.size = 3;
	EXPECT(ELF_NOT_ELF);
	for (f.size = 4; f.size < sizeof(Elf64_Ehdr); f.size++)
		EXPECT(ELF_TRUNCATED_HEADER);
	usual(ET_EXEC);
	f.eh.e_ident[3] = 'f';
	EXPECT(ELF_NOT_ELF);
	usual(ET_EXEC);
	f.eh.e_ident[EI_CLASS] = ELFCLASS32;
	EXPECT(ELF_CLASS_32);
	f.size = 52; /* a whole 32-bit header, and nothing else */
	EXPECT(ELF_CLASS_32);
	usual(ET_EXEC);
	f.eh.e_ident[EI_CLASS] = 7;
	EXPECT(ELF_NOT_ELF);
	usual(ET_EXEC);
	f.eh.e_ident[EI_DATA] = ELFDATA2MSB;
	EXPECT(ELF_BIG_ENDIAN);
	f.eh.e_ident[EI_DATA] = 0;
	EXPECT(ELF_NOT_ELF);
	usual(ET_EXEC);
	f.eh.e_machine = EM_AARCH64;
	EXPECT(ELF_BAD_MACHINE);
	usual(ET_EXEC);
	f.eh.e_type = ET_REL;
	EXPECT(ELF_BAD_TYPE);
	f.eh.e_type = ET_CORE;
	EXPECT(ELF_BAD_TYPE);
	usual(ET_EXEC);
	f.eh.e_version = 0;
	EXPECT(ELF_BAD_VERSION);
	CHECK(strcmp(elf_error_text((enum elf_error)99), "invalid") == 0);
}

static void test_phdr_table(void)
{
	usual(ET_EXEC);
	f.eh.e_phnum = 0;
	EXPECT(ELF_NO_SEGMENTS);
	usual(ET_EXEC);
	f.eh.e_phentsize = 32;
	EXPECT(ELF_BAD_PHDRS);
	usual(ET_EXEC);
	f.eh.e_phoff = f.size - 2 * sizeof(Elf64_Phdr) + 1;
	EXPECT(ELF_BAD_PHDRS);
	f.eh.e_phoff = UINT64_MAX - 8;
	EXPECT(ELF_BAD_PHDRS);
	usual(ET_EXEC);
	f.eh.e_phnum = 65535;
	EXPECT(ELF_BAD_PHDRS);
	begin(ET_EXEC, 0x401000);
	add(PT_NOTE, R, 0, 0, 0, 0);
	EXPECT(ELF_NO_SEGMENTS);

	begin(ET_EXEC, 0x401000);
	for (int i = 0; i < ELF_MAX_SEGMENTS; i++)
		load(RX, 0x401000 + i * P, P, P, P);
	EXPECT(ELF_OK);
	CHECK(img.n_segments == ELF_MAX_SEGMENTS);
	load(RX, 0x500000, P, P, P);
	EXPECT(ELF_BAD_PHDRS);

	for (int i = 1; i <= 3; i++) {
		usual(ET_EXEC);
		f.fail_at = i;
		EXPECT(ELF_READ_FAILED);
	}
	/* The table need not be in a segment; it is where the file says, not right after the
	 * header. */
	usual(ET_EXEC);
	memmove(f.bytes + 0x8000, f.ph, 2 * sizeof(Elf64_Phdr));
	f.eh.e_phoff = 0x8000;
	EXPECT(ELF_OK);
	CHECK(img.phdr_vaddr == 0);
}

static void test_segments(void)
{
	usual(ET_EXEC);
	f.ph[1].p_filesz = f.ph[1].p_memsz + 1;
	EXPECT(ELF_BAD_SEGMENT);
	usual(ET_EXEC);
	f.size = 0x3600;
	EXPECT(ELF_OK);
	f.size--;
	EXPECT(ELF_BAD_SEGMENT);
	usual(ET_EXEC);
	f.ph[1].p_offset = UINT64_MAX & PAGE_MASK;
	f.ph[1].p_offset |= 0x100;
	EXPECT(ELF_BAD_SEGMENT);
	usual(ET_EXEC);
	f.ph[1].p_memsz = UINT64_MAX;
	EXPECT(ELF_BAD_SEGMENT);
	usual(ET_EXEC);
	f.ph[1].p_vaddr = UINT64_MAX & PAGE_MASK;
	f.ph[1].p_vaddr |= 0x100;
	EXPECT(ELF_BAD_SEGMENT);
	usual(ET_EXEC);
	f.ph[1].p_vaddr += 8; /* no longer congruent to the offset */
	EXPECT(ELF_BAD_SEGMENT);
	usual(ET_EXEC);
	f.ph[1].p_vaddr = 0x7ffffffff100 - 0x2000; /* ends just above the address space */
	EXPECT(ELF_BAD_SEGMENT);

	begin(ET_EXEC, 0x10000);
	load(RX, 0x10000, P, 0, P);
	EXPECT(ELF_OK);
	f.ph[0].p_vaddr = f.eh.e_entry = 0xf000; /* below what may be mapped */
	EXPECT(ELF_BAD_SEGMENT);
	f.eh.e_type = ET_DYN;
	EXPECT(ELF_OK);

	usual(ET_EXEC);
	f.eh.e_entry = 0x404100;
	EXPECT(ELF_BAD_ENTRY);
	f.eh.e_entry = 0;
	EXPECT(ELF_BAD_ENTRY);
	f.eh.e_entry = 0x402fff; /* in the rest of the last text page */
	EXPECT(ELF_OK);

	begin(ET_DYN, 0x1000);
	load(RX, 0, 0x2000, 0, 0x2000);
	load(RW, ELF_SPAN_MAX - P, P, 0x2000, P);
	EXPECT(ELF_OK);
	f.ph[1].p_vaddr += P;
	EXPECT(ELF_TOO_BIG);
	f.eh.e_type = ET_EXEC;
	f.ph[0].p_vaddr += 0x400000;
	f.eh.e_entry += 0x400000;
	EXPECT(ELF_OK);
	f.ph[1].p_vaddr += 0x400000;
	EXPECT(ELF_TOO_BIG);
}

static void test_order(void)
{
	usual(ET_EXEC);
	f.ph[1].p_vaddr = 0x402100; /* inside the first */
	EXPECT(ELF_OVERLAP);
	usual(ET_EXEC);
	f.ph[1].p_vaddr = 0x3f0100; /* descending */
	EXPECT(ELF_OVERLAP);

	/* One file page in both segments of one memory page: fine if they mean the same bytes. */
	begin(ET_EXEC, 0x400000);
	load(RX, 0x400000, 0x1400, 0, 0x1400);
	load(RW, 0x401400, 0x800, 0x1400, 0x800);
	EXPECT(ELF_OK);
	f.ph[1].p_offset += P; /* other bytes */
	EXPECT(ELF_OVERLAP);
	f.ph[1].p_offset -= P;
	f.ph[0].p_filesz = 0x1300; /* its last 0x100 bytes must be zero */
	EXPECT(ELF_OVERLAP);

	/* A segment without contents continues its predecessor's page only with the same rights. */
	begin(ET_EXEC, 0x400000);
	load(RX, 0x400000, P, 0, P);
	load(RW, 0x401000, 0x400, 0x1000, 0x400);
	load(RW, 0x401400, 0x2000, 0, 0);
	EXPECT(ELF_OK);
	f.ph[2].p_flags = R;
	EXPECT(ELF_OVERLAP);
}

/* What must not matter. */
static void test_tolerated(void)
{
	usual(ET_DYN);
	f.ph[0].p_align = 0;
	f.ph[1].p_align = 1;
	EXPECT(ELF_OK);
	CHECK(img.align == P);
	f.ph[0].p_align = 0x200000;
	f.ph[1].p_align = 0x300001; /* no power of two: ignored */
	EXPECT(ELF_OK);
	CHECK(img.align == 0x200000);
	f.ph[1].p_align = 1ull << 63;
	EXPECT(ELF_TOO_BIG);
	f.eh.e_type = ET_EXEC;
	f.ph[0].p_vaddr = 0x400000;
	f.ph[1].p_vaddr = 0x404100;
	f.eh.e_entry = 0x401000;
	EXPECT(ELF_OK);

	usual(ET_EXEC);
	load(RW, 0x123, 0, 99999, 0); /* empty: neither order nor place matter */
	EXPECT(ELF_OK);
	CHECK(img.n_segments == 2);
	usual(ET_EXEC);
	load(RW, 0x40a123, 0x10, UINT64_MAX, 0); /* bss by itself; its offset means nothing */
	EXPECT(ELF_OK);
	usual(ET_EXEC);
	add(PT_TLS, R, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX);
	add(PT_GNU_RELRO, R, 1, 2, 3, 4);
	add(0x6474e553 /* PT_GNU_PROPERTY */, R, UINT64_MAX, 0, UINT64_MAX, 7);
	add(PT_NULL, 0, 0, 0, 0, 0);
	add(0x6fffffff, 0, 0, 0, 0, 0);
	EXPECT(ELF_OK);

	usual(ET_EXEC);
	add(PT_GNU_STACK, RW, 0, 0, 0, 0);
	EXPECT(ELF_OK);
	CHECK(!img.exec_stack);
	f.ph[2].p_flags = RW | PF_X;
	EXPECT(ELF_OK);
	CHECK(img.exec_stack);
}

static void test_interp(void)
{
	static const char name[] = "/lib64/ld-linux-x86-64.so.2";

	usual(ET_DYN);
	memcpy(f.bytes + 0x2000, name, sizeof(name));
	add(PT_INTERP, R, 0x2000, sizeof(name), 0x2000, sizeof(name));
	EXPECT(ELF_OK);
	CHECK(img.has_interp && strcmp(img.interp, name) == 0);
	f.fail_at = 5;
	EXPECT(ELF_READ_FAILED);
	f.ph[2].p_filesz = sizeof(name) - 1; /* not terminated */
	EXPECT(ELF_BAD_INTERP);
	f.ph[2].p_filesz = 1;
	EXPECT(ELF_BAD_INTERP);
	f.ph[2].p_filesz = ELF_INTERP_MAX;
	EXPECT(ELF_OK); /* the rest is zero */
	f.ph[2].p_filesz++;
	EXPECT(ELF_BAD_INTERP);
	f.ph[2].p_filesz = sizeof(name);
	f.ph[2].p_offset = f.size - sizeof(name) + 1;
	EXPECT(ELF_BAD_INTERP);
	f.ph[2].p_offset = 0x2000;
	f.bytes[0x2000] = '\0';
	EXPECT(ELF_BAD_INTERP);
	f.bytes[0x2000] = '/';
	add(PT_INTERP, R, 0, 0, 0, 0); /* only the first counts */
	EXPECT(ELF_OK);
}

/* ---- mapping: a log of the callbacks ---- */

static char trace[1024];
static int fail_call;

static int note(const char *fmt, uint64_t a, uint64_t b, uint64_t c)
{
	size_t n = strlen(trace);

	if (fail_call > 0 && --fail_call == 0)
		return -ENOMEM;
	snprintf(trace + n, sizeof(trace) - n, fmt, a, b, c);
	return 0;
}

static int64_t t_choose(void *ctx, uint64_t addr, uint64_t len, uint64_t align, bool fixed)
{
	int r = note(fixed ? "r%lx+%lx " : "a%lx+%lx/%lx ", addr, len, align);

	return r < 0 ? r : fixed ? (int64_t)addr : 0x555500000000;
}

static int t_file(void *ctx, uint64_t addr, uint64_t len, uint64_t offset, unsigned prot)
{
	int r = note("f%lx+%lx@%lx", addr, len, offset);

	return r < 0 ? r : note("=%lx ", prot, 0, 0);
}

static int t_zero(void *ctx, uint64_t addr, uint64_t len, unsigned prot)
{
	return note("z%lx+%lx=%lx ", addr, len, prot);
}

static int t_clear(void *ctx, uint64_t addr, uint64_t len)
{
	return note("c%lx+%lx ", addr, len, 0);
}

static const struct elf_mapper mapper = {NULL, t_choose, t_file, t_zero, t_clear};

static int map(uint64_t *bias)
{
	trace[0] = '\0';
	CHECK(parse() == ELF_OK);
	return elf_map(&img, &mapper, bias);
}

#define EXPECT_TRACE(text)                                                                         \
	do {                                                                                       \
		CHECK(strcmp(trace, text) == 0);                                                   \
		if (strcmp(trace, text) != 0)                                                      \
			printf("# got  %s\n# want %s\n", trace, text);                             \
	} while (0)

static void test_map(void)
{
	uint64_t bias = 1;

	usual(ET_EXEC);
	CHECK(map(&bias) == 0 && bias == 0);
	EXPECT_TRACE("r400000+8000 f400000+3000@0=5 f404000+1000@3000=3 c404600+a00 "
		     "z405000+3000=3 ");

	usual(ET_DYN);
	CHECK(map(&bias) == 0 && bias == 0x555500000000);
	EXPECT_TRACE("a0+8000/1000 f555500000000+3000@0=5 "
		     "f555500004000+1000@3000=3 c555500004600+a00 z555500005000+3000=3 ");

	/* bss that ends in the file's last page; read-only with a bss: not cleared; whole pages
	 * only. */
	begin(ET_EXEC, 0x400000);
	load(RX, 0x400000, P, 0, P);
	load(RW, 0x401000, 0x800, 0x1000, 0x400);
	load(R, 0x402000, 0x1800, 0x2000, 0x400);
	load(RW, 0x404000, 0x2000, 0x3000, 0x1000);
	load(RW, 0x406010, 0x10, 0, 0);
	CHECK(map(&bias) == 0);
	EXPECT_TRACE(
	    "r400000+7000 f400000+1000@0=5 f401000+1000@1000=3 c401400+c00 f402000+1000@2000=1 "
	    "z403000+1000=1 f404000+1000@3000=3 z405000+1000=3 z406000+1000=3 ");
}

/* A load offset is a multiple of the alignment even if the first address is not. */
static void test_map_aligned(void)
{
	uint64_t bias;

	begin(ET_DYN, 0x201000);
	load(RX, 0x201000, P, P, P)->p_align = 0x200000;
	CHECK(map(&bias) == 0 && bias == 0x555500000000 - 0x200000);
	EXPECT_TRACE("a0+2000/200000 f555500001000+1000@1000=5 ");
}

static void test_map_shared_page(void)
{
	uint64_t bias;

	begin(ET_EXEC, 0x400000);
	load(RX, 0x400000, 0x1400, 0, 0x1400);
	load(RW, 0x401400, 0xc00, 0x1400, 0x800);
	load(RW, 0x402000, 0x100, 0x2000, 0x100);
	load(RW, 0x402100, 0x1000, 0, 0);
	CHECK(map(&bias) == 0);
	EXPECT_TRACE("r400000+4000 f400000+2000@0=5 f401000+1000@1000=3 c401c00+400 "
		     "f402000+1000@2000=3 c402100+f00 z403000+1000=3 ");
}

static void test_map_failures(void)
{
	uint64_t bias;

	for (int i = 1; i <= 8; i++) {
		usual(ET_DYN);
		fail_call = i;
		CHECK(map(&bias) == (i < 8 ? -ENOMEM : 0));
	}
	fail_call = 0;
}

int main(void)
{
	test_header();
	test_phdr_table();
	test_segments();
	test_order();
	test_tolerated();
	test_interp();
	test_map();
	test_map_aligned();
	test_map_shared_page();
	test_map_failures();
	return UNIT_END();
}
