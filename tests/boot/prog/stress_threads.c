/* SPDX-License-Identifier: MIT */
/*
 * stress_threads [SECONDS [PATIENCE]]: threads, futexes, signals, epoll, timers, pipes, sockets,
 * processes and memory, all at once. Nothing here waits with a timeout except where that is what is
 * tried, so a wake-up that gets lost is a worker that stands still: the main thread watches their
 * counters, and if one has not moved for PATIENCE seconds it prints where everybody is and exits
 * with 1. Data that arrives wrong is 2. An ordinary Linux program.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_WORKERS 64

/* One thread that goes round and round. */
struct worker {
	void (*round)(struct worker *w);
	const char *kind;
	int nr; /* within its kind */
	void *shared;
	unsigned long rounds;
	int tid;
	unsigned seed;
	unsigned long n;	   /* the round's own state */
	int line;		   /* where it is */
	unsigned long seen, still; /* the watchdog's */
};

static struct worker workers[MAX_WORKERS];
static int n_workers;
static atomic_ulong handled, refused;

#define AT (w->line = __LINE__)

static void wrong(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf(" (errno %d)\n", errno);
	fflush(stdout);
	_exit(2);
}

static unsigned pick(struct worker *w, unsigned n)
{
	w->seed = w->seed * 1103515245 + 12345;
	return (w->seed >> 16) % n;
}

static unsigned long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ul + t.tv_nsec;
}

static void read_all(int fd, void *buf, size_t n)
{
	for (size_t done = 0; done < n;) {
		ssize_t r = read(fd, (char *)buf + done, n - done);

		if (r <= 0 && !(r < 0 && errno == EINTR))
			wrong("read %zd", r);
		done += r > 0 ? r : 0;
	}
}

static void write_all(int fd, const void *buf, size_t n)
{
	for (size_t done = 0; done < n;) {
		ssize_t r = write(fd, (const char *)buf + done, n - done);

		if (r <= 0 && !(r < 0 && errno == EINTR))
			wrong("write %zd", r);
		done += r > 0 ? r : 0;
	}
}

/* ---- a ring of threads and one futex word ---- */

#define RING 4

static void ring_round(struct worker *w)
{
	unsigned *turn = w->shared, now;

	while ((now = __atomic_load_n(turn, __ATOMIC_ACQUIRE)) % RING != (unsigned)w->nr) {
		AT;
		syscall(SYS_futex, turn, FUTEX_WAIT_BITSET_PRIVATE, now, NULL, NULL, 1u << w->nr);
	}
	__atomic_store_n(turn, now + 1, __ATOMIC_RELEASE);
	AT;
	syscall(SYS_futex, turn, FUTEX_WAKE_BITSET_PRIVATE, 1, NULL, NULL,
		1u << (w->nr + 1) % RING);
}

/* ---- a bounded queue: mutex, conditions, some waits with a timeout ---- */

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t not_empty, not_full;
	unsigned long in, out, item[5];
};

static void queue_wait(struct worker *w, struct queue *q, pthread_cond_t *c)
{
	struct timespec until;

	if (pick(w, 4)) {
		AT;
		pthread_cond_wait(c, &q->lock);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += pick(w, 2000000);
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	AT;
	pthread_cond_timedwait(c, &q->lock, &until);
}

static void queue_round(struct worker *w)
{
	struct queue *q = w->shared;

	pthread_mutex_lock(&q->lock);
	if (w->nr < 2) {
		while (q->in - q->out == 5)
			queue_wait(w, q, &q->not_full);
		q->item[q->in % 5] = q->in * 7;
		q->in++;
		pthread_cond_signal(&q->not_empty);
	} else {
		while (q->in == q->out)
			queue_wait(w, q, &q->not_empty);
		if (q->item[q->out % 5] != q->out * 7)
			wrong("queue: item %lu is %lu", q->out, q->item[q->out % 5]);
		q->out++;
		pthread_cond_broadcast(&q->not_full);
	}
	pthread_mutex_unlock(&q->lock);
}

/* ---- priority-inheritance mutex, semaphore and read-write lock ---- */

struct locks {
	pthread_mutex_t pi;
	pthread_rwlock_t rw;
	sem_t sem;
	unsigned long guarded, twice;
};

static void locks_round(struct worker *w)
{
	struct locks *l = w->shared;

	AT;
	pthread_mutex_lock(&l->pi);
	l->guarded++;
	if (!pick(w, 8))
		sched_yield();
	pthread_mutex_unlock(&l->pi);
	AT;
	while (sem_wait(&l->sem))
		;
	if (pick(w, 3)) {
		AT;
		pthread_rwlock_rdlock(&l->rw);
		if (l->twice & 1)
			wrong("read lock: a writer is here");
	} else {
		AT;
		pthread_rwlock_wrlock(&l->rw);
		l->twice++;
		if (!pick(w, 4))
			sched_yield();
		l->twice++;
	}
	pthread_rwlock_unlock(&l->rw);
	AT;
	sem_post(&l->sem);
}

/* ---- pipes and sockets: a block there and back, of any size ---- */

struct channel {
	int to[2], from[2];
};

static void channel_round(struct worker *w)
{
	struct channel *c = w->shared;
	static _Thread_local unsigned char block[100000];
	unsigned size;

	if (w->nr) {
		AT;
		read_all(c->to[0], &size, sizeof(size));
		AT;
		read_all(c->to[0], block, size);
		for (unsigned i = 0; i < size; i++)
			if (block[i] != (unsigned char)(size + i))
				wrong("%s: byte %u of %u is %u", w->kind, i, size, block[i]);
		AT;
		write_all(c->from[1], &size, sizeof(size));
		return;
	}
	size = pick(w, 8) ? pick(w, 300) : pick(w, sizeof(block));
	for (unsigned i = 0; i < size; i++)
		block[i] = size + i;
	AT;
	write_all(c->to[1], &size, sizeof(size));
	AT;
	write_all(c->to[1], block, size);
	AT;
	read_all(c->from[0], block, sizeof(size));
	if (memcmp(block, &size, sizeof(size)))
		wrong("%s: the answer is not %u", w->kind, size);
}

/* ---- epoll: two threads share the events of eight descriptors, two others cause them ---- */

#define WATCHED 8

struct events {
	int epoll, fd[WATCHED], timer;
	atomic_ulong sent[WATCHED], taken[WATCHED];
};

static void events_cause(struct worker *w, struct events *e)
{
	unsigned i = pick(w, WATCHED / 2) * 2 + w->nr;
	unsigned long before = e->sent[i]++, one = 1;

	AT;
	write_all(e->fd[i], &one, sizeof(one));
	/* Not on and on: the counter is to be empty most of the time. A lost event stops us here.
	 */
	while (e->taken[i] <= before && pick(w, 4)) {
		AT;
		sched_yield();
	}
	if (pick(w, 4))
		return;
	AT;
	while (atomic_load(&e->taken[i]) <= before)
		usleep(100);
}

static void events_take(struct worker *w, struct events *e)
{
	struct epoll_event ev[3];
	unsigned long value;
	int n;

	AT;
	n = epoll_wait(e->epoll, ev, 1 + pick(w, 3), -1);
	if (n < 0 && errno != EINTR)
		wrong("epoll_wait");
	for (int k = 0; k < n; k++) {
		int i = ev[k].data.u32;
		int fd = i == WATCHED ? e->timer : e->fd[i];

		if (read(fd, &value, sizeof(value)) == sizeof(value) && i < WATCHED)
			e->taken[i] += value;
		if (ev[k].events & ~(EPOLLIN | EPOLLOUT))
			wrong("epoll_wait: events %x of %d", ev[k].events, i);
		ev[k].events = EPOLLIN | (i % 2 ? EPOLLONESHOT : EPOLLET | EPOLLONESHOT);
		if (epoll_ctl(e->epoll, EPOLL_CTL_MOD, fd, &ev[k]))
			wrong("epoll_ctl");
	}
}

static void events_round(struct worker *w)
{
	if (w->nr < 2)
		events_cause(w, w->shared);
	else
		events_take(w, w->shared);
}

/* ---- signals: to anybody, and queued ones to a thread that waits for them ---- */

static void on_signal(int sig, siginfo_t *info, void *context)
{
	int saved = errno;

	handled++;
	if (sig == SIGUSR2)
		sched_yield();
	errno = saved;
}

static void storm_round(struct worker *w)
{
	struct worker *to = &workers[pick(w, n_workers)];
	struct timespec t = {0, pick(w, 300000)};

	AT;
	if (to->tid && strcmp(to->kind, "queued"))
		syscall(SYS_tgkill, getpid(), to->tid, pick(w, 2) ? SIGUSR1 : SIGUSR2);
	AT;
	nanosleep(&t, NULL);
}

static void queued_round(struct worker *w)
{
	struct worker *first = w - w->nr;
	siginfo_t info = {.si_code = SI_QUEUE};
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 1);
	if (w->nr) {
		AT;
		while ((sig = sigwaitinfo(&set, &info)) < 0)
			;
		if (info.si_value.sival_int != (int)w->n)
			wrong("signal %lu carries %d", w->n, info.si_value.sival_int);
		__atomic_store_n(&w->n, w->n + 1, __ATOMIC_RELEASE);
		AT;
		syscall(SYS_futex, &w->n, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
		return;
	}
	if (!first[1].tid)
		return;
	info.si_value.sival_int = (int)w->n;
	AT;
	while (syscall(SYS_rt_tgsigqueueinfo, getpid(), first[1].tid, SIGRTMIN + 1, &info)) {
		if (errno != EAGAIN)
			wrong("rt_tgsigqueueinfo");
		refused++;
		sched_yield();
	}
	w->n++;
	/* Ten on their way at most. */
	for (;;) {
		unsigned long got = __atomic_load_n(&first[1].n, __ATOMIC_ACQUIRE);

		if (w->n - got <= 10)
			return;
		AT;
		syscall(SYS_futex, &first[1].n, FUTEX_WAIT_PRIVATE, (unsigned)got, NULL, NULL, 0);
	}
}

/* ---- time ---- */

static void sleep_round(struct worker *w)
{
	struct timespec t = {0, pick(w, 2000000)}, left = t;
	unsigned long from = now_ns();

	AT;
	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR)
		;
	if (now_ns() - from < (unsigned long)t.tv_nsec)
		wrong("slept %lu of %ld ns", now_ns() - from, t.tv_nsec);
}

static void timer_round(struct worker *w)
{
	struct sigevent ev = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN + 2};
	struct itimerspec it = {{0, 200000 + pick(w, 1000000)}, {0, 1 + pick(w, 1000000)}};
	siginfo_t info;
	sigset_t set;
	timer_t timer;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 2);
	ev._sigev_un._tid = w->tid;
	if (timer_create(CLOCK_MONOTONIC, &ev, &timer) || timer_settime(timer, 0, &it, NULL))
		wrong("timer_create, timer_settime");
	for (int i = 0; i < 5; i++) {
		AT;
		while (sigwaitinfo(&set, &info) < 0)
			;
	}
	timer_delete(timer);
	while (!sigtimedwait(&set, &info, &(struct timespec){0, 0}))
		;
}

/* ---- vector registers: must survive switches and handlers ---- */

static void vector_round(struct worker *w)
{
	unsigned long a[4], b[4];

	for (int i = 0; i < 4; i++)
		a[i] = w->rounds * 0x9e3779b97f4a7c15ul + i + w->nr;
	AT;
	__asm__ volatile("movdqu (%0), %%xmm6\n\tmovdqu 16(%0), %%xmm15\n\tmov $20000, "
			 "%%ecx\n1:\tpaddq %%xmm6, %%xmm15\n\t"
			 "psubq %%xmm6, %%xmm15\n\tdec %%ecx\n\tjnz 1b\n\tmovdqu %%xmm6, "
			 "(%1)\n\tmovdqu %%xmm15, 16(%1)"
			 :
			 : "r"(a), "r"(b)
			 : "rcx", "xmm6", "xmm15", "memory", "cc");
	if (memcmp(a, b, sizeof(a)))
		wrong("vector registers have changed");
}

/* ---- threads that come and go, processes, memory ---- */

static void *short_lived(void *arg)
{
	char stack[2000];

	memset(stack, 1, sizeof(stack));
	__asm__ volatile("" : : "r"(stack) : "memory");
	return (char *)arg + 1;
}

static void churn_round(struct worker *w)
{
	pthread_t t[8];
	void *r;

	for (long i = 0; i < 8; i++)
		if (pthread_create(&t[i], NULL, short_lived, (void *)i))
			wrong("pthread_create");
	for (long i = 0; i < 8; i++) {
		AT;
		pthread_join(t[i], &r);
		if (r != (void *)(i + 1))
			wrong("pthread_join: %p", r);
	}
}

static void process_round(struct worker *w)
{
	int status = -1, code = pick(w, 200);
	pid_t pid = fork();

	if (pid == 0)
		_exit(code);
	if (pid < 0)
		wrong("fork");
	AT;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			wrong("waitpid");
	if (status != code << 8)
		wrong("status %x of a process that ended with %d", status, code);
	usleep(2000);
}

static void memory_round(struct worker *w)
{
	size_t size = (1 + pick(w, 100)) * 4096;
	unsigned char *p =
	    mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	AT;
	if (p == MAP_FAILED)
		wrong("mmap");
	for (size_t i = 0; i < size; i += 4096)
		p[i] = i / 4096 + 1;
	if (mprotect(p, size, PROT_READ) ||
	    (pick(w, 2) && mprotect(p, size, PROT_READ | PROT_WRITE)))
		wrong("mprotect");
	AT;
	for (size_t i = 0; i < size; i += 4096)
		if (p[i] != (unsigned char)(i / 4096 + 1))
			wrong("memory: page %zu is %u", i / 4096, p[i]);
	if (madvise(p, size, MADV_DONTNEED) || p[size - 4096])
		wrong("madvise");
	AT;
	munmap(p, size);
}

/* ---- all of it ---- */

static void *work(void *arg)
{
	struct worker *w = arg;
	bool waits = !strcmp(w->kind, "queued") || !strcmp(w->kind, "timer");
	sigset_t set;

	sigfillset(&set);
	if (waits)
		pthread_sigmask(SIG_BLOCK, &set, NULL);
	w->tid = syscall(SYS_gettid);
	for (;;) {
		w->round(w);
		w->rounds++;
	}
	return NULL;
}

static void add(const char *kind, int n, void (*round)(struct worker *), void *shared)
{
	for (int i = 0; i < n; i++) {
		struct worker *w = &workers[n_workers];

		*w = (struct worker){
		    .round = round, .kind = kind, .nr = i, .shared = shared, .seed = n_workers++};
	}
}

static struct channel pipes, sockets;
static struct events events;
static struct locks locks;
static struct queue queue = {
    PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, {0}};
static unsigned turn;

static void prepare(void)
{
	struct itimerspec it = {{0, 3000000}, {0, 3000000}};
	pthread_mutexattr_t attr;
	int pair[2];

	pthread_mutexattr_init(&attr);
	if (!pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT) &&
	    pthread_mutex_init(&locks.pi, &attr))
		pthread_mutex_init(&locks.pi, NULL); /* not on this kernel */
	pthread_rwlock_init(&locks.rw, NULL);
	sem_init(&locks.sem, 0, 2);
	if (pipe(pipes.to) || pipe(pipes.from) || socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		wrong("pipe, socketpair");
	sockets = (struct channel){{pair[1], pair[0]}, {pair[0], pair[1]}};
	events.epoll = epoll_create1(0);
	events.timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	timerfd_settime(events.timer, 0, &it, NULL);
	for (unsigned i = 0; i <= WATCHED; i++) {
		struct epoll_event ev = {EPOLLIN | EPOLLONESHOT, {.u32 = i}};
		int fd = i == WATCHED ? events.timer : (events.fd[i] = eventfd(0, EFD_NONBLOCK));

		if (epoll_ctl(events.epoll, EPOLL_CTL_ADD, fd, &ev))
			wrong("epoll_ctl");
	}
	for (int sig = SIGUSR1; sig <= SIGUSR2; sig += SIGUSR2 - SIGUSR1)
		sigaction(
		    sig,
		    &(struct sigaction){.sa_sigaction = on_signal,
					.sa_flags = SA_SIGINFO | (sig == SIGUSR1 ? SA_RESTART : 0)},
		    NULL);
}

static void tell(void)
{
	for (int i = 0; i < n_workers; i++)
		printf("%-8s %d tid %d: %lu rounds, line %d, still for %lu s\n", workers[i].kind,
		       workers[i].nr, workers[i].tid, workers[i].rounds, workers[i].line,
		       workers[i].still);
	printf("ring %u; queue %lu - %lu; handled %lu; refused %lu\n", turn, queue.in, queue.out,
	       handled, refused);
	for (int i = 0; i < WATCHED; i++)
		printf("event %d: %lu - %lu\n", i, events.sent[i], events.taken[i]);
	fflush(stdout);
}

/* Worker by worker: has it moved since the last second? */
static void watch(unsigned long patience)
{
	for (int i = 0; i < n_workers; i++) {
		struct worker *w = &workers[i];

		w->still = w->rounds == w->seen ? w->still + 1 : 0;
		w->seen = w->rounds;
		if (w->still <= patience)
			continue;
		printf("%s %d stands still\n", w->kind, w->nr);
		tell();
		_exit(1);
	}
}

int main(int argc, char **argv)
{
	unsigned long seconds = argc > 1 ? strtoul(argv[1], NULL, 0) : 5;
	unsigned long patience = argc > 2 ? strtoul(argv[2], NULL, 0) : 60, least = -1ul, end;
	sigset_t set;

	prepare();
	add("ring", RING, ring_round, &turn);
	add("queue", 4, queue_round, &queue);
	add("locks", 3, locks_round, &locks);
	add("pipe", 2, channel_round, &pipes);
	add("socket", 2, channel_round, &sockets);
	add("events", 4, events_round, &events);
	add("queued", 2, queued_round, NULL);
	add("storm", 1, storm_round, NULL);
	add("sleep", 2, sleep_round, NULL);
	add("timer", 1, timer_round, NULL);
	add("vector", 2, vector_round, NULL);
	add("churn", 1, churn_round, NULL);
	add("process", 1, process_round, NULL);
	add("memory", 1, memory_round, NULL);
	for (int i = 0; i < n_workers; i++) {
		pthread_t t;

		if (pthread_create(&t, NULL, work, &workers[i]))
			wrong("pthread_create");
	}
	sigfillset(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	for (end = now_ns() + seconds * 1000000000ul; now_ns() < end; watch(patience))
		nanosleep(&(struct timespec){1, 0}, NULL);
	for (int i = 0; i < n_workers; i++)
		least = workers[i].rounds < least ? workers[i].rounds : least;
	if (getenv("VERBOSE"))
		tell();
	printf("%d workers, %s\n", n_workers, least ? "all of them moved" : "some never moved");
	return !least;
}
