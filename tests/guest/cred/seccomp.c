/* SPDX-License-Identifier: MIT */
/*
 * seccomp(2): what is refused at installation, every action, which of several filters counts, the
 * arithmetic of filters, threads, what fork(2) and execve(2) hand on, strict mode. All restrictions
 * are taken on in children.
 */
#include "tests/guest/cred/cred.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <ucontext.h>

#define NR	offsetof(struct seccomp_data, nr)
#define ARG(n)	(offsetof(struct seccomp_data, args) + 8 * (n))
#define LOAD(k) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, k)
#define RET(k)	BPF_STMT(BPF_RET | BPF_K, k)
#define IF(nr)	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1)
/* The action for one call, all others are allowed. */
#define ONE(nr, action) LOAD(NR), IF(nr), RET(action), RET(SECCOMP_RET_ALLOW)
#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static long install_n(const struct sock_filter *insn, unsigned short n, unsigned flags)
{
	struct sock_fprog prog = {n, (struct sock_filter *)insn};

	return sys(seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
}

#define install(...)                                                                               \
	({                                                                                         \
		const struct sock_filter insn_[] = {__VA_ARGS__};                                  \
		install_n(insn_, COUNT(insn_), 0);                                                 \
	})

static void promise(void)
{
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* wait(2) status, without the core flag, of a child that does this. */
#define status_of(statement)                                                                       \
	({                                                                                         \
		int status_ = -1;                                                                  \
		pid_t pid_ = fork();                                                               \
                                                                                                   \
		if (pid_ == 0) {                                                                   \
			promise();                                                                 \
			statement;                                                                 \
			_exit(0);                                                                  \
		}                                                                                  \
		waitpid(pid_, &status_, 0);                                                        \
		status_ & ~0x80;                                                                   \
	})

static void arguments(void)
{
	struct sock_filter allow = RET(SECCOMP_RET_ALLOW);
	struct sock_fprog prog = {1, &allow};
	uint32_t action = SECCOMP_RET_ERRNO;
	struct seccomp_notif_sizes sizes;

	is(sys(seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action), 0);
	action = SECCOMP_RET_KILL_PROCESS;
	is(sys(seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action), 0);
	action = SECCOMP_RET_TRAP;
	is(sys(seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action), 0);
	action = 0x12340000;
	fails(sys(seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action), EOPNOTSUPP);
	fails(sys(seccomp, SECCOMP_GET_ACTION_AVAIL, 1, &action), EINVAL);
	fails(sys(seccomp, SECCOMP_GET_ACTION_AVAIL, 0, BAD), EFAULT);
	is(sys(seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes), 0);
	ok(sizes.seccomp_data == sizeof(struct seccomp_data));
	fails(sys(seccomp, SECCOMP_GET_NOTIF_SIZES, 1, &sizes), EINVAL);
	fails(sys(seccomp, SECCOMP_GET_NOTIF_SIZES, 0, BAD), EFAULT);
	fails(sys(seccomp, 99, 0, NULL), EINVAL);
	fails(sys(seccomp, SECCOMP_SET_MODE_STRICT, 1, NULL), EINVAL);
	fails(sys(seccomp, SECCOMP_SET_MODE_STRICT, 0, &prog), EINVAL);
	fails(sys(seccomp, SECCOMP_SET_MODE_FILTER, 1u << 30, &prog), EINVAL);
	fails(sys(seccomp, SECCOMP_SET_MODE_FILTER, 0, BAD), EFAULT);
	fails(prctl(PR_SET_SECCOMP, 99, &prog), EINVAL);
	is(prctl(PR_GET_SECCOMP), 0);
	caps_drop(BIT(CAP_SYS_ADMIN));
	fails(install_n(&allow, 1, 0), EACCES);
	promise();
	prog.filter = BAD;
	fails(sys(seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog), EFAULT);
	fails(install_n(&allow, 0, 0), EINVAL);
	fails(install_n(&allow, BPF_MAXINSNS + 1, 0), EINVAL);
	is(install_n(&allow, 1, SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW), 0);
	is(prctl(PR_GET_SECCOMP), 2);
	is(status_hex("Seccomp:"), 2);
	prog.filter = &allow;
	is(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog), 0);
	is(status_hex("Seccomp_filters:"), 2);
	fails(sys(seccomp, SECCOMP_SET_MODE_STRICT, 0, NULL), EINVAL);
	fails(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT), EINVAL);
}

static void invalid(void)
{
	promise();
	fails(install(LOAD(NR)), EINVAL);	 /* does not end */
	fails(install(LOAD(2), RET(0)), EINVAL); /* not aligned */
	fails(install(LOAD(sizeof(struct seccomp_data)), RET(0)), EINVAL);
	fails(install(BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0), RET(0)), EINVAL);
	fails(install(BPF_STMT(BPF_LD | BPF_W | BPF_IND, 0), RET(0)), EINVAL);
	fails(install(BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0), RET(0)), EINVAL);
	fails(install(BPF_JUMP(BPF_JMP | BPF_JA, -1u, 0, 0), RET(0)), EINVAL);
	fails(install(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), RET(0)), EINVAL);
	fails(install(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1), RET(0)), EINVAL);
	fails(install(BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), RET(0)), EINVAL);
	fails(install(BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 3), RET(0)), EINVAL);
	fails(install(BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 32), RET(0)), EINVAL);
	fails(install(BPF_STMT(BPF_ST, 16), RET(0)), EINVAL);
	fails(install(BPF_STMT(BPF_LD | BPF_MEM, 0), RET(0)), EINVAL); /* never written */
	fails(install(IF(1), BPF_STMT(BPF_ST, 3), BPF_STMT(BPF_LD | BPF_MEM, 3), RET(0)), EINVAL);
	fails(install(BPF_STMT(0xffff, 0), RET(0)), EINVAL);
	fails(install(BPF_STMT(BPF_RET | BPF_X, 0)), EINVAL);
	is(install(BPF_STMT(BPF_ST, 15), IF(1), BPF_STMT(BPF_ST, 3), BPF_STMT(BPF_LD | BPF_MEM, 15),
		   RET(SECCOMP_RET_ALLOW)),
	   0);
}

static void errnos(void)
{
	promise();
	is(install(ONE(SYS_getppid, SECCOMP_RET_ERRNO | EDOM)), 0);
	fails(sys(getppid), EDOM);
	is(install(ONE(SYS_getppid, SECCOMP_RET_ERRNO | ERANGE)), 0);
	fails(sys(getppid), ERANGE); /* of equals, the last */
	is(install(ONE(SYS_getuid, SECCOMP_RET_ERRNO)), 0);
	is(sys(getuid), 0);
	is(install(ONE(SYS_getgid, SECCOMP_RET_ERRNO | 0xffff)), 0);
	is(sys(getgid), -1);
	is(errno, 4095);
	is(install(ONE(SYS_getsid, SECCOMP_RET_TRACE)), 0);
	fails(sys(getsid, 0), ENOSYS);
	is(install(ONE(SYS_getpgrp, SECCOMP_RET_USER_NOTIF)), 0);
	fails(sys(getpgrp), ENOSYS);
	is(install(ONE(SYS_getpid, SECCOMP_RET_LOG)), 0);
	ok(sys(getpid) > 0);
	is(install(ONE(99999, SECCOMP_RET_ERRNO | EXDEV)), 0);
	is(syscall(99999), -1);
	is(errno, EXDEV);
	is(install(ONE(SYS_getsid, SECCOMP_RET_ERRNO | EDOM)), 0); /* ERRNO is more severe */
	fails(sys(getsid, 0), EDOM);
}

/* lseek(BAD_FD, x, y) is answered with what the filter has computed, as an errno. */
static void arithmetic(void)
{
	promise();
	is(install(
	       LOAD(NR), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_lseek, 1, 0),
	       RET(SECCOMP_RET_ALLOW), LOAD(ARG(1)), BPF_STMT(BPF_ST, 2),
	       BPF_STMT(BPF_LDX | BPF_MEM, 2), LOAD(ARG(2)), BPF_STMT(BPF_ALU | BPF_MUL | BPF_X, 0),
	       BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 7), BPF_STMT(BPF_ALU | BPF_SUB | BPF_X, 0),
	       BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0), BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 4),
	       BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 2), BPF_STMT(BPF_MISC | BPF_TAX, 0),
	       BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0), BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0),
	       BPF_STMT(BPF_ALU | BPF_XOR | BPF_K, 1), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xfff),
	       BPF_STMT(BPF_ALU | BPF_NEG, 0), BPF_STMT(BPF_ALU | BPF_NEG, 0),
	       BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO), BPF_STMT(BPF_RET | BPF_A, 0)),
	   0);
	is(sys(lseek, -1, 10l, 5), -1);
	is(errno, ((((10 * 5 + 7 - 10) / 10) << 4 >> 2) + 64) ^ 1);
	is(sys(lseek, -1, 3l, 100), -1);
	is(errno, ((((300 + 7 - 3) / 3) << 4 >> 2) + 64) ^ 1);
}

static void comparisons(void)
{
	promise();
	is(install(LOAD(NR), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_lseek, 1, 0),
		   RET(SECCOMP_RET_ALLOW), LOAD(ARG(1)),
		   BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 0x80000000, 0, 1),
		   RET(SECCOMP_RET_ERRNO | 1), BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0xc, 0, 1),
		   RET(SECCOMP_RET_ERRNO | 2), BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x100, 0, 1),
		   RET(SECCOMP_RET_ERRNO | 3), LOAD(ARG(1) + 4),
		   BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 5, 0, 1), RET(SECCOMP_RET_ERRNO | 4),
		   LOAD(offsetof(struct seccomp_data, arch)),
		   BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, 1),
		   RET(SECCOMP_RET_ERRNO | 6), RET(SECCOMP_RET_KILL_PROCESS)),
	   0);
	fails(sys(lseek, -1, 0x90000000l, 0), 1);
	fails(sys(lseek, -1, 0x8l, 0), 2);
	fails(sys(lseek, -1, 0x100l, 0), 3);
	fails(sys(lseek, -1, 0x500000001l, 0), 4);
	fails(sys(lseek, -1, 1l, 0), 6);
}

static siginfo_t trapped;
static long trapped_rax;

static void on_sigsys(int sig, siginfo_t *info, void *ctx)
{
	ucontext_t *uc = ctx;

	trapped = *info;
	trapped_rax = uc->uc_mcontext.gregs[REG_RAX];
	uc->uc_mcontext.gregs[REG_RAX] = 1234;
}

static void trap(void)
{
	struct sigaction sa = {.sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO};

	promise();
	sigaction(SIGSYS, &sa, NULL);
	is(install(ONE(SYS_getppid, SECCOMP_RET_TRAP | 77)), 0);
	is(sys(getppid), 1234);
	is(trapped.si_signo, SIGSYS);
	is(trapped.si_code, 1 /* SYS_SECCOMP */);
	is(trapped.si_errno, 77);
	is(trapped.si_syscall, SYS_getppid);
	is(trapped.si_arch, AUDIT_ARCH_X86_64);
	ok(trapped.si_call_addr != NULL);
	is(trapped_rax, SYS_getppid);
}

static volatile pid_t only_tid;

static void *only_thread(void *arg)
{
	only_tid = sys(gettid);
	sys(getppid);
	return arg;
}

static void kill_thread(void)
{
	pthread_t t;

	promise();
	is(install(ONE(SYS_getppid, SECCOMP_RET_KILL_THREAD)), 0);
	is(pthread_create(&t, NULL, only_thread, NULL), 0);
	/* Not pthread_join: musl has the thread itself say that it has ended. */
	while (!only_tid || sys(tgkill, getpid(), only_tid, 0) == 0)
		sched_yield();
	is(errno, ESRCH);
}

static void deaths(void)
{
	struct sigaction sa = {.sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO};
	pthread_t t;

	is(status_of(install(ONE(SYS_getppid, SECCOMP_RET_KILL_PROCESS)); sys(getppid)), SIGSYS);
	is(status_of(install(ONE(SYS_getppid, SECCOMP_RET_KILL_THREAD)); sys(getppid)), SIGSYS);
	is(status_of(install(ONE(SYS_getppid, SECCOMP_RET_TRAP)); sys(getppid)), SIGSYS);
	is(status_of(install(ONE(SYS_getppid, 0x00500000)); sys(getppid)), SIGSYS);
	is(status_of(sigaction(SIGSYS, &sa, NULL);
		     install(ONE(SYS_getppid, SECCOMP_RET_KILL_PROCESS)); sys(getppid)),
	   SIGSYS);
	is(status_of(install(ONE(SYS_getppid, SECCOMP_RET_KILL_PROCESS));
		     pthread_create(&t, NULL, only_thread, NULL); pthread_join(t, NULL)),
	   SIGSYS);
	is(status_of(sys(seccomp, SECCOMP_SET_MODE_STRICT, 0, NULL); sys(getppid)), SIGKILL);
	is(status_of(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT); sys(write, -1, "", 0);
		     sys(exit, 7)),
	   7 << 8);
	is(status_of(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT); sys(exit_group, 7)), SIGKILL);
	is(status_of(install(BPF_STMT(BPF_LDX | BPF_IMM, 0), BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0),
			     RET(SECCOMP_RET_ALLOW))),
	   SIGSYS);
}

static pthread_barrier_t barrier;
static long seen;

static void *other_thread(void *own)
{
	if (own)
		install(RET(SECCOMP_RET_ALLOW));
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	seen = sys(getppid);
	return NULL;
}

static void tsync(void *own)
{
	static const struct sock_filter insn[] = {ONE(SYS_getppid, SECCOMP_RET_ERRNO | EDOM)};
	pthread_t t;
	long r;

	promise();
	seen = 0;
	pthread_barrier_init(&barrier, NULL, 2);
	pthread_create(&t, NULL, other_thread, own);
	pthread_barrier_wait(&barrier);
	if (own) {
		ok(install_n(insn, COUNT(insn), SECCOMP_FILTER_FLAG_TSYNC) > 0); /* its number */
		r = install_n(insn, COUNT(insn),
			      SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH);
		ok(r == -1 && errno == ESRCH);
		ok(sys(getppid) > 0); /* not installed */
	} else {
		is(install_n(insn, COUNT(insn), SECCOMP_FILTER_FLAG_TSYNC), 0);
		fails(sys(getppid), EDOM);
	}
	pthread_barrier_wait(&barrier);
	pthread_join(t, NULL);
	ok(own ? seen > 0 : seen == -1);
}

static void limits(void)
{
	static struct sock_filter insn[BPF_MAXINSNS];
	int n = 0;

	promise();
	for (int i = 0; i < BPF_MAXINSNS; i++)
		insn[i] = (struct sock_filter)RET(SECCOMP_RET_ALLOW);
	while (n < 20 && install_n(insn, BPF_MAXINSNS, 0) == 0)
		n++;
	is(errno, ENOMEM);
	ok(n >= 3 && n <= 7); /* 32768 instructions, classic ones or what they become */
}

static void inherited(void)
{
	static char self[4096];
	int status = -1;
	pid_t pid;

	promise();
	self[readlink("/proc/self/exe", self, sizeof(self) - 1)] = '\0';
	is(install(ONE(SYS_getppid, SECCOMP_RET_ERRNO | EDOM)), 0);
	pid = fork();
	if (pid == 0) {
		if (sys(getppid) == -1 && errno == EDOM)
			execl(self, self, "again", NULL);
		_exit(50);
	}
	is(waitpid(pid, &status, 0), pid);
	is(status, 0);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return !(sys(getppid) == -1 && errno == EDOM && prctl(PR_GET_SECCOMP) == 2);
	in_child(arguments());
	in_child(invalid());
	in_child(errnos());
	in_child(arithmetic());
	in_child(comparisons());
	in_child(trap());
	in_child(kill_thread());
	deaths();
	in_child(tsync(NULL));
	in_child(tsync(main));
	in_child(limits());
	in_child(inherited());
	return tap_done();
}
