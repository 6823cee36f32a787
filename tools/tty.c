/* SPDX-License-Identifier: MIT */
/*
 * Raw mode and its undoing. Three nets, because a terminal left raw is the worst souvenir: atexit,
 * handlers for the signals that end a process by fault, and a small guardian process that restores
 * the settings when uniload vanishes (SIGKILL). The guardian holds the read end of a pipe: "bye"
 * means all is well, end of file means it has to act.
 */
#include "tools/tty.h"

#include "tools/util.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static struct termios saved;
static volatile sig_atomic_t is_raw;
static int guardian = -1; /* write end of the pipe */
static pid_t guardian_pid;

bool tty_foreground(void)
{
	pid_t group = tcgetpgrp(STDIN_FILENO);

	return group < 0 ||
	       group == getpgrp(); /* not our controlling terminal: no job control on it */
}

/* SIGTTOU must not stop us while we put things right. Async-signal-safe. */
static void set_attributes(const struct termios *t)
{
	sigset_t ttou, old;

	sigemptyset(&ttou);
	sigaddset(&ttou, SIGTTOU);
	sigprocmask(SIG_BLOCK, &ttou, &old);
	while (tcsetattr(STDIN_FILENO, TCSANOW, t) < 0 && errno == EINTR)
		;
	sigprocmask(SIG_SETMASK, &old, NULL);
}

void tty_raw(void)
{
	struct termios raw = saved;

	if (guardian < 0)
		return;
	cfmakeraw(&raw);
	is_raw = 1;
	set_attributes(&raw);
}

void tty_restore(void)
{
	if (is_raw)
		set_attributes(&saved);
	is_raw = 0;
}

static void at_exit(void)
{
	tty_restore();
	if (write(guardian, "", 1) < 0)
		return; /* it is gone already */
	while (waitpid(guardian_pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static void on_fault(int signal)
{
	tty_restore();
	raise(signal); /* SA_RESETHAND: the default action follows */
}

/* Runs in the guardian: waits for uniload's end with nothing open but the terminal and the pipe. */
static void __attribute__((noreturn)) guard(int pipe_end)
{
	sigset_t all;
	char byte;
	ssize_t n;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	setsid();
	dup2(pipe_end, 1);
	close_range(2, ~0u, 0);
	while ((n = read(1, &byte, 1)) < 0 && errno == EINTR)
		;
	if (n == 0)
		set_attributes(&saved);
	_exit(0);
}

static void start_guardian(void)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return;
	guardian_pid = fork();
	if (guardian_pid == 0) {
		close(ends[1]);
		guard(ends[0]);
	}
	close(ends[0]);
	if (guardian_pid > 0)
		guardian = ends[1];
	else
		close(ends[1]);
}

void tty_init(void)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE,  SIGILL,
				     SIGABRT, SIGSYS, SIGXCPU, SIGALRM};
	struct sigaction action = {.sa_handler = on_fault, .sa_flags = (int)SA_RESETHAND};

	if (tcgetattr(STDIN_FILENO, &saved) < 0)
		return;
	start_guardian();
	if (guardian < 0)
		return;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		sigaction(faults[i], &action, NULL);
	atexit(at_exit);
}

bool tty_size(uint16_t *rows, uint16_t *cols)
{
	struct winsize size;

	for (int fd = 0; fd < 3; fd++) {
		if (isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0) {
			*rows = size.ws_row;
			*cols = size.ws_col;
			return true;
		}
	}
	return false;
}
