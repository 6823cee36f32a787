/* SPDX-License-Identifier: MIT */
/*
 * The overlay over images whose directories are not a tree, which mkfs.erofs would not make: every
 * such name is refused, all others work. Skipped without mkfs.erofs.
 * unit: tests/unit/host_fs.c @fs
 */
#define _ISOC11_SOURCE /* only ISO C from the C library: its POSIX types are not the kernel's */
#include "tests/unit/unit.h"

#include "fs/vfs.h"
#include "kernel/abi/erofs.h"
#include "tests/unit/fs_fake.h"
#include "tests/unit/host_fs.h"
#include "tests/unit/vfs_calls.h"

#include <string.h>

static char image[1 << 20];
static size_t image_size;

static bool make_image(void)
{
	static const char make[] =
	    "set -e; d=$(mktemp -d); mkdir -p $d/r/a/b/c $d/r/a/d; echo x >$d/r/a/f;"
	    "echo y >$d/r/a/g; mkfs.erofs $d/i $d/r >/dev/null 2>&1; cat $d/i; rm -r $d";
	FILE *p = popen(make, "r");

	image_size = fread(image, 1, sizeof(image), p);
	return pclose(p) == 0 && image_size >= PAGE_SIZE;
}

/* The entry of a name in a directory of the (small, intact) image; *nid: where it leads. */
static struct erofs_dirent *entry(uint64_t dir, const char *name, uint64_t *nid)
{
	struct erofs_super_block *sb = (void *)(image + EROFS_SUPER_OFFSET);
	struct erofs_inode_compact *in =
	    (void *)(image + sb->meta_block * PAGE_SIZE + dir * EROFS_SLOT_SIZE);
	bool extended = in->format & EROFS_FORMAT_EXTENDED;
	struct erofs_dirent *e =
	    (void *)((char *)in + (extended ? sizeof(struct erofs_inode_extended) : sizeof(*in)));

	for (unsigned i = 0, n = e->nameoff / sizeof(*e); i < n; i++) {
		if (strncmp((char *)e + e[i].nameoff, name, strlen(name)) == 0) {
			*nid = e[i].nid;
			return &e[i];
		}
	}
	abort();
}

static void test_intact(void)
{
	CHECK(open_close("/a/b/c", O_RDONLY, 0) == 0 && open_close("/a/g", O_RDWR, 0) == 0);
	CHECK(vfs_rename(NULL, "/a/b", NULL, "/a/d/e", 0) == 0);
	CHECK(open_close("/a/d/e/c", O_RDONLY, 0) == 0 &&
	      open_close("/a/b", O_RDONLY, 0) == -ENOENT);
	CHECK(vfs_rename(NULL, "/a/d", NULL, "/a/d/e/c/x", 0) == -EINVAL);
}

static void test_refused(void)
{
	CHECK(open_close("/a/b", O_RDONLY, 0) == 0);
	CHECK(open_close("/a/b/c", O_RDONLY, 0) == -EUCLEAN);
	CHECK(open_close("/a/b/c/b", O_RDONLY, 0) == -EUCLEAN);
	CHECK(vfs_rename(NULL, "/a/b/c", NULL, "/x", 0) == -EUCLEAN);
	CHECK(vfs_rmdir(NULL, "/a/b/c") == -EUCLEAN && vfs_rmdir(NULL, "/a/b") == -ENOTEMPTY);
}

/* One directory under two names of its parent: whoever comes second. */
static void test_alias(void)
{
	struct file *f = must_open("/a/b", O_RDONLY);

	CHECK(open_close("/a/d", O_RDONLY, 0) == -EUCLEAN);
	CHECK(vfs_rename(NULL, "/a/b", NULL, "/e", 0) == 0);
	CHECK(open_close("/a/d", O_RDONLY, 0) == -EUCLEAN);
	file_put(f);
}

/* A file with more names than it says. */
static void test_links(void)
{
	struct file *f = must_open("/a/f", O_RDONLY);

	CHECK(vfs_unlink(NULL, "/a/f") == 0);
	CHECK(open_close("/a/g", O_RDONLY, 0) == -EUCLEAN);
	file_put(f);
}

int main(void)
{
	struct erofs_super_block *sb = (void *)(image + EROFS_SUPER_OFFSET);
	uint64_t root, a, b, c, d, f, g;
	struct erofs_dirent *ce, *de, *ge;
	int failed = 0;

	if (!make_image()) {
		printf("ok 1 - overlay # SKIP mkfs.erofs does not work here\n");
		return 0;
	}
	sb->feature_compat = 0;
	root = sb->root_nid;
	entry(root, "a", &a);
	entry(a, "b", &b);
	ce = entry(b, "c", &c);
	de = entry(a, "d", &d);
	entry(a, "f", &f);
	ge = entry(a, "g", &g);
	for (int i = 0; i < 7; i++) {
		const uint64_t wrong[] = {c, a, b, root, d};
		int r = host_fs_fork();

		if (r >= 0) {
			failed |= r;
			continue;
		}
		ce->nid = i < 5 ? wrong[i] : c;
		de->nid = i == 5 ? b : d;
		ge->nid = i == 6 ? f : g;
		fake_boot_over(image, image_size);
		(i == 0 ? test_intact : i < 5 ? test_refused : i == 5 ? test_alias : test_links)();
		return UNIT_END();
	}
	return failed;
}
