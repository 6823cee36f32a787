/* SPDX-License-Identifier: MIT */
/*
 * Rewriting must not be noticed: thousands of functions with `syscall` in all kinds of
 * surroundings are run as they are, then with those sites rewritten that the scanner plans, by the
 * patcher of the guest, to stubs whose entry is a stand-in here. All registers and the stack must
 *be the same at every call and at the end. `syscall` itself is never executed: where it stays, an
 *int3 takes its place, and the signal's handler does what the stand-in does. A disassembler looks
 *at everything that was patched. unit: tests/unit/shapes.c tests/unit/shapes_run.c tools/scan.c
 *tools/scan_code.c tools/scan_elf.c tools/scan_frames.c tools/scan_go.c tools/scan_targets.c
 *tools/util.c loader/rewrite.c -D_GNU_SOURCE -lZydis
 */
#include "loader/rewrite.h"
#include "tests/unit/shapes.h"
#include "tests/unit/shapes_run.h"
#include "tests/unit/unit.h"
#include "tools/scan.h"
#include "tools/util.h"

#include <Zydis/Zydis.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHAPES 2500
#define TRIALS 3
#define PAGE   4096ul

static char dir[] = "/tmp/uniload-shapes.XXXXXX";

/* A shared object made of shapes, in memory, with room for stubs behind it. */
struct image {
	uint8_t *file;
	size_t file_size;
	uint8_t *base; /* writable and executable */
	size_t size;
	struct rewrite_stub *stubs;
	size_t n_stubs;
	const int32_t *functions, *calls; /* ended by 0 */
	struct scan scan;
};

static void shell(const char *command)
{
	char *line = xasprintf("cd %s && %s", dir, command);

	if (system(line) != 0)
		abort();
	free(line);
}

static const Elf64_Shdr *section(const struct image *im, const char *name)
{
	const Elf64_Ehdr *eh = (const void *)im->file;
	const Elf64_Shdr *sh = (const void *)(im->file + eh->e_shoff);

	for (unsigned i = 0; i < eh->e_shnum; i++)
		if (strcmp((const char *)im->file + sh[eh->e_shstrndx].sh_offset + sh[i].sh_name,
			   name) == 0)
			return &sh[i];
	abort();
}

/* Copy the segments to where they belong: as the program is before it runs. */
static void load(struct image *im)
{
	const Elf64_Ehdr *eh = (const void *)im->file;
	const Elf64_Phdr *ph = (const void *)(im->file + eh->e_phoff);

	for (unsigned i = 0; i < eh->e_phnum; i++)
		if (ph[i].p_type == PT_LOAD)
			memcpy(im->base + ph[i].p_vaddr, im->file + ph[i].p_offset, ph[i].p_filesz);
}

static void image_open(struct image *im, const char *name)
{
	char *path = xasprintf("%s/%s", dir, name);
	int fd = open(path, O_RDONLY);
	const Elf64_Phdr *ph;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		abort();
	*im = (struct image){.file_size = (size_t)st.st_size};
	im->file = mmap(NULL, im->file_size, PROT_READ, MAP_PRIVATE, fd, 0);
	ph = (const void *)(im->file + ((const Elf64_Ehdr *)(const void *)im->file)->e_phoff);
	for (unsigned i = 0; i < ((const Elf64_Ehdr *)(const void *)im->file)->e_phnum; i++)
		if (ph[i].p_type == PT_LOAD)
			im->size = (ph[i].p_vaddr + ph[i].p_memsz + PAGE - 1) / PAGE * PAGE;
	if (scan_file(&im->scan, fd, 0, im->file_size) != 0)
		abort();
	close(fd);
	im->base = mmap(NULL, im->size + im->scan.n * sizeof(struct rewrite_stub),
			PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (im->base == MAP_FAILED)
		abort();
	im->stubs = (void *)(im->base + im->size);
	im->functions = (const void *)(im->base + section(im, ".functions")->sh_addr);
	im->calls = (const void *)(im->base + section(im, ".calls")->sh_addr);
	load(im);
	free(path);
}

static void image_close(struct image *im)
{
	munmap(im->base, im->size + im->scan.n * sizeof(struct rewrite_stub));
	munmap(im->file, im->file_size);
	scan_free(&im->scan);
}

static uint8_t *call_at(const struct image *im, size_t i)
{
	return (uint8_t *)(uintptr_t)im->calls + im->calls[i];
}

/* No `syscall` is left that could be executed. */
static size_t disarm(const struct image *im)
{
	size_t n = 0;

	for (size_t i = 0; im->calls[i]; i++) {
		uint8_t *at = call_at(im, i);

		if (memcmp(at, "\x0f\x05", 2) != 0)
			continue;
		memcpy(at, "\xcc\x90", 2);
		n++;
	}
	return n;
}

/* Every site was found, and nothing else taken for one. */
static void check_found(const struct image *im)
{
	size_t n = 0, found = 0;

	for (; im->calls[n]; n++)
		found += n < im->scan.n && im->base + im->scan.sites[n].address == call_at(im, n);
	CHECK(n > SHAPES);
	CHECK(found == n);
	CHECK(im->scan.n == n);
}

/* One instruction, or abort: in this test all is code. */
static unsigned decode(const uint8_t *at, ZydisDecodedInstruction *i)
{
	ZydisDecodedOperand o[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecoder decoder;

	ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	return ZYAN_SUCCESS(
		   ZydisDecoderDecodeFull(&decoder, at, ZYDIS_MAX_INSTRUCTION_LENGTH, i, o))
		   ? i->length
		   : 0;
}

/* A jump to the stub and then int3; in the stub the same instructions as were here. */
static bool looks_right(const struct plan_site *p, const uint8_t *site, const uint8_t *old,
			const struct rewrite_stub *stub)
{
	unsigned from = p->tactic == PLAN_AFTER ? REWRITE_SYSCALL : 0, at = from, n;
	const uint8_t *copy = stub->code + (p->tactic == PLAN_AFTER ? 16 : 0);
	ZydisDecodedInstruction a, b;

	if (decode(site, &a) != 5 || a.mnemonic != ZYDIS_MNEMONIC_JMP ||
	    site + 5 + a.raw.imm[0].value.s != stub->code)
		return false;
	for (unsigned i = 5; i < p->length; i++)
		if (site[i] != 0xcc)
			return false;
	for (; at < p->length; at += n) {
		n = decode(old + at, &a);
		if (n == 0 || decode(copy + at - from, &b) != n || a.mnemonic != b.mnemonic ||
		    memcmp(old + at, copy + at - from, n) != 0 ||
		    (a.attributes & ZYDIS_ATTRIB_IS_RELATIVE))
			return false;
	}
	return at == p->length; /* no instruction is cut in two */
}

/* Carry out the plan. Returns how many sites were rewritten. */
static size_t patch(struct image *im, uint64_t entry)
{
	size_t good = 0;

	for (size_t i = 0; i < im->scan.n; i++) {
		const struct scan_site *s = &im->scan.sites[i];
		struct rewrite_stub *stub = &im->stubs[im->n_stubs];
		uint8_t old[REWRITE_MAX_LENGTH + REWRITE_SYSCALL], patched[REWRITE_MAX_LENGTH];
		uint8_t *at =
		    im->base + s->address - (s->plan.tactic == PLAN_BEFORE ? s->plan.length : 0);

		if (s->reason != SCAN_REWRITTEN)
			continue;
		memcpy(old, at, rewrite_extent(&s->plan));
		CHECK(rewrite_make(&s->plan, old, (uint64_t)at, (uint64_t)stub, entry, stub,
				   patched) == 0);
		memcpy(at, patched, s->plan.length);
		im->n_stubs++;
		good += looks_right(&s->plan, at, old, stub);
	}
	CHECK(good == im->n_stubs);
	return im->n_stubs;
}

static size_t n_functions(const struct image *im)
{
	size_t n = 0;

	while (im->functions[n])
		n++;
	return n;
}

/* What each function does, as a number. */
static uint64_t *run_all(const struct image *im, size_t n, struct run_stats *stats)
{
	uint64_t *results = xrealloc(NULL, n * TRIALS * sizeof(*results));
	struct run_spec spec = {.calls = im->calls,
				.n_calls = im->scan.n,
				.stubs = im->stubs,
				.stubs_end = im->stubs + im->n_stubs,
				.stats = stats};

	memset(results, 0, n * TRIALS * sizeof(*results));
	for (size_t i = 0; i < n * TRIALS && stats->lost < 10; i++) {
		spec.code = (const uint8_t *)im->functions + im->functions[i / TRIALS];
		memcpy(im->base + section(im, ".data")->sh_addr,
		       im->file + section(im, ".data")->sh_offset, section(im, ".data")->sh_size);
		spec.seed = i;
		results[i] = shapes_run(&spec) + im->base[section(im, ".data")->sh_addr + 8];
	}
	return results;
}

static void test_image(const char *name, uint64_t *entry)
{
	struct run_stats plain = {0}, patched = {0};
	uint64_t *was, *is;
	struct image im;
	size_t n, same = 0;

	image_open(&im, name);
	n = n_functions(&im);
	check_found(&im);
	CHECK(disarm(&im) == im.scan.n);
	was = run_all(&im, n, &plain);
	CHECK(plain.direct == 0 && plain.trapped > SHAPES && plain.lost == 0);
	load(&im);
	CHECK(patch(&im, (uint64_t)entry) > im.scan.n / 5);
	disarm(&im);
	is = run_all(&im, n, &patched);
	for (size_t i = 0; i < n * TRIALS; i++) {
		same += was[i] == is[i];
		if (was[i] != is[i] && i < same + 10)
			printf("# shape_%zu of %s differs\n", i / TRIALS, name);
	}
	CHECK(same == n * TRIALS);
	CHECK(patched.lost == 0 && patched.direct > SHAPES);
	CHECK(patched.direct + patched.trapped == plain.trapped);
	printf("# %s: %zu of %zu sites rewritten; %zu calls by jump, %zu by trap\n", name,
	       im.n_stubs, im.scan.n, patched.direct, patched.trapped);
	free(was);
	free(is);
	image_close(&im);
}

int main(int argc, char **argv)
{
	/* The stub's jump wants its address in 32 bits. */
	uint64_t *entry = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	unsigned seed = argc > 1 ? (unsigned)atoi(argv[1]) : 1;
	char *path;
	FILE *f;

	if (entry == MAP_FAILED || mkdtemp(dir) == NULL)
		return 1;
	*entry = (uint64_t)shapes_entry;
	path = xasprintf("%s/shapes.s", dir);
	f = fopen(path, "w");
	if (f == NULL)
		return 1;
	shapes_write(f, SHAPES, seed);
	fclose(f);
	shell("gcc -nostdlib -shared -o shapes.so shapes.s && strip -s -R .eh_frame -o bare.so "
	      "shapes.so");
	shapes_prepare();
	test_image("shapes.so", entry);
	test_image("bare.so", entry);
	path[0] = '\0';
	shell("rm -f shapes.s shapes.so bare.so");
	rmdir(dir);
	free(path);
	return UNIT_END();
}
