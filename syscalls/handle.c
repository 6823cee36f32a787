/* SPDX-License-Identifier: MIT */
/* Files by handle in place of a name: name_to_handle_at(2), open_by_handle_at(2). */
#include "fs/handle.h"
#include "fs/mount.h"
#include "kernel/cred.h"
#include "kernel/string.h"
#include "syscalls/fileops.h"
#include "syscalls/syscall.h"
#include "syscalls/util.h"

#ifndef AT_HANDLE_FID /* Linux 6.5 */
#define AT_HANDLE_FID 0x200
#endif
#define MAX_HANDLE 128

/* handle_type: one that leads back; one that only tells files apart; room was missing. */
enum { HANDLE_OPENS = 1, HANDLE_ONLY_ID = 0x81, HANDLE_NONE = 255 };

/* struct file_handle, without what follows it. */
struct header {
	uint32_t bytes;
	int32_t type;
};

static int export_handle(struct inode *in, int mount_id, uaddr_t uhandle, uaddr_t umount_id,
			 int flags)
{
	bool opens = in->super->handles;
	struct {
		struct header h;
		struct file_id id;
	} __attribute__((packed)) out;
	size_t size = sizeof(out);
	struct header h;
	int r = 0;

	if (!opens && !(flags & AT_HANDLE_FID))
		return -EOPNOTSUPP;
	if (get_user(&h, uhandle))
		return -EFAULT;
	if (h.bytes > MAX_HANDLE)
		return -EINVAL;
	out.h = (struct header){sizeof(out.id), opens ? HANDLE_OPENS : HANDLE_ONLY_ID};
	if (h.bytes < sizeof(out.id)) {
		out.h.type = HANDLE_NONE;
		size = sizeof(h);
		r = -EOVERFLOW;
	} else {
		r = vfs_handle_make(in, &out.id);
		if (r)
			return r;
	}
	if (put_user(umount_id, mount_id) || copy_to_user(uhandle, &out, size))
		return -EFAULT;
	return r;
}

/* name_to_handle_at(2). */
long sys_name_to_handle_at(int dirfd, uaddr_t path, uaddr_t handle, uaddr_t mount_id, int flags)
{
	struct dentry *place;
	struct inode *in;
	long r;

	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH | AT_HANDLE_FID))
		return -EINVAL;
	r = inode_at(dirfd, path,
		     (flags & AT_SYMLINK_FOLLOW ? LOOKUP_FOLLOW : 0) |
			 (flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0),
		     &in, &place);
	if (r)
		return r;
	r = export_handle(in, place && place->mnt ? place->mnt->id : 0, handle, mount_id, flags);
	if (place)
		dentry_put(place);
	inode_put(in);
	return r;
}

/* A place in the mount that fd is in. */
static int anchor(int fd, struct dentry **out)
{
	struct file *f;

	if (fd == AT_FDCWD)
		return vfs_lookup(NULL, ".", 0, out);
	f = fd_file(fd);
	if (!f)
		return -EBADF;
	*out = f->dentry ? dentry_get(f->dentry) : NULL;
	file_put(f);
	return *out ? 0 : -ESTALE;
}

static int import_handle(uaddr_t uhandle, struct header *h, struct file_id *id)
{
	uint8_t body[MAX_HANDLE];

	if (get_user(h, uhandle))
		return -EFAULT;
	if (!h->bytes || h->bytes > MAX_HANDLE || h->type < 0)
		return -EINVAL;
	if (copy_from_user(body, uhandle + sizeof(*h), h->bytes))
		return -EFAULT;
	if (h->type != HANDLE_OPENS || h->bytes < sizeof(*id))
		return -ESTALE;
	memcpy(id, body, sizeof(*id));
	return 0;
}

static int open_handle(const struct dentry *at, uaddr_t uhandle, unsigned flags, struct file **out)
{
	struct file_id id;
	struct dentry *d;
	struct header h;
	int r = capable(CAP_DAC_READ_SEARCH) ? import_handle(uhandle, &h, &id) : -EPERM;

	if (!r)
		r = at->mnt ? vfs_handle_find(at->mnt, &id, &d) : -ESTALE;
	if (r)
		return r;
	r = vfs_open_place(d, flags, out);
	dentry_put(d);
	return r;
}

/* open_by_handle_at(2). */
long sys_open_by_handle_at(int mount_fd, uaddr_t handle, int flags)
{
	struct open_how how = open_how_lenient(flags, 0);
	struct dentry *at;
	struct file *f;
	int r = anchor(mount_fd, &at);

	if (r)
		return r;
	r = open_handle(at, handle, how.flags, &f);
	dentry_put(at);
	return r ? r : fd_new(f, how.flags & O_CLOEXEC);
}
