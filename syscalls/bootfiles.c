/* SPDX-License-Identifier: MIT */
/*
 * Fills the root file system from the boot module before the program starts. Goes through the VFS
 * like any program would, so that mounts, links and name rules apply; regular files keep their
 * contents in the module's own frames.
 */
#include "syscalls/bootfiles.h"

#include "fs/vfs.h"
#include "kernel/abi/linux.h"
#include "kernel/errname.h"
#include "kernel/heap.h"
#include "kernel/log.h"
#include "kernel/page.h"
#include "kernel/string.h"

/* mkdir -p: every directory above the last component of path, or with `last` that one too. 0 or
 * -errno. */
static int make_dirs(const char *path, bool last)
{
	char *p = kstrdup(path);
	int r = 0;

	if (p == NULL)
		return -ENOMEM;
	for (char *end = strchr(p + 1, '/'); end != NULL && r == 0; end = strchr(end + 1, '/')) {
		*end = '\0';
		r = vfs_mkdir(NULL, p, 0755);
		if (r == -EEXIST)
			r = 0;
		*end = '/';
	}
	if (last && r == 0 && strcmp(p, "/") != 0)
		r = vfs_mkdir(NULL, p, 0755);
	kfree(p);
	return r == -EEXIST ? 0 : r;
}

static int create(const struct bootinfo *bi, const struct bi_file *f)
{
	const char *path = bootinfo_path(bi, f);
	int r;

	switch (f->type) {
	case BI_FILE_DIR:
		r = strcmp(path, "/") == 0 ? 0 : vfs_mkdir(NULL, path, f->mode);
		return r == -EEXIST ? 0
				    : r; /* /dev, /tmp ... are there; attributes are set below */
	case BI_FILE_SYMLINK:
		return vfs_symlink(bootinfo_data(bi, f), NULL, path);
	default:
		return tmpfs_add_static(vfs_root(), path, f->mode,
					f->size > 0 ? virt_to_phys(bootinfo_data(bi, f)) : 0,
					f->size);
	}
}

/* Owner first: changing it clears set-id bits. */
static int set_attributes(struct inode *in, const struct bi_file *f)
{
	struct setattr owner = {.valid = ATTR_UID | ATTR_GID, .uid = f->uid, .gid = f->gid};
	struct setattr rest = {
	    .valid = ATTR_ATIME | ATTR_MTIME,
	    .mode = f->mode,
	    .atime_ns = f->mtime_ns,
	    .mtime_ns = f->mtime_ns,
	};
	int r = 0;

	if (in->uid != f->uid || in->gid != f->gid)
		r = vfs_setattr(in, NULL, &owner);
	if (f->type != BI_FILE_SYMLINK)
		rest.valid |= ATTR_MODE;
	return r < 0 ? r : vfs_setattr(in, NULL, &rest);
}

static int add(const struct bootinfo *bi, const struct bi_file *f)
{
	const char *path = bootinfo_path(bi, f);
	struct dentry *d;
	int r = create(bi, f);

	if (r == -ENOENT) {
		r = make_dirs(path, false);
		if (r == 0)
			r = create(bi, f);
	}
	if (r == -EEXIST) { /* in the root image */
		r = vfs_unlink(NULL, path);
		if (r == 0)
			r = create(bi, f);
	}
	if (r < 0)
		return r;
	r = vfs_lookup(NULL, path, f->type == BI_FILE_DIR ? LOOKUP_FOLLOW | LOOKUP_DIRECTORY : 0,
		       &d);
	if (r < 0)
		return r;
	r = set_attributes(d->inode, f);
	dentry_put(d);
	return r;
}

int bootfiles_add(const struct bootinfo *bi)
{
	const char *cwd = bootinfo_string(bi, bi->cwd);
	int r;

	for (uint32_t i = 0; i < bi->n_files; i++) {
		const struct bi_file *f = &bootinfo_files(bi)[i];

		r = add(bi, f);
		if (r < 0) {
			log_error("cannot create %s in the root file system: %s",
				  bootinfo_path(bi, f), errno_text(-r));
			return r;
		}
	}
	r = make_dirs(cwd, true);
	if (r < 0)
		log_error("cannot create the working directory %s: %s", cwd, errno_text(-r));
	return r;
}
