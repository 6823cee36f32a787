/* SPDX-License-Identifier: MIT */
/*
 * System V shared memory. A segment's memory is an unlinked tmpfs file; what processes map is a
 * file of our own over it, which the table and every mapping refer to: so the number of attachments
 * is its references but the table's, and its release is the end of a removed segment.
 */
#include "fs/ipc.h"
#include "fs/seq.h"
#include "fs/vfs_internal.h"
#include "kernel/heap.h"
#include "kernel/string.h"
#include "kernel/task.h"

#define SHM_DEST_BIT 01000u /* shm_perm.mode: removed, going when nobody is attached */

/* (table.lock) */
struct shm {
	struct ipc_perm_info perm;
	bool listed;		     /* in the table */
	size_t size;		     /* as asked for */
	struct file *file;	     /* what is mapped; the table's reference goes with removal */
	struct file *store;	     /* the tmpfs file */
	int64_t atime, dtime, ctime; /* seconds */
	int cpid, lpid;
};

int shm_max_segs = SHM_MAX_SEGS;
static struct ipc_table table = IPC_TABLE_INIT(shm_max_segs);

static struct shm *shm_of(struct ipc_perm_info *p)
{
	return container_of(p, struct shm, perm);
}

static unsigned attached(const struct shm *s)
{
	return s->file->refs - !(s->perm.mode & SHM_DEST_BIT);
}

/* ---- the mapped file ---- */

static int shm_map_page(struct file *f, uint64_t index, bool write, struct page **out)
{
	const struct shm *s = f->priv;

	return s->store->ops->map_page(s->store, index, write, out);
}

static void shm_map_around(struct file *f, uint64_t first, size_t n, struct page **out)
{
	const struct shm *s = f->priv;

	s->store->ops->map_around(s->store, first, n, out);
}

/* The table has let go and nobody is attached. */
static void shm_release(struct file *f)
{
	struct shm *s = f->priv;

	spin_lock(&table.lock);
	if (s->listed)
		ipc_remove(&table, &s->perm);
	spin_unlock(&table.lock);
	file_put(s->store);
	kfree(s);
}

static const struct file_ops shm_ops = {
    .map_page = shm_map_page,
    .map_around = shm_map_around,
    .release = shm_release,
};

bool file_is_shm(const struct file *f)
{
	return f->ops == &shm_ops;
}

size_t shm_size(const struct file *f)
{
	const struct shm *s = f->priv;

	return ALIGN_UP(s->size, PAGE_SIZE);
}

/* ---- making ---- */

/* The file over s->store, named as Linux shows it in /proc/self/maps. */
static int wrap(struct shm *s, int key)
{
	char name[16];
	int n = scnprintf(name, sizeof(name), "/SYSV%08x", (unsigned)key);
	struct dentry *d;
	int r;

	d = dentry_alloc(NULL, name, n, 0, inode_get(s->store->inode));
	if (!d) {
		inode_put(s->store->inode);
		return -ENOMEM;
	}
	d->unlinked = true;
	r = file_new(&shm_ops, inode_get(s->store->inode), O_RDWR, s->store->kind & FILE_MAP_WRITE,
		     &s->file);
	if (r) {
		inode_put(s->store->inode);
		dentry_put(d);
		return r;
	}
	s->file->dentry = d;
	s->file->priv = s;
	return 0;
}

static int shm_alloc(int key, size_t size, struct shm **out)
{
	struct shm *s = kzalloc(sizeof(*s));
	int r = s ? tmpfs_memfd("SYSV", 0, &s->store) : -ENOMEM;

	if (r) {
		kfree(s);
		return r;
	}
	s->size = size;
	r = vfs_ftruncate(s->store, ALIGN_UP(size, PAGE_SIZE));
	if (r == 0)
		r = wrap(s, key);
	if (r) {
		file_put(s->store);
		kfree(s);
		return r == -EFBIG || r == -EINVAL ? -ENOMEM : r;
	}
	*out = s;
	return 0;
}

/* Lock held. The number of the segment with this key, -EAGAIN: it is to be made, or -errno. */
static int get_existing(int key, size_t size, unsigned flags)
{
	struct ipc_perm_info *p;
	int r = ipc_lookup(&table, key, flags, &p);

	if (r)
		return r;
	if (!p)
		return -EAGAIN;
	if (size > shm_of(p)->size)
		return -EINVAL;
	r = ipc_permission(p, flags);
	return r ? r : p->id;
}

/* Lock held. Its number or -errno. */
static int insert(struct shm *s, int key, unsigned flags)
{
	int r = ipc_add(&table, &s->perm, key, flags);

	if (r)
		return r;
	s->listed = true;
	s->cpid = current_process()->pid;
	s->ctime = ipc_now();
	return s->perm.id;
}

int shm_get(int key, size_t size, unsigned flags)
{
	bool made = false;
	struct shm *s;
	int r;

	spin_lock(&table.lock);
	r = get_existing(key, size, flags);
	spin_unlock(&table.lock);
	if (r != -EAGAIN)
		return r;
	if (size < SHM_MIN_SIZE || size > SHM_MAX_SIZE)
		return -EINVAL;
	r = size > (size_t)INT64_MAX ? -ENOMEM : shm_alloc(key, size, &s);
	if (r)
		return r;
	spin_lock(&table.lock);
	r = get_existing(key, size, flags); /* another may have been faster */
	if (r == -EAGAIN) {
		r = insert(s, key, flags);
		made = r >= 0;
	}
	spin_unlock(&table.lock);
	if (!made)
		file_put(s->file);
	return r;
}

/* ---- using ---- */

int shm_open(int id, unsigned mode, struct file **out, size_t *size)
{
	struct ipc_perm_info *p;
	struct shm *s;
	int r;

	spin_lock(&table.lock);
	r = ipc_use(&table, id, mode, &p);
	if (r == 0) {
		s = shm_of(p);
		*out = file_get(s->file);
		*size = ALIGN_UP(s->size, PAGE_SIZE);
		s->atime = ipc_now();
		s->lpid = current_process()->pid;
	}
	spin_unlock(&table.lock);
	return r;
}

void shm_detached(struct file *f)
{
	struct shm *s = f->priv;

	spin_lock(&table.lock);
	s->dtime = ipc_now();
	s->lpid = current_process()->pid;
	spin_unlock(&table.lock);
}

int shm_stat(int id, bool by_index, bool any, struct shmid64_ds *out)
{
	struct ipc_perm_info *p;
	struct shm *s;
	int r;

	spin_lock(&table.lock);
	r = ipc_stat(&table, id, by_index, any, &p);
	if (r >= 0) {
		s = shm_of(p);
		*out = (struct shmid64_ds){.shm_segsz = s->size,
					   .shm_atime = s->atime,
					   .shm_dtime = s->dtime,
					   .shm_ctime = s->ctime,
					   .shm_cpid = s->cpid,
					   .shm_lpid = s->lpid,
					   .shm_nattch = attached(s)};
		ipc_fill(p, &out->shm_perm);
	}
	spin_unlock(&table.lock);
	return r;
}

int shm_set(int id, const struct ipc64_perm *to)
{
	struct ipc_perm_info *p;
	int r;

	spin_lock(&table.lock);
	r = ipc_own(&table, id, &p);
	if (r == 0)
		r = ipc_change(p, to);
	if (r == 0)
		shm_of(p)->ctime = ipc_now();
	spin_unlock(&table.lock);
	return r;
}

int shm_remove(int id)
{
	struct file *gone = NULL;
	struct ipc_perm_info *p;
	int r;

	spin_lock(&table.lock);
	r = ipc_own(&table, id, &p);
	if (r == 0 && !(p->mode & SHM_DEST_BIT)) {
		p->key = IPC_PRIVATE; /* nobody finds it any more */
		p->mode |= SHM_DEST_BIT;
		gone = shm_of(p)->file;
	}
	spin_unlock(&table.lock);
	if (gone)
		file_put(gone);
	return r;
}

int shm_lock(int id)
{
	struct ipc_perm_info *p;
	int r;

	spin_lock(&table.lock);
	r = ipc_own(&table, id, &p);
	spin_unlock(&table.lock);
	return r;
}

int shm_info(struct shm_info *out)
{
	struct ipc_perm_info *p;
	int top;

	*out = (struct shm_info){0};
	spin_lock(&table.lock);
	out->used_ids = (int)table.count;
	for (uint64_t at = 0; (p = ipc_next(&table, &at)) != NULL; at++)
		out->shm_tot += ALIGN_UP(shm_of(p)->size, PAGE_SIZE) / PAGE_SIZE;
	top = ipc_top(&table);
	spin_unlock(&table.lock);
	return top;
}

void shm_show(struct seq *q)
{
	struct ipc_perm_info *p;

	spin_lock(&table.lock);
	for (uint64_t at = 0; (p = ipc_next(&table, &at)) != NULL; at++) {
		const struct shm *s = shm_of(p);

		seq_printf(q,
			   "%10d %10d  %4o %21lu %5u %5u  %5u %5u %5u %5u %5u %10lu %10lu %10lu "
			   "%21lu %21lu\n",
			   p->key, p->id, p->mode, (unsigned long)s->size, (unsigned)s->cpid,
			   (unsigned)s->lpid, attached(s), p->uid, p->gid, p->cuid, p->cgid,
			   (unsigned long)s->atime, (unsigned long)s->dtime,
			   (unsigned long)s->ctime, 0ul, 0ul);
	}
	spin_unlock(&table.lock);
}
