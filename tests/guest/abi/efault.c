/* SPDX-License-Identifier: MIT */
/* Objects that straddle the end of accessible memory: EFAULT and nothing else, for many calls. */
#include "tests/guest/tap.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <time.h>

/* A call that writes an object of this size: works when it just fits, EFAULT when it is one byte
 * too far. */
#define WRITES(size, call)                                                                         \
	do {                                                                                       \
		char *p = e - (size);                                                              \
		works(call);                                                                       \
		p++;                                                                               \
		fails(call, EFAULT);                                                               \
		p = BAD_KERNEL;                                                                    \
		fails(call, EFAULT);                                                               \
	} while (0)

int main(void)
{
	char *e = edge();
	int fds[2];

	tmp();
	close(file_with("f", "contents"));
	fds[0] = open("f", O_RDONLY);
	WRITES(sizeof(struct stat), sys(stat, "f", p));
	WRITES(sizeof(struct stat), sys(fstat, fds[0], p));
	WRITES(256, sys(statx, AT_FDCWD, "f", 0, 0x7ff, p));
	WRITES(sizeof(struct statfs), sys(statfs, "f", p));
	WRITES(sizeof(struct utsname), sys(uname, p));
	WRITES(112, sys(sysinfo, p));
	WRITES(sizeof(struct timespec), sys(clock_gettime, 1, p));
	WRITES(sizeof(struct timeval), sys(gettimeofday, p, NULL));
	WRITES(144, sys(getrusage, 0, p));
	WRITES(sizeof(struct rlimit), sys(getrlimit, 0, p));
	WRITES(sizeof(struct tms), sys(times, p));
	WRITES(2 * sizeof(int), sys(pipe, p));
	WRITES(4, sys(getresuid, p, fds, fds));
	WRITES(8, sys(rt_sigprocmask, 0, NULL, p, 8ul));
	WRITES(8, sys(rt_sigpending, p, 8ul));
	WRITES(32, sys(rt_sigaction, SIGUSR1, NULL, p, 8ul));
	WRITES(sizeof(stack_t), sys(sigaltstack, NULL, p));
	WRITES(sizeof(struct itimerval), sys(getitimer, 0, p));
	WRITES(64, sys(prlimit64, 0, 7, NULL, p + 48));
	WRITES(8, sys(arch_prctl, 0x1003, p));
	WRITES(16, sys(prctl, 16, p, 0ul, 0ul, 0ul));
	return tap_done();
}
