/* SPDX-License-Identifier: MIT */
/*
 * Starting QEMU. It inherits exactly what it needs: the kernel and the boot module as memory files,
 * one socket per port. It dies with us (PR_SET_PDEATHSIG) and lives in a session of its own, so
 * that keys typed at the terminal (Ctrl-C) are ours to handle.
 *
 * The machine is the smallest that boots fast: every timer, interrupt controller, ROM and table
 * that the kernel does not use is left out.
 */
#include "tools/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define QEMU	"qemu-system-x86_64"
#define MACHINE "microvm,acpi=off,pit=off,pic=off,rtc=off,isa-serial=off,x-option-roms=off"

static const char *const port_name[PORT_COUNT] = {
    [BI_PORT_STDIO] = "stdio", [BI_PORT_STDERR] = "stderr", [BI_PORT_CTL] = "ctl",
    [BI_PORT_LOG] = "log",     [BI_PORT_TRACE] = "trace",
};

/* Descriptors for the child, beside those of the specification. */
struct far_ends {
	int port[PORT_COUNT];
	int text, exec_error;
	int go; /* end of file: go on */
};
#define FAR_NONE                                                                                   \
	{                                                                                          \
		.port = {[0 ... PORT_COUNT - 1] = -1}, .text = -1, .exec_error = -1, .go = -1      \
	}

static void add_ports(struct strvec *a, const struct far_ends *far)
{
	strvec_add(a, "-device");
	/* Each port adds two queues, and each of those work for QEMU when the device is started. */
	strvec_add(a, "virtio-serial-device,max_ports=%d",
		   far->port[BI_PORT_TRACE] < 0 ? BI_PORT_TRACE : PORT_COUNT);
	for (int i = 0; i < PORT_COUNT; i++) {
		if (far->port[i] < 0)
			continue;
		strvec_add(a, "-chardev");
		strvec_add(a, "socket,id=port%d,fd=%d", i, far->port[i]);
		strvec_add(a, "-device");
		if (i == PORT_DEBUG)
			strvec_add(a, "isa-debugcon,iobase=0x402,chardev=port%d", i);
		else
			strvec_add(a, "virtserialport,nr=%d,chardev=port%d,name=uniload.%s", i, i,
				   port_name[i]);
	}
}

static void add_gdb(struct strvec *a, const char *where)
{
	if (where == NULL)
		return;
	strvec_add(a, "-S");
	strvec_add(a, "-gdb");
	strvec_add(a, strchr(where, '/') ? "unix:%s,server=on,wait=off" : "tcp:127.0.0.1:%s",
		   where);
}

static const char *qemu_command(void)
{
	const char *qemu = getenv("UNILOAD_QEMU");

	return qemu && *qemu ? qemu : QEMU;
}

static void build_arguments(struct strvec *a, const struct machine_spec *s,
			    const struct far_ends *far)
{
	static const char *const fixed[] = {
	    "-nodefaults", "-no-user-config", "-display",
	    "none",	   "-no-reboot",      "-M",
	    MACHINE,	   "-global",	      "virtio-mmio.force-legacy=false",
	    "-device",
	};
	strvec_add(a, "%s", qemu_command());
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		strvec_add(a, "%s", fixed[i]);
	strvec_add(a, "isa-debug-exit,iobase=0x%x,iosize=2", BI_DEBUG_EXIT_PORT);
	strvec_add(a, "-accel");
	/* With the I/O APIC in QEMU ("split", the default of this machine type) every write to it
	 * makes QEMU replace the routing table and wait for an SRCU grace period. */
	strvec_add(a, s->kvm ? "kvm,kernel-irqchip=on" : "tcg");
	strvec_add(a, "-cpu");
	strvec_add(a, s->kvm ? "host" : "max");
	strvec_add(a, "-m");
	strvec_add(a, "%lluK", (unsigned long long)s->memory >> 10);
	if (s->cpus > 1) {
		strvec_add(a, "-smp"); /* one socket: their numbers follow one another */
		strvec_add(a, "cpus=%u,sockets=1,cores=%u,threads=1", s->cpus, s->cpus);
	}
	strvec_add(a,
		   "-readconfig"); /* empty, but its end comes only when all files are complete */
	strvec_add(a, "/dev/fd/%d", far->go);
	if (s->firmware_fd >= 0) {
		strvec_add(a, "-bios");
		strvec_add(a, "/dev/fd/%d", s->firmware_fd);
	}
	strvec_add(a, "-kernel");
	strvec_add(a, "/dev/fd/%d", s->kernel_fd);
	strvec_add(a, "-initrd");
	strvec_add(a, "/dev/fd/%d", s->module_fd);
	add_ports(a, far);
	add_gdb(a, s->gdb);
	for (size_t i = 0; i < s->devices->n; i++)
		strvec_add(a, "%s", s->devices->v[i]);
	for (size_t i = 0; i < s->extra->n; i++)
		strvec_add(a, "%s", s->extra->v[i]);
}

static void print_command(const struct strvec *a)
{
	char *line = xstrdup("");

	for (size_t i = 0; i < a->n; i++) {
		char *word = shell_quote(a->v[i]);
		char *longer = xasprintf("%s%s%s", line, i ? " " : "", word);

		free(word);
		free(line);
		line = longer;
	}
	say("starting: %s", line);
	free(line);
}

static void inherit(int fd)
{
	if (fd >= 0)
		fcntl(fd, F_SETFD, 0);
}

/* QEMU holds a descriptor for every file that the program has open on a volume. */
static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* In the child: nothing may allocate or return. */
static void __attribute__((noreturn))
become_qemu(const struct machine_spec *s, const struct far_ends *far, char **argv, pid_t parent)
{
	int null = open("/dev/null", O_RDWR), error;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent) /* it died before the call above */
		_exit(STATUS_FAILED);
	setsid();
	raise_file_limit();
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, s->child_mask, NULL);
	if (null >= 0 && dup2(null, 0) == 0 &&
	    dup2(far->text >= 0 ? far->text : STDERR_FILENO, 2) == 2 && dup2(2, 1) == 1) {
		for (int i = 0; i < PORT_COUNT; i++)
			inherit(far->port[i]);
		inherit(far->go);
		inherit(s->firmware_fd);
		inherit(s->tap_fd);
		inherit(s->kernel_fd);
		inherit(s->module_fd);
		execvp(argv[0], argv);
	}
	error = errno;
	if (write(far->exec_error, &error, sizeof(error)) < 0)
		_exit(STATUS_FAILED);
	_exit(STATUS_FAILED);
}

static int make_sockets(struct machine *m, struct far_ends *far, bool trace)
{
	for (int i = 0; i < PORT_COUNT; i++) {
		int ends[2];

		if (i == BI_PORT_TRACE && !trace)
			continue;
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
			return fail(STATUS_FAILED, "cannot create a socket pair: %s",
				    strerror(errno));
		m->port[i] = ends[0];
		far->port[i] = ends[1];
		if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0)
			return fail(STATUS_FAILED, "cannot make a socket nonblocking: %s",
				    strerror(errno));
	}
	return 0;
}

static int make_text_pipe(struct machine *m, struct far_ends *far, bool verbose)
{
	int ends[2];

	m->text = far->text = -1;
	if (verbose)
		return 0;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(STATUS_FAILED, "cannot create a pipe: %s", strerror(errno));
	m->text = ends[0];
	far->text = ends[1];
	if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0)
		return fail(STATUS_FAILED, "cannot make a pipe nonblocking: %s", strerror(errno));
	return 0;
}

static void close_pipe(int *end)
{
	if (*end >= 0)
		close(*end);
	*end = -1;
}

static void close_far_ends(struct far_ends *far)
{
	for (int i = 0; i < PORT_COUNT; i++)
		if (far->port[i] >= 0)
			close(far->port[i]);
	close_pipe(&far->text);
	close_pipe(&far->exec_error);
	close_pipe(&far->go);
}

static int exec_failed(const char *qemu, int error)
{
	if (error == ENOENT)
		return fail(
		    STATUS_FAILED,
		    "%s: not found: install QEMU (Debian: qemu-system-x86) or set UNILOAD_QEMU",
		    qemu);
	return fail(STATUS_FAILED, "%s: cannot start it: %s", qemu, strerror(error));
}

static int make_pipes(struct machine *m, struct far_ends *far)
{
	int error[2], go[2];

	if (pipe2(error, O_CLOEXEC) < 0)
		return fail(STATUS_FAILED, "cannot create a pipe: %s", strerror(errno));
	m->exec_error = error[0];
	far->exec_error = error[1];
	if (pipe2(go, O_CLOEXEC) < 0)
		return fail(STATUS_FAILED, "cannot create a pipe: %s", strerror(errno));
	far->go = go[0];
	m->go = go[1];
	return 0;
}

static int spawn(struct machine *m, const struct machine_spec *s, const struct far_ends *far,
		 char **argv)
{
	pid_t parent = getpid();

	m->pid = fork();
	if (m->pid == 0)
		become_qemu(s, far, argv, parent);
	if (m->pid > 0)
		return 0;
	m->pid = 0;
	return fail(STATUS_FAILED, "cannot create a process: %s", strerror(errno));
}

int machine_start(struct machine *m, const struct machine_spec *spec)
{
	struct far_ends far = FAR_NONE;
	struct strvec argv = {0};
	int status;

	*m = (struct machine)MACHINE_NONE;
	status = make_sockets(m, &far, spec->trace);
	if (status == 0)
		status = make_text_pipe(m, &far, spec->verbose);
	if (status == 0)
		status = make_pipes(m, &far);
	if (status == 0) {
		build_arguments(&argv, spec, &far);
		if (spec->verbose)
			print_command(&argv);
		status = spawn(m, spec, &far, argv.v);
	}
	close_far_ends(&far);
	strvec_free(&argv);
	return status;
}

/* On one line. */
static void print_config(const char *config)
{
	char *line = xstrdup(config);

	for (char *p = line; *p; p++)
		if (*p == '\n')
			*p = ' ';
	say("with -readconfig: %s", line);
	free(line);
}

int machine_go(struct machine *m, const char *config, bool verbose)
{
	ssize_t n;
	int error;

	if (config && verbose)
		print_config(config);
	/* If it is dead already, that is found out later, with its last words. */
	if (config && write(m->go, config, strlen(config)) < 0 && errno != EPIPE)
		return fail(STATUS_FAILED, "cannot write a pipe: %s", strerror(errno));
	close_pipe(&m->go);
	/* End of file is the good news: exec closed the other end. */
	while ((n = read(m->exec_error, &error, sizeof(error))) < 0 && errno == EINTR)
		;
	close_pipe(&m->exec_error);
	return n == 0 ? 0 : exec_failed(qemu_command(), error);
}

bool machine_ended(struct machine *m)
{
	if (m->pid > 0 && waitpid(m->pid, &m->status, WNOHANG) == m->pid)
		m->pid = 0;
	return m->pid == 0;
}

void machine_kill(struct machine *m)
{
	close_pipe(&m->go);
	close_pipe(&m->exec_error);
	if (m->pid <= 0)
		return;
	kill(m->pid, SIGKILL);
	while (waitpid(m->pid, &m->status, 0) < 0 && errno == EINTR)
		;
	m->pid = 0;
}

void machine_discard(struct machine *m)
{
	machine_kill(m);
	for (int i = 0; i < PORT_COUNT; i++)
		close_pipe(&m->port[i]);
	close_pipe(&m->text);
}
