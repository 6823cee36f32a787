/* SPDX-License-Identifier: MIT */
/*
 * The core of /proc and /sys: turns tables of entries into inodes, names and open files. Nothing is
 * cached: every lookup makes an inode from (entry, process, descriptor), and the contents of a file
 * are made when it is read from its start.
 */
#include "fs/proc/proc.h"
#include "kernel/heap.h"
#include "kernel/process.h"
#include "kernel/string.h"

#define STORE_MAX 4096 /* bytes one write may have */
#define ROOT_INO  1

struct proc_inode {
	struct inode in;
	const struct proc_entry *entry;
	struct proc_ctx ctx;
};

static const struct inode_ops dir_inode_ops, file_inode_ops, link_inode_ops, magic_inode_ops;
static const struct file_ops dir_file_ops, file_file_ops;

static struct proc_inode *proc_i(struct inode *in)
{
	return container_of(in, struct proc_inode, in);
}

struct proc_ctx *proc_ctx_of(struct inode *in)
{
	return &proc_i(in)->ctx;
}

int proc_file_pid(const struct file *f)
{
	if (f->ops != &dir_file_ops || proc_i(f->inode)->entry != &proc_pid)
		return 0;
	return proc_ctx_of(f->inode)->pid;
}

static const struct proc_tree *tree_of(const struct super *s)
{
	return s->priv;
}

struct process *proc_process(const struct proc_ctx *c)
{
	return c->pid ? process_find(c->pid) : NULL;
}

struct mm *proc_mm(const struct process *p)
{
	return p->mm && (p == current_process() || !p->mm->lock.held) ? p->mm : NULL;
}

struct thread *proc_thread(const struct proc_ctx *c)
{
	struct process *p = proc_process(c);
	struct thread *t, *found = NULL;

	if (!p)
		return NULL;
	spin_lock(&p->lock);
	list_for_each (t, &p->threads, process_link)
		if (!found && (t->tid == c->tid || !c->tid))
			found = t;
	spin_unlock(&p->lock);
	return found;
}

/* The same object has the same number every time: a hash of what it is about. */
static uint64_t make_ino(const struct super *s, const struct proc_entry *e,
			 const struct proc_ctx *c)
{
	uint64_t h = (uintptr_t)e;

	if (e == tree_of(s)->root)
		return ROOT_INO;
	h = (h ^ (uint32_t)c->pid) * 0x9e3779b97f4a7c15ull;
	h = (h ^ (uint32_t)c->tid) * 0xff51afd7ed558ccdull;
	h = (h ^ (uint32_t)(c->fd + 1)) * 0xc4ceb9fe1a85ec53ull;
	return 2 + (h >> 32);
}

/* Directories among the generated entries: processes, threads, devices. */
static uint32_t generated_dirs(const struct proc_entry *e, const struct proc_ctx *c)
{
	uint32_t n = 0;

	for (int id = 0; e->next && (id = e->next(c, id)) >= 0; id++) {
		const struct proc_entry *child_entry;
		struct proc_ctx child = *c;

		if (e->find(c, id, &child, &child_entry) || (child_entry->mode & S_IFMT) != S_IFDIR)
			break;
		n++;
	}
	return n;
}

static void set_ops(struct inode *in, const struct proc_entry *e, const struct proc_ctx *c)
{
	if (inode_is(in, S_IFDIR)) {
		in->ops = &dir_inode_ops;
		in->fops = &dir_file_ops;
		in->nlink = 2;
		for (size_t i = 0; i < e->n_table; i++)
			in->nlink += (e->table[i].mode & S_IFMT) == S_IFDIR;
		in->nlink += generated_dirs(e, c);
		in->size = e->size_of ? e->size_of(c) : 0;
	} else if (inode_is(in, S_IFLNK)) {
		in->ops = e->follow ? &magic_inode_ops : &link_inode_ops;
	} else {
		in->ops = &file_inode_ops;
		in->fops = e->ops ? e->ops : &file_file_ops;
		in->size = tree_of(in->super)->file_size;
	}
}

static int make_inode(struct super *s, const struct proc_entry *e, const struct proc_ctx *c,
		      struct inode **out)
{
	struct proc_inode *pi = kmalloc(sizeof(*pi));
	struct process *p = proc_process(c);

	if (!pi)
		return -ENOMEM;
	inode_init(&pi->in, s, e->mode_of ? (e->mode & S_IFMT) | e->mode_of(c) : e->mode);
	pi->entry = e;
	pi->ctx = *c;
	pi->in.ino = make_ino(s, e, c);
	pi->in.flags = INODE_NOATIME;
	if (p && p->dumpable) {
		pi->in.uid = process_cred(p)->euid;
		pi->in.gid = process_cred(p)->egid;
	}
	if (c->fd >= 0 && inode_is(&pi->in, S_IFLNK))
		pi->in.size = 64; /* what Linux says */
	set_ops(&pi->in, e, c);
	*out = &pi->in;
	return 0;
}

static void proc_destroy(struct inode *in)
{
	kfree(proc_i(in));
}

/* ---- directories ---- */

/* A decimal number without sign or leading zeros, or -1. */
static int parse_id(const char *name, size_t len)
{
	int id = 0;

	if (!len || len > 9 || (name[0] == '0' && len > 1))
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return -1;
		id = id * 10 + (name[i] - '0');
	}
	return id;
}

static int put_name(const struct proc_entry *e, int id, char buf[PROC_NAME_MAX])
{
	return e->name_of ? e->name_of(id, buf, PROC_NAME_MAX)
			  : scnprintf(buf, PROC_NAME_MAX, "%d", id);
}

/* The number of the generated entry with this name, or -1. */
static int find_id(const struct proc_inode *dir, const char *name, size_t len)
{
	const struct proc_entry *e = dir->entry;
	char buf[PROC_NAME_MAX];
	int id = 0;

	if (!e->name_of)
		return parse_id(name, len);
	while ((id = e->next(&dir->ctx, id)) >= 0) {
		if ((size_t)put_name(e, id, buf) == len && memcmp(buf, name, len) == 0)
			return id;
		id++;
	}
	return -1;
}

static int proc_lookup(struct inode *dir, const char *name, size_t len, struct inode **out)
{
	struct proc_inode *pi = proc_i(dir);
	const struct proc_entry *e = pi->entry, *child_entry;
	struct proc_ctx child = pi->ctx;
	int id, r;

	for (size_t i = 0; i < e->n_table; i++)
		if (strlen(e->table[i].name) == len && memcmp(e->table[i].name, name, len) == 0)
			return make_inode(dir->super, &e->table[i], &child, out);
	id = e->find ? find_id(pi, name, len) : -1;
	if (id < 0)
		return -ENOENT;
	r = e->find(&pi->ctx, id, &child, &child_entry);
	return r ? r : make_inode(dir->super, child_entry, &child, out);
}

static bool emit(struct file *f, struct dir_sink *s, const struct proc_entry *e,
		 const struct proc_ctx *c, const char *name, size_t len)
{
	if (!s->add(s, name, len, make_ino(f->inode->super, e, c), (e->mode & S_IFMT) >> 12,
		    f->pos + 1))
		return false;
	f->pos++;
	return true;
}

/* Generated entries: position 2 + n_table + id. */
static void emit_generated(struct file *f, struct dir_sink *s, struct proc_inode *pi)
{
	const struct proc_entry *e = pi->entry, *child_entry;
	uint64_t base = 2 + e->n_table;
	char name[PROC_NAME_MAX];
	int id;

	while ((id = e->next(&pi->ctx, f->pos - base)) >= 0) {
		struct proc_ctx child = pi->ctx;

		f->pos = base + id;
		if (e->find(&pi->ctx, id, &child, &child_entry) == 0) {
			if (!emit(f, s, child_entry, &child, name, put_name(e, id, name)))
				return;
		} else {
			f->pos++;
		}
	}
}

static int proc_readdir(struct file *f, struct dir_sink *s)
{
	struct proc_inode *pi = proc_i(f->inode);
	const struct proc_entry *e = pi->entry;

	if (f->pos == 0) {
		if (!s->add(s, ".", 1, f->inode->ino, DT_DIR, 1))
			return 0;
		f->pos = 1;
	}
	if (f->pos == 1) {
		if (!s->add(s, "..", 2, f->dentry->parent->inode->ino, DT_DIR, 2))
			return 0;
		f->pos = 2;
	}
	while (f->pos - 2 < e->n_table) {
		const struct proc_entry *child = &e->table[f->pos - 2];

		if (!emit(f, s, child, &pi->ctx, child->name, strlen(child->name)))
			return 0;
	}
	if (e->next && f->pos - 2 - e->n_table <= INT32_MAX)
		emit_generated(f, s, pi);
	return 0;
}

static int64_t proc_seek(struct file *f, int64_t off, int whence)
{
	if (whence == SEEK_CUR)
		off += f->pos;
	else if (whence != SEEK_SET)
		return -EINVAL;
	return off < 0 ? -EINVAL : (int64_t)(f->pos = off);
}

static int proc_setattr(struct inode *in, const struct setattr *a)
{
	return (a->valid & ~(unsigned)(ATTR_SIZE | ATTR_MTIME_NOW))
		   ? -EPERM
		   : 0; /* O_TRUNC is allowed, and does nothing */
}

/* ---- files ---- */

static void show_values(struct seq *s, const struct proc_entry *e)
{
	for (int i = 0; i < e->n_values; i++)
		seq_printf(s, "%d%c", e->values[i], i + 1 < e->n_values ? '\t' : '\n');
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* As many as there are in the text; those before a wrong one are set. 0 or -EINVAL. */
static int store_values(const struct proc_entry *e, char *text)
{
	for (int i = 0; i < e->n_values; i++) {
		char *word, end;
		long v;

		while (is_blank(*text))
			text++;
		if (i && !*text)
			break;
		for (word = text; *text && !is_blank(*text);)
			text++;
		end = *text;
		*text = 0;
		if (proc_parse_int(word, e->min, e->max, &v))
			return -EINVAL;
		e->values[i] = (int)v;
		*text = end;
	}
	return 0;
}

/* Make the contents afresh. */
static int fill(struct file *f)
{
	struct proc_inode *pi = proc_i(f->inode);
	struct seq *s = f->priv ? f->priv : kzalloc(sizeof(*s));
	int r = 0;

	if (!s)
		return -ENOMEM;
	f->priv = s;
	s->len = 0;
	s->failed = false;
	if (pi->entry->show)
		r = pi->entry->show(s, &pi->ctx);
	else if (pi->entry->text)
		seq_puts(s, pi->entry->text);
	else
		show_values(s, pi->entry);
	return r ? r : s->failed ? -ENOMEM : 0;
}

/* Every open file has an inode of its own, so its lock keeps threads that share the file from each
 * other's buffer. */
static ssize_t proc_read(struct file *f, struct iter *to, uint64_t *pos)
{
	struct seq *s;
	size_t n, copied;
	ssize_t r = 0;

	mutex_lock(&f->inode->lock);
	if (*pos == 0 || !f->priv)
		r = fill(f);
	s = f->priv;
	if (r || *pos >= s->len)
		goto out;
	n = MIN(to->left, s->len - *pos);
	copied = iter_write(to, s->buf + *pos, n);
	*pos += copied;
	r = copied || !n ? (ssize_t)copied : -EFAULT;
out:
	mutex_unlock(&f->inode->lock);
	return r;
}

static ssize_t proc_write(struct file *f, struct iter *from, uint64_t *pos)
{
	struct proc_inode *pi = proc_i(f->inode);
	char text[STORE_MAX / 8];
	size_t n = from->left;
	int r;

	if (!pi->entry->store && !pi->entry->values)
		return -EIO;
	if (n >= sizeof(text))
		return -EINVAL;
	if (iter_read(from, text, n) < n)
		return -EFAULT;
	text[n] = 0;
	r = pi->entry->values ? store_values(pi->entry, text) : pi->entry->store(&pi->ctx, text, n);
	if (r)
		return r;
	*pos += n;
	return n;
}

/* A parameter that cannot be changed here is refused as it is in a container, where /proc/sys and
 * /sys are mounted read-only. */
static int proc_open(struct inode *in, struct dentry *d, unsigned flags, struct file **out)
{
	const struct proc_entry *e = proc_i(in)->entry;
	int r;

	if ((flags & O_ACCMODE) != O_RDONLY && (in->mode & 0222) && !e->store && !e->values &&
	    !e->ops)
		return -EROFS;
	r = file_new(in->fops, inode_get(in), flags, 0, out);
	if (r)
		inode_put(in);
	return r;
}

static void proc_release(struct file *f)
{
	struct seq *s = f->priv;

	if (s)
		kfree(s->buf);
	kfree(s);
}

/* ---- links ---- */

static int proc_readlink(struct inode *in, char *buf, size_t size)
{
	const struct proc_entry *e = proc_i(in)->entry;
	size_t n;

	if (e->readlink)
		return e->readlink(&proc_i(in)->ctx, buf, size);
	n = MIN(strlen(e->text), size);
	memcpy(buf, e->text, n);
	return n;
}

static int proc_follow(struct inode *in, struct dentry **out)
{
	return proc_i(in)->entry->follow(&proc_i(in)->ctx, out);
}

static const struct inode_ops dir_inode_ops = {
    .lookup = proc_lookup, .setattr = proc_setattr, .destroy = proc_destroy};
static const struct inode_ops file_inode_ops = {
    .open = proc_open, .setattr = proc_setattr, .destroy = proc_destroy};
static const struct inode_ops link_inode_ops = {
    .readlink = proc_readlink, .setattr = proc_setattr, .destroy = proc_destroy};
static const struct inode_ops magic_inode_ops = {.readlink = proc_readlink,
						 .follow = proc_follow,
						 .setattr = proc_setattr,
						 .destroy = proc_destroy};

static const struct file_ops dir_file_ops = {
    .read = dir_read, .seek = proc_seek, .readdir = proc_readdir};
static const struct file_ops file_file_ops = {
    .read = proc_read, .write = proc_write, .seek = proc_seek, .release = proc_release};

static int super_new(const struct proc_tree *tree, struct super **out)
{
	static const struct proc_ctx nobody = {.fd = -1};
	struct super *s = kzalloc(sizeof(*s));
	struct inode *in;

	if (!s)
		return -ENOMEM;
	s->fstype = s->source = tree->fstype;
	s->magic = tree->magic;
	s->priv = (void *)(uintptr_t)tree;
	s->dev = vfs_anon_dev();
	s->volatile_names = true;
	list_init(&s->link);
	if (make_inode(s, tree->root, &nobody, &in)) {
		kfree(s);
		return -ENOMEM;
	}
	s->root = in;
	*out = s;
	return 0;
}

int proc_super_only(const struct proc_tree *tree, struct super **only, struct super **out)
{
	int r = *only ? 0 : super_new(tree, only);

	*out = *only;
	return r;
}

int proc_parse_int(const char *text, long min, long max, long *out)
{
	bool negative;
	long v = 0;

	while (*text == ' ' || *text == '\t')
		text++;
	negative = *text == '-';
	text += negative;
	if (*text < '0' || *text > '9')
		return -EINVAL;
	for (; *text >= '0' && *text <= '9'; text++)
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, *text - '0', &v))
			return -EINVAL;
	while (*text == ' ' || *text == '\n')
		text++;
	v = negative ? -v : v;
	if (*text || v < min || v > max)
		return -EINVAL;
	*out = v;
	return 0;
}
