/* SPDX-License-Identifier: MIT */
/*
 * Linux x86-64 ABI facts: structures and constants as programs see them. They come from Debian's
 * linux-libc-dev (the kernel's UAPI headers, the one source of truth); what those do not export is
 * written below with its source.
 */
#ifndef KERNEL_ABI_LINUX_H
#define KERNEL_ABI_LINUX_H

#include "kernel/abi/errno.h"
#include "kernel/types.h"

#include <asm/ioctls.h>
#include <asm/prctl.h>
#include <asm/sigcontext.h>
#include <asm/siginfo.h>
#include <asm/signal.h>
#include <asm/stat.h>
#include <asm/statfs.h>
#include <asm/termbits.h>
#include <asm/termios.h>
#include <asm/ucontext.h>
#include <linux/auxvec.h>
#include <linux/capability.h>
#include <linux/falloc.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/limits.h>
#include <linux/magic.h>
#include <linux/major.h>
#include <linux/memfd.h>
#include <linux/mman.h>
#include <linux/openat2.h>
#include <linux/poll.h>
#include <linux/prctl.h>
#include <linux/random.h>
#include <linux/resource.h>
#include <linux/rseq.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/sysinfo.h>
#include <linux/time.h>
#include <linux/time_types.h>
#include <linux/times.h>
#include <linux/timex.h>
#include <linux/uio.h>
#include <linux/utsname.h>
#include <linux/xattr.h>

/* It leaves S_IFMT and the like to the C library where it sees one: in host tests. */
#pragma push_macro("__GLIBC__")
#undef __GLIBC__
#include <linux/stat.h>
#pragma pop_macro("__GLIBC__")

/* getdents64(2): not exported by the UAPI headers. */
struct linux_dirent64 {
	uint64_t d_ino;
	int64_t d_off;
	uint16_t d_reclen;
	uint8_t d_type;
	char d_name[];
};

/* getdents(2): d_type is the last byte of the record. */
struct linux_dirent {
	unsigned long d_ino;
	unsigned long d_off;
	unsigned short d_reclen;
	char d_name[];
};

/* d_type values: getdents(2); equal to (st_mode >> 12) & 15. */
enum {
	DT_UNKNOWN = 0,
	DT_FIFO = 1,
	DT_CHR = 2,
	DT_DIR = 4,
	DT_BLK = 6,
	DT_REG = 8,
	DT_LNK = 10,
	DT_SOCK = 12,
};

/* access(2) modes. */
#define R_OK 4
#define W_OK 2
#define X_OK 1
#define F_OK 0

/* Newer than the headers of Debian 12: Linux 6.9 (linux/fs.h). */
#ifndef RWF_NOAPPEND
#define RWF_NOAPPEND 0x20
#endif

/* utimensat(2). */
#define UTIME_NOW  ((1l << 30) - 1)
#define UTIME_OMIT ((1l << 30) - 2)

/* The user address space ends one page below the canonical hole (Documentation/x86/x86_64/mm.rst).
 */
#define TASK_SIZE 0x7ffffffff000ull

#define N_SIGNALS    64
#define PATH_MAX_LEN 4096 /* with the terminating NUL */

#endif
