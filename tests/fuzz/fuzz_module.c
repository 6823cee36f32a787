/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the host's readers of images: the input is a boot module, and what it says is its root is
 * read as an EROFS image; an input that is no module is taken for such an image itself.
 */
/* fuzz: -D_GNU_SOURCE tools/util.c tools/module_read.c tools/module.c tools/erofs_read.c
 * tools/fileset.c */
#include "tools/erofs_write.h"
#include "tools/module.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static void require(bool cond)
{
	if (!cond)
		abort();
}

static void read_root(int fd, uint64_t offset, uint64_t size)
{
	struct fileset set;

	fileset_init(&set);
	if (erofs_read(&set, fd, offset, size) == NULL)
		for (struct node *n = set.root; n; n = node_next(set.root, n))
			require(n->link || !S_ISREG(n->mode) || n->size == 0 ||
				(n->offset >= offset && n->offset + n->size <= offset + size));
	fileset_free(&set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct module_parts m;
	int fd = memfd_create("module", MFD_CLOEXEC);

	require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	if (size >= 4096)
		read_root(fd, 0, size);
	if (module_read(&m, fd, 0, size) == NULL) {
		require(m.spec.argv[0] && m.exe && m.cwd);
		for (size_t i = 0; i < m.files.n; i++)
			require(m.files.v[i].text ||
				m.files.v[i].offset + m.files.v[i].size <= size);
		if (m.spec.root_size)
			read_root(fd, m.spec.root_offset, m.spec.root_size);
	}
	module_parts_free(&m);
	close(fd);
	return 0;
}
