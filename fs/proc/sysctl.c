/* SPDX-License-Identifier: MIT */
/*
 * /proc/sys: proc_sys(5), Linux's Documentation/admin-guide/sysctl. A constant is how this kernel
 * behaves, or Linux's default where programs only look at it. Files that Linux has for system calls
 * that do not exist here are absent, because their presence is how programs ask.
 */
#include "fs/aio.h"
#include "fs/ipc.h"
#include "fs/mqueue.h"
#include "fs/msg.h"
#include "fs/proc/proc.h"
#include "fs/sem.h"
#include "kernel/mm.h"
#include "kernel/page.h"
#include "kernel/random.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/utsname.h"

#define STRING_(x) #x
#define STRING(x)  STRING_(x)

_Static_assert(MMAP_MIN_ADDR == 65536, "vm.mmap_min_addr below");

/* A name without its line end. */
static size_t name_len(const char *text, size_t len)
{
	const char *end = memchr(text, '\n', len);

	return strnlen(text, end ? (size_t)(end - text) : len);
}

static int show_hostname(struct seq *s, const struct proc_ctx *c)
{
	struct new_utsname u;

	kernel_utsname(&u);
	seq_printf(s, "%s\n", u.nodename);
	return 0;
}

static int store_hostname(const struct proc_ctx *c, const char *text, size_t len)
{
	kernel_set_hostname(text, name_len(text, len));
	return 0;
}

static int show_domainname(struct seq *s, const struct proc_ctx *c)
{
	struct new_utsname u;

	kernel_utsname(&u);
	seq_printf(s, "%s\n", u.domainname);
	return 0;
}

static int store_domainname(const struct proc_ctx *c, const char *text, size_t len)
{
	kernel_set_domainname(text, name_len(text, len));
	return 0;
}

/* A random UUID (RFC 9562, version 4). */
static void make_uuid(char out[37])
{
	uint8_t b[16];
	size_t n = 0;

	random_bytes(b, sizeof(b));
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			out[n++] = '-';
		n += snprintf(out + n, 37 - n, "%02x", b[i]);
	}
}

static int show_uuid(struct seq *s, const struct proc_ctx *c)
{
	char text[37];

	make_uuid(text);
	seq_printf(s, "%s\n", text);
	return 0;
}

static int show_boot_id(struct seq *s, const struct proc_ctx *c)
{
	static char text[37];

	if (!text[0])
		make_uuid(text);
	seq_printf(s, "%s\n", text);
	return 0;
}

static int show_ngroups_max(struct seq *s, const struct proc_ctx *c)
{
	seq_printf(s, "%d\n", MAX_GROUPS);
	return 0;
}

static int show_threads_max(struct seq *s, const struct proc_ctx *c)
{
	seq_printf(s, "%lu\n", 2 * (unsigned long)current_process()->limits[RLIMIT_NPROC].rlim_max);
	return 0;
}

/* Open descriptors, none allocated in reserve, the limit. */
static int show_file_nr(struct seq *s, const struct proc_ctx *c)
{
	unsigned n = 0;

	for (int fd = -1; (fd = fd_next(current_process()->files, fd + 1)) >= 0;)
		n++;
	seq_printf(s, "%u\t0\t%ld\n", n, (long)INT64_MAX);
	return 0;
}

/* Linux's tcp_init_mem: pressure at an eighth of the pages. */
static void put_net_mem(struct seq *s, unsigned long limit)
{
	seq_printf(s, "%lu\t%lu\t%lu\n", limit / 4 * 3, limit, limit / 4 * 3 * 2);
}

static int show_tcp_mem(struct seq *s, const struct proc_ctx *c)
{
	put_net_mem(s, MAX(page_total() / 16, 128ul));
	return 0;
}

static int show_udp_mem(struct seq *s, const struct proc_ctx *c)
{
	put_net_mem(s, MAX(page_total() / 8, 128ul));
	return 0;
}

static int show_aio_nr(struct seq *s, const struct proc_ctx *c)
{
	seq_printf(s, "%d\n", aio_nr);
	return 0;
}

static const struct proc_entry random_entries[] = {
    PROC_REG("boot_id", 0444, .show = show_boot_id),
    PROC_TEXT("entropy_avail", "256\n"),
    PROC_TEXT("poolsize", "256\n"),
    PROC_PARAM("urandom_min_reseed_secs", "60\n"),
    PROC_REG("uuid", 0444, .show = show_uuid),
    PROC_PARAM("write_wakeup_threshold", "256\n"),
};

static const struct proc_entry kernel_entries[] = {
    PROC_TEXT("arch", "x86_64\n"),
    PROC_TEXT("cap_last_cap", "" STRING(CAP_LAST_CAP) "\n"),
    PROC_PARAM("core_pattern", "core\n"),
    PROC_PARAM("core_pipe_limit", "0\n"),
    PROC_PARAM("core_uses_pid", "0\n"),
    PROC_PARAM("ctrl-alt-del", "0\n"),
    PROC_PARAM("dmesg_restrict", "0\n"),
    PROC_REG("domainname", 0644, .show = show_domainname, .store = store_domainname),
    PROC_REG("hostname", 0644, .show = show_hostname, .store = store_hostname),
    PROC_PARAM("kptr_restrict", "0\n"),
    PROC_INTS("msgmax", &msg_max, 1, 0, INT32_MAX),
    PROC_INTS("msgmnb", &msg_queue_max, 1, 0, INT32_MAX),
    PROC_INTS("msgmni", &msg_most, 1, 0, IPC_PLACES),
    PROC_REG("ngroups_max", 0444, .show = show_ngroups_max),
    PROC_PARAM("numa_balancing", "0\n"),
    PROC_TEXT("osrelease", "" KERNEL_RELEASE "\n"),
    PROC_TEXT("ostype", "Linux\n"),
    PROC_PARAM("overflowgid", "65534\n"),
    PROC_PARAM("overflowuid", "65534\n"),
    PROC_PARAM("panic", "0\n"),
    PROC_PARAM("panic_on_oops", "0\n"),
    PROC_PARAM("pid_max", "32768\n"),
    PROC_PARAM("print-fatal-signals", "0\n"),
    PROC_PARAM("printk", "4\t4\t1\t7\n"),
    PROC_DIR("random", 0555, PROC_CHILDREN(random_entries)),
    PROC_PARAM("randomize_va_space", "2\n"),
    PROC_PARAM("sched_autogroup_enabled", "0\n"),
    PROC_PARAM("sched_child_runs_first", "0\n"),
    PROC_PARAM("sched_rr_timeslice_ms", "100\n"),
    PROC_PARAM("sched_rt_period_us", "1000000\n"),
    PROC_PARAM("sched_rt_runtime_us", "950000\n"),
    PROC_INTS("sem", sem_limits, 4, 0, INT32_MAX),
    PROC_PARAM("shm_rmid_forced", "0\n"),
    PROC_PARAM("shmall", "18446744073692774399\n"),
    PROC_PARAM("shmmax", "18446744073692774399\n"),
    PROC_INTS("shmmni", &shm_max_segs, 1, 0, IPC_PLACES),
    PROC_PARAM("tainted", "0\n"),
    PROC_REG("threads-max", 0644, .show = show_threads_max),
    PROC_TEXT("version", "" KERNEL_VERSION "\n"),
};

static const struct proc_entry vm_entries[] = {
    PROC_PARAM("admin_reserve_kbytes", "8192\n"),
    PROC_PARAM("dirty_background_bytes", "0\n"),
    PROC_PARAM("dirty_background_ratio", "10\n"),
    PROC_PARAM("dirty_bytes", "0\n"),
    PROC_PARAM("dirty_expire_centisecs", "3000\n"),
    PROC_PARAM("dirty_ratio", "20\n"),
    PROC_PARAM("dirty_writeback_centisecs", "500\n"),
    PROC_PARAM("laptop_mode", "0\n"),
    PROC_PARAM("legacy_va_layout", "0\n"),
    PROC_PARAM("max_map_count", "" STRING(MM_MAX_AREAS) "\n"),
    PROC_PARAM("min_free_kbytes", "0\n"),
    PROC_PARAM("mmap_min_addr", "65536\n"),
    PROC_PARAM("mmap_rnd_bits", "28\n"),
    PROC_PARAM("nr_hugepages", "0\n"),
    PROC_PARAM("nr_overcommit_hugepages", "0\n"),
    PROC_PARAM("oom_dump_tasks", "1\n"),
    PROC_PARAM("oom_kill_allocating_task", "0\n"),
    PROC_PARAM("overcommit_kbytes", "0\n"),
    PROC_PARAM("overcommit_memory", "0\n"),
    PROC_PARAM("overcommit_ratio", "50\n"),
    PROC_PARAM("page-cluster", "3\n"),
    PROC_PARAM("panic_on_oom", "0\n"),
    PROC_PARAM("swappiness", "60\n"),
    PROC_PARAM("unprivileged_userfaultfd", "0\n"),
    PROC_PARAM("user_reserve_kbytes", "131072\n"),
    PROC_PARAM("vfs_cache_pressure", "100\n"),
    PROC_PARAM("watermark_scale_factor", "10\n"),
    PROC_PARAM("zone_reclaim_mode", "0\n"),
};

static const struct proc_entry epoll_entries[] = {
    PROC_PARAM("max_user_watches", "524288\n"),
};

static const struct proc_entry inotify_entries[] = {
    PROC_PARAM("max_queued_events", "16384\n"),
    PROC_PARAM("max_user_instances", "128\n"),
    PROC_PARAM("max_user_watches", "65536\n"),
};

static const struct proc_entry mqueue_entries[] = {
    PROC_INTS("msg_default", &mq_msg_default, 1, 1, HARD_MSG_MAX),
    PROC_INTS("msg_max", &mq_msg_max, 1, 1, HARD_MSG_MAX),
    PROC_INTS("msgsize_default", &mq_msgsize_default, 1, 128, HARD_MSGSIZE_MAX),
    PROC_INTS("msgsize_max", &mq_msgsize_max, 1, 128, HARD_MSGSIZE_MAX),
    PROC_INTS("queues_max", &mq_queues_max, 1, 0, INT32_MAX),
};

static const struct proc_entry fs_entries[] = {
    PROC_INTS("aio-max-nr", &aio_max, 1, 0, INT32_MAX),
    PROC_REG("aio-nr", 0444, .show = show_aio_nr),
    PROC_TEXT("dentry-state", "0\t0\t45\t0\t0\t0\n"),
    PROC_DIR("epoll", 0555, PROC_CHILDREN(epoll_entries)),
    PROC_PARAM("file-max", "9223372036854775807\n"),
    PROC_REG("file-nr", 0444, .show = show_file_nr),
    PROC_DIR("inotify", 0555, PROC_CHILDREN(inotify_entries)),
    PROC_PARAM("lease-break-time", "45\n"),
    PROC_PARAM("leases-enable", "1\n"),
    PROC_PARAM("mount-max", "100000\n"),
    PROC_DIR("mqueue", 0555, PROC_CHILDREN(mqueue_entries)),
    PROC_PARAM("nr_open", "1048576\n"),
    PROC_PARAM("overflowgid", "65534\n"),
    PROC_PARAM("overflowuid", "65534\n"),
    PROC_PARAM("pipe-max-size", "1048576\n"),
    PROC_PARAM("pipe-user-pages-hard", "0\n"),
    PROC_PARAM("pipe-user-pages-soft", "16384\n"),
    PROC_PARAM("protected_fifos", "0\n"),
    PROC_PARAM("protected_hardlinks", "1\n"),
    PROC_PARAM("protected_regular", "0\n"),
    PROC_PARAM("protected_symlinks", "0\n"),
    PROC_PARAM("suid_dumpable", "0\n"),
};

static const struct proc_entry core_entries[] = {
    PROC_PARAM("busy_poll", "0\n"),
    PROC_PARAM("busy_read", "0\n"),
    PROC_PARAM("default_qdisc", "pfifo_fast\n"),
    PROC_PARAM("dev_weight", "64\n"),
    PROC_PARAM("netdev_budget", "300\n"),
    PROC_PARAM("netdev_max_backlog", "1000\n"),
    PROC_PARAM("optmem_max", "20480\n"),
    PROC_PARAM("rmem_default", "212992\n"),
    PROC_PARAM("rmem_max", "212992\n"),
    PROC_PARAM("somaxconn", "4096\n"),
    PROC_PARAM("wmem_default", "212992\n"),
    PROC_PARAM("wmem_max", "212992\n"),
};

static const struct proc_entry ipv4_entries[] = {
    PROC_PARAM("ip_default_ttl", "64\n"),
    PROC_PARAM("ip_forward", "0\n"),
    PROC_PARAM("ip_local_port_range", "32768\t60999\n"),
    PROC_PARAM("ip_local_reserved_ports", "\n"),
    PROC_PARAM("ip_nonlocal_bind", "0\n"),
    PROC_PARAM("ip_unprivileged_port_start", "1024\n"),
    PROC_PARAM("tcp_abort_on_overflow", "0\n"),
    PROC_PARAM("tcp_adv_win_scale", "1\n"),
    PROC_PARAM("tcp_allowed_congestion_control", "reno\n"),
    PROC_TEXT("tcp_available_congestion_control", "reno\n"),
    PROC_PARAM("tcp_congestion_control", "reno\n"),
    PROC_PARAM("tcp_dsack", "0\n"),
    PROC_PARAM("tcp_ecn", "0\n"),
    PROC_PARAM("tcp_fastopen", "0\n"),
    PROC_PARAM("tcp_fin_timeout", "60\n"),
    PROC_PARAM("tcp_keepalive_intvl", "75\n"),
    PROC_PARAM("tcp_keepalive_probes", "9\n"),
    PROC_PARAM("tcp_keepalive_time", "7200\n"),
    PROC_PARAM("tcp_max_syn_backlog", "128\n"),
    PROC_REG("tcp_mem", 0644, .show = show_tcp_mem),
    PROC_PARAM("tcp_moderate_rcvbuf", "0\n"),
    PROC_PARAM("tcp_mtu_probing", "0\n"),
    PROC_PARAM("tcp_no_metrics_save", "1\n"),
    PROC_PARAM("tcp_notsent_lowat", "4294967295\n"),
    PROC_PARAM("tcp_orphan_retries", "0\n"),
    PROC_PARAM("tcp_retries1", "3\n"),
    PROC_PARAM("tcp_retries2", "15\n"),
    PROC_PARAM("tcp_rfc1337", "0\n"),
    PROC_PARAM("tcp_rmem", "4096\t131072\t6291456\n"),
    PROC_PARAM("tcp_sack", "1\n"),
    PROC_PARAM("tcp_slow_start_after_idle", "1\n"),
    PROC_PARAM("tcp_syn_retries", "6\n"),
    PROC_PARAM("tcp_synack_retries", "5\n"),
    PROC_PARAM("tcp_syncookies", "0\n"),
    PROC_PARAM("tcp_timestamps", "1\n"),
    PROC_PARAM("tcp_tw_reuse", "2\n"),
    PROC_PARAM("tcp_window_scaling", "1\n"),
    PROC_PARAM("tcp_wmem", "4096\t16384\t4194304\n"),
    PROC_REG("udp_mem", 0644, .show = show_udp_mem),
    PROC_PARAM("udp_rmem_min", "4096\n"),
    PROC_PARAM("udp_wmem_min", "4096\n"),
};

static const struct proc_entry ipv6_if_entries[] = {
    PROC_PARAM("accept_ra", "1\n"),  PROC_PARAM("disable_ipv6", "0\n"),
    PROC_PARAM("forwarding", "0\n"), PROC_PARAM("hop_limit", "64\n"),
    PROC_PARAM("mtu", "1280\n"),
};

static const struct proc_entry ipv6_conf_entries[] = {
    PROC_DIR("all", 0555, PROC_CHILDREN(ipv6_if_entries)),
    PROC_DIR("default", 0555, PROC_CHILDREN(ipv6_if_entries)),
    PROC_DIR("lo", 0555, PROC_CHILDREN(ipv6_if_entries)),
};

static const struct proc_entry ipv6_entries[] = {
    PROC_PARAM("bindv6only", "0\n"),
    PROC_DIR("conf", 0555, PROC_CHILDREN(ipv6_conf_entries)),
};

static const struct proc_entry unix_entries[] = {
    PROC_PARAM("max_dgram_qlen", "10\n"),
};

static const struct proc_entry net_entries[] = {
    PROC_DIR("core", 0555, PROC_CHILDREN(core_entries)),
    PROC_DIR("ipv4", 0555, PROC_CHILDREN(ipv4_entries)),
    PROC_DIR("ipv6", 0555, PROC_CHILDREN(ipv6_entries)),
    PROC_DIR("unix", 0555, PROC_CHILDREN(unix_entries)),
};

const struct proc_entry proc_sys_entries[PROC_N_SYS] = {
    PROC_DIR("fs", 0555, PROC_CHILDREN(fs_entries)),
    PROC_DIR("kernel", 0555, PROC_CHILDREN(kernel_entries)),
    PROC_DIR("net", 0555, PROC_CHILDREN(net_entries)),
    PROC_DIR("vm", 0555, PROC_CHILDREN(vm_entries)),
};
