/* SPDX-License-Identifier: MIT */
/*
 * A set of files as a tree in memory: what a root image will hold or holds. Contents stay where
 * they are (a path or a place in an open file) until the image is written. Children are sorted by
 * name, so that the same files make the same image.
 */
#ifndef TOOLS_FILESET_H
#define TOOLS_FILESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* Directories inside each other, at most: trees are walked by recursion. */
#define FILESET_DEPTH 1000

struct node {
	struct node *parent; /* the root's is NULL */
	struct node **children;
	size_t n, room;
	char *name;
	mode_t mode; /* with the type */
	uid_t uid;
	gid_t gid;
	dev_t rdev;
	struct timespec mtime;
	uint64_t size;	   /* of a regular file; of a symbolic link's target */
	char *target;	   /* of a symbolic link */
	char *host;	   /* contents: this file of the host, */
	int fd;		   /* or these bytes of a descriptor that somebody else owns */
	uint64_t offset;   /* ... from here on */
	struct node *link; /* another name of that file: nothing else above means anything */
	unsigned nlink;	   /* names of a file that is no directory */
	unsigned depth;	   /* the root's is 0 */
	struct stat seen;  /* of a file of the host's, to notice changes; else zeros */
	uint64_t nid;	   /* place in the image, once it has one */
};

struct fileset {
	struct node *root;
};

/* An empty root directory: mode 0755, owner root, time 0. */
void fileset_init(struct fileset *s);
void fileset_free(struct fileset *s);

/* The entry of a directory, or NULL. */
struct node *node_child(const struct node *dir, const char *name, size_t len);
/* The entry of a directory, made as a directory of mode 0755 if it is not there. */
struct node *node_make_child(struct node *dir, const char *name, size_t len);
/* Take attributes and, for a symbolic link, nothing else from a stat. */
void node_set_stat(struct node *n, const struct stat *st);
/* Make it an empty file of that mode: no contents, no target, no children. */
void node_clear(struct node *n, mode_t mode);
/* Make n another name of `file`. */
void node_link(struct node *n, struct node *file);
/* Itself, or the file it is another name of. */
static inline struct node *node_file(struct node *n)
{
	return n->link ? n->link : n;
}
/* Next in the order of directories before their contents; NULL at the end of root's tree. */
struct node *node_next(const struct node *root, struct node *n);
/* Absolute path; the caller frees it. */
char *node_path(const struct node *n);

/*
 * Find `path` as the program in the machine will: symbolic links are resolved inside the set and
 * ".." does not leave it. NULL with errno ENOENT, ENOTDIR or ELOOP. The last component is followed
 * if `follow`.
 */
struct node *fileset_lookup(const struct fileset *s, const char *path, bool follow);
/* The node at `path`, made if it is not there, as are directories on the way. Symbolic links on the
 * way are followed, not in the end. NULL with errno ENOTDIR, ELOOP or ENAMETOOLONG. */
struct node *fileset_make(struct fileset *s, const char *path);

/* Bytes of all regular files, and their number with everything else. */
uint64_t fileset_bytes(const struct fileset *s, size_t *files);

#endif
