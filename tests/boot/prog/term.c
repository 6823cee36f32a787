/* SPDX-License-Identifier: MIT */
/*
 * What a program does with a terminal: `term info` describes descriptors and window, `term lines`
 * echoes lines in brackets until end of file, `term raw` reports single keys without echo until q,
 * `term winch` waits for a change of the window's size, `term int` waits for ^C.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static volatile sig_atomic_t signals, last;

static void caught(int sig)
{
	signals++;
	last = sig;
}

static void window(void)
{
	struct winsize ws = {0};

	if (ioctl(0, TIOCGWINSZ, &ws))
		printf("no window: %s\n", strerror(errno));
	else
		printf("window %dx%d\n", ws.ws_row, ws.ws_col);
}

static void info(void)
{
	struct termios t;

	printf("tty %d%d%d\n", isatty(0), isatty(1), isatty(2));
	if (tcgetattr(0, &t) == 0)
		printf("canonical %d echo %d signals %d\n", !!(t.c_lflag & ICANON),
		       !!(t.c_lflag & ECHO), !!(t.c_lflag & ISIG));
	window();
	printf("controlling %d\n", open("/dev/tty", O_RDWR) >= 0);
}

static void lines(void)
{
	char b[256];
	ssize_t n;

	puts("ready");
	while ((n = read(0, b, sizeof(b))) > 0)
		printf("[%.*s]\n", (int)(n - (b[n - 1] == '\n')), b);
	printf("end %zd\n", n);
}

static void raw(void)
{
	struct termios t, old;
	unsigned char c = 0;

	tcgetattr(0, &old);
	t = old;
	t.c_lflag &= ~(ICANON | ECHO | ISIG);
	t.c_iflag &= ~ICRNL;
	tcsetattr(0, TCSAFLUSH, &t);
	puts("ready");
	while (c != 'q' && read(0, &c, 1) == 1)
		printf("key %02x\n", c);
	tcsetattr(0, TCSAFLUSH, &old);
}

static void wait_for(int sig)
{
	struct sigaction sa = {.sa_handler = caught};
	sigset_t set, none;

	sigemptyset(&none);
	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigaction(sig, &sa, NULL);
	window();
	puts("ready");
	while (!signals)
		sigsuspend(&none);
	printf("signal %d\n", (int)last);
	window();
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "info";

	setvbuf(stdout, NULL, _IONBF, 0);
	if (!strcmp(what, "info"))
		info();
	else if (!strcmp(what, "lines"))
		lines();
	else if (!strcmp(what, "raw"))
		raw();
	else
		wait_for(!strcmp(what, "winch") ? SIGWINCH : SIGINT);
	return 0;
}
