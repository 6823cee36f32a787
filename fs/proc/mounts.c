/* SPDX-License-Identifier: MIT */
/* /proc/<pid>/mounts, mountinfo and mountstats: proc_pid_mounts(5), proc_pid_mountinfo(5). */
#include "fs/mount.h"
#include "fs/proc/proc.h"
#include "kernel/heap.h"
#include "kernel/string.h"

void proc_put_escaped(struct seq *s, const char *text, const char *special)
{
	for (; *text; text++) {
		if (strchr(special, *text))
			seq_printf(s, "\\%03o", (unsigned char)*text);
		else
			seq_write(s, text, 1);
	}
}

struct flag_name {
	unsigned flag;
	const char *text;
};

static void put_flags(struct seq *s, unsigned flags, const struct flag_name *names, size_t n)
{
	seq_puts(s, (flags & MS_RDONLY) ? "ro" : "rw");
	for (size_t i = 0; i < n; i++)
		if (flags & names[i].flag)
			seq_puts(s, names[i].text);
}

/* Of the file system, in the order of Linux's show_sb_opts(). */
static const struct flag_name super_names[] = {{MS_SYNCHRONOUS, ",sync"},
					       {MS_DIRSYNC, ",dirsync"},
					       {MS_MANDLOCK, ",mand"},
					       {MS_LAZYTIME, ",lazytime"}};

static void put_mount_flags(struct seq *s, const struct mount *m, unsigned also)
{
	static const struct flag_name names[] = {
	    {MS_NOSUID, ",nosuid"},	     {MS_NODEV, ",nodev"},
	    {MS_NOEXEC, ",noexec"},	     {MS_NOATIME, ",noatime"},
	    {MS_NODIRATIME, ",nodiratime"},  {MS_RELATIME, ",relatime"},
	    {MS_NOSYMFOLLOW, ",nosymfollow"}};

	put_flags(s, m->flags | also, names, ARRAY_SIZE(names));
}

static void put_options(struct seq *s, struct super *m)
{
	char text[128];

	if (m->show_options && m->show_options(m, text, sizeof(text)))
		seq_puts(s, text);
}

/* One mount, at a path seen from the root of the process that the file is about. */
typedef void show_mount(struct seq *s, const struct mount *m, const char *path);

static int each_mount(struct seq *s, const struct proc_ctx *c, show_mount *show)
{
	struct thread *t = proc_thread(c);
	struct mount_ns *ns = t && t->fs && t->fs->ns ? t->fs->ns : mount_ns_first();
	struct dentry *root = t && t->fs ? dentry_get(t->fs->root) : vfs_process_root();
	char *path = kmalloc(PATH_MAX_LEN);
	struct mount *m;

	if (path) {
		vfs_all_mounts();
		list_for_each (m, &mounts, link)
			if (m->ns == ns && vfs_path_below(m->root, root, path, PATH_MAX_LEN) > 0)
				show(s, m, path);
	}
	dentry_put(root);
	kfree(path);
	return path ? 0 : -ENOMEM;
}

static void show_line(struct seq *s, const struct mount *m, const char *path)
{
	proc_put_escaped(s, m->source, " \t\n\\#");
	seq_puts(s, " ");
	proc_put_escaped(s, path, " \t\n\\#");
	seq_printf(s, " %s ", m->super->fstype);
	put_mount_flags(s, m, m->super->flags & MS_RDONLY);
	put_options(s, m->super);
	seq_puts(s, " 0 0\n");
}

int proc_show_mounts(struct seq *s, const struct proc_ctx *c)
{
	return each_mount(s, c, show_line);
}

static void show_info(struct seq *s, const struct mount *m, const char *path)
{
	const struct mount *on = mount_parent(m);

	seq_printf(s, "%d %d %u:%u ", m->id, on ? on->id : 0, dev_major(m->super->dev),
		   dev_minor(m->super->dev));
	proc_put_escaped(s, m->subroot ? m->subroot : "/", " \t\n\\#");
	seq_puts(s, " ");
	proc_put_escaped(s, path, " \t\n\\#");
	seq_puts(s, " ");
	put_mount_flags(s, m, 0);
	seq_printf(s, "%s - %s ", m->unbindable ? " unbindable" : "", m->super->fstype);
	proc_put_escaped(s, m->source, " \t\n\\#");
	seq_puts(s, " ");
	put_flags(s, m->super->flags, super_names, ARRAY_SIZE(super_names));
	put_options(s, m->super);
	seq_puts(s, "\n");
}

int proc_show_mountinfo(struct seq *s, const struct proc_ctx *c)
{
	return each_mount(s, c, show_info);
}

static void show_stats(struct seq *s, const struct mount *m, const char *path)
{
	seq_puts(s, "device ");
	proc_put_escaped(s, m->source, " \t\n\\#");
	seq_puts(s, " mounted on ");
	proc_put_escaped(s, path, " \t\n\\#");
	seq_printf(s, " with fstype %s\n", m->super->fstype);
}

int proc_show_mountstats(struct seq *s, const struct proc_ctx *c)
{
	return each_mount(s, c, show_stats);
}
