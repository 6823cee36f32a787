/* SPDX-License-Identifier: MIT */
/* Mounting the volumes of the boot module. */
#include "fs/init.h"
#include "fs/mount.h"
#include "fs/p9.h"
#include "kernel/bootinfo.h"
#include "kernel/console.h"
#include "kernel/errname.h"
#include "kernel/heap.h"
#include "kernel/log.h"
#include "kernel/string.h"

static int volume_statfs(struct super *s, struct statfs *out)
{
	struct p9_super *ps = container_of(s, struct p9_super, super);
	struct p9_statfs st;
	int r = p9_statfs(ps->ch, p9_i(s->root)->fid, &st);

	if (r)
		return r;
	out->f_bsize = out->f_frsize = st.bsize;
	out->f_blocks = st.blocks;
	out->f_bfree = st.bfree;
	out->f_bavail = st.bavail;
	out->f_files = st.files;
	out->f_ffree = st.ffree;
	out->f_namelen = st.namelen;
	return 0;
}

static int volume_options(struct super *s, char *buf, size_t size)
{
	struct p9_super *ps = container_of(s, struct p9_super, super);

	return scnprintf(buf, size, ",access=client,msize=%u,trans=virtio", ps->ch->msize);
}

static struct mutex sync_lock;
static struct list volumes = LIST_INIT(volumes); /* of p9_super, never taken off */

/* Was a volume changed since this was asked last, and does one lead to other file systems? */
static bool take_changed(bool *elsewhere)
{
	struct p9_super *ps;
	bool changed = false;

	*elsewhere = false;
	list_for_each (ps, &volumes, link) {
		changed |= ps->ch->changed;
		ps->ch->changed = false;
		for (unsigned i = 1; i < P9_DEVS; i++)
			*elsewhere |= ps->devs[i] != 0;
	}
	return changed;
}

/* The protocol can sync one file, and not the names; the host does it for all volumes together. */
static int volume_sync(struct super *s)
{
	bool elsewhere;
	int r = 0;

	mutex_lock(&sync_lock); /* also waits for somebody else's */
	if (take_changed(&elsewhere)) {
		r = con_host_sync(elsewhere);
		if (r)
			container_of(s, struct p9_super, super)->ch->changed = true;
	}
	mutex_unlock(&sync_lock);
	return r;
}

/* The file system behind a mount tag. uid: who the program is. */
static int volume_new(const char *tag, uint32_t flags, uint32_t uid, struct super **out)
{
	struct p9_super *ps = kzalloc(sizeof(*ps));
	struct p9_qid qid;
	struct inode *root;
	uint32_t fid;
	int r;

	if (!ps)
		return -ENOMEM;
	ps->uid = uid;
	ps->super.fstype = "9p";
	ps->super.source = tag;
	ps->super.magic = P9_V9FS_MAGIC;
	ps->super.dev = vfs_anon_dev();
	ps->super.flags = (flags & BI_VOLUME_RO) ? MS_RDONLY : 0;
	ps->super.statfs = volume_statfs;
	ps->super.show_options = volume_options;
	list_init(&ps->super.link);
	for (unsigned i = 0; i < P9_BUCKETS; i++)
		list_init(&ps->table[i]);
	r = p9_channel_open(tag, &ps->ch);
	if (!r)
		r = p9_attach(ps->ch, uid, &fid, &qid);
	if (!r)
		r = p9_iget(ps, NULL, NULL, 0, fid, &root);
	if (r)
		return r; /* the machine ends: nothing is taken back */
	ps->super.root = root;
	ps->super.sync = volume_sync;
	list_add_tail(&ps->link, &volumes);
	*out = &ps->super;
	return 0;
}

/* The directory at path, made with those above it if need be. */
static int mount_point(const char *path, struct dentry **out)
{
	char *text = kstrdup(path), *end = text;
	int r = text ? 0 : -ENOMEM;

	while (!r && end) {
		end = strchr(end + 1, '/');
		if (end)
			*end = 0;
		r = text[1] ? vfs_mkdir(NULL, text, 0755) : 0;
		if (r == -EEXIST || r == -EROFS) /* if it is not there, the walk below says so */
			r = 0;
		if (end)
			*end = '/';
	}
	kfree(text);
	return r ? r : vfs_lookup(NULL, path, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, out);
}

static int mount_one(const struct bi_volume *v, const struct bootinfo *bi)
{
	const char *tag = bootinfo_string(bi, v->tag), *path = bootinfo_string(bi, v->path);
	struct dentry *at = NULL;
	struct super *s;
	int r = mount_point(path, &at);

	if (!r)
		r = volume_new(tag, v->flags, bi->uid, &s);
	if (!r)
		r = vfs_mount(s, at, MS_RELATIME);
	if (at)
		dentry_put(at);
	if (r)
		log_error("cannot mount a volume at %s: %s", path, errno_text(-r));
	return r;
}

int volumes_mount(const struct bootinfo *bi)
{
	int r = 0;

	mutex_init(&sync_lock);
	for (uint32_t i = 0; i < bi->n_volumes && !r; i++)
		r = mount_one(&bootinfo_volumes(bi)[i], bi);
	return r;
}
