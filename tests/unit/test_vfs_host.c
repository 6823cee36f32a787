/* SPDX-License-Identifier: MIT */
/*
 * The VFS against Linux: the same random operations, with several identities, on our tmpfs and on
 * the host's; every return value, every stat and every content must agree. Then the same with an
 * overlay over an image that mkfs.erofs made of what is there at the start. Needs root and a tmpfs
 * on /dev/shm (else it is skipped). SEED=n ROUNDS=n in the environment repeat or lengthen a run.
 * unit: tests/unit/host_fs.c @fs
 */
#define _ISOC11_SOURCE /* only ISO C from the C library: its POSIX types are not the kernel's */
#include "tests/unit/unit.h"

#include "fs/vfs.h"
#include "tests/unit/fs_fake.h"
#include "tests/unit/host_fs.h"

#include <string.h>

static uint64_t seed = 1;
static bool overlay;

static unsigned rnd(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 20) % n;
}

/* ---- our side ---- */

static void describe(struct fs_result *r, struct inode *in)
{
	struct kstat st;

	vfs_getattr(in, &st);
	r->mode = st.mode;
	r->nlink = st.nlink;
	r->uid = st.uid;
	r->gid = st.gid;
	r->size = st.size;
	r->blocks = st.blocks;
}

static long on_file(const struct fs_op *op, struct fs_result *r)
{
	char data[20000];
	struct file *f;
	struct iter it;
	uint64_t pos = op->x;
	long n = vfs_open(NULL, op->a, op->flags, op->mode & 07777, 0, &f);

	if (n)
		return n;
	switch (op->kind) {
	case OP_WRITE:
		memset(data, 'a' + op->y % 26, sizeof(data));
		iter_kernel(&it, data, op->y);
		n = file_write(f, &it, &pos);
		break;
	case OP_READ:
		iter_kernel(&it, data, op->y);
		n = file_read(f, &it, &pos);
		if (n > 0)
			r->sum = fs_sum(0, data, n);
		break;
	case OP_FALLOCATE:
		n = vfs_fallocate(f, op->mode, op->x, op->y);
		break;
	case OP_SEEK:
		n = file_seek(f, op->x, (int)op->y);
		break;
	default:
		break;
	}
	describe(r, f->inode);
	file_put(f);
	return n;
}

struct summing {
	struct dir_sink sink;
	uint64_t sum;
};

static bool add_name(struct dir_sink *s, const char *name, size_t len, uint64_t ino, unsigned type,
		     int64_t next)
{
	container_of(s, struct summing, sink)->sum += fs_sum(type, name, len);
	return true;
}

static long list(const char *path, struct fs_result *r)
{
	struct summing s = {.sink = {add_name}};
	struct file *f;
	long n = vfs_open(NULL, path, O_RDONLY | O_DIRECTORY, 0, 0, &f);

	if (n)
		return n;
	n = vfs_readdir(f, &s.sink);
	r->sum = s.sum;
	file_put(f);
	return n == -ENOENT ? 0 : n; /* of a removed directory: readdir(3) calls it the end */
}

/* Operations on an object that a path names. */
static long on_object(const struct fs_op *op, struct fs_result *r)
{
	struct setattr a = {0};
	bool follow = !(op->flags & AT_SYMLINK_NOFOLLOW) && op->kind != OP_READLINK;
	struct dentry *d;
	char text[4096];
	long n = vfs_lookup(
	    NULL, op->a,
	    (follow ? LOOKUP_FOLLOW : 0) | (op->kind == OP_CHDIR ? LOOKUP_DIRECTORY : 0), &d);

	if (n)
		return n;
	switch (op->kind) {
	case OP_STAT:
		describe(r, d->inode);
		break;
	case OP_READLINK:
		n = vfs_readlink(d, text, sizeof(text));
		if (n > 0)
			r->sum = fs_sum(0, text, n);
		break;
	case OP_CHMOD:
		a = (struct setattr){.valid = ATTR_MODE, .mode = op->mode};
		n = vfs_setattr(d->inode, NULL, &a);
		break;
	case OP_CHOWN:
		a.valid = (op->x >= 0 ? ATTR_UID : 0u) | (op->y >= 0 ? ATTR_GID : 0u);
		a.uid = op->x;
		a.gid = op->y;
		n = vfs_setattr(d->inode, NULL, &a);
		break;
	case OP_TRUNCATE:
		n = vfs_truncate(d, op->x);
		break;
	case OP_ACCESS:
		n = vfs_permission(d->inode, op->mode, false);
		break;
	case OP_TOUCH:
		a.valid = ATTR_ATIME_NOW | (op->x ? ATTR_MTIME_NOW : ATTR_MTIME);
		n = vfs_setattr(d->inode, NULL, &a);
		break;
	default: /* OP_CHDIR */
		n = vfs_permission(d->inode, X_OK, false);
		if (n)
			break;
		dentry_put(current->fs->cwd);
		current->fs->cwd = d;
		return 0;
	}
	dentry_put(d);
	return n;
}

static long our_op(const struct fs_op *op, struct fs_result *r)
{
	switch (op->kind) {
	case OP_MKDIR:
		return vfs_mkdir(NULL, op->a, op->mode);
	case OP_RMDIR:
		return vfs_rmdir(NULL, op->a);
	case OP_UNLINK:
		return vfs_unlink(NULL, op->a);
	case OP_LINK:
		return vfs_link(NULL, op->a, NULL, op->b, op->flags);
	case OP_SYMLINK:
		return vfs_symlink(op->b, NULL, op->a);
	case OP_RENAME:
		return vfs_rename(NULL, op->a, NULL, op->b, op->flags);
	case OP_MKNOD:
		return vfs_mknod(NULL, op->a, op->mode, op->x);
	case OP_LIST:
		return list(op->a, r);
	case OP_OPEN:
	case OP_WRITE:
	case OP_READ:
	case OP_FALLOCATE:
	case OP_SEEK:
		return on_file(op, r);
	default:
		return on_object(op, r);
	}
}

/* ---- random operations ---- */

static void random_name(char *out)
{
	static const char *const names[] = {"a", "b",  "c",   "d", "e", "link",
					    ".", "..", "sub", "a", "b"};

	if (rnd(200) == 0) {
		unsigned len = 254 + rnd(3);

		memset(out, 'n', len);
		out[len] = 0;
		return;
	}
	strcpy(out, names[rnd(ARRAY_SIZE(names))]);
}

static void random_path(char *out, size_t size)
{
	char name[300];
	size_t n = 0;

	out[0] = 0;
	if (rnd(300) == 0)
		return;
	if (rnd(3) == 0)
		n = snprintf(out, size, "%s", rnd(5) ? "/" : "//");
	for (unsigned depth = rnd(20) ? 1 + rnd(3) : 0; depth; depth--) {
		random_name(name);
		if (n + strlen(name) + 3 > size)
			break;
		n += snprintf(out + n, size - n, "%s%s", name,
			      depth > 1 ? (rnd(10) ? "/" : "//") : "");
	}
	if (n && rnd(8) == 0 && n + 2 < size)
		snprintf(out + n, size - n, "/");
}

static unsigned random_mode(void)
{
	static const unsigned modes[] = {0755,	0644,  0777,  0700, 0,	  01777, 02755,
					 04755, 06777, 02770, 0555, 0111, 0070};

	return modes[rnd(ARRAY_SIZE(modes))];
}

static unsigned random_open_flags(void)
{
	unsigned f = O_NONBLOCK | rnd(3);

	f |= rnd(2) ? O_CREAT : 0;
	f |= rnd(6) == 0 ? O_EXCL : 0;
	f |= rnd(5) == 0 ? O_TRUNC : 0;
	f |= rnd(6) == 0 ? O_APPEND : 0;
	f |= rnd(8) == 0 ? O_NOFOLLOW : 0;
	f |= rnd(8) == 0 ? O_DIRECTORY : 0;
	f |= rnd(20) == 0 ? O_PATH : 0;
	f |= rnd(20) == 0 ? O_NOATIME : 0;
	f |= rnd(30) == 0 ? O_TMPFILE : 0;
	return rnd(100) ? f : f | 3;
}

static void random_op(struct fs_op *op)
{
	static const unsigned types[] = {0, S_IFREG, S_IFIFO, S_IFCHR, S_IFSOCK, S_IFDIR, 070000};
	static const int ids[] = {-1, 0, 1000, 1001, 2000};
	static const unsigned rename_flags[] = {
	    0, 0, 0, 0, RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_EXCHANGE, 3, 8};
	static const int whences[] = {SEEK_SET, SEEK_CUR, SEEK_END, SEEK_DATA, SEEK_HOLE, 9};
	static const int fmodes[] = {0, 0, 1, 3, 3, 2, 16, 8};

	memset(op, 0, sizeof(*op));
	op->kind = rnd(OP_KINDS);
	random_path(op->a, sizeof(op->a));
	random_path(op->b, sizeof(op->b));
	op->mode = random_mode();
	op->flags = random_open_flags();
	op->x = rnd(3) ? rnd(20000) : rnd(6) * 4096;
	op->y = rnd(3) ? rnd(10000) : rnd(3) * 4096;
	switch (op->kind) {
	case OP_RENAME:
		op->flags = rename_flags[rnd(ARRAY_SIZE(rename_flags))];
		if (op->flags == 4) /* RENAME_WHITEOUT: for overlays only, not here */
			op->flags = 0;
		break;
	case OP_LINK:
		op->flags = rnd(3) ? 0 : AT_SYMLINK_FOLLOW;
		break;
	case OP_MKNOD:
		op->mode |= types[rnd(ARRAY_SIZE(types))];
		op->x = 0x103;
		break;
	case OP_STAT:
	case OP_TOUCH:
	case OP_CHOWN:
		op->flags = rnd(2) ? AT_SYMLINK_NOFOLLOW : 0;
		break;
	case OP_ACCESS:
		op->mode = rnd(8);
		op->flags = 0;
		break;
	case OP_FALLOCATE:
		op->mode = fmodes[rnd(ARRAY_SIZE(fmodes))];
		op->flags &= ~(unsigned)(O_CREAT | O_TMPFILE);
		break;
	case OP_SEEK:
		op->y = whences[rnd(ARRAY_SIZE(whences))];
		op->x -= rnd(10) ? 0 : 30000;
		break;
	default:
		if (op->kind > OP_READ)
			op->flags = 0;
		break;
	}
	if (op->kind == OP_CHOWN) {
		op->x = ids[rnd(ARRAY_SIZE(ids))];
		op->y = ids[rnd(ARRAY_SIZE(ids))];
	}
	if (op->kind == OP_TOUCH)
		op->x = rnd(2);
	if ((op->flags & (O_CREAT | O_TMPFILE)) == 0 && op->kind <= OP_READ)
		op->mode = 0;
}

static bool same(const struct fs_op *op, const struct fs_result *a, const struct fs_result *b)
{
	bool opened = op->kind == OP_OPEN ? a->ret >= 0 && b->ret >= 0 : false;
	/* What an image's directories and links take is its own business. */
	bool any_size = overlay && S_ISDIR(a->mode), any_blocks = overlay && !S_ISREG(a->mode);

	return (opened || a->ret == b->ret) && a->mode == b->mode && a->nlink == b->nlink &&
	       a->uid == b->uid && a->gid == b->gid && (any_size || a->size == b->size) &&
	       (any_blocks || a->blocks == b->blocks) && a->sum == b->sum;
}

static const char *const kind_names[OP_KINDS] = {
    "open",	"write",  "read",  "mkdir", "rmdir",	"unlink",    "link",
    "symlink",	"rename", "mknod", "stat",  "readlink", "chmod",     "chown",
    "truncate", "access", "touch", "chdir", "list",	"fallocate", "seek"};

static void print_result(const char *who, const struct fs_result *r)
{
	printf("#   %s: %ld mode %o nlink %u ids %u:%u size %lu blocks %lu sum %lx\n", who, r->ret,
	       r->mode, r->nlink, r->uid, r->gid, (unsigned long)r->size, (unsigned long)r->blocks,
	       (unsigned long)r->sum);
}

/* Do it on both sides. */
static void compare(const struct fs_op *op, unsigned round)
{
	struct fs_result ours = {0}, theirs;
	bool ok;

	host_fs_do(op, &theirs);
	ours.ret = our_op(op, &ours);
	ok = same(op, &ours, &theirs);
	CHECK(ok);
	if (ok)
		return;
	printf("# %u: uid %u %s '%s' '%s' flags %o mode %o x %ld y %ld\n", round,
	       fake_thread.cred->fsuid, kind_names[op->kind], op->a, op->b, op->flags, op->mode,
	       op->x, op->y);
	print_result("ours ", &ours);
	print_result("linux", &theirs);
}

/* Random operations on the host only, then its tree as an image. */
static void *make_image(unsigned long *size)
{
	struct fs_result theirs;
	struct fs_op op;

	for (unsigned i = 0; i < 1500; i++) {
		random_op(&op);
		host_fs_do(&op, &theirs);
	}
	return host_fs_image(size);
}

/* So many unused names that all older ones leave the name cache, and with them unchanged inodes. */
static void forget_names(void)
{
	struct cred *me = fake_thread.cred;
	struct dentry *d;
	char name[32];

	fake_thread.cred = &root_cred;
	for (unsigned i = 0; i < 6000; i++) {
		snprintf(name, sizeof(name), "/none%u", i);
		if (vfs_lookup(NULL, name, 0, &d) != -ENOENT)
			abort();
	}
	fake_thread.cred = me;
}

/* Start in directories of the same shape on both sides: our root has mount points, so go below it.
 */
static int enter_top(void)
{
	struct dentry *top;

	vfs_mkdir(NULL, "/top", 0755);
	if (vfs_lookup(NULL, "/top", 0, &top))
		return -1;
	current->fs->root = top;
	current->fs->cwd = dentry_get(top);
	return 0;
}

/* A tmpfs, or an overlay over an image of what the host has at the start. */
static int run(unsigned rounds)
{
	static const uint32_t people[][2] = {{0, 0}, {1000, 0}, {1001, 2000}};
	unsigned long size = 0;
	void *image = NULL;

	if (host_fs_enter()) {
		printf("%s: skipped: needs root and a tmpfs on /dev/shm\n", __FILE__);
		return 0;
	}
	if (overlay)
		image = make_image(&size);
	if (overlay && !image) {
		printf("ok 1 - overlay # SKIP mkfs.erofs does not work here\n");
		host_fs_leave();
		return 0;
	}
	fake_boot_over(image, size);
	free(image);
	if (enter_top())
		abort();
	for (unsigned i = 0; i < rounds && unit_failed < 10; i++) {
		struct fs_op op, look = {.kind = OP_STAT, .flags = AT_SYMLINK_NOFOLLOW};

		if (rnd(20) == 0) {
			unsigned who = rnd(ARRAY_SIZE(people));

			fake_become(people[who][0], people[who][1]);
			host_fs_become(people[who][0], people[who][1]);
		}
		if (overlay && rnd(300) == 0)
			forget_names();
		random_op(&op);
		compare(&op, i);
		strcpy(look.a, op.a);
		compare(&look, i);
		strcpy(look.a, op.b);
		compare(&look, i);
	}
	host_fs_leave();
	return UNIT_END();
}

int main(void)
{
	const char *s = getenv("SEED"), *n = getenv("ROUNDS");
	unsigned rounds = n ? (unsigned)atoi(n) : 60000;
	int failed = 0;

	for (unsigned i = 0; i < 12; i++) {
		int r = host_fs_fork();

		if (r < 0) {
			seed = (s ? (uint64_t)atoll(s) : 88172645463325252ull) + i * 7919;
			overlay = i > 0;
			return run(overlay ? rounds / 10 : rounds);
		}
		failed |= r;
	}
	return failed;
}
