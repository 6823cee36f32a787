/* SPDX-License-Identifier: MIT */
/*
 * What the scanner (tools/scan.h) needs to know of an ELF file: its bytes by address, and where in
 * its code something begins. Nothing in the file is trusted; what is damaged is left out.
 */
#ifndef TOOLS_SCAN_ELF_H
#define TOOLS_SCAN_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCAN_MAX_SPANS 128

/* The part of a segment that is in the file. */
struct scan_span {
	uint64_t address, size;
	uint64_t offset; /* in the file */
	const uint8_t *bytes;
	bool exec;
};

/* An address where code begins, or which somebody jumps to. */
struct scan_start {
	uint64_t address;
	uint64_t size;	  /* of the symbol; 0: not known */
	const char *name; /* NULL: none; in the file's bytes */
	bool label;	  /* perhaps not a function's: it may even be data */
};

/* What the unwinder knows of a function (.eh_frame). */
struct scan_frame {
	uint64_t begin, end;
	bool pads;   /* it has places where exceptions land */
	bool signal; /* it is what a signal handler returns to */
};

struct scan_elf {
	const uint8_t *data; /* the whole file */
	uint64_t size;
	bool placed; /* it is loaded where it was linked (ET_EXEC) */
	struct scan_span spans[SCAN_MAX_SPANS];
	size_t n_spans;
	struct scan_start *starts; /* by ascending address, one each, all in executable spans */
	size_t n_starts, starts_room;
	struct scan_frame *frames; /* by ascending address */
	size_t n_frames, frames_room;
	bool go; /* Go made it: all functions are among the starts */
};

/* Look at the segments of the file in memory (8-byte aligned). False if it is no x86-64 program or
 * library. scan_elf_close() is needed in any case; the bytes stay the caller's. */
bool scan_elf_open(struct scan_elf *e, const uint8_t *data, uint64_t size);
/* Find the starts and frames. */
void scan_elf_read(struct scan_elf *e);
void scan_elf_close(struct scan_elf *e);

/* Order the starts again after some were added. */
void scan_elf_sort(struct scan_elf *e);

/* The bytes from an address on, and how many there are; NULL: none are in the file. */
const uint8_t *scan_elf_at(const struct scan_elf *e, uint64_t address, uint64_t *left);
/* The executable span of an address, or NULL. */
const struct scan_span *scan_elf_code(const struct scan_elf *e, uint64_t address);
/* How many starts are at or before the address. */
size_t scan_elf_starts_up_to(const struct scan_elf *e, uint64_t address);
/* The function that the unwinder knows at the address; NULL: none. */
const struct scan_frame *scan_elf_frame(const struct scan_elf *e, uint64_t address);

/* For the readers of tables below: note what they found. Addresses outside of code are ignored. */
void scan_elf_add_start(struct scan_elf *e, const struct scan_start *start);
void scan_elf_add_frame(struct scan_elf *e, const struct scan_frame *frame);

/* scan_frames.c: .eh_frame, where the program header at `header` (PT_GNU_EH_FRAME's address) or the
 * section says. */
void scan_frames_read(struct scan_elf *e, uint64_t address, uint64_t size);
/* The address of .eh_frame as .eh_frame_hdr tells it; 0: it does not. */
uint64_t scan_frames_find(const struct scan_elf *e, uint64_t header);
/* scan_go.c: the function table of a program made by Go; false: it is none. */
bool scan_go_read(struct scan_elf *e);

#endif
