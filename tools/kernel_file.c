/* SPDX-License-Identifier: MIT */
/* The kernel inside has no file of its own: QEMU gets a memory file. */
#include "tools/kernel_file.h"

#include "tools/elfinfo.h"
#include "tools/image.h"
#include "tools/util.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int kernel_inside(int *fd, uint64_t *end)
{
	size_t size = (size_t)(uniload_kernel_end - uniload_kernel_start), done = 0;

	*end = elf_physical_end(uniload_kernel_start, size);
	*fd = memfd_create("uniload-kernel", MFD_CLOEXEC);
	if (*fd < 0)
		return fail(STATUS_FAILED, "cannot create a memory file: %s", strerror(errno));
	while (done < size) {
		ssize_t n = write(*fd, uniload_kernel_start + done, size - done);

		if (n < 0 && errno != EINTR)
			return fail(STATUS_FAILED, "cannot write a memory file: %s",
				    strerror(errno));
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

int kernel_from_file(const char *path, int *fd, uint64_t *end)
{
	struct stat st;
	void *image;

	*end = 0;
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd < 0 || fstat(*fd, &st) < 0)
		return fail(STATUS_FAILED, "--kernel %s: %s", path, strerror(errno));
	image = st.st_size > 0 ? mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, *fd, 0)
			       : MAP_FAILED;
	if (image != MAP_FAILED) {
		*end = elf_physical_end(image, (uint64_t)st.st_size);
		munmap(image, (size_t)st.st_size);
	}
	return *end ? 0 : fail(STATUS_FAILED, "--kernel %s: not an ELF kernel", path);
}
