/* SPDX-License-Identifier: MIT */
/*
 * Inodes: references, ownership and permission, the generic stat, and the rules of chmod, chown,
 * utimensat and truncate that are the same for every file system (inode(7), path_resolution(7),
 * capabilities(7)).
 */
#include "fs/mount.h"
#include "fs/vfs_internal.h"
#include "fs/xattr.h"
#include "kernel/clock.h"
#include "kernel/heap.h"
#include "kernel/signal.h"
#include "kernel/string.h"

#define DAY_NS (86400 * NSEC_PER_SEC)

/* f_flags of statfs(2) */
#define ST_VALID       0x20u
#define ST_RELATIME    0x1000u
#define ST_NOSYMFOLLOW 0x2000u

/* The caller's identity; before the first process exists, root's. */
const struct cred *vfs_cred(void)
{
	return current ? current->cred : &root_cred;
}

bool vfs_capable(int cap)
{
	return !current || capable(cap);
}

/* Is gid the caller's file system group or one of its supplementary groups? */
bool vfs_in_group(const struct cred *c, uint32_t gid)
{
	return c->fsgid == gid || cred_in_groups(c, gid);
}

struct inode *inode_get(struct inode *in)
{
	__atomic_add_fetch(&in->refs, 1, __ATOMIC_RELAXED);
	return in;
}

bool inode_get_live(struct inode *in)
{
	uint32_t refs = __atomic_load_n(&in->refs, __ATOMIC_RELAXED);

	while (refs && !__atomic_compare_exchange_n(&in->refs, &refs, refs + 1, true,
						    __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		;
	return refs;
}

/* Never sleeps. */
void inode_put(struct inode *in)
{
	bool watched = in->watches != NULL; /* that is one reference */
	uint32_t left = __atomic_sub_fetch(&in->refs, 1, __ATOMIC_ACQ_REL);

	if (left == 0 && in->ops->destroy)
		in->ops->destroy(in);
	else if (unlikely(watched) && left == 1 && !in->nlink)
		notify_gone(in);
}

void inode_init(struct inode *in, struct super *s, uint32_t mode)
{
	uint64_t now = clock_real_coarse_ns();

	*in = (struct inode){
	    .refs = 1,
	    .mode = mode,
	    .nlink = 1,
	    .super = s,
	    .atime_ns = now,
	    .mtime_ns = now,
	    .ctime_ns = now,
	    .btime_ns = now,
	};
	mutex_init(&in->lock);
}

void inode_init_owner(struct inode *in, const struct inode *dir, uint32_t mode)
{
	const struct cred *c = vfs_cred();

	in->uid = c->fsuid;
	in->gid = c->fsgid;
	if (dir && (dir->mode & S_ISGID)) {
		in->gid = dir->gid;
		if ((mode & S_IFMT) == S_IFDIR)
			mode |= S_ISGID;
		else if ((mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
			 !vfs_in_group(c, dir->gid) && !vfs_capable(CAP_FSETID))
			mode &= ~S_ISGID;
	}
	in->mode = mode;
}

void inode_modified(struct inode *in)
{
	in->mtime_ns = in->ctime_ns = clock_real_coarse_ns();
}

/* With relatime, the default, atime changes only if older than a change or than a day. */
void inode_accessed(struct inode *in, const struct file *f)
{
	const unsigned no_atime =
	    MS_RDONLY | MS_NOATIME | (inode_is(in, S_IFDIR) ? MS_NODIRATIME : 0u);
	uint64_t now;

	if ((in->flags & INODE_NOATIME) || (f && (f->flags & O_NOATIME)))
		return;
	if ((in->super->flags & MS_RDONLY) || (f && place_has(f->dentry, no_atime)))
		return;
	now = clock_real_coarse_ns();
	if ((f && f->dentry && f->dentry->mnt && !place_has(f->dentry, MS_RELATIME)) ||
	    in->atime_ns <= in->mtime_ns || in->atime_ns <= in->ctime_ns ||
	    now - in->atime_ns >= DAY_NS)
		in->atime_ns = now;
}

/* The bits that a change of contents or owner must clear from mode. */
static uint32_t setid_to_drop(const struct inode *in, bool privileged)
{
	uint32_t drop = 0;

	if (!inode_is(in, S_IFREG) || privileged)
		return 0;
	if (in->mode & S_ISUID)
		drop |= S_ISUID;
	if ((in->mode & S_ISGID) && ((in->mode & S_IXGRP) || !vfs_in_group(vfs_cred(), in->gid)))
		drop |= S_ISGID;
	return drop;
}

void inode_strip_setid(struct inode *in)
{
	xattr_drop_caps(in);
	if (unlikely(in->mode & (S_ISUID | S_ISGID)))
		in->mode &= ~setid_to_drop(in, vfs_capable(CAP_FSETID));
}

int inode_check_limit(uint64_t end)
{
	if (current && end > current_process()->limits[RLIMIT_FSIZE].rlim_cur) {
		siginfo_t info = {.si_signo = SIGXFSZ, .si_code = SI_USER};

		info.si_pid = current_process()->pid;
		info.si_uid = current->cred->uid;
		signal_send_thread(current, &info);
		return -EFBIG;
	}
	return end > MAX_FILE_SIZE ? -EFBIG : 0;
}

int inode_readonly(const struct inode *in)
{
	return (in->super->flags & MS_RDONLY) ? -EROFS : 0;
}

int place_readonly(const struct dentry *d)
{
	return place_has(d, MS_RDONLY) || inode_readonly(d->inode) ? -EROFS : 0;
}

/* rwx bits of `in` that apply to an identity. */
static unsigned mode_class(const struct inode *in, const struct cred *c, uint32_t uid, uint32_t gid)
{
	if (uid == in->uid)
		return in->mode >> 6;
	if (gid == in->gid || cred_in_groups(c, in->gid))
		return in->mode >> 3;
	return in->mode;
}

/* Do CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH, if they are in caps, grant what the mode bits do
 * not? */
static bool override_applies(const struct inode *in, unsigned mask, uint64_t caps)
{
	bool dir = inode_is(in, S_IFDIR);

	if ((caps & CAP_BIT(CAP_DAC_READ_SEARCH)) && (dir ? !(mask & W_OK) : mask == R_OK))
		return true;
	return (caps & CAP_BIT(CAP_DAC_OVERRIDE)) && (dir || !(mask & X_OK) || (in->mode & 0111));
}

/* What access(2) goes by: as the real user would have them. */
static uint64_t real_caps(const struct cred *c)
{
	if (SECURE(c, SECURE_NO_SETUID_FIXUP))
		return c->effective;
	return c->uid == 0 ? c->permitted : 0;
}

/*
 * mask is of R_OK, W_OK, X_OK; real_ids as access(2) wants. 0, -EACCES, or -EROFS (writing to a
 * file, directory or link of a read-only file system).
 */
int vfs_permission(struct inode *in, unsigned mask, bool real_ids)
{
	const struct cred *c = vfs_cred();
	uint32_t uid = real_ids ? c->uid : c->fsuid, gid = real_ids ? c->gid : c->fsgid;

	if ((mask & W_OK) &&
	    (inode_is(in, S_IFREG) || inode_is(in, S_IFDIR) || inode_is(in, S_IFLNK)) &&
	    inode_readonly(in))
		return -EROFS;
	if ((mode_class(in, c, uid, gid) & mask) == mask)
		return 0;
	return override_applies(in, mask, real_ids ? real_caps(c) : c->effective) ? 0 : -EACCES;
}

int inode_permission(struct inode *in, unsigned mask)
{
	return vfs_permission(in, mask, false);
}

bool vfs_owner(const struct inode *in)
{
	return vfs_cred()->fsuid == in->uid || vfs_capable(CAP_FOWNER);
}

static int generic_getattr(struct inode *in, struct kstat *st)
{
	*st = (struct kstat){
	    .dev = in->super->dev,
	    .ino = in->ino,
	    .rdev = in->rdev,
	    .size = in->size,
	    .blocks = 0,
	    .mode = in->mode,
	    .nlink = in->nlink,
	    .uid = in->uid,
	    .gid = in->gid,
	    .blksize = PAGE_SIZE,
	    .atime_ns = in->atime_ns,
	    .mtime_ns = in->mtime_ns,
	    .ctime_ns = in->ctime_ns,
	    .btime_ns = in->btime_ns,
	};
	return 0;
}

/* stat(2) of an inode: generic members first, the file system may correct them. */
int vfs_getattr(struct inode *in, struct kstat *st)
{
	generic_getattr(in, st);
	return in->ops->getattr ? in->ops->getattr(in, st) : 0;
}

/* chown(2): who may give what to whom. */
static int check_chown(const struct inode *in, const struct setattr *a)
{
	const struct cred *c = vfs_cred();
	bool owner = c->fsuid == in->uid;

	if (vfs_capable(CAP_CHOWN))
		return 0;
	if ((a->valid & ATTR_UID) && !(owner && a->uid == in->uid))
		return -EPERM;
	if ((a->valid & ATTR_GID) && !(owner && (vfs_in_group(c, a->gid) || a->gid == in->gid)))
		return -EPERM;
	return 0;
}

static int check_times(struct inode *in, unsigned valid)
{
	const unsigned touch = ATTR_ATIME_NOW | ATTR_MTIME_NOW;

	if (vfs_owner(in))
		return 0;
	if ((valid & touch) == touch)
		return vfs_permission(in, W_OK, false);
	return -EPERM;
}

/* May the caller do this? Also adds the mode change that goes with it. Caller holds in->lock. */
static int prepare_setattr(struct inode *in, struct setattr *a)
{
	uint32_t drop = 0;
	int r;

	if ((a->valid & (ATTR_ATIME | ATTR_MTIME | ATTR_ATIME_NOW | ATTR_MTIME_NOW)) &&
	    !(a->valid & ATTR_SIZE)) {
		r = check_times(in, a->valid);
		if (r)
			return r;
	}
	if (a->valid & ATTR_MODE) {
		uint32_t gid = (a->valid & ATTR_GID) ? a->gid : in->gid;

		if (!vfs_owner(in))
			return -EPERM;
		a->mode = (in->mode & S_IFMT) | (a->mode & 07777);
		if (!vfs_in_group(vfs_cred(), gid) && !vfs_capable(CAP_FSETID))
			a->mode &= ~S_ISGID;
	}
	if ((a->valid & (ATTR_UID | ATTR_GID)) || a->valid == 0) {
		r = check_chown(in, a);
		if (r)
			return r;
		drop = inode_is(in, S_IFDIR) ? 0 : in->mode & S_ISUID;
		if (!inode_is(in, S_IFDIR) && (in->mode & S_ISGID) &&
		    ((in->mode & S_IXGRP) ||
		     (!vfs_in_group(vfs_cred(), in->gid) && !vfs_capable(CAP_FSETID))))
			drop |= S_ISGID;
		if (drop &&
		    !vfs_owner(
			in)) /* it is a change of mode as well: chown(-1, -1) by a stranger */
			return -EPERM;
	}
	if (a->valid & ATTR_SIZE) {
		if (a->size > in->size && (r = inode_check_limit(a->size)))
			return r;
		drop |= setid_to_drop(in, vfs_capable(CAP_FSETID));
	}
	if (drop && !(a->valid & ATTR_MODE)) {
		a->valid |= ATTR_MODE;
		a->mode = in->mode & ~drop;
	}
	return 0;
}

/* What a change of attributes is to those who watch. */
static uint32_t setattr_events(unsigned valid)
{
	bool atime = valid & (ATTR_ATIME | ATTR_ATIME_NOW);
	bool mtime = valid & (ATTR_MTIME | ATTR_MTIME_NOW);
	uint32_t mask = 0;

	if (valid & (ATTR_UID | ATTR_GID | ATTR_MODE))
		mask |= IN_ATTRIB;
	if (valid & ATTR_SIZE)
		mask |= IN_MODIFY;
	if (atime || mtime)
		mask |= atime && mtime ? IN_ATTRIB : atime ? IN_ACCESS : IN_MODIFY;
	return mask;
}

/* 0, -EPERM, -EACCES, -EROFS, -EISDIR, -EINVAL, -EFBIG, or what the file system says. */
int vfs_setattr(struct inode *in, struct dentry *place, struct setattr *a)
{
	struct setattr local = *a;
	int r = place ? place_readonly(place) : inode_readonly(in);

	if (r)
		return r;
	if ((a->valid & ATTR_SIZE) && inode_is(in, S_IFDIR))
		return -EISDIR;
	if ((a->valid & ATTR_SIZE) && !inode_is(in, S_IFREG))
		return -EINVAL;
	mutex_lock(&in->lock);
	r = prepare_setattr(in, &local);
	if (!r)
		r = in->ops->setattr ? in->ops->setattr(in, &local) : -EPERM;
	if (!r && ((a->valid & (ATTR_UID | ATTR_GID | ATTR_SIZE)) || !a->valid))
		xattr_drop_caps(in);
	mutex_unlock(&in->lock);
	if (!r)
		notify(place, in, setattr_events(a->valid));
	return r;
}

/* Apply everything but the size; for file systems that keep attributes in the inode. Caller holds
 * in->lock. */
void inode_apply_attr(struct inode *in, const struct setattr *a)
{
	uint64_t now = clock_real_coarse_ns();

	if (a->valid & ATTR_UID)
		in->uid = a->uid;
	if (a->valid & ATTR_GID)
		in->gid = a->gid;
	if (a->valid & ATTR_MODE)
		in->mode = a->mode;
	if (a->valid & ATTR_ATIME)
		in->atime_ns = a->atime_ns;
	if (a->valid & ATTR_MTIME)
		in->mtime_ns = a->mtime_ns;
	if (a->valid & ATTR_ATIME_NOW)
		in->atime_ns = now;
	if (a->valid & ATTR_MTIME_NOW)
		in->mtime_ns = now;
	in->ctime_ns = now;
}

/* ST_* of a place: all but ST_RELATIME and ST_NOSYMFOLLOW are numbered as mount's flags. */
static unsigned statfs_flags(const struct super *s, const struct dentry *place)
{
	unsigned m = s->flags | (place && place->mnt ? place->mnt->flags : 0);

	return ST_VALID |
	       (m & (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_SYNCHRONOUS | MS_MANDLOCK |
		     MS_NOATIME | MS_NODIRATIME)) |
	       (m & MS_RELATIME ? ST_RELATIME : 0) | (m & MS_NOSYMFOLLOW ? ST_NOSYMFOLLOW : 0);
}

int vfs_statfs(struct inode *in, const struct dentry *place, struct statfs *out)
{
	struct super *s = in->super;

	*out = (struct statfs){
	    .f_type = s->magic,
	    .f_bsize = PAGE_SIZE,
	    .f_frsize = PAGE_SIZE,
	    .f_namelen = NAME_MAX,
	    .f_flags = statfs_flags(s, place),
	};
	out->f_fsid.val[0] = (int)s->dev;
	return s->statfs ? s->statfs(s, out) : 0;
}

/* ---- who writes ---- */

/* Add `by` to in->writers unless it has the other sign. */
static int count_writer(struct inode *in, int32_t by)
{
	int32_t n = __atomic_load_n(&in->writers, __ATOMIC_RELAXED);

	do {
		if (by > 0 ? n < 0 : n > 0)
			return -ETXTBSY;
	} while (!__atomic_compare_exchange_n(&in->writers, &n, n + by, false, __ATOMIC_ACQUIRE,
					      __ATOMIC_RELAXED));
	return 0;
}

int inode_begin_write(struct inode *in)
{
	return count_writer(in, 1);
}

void inode_end_write(struct inode *in)
{
	__atomic_sub_fetch(&in->writers, 1, __ATOMIC_RELEASE);
}

int vfs_deny_write(struct inode *in)
{
	return count_writer(in, -1);
}

void vfs_allow_write(struct inode *in)
{
	__atomic_add_fetch(&in->writers, 1, __ATOMIC_RELEASE);
}

bool inode_may_change(const struct file *f)
{
	return !inode_is(f->mapped, S_IFREG) || READ_ONCE(f->mapped->writers) > 0;
}

/* ---- anonymous inodes ---- */

static void anon_destroy(struct inode *in)
{
	kfree(in);
}

static int anon_setattr(struct inode *in, const struct setattr *a)
{
	inode_apply_attr(in, a);
	return 0;
}

static const struct inode_ops anon_ops = {.destroy = anon_destroy, .setattr = anon_setattr};

/* Linux has a file system for each sort of file without a place. */
static struct super *anon_super(uint32_t mode)
{
	static struct super supers[] = {
	    {.fstype = "anon_inodefs", .source = "none", .magic = ANON_INODE_FS_MAGIC},
	    {.fstype = "pipefs", .source = "none", .magic = PIPEFS_MAGIC},
	    {.fstype = "sockfs", .source = "none", .magic = SOCKFS_MAGIC},
	};
	struct super *s = &supers[S_ISFIFO(mode) ? 1 : S_ISSOCK(mode) ? 2 : 0];

	if (!s->dev)
		s->dev = vfs_anon_dev();
	return s;
}

/* 0 or -ENOMEM. */
int vfs_anon_inode(uint32_t mode, struct inode **out)
{
	static uint64_t next_ino;
	struct inode *in = kmalloc(sizeof(*in));

	if (!in)
		return -ENOMEM;
	inode_init(in, anon_super(mode), mode);
	inode_init_owner(in, NULL, mode);
	in->ino = __atomic_add_fetch(&next_ino, 1, __ATOMIC_RELAXED);
	in->ops = &anon_ops;
	*out = in;
	return 0;
}

int vfs_anon_file(const struct file_ops *ops, void *priv, unsigned flags, struct file **out)
{
	struct inode *in;
	int r = vfs_anon_inode(0600, &in);

	if (r)
		return r;
	r = file_new(ops, in, flags, FILE_STREAM, out);
	if (r)
		inode_put(in);
	else
		(*out)->priv = priv;
	return r;
}
