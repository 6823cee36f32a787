/* SPDX-License-Identifier: MIT */
/*
 * Resource limits where programs notice them: setrlimit(2), and what open(2), write(2), mmap(2),
 * brk(2), mlock(2), fork(2), execve(2), sigqueue and computing do then. Each in a child.
 */
#include "tests/guest/cred/cred.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/time.h>

static int limit(int what, rlim_t soft)
{
	struct rlimit l;

	getrlimit(what, &l);
	l.rlim_cur = soft;
	return setrlimit(what, &l);
}

static void *anonymous(size_t len, int prot)
{
	return mmap(NULL, len, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void descriptors(void)
{
	int fd = open("/dev/null", O_RDONLY), fds[2];

	is(limit(RLIMIT_NOFILE, fd + 1), 0);
	fails(open("/dev/null", O_RDONLY), EMFILE);
	fails(dup(0), EMFILE);
	fails(pipe(fds), EMFILE);
	fails(fcntl(0, F_DUPFD, 0), EMFILE);
	fails(fcntl(0, F_DUPFD, fd + 1), EINVAL);
	fails(dup2(0, fd + 1), EBADF);
	is(dup2(0, fd), fd);
	is(limit(RLIMIT_NOFILE, 0), 0);
	ok(fcntl(fd, F_GETFD) >= 0); /* what is open stays so */
	close(fd);
	fails(open("/dev/null", O_RDONLY), EMFILE);
}

static volatile int signals;

static void count(int sig)
{
	signals++;
}

static struct {
	long ret;
	int err, signals;
} step[12];
static int n_steps;

/* What is printed may go to a file, which the limit is for, too: remember now, tell later. */
static void did(long ret)
{
	step[n_steps].err = errno;
	step[n_steps].ret = ret;
	step[n_steps++].signals = signals;
}

static bool refused(int i, int signals_then)
{
	return step[i].ret == -1 && step[i].err == EFBIG && step[i].signals == signals_then;
}

static void file_size(void)
{
	int fd = file_with("sized", ""), status = -1, limited;
	struct rlimit before;

	signal(SIGXFSZ, count);
	getrlimit(RLIMIT_FSIZE, &before);
	limited = limit(RLIMIT_FSIZE, 10);
	did(write(fd, "0123456", 7));
	did(write(fd, "789abc", 6));
	did(write(fd, "x", 1));
	did(pwrite(fd, "x", 1, 9));
	did(pwrite(fd, "x", 1, 10));
	did(ftruncate(fd, 11));
	did(truncate("sized", 11));
	did(ftruncate(fd, 10));
	did(fallocate(fd, 0, 0, 20));
	did(lseek(fd, 0, SEEK_END));
	signal(SIGXFSZ, SIG_DFL);
	if (fork() == 0) {
		write(fd, "x", 1);
		_exit(1);
	}
	wait(&status);
	setrlimit(RLIMIT_FSIZE, &before);
	is(limited, 0);
	is(step[0].ret, 7);
	is(step[1].ret, 3); /* what fits, without a signal */
	is(step[1].signals, 0);
	ok(refused(2, 1));
	is(step[3].ret, 1);
	ok(refused(4, 2));
	ok(refused(5, 3));
	ok(refused(6, 4));
	is(step[7].ret, 0);
	ok(step[8].ret == -1 && (step[8].err == EFBIG || step[8].err == EOPNOTSUPP));
	is(step[9].ret, 10);
	is(status & 0x7f, SIGXFSZ);
	close(fd);
}

static void address_space(void)
{
	char *heap = sbrk(0);

	is(limit(RLIMIT_AS, 0), 0);
	ok(anonymous(PAGE, PROT_READ) == MAP_FAILED && errno == ENOMEM);
	ok(brk(heap + 64 * PAGE) == -1 && errno == ENOMEM);
	is(limit(RLIMIT_AS, RLIM_INFINITY), 0);
	ok(anonymous(PAGE, PROT_READ) != MAP_FAILED);
}

static void data(void)
{
	char *heap = sbrk(0);

	is(limit(RLIMIT_DATA, 0), 0);
	ok(anonymous(PAGE, PROT_READ | PROT_WRITE) != MAP_FAILED); /* Linux does, for valgrind */
	is(limit(RLIMIT_DATA, PAGE), 0);
	ok(anonymous(PAGE, PROT_READ | PROT_WRITE) == MAP_FAILED && errno == ENOMEM);
	ok(anonymous(PAGE, PROT_READ) != MAP_FAILED);
	ok(brk(heap + 64 * PAGE) == -1 && errno == ENOMEM);
}

/* Down the stack, touching each page; not inlined, not a loop. */
static __attribute__((noinline)) int deep(int pages)
{
	volatile char page[PAGE];

	page[0] = (char)pages;
	return pages ? deep(pages - 1) + page[0] : 0;
}

static void stack(void)
{
	char *arg = malloc(200000);
	int status = -1;

	is(limit(RLIMIT_STACK, 256 * 1024), 0);
	if (fork() == 0)
		_exit(deep(1024) == 12345);
	wait(&status);
	is(status & 0x7f, SIGSEGV);
	is(limit(RLIMIT_STACK, 8 << 20), 0);
	if (fork() == 0)
		_exit(deep(1024) == 12345);
	wait(&status);
	is(status, 0);
	is(limit(RLIMIT_STACK, 256 * 1024), 0);
	memset(arg, 'a', 100000);
	arg[100000] =
	    '\0'; /* a quarter of the limit, and never less than 128 KiB, for all of them */
	fails(execl("/proc/self/exe", "x", arg, arg, NULL), E2BIG);
	free(arg);
}

static void locked(void)
{
	char *p = anonymous(8 * PAGE, PROT_READ | PROT_WRITE);

	caps_drop(BIT(CAP_IPC_LOCK));
	if (limit(RLIMIT_MEMLOCK, 2 * PAGE)) {
		skip("RLIMIT_MEMLOCK is smaller here");
		return;
	}
	is(mlock(p, 2 * PAGE), 0);
	fails(mlock(p, 3 * PAGE), ENOMEM);
	fails(mlock(p + 4 * PAGE, PAGE), ENOMEM);
	fails(mlockall(MCL_CURRENT), ENOMEM);
	is(munlock(p, PAGE), 0);
	is(mlock(p + 4 * PAGE, PAGE), 0);
	munlockall();
	is(limit(RLIMIT_MEMLOCK, 0), 0);
	fails(mlock(p, PAGE), EPERM);
}

static void processes(void)
{
	struct rlimit one = {1, 1};

	is(setrlimit(RLIMIT_NPROC, &one), 0);
	is(setresuid(USER, USER, USER), 0);
	fails(fork(), EAGAIN);
}

static void queued(void)
{
	union sigval v = {.sival_int = 1};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	is(limit(RLIMIT_SIGPENDING, 0), 0);
	fails(sigqueue(getpid(), SIGRTMIN, v), EAGAIN);
	is(kill(getpid(), SIGUSR1), 0); /* that needs no room */
	sigpending(&set);
	ok(sigismember(&set, SIGUSR1) && !sigismember(&set, SIGRTMIN));
}

static void priorities(void)
{
	struct sched_param p = {.sched_priority = 1};

	caps_drop(BIT(CAP_SYS_NICE));
	is(limit(RLIMIT_RTPRIO, 0), 0);
	fails(sys(sched_setscheduler, 0, SCHED_FIFO, &p), EPERM);
}

/* Soft: SIGXCPU, each second; hard: SIGKILL. */
static void cpu_time(void)
{
	struct rlimit l = {1, 2};

	signal(SIGXCPU, count);
	is(setrlimit(RLIMIT_CPU, &l), 0);
	while (!signals)
		;
	ok(signals >= 1); /* not before a second of computing, but clocks of hosts differ in that */
}

int main(void)
{
	int status = -1;

	tmp();
	in_child(descriptors());
	in_child(file_size());
	in_child(address_space());
	in_child(data());
	in_child(stack());
	in_child(locked());
	in_child(queued());
	in_child(priorities());
	in_child(cpu_time());
	if (fork() == 0) {
		struct rlimit l = {1, 1};

		signal(SIGXCPU, SIG_IGN);
		setrlimit(RLIMIT_CPU, &l);
		for (;;)
			;
	}
	wait(&status);
	is(status & 0x7f, SIGKILL);
	if (is_root())
		in_child(processes());
	else
		skip("needs root");
	return tap_done();
}
