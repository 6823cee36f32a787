/* SPDX-License-Identifier: MIT */
/*
 * Arguments for random system calls, by the kinds of syscalls/table.def: mostly nearly right, so
 * that calls get beyond their first check, at times anything.
 */
#define _GNU_SOURCE
#include "tests/boot/prog/fuzz/fuzz.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define THREAD_SET                                                                                 \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)

uint64_t word(struct fuzzer *f)
{
	f->state = f->state * 6364136223846793005ull + 1442695040888963407ull;
	return f->state >> 32 ^ f->state << 21;
}

unsigned pick(struct fuzzer *f, unsigned n)
{
	return (unsigned)((word(f) & 0xffffffff) * n >> 32);
}

#define ONE_OF(f, array) ((array)[pick(f, sizeof(array) / sizeof((array)[0]))])

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

	if (in_arena(at, len) && fuzz_call(SYS_writev, a) == (long)len)
		fuzz_call(SYS_readv, b);
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

uint64_t argument(struct fuzzer *f, unsigned kind)
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
