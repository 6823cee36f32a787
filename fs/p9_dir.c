/* SPDX-License-Identifier: MIT */
/*
 * Volumes: names. Every lookup asks the host. For a name that is in the cache one request does: the
 * attributes of the path, which also tell whether it is still the same file.
 */
#include "fs/p9.h"

#include "kernel/clock.h"
#include "kernel/heap.h"
#include "kernel/string.h"

#define READDIR_LEN (32u * 1024) /* about what one getdents of the C library takes */
/* The host's own open-file limit may not be what closes our files: with this flag QEMU keeps its
 * descriptor. Otherwise it may close one and open the path again, which may be another file then.
 */
#define PIN O_EXCL

static int dir_revalidate(struct inode *dir, const char *name, size_t len, struct inode *in)
{
	int r;

	if (!in || !p9_has_name(in, dir, name, len))
		return 0;
	r = p9_refresh(in);
	return r == -ESTALE ? 0 : r ? r : 1;
}

/* The fid of a directory; it may be gone at the host, but has always been walked to. */
static uint32_t dir_fid(struct inode *dir)
{
	return p9_any_fid(dir);
}

static int dir_lookup(struct inode *dir, const char *name, size_t len, struct inode **out)
{
	struct p9_qid qid;
	uint32_t fid;
	int r = p9_walk(p9_ch(dir), dir_fid(dir), name, len, &fid, &qid);

	return r ? r : p9_iget(p9_s(dir), dir, name, len, fid, out);
}

/* Group and mode of an object made in dir; its owner is the one the volume was attached for. */
static void choose_owner(struct inode *dir, uint32_t mode, struct inode *model)
{
	*model = (struct inode){.super = dir->super};
	inode_init_owner(model, dir, mode);
}

/* Programs that have changed their user ID make files of that user. */
static void give_to(struct p9_super *s, uint32_t fid, uint32_t uid)
{
	struct p9_setattr a = {.valid = P9_SET_UID, .uid = uid};

	if (uid != s->uid)
		p9_setattr(s->ch, fid, &a); /* a host that refuses has its reasons: as with NFS */
}

/* The object just made. */
static int made(struct inode *dir, const char *name, size_t len, uint32_t uid, struct inode **out)
{
	struct p9_super *s = p9_s(dir);
	struct p9_qid qid;
	uint32_t fid;
	int r = p9_walk(s->ch, dir_fid(dir), name, len, &fid, &qid);

	if (r)
		return r;
	p9_i(dir)->asked_ns = 0;
	give_to(s, fid, uid);
	return p9_iget(s, dir, name, len, fid, out);
}

static int dir_create(struct inode *dir, const char *name, size_t len, uint32_t mode, uint64_t rdev,
		      struct inode **out)
{
	struct p9_req *q = p9_name_req(p9_ch(dir), P9_TMKNOD, dir_fid(dir), name, len);
	struct inode model;
	int r;

	if (!q)
		return -ENOMEM;
	choose_owner(dir, mode, &model);
	p9_put32(&q->m, model.mode);
	p9_put32(&q->m, dev_major(rdev));
	p9_put32(&q->m, dev_minor(rdev));
	p9_put32(&q->m, model.gid);
	r = p9_req_finish(q);
	if (r ==
	    -ENXIO) /* QEMU's word since it refuses to open special files; mknod(2)'s is this */
		r = -EPERM;
	return r ? r : made(dir, name, len, model.uid, out);
}

/*
 * The file that fid, which was the directory's, has become: empty, and otherwise as was asked for.
 * What the host made of that (times, a group it did not allow) is asked for when it matters.
 */
static int created(struct inode *dir, const struct inode *model, const struct p9_qid *qid,
		   unsigned flags, uint32_t fid, struct inode **out, struct file **f)
{
	struct p9_super *s = p9_s(dir);
	uint64_t now = clock_real_coarse_ns();
	struct p9_attr a = {.qid = *qid,
			    .mode = S_IFREG | (model->mode & 07777),
			    .uid = model->uid,
			    .gid = model->gid,
			    .nlink = 1,
			    .blksize = PAGE_SIZE,
			    .atime_ns = now,
			    .mtime_ns = now,
			    .ctime_ns = now};
	struct inode *in;
	int r;

	p9_i(dir)->asked_ns = 0;
	give_to(s, fid, model->uid);
	in = p9_inode_of(s, &a);
	if (!in) {
		p9_fid_clunk(s->ch, fid);
		return -ENOMEM;
	}
	p9_i(in)->asked_ns = 0;
	r = p9_file_open(in, flags, fid, f);
	if (r)
		inode_put(in);
	else
		*out = in;
	return r;
}

static int dir_create_open(struct inode *dir, const char *name, size_t len, uint32_t mode,
			   unsigned flags, struct inode **out, struct file **f)
{
	struct p9_channel *ch = p9_ch(dir);
	struct inode model;
	struct p9_qid qid;
	uint32_t fid;
	int r = p9_walk(ch, dir_fid(dir), NULL, 0, &fid, &qid);

	if (r)
		return r;
	choose_owner(dir, mode, &model);
	r = p9_lcreate(ch, fid, name, len, (flags & ~O_TRUNC) | O_CREAT | PIN, model.mode & 07777,
		       model.gid, &qid);
	if (r) {
		p9_fid_clunk(ch, fid);
		return r;
	}
	return created(dir, &model, &qid, flags, fid, out, f);
}

static int dir_mkdir(struct inode *dir, const char *name, size_t len, uint32_t mode,
		     struct inode **out)
{
	struct p9_req *q = p9_name_req(p9_ch(dir), P9_TMKDIR, dir_fid(dir), name, len);
	struct inode model;
	int r;

	if (!q)
		return -ENOMEM;
	choose_owner(dir, mode, &model);
	p9_put32(&q->m, model.mode & 07777);
	p9_put32(&q->m, model.gid);
	r = p9_req_finish(q);
	return r ? r : made(dir, name, len, model.uid, out);
}

static int dir_symlink(struct inode *dir, const char *name, size_t len, const char *target,
		       struct inode **out)
{
	struct p9_req *q = p9_name_req(p9_ch(dir), P9_TSYMLINK, dir_fid(dir), name, len);
	struct inode model;
	int r;

	if (!q)
		return -ENOMEM;
	choose_owner(dir, S_IFLNK | 0777, &model);
	p9_put_string(&q->m, target, strlen(target));
	p9_put32(&q->m, model.gid);
	r = p9_req_finish(q);
	return r ? r : made(dir, name, len, model.uid, out);
}

static int dir_link(struct inode *dir, const char *name, size_t len, struct inode *target)
{
	struct p9_req *q;
	int r = p9_refresh_old(target); /* a fid is a path: it must not name another file by now */

	if (r)
		return r == -ESTALE ? -ENOENT : r;
	if (p9_i(target)->orphan)
		return -ENOENT;
	q = p9_req_new(p9_ch(dir), P9_TLINK);
	if (!q)
		return -ENOMEM;
	p9_put32(&q->m, dir_fid(dir));
	p9_put32(&q->m, p9_any_fid(target));
	p9_put_string(&q->m, name, len);
	r = p9_req_finish(q);
	p9_i(dir)->asked_ns = p9_i(target)->asked_ns = 0;
	if (!r)
		target->nlink++;
	return r;
}

static int remove_name(struct inode *dir, const char *name, size_t len, struct inode *victim,
		       uint32_t flags)
{
	struct p9_req *q;
	int r;

	/* From its last name on, an open file's size is ours to know. */
	if (!list_empty(&p9_i(victim)->files)) {
		r = p9_refresh_old(victim);
		if (r && r != -ESTALE)
			return r;
		p9_before_unlink(victim);
	}
	q = p9_name_req(p9_ch(dir), P9_TUNLINKAT, dir_fid(dir), name, len);
	if (!q)
		return -ENOMEM;
	p9_put32(&q->m, flags);
	r = p9_req_finish(q);
	p9_i(dir)->asked_ns = 0;
	if (!r)
		p9_name_gone(victim, dir, name, len);
	return r;
}

static int dir_unlink(struct inode *dir, const char *name, size_t len, struct inode *victim)
{
	return remove_name(dir, name, len, victim, 0);
}

static int dir_rmdir(struct inode *dir, const char *name, size_t len, struct inode *victim)
{
	return remove_name(dir, name, len, victim, P9_AT_REMOVEDIR);
}

/* The protocol has no flags for it: -EINVAL, as Linux's 9p gives. */
static int dir_rename(struct inode *odir, const char *oname, size_t olen, struct inode *ndir,
		      const char *nname, size_t nlen, unsigned flags)
{
	struct p9_req *q;

	if (flags)
		return -EINVAL;
	q = p9_name_req(p9_ch(odir), P9_TRENAMEAT, dir_fid(odir), oname, olen);
	if (!q)
		return -ENOMEM;
	p9_put32(&q->m, dir_fid(ndir));
	p9_put_string(&q->m, nname, nlen);
	p9_i(odir)->asked_ns = p9_i(ndir)->asked_ns = 0;
	return p9_req_finish(q);
}

static void dir_renamed(struct inode *dir, const char *name, size_t len, struct inode *in,
			struct inode *replaced)
{
	if (replaced)
		p9_name_gone(replaced, dir, name, len);
	p9_moved(in, dir, name, len);
	p9_i(in)->asked_ns = 0;
}

/* ---- open directories ---- */

static int dir_open(struct inode *in, struct dentry *d, unsigned flags, struct file **out)
{
	return p9_file_open(in, flags, P9_NOFID, out);
}

/* Give the entries in a reply to s; *taken counts them. 0 or -EIO. */
static int give_entries(struct file *f, struct dir_sink *s, struct p9_msg *m, unsigned *taken,
			bool *full)
{
	struct p9_super *ps = p9_s(f->inode);
	struct p9_dirent e;
	uint64_t dev;
	int r;

	while ((r = p9_get_dirent(m, &e)) == 1) {
		if (!s->add(s, e.name, e.len, p9_ino(ps, e.qid.path, &dev), e.type,
			    (int64_t)e.offset)) {
			*full = true;
			return 0;
		}
		f->pos = e.offset;
		(*taken)++;
	}
	return r;
}

/* The positions are the host's: good for as long as its file system says. */
static int dir_readdir(struct file *f, struct dir_sink *s)
{
	struct p9_file *pf = f->priv;
	uint8_t *buf = kmalloc(READDIR_LEN);
	unsigned taken = 0;
	bool full = false;
	int64_t n;
	int r = 0;

	if (!buf)
		return -ENOMEM;
	do {
		struct p9_msg m = {.data = buf};

		n = p9_readdir(p9_ch(f->inode), pf->fid, f->pos, buf, READDIR_LEN);
		if (n < 0)
			r = (int)n;
		m.size = n > 0 ? (size_t)n : 0;
		if (n > 0)
			r = give_entries(f, s, &m, &taken, &full);
	} while (!r && n > 0 && !full && !taken);
	kfree(buf);
	return taken ? 0 : r;
}

static int64_t dir_seek(struct file *f, int64_t off, int whence)
{
	int r = whence == SEEK_END ? p9_refresh_old(f->inode) : 0;

	return r && r != -ESTALE ? r : generic_seek(f, off, whence, f->inode->size);
}

static int dir_fsync(struct file *f, bool data_only)
{
	struct p9_file *pf = f->priv;

	return p9_fsync(p9_ch(f->inode), pf->fid, data_only);
}

const struct inode_ops p9_dir_inode_ops = {
    .lookup = dir_lookup,
    .revalidate = dir_revalidate,
    .create = dir_create,
    .create_open = dir_create_open,
    .mkdir = dir_mkdir,
    .symlink = dir_symlink,
    .link = dir_link,
    .unlink = dir_unlink,
    .rmdir = dir_rmdir,
    .rename = dir_rename,
    .renamed = dir_renamed,
    .getattr = p9_inode_getattr,
    .setattr = p9_inode_setattr,
    .open = dir_open,
    .destroy = p9_destroy,
};

const struct file_ops p9_dir_ops = {
    .read = dir_read,
    .readdir = dir_readdir,
    .seek = dir_seek,
    .fsync = dir_fsync,
    .release = p9_file_release,
};
