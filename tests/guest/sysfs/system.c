/* SPDX-License-Identifier: MIT */
/* /sys: processors, memory nodes, large pages, the loopback interface, and how it is told that
 * there are no cgroups. */
#include "tests/guest/procfs/files.h"

#include <sys/statfs.h>
#include <sys/sysinfo.h>

#define CPU  "/sys/devices/system/cpu/"
#define NODE "/sys/devices/system/node/"

#define LIST "[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*"

/* How many numbers a list such as "0-3,8" names. */
static int count_list(const char *path)
{
	int n = 0;

	if (slurp(path) < 0)
		return -1;
	for (char *p = text; *p && *p != '\n';) {
		long lo = strtol(p, &p, 10), hi = *p == '-' ? strtol(p + 1, &p, 10) : lo;

		n += hi - lo + 1;
		p += *p == ',';
	}
	return n;
}

static void cpus(void)
{
	struct stat st;

	ok(file_matches(CPU "online", LIST));
	ok(file_matches(CPU "possible", LIST));
	ok(file_matches(CPU "present", LIST));
	is(count_list(CPU "online"), get_nprocs());
	is(count_list(CPU "possible"), get_nprocs_conf());
	ok(file_matches(CPU "kernel_max", "[0-9]+"));
	is(slurp(CPU "isolated"), 1);
	ok(file_matches(CPU "cpu0/topology/core_id", "[0-9]+"));
	ok(file_matches(CPU "cpu0/topology/physical_package_id", "-?[0-9]+"));
	ok(file_matches(CPU "cpu0/topology/thread_siblings_list", LIST));
	ok(file_matches(CPU "cpu0/topology/core_cpus", "[0-9a-f,]+"));
	is(stat(CPU "cpu0/topology", &st), 0);
	is(st.st_mode, S_IFDIR | 0755);
	is(stat(CPU "online", &st), 0);
	is(st.st_mode, S_IFREG | 0444);
	is(st.st_size, 4096);
	fails(open(CPU "cpu9999/topology/core_id", O_RDONLY), ENOENT);
}

/* Where the processor tells of caches, sizes are the product of their parts. */
static void caches(void)
{
	for (int i = 0; i < 8; i++) {
		static const char *const parts[] = {"coherency_line_size", "number_of_sets",
						    "ways_of_associativity",
						    "physical_line_partition"};
		char dir[128], path[192];
		long product = 1;

		snprintf(dir, sizeof(dir), CPU "cpu0/cache/index%d", i);
		if (access(dir, F_OK))
			break;
		for (int p = 0; p < 4; p++) {
			snprintf(path, sizeof(path), "%s/%s", dir, parts[p]);
			product *= number_in(path);
		}
		snprintf(path, sizeof(path), "%s/size", dir);
		ok(file_matches(path, "[0-9]+K"));
		is(number_in(path), product / 1024);
		snprintf(path, sizeof(path), "%s/type", dir);
		ok(file_matches(path, "Data|Instruction|Unified"));
		snprintf(path, sizeof(path), "%s/level", dir);
		ok(file_matches(path, "[1-4]"));
	}
}

static void nodes(void)
{
	struct sysinfo si;
	char link[64] = {0};

	ok(file_matches(NODE "online", LIST));
	ok(file_matches(NODE "node0/distance", "10( [0-9]+)*"));
	ok(file_matches(NODE "node0/cpulist", LIST));
	is(readlink(NODE "node0/cpu0", link, sizeof(link)), 14);
	same(link, "../../cpu/cpu0", 14);
	works(access(NODE "node0/cpu0/topology/core_id", R_OK));
	ok(lines_match(NODE "node0/meminfo", 10, "Node 0 [A-Za-z_()]+: +[0-9]+( kB)?"));
	slurp(NODE "node0/meminfo");
	sysinfo(&si);
	ok(atol(field("Node 0 MemTotal:")) > 0);
	ok(atol(field("Node 0 MemFree:")) <= (long)(si.totalram * si.mem_unit / 1024));
	ok(lines_match(NODE "node0/numastat", 6, "[a-z_]+ [0-9]+"));
}

static void large_pages(void)
{
	ok(file_matches("/sys/kernel/mm/transparent_hugepage/enabled",
			"(\\[always\\] madvise never|always \\[madvise\\] never|"
			"always madvise \\[never\\])"));
	is(number_in("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size"), 2097152);
	works(access("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", R_OK));
}

static void interfaces(void)
{
	char link[64] = {0};

	ok(readlink("/sys/class/net/lo", link, sizeof(link) - 1) > 0);
	ok(!strcmp(link, "../../devices/virtual/net/lo"));
	ok(file_matches("/sys/class/net/lo/address", "00:00:00:00:00:00"));
	ok(file_matches("/sys/class/net/lo/operstate", "unknown"));
	is(number_in("/sys/class/net/lo/mtu"), 65536);
	is(number_in("/sys/class/net/lo/ifindex"), 1);
	is(number_in("/sys/class/net/lo/type"), 772);
	ok(file_matches("/sys/class/net/lo/statistics/rx_bytes", "[0-9]+"));
	is(slurp("/sys/class/net/lo/speed"), -1);
}

static void disks(void)
{
	DIR *d = opendir("/sys/block");
	struct dirent *e;
	char path[400], dev[64];

	ok(d != NULL);
	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/sys/block/%s/dev", e->d_name);
		ok(file_matches(path, "[0-9]+:[0-9]+"));
		snprintf(dev, sizeof(dev), "%s", text);
		snprintf(path, sizeof(path), "/sys/dev/block/%s/size", dev);
		ok(file_matches(path, "[0-9]+"));
		snprintf(path, sizeof(path), "/sys/class/block/%s/queue/logical_block_size",
			 e->d_name);
		ok(file_matches(path, "[0-9]+"));
	}
	if (d)
		closedir(d);
}

int main(void)
{
	struct statfs fs;
	struct stat st;

	is(statfs("/sys", &fs), 0);
	is(fs.f_type, 0x62656572);
	is(stat("/sys/fs/cgroup", &st), 0);
	ok(S_ISDIR(st.st_mode));
	cpus();
	caches();
	nodes();
	large_pages();
	interfaces();
	disks();
	fails(open("/sys/none", O_RDONLY), ENOENT);
	ok(mkdir("/sys/none", 0755) == -1);
	return tap_done();
}
