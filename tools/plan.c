/* SPDX-License-Identifier: MIT */
/* Collecting sites; the order that the guest expects is made at the end. */
#include "tools/plan.h"

#include "tools/scan.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void add_sites(struct plan *p, const struct scan *s)
{
	p->sites = xrealloc(p->sites, (p->n_sites + s->n) * sizeof(*p->sites));
	for (size_t i = 0; i < s->n; i++)
		if (s->sites[i].reason == SCAN_REWRITTEN)
			p->sites[p->n_sites++] = s->sites[i].plan;
}

static int site_order(const void *a, const void *b)
{
	const struct plan_site *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

void plan_add_file(struct plan *p, uint64_t nid, int fd, uint64_t offset, uint64_t size)
{
	size_t first = p->n_sites, n;
	struct scan s;

	if (scan_file(&s, fd, offset, size) == 0 && s.n)
		add_sites(p, &s);
	scan_free(&s);
	n = p->n_sites - first;
	if (n == 0)
		return;
	qsort(p->sites + first, n, sizeof(*p->sites), site_order);
	p->files = xrealloc(p->files, (p->n_files + 1) * sizeof(*p->files));
	p->files[p->n_files++] = (struct plan_file){
	    .nid = nid, .size = size, .first_site = (uint32_t)first, .sites = (uint32_t)n};
}

void plan_add_set(struct plan *p, const struct fileset *set)
{
	for (struct node *n = set->root; n; n = node_next(set->root, n)) {
		int fd = n->fd;

		if (!S_ISREG(n->mode) || n->link)
			continue;
		if (n->host)
			fd = open(n->host, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		if (fd >= 0)
			plan_add_file(p, n->nid, fd, n->host ? 0 : n->offset, n->size);
		if (n->host && fd >= 0)
			close(fd);
	}
}

static int file_order(const void *a, const void *b)
{
	const struct plan_file *x = a, *y = b;

	return x->nid < y->nid ? -1 : x->nid > y->nid;
}

void plan_write(struct plan *p, struct blob *out)
{
	struct plan_header header = {
	    .magic = PLAN_MAGIC,
	    .version = PLAN_VERSION,
	    .files = (uint32_t)p->n_files,
	    .sites = (uint32_t)p->n_sites,
	};

	if (p->n_files)
		qsort(p->files, p->n_files, sizeof(*p->files), file_order);
	blob_add(out, &header, sizeof(header), 8);
	blob_add(out, p->files, p->n_files * sizeof(*p->files), 1);
	blob_add(out, p->sites, p->n_sites * sizeof(*p->sites), 1);
	free(p->files);
	free(p->sites);
	*p = (struct plan){0};
}

bool plan_is(const struct plan_header *h, size_t size)
{
	return h->magic == PLAN_MAGIC && h->version == PLAN_VERSION &&
	       size == sizeof(*h) + (uint64_t)h->files * sizeof(struct plan_file) +
			   (uint64_t)h->sites * sizeof(struct plan_site);
}

uint32_t plan_sites(const void *plan, size_t size)
{
	struct plan_header h;

	if (size < sizeof(h))
		return 0;
	memcpy(&h, plan, sizeof(h));
	return plan_is(&h, size) ? h.sites : 0;
}
