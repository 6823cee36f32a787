/* SPDX-License-Identifier: MIT */
/*
 * Sessions and job control on pseudo-terminals: who gets one as controlling terminal, typed
 * signals, SIGTTIN and SIGTTOU, orphaned groups, and what is heard when an end goes. Processes tell
 * what they see through a pipe, so nothing depends on how fast anybody is.
 */
#include "tests/guest/tap.h"

#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <utmp.h>

static int master, report[2];
static char path[32];

static void tell(int value)
{
	write(report[1], &value, sizeof(value));
}

static int told(void)
{
	int value = -1;

	return read(report[0], &value, sizeof(value)) == sizeof(value) ? value : -1;
}

static int take_signal(const sigset_t *set)
{
	siginfo_t si;
	int r;

	while ((r = sigwaitinfo(set, &si)) < 0 && errno == EINTR)
		;
	return r;
}

static sigset_t block(int a, int b, int c)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, a);
	sigaddset(&set, b);
	sigaddset(&set, c);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return set;
}

static int has_terminal(void)
{
	int fd = open("/dev/tty", O_RDWR);

	if (fd >= 0)
		close(fd);
	return fd >= 0 ? 1 : errno == ENXIO ? 0 : -1;
}

/* A session with a new terminal, whose leader runs fn(slave). */
static pid_t session(void (*fn)(int slave))
{
	pid_t pid;

	master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	ioctl(master, TIOCSPTLCK, &(int){0});
	snprintf(path, sizeof(path), "%s", ptsname(master));
	pipe(report);
	pid = fork();
	if (pid == 0) {
		close(report[0]);
		close(master);
		setsid();
		fn(open(path, O_RDWR));
		_exit(0);
	}
	close(report[1]);
	return pid;
}

static void over(pid_t pid, int wanted)
{
	int status = -1;

	is(waitpid(pid, &status, 0), pid);
	is(status, wanted);
	is(told(), -1);
	close(report[0]);
	close(master);
}

/* A group of its own for a child that runs fn(slave); foreground: of the terminal. */
static pid_t job(void (*fn)(int slave), int slave, bool foreground)
{
	pid_t pid = fork();

	if (pid == 0) {
		setpgid(0, 0);
		fn(slave);
		_exit(0);
	}
	setpgid(pid, pid);
	if (foreground)
		tcsetpgrp(slave, pid);
	return pid;
}

static int wait_for(pid_t pid)
{
	int status = -1;

	waitpid(pid, &status, WUNTRACED);
	return status;
}

/* ---- getting it, giving it up ---- */

static void not_leader(int slave)
{
	tell(ioctl(slave, TIOCSCTTY, 0) < 0 ? errno : 0);
	tell(ioctl(slave, TIOCNOTTY));
	tell(has_terminal());
	tell(tcgetpgrp(slave) < 0 ? errno : 0);
}

static void leader(int slave)
{
	tell(has_terminal());
	tell(tcgetpgrp(slave) == getpid() && tcgetsid(slave) == getpid());
	tell(ioctl(slave, TIOCSCTTY, 0));
	wait_for(job(not_leader, slave, false));
	tell(has_terminal());
	signal(SIGHUP, SIG_IGN);
	tell(ioctl(slave, TIOCNOTTY));
	tell(has_terminal());
	tell(tcgetsid(slave) < 0 ? errno : 0);
	tell(ioctl(slave, TIOCSCTTY, 0));
	tell(has_terminal());
}

static void without(int slave)
{
	int fd;

	signal(SIGHUP, SIG_IGN);
	ioctl(slave, TIOCNOTTY);
	fd = open(path, O_RDWR | O_NOCTTY);
	tell(has_terminal());
	close(fd);
	fd = open(path, O_WRONLY); /* one who cannot read it does not get it by opening */
	tell(has_terminal());
	close(fd);
	fd = open(path, O_RDONLY);
	tell(has_terminal());
}

static void ownership(void)
{
	pid_t pid = session(leader);

	is(told(), 1);
	is(told(), 1);
	is(told(), 0);
	is(told(), EPERM);
	is(told(), 0);
	is(told(), 0);
	is(told(), ENOTTY);
	is(told(), 1);
	is(told(), 0);
	is(told(), 0);
	is(told(), ENOTTY);
	is(told(), 0);
	is(told(), 1);
	over(pid, 0);
	pid = session(without);
	is(told(), 0);
	is(told(), 0);
	is(told(), 1);
	over(pid, 0);
}

/* ---- typed signals, the window ---- */

static void signals(int slave)
{
	sigset_t set = block(SIGINT, SIGQUIT, SIGTSTP);

	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, NULL);
	tell(0);
	for (int i = 0; i < 5; i++)
		tell(take_signal(&set));
}

static void typed(void)
{
	struct winsize w = {.ws_row = 11, .ws_col = 22};
	pid_t pid = session(signals), pgrp = 0;

	is(told(), 0);
	is(ioctl(master, TIOCGPGRP, &pgrp), 0);
	is(pgrp, pid);
	is(tcgetsid(master), pid);
	is(write(master, "\003", 1), 1);
	is(told(), SIGINT);
	is(write(master, "\034", 1), 1);
	is(told(), SIGQUIT);
	is(write(master, "\032", 1), 1);
	is(told(), SIGTSTP);
	is(ioctl(master, TIOCSWINSZ, &w), 0);
	is(told(), SIGWINCH);
	fails(ioctl(master, TIOCSIG, SIGUSR1), EINVAL);
	is(ioctl(master, TIOCSIG, SIGINT), 0);
	is(told(), SIGINT);
	over(pid, 0);
}

/* ---- the background ---- */

static void reads(int slave)
{
	char b[8];

	tell((int)read(slave, b, sizeof(b)));
}

static void reads_deaf(int slave)
{
	char b[8];

	signal(SIGTTIN, SIG_IGN);
	tell(read(slave, b, sizeof(b)) < 0 ? errno : 0);
}

static void changes(int slave)
{
	struct termios t;

	tcgetattr(slave, &t);
	tell(tcsetattr(slave, TCSANOW, &t));
}

static void writes(int slave)
{
	tell((int)write(slave, "!", 1));
}

/* Its parent ends, and nobody of the session could continue it. */
static void abandoned(int slave)
{
	pid_t parent = getpid();
	char b[8];

	if (fork() == 0) {
		while (getppid() == parent)
			usleep(1000);
		tell(read(slave, b, sizeof(b)) < 0 ? errno : 0);
		tell(tcsetpgrp(slave, getpgrp()) < 0 ? errno : 0);
		_exit(0);
	}
}

static void background(int slave)
{
	struct termios t;
	pid_t pid;

	signal(SIGTTOU, SIG_IGN);
	pid = job(reads, slave, false);
	tell(wait_for(pid) >> 8);
	tcsetpgrp(slave, pid);
	kill(-pid, SIGCONT);
	tell(wait_for(pid));
	tell(tcgetpgrp(slave) == pid);
	tell(tcsetpgrp(slave, getpgrp()));
	wait_for(job(reads_deaf, slave, false));
	signal(SIGTTOU, SIG_DFL);
	pid = job(changes, slave, false);
	tell(wait_for(pid) >> 8);
	kill(pid, SIGKILL);
	wait_for(pid);
	wait_for(job(writes, slave, false));
	tcgetattr(slave, &t);
	t.c_lflag |= TOSTOP;
	tcsetattr(slave, TCSANOW, &t);
	pid = job(writes, slave, false);
	tell(wait_for(pid) >> 8);
	kill(pid, SIGKILL);
	wait_for(pid);
	wait_for(job(abandoned, slave, false));
	tell(-2);
	read(slave, &t, sizeof(t)); /* till the end */
}

static void in_background(void)
{
	pid_t pid = session(background);
	int errors[3];

	is(told(), SIGTTIN);
	is(write(master, "line\n", 5), 5);
	is(told(), 5);
	is(told(), 0);
	is(told(), 1);
	is(told(), 0);
	is(told(), EIO);
	is(told(), SIGTTOU);
	is(told(), 1);
	is(told(), SIGTTOU);
	for (int i = 0; i < 3; i++) /* the orphan's come when they come */
		errors[i] = told();
	ok(errors[0] == -2 || errors[1] == -2 || errors[2] == -2);
	ok(errors[0] == EIO || errors[1] == EIO);
	ok(errors[1] == ENOTTY || errors[2] == ENOTTY);
	write(master, "\n", 1);
	over(pid, 0);
}

/* ---- the end ---- */

static void waits_for_hup(int slave)
{
	sigset_t set = block(SIGHUP, SIGCONT, SIGHUP);

	tell(take_signal(&set));
	tell(take_signal(&set));
}

/* The other end goes: the leader is told, those in the foreground when it ends too. */
static void loses_line(int slave)
{
	sigset_t set = block(SIGHUP, SIGCONT, SIGHUP);
	char b[4];

	job(waits_for_hup, slave, true);
	tell(1);
	sigdelset(&set, SIGCONT);
	take_signal(&set);
	tell((int)read(slave, b, sizeof(b)));
	tell(write(slave, "x", 1) < 0 ? errno : 0);
	tell(has_terminal());
	tell(-3);
}

/* The leader goes: those in the foreground are told. */
static void leaves_job(int slave)
{
	sigset_t set = block(SIGHUP, SIGINT, SIGUSR1);
	pid_t pid;

	signal(SIGTTOU, SIG_IGN);
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		tcsetpgrp(slave, getpid());
		tell(1);
		tell(take_signal(&set));
		_exit(0);
	}
	while (tcgetpgrp(slave) != pid)
		usleep(1000);
}

static void takes_over(int slave)
{
	tell(tcgetsid(slave) == getpid());
}

static void ends(void)
{
	pid_t pid = session(loses_line);
	int fd;

	is(told(), 1);
	close(master);
	is(told(), 0);
	is(told(), EIO);
	is(told(), 0);
	is(told(), -3);
	is(told(), SIGHUP);
	is(told(), SIGCONT);
	over(pid, 0);
	pid = session(leaves_job);
	is(told(), 1);
	is(told(), SIGHUP);
	is(waitpid(pid, NULL, 0), pid);
	is(told(), -1);
	pipe(report);
	pid = fork();
	if (pid == 0) {
		setsid();
		fd = open(path, O_RDWR);
		takes_over(fd);
		_exit(0);
	}
	is(told(), 1);
	close(report[1]);
	over(pid, 0);
}

/* ---- the C library's ---- */

static void library(void)
{
	char name[64] = "", line[128] = "";
	int fd, m, s, status = -1;
	pid_t pid = forkpty(&fd, name, NULL, NULL);
	size_t n = 0;
	ssize_t r;

	if (pid == 0) {
		dprintf(1, "%s %d\n", ttyname(0), tcgetsid(0) == getpid());
		_exit(0);
	}
	works(pid);
	while (n < sizeof(line) - 1 && (r = read(fd, line + n, 1)) > 0)
		n++;
	ok(strncmp(line, name, strlen(name)) == 0);
	ok(strcmp(line + strlen(name), " 1\r\n") == 0);
	is(waitpid(pid, &status, 0), pid);
	is(status, 0);
	close(fd);
	is(openpty(&m, &s, NULL, NULL, NULL), 0);
	ok(strcmp(ttyname(s), ptsname(m)) == 0);
	is(grantpt(m), 0);
	is(unlockpt(m), 0);
	close(m);
	close(s);
}

int main(void)
{
	if (access("/dev/ptmx", F_OK) || access("/dev/pts", F_OK)) {
		skip("no pseudo-terminals here");
		return tap_done();
	}
	signal(SIGHUP, SIG_DFL);
	ownership();
	typed();
	in_background();
	ends();
	library();
	return tap_done();
}
