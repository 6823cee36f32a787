/* SPDX-License-Identifier: MIT */
/*
 * A stand-in for QEMU and the guest's kernel: it takes uniload's QEMU command line, reads the boot
 * module, and plays the guest's side of the ports as the program's first argument says. It proves
 * the host side alone (tests/boot/relay.sh): with UNILOAD_QEMU pointing here no machine is
 * involved.
 *
 * Every mode ends with BI_MSG_EXIT and exact counts, then waits to be killed, unless its purpose is
 * to misbehave.
 */
#define _GNU_SOURCE
#include "kernel/bootinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int port[8] = {-1, -1, -1, -1, -1, -1, -1, -1}; /* 0: debug console */
static uint64_t sent[8];
static const struct bootinfo *bi;
static const char **args;

static void die(const char *why)
{
	fprintf(stderr, "fake_qemu: %s\n", why);
	exit(1);
}

/* ---- the command line ---- */

static const char *value_of(int argc, char **argv, const char *option, int nth)
{
	for (int i = 1; i + 1 < argc; i++)
		if (strcmp(argv[i], option) == 0 && nth-- == 0)
			return argv[i + 1];
	return NULL;
}

static void take_ports(int argc, char **argv)
{
	const char *text;

	for (int i = 0; (text = value_of(argc, argv, "-chardev", i)) != NULL; i++) {
		int n, fd;

		if (sscanf(text, "socket,id=port%d,fd=%d", &n, &fd) == 2 && n >= 0 && n < 8)
			port[n] = fd;
	}
}

/* uniload closes it when the module is complete. */
static void wait_for_config(int argc, char **argv)
{
	const char *path = value_of(argc, argv, "-readconfig", 0);
	int fd = path ? open(path, O_RDONLY) : -1;
	char text[256];

	if (fd < 0)
		die("no configuration");
	while (read(fd, text, sizeof(text)) > 0)
		;
	close(fd);
}

static void take_module(int argc, char **argv)
{
	const char *path = value_of(argc, argv, "-initrd", 0), *why;
	struct stat st;
	void *module;
	int fd = path ? open(path, O_RDONLY) : -1;

	if (fd < 0 || fstat(fd, &st) < 0)
		die("no boot module");
	module = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (module == MAP_FAILED)
		die("cannot map the boot module");
	why = bootinfo_check(module, (uint64_t)st.st_size);
	if (why)
		die(why);
	bi = module;
	args = calloc(bi->argv.count + 4u, sizeof(*args));
	bootinfo_strings(bi, &bi->argv, args);
}

/* ---- ports ---- */

static void put(int n, const void *data, size_t len)
{
	const char *from = data;

	while (len > 0) {
		ssize_t k = write(port[n], from, len);

		if (k <= 0)
			die("a port was closed by uniload");
		from += k;
		len -= (size_t)k;
		sent[n] += (uint64_t)k;
	}
}

static void print(int n, const char *text)
{
	put(n, text, strlen(text));
}

static void post(uint32_t type, uint32_t arg)
{
	struct bi_msg msg = {.type = type,
			     .arg = arg,
			     .v = {sent[BI_PORT_STDIO], sent[BI_PORT_STDERR], sent[BI_PORT_LOG],
				   sent[BI_PORT_TRACE]}};

	put(BI_PORT_CTL, &msg, sizeof(msg));
}

static void __attribute__((noreturn)) end(uint32_t wait_status)
{
	post(BI_MSG_EXIT, wait_status);
	for (;;)
		pause();
}

/* A message, or 0 if none comes in time (ms; -1: for ever). */
static int receive(struct bi_msg *msg, int timeout)
{
	struct pollfd p = {.fd = port[BI_PORT_CTL], .events = POLLIN};

	if (poll(&p, 1, timeout) <= 0)
		return 0;
	if (recv(port[BI_PORT_CTL], msg, sizeof(*msg), MSG_WAITALL) != sizeof(*msg))
		die("the control port was closed by uniload");
	return 1;
}

static void nap(long ms)
{
	nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* ---- modes ---- */

static void mode_exit(void)
{
	end((uint32_t)strtoul(args[2], NULL, 0));
}

/* Copy input to output until the announced end of file. */
static void mode_cat(void)
{
	static char buf[1 << 20];
	int relayed = bi->std[0].kind == BI_STD_STREAM || bi->std[0].kind == BI_STD_TTY;
	uint64_t got = 0, eof = relayed ? ~0ull : 0;
	uint32_t why = 0;

	while (got < eof) {
		struct pollfd p[2] = {{.fd = port[BI_PORT_STDIO], .events = POLLIN},
				      {.fd = port[BI_PORT_CTL], .events = POLLIN}};
		struct bi_msg msg;

		poll(p, 2, -1);
		if (p[1].revents && receive(&msg, 0)) {
			if (msg.type == BI_MSG_OUT_ERROR)
				end(13);
			eof = msg.v[0];
			why = msg.arg;
		}
		if (p[0].revents & POLLIN) {
			ssize_t n = read(port[BI_PORT_STDIO], buf, sizeof(buf));

			if (n <= 0)
				die("standard input was closed by uniload");
			got += (uint64_t)n;
			put(BI_PORT_STDIO, buf, (size_t)n);
		}
	}
	end(got > eof ? 99 << 8 : why << 8);
}

/* args[2] bytes that count up; stops as a program does when its output breaks. */
static void mode_gen(void)
{
	static uint32_t buf[1 << 16];
	uint64_t left = strtoull(args[2], NULL, 0);
	uint32_t count = 0;

	while (left > 0) {
		size_t n = left < sizeof(buf) ? left : sizeof(buf);
		struct bi_msg msg;

		for (size_t i = 0; i < n / 4; i++)
			buf[i] = count++;
		put(BI_PORT_STDIO, buf, n);
		left -= n;
		while (receive(&msg, 0))
			if (msg.type == BI_MSG_OUT_ERROR && msg.arg == BI_PORT_STDIO)
				end(msg.v[0] == EPIPE ? 13 : (uint32_t)msg.v[0] << 8);
	}
	end(0);
}

/* Write without being read; end with the errno that comes as a message. */
static void mode_wait_error(void)
{
	struct bi_msg msg;

	print(BI_PORT_STDIO, args[2] ? args[2] : "");
	while (receive(&msg, -1))
		if (msg.type == BI_MSG_OUT_ERROR)
			end((uint32_t)msg.v[0] << 8);
}

/* As the guest's write on a SYNC stream: 0 if acknowledged, else the errno. */
static void mode_sync(void)
{
	struct bi_msg msg;

	if (!(bi->std[1].flags & BI_STDF_SYNC))
		end(98 << 8);
	print(BI_PORT_STDIO, "12345");
	while (receive(&msg, -1)) {
		if (msg.type == BI_MSG_ACK && msg.v[0] == 5)
			end(0);
		if (msg.type == BI_MSG_OUT_ERROR)
			end((uint32_t)msg.v[0] << 8);
	}
}

/* Print what signals come; args[2]: "die" as their default action, "ack" them, or be "deaf". */
static void mode_signal(void)
{
	int deaf = strcmp(args[2], "deaf") == 0, ack = strcmp(args[2], "ack") == 0;
	struct bi_msg msg;

	print(BI_PORT_STDIO, "ready\n");
	while (receive(&msg, -1)) {
		char line[64];

		if (deaf || msg.type != BI_MSG_SIGNAL)
			continue;
		if (ack) {
			post(BI_MSG_SIGNAL_ACK, msg.arg);
			continue;
		}
		snprintf(line, sizeof(line), "signal %u\n", msg.arg);
		print(BI_PORT_STDIO, line);
		if (msg.arg)
			end(msg.arg);
	}
}

static void mode_winsize(void)
{
	struct bi_msg msg;
	char line[64];

	snprintf(line, sizeof(line), "%u %u\r\n", bi->tty_rows, bi->tty_cols);
	print(BI_PORT_STDIO, line);
	while (receive(&msg, -1))
		if (msg.type == BI_MSG_WINSIZE) {
			snprintf(line, sizeof(line), "%u %u\r\n", (unsigned)msg.v[0],
				 (unsigned)msg.v[1]);
			print(BI_PORT_STDIO, line);
			end(0);
		}
}

/* Echo bytes, end at 'q': a raw terminal sends them one by one. */
static void mode_tty(void)
{
	char c = 0;

	print(BI_PORT_STDIO, "ready\r\n");
	while (c != 'q' && read(port[BI_PORT_STDIO], &c, 1) == 1) {
		char line[16];

		snprintf(line, sizeof(line), "<%02x>\r\n", (unsigned char)c);
		print(BI_PORT_STDIO, line);
	}
	end(7 << 8);
}

static void mode_time(void)
{
	struct bi_msg msg = {.type = BI_MSG_TIME_REQ, .v = {77}};
	struct timespec now;

	put(BI_PORT_CTL, &msg, sizeof(msg));
	while (receive(&msg, -1) && msg.type != BI_MSG_TIME)
		;
	clock_gettime(CLOCK_REALTIME, &now);
	end(msg.v[0] == 77 && llabs((long long)(now.tv_sec - (time_t)(msg.v[1] / 1000000000))) <= 1
		? 0
		: 1 << 8);
}

static void mode_panic(void)
{
	put(0, "panic: no reason\n", 17);
	print(BI_PORT_LOG, "backtrace: none\n");
	post(BI_MSG_PANIC, 0);
	pause();
}

static void mode_debug_exit(void)
{
	put(0, "early panic\n", 12);
	exit(BI_DEBUG_EXIT_PANIC << 1 | 1);
}

static void mode_fail(void)
{
	fprintf(stderr, "-accel: bad luck\nsecond line\n");
	exit(1);
}

static void mode_reset(void)
{
	exit(0);
}

static void mode_crash(void)
{
	abort();
}

static void mode_hang(void)
{
	print(BI_PORT_STDIO, "before\n");
	for (;;)
		pause();
}

/* Exit first, bytes later: the host has to wait for all it was told of. */
static void mode_late(void)
{
	struct bi_msg msg = {.type = BI_MSG_EXIT, .arg = 5 << 8, .v = {6, 4, 0, 0}};

	put(BI_PORT_CTL, &msg, sizeof(msg));
	nap(200);
	print(BI_PORT_STDIO, "out");
	nap(100);
	print(BI_PORT_STDERR, "err\n");
	print(BI_PORT_STDIO, "put");
	for (;;)
		pause();
}

static void mode_close_input(void)
{
	post(BI_MSG_STDIN_CLOSED, 0);
	nap(500);
	end(0);
}

static void mode_both(void)
{
	print(BI_PORT_STDIO, "to output\n");
	print(BI_PORT_STDERR, "to error\n");
	if (port[BI_PORT_TRACE] >= 0)
		print(BI_PORT_TRACE, "to trace\n");
	end(0);
}

static void mode_std(void)
{
	char line[64];

	for (int i = 0; i < 3; i++) {
		snprintf(line, sizeof(line), "%u/%u\n", bi->std[i].kind, bi->std[i].flags);
		print(BI_PORT_STDERR, line);
	}
	end(0);
}

static void dump_strings(const char *name, const struct bi_strings *s)
{
	const char **v = calloc(s->count + 1u, sizeof(*v));

	bootinfo_strings(bi, s, v);
	for (uint32_t i = 0; i < s->count; i++) {
		print(BI_PORT_STDIO, name);
		print(BI_PORT_STDIO, v[i]);
		print(BI_PORT_STDIO, "\n");
	}
	free(v);
}

static void mode_dump(void)
{
	char line[8192];

	dump_strings("arg ", &bi->argv);
	dump_strings("env ", &bi->envp);
	snprintf(line, sizeof(line), "exe %s\ncwd %s\nhost %s\nids %u %u umask %03o flags %u\n",
		 bootinfo_string(bi, bi->exe), bootinfo_string(bi, bi->cwd),
		 bootinfo_string(bi, bi->hostname), bi->uid, bi->gid, bi->umask, bi->flags);
	print(BI_PORT_STDIO, line);
	for (uint32_t i = 0; i < bi->n_files; i++) {
		const struct bi_file *f = &bootinfo_files(bi)[i];

		snprintf(line, sizeof(line), "%c %04o %u:%u %llu %s%s%s\n", "-dl"[f->type],
			 f -> mode, f -> uid, f -> gid, (unsigned long long)f -> size,
			 bootinfo_path(bi, f), f -> type == BI_FILE_SYMLINK ? " -> " : "",
			 f->type == BI_FILE_SYMLINK ? (const char *)bootinfo_data(bi, f) : "");
		print(BI_PORT_STDIO, line);
	}
	nap(30); /* until the better frequency is there */
	snprintf(line, sizeof(line), "tsc %llu\n", (unsigned long long)bi->tsc_hz);
	print(BI_PORT_STDIO, line);
	end(0);
}

/* The contents of file args[2] as the guest would see them. */
static void mode_file(void)
{
	for (uint32_t i = 0; i < bi->n_files; i++) {
		const struct bi_file *f = &bootinfo_files(bi)[i];

		if (strcmp(bootinfo_path(bi, f), args[2]) == 0)
			put(BI_PORT_STDIO, bootinfo_data(bi, f), f->size);
	}
	end(0);
}

static const struct {
	const char *name;
	void (*run)(void);
} modes[] = {
    {"exit", mode_exit},
    {"cat", mode_cat},
    {"gen", mode_gen},
    {"sync", mode_sync},
    {"signal", mode_signal},
    {"winsize", mode_winsize},
    {"tty", mode_tty},
    {"time", mode_time},
    {"panic", mode_panic},
    {"debug-exit", mode_debug_exit},
    {"fail", mode_fail},
    {"reset", mode_reset},
    {"crash", mode_crash},
    {"hang", mode_hang},
    {"late", mode_late},
    {"close-input", mode_close_input},
    {"both", mode_both},
    {"std", mode_std},
    {"dump", mode_dump},
    {"file", mode_file},
    {"wait-error", mode_wait_error},
};

int main(int argc, char **argv)
{
	take_ports(argc, argv);
	wait_for_config(argc, argv);
	take_module(argc, argv);
	for (size_t i = 0; args[1] && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(args[1], modes[i].name) == 0)
			modes[i].run();
	die("no such mode");
}
