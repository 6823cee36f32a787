/* SPDX-License-Identifier: MIT */
/*
 * A hash table of paths as the program would have to write them from "/". Bounded: what does not
 * fit is not noted, which costs a hint and nothing else.
 */
#include "fs/missing.h"

#include "fs/vfs_internal.h"
#include "kernel/heap.h"
#include "kernel/string.h"

#define BUCKETS	  256
#define PATHS_MAX 4096

struct missing {
	struct missing *next; /* in its bucket */
	struct missing *later;
	uint32_t hash;
	size_t len;
	char path[];
};

static struct missing **buckets;
static struct missing *first, **last = &first;
static unsigned n_paths;
static struct spinlock lock; /* all of the above */

static bool known(uint32_t hash, const char *path, size_t len)
{
	for (struct missing *m = buckets[hash % BUCKETS]; m; m = m->next)
		if (m->hash == hash && m->len == len && memcmp(m->path, path, len) == 0)
			return true;
	return false;
}

static void note_absolute(const char *path, size_t len)
{
	struct missing *m = kmalloc(sizeof(*m) + len + 1);
	uint32_t hash = name_hash(path, len);

	if (!m)
		return;
	*m = (struct missing){.hash = hash, .len = len};
	memcpy(m->path, path, len + 1);
	spin_lock(&lock);
	if (n_paths < PATHS_MAX && !known(hash, path, len)) {
		m->next = buckets[hash % BUCKETS];
		buckets[hash % BUCKETS] = m;
		*last = m;
		last = &m->later;
		n_paths++;
		m = NULL;
	}
	spin_unlock(&lock);
	kfree(m);
}

/* vfs_missing: a walk of `path` from `base` has ended with ENOENT. */
static void note(struct dentry *base, const char *path)
{
	struct dentry *from;
	size_t len = strlen(path);
	ssize_t at;
	char *whole;

	if (*path == '/')
		note_absolute(path, len);
	if (*path == '/' || *path == '\0')
		return;
	whole = kmalloc(2 * PATH_MAX_LEN);
	if (!whole)
		return;
	from = base ? dentry_get(base) : vfs_process_cwd();
	at = vfs_path(from, whole, PATH_MAX_LEN);
	dentry_put(from);
	if (at > 0) {
		if (whole[at - 1] != '/')
			whole[at++] = '/';
		memcpy(whole + at, path, len + 1);
		note_absolute(whole, (size_t)at + len);
	}
	kfree(whole);
}

void missing_enable(void)
{
	buckets = kzalloc(BUCKETS * sizeof(struct missing *));
	if (buckets)
		vfs_missing = note;
}

void missing_report(void (*tell)(const char *path, size_t len))
{
	vfs_missing = NULL;
	for (struct missing *m = first; m; m = m->later)
		tell(m->path, m->len);
}
