/* SPDX-License-Identifier: MIT */
/*
 * Runs a command on a new pseudo-terminal and plays a script against it:
 *
 *	pty [-r ROWS] [-c COLUMNS] STEP... -- COMMAND [ARG...]
 *
 * Steps: `expect TEXT` waits until TEXT has appeared in the output after the last match, `send
 *TEXT` types it (\n, \r, \t, \\ and \xHH are understood), `winch RxC` changes the window's size,
 *`eof` types ^D, `hangup` closes the terminal. What the command printed goes to standard output.
 *The exit status is the command's (128 + N for a signal), 90 if an expectation was not met within
 *60 s, 91 if the terminal's settings were not what they had been.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static int master, slave;
static struct termios before; /* the terminal's settings as the command finds them */
static pid_t child;
static char seen[1 << 20];
static size_t n_seen, from; /* bytes of output; where the next expect begins */

static void fail(const char *what, const char *arg, int status)
{
	fprintf(stderr, "pty: %s%s%s\n", what, *arg ? ": " : "", arg);
	kill(child, SIGKILL);
	exit(status);
}

/* Reads what there is, waiting up to ms. Returns false when the terminal is dead. */
static bool pump(int ms)
{
	struct pollfd p = {master, POLLIN, 0};
	ssize_t n;

	if (poll(&p, 1, ms) <= 0)
		return true;
	n = read(master, seen + n_seen, sizeof(seen) - 1 - n_seen);
	if (n <= 0)
		return false;
	fwrite(seen + n_seen, 1, n, stdout);
	n_seen += n;
	seen[n_seen] = '\0';
	return true;
}

/* Undoes the escapes of a step's text; returns the length. */
static size_t unescape(const char *s, char *out, size_t size)
{
	size_t n = 0;

	for (; *s && n < size - 1; s++) {
		unsigned hex;

		if (*s != '\\') {
			out[n++] = *s;
			continue;
		}
		s++;
		if (*s == 'x' && sscanf(s + 1, "%2x", &hex) == 1) {
			out[n++] = hex;
			s += 2;
		} else {
			out[n++] = *s == 'n' ? '\n' : *s == 'r' ? '\r' : *s == 't' ? '\t' : *s;
		}
	}
	out[n] = '\0';
	return n;
}

static void expect(const char *escaped)
{
	time_t end = time(NULL) + 60;
	char text[4096], *at;

	unescape(escaped, text, sizeof(text));
	while (!(at = strstr(seen + from, text))) {
		if (time(NULL) > end || waitpid(child, NULL, WNOHANG | WNOWAIT) > 0) {
			pump(100);
			if (strstr(seen + from, text))
				continue;
			fail("never saw", escaped, 90);
		}
		pump(100);
	}
	from = at - seen + strlen(text);
}

static void send_text(const char *s)
{
	char out[4096];
	size_t n = unescape(s, out, sizeof(out));

	if (write(master, out, n) != (ssize_t)n)
		fail("cannot type", strerror(errno), 92);
}

static void start(char **argv, int rows, int cols)
{
	struct winsize ws = {rows, cols, 0, 0};

	master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master < 0 || grantpt(master) || unlockpt(master))
		fail("no pseudo-terminal", strerror(errno), 92);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	ioctl(slave, TIOCSWINSZ, &ws);
	tcgetattr(slave, &before);
	child = fork();
	if (child == 0) {
		setsid();
		ioctl(slave, TIOCSCTTY, 0);
		for (int fd = 0; fd < 3; fd++)
			dup2(slave, fd);
		execvp(argv[0], argv);
		_exit(127);
	}
}

static void play(int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		const char *arg = i + 1 < argc ? argv[i + 1] : "";
		struct winsize ws = {0};

		if (!strcmp(argv[i], "eof")) {
			send_text("\\x04");
		} else if (!strcmp(argv[i], "hangup")) {
			close(slave);
			close(master);
			master = slave = -1;
		} else if (!strcmp(argv[i], "expect")) {
			expect(arg);
			i++;
		} else if (!strcmp(argv[i], "send")) {
			send_text(arg);
			i++;
		} else if (!strcmp(argv[i], "winch") &&
			   sscanf(arg, "%hux%hu", &ws.ws_row, &ws.ws_col) == 2) {
			ioctl(master, TIOCSWINSZ, &ws);
			i++;
		} else {
			fail("unknown step", argv[i], 92);
		}
	}
}

/* Waits for the command's end, passing on what it still prints; returns a shell's status. */
static int finish(void)
{
	time_t end = time(NULL) + 60;
	int status = 0;

	while (waitpid(child, &status, WNOHANG) == 0) {
		if (time(NULL) > end)
			fail("the command does not end", "", 90);
		if (master < 0 || !pump(50))
			usleep(20000);
	}
	if (master >= 0)
		pump(50);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	int opt, rows = 24, cols = 80, dashes, status;
	struct termios after;

	while ((opt = getopt(argc, argv, "+r:c:")) > 0)
		*(opt == 'r' ? &rows : &cols) = atoi(optarg);
	argv[optind - 1] = argv[0];
	for (dashes = optind; dashes < argc && strcmp(argv[dashes], "--"); dashes++)
		;
	if (dashes + 1 >= argc) {
		fprintf(stderr, "usage: pty [-r ROWS] [-c COLUMNS] STEP... -- COMMAND [ARG...]\n");
		return 92;
	}
	start(argv + dashes + 1, rows, cols);
	play(dashes - optind, argv + optind);
	status = finish();
	if (slave >= 0 && (tcgetattr(slave, &after) || before.c_lflag != after.c_lflag ||
			   before.c_iflag != after.c_iflag || before.c_oflag != after.c_oflag ||
			   memcmp(before.c_cc, after.c_cc, NCCS)))
		fail("the terminal's settings were not restored", "", 91);
	return status;
}
