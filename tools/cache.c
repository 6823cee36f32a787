/* SPDX-License-Identifier: MIT */
/*
 * An image is written to a file without a name and linked into the directory when it is complete
 * and on the disk: nobody sees half of one, and nothing is left behind by a run that is killed.
 * Where the file system cannot do that, the same is done with a temporary name.
 */
#include "tools/cache.h"

#include "kernel/abi/erofs.h"
#include "tools/plan.h"
#include "tools/spawn.h"
#include "tools/util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TEMPORARY     ".new-"
#define STALE_SECONDS 86400 /* a temporary name older than that belongs to nobody */
#define DEFAULT_LIMIT (4ull << 30)

static const char *const suffix[] = {[CACHE_IMAGE] = ".erofs", [CACHE_PLAN] = ".plan"};

/* ---- names ---- */

/* All that a node is beside texts, without padding. */
struct summary {
	uint32_t mode, uid, gid, children;
	uint64_t rdev, size, offset;
	int64_t mtime_s, ctime_s;
	uint32_t mtime_ns, ctime_ns;
	uint64_t dev, ino;
};

static void add_text(struct sha256 *h, const char *text)
{
	sha256_add(h, text ? text : "", text ? strlen(text) + 1 : 1);
}

/* A tree is told by its names and numbers of children in this order. */
static void add_node(struct sha256 *h, const struct node *n)
{
	const struct stat *st = &n->seen;
	struct summary sum = {.mode = n->mode,
			      .uid = n->uid,
			      .gid = n->gid,
			      .children = (uint32_t)n->n,
			      .rdev = n->rdev,
			      .size = n->size,
			      .offset = n->offset,
			      .mtime_s = n->mtime.tv_sec,
			      .mtime_ns = (uint32_t)n->mtime.tv_nsec};
	char *link = n->link ? node_path(n->link) : NULL;

	if (S_ISREG(n->mode)) {
		sum.ctime_s = st->st_ctim.tv_sec;
		sum.ctime_ns = (uint32_t)st->st_ctim.tv_nsec;
		sum.dev = st->st_dev;
		sum.ino = st->st_ino;
	}
	add_text(h, n->name);
	add_text(h, link);
	add_text(h, n->target);
	sha256_add(h, &sum, sizeof(sum));
	free(link);
	for (size_t i = 0; i < n->n; i++)
		add_node(h, n->children[i]);
}

void cache_key(const struct fileset *s, const char *salt, char key[SHA256_HEX])
{
	struct sha256 h;

	sha256_start(&h);
	add_text(&h, UNILOAD_VERSION);
	add_text(&h, salt);
	add_node(&h, s->root);
	sha256_end(&h, key);
}

/* ---- the directory ---- */

static uint64_t limit(void)
{
	const char *text = getenv("UNILOAD_CACHE_SIZE");
	uint64_t size;

	if (text == NULL || *text == '\0')
		return DEFAULT_LIMIT;
	return parse_size(text, &size) ? size : 0;
}

int cache_check_limit(void)
{
	const char *text = getenv("UNILOAD_CACHE_SIZE");
	uint64_t size;

	if (text == NULL || *text == '\0' || parse_size(text, &size))
		return 0;
	return fail(STATUS_FAILED, "UNILOAD_CACHE_SIZE %s: not a size: say for example 500M or 4G",
		    text);
}

/* The cache's directory, open; -1 if there is none to use. */
static int open_dir(bool make)
{
	const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	char *up, *path;
	int fd;

	if (limit() == 0 || ((base == NULL || *base != '/') && (home == NULL || *home != '/')))
		return -1;
	up = base && *base == '/' ? xstrdup(base) : xasprintf("%s/.cache", home);
	path = xasprintf("%s/uniload", up);
	if (make && mkdir(path, 0700) < 0 && errno == ENOENT && mkdir(up, 0700) == 0)
		mkdir(path, 0700);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(path);
	free(up);
	return fd;
}

/* Is it a whole image? A cut one (a full disk, a crash) is as good as none. */
static bool whole_image(int fd, uint64_t size)
{
	struct erofs_super_block super;

	return pread(fd, &super, sizeof(super), EROFS_SUPER_OFFSET) == sizeof(super) &&
	       super.magic == EROFS_MAGIC && (uint64_t)super.blocks * 4096 == size;
}

/* What a name may stand for: something that was finished. */
static bool finished(enum cache_kind kind, int fd, uint64_t *size)
{
	struct plan_header plan;
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid())
		return false;
	*size = (uint64_t)st.st_size;
	if (kind == CACHE_IMAGE)
		return whole_image(fd, *size);
	return pread(fd, &plan, sizeof(plan), 0) == sizeof(plan) && plan_is(&plan, *size);
}

int cache_find(enum cache_kind kind, const char *key, uint64_t *size)
{
	int dir = open_dir(false), fd;
	char *name;

	if (dir < 0)
		return -1;
	name = xasprintf("%s%s", key, suffix[kind]);
	fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0 && !finished(kind, fd, size)) {
		close(fd);
		fd = -1;
		unlinkat(dir, name, 0);
	}
	if (fd >= 0)
		utimensat(dir, name, NULL, 0); /* used now */
	free(name);
	close(dir);
	return fd;
}

int cache_new(void)
{
	int dir = open_dir(true), fd = -1;

	if (dir >= 0) {
		fd = openat(dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
		if (fd < 0) {
			char *name = xasprintf(TEMPORARY "%d", getpid());

			fd = openat(dir, name, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC | O_NOFOLLOW,
				    0600);
			free(name);
		}
		close(dir);
	}
	return fd >= 0 ? fd : temporary_file();
}

/* ---- the limit ---- */

struct kept {
	char *name;
	struct timespec used;
	uint64_t bytes;
};

static int by_use(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;

	if (x->used.tv_sec != y->used.tv_sec)
		return x->used.tv_sec < y->used.tv_sec ? -1 : 1;
	return x->used.tv_nsec < y->used.tv_nsec ? -1 : x->used.tv_nsec > y->used.tv_nsec;
}

static bool has_suffix(const char *name, enum cache_kind kind)
{
	size_t len = strlen(name), end = strlen(suffix[kind]);

	return len >= end && strcmp(name + len - end, suffix[kind]) == 0;
}

/* What is kept in the directory; temporary names that nobody uses any more are removed. */
static struct kept *list(int dir, size_t *n, uint64_t *sum)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct kept *v = NULL;
	struct dirent *e;

	*n = 0;
	*sum = 0;
	while (d && (e = readdir(d))) {
		struct stat st;

		if (fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
			continue;
		if (strncmp(e->d_name, TEMPORARY, strlen(TEMPORARY)) == 0 &&
		    st.st_mtim.tv_sec + STALE_SECONDS < time(NULL))
			unlinkat(dir, e->d_name, 0);
		if (!has_suffix(e->d_name, CACHE_IMAGE) && !has_suffix(e->d_name, CACHE_PLAN))
			continue;
		v = xrealloc(v, (*n + 1) * sizeof(*v));
		v[*n] = (struct kept){xstrdup(e->d_name), st.st_mtim, (uint64_t)st.st_blocks * 512};
		*sum += v[(*n)++].bytes;
	}
	if (d)
		closedir(d);
	return v;
}

static void shrink(int dir, const char *newest)
{
	uint64_t sum, most = limit();
	size_t n;
	struct kept *v = list(dir, &n, &sum);

	if (n)
		qsort(v, n, sizeof(*v), by_use);
	for (size_t i = 0; i < n; i++) {
		if (sum > most && strcmp(v[i].name, newest) != 0 &&
		    unlinkat(dir, v[i].name, 0) == 0)
			sum -= v[i].bytes;
		free(v[i].name);
	}
	free(v);
}

/* Give the file its name: from no name, or from the temporary one. */
static bool publish(int dir, int fd, const char *name)
{
	char *self = xasprintf("/proc/self/fd/%d", fd), *old = xasprintf(TEMPORARY "%d", getpid());
	bool done = linkat(AT_FDCWD, self, dir, name, AT_SYMLINK_FOLLOW) == 0 || errno == EEXIST;

	if (!done)
		done = renameat(dir, old, dir, name) == 0;
	else
		unlinkat(dir, old, 0);
	free(self);
	free(old);
	return done;
}

void cache_keep(enum cache_kind kind, int fd, const char *key, uint64_t size)
{
	int dir = open_dir(false);
	char *name = xasprintf("%s%s", key, suffix[kind]);
	char *old = xasprintf(TEMPORARY "%d", getpid());

	if (dir >= 0) {
		if (size <= limit() && fdatasync(fd) == 0 && publish(dir, fd, name))
			shrink(dir, name);
		else
			unlinkat(dir, old, 0);
		close(dir);
	}
	free(old);
	free(name);
}

void cache_drop(void)
{
	int dir = open_dir(false);
	char *name = xasprintf(TEMPORARY "%d", getpid());

	if (dir >= 0) {
		unlinkat(dir, name, 0);
		close(dir);
	}
	free(name);
}
