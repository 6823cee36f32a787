/* SPDX-License-Identifier: MIT */
/*
 * The kernel's file stays as it is but for one more program header, for which there is room before
 * its first segment, and its note, which says where the module is loaded: on the page behind the
 * kernel.
 */
#include "tools/image.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE	  4096ull
#define MAX_PHDRS 32
#define NOTES_MAX 4096

static bool read_exactly(int fd, void *buf, size_t len, uint64_t at)
{
	return pread(fd, buf, len, (off_t)at) == (ssize_t)len;
}

static bool read_headers(int fd, Elf64_Ehdr *eh, Elf64_Phdr *ph)
{
	return read_exactly(fd, eh, sizeof(*eh), 0) && memcmp(eh->e_ident, ELFMAG, SELFMAG) == 0 &&
	       eh->e_ident[EI_CLASS] == ELFCLASS64 && eh->e_machine == EM_X86_64 &&
	       eh->e_phentsize == sizeof(*ph) && eh->e_phnum <= MAX_PHDRS &&
	       read_exactly(fd, ph, eh->e_phnum * sizeof(*ph), eh->e_phoff);
}

/* Where in these notes ours has its value; 0 if there is none. */
static size_t find_value(const unsigned char *notes, size_t size)
{
	size_t at = 0;

	while (at + sizeof(Elf64_Nhdr) <= size) {
		Elf64_Nhdr n;
		size_t name, value;

		memcpy(&n, notes + at, sizeof(n));
		name = at + sizeof(n);
		if (n.n_namesz > size || n.n_descsz > size)
			return 0;
		value = name + ((n.n_namesz + 3) & ~3u);
		if (value + n.n_descsz > size)
			return 0;
		if (n.n_type == BI_NOTE_EMBED && n.n_namesz == sizeof(BI_NOTE_OWNER) &&
		    memcmp(notes + name, BI_NOTE_OWNER, sizeof(BI_NOTE_OWNER)) == 0 &&
		    n.n_descsz >= sizeof(struct bi_embed))
			return value;
		at = value + ((n.n_descsz + 3) & ~3u);
	}
	return 0;
}

/* The note's value of a file; false if there is none. */
static bool read_embed(int fd, const Elf64_Ehdr *eh, const Elf64_Phdr *ph, struct bi_embed *e)
{
	unsigned char notes[NOTES_MAX];

	for (int i = 0; i < eh->e_phnum; i++) {
		size_t at;

		if (ph[i].p_type != PT_NOTE || ph[i].p_filesz > sizeof(notes) ||
		    !read_exactly(fd, notes, ph[i].p_filesz, ph[i].p_offset))
			continue;
		at = find_value(notes, ph[i].p_filesz);
		if (at == 0)
			continue;
		memcpy(e, notes + at, sizeof(*e));
		return true;
	}
	return false;
}

bool image_is(int fd)
{
	Elf64_Phdr ph[MAX_PHDRS];
	struct bi_embed e;
	Elf64_Ehdr eh;

	return read_headers(fd, &eh, ph) && read_embed(fd, &eh, ph, &e) && e.image_version != 0;
}

static int check_versions(const struct bi_embed *e, const char *path)
{
	if (e->image_version > BI_IMAGE_VERSION || e->bootinfo_version > BOOTINFO_VERSION)
		return fail(STATUS_CANNOT_RUN,
			    "%s: an image of a newer uniload (version %u.%u; this one knows %u.%u)",
			    path, e->image_version, e->bootinfo_version, BI_IMAGE_VERSION,
			    BOOTINFO_VERSION);
	if (e->image_version < BI_IMAGE_VERSION || e->bootinfo_version < BOOTINFO_VERSION)
		return fail(STATUS_CANNOT_RUN,
			    "%s: an image of an older uniload (version %u.%u; this one knows "
			    "%u.%u): build it again",
			    path, e->image_version, e->bootinfo_version, BI_IMAGE_VERSION,
			    BOOTINFO_VERSION);
	return 0;
}

static int find_module(struct image *im, const Elf64_Ehdr *eh, const Elf64_Phdr *ph,
		       const char *path)
{
	struct stat st;

	if (fstat(im->fd, &st) < 0)
		return fail(STATUS_CANNOT_RUN, "%s: %s", path, strerror(errno));
	for (int i = 0; i < eh->e_phnum; i++) {
		if (ph[i].p_type != PT_LOAD || ph[i].p_paddr != im->embed.module ||
		    ph[i].p_filesz < im->embed.size || ph[i].p_offset % PAGE)
			continue;
		im->module_offset = ph[i].p_offset;
		if (ph[i].p_offset > (uint64_t)st.st_size ||
		    im->embed.size > (uint64_t)st.st_size - ph[i].p_offset)
			return fail(STATUS_CANNOT_RUN, "%s: the image is truncated", path);
		return 0;
	}
	return fail(STATUS_CANNOT_RUN, "%s: damaged image: its module is not there", path);
}

int image_open(struct image *im, const char *path)
{
	Elf64_Phdr ph[MAX_PHDRS];
	Elf64_Ehdr eh;
	const char *why;
	int status;

	*im = (struct image){.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
	if (im->fd < 0)
		return fail(STATUS_CANNOT_RUN, "%s: %s", path, strerror(errno));
	if (!read_headers(im->fd, &eh, ph) || !read_embed(im->fd, &eh, ph, &im->embed) ||
	    im->embed.image_version == 0)
		return fail(STATUS_CANNOT_RUN, "%s: not an image made by uniload", path);
	status = check_versions(&im->embed, path);
	if (status == 0)
		status = find_module(im, &eh, ph, path);
	if (status)
		return status;
	why = module_read(&im->module, im->fd, im->module_offset, im->embed.size);
	return why ? fail(STATUS_CANNOT_RUN, "%s: damaged image: the module: %s", path, why) : 0;
}

void image_close(struct image *im)
{
	module_parts_free(&im->module);
	if (im->fd >= 0)
		close(im->fd);
}

/* ---- writing ---- */

static int write_all(int fd, const void *data, size_t len)
{
	const char *from = data;

	while (len > 0) {
		ssize_t n = write(fd, from, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(STATUS_FAILED, "cannot write the image: %s",
				    strerror(n ? errno : ENOSPC));
		from += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Add the module's header and fill in the note in a copy of the kernel's file, which is followed by
 * the module at `at`. */
static int adapt_kernel(unsigned char *kernel, size_t size, uint64_t at, uint64_t module_size)
{
	Elf64_Ehdr *eh = (void *)kernel;
	Elf64_Phdr *ph = (void *)(kernel + eh->e_phoff);
	uint64_t end = 0, first = size;
	struct bi_embed e;
	unsigned char *value = NULL;

	for (int i = 0; i < eh->e_phnum; i++) {
		size_t found;

		if (ph[i].p_type == PT_LOAD && ph[i].p_paddr + ph[i].p_memsz > end)
			end = ph[i].p_paddr + ph[i].p_memsz;
		if (ph[i].p_type == PT_LOAD && ph[i].p_offset < first)
			first = ph[i].p_offset;
		if (ph[i].p_type != PT_NOTE)
			continue;
		found = find_value(kernel + ph[i].p_offset, ph[i].p_filesz);
		if (found)
			value = kernel + ph[i].p_offset + found;
	}
	if (value == NULL || eh->e_phoff + (eh->e_phnum + 1u) * sizeof(*ph) > first)
		return fail(STATUS_FAILED, "this kernel cannot become an image");
	end = (end + PAGE - 1) / PAGE * PAGE;
	e = (struct bi_embed){end, module_size, BOOTINFO_VERSION, BI_IMAGE_VERSION};
	memcpy(value, &e, sizeof(e));
	ph[eh->e_phnum++] = (Elf64_Phdr){.p_type = PT_LOAD,
					 .p_flags = PF_R,
					 .p_offset = at,
					 .p_vaddr = end,
					 .p_paddr = end,
					 .p_filesz = module_size,
					 .p_memsz = module_size,
					 .p_align = PAGE};
	return 0;
}

int image_write(int fd, int module_fd, uint64_t module_size)
{
	size_t size = (size_t)(uniload_kernel_end - uniload_kernel_start);
	size_t at = (size + PAGE - 1) / PAGE * PAGE;
	unsigned char *kernel = xrealloc(NULL, at);
	off_t from = 0;
	int status;

	memset(kernel + size, 0, at - size);
	memcpy(kernel, uniload_kernel_start, size);
	status = adapt_kernel(kernel, size, at, module_size);
	if (status == 0)
		status = write_all(fd, kernel, at);
	free(kernel);
	while (status == 0 && (uint64_t)from < module_size) {
		ssize_t n = sendfile(fd, module_fd, &from, module_size - (uint64_t)from);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			status = fail(STATUS_FAILED, "cannot write the image: %s",
				      strerror(n ? errno : ENOSPC));
	}
	return status;
}
