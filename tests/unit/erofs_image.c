/* SPDX-License-Identifier: MIT */
/* The image source of tests/unit/erofs_image.h and the few kernel functions a reader calls. */
#define _ISOC11_SOURCE /* only ISO C from the C library: its POSIX types are not the kernel's */
#include "tests/unit/erofs_image.h"

#include "kernel/abi/errno.h"
#include "kernel/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct image {
	struct erofs_source src;
	struct page *pages; /* priv: the page's memory */
	uint64_t n;
};

char image_log[1 << 16];

void klog(enum log_level level, const char *fmt, ...)
{
	size_t used = strlen(image_log);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(image_log + used, sizeof(image_log) - used - 1, fmt, ap);
	va_end(ap);
	strcat(image_log, "\n");
}

void *page_to_virt(const struct page *p)
{
	return (void *)(uintptr_t)p->priv;
}

void page_put(struct page *p)
{
	if (p->refs-- == 0)
		abort();
}

static int image_page(struct erofs_source *src, uint64_t index, bool now, struct page **out)
{
	struct image *im = container_of(src, struct image, src);

	if (index >= im->n)
		return -EIO;
	*out = &im->pages[index];
	if (now && !((*out)->flags & PG_USED))
		return -EAGAIN;
	(*out)->flags |= PG_USED;
	(*out)->refs++;
	return 0;
}

struct erofs_source *image_new(const void *data, size_t size)
{
	struct image *im = calloc(1, sizeof(*im));

	im->src = (struct erofs_source){image_page, size};
	im->n = (size + PAGE_SIZE - 1) / PAGE_SIZE;
	im->pages = calloc(im->n + 1, sizeof(*im->pages));
	for (uint64_t i = 0; i < im->n; i++) {
		void *page = calloc(1, PAGE_SIZE);

		memcpy(page, (const char *)data + i * PAGE_SIZE,
		       MIN(size - i * PAGE_SIZE, PAGE_SIZE));
		im->pages[i].priv = (uintptr_t)page;
	}
	return &im->src;
}

bool image_free(struct erofs_source *src)
{
	struct image *im = container_of(src, struct image, src);
	bool clean = true;

	for (uint64_t i = 0; i < im->n; i++) {
		clean &= im->pages[i].refs == 0;
		free((void *)(uintptr_t)im->pages[i].priv);
	}
	free(im->pages);
	free(im);
	return clean;
}
