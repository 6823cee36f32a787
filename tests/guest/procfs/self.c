/* SPDX-License-Identifier: MIT */
/* /proc/self: exe, cwd, root, fd, cmdline, environ, comm, stat, statm, status, auxv, limits. */
#include "tests/guest/tap.h"

#include <elf.h>
#include <sys/auxv.h>
#include <sys/prctl.h>

static char buf[65536];

static ssize_t slurp(const char *path)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = 0, r = -1;

	while (fd >= 0 && n < (ssize_t)sizeof(buf) - 1 &&
	       (r = read(fd, buf + n, sizeof(buf) - 1 - n)) > 0)
		n += r;
	if (fd >= 0)
		close(fd);
	buf[n] = 0;
	return fd < 0 || r < 0 ? -1 : n;
}

static void links(const char *dir)
{
	char path[64], b[512] = {0};
	int fd = file_with("some file", "x");
	struct stat st, st2;

	ok(readlink("/proc/self", b, sizeof(b)) > 0 && atoi(b) == getpid());
	memset(b, 0, sizeof(b));
	ok(readlink("/proc/self/exe", b, sizeof(b)) > 0 && b[0] == '/');
	is(access(b, R_OK | X_OK), 0);
	memset(b, 0, sizeof(b));
	is(readlink("/proc/self/cwd", b, sizeof(b)), strlen(dir));
	ok(!strcmp(b, dir));
	is(readlink("/proc/self/root", b, sizeof(b)), 1);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	memset(b, 0, sizeof(b));
	ok(readlink(path, b, sizeof(b)) > 0);
	ok(!strncmp(b, dir, strlen(dir)) && !strcmp(b + strlen(dir), "/some file"));
	is(stat(path, &st), 0);
	fstat(fd, &st2);
	is(st.st_ino, st2.st_ino);
	is(lstat(path, &st), 0);
	is(st.st_mode & S_IFMT, S_IFLNK);
	works(open(path, O_RDONLY));
	unlink("some file");
	memset(b, 0, sizeof(b));
	ok(readlink(path, b, sizeof(b)) > 0 && strstr(b, " (deleted)"));
	works(open(path, O_RDONLY));
	close(fd);
	fails(readlink(path, b, sizeof(b)), ENOENT);
}

static void fd_directory(void)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;
	struct stat st;
	int seen = 0, others = 0, n = -1, fd = dup2(0, 77);

	while (d && (e = readdir(d)))
		if (sscanf(e->d_name, "%d", &n) == 1) {
			seen += n == 77;
			others++;
		}
	is(seen, fd == 77);
	is(stat("/proc/self/fd", &st), 0);
	is(st.st_size, others);
	ok(others >= 2);
	if (d)
		closedir(d);
	close(77);
}

static void texts(char **argv)
{
	int pid = 0, ppid = -1;
	char state = 0, comm[64] = {0};
	Elf64_auxv_t *av = (void *)buf;
	unsigned long size = 0, rss = 0;

	ok(slurp("/proc/self/cmdline") > 0 && !strcmp(buf, argv[0]));
	ok(slurp("/proc/self/environ") >= 0);
	ok(slurp("/proc/self/comm") > 0 && strchr(buf, '\n'));
	prctl(PR_SET_NAME, "renamed");
	slurp("/proc/self/comm");
	ok(!strcmp(buf, "renamed\n"));
	ok(slurp("/proc/self/stat") > 0);
	is(sscanf(buf, "%d (%63[^)]) %c %d", &pid, comm, &state, &ppid), 4);
	is(pid, getpid());
	ok(!strcmp(comm, "renamed"));
	is(state, 'R');
	is(ppid, getppid());
	ok(slurp("/proc/self/statm") > 0 && sscanf(buf, "%lu %lu", &size, &rss) == 2 &&
	   size >= rss && rss > 0);
	ok(slurp("/proc/self/status") > 0);
	ok(strstr(buf, "Name:\trenamed\n") && strstr(buf, "\nVmRSS:") &&
	   strstr(buf, "\nThreads:\t1\n"));
	ok(slurp("/proc/self/auxv") >= (ssize_t)(2 * sizeof(*av)));
	while (av->a_type != AT_NULL && av->a_type != AT_PHDR)
		av++;
	is(av->a_un.a_val, getauxval(AT_PHDR));
	ok(slurp("/proc/self/limits") > 0 && strstr(buf, "Max open files"));
	ok(slurp("/proc/self/mounts") > 0 && strstr(buf, " /proc proc "));
}

static void whole_system(void)
{
	unsigned long total = 0;
	double up = -1;

	ok(slurp("/proc/meminfo") > 0 && sscanf(buf, "MemTotal: %lu kB", &total) == 1 &&
	   total > 1000);
	ok(strstr(buf, "MemFree:") && strstr(buf, "MemAvailable:"));
	ok(slurp("/proc/cpuinfo") > 0 && strstr(buf, "processor\t: 0"));
	ok(slurp("/proc/uptime") > 0 && sscanf(buf, "%lf", &up) == 1 && up >= 0);
	ok(slurp("/proc/stat") > 0 && !strncmp(buf, "cpu", 3));
	ok(slurp("/proc/loadavg") > 0);
	ok(slurp("/proc/version") > 0 && !strncmp(buf, "Linux version ", 14));
	ok(slurp("/proc/filesystems") > 0 && strstr(buf, "proc"));
	ok(slurp("/proc/sys/kernel/osrelease") > 0 || errno == ENOENT);
}

static void refusals(void)
{
	char path[64];

	fails(open("/proc/self/none", O_RDONLY), ENOENT);
	fails(open("/proc/999999999", O_RDONLY), ENOENT);
	fails(open("/proc/self/maps/x", O_RDONLY), ENOTDIR);
	ok(open("/proc/newfile", O_CREAT | O_RDWR, 0600) == -1);
	ok(mkdir("/proc/newdir", 0755) == -1);
	ok(unlink("/proc/uptime") == -1);
	snprintf(path, sizeof(path), "/proc/%d/comm", getpid());
	ok(slurp(path) > 0);
}

int main(int argc, char **argv)
{
	links(tmp());
	fd_directory();
	texts(argv);
	whole_system();
	refusals();
	return tap_done();
}
