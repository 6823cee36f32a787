/* SPDX-License-Identifier: MIT */
/* Strings, buffers and vectors of --strace, escaped as C would write them and cut at TRACE_STRING
 * bytes. */
#include "kernel/abi/linux.h"
#include "kernel/string.h"
#include "kernel/uaccess.h"
#include "syscalls/strace.h"

/* One byte of a string literal; next tells whether a short octal escape would swallow what follows.
 */
static void print_char(struct trace *t, uint8_t c, uint8_t next)
{
	static const char plain[] = "\t\n\v\f\r\"\\", letter[] = "tnvfr\"\\";
	const char *e = c ? strchr(plain, c) : NULL;

	if (e)
		trace_printf(t, "\\%c", letter[e - plain]);
	else if (c >= ' ' && c < 127)
		trace_printf(t, "%c", c);
	else
		trace_printf(t, next >= '0' && next <= '9' ? "\\%03o" : "\\%o", c);
}

static void print_quoted(struct trace *t, const uint8_t *s, size_t n)
{
	trace_printf(t, "\"");
	for (size_t i = 0; i < n; i++)
		print_char(t, s[i], i + 1 < n ? s[i + 1] : 0);
	trace_printf(t, "\"");
}

void trace_text(struct trace *t, const char *s, size_t max)
{
	print_quoted(t, (const uint8_t *)s, strnlen(s, max));
}

void trace_bytes(struct trace *t, uaddr_t addr, size_t n)
{
	uint8_t buf[TRACE_STRING];
	size_t shown = MIN(n, sizeof(buf)), missing;

	if (!addr || (missing = uaccess_read(buf, addr, shown)) == shown + !shown) {
		trace_addr(t, addr);
		return;
	}
	print_quoted(t, buf, shown - missing);
	if (n > shown - missing)
		trace_printf(t, "...");
}

/* A NUL-terminated string of the program's, of which at most max bytes are shown. */
static void print_string(struct trace *t, uaddr_t addr, size_t max)
{
	uint8_t buf[256];
	size_t n = 0;
	uint8_t c = 0;

	if (!addr || get_user(&c, addr)) {
		trace_addr(t, addr);
		return;
	}
	while (c && n < MIN(max, sizeof(buf))) {
		buf[n++] = c;
		if (get_user(&c, addr + n))
			break;
	}
	print_quoted(t, buf, n);
	if (c)
		trace_printf(t, "...");
}

void show_path(struct trace *t, unsigned i, const struct trace_name *names)
{
	print_string(t, t->args[i], PATH_MAX_LEN);
}

void show_str(struct trace *t, unsigned i, const struct trace_name *names)
{
	if (t->done && t->result < 0)
		trace_addr(t, t->args[i]);
	else
		print_string(t, t->args[i], t->done ? PATH_MAX_LEN : TRACE_STRING);
}

void show_argv(struct trace *t, unsigned i, const struct trace_name *names)
{
	uaddr_t at = t->args[i], s;
	unsigned n;

	if (!at || get_user(&s, at)) {
		trace_addr(t, at);
		return;
	}
	trace_printf(t, "[");
	for (n = 0; n < TRACE_ITEMS && s; n++) {
		trace_printf(t, n ? ", " : "");
		print_string(t, s, TRACE_STRING);
		if (get_user(&s, at + (n + 1) * sizeof(s)))
			s = 0;
	}
	trace_printf(t, s ? ", ...]" : "]");
}

void show_buf_in(struct trace *t, unsigned i, const struct trace_name *names)
{
	uint64_t n = t->args[i + 1];

	trace_bytes(t, t->args[i], t->row->kinds[i + 1] == KIND_INT ? (uint32_t)n : n);
}

void show_buf_out(struct trace *t, unsigned i, const struct trace_name *names)
{
	if (t->result < 0)
		trace_addr(t, t->args[i]);
	else
		trace_bytes(t, t->args[i], t->result);
}

/* left: bytes of the whole vector that mean something. */
static void print_iovec(struct trace *t, unsigned i, size_t left)
{
	uint64_t count = t->args[i + 1];
	struct iovec v;

	if (!t->args[i] || copy_from_user(&v, t->args[i], sizeof(v))) {
		trace_addr(t, t->args[i]);
		return;
	}
	trace_printf(t, "[");
	for (size_t k = 0; k < count && k < TRACE_ITEMS; k++) {
		if (copy_from_user(&v, t->args[i] + k * sizeof(v), sizeof(v)))
			break;
		trace_printf(t, "%s{iov_base=", k ? ", " : "");
		trace_bytes(t, (uaddr_t)v.iov_base, MIN(left, v.iov_len));
		trace_printf(t, ", iov_len=%lu}", (unsigned long)v.iov_len);
		left -= MIN(left, v.iov_len);
	}
	trace_printf(t, count > TRACE_ITEMS ? ", ...]" : "]");
}

void show_iovec_in(struct trace *t, unsigned i, const struct trace_name *names)
{
	print_iovec(t, i, SIZE_MAX);
}

void show_iovec_out(struct trace *t, unsigned i, const struct trace_name *names)
{
	print_iovec(t, i, MAX(t->result, 0l));
}

/* ---- arrays of numbers ---- */

static void print_uints(struct trace *t, uaddr_t addr, size_t n)
{
	uint32_t v;

	if (!addr || (n && get_user(&v, addr))) {
		trace_addr(t, addr);
		return;
	}
	trace_printf(t, "[");
	for (size_t k = 0; k < n && k < TRACE_ITEMS && !get_user(&v, addr + k * sizeof(v)); k++)
		trace_printf(t, "%s%d", k ? ", " : "", v);
	trace_printf(t, n > TRACE_ITEMS ? ", ...]" : "]");
}

void show_uint_ptr(struct trace *t, unsigned i, const struct trace_name *names)
{
	if (t->done && t->result < 0)
		trace_addr(t, t->args[i]);
	else
		print_uints(t, t->args[i], 1);
}

void show_fdpair(struct trace *t, unsigned i, const struct trace_name *names)
{
	if (t->result < 0)
		trace_addr(t, t->args[i]);
	else
		print_uints(t, t->args[i], 2);
}

void show_groups_in(struct trace *t, unsigned i, const struct trace_name *names)
{
	print_uints(t, t->args[i], MAX((int)t->args[i - 1], 0));
}

void show_groups_out(struct trace *t, unsigned i, const struct trace_name *names)
{
	if (t->result < 0 || !t->args[i - 1])
		trace_addr(t, t->args[i]);
	else
		print_uints(t, t->args[i], t->result);
}

void show_long_ptr(struct trace *t, unsigned i, const struct trace_name *names)
{
	int64_t v;

	if (trace_fetch(t, i, &v, sizeof(v)))
		trace_printf(t, "[%ld]", v);
}

/* Members of a bit array of n_bits, in one word's steps. */
static void print_bits(struct trace *t, uaddr_t addr, size_t n_bits)
{
	const char *sep = "";
	uint64_t word = 0;

	if (!addr || get_user(&word, addr)) {
		trace_addr(t, addr);
		return;
	}
	trace_printf(t, "[");
	for (size_t n = 0; n < n_bits; n++) {
		if (n % 64 == 0 && get_user(&word, addr + n / 8))
			break;
		if (!(word >> n % 64 & 1))
			continue;
		trace_printf(t, "%s%zu", sep, n);
		sep = " ";
	}
	trace_printf(t, "]");
}

/* The first argument is the number of descriptors. */
void show_fdset(struct trace *t, unsigned i, const struct trace_name *names)
{
	print_bits(t, t->args[i], MIN(MAX((int)t->args[0], 0), 1024));
}

void show_cpuset(struct trace *t, unsigned i, const struct trace_name *names)
{
	if (t->done && t->result < 0)
		trace_addr(t, t->args[i]);
	else
		print_bits(t, t->args[i],
			   MIN(t->done ? (uint64_t)t->result : t->args[i - 1], 128ul) * 8);
}
