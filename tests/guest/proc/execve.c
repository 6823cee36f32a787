/* SPDX-License-Identifier: MIT */
/*
 * execve(2), execveat(2): this program replaces itself again and again. Each stage checks what the
 * one before has prepared and then starts the next; the environment carries stage and results.
 */
#include "tests/guest/tap.h"

#include <pthread.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>

#define KEPT	100 /* descriptors */
#define CLOSED	101
#define STRINGS 5000

static char state[4][300];
static char *envp[] = {state[0], state[1], state[2], state[3], NULL, NULL};

/* The environment for the next stage. */
static char **next(int stage)
{
	snprintf(state[0], sizeof(state[0]), "STAGE=%d", stage);
	snprintf(state[1], sizeof(state[1]), "COUNT=%d", tap_count);
	snprintf(state[2], sizeof(state[2]), "FAILED=%d", tap_failed);
	snprintf(state[3], sizeof(state[3]), "DIR=%s", tap_dir);
	return envp;
}

static int number(const char *name)
{
	return getenv(name) ? atoi(getenv(name)) : 0;
}

static char *const *args(char *a, ...)
{
	static char *list[16];
	va_list ap;
	int n = 0;

	va_start(ap, a);
	for (char *s = a; s; s = va_arg(ap, char *))
		list[n++] = s;
	va_end(ap);
	list[n] = NULL;
	return list;
}

static void copy_into(int out)
{
	int in = open("/proc/self/exe", O_RDONLY);
	static char buf[65536];
	ssize_t n;

	while ((n = read(in, buf, sizeof(buf))) > 0)
		if (write(out, buf, n) != n)
			_exit(99);
	close(in);
}

static void copy_self(const char *to, mode_t mode)
{
	int out = open(to, O_WRONLY | O_CREAT, mode);

	copy_into(out);
	fchmod(out, mode);
	close(out);
}

static void script(const char *name, const char *text)
{
	close(file_with(name, text));
	chmod(name, 0755);
}

static void handler(int sig)
{
}

/* ---- stage 0: all that fails, with nothing changed ---- */

static void bad_scripts(char *const *a)
{
	char text[600];

	int fd;

	fd = open("noexec", O_WRONLY); /* somebody writes to the script's interpreter, then to it */
	chmod("noexec", 0755);
	script("writing", "#!./noexec\n");
	fails(execve("writing", a, envp), ETXTBSY);
	fails(execve("noexec", a, envp), ETXTBSY);
	close(fd);
	script("none", "#!/nonexistent/interpreter\n");
	fails(execve("none", a, envp), ENOENT);
	script("empty-line", "#!\n");
	fails(execve("empty-line", a, envp), ENOEXEC);
	script("no-line", "#!");
	fails(execve("no-line", a, envp), EACCES);
	script("blank", "#!  \t \n");
	fails(execve("blank", a, envp), ENOEXEC);
	memset(text, 'x', sizeof(text));
	memcpy(text, "#!/", 3);
	text[sizeof(text) - 1] = '\0';
	script("long", text);
	fails(execve("long", a, envp), ENOEXEC);
	script("dir", "#!/tmp\n");
	fails(execve("dir", a, envp), EACCES);
	script("plain", "echo no\n");
	fails(execve("plain", a, envp), ENOEXEC);
	script("nothing", "");
	fails(execve("nothing", a, envp), ENOEXEC);
	script("half", "\177ELF");
	fails(execve("half", a, envp), ENOEXEC);
	script("self", "#!./self\n");
	fails(execve("self", a, envp), ELOOP);
	script("s0", "#!./prog\n");
	for (int i = 1; i <= 5; i++) {
		char name[8];

		snprintf(name, sizeof(name), "s%d", i);
		snprintf(text, sizeof(text), "#!./s%d\n", i - 1);
		script(name, text);
	}
	fails(execve("s5", a, envp), ELOOP);
}

static void bad_arguments(void)
{
	static char huge[131072 + 1];
	char **many = calloc(900000, sizeof(*many));

	fails(sys(execve, "prog", BAD, envp), EFAULT);
	fails(sys(execve, "prog", NULL, BAD), EFAULT);
	fails(sys(execve, "prog", args(BAD, NULL), envp), EFAULT);
	fails(sys(execve, "nowhere", BAD, envp), ENOENT);
	memset(huge, 'x', sizeof(huge) - 1);
	fails(execve("prog", args("a", huge, NULL), envp), E2BIG);
	for (int i = 0; i < 899999; i++)
		many[i] = "x";
	fails(execve("prog", many, envp), E2BIG);
	free(many);
}

static void bad_files(char *const *a)
{
	int fd = open(".", O_PATH), fds[2];

	fails(execve("nowhere", a, envp), ENOENT);
	fails(execve("", a, envp), ENOENT);
	fails(sys(execve, BAD, a, envp), EFAULT);
	fails(sys(execve, NULL, a, envp), EFAULT);
	fails(execve("prog/x", a, envp), ENOTDIR);
	fails(execve(".", a, envp), EACCES);
	fails(execve("/dev/null", a, envp), EACCES);
	copy_self("noexec", 0644);
	fails(execve("noexec", a, envp), EACCES);
	mkfifo("fifo", 0755);
	fails(execve("fifo", a, envp), EACCES);
	symlink("loop", "loop");
	fails(execve("loop", a, envp), ELOOP);
	symlink("prog", "link");
	fails(sys(execveat, AT_FDCWD, "link", a, envp, AT_SYMLINK_NOFOLLOW), ELOOP);
	fails(sys(execveat, AT_FDCWD, "prog", a, envp, 1), EINVAL);
	fails(sys(execveat, FD_NONE, "prog", a, envp, 0), EBADF);
	fails(sys(execveat, fd, "", a, envp, 0), ENOENT);
	fails(sys(execveat, fd, "", a, envp, AT_EMPTY_PATH), EACCES);
	fails(sys(execveat, KEPT, "x", a, envp, 0), ENOTDIR);
	works(pipe(fds));
	fails(sys(execveat, fds[0], "", a, envp, AT_EMPTY_PATH), EACCES);
	close(fds[0]);
	close(fds[1]);
	close(fd);
}

static void stage0(void)
{
	char *const list[] = {"x", NULL}, *const *a = list;
	stack_t ss = {.ss_sp = malloc(65536), .ss_size = 65536};
	sigset_t set;

	tmp();
	copy_self("prog", 0755);
	next(-1);
	is(dup2(open("prog", O_RDONLY), KEPT), KEPT);
	is(dup3(KEPT, CLOSED, O_CLOEXEC), CLOSED);
	lseek(KEPT, 7, SEEK_SET);
	bad_files(a);
	bad_scripts(a);
	bad_arguments();

	signal(SIGUSR1, handler);
	signal(SIGUSR2, SIG_IGN);
	is(sigaltstack(&ss, NULL), 0);
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_SETMASK, &set, NULL);
	raise(SIGHUP);
	alarm(1000);
	umask(027);
	setrlimit(RLIMIT_NOFILE, &(struct rlimit){222, 222});
	prctl(PR_SET_NAME, "changed");
	prctl(PR_SET_DUMPABLE, 0);
	__asm__ volatile("pcmpeqd %%xmm15, %%xmm15" ::: "xmm15");
	execve("link", args("a name", "", "two words", NULL), next(1));
	ok(0, "the program starts itself again");
}

/* ---- stage 1: what is kept and what is not ---- */

static void check_signals(void)
{
	struct sigaction sa;
	sigset_t set;
	stack_t ss;

	sigaction(SIGUSR1, NULL, &sa);
	ok(sa.sa_handler == SIG_DFL, "a handler is gone");
	is(sa.sa_flags, 0);
	sigaction(SIGUSR2, NULL, &sa);
	ok(sa.sa_handler == SIG_IGN, "what was ignored still is");
	sigprocmask(SIG_SETMASK, NULL, &set);
	ok(sigismember(&set, SIGHUP) && sigismember(&set, SIGUSR1) && !sigismember(&set, SIGUSR2),
	   "the mask is kept");
	sigpending(&set);
	ok(sigismember(&set, SIGHUP), "what is pending is kept");
	sigaltstack(NULL, &ss);
	is(ss.ss_flags, SS_DISABLE);
	ok(alarm(0) > 900, "the alarm goes on");
}

static void stage1(int argc, char **argv, const char *xmm)
{
	char text[4096], comm[16];
	struct rlimit limit;
	ssize_t n;

	is(argc, 3);
	ok(!strcmp(argv[0], "a name") && !strcmp(argv[1], "") && !strcmp(argv[2], "two words"));
	check_signals();
	works(fcntl(KEPT, F_GETFD));
	is(lseek(KEPT, 0, SEEK_CUR), 7);
	fails(fcntl(CLOSED, F_GETFD), EBADF);
	is(umask(022), 027);
	getrlimit(RLIMIT_NOFILE, &limit);
	is(limit.rlim_cur, 222);
	prctl(PR_GET_NAME, comm);
	ok(!strcmp(comm, "link"), "named after the path it was called by");
	is(prctl(PR_GET_DUMPABLE), 1);
	same(xmm, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	ok(!strcmp((char *)getauxval(AT_EXECFN), "link"));
	is(getauxval(AT_SECURE), 0);
	n = readlink("/proc/self/exe", text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	ok(n > 5 && !strcmp(text + n - 5, "/prog"), "/proc/self/exe is the file");
	ok(file_is("/proc/self/comm", "link\n"));
	n = read(open("/proc/self/cmdline", O_RDONLY), text, sizeof(text));
	is(n, 7 + 1 + 10);
	same(text, "a name\0\0two words", 18);

	execve("prog", NULL, next(2));
	ok(0, "no arguments at all");
}

static void stage2(int argc, char **argv)
{
	static char strings[STRINGS][8], *many[STRINGS + 2] = {"many"};
	static char big[131072];

	is(argc, 1);
	ok(argv[0][0] == '\0', "one empty argument");
	for (int i = 0; i < STRINGS; i++) {
		snprintf(strings[i], sizeof(strings[i]), "%d", i);
		many[i + 1] = strings[i];
	}
	memset(big, 'b', sizeof(big) - 1);
	many[STRINGS / 2] = big;
	execve("prog", many, next(3));
	ok(0, "many arguments");
}

static void stage3(int argc, char **argv)
{
	bool good = argc == STRINGS + 1;

	for (int i = 1; good && i < argc; i++)
		good = i == STRINGS / 2 ? strlen(argv[i]) == 131071 : atoi(argv[i]) == i - 1;
	ok(good, "many arguments and a long one arrive");
	script("script", "#! ./prog \t one  argument \t\nrest\n");
	execve("./script", args("dropped", "x", "y", NULL), next(4));
	ok(0, "a script");
}

/* ---- scripts ---- */

static void stage4(int argc, char **argv)
{
	char comm[16];

	is(argc, 5);
	ok(!strcmp(argv[0], "./prog"));
	ok(!strcmp(argv[1], "one  argument"));
	ok(!strcmp(argv[2], "./script"));
	ok(!strcmp(argv[3], "x") && !strcmp(argv[4], "y"));
	ok(!strcmp((char *)getauxval(AT_EXECFN), "./script"));
	prctl(PR_GET_NAME, comm);
	ok(!strcmp(comm, "script"));
	execve("s4", args("dropped", NULL), next(5));
	ok(0, "a script of scripts");
}

static void stage5(int argc, char **argv)
{
	int fd = open("script", O_RDONLY | O_CLOEXEC);

	is(argc, 6);
	ok(!strcmp(argv[0], "./prog") && !strcmp(argv[1], "./s0") && !strcmp(argv[4], "./s3"));
	ok(!strcmp(argv[5], "s4"));
	script("no-end", "#!./prog"); /* without a newline */
	fails(sys(execveat, fd, "", args("x", NULL), next(5), AT_EMPTY_PATH), ENOENT);
	close(fd);
	is(dup2(open("no-end", O_RDONLY), KEPT), KEPT);
	sys(execveat, KEPT, "", args("dropped", NULL), next(6), AT_EMPTY_PATH);
	ok(0, "a script by its descriptor");
}

/* ---- descriptors ---- */

static void stage6(int argc, char **argv)
{
	int dir = open(".", O_RDONLY | O_DIRECTORY);

	is(argc, 2);
	ok(!strcmp(argv[0], "./prog") && !strcmp(argv[1], "/dev/fd/100"));
	is(dup2(dir, KEPT), KEPT);
	sys(execveat, KEPT, "prog", args("by directory", NULL), next(7), 0);
	ok(0, "relative to a directory");
}

static void stage7(int argc, char **argv)
{
	int fd = open("prog", O_PATH | O_CLOEXEC);

	ok(argc == 1 && !strcmp(argv[0], "by directory"));
	ok(!strcmp((char *)getauxval(AT_EXECFN), "/dev/fd/100/prog"));
	sys(execveat, fd, "", args("by descriptor", NULL), next(8), AT_EMPTY_PATH);
	ok(0, "by descriptor");
}

/* ---- threads ---- */

static void *sleeper(void *arg)
{
	pause();
	return NULL;
}

static void *starter(void *arg)
{
	execve("prog", args("from a thread", NULL), next(10));
	ok(0, "from a thread");
	return NULL;
}

static void stage8(int argc, char **argv)
{
	char text[64];
	int fd = memfd_create("name", 0);

	ok(argc == 1 && !strcmp(argv[0], "by descriptor"));
	copy_into(fd);
	snprintf(text, sizeof(text), "/proc/self/fd/%d", fd);
	fd = open(text, O_RDONLY | O_CLOEXEC);
	close(fd - 1);
	fexecve(fd, args("from memory", NULL), next(9));
	ok(0, "a file in memory");
}

static void stage9(int argc, char **argv)
{
	pthread_t t;

	ok(argc == 1 && !strcmp(argv[0], "from memory"));
	pthread_create(&t, NULL, sleeper, NULL);
	pthread_create(&t, NULL, starter, NULL);
	for (;;)
		pause();
}

static int count_tasks(void)
{
	DIR *d = opendir("/proc/self/task");
	int n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n - 2;
}

static void stage10(int argc, char **argv)
{
	ok(argc == 1 && !strcmp(argv[0], "from a thread"));
	is(gettid(), getpid());
	is(count_tasks(), 1);
	fails(open("prog", O_WRONLY), ETXTBSY);
	fails(open("prog", O_RDONLY | O_TRUNC), ETXTBSY);
	fails(truncate("prog", 0), ETXTBSY);
	works(open("noexec", O_WRONLY));
}

int main(int argc, char **argv)
{
	char xmm[16];
	int stage = number("STAGE");

	/* Whatever the C library does with it before, it leaves this one alone. */
	__asm__ volatile("movdqu %%xmm15, %0" : "=m"(xmm));
	tap_count = number("COUNT");
	tap_failed = number("FAILED");
	if (getenv("DIR"))
		snprintf(tap_dir, sizeof(tap_dir), "%s", getenv("DIR"));
	switch (stage) {
	case 0:
		stage0();
		break;
	case 1:
		stage1(argc, argv, xmm);
		break;
	case 2:
		stage2(argc, argv);
		break;
	case 3:
		stage3(argc, argv);
		break;
	case 4:
		stage4(argc, argv);
		break;
	case 5:
		stage5(argc, argv);
		break;
	case 6:
		stage6(argc, argv);
		break;
	case 7:
		stage7(argc, argv);
		break;
	case 8:
		stage8(argc, argv);
		break;
	case 9:
		stage9(argc, argv);
		break;
	case 10:
		stage10(argc, argv);
		break;
	default:
		ok(0, "a stage that must not be reached");
	}
	return tap_done();
}
