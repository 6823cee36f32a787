/* SPDX-License-Identifier: MIT */
/* The initial tree: what is mounted where, in order. Files of the program come later, from the boot
 * module. */
#include "fs/init.h"
#include "fs/vfs_internal.h"

struct initial_mount {
	const char *path;
	int (*make)(struct super **out);
	unsigned flags; /* MS_* */
	uint32_t mode;	/* of its root directory */
};

static const struct initial_mount mounts[] = {
    {"/", tmpfs_new, 0, 0755},
    {"/dev", devfs_new, MS_NOSUID, 0755},
    {"/dev/shm", tmpfs_new, MS_NOSUID | MS_NODEV, 01777},
    {"/proc", procfs_new, MS_NOSUID | MS_NODEV | MS_NOEXEC, 0555},
    {"/run", tmpfs_new, MS_NOSUID | MS_NODEV, 0755},
    {"/tmp", tmpfs_new, MS_NOSUID | MS_NODEV, 01777},
};

/* Mount one entry, making its directory. */
static int mount_one(const struct initial_mount *m)
{
	bool root = m->path[1] == 0;
	struct dentry *at = NULL;
	struct super *s;
	int r = m->make(&s);

	if (r)
		return r;
	s->flags |= m->flags | MS_RELATIME;
	s->root->inode->mode = S_IFDIR | m->mode;
	if (!root) {
		r = vfs_mkdir(NULL, m->path, m->mode);
		if (!r || r == -EEXIST)
			r = vfs_lookup(NULL, m->path, 0, &at);
	}
	if (!r)
		r = vfs_mount(s, at);
	if (at)
		dentry_put(at);
	return r;
}

int fs_init(void)
{
	file_place_release = vfs_file_release;
	dcache_init();
	vfs_ops_init();
	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
		int r = mount_one(&mounts[i]);

		if (r)
			return r;
	}
	return 0;
}
