/* SPDX-License-Identifier: MIT */
/*
 * Pseudo-terminals: pty(7), ioctl_tty(2): names, locks, both directions, settings, hang-up,
 * packets. Linux moves bytes between the ends in the background: a read may give a part of them,
 * and another process may take a number as soon as both ends are closed.
 */
#include "tests/guest/tap.h"

#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <termios.h>

#define PEER_FLAGS (O_RDWR | O_NOCTTY)

static int master, slave, number = -1;
static char path[32];

static int events(int fd)
{
	struct pollfd pfd = {fd, POLLIN | POLLOUT, 0};

	poll(&pfd, 1, 0);
	return pfd.revents;
}

/* All n bytes, in as many pieces as they come. */
static ssize_t take(int fd, char *b, ssize_t n)
{
	ssize_t got = 0, r;

	while (got < n && (r = read(fd, b + got, n - got)) > 0)
		got += r;
	return got;
}

static void unlock(int fd)
{
	is(ioctl(fd, TIOCSPTLCK, &(int){0}), 0);
}

static void open_pair(void)
{
	master = open("/dev/ptmx", PEER_FLAGS);
	unlock(master);
	is(ioctl(master, TIOCGPTN, &number), 0);
	snprintf(path, sizeof(path), "/dev/pts/%d", number);
	works(slave = open(path, PEER_FLAGS));
}

static void raw(void)
{
	struct termios t;

	is(tcgetattr(slave, &t), 0);
	cfmakeraw(&t);
	is(tcsetattr(slave, TCSANOW, &t), 0);
}

static void names(void)
{
	int other, n2 = -1, lock = -1;
	struct stat st;
	unsigned dev;

	works(master = open("/dev/ptmx", PEER_FLAGS));
	is(ioctl(master, TIOCGPTN, &number), 0);
	ok(number >= 0);
	snprintf(path, sizeof(path), "/dev/pts/%d", number);
	is(stat(path, &st), 0);
	ok(S_ISCHR(st.st_mode) && (st.st_mode & 0600) == 0600);
	is(major(st.st_rdev), 136);
	is(minor(st.st_rdev), number);
	is(st.st_uid, geteuid());
	is(fstat(master, &st), 0);
	ok(S_ISCHR(st.st_mode) && st.st_rdev == makedev(5, 2));
	is(ioctl(master, TIOCGPTLCK, &lock), 0);
	is(lock, 1);
	fails(open(path, PEER_FLAGS), EIO);
	unlock(master);
	is(ioctl(master, TIOCGPTLCK, &lock), 0);
	is(lock, 0);
	works(slave = open(path, PEER_FLAGS));
	ok(isatty(slave));
	ok(isatty(master));
	is(ioctl(slave, TIOCGDEV, &dev), 0);
	is(dev, 136 << 8 | number);
	fails(ioctl(slave, TIOCGPTN, &n2), ENOTTY);
	fails(ioctl(slave, TIOCSPTLCK, &lock), ENOTTY);
	works(other = open("/dev/ptmx", PEER_FLAGS));
	is(ioctl(other, TIOCGPTN, &n2), 0);
	ok(n2 != number);
	close(other);
	works(other = ioctl(master, TIOCGPTPEER, PEER_FLAGS));
	is(fstat(other, &st), 0);
	is(minor(st.st_rdev), number);
	close(other);
	close(slave);
	close(master);
}

static void lines(void)
{
	char b[64];
	int n = -1;

	open_pair();
	is(events(slave), POLLOUT);
	is(events(master), POLLOUT);
	is(write(master, "hel", 3), 3);
	is(events(slave), POLLOUT);
	is(write(master, "lo\n", 3), 3);
	is(events(slave), POLLIN | POLLOUT);
	is(ioctl(slave, FIONREAD, &n), 0);
	is(n, 6);
	is(read(slave, b, sizeof(b)), 6);
	same(b, "hello\n", 6);
	is(events(master), POLLIN | POLLOUT);
	is(take(master, b, 7), 7); /* the echo */
	same(b, "hello\r\n", 7);
	is(write(slave, "a\nb", 3), 3);
	is(take(master, b, 2), 2);
	for (n = 0; n < 2; usleep(1000))
		if (ioctl(master, FIONREAD, &n))
			break;
	is(n, 2);
	is(take(master, b + 2, 2), 2);
	same(b, "a\r\nb", 4);
	is(write(master, "x\177y\004", 4), 4);
	is(read(slave, b, sizeof(b)), 1);
	is(b[0], 'y');
	is(write(master, "\004", 1), 1);
	is(read(slave, b, sizeof(b)), 0);
	is(fcntl(slave, F_SETFL, O_NONBLOCK), 0);
	fails(read(slave, b, 1), EAGAIN);
	is(fcntl(master, F_SETFL, O_NONBLOCK), 0);
	while (read(master, b, sizeof(b)) > 0)
		;
	is(errno, EAGAIN);
	close(slave);
	close(master);
}

static void settings(void)
{
	struct termios t, t2;
	struct winsize w = {24, 80, 1, 2}, w2;
	char b[8];

	open_pair();
	is(ioctl(slave, TIOCGWINSZ, &w2), 0);
	ok(w2.ws_row == 0 && w2.ws_col == 0);
	is(ioctl(master, TIOCSWINSZ, &w), 0);
	is(ioctl(slave, TIOCGWINSZ, &w2), 0);
	same(&w, &w2, sizeof(w));
	w.ws_row = 50;
	is(ioctl(slave, TIOCSWINSZ, &w), 0);
	is(ioctl(master, TIOCGWINSZ, &w2), 0);
	same(&w, &w2, sizeof(w));
	is(tcgetattr(master, &t), 0);
	ok(t.c_lflag & ECHO);
	t.c_lflag &= ~ECHO;
	is(tcsetattr(master, TCSANOW, &t), 0); /* the slave's */
	is(tcgetattr(slave, &t2), 0);
	ok(!(t2.c_lflag & ECHO));
	is(write(master, "quiet\n", 6), 6);
	is(take(slave, b, 6), 6);
	is(events(master), POLLOUT);
	close(slave);
	close(master);
}

static void ends(void)
{
	char b[8];

	open_pair();
	is(write(slave, "last", 4), 4);
	close(slave);
	is(events(master) & (POLLIN | POLLHUP), POLLIN | POLLHUP);
	is(take(master, b, 4), 4);
	fails(read(master, b, 8), EIO);
	works(slave = open(path, PEER_FLAGS)); /* it can be opened again */
	is(events(master), POLLOUT);
	is(write(slave, "x", 1), 1);
	is(read(master, b, 8), 1);
	close(master);
	is(events(slave), POLLIN | POLLOUT | POLLERR | POLLHUP);
	is(read(slave, b, 8), 0);
	fails(write(slave, "x", 1), EIO);
	fails(ioctl(slave, TIOCGWINSZ, b), EIO);
	fails(open(path, PEER_FLAGS), ENOENT);
	close(slave);
}

static void packets(void)
{
	char b[16];
	int on = 1;

	open_pair();
	raw();
	is(ioctl(master, TIOCPKT, &on), 0);
	on = 0;
	is(ioctl(master, TIOCGPKT, &on), 0);
	is(on, 1);
	is(write(slave, "data", 4), 4);
	is(read(master, b, 16), 5);
	same(b, "\0data", 5);
	is(tcflush(slave, TCIFLUSH), 0);
	is(read(master, b, 16), 1);
	is(b[0], TIOCPKT_FLUSHREAD);
	on = 0;
	is(ioctl(master, TIOCPKT, &on), 0);
	close(slave);
	close(master);
}

static void *fill(void *arg)
{
	static char b[50000];
	ssize_t n = 0, r;

	memset(b, 'z', sizeof(b));
	while (n < (ssize_t)sizeof(b) && (r = write(slave, b + n, sizeof(b) - n)) > 0)
		n += r;
	return (void *)n;
}

/* More than fits, both ways. */
static void blocking(void)
{
	char b[1000];
	pthread_t t;
	void *wrote;
	ssize_t n, got = 0;

	open_pair();
	raw();
	pthread_create(&t, NULL, fill, NULL);
	while (got < 50000 && (n = read(master, b, sizeof(b))) > 0)
		got += n;
	is(got, 50000);
	pthread_join(t, &wrote);
	is((long)wrote, 50000);
	is(fcntl(master, F_SETFL, O_NONBLOCK), 0);
	got = 0;
	do {
		while ((n = write(master, b, sizeof(b))) > 0)
			got += n;
		is(errno, EAGAIN);
	} while (events(master) & POLLOUT);
	while (got > 0 && (n = read(slave, b, sizeof(b))) > 0)
		got -= n;
	is(got, 0);
	close(slave);
	close(master);
}

int main(void)
{
	if (access("/dev/ptmx", F_OK) || access("/dev/pts", F_OK)) {
		skip("no pseudo-terminals here");
		return tap_done();
	}
	names();
	lines();
	settings();
	ends();
	packets();
	blocking();
	return tap_done();
}
