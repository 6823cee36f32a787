/* SPDX-License-Identifier: MIT */
/* poll(2): events of pipes and files, hang-up, invalid descriptors, timeouts. */
#include "tests/guest/tap.h"

#include <poll.h>
#include <sys/resource.h>
#include <time.h>

static long ms_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void pipes(void)
{
	static char big[65536];
	struct pollfd f[2];
	int p[2];

	pipe(p);
	f[0] = (struct pollfd){p[0], POLLIN, -1};
	f[1] = (struct pollfd){p[1], POLLOUT, -1};
	is(poll(f, 2, 0), 1);
	is(f[0].revents, 0);
	is(f[1].revents, POLLOUT);
	is(write(p[1], "x", 1), 1);
	is(poll(f, 2, 0), 2);
	is(f[0].revents, POLLIN);
	read(p[0], big, 1);
	is(write(p[1], big, 65536), 65536);
	is(poll(f, 2, 0), 1);
	is(f[1].revents, 0);
	close(p[1]);
	is(poll(f, 1, 0), 1);
	is(f[0].revents, POLLIN | POLLHUP);
	read(p[0], big, 65536);
	is(poll(f, 1, 0), 1);
	is(f[0].revents, POLLHUP);
	f[0].events = 0;
	is(poll(f, 1, -1), 1);
	is(f[0].revents, POLLHUP);
	close(p[0]);
	pipe(p);
	close(p[0]);
	f[0] = (struct pollfd){p[1], POLLOUT, 0};
	is(poll(f, 1, 0), 1);
	is(f[0].revents & POLLERR, POLLERR);
}

static void odd_descriptors(void)
{
	struct pollfd f[3] = {{-1, POLLIN, 77}, {FD_NONE, POLLIN, 0}, {-5, POLLIN, 77}};

	is(poll(f, 3, 0), 1);
	is(f[0].revents, 0);
	is(f[1].revents, POLLNVAL);
	is(f[2].revents, 0);
	is(poll(f, 3, -1), 1);
	f[0] = (struct pollfd){file_with("f", ""), POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM, 0};
	is(poll(f, 1, -1), 1);
	is(f[0].revents, POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM);
	f[0] = (struct pollfd){open("/dev/null", O_RDWR), POLLIN | POLLOUT, 0};
	is(poll(f, 1, -1), 1);
	is(f[0].revents, POLLIN | POLLOUT);
}

static void timeouts(void)
{
	struct pollfd f;
	int p[2];
	long t = ms_now();

	pipe(p);
	f = (struct pollfd){p[0], POLLIN, -1};
	is(poll(&f, 1, 50), 0);
	ok(ms_now() - t >= 50 && ms_now() - t < 2000);
	is(f.revents, 0);
	t = ms_now();
	is(poll(NULL, 0, 30), 0);
	ok(ms_now() - t >= 30);
	t = ms_now();
	is(poll(&f, 1, 0), 0);
	ok(ms_now() - t < 1000);
}

static void on_alarm(int sig)
{
}

static void interrupted(void)
{
	struct pollfd f;
	struct sigaction sa = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
	int p[2];

	pipe(p);
	f = (struct pollfd){p[0], POLLIN, 0};
	sigaction(SIGALRM, &sa, NULL);
	ualarm(50000, 0);
	fails(poll(&f, 1, 5000), EINTR); /* never restarted, SA_RESTART or not */
}

static void errors(void)
{
	struct rlimit rl = {16, 1024};

	fails(sys(poll, BAD, 1u, 0), EFAULT);
	is(sys(poll, BAD, 0u, 0), 0);
	fails(sys(poll, BAD, -1u, 0), EINVAL);
	getrlimit(RLIMIT_NOFILE, &rl);
	rl.rlim_cur = 16;
	setrlimit(RLIMIT_NOFILE, &rl);
	fails(sys(poll, BAD, 17u, 0), EINVAL);
}

int main(void)
{
	tmp();
	pipes();
	odd_descriptors();
	timeouts();
	interrupted();
	errors();
	return tap_done();
}
