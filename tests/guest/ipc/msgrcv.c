/* SPDX-License-Identifier: MIT */
/* msgget(2), msgsnd(2), msgrcv(2): kinds of messages, limits, waiting, signals, removal. */
#include "tests/guest/tap.h"

#include <limits.h>
#include <pthread.h>
#include <sys/msg.h>
#include <sys/wait.h>
#include <time.h>

#ifndef MSG_COPY
#define MSG_COPY 040000
#endif

struct message {
	long type;
	char text[9000];
};

static struct message m;
static struct msqid_ds ds;
static int id, key;

static int put(long type, const char *text)
{
	m.type = type;
	strcpy(m.text, text);
	return msgsnd(id, &m, strlen(text) + 1, IPC_NOWAIT);
}

/* The text of the message that this gets, "ENOMSG" or "another error". */
static const char *get(long type, int flags)
{
	memset(&m, 0, sizeof(m));
	if (msgrcv(id, &m, 100, type, flags | IPC_NOWAIT) >= 0)
		return m.text;
	return errno == ENOMSG ? "ENOMSG" : "another error";
}

static int count(void)
{
	return msgctl(id, IPC_STAT, &ds) ? -1 : (int)ds.msg_qnum;
}

static void test_get(void)
{
	fails(msgget(key, 0), ENOENT);
	works(id = msgget(key, IPC_CREAT | 0600));
	is(msgget(key, 0), id);
	is(msgget(key, IPC_CREAT), id);
	fails(msgget(key, IPC_CREAT | IPC_EXCL | 0600), EEXIST);
	works(msgctl(id, IPC_RMID, NULL));
	fails(msgget(key, 0), ENOENT);
	works(id = msgget(key, IPC_CREAT | 0600));
}

static void fill(void)
{
	ok(put(3, "c3") == 0 && put(1, "a1") == 0 && put(3, "d3") == 0 && put(2, "b2") == 0 &&
	   put(1, "e1") == 0);
}

static void test_types(void)
{
	fill();
	is(count(), 5);
	is(ds.__msg_cbytes, 15);
	ok(!strcmp(get(0, 0), "c3"));
	is(m.type, 3);
	ok(!strcmp(get(2, 0), "b2"));
	ok(!strcmp(get(7, 0), "ENOMSG"));
	ok(!strcmp(get(1, MSG_EXCEPT), "d3"));
	ok(!strcmp(get(1, MSG_EXCEPT), "ENOMSG"));
	ok(!strcmp(get(0, 0), "a1"));
	ok(!strcmp(get(0, 0), "e1"));
	ok(!strcmp(get(0, 0), "ENOMSG"));
	/* Negative: the lowest type, the oldest of that. */
	fill();
	ok(!strcmp(get(-2, 0), "a1"));
	ok(!strcmp(get(-2, 0), "e1"));
	ok(!strcmp(get(-2, 0), "b2"));
	ok(!strcmp(get(-2, 0), "ENOMSG"));
	ok(!strcmp(get(LONG_MIN, 0), "c3"));
	ok(!strcmp(get(-3, MSG_EXCEPT), "d3"));
	is(count(), 0);
	ok(put(LONG_MAX, "max") == 0 && !strcmp(get(LONG_MIN, 0), "max"));
}

static void test_sizes(void)
{
	char *at_edge = edge();

	ok(put(1, "123456789") == 0);
	fails(msgrcv(id, &m, 9, 0, 0), E2BIG);
	is(count(), 1);
	memset(&m, '#', sizeof(m));
	is(msgrcv(id, &m, 4, 0, MSG_NOERROR), 4);
	same(m.text, "1234#", 5);
	is(count(), 0);
	works(msgsnd(id, &m, 0, 0));
	is(msgrcv(id, &m, 0, 0, 0), 0);
	m.type = 1;
	works(msgsnd(id, &m, 8192, 0));
	fails(msgsnd(id, &m, 8193, 0), EINVAL);
	is(msgrcv(id, &m, sizeof(m.text), 0, 0), 8192);
	fails(msgsnd(id, &m, -1, 0), EINVAL);
	fails(msgrcv(id, &m, -1, 0, 0), EINVAL);
	m.type = 0;
	fails(msgsnd(id, &m, 1, 0), EINVAL);
	m.type = -1;
	fails(msgsnd(id, &m, 1, 0), EINVAL);
	m.type = 1;
	fails(msgsnd(-1, &m, 1, 0), EINVAL);
	fails(msgrcv(-1, &m, 1, 0, 0), EINVAL);
	fails(msgsnd(id + 32768 * 100, &m, 1, 0), EINVAL);
	fails(msgrcv(id + 32768 * 100, &m, 1, 0, 0), EINVAL);
	fails(sys(msgsnd, id, BAD, 1, 0), EFAULT);
	fails(sys(msgsnd, -1, BAD, -1, 0), EFAULT);
	*(long *)(at_edge - 16) = 1;
	works(sys(msgsnd, id, at_edge - 16, 8, 0));
	fails(sys(msgsnd, id, at_edge - 16, 9, 0), EFAULT);
	is(count(), 1);
	is(sys(msgrcv, id, at_edge - 16, 8, 0, 0), 8);
	/* One that cannot be stored is lost. */
	works(msgsnd(id, &m, 9, 0));
	fails(sys(msgrcv, id, at_edge - 16, 9, 0, 0), EFAULT);
	is(count(), 0);
	works(msgsnd(id, &m, 9, 0));
	fails(sys(msgrcv, id, BAD_KERNEL, 9, 0, 0), EFAULT);
	is(count(), 0);
}

static void test_copy(void)
{
	fill();
	if (msgrcv(id, &m, 100, 0, MSG_COPY | IPC_NOWAIT) < 0 && errno == ENOSYS) {
		skip("this kernel has no MSG_COPY");
	} else {
		ok(!strcmp(get(0, MSG_COPY), "c3"));
		ok(!strcmp(get(4, MSG_COPY), "e1"));
		is(m.type, 1);
		ok(!strcmp(get(5, MSG_COPY), "ENOMSG"));
		fails(msgrcv(id, &m, 100, 0, MSG_COPY), EINVAL);
		fails(msgrcv(id, &m, 100, 0, MSG_COPY | MSG_EXCEPT | IPC_NOWAIT), EINVAL);
		fails(msgrcv(id, &m, 2, 0, MSG_COPY | IPC_NOWAIT), E2BIG);
		fails(msgrcv(id, &m, 2, 0, MSG_COPY | MSG_NOERROR | IPC_NOWAIT), EINVAL);
		is(count(), 5);
	}
	while (strcmp(get(0, 0), "ENOMSG"))
		;
}

/* ---- waiting ---- */

struct thread {
	pthread_t thread;
	bool send;
	long type;
	size_t size;
	int flags, error, tid;
	ssize_t result;
	struct message m;
};

static int started;

static void *run(void *arg)
{
	struct thread *t = arg;

	t->m.type = t->type;
	__atomic_store_n(&started, gettid(), __ATOMIC_SEQ_CST);
	t->result = t->send ? msgsnd(id, &t->m, t->size, t->flags)
			    : msgrcv(id, &t->m, t->size, t->type, t->flags);
	t->error = t->result < 0 ? errno : 0;
	return NULL;
}

/* Until this thread sleeps. */
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

static void start(struct thread *t)
{
	started = 0;
	pthread_create(&t->thread, NULL, run, t);
	while (!__atomic_load_n(&started, __ATOMIC_SEQ_CST))
		usleep(1000);
	t->tid = started;
	wait_asleep(getpid(), t->tid);
}

static ssize_t join(struct thread *t)
{
	pthread_join(t->thread, NULL);
	return t->result;
}

static void test_receivers(void)
{
	static struct thread a = {.type = 5, .size = 10}, b = {.type = -3, .size = 10},
			     c = {.type = 5, .flags = MSG_EXCEPT, .size = 2},
			     d = {.type = 0, .size = 10};

	start(&a);
	start(&b);
	works(put(5, "five"));
	is(join(&a), 5);
	is(count(), 0);
	is(ds.msg_lrpid, a.tid);
	ok(!strcmp(a.m.text, "five"));
	works(put(4, "four")); /* stays: b does not want it */
	is(count(), 1);
	works(put(2, "two"));
	is(join(&b), 4);
	is(b.m.type, 2);
	ok(!strcmp(get(0, 0), "four"));
	/* For one it is too long: it is told, the next one gets it. */
	start(&c);
	start(&d);
	works(put(6, "six"));
	is(join(&c), -1);
	is(c.error, E2BIG);
	is(join(&d), 4);
	is(count(), 0);
	is(ds.msg_lspid, getpid());
	is(ds.msg_lrpid, d.tid); /* the thread: it was waiting */
}

static void test_senders(void)
{
	static struct thread a = {.send = true, .type = 1, .size = 8000};
	struct message big = {.type = 1};

	works(msgsnd(id, &big, 8192, IPC_NOWAIT));
	works(msgsnd(id, &big, 8192, IPC_NOWAIT));
	fails(msgsnd(id, &big, 1, IPC_NOWAIT), EAGAIN);
	works(msgsnd(id, &big, 0, IPC_NOWAIT));
	start(&a);
	is(count(), 3);
	is(msgrcv(id, &m, 8192, 0, 0), 8192);
	is(join(&a), 0);
	is(count(), 3);
	is(ds.__msg_cbytes, 16192);
	while (count() > 0)
		msgrcv(id, &m, 8192, 0, 0);
	/* IPC_SET: room for a waiting one, too. */
	ds.msg_qbytes = 100;
	works(msgctl(id, IPC_SET, &ds));
	a.size = 200;
	start(&a);
	ds.msg_qbytes = 200;
	works(msgctl(id, IPC_SET, &ds));
	is(join(&a), 0);
	is(msgrcv(id, &m, 8192, 0, 0), 200);
	/* Empty messages are limited by their number. */
	ds.msg_qbytes = 2;
	works(msgctl(id, IPC_SET, &ds));
	works(msgsnd(id, &big, 0, IPC_NOWAIT));
	works(msgsnd(id, &big, 0, IPC_NOWAIT));
	fails(msgsnd(id, &big, 0, IPC_NOWAIT), EAGAIN);
	ok(msgrcv(id, &m, 1, 0, 0) == 0 && msgrcv(id, &m, 1, 0, 0) == 0);
	ds.msg_qbytes = 16384;
	works(msgctl(id, IPC_SET, &ds));
}

static volatile int handled;

static void handler(int signo)
{
	handled++;
}

static void test_signal(void)
{
	struct sigaction sa = {.sa_handler = handler, .sa_flags = SA_RESTART};
	int status = 0;
	pid_t pid;

	sigaction(SIGUSR1, &sa, NULL);
	pid = fork();
	if (pid == 0) {
		ssize_t r = msgrcv(id, &m, 100, 0, 0);

		_exit(r == -1 && errno == EINTR && handled ? 7 : 8);
	}
	while (waitpid(pid, &status, WNOHANG) == 0) {
		kill(pid, SIGUSR1);
		usleep(1000);
	}
	is(status, 7 << 8); /* never restarted after a handler */
	pid = fork();
	if (pid == 0) { /* stopped and continued: it goes on */
		ssize_t r = msgrcv(id, &m, 100, 0, 0);

		_exit(r);
	}
	wait_asleep(pid, pid);
	kill(pid, SIGSTOP);
	is(waitpid(pid, &status, WUNTRACED), pid);
	kill(pid, SIGCONT);
	wait_asleep(pid, pid);
	works(put(1, "12345"));
	waitpid(pid, &status, 0);
	is(status, 6 << 8);
	is(count(), 0);
	is(ds.msg_lrpid, pid);
}

static void test_removal(void)
{
	static struct thread a = {.type = 1, .size = 10}, b = {.send = true, .type = 2, .size = 9};

	ds.msg_qbytes = 1;
	works(msgctl(id, IPC_SET, &ds));
	start(&a);
	start(&b);
	works(msgctl(id, IPC_RMID, NULL));
	is(join(&a), -1);
	is(a.error, EIDRM);
	is(join(&b), -1);
	is(b.error, EIDRM);
	fails(msgctl(id, IPC_RMID, NULL), EINVAL);
}

int main(void)
{
	key = 0x43000000 | getpid() << 8 | (int)(time(NULL) & 0xff);
	test_get();
	test_types();
	test_sizes();
	test_copy();
	ok(put(1, "x") == 0 && !strcmp(get(1, 0), "x") && count() == 0);
	is(ds.msg_lrpid, getpid());
	if (access("/proc/self/stat", R_OK)) {
		skip("cannot see who sleeps");
		msgctl(id, IPC_RMID, NULL);
		return tap_done();
	}
	test_receivers();
	test_senders();
	test_signal();
	test_removal();
	return tap_done();
}
