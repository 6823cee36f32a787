/* SPDX-License-Identifier: MIT */
/*
 * /sys/devices/system/cpu: Linux's Documentation/ABI/testing/sysfs-devices-system-cpu. The
 * processors are cores of one package; what they have, apart from their number, is the same.
 */
#include "fs/proc/sysfs.h"
#include "kernel/string.h"
#include "kernel/x86_64/cpuinfo.h"

/* proc_ctx.fd: the processor's number and, in its cache directory, an index. */
#define CACHES	     64
#define LEVEL_SHARED 3 /* caches from this level on are of all processors */

static unsigned cpu_of(const struct proc_ctx *c)
{
	return (unsigned)c->fd / CACHES;
}

/* ---- sets of processors ---- */

/* "0-3,5" */
void proc_put_cpu_list(struct seq *s, uint32_t mask)
{
	const char *between = "";

	while (mask) {
		unsigned first = (unsigned)__builtin_ctz(mask), n = 0;

		while (mask >> first >> n & 1)
			n++;
		seq_printf(s, n > 1 ? "%s%u-%u" : "%s%u", between, first, first + n - 1);
		mask &= ~(((1u << n) - 1) << first);
		between = ",";
	}
}

/* Hexadecimal, as many digits as there could be. */
void proc_put_cpu_map(struct seq *s, uint32_t mask)
{
	seq_printf(s, "%0*x", (int)(cpu_count() + 3) / 4, mask);
}

static int put_list(struct seq *s, uint32_t mask)
{
	proc_put_cpu_list(s, mask);
	seq_puts(s, "\n");
	return 0;
}

static int put_map(struct seq *s, uint32_t mask)
{
	proc_put_cpu_map(s, mask);
	seq_puts(s, "\n");
	return 0;
}

int sysfs_show_cpu_list(struct seq *s, const struct proc_ctx *c)
{
	return put_list(s, cpu_mask());
}

int sysfs_show_cpu_map(struct seq *s, const struct proc_ctx *c)
{
	return put_map(s, cpu_mask());
}

static int show_own_list(struct seq *s, const struct proc_ctx *c)
{
	return put_list(s, 1u << cpu_of(c));
}

static int show_own_map(struct seq *s, const struct proc_ctx *c)
{
	return put_map(s, 1u << cpu_of(c));
}

/* ---- cpuN/cache ---- */

static int cache_of(const struct proc_ctx *c, struct cpu_cache *out)
{
	return cpu_cache((unsigned)c->fd % CACHES, out) ? 0 : -ENODEV;
}

#define CACHE_NUMBER(name_, member)                                                                \
	static int show_cache_##name_(struct seq *s, const struct proc_ctx *c)                     \
	{                                                                                          \
		struct cpu_cache cache;                                                            \
		int r = cache_of(c, &cache);                                                       \
                                                                                                   \
		if (!r)                                                                            \
			seq_printf(s, "%u\n", cache.member);                                       \
		return r;                                                                          \
	}
CACHE_NUMBER(line, line)
CACHE_NUMBER(level, level)
CACHE_NUMBER(sets, sets)
CACHE_NUMBER(partitions, partitions)
CACHE_NUMBER(ways, ways)

static int show_cache_size(struct seq *s, const struct proc_ctx *c)
{
	struct cpu_cache cache;
	int r = cache_of(c, &cache);

	if (!r)
		seq_printf(s, "%uK\n", cache.kb);
	return r;
}

static int show_cache_type(struct seq *s, const struct proc_ctx *c)
{
	struct cpu_cache cache;
	int r = cache_of(c, &cache);

	if (!r)
		seq_printf(s, "%s\n", cache.type);
	return r;
}

static uint32_t cache_shared(const struct proc_ctx *c)
{
	struct cpu_cache cache;

	return !cache_of(c, &cache) && cache.level >= LEVEL_SHARED ? cpu_mask() : 1u << cpu_of(c);
}

static int show_shared_list(struct seq *s, const struct proc_ctx *c)
{
	return put_list(s, cache_shared(c));
}

static int show_shared_map(struct seq *s, const struct proc_ctx *c)
{
	return put_map(s, cache_shared(c));
}

static int show_cache_id(struct seq *s, const struct proc_ctx *c)
{
	seq_printf(s, "%d\n", __builtin_ctz(cache_shared(c)));
	return 0;
}

static const struct proc_entry cache_entries[] = {
    PROC_REG("coherency_line_size", 0444, .show = show_cache_line),
    PROC_REG("id", 0444, .show = show_cache_id),
    PROC_REG("level", 0444, .show = show_cache_level),
    PROC_REG("number_of_sets", 0444, .show = show_cache_sets),
    PROC_REG("physical_line_partition", 0444, .show = show_cache_partitions),
    PROC_REG("shared_cpu_list", 0444, .show = show_shared_list),
    PROC_REG("shared_cpu_map", 0444, .show = show_shared_map),
    PROC_REG("size", 0444, .show = show_cache_size),
    PROC_REG("type", 0444, .show = show_cache_type),
    PROC_PARAM("uevent", ""),
    PROC_REG("ways_of_associativity", 0444, .show = show_cache_ways),
};

static const struct proc_entry cache_dir = SYS_DIR("", PROC_CHILDREN(cache_entries));

static int find_cache(const struct proc_ctx *c, int id, struct proc_ctx *child,
		      const struct proc_entry **e)
{
	struct cpu_cache cache;

	child->fd = c->fd + id;
	*e = &cache_dir;
	return id >= 0 && id < CACHES ? cache_of(child, &cache) : -ENOENT;
}

static int next_cache(const struct proc_ctx *c, int id)
{
	struct cpu_cache cache;

	return cpu_cache((unsigned)id, &cache) ? id : -1;
}

static int name_cache(int id, char *buf, size_t size)
{
	return scnprintf(buf, size, "index%d", id);
}

/* ---- cpuN ---- */

static const struct proc_entry cpu_cache_entries[] = {
    PROC_PARAM("uevent", ""),
};

static int show_core_id(struct seq *s, const struct proc_ctx *c)
{
	seq_printf(s, "%u\n", cpu_of(c));
	return 0;
}

#define OWN_MAP(name_)	PROC_REG(name_, 0444, .show = show_own_map)
#define OWN_LIST(name_) PROC_REG(name_, 0444, .show = show_own_list)
#define ALL_MAP(name_)	PROC_REG(name_, 0444, .show = sysfs_show_cpu_map)
#define ALL_LIST(name_) PROC_REG(name_, 0444, .show = sysfs_show_cpu_list)

static const struct proc_entry topology_entries[] = {
    OWN_MAP("cluster_cpus"),
    OWN_LIST("cluster_cpus_list"),
    SYS_FILE("cluster_id", "65535"),
    OWN_MAP("core_cpus"),
    OWN_LIST("core_cpus_list"),
    PROC_REG("core_id", 0444, .show = show_core_id),
    ALL_MAP("core_siblings"),
    ALL_LIST("core_siblings_list"),
    ALL_MAP("die_cpus"),
    ALL_LIST("die_cpus_list"),
    SYS_FILE("die_id", "0"),
    ALL_MAP("package_cpus"),
    ALL_LIST("package_cpus_list"),
    SYS_FILE("physical_package_id", "0"),
    OWN_MAP("thread_siblings"),
    OWN_LIST("thread_siblings_list"),
};

static const struct proc_entry one_cpu_entries[] = {
    SYS_DIR("cache", PROC_CHILDREN(cpu_cache_entries), .find = find_cache, .next = next_cache,
	    .name_of = name_cache),
    PROC_LINK("node0", .text = "../../node/node0"),
    PROC_LINK("subsystem", .text = "../../../../bus/cpu"),
    SYS_DIR("topology", PROC_CHILDREN(topology_entries)),
    PROC_PARAM("uevent", ""),
};

static const struct proc_entry smt_entries[] = {
    SYS_FILE("active", "0"),
    SYS_SET("control", "notsupported"),
};

static const struct proc_entry one_cpu = SYS_DIR("", PROC_CHILDREN(one_cpu_entries));

int sysfs_cpu_dir(const struct proc_ctx *c, int id, struct proc_ctx *child,
		  const struct proc_entry **e)
{
	child->fd = id * CACHES;
	*e = &one_cpu;
	return id >= 0 && (unsigned)id < cpu_count() ? 0 : -ENOENT;
}

static int read_cpu_link(const struct proc_ctx *c, char *buf, size_t size)
{
	return scnprintf(buf, size, "../../cpu/cpu%u", cpu_of(c));
}

int sysfs_cpu_link(const struct proc_ctx *c, int id, struct proc_ctx *child,
		   const struct proc_entry **e)
{
	static const struct proc_entry link = PROC_LINK("", .readlink = read_cpu_link);

	child->fd = id * CACHES;
	*e = &link;
	return id >= 0 && (unsigned)id < cpu_count() ? 0 : -ENOENT;
}

int sysfs_next_cpu(const struct proc_ctx *c, int id)
{
	return (unsigned)id < cpu_count() ? id : -1;
}

int sysfs_cpu_name(int id, char *buf, size_t size)
{
	return scnprintf(buf, size, "cpu%d", id);
}

/* ---- cpu ---- */

static int show_kernel_max(struct seq *s, const struct proc_ctx *c)
{
	seq_printf(s, "%u\n", cpu_count() - 1);
	return 0;
}

const struct proc_entry sysfs_cpu_entries[SYSFS_CPU_ENTRIES] = {
    SYS_FILE("isolated", ""),
    PROC_REG("kernel_max", 0444, .show = show_kernel_max),
    SYS_FILE("offline", ""),
    ALL_LIST("online"),
    ALL_LIST("possible"),
    ALL_LIST("present"),
    SYS_DIR("smt", PROC_CHILDREN(smt_entries)),
    PROC_PARAM("uevent", ""),
};
