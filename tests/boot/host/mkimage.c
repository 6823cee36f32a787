/* SPDX-License-Identifier: MIT */
/*
 * Makes bootable images the plain way, to test the kernel's side of them without the image builder:
 *
 *	mkimage KERNEL IMAGE MODULE	append the file as the boot module
 *	mkimage -c MODULE OUT [MIB]	copy a module as an image has it: flags, no seed, no clock;
 *					made longer by so many MiB
 *
 * A module comes from `uniload run` with a stand-in for QEMU (tests/boot/image.sh).
 */
#include "kernel/abi/bootinfo.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 4096ull

struct blob {
	unsigned char *data;
	size_t size;
};

static void die(const char *why)
{
	fprintf(stderr, "mkimage: %s\n", why);
	exit(1);
}

static struct blob read_file(const char *path)
{
	struct blob b = {0};
	FILE *f = fopen(path, "rb");
	long size;

	if (!f || fseek(f, 0, SEEK_END) || (size = ftell(f)) < 0)
		die(path);
	rewind(f);
	b.size = (size_t)size;
	b.data = calloc(1, b.size + PAGE);
	if (!b.data || fread(b.data, 1, b.size, f) != b.size)
		die(path);
	fclose(f);
	return b;
}

static void write_all(FILE *f, const void *data, size_t n)
{
	if (n && fwrite(data, 1, n, f) != n)
		die("cannot write");
}

/* The value of our note in the kernel's file. */
static struct bi_embed *find_note(struct blob *k, const Elf64_Phdr *ph)
{
	for (size_t at = ph->p_offset; at + sizeof(Elf64_Nhdr) < ph->p_offset + ph->p_filesz;) {
		Elf64_Nhdr *n = (void *)(k->data + at);
		char *name = (char *)(n + 1);
		size_t name_size = (n->n_namesz + 3) & ~3u;

		if (n->n_type == BI_NOTE_EMBED && !strcmp(name, BI_NOTE_OWNER))
			return (void *)(name + name_size);
		at += sizeof(*n) + name_size + ((n->n_descsz + 3) & ~3u);
	}
	return NULL;
}

static void make_image(const char *kernel, const char *image, const char *module)
{
	struct blob k = read_file(kernel), m = read_file(module);
	Elf64_Ehdr *eh = (void *)k.data;
	Elf64_Phdr *ph = (void *)(k.data + eh->e_phoff), *add = &ph[eh->e_phnum];
	uint64_t end = 0, at = (k.size + PAGE - 1) / PAGE * PAGE;
	struct bi_embed *e = NULL;
	FILE *out = fopen(image, "wb");

	if (!out)
		die(image);
	for (int i = 0; i < eh->e_phnum; i++) {
		if (ph[i].p_type == PT_LOAD && ph[i].p_paddr + ph[i].p_memsz > end)
			end = ph[i].p_paddr + ph[i].p_memsz;
		if (ph[i].p_type == PT_NOTE)
			e = find_note(&k, &ph[i]);
	}
	if (!e || e->bootinfo_version != BOOTINFO_VERSION)
		die("the kernel has no note of this version");
	end = (end + PAGE - 1) / PAGE * PAGE;
	*e = (struct bi_embed){end, m.size, BOOTINFO_VERSION, BI_IMAGE_VERSION};
	/* There is room for one more program header: the first segment starts on the next page. */
	*add = (Elf64_Phdr){.p_type = PT_LOAD,
			    .p_flags = PF_R,
			    .p_offset = at,
			    .p_vaddr = end,
			    .p_paddr = end,
			    .p_filesz = m.size,
			    .p_memsz = m.size,
			    .p_align = PAGE};
	eh->e_phnum++;
	write_all(out, k.data, at); /* the buffer is a page longer than the file */
	write_all(out, m.data, m.size);
	if (fclose(out))
		die("cannot write");
}

static void clean_module(const char *from, const char *to, size_t more)
{
	struct blob m = read_file(from);
	struct bootinfo *bi = (void *)m.data;
	FILE *out = fopen(to, "wb");

	if (!out || m.size < sizeof(*bi) || bi->magic != BOOTINFO_MAGIC)
		die("no module");
	bi->flags |= BI_IMAGE;
	bi->tsc_hz = bi->realtime_ns = 0;
	memset(bi->seed, 0, sizeof(bi->seed));
	memset(bi->std, 0, sizeof(bi->std));
	bi->total_size += more;
	write_all(out, m.data, m.size);
	if (more && (fseek(out, (long)more - 1, SEEK_CUR) || putc(0, out) < 0))
		die("cannot write");
	if (fclose(out))
		die("cannot write");
}

int main(int argc, char **argv)
{
	if (argc >= 4 && !strcmp(argv[1], "-c"))
		clean_module(argv[2], argv[3], argc > 4 ? strtoul(argv[4], NULL, 0) << 20 : 0);
	else if (argc == 4)
		make_image(argv[1], argv[2], argv[3]);
	else
		die("usage");
	return 0;
}
