/* SPDX-License-Identifier: MIT */
/* The kernel asks for capabilities, not for user 0: each right, with its capability and without. */
#include "tests/guest/cred/cred.h"

#include <sys/resource.h>
#include <sys/sysmacros.h>
#include <sys/time.h>

static int open_close(const char *path, int flags)
{
	int fd = open(path, flags);

	if (fd >= 0)
		close(fd);
	return fd >= 0 ? 0 : -1;
}

/* Files of somebody else that nobody may use. */
static void dac(void)
{
	is(open_close("secret", O_RDWR), 0);
	caps_drop(BIT(CAP_DAC_OVERRIDE));
	is(open_close("secret", O_RDONLY), 0);
	fails(open_close("secret", O_WRONLY), EACCES);
	fails(open_close("secret", O_RDWR), EACCES);
	is(open_close("closed", O_RDONLY), 0);
	is(access("closed/file", F_OK), 0);
	fails(mkdir("closed/new", 0755), EACCES);
	fails(access("secret", X_OK), EACCES);
	caps_drop(BIT(CAP_DAC_READ_SEARCH));
	fails(open_close("secret", O_RDONLY), EACCES);
	fails(open_close("closed", O_RDONLY), EACCES);
	fails(access("closed/file", F_OK), EACCES);
	fails(access("secret", R_OK), EACCES);
}

static void owner(void)
{
	is(chmod("secret", 0), 0);
	is(utimensat(AT_FDCWD, "secret", NULL, 0), 0);
	caps_drop(BIT(CAP_FOWNER) | BIT(CAP_DAC_OVERRIDE));
	fails(chmod("secret", 0), EPERM);
	fails(utimensat(AT_FDCWD, "secret", NULL, 0), EACCES);
	fails(unlink("sticky/file"), EPERM);
	fails(open_close("readable", O_RDONLY | O_NOATIME), EPERM);
	is(chown("secret", USER, USER), 0);
	caps_drop(BIT(CAP_CHOWN));
	fails(chown("secret", 0, 0), EPERM);
}

static void set_id_bits(void)
{
	int fd = open("program", O_RDWR);
	struct stat st;

	is(write(fd, "a", 1), 1);
	fstat(fd, &st);
	is(st.st_mode & 07777, 06777);
	caps_drop(BIT(CAP_FSETID));
	is(write(fd, "a", 1), 1);
	fstat(fd, &st);
	is(st.st_mode & 07777, 0777);
	is(fchmod(fd, 02777), 0); /* of a group that is not the caller's */
	fstat(fd, &st);
	is(st.st_mode & 07777, 0777);
	close(fd);
}

static void others(void)
{
	struct timeval tv;
	struct rlimit lim;

	gettimeofday(&tv, NULL);
	caps_drop(BIT(CAP_MKNOD) | BIT(CAP_SYS_CHROOT) | BIT(CAP_SYS_TIME) | BIT(CAP_SYS_NICE) |
		  BIT(CAP_SYS_RESOURCE) | BIT(CAP_SYS_ADMIN) | BIT(CAP_SETGID) | BIT(CAP_SETUID));
	fails(mknod("node", S_IFCHR | 0600, makedev(1, 3)), EPERM);
	is(mknod("fifo", S_IFIFO | 0600, 0), 0);
	fails(chroot("."), EPERM);
	fails(settimeofday(&tv, NULL), EPERM);
	is(setpriority(PRIO_PROCESS, 0, 19), 0);
	is(getrlimit(RLIMIT_NICE, &lim), 0);
	lim.rlim_cur = 0;
	setrlimit(RLIMIT_NICE, &lim);
	fails(setpriority(PRIO_PROCESS, 0, 18), EACCES);
	lim.rlim_cur = lim.rlim_max = 100;
	is(setrlimit(RLIMIT_NOFILE, &lim), 0);
	lim.rlim_max = 101;
	fails(setrlimit(RLIMIT_NOFILE, &lim), EPERM);
	fails(sethostname("a", 1), EPERM);
	fails(setgroups(0, NULL), EPERM);
	fails(setgid(USER), EPERM);
	fails(setuid(USER), EPERM);
	is(setuid(0), 0); /* which it is */
}

static void kill_others(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		caps_drop(BIT(CAP_KILL));
		setresuid(USER, USER, USER);
		_exit(kill(getppid(), 0) == -1 && errno == EPERM ? 0 : 1);
	}
	{
		int status = -1;

		is(waitpid(pid, &status, 0), pid);
		is(status, 0);
	}
}

static void kill_with_capability(void)
{
	prctl(PR_SET_KEEPCAPS, 1);
	is(setresuid(USER, USER, USER), 0);
	fails(kill(getppid(), 0), EPERM);
	is(caps_set(BIT(CAP_KILL), BIT(CAP_KILL), 0), 0);
	is(kill(getppid(), 0), 0);
}

int main(void)
{
	if (!is_root()) {
		skip("needs root");
		return tap_done();
	}
	tmp();
	chmod(".", 0777);
	close(file_with("secret", "x"));
	close(file_with("readable", "x"));
	close(file_with("program", "x"));
	mkdir("closed", 0700);
	close(file_with("closed/file", "x"));
	mkdir("sticky", 01777);
	close(file_with("sticky/file", "x"));
	chmod("secret", 0);
	chmod("closed", 0);
	chown("secret", USER, USER);
	chown("readable", USER, USER);
	chown("closed", USER, USER);
	chown("sticky", USER, USER);
	chown("sticky/file", USER, USER);
	chown("program", USER, USER);
	chmod("program", 06777);
	chmod("sticky", 01777);
	in_child(dac());
	in_child(owner());
	in_child(set_id_bits());
	in_child(others());
	in_child(kill_others());
	in_child(kill_with_capability());
	return tap_done();
}
