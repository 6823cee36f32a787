/* SPDX-License-Identifier: MIT */
/*
 * Rewrite plans: of sets, with the numbers that files have in the image; their order; the cache.
 * unit: tools/plan.c tools/plan_cache.c tools/cache.c tools/sha256.c tools/scan.c tools/scan_code.c
 *	tools/scan_elf.c tools/scan_frames.c tools/scan_go.c tools/erofs_write.c tools/erofs_read.c
 *	tools/fileset.c tools/spawn.c tools/util.c tools/scan_targets.c loader/rewrite.c
 *-D_GNU_SOURCE -lZydis
 */
#include "tests/unit/unit.h"
#include "tools/erofs_write.h"
#include "tools/plan_cache.h"
#include "tools/scan.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char *const programs[] = {"/bin/busybox", "/lib/x86_64-linux-gnu/libc.so.6"};

static struct node *put(struct fileset *s, const char *path, const char *host)
{
	struct node *n = fileset_make(s, path);
	struct stat st;

	if (n == NULL || stat(host, &st) < 0)
		abort();
	node_set_stat(n, &st);
	n->host = realpath(host, NULL);
	n->size = (uint64_t)st.st_size;
	return n;
}

/* Programs among files that are none, one of them under two names, one of them damaged. */
static void fill(struct fileset *s)
{
	fileset_init(s);
	put(s, "/etc/passwd", "/etc/passwd");
	put(s, "/z/busybox", programs[0]);
	put(s, "/lib/libc", programs[1]);
	put(s, "/a/half", programs[0])->size /= 2;
	node_link(fileset_make(s, "/bin/again"), fileset_lookup(s, "/z/busybox", true));
	node_clear(fileset_make(s, "/fifo"), S_IFIFO | 0644);
	put(s, "/gone", programs[0])->host[1] = '\0';
}

static struct blob make(const struct fileset *s)
{
	struct plan plan = {0};
	struct blob out = {0};

	plan_add_set(&plan, s);
	plan_write(&plan, &out);
	return out;
}

static const struct plan_file *files_of(const struct blob *b)
{
	return (const void *)(b->data + sizeof(struct plan_header));
}

static const struct plan_site *sites_of(const struct blob *b)
{
	return (const void *)(files_of(b) + ((const struct plan_header *)(void *)b->data)->files);
}

static const struct plan_file *find(const struct blob *b, uint64_t nid)
{
	for (uint32_t i = 0; i < ((const struct plan_header *)(void *)b->data)->files; i++)
		if (files_of(b)[i].nid == nid)
			return &files_of(b)[i];
	return NULL;
}

static void check_order(const struct blob *b)
{
	const struct plan_header *h = (const void *)b->data;
	uint32_t sites = 0;

	CHECK(plan_is(h, b->len) && !plan_is(h, b->len - 8));
	CHECK(plan_sites(b->data, b->len) == h->sites && h->sites > 500);
	for (uint32_t i = 0; i < h->files; i++) {
		const struct plan_file *f = &files_of(b)[i];

		CHECK(i == 0 || f[-1].nid < f->nid);
		CHECK(f->sites > 0 && f->first_site <= h->sites &&
		      f->sites <= h->sites - f->first_site);
		sites += f->sites;
		for (uint32_t k = 1; k < f->sites; k++) {
			const struct plan_site *s = &sites_of(b)[f->first_site + k];

			if (s->start < s[-1].start + s[-1].length)
				CHECK(!"sites overlap");
		}
	}
	CHECK(sites == h->sites);
}

/* The image's file with that number has these bytes at the sites. */
static void check_places(const struct blob *b, const char *path, const struct fileset *image,
			 int fd)
{
	struct node *found = fileset_lookup(image, path, true);
	const struct node *n = found ? node_file(found) : NULL;
	const struct plan_file *f = n ? find(b, n->nid) : NULL;
	uint32_t good = 0;

	CHECK(f != NULL && f->size == n->size);
	for (uint32_t i = 0; f && i < f->sites; i++) {
		const struct plan_site *s = &sites_of(b)[f->first_site + i];
		uint8_t bytes[2];
		uint64_t at = n->offset + s->start + (s->tactic == PLAN_BEFORE ? s->length : 0);

		good += pread(fd, bytes, 2, (off_t)at) == 2 && bytes[0] == 0x0f && bytes[1] == 5;
	}
	CHECK(f && good == f->sites);
}

static void test_set(void)
{
	struct fileset s, image;
	struct blob first, second;
	int fd = memfd_create("image", MFD_CLOEXEC);
	uint64_t size;

	fill(&s);
	erofs_place(&s);
	first = make(&s);
	check_order(&first);
	node_clear(fileset_make(&s, "/gone"), S_IFREG | 0644); /* as the image cannot have it */
	CHECK(erofs_write(&s, fd, NULL, &size) == 0);
	second = make(&s);
	CHECK(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
	fileset_init(&image);
	CHECK(erofs_read(&image, fd, 0, size) == NULL);
	check_places(&first, "/z/busybox", &image, fd);
	check_places(&first, "/bin/again", &image, fd);
	check_places(&first, "/lib/libc", &image, fd);
	fileset_free(&image);
	fileset_free(&s);
	free(first.data);
	free(second.data);
	close(fd);
}

static void test_empty(void)
{
	struct fileset s;
	struct blob b;

	fileset_init(&s);
	b = make(&s);
	CHECK(b.len == sizeof(struct plan_header) && plan_is((const void *)b.data, b.len));
	CHECK(plan_sites(b.data, b.len) == 0 && plan_sites(b.data, 3) == 0);
	fileset_free(&s);
	free(b.data);
}

static void test_cache(void)
{
	static char dir[] = "/tmp/uniload-plan.XXXXXX";
	struct blob b = {0}, back = {0};
	struct plan plan = {0};
	char *command;

	if (mkdtemp(dir) == NULL || setenv("XDG_CACHE_HOME", dir, 1) < 0)
		abort();
	unsetenv("UNILOAD_CACHE_SIZE");
	plan_write(&plan, &b);
	CHECK(!plan_cached("k", &back));
	plan_keep("k", &b);
	CHECK(plan_cached("k", &back) && back.len == b.len &&
	      memcmp(back.data, b.data, b.len) == 0);
	CHECK(!plan_cached("other", &back));
	command = xasprintf("for f in %s/uniload/*.plan; do echo >> $f; done", dir);
	CHECK(system(command) == 0);
	back.len = 0;
	CHECK(!plan_cached("k", &back) && back.len == 0); /* damaged, and so removed */
	free(command);
	command = xasprintf("test -z \"$(ls %s/uniload)\"; r=$?; rm -rf %s; exit $r", dir, dir);
	CHECK(system(command) == 0);
	free(command);
	free(b.data);
	free(back.data);
}

int main(void)
{
	test_set();
	test_empty();
	test_cache();
	return UNIT_END();
}
