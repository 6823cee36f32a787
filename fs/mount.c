/* SPDX-License-Identifier: MIT */
/*
 * Mounts and namespaces of them: making, placing, copying, the end (fs/mount.h). One mutex covers
 * changes that a program asks for; the initial tree's mounts, made in the middle of a path walk,
 * come without it, which is why they are only appended.
 */
#include "fs/mount_internal.h"
#include "fs/vfs_internal.h"
#include "kernel/heap.h"
#include "kernel/string.h"

#define MAX_MOUNTS 4096 /* as Linux's /proc/sys/fs/mount-max: then ENOSPC */

struct list mounts = LIST_INIT(mounts);
static struct list supers = LIST_INIT(supers); /* that are mounted */
static struct mount_ns first_ns = {.refs = 1, .ino = 0xf0000000};
static unsigned n_mounts; /* with those that only open files hold */
static int last_id;
struct mutex mount_lock;

void mount_init(void)
{
	mutex_init(&mount_lock);
}

struct mount_ns *mount_ns_first(void)
{
	return &first_ns;
}

struct mount_ns *mount_ns_current(void)
{
	return current && current->fs && current->fs->ns ? current->fs->ns : &first_ns;
}

struct mount_ns *mount_ns_get(struct mount_ns *ns)
{
	ns->refs++;
	return ns;
}

struct dentry *vfs_root(void)
{
	return first_ns.root;
}

struct list *vfs_supers(void)
{
	return &supers;
}

/* ---- one mount ---- */

/* A mount of `root`'s tree that is nowhere: *out holds a reference to its root. 0, -ENOMEM,
 * -ENOSPC. */
static int make(struct super *s, struct inode *root, const char *source, unsigned flags,
		struct mount **out)
{
	struct mount *m;

	if (n_mounts >= MAX_MOUNTS)
		return -ENOSPC;
	m = kzalloc(sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->source = kstrdup(source ? source : "none");
	m->root = m->source ? dentry_alloc(NULL, "/", 1, 0, root) : NULL;
	if (!m->root) {
		kfree(m->source);
		kfree(m);
		return -ENOMEM;
	}
	inode_get(root);
	m->root->mnt = m;
	m->id = ++last_id;
	m->super = s;
	m->flags = flags & MOUNT_FLAGS;
	list_init(&m->link);
	n_mounts++;
	if (s->n_trees++ == 0 || list_empty(&s->link))
		list_add_tail(&s->link, &supers);
	*out = m;
	return 0;
}

void mount_free(struct mount *m)
{
	struct super *s = m->super;

	n_mounts--;
	kfree(m->source);
	kfree(m->subroot);
	kfree(m);
	if (--s->n_trees)
		return;
	list_del(&s->link);
	list_init(&s->link);
	if (s->release)
		s->release(s);
}

int mount_new(struct super *s, const char *source, unsigned flags, struct mount **out)
{
	return make(s, s->root, source, flags, out);
}

void mount_place(struct mount *m, struct dentry *at, struct mount_ns *ns)
{
	if (at) {
		m->root->covers = dentry_get(at);
		dentry_pin(at, m);
	}
	m->ns = ns;
	list_add_tail(&m->link, &mounts);
}

void mount_unplace(struct mount *m)
{
	struct dentry *at = m->root->covers;

	m->ns = NULL;
	list_del(&m->link);
	list_init(&m->link);
	if (!at)
		return;
	dentry_unpin(at);
	m->root->covers = NULL;
	dentry_put(at);
}

int vfs_mount(struct super *s, struct dentry *at, unsigned flags)
{
	struct mount *m;
	int r;

	if (at && (!at->inode || !inode_is(at->inode, S_IFDIR)))
		return -ENOTDIR;
	if (at ? at->mounted != NULL : first_ns.root != NULL)
		return -EBUSY;
	r = make(s, s->root, s->source, flags, &m);
	if (r)
		return r;
	mount_place(m, at, at && at->mnt ? at->mnt->ns : &first_ns);
	if (!at)
		first_ns.root = m->root;
	return 0;
}

/* ---- several ---- */

/* What is on something that is to go, goes. */
static void doom_below(void)
{
	struct mount *x;
	bool more;

	do {
		more = false;
		list_for_each (x, &mounts, link) {
			struct mount *on = mount_parent(x);

			if (!x->dead && on && on->dead)
				x->dead = more = true;
		}
	} while (more);
}

void mount_bury(void)
{
	struct mount *x;
	bool more;

	doom_below();
	do {
		more = false;
		list_for_each (x, &mounts, link) {
			if (x->dead) {
				mount_unplace(x);
				dentry_prune(x);
				dentry_put(x->root);
				more = true;
				break;
			}
		}
	} while (more);
}

void mount_drop(struct mount *m)
{
	bool nowhere;

	mutex_lock(&mount_lock);
	nowhere = mount_is_nowhere(m);
	if (nowhere) {
		m->dead = true;
		mount_bury();
		dentry_prune(m);
	}
	mutex_unlock(&mount_lock);
	if (nowhere)
		dentry_put(m->root);
}

/* What d's name leads to in dir. Referenced. 0 or -errno. May sleep: d may be renamed meanwhile. */
static int namesake(struct dentry *dir, const struct dentry *d, struct dentry **out)
{
	char *name = kmemdup(d->name, d->name_len + 1u);
	int r;

	if (!name)
		return -ENOMEM;
	r = dentry_lookup(dir, name, d->name_len, d->hash, out);
	kfree(name);
	if (!r && !(*out)->inode) {
		dentry_put(*out);
		r = -ENOENT;
	}
	return r;
}

/* The place in `to`'s tree that d is in the tree below `top`. Referenced. 0 or -errno. May sleep.
 */
static int mirror(struct dentry *d, struct dentry *top, struct mount *to, struct dentry **out)
{
	struct dentry *at = dentry_get(to->root), *next, *step;
	int r = 0;

	dentry_get(top);
	while (!r && d != top) {
		for (step = d; step->parent != top; step = step->parent)
			if (step->parent == step)
				break;
		if (step->parent != top || step->unlinked) {
			r = -ENOENT;
			break;
		}
		dentry_put(top);
		top = dentry_get(step);
		r = namesake(at, step, &next);
		if (!r) {
			dentry_put(at);
			at = next;
		}
	}
	dentry_put(top);
	if (r)
		dentry_put(at);
	else
		*out = at;
	return r;
}

/* Where d is in its file system, in memory of its own; NULL in *out: at the top. 0 or -ENOMEM. */
static int subroot_of(struct dentry *d, char **out)
{
	const char *above = d->mnt->subroot ? d->mnt->subroot : "";
	size_t n = strlen(above), len = n;
	struct dentry *p;

	*out = NULL;
	for (p = d; p->parent != p; p = p->parent)
		len += p->name_len + 1u;
	if (!len)
		return 0;
	*out = kmalloc(len + 1);
	if (!*out)
		return -ENOMEM;
	memcpy(*out, above, n);
	(*out)[len] = 0;
	for (p = d; p->parent != p; p = p->parent) {
		len -= p->name_len;
		memcpy(*out + len, p->name, p->name_len);
		(*out)[--len] = '/';
	}
	return 0;
}

/* d's mount again, from d on, nowhere. */
static int clone_one(struct dentry *d, struct mount **out)
{
	struct mount *of = d->mnt, *m;
	int r = make(of->super, d->inode, of->source, of->flags, &m);

	if (r)
		return r;
	m->unbindable = of->unbindable;
	r = subroot_of(d, &m->subroot);
	if (r)
		dentry_put(m->root);
	else
		*out = m;
	return r;
}

/* Copy mount x onto the copy of what it is on; a place that cannot be found there is no error. */
static int clone_child(struct mount *x, struct dentry *top)
{
	struct mount *on = mount_parent(x), *m;
	struct dentry *at;
	int r = mirror(x->root->covers, on == top->mnt ? top : on->root, on->copy, &at);

	if (r)
		return r == -ENOENT ? 0 : r;
	r = clone_one(x->root, &m);
	if (!r) {
		mount_place(m, at, NULL);
		x->copy = m;
	}
	dentry_put(at);
	return r;
}

/* Does x belong to a deep copy of the tree below top, and is there a place for it already? */
static bool wanted(struct mount *x, struct dentry *top, int newest, bool all)
{
	struct mount *on = mount_parent(x);

	return x->id <= newest && !x->copy && on && on->copy && (all || !x->unbindable) &&
	       (on != top->mnt || dentry_is_ancestor(top, x->root->covers));
}

/*
 * Copy the tree of mounts below top; `copy` of those that were copied leads to their copies until
 * forget_copies(). all: unbindable ones, too.
 */
static int clone_tree(struct dentry *top, bool deep, bool all, struct mount **out)
{
	int r, newest = last_id;
	struct mount *x;
	bool more = deep;

	r = clone_one(top, out);
	if (r)
		return r;
	top->mnt->copy = *out;
	while (more && !r) { /* copies are appended, and sleeping may change the list */
		more = false;
		list_for_each (x, &mounts, link) {
			if (!wanted(x, top, newest, all))
				continue;
			r = clone_child(x, top);
			more = x->copy != NULL;
			if (more || r)
				break;
		}
	}
	return r;
}

static void forget_copies(void)
{
	struct mount *x;

	list_for_each (x, &mounts, link)
		x->copy = NULL;
}

void mount_join(struct mount *m, struct mount_ns *ns)
{
	struct mount *x, *on;
	bool more;

	m->ns = ns;
	do {
		more = false;
		list_for_each (x, &mounts, link) {
			on = mount_parent(x);
			if (on && on->ns == ns && x->ns != ns) {
				x->ns = ns;
				more = true;
			}
		}
	} while (more);
}

int mount_clone(struct dentry *d, bool deep, struct mount **out)
{
	struct mount *m = NULL;
	int r;

	if (!d->mnt || d->mnt->dead || d->mnt->unbindable)
		return -EINVAL;
	if (deep)
		vfs_auto_mount_all(d->mnt);
	mutex_lock(&mount_lock);
	r = clone_tree(d, deep, false, &m);
	forget_copies();
	d->mnt->copy = NULL;
	mutex_unlock(&mount_lock);
	if (!r)
		*out = m;
	else if (m)
		mount_drop(m);
	return r;
}

static void tree_release(struct file *f)
{
	mount_drop(f->dentry->mnt);
}

static const struct file_ops tree_ops = {.release = tree_release};

int mount_file(struct dentry *d, struct file **out)
{
	int r = file_new(&tree_ops, inode_get(d->inode), O_PATH, FILE_PATH, out);

	if (r)
		inode_put(d->inode);
	else
		(*out)->dentry = dentry_get(d);
	return r;
}

/* ---- namespaces ---- */

/* What d is in the copy of the tree: itself where it has no counterpart. */
static void move_place(struct dentry **where)
{
	struct dentry *d = *where, *there;

	if (!d->mnt || !d->mnt->copy || mirror(d, d->mnt->root, d->mnt->copy, &there))
		return;
	*where = there;
	dentry_put(d);
}

int mount_ns_copy(struct fs_context *fs)
{
	static uint64_t last_ino;
	struct mount_ns *ns = kzalloc(sizeof(*ns)), *old = mount_ns_current(), *was = NULL;
	struct mount *m = NULL;
	int r = ns ? 0 : -ENOMEM;

	if (r)
		return r;
	ns->refs = 1;
	ns->ino = first_ns.ino + ++last_ino;
	vfs_all_mounts();
	mutex_lock(&mount_lock);
	r = clone_tree(old->root, true, true, &m);
	if (!r) {
		mount_place(m, NULL, ns);
		mount_join(m, ns);
		ns->root = m->root;
		move_place(&fs->root);
		move_place(&fs->cwd);
		was = fs->ns;
		fs->ns = ns;
	}
	forget_copies();
	mutex_unlock(&mount_lock);
	if (r) {
		if (m)
			mount_drop(m);
		kfree(ns);
	}
	mount_ns_put(was);
	return r;
}

void mount_ns_put(struct mount_ns *ns)
{
	struct mount *x;

	if (!ns || --ns->refs || ns == &first_ns)
		return;
	mutex_lock(&mount_lock);
	list_for_each (x, &mounts, link)
		x->dead |= x->ns == ns;
	mount_bury();
	mutex_unlock(&mount_lock);
	kfree(ns);
}
