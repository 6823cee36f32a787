/* SPDX-License-Identifier: MIT */
/*
 * Makes broken (and a few odd but sound) variants of a good static program: mkelf GOOD DIRECTORY
 * writes one file for each row of the table below, named after it. tests/boot/bad_input.sh says
 * what must happen with each.
 */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct file {
	unsigned char *data;
	size_t size;
	Elf64_Ehdr *eh;
	Elf64_Phdr *ph;
};

/* The nth PT_LOAD. */
static Elf64_Phdr *load(struct file *f, int nth)
{
	for (int i = 0; i < f->eh->e_phnum; i++)
		if (f->ph[i].p_type == PT_LOAD && nth-- == 0)
			return &f->ph[i];
	fprintf(stderr, "mkelf: the good program has too few segments\n");
	exit(1);
}

static Elf64_Phdr *of_type(struct file *f, unsigned type)
{
	for (int i = 0; i < f->eh->e_phnum; i++)
		if (f->ph[i].p_type == type)
			return &f->ph[i];
	return load(f, 0);
}

static void empty(struct file *f)
{
	f->size = 0;
}
static void short_header(struct file *f)
{
	f->size = 20;
}
static void half_header(struct file *f)
{
	f->size = 63;
}
static void text(struct file *f)
{
	f->size = (size_t)sprintf((char *)f->data, "just some text\n");
}
static void class32(struct file *f)
{
	f->eh->e_ident[EI_CLASS] = ELFCLASS32;
}
static void big_endian(struct file *f)
{
	f->eh->e_ident[EI_DATA] = ELFDATA2MSB;
}
static void aarch64(struct file *f)
{
	f->eh->e_machine = EM_AARCH64;
}
static void object(struct file *f)
{
	f->eh->e_type = ET_REL;
}
static void core(struct file *f)
{
	f->eh->e_type = ET_CORE;
}
static void no_headers(struct file *f)
{
	f->eh->e_phnum = 0;
}
static void header_size(struct file *f)
{
	f->eh->e_phentsize = 32;
}
static void headers_beyond(struct file *f)
{
	f->eh->e_phoff = f->size + 4096;
}
static void headers_wrap(struct file *f)
{
	f->eh->e_phoff = -8ul;
}
static void many_headers(struct file *f)
{
	f->eh->e_phnum = 0xfffe;
}
static void cut_in_half(struct file *f)
{
	f->size /= 2;
}
static void filesz_above_memsz(struct file *f)
{
	load(f, 1)->p_memsz = load(f, 1)->p_filesz / 2;
}
static void segment_beyond(struct file *f)
{
	load(f, 1)->p_filesz = load(f, 1)->p_memsz = f->size * 4;
}
static void segment_wraps(struct file *f)
{
	load(f, 3)->p_memsz = -load(f, 3)->p_vaddr;
}
static void kernel_address(struct file *f)
{
	load(f, 3)->p_vaddr = 0xffffffff80000000 | (load(f, 3)->p_vaddr & 0xfff);
}
static void hole_address(struct file *f)
{
	load(f, 3)->p_vaddr = 0x800000000000 | (load(f, 3)->p_vaddr & 0xfff);
}
static void misaligned(struct file *f)
{
	load(f, 1)->p_offset += 8;
}
static void overlap(struct file *f)
{
	load(f, 2)->p_vaddr = load(f, 1)->p_vaddr + (load(f, 2)->p_vaddr & 0xfff);
}
static void huge(struct file *f)
{
	load(f, 3)->p_memsz = 1ul << 44;
}
static void entry_outside(struct file *f)
{
	f->eh->e_entry = 0x10;
}
static void entry_in_data(struct file *f)
{
	f->eh->e_entry = load(f, 3)->p_vaddr;
}

static void backwards(struct file *f)
{
	Elf64_Phdr a = *load(f, 1), *b = load(f, 2);

	*load(f, 1) = *b;
	*b = a;
}

static void only_notes(struct file *f)
{
	for (int i = 0; i < f->eh->e_phnum; i++)
		if (f->ph[i].p_type == PT_LOAD)
			f->ph[i].p_type = PT_NOTE;
}

/* Names an interpreter that does not exist; the string goes to the end of the file. */
static void missing_interpreter(struct file *f)
{
	static const char path[] = "/nonexistent/ld.so";
	Elf64_Phdr *p = of_type(f, PT_NOTE);

	p->p_type = PT_INTERP;
	p->p_offset = f->size;
	p->p_filesz = p->p_memsz = sizeof(path);
	memcpy(f->data + f->size, path, sizeof(path));
	f->size += sizeof(path);
}

static void endless_interpreter(struct file *f)
{
	Elf64_Phdr *p = of_type(f, PT_NOTE);

	p->p_type = PT_INTERP;
	p->p_filesz = 1ul << 40;
}

static void fine(struct file *f)
{
	(void)f;
}
static void fine_no_sections(struct file *f)
{
	f->eh->e_shoff = -1ul, f->eh->e_shnum = 0xffff;
}
static void fine_os_abi(struct file *f)
{
	f->eh->e_ident[EI_OSABI] = ELFOSABI_GNU, f->eh->e_flags = 77;
}
static void fine_trailing(struct file *f)
{
	memset(f->data + f->size, 0xcc, 1000), f->size += 1000;
}
static void fine_big_bss(struct file *f)
{
	load(f, 3)->p_memsz += 256ul << 20;
}
static void fine_no_stack_note(struct file *f)
{
	of_type(f, PT_GNU_STACK)->p_type = PT_NULL;
}
static void fine_read_only_data(struct file *f)
{
	load(f, 2)->p_flags |= PF_W;
}

static const struct variant {
	const char *name;
	void (*make)(struct file *f);
} variants[] = {
#define V(name)                                                                                    \
	{                                                                                          \
#name, name                                                                        \
	}
    V(empty),
    V(short_header),
    V(half_header),
    V(text),

    V(class32),
    V(big_endian),
    V(aarch64),
    V(object),
    V(core),
    V(no_headers),
    V(header_size),
    V(headers_beyond),
    V(headers_wrap),
    V(many_headers),
    V(cut_in_half),
    V(filesz_above_memsz),
    V(segment_beyond),
    V(segment_wraps),
    V(kernel_address),
    V(hole_address),
    V(misaligned),
    V(overlap),
    V(huge),
    V(entry_outside),
    V(entry_in_data),
    V(backwards),
    V(only_notes),
    V(missing_interpreter),
    V(endless_interpreter),
    V(fine),
    V(fine_no_sections),
    V(fine_os_abi),
    V(fine_trailing),
    V(fine_big_bss),
    V(fine_no_stack_note),
    V(fine_read_only_data),
#undef V
};

static unsigned char *read_file(const char *path, size_t *size, size_t room)
{
	FILE *in = fopen(path, "rb");
	struct stat st;
	unsigned char *data;

	if (!in || fstat(fileno(in), &st) || !(data = calloc(1, (size_t)st.st_size + room)) ||
	    fread(data, 1, (size_t)st.st_size, in) != (size_t)st.st_size) {
		fprintf(stderr, "mkelf: %s: %s\n", path, strerror(errno));
		exit(1);
	}
	fclose(in);
	*size = (size_t)st.st_size;
	return data;
}

static void write_file(const char *dir, const char *name, const struct file *f)
{
	char path[512];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	out = fopen(path, "wb");
	if (!out || fwrite(f->data, 1, f->size, out) != f->size || fclose(out) ||
	    chmod(path, 0755)) {
		fprintf(stderr, "mkelf: %s: %s\n", path, strerror(errno));
		exit(1);
	}
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: mkelf GOOD DIRECTORY\n");
		return 2;
	}
	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
		struct file f = {0};

		f.data = read_file(argv[1], &f.size, 4096);
		f.eh = (Elf64_Ehdr *)f.data;
		f.ph = (Elf64_Phdr *)(f.data + f.eh->e_phoff);
		variants[i].make(&f);
		write_file(argv[2], variants[i].name, &f);
		free(f.data);
	}
	return 0;
}
