/* SPDX-License-Identifier: MIT */
/*
 * Loading an ELF64 x86-64 program: validate, plan, map, build the initial stack. Pure: everything
 * it does to the outside goes through callbacks, so that it compiles, is tested and fuzzed on the
 * host. It trusts no byte of the file.
 */
#ifndef LOADER_ELF_H
#define LOADER_ELF_H

#include "kernel/types.h"

#define ELF_MAX_SEGMENTS 64 /* more PT_LOADs than any linker makes; above: ELF_BAD_PHDRS */
#define ELF_INTERP_MAX	 4096
#define ELF_SPAN_MAX	 (1ull << 44) /* address space an image may span; above: ELF_TOO_BIG */
#define ELF_MIN_ADDR	 0x10000ull /* lowest address an ET_EXEC may use (Linux: vm.mmap_min_addr) */

/* Why an ELF was refused; elf_error_text() gives a sentence for people. */
enum elf_error {
	ELF_OK = 0,
	ELF_READ_FAILED,      /* the read callback failed */
	ELF_TRUNCATED_HEADER, /* begins as an ELF, but shorter than an ELF header */
	ELF_NOT_ELF,
	ELF_CLASS_32,
	ELF_BIG_ENDIAN,
	ELF_BAD_MACHINE,
	ELF_BAD_TYPE, /* not ET_EXEC or ET_DYN */
	ELF_BAD_VERSION,
	ELF_BAD_PHDRS, /* e_phentsize, e_phnum, table beyond end of file */
	ELF_NO_SEGMENTS,
	ELF_BAD_SEGMENT, /* filesz > memsz, beyond the file, wraps, misaligned offset/vaddr, outside
			    user space */
	ELF_OVERLAP,	 /* two PT_LOADs overlap, want different contents in one page, or are out of
			    order */
	ELF_BAD_ENTRY,	 /* entry point not in an executable segment */
	ELF_BAD_INTERP,
	ELF_TOO_BIG, /* spans more address space than allowed */
};

struct elf_segment {
	uint64_t vaddr, memsz; /* as in the file, not page-aligned */
	uint64_t offset, filesz;
	unsigned prot; /* PROT_* */
};

/* A validated file. */
struct elf_image {
	uint16_t type; /* ET_EXEC or ET_DYN */
	uint64_t entry,
	    phdr_vaddr; /* link-time addresses; phdr_vaddr 0 if the table is in no segment */
	uint16_t phnum;
	uint64_t align;	   /* of the load offset: ET_DYN's largest p_align that is a power of two; a
			      page at least */
	uint64_t lo, hi;   /* page-aligned span of all segments */
	size_t n_segments; /* without empty ones; by ascending address */
	struct elf_segment segments[ELF_MAX_SEGMENTS];
	bool exec_stack; /* PT_GNU_STACK with PF_X; without one Linux gives x86-64 a plain stack */
	bool has_interp;
	char interp[ELF_INTERP_MAX];
};

/* Reads exactly len bytes at offset; 0 or -errno (short = -EIO). */
typedef int (*elf_read_fn)(void *ctx, uint64_t offset, void *buf, size_t len);

enum elf_error elf_parse(elf_read_fn read, void *ctx, uint64_t file_size, struct elf_image *out);
const char *elf_error_text(enum elf_error e);

/* How the image is put into an address space. */
struct elf_mapper {
	void *ctx;
	/* Find `len` unused bytes: at addr exactly (fixed), or anywhere suitable at a multiple of
	 * align (then addr is 0). They stay unused until they are mapped below. Returns the address
	 * or -errno. */
	int64_t (*choose)(void *ctx, uint64_t addr, uint64_t len, uint64_t align, bool fixed);
	/* Map file bytes: private, file-backed; all page-aligned. Replaces what is there: a segment
	 * may begin in the last page of the one before. */
	int (*map_file)(void *ctx, uint64_t addr, uint64_t len, uint64_t offset, unsigned prot);
	/* Map zero pages. */
	int (*map_zero)(void *ctx, uint64_t addr, uint64_t len, unsigned prot);
	/* Clear [addr, addr + len) inside mapped pages (the rest of the last file page of a
	 * writable segment). */
	int (*clear)(void *ctx, uint64_t addr, uint64_t len);
};

/* Map all segments; *bias gets the load offset (0 for ET_EXEC). 0 or -errno; on failure the caller
 * drops the mm. */
int elf_map(const struct elf_image *img, const struct elf_mapper *m, uint64_t *bias);

/* ---- initial stack (System V ABI x86-64 3.4.1; Linux's create_elf_tables) ---- */
#define ELF_MAX_AUX 32 /* with AT_NULL */
#define ELF_MAX_STRING                                                                             \
	131072 /* one argument or environment string with its NUL (Linux: MAX_ARG_STRLEN) */

struct elf_aux {
	uint64_t type, value;
};

struct elf_stack_args {
	const char *const *argv;
	size_t argc;
	const char *const *envp;
	size_t envc;
	const char *execfn;
	const char *platform; /* "x86_64" */
	uint8_t random[16];
	uint64_t jitter; /* random number: shifts the stack pointer by up to 8 KiB, 16-byte steps */
	const struct elf_aux *aux; /* in order, without AT_NULL; the values of AT_RANDOM, AT_EXECFN
				    * and AT_PLATFORM are filled in here */
	size_t n_aux;
};

struct elf_stack {
	uint64_t sp; /* where argc is; 16-byte aligned */
	uint64_t arg_start, arg_end, env_start, env_end;
	struct elf_aux auxv[ELF_MAX_AUX]; /* the complete vector, for /proc/self/auxv */
	size_t n_auxv;			  /* with AT_NULL */
};

/* Writes len bytes at a program address; 0 or -errno. */
typedef int (*elf_write_fn)(void *ctx, uint64_t addr, const void *data, size_t len);

/* The addresses elf_build_stack would use, and the errors it would give, without writing. */
int elf_plan_stack(const struct elf_stack_args *args, uint64_t top, uint64_t limit,
		   struct elf_stack *out);

/*
 * Build the stack downwards from top (page-aligned). A program started without any argument gets
 * one empty string. `limit` is RLIMIT_STACK: strings and pointers
 * may take a quarter of it, as in Linux, and all of it fits. 0, -E2BIG, -EINVAL (too many aux
 * entries), or what write returned.
 */
int elf_build_stack(const struct elf_stack_args *args, uint64_t top, uint64_t limit,
		    elf_write_fn write, void *ctx, struct elf_stack *out);

#endif
