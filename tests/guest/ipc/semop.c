/* SPDX-License-Identifier: MIT */
/* semop(2), semtimedop(2): atomic operations, waiting in order, SEM_UNDO, signals, removal. */
#include "tests/guest/tap.h"

#include <pthread.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <time.h>

static int id;

static int op1(int num, int op, int flags)
{
	struct sembuf b = {num, op, flags};

	return semop(id, &b, 1);
}

static int op2(int num, int op, int flags, int num2, int op2, int flags2)
{
	struct sembuf b[] = {{num, op, flags}, {num2, op2, flags2}};

	return semop(id, b, 2);
}

static int value(int num)
{
	return semctl(id, num, GETVAL);
}

static void set(int a, int b, int c)
{
	unsigned short v[] = {a, b, c};

	semctl(id, 0, SETALL, v);
}

static void wait_for(int num, int cmd, int n)
{
	while (semctl(id, num, cmd) != n)
		usleep(1000);
}

static void reaped(pid_t pid, int want)
{
	int status = -1;

	is(waitpid(pid, &status, 0), pid);
	is(status, want << 8);
}

static void test_simple(void)
{
	set(0, 0, 0);
	works(op1(0, 3, 0));
	is(value(0), 3);
	is(semctl(id, 0, GETPID), getpid());
	is(semctl(id, 1, GETPID), getpid()); /* SETALL */
	works(op1(0, -2, 0));
	is(value(0), 1);
	fails(op1(0, -2, IPC_NOWAIT), EAGAIN);
	fails(op1(0, 0, IPC_NOWAIT), EAGAIN);
	works(op1(1, 0, 0));
	is(value(0), 1);
}

static void test_atomic(void)
{
	set(1, 0, 0);
	/* None of them if one cannot be done ... */
	fails(op2(0, -1, IPC_NOWAIT, 1, -1, IPC_NOWAIT), EAGAIN);
	is(value(0), 1);
	/* ... each sees what those before it did, ... */
	works(op2(0, -1, 0, 0, 0, 0));
	is(value(0), 0);
	works(op2(1, 5, 0, 1, -5, 0));
	is(value(1), 0);
	fails(op2(1, -5, IPC_NOWAIT, 1, 5, 0), EAGAIN);
	/* ... and only the flags of the one that waits count. */
	fails(op2(0, -1, IPC_NOWAIT, 1, -1, 0), EAGAIN);
	is(value(1), 0);
}

static void test_errors(void)
{
	struct sembuf *many, b = {0, 0, 0};
	struct sembuf *at_edge = (struct sembuf *)edge() - 1;
	struct timespec bad = {0, 1000000000}, negative = {-1, 0};

	struct seminfo limits;

	set(0, 0, 0);
	works(semctl(0, 0, IPC_INFO, &limits));
	many = calloc(limits.semopm + 1, sizeof(*many));
	fails(semop(id, &b, 0), EINVAL);
	fails(semop(-1, &b, 1), EINVAL);
	fails(semop(id + 1000000, &b, 1), EINVAL);
	fails(semop(id, many, limits.semopm + 1), E2BIG);
	works(semop(id, many, limits.semopm));
	fails(sys(semop, id, BAD, 1), EFAULT);
	fails(sys(semop, id, BAD_KERNEL, 1), EFAULT);
	*at_edge = b;
	works(semop(id, at_edge, 1));
	works(sys(semop, id, &b, 1));
	fails(sys(semop, id, at_edge, 2), EFAULT);
	fails(op1(3, 1, 0), EFBIG);
	fails(op1(0xffff, 1, 0), EFBIG);
	works(op1(0, 32767, 0));
	fails(op1(0, 1, 0), ERANGE);
	fails(op2(0, 1, 0, 0, -1, 0), ERANGE);
	is(value(0), 32767);
	fails(sys(semtimedop, id, &b, 1, BAD), EFAULT);
	fails(sys(semtimedop, id, BAD, 1, BAD_KERNEL), EFAULT);
	fails(semtimedop(id, &b, 1, &bad), EINVAL);
	fails(semtimedop(id, &b, 1, &negative), EINVAL);
	fails(sys(semtimedop, id, many, limits.semopm + 1, &bad), E2BIG);
	fails(sys(semtimedop, id, BAD, 1, &bad), EFAULT);
	free(many);
	if (is_root()) {
		skip("root may do everything");
	} else {
		int closed = semget(IPC_PRIVATE, 1, 0400);

		works(semop(closed, &b, 1));
		b.sem_op = 1;
		fails(semop(closed, &b, 1), EACCES);
		works(semctl(closed, 0, IPC_RMID));
	}
}

static void test_timeout(void)
{
	struct timespec none = {0, 0}, some = {0, 20000000}, before, after;
	struct sembuf take = {0, -1, 0}, give = {0, 1, 0};

	set(0, 0, 0);
	fails(semtimedop(id, &take, 1, &none), EAGAIN);
	clock_gettime(CLOCK_MONOTONIC, &before);
	fails(semtimedop(id, &take, 1, &some), EAGAIN);
	clock_gettime(CLOCK_MONOTONIC, &after);
	ok((after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec >=
	   20000000);
	is(semctl(id, 0, GETNCNT), 0);
	works(semtimedop(id, &give, 1, &none));
	works(semtimedop(id, &take, 1, &some));
	works(semtimedop(id, &give, 1, NULL));
}

/* ---- waiting ---- */

struct waiter {
	pthread_t thread;
	struct sembuf ops[2];
	int n, error, order;
};

static int woken;

static void *waits(void *arg)
{
	struct waiter *w = arg;

	w->error = semop(id, w->ops, w->n) ? errno : 0;
	w->order = __atomic_add_fetch(&woken, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void start(struct waiter *w, int num, int op)
{
	*w = (struct waiter){.ops = {{num, op, 0}}, .n = 1, .order = 0};
	pthread_create(&w->thread, NULL, waits, w);
}

static void start2(struct waiter *w, int num, int op, int num2, int op2)
{
	*w = (struct waiter){.ops = {{num, op, 0}, {num2, op2, 0}}, .n = 2};
	pthread_create(&w->thread, NULL, waits, w);
}

static void test_order(void)
{
	struct waiter a, b, c;

	/* First come, first served, if it is enough for the first: else for who it is enough. */
	set(0, 0, 0);
	woken = 0;
	start(&a, 0, -2);
	wait_for(0, GETNCNT, 1);
	start(&b, 0, -1);
	wait_for(0, GETNCNT, 2);
	start(&c, 0, -1);
	wait_for(0, GETNCNT, 3);
	works(op1(0, 1, 0));
	wait_for(0, GETNCNT, 2);
	pthread_join(b.thread, NULL);
	is(b.error, 0);
	is(value(0), 0);
	works(op1(0, 2, 0));
	pthread_join(a.thread, NULL);
	is(a.error, 0);
	is(semctl(id, 0, GETNCNT), 1);
	works(op1(0, 1, 0));
	pthread_join(c.thread, NULL);
	is(c.error, 0);
	is(value(0), 0);
}

static void test_zero(void)
{
	struct waiter a, b, c;

	set(2, 0, 1);
	start(&a, 0, 0);
	wait_for(0, GETZCNT, 1);
	is(semctl(id, 0, GETNCNT), 0);
	/* What it waits for is what counts, not the first of its operations. */
	start2(&b, 0, -1, 1, -1);
	wait_for(1, GETNCNT, 1);
	is(semctl(id, 0, GETNCNT), 0);
	start2(&c, 0, 0, 2, -1);
	wait_for(0, GETZCNT, 2);
	works(op1(0, -1, 0));
	is(semctl(id, 0, GETZCNT), 2);
	/* b takes the last of 0, which lets go on those who wait for that. */
	works(op1(1, 1, 0));
	pthread_join(b.thread, NULL);
	pthread_join(a.thread, NULL);
	pthread_join(c.thread, NULL);
	is(a.error | b.error | c.error, 0);
	is(value(0) + value(1) + value(2), 0);
	/* Those who only wait see the zero before another takes it away. */
	set(1, 0, 0);
	start2(&b, 0, 0, 0, 7);
	wait_for(0, GETZCNT, 1);
	start(&a, 0, 0);
	wait_for(0, GETZCNT, 2);
	works(op1(0, -1, 0));
	pthread_join(a.thread, NULL);
	pthread_join(b.thread, NULL);
	is(a.error | b.error, 0);
	is(value(0), 7);
}

static void test_wait_errors(void)
{
	struct waiter a;

	/* What was only waiting fails when it is its turn. */
	set(0, 32767, 0);
	start2(&a, 0, -1, 1, 1);
	wait_for(0, GETNCNT, 1);
	works(op1(0, 1, 0));
	pthread_join(a.thread, NULL);
	is(a.error, ERANGE);
	is(value(0), 1);
	set(0, 0, 0);
	a = (struct waiter){.ops = {{0, -1, 0}, {1, -1, IPC_NOWAIT}}, .n = 2};
	pthread_create(&a.thread, NULL, waits, &a);
	wait_for(0, GETNCNT, 1);
	works(op1(0, 1, 0));
	pthread_join(a.thread, NULL);
	is(a.error, EAGAIN);
	is(value(0), 1);
	/* SETVAL and SETALL wake, too. */
	set(0, 0, 0);
	start(&a, 0, -5);
	wait_for(0, GETNCNT, 1);
	works(semctl(id, 0, SETVAL, 5));
	pthread_join(a.thread, NULL);
	is(a.error, 0);
	start(&a, 2, -5);
	wait_for(2, GETNCNT, 1);
	set(0, 0, 5);
	pthread_join(a.thread, NULL);
	is(a.error, 0);
}

/* ---- signals and removal ---- */

static volatile int handled;

static void handler(int signo)
{
	handled++;
}

static void test_signal(void)
{
	struct sigaction sa = {.sa_handler = handler, .sa_flags = SA_RESTART};
	pid_t pid;

	set(0, 0, 0);
	sigaction(SIGUSR1, &sa, NULL);
	pid = fork();
	if (pid == 0) { /* not restarted, even so */
		int r = op1(0, -1, 0);

		_exit(r == -1 && errno == EINTR && handled == 1 ? 7 : 8);
	}
	wait_for(0, GETNCNT, 1);
	kill(pid, SIGUSR1);
	reaped(pid, 7);
	is(semctl(id, 0, GETNCNT), 0);
	pid = fork();
	if (pid == 0)
		_exit(op1(0, -1, 0));
	wait_for(0, GETNCNT, 1);
	kill(pid, SIGKILL);
	is(waitpid(pid, NULL, 0), pid);
	is(semctl(id, 0, GETNCNT), 0);
}

static void test_removal(void)
{
	int kept = id;
	struct waiter a, b;

	id = semget(IPC_PRIVATE, 2, 0600);
	start(&a, 0, -1);
	wait_for(0, GETNCNT, 1);
	op1(1, 1, 0);
	start(&b, 1, 0);
	wait_for(1, GETZCNT, 1);
	works(semctl(id, 0, IPC_RMID));
	pthread_join(a.thread, NULL);
	pthread_join(b.thread, NULL);
	is(a.error, EIDRM);
	is(b.error, EIDRM);
	fails(op1(0, 1, 0), EINVAL);
	id = kept;
}

/* ---- SEM_UNDO ---- */

static void test_undo(void)
{
	pid_t pid;

	set(5, 0, 3);
	pid = fork();
	if (pid == 0) {
		op1(0, -2, SEM_UNDO);
		op1(0, -1, SEM_UNDO);
		op1(1, 4, SEM_UNDO);
		op1(2, -1, 0);
		_exit(value(0) * 100 + value(1) * 10 + value(2));
	}
	reaped(pid, 2 * 100 + 4 * 10 + 2);
	is(value(0), 5);
	is(value(1), 0);
	is(value(2), 2);
	is(semctl(id, 0, GETPID), pid);
	/* Not below zero, ... */
	pid = fork();
	if (pid == 0)
		_exit(op1(1, 3, SEM_UNDO) | op1(1, -2, 0));
	reaped(pid, 0);
	is(value(1), 0);
	/* ... nor for a value that was set meanwhile; a child has nothing to undo. */
	pid = fork();
	if (pid == 0) {
		op1(0, -1, SEM_UNDO);
		op1(2, 1, SEM_UNDO);
		semctl(id, 0, SETVAL, 9);
		pid = fork();
		if (pid == 0)
			_exit(0);
		waitpid(pid, NULL, 0);
		_exit(value(2));
	}
	reaped(pid, 3);
	is(value(0), 9);
	is(value(2), 2);
	/* A death by signal undoes as well, and lets others go on. */
	set(0, 0, 0);
	pid = fork();
	if (pid == 0) {
		op2(0, 1, SEM_UNDO, 0, 1, SEM_UNDO);
		op1(1, -1, 0);
	}
	wait_for(1, GETNCNT, 1);
	is(value(0), 2);
	kill(pid, SIGKILL);
	works(op1(0, 0, 0));
	waitpid(pid, NULL, 0);
}

static void test_undo_range(void)
{
	set(0, 0, 0);
	for (int i = 0; i < 32767; i += 4681)
		ok(op1(0, 4681, SEM_UNDO) == 0);
	works(op1(0, -32767, 0));
	works(op1(0, 1, SEM_UNDO));
	fails(op1(0, 1, SEM_UNDO), ERANGE);
	works(op1(0, -1, SEM_UNDO));
	set(0, 0, 0); /* forgets it */
	works(op1(0, 1, SEM_UNDO));
	works(op1(0, -1, SEM_UNDO));
}

/* Threads undo together: at the end of the process, not of the thread. */
static void *undoes(void *arg)
{
	op1(0, 1, SEM_UNDO);
	return NULL;
}

static void test_undo_threads(void)
{
	pid_t pid;

	set(0, 0, 0);
	pid = fork();
	if (pid == 0) {
		pthread_t t;

		pthread_create(&t, NULL, undoes, NULL);
		pthread_join(t, NULL);
		_exit(value(0));
	}
	reaped(pid, 1);
	is(value(0), 0);
}

int main(void)
{
	id = semget(IPC_PRIVATE, 3, 0600);
	test_simple();
	test_atomic();
	test_errors();
	test_timeout();
	test_order();
	test_zero();
	test_wait_errors();
	test_signal();
	test_removal();
	test_undo();
	test_undo_range();
	test_undo_threads();
	works(semctl(id, 0, IPC_RMID));
	return tap_done();
}
