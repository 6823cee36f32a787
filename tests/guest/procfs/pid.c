/* SPDX-License-Identifier: MIT */
/* /proc/self: formats as Linux's, and agreement with the system calls about the same things. */
#include "tests/guest/procfs/files.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/uio.h>

static void status(void)
{
	static const char *const names[] = {"Name:\t",
					    "Umask:\t",
					    "State:\t",
					    "Tgid:\t",
					    "Ngid:\t",
					    "Pid:\t",
					    "PPid:\t",
					    "TracerPid:\t",
					    "Uid:\t",
					    "Gid:\t",
					    "FDSize:\t",
					    "Groups:\t",
					    "NStgid:\t",
					    "NSpid:\t",
					    "NSpgid:\t",
					    "NSsid:\t",
					    "VmPeak:\t",
					    "VmSize:\t",
					    "VmLck:\t",
					    "VmPin:\t",
					    "VmHWM:\t",
					    "VmRSS:\t",
					    "RssAnon:\t",
					    "RssFile:\t",
					    "RssShmem:\t",
					    "VmData:\t",
					    "VmStk:\t",
					    "VmExe:\t",
					    "VmLib:\t",
					    "VmPTE:\t",
					    "VmSwap:\t",
					    "HugetlbPages:\t",
					    "CoreDumping:\t",
					    "THP_enabled:\t",
					    "Threads:\t",
					    "SigQ:\t",
					    "SigPnd:\t",
					    "ShdPnd:\t",
					    "SigBlk:\t",
					    "SigIgn:\t",
					    "SigCgt:\t",
					    "CapInh:\t",
					    "CapPrm:\t",
					    "CapEff:\t",
					    "CapBnd:\t",
					    "CapAmb:\t",
					    "NoNewPrivs:\t",
					    "Seccomp:\t",
					    "Seccomp_filters:\t",
					    "Speculation_Store_Bypass:\t",
					    "SpeculationIndirectBranch:\t",
					    "Cpus_allowed:\t",
					    "Cpus_allowed_list:\t",
					    "Mems_allowed:\t",
					    "Mems_allowed_list:\t",
					    "voluntary_ctxt_switches:\t",
					    "nonvoluntary_ctxt_switches:\t",
					    NULL};
	long rss, anon, file, shmem;

	ok(slurp("/proc/self/status") > 0);
	ok(fields_in_order(names));
	is(atoi(field("Pid:\t")), getpid());
	is(atoi(field("PPid:\t")), getppid());
	is(atoi(field("Uid:\t")), getuid());
	is(atoi(field("NSpgid:\t")), getpgrp());
	rss = atol(field("VmRSS:\t"));
	anon = atol(field("RssAnon:\t"));
	file = atol(field("RssFile:\t"));
	shmem = atol(field("RssShmem:\t"));
	is(rss, anon + file + shmem);
	ok(atol(field("VmPeak:\t")) >= atol(field("VmSize:\t")));
	ok(atol(field("VmHWM:\t")) >= rss && rss > 0);
	ok(lines_match("/proc/self/status", 50, "[A-Za-z_]+:\t.*"));
}

static void stat_line(void)
{
	int pid, ppid, pgrp, sid, tty, tpgid, nice = -1, prio = -1, n;
	char comm[32], state;
	unsigned long vsize, start_time;

	prctl(PR_SET_NAME, "name (odd) x");
	ok(file_matches("/proc/self/stat",
			"[0-9]+ \\(name \\(odd\\) x\\) R( -?[0-9]+){6} [0-9]+( -?[0-9]+){42}"));
	slurp("/proc/self/stat");
	n = sscanf(
	    text,
	    "%d (name (odd) %[^)]) %c %d %d %d %d %d %*u %*u %*u %*u %*u %*u %*u %*d %*d %d %d "
	    "%*d %*d %lu %lu",
	    &pid, comm, &state, &ppid, &pgrp, &sid, &tty, &tpgid, &prio, &nice, &start_time,
	    &vsize);
	is(n, 12);
	is(pid, getpid());
	is(ppid, getppid());
	is(pgrp, getpgrp());
	is(sid, getsid(0));
	is(prio, 20 + nice);
	is(nice, getpriority(PRIO_PROCESS, 0));
	slurp("/proc/self/statm");
	is(strtoul(text, NULL, 10) * PAGE, vsize);
}

/* What a mapping looks like before and after it is touched. */
static void smaps(void)
{
	static const char *const names[] = {"Size:  ",
					    "KernelPageSize:  ",
					    "MMUPageSize:  ",
					    "Rss:  ",
					    "Pss:  ",
					    "Pss_Dirty:  ",
					    "Shared_Clean:  ",
					    "Shared_Dirty:  ",
					    "Private_Clean:  ",
					    "Private_Dirty:  ",
					    "Referenced:  ",
					    "Anonymous:  ",
					    "KSM:  ",
					    "LazyFree:  ",
					    "AnonHugePages:  ",
					    "ShmemPmdMapped: ",
					    "FilePmdMapped:  ",
					    "Shared_Hugetlb: ",
					    "Private_Hugetlb: ",
					    "Swap:  ",
					    "SwapPss:  ",
					    "Locked:  ",
					    "THPeligible:  ",
					    "VmFlags: ",
					    NULL};
	char *p = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
	     line[64];
	const char *at;

	madvise(p, 64 * PAGE, MADV_NOHUGEPAGE);
	memset(p, 1, 64 * PAGE);
	snprintf(line, sizeof(line), "%08lx-", (unsigned long)p);
	ok(slurp("/proc/self/smaps") > 0);
	ok(fields_in_order(names));
	at = strstr(text, line);
	ok(at && matches(line, "[0-9a-f]+-"));
	at = at ? strstr(at, "\nSize:") : NULL;
	is(at ? atol(at + 6) : -1, 64 * 4);
	at = at ? strstr(at, "\nRss:") : NULL;
	is(at ? atol(at + 5) : -1, 64 * 4);
	at = at ? strstr(at, "\nPrivate_Dirty:") : NULL;
	is(at ? atol(at + 15) : -1, 64 * 4);
	at = at ? strstr(at, "\nAnonymous:") : NULL;
	is(at ? atol(at + 11) : -1, 64 * 4);
	at = at ? strstr(at, "\nVmFlags: ") : NULL;
	ok(at && !strncmp(at, "\nVmFlags: rd wr mr mw me nr ", 28));
	ok(slurp("/proc/self/smaps_rollup") > 0);
	ok(strstr(text, " ---p 00000000 00:00 0 ") && strstr(text, " [rollup]\nRss:  "));
	is(strstr(text, "[rollup]") - text, 73);
	ok(atol(field("Private_Dirty:")) >= 64 * 4);
	munmap(p, 64 * PAGE);
}

static void memory_files(void)
{
	static char data[PAGE] = "by address", out[16];
	uint64_t entry = 0;
	int fd = open("/proc/self/mem", O_RDWR);

	works(fd);
	is(pread(fd, out, 10, (uintptr_t)data), 10);
	same(out, "by address", 10);
	is(pwrite(fd, "BY", 2, (uintptr_t)data), 2);
	ok(!strcmp(data, "BY address"));
	is(lseek(fd, (uintptr_t)data, SEEK_SET), (uintptr_t)data);
	is(read(fd, out, 2), 2);
	same(out, "BY", 2);
	fails(pread(fd, out, 8, 0), EIO);
	close(fd);
	fd = open("/proc/self/pagemap", O_RDONLY);
	works(fd);
	is(pread(fd, &entry, 8, (uintptr_t)data / PAGE * 8), 8);
	ok(entry >> 63 == 1);
	fails(pread(fd, &entry, 7, 0), EINVAL);
	close(fd);
}

static void small_files(void)
{
	struct rlimit l;

	ok(lines_match("/proc/self/io", 7, "[a-z_]+: [0-9]+"));
	ok(file_matches("/proc/self/schedstat", "[0-9]+ [0-9]+ [0-9]+"));
	ok(slurp("/proc/self/sched") > 0 &&
	   field("se.sum_exec_runtime                          :"));
	ok(file_matches("/proc/self/oom_score", "[0-9]+"));
	ok(file_matches("/proc/self/oom_score_adj", "-?[0-9]+"));
	ok(file_matches("/proc/self/oom_adj", "-?[0-9]+"));
	ok(file_matches("/proc/self/personality", "[0-9a-f]{8}"));
	ok(file_matches("/proc/self/coredump_filter", "[0-9a-f]{8}"));
	ok(file_matches("/proc/self/timerslack_ns", "[0-9]+"));
	is(number_in("/proc/self/timerslack_ns"), prctl(PR_GET_TIMERSLACK));
	ok(file_matches("/proc/self/uid_map", " +[0-9]+ +[0-9]+ +[0-9]+"));
	ok(file_matches("/proc/self/setgroups", "allow|deny"));
	ok(slurp("/proc/self/loginuid") > 0 && matches(text, "[0-9]+"));
	ok(slurp("/proc/self/sessionid") > 0 && matches(text, "[0-9]+"));
	ok(slurp("/proc/self/wchan") == 1 && text[0] == '0');
	ok(lines_match("/proc/self/cgroup", 1, "[0-9]+:[^:]*:/.*"));
	ok(lines_match("/proc/self/mountstats", 3,
		       "device .* mounted on /.* with fstype [a-z0-9]+.*"));
	ok(lines_match(
	    "/proc/self/mountinfo", 3,
	    "[0-9]+ [0-9]+ [0-9]+:[0-9]+ /[^ ]* /[^ ]* r[ow][^ ]* ([a-z]+:[0-9]+ )*- [^ ]+ "
	    "[^ ]+ r[ow][^ ]*"));
	ok(lines_match("/proc/self/limits", 17,
		       "(Limit|Max [a-z ]+) +([A-Z0-9a-z]+ ?[A-Za-z]*) +([A-Z0-9a-z]+ ?[A-Za-z]*) "
		       "+[A-Za-z]* *"));
	slurp("/proc/self/limits");
	getrlimit(RLIMIT_NOFILE, &l);
	is(atol(field("Max open files            ")), l.rlim_cur);
	ok(slurp("/proc/self/attr/current") <= 0 || text[0], "EINVAL without a security module");
}

static void namespaces(void)
{
	char link[64] = {0}, want[64];
	struct stat st;

	ok(readlink("/proc/self/ns/mnt", link, sizeof(link) - 1) > 0);
	ok(matches(link, "mnt:\\[[0-9]+\\]"));
	is(stat("/proc/self/ns/mnt", &st), 0);
	snprintf(want, sizeof(want), "mnt:[%lu]", (unsigned long)st.st_ino);
	ok(!strcmp(link, want));
	ok(readlink("/proc/self/ns/pid_for_children", link, sizeof(link)) > 0);
	ok(!strncmp(link, "pid:[", 5));
	fails(readlink("/proc/self/ns/none", link, sizeof(link)), ENOENT);
}

static long put(const char *path, const char *s)
{
	int fd = open(path, O_WRONLY);
	long r = fd < 0 ? -1 : write(fd, s, strlen(s));
	int e = errno;

	if (fd >= 0)
		close(fd);
	errno = e;
	return r;
}

static void writable(void)
{
	is(put("/proc/self/comm", "other"), 5);
	ok(slurp("/proc/thread-self/comm") > 0 && !strcmp(text, "other\n"));
	is(put("/proc/self/comm", "two\nlines"), 9);
	ok(slurp("/proc/self/comm") > 0 && !strcmp(text, "two\nlines\n"));
	is(put("/proc/self/oom_score_adj", "500"), 3);
	is(number_in("/proc/self/oom_score_adj"), 500);
	is(number_in("/proc/self/oom_adj"), 8);
	fails(put("/proc/self/oom_score_adj", "1001"), EINVAL);
	fails(put("/proc/self/oom_score_adj", "x"), EINVAL);
	is(put("/proc/self/coredump_filter", "0x13\n"), 5);
	ok(file_matches("/proc/self/coredump_filter", "00000013"));
	is(put("/proc/self/timerslack_ns", "70000"), 5);
	is(prctl(PR_GET_TIMERSLACK), 70000);
	is(put("/proc/self/clear_refs", "1"), 1);
	fails(put("/proc/self/clear_refs", "9"), EINVAL);
}

static void threads_directory(void)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/self/task/%ld/stat", sys(gettid));
	ok(slurp(path) > 0);
	is(atol(text), sys(gettid));
	snprintf(path, sizeof(path), "/proc/%d/task/%ld/children", getpid(), sys(gettid));
	is(slurp(path), 0);
	fails(stat("/proc/self/children", &st), ENOENT);
	is(stat("/proc/self/task", &st), 0);
	is(st.st_nlink, 3);
}

int main(void)
{
	status();
	stat_line();
	smaps();
	memory_files();
	small_files();
	namespaces();
	writable();
	threads_directory();
	return tap_done();
}
