/* SPDX-License-Identifier: MIT */
/*
 * Lines of --strace against what strace(1) prints. The sources are included, not linked: Linux's
 * own headers stand beside the C library's only when that declares no more than ISO C and does not
 * say that it is there.
 */
#define _ISOC11_SOURCE
#include "tests/unit/unit.h"

#undef __GLIBC__
#include "kernel/errname.c"
#include "syscalls/strace.c"
#include "syscalls/strace_ipc.c"
#include "syscalls/strace_names.c"
#include "syscalls/strace_net.c"
#include "syscalls/strace_str.c"
#include "syscalls/strace_struct.c"

static const struct syscall_row rows[] = {
#define ARGS(...)                                                                                  \
	{                                                                                          \
		ARG_MAP(ARG_KIND, __VA_ARGS__)                                                     \
	}
#define NOARGS                                                                                     \
	{                                                                                          \
		0                                                                                  \
	}
#define SYS(nr, name, status, value, result, frame, args, note)                                    \
	[nr] = {#name, STATUS_##status, RESULT_##result, args},
#include "syscalls/table.def"
};

/* ---- what the kernel would provide ---- */

static char line[2 * TRACE_LINE];
static struct process process = {.n_threads = 1};
static struct thread thread = {.process = &process, .tid = 7};

bool process_many(void)
{
	return false;
}

struct thread *current_thread(void)
{
	return &thread;
}

struct trace_hooks trace_hooks;

int scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n < (int)size ? n : (int)size - 1;
}

void *kmalloc(size_t n)
{
	return malloc(n);
}

void kfree(void *p)
{
	free(p);
}

void iter_kernel(struct iter *it, void *base, size_t len)
{
	it->one.iov_base = base;
	it->left = len;
}

ssize_t con_write(enum con_stream s, struct iter *from, bool nonblock)
{
	size_t n = from->left;

	CHECK(n < sizeof(line));
	memcpy(line, from->one.iov_base, n);
	line[n] = '\0';
	from->left = 0;
	return n;
}

/* From edge on there is a page that cannot be read. */
static char area[2 * 4096], *edge = area + 4096;

size_t uaccess_read(void *dst, uaddr_t src, size_t n)
{
	size_t ok = n;

	if (src < 0x10000 || src > TASK_SIZE)
		return n;
	if (src < (uaddr_t)edge + 4096 && src + n > (uaddr_t)edge)
		ok = src < (uaddr_t)edge ? (uaddr_t)edge - src : 0;
	memcpy(dst, (void *)src, ok);
	return n - ok;
}

const char *signal_name(int signo)
{
	return signo == SIGCHLD ? "SIGCHLD" : signo == SIGINT ? "SIGINT" : "SIGTERM";
}

/* ---- tests ---- */

#define A(x) ((uint64_t)(x))

static const char *trace6(int nr, long result, const uint64_t *args)
{
	line[0] = '\0';
	strace_leave(strace_enter(nr, nr < 463 && rows[nr].name ? &rows[nr] : NULL, args), result);
	return line;
}

#define TRACE(nr, result, ...) trace6((nr), (result), (uint64_t[6]){__VA_ARGS__})

/* The call as it is shown, padded to column 40, and its result. */
#define LINE(call, result_text, ...)                                                               \
	do {                                                                                       \
		char expected_[512];                                                               \
		const char *got_ = TRACE(__VA_ARGS__);                                             \
		snprintf(expected_, sizeof(expected_), "%-39s = %s\n", (call), (result_text));     \
		if (strcmp(got_, expected_))                                                       \
			printf("# got      %s# expected %s", got_, expected_);                     \
		CHECK(!strcmp(got_, expected_));                                                   \
	} while (0)

enum {
	READ = 0,
	WRITE = 1,
	OPEN = 2,
	CLOSE = 3,
	POLL = 7,
	MMAP = 9,
	MPROTECT = 10,
	BRK = 12,
	RT_SIGACTION = 13,
	RT_SIGPROCMASK = 14,
	IOCTL = 16,
	WRITEV = 20,
	ACCESS = 21,
	PIPE = 22,
	NANOSLEEP = 35,
	NR_GETPID = 39,
	EXIT_GROUP = 231,
	FCNTL = 72,
	UMASK = 95,
	KILL = 62,
	FUTEX = 202,
	OPENAT = 257,
	FSTAT = 5,
	LSEEK = 8,
	PRLIMIT = 302,
	UNAME = 63,
	SELECT = 23,
	NR_SEMGET = 64,
	NR_SEMOP = 65,
	NR_SEMCTL = 66,
	NR_MSGSND = 69,
	NR_MSGRCV = 70,
	NR_MQ_GETSETATTR = 245
};

static void test_simple(void)
{
	LINE("getpid()", "2", NR_GETPID, 2, 0);
	LINE("close(3)", "-1 EBADF (Bad file descriptor)", CLOSE, -EBADF, 3);
	LINE("exit_group(1)", "?", EXIT_GROUP, 0, 1);
	LINE("umask(022)", "02", UMASK, 2, 022);
	LINE("brk(NULL)", "0x1000", BRK, 0x1000, 0);
	LINE("kill(2, SIGTERM)", "0", KILL, 0, 2, SIGTERM);
	LINE("lseek(3, -1, SEEK_END)", "5", LSEEK, 5, 3, -1, 2);
	LINE("syscall_0x190(0x1, 0x2, 0, 0, 0, 0)", "-1 ENOSYS (Function not implemented)", 400,
	     -ENOSYS, 1, 2);
	LINE("read(0, 0x5, 10)", "? ERESTARTSYS (To be restarted if SA_RESTART is set)", READ,
	     -ERESTARTSYS, 0, 5, 10);
}

static void test_strings(void)
{
	char nul[4] = "a\0b";

	LINE("write(1, \"hello\\n\", 6)", "6", WRITE, 6, 1, A("hello\n"), 6);
	LINE("write(1, \"a\\0b\", 3)", "3", WRITE, 3, 1, A(nul), 3);
	LINE("write(1, \"\\0011\\t\\\"\\\\\\377\", 6)", "6", WRITE, 6, 1, A("\0011\t\"\\\xff"), 6);
	LINE("write(1, \"01234567890123456789012345678901\"..., 40)", "40", WRITE, 40, 1,
	     A("0123456789012345678901234567890123456789"), 40);
	LINE("read(0, \"ab\", 10)", "2", READ, 2, 0, A("abcd"), 10);
	LINE("read(0, \"\", 10)", "0", READ, 0, 0, A("abcd"), 10);
	LINE("write(1, NULL, 5)", "-1 EFAULT (Bad address)", WRITE, -EFAULT, 1, 0, 5);
	memcpy(edge - 3, "xyz", 3);
	TRACE(WRITE, 3, 1, A(edge - 3), 5);
	CHECK(!strncmp(line, "write(1, \"xyz\"..., 5)", 21));
	TRACE(ACCESS, -EFAULT, A(edge - 3), 0);
	CHECK(!strncmp(line, "access(\"xyz\"..., F_OK)", 22));
	TRACE(ACCESS, -EFAULT, A(edge), R_OK | X_OK);
	CHECK(strstr(line, ", R_OK|X_OK)"));
}

static void test_flags(void)
{
	LINE("openat(AT_FDCWD, \"/x\", O_RDONLY|O_CLOEXEC)", "3", OPENAT, 3, A(AT_FDCWD), A("/x"),
	     O_CLOEXEC, 0x1234);
	LINE("open(\"/x\", O_RDWR|O_CREAT|O_TRUNC, 0644)", "3", OPEN, 3, A("/x"),
	     O_RDWR | O_CREAT | O_TRUNC, 0644);
	LINE("mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)", "0x7000",
	     MMAP, 0x7000, 0, 4096, 3, 0x22, A(-1), 0);
	LINE("mprotect(0x1000, 4096, PROT_NONE)", "0", MPROTECT, 0, 0x1000, 4096, 0);
	LINE("fcntl(1, F_GETFL)", "2", FCNTL, 2, 1, F_GETFL, 77);
	LINE("fcntl(1, F_SETFD, FD_CLOEXEC)", "0", FCNTL, 0, 1, F_SETFD, FD_CLOEXEC);
	LINE("futex(0x8000, FUTEX_WAKE|FUTEX_PRIVATE_FLAG, 1)", "0", FUTEX, 0, 0x8000, 129, 1, 5, 6,
	     7);
	LINE("ioctl(1, TCGETS, 0x9000)", "-1 ENOTTY (Inappropriate ioctl for device)", IOCTL,
	     -ENOTTY, 1, TCGETS, 0x9000);
}

static void test_structs(void)
{
	struct ksigaction sa = {.handler = 0x4000,
				.flags = SA_RESTART | SA_RESTORER,
				.restorer = 0x5000,
				.mask = SIGBIT(SIGINT)};
	struct __kernel_timespec ts = {1, 500};
	struct pollfd p = {.fd = 0, .events = POLLIN, .revents = POLLIN};
	struct iovec v[2] = {{"ab", 2}, {"c", 1}};
	struct rlimit64 lim = {8192 * 1024, RLIM64_INFINITY};
	uint64_t none = 0, most = ~0ull & ~SIGBIT(SIGINT), fds[16] = {5};
	int pair[2] = {3, 4};

	LINE("rt_sigaction(SIGINT, {sa_handler=0x4000, sa_mask=[INT], "
	     "sa_flags=SA_RESTORER|SA_RESTART, sa_restorer=0x5000}, NULL, 8)",
	     "0", RT_SIGACTION, 0, SIGINT, A(&sa), 0, 8);
	LINE("rt_sigprocmask(SIG_BLOCK, [], ~[INT], 8)", "0", RT_SIGPROCMASK, 0, 0, A(&none),
	     A(&most), 8);
	LINE("nanosleep({tv_sec=1, tv_nsec=500}, NULL)", "0", NANOSLEEP, 0, A(&ts), 0);
	LINE("poll([{fd=0, events=POLLIN, revents=POLLIN}], 1, -1)", "1", POLL, 1, A(&p), 1, A(-1));
	LINE("writev(1, [{iov_base=\"ab\", iov_len=2}, {iov_base=\"c\", iov_len=1}], 2)", "3",
	     WRITEV, 3, 1, A(v), 2);
	LINE("pipe([3, 4])", "0", PIPE, 0, A(pair));
	LINE("prlimit64(0, RLIMIT_STACK, NULL, {rlim_cur=8192*1024, rlim_max=RLIM64_INFINITY})",
	     "0", PRLIMIT, 0, 0, RLIMIT_STACK, 0, A(&lim));
	LINE("select(3, [0 2], NULL, NULL, NULL)", "1", SELECT, 1, 3, A(fds));
}

static void test_ipc(void)
{
	struct sembuf ops[2] = {{0, -1, SEM_UNDO}, {2, 1, IPC_NOWAIT}};
	struct mq_attr attr = {.mq_flags = O_NONBLOCK, .mq_maxmsg = 3, .mq_msgsize = 20};
	struct {
		long type;
		char text[8];
	} m = {7, "abc"};

	LINE("semget(IPC_PRIVATE, 2, IPC_CREAT|0600)", "5", NR_SEMGET, 5, 0, 2, IPC_CREAT | 0600);
	LINE("semget(0x41, 2, 000)", "5", NR_SEMGET, 5, 0x41, 2, 0);
	LINE("semop(5, [{sem_num=0, sem_op=-1, sem_flg=SEM_UNDO}, "
	     "{sem_num=2, sem_op=1, sem_flg=IPC_NOWAIT}], 2)",
	     "0", NR_SEMOP, 0, 5, A(ops), 2);
	LINE("semctl(5, 1, SETVAL, 0x3)", "0", NR_SEMCTL, 0, 5, 1, SETVAL, 3);
	LINE("msgsnd(5, {mtype=7, mtext=\"abc\"}, 3, IPC_NOWAIT)", "0", NR_MSGSND, 0, 5, A(&m), 3,
	     IPC_NOWAIT);
	LINE("msgrcv(5, {mtype=7, mtext=\"ab\"}, 8, -1, MSG_NOERROR)", "2", NR_MSGRCV, 2, 5, A(&m),
	     8, A(-1), MSG_NOERROR);
	LINE("mq_getsetattr(3, NULL, {mq_flags=O_NONBLOCK, mq_maxmsg=3, mq_msgsize=20, "
	     "mq_curmsgs=0})",
	     "0", NR_MQ_GETSETATTR, 0, 3, 0, A(&attr));
}

/* Lines are bounded whatever the program passes, and every call can be shown. */
static void test_hostile(void)
{
	static char junk[8192];

	memset(junk, 0xff, sizeof(junk) - 1);
	for (int nr = 0; nr < 463; nr++) {
		TRACE(nr, 0, A(junk), A(junk), A(junk), A(junk), A(junk), A(junk));
		CHECK(strlen(line) < TRACE_LINE && line[strlen(line) - 1] == '\n');
		TRACE(nr, -EINVAL, A(-1), A(-1), A(-1), A(-1), A(-1), A(-1));
		TRACE(nr, 100, 1, 1, 1, 1, 1, 1);
		TRACE(nr, 1000000, A(edge - 2), A(edge - 2), A(edge - 2), A(edge - 2), A(edge - 2),
		      A(edge - 2));
		CHECK(strlen(line) < TRACE_LINE && line[strlen(line) - 1] == '\n');
	}
}

int main(void)
{
	test_simple();
	test_strings();
	test_flags();
	test_structs();
	test_ipc();
	test_hostile();
	return UNIT_END();
}
