/* SPDX-License-Identifier: MIT */
/* Structures of --strace, in strace(1)'s notation. */
#include "kernel/abi/linux.h"
#include "kernel/signal.h"
#include "kernel/string.h"
#include "kernel/uaccess.h"
#include "syscalls/strace.h"

bool trace_fetch(struct trace *t, unsigned i, void *dst, size_t n)
{
	uaddr_t addr = t->args[i];

	if (addr && !(t->done && t->result < 0) && !copy_from_user(dst, addr, n))
		return true;
	trace_addr(t, addr);
	return false;
}

/* ---- files ---- */

void show_stat(struct trace *t, unsigned i, const struct trace_name *names)
{
	struct stat st;

	if (!trace_fetch(t, i, &st, sizeof(st)))
		return;
	trace_printf(t, "{st_mode=");
	trace_mode(t, st.st_mode);
	if ((st.st_mode & S_IFMT) == S_IFCHR || (st.st_mode & S_IFMT) == S_IFBLK)
		trace_printf(t, ", st_rdev=makedev(%#lx, %#lx)", st.st_rdev >> 8 & 0xfff,
			     st.st_rdev & 0xff);
	else
		trace_printf(t, ", st_size=%ld", st.st_size);
	trace_printf(t, ", ...}");
}

void show_statx(struct trace *t, unsigned i, const struct trace_name *names)
{
	struct statx st;

	if (!trace_fetch(t, i, &st, sizeof(st)))
		return;
	trace_printf(t, "{stx_mask=");
	trace_flags(t, names_statx_mask, st.stx_mask);
	trace_printf(t, ", stx_mode=");
	trace_mode(t, st.stx_mode);
	trace_printf(t, ", stx_size=%llu, ...}", st.stx_size);
}

void show_statfs(struct trace *t, unsigned i, const struct trace_name *names)
{
	struct statfs st;

	if (trace_fetch(t, i, &st, sizeof(st)))
		trace_printf(t, "{f_type=%#lx, f_bsize=%ld, f_blocks=%ld, f_bfree=%ld, ...}",
			     (long)st.f_type, (long)st.f_bsize, (long)st.f_blocks,
			     (long)st.f_bfree);
}

void show_open_how(struct trace *t, unsigned i, const struct trace_name *names)
{
	struct open_how how;

	if (!trace_fetch(t, i, &how, sizeof(how)))
		return;
	trace_printf(t, "{flags=");
	trace_open_flags(t, how.flags);
	trace_printf(t, ", mode=%#llo, resolve=", how.mode);
	trace_flags(t, names_resolve, how.resolve);
	trace_printf(t, "}");
}

/* Descriptors with what was asked and, after a successful call, what was found. */
void show_pollfds(struct trace *t, unsigned i, const struct trace_name *names)
{
	unsigned count = t->args[i + 1];
	struct pollfd p;

	if (!t->args[i] || !count || copy_from_user(&p, t->args[i], sizeof(p))) {
		trace_addr(t, t->args[i]);
		return;
	}
	trace_printf(t, "[");
	for (unsigned k = 0; k < count && k < TRACE_ITEMS; k++) {
		if (copy_from_user(&p, t->args[i] + k * sizeof(p), sizeof(p)))
			break;
		trace_printf(t, "%s{fd=%d, events=", k ? ", " : "", p.fd);
		trace_flags(t, names, (uint16_t)p.events);
		if (t->result > 0 && p.revents) {
			trace_printf(t, ", revents=");
			trace_flags(t, names, (uint16_t)p.revents);
		}
		trace_printf(t, "}");
	}
	trace_printf(t, count > TRACE_ITEMS ? ", ...]" : "]");
}

void show_fcntl_arg(struct trace *t, unsigned i, const struct trace_name *names)
{
	struct flock lock;

	switch ((int)t->args[i - 1]) {
	case F_GETFD:
	case F_GETFL:
	case F_GETOWN:
	case F_GETPIPE_SZ:
		t->ended = true;
		return;
	case F_SETFD:
		trace_flags(t, names_fd_flags, t->args[i]);
		return;
	case F_SETFL:
		trace_open_flags(t, t->args[i]);
		return;
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		if (!trace_fetch(t, i, &lock, sizeof(lock)))
			return;
		trace_printf(t, "{l_type=");
		trace_choice(t, names_lock_type, lock.l_type);
		trace_printf(t, ", l_whence=");
		trace_choice(t, names_whence, lock.l_whence);
		trace_printf(t, ", l_start=%ld, l_len=%ld}", lock.l_start, lock.l_len);
		return;
	}
	trace_printf(t, "%ld", (long)t->args[i]);
}

static void print_termios(struct trace *t, unsigned i)
{
	struct termios tio;

	if (!trace_fetch(t, i, &tio, sizeof(tio)))
		return;
	trace_printf(t, "{c_iflag=%#x, c_oflag=%#x, c_cflag=%#x, c_lflag=", tio.c_iflag,
		     tio.c_oflag, tio.c_cflag);
	trace_flags(t, names_lflag, tio.c_lflag);
	trace_printf(t, ", ...}");
}

void show_ioctl_arg(struct trace *t, unsigned i, const struct trace_name *names)
{
	struct winsize ws;
	int n;

	switch ((unsigned)t->args[i - 1]) {
	case TCGETS:
	case TCSETS:
	case TCSETSW:
	case TCSETSF:
		print_termios(t, i);
		return;
	case TIOCGWINSZ:
	case TIOCSWINSZ:
		if (trace_fetch(t, i, &ws, sizeof(ws)))
			trace_printf(t, "{ws_row=%u, ws_col=%u, ws_xpixel=%u, ws_ypixel=%u}",
				     ws.ws_row, ws.ws_col, ws.ws_xpixel, ws.ws_ypixel);
		return;
	case FIONREAD:
	case FIONBIO:
	case TIOCGPGRP:
	case TIOCSPGRP:
	case TIOCGSID:
		if (trace_fetch(t, i, &n, sizeof(n)))
			trace_printf(t, "[%d]", n);
		return;
	}
	trace_printf(t, "%#lx", (long)t->args[i]);
}

/* ---- times ---- */

static void print_timeval(struct trace *t, const struct __kernel_old_timeval *tv)
{
	trace_printf(t, "{tv_sec=%ld, tv_usec=%ld}", tv->tv_sec, tv->tv_usec);
}

void show_timeval(struct trace *t, unsigned i, const struct trace_name *names)
{
	struct __kernel_old_timeval tv;

	if (trace_fetch(t, i, &tv, sizeof(tv)))
		print_timeval(t, &tv);
}

void show_timevals(struct trace *t, unsigned i, const struct trace_name *names)
{
	struct __kernel_old_timeval tv[2];

	if (!trace_fetch(t, i, tv, sizeof(tv)))
		return;
	trace_printf(t, "[");
	print_timeval(t, &tv[0]);
	trace_printf(t, ", ");
	print_timeval(t, &tv[1]);
	trace_printf(t, "]");
}

void show_itimerval(struct trace *t, unsigned i, const struct trace_name *names)
{
	struct __kernel_old_itimerval it;

	if (!trace_fetch(t, i, &it, sizeof(it)))
		return;
	trace_printf(t, "{it_interval=");
	print_timeval(t, &it.it_interval);
	trace_printf(t, ", it_value=");
	print_timeval(t, &it.it_value);
	trace_printf(t, "}");
}

static void print_timespec(struct trace *t, const struct __kernel_timespec *ts)
{
	if (ts->tv_nsec == UTIME_NOW)
		trace_printf(t, "UTIME_NOW");
	else if (ts->tv_nsec == UTIME_OMIT)
		trace_printf(t, "UTIME_OMIT");
	else
		trace_printf(t, "{tv_sec=%lld, tv_nsec=%lld}", ts->tv_sec, ts->tv_nsec);
}

void show_timespec(struct trace *t, unsigned i, const struct trace_name *names)
{
	struct __kernel_timespec ts;

	if (trace_fetch(t, i, &ts, sizeof(ts)))
		print_timespec(t, &ts);
}

/* What is left of a sleep: written only when that was interrupted, so not through trace_fetch. */
void show_timerest(struct trace *t, unsigned i, const struct trace_name *names)
{
	struct __kernel_timespec ts;

	if (t->result < 0 && t->args[i] && !copy_from_user(&ts, t->args[i], sizeof(ts)))
		print_timespec(t, &ts);
	else
		trace_addr(t, t->args[i]);
}

void show_timespecs(struct trace *t, unsigned i, const struct trace_name *names)
{
	struct __kernel_timespec ts[2];

	if (!trace_fetch(t, i, ts, sizeof(ts)))
		return;
	trace_printf(t, "[");
	print_timespec(t, &ts[0]);
	trace_printf(t, ", ");
	print_timespec(t, &ts[1]);
	trace_printf(t, "]");
}

void show_itimerspec(struct trace *t, unsigned i, const struct trace_name *names)
{
	struct __kernel_itimerspec its;

	if (!trace_fetch(t, i, &its, sizeof(its)))
		return;
	trace_printf(t, "{it_interval=");
	print_timespec(t, &its.it_interval);
	trace_printf(t, ", it_value=");
	print_timespec(t, &its.it_value);
	trace_printf(t, "}");
}

/* The fourth argument of futex(2) is a time only for operations that wait. */
void show_futex_timeout(struct trace *t, unsigned i, const struct trace_name *names)
{
	switch (t->args[1] & FUTEX_CMD_MASK) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
	case FUTEX_WAIT_REQUEUE_PI:
		show_timespec(t, i, names);
		return;
	case FUTEX_WAKE:
		t->ended = true;
		return;
	}
	trace_printf(t, "%u", (unsigned)t->args[i]);
}

void show_utimbuf(struct trace *t, unsigned i, const struct trace_name *names)
{
	int64_t v[2]; /* struct utimbuf: actime, modtime */

	if (trace_fetch(t, i, v, sizeof(v)))
		trace_printf(t, "{actime=%ld, modtime=%ld}", v[0], v[1]);
}

void show_tms(struct trace *t, unsigned i, const struct trace_name *names)
{
	struct tms b;

	if (trace_fetch(t, i, &b, sizeof(b)))
		trace_printf(t, "{tms_utime=%ld, tms_stime=%ld, tms_cutime=%ld, tms_cstime=%ld}",
			     b.tms_utime, b.tms_stime, b.tms_cutime, b.tms_cstime);
}

/* ---- signals ---- */

static void print_sigset(struct trace *t, uint64_t set)
{
	bool most = __builtin_popcountll(set) > N_SIGNALS * 2 / 3;
	const char *sep = "";

	trace_printf(t, most ? "~[" : "[");
	for (int n = 1; n <= N_SIGNALS; n++) {
		if (((set >> (n - 1)) & 1) == most)
			continue;
		if (n < 32)
			trace_printf(t, "%s%s", sep, signal_name(n) + 3);
		else
			trace_printf(t, "%sRT_%d", sep, n - 32);
		sep = " ";
	}
	trace_printf(t, "]");
}

void show_sigset(struct trace *t, unsigned i, const struct trace_name *names)
{
	uint64_t set;

	if (trace_fetch(t, i, &set, sizeof(set)))
		print_sigset(t, set);
}

void show_sigaction(struct trace *t, unsigned i, const struct trace_name *names)
{
	struct ksigaction sa;

	if (!trace_fetch(t, i, &sa, sizeof(sa)))
		return;
	if (sa.handler <= 1)
		trace_printf(t, "{sa_handler=%s", sa.handler ? "SIG_IGN" : "SIG_DFL");
	else
		trace_printf(t, sa.flags & SA_SIGINFO ? "{sa_sigaction=%#lx" : "{sa_handler=%#lx",
			     sa.handler);
	trace_printf(t, ", sa_mask=");
	print_sigset(t, sa.mask);
	trace_printf(t, ", sa_flags=");
	trace_flags(t, names, sa.flags);
	if (sa.flags & SA_RESTORER)
		trace_printf(t, ", sa_restorer=%#lx", sa.restorer);
	trace_printf(t, "}");
}

void show_siginfo(struct trace *t, unsigned i, const struct trace_name *names)
{
	siginfo_t info;

	if (!trace_fetch(t, i, &info, sizeof(info)))
		return;
	trace_printf(t, "{si_signo=");
	trace_signal(t, info.si_signo);
	trace_printf(t, ", si_code=");
	trace_choice(t, names_si_code, (unsigned)info.si_code);
	trace_printf(t, ", si_pid=%d, si_uid=%d, ...}", info.si_pid, info.si_uid);
}

void show_sigevent(struct trace *t, unsigned i, const struct trace_name *names)
{
	struct sigevent ev;

	if (!trace_fetch(t, i, &ev, sizeof(ev)))
		return;
	trace_printf(t, "{sigev_value=%p, sigev_signo=", ev.sigev_value.sival_ptr);
	trace_signal(t, ev.sigev_signo);
	trace_printf(t, ", sigev_notify=");
	trace_choice(t, names, (unsigned)ev.sigev_notify);
	trace_printf(t, ", sigev_notify_thread_id=%d}", ev.sigev_notify_thread_id);
}

void show_stack(struct trace *t, unsigned i, const struct trace_name *names)
{
	stack_t ss;

	if (!trace_fetch(t, i, &ss, sizeof(ss)))
		return;
	trace_printf(t, "{ss_sp=");
	trace_addr(t, (uaddr_t)ss.ss_sp);
	trace_printf(t, ", ss_flags=");
	trace_flags(t, names, (unsigned)ss.ss_flags);
	trace_printf(t, ", ss_size=%lu}", (unsigned long)ss.ss_size);
}

/* A wait(2) status. */
void show_wait_status(struct trace *t, unsigned i, const struct trace_name *names)
{
	unsigned s;

	if (!trace_fetch(t, i, &s, sizeof(s)))
		return;
	if (!(s & 0x7f)) {
		trace_printf(t, "[{WIFEXITED(s) && WEXITSTATUS(s) == %u}]", s >> 8 & 0xff);
	} else {
		trace_printf(t, "[{WIFSIGNALED(s) && WTERMSIG(s) == ");
		trace_signal(t, s & 0x7f);
		trace_printf(t, "%s}]", s & 0x80 ? " && WCOREDUMP(s)" : "");
	}
}

/* ---- resources and the system ---- */

static void print_limit(struct trace *t, uint64_t v)
{
	if (v == RLIM64_INFINITY)
		trace_printf(t, "RLIM64_INFINITY");
	else if (v > 1024 && v % 1024 == 0)
		trace_printf(t, "%lu*1024", v / 1024);
	else
		trace_printf(t, "%lu", v);
}

void show_rlimit(struct trace *t, unsigned i, const struct trace_name *names)
{
	struct rlimit64 r;

	if (!trace_fetch(t, i, &r, sizeof(r)))
		return;
	trace_printf(t, "{rlim_cur=");
	print_limit(t, r.rlim_cur);
	trace_printf(t, ", rlim_max=");
	print_limit(t, r.rlim_max);
	trace_printf(t, "}");
}

void show_rusage(struct trace *t, unsigned i, const struct trace_name *names)
{
	struct rusage r;

	if (trace_fetch(t, i, &r, sizeof(r)))
		trace_printf(t,
			     "{ru_utime={tv_sec=%ld, tv_usec=%ld}, "
			     "ru_stime={tv_sec=%ld, tv_usec=%ld}, ru_maxrss=%ld, ...}",
			     r.ru_utime.tv_sec, r.ru_utime.tv_usec, r.ru_stime.tv_sec,
			     r.ru_stime.tv_usec, r.ru_maxrss);
}

void show_sysinfo(struct trace *t, unsigned i, const struct trace_name *names)
{
	struct sysinfo s;

	if (trace_fetch(t, i, &s, sizeof(s)))
		trace_printf(t,
			     "{uptime=%ld, totalram=%lu, freeram=%lu, procs=%u, mem_unit=%u, ...}",
			     s.uptime, s.totalram, s.freeram, s.procs, s.mem_unit);
}

void show_utsname(struct trace *t, unsigned i, const struct trace_name *names)
{
	struct new_utsname u;

	if (!trace_fetch(t, i, &u, sizeof(u)))
		return;
	trace_printf(t, "{sysname=");
	trace_text(t, u.sysname, sizeof(u.sysname));
	trace_printf(t, ", nodename=");
	trace_text(t, u.nodename, sizeof(u.nodename));
	trace_printf(t, ", ...}");
}

void show_cap_hdr(struct trace *t, unsigned i, const struct trace_name *names)
{
	struct __user_cap_header_struct h;

	if (copy_from_user(&h, t->args[i], sizeof(h)))
		trace_addr(t, t->args[i]);
	else
		trace_printf(t, "{version=%#x, pid=%d}", h.version, h.pid);
}

void show_cap_data(struct trace *t, unsigned i, const struct trace_name *names)
{
	struct __user_cap_data_struct d[2];

	if (trace_fetch(t, i, d, sizeof(d)))
		trace_printf(t, "{effective=%#lx, permitted=%#lx, inheritable=%#lx}",
			     d[0].effective | (uint64_t)d[1].effective << 32,
			     d[0].permitted | (uint64_t)d[1].permitted << 32,
			     d[0].inheritable | (uint64_t)d[1].inheritable << 32);
}
