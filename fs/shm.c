/* SPDX-License-Identifier: MIT */
/*
 * System V shared memory. A segment's memory is an unlinked tmpfs file; what processes map is a
 * file of our own over it, which the table and every mapping refer to: so the number of attachments
 * is its references but the table's, and its release is the end of a removed segment.
 */
#include "fs/ipc.h"
#include "fs/seq.h"
#include "fs/vfs_internal.h"
#include "kernel/clock.h"
#include "kernel/heap.h"
#include "kernel/string.h"
#include "kernel/task.h"

#define ID_STEP	     32768  /* an id is a place below it plus a count of reuses times it */
#define SHM_DEST_BIT 01000u /* shm_perm.mode: removed, going when nobody is attached */

/* (lock) */
struct shm {
	struct list link;
	struct ipc_perm_info perm;
	size_t size;		     /* as asked for */
	struct file *file;	     /* what is mapped; the table's reference goes with removal */
	struct file *store;	     /* the tmpfs file */
	int64_t atime, dtime, ctime; /* seconds */
	int cpid, lpid;
};

static struct spinlock lock;
static struct list segments = LIST_INIT(segments); /* (lock) by place */
static unsigned n_segments;			   /* (lock) */
static int last_seq;				   /* (lock) */

static int64_t now_s(void)
{
	return (int64_t)(clock_real_coarse_ns() / NSEC_PER_SEC);
}

/* ---- lookup; lock held ---- */

static struct shm *find_id(int id)
{
	struct shm *s;

	list_for_each (s, &segments, link)
		if (s->perm.id == id)
			return s;
	return NULL;
}

static struct shm *find_key(int key)
{
	struct shm *s;

	list_for_each (s, &segments, link)
		if (s->perm.key == key && key != IPC_PRIVATE)
			return s;
	return NULL;
}

static struct shm *find_index(int index)
{
	struct shm *s;

	list_for_each (s, &segments, link)
		if (s->perm.id % ID_STEP == index)
			return s;
	return NULL;
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

	spin_lock(&lock);
	if (!list_empty(&s->link)) {
		list_del(&s->link);
		n_segments--;
	}
	spin_unlock(&lock);
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
	list_init(&s->link);
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

/* Put it at the first free place. Lock held. */
static void insert(struct shm *s, int key, unsigned flags)
{
	int index = 0;

	while (find_index(index))
		index++;
	ipc_init(&s->perm, key, last_seq * ID_STEP + index, flags);
	last_seq = (last_seq + 1) % (INT32_MAX / ID_STEP);
	s->cpid = current_process()->pid;
	s->ctime = now_s();
	list_add_tail(&s->link, &segments);
	n_segments++;
}

/* Lock held. The number of an existing segment, -ENOENT (make it) or -errno. */
static int get_existing(int key, size_t size, unsigned flags)
{
	struct shm *s = find_key(key);
	int r;

	if (!s)
		return flags & IPC_CREAT || key == IPC_PRIVATE ? 0 : -ENOENT;
	if ((flags & IPC_CREAT) && (flags & IPC_EXCL))
		return -EEXIST;
	r = ipc_permission(&s->perm, flags & 0777);
	if (r)
		return r;
	return size > s->size ? -EINVAL : 1;
}

int shm_get(int key, size_t size, unsigned flags)
{
	struct shm *s = NULL;
	int r;

	spin_lock(&lock);
	r = get_existing(key, size, flags);
	if (r > 0)
		r = find_key(key)->perm.id;
	else if (r == 0 && (size < SHM_MIN_SIZE || size > SHM_MAX_SIZE))
		r = -EINVAL;
	else if (r == 0 && n_segments >= SHM_MAX_SEGS)
		r = -ENOSPC;
	else if (r == 0)
		r = INT32_MIN; /* to be made, unlocked */
	spin_unlock(&lock);
	if (r != INT32_MIN)
		return r;
	r = size > (size_t)INT64_MAX ? -ENOMEM : shm_alloc(key, size, &s);
	if (r)
		return r;
	spin_lock(&lock);
	if (find_key(key)) { /* another was faster */
		spin_unlock(&lock);
		file_put(s->file);
		return shm_get(key, size, flags);
	}
	insert(s, key, flags);
	r = s->perm.id;
	spin_unlock(&lock);
	return r;
}

/* ---- using ---- */

int shm_open(int id, unsigned mode, struct file **out, size_t *size)
{
	struct shm *s;
	int r = -EINVAL;

	spin_lock(&lock);
	s = find_id(id);
	if (s)
		r = ipc_permission(&s->perm, mode);
	if (r == 0) {
		*out = file_get(s->file);
		*size = ALIGN_UP(s->size, PAGE_SIZE);
		s->atime = now_s();
		s->lpid = current_process()->pid;
	}
	spin_unlock(&lock);
	return r;
}

void shm_detached(struct file *f)
{
	struct shm *s = f->priv;

	spin_lock(&lock);
	s->dtime = now_s();
	s->lpid = current_process()->pid;
	spin_unlock(&lock);
}

int shm_stat(int id, bool by_index, bool any, struct shmid64_ds *out)
{
	struct shm *s;
	int r = -EINVAL;

	spin_lock(&lock);
	s = by_index ? find_index(id) : find_id(id);
	if (s)
		r = any ? 0 : ipc_permission(&s->perm, 0444);
	if (r == 0) {
		*out = (struct shmid64_ds){.shm_segsz = s->size,
					   .shm_atime = s->atime,
					   .shm_dtime = s->dtime,
					   .shm_ctime = s->ctime,
					   .shm_cpid = s->cpid,
					   .shm_lpid = s->lpid,
					   .shm_nattch = attached(s)};
		ipc_fill(&s->perm, &out->shm_perm);
		r = by_index ? s->perm.id : 0;
	}
	spin_unlock(&lock);
	return r;
}

int shm_set(int id, uint32_t uid, uint32_t gid, uint32_t mode)
{
	struct shm *s;
	int r = -EINVAL;

	spin_lock(&lock);
	s = find_id(id);
	if (s)
		r = ipc_owner(&s->perm);
	if (r == 0) {
		s->perm.uid = uid;
		s->perm.gid = gid;
		s->perm.mode = (s->perm.mode & ~0777u) | (mode & 0777);
		s->ctime = now_s();
	}
	spin_unlock(&lock);
	return r;
}

int shm_remove(int id)
{
	struct file *gone = NULL;
	struct shm *s;
	int r = -EINVAL;

	spin_lock(&lock);
	s = find_id(id);
	if (s)
		r = ipc_owner(&s->perm);
	if (r == 0 && !(s->perm.mode & SHM_DEST_BIT)) {
		s->perm.key = IPC_PRIVATE; /* nobody finds it any more */
		s->perm.mode |= SHM_DEST_BIT;
		gone = s->file;
	}
	spin_unlock(&lock);
	if (gone)
		file_put(gone);
	return r;
}

int shm_lock(int id)
{
	struct shm *s;
	int r = -EINVAL;

	spin_lock(&lock);
	s = find_id(id);
	if (s)
		r = ipc_owner(&s->perm);
	spin_unlock(&lock);
	return r;
}

int shm_info(struct shm_info *out)
{
	struct shm *s;
	int top = 0;

	*out = (struct shm_info){0};
	spin_lock(&lock);
	out->used_ids = (int)n_segments;
	list_for_each (s, &segments, link) {
		out->shm_tot += ALIGN_UP(s->size, PAGE_SIZE) / PAGE_SIZE;
		top = MAX(top, s->perm.id % ID_STEP);
	}
	spin_unlock(&lock);
	return top;
}

void shm_show(struct seq *q)
{
	struct shm *s;

	spin_lock(&lock);
	list_for_each (s, &segments, link)
		seq_printf(q,
			   "%10d %10d  %4o %21lu %5u %5u  %5u %5u %5u %5u %5u %10lu %10lu %10lu "
			   "%21lu %21lu\n",
			   s->perm.key, s->perm.id, s->perm.mode, (unsigned long)s->size,
			   (unsigned)s->cpid, (unsigned)s->lpid, attached(s), s->perm.uid,
			   s->perm.gid, s->perm.cuid, s->perm.cgid, (unsigned long)s->atime,
			   (unsigned long)s->dtime, (unsigned long)s->ctime, 0ul, 0ul);
	spin_unlock(&lock);
}
