/* SPDX-License-Identifier: MIT */
/*
 * The root file system as the boot module asks for it: a tmpfs, or an overlay over an EROFS image
 * that lies in the module or on a disk. Nothing of an image is read but its super block and root.
 */
#include "fs/blockdev.h"
#include "fs/init.h"
#include "fs/overlay.h"
#include "fs/vfs.h"
#include "kernel/bootinfo.h"
#include "kernel/errname.h"
#include "kernel/log.h"
#include "kernel/page.h"

static struct image {
	struct erofs_source src;
	paddr_t start;	       /* in the module */
	struct blockdev *disk; /* or here */
} image;

/* The module's frames are reserved: they are the file's contents wherever they are shown. */
static int module_page(struct erofs_source *src, uint64_t index, bool now, struct page **out)
{
	struct page *p = phys_to_page(image.start + (index << PAGE_SHIFT));

	if (index >= src->size >> PAGE_SHIFT || !p)
		return -EIO;
	*out = page_get(p);
	return 0;
}

static int disk_page(struct erofs_source *src, uint64_t index, bool now, struct page **out)
{
	return blockdev_page(image.disk, index, now, out);
}

/*
 * Programs and libraries are packed in the image: what is near will be wanted, too. python3 -c
 * 'print(1)' reads its disk 98 times at 16 pages, 40 times at 64.
 */
#define DISK_AROUND 64u

static int find_disk(void)
{
	int r;

	image.disk = blockdev_find(BI_ROOT_SERIAL);
	if (!image.disk) {
		log_error("the machine has no disk with the root file system");
		return -ENODEV;
	}
	r = blockdev_ready(image.disk);
	if (r)
		log_error("the disk with the root file system does not work: %s", errno_text(-r));
	else
		image.disk->cache.read_around = DISK_AROUND;
	return r;
}

int root_new(const struct bootinfo *bi, struct super **out)
{
	int r = 0;

	switch (bi->root_kind) {
	case BI_ROOT_MODULE:
		image.start = virt_to_phys((const char *)bi + bi->root_data);
		image.src = (struct erofs_source){module_page, bi->root_size};
		break;
	case BI_ROOT_DISK:
		r = find_disk();
		if (r)
			return r;
		image.src = (struct erofs_source){disk_page, image.disk->size};
		break;
	default:
		return tmpfs_new(out);
	}
	r = overlay_new(&image.src, out);
	if (r && r != -ENOMEM)
		log_error("the root file system cannot be used: %s", errno_text(-r));
	return r;
}
