/* SPDX-License-Identifier: MIT */
/* /proc/<pid>/mounts, mountinfo and mountstats: proc_pid_mounts(5), proc_pid_mountinfo(5). */
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

static void put_flags(struct seq *s, const struct super *m)
{
	static const struct {
		unsigned flag;
		const char *text;
	} names[] = {{MS_NOSUID, ",nosuid"},
		     {MS_NODEV, ",nodev"},
		     {MS_NOEXEC, ",noexec"},
		     {MS_NOATIME, ",noatime"},
		     {MS_RELATIME, ",relatime"}};

	seq_puts(s, (m->flags & MS_RDONLY) ? "ro" : "rw");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (m->flags & names[i].flag)
			seq_puts(s, names[i].text);
}

static void put_options(struct seq *s, struct super *m)
{
	char text[128];

	if (m->show_options && m->show_options(m, text, sizeof(text)))
		seq_puts(s, text);
}

/* Where m is mounted, seen from the process's root; false: nowhere below it. */
static bool put_mount_point(struct seq *s, struct super *m, char *scratch)
{
	if (vfs_path(m->root, scratch, PATH_MAX_LEN) < 0)
		return false;
	proc_put_escaped(s, scratch, " \t\n\\");
	return true;
}

int proc_show_mounts(struct seq *s, const struct proc_ctx *c)
{
	char *scratch = kmalloc(PATH_MAX_LEN);
	struct super *m;

	if (!scratch)
		return -ENOMEM;
	list_for_each (m, vfs_supers(), link) {
		seq_printf(s, "%s ", m->source);
		put_mount_point(s, m, scratch);
		seq_printf(s, " %s ", m->fstype);
		put_flags(s, m);
		put_options(s, m);
		seq_puts(s, " 0 0\n");
	}
	kfree(scratch);
	return 0;
}

int proc_show_mountinfo(struct seq *s, const struct proc_ctx *c)
{
	char *scratch = kmalloc(PATH_MAX_LEN);
	struct super *m;

	if (!scratch)
		return -ENOMEM;
	list_for_each (m, vfs_supers(), link) {
		const struct dentry *at = m->root->covers;

		seq_printf(s, "%d %d %u:%u / ", m->id, at ? at->inode->super->id : 0,
			   dev_major(m->dev), dev_minor(m->dev));
		put_mount_point(s, m, scratch);
		seq_puts(s, " ");
		put_flags(s, m);
		seq_printf(s, " - %s %s %s", m->fstype, m->source,
			   (m->flags & MS_RDONLY) ? "ro" : "rw");
		put_options(s, m);
		seq_puts(s, "\n");
	}
	kfree(scratch);
	return 0;
}

int proc_show_mountstats(struct seq *s, const struct proc_ctx *c)
{
	char *scratch = kmalloc(PATH_MAX_LEN);
	struct super *m;

	if (!scratch)
		return -ENOMEM;
	list_for_each (m, vfs_supers(), link) {
		seq_printf(s, "device %s mounted on ", m->source);
		put_mount_point(s, m, scratch);
		seq_printf(s, " with fstype %s\n", m->fstype);
	}
	kfree(scratch);
	return 0;
}
