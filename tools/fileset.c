/* SPDX-License-Identifier: MIT */
/*
 * The tree and its path walk. One walk serves finding and making; it resolves symbolic links as
 * Linux does, with the set's root as "/".
 */
#include "tools/fileset.h"

#include "tools/util.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LINKS 40 /* Linux: MAXSYMLINKS */

static struct node *node_new(struct node *parent, const char *name, size_t len)
{
	struct node *n = xrealloc(NULL, sizeof(*n));

	*n = (struct node){.parent = parent,
			   .name = xstrndup(name, len),
			   .mode = S_IFDIR | 0755,
			   .fd = -1,
			   .nlink = 1,
			   .depth = parent ? parent->depth + 1 : 0};
	return n;
}

static void node_free(struct node *n)
{
	for (size_t i = 0; i < n->n; i++)
		node_free(n->children[i]);
	free(n->children);
	free(n->name);
	free(n->target);
	free(n->host);
	free(n);
}

void fileset_init(struct fileset *s)
{
	s->root = node_new(NULL, "", 0);
}

void fileset_free(struct fileset *s)
{
	if (s->root)
		node_free(s->root);
	s->root = NULL;
}

/* Where the name is among the children, or would be. */
static size_t position(const struct node *dir, const char *name, size_t len, bool *found)
{
	size_t lo = 0, hi = dir->n;

	*found = false;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		const char *other = dir->children[mid]->name;
		int order = strncmp(other, name, len);

		if (order == 0 && other[len] != '\0')
			order = 1;
		if (order == 0) {
			*found = true;
			return mid;
		}
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct node *node_child(const struct node *dir, const char *name, size_t len)
{
	bool found;
	size_t at = position(dir, name, len, &found);

	return found ? dir->children[at] : NULL;
}

struct node *node_make_child(struct node *dir, const char *name, size_t len)
{
	bool found;
	size_t at = position(dir, name, len, &found);

	if (found)
		return dir->children[at];
	if (dir->n == dir->room) {
		dir->room = dir->room ? 2 * dir->room : 8;
		dir->children = xrealloc(dir->children, dir->room * sizeof(struct node *));
	}
	memmove(&dir->children[at + 1], &dir->children[at], (dir->n - at) * sizeof(struct node *));
	dir->n++;
	return dir->children[at] = node_new(dir, name, len);
}

void node_set_stat(struct node *n, const struct stat *st)
{
	n->mode = st->st_mode;
	n->uid = st->st_uid;
	n->gid = st->st_gid;
	n->rdev = st->st_rdev;
	n->mtime = st->st_mtim;
	n->seen = *st;
}

/* Another name takes over what `old` was, if there is one; else it is gone. */
static void pass_on(struct node *root, struct node *old)
{
	struct node *heir = NULL;

	for (struct node *n = root; n; n = node_next(root, n)) {
		if (n->link != old)
			continue;
		if (heir == NULL) {
			char *name = n->name;
			struct node *parent = n->parent;
			unsigned depth = n->depth;

			heir = n;
			*heir = *old;
			heir->name = name;
			heir->parent = parent;
			heir->depth = depth;
			heir->nlink = 0;
			old->host = old->target = NULL;
		}
		n->link = n == heir ? NULL : heir;
		heir->nlink++;
	}
}

static struct node *root_of(struct node *n)
{
	while (n->parent)
		n = n->parent;
	return n;
}

void node_clear(struct node *n, mode_t mode)
{
	if (n->link)
		n->link->nlink--;
	else if (n->nlink > 1)
		pass_on(root_of(n), n);
	while (n->n) { /* one at a time: what is left is looked through for other names */
		struct node *last = n->children[n->n - 1];

		node_clear(last, S_IFREG);
		n->n--;
		node_free(last);
	}
	free(n->children);
	free(n->target);
	free(n->host);
	*n = (struct node){.parent = n->parent,
			   .name = n->name,
			   .mode = mode,
			   .fd = -1,
			   .nlink = 1,
			   .depth = n->depth};
}

void node_link(struct node *n, struct node *file)
{
	file = node_file(file);
	if (n == file)
		return;
	node_clear(n, file->mode);
	n->link = file;
	file->nlink++;
}

struct node *node_next(const struct node *root, struct node *n)
{
	if (n->n)
		return n->children[0];
	while (n != root) {
		struct node *dir = n->parent;
		bool found;
		size_t at = position(dir, n->name, strlen(n->name), &found) + 1;

		if (at < dir->n)
			return dir->children[at];
		n = dir;
	}
	return NULL;
}

char *node_path(const struct node *n)
{
	char *up, *path;

	if (n->parent == NULL)
		return xstrdup("/");
	up = node_path(n->parent);
	path = xasprintf("%s/%s", up[1] ? up : "", n->name);
	free(up);
	return path;
}

struct walk {
	struct node *root, *at;
	bool make, follow;
	int links;
	char *rest; /* what is still to be walked; owned */
};

/* Put a symbolic link's target in front of what is left. */
static int take_link(struct walk *w, const struct node *link, const char *after)
{
	char *longer;

	if (++w->links > MAX_LINKS)
		return -ELOOP;
	longer = xasprintf("%s%s%s", link->target, *after ? "/" : "", after);
	if (*link->target == '/')
		w->at = w->root;
	free(w->rest);
	w->rest = longer;
	return 1;
}

/* One component. Returns 1 if w->rest was replaced, 0 if walking goes on behind it, or -errno. */
static int step(struct walk *w, const char *name, size_t len)
{
	const char *after = name + len + strspn(name + len, "/");
	struct node *next;

	if (!S_ISDIR(w->at->mode))
		return -ENOTDIR;
	if (len == 1 && *name == '.')
		return 0;
	if (len == 2 && memcmp(name, "..", 2) == 0) {
		w->at = w->at->parent ? w->at->parent : w->root;
		return 0;
	}
	if (w->make && (len > NAME_MAX || w->at->depth >= FILESET_DEPTH))
		return -ENAMETOOLONG;
	next = w->make ? node_make_child(w->at, name, len) : node_child(w->at, name, len);
	if (next == NULL)
		return -ENOENT;
	if (S_ISLNK(next->mode) && (w->follow || name[len] == '/'))
		return take_link(w, node_file(next), after);
	w->at = next;
	return 0;
}

static struct node *walk(const struct fileset *s, const char *path, bool make, bool follow)
{
	struct walk w = {s->root, s->root, make, follow, 0, xstrdup(path)};
	const char *at = w.rest;
	int err = 0;

	for (;;) {
		size_t len;

		at += strspn(at, "/");
		len = strcspn(at, "/");
		if (len == 0)
			break;
		err = step(&w, at, len);
		if (err < 0)
			break;
		at = err ? w.rest : at + len;
	}
	free(w.rest);
	errno = -err;
	return err < 0 ? NULL : w.at;
}

struct node *fileset_lookup(const struct fileset *s, const char *path, bool follow)
{
	return walk(s, path, false, follow);
}

struct node *fileset_make(struct fileset *s, const char *path)
{
	return walk(s, path, true, false);
}

uint64_t fileset_bytes(const struct fileset *s, size_t *files)
{
	uint64_t sum = 0;

	*files = 0;
	for (struct node *n = s->root; n; n = node_next(s->root, n)) {
		++*files;
		if (S_ISREG(n->mode) && n->link == NULL)
			sum += n->size;
	}
	return sum;
}
