/* SPDX-License-Identifier: MIT */
/*
 * Random system calls with hostile arguments, from one thread or several: the kernel must survive
 * them and the machine must end by itself. It refuses to run outside of one. Usage:
 *	syscall_fuzz SEED SECONDS THREADS [trace]
 *
 * Two processes: one makes the calls, the other guards it: it lets it go on when a call has stopped
 * it, starts another one when a call has ended it, ends the last one when it is late, and says how
 * many calls were made ("N calls").
 * What the threads need themselves is outside of the memory that the calls are about. Arguments are
 * chosen by the kinds of syscalls/table.def. With one thread the calls depend on the seed alone.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/boot/prog/fuzz/fuzz.h"

#define MAX_NR	 470
#define NUDGE	 (SIGRTMIN + 5)
#define TRACE_FD 900
#define COUNT_FD 901	 /* memory that both processes have */
#define NULL_FD	 902	 /* /dev/null, whatever became of its name */
#define CALLER	 "calls" /* argv[0] of the one that makes calls */
#define GRACE	 5	 /* seconds after which it is late */

struct row {
	bool there, stub;
	unsigned char kinds[SYSCALL_MAX_ARGS + 1];
};

static const struct row rows[MAX_NR] = {
/* clang-format off */
#define ARGS(...) {ARG_MAP(ARG_KIND, __VA_ARGS__)}
#define NOARGS    {0}
/* clang-format on */
#define SYS(nr, name, status, value, result, frame, args, note)                                    \
	[nr] = {true, STATUS_##status == STATUS_STUB, args},
#include "syscalls/table.def"
};

static bool trace;
unsigned n_threads;
static unsigned seconds;
static uint64_t seed;
static struct fuzzer fuzzers[16];
volatile int tids[16];
static char *own_path;
static pid_t guardian;
static uint64_t *count; /* of calls made, by all that were executed one after another */

long fuzz_call(long nr, const uint64_t *a)
{
	register uint64_t r10 __asm__("r10") = a[3];
	register uint64_t r8 __asm__("r8") = a[4];
	register uint64_t r9 __asm__("r9") = a[5];
	uint64_t makes_thread = nr == SYS_clone || nr == 435 || nr == SYS_fork || nr == SYS_vfork;
	long r;

	__asm__ volatile("syscall\n"
			 "test %%rax, %%rax\n"
			 "jnz 1f\n"
			 "test %[makes], %[makes]\n"
			 "jz 1f\n"
			 "mov $60, %%eax\n"
			 "xor %%edi, %%edi\n"
			 "syscall\n"
			 "1:"
			 : "=a"(r)
			 : "a"(nr), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8),
			   "r"(r9), [makes] "b"(makes_thread)
			 : "rcx", "r11", "memory");
	return r;
}

/* ---- calls ---- */

/* What would stop the fuzzer rather than test the kernel. */
static bool is_left_out(struct fuzzer *f, unsigned nr)
{
	if (nr == SYS_close || nr == SYS_dup2 || nr == SYS_dup3)
		return pick(f, 4) != 0;
	switch (nr) {
	case SYS_exit_group:
	case SYS_rt_sigreturn:
	case SYS_reboot:
	case SYS_pause:
	case SYS_alarm:
	case SYS_setitimer:
	case SYS_timer_create:
		return true;
	case SYS_execve: /* leaves little of the run */
	case SYS_execveat:
	case SYS_exit:
	case SYS_setrlimit:
	case SYS_prlimit64:
	case SYS_close_range:
	case SYS_chroot:
	case SYS_setuid: /* root may do more */
	case SYS_setreuid:
	case SYS_setresuid:
	case SYS_setfsuid:
	case SYS_capset:
	case SYS_seccomp: /* strict mode ends the thread at its next call */
		return pick(f, 100) != 0;
	}
	return rows[nr].stub && pick(f, 50);
}

/* Ranges that programs may change: the arena, or none of this program's. */
static bool is_harmless(unsigned nr, const uint64_t *a)
{
	bool moves = nr == SYS_mremap || nr == SYS_mmap;

	if (nr == SYS_close && a[0] >= N_FDS)
		return false;
	if (nr != SYS_munmap && nr != SYS_mprotect && nr != SYS_madvise && !moves)
		return true;
	if (nr == SYS_mmap && !(a[3] & MAP_FIXED))
		return a[1] < 64 << 20 || a[1] > 1ul << 30;
	if (nr == SYS_mremap && a[4] < 0x10000000000)
		return false;
	return a[0] >= ARENA && a[1] != 1ul << 46 && (nr != SYS_mremap || a[2] != 1ul << 46);
}

/* Would it be done to the guardian, or to all processes? */
static bool is_about_guardian(unsigned nr, const uint64_t *a)
{
	for (int i = 0; i < 6; i++)
		if (rows[nr].kinds[i] == KIND_PID &&
		    ((int)a[i] == guardian || (int)a[i] == -guardian || (int)a[i] == -1))
			return nr != SYS_wait4 && nr != SYS_waitid;
	return false;
}

/* As it was at first. */
static void map_arena(void)
{
	int fixed = MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, all = PROT_READ | PROT_WRITE;
	int file = open("/tmp/b", O_RDWR);

	mmap((void *)SAFE, SAFE_SIZE, all, MAP_FIXED_NOREPLACE | fixed, -1, 0);
	mmap((void *)ARENA, ARENA_SIZE, all, fixed, -1, 0);
	mmap((void *)(ARENA + (2 << 20)), 256 << 10, all, MAP_FIXED | MAP_SHARED, file, 0);
	mmap((void *)(ARENA + (3 << 20)), 256 << 10, PROT_READ, MAP_FIXED | MAP_PRIVATE, file, 0);
	mprotect((void *)(ARENA + ARENA_SIZE - 4096), 4096, PROT_NONE);
	close(file);
}

/* Start again, as a new program: the other threads are ended wherever they are. */
static void exec_self(struct fuzzer *f)
{
	char numbers[3][24];
	char *argv[] = {CALLER, numbers[0], numbers[1], numbers[2], trace ? "trace" : NULL, NULL};
	const uint64_t a[6] = {(uint64_t)own_path, (uint64_t)argv, 0, 0, 0, 0};

	snprintf(numbers[0], sizeof(numbers[0]), "%llu", (unsigned long long)(word(f) >> 20));
	snprintf(numbers[1], sizeof(numbers[1]), "%u", seconds);
	snprintf(numbers[2], sizeof(numbers[2]), "%u", n_threads);
	fuzz_call(SYS_execve, a);
}

static void show(const struct fuzzer *f, unsigned nr, const uint64_t *a)
{
	char line[200];
	int n = snprintf(line, sizeof(line), "%u: %u(%#lx, %#lx, %#lx, %#lx, %#lx, %#lx)\n", f->id,
			 nr, a[0], a[1], a[2], a[3], a[4], a[5]);

	write(TRACE_FD, line, (size_t)n);
}

/* What most of the kernel's state hangs on. */
static const short favourites[] = {
    SYS_read,	       SYS_write,     SYS_pread64,
    SYS_pwrite64,      SYS_readv,     SYS_writev,
    SYS_openat,	       SYS_open,      SYS_mmap,
    SYS_munmap,	       SYS_mprotect,  SYS_mremap,
    SYS_madvise,       SYS_msync,     SYS_mincore,
    SYS_mlock,	       SYS_ftruncate, SYS_fallocate,
    SYS_lseek,	       SYS_fsync,     SYS_rename,
    SYS_renameat2,     SYS_link,      SYS_linkat,
    SYS_unlink,	       SYS_symlink,   SYS_mkdir,
    SYS_rmdir,	       SYS_mknod,     SYS_getdents64,
    SYS_ioctl,	       SYS_fcntl,     SYS_flock,
    SYS_poll,	       SYS_epoll_ctl, SYS_epoll_wait,
    SYS_epoll_create1, SYS_eventfd2,  SYS_timerfd_settime,
    SYS_signalfd4,     SYS_pipe2,     SYS_futex,
    SYS_clone,	       SYS_sendfile,  SYS_copy_file_range,
    SYS_memfd_create,  SYS_chdir,     SYS_newfstatat,
    SYS_readlink,      SYS_truncate,
};

#define N_FAVOURITES (sizeof(favourites) / sizeof(favourites[0]))

static void step(struct fuzzer *f)
{
	unsigned nr = pick(f, 3) ? (unsigned)favourites[pick(f, N_FAVOURITES)] : pick(f, MAX_NR);
	uint64_t a[6];

	if (!rows[nr].there || is_left_out(f, nr))
		return;
	for (int i = 0; i < 6; i++)
		a[i] = rows[nr].kinds[i] ? argument(f, rows[nr].kinds[i]) : word(f);
	if (!is_harmless(nr, a) || is_about_guardian(nr, a))
		return;
	if (nr == SYS_arch_prctl && a[0] == 0x1002) /* the C library's thread pointer */
		return;
	if (trace)
		show(f, nr, a);
	__atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
	fuzz_call(nr, a);
	if (pick(f, 1000) == 0)
		map_arena();
	if (pick(f, 20000) == 0)
		exec_self(f);
}

static void *run(void *arg)
{
	struct fuzzer *f = arg;

	tids[f->id] = (int)syscall(SYS_gettid);
	for (;;)
		step(f);
	return NULL;
}

/* ---- the rest ---- */

static void nudged(int sig)
{
}

static void keep(int fd)
{
	if (fd >= N_FDS)
		close(fd);
}

static int epoll_of(int fd)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET};
	int ep = epoll_create1(0);

	epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event);
	return ep;
}

/* Something of everything that can be open; the pipe behind poke(). */
static void open_files(void)
{
	static const char *const paths[] = {
	    "/tmp/a",	    "/root/x",	      "/vol/a",		 "/dev/vda",
	    "/dev/zero",    "/proc/self/mem", "/proc/self/maps", "/proc/self/pagemap",
	    "/dev/urandom", "/etc/passwd",
	};
	sigset_t set;
	int p[2], i = 0;

	mkdir("/tmp/d", 0700);
	mkdir("/vol/d", 0700);
	for (size_t n = 0; n < sizeof(paths) / sizeof(paths[0]); n++) {
		int fd = open(paths[n], O_RDWR | O_CREAT, 0600);

		keep(fd < 0 ? open(paths[n], O_RDONLY) : fd);
	}
	ftruncate(open("/tmp/b", O_RDWR | O_CREAT, 0600), 300000);
	keep(open("/tmp", O_RDONLY));
	keep(open("/proc/self/fd", O_RDONLY));
	keep(open("/vol", O_RDONLY));
	keep(memfd_create("m", MFD_ALLOW_SEALING));
	i = eventfd(0, EFD_NONBLOCK);
	keep(epoll_of(epoll_of(i)));
	keep(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
	sigfillset(&set);
	keep(signalfd(-1, &set, SFD_NONBLOCK));
	pipe2(p, 0);
	pipe2(p, O_NONBLOCK);
	pipe2(p, O_NONBLOCK);
	dup2(p[0], N_FDS);
	dup2(p[1], N_FDS + 1);
	for (int fd = 0; fd < 3; fd++)
		dup2(NULL_FD, fd);
}

static void start_threads(void)
{
	struct sigaction act = {.sa_handler = nudged};

	for (int sig = 1; sig <= 64; sig++)
		if (sig < SIGRTMIN && sig != SIGUSR1)
			signal(sig, sig == SIGSEGV || sig == SIGBUS ? SIG_DFL : SIG_IGN);
		else
			sigaction(sig, &act, NULL);
	for (unsigned i = 0; i < n_threads; i++) {
		pthread_t t;

		fuzzers[i] = (struct fuzzer){.state = seed * 1000003 + i, .id = i};
		word(&fuzzers[i]);
		pthread_create(&t, NULL, run, &fuzzers[i]);
	}
}

static void wait_a_tick(void)
{
	const struct timespec tick = {.tv_nsec = 2000000};

	syscall(SYS_nanosleep, &tick, NULL);
}

/* Since the machine began, which is this program's alone. */
static unsigned long long now_s(void)
{
	struct timespec now;

	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
	return (unsigned long long)now.tv_sec;
}

/* Make calls until the time is over. The count is lost if a call has closed its file. */
static void make_calls(void)
{
	static uint64_t lost;
	sigset_t set;

	count = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, COUNT_FD, 0);
	if (count == MAP_FAILED)
		count = &lost;
	guardian = getppid();
	own_path = realpath("/proc/self/exe", NULL);
	open_files();
	map_arena();
	start_threads();
	sigfillset(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	for (;;) {
		wait_a_tick();
		if (now_s() >= seconds)
			syscall(SYS_exit_group, 0);
		for (unsigned i = 0; i < n_threads; i++)
			syscall(SYS_tgkill, getpid(), tids[i], NUDGE);
	}
}

/* The process that makes calls, with the next seed. */
static pid_t start_caller(void)
{
	sigset_t set;
	pid_t pid;

	seed++;
	pid = fork();
	if (pid == 0) {
		setsid(); /* signals to its group are its own */
		sigfillset(&set);
		sigprocmask(SIG_UNBLOCK, &set, NULL);
		make_calls();
	}
	return pid;
}

/*
 * Its end may be of any kind: there is another one then, until the time is over. One that SIGKILL
 * does not end hangs, and the machine with it.
 */
static int guard(void)
{
	uint64_t *made = mmap(NULL, 4096, PROT_READ, MAP_SHARED, COUNT_FD, 0);

	while (now_s() < seconds) {
		pid_t pid = start_caller();

		if (pid < 0)
			return 3;
		while (waitpid(pid, NULL, WNOHANG) == 0) {
			wait_a_tick();
			kill(pid, now_s() >= seconds + GRACE ? SIGKILL : SIGCONT);
		}
	}
	printf("%llu calls\n", (unsigned long long)*made);
	return 0;
}

int main(int argc, char **argv)
{
	struct utsname u;
	sigset_t set;
	int fd;

	if (argc < 4 || uname(&u) || !strstr(u.version, "uniload"))
		return 2; /* never outside of a machine */
	seed = strtoull(argv[1], NULL, 10) * 1000;
	seconds = (unsigned)atoi(argv[2]);
	n_threads = (unsigned)atoi(argv[3]);
	n_threads = n_threads < 1 ? 1 : n_threads > 16 ? 16 : n_threads;
	trace = argc > 4;
	if (strcmp(argv[0], CALLER) == 0)
		make_calls();
	fd = memfd_create("count", 0);
	ftruncate(fd, 4096);
	dup2(fd, COUNT_FD);
	close(fd);
	dup2(2, TRACE_FD);
	fd = open("/dev/null", O_RDWR);
	dup2(fd, NULL_FD);
	close(fd);
	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return guard();
}
