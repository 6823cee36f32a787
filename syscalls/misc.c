/* SPDX-License-Identifier: MIT */
/* Small calls about the system as a whole and the thread: sysinfo, getrandom, syslog, getcpu,
 * set_tid_address, membarrier. */
#include "kernel/clock.h"
#include "kernel/page.h"
#include "kernel/process.h"
#include "kernel/random.h"
#include "kernel/string.h"
#include "kernel/wait.h"
#include "kernel/x86_64/smp.h"
#include "syscalls/syscall.h"

#include <linux/membarrier.h>

/* ---- sysinfo(2) ---- */

long sys_sysinfo(uaddr_t uinfo)
{
	unsigned threads;
	struct sysinfo info = {
	    .uptime = (clock_mono_ns() + NSEC_PER_SEC - 1) / NSEC_PER_SEC,
	    .totalram = page_total() * PAGE_SIZE,
	    .freeram = page_free_count() * PAGE_SIZE,
	    .mem_unit = 1,
	};

	(void)process_count(0, &threads);
	info.procs = threads;
	return copy_to_user(uinfo, &info, sizeof(info));
}

/* ---- getrandom(2) ---- */

/* After the first page, between pages, a signal may end a long request early, as on Linux. */
static long random_to_user(uaddr_t buf, size_t count)
{
	uint8_t block[256];
	size_t done = 0;

	while (done < count) {
		size_t n = MIN(count - done, sizeof(block)), left;

		random_bytes(block, n);
		left = uaccess_write(buf + done, block, n);
		done += n - left;
		if (left)
			break;
		if (done % PAGE_SIZE)
			continue;
		sched_breathe();
		if (signal_pending(current))
			break;
	}
	memset(block, 0, sizeof(block));
	__asm__ volatile("" : : "r"(block) : "memory"); /* keep the clearing */
	return done || !count ? (long)done : -EFAULT;
}

long sys_getrandom(uaddr_t buf, size_t count, unsigned flags)
{
	size_t limit = INT32_MAX & PAGE_MASK; /* MAX_RW_COUNT */

	if (flags & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	if ((flags & (GRND_RANDOM | GRND_INSECURE)) == (GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	count = MIN(count, limit);
	if (!user_range_ok(buf, count))
		return -EFAULT;
	return random_to_user(buf, count);
}

/* ---- syslog(2) ---- */

enum { /* include/linux/syslog.h, not exported */
       SYSLOG_CLOSE,
       SYSLOG_OPEN,
       SYSLOG_READ,
       SYSLOG_READ_ALL,
       SYSLOG_READ_CLEAR,
       SYSLOG_CLEAR,
       SYSLOG_CONSOLE_OFF,
       SYSLOG_CONSOLE_ON,
       SYSLOG_CONSOLE_LEVEL,
       SYSLOG_SIZE_UNREAD,
       SYSLOG_SIZE_BUFFER,
};

/* Kernel messages go to the host, none is kept: READ waits for one, until a signal. */
static long wait_for_message(void)
{
	static struct wait_queue never = WAIT_QUEUE_INIT(never);

	return wait_until(&never, false, NO_DEADLINE);
}

long sys_syslog(int type, uaddr_t buf, int len)
{
	if (type != SYSLOG_READ_ALL && type != SYSLOG_SIZE_BUFFER && !capable(CAP_SYSLOG))
		return -EPERM;
	switch (type) {
	case SYSLOG_CLOSE:
	case SYSLOG_OPEN:
	case SYSLOG_CLEAR:
	case SYSLOG_CONSOLE_OFF:
	case SYSLOG_CONSOLE_ON:
	case SYSLOG_SIZE_UNREAD:
	case SYSLOG_SIZE_BUFFER:
		return 0;
	case SYSLOG_READ:
	case SYSLOG_READ_ALL:
	case SYSLOG_READ_CLEAR:
		if (!buf || len < 0)
			return -EINVAL;
		if (!user_range_ok(buf, len))
			return -EFAULT;
		return len && type == SYSLOG_READ ? wait_for_message() : 0;
	case SYSLOG_CONSOLE_LEVEL:
		return len < 1 || len > 8 ? -EINVAL : 0;
	}
	return -EINVAL;
}

/* ---- the thread ---- */

/* There is one node. The third argument is not used since Linux 2.6.24. */
long sys_getcpu(uaddr_t cpu, uaddr_t node, uaddr_t unused)
{
	if (cpu && put_user(cpu, current->cpu))
		return -EFAULT;
	if (node && put_user(node, 0u))
		return -EFAULT;
	return 0;
}

long sys_set_tid_address(uaddr_t tidptr)
{
	current->clear_child_tid = tidptr;
	return current->tid;
}

/* ---- membarrier(2) ---- */

#define EXPEDITED                                                                                  \
	(MEMBARRIER_CMD_PRIVATE_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE |           \
	 MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ)
/* Each private command's registration is the next bit. */
#define REGISTER	  (MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED | EXPEDITED << 1)
#define GET_REGISTRATIONS (1 << 9) /* Linux 6.3 */

/* Threads that use mm abort their restartable sequences and go on with an IRETQ, which serialises
 * the core. */
static void serialise(const struct mm *mm)
{
	struct process *p;
	struct thread *t;

	for_each_process(p) if (p->mm == mm) list_for_each (t, &p->threads, process_link)
	    __atomic_or_fetch(&t->work, WORK_RSEQ, __ATOMIC_RELAXED);
}

/*
 * Where another thread does not run just now, the kernel lock has ordered memory; with one CPU it
 * has also been switched out since it last ran, which serialises the core and aborts its sequence.
 */
long sys_membarrier(int cmd, unsigned flags, int cpu_id)
{
	struct process *p = current_process();

	if (flags &&
	    (cmd != MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ || flags != MEMBARRIER_CMD_FLAG_CPU))
		return -EINVAL;
	if (cmd == MEMBARRIER_CMD_QUERY)
		return MEMBARRIER_CMD_GLOBAL | MEMBARRIER_CMD_GLOBAL_EXPEDITED | EXPEDITED |
		       REGISTER | GET_REGISTRATIONS;
	if (cmd == GET_REGISTRATIONS)
		return p->membarrier;
	if (cmd == MEMBARRIER_CMD_GLOBAL || cmd == MEMBARRIER_CMD_GLOBAL_EXPEDITED) {
		smp_leave_program(NULL);
		return 0;
	}
	if (cmd < 0 || cmd & (cmd - 1) || !(cmd & (EXPEDITED | REGISTER)))
		return -EINVAL;
	if (cmd & REGISTER) {
		p->membarrier |= cmd;
		return 0;
	}
	if (!(p->membarrier & cmd << 1))
		return -EPERM;
	if (cmd != MEMBARRIER_CMD_PRIVATE_EXPEDITED && n_cpus > 1)
		serialise(p->mm);
	smp_leave_program(p->mm);
	return 0;
}
