/* SPDX-License-Identifier: MIT */
/*
 * /sys: sysfs(5), Linux's Documentation/ABI. The processors (sysfs_cpu.c), one memory node, the
 * loopback interface, and the block devices (sysfs_block.c). There are no cgroups: /sys/fs/cgroup
 * is an empty directory of this file system, which is how programs learn that none are mounted.
 */
#include "fs/proc/sysfs.h"

/* ---- devices/system ---- */

static const struct proc_entry hugepage_entries[] = {
    SYS_FILE("free_hugepages", "0"),
    SYS_SET("nr_hugepages", "0"),
    SYS_FILE("surplus_hugepages", "0"),
};

static const struct proc_entry node_hugepages_entries[] = {
    SYS_DIR("hugepages-2048kB", PROC_CHILDREN(hugepage_entries)),
};

static const struct proc_entry node0_entries[] = {
    PROC_REG("cpulist", 0444, .show = sysfs_show_cpu_list),
    PROC_REG("cpumap", 0444, .show = sysfs_show_cpu_map),
    SYS_FILE("distance", "10"),
    SYS_DIR("hugepages", PROC_CHILDREN(node_hugepages_entries)),
    PROC_REG("meminfo", 0444, .show = proc_show_node_meminfo),
    SYS_FILE("numastat", "numa_hit 0\nnuma_miss 0\nnuma_foreign 0\ninterleave_hit 0\n"
			 "local_node 0\nother_node 0"),
    PROC_LINK("subsystem", .text = "../../../../bus/node"),
    PROC_PARAM("uevent", ""),
    PROC_REG("vmstat", 0444, .show = proc_show_vmstat),
};

static const struct proc_entry node_entries[] = {
    SYS_FILE("has_cpu", "0"),
    SYS_FILE("has_memory", "0"),
    SYS_FILE("has_normal_memory", "0"),
    SYS_DIR("node0", PROC_CHILDREN(node0_entries), SYSFS_CPUS(sysfs_cpu_link)),
    SYS_FILE("online", "0"),
    SYS_FILE("possible", "0"),
    PROC_PARAM("uevent", ""),
};

static const struct proc_entry system_entries[] = {
    SYS_DIR("cpu", PROC_CHILDREN(sysfs_cpu_entries), SYSFS_CPUS(sysfs_cpu_dir)),
    SYS_DIR("node", PROC_CHILDREN(node_entries)),
};

static const struct proc_entry virtual_entries[] = {
    SYS_DIR("net", SYSFS_NETIFS(sysfs_netif_dir, sysfs_virtual_netif_next)),
};

/* ---- kernel ---- */

/* Large anonymous areas get 2 MiB pages without being asked. */
static const struct proc_entry thp_entries[] = {
    SYS_SET("defrag", "always defer defer+madvise [madvise] never"),
    SYS_SET("enabled", "[always] madvise never"),
    SYS_FILE("hpage_pmd_size", "2097152"),
    SYS_SET("shmem_enabled", "always within_size advise [never] deny force"),
    SYS_SET("use_zero_page", "0"),
};

static const struct proc_entry all_hugepage_entries[] = {
    SYS_FILE("free_hugepages", "0"),	    SYS_SET("nr_hugepages", "0"),
    SYS_SET("nr_hugepages_mempolicy", "0"), SYS_SET("nr_overcommit_hugepages", "0"),
    SYS_FILE("resv_hugepages", "0"),	    SYS_FILE("surplus_hugepages", "0"),
};

static const struct proc_entry hugepages_entries[] = {
    SYS_DIR("hugepages-2048kB", PROC_CHILDREN(all_hugepage_entries)),
};

static const struct proc_entry mm_entries[] = {
    SYS_DIR("hugepages", PROC_CHILDREN(hugepages_entries)),
    SYS_DIR("transparent_hugepage", PROC_CHILDREN(thp_entries)),
};

static const struct proc_entry kernel_entries[] = {
    SYS_FILE("cpu_byteorder", "little"),
    SYS_FILE("fscaps", "1"),
    SYS_DIR("mm", PROC_CHILDREN(mm_entries)),
    SYS_FILE("uevent_seqnum", "0"),
};

/* ---- the top ---- */

static const struct proc_entry bus_entries[] = {
    SYS_DIR("cpu"),
    SYS_DIR("node"),
};

static const struct proc_entry class_entries[] = {
    SYS_DIR("block", SYSFS_DISKS(sysfs_class_disk, sysfs_disk_name)),
    SYS_DIR("net", SYSFS_NETIFS(sysfs_class_netif, sysfs_netif_next)),
};

static const struct proc_entry dev_entries[] = {
    SYS_DIR("block", SYSFS_DISKS(sysfs_class_disk, sysfs_disk_number)),
    SYS_DIR("char"),
};

static const struct proc_entry virtio_entries[] = {
    SYS_DIR("block", SYSFS_DISKS(sysfs_disk_dir, sysfs_disk_name)),
    SYS_DIR("net", SYSFS_NETIFS(sysfs_netif_dir, sysfs_device_netif_next)),
};

static const struct proc_entry devices_entries[] = {
    SYS_DIR("system", PROC_CHILDREN(system_entries)),
    SYS_DIR("virtio", PROC_CHILDREN(virtio_entries)),
    SYS_DIR("virtual", PROC_CHILDREN(virtual_entries)),
};

static const struct proc_entry fs_entries[] = {
    SYS_DIR("cgroup"),
};

static const struct proc_entry root_entries[] = {
    SYS_DIR("block", SYSFS_DISKS(sysfs_block_disk, sysfs_disk_name)),
    SYS_DIR("bus", PROC_CHILDREN(bus_entries)),
    SYS_DIR("class", PROC_CHILDREN(class_entries)),
    SYS_DIR("dev", PROC_CHILDREN(dev_entries)),
    SYS_DIR("devices", PROC_CHILDREN(devices_entries)),
    SYS_DIR("firmware"),
    SYS_DIR("fs", PROC_CHILDREN(fs_entries)),
    SYS_DIR("kernel", PROC_CHILDREN(kernel_entries)),
    SYS_DIR("module"),
    SYS_DIR("power"),
};

static const struct proc_entry root = PROC_DIR("", 0555, PROC_CHILDREN(root_entries));

/* The file system for /sys. 0 or -ENOMEM. */
int sysfs_new(struct super **out)
{
	static const struct proc_tree tree = {"sysfs", SYSFS_MAGIC, PAGE_SIZE, &root};

	static struct super *only;

	return proc_super_only(&tree, &only, out);
}
