/* SPDX-License-Identifier: MIT */
/*
 * Executables and interpreters: opened through the VFS, checked and planned by the loader, mapped
 * through MM like any mmap(2) of a file. Position-independent programs go to a random place above
 * two thirds of the address space, as Linux places those with an interpreter; static ones are put
 * there too.
 */
#include "syscalls/exec_image.h"

#include "fs/vfs.h"
#include "kernel/abi/linux.h"
#include "kernel/file.h"
#include "kernel/log.h"
#include "kernel/random.h"
#include "kernel/uaccess.h"

#define PIE_BASE   (TASK_SIZE / 3 * 2 & PAGE_MASK)
#define PIE_RANDOM (1ull << (28 + PAGE_SHIFT)) /* Linux: vm.mmap_rnd_bits */
#define FILL_MAX   (2ul << 20) /* file mappings up to this size are filled at once */

/* Context of the callbacks. */
struct mapping {
	struct mm *mm;
	struct file *file;
	bool program;
};

uint64_t exec_random(uint64_t range)
{
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

static int map_image(struct exec_image *im, struct mm *mm, const char *path, bool program)
{
	struct mapping ctx = {.mm = mm, .file = im->file, .program = program};
	const struct elf_mapper mapper = {
	    .ctx = &ctx,
	    .choose = map_choose,
	    .map_file = map_file,
	    .map_zero = map_zero,
	    .clear = map_clear,
	};
	int r = elf_map(&im->elf, &mapper, &im->bias);

	if (r == -ENOMEM)
		log_error("%s: not enough memory to load it", path);
	else if (r == -EEXIST)
		log_error("%s: not runnable: the addresses it is linked for are taken", path);
	else if (r < 0)
		log_error("%s: cannot be mapped: error %d", path, -r);
	return r;
}

/* As execve(2): regular files with the right to execute; reading needs no right of its own. */
static int open_image(struct exec_image *im, const char *path)
{
	int r = vfs_lookup(NULL, path, LOOKUP_FOLLOW, &im->dentry);

	if (r < 0)
		return r;
	if ((im->dentry->inode->mode & S_IFMT) != S_IFREG)
		r = -EACCES;
	if (r == 0)
		r = vfs_permission(im->dentry->inode, X_OK, false);
	if (r == 0)
		r = vfs_open_dentry(im->dentry, O_RDONLY, &im->file);
	if (r < 0)
		dentry_put(im->dentry);
	return r;
}

static const char *open_error_text(int r)
{
	switch (r) {
	case -ENOENT:
	case -ENOTDIR:
		return "no such file";
	case -EACCES:
		return "permission denied";
	case -ELOOP:
		return "too many symbolic links";
	case -ENOMEM:
		return "not enough memory";
	default:
		return "cannot be opened";
	}
}

int exec_image_load(struct exec_image *im, struct mm *mm, const char *path, bool program)
{
	enum elf_error e;
	int r = open_image(im, path);

	if (r < 0) {
		log_error("%s: %s", path, open_error_text(r));
		return r;
	}
	e = elf_parse(read_image, im->file, im->file->inode->size, &im->elf);
	if (e != ELF_OK) {
		log_error("%s: %s", path, elf_error_text(e));
		r = -ENOEXEC;
	}
	if (r == 0)
		r = map_image(im, mm, path, program);
	if (r < 0)
		exec_image_close(im);
	return r;
}

void exec_image_close(struct exec_image *im)
{
	file_put(im->file);
	dentry_put(im->dentry);
}
