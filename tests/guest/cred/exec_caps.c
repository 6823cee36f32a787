/* SPDX-License-Identifier: MIT */
/*
 * What execve(2) does to capabilities: root, users, ambient ones, set-user-id programs and
 * no_new_privs. The program runs itself and tells what it found.
 */
#include "tests/guest/cred/cred.h"

#include <sys/auxv.h>
#include <sys/statvfs.h>

struct report {
	struct caps caps;
	long ambient, keep, secure;
	uid_t euid;
	gid_t egid;
};

static char self[4096];
static struct report got;

static int report(void)
{
	struct report r;

	memset(&r, 0, sizeof(r));
	caps_get(&r.caps);
	for (int i = 0; i < 41; i++)
		r.ambient |= (long)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0) << i;
	r.keep = prctl(PR_GET_KEEPCAPS);
	r.secure = (long)getauxval(AT_SECURE);
	r.euid = geteuid();
	r.egid = getegid();
	return write(STDOUT_FILENO, &r, sizeof(r)) != sizeof(r);
}

/* Run it in a child, after `prepare`, and read the report. */
static bool run(const char *program, void (*prepare)(void))
{
	int fds[2], status = -1;
	pid_t pid;

	memset(&got, 0xff, sizeof(got));
	if (pipe(fds))
		return false;
	pid = fork();
	if (pid == 0) {
		prepare();
		dup2(fds[1], STDOUT_FILENO);
		execl(program, program, "report", NULL);
		_exit(111);
	}
	close(fds[1]);
	read(fds[0], &got, sizeof(got));
	close(fds[0]);
	return waitpid(pid, &status, 0) == pid && status == 0;
}

static void nothing(void)
{
}

static void few(void)
{
	prctl(PR_CAPBSET_DROP, CAP_MKNOD);
	caps_set(0, 0, 0);
}

static void user(void)
{
	prctl(PR_SET_KEEPCAPS, 1);
	setuid(USER);
}

static void user_ambient(void)
{
	prctl(PR_SET_KEEPCAPS, 1);
	setuid(USER);
	caps_set(BIT(CAP_CHOWN), BIT(CAP_CHOWN), BIT(CAP_CHOWN));
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0);
}

static void user_no_new(void)
{
	user_ambient();
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static void no_root(void)
{
	prctl(PR_SET_SECUREBITS, SECBIT_NOROOT);
}

static void copy_self(const char *to, uid_t owner, mode_t mode)
{
	static char buf[65536];
	int in = open(self, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	ssize_t n;

	while ((n = read(in, buf, sizeof(buf))) > 0)
		write(out, buf, n);
	fchown(out, owner, owner);
	fchmod(out, mode);
	close(in);
	close(out);
}

/* /tmp may be mounted nosuid. */
static void go_where_setuid_works(void)
{
	static const char *const dirs[] = {"/tmp", "/var/tmp", "/"};
	struct statvfs st;

	for (int i = 0; i < 3; i++)
		if (statvfs(dirs[i], &st) == 0 && !(st.f_flag & ST_NOSUID)) {
			setenv("TMPDIR", dirs[i], 1);
			break;
		}
	tmp();
}

static void root_programs(void)
{
	uint64_t all = permitted();

	ok(run(self, nothing));
	is(got.caps.permitted, all);
	is(got.caps.effective, all);
	is(got.secure, 0);
	ok(run(self, few)); /* root gets back what the bounding set allows */
	is(got.caps.permitted, all & ~BIT(CAP_MKNOD));
	is(got.caps.effective, all & ~BIT(CAP_MKNOD));
	ok(run(self, no_root));
	is(got.caps.permitted, 0);
	is(got.caps.effective, 0);
}

static void user_programs(void)
{
	uint64_t all = permitted();

	ok(run("./plain", user));
	is(got.caps.permitted, 0);
	is(got.caps.effective, 0);
	is(got.keep, 0);
	is(got.secure, 0);
	ok(run("./plain", user_ambient));
	is(got.caps.permitted, BIT(CAP_CHOWN));
	is(got.caps.effective, BIT(CAP_CHOWN));
	is(got.caps.inheritable, BIT(CAP_CHOWN));
	is(got.ambient, BIT(CAP_CHOWN));
	is(got.secure, 0);
	ok(run("./setuid", user_ambient)); /* which ends what was ambient */
	is(got.euid, 0);
	is(got.ambient, 0);
	is(got.caps.permitted, all);
	is(got.caps.effective, all);
	is(got.secure, 1);
	ok(run("./setuid", user_no_new));
	is(got.euid, USER);
	is(got.caps.permitted, BIT(CAP_CHOWN));
	ok(run("./setgid", user));
	is(got.egid, USER);
	is(got.euid, USER);
	is(got.secure, 1);
	ok(run("./to_user", nothing)); /* root becomes somebody: no capability in force */
	is(got.euid, USER);
	is(got.caps.effective, 0);
	is(got.caps.permitted, all);
	is(got.secure, 1);
}

static bool file_caps(const char *path, uint64_t caps, uint32_t flags)
{
	struct vfs_cap_data d = {VFS_CAP_REVISION_2 | flags};

	d.data[0].permitted = (uint32_t)caps;
	return sys(setxattr, path, "security.capability", &d, sizeof(d), 0) == 0;
}

static void user_bounded(void)
{
	prctl(PR_CAPBSET_DROP, CAP_MKNOD);
	setuid(USER);
}

/* Capabilities that come with the program. */
static void programs_with_caps(void)
{
	if (!file_caps("plain", BIT(CAP_MKNOD) | BIT(CAP_CHOWN), VFS_CAP_FLAGS_EFFECTIVE)) {
		skip("no capabilities of files here");
		return;
	}
	ok(run("./plain", user));
	is(got.caps.permitted, BIT(CAP_MKNOD) | BIT(CAP_CHOWN));
	is(got.caps.effective, BIT(CAP_MKNOD) | BIT(CAP_CHOWN));
	is(got.secure, 1);
	ok(run("./plain", user_no_new)); /* as if it had none */
	is(got.caps.permitted, BIT(CAP_CHOWN));
	ok(!run("./plain", user_bounded)); /* EPERM */
	file_caps("plain", BIT(CAP_MKNOD) | BIT(CAP_CHOWN), 0);
	ok(run("./plain", user_bounded)); /* it would have to raise them itself */
	is(got.caps.permitted, BIT(CAP_CHOWN));
	is(got.caps.effective, 0);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "report"))
		return report();
	if (!is_root()) {
		skip("needs root");
		return tap_done();
	}
	self[readlink("/proc/self/exe", self, sizeof(self) - 1)] = '\0';
	go_where_setuid_works();
	chmod(".", 0755);
	copy_self("plain", 0, 0755);
	copy_self("setuid", 0, 04755);
	copy_self("setgid", USER, 02755);
	copy_self("to_user", USER, 04755);
	root_programs();
	user_programs();
	programs_with_caps();
	return tap_done();
}
