/* SPDX-License-Identifier: MIT */
/*
 * Formatted printing into a buffer: the subset of ISO C that kernel/string.h lists. It never writes
 * beyond the buffer, always terminates it (size > 0), allocates nothing and takes no lock, so
 * panics may use it.
 */
#include "kernel/string.h"

struct out {
	char *buf;
	size_t size, len; /* len counts what did not fit, too */
};

struct spec {
	bool minus, zero, plus, space, alt;
	int width, precision; /* precision -1: none given */
	int bits;	      /* of an integer argument: 8, 16, 32 or 64 */
};

static void put(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->buf[o->len] = c;
	o->len++;
}

static void put_n(struct out *o, const char *s, size_t n)
{
	while (n--)
		put(o, *s++);
}

static void pad(struct out *o, char c, int n)
{
	while (n-- > 0)
		put(o, c);
}

static void put_string(struct out *o, const struct spec *sp, const char *s)
{
	size_t n;
	int fill;

	if (!s)
		s = "(null)";
	n = sp->precision >= 0 ? strnlen(s, (size_t)sp->precision) : strlen(s);
	fill = sp->width > 0 && (size_t)sp->width > n ? sp->width - (int)n : 0;
	if (!sp->minus)
		pad(o, ' ', fill);
	put_n(o, s, n);
	if (sp->minus)
		pad(o, ' ', fill);
}

/*
 * Print a magnitude: its prefix ("-", "0x" ...), zeros up to the precision, padding up to the
 * width.
 */
static void put_number(struct out *o, const struct spec *sp, uint64_t v, unsigned base, bool upper,
		       const char *prefix)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char tmp[24];
	int n = 0, zeros, fill, n_prefix = (int)strlen(prefix);

	for (; v; v /= base)
		tmp[n++] = digits[v % base];
	zeros = (sp->precision >= 0 ? sp->precision : 1) - n;
	if (base == 8 && sp->alt && zeros <= 0 && (n == 0 || tmp[n - 1] != '0'))
		zeros = 1;
	if (zeros < 0)
		zeros = 0;
	fill = sp->width - n_prefix - zeros - n;
	if (sp->zero && !sp->minus && sp->precision < 0 && fill > 0) {
		zeros += fill;
		fill = 0;
	}
	if (!sp->minus)
		pad(o, ' ', fill);
	put_n(o, prefix, (size_t)n_prefix);
	pad(o, '0', zeros);
	while (n)
		put(o, tmp[--n]);
	if (sp->minus)
		pad(o, ' ', fill);
}

static void put_signed(struct out *o, const struct spec *sp, int64_t v)
{
	const char *sign = v < 0 ? "-" : sp->plus ? "+" : sp->space ? " " : "";

	put_number(o, sp, v < 0 ? -(uint64_t)v : (uint64_t)v, 10, false, sign);
}

static void put_unsigned(struct out *o, const struct spec *sp, uint64_t v, char conv)
{
	if (conv == 'x')
		put_number(o, sp, v, 16, false, sp->alt && v ? "0x" : "");
	else if (conv == 'X')
		put_number(o, sp, v, 16, true, sp->alt && v ? "0X" : "");
	else
		put_number(o, sp, v, conv == 'o' ? 8 : 10, false, "");
}

static bool parse_flag(struct spec *sp, char c)
{
	switch (c) {
	case '-':
		return sp->minus = true;
	case '0':
		return sp->zero = true;
	case '+':
		return sp->plus = true;
	case ' ':
		return sp->space = true;
	case '#':
		return sp->alt = true;
	default:
		return false;
	}
}

static const char *parse_int(const char *f, int *out)
{
	int v = 0;

	for (; *f >= '0' && *f <= '9'; f++)
		v = v < 100000 ? v * 10 + (*f - '0') : v;
	*out = v;
	return f;
}

static const char *parse_length(const char *f, struct spec *sp)
{
	sp->bits = 32;
	if (f[0] == 'h') {
		sp->bits = f[1] == 'h' ? 8 : 16;
		return f + (f[1] == 'h' ? 2 : 1);
	}
	if (f[0] == 'l' || f[0] == 'z' || f[0] == 'j' || f[0] == 't') {
		sp->bits = 64;
		return f + (f[0] == 'l' && f[1] == 'l' ? 2 : 1);
	}
	return f;
}

static int64_t narrow_signed(uint64_t v, int bits)
{
	return (int64_t)(v << (64 - bits)) >> (64 - bits);
}

static uint64_t narrow_unsigned(uint64_t v, int bits)
{
	return v << (64 - bits) >> (64 - bits);
}

/* Parse what stands between '%' and the conversion letter; returns a pointer to the letter. */
static const char *parse_spec(const char *f, struct spec *sp, va_list *args)
{
	while (parse_flag(sp, *f))
		f++;
	if (*f == '*') {
		sp->width = va_arg(*args, int);
		sp->minus |= sp->width < 0;
		sp->width = sp->width < 0 ? -sp->width : sp->width;
		f++;
	} else {
		f = parse_int(f, &sp->width);
	}
	if (f[0] == '.' && f[1] == '*') {
		sp->precision = va_arg(*args, int);
		f += 2;
	} else if (*f == '.') {
		f = parse_int(f + 1, &sp->precision);
	}
	return parse_length(f, sp);
}

static void convert(struct out *o, const struct spec *sp, char conv, va_list *args)
{
	uint64_t v;

	switch (conv) {
	case 'd':
	case 'i':
		v = sp->bits == 64 ? va_arg(*args, uint64_t) : va_arg(*args, unsigned);
		put_signed(o, sp, narrow_signed(v, sp->bits));
		break;
	case 'u':
	case 'x':
	case 'X':
	case 'o':
		v = sp->bits == 64 ? va_arg(*args, uint64_t) : va_arg(*args, unsigned);
		put_unsigned(o, sp, narrow_unsigned(v, sp->bits), conv);
		break;
	case 'c':
		v = (unsigned char)va_arg(*args, int);
		pad(o, ' ', sp->minus ? 0 : sp->width - 1);
		put(o, (char)v);
		pad(o, ' ', sp->minus ? sp->width - 1 : 0);
		break;
	case 's':
		put_string(o, sp, va_arg(*args, const char *));
		break;
	case 'p':
		put_number(o, sp, (uintptr_t)va_arg(*args, void *), 16, false, "0x");
		break;
	case '%':
		put(o, '%');
		break;
	default: /* our own mistake: make it visible */
		put(o, '%');
		if (conv)
			put(o, conv);
	}
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct out o = {.buf = buf, .size = size};
	va_list args;

	va_copy(args, ap);
	while (*fmt) {
		struct spec sp = {.precision = -1};

		if (*fmt != '%') {
			put(&o, *fmt++);
			continue;
		}
		fmt = parse_spec(fmt + 1, &sp, &args);
		convert(&o, &sp, *fmt, &args);
		if (*fmt)
			fmt++;
	}
	va_end(args);
	if (size)
		buf[o.len < size ? o.len : size - 1] = '\0';
	return (int)o.len;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}

int scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	if (size == 0)
		return 0;
	return (size_t)n < size ? n : (int)size - 1;
}
