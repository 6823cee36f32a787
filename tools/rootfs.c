/* SPDX-License-Identifier: MIT */
/*
 * The first root file system of the guest. It looks like a freshly installed system with nothing in
 * it: the usual directories with their usual modes, the invoking user known by name, and the
 * program where it is on the host. The kernel adds /dev and /proc.
 */
#include "tools/rootfs.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOBODY 65534

static uint64_t mtime_of(const struct stat *st)
{
	return (uint64_t)st->st_mtim.tv_sec * 1000000000 + (uint64_t)st->st_mtim.tv_nsec;
}

static void add_dir(struct guest_files *files, const char *path, uint32_t mode, uid_t uid,
		    gid_t gid)
{
	struct guest_file *f;

	for (size_t i = 0; i < files->n; i++)
		if (strcmp(files->v[i].path, path) == 0)
			return;
	f = guest_files_add(files, xstrdup(path));
	f->type = BI_FILE_DIR;
	f->mode = mode;
	f->uid = uid;
	f->gid = gid;
	f->mtime_ns = realtime_ns();
}

static void add_link(struct guest_files *files, const char *path, const char *target)
{
	struct guest_file *f = guest_files_add(files, xstrdup(path));

	f->type = BI_FILE_SYMLINK;
	f->mode = 0777;
	f->text = xstrdup(target);
	f->mtime_ns = realtime_ns();
}

/* Takes over `text`. */
static void add_text(struct guest_files *files, const char *path, char *text)
{
	struct guest_file *f = guest_files_add(files, xstrdup(path));

	f->mode = 0644;
	f->text = text;
	f->mtime_ns = realtime_ns();
}

/* A directory of the user's: as it is on the host, if it is there. */
static void add_host_dir(struct guest_files *files, const char *path)
{
	struct stat st;

	if (path[0] != '/' || path[1] == '\0')
		return;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		add_dir(files, path, st.st_mode & 07777, st.st_uid, st.st_gid);
}

static void add_directories(struct guest_files *files, const struct user *user, const char *cwd)
{
	static const struct {
		const char *path;
		uint32_t mode;
	} usual[] = {
	    {"/etc", 0755},	 {"/home", 0755}, {"/root", 0700},     {"/run", 0755},
	    {"/tmp", 01777},	 {"/usr", 0755},  {"/usr/bin", 0755},  {"/usr/lib", 0755},
	    {"/usr/sbin", 0755}, {"/var", 0755},  {"/var/tmp", 01777},
	};

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		add_dir(files, usual[i].path, usual[i].mode, 0, 0);
	add_host_dir(files, user->home);
	add_host_dir(files, cwd);
}

/* /bin and the like are links into /usr, unless this host has real directories there and the
 * program is in one. */
static void add_merged_usr(struct guest_files *files, const struct program *program)
{
	static const char *const top[] = {"bin", "sbin", "lib", "lib64"};

	for (size_t i = 0; i < sizeof(top) / sizeof(top[0]); i++) {
		size_t len = strlen(top[i]);
		char *path, *target;

		if (strncmp(program->path + 1, top[i], len) == 0 && program->path[1 + len] == '/')
			continue;
		path = xasprintf("/%s", top[i]);
		target = xasprintf("usr/%s", top[i]);
		add_link(files, path, target);
		free(path);
		free(target);
	}
}

static void add_program(struct guest_files *files, const struct program *program)
{
	struct guest_file *f = guest_files_add(files, xstrdup(program->path));

	f->mode = program->st.st_mode & 07777;
	f->uid = program->st.st_uid;
	f->gid = program->st.st_gid;
	f->mtime_ns = mtime_of(&program->st);
	f->fd = program->fd;
	f->size = (uint64_t)program->st.st_size;
	if (program->alias)
		add_link(files, program->alias, program->path);
}

static char *passwd_text(const struct user *user)
{
	const char *root_shell = user->uid == 0 ? user->shell : "/bin/sh";
	char *own = user->uid == 0 || user->uid == NOBODY
			? xstrdup("")
			: xasprintf("%s:x:%u:%u::%s:%s\n", user->name, user->uid, user->gid,
				    user->home, user->shell);
	char *text = xasprintf("root:x:0:0:root:%s:%s\n%s"
			       "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
			       user->uid == 0 ? user->home : "/root", root_shell, own);

	free(own);
	return text;
}

static bool seen(const gid_t *v, size_t n, gid_t gid)
{
	for (size_t i = 0; i < n; i++)
		if (v[i] == gid)
			return true;
	return gid == 0 || gid == NOBODY;
}

static char *group_text(const struct user *user)
{
	char *text = xstrdup("root:x:0:\nnogroup:x:65534:\n");

	for (size_t i = 0; i <= user->n_groups; i++) {
		gid_t gid = i < user->n_groups ? user->groups[i] : user->gid;
		struct group *g;
		char *longer;

		if (seen(user->groups, i < user->n_groups ? i : user->n_groups, gid))
			continue;
		g = getgrgid(gid);
		longer = g ? xasprintf("%s%s:x:%u:%s\n", text, g->gr_name, gid,
				       gid == user->gid ? "" : user->name)
			   : xasprintf("%sgroup%u:x:%u:\n", text, gid, gid);
		free(text);
		text = longer;
	}
	return text;
}

static void add_etc(struct guest_files *files, const struct user *user)
{
	add_text(files, "/etc/passwd", passwd_text(user));
	add_text(files, "/etc/group", group_text(user));
	add_text(files, "/etc/hostname", xstrdup(GUEST_HOSTNAME "\n"));
	add_text(files, "/etc/hosts",
		 xstrdup("127.0.0.1\tlocalhost\n127.0.1.1\t" GUEST_HOSTNAME "\n"
			 "::1\tlocalhost ip6-localhost ip6-loopback\n"));
	add_text(files, "/etc/resolv.conf", xstrdup("# there is no network\n"));
	add_text(files, "/etc/nsswitch.conf",
		 xstrdup("passwd:\tfiles\ngroup:\tfiles\nshadow:\tfiles\nhosts:\tfiles dns\n"
			 "networks:\tfiles\nprotocols:\tfiles\nservices:\tfiles\n"));
}

void rootfs_build(struct guest_files *files, const struct program *program, const struct user *user,
		  const char *cwd)
{
	add_directories(files, user, cwd);
	add_merged_usr(files, program);
	add_etc(files, user);
	add_program(files, program);
}

int user_init(struct user *user)
{
	struct passwd *pw;
	int n = getgroups(0, NULL);

	*user = (struct user){.uid = geteuid(), .gid = getegid()};
	if (n < 0)
		return fail(-1, "cannot get the supplementary groups: %s", strerror(errno));
	user->groups = xrealloc(NULL, (size_t)n * sizeof(gid_t));
	n = getgroups(n, user->groups);
	if (n < 0)
		return fail(-1, "cannot get the supplementary groups: %s", strerror(errno));
	user->n_groups = (size_t)n;
	pw = getpwuid(user->uid);
	user->name = pw ? xstrdup(pw->pw_name) : xasprintf("user%u", user->uid);
	user->home = xstrdup(pw && pw->pw_dir[0] == '/' ? pw->pw_dir : "/");
	user->shell = xstrdup(pw && pw->pw_shell[0] ? pw->pw_shell : "/bin/sh");
	return 0;
}

void user_free(struct user *user)
{
	free(user->groups);
	free(user->name);
	free(user->home);
	free(user->shell);
}

/* Drop NAME from env; `len` is the length of the name. */
static void unset(struct strvec *env, const char *name, size_t len)
{
	for (size_t i = 0; i < env->n; i++) {
		if (strncmp(env->v[i], name, len) != 0 || env->v[i][len] != '=')
			continue;
		free(env->v[i]);
		memmove(&env->v[i], &env->v[i + 1], (env->n - i) * sizeof(*env->v));
		env->n--;
		return;
	}
}

void guest_environment(struct strvec *env, const struct user *user, bool terminal,
		       const struct strvec *settings)
{
	const char *term = getenv("TERM");

	strvec_add(env, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	strvec_add(env, "HOSTNAME=" GUEST_HOSTNAME);
	if (terminal)
		strvec_add(env, "TERM=%s", term && *term ? term : "xterm");
	strvec_add(env, "HOME=%s", user->home);
	for (size_t i = 0; i < settings->n; i++) {
		const char *setting = settings->v[i];
		size_t len = strcspn(setting, "=");
		const char *value = setting[len] ? setting + len + 1 : getenv(setting);

		unset(env, setting, len);
		if (value)
			strvec_add(env, "%.*s=%s", (int)len, setting, value);
	}
}
