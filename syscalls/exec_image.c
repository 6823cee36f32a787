/* SPDX-License-Identifier: MIT */
/*
 * Executables and interpreters: opened by the right to execute them, checked and planned by the
 * loader, mapped through MM like any mmap(2) of a file. Position-independent programs go to a
 * random place above two thirds of the address space, as Linux places those with an interpreter;
 * static ones are put there too.
 */
#include "syscalls/exec_image.h"

#include "fs/mount.h"
#include "fs/vfs.h"
#include "kernel/abi/linux.h"
#include "kernel/file.h"
#include "kernel/random.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/uaccess.h"

#define PIE_BASE   (TASK_SIZE / 3 * 2 & PAGE_MASK)
#define PIE_RANDOM (1ull << (28 + PAGE_SHIFT)) /* Linux: vm.mmap_rnd_bits */
#include <linux/personality.h>

#define FILL_MAX (2ul << 20) /* file mappings up to this size are filled at once */

/* Context of the callbacks. */
struct mapping {
	struct mm *mm;
	struct file *file;
	bool program;
};

uint64_t exec_random(uint64_t range)
{
	if (current_process()->personality & ADDR_NO_RANDOMIZE)
		return 0;
	return random_u64() & (range - 1) & PAGE_MASK;
}

static int read_image(void *ctx, uint64_t offset, void *buf, size_t len)
{
	struct iter it;
	ssize_t n;

	iter_kernel(&it, buf, len);
	n = file_read(ctx, &it, &offset);
	if (n < 0)
		return (int)n;
	return (size_t)n < len ? -EIO : 0;
}

/* Nothing is mapped yet that could take the place, and no thread runs that could map something. */
static int64_t map_choose(void *ctx, uint64_t addr, uint64_t len, uint64_t align, bool fixed)
{
	struct mapping *m = ctx;

	if (!fixed && m->program)
		addr = ALIGN_UP(PIE_BASE + exec_random(PIE_RANDOM), align);
	return mm_find_free(m->mm, addr, len, align);
}

static int map_file(void *ctx, uint64_t addr, uint64_t len, uint64_t offset, unsigned prot)
{
	struct mapping *m = ctx;
	unsigned flags = MAP_PRIVATE | MAP_FIXED | (len <= FILL_MAX ? MAP_POPULATE : 0);
	int64_t r = mm_map(m->mm, addr, len, prot, flags, m->file, offset, NULL);

	return r < 0 ? (int)r : 0;
}

static int map_zero(void *ctx, uint64_t addr, uint64_t len, unsigned prot)
{
	struct mapping *m = ctx;
	int64_t r =
	    mm_map(m->mm, addr, len, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, NULL, 0, NULL);

	return r < 0 ? (int)r : 0;
}

/* The pages are mapped writable, so only their being filled can fail. */
static int map_clear(void *ctx, uint64_t addr, uint64_t len)
{
	return uaccess_zero(addr, len) > 0 ? -ENOMEM : 0;
}

int exec_image_map(struct exec_image *im, struct mm *mm, bool program)
{
	struct mapping ctx = {.mm = mm, .file = im->file, .program = program};
	const struct elf_mapper mapper = {
	    .ctx = &ctx,
	    .choose = map_choose,
	    .map_file = map_file,
	    .map_zero = map_zero,
	    .clear = map_clear,
	};

	return elf_map(&im->elf, &mapper, &im->bias);
}

int exec_image_open(struct exec_image *im, struct dentry *d)
{
	struct inode *in = d->inode;
	int r = 0;

	if ((in->mode & S_IFMT) == S_IFLNK)
		r = -ELOOP;
	else if ((in->mode & S_IFMT) != S_IFREG || place_has(d, MS_NOEXEC))
		r = -EACCES;
	if (r == 0)
		r = vfs_permission(in, X_OK, false);
	if (r == 0)
		r = vfs_deny_write(in);
	if (r == 0) {
		r = vfs_open_dentry(d, O_RDONLY, &im->file);
		if (r < 0)
			vfs_allow_write(in);
	}
	if (r == 0)
		im->dentry = d;
	else
		dentry_put(d);
	return r;
}

int exec_image_head(struct exec_image *im, char *head, size_t size)
{
	uint64_t pos = 0;
	struct iter it;
	ssize_t n = 1;

	memset(head, 0, size);
	iter_kernel(&it, head, size);
	while (n > 0 && it.left > 0)
		n = file_read(im->file, &it, &pos);
	return n < 0 ? (int)n : 0;
}

enum elf_error exec_image_parse(struct exec_image *im)
{
	return elf_parse(read_image, im->file, im->file->inode->size, &im->elf);
}

void exec_image_close(struct exec_image *im)
{
	if (im->file == NULL)
		return;
	vfs_allow_write(im->dentry->inode);
	file_put(im->file);
	dentry_put(im->dentry);
	im->file = NULL;
}
