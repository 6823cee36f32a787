/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes what becomes of an archive that somebody else made: the input is a tar file. What is read
 * from it must make an image that the reader of images accepts, with the same files.
 */
/* fuzz: -D_GNU_SOURCE tools/util.c tools/fileset.c tools/erofs_write.c tools/erofs_read.c */
#include "tools/erofs_write.h"
#include "tools/util.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A million messages help nobody. */
#define fail(status, ...) (status)
#include "tools/tar.c"
#undef fail

int spawn_filter(const char *program, int in, int out)
{
	return -1;
}

int temporary_file(void)
{
	return -1;
}

static void require(bool cond)
{
	if (!cond)
		abort();
}

/* Headers of members have a checksum, which no fuzzer guesses. */
static void correct_sums(uint8_t *data, size_t size)
{
	for (size_t at = 0; at + BLOCK <= size; at += BLOCK) {
		struct header *h = (struct header *)(data + at);
		unsigned sum = 0;

		if (memcmp(h->sum, "fix", 3) != 0)
			continue;
		for (size_t i = 0; i < BLOCK; i++)
			sum +=
			    i >= offsetof(struct header, sum) && i < offsetof(struct header, type)
				? ' '
				: data[at + i];
		for (int i = 0; i < 6; i++)
			h->sum[i] = (char)('0' + (sum >> (15 - 3 * i) & 7));
		h->sum[6] = '\0';
	}
}

static void check_set(const struct fileset *s, uint64_t size)
{
	for (struct node *n = s->root; n; n = node_next(s->root, n)) {
		const struct node *file = node_file(n);

		require(file->link == NULL && (n == file || !S_ISDIR(file->mode)));
		require(!S_ISREG(file->mode) || file->size == 0 ||
			(file->offset <= size && file->size <= size - file->offset));
	}
}

static void write_and_read(const struct fileset *s)
{
	int fd = memfd_create("image", MFD_CLOEXEC);
	size_t files, again;
	struct fileset back;
	const char *why;
	uint64_t size = 0;

	require(fd >= 0 && erofs_write(s, fd, NULL, &size) == 0);
	fileset_init(&back);
	why = erofs_read(&back, fd, 0, size);
	require(why == NULL);
	check_set(&back, size);
	require(fileset_bytes(s, &files) == fileset_bytes(&back, &again) && files == again);
	fileset_free(&back);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 1);
	int fd = memfd_create("tar", MFD_CLOEXEC), plain = -1;
	struct fileset set;

	memcpy(copy, data, size);
	correct_sums(copy, size);
	require(fd >= 0 && write(fd, copy, size) == (ssize_t)size);
	fileset_init(&set);
	if (tar_read(&set, fd, "tar", &plain) == 0) {
		check_set(&set, size);
		write_and_read(&set);
	}
	fileset_free(&set);
	close(fd);
	free(copy);
	return 0;
}
