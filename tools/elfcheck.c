/* SPDX-License-Identifier: MIT */
/*
 * Can this file run? The guest's own parser (loader/elf.h) decides, so that host and guest never
 * disagree; this file turns its answer into one line that tells a person what the file is and what
 * to do.
 */
#include "tools/program.h"

#include "loader/elf.h"
#include "tools/elfinfo.h"
#include "tools/util.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* elf_read_fn over a descriptor. */
static int read_exactly(void *ctx, uint64_t offset, void *buf, size_t len)
{
	const struct program *p = ctx;
	char *to = buf;

	while (len > 0) {
		ssize_t n = pread(p->fd, to, len, (off_t)(p->offset + offset));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		to += n;
		offset += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

bool is_script(const struct program *p, char line[SCRIPT_HEAD_SIZE])
{
	size_t n =
	    (size_t)p->st.st_size < SCRIPT_HEAD_SIZE ? (size_t)p->st.st_size : SCRIPT_HEAD_SIZE;

	memset(line, 0, SCRIPT_HEAD_SIZE);
	return n > 2 && read_exactly((void *)(uintptr_t)p, 0, line, n) == 0 &&
	       memcmp(line, "#!", 2) == 0;
}

/* Files that are not ELF at all. Returns 0 if the magic number is right. */
static int check_magic(struct program *p)
{
	char head[SELFMAG] = "";
	size_t n = (size_t)p->st.st_size < sizeof(head) ? (size_t)p->st.st_size : sizeof(head);
	int err = read_exactly(p, 0, head, n);

	if (err)
		return fail(STATUS_CANNOT_RUN, "%s: cannot read it: %s", p->name, strerror(-err));
	if (n == 0)
		return fail(STATUS_CANNOT_RUN, "%s: the file is empty", p->name);
	if (memcmp(head, ELFMAG, SELFMAG) != 0)
		return fail(STATUS_CANNOT_RUN, "%s: not an ELF program, nor a script with #!",
			    p->name);
	return 0;
}

/* ET_REL and friends, from the raw header: same place in every class. */
static const char *file_kind(struct program *p)
{
	unsigned char type[2] = {0};

	if (read_exactly(p, offsetof(Elf64_Ehdr, e_type), type, sizeof(type)) < 0)
		return "not a program";
	switch (type[0] | type[1] << 8) {
	case ET_REL:
		return "an object file: link it first";
	case ET_CORE:
		return "a core dump";
	default:
		return "not a program but another kind of ELF file";
	}
}

static int refuse(struct program *p, enum elf_error why)
{
	char text[32];
	const char *machine = elf_machine_text(p->fd, text);
	bool x86_64 = strcmp(machine, "x86-64") == 0;

	switch (why) {
	case ELF_CLASS_32:
		return fail(STATUS_CANNOT_RUN,
			    "%s: a 32-bit program (%s); only 64-bit x86-64 programs run", p->name,
			    x86_64 ? "x32" : machine);
	case ELF_BIG_ENDIAN:
		return fail(STATUS_CANNOT_RUN,
			    "%s: a big-endian program (%s); only x86-64 programs run", p->name,
			    machine);
	case ELF_BAD_MACHINE:
		return fail(STATUS_CANNOT_RUN, "%s: built for %s; only x86-64 programs run",
			    p->name, machine);
	case ELF_BAD_TYPE:
		return fail(STATUS_CANNOT_RUN, "%s: %s", p->name, file_kind(p));
	default:
		return fail(STATUS_CANNOT_RUN, "%s: damaged ELF file: %s", p->name,
			    elf_error_text(why));
	}
}

/* Writable segments become memory of their own; the others are used in place in the file. */
static uint64_t memory_of(const struct elf_image *image)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < image->n_segments; i++)
		if (image->segments[i].prot & PROT_WRITE)
			sum += image->segments[i].memsz;
	return sum;
}

int elfcheck(struct program *p)
{
	struct elf_image *image;
	enum elf_error error;
	int status = check_magic(p);

	if (status)
		return status;
	image = xrealloc(NULL, sizeof(*image));
	error = elf_parse(read_exactly, p, (uint64_t)p->st.st_size, image);
	if (error != ELF_OK)
		status = refuse(p, error);
	else if (image->has_interp)
		p->interp = xstrdup(image->interp);
	p->memory = status ? 0 : memory_of(image);
	free(image);
	return status;
}
