/* SPDX-License-Identifier: MIT */
/*
 * The first root file system of the guest. It looks like a freshly installed system with nothing in
 * it: the usual directories with their usual modes, the invoking user known by name, and the
 * program where it is on the host. The kernel adds /dev and /proc.
 */
#include "tools/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOBODY	   65534
#define GUEST_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* What is being built: the entries, and what the root image under them has. */
struct build {
	struct guest_files *files;
	const struct fileset *set; /* NULL: none */
	uint64_t mtime_ns;
};

/* A new entry, or NULL if the image has something under that name. */
static struct guest_file *add(const struct build *b, const char *path)
{
	if (b->set && fileset_lookup(b->set, path, false))
		return NULL;
	return guest_files_add(b->files, xstrdup(path));
}

static uint64_t mtime_of(const struct stat *st)
{
	return (uint64_t)st->st_mtim.tv_sec * 1000000000 + (uint64_t)st->st_mtim.tv_nsec;
}

static void add_dir(const struct build *b, const char *path, uint32_t mode, uid_t uid, gid_t gid)
{
	struct guest_file *f;

	for (size_t i = 0; i < b->files->n; i++)
		if (strcmp(b->files->v[i].path, path) == 0)
			return;
	f = add(b, path);
	if (f == NULL)
		return;
	f->type = BI_FILE_DIR;
	f->mode = mode;
	f->uid = uid;
	f->gid = gid;
	f->mtime_ns = b->mtime_ns;
}

static void add_link(const struct build *b, const char *path, const char *target)
{
	struct guest_file *f = add(b, path);

	if (f == NULL)
		return;
	f->type = BI_FILE_SYMLINK;
	f->mode = 0777;
	f->text = xstrdup(target);
	f->mtime_ns = b->mtime_ns;
}

/* Takes over `text`. */
static void add_text(const struct build *b, const char *path, char *text)
{
	struct guest_file *f = add(b, path);

	if (f == NULL) {
		free(text);
		return;
	}
	f->mode = 0644;
	f->text = text;
	f->mtime_ns = b->mtime_ns;
}

/* A directory of the user's: as it is on the host, if it is there. */
static void add_host_dir(const struct build *b, const char *path)
{
	struct stat st;

	if (path == NULL || path[0] != '/' || path[1] == '\0')
		return;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		add_dir(b, path, st.st_mode & 07777, st.st_uid, st.st_gid);
}

static void add_directories(const struct build *b, const struct user *user, const char *cwd)
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
		add_dir(b, usual[i].path, usual[i].mode, 0, 0);
	add_host_dir(b, user->home);
	add_host_dir(b, cwd);
}

/* /bin and the like are links into /usr, unless this host has real directories there and the
 * program is in one. */
static void add_merged_usr(const struct build *b, const struct program *program)
{
	static const char *const top[] = {"bin", "sbin", "lib", "lib64"};

	for (size_t i = 0; i < sizeof(top) / sizeof(top[0]); i++) {
		size_t len = strlen(top[i]);
		char *path, *target;

		if (strncmp(program->path + 1, top[i], len) == 0 && program->path[1 + len] == '/')
			continue;
		path = xasprintf("/%s", top[i]);
		target = xasprintf("usr/%s", top[i]);
		add_link(b, path, target);
		free(path);
		free(target);
	}
}

static void add_program(const struct build *b, const struct program *program)
{
	struct guest_file *f = add(b, program->path);

	if (f == NULL)
		return;
	f->mode = program->st.st_mode & 07777;
	f->uid = program->st.st_uid;
	f->gid = program->st.st_gid;
	f->mtime_ns = mtime_of(&program->st);
	f->fd = program->fd;
	f->size = (uint64_t)program->st.st_size;
	if (program->alias)
		add_link(b, program->alias, program->path);
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

static void add_etc(const struct build *b, const struct user *user)
{
	add_text(b, "/etc/passwd", passwd_text(user));
	add_text(b, "/etc/group", group_text(user));
	add_text(b, "/etc/hostname", xasprintf("%s\n", user->hostname));
	add_text(b, "/etc/hosts",
		 xasprintf("127.0.0.1\tlocalhost\n127.0.1.1\t%s\n"
			   "::1\tlocalhost ip6-localhost ip6-loopback\n",
			   user->hostname));
	add_text(b, "/etc/resolv.conf", xstrdup("# there is no network\n"));
	add_text(b, "/etc/nsswitch.conf",
		 xstrdup("passwd:\tfiles\ngroup:\tfiles\nshadow:\tfiles\nhosts:\tfiles dns\n"
			 "networks:\tfiles\nprotocols:\tfiles\nservices:\tfiles\n"));
}

void rootfs_build(struct guest_files *files, const struct fileset *set,
		  const struct program *program, const struct user *user, const char *cwd,
		  uint64_t mtime_ns)
{
	const struct build b = {files, set, mtime_ns};

	add_directories(&b, user, cwd);
	add_merged_usr(&b, program);
	add_etc(&b, user);
	if (set == NULL)
		add_program(&b, program);
}

int user_init(struct user *user)
{
	struct passwd *pw;
	int n = getgroups(0, NULL);

	*user = (struct user){.uid = geteuid(), .gid = getegid(), .hostname = GUEST_HOSTNAME};
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

/* Field `n` of a line of /etc/passwd, in a copy. */
static char *passwd_field(const char *line, int n)
{
	while (n-- > 0) {
		line += strcspn(line, ":\n");
		line += *line == ':';
	}
	return xasprintf("%.*s", (int)strcspn(line, ":\n"), line);
}

static char *read_passwd(const struct fileset *set)
{
	struct node *n = set ? fileset_lookup(set, "/etc/passwd", true) : NULL;
	char text[65536];
	ssize_t len = 0;
	int fd;

	n = n ? node_file(n) : NULL;
	if (n == NULL || !S_ISREG(n->mode))
		return xstrdup("");
	fd = n->host ? open(n->host, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : n->fd;
	if (fd >= 0)
		len = pread(fd, text, n->size < sizeof(text) ? n->size : sizeof(text),
			    n->host ? 0 : (off_t)n->offset);
	if (n->host && fd >= 0)
		close(fd);
	return xasprintf("%.*s", len > 0 ? (int)len : 0, text);
}

void user_init_root(struct user *user, const struct fileset *set)
{
	char *text = read_passwd(set);

	*user = (struct user){.groups = xrealloc(NULL, sizeof(gid_t)),
			      .name = xstrdup("root"),
			      .hostname = GUEST_HOSTNAME};
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		char *uid = passwd_field(line, 2);
		bool root = strcmp(uid, "0") == 0;

		free(uid);
		if (!root)
			continue;
		user->home = passwd_field(line, 5);
		user->shell = passwd_field(line, 6);
		break;
	}
	free(text);
	if (user->home == NULL || user->home[0] != '/') {
		free(user->home);
		user->home = xstrdup("/root");
	}
	if (user->shell == NULL)
		user->shell = xstrdup("/bin/sh");
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

void environment_apply(struct strvec *env, const struct strvec *settings)
{
	for (size_t i = 0; i < settings->n; i++) {
		const char *setting = settings->v[i];
		size_t len = strcspn(setting, "=");
		const char *value = setting[len] ? setting + len + 1 : getenv(setting);

		unset(env, setting, len);
		if (value)
			strvec_add(env, "%.*s=%s", (int)len, setting, value);
	}
}

void guest_environment(struct strvec *env, const struct user *user, bool terminal,
		       const struct strvec *settings)
{
	const char *term = getenv("TERM");

	strvec_add(env, "PATH=" GUEST_PATH);
	strvec_add(env, "HOSTNAME=%s", user->hostname);
	if (terminal)
		strvec_add(env, "TERM=%s", term && *term ? term : "xterm");
	strvec_add(env, "HOME=%s", user->home);
	environment_apply(env, settings);
}

const char *guest_setting(const struct strvec *settings, const char *name)
{
	const char *value = NULL;
	size_t len = strlen(name);

	for (size_t i = 0; i < settings->n; i++) {
		const char *setting = settings->v[i];

		if (strncmp(setting, name, len) != 0)
			continue;
		if (setting[len] == '=')
			value = setting + len + 1;
		else if (setting[len] == '\0')
			value = getenv(name);
	}
	return value;
}

const char *guest_search_path(const struct strvec *settings)
{
	const char *path = guest_setting(settings, "PATH");

	return path ? path : GUEST_PATH;
}
