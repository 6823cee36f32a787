/* SPDX-License-Identifier: MIT */
/* cpus */
/*
 * mprotect(2), munmap(2), mmap(2), madvise(2), fork(2) while another thread uses the pages: when
 * the call has returned, the other sees what it did.
 */
#include "tests/guest/tap.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <sys/wait.h>

enum { ROUNDS = 50, WRITES = 10 };
enum phase { IDLE, WRITING, FAULTED };

static volatile long *volatile word;
static volatile int phase, resting;
static volatile bool end;
static volatile long writes;
static sigjmp_buf fault;

static void on_fault(int signo)
{
	siglongjmp(fault, 1);
}

static void *writer(void *arg)
{
	while (!end) {
		if (sigsetjmp(fault, 1))
			phase = FAULTED;
		while (phase == WRITING) {
			++*word;
			writes++;
		}
		resting = 1;
		sched_yield();
	}
	return NULL;
}

static void await(enum phase p)
{
	while (phase != (int)p)
		sched_yield();
}

/* Have the other thread write to `at` without end. */
static void let_write(void *at)
{
	long before = writes;

	word = at;
	phase = WRITING;
	while (writes < before + WRITES)
		sched_yield();
}

static void stop_writing(void)
{
	phase = IDLE;
	resting = 0;
	while (!resting)
		sched_yield();
}

static char *page(void)
{
	return mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* Does the word stay the same? */
static bool still(const volatile long *at)
{
	long seen = *at;

	for (int i = 0; i < 20000; i++)
		if (*at != seen)
			return false;
	return true;
}

static int protecting(void)
{
	char *p = page();
	int quiet = 0;

	for (int i = 0; i < ROUNDS; i++) {
		let_write(p);
		mprotect(p, PAGE, PROT_READ);
		quiet += still((long *)p);
		await(FAULTED);
		mprotect(p, PAGE, PROT_READ | PROT_WRITE);
	}
	munmap(p, PAGE);
	return quiet;
}

static int unmapping(void)
{
	int faults = 0;

	for (int i = 0; i < ROUNDS; i++) {
		char *p = page();

		let_write(p);
		munmap(p, PAGE);
		await(FAULTED);
		faults++;
	}
	return faults;
}

/* The page is given back, and what is mapped over it is another. */
static int replacing(void)
{
	char *p = page(), *fresh;
	int quiet = 0;

	for (int i = 0; i < ROUNDS; i++) {
		let_write(p);
		mmap(p, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		fresh = page(); /* the frame, perhaps */
		quiet += still((long *)fresh) && *(long *)fresh == 0 && *(long *)p == 0;
		await(FAULTED);
		munmap(fresh, PAGE);
		mmap(p, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		     0);
	}
	munmap(p, PAGE);
	return quiet;
}

/* A child's copy does not change with the parent's. */
static int forking(void)
{
	char *p = page();
	int quiet = 0, status;

	let_write(p);
	for (int i = 0; i < ROUNDS / 5; i++) {
		pid_t child = fork();

		if (child == 0)
			_exit(still((long *)p));
		quiet += waitpid(child, &status, 0) == child && WIFEXITED(status) &&
			 WEXITSTATUS(status) == 1;
	}
	stop_writing();
	munmap(p, PAGE);
	return quiet;
}

/* What madvise(MADV_DONTNEED) throws away does not come back. */
static int discarding(void)
{
	char *p = page(), *next = p + PAGE / 2;
	int gone = 0;

	let_write(p);
	for (int i = 0; i < ROUNDS; i++) {
		next[0] = 1;
		madvise(p, PAGE, MADV_DONTNEED);
		gone += next[0] == 0;
	}
	stop_writing();
	munmap(p, PAGE);
	return gone;
}

int main(void)
{
	struct sigaction act = {.sa_handler = on_fault};
	pthread_t other;

	is(sigaction(SIGSEGV, &act, NULL), 0);
	is(pthread_create(&other, NULL, writer, NULL), 0);
	is(protecting(), ROUNDS);
	is(unmapping(), ROUNDS);
	is(replacing(), ROUNDS);
	is(forking(), ROUNDS / 5);
	is(discarding(), ROUNDS);
	end = true;
	is(pthread_join(other, NULL), 0);
	return tap_done();
}
