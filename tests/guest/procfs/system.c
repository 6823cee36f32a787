/* SPDX-License-Identifier: MIT */
/* The system's files in /proc: formats as Linux's, and agreement with system calls. */
#include "tests/guest/procfs/files.h"

#include <sched.h>
#include <sys/file.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <time.h>

static void meminfo(void)
{
	static const char *const names[] = {
	    "MemTotal:",	"MemFree:",	   "MemAvailable:",
	    "Buffers:",		"Cached:",	   "SwapCached:",
	    "Active:",		"Inactive:",	   "Active(anon):",
	    "Inactive(anon):",	"Active(file):",   "Inactive(file):",
	    "Unevictable:",	"Mlocked:",	   "SwapTotal:",
	    "SwapFree:",	"Dirty:",	   "Writeback:",
	    "AnonPages:",	"Mapped:",	   "Shmem:",
	    "KReclaimable:",	"Slab:",	   "SReclaimable:",
	    "SUnreclaim:",	"KernelStack:",	   "PageTables:",
	    "SecPageTables:",	"NFS_Unstable:",   "Bounce:",
	    "WritebackTmp:",	"CommitLimit:",	   "Committed_AS:",
	    "VmallocTotal:",	"VmallocUsed:",	   "VmallocChunk:",
	    "Percpu:",		"AnonHugePages:",  "ShmemHugePages:",
	    "ShmemPmdMapped:",	"FileHugePages:",  "FilePmdMapped:",
	    "HugePages_Total:", "HugePages_Free:", "HugePages_Rsvd:",
	    "HugePages_Surp:",	"Hugepagesize:",   "Hugetlb:",
	    "DirectMap4k:",	"DirectMap2M:",	   NULL};
	struct sysinfo si;
	long total, free, available, shmem;
	int fd;

	ok(lines_match("/proc/meminfo", 40, "[A-Za-z_()0-9]+: +[0-9]+( kB)?"));
	ok(lines_match("/proc/meminfo", 40, ".{24,32}"), "values are aligned");
	slurp("/proc/meminfo");
	ok(fields_in_order(names));
	total = atol(field("MemTotal:"));
	free = atol(field("MemFree:"));
	available = atol(field("MemAvailable:"));
	shmem = atol(field("Shmem:"));
	sysinfo(&si);
	is(total, si.totalram * si.mem_unit / 1024);
	ok(free <= total && available <= total && free > 0);
	fd = sys(memfd_create, "shmem", 0u);
	for (int i = 0; i < 16; i++)
		is(write(fd, text, 65536), 65536);
	slurp("/proc/meminfo");
	ok(atol(field("Shmem:")) >= shmem + 512, "a file in memory is shared memory");
	close(fd);
}

static void times(void)
{
	struct timespec up, now;
	double uptime = -1, idle = -1;
	long btime;

	ok(file_matches("/proc/uptime", "[0-9]+\\.[0-9]{2} [0-9]+\\.[0-9]{2}"));
	clock_gettime(CLOCK_BOOTTIME, &up);
	slurp("/proc/uptime");
	sscanf(text, "%lf %lf", &uptime, &idle);
	ok(uptime >= up.tv_sec - 1 && uptime <= up.tv_sec + 30);
	ok(file_matches("/proc/loadavg", "([0-9]+\\.[0-9]{2} ){3}[0-9]+/[0-9]+ [0-9]+"));
	ok(lines_match("/proc/stat", 8,
		       "cpu  ( ?[0-9]+){10}|cpu[0-9]+( [0-9]+){10}|(intr|softirq)( [0-9]+)+|"
		       "(ctxt|btime|processes|procs_running|procs_blocked) [0-9]+"));
	slurp("/proc/stat");
	btime = atol(field("btime "));
	clock_gettime(CLOCK_REALTIME, &now);
	ok(labs(now.tv_sec - up.tv_sec - btime) <= 30);
}

static void names(void)
{
	struct utsname u;
	char want[512];

	uname(&u);
	slurp("/proc/version");
	snprintf(want, sizeof(want), "Linux version %s (", u.release);
	ok(!strncmp(text, want, strlen(want)));
	ok(strstr(text, u.version) != NULL);
	slurp("/proc/sys/kernel/osrelease");
	snprintf(want, sizeof(want), "%s\n", u.release);
	ok(!strcmp(text, want));
	slurp("/proc/sys/kernel/ostype");
	ok(!strcmp(text, "Linux\n"));
	slurp("/proc/sys/kernel/version");
	snprintf(want, sizeof(want), "%s\n", u.version);
	ok(!strcmp(text, want));
	slurp("/proc/sys/kernel/hostname");
	snprintf(want, sizeof(want), "%s\n", u.nodename);
	ok(!strcmp(text, want));
}

static void cpuinfo(void)
{
	static const char *const names[] = {"processor\t: 0",
					    "vendor_id\t: ",
					    "cpu family\t: ",
					    "model\t\t: ",
					    "model name\t: ",
					    "stepping\t: ",
					    "cpu MHz\t\t: ",
					    "physical id\t: 0",
					    "siblings\t: ",
					    "core id\t\t: 0",
					    "cpu cores\t: ",
					    "apicid\t\t: ",
					    "initial apicid\t: ",
					    "fpu\t\t: yes",
					    "fpu_exception\t: yes",
					    "cpuid level\t: ",
					    "wp\t\t: yes",
					    "flags\t\t: fpu ",
					    "bugs\t\t:",
					    "bogomips\t: ",
					    "clflush size\t: ",
					    "cache_alignment\t: ",
					    "address sizes\t: ",
					    "power management:",
					    NULL};
	cpu_set_t set;
	int n = 0;

	ok(slurp("/proc/cpuinfo") > 0 && fields_in_order(names));
	ok(strstr(text, "\n\n"), "an empty line ends each processor");
	for (const char *p = text; (p = strstr(p, "processor\t: ")); p++)
		n++;
	is(n, get_nprocs());
	is(n, sysconf(_SC_NPROCESSORS_ONLN));
	sched_getaffinity(0, sizeof(set), &set);
	ok(CPU_COUNT(&set) <= n);
	is(__builtin_cpu_supports("sse4.2") != 0, strstr(text, " sse4_2 ") != NULL);
	is(__builtin_cpu_supports("avx2") != 0, strstr(text, " avx2 ") != NULL);
}

static void locks(void)
{
	char want[128];
	struct stat st;
	int fd;

	tmp();
	fd = file_with("locked", "contents");
	fstat(fd, &st);
	is(flock(fd, LOCK_EX), 0);
	ok(lines_match("/proc/locks", 1,
		       "[0-9]+: *(-> *)?(POSIX |FLOCK |OFDLCK|LEASE |DELEG ) .*"));
	slurp("/proc/locks");
	snprintf(want, sizeof(want), ": FLOCK  ADVISORY  WRITE %d %02x:%02x:%lu 0 EOF\n", getpid(),
		 major(st.st_dev), minor(st.st_dev), st.st_ino);
	ok(strstr(text, want) != NULL);
	flock(fd, LOCK_UN);
	slurp("/proc/locks");
	ok(strstr(text, want) == NULL);
	close(fd);
}

static void tables(void)
{
	char link[32] = {0};

	ok(lines_match("/proc/filesystems", 4, "(nodev)?\t[a-z0-9_]+"));
	ok(lines_match("/proc/mounts", 3, "[^ ]+ /[^ ]* [^ ]+ r[ow](,[^ ]+)* 0 0"));
	is(readlink("/proc/mounts", link, sizeof(link)), 11);
	same(link, "self/mounts", 11);
	is(readlink("/proc/net", link, sizeof(link)), 8);
	same(link, "self/net", 8);
	ok(lines_match("/proc/swaps", 1, "(Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority|/.*)"));
	ok(lines_match("/proc/vmstat", 10, "[a-z0-9_]+ [0-9]+"));
	ok(lines_match("/proc/buddyinfo", 1, "Node [0-9]+, zone +[A-Za-z0-9]+ ( *[0-9]+ )+"));
	ok(slurp("/proc/devices") > 0 && !strncmp(text, "Character devices:\n  1 mem\n", 27));
	ok(strstr(text, "\n\nBlock devices:\n") != NULL);
	ok(slurp("/proc/interrupts") > 0 && !strncmp(text, "           CPU0       ", 22));
	ok(slurp("/proc/softirqs") > 0 && !strncmp(text, "                    CPU0       ", 31));
	ok(slurp("/proc/cmdline") > 0);
	ok(lines_match("/proc/cgroups", 1, "#?[a-z_]+\t[a-z0-9]+\t[a-z_0-9]+\t[a-z0-9]+"));
	ok(lines_match("/proc/diskstats", 0, " *[0-9]+ +[0-9]+ [a-z0-9]+( [0-9]+){17}"));
	ok(lines_match("/proc/partitions", 0,
		       "major minor  #blocks  name|| *[0-9]+ +[0-9]+ +[0-9]+ .*"));
}

static void net(void)
{
	ok(slurp("/proc/net/dev") > 0 && strstr(text, "\n    lo: "));
	ok(slurp("/proc/net/tcp") >= 150 && strchr(text, '\n') == text + 149);
	ok(!strncmp(text, "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when ",
		    67));
	ok(slurp("/proc/net/udp") >= 128 && strchr(text, '\n') == text + 127);
	ok(slurp("/proc/net/route") >= 128 && strchr(text, '\n') == text + 127);
	ok(slurp("/proc/net/unix") > 0 &&
	   !strncmp(text, "Num       RefCount Protocol Flags    Type St Inode Path\n", 56));
	ok(slurp("/proc/net/tcp6") > 0 && !strncmp(text, "  sl  local_address      ", 25));
	ok(slurp("/proc/self/net/raw") > 0);
}

static void sysctls(void)
{
	struct statfs fs;
	char first[64];
	int fd;

	ok(file_matches("/proc/sys/kernel/random/uuid",
			"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
	strcpy(first, text);
	slurp("/proc/sys/kernel/random/uuid");
	ok(strncmp(first, text, 36) != 0);
	slurp("/proc/sys/kernel/random/boot_id");
	strncpy(first, text, 36);
	slurp("/proc/sys/kernel/random/boot_id");
	ok(!strncmp(first, text, 36));
	is(number_in("/proc/sys/kernel/random/poolsize"), 256);
	is(number_in("/proc/sys/kernel/cap_last_cap"), 40);
	ok(number_in("/proc/sys/kernel/pid_max") >= 301);
	ok(file_matches("/proc/sys/kernel/sem", "[0-9]+\t[0-9]+\t[0-9]+\t[0-9]+"));
	ok(number_in("/proc/sys/kernel/ngroups_max") >= 32);
	ok(number_in("/proc/sys/vm/max_map_count") >= 65530);
	ok(number_in("/proc/sys/vm/overcommit_memory") <= 2);
	ok(number_in("/proc/sys/vm/mmap_min_addr") >= 4096);
	is(number_in("/proc/sys/fs/nr_open"), 1048576);
	is(number_in("/proc/sys/fs/pipe-max-size"), 1048576);
	ok(file_matches("/proc/sys/fs/file-nr", "[0-9]+\t[0-9]+\t[0-9]+"));
	is(number_in("/proc/sys/fs/inotify/max_queued_events"), 16384);
	ok(number_in("/proc/sys/net/core/somaxconn") >= 128);
	ok(file_matches("/proc/sys/net/ipv4/ip_local_port_range", "[0-9]+\t[0-9]+"));
	ok(file_matches("/proc/sys/net/ipv4/tcp_rmem", "[0-9]+\t[0-9]+\t[0-9]+"));
	is(statfs("/proc/sys", &fs), 0);
	is(fs.f_type, 0x9fa0);
	fails(open("/proc/sys/kernel/none", O_RDONLY), ENOENT);
	fd = open("/proc/sys/kernel/hostname", O_WRONLY);
	if (fd < 0)
		fails(open("/proc/sys/kernel/hostname", O_WRONLY), is_root() ? EROFS : EACCES);
	else
		works(fd);
	close(fd);
}

int main(void)
{
	meminfo();
	times();
	names();
	cpuinfo();
	locks();
	tables();
	net();
	sysctls();
	return tap_done();
}
