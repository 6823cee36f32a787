/* SPDX-License-Identifier: MIT */
/* The kernel inside has no file of its own: QEMU gets a memory file. */
#include "tools/kernel_file.h"

#include "tools/elfinfo.h"
#include "tools/image.h"
#include "tools/util.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int kernel_inside(struct kernel_file *k)
{
	size_t size = (size_t)(uniload_kernel_end - uniload_kernel_start);
	Elf64_Ehdr eh;

	memcpy(&eh, uniload_kernel_start, sizeof(eh));
	k->entry = (uint32_t)eh.e_entry; /* kernel.ld: the entry for PVH */
	k->end = elf_physical_end(uniload_kernel_start, size);
	k->fd = memfd_create("uniload-kernel", MFD_CLOEXEC);
	if (k->fd < 0)
		return fail(STATUS_FAILED, "cannot create a memory file: %s", strerror(errno));
	return 0;
}

int kernel_fill(const struct kernel_file *k)
{
	size_t size = (size_t)(uniload_kernel_end - uniload_kernel_start), done = 0;

	while (done < size) {
		ssize_t n = write(k->fd, uniload_kernel_start + done, size - done);

		if (n < 0 && errno != EINTR)
			return fail(STATUS_FAILED, "cannot write a memory file: %s",
				    strerror(errno));
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

int kernel_from_file(struct kernel_file *k, const char *path)
{
	struct stat st;
	void *image;

	k->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (k->fd < 0 || fstat(k->fd, &st) < 0)
		return fail(STATUS_FAILED, "--kernel %s: %s", path, strerror(errno));
	image = st.st_size > 0 ? mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, k->fd, 0)
			       : MAP_FAILED;
	if (image != MAP_FAILED) {
		k->end = elf_physical_end(image, (uint64_t)st.st_size);
		munmap(image, (size_t)st.st_size);
	}
	return k->end ? 0 : fail(STATUS_FAILED, "--kernel %s: not an ELF kernel", path);
}
