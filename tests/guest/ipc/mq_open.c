/* SPDX-License-Identifier: MIT */
/*
 * mq_open(2), mq_unlink(2), mq_getsetattr(2), mq_timedsend(2), mq_timedreceive(2), mq_notify(2):
 * mq_overview(7). The calls themselves: names here are without the slash.
 */
#include "tests/guest/tap.h"

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

struct attr {
	long flags, max, size, count, reserved[4];
};

static char name[64], buf[8192];
static struct attr small = {.max = 3, .size = 20};

static int queue(int flags)
{
	return sys(mq_open, name, flags, 0600, &small);
}

static long put(int q, const char *text, unsigned prio)
{
	return sys(mq_timedsend, q, text, strlen(text), prio, NULL);
}

static bool got(int q, const char *text, unsigned want)
{
	unsigned prio = 77;
	long n = sys(mq_timedreceive, q, buf, sizeof(buf), &prio, NULL);

	return n == (long)strlen(text) && !memcmp(buf, text, n) && prio == want;
}

static int count(int q)
{
	struct attr a;

	return sys(mq_getsetattr, q, NULL, &a) ? -1 : (int)a.count;
}

static void test_names(void)
{
	char long_name[300];
	struct stat st;
	int q, other;

	fails(queue(O_RDWR), ENOENT);
	works(q = queue(O_RDWR | O_CREAT | O_EXCL));
	is(fcntl(q, F_GETFD), FD_CLOEXEC);
	fails(queue(O_RDWR | O_CREAT | O_EXCL), EEXIST);
	works(other = sys(mq_open, name, O_RDONLY, 0, NULL));
	fails(put(other, "x", 0), EBADF);
	works(put(q, "x", 5));
	ok(got(other, "x", 5));
	close(other);
	works(other = queue(O_WRONLY | O_CREAT));
	fails(sys(mq_timedreceive, other, buf, sizeof(buf), NULL, NULL), EBADF);
	close(other);
	works(fstat(q, &st));
	is(st.st_mode, S_IFREG | 0600);
	is(st.st_size, 80);
	is(st.st_uid, geteuid());
	is(st.st_nlink, 1);
	works(fchmod(q, 0640));
	works(fstat(q, &st));
	is(st.st_mode, S_IFREG | 0640);
	works(sys(mq_unlink, name));
	fails(sys(mq_unlink, name), ENOENT);
	fails(queue(O_RDWR), ENOENT);
	works(put(q, "still there", 0));
	ok(got(q, "still there", 0));
	works(fstat(q, &st));
	is(st.st_nlink, 0);
	close(q);
	fails(sys(mq_open, "a/b", O_RDWR | O_CREAT, 0600, NULL), EACCES);
	fails(sys(mq_open, "/", O_RDWR | O_CREAT, 0600, NULL), EACCES);
	fails(sys(mq_open, ".", O_RDWR | O_CREAT, 0600, NULL), EACCES);
	fails(sys(mq_open, "..", O_RDWR, 0600, NULL), EACCES);
	fails(sys(mq_open, "", O_RDWR | O_CREAT, 0600, NULL), ENOENT);
	fails(sys(mq_unlink, "a/b"), EACCES);
	fails(sys(mq_unlink, ""), ENOENT);
	memset(long_name, 'x', 299);
	long_name[299] = 0;
	fails(sys(mq_open, long_name, O_RDWR | O_CREAT, 0600, NULL), ENAMETOOLONG);
	fails(sys(mq_unlink, long_name), ENAMETOOLONG);
	fails(sys(mq_open, BAD, O_RDWR | O_CREAT, 0600, NULL), EFAULT);
	fails(sys(mq_open, name, O_RDWR, 0600, BAD), EFAULT);
	fails(sys(mq_unlink, BAD_KERNEL), EFAULT);
}

static int default_of(const char *what)
{
	char path[64];
	FILE *f;
	int v = 0;

	snprintf(path, sizeof(path), "/proc/sys/fs/mqueue/%s", what);
	f = fopen(path, "r");
	if (!f || fscanf(f, "%d", &v) != 1)
		v = -1;
	if (f)
		fclose(f);
	return v;
}

static void test_attributes(void)
{
	struct attr bad[] = {{.max = 0, .size = 1},
			     {.max = 1, .size = 0},
			     {.max = -1, .size = 1},
			     {.max = 1, .size = -1},
			     {.max = 65537, .size = 1},
			     {.max = 1, .size = (16 << 20) + 1},
			     {.max = 1l << 40, .size = 1l << 40}};
	struct attr a, set = {.flags = O_NONBLOCK, .max = 9, .size = 9};
	struct rlimit old, none = {100, 0};
	int q;

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		fails(sys(mq_open, name, O_RDWR | O_CREAT, 0600, &bad[i]), EINVAL);
	works(q = sys(mq_open, name, O_RDWR | O_CREAT, 0600, NULL));
	works(sys(mq_getsetattr, q, NULL, &a));
	is(a.max, default_of("msg_default"));
	is(a.size, default_of("msgsize_default"));
	is(a.flags, 0);
	is(a.count, 0);
	works(sys(mq_getsetattr, q, &set, &a));
	is(a.flags, 0);
	works(sys(mq_getsetattr, q, NULL, &a));
	is(a.flags, O_NONBLOCK);
	is(a.max, default_of("msg_default"));
	ok(fcntl(q, F_GETFL) & O_NONBLOCK);
	set.flags = O_APPEND;
	fails(sys(mq_getsetattr, q, &set, NULL), EINVAL);
	fails(sys(mq_getsetattr, -1, &set, NULL), EINVAL);
	fails(sys(mq_getsetattr, q, BAD, NULL), EFAULT);
	fails(sys(mq_getsetattr, q, NULL, BAD), EFAULT);
	fails(sys(mq_getsetattr, -1, NULL, &a), EBADF);
	fails(sys(mq_getsetattr, 1, NULL, &a), EBADF);
	close(q);
	works(sys(mq_unlink, name));
	works(q = sys(mq_open, name, O_RDWR | O_CREAT | O_NONBLOCK, 0600, &small));
	works(sys(mq_getsetattr, q, NULL, &a));
	is(a.flags, O_NONBLOCK);
	is(a.max, 3);
	is(a.size, 20);
	close(q);
	works(sys(mq_unlink, name));
	getrlimit(RLIMIT_MSGQUEUE, &old);
	none.rlim_max = old.rlim_max;
	works(setrlimit(RLIMIT_MSGQUEUE, &none));
	fails(queue(O_RDWR | O_CREAT), EMFILE);
	works(setrlimit(RLIMIT_MSGQUEUE, &old));
}

static void test_messages(void)
{
	struct timespec past = {1, 0}, bad = {1, 1000000000}, negative = {-1, 0}, soon;
	char *at_edge = edge(), text[20] = "0123456789012345678";
	int q = queue(O_RDWR | O_CREAT), p[2];
	unsigned prio;

	works(put(q, "low", 1));
	works(put(q, "high", 32767));
	works(put(q, "low too", 1));
	is(count(q), 3);
	fails(sys(mq_timedsend, q, "x", 1, 0, &past), ETIMEDOUT);
	clock_gettime(CLOCK_REALTIME, &soon);
	soon.tv_nsec += 10000000;
	if (soon.tv_nsec >= 1000000000) {
		soon.tv_nsec -= 1000000000;
		soon.tv_sec++;
	}
	fails(sys(mq_timedsend, q, "x", 1, 0, &soon), ETIMEDOUT);
	ok(got(q, "high", 32767));
	ok(got(q, "low", 1));
	ok(got(q, "low too", 1));
	fails(sys(mq_timedreceive, q, buf, sizeof(buf), NULL, &past), ETIMEDOUT);
	works(sys(mq_timedsend, q, "", 0, 0, &past));
	ok(got(q, "", 0));
	fails(put(q, "x", 32768), EINVAL);
	fails(put(-1, "x", 32768), EINVAL);
	fails(put(-1, "x", 0), EBADF);
	fails(put(1, "x", 0), EBADF);
	works(pipe(p));
	fails(put(p[1], "x", 0), EBADF);
	fails(sys(mq_timedreceive, p[0], buf, sizeof(buf), NULL, NULL), EBADF);
	fails(sys(mq_timedreceive, -1, buf, sizeof(buf), NULL, NULL), EBADF);
	works(sys(mq_timedsend, q, text, 20, 0, NULL));
	fails(sys(mq_timedsend, q, text, 21, 0, NULL), EMSGSIZE);
	fails(sys(mq_timedreceive, q, buf, 19, NULL, NULL), EMSGSIZE);
	is(sys(mq_timedreceive, q, buf, 20, NULL, NULL), 20);
	fails(sys(mq_timedsend, q, BAD, 1, 0, NULL), EFAULT);
	memcpy(at_edge - 5, "edge!", 5);
	works(sys(mq_timedsend, q, at_edge - 5, 5, 0, NULL));
	fails(sys(mq_timedsend, q, at_edge - 5, 6, 0, NULL), EFAULT);
	/* One that cannot be stored is lost. */
	fails(sys(mq_timedreceive, q, BAD, 20, NULL, NULL), EFAULT);
	is(count(q), 0);
	works(put(q, "x", 0));
	fails(sys(mq_timedreceive, q, buf, 20, BAD, NULL), EFAULT);
	is(count(q), 0);
	fails(sys(mq_timedsend, q, "x", 1, 0, &bad), EINVAL);
	fails(sys(mq_timedsend, q, "x", 1, 0, &negative), EINVAL);
	fails(sys(mq_timedsend, -1, "x", 1, 0, BAD), EFAULT);
	fails(sys(mq_timedreceive, q, buf, 20, &prio, &bad), EINVAL);
	fails(sys(mq_timedreceive, -1, buf, 20, &prio, BAD_KERNEL), EFAULT);
	works(fcntl(q, F_SETFL, O_NONBLOCK));
	fails(sys(mq_timedreceive, q, buf, 20, NULL, NULL), EAGAIN);
	ok(put(q, "1", 0) == 0 && put(q, "2", 0) == 0 && put(q, "3", 0) == 0);
	fails(put(q, "4", 0), EAGAIN);
	close(q);
	works(q = sys(mq_open, name, O_RDWR, 0, NULL)); /* they stay in the queue */
	is(count(q), 3);
	close(q);
	works(sys(mq_unlink, name));
}

static bool is_ready(int q, short events)
{
	struct pollfd p = {.fd = q, .events = POLLIN | POLLOUT};

	return poll(&p, 1, 0) >= 0 && p.revents == events;
}

static void test_poll(void)
{
	int q = queue(O_RDWR | O_CREAT), ep = epoll_create1(0);
	struct epoll_event e = {.events = EPOLLIN | EPOLLET};
	char text[128];
	ssize_t n;

	works(epoll_ctl(ep, EPOLL_CTL_ADD, q, &e));
	is(epoll_wait(ep, &e, 1, 0), 0);
	ok(is_ready(q, POLLOUT));
	works(put(q, "12345", 0));
	ok(is_ready(q, POLLIN | POLLOUT));
	is(epoll_wait(ep, &e, 1, -1), 1);
	is(epoll_wait(ep, &e, 1, 0), 0);
	ok(put(q, "2", 0) == 0 && put(q, "3", 0) == 0);
	ok(is_ready(q, POLLIN));
	is(n = read(q, text, sizeof(text)), 60);
	text[n > 0 ? n : 0] = 0;
	ok(!strcmp(text, "QSIZE:7          NOTIFY:0     SIGNO:0     NOTIFY_PID:0     \n"));
	is(read(q, text, sizeof(text)), 0);
	is(lseek(q, 6, SEEK_SET), 6);
	is(read(q, text, 1), 1);
	is(text[0], '7');
	fails(write(q, "x", 1), EINVAL);
	close(ep);
	close(q);
	works(sys(mq_unlink, name));
}

/* ---- waiting ---- */

struct thread {
	pthread_t thread;
	int q, tid, error;
	bool send;
	unsigned prio;
	long result;
	char text[32];
};

static void *run(void *arg)
{
	struct thread *t = arg;

	__atomic_store_n(&t->tid, gettid(), __ATOMIC_SEQ_CST);
	t->result = t->send ? sys(mq_timedsend, t->q, t->text, strlen(t->text), t->prio, NULL)
			    : sys(mq_timedreceive, t->q, t->text, sizeof(t->text), &t->prio, NULL);
	t->error = t->result < 0 ? errno : 0;
	return NULL;
}

static void wait_asleep(int pid, int tid)
{
	char path[64], line[256], state = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
	while (state != 'S') {
		int fd = open(path, O_RDONLY), n = read(fd, line, sizeof(line) - 1);

		close(fd);
		line[n > 0 ? n : 0] = 0;
		state = strrchr(line, ')') ? strrchr(line, ')')[2] : 0;
		usleep(1000);
	}
}

static void start(struct thread *t, int q)
{
	t->q = q;
	pthread_create(&t->thread, NULL, run, t);
	while (!__atomic_load_n(&t->tid, __ATOMIC_SEQ_CST))
		usleep(1000);
	wait_asleep(getpid(), t->tid);
}

static long join(struct thread *t)
{
	pthread_join(t->thread, NULL);
	return t->result;
}

static void test_waiting(void)
{
	struct thread a = {0}, b = {0}, c = {.send = true, .prio = 9, .text = "waited"};
	int q = queue(O_RDWR | O_CREAT);

	start(&a, q);
	start(&b, q);
	works(put(q, "one", 4));
	is(join(&a), 3); /* in turn */
	is(a.prio, 4);
	works(put(q, "three", 2));
	is(join(&b), 5);
	is(count(q), 0);
	ok(put(q, "1", 0) == 0 && put(q, "2", 0) == 0 && put(q, "3", 0) == 0);
	start(&c, q);
	is(count(q), 3);
	ok(got(q, "1", 0));
	is(join(&c), 0);
	is(count(q), 3);
	ok(got(q, "waited", 9));
	close(q);
	works(sys(mq_unlink, name));
}

static volatile int handled, value;
static volatile pid_t sender;

static void handler(int signo, siginfo_t *info, void *context)
{
	handled++;
	if (info->si_code == SI_MESGQ) {
		value = info->si_value.sival_int;
		sender = info->si_pid;
	}
}

static void test_signal(void)
{
	struct sigaction sa = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART};
	int q = queue(O_RDWR | O_CREAT), status = 0;
	pid_t pid;

	sigaction(SIGUSR1, &sa, NULL);
	pid = fork();
	if (pid == 0) /* goes on after the handler, because of SA_RESTART */
		_exit(got(q, "restarted", 1) && handled == 1 ? 7 : 8);
	wait_asleep(pid, pid);
	kill(pid, SIGUSR1);
	works(put(q, "restarted", 1));
	waitpid(pid, &status, 0);
	is(status, 7 << 8);
	sa.sa_flags = SA_SIGINFO;
	sigaction(SIGUSR1, &sa, NULL);
	pid = fork();
	if (pid == 0)
		_exit(sys(mq_timedreceive, q, buf, sizeof(buf), NULL, NULL) == -1 &&
		      errno == EINTR);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		kill(pid, SIGUSR1);
		usleep(1000);
	}
	is(status, 1 << 8);
	close(q);
	works(sys(mq_unlink, name));
}

/* The wait(2) status; signals may come meanwhile. */
static int ended(pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static void test_notify(void)
{
	struct sigevent ev = {
	    .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 4711};
	int q = queue(O_RDWR | O_CREAT), other;
	struct thread a = {0};
	char text[128] = "", want[128];
	pid_t pid;

	handled = 0;
	works(sys(mq_notify, q, &ev));
	fails(sys(mq_notify, q, &ev), EBUSY);
	is(read(q, text, sizeof(text)), 60);
	snprintf(want, sizeof(want), "QSIZE:%-10d NOTIFY:%-5d SIGNO:%-5d NOTIFY_PID:%-6d\n", 0, 0,
		 SIGUSR1, getpid());
	ok(!strcmp(text, want));
	/* Who waits for the message gets it, and nobody is told. */
	start(&a, q);
	works(put(q, "x", 0));
	is(join(&a), 1);
	is(handled, 0);
	/* A message in the empty queue: told, once. */
	pid = fork();
	if (pid == 0)
		_exit(put(q, "x", 0) ? 1 : 0);
	is(ended(pid), 0);
	is(handled, 1);
	is(value, 4711);
	is(sender, pid);
	ok(got(q, "x", 0));
	works(put(q, "y", 0));
	is(handled, 1);
	/* Not for a second one. */
	works(sys(mq_notify, q, &ev));
	works(put(q, "z", 0));
	is(handled, 1);
	works(sys(mq_notify, q, NULL));
	works(sys(mq_notify, q, &ev));
	/* Closing any descriptor of it ends it. */
	works(other = dup(q));
	close(other);
	works(sys(mq_notify, q, &ev));
	works(sys(mq_notify, q, NULL));
	ev.sigev_notify = SIGEV_NONE;
	works(sys(mq_notify, q, &ev));
	fails(sys(mq_notify, q, &ev), EBUSY);
	pid = fork();
	if (pid == 0) { /* another's is not taken away, nor taken over */
		if (sys(mq_notify, q, NULL))
			_exit(1);
		_exit(sys(mq_notify, q, &ev) == -1 && errno == EBUSY ? 0 : 2);
	}
	is(ended(pid), 0);
	fails(sys(mq_notify, q, &ev), EBUSY);
	works(sys(mq_notify, q, NULL));
	works(sys(mq_notify, q, NULL));
	ev.sigev_notify = 99;
	fails(sys(mq_notify, q, &ev), EINVAL);
	ev.sigev_notify = SIGEV_SIGNAL;
	ev.sigev_signo = 65;
	fails(sys(mq_notify, q, &ev), EINVAL);
	ev.sigev_signo = -1;
	fails(sys(mq_notify, q, &ev), EINVAL);
	ev.sigev_notify = SIGEV_THREAD;
	fails(sys(mq_notify, q, &ev), EFAULT);
	ev.sigev_value.sival_ptr = buf;
	fails(sys(mq_notify, q, &ev), EBADF);
	ev.sigev_signo = q;
	fails(sys(mq_notify, q, &ev), ENOTSOCK);
	fails(sys(mq_notify, q, BAD), EFAULT);
	fails(sys(mq_notify, -1, NULL), EBADF);
	fails(sys(mq_notify, 1, NULL), EBADF);
	close(q);
	works(sys(mq_unlink, name));
}

int main(void)
{
	snprintf(name, sizeof(name), "uniload-%d-%ld", getpid(), (long)time(NULL));
	test_names();
	test_attributes();
	test_messages();
	test_poll();
	if (access("/proc/self/stat", R_OK)) {
		skip("cannot see who sleeps");
		return tap_done();
	}
	test_waiting();
	test_signal();
	test_notify();
	return tap_done();
}
