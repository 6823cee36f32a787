/* SPDX-License-Identifier: MIT */
/*
 * Nothing of the user's is changed or linked to: files are noted here and read when the image is
 * written.
 */
#include "tools/hostfiles.h"

#include "tools/util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#define MAX_LINKS 40

/* Attributes and contents of the host's file at path; a directory keeps what is in it. */
static int set_from_host(struct node *n, const char *path, const struct stat *st)
{
	char target[PATH_MAX];
	ssize_t len = 0;

	if (S_ISLNK(st->st_mode)) {
		len = readlink(path, target, sizeof(target));
		if (len <= 0 || (size_t)len == sizeof(target))
			return len < 0 ? -errno : -ENAMETOOLONG;
	}
	if (!S_ISDIR(st->st_mode) || !S_ISDIR(n->mode))
		node_clear(n, st->st_mode);
	node_set_stat(n, st);
	if (S_ISLNK(st->st_mode)) {
		n->target = xasprintf("%.*s", (int)len, target);
		n->size = (uint64_t)len;
	} else if (S_ISREG(st->st_mode)) {
		n->host = xstrdup(path);
		n->size = (uint64_t)st->st_size;
	}
	return 0;
}

/* ---- one name ---- */

/* The walk along a name: where it is, here and in the set, and what is left of it. */
struct way {
	struct fileset *set;
	struct node *at;
	char *rest;
	int links;
};

static int way_step(struct way *w, const char *name, size_t len, const char *after)
{
	struct node *next;
	struct stat st;
	char *up, *path;
	int err = 0;

	if (!S_ISDIR(w->at->mode))
		return -ENOTDIR;
	if (len == 1 && *name == '.')
		return 0;
	if (len == 2 && memcmp(name, "..", 2) == 0) {
		w->at = w->at->parent ? w->at->parent : w->at;
		return 0;
	}
	up = node_path(w->at);
	path = xasprintf("%s/%.*s", up[1] ? up : "", (int)len, name);
	if (lstat(path, &st) < 0)
		err = -errno;
	if (err == 0) {
		next = node_make_child(w->at, name, len);
		err = set_from_host(next, path, &st);
		if (S_ISDIR(st.st_mode)) /* what else happens in it makes no difference */
			next->mtime = (struct timespec){0};
	}
	free(up);
	free(path);
	if (err)
		return err;
	if (!S_ISLNK(next->mode)) {
		w->at = next;
		return 0;
	}
	if (++w->links > MAX_LINKS)
		return -ELOOP;
	if (*next->target == '/')
		w->at = w->set->root;
	path = xasprintf("%s%s%s", next->target, *after ? "/" : "", after);
	free(w->rest);
	w->rest = path;
	return 1;
}

int hostfiles_add_name(struct fileset *s, const char *path, struct node **out)
{
	struct way w = {s, s->root, xstrdup(path), 0};
	const char *at = w.rest;
	int err = 0;

	while (err >= 0) {
		size_t len;

		at += strspn(at, "/");
		len = strcspn(at, "/");
		if (len == 0)
			break;
		err = way_step(&w, at, len, at + len + strspn(at + len, "/"));
		at = err > 0 ? w.rest : at + len;
	}
	free(w.rest);
	*out = w.at;
	return err < 0 ? err : 0;
}

/* ---- a tree ---- */

/* A file with several names that was met. */
struct met {
	dev_t dev;
	ino_t ino;
	struct node *node;
};

struct tree {
	void *met;
	dev_t dev;
};

static int by_inode(const void *a, const void *b)
{
	const struct met *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return x->ino < y->ino ? -1 : x->ino > y->ino;
}

/* The node that already stands for this file, or NULL after noting that n does. */
static struct node *met_before(struct tree *t, const struct stat *st, struct node *n)
{
	struct met *new = xrealloc(NULL, sizeof(*new)), **old;

	*new = (struct met){st->st_dev, st->st_ino, n};
	old = tsearch(new, &t->met, by_inode);
	if (old == NULL)
		abort();
	if (*old == new)
		return NULL;
	free(new);
	return (*old)->node;
}

/* A kernel's view of itself: copying it means nothing. */
static bool is_virtual(const char *path)
{
	struct statfs fs;

	if (statfs(path, &fs) < 0)
		return false;
	return fs.f_type == PROC_SUPER_MAGIC || fs.f_type == SYSFS_MAGIC ||
	       fs.f_type == CGROUP_SUPER_MAGIC || fs.f_type == CGROUP2_SUPER_MAGIC ||
	       fs.f_type == DEBUGFS_MAGIC || fs.f_type == TRACEFS_MAGIC;
}

static int cannot_read(const char *path, int error)
{
	return fail(STATUS_FAILED, "%s: cannot read it for the root image: %s", path,
		    strerror(error));
}

static int add_node(struct tree *t, struct node *n, const char *path, const struct stat *st);

static int add_children(struct tree *t, struct node *dir, const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	int status = 0;

	if (d == NULL)
		return cannot_read(path, errno);
	while (status == 0 && (errno = 0, e = readdir(d))) {
		struct stat st;
		char *name;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		name = xasprintf("%s/%s", path[1] ? path : "", e->d_name);
		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			status = add_node(t, node_make_child(dir, e->d_name, strlen(e->d_name)),
					  name, &st);
		else if (errno != ENOENT) /* it is gone: so be it */
			status = cannot_read(name, errno);
		free(name);
	}
	if (status == 0 && errno)
		status = cannot_read(path, errno);
	closedir(d);
	return status;
}

static int add_node(struct tree *t, struct node *n, const char *path, const struct stat *st)
{
	struct node *first = NULL;
	int err;

	if (st->st_nlink > 1 && !S_ISDIR(st->st_mode))
		first = met_before(t, st, n);
	if (first) {
		node_link(n, first);
		return 0;
	}
	err = set_from_host(n, path, st);
	if (err)
		return cannot_read(path, -err);
	if (!S_ISDIR(st->st_mode) || (st->st_dev != t->dev && is_virtual(path)))
		return 0;
	return add_children(t, n, path);
}

int hostfiles_add_tree(struct fileset *s, const char *host, const char *guest)
{
	char *real = realpath(host, NULL);
	struct tree t = {0};
	struct stat st;
	struct node *n;
	int status;

	if (real == NULL || lstat(real, &st) < 0) {
		status = fail(STATUS_FAILED, "%s: %s", host, strerror(errno));
		free(real);
		return status;
	}
	t.dev = st.st_dev;
	n = fileset_make(s, guest);
	if (n && S_ISLNK(n->mode) && S_ISDIR(st.st_mode)) /* into the directory it leads to */
		n = fileset_lookup(s, guest, true);
	if (n == NULL)
		status = fail(STATUS_FAILED, "%s: cannot be made in the root: %s", guest,
			      strerror(errno));
	else
		status = add_node(&t, n, real, &st);
	tdestroy(t.met, free);
	free(real);
	return status;
}
