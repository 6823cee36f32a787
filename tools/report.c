/* SPDX-License-Identifier: MIT */
/*
 * JSON as RFC 8259 has it; bytes that are no UTF-8 are written as they are, one code point each, so
 * that the output is valid whatever a file is called.
 */
#include "tools/report.h"

#include "tools/util.h"

#include <stdio.h>
#include <string.h>

static FILE *out(const struct report *r)
{
	return r->to ? r->to : stdout;
}

/* Length of the UTF-8 sequence at p, 0 if it is none. */
static size_t utf8(const unsigned char *p)
{
	size_t n = p[0] < 0x80			 ? 1
		   : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
		   : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
		   : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
						 : 0;

	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

static void json_string(FILE *to, const char *text)
{
	putc('"', to);
	for (const unsigned char *p = (const void *)text; *p;) {
		size_t n = utf8(p);

		if (*p == '"' || *p == '\\')
			fprintf(to, "\\%c", *p);
		else if (*p < 0x20 || *p == 0x7f || n == 0)
			fprintf(to, "\\u%04x", *p);
		else
			fprintf(to, "%.*s", (int)n, (const char *)p);
		p += n ? n : 1;
	}
	putc('"', to);
}

static void indent(const struct report *r)
{
	fprintf(out(r), "%*s", 2 * (r->json ? r->depth : r->depth > 1 ? r->depth - 1 : 0), "");
}

/* An object in a list is one line for people. */
static bool on_a_line(const struct report *r)
{
	return !r->json && r->depth > 1 && !r->in_list[r->depth - 1] && r->in_list[r->depth - 2];
}

/* What comes before a value. */
static void begin(struct report *r, const char *key)
{
	bool first = r->depth == 0 || !r->any[r->depth - 1];

	if (r->depth)
		r->any[r->depth - 1] = true;
	if (r->json) {
		fprintf(out(r), first ? (r->depth ? "\n" : "") : ",\n");
		indent(r);
		if (key) {
			json_string(out(r), key);
			fprintf(out(r), ": ");
		}
	} else if (on_a_line(r)) {
		fprintf(out(r), first ? "" : "  ");
	} else {
		indent(r);
		if (key)
			fprintf(out(r), "%s: ", key);
	}
}

static void end(const struct report *r)
{
	if (!r->json && !on_a_line(r))
		putc('\n', out(r));
}

void report_open(struct report *r, const char *key, bool list)
{
	if (r->json || r->depth)
		begin(r, r->json ? key : NULL);
	if (r->json)
		putc(list ? '[' : '{', out(r));
	else if (key)
		fprintf(out(r), "%s:\n", key);
	r->in_list[r->depth] = list;
	r->any[r->depth++] = false;
}

void report_close(struct report *r)
{
	bool list = r->in_list[r->depth - 1], any = r->any[r->depth - 1], line = on_a_line(r);

	r->depth--;
	if (r->json) {
		if (any) {
			putc('\n', out(r));
			indent(r);
		}
		putc(list ? ']' : '}', out(r));
		if (r->depth == 0)
			putc('\n', out(r));
	} else if (line) {
		putc('\n', out(r));
	}
}

/* For people, without the bytes that would move their terminal's cursor. */
static void plain(FILE *to, const char *text)
{
	for (; *text; text++)
		putc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, to);
}

void report_text(struct report *r, const char *key, const char *text)
{
	begin(r, key);
	if (r->json)
		json_string(out(r), text);
	else
		plain(out(r), text);
	end(r);
}

void report_number(struct report *r, const char *key, uint64_t n)
{
	begin(r, key);
	fprintf(out(r), "%llu", (unsigned long long)n);
	end(r);
}

void report_address(struct report *r, const char *key, uint64_t n)
{
	begin(r, key);
	fprintf(out(r), r->json ? "%llu" : "0x%llx", (unsigned long long)n);
	end(r);
}

void report_bytes(struct report *r, const char *key, uint64_t n)
{
	char text[16];

	begin(r, key);
	if (r->json)
		fprintf(out(r), "%llu", (unsigned long long)n);
	else
		fprintf(out(r), "%s", size_text(n, text));
	end(r);
}
