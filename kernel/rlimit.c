/* SPDX-License-Identifier: MIT */
/*
 * The resource limits a program starts with: Linux's defaults (include/asm-generic/resource.h),
 * with the descriptor and locked-memory limits of a Debian container, and the number of processes
 * and queued signals from the memory size.
 */
#include "kernel/page.h"
#include "kernel/task.h"

#define RLIM_NONE UINT64_MAX
#define MIB	  (1ull << 20)

/* Linux's fork_init: the thread structures may take an eighth of memory; half of them for one user.
 */
static uint64_t max_threads(void)
{
	const uint64_t thread_size = 16384;
	uint64_t n = page_total() * PAGE_SIZE / (8 * thread_size);

	return MAX(n, 20ull) / 2;
}

void rlimits_init(struct rlimit64 *limits)
{
	uint64_t threads = max_threads();

	for (int i = 0; i < RLIM_NLIMITS; i++)
		limits[i] = (struct rlimit64){RLIM_NONE, RLIM_NONE};
	limits[RLIMIT_STACK].rlim_cur = 8 * MIB;
	limits[RLIMIT_CORE].rlim_cur = 0;
	limits[RLIMIT_NPROC] = (struct rlimit64){threads, threads};
	limits[RLIMIT_NOFILE] = (struct rlimit64){1024, 1048576};
	limits[RLIMIT_MEMLOCK] = (struct rlimit64){8 * MIB, 8 * MIB};
	limits[RLIMIT_SIGPENDING] = (struct rlimit64){threads, threads};
	limits[RLIMIT_MSGQUEUE] = (struct rlimit64){819200, 819200};
	limits[RLIMIT_NICE] = (struct rlimit64){0, 0};
	limits[RLIMIT_RTPRIO] = (struct rlimit64){0, 0};
}
