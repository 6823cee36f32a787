/* SPDX-License-Identifier: MIT */
/* fork(2): what the child has of its own, what it shares, what it has not. */
#include "tests/guest/tap.h"

#include <sys/time.h>
#include <sys/wait.h>

static int global = 1;

/* Exit status of a child running fn, or -1. */
static int child_says(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(fn());
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

static int change_global(void)
{
	int before = global;

	global = 2;
	return before * 10 + global;
}

static void test_memory(void)
{
	int *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char *private =
	    mmap(NULL, 4 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	is(child_says(change_global), 12);
	is(global, 1);
	memset(private, 1, 4 << 20);
	*shared = 0;
	pid = fork();
	if (pid == 0) {
		*shared = 7;
		memset(private + 4096, 2, 2 << 20);
		_exit(private[0] == 1 && private[4096] == 2 ? 0 : 1);
	}
	private[8192] = 3;
	int status = -1;
	is(waitpid(pid, &status, 0), pid);
	is(status, 0);
	is(*shared, 7);
	is(private[4096], 1);
	is(private[8192], 3);
	is(munmap(private + 4096, 1 << 20), 0);
	is(private[0], 1);
}

static char *advised;

static int see_wiped(void)
{
	return advised[0] == 0 && advised[4096] == 5;
}

static int touch_dontfork(void)
{
	unsigned char vec;

	return mincore(advised, 4096, &vec) == -1 && errno == ENOMEM;
}

static void test_advice(void)
{
	advised = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	advised[0] = advised[4096] = 5;
	is(madvise(advised, 4096, MADV_WIPEONFORK), 0);
	is(child_says(see_wiped), 1);
	is(advised[0], 5);
	is(madvise(advised, 4096, MADV_KEEPONFORK), 0);
	is(madvise(advised, 4096, MADV_DONTFORK), 0);
	is(child_says(touch_dontfork), 1);
}

static int see_fresh(void)
{
	struct itimerval it;
	sigset_t pending;

	getitimer(ITIMER_REAL, &it);
	sigpending(&pending);
	return it.it_value.tv_sec == 0 && !sigismember(&pending, SIGUSR1);
}

static int seek_shared(void)
{
	return lseek(100, 5, SEEK_SET) == 5;
}

static void test_state(void)
{
	struct itimerval it = {.it_value.tv_sec = 100};
	sigset_t set, old;
	FILE *file = tmpfile();
	int p[2], fd = fileno(file);

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, &old);
	raise(SIGUSR1);
	setitimer(ITIMER_REAL, &it, NULL);
	is(child_says(see_fresh), 1);
	it.it_value.tv_sec = 0;
	setitimer(ITIMER_REAL, &it, NULL);
	signal(SIGUSR1, SIG_IGN);
	sigprocmask(SIG_SETMASK, &old, NULL);
	is(write(fd, "0123456789", 10), 10);
	is(dup2(fd, 100), 100);
	is(child_says(seek_shared), 1);
	is(lseek(fd, 0, SEEK_CUR), 5);
	is(pipe(p), 0);
	pid_t pid = fork();
	if (pid == 0) {
		close(p[0]);
		_exit(write(p[1], "x", 1) == 1 ? 0 : 1);
	}
	close(p[1]);
	char c[2];
	is(read(p[0], c, 2), 1);
	is(read(p[0], c, 2), 0); /* the child's end is closed by its end */
	is(waitpid(pid, NULL, 0), pid);
}

static int see_ids(void)
{
	return getpid() != getppid() && getpid() == (pid_t)syscall(SYS_gettid);
}

/* The call itself; C libraries use clone. */
static void test_bare(void)
{
	int status;
	pid_t pid = sys(fork);

	if (pid == 0)
		_exit(7);
	is(waitpid(pid, &status, 0), pid);
	is(WEXITSTATUS(status), 7);
}

int main(void)
{
	test_memory();
	test_advice();
	test_state();
	is(child_says(see_ids), 1);
	test_bare();
	errno = 0;
	is(waitpid(-1, NULL, 0), -1);
	is(errno, ECHILD);
	return tap_done();
}
