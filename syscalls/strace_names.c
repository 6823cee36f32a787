/* SPDX-License-Identifier: MIT */
/*
 * Names for --strace: every list of flags, commands and errors in one place, from the UAPI headers'
 * own constants. In a list of flags, combinations stand before their parts, a name for 0 first.
 */
#include "syscalls/strace.h"

#include "fs/ipc.h"
#include "kernel/abi/linux.h"

#include <linux/aio_abi.h>
#include <linux/close_range.h>
#include <linux/fadvise.h>
#include <linux/inotify.h>
#include <linux/membarrier.h>
#include <linux/msg.h>
#include <linux/seccomp.h>
#include <linux/sem.h>
#include <linux/wait.h>

/* clang-format off */
#define N(constant) {(uint64_t)(uint32_t)(constant), #constant}

const struct trace_name names_none[] = {NAMES_END};

const struct trace_name names_open_flags[] = {
	N(O_TMPFILE), N(O_SYNC), N(O_DSYNC), N(O_CREAT), N(O_EXCL), N(O_NOCTTY), N(O_TRUNC),
	N(O_APPEND), N(O_NONBLOCK), N(O_DIRECT), N(O_LARGEFILE), N(O_DIRECTORY), N(O_NOFOLLOW),
	N(O_NOATIME), N(O_CLOEXEC), N(O_PATH), N(FASYNC), NAMES_END,
};

const struct trace_name names_access_mode[] = {
	N(F_OK), N(R_OK), N(W_OK), N(X_OK), NAMES_END,
};

const struct trace_name names_at_flags[] = {
	N(AT_SYMLINK_NOFOLLOW), N(AT_EACCESS), N(AT_SYMLINK_FOLLOW), N(AT_NO_AUTOMOUNT),
	N(AT_EMPTY_PATH), N(AT_STATX_FORCE_SYNC), N(AT_STATX_DONT_SYNC), NAMES_END,
};

const struct trace_name names_unlink_flags[] = {
	N(AT_REMOVEDIR), NAMES_END,
};

const struct trace_name names_rename_flags[] = {
	N(RENAME_NOREPLACE), N(RENAME_EXCHANGE), N(RENAME_WHITEOUT), NAMES_END,
};

const struct trace_name names_xattr_flags[] = {
	N(XATTR_CREATE), N(XATTR_REPLACE), NAMES_END,
};

const struct trace_name names_falloc_mode[] = {
	N(FALLOC_FL_KEEP_SIZE), N(FALLOC_FL_PUNCH_HOLE), N(FALLOC_FL_COLLAPSE_RANGE),
	N(FALLOC_FL_ZERO_RANGE), N(FALLOC_FL_INSERT_RANGE), N(FALLOC_FL_UNSHARE_RANGE), NAMES_END,
};

const struct trace_name names_fadvice[] = {
	N(POSIX_FADV_NORMAL), N(POSIX_FADV_RANDOM), N(POSIX_FADV_SEQUENTIAL),
	N(POSIX_FADV_WILLNEED), N(POSIX_FADV_DONTNEED), N(POSIX_FADV_NOREUSE), NAMES_END,
};

const struct trace_name names_lock_op[] = {
	N(LOCK_SH), N(LOCK_EX), N(LOCK_NB), N(LOCK_UN), NAMES_END,
};

const struct trace_name names_whence[] = {
	N(SEEK_SET), N(SEEK_CUR), N(SEEK_END), N(SEEK_DATA), N(SEEK_HOLE), NAMES_END,
};

const struct trace_name names_fcntl_cmd[] = {
	N(F_DUPFD), N(F_GETFD), N(F_SETFD), N(F_GETFL), N(F_SETFL), N(F_GETLK), N(F_SETLK),
	N(F_SETLKW), N(F_SETOWN), N(F_GETOWN), N(F_SETSIG), N(F_GETSIG), N(F_SETOWN_EX),
	N(F_GETOWN_EX), N(F_OFD_GETLK), N(F_OFD_SETLK), N(F_OFD_SETLKW), N(F_SETLEASE),
	N(F_GETLEASE), N(F_NOTIFY), N(F_DUPFD_CLOEXEC), N(F_SETPIPE_SZ), N(F_GETPIPE_SZ),
	N(F_ADD_SEALS), N(F_GET_SEALS), N(F_GET_RW_HINT), N(F_SET_RW_HINT), NAMES_END,
};

const struct trace_name names_iocb_cmd[] = {
	N(IOCB_CMD_PREAD), N(IOCB_CMD_PWRITE), N(IOCB_CMD_FSYNC), N(IOCB_CMD_FDSYNC),
	N(IOCB_CMD_POLL), N(IOCB_CMD_NOOP), N(IOCB_CMD_PREADV), N(IOCB_CMD_PWRITEV), NAMES_END,
};

const struct trace_name names_ipc_flags[] = {
	N(IPC_CREAT), N(IPC_EXCL), N(IPC_NOWAIT), NAMES_END,
};

const struct trace_name names_sem_flags[] = {
	N(SEM_UNDO), N(IPC_NOWAIT), NAMES_END,
};

const struct trace_name names_msgrcv_flags[] = {
	N(IPC_NOWAIT), N(MSG_NOERROR), N(MSG_EXCEPT), N(MSG_COPY), NAMES_END,
};

const struct trace_name names_shmat_flags[] = {
	N(SHM_RDONLY), N(SHM_RND), N(SHM_REMAP), N(SHM_EXEC), NAMES_END,
};

const struct trace_name names_sem_cmd[] = {
	N(IPC_RMID), N(IPC_SET), N(IPC_STAT), N(IPC_INFO), N(SEM_STAT), N(SEM_INFO),
	N(SEM_STAT_ANY), N(GETPID), N(GETVAL), N(GETALL), N(GETNCNT), N(GETZCNT), N(SETVAL),
	N(SETALL), NAMES_END,
};

const struct trace_name names_msg_cmd[] = {
	N(IPC_RMID), N(IPC_SET), N(IPC_STAT), N(IPC_INFO), N(MSG_STAT), N(MSG_INFO),
	N(MSG_STAT_ANY), NAMES_END,
};

const struct trace_name names_shm_cmd[] = {
	N(IPC_RMID), N(IPC_SET), N(IPC_STAT), N(IPC_INFO), N(SHM_LOCK), N(SHM_UNLOCK), N(SHM_STAT),
	N(SHM_INFO), N(SHM_STAT_ANY), NAMES_END,
};

const struct trace_name names_fd_flags[] = {
	N(FD_CLOEXEC), NAMES_END,
};

const struct trace_name names_lock_type[] = {
	N(F_RDLCK), N(F_WRLCK), N(F_UNLCK), NAMES_END,
};

const struct trace_name names_ioctl[] = {
	N(TCGETS), N(TCSETS), N(TCSETSW), N(TCSETSF), N(TCGETA), N(TCSETA), N(TCSBRK), N(TCXONC),
	N(TCFLSH), N(TCSBRKP), N(TIOCEXCL), N(TIOCNXCL), N(TIOCSCTTY), N(TIOCNOTTY),
	N(TIOCGPGRP), N(TIOCSPGRP), N(TIOCGSID), N(TIOCOUTQ), N(TIOCSTI), N(TIOCGWINSZ),
	N(TIOCSWINSZ), N(TIOCGETD), N(TIOCSETD), N(TIOCGPTN), N(FIONREAD), N(FIONBIO),
	N(FIONCLEX), N(FIOCLEX), N(FIOASYNC), N(FIOQSIZE), N(FICLONE), N(FICLONERANGE),
	N(FIDEDUPERANGE), N(FS_IOC_GETFLAGS), N(FS_IOC_SETFLAGS), N(FS_IOC_FSGETXATTR),
	N(FS_IOC_FSSETXATTR), N(FIFREEZE), N(FITHAW), N(FITRIM),
	N(BLKGETSIZE64), N(BLKSSZGET), NAMES_END,
};

/* <fcntl.h> has these, the UAPI headers do not. */
const struct trace_name names_splice_flags[] = {
	{1, "SPLICE_F_MOVE"}, {2, "SPLICE_F_NONBLOCK"}, {4, "SPLICE_F_MORE"}, {8, "SPLICE_F_GIFT"},
	NAMES_END,
};

const struct trace_name names_inotify_mask[] = {
	N(IN_ALL_EVENTS), N(IN_ACCESS), N(IN_MODIFY), N(IN_ATTRIB), N(IN_CLOSE), N(IN_CLOSE_WRITE),
	N(IN_CLOSE_NOWRITE), N(IN_OPEN), N(IN_MOVE), N(IN_MOVED_FROM), N(IN_MOVED_TO), N(IN_CREATE),
	N(IN_DELETE), N(IN_DELETE_SELF), N(IN_MOVE_SELF), N(IN_ONLYDIR), N(IN_DONT_FOLLOW),
	N(IN_EXCL_UNLINK), N(IN_MASK_CREATE), N(IN_MASK_ADD), N(IN_ISDIR), N(IN_ONESHOT),
	NAMES_END,
};

const struct trace_name names_rwf_flags[] = {
	N(RWF_HIPRI), N(RWF_DSYNC), N(RWF_SYNC), N(RWF_NOWAIT), N(RWF_APPEND), NAMES_END,
};

const struct trace_name names_statx_mask[] = {
	N(STATX_ALL), N(STATX_BASIC_STATS), N(STATX_TYPE), N(STATX_MODE), N(STATX_NLINK),
	N(STATX_UID), N(STATX_GID), N(STATX_ATIME), N(STATX_MTIME), N(STATX_CTIME), N(STATX_INO),
	N(STATX_SIZE), N(STATX_BLOCKS), N(STATX_BTIME), N(STATX_MNT_ID), N(STATX_DIOALIGN),
	NAMES_END,
};

const struct trace_name names_resolve[] = {
	N(RESOLVE_NO_XDEV), N(RESOLVE_NO_MAGICLINKS), N(RESOLVE_NO_SYMLINKS), N(RESOLVE_BENEATH),
	N(RESOLVE_IN_ROOT), N(RESOLVE_CACHED), NAMES_END,
};

const struct trace_name names_seccomp_op[] = {N(SECCOMP_SET_MODE_STRICT), N(SECCOMP_SET_MODE_FILTER),
					      N(SECCOMP_GET_ACTION_AVAIL),
					      N(SECCOMP_GET_NOTIF_SIZES), NAMES_END};

const struct trace_name names_seccomp_flags[] = {
    N(SECCOMP_FILTER_FLAG_TSYNC),	N(SECCOMP_FILTER_FLAG_LOG),
    N(SECCOMP_FILTER_FLAG_SPEC_ALLOW),	N(SECCOMP_FILTER_FLAG_NEW_LISTENER),
    N(SECCOMP_FILTER_FLAG_TSYNC_ESRCH), NAMES_END};

const struct trace_name names_close_range_flags[] = {
	N(CLOSE_RANGE_UNSHARE), N(CLOSE_RANGE_CLOEXEC), NAMES_END,
};

const struct trace_name names_memfd_flags[] = {
	N(MFD_CLOEXEC), N(MFD_ALLOW_SEALING), N(MFD_HUGETLB), NAMES_END,
};

const struct trace_name names_grnd_flags[] = {
	N(GRND_NONBLOCK), N(GRND_RANDOM), N(GRND_INSECURE), NAMES_END,
};

const struct trace_name names_file_type[] = {
	N(S_IFREG), N(S_IFDIR), N(S_IFLNK), N(S_IFCHR), N(S_IFBLK), N(S_IFIFO), N(S_IFSOCK),
	NAMES_END,
};

const struct trace_name names_poll_events[] = {
	N(POLLIN), N(POLLPRI), N(POLLOUT), N(POLLERR), N(POLLHUP), N(POLLNVAL), N(POLLRDNORM),
	N(POLLRDBAND), N(POLLWRNORM), N(POLLWRBAND), N(POLLMSG), N(POLLRDHUP), NAMES_END,
};

const struct trace_name names_lflag[] = {
	N(ISIG), N(ICANON), N(XCASE), N(ECHO), N(ECHOE), N(ECHOK), N(ECHONL), N(NOFLSH),
	N(TOSTOP), N(ECHOCTL), N(ECHOPRT), N(ECHOKE), N(FLUSHO), N(PENDIN), N(IEXTEN), NAMES_END,
};

const struct trace_name names_prot[] = {
	N(PROT_NONE), N(PROT_READ), N(PROT_WRITE), N(PROT_EXEC), N(PROT_SEM), N(PROT_GROWSDOWN),
	N(PROT_GROWSUP), NAMES_END,
};

const struct trace_name names_mmap_flags[] = {
	N(MAP_SHARED_VALIDATE), N(MAP_SHARED), N(MAP_PRIVATE), N(MAP_FIXED), N(MAP_ANONYMOUS),
	N(MAP_32BIT), N(MAP_GROWSDOWN), N(MAP_DENYWRITE), N(MAP_EXECUTABLE), N(MAP_LOCKED),
	N(MAP_NORESERVE), N(MAP_POPULATE), N(MAP_NONBLOCK), N(MAP_STACK), N(MAP_HUGETLB),
	N(MAP_SYNC), N(MAP_FIXED_NOREPLACE), NAMES_END,
};

const struct trace_name names_mremap_flags[] = {
	N(MREMAP_MAYMOVE), N(MREMAP_FIXED), N(MREMAP_DONTUNMAP), NAMES_END,
};

const struct trace_name names_msync_flags[] = {
	N(MS_ASYNC), N(MS_INVALIDATE), N(MS_SYNC), NAMES_END,
};

const struct trace_name names_madvice[] = {
	N(MADV_NORMAL), N(MADV_RANDOM), N(MADV_SEQUENTIAL), N(MADV_WILLNEED), N(MADV_DONTNEED),
	N(MADV_FREE), N(MADV_REMOVE), N(MADV_DONTFORK), N(MADV_DOFORK), N(MADV_MERGEABLE),
	N(MADV_UNMERGEABLE), N(MADV_HUGEPAGE), N(MADV_NOHUGEPAGE), N(MADV_DONTDUMP),
	N(MADV_DODUMP), N(MADV_WIPEONFORK), N(MADV_KEEPONFORK), N(MADV_COLD), N(MADV_PAGEOUT),
	N(MADV_POPULATE_READ), N(MADV_POPULATE_WRITE), N(MADV_DONTNEED_LOCKED), N(MADV_COLLAPSE),
	N(MADV_HWPOISON), NAMES_END,
};

const struct trace_name names_mlockall_flags[] = {
	N(MCL_CURRENT), N(MCL_FUTURE), N(MCL_ONFAULT), NAMES_END,
};

const struct trace_name names_sig_how[] = {
	N(SIG_BLOCK), N(SIG_UNBLOCK), N(SIG_SETMASK), NAMES_END,
};

const struct trace_name names_sa_flags[] = {
	N(SA_NOCLDSTOP), N(SA_NOCLDWAIT), N(SA_SIGINFO), N(SA_EXPOSE_TAGBITS), N(SA_RESTORER),
	N(SA_ONSTACK), N(SA_RESTART), N(SA_NODEFER), N(SA_RESETHAND), NAMES_END,
};

const struct trace_name names_ss_flags[] = {
	N(SS_ONSTACK), N(SS_DISABLE), N(SS_AUTODISARM), NAMES_END,
};

const struct trace_name names_si_code[] = {
	N(SI_USER), N(SI_KERNEL), N(SI_QUEUE), N(SI_TIMER), N(SI_MESGQ), N(SI_ASYNCIO),
	N(SI_SIGIO), N(SI_TKILL), NAMES_END,
};

const struct trace_name names_clockid[] = {
	N(CLOCK_REALTIME), N(CLOCK_MONOTONIC), N(CLOCK_PROCESS_CPUTIME_ID),
	N(CLOCK_THREAD_CPUTIME_ID), N(CLOCK_MONOTONIC_RAW), N(CLOCK_REALTIME_COARSE),
	N(CLOCK_MONOTONIC_COARSE), N(CLOCK_BOOTTIME), N(CLOCK_REALTIME_ALARM),
	N(CLOCK_BOOTTIME_ALARM), N(CLOCK_TAI), NAMES_END,
};

const struct trace_name names_timer_flags[] = {
	N(TIMER_ABSTIME), NAMES_END,
};

const struct trace_name names_sigev_notify[] = {
	N(SIGEV_SIGNAL), N(SIGEV_NONE), N(SIGEV_THREAD), N(SIGEV_THREAD_ID), NAMES_END,
};

const struct trace_name names_itimer_which[] = {
	N(ITIMER_REAL), N(ITIMER_VIRTUAL), N(ITIMER_PROF), NAMES_END,
};

const struct trace_name names_futex_op[] = {
	N(FUTEX_WAIT), N(FUTEX_WAKE), N(FUTEX_FD), N(FUTEX_REQUEUE), N(FUTEX_CMP_REQUEUE),
	N(FUTEX_WAKE_OP), N(FUTEX_LOCK_PI), N(FUTEX_UNLOCK_PI), N(FUTEX_TRYLOCK_PI),
	N(FUTEX_WAIT_BITSET), N(FUTEX_WAKE_BITSET), N(FUTEX_WAIT_REQUEUE_PI),
	N(FUTEX_CMP_REQUEUE_PI), N(FUTEX_LOCK_PI2), NAMES_END,
};

const struct trace_name names_futex_flags[] = {
	N(FUTEX_PRIVATE_FLAG), N(FUTEX_CLOCK_REALTIME), NAMES_END,
};

const struct trace_name names_rlimit[] = {
	N(RLIMIT_CPU), N(RLIMIT_FSIZE), N(RLIMIT_DATA), N(RLIMIT_STACK), N(RLIMIT_CORE),
	N(RLIMIT_RSS), N(RLIMIT_NPROC), N(RLIMIT_NOFILE), N(RLIMIT_MEMLOCK), N(RLIMIT_AS),
	N(RLIMIT_LOCKS), N(RLIMIT_SIGPENDING), N(RLIMIT_MSGQUEUE), N(RLIMIT_NICE),
	N(RLIMIT_RTPRIO), N(RLIMIT_RTTIME), NAMES_END,
};

const struct trace_name names_rusage_who[] = {
	N(RUSAGE_SELF), N(RUSAGE_CHILDREN), N(RUSAGE_THREAD), NAMES_END,
};

const struct trace_name names_prio_which[] = {
	N(PRIO_PROCESS), N(PRIO_PGRP), N(PRIO_USER), NAMES_END,
};

const struct trace_name names_wait_opts[] = {
	N(WNOHANG), N(WUNTRACED), N(WEXITED), N(WCONTINUED), N(WNOWAIT), N(__WNOTHREAD),
	N(__WALL), N(__WCLONE), NAMES_END,
};

const struct trace_name names_id_type[] = {
	N(P_ALL), N(P_PID), N(P_PGID), N(P_PIDFD), NAMES_END,
};

const struct trace_name names_sched_policy[] = {
	N(SCHED_NORMAL), N(SCHED_FIFO), N(SCHED_RR), N(SCHED_BATCH), N(SCHED_IDLE),
	N(SCHED_DEADLINE), NAMES_END,
};

const struct trace_name names_clone_flags[] = {
	N(CLONE_VM), N(CLONE_FS), N(CLONE_FILES), N(CLONE_SIGHAND), N(CLONE_PIDFD),
	N(CLONE_PTRACE), N(CLONE_VFORK), N(CLONE_PARENT), N(CLONE_THREAD), N(CLONE_NEWNS),
	N(CLONE_SYSVSEM), N(CLONE_SETTLS), N(CLONE_PARENT_SETTID), N(CLONE_CHILD_CLEARTID),
	N(CLONE_UNTRACED), N(CLONE_CHILD_SETTID), N(CLONE_NEWCGROUP), N(CLONE_NEWUTS),
	N(CLONE_NEWIPC), N(CLONE_NEWUSER), N(CLONE_NEWPID), N(CLONE_NEWNET), N(CLONE_IO),
	NAMES_END,
};

const struct trace_name names_prctl_op[] = {
	N(PR_SET_PDEATHSIG), N(PR_GET_PDEATHSIG), N(PR_GET_DUMPABLE), N(PR_SET_DUMPABLE),
	N(PR_GET_KEEPCAPS), N(PR_SET_KEEPCAPS), N(PR_GET_TIMING), N(PR_SET_TIMING),
	N(PR_SET_NAME), N(PR_GET_NAME), N(PR_GET_SECCOMP), N(PR_SET_SECCOMP), N(PR_CAPBSET_READ),
	N(PR_CAPBSET_DROP), N(PR_GET_TSC), N(PR_SET_TSC), N(PR_GET_SECUREBITS),
	N(PR_SET_SECUREBITS), N(PR_SET_TIMERSLACK), N(PR_GET_TIMERSLACK), N(PR_MCE_KILL),
	N(PR_MCE_KILL_GET), N(PR_SET_MM), N(PR_SET_CHILD_SUBREAPER), N(PR_GET_CHILD_SUBREAPER),
	N(PR_SET_NO_NEW_PRIVS), N(PR_GET_NO_NEW_PRIVS), N(PR_GET_TID_ADDRESS),
	N(PR_SET_THP_DISABLE), N(PR_GET_THP_DISABLE), N(PR_CAP_AMBIENT),
	N(PR_GET_SPECULATION_CTRL), N(PR_SET_SPECULATION_CTRL), N(PR_SET_IO_FLUSHER),
	N(PR_GET_IO_FLUSHER), N(PR_SCHED_CORE), N(PR_SET_VMA),
	N(PR_SET_PTRACER), NAMES_END,
};

const struct trace_name names_arch_op[] = {
	N(ARCH_SET_GS), N(ARCH_SET_FS), N(ARCH_GET_FS), N(ARCH_GET_GS), N(ARCH_GET_CPUID),
	N(ARCH_SET_CPUID), N(ARCH_GET_XCOMP_SUPP), N(ARCH_GET_XCOMP_PERM),
	N(ARCH_REQ_XCOMP_PERM), NAMES_END,
};

const struct trace_name names_membarrier_cmd[] = {
	N(MEMBARRIER_CMD_QUERY), N(MEMBARRIER_CMD_GLOBAL), N(MEMBARRIER_CMD_GLOBAL_EXPEDITED),
	N(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED), N(MEMBARRIER_CMD_PRIVATE_EXPEDITED),
	N(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED),
	N(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE),
	N(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE),
	N(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ),
	N(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ),
	NAMES_END,
};
/* clang-format on */
