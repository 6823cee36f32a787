/* SPDX-License-Identifier: MIT */
/*
 * The options are collected per number; rules come out in the order of numbers, as the kernel wants
 * them.
 */
#include "tools/policy.h"

#include "tools/util.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAST_ERRNO 133 /* EHWPOISON */

/*
 * Calls that a list of allowed ones need not name: a program that may not end or return from a
 * signal handler is of no use to anybody, and the clocks are read without the kernel wherever the
 * machine allows that, so that recording a run does not show them.
 */
static const char *const implied[] = {
    "exit",	     "exit_group",   "rt_sigreturn", "restart_syscall",
    "clock_gettime", "clock_getres", "gettimeofday", "time"};

int errno_number(const char *name)
{
	for (int e = 1; e <= LAST_ERRNO; e++) {
		const char *n = strerrorname_np(e);

		if (n && strcmp(n, name) == 0)
			return e;
	}
	return 0;
}

/* ---- names ---- */

/* The call's number, or an exit status below 0 after saying why, with words for where. */
static int number_of(const char *name, size_t len, const char *where)
{
	const struct systable_row *row = systable_by_name(name, len);

	if (row)
		return (int)row->nr;
	if (len == 0)
		return -fail(STATUS_FAILED, "%s: the name of a system call is missing", where);
	return -fail(STATUS_FAILED, "%s: Linux has no system call %.*s: did you mean %s?", where,
		     (int)len, name, systable_nearest(name, len));
}

static int read_line(char *line, const char *where, bool *have)
{
	char *end = line + strcspn(line, "#\n");
	int nr;

	while (isspace((unsigned char)*line))
		line++;
	while (end > line && isspace((unsigned char)end[-1]))
		end--;
	if (end <= line)
		return 0;
	nr = number_of(line, (size_t)(end - line), where);
	if (nr < 0)
		return -nr;
	have[nr] = true;
	return 0;
}

int policy_read_list(const char *path, bool *have)
{
	FILE *f = fopen(path, "re");
	char *line = NULL, *where = NULL;
	size_t room = 0;
	int status = 0;

	if (f == NULL)
		return fail(STATUS_FAILED, "%s: %s", path, strerror(errno));
	errno = 0;
	for (unsigned n = 1; status == 0 && getline(&line, &room, f) >= 0; n++) {
		where = xasprintf("%s:%u", path, n);
		status = read_line(line, where, have);
		free(where);
	}
	if (status == 0 && ferror(f))
		status = fail(STATUS_FAILED, "%s: %s", path, strerror(errno));
	free(line);
	fclose(f);
	return status;
}

/* `len` bytes: NAME,NAME... or @FILE. */
static int read_names(const char *list, size_t len, const char *option, bool *have)
{
	int status = 0, nr;

	if (*list == '@') {
		char *path = xstrndup(list + 1, len - 1);

		status = policy_read_list(path, have);
		free(path);
		return status;
	}
	for (const char *end = list + len;; list++) {
		const char *comma = memchr(list, ',', (size_t)(end - list));
		size_t n = (size_t)((comma ? comma : end) - list);

		nr = number_of(list, n, option);
		if (nr < 0)
			return -nr;
		have[nr] = true;
		list += n;
		if (comma == NULL)
			return 0;
	}
}

/* ---- the options ---- */

static void set(struct policy *p, unsigned nr, uint32_t action, int64_t value)
{
	p->of[nr].set = true;
	p->of[nr].action = action;
	p->of[nr].value = value;
}

static int set_fake(struct policy *p, const char *text)
{
	size_t len = strcspn(text, "=");
	int nr = number_of(text, len, "--fake");
	const char *digits = text + len + 1;
	long long value = 0;
	char *end;

	if (nr < 0)
		return -nr;
	if (text[len] == '=') {
		errno = 0;
		value = strtoll(digits, &end, 0);
		if (!isdigit((unsigned char)*digits) || *end || errno)
			return fail(STATUS_FAILED,
				    "--fake %s: the value must be a number from 0 on", text);
	}
	set(p, (unsigned)nr, BI_RULE_ANSWER, value);
	return 0;
}

static int set_stub(struct policy *p, const char *text)
{
	size_t len = strcspn(text, "=");
	int nr = number_of(text, len, "--stub"), error;

	if (nr < 0)
		return -nr;
	error = text[len] == '=' ? errno_number(text + len + 1) : 0;
	if (error == 0)
		return fail(STATUS_FAILED,
			    "--stub %s: say how the call fails: for example --stub %.*s=ENOSYS",
			    text, (int)len, text);
	set(p, (unsigned)nr, BI_RULE_ANSWER, -error);
	return 0;
}

/* An errno's name, or kill, which gives 0; -1: neither. */
static int how(const char *word)
{
	int error = errno_number(word);

	return strcmp(word, "kill") == 0 ? 0 : error ? error : -1;
}

static int set_deny(struct policy *p, const char *text)
{
	const char *equals = strrchr(text, '=');
	int error = equals ? how(equals + 1) : EPERM, status;
	size_t len = equals ? (size_t)(equals - text) : strlen(text);
	bool have[SYSTABLE_NUMBERS] = {0};

	if (error < 0)
		return fail(STATUS_FAILED, "--deny %s: %s is neither an errno nor kill", text,
			    equals + 1);
	status = read_names(text, len, "--deny", have);
	for (unsigned nr = 0; status == 0 && nr < SYSTABLE_NUMBERS; nr++)
		if (have[nr])
			set(p, nr, error ? BI_RULE_DENY : BI_RULE_KILL, -error);
	return status;
}

/* Calls that another option has said something about keep that. */
static int add_allowed(struct policy *p, const bool *have)
{
	for (unsigned nr = 0; nr < SYSTABLE_NUMBERS; nr++)
		if (have[nr] && !p->of[nr].set)
			set(p, nr, BI_RULE_ALLOW, 0);
	p->only_allowed = true;
	return 0;
}

static int set_allow(struct policy *p, const char *text)
{
	bool have[SYSTABLE_NUMBERS] = {0};
	int status = read_names(text, strlen(text), "--allow", have);

	return status ? status : add_allowed(p, have);
}

static int set_seccomp_from(struct policy *p, const char *path)
{
	bool have[SYSTABLE_NUMBERS] = {0};
	int status = policy_read_list(path, have);

	return status ? status : add_allowed(p, have);
}

static int set_deny_with(struct policy *p, const char *word)
{
	p->error = how(word);
	p->kill = p->error == 0;
	if (p->error < 0)
		return fail(STATUS_FAILED, "--deny-with %s: neither an errno nor kill", word);
	return 0;
}

int policy_option(struct policy *p, int id, const char *value)
{
	switch (id) {
	case OPT_FAKE:
		return set_fake(p, value);
	case OPT_STUB:
		return set_stub(p, value);
	case OPT_ALLOW:
		return set_allow(p, value);
	case OPT_DENY:
		return set_deny(p, value);
	case OPT_SECCOMP_FROM:
		return set_seccomp_from(p, value);
	default:
		return set_deny_with(p, value);
	}
}

/* ---- rules ---- */

static struct bi_rule find(const struct bi_rule *rules, size_t n, uint32_t nr)
{
	struct bi_rule r = {nr, BI_RULE_ALLOW, 0};

	for (size_t i = 0; i < n; i++)
		if (rules[i].nr == nr || rules[i].nr == BI_RULE_REST) {
			r.action = rules[i].action;
			r.value = rules[i].value;
			break;
		}
	return r;
}

/* The rule for those that --allow does not name. */
static struct bi_rule rest_of(const struct policy *p)
{
	struct bi_rule r = {BI_RULE_REST, BI_RULE_ALLOW, 0};

	if (!p->only_allowed)
		return r;
	r.action = p->kill ? BI_RULE_KILL : BI_RULE_DENY;
	r.value = p->kill ? 0 : -(p->error ? p->error : EPERM);
	return r;
}

static bool is_implied(uint32_t nr)
{
	const struct systable_row *row = systable_by_number(nr);

	for (size_t i = 0; row && i < sizeof(implied) / sizeof(implied[0]); i++)
		if (strcmp(row->name, implied[i]) == 0)
			return true;
	return false;
}

static struct bi_rule rule_of(const struct policy *p, uint32_t nr)
{
	struct bi_rule r = rest_of(p);

	r.nr = nr;
	if (nr == BI_RULE_REST)
		return r;
	if (p->of[nr].set) {
		r.action = p->of[nr].action;
		r.value = p->of[nr].value;
	} else if (is_implied(nr)) {
		r.action = BI_RULE_ALLOW;
	}
	return r;
}

/* Of two rules: what is refused stays refused. */
static struct bi_rule stricter(struct bi_rule base, struct bi_rule r)
{
	bool refuses = base.action == BI_RULE_DENY || base.action == BI_RULE_KILL;

	return refuses || r.action == BI_RULE_ALLOW ? base : r;
}

int policy_rules(const struct policy *p, const struct bi_rule *base, size_t n_base,
		 struct bi_rule **rules, size_t *n)
{
	struct bi_rule rest = stricter(find(base, n_base, BI_RULE_REST), rule_of(p, BI_RULE_REST));
	struct bi_rule *out;

	if ((p->error || p->kill) && !p->only_allowed)
		return fail(STATUS_FAILED, "--deny-with is for calls that --allow or "
					   "--seccomp-from do not name: give one of these");
	out = xrealloc(NULL, (SYSTABLE_NUMBERS + 1) * sizeof(*out));
	*n = 0;
	for (uint32_t nr = 0; nr < SYSTABLE_NUMBERS; nr++) {
		struct bi_rule r = stricter(find(base, n_base, nr), rule_of(p, nr));

		if (r.action != rest.action || r.value != rest.value)
			out[(*n)++] = r;
	}
	if (rest.action != BI_RULE_ALLOW)
		out[(*n)++] = rest;
	*rules = out;
	return 0;
}
