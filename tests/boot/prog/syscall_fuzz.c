/* SPDX-License-Identifier: MIT */
/*
 * Random system calls with hostile arguments, from one thread or several: the kernel must survive
 * them and the machine must end by itself. It refuses to run outside of one.
 *
 *	syscall_fuzz SEED SECONDS THREADS [trace]
 *
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
#include <time.h>
#include <unistd.h>

#include "syscalls/table.h"

#define ARENA	   0x200000000000ul
#define ARENA_SIZE (4ul << 20)
#define SCRATCH	   (ARENA + (1ul << 20)) /* writable at first */
#define SAFE	   0x1f0000000000ul	 /* always there: most structures are put here */
#define SAFE_SIZE  (256ul << 10)
#define N_FDS	   48
#define MAX_NR	   470
#define NUDGE	   (SIGRTMIN + 5)
#define TRACE_FD   900
#define THREAD_SET                                                                                 \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)

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

struct fuzzer {
	uint64_t state;
	unsigned id;
};

static bool trace;
static unsigned n_threads, seconds;
static uint64_t seed;
static struct fuzzer fuzzers[16];
static volatile int tids[16];
static char *own_path;

static uint64_t word(struct fuzzer *f)
{
	f->state = f->state * 6364136223846793005ull + 1442695040888963407ull;
	return f->state >> 32 ^ f->state << 21;
}

static unsigned pick(struct fuzzer *f, unsigned n)
{
	return (unsigned)((word(f) & 0xffffffff) * n >> 32);
}

#define ONE_OF(f, array) ((array)[pick(f, sizeof(array) / sizeof((array)[0]))])

/*
 * A system call that touches nothing but registers afterwards: a thread that it makes has any
 * stack, and ends at once.
 */
static long call(long nr, const uint64_t *a)
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

/* ---- values ---- */

static uint64_t any_number(struct fuzzer *f)
{
	static const uint64_t edges[] = {
	    0,	       1,	   2,	      3,	 4,	    8,	       16,	  63,
	    64,	       127,	   255,	      256,	 511,	    512,       4095,	  4096,
	    4097,      65535,	   65536,     1ul << 20, 2ul << 20, 16 << 20,  1ul << 30, INT32_MAX,
	    1ul << 31, UINT32_MAX, 1ul << 32, 1ul << 40, 1ul << 46, 1ul << 47, INT64_MAX, 1ul << 63,
	    ~0ul,      ~0ul - 1,   -4096ul,   -4095ul,
	};

	return pick(f, 3) ? ONE_OF(f, edges) : word(f) >> pick(f, 64);
}

static uint64_t small(struct fuzzer *f)
{
	return pick(f, 4) ? pick(f, 20) : any_number(f);
}

/* Flags: a bit or two, mostly. */
static uint64_t bits(struct fuzzer *f)
{
	uint64_t r = 0;

	for (unsigned n = pick(f, 4); n; n--)
		r |= 1ul << pick(f, pick(f, 8) ? 20 : 64);
	return pick(f, 30) ? r : any_number(f);
}

static uint64_t any_fd(struct fuzzer *f)
{
	return pick(f, 24) ? pick(f, N_FDS) : any_number(f);
}

static uint64_t arena_page(struct fuzzer *f)
{
	return ARENA + pick(f, ARENA_SIZE >> 12) * 4096ul;
}

/* An address, most probably of memory that is there. */
static uint64_t any_address(struct fuzzer *f)
{
	static const uint64_t bad[] = {
	    0,
	    1,
	    0x1000,
	    ARENA - 1,
	    ARENA + ARENA_SIZE - 1,
	    ARENA + ARENA_SIZE - 8,
	    0x7ffffffff000,
	    0x7ffffffffff8,
	    0x800000000000,
	    0xffff800000000000,
	    0xffffa00000000000,
	    0xffffffff80000000,
	    0xffffffffff600000,
	    -8ul,
	    -4096ul,
	    0x8000000000000000,
	};

	if (pick(f, 3))
		return SAFE + pick(f, SAFE_SIZE / 16) * 16;
	if (pick(f, 8) == 0)
		return ONE_OF(f, bad);
	if (pick(f, 12) == 0) /* the end of a page */
		return arena_page(f) + 4096 - pick(f, 24);
	return pick(f, 4) ? SCRATCH + pick(f, 4096) * 16 : arena_page(f);
}

static uint64_t any_word(struct fuzzer *f)
{
	switch (pick(f, 5)) {
	case 0:
		return any_address(f);
	case 1:
		return any_fd(f);
	case 2:
		return any_number(f);
	case 3:
		return bits(f);
	default:
		return small(f);
	}
}

static bool in_arena(uint64_t at, uint64_t len)
{
	return at >= ARENA && at <= ARENA + ARENA_SIZE && len <= ARENA + ARENA_SIZE - at;
}

/* Fill program memory through the kernel, so that it does not matter whether it is there. */
static void poke(uint64_t at, const void *from, size_t len)
{
	uint64_t local[2] = {(uint64_t)from, len}, remote[2] = {at, len};
	const uint64_t a[6] = {N_FDS + 1, (uint64_t)local, 1, 0, 0, 0};
	const uint64_t b[6] = {N_FDS, (uint64_t)remote, 1, 0, 0, 0};

	if (in_arena(at, len) && call(SYS_writev, a) == (long)len)
		call(SYS_readv, b);
}

/* Put a structure somewhere; the other threads may change it at any time. Returns its address. */
static uint64_t place(struct fuzzer *f, const void *from, size_t len)
{
	uint64_t at = SAFE + pick(f, (SAFE_SIZE - len) / 16) * 16;

	if (pick(f, 6)) {
		memcpy((void *)at, from, len);
		return at;
	}
	at = any_address(f);
	poke(at, from, len);
	return at;
}

/* A structure of some kind: a few words that may be anything. */
static uint64_t any_struct(struct fuzzer *f)
{
	uint64_t w[16];
	size_t n = 1 + pick(f, 16);

	for (size_t i = 0; i < n; i++)
		w[i] = pick(f, 3) ? any_word(f) : any_word(f) << 32 | (uint32_t)any_word(f);
	return place(f, w, n * sizeof(w[0]));
}

static uint64_t any_time(struct fuzzer *f)
{
	uint64_t w[4] = {0, pick(f, 2000000), 0, pick(f, 2000000)};

	if (pick(f, 8) == 0)
		return any_struct(f);
	return place(f, w, sizeof(w));
}

static uint64_t any_vector(struct fuzzer *f)
{
	uint64_t w[16];

	for (int i = 0; i < 16; i += 2) {
		w[i] = any_address(f);
		w[i + 1] = pick(f, 6) ? pick(f, 9000) : any_number(f);
	}
	return place(f, w, sizeof(w));
}

static uint64_t any_path(struct fuzzer *f)
{
	static const char *const paths[] = {
	    "",
	    "/",
	    ".",
	    "..",
	    "/tmp",
	    "/tmp/a",
	    "/tmp/b",
	    "/tmp/d",
	    "/tmp/d/e",
	    "/tmp/d/../a",
	    "/tmp/l",
	    "a",
	    "b/c",
	    "/dev/null",
	    "/dev/zero",
	    "/dev/vda",
	    "/dev/shm/x",
	    "/dev/tty",
	    "/proc/self/mem",
	    "/proc/self/maps",
	    "/proc/self/exe",
	    "/proc/self/fd/5",
	    "/proc/self/fd",
	    "/proc/self/task",
	    "/proc/self/pagemap",
	    "/proc/self/cwd",
	    "/proc/self/root/tmp",
	    "/proc/sys/kernel/hostname",
	    "/sys/class",
	    "/sys/block",
	    "/etc/passwd",
	    "/etc",
	    "/usr",
	    "/vol",
	    "/vol/a",
	    "/vol/b",
	    "/vol/d",
	    "/vol/d/f",
	    "/vol/..",
	    "/vol/\xff\xfe\n",
	    "/root",
	    "/root/x",
	    "/usr/lib/x",
	    "/bin",
	    "/tmp/a/",
	    "//tmp//a//.",
	};
	char text[4200];

	if (pick(f, 16)) {
		strcpy(text, ONE_OF(f, paths));
	} else { /* a long one */
		size_t n = pick(f, 2) ? 250 + pick(f, 12) : 4080 + pick(f, 100);

		memset(text, 'x', n);
		for (size_t i = 0; i < n; i += 1 + pick(f, 300))
			text[i] = '/';
		text[n] = '\0';
	}
	return place(f, text, strlen(text) + 1);
}

static uint64_t any_strings(struct fuzzer *f)
{
	uint64_t w[8];
	size_t n = pick(f, 8);

	for (size_t i = 0; i < n; i++)
		w[i] = pick(f, 8) ? any_path(f) : any_address(f);
	w[n] = 0;
	return place(f, w, sizeof(w));
}

/* Handlers: what does not end the process at once. */
static uint64_t any_action(struct fuzzer *f)
{
	uint64_t w[4] = {pick(f, 2), 0x04000000 | bits(f), 0, bits(f)};

	return place(f, w, sizeof(w));
}

static uint64_t any_signal(struct fuzzer *f)
{
	static const int numbers[] = {0,  SIGUSR1, SIGURG, SIGWINCH, SIGCHLD,  SIGCONT,
				      50, 64,	   65,	   -1,	     INT32_MAX};

	return (uint64_t)ONE_OF(f, numbers);
}

static uint64_t any_ioctl(struct fuzzer *f)
{
	static const unsigned commands[] = {
	    0x5401, 0x5402, 0x5403,	0x5404,	    0x540b,	0x540f,	    0x5410,	0x5411,
	    0x5413, 0x5414, 0x541b,	0x5421,	    0x5450,	0x5451,	    0x5452,	0x1260,
	    0x1261, 0x1262, 0x1263,	0x1264,	    0x1265,	0x1268,	    0x1277,	0x1278,
	    0x1279, 0x127a, 0x127b,	0x127c,	    0x80081272, 0x80081270, 0x40081271, 0x125d,
	    0x125e, 0x125f, 0x40049409, 0x80086601, 0x40086602, 0x541d,	    0x540e,	0x5429,
	};

	return pick(f, 8) ? ONE_OF(f, commands) : any_number(f);
}

static uint64_t any_pid(struct fuzzer *f)
{
	return pick(f, 3) ? (uint64_t)tids[pick(f, n_threads)] : small(f) & 0xff;
}

/* Offsets: into files, but also addresses, for /proc/self/mem. */
static uint64_t any_offset(struct fuzzer *f)
{
	return pick(f, 4) ? pick(f, 200000) : pick(f, 2) ? any_address(f) : any_number(f);
}

/* Numbers of small sets, and flags that are good for something in many calls. */
static uint64_t any_choice(struct fuzzer *f, unsigned kind)
{
	switch (kind) {
	case KIND_OPEN_FLAGS:
		return pick(f, 4) | (pick(f, 2) ? O_CREAT : 0) | (pick(f, 4) ? 0 : bits(f)) |
		       (pick(f, 10) ? 0 : O_TMPFILE) | (pick(f, 8) ? 0 : O_PATH) | O_NONBLOCK;
	case KIND_PROT:
		return pick(f, 6) ? PROT_READ | (pick(f, 2) ? PROT_WRITE : 0) : bits(f);
	case KIND_MMAP_FLAGS:
		return (pick(f, 2) ? MAP_SHARED : MAP_PRIVATE) | (pick(f, 2) ? MAP_ANONYMOUS : 0) |
		       (pick(f, 4) ? MAP_FIXED : 0) | (pick(f, 8) ? 0 : bits(f));
	case KIND_CLONE_FLAGS:
		return THREAD_SET | (pick(f, 2) ? 0 : bits(f) << 8);
	case KIND_MODE:
		return pick(f, 2) ? 0700 : any_number(f);
	case KIND_WHENCE:
	case KIND_MREMAP_FLAGS:
	case KIND_MSYNC_FLAGS:
	case KIND_RENAME_FLAGS:
		return pick(f, 12) ? pick(f, 8) : any_number(f);
	case KIND_FCNTL_CMD:
		return pick(f, 2) ? pick(f, 20) : 1024 + pick(f, 20);
	case KIND_HEX:
		return pick(f, 2) ? 0 : bits(f);
	default:
		return pick(f, 3) ? pick(f, 12) : pick(f, 2) ? small(f) : bits(f);
	}
}

static uint64_t argument(struct fuzzer *f, unsigned kind)
{
	switch (kind) {
	case KIND_FD:
	case KIND_DIRFD:
		return kind == KIND_DIRFD && pick(f, 2) ? (uint64_t)AT_FDCWD : any_fd(f);
	case KIND_PATH:
	case KIND_STR:
		return any_path(f);
	case KIND_ARGV:
		return any_strings(f);
	case KIND_SIZE:
	case KIND_UINT:
	case KIND_INT:
	case KIND_LONG:
	case KIND_ULONG:
		return pick(f, 3) ? pick(f, pick(f, 2) ? 40 : 20000) : any_number(f);
	case KIND_OFF:
		return any_offset(f);
	case KIND_SIGNO:
		return any_signal(f);
	case KIND_PID:
		return any_pid(f);
	case KIND_IOCTL:
		return any_ioctl(f);
	case KIND_ADDR:
		return pick(f, 8) ? arena_page(f) : any_address(f);
	case KIND_SIGACTION_IN:
		return any_action(f);
	case KIND_IOVEC_IN:
	case KIND_IOVEC_OUT:
		return any_vector(f);
	case KIND_TIMESPEC_IN:
	case KIND_TIMESPEC_INOUT:
	case KIND_TIMEVAL_IN:
	case KIND_TIMEVAL_INOUT:
	case KIND_FUTEX_TIMEOUT:
	case KIND_ITIMERVAL_IN:
		return any_time(f);
	case KIND_FCNTL_ARG:
	case KIND_IOCTL_ARG:
		return pick(f, 2) ? any_struct(f) : any_word(f);
	default:
		return kind >= KIND_ADDR ? any_struct(f) : any_choice(f, kind);
	}
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
	char *argv[] = {own_path, numbers[0], numbers[1], numbers[2], trace ? "trace" : NULL, NULL};
	const uint64_t a[6] = {(uint64_t)own_path, (uint64_t)argv, 0, 0, 0, 0};

	snprintf(numbers[0], sizeof(numbers[0]), "%llu", (unsigned long long)(word(f) >> 20));
	snprintf(numbers[1], sizeof(numbers[1]), "%u", seconds);
	snprintf(numbers[2], sizeof(numbers[2]), "%u", n_threads);
	call(SYS_execve, a);
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

static void step(struct fuzzer *f)
{
	unsigned nr = pick(f, 3) ? (unsigned)ONE_OF(f, favourites) : pick(f, MAX_NR);
	uint64_t a[6];

	if (!rows[nr].there || is_left_out(f, nr))
		return;
	for (int i = 0; i < 6; i++)
		a[i] = rows[nr].kinds[i] ? argument(f, rows[nr].kinds[i]) : word(f);
	if (!is_harmless(nr, a))
		return;
	if (nr == SYS_arch_prctl && a[0] == 0x1002) /* the C library's thread pointer */
		return;
	if (trace)
		show(f, nr, a);
	call(nr, a);
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
	dup2(2, TRACE_FD);
	i = open("/dev/null", O_RDWR);
	dup2(i, 0);
	dup2(i, 1);
	dup2(i, 2);
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

int main(int argc, char **argv)
{
	const struct timespec tick = {.tv_nsec = 2000000};
	struct utsname u;
	sigset_t set;

	if (argc < 4 || uname(&u) || !strstr(u.version, "uniload"))
		return 2; /* never outside of a machine */
	own_path = realpath("/proc/self/exe", NULL);
	seed = strtoull(argv[1], NULL, 10);
	seconds = (unsigned)atoi(argv[2]);
	n_threads = (unsigned)atoi(argv[3]);
	n_threads = n_threads < 1 ? 1 : n_threads > 16 ? 16 : n_threads;
	trace = argc > 4;
	open_files();
	map_arena();
	start_threads();
	sigfillset(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	for (;;) { /* the machine is this program's: its clock began when we did */
		struct timespec now;

		syscall(SYS_nanosleep, &tick, NULL);
		syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
		if (now.tv_sec >= (time_t)seconds)
			syscall(SYS_exit_group, 0);
		for (unsigned i = 0; i < n_threads; i++)
			syscall(SYS_tgkill, getpid(), tids[i], NUDGE);
	}
}
