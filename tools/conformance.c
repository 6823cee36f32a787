/* SPDX-License-Identifier: MIT */
/*
 * `uniload conformance`: every program of the suite on this host's Linux, which is the oracle, then
 * in uniload or through another runner. What fails is run once more, alone: a machine that others
 * use too may be slow at the wrong moment, and the report says that it happened.
 */
#include "tools/conformance.h"

#include "tools/commands.h"
#include "tools/jobs.h"
#include "tools/machine.h"
#include "tools/options.h"
#include "tools/run_options.h"
#include "tools/tap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define HINT	      "uniload conformance --help"
#define HOST_SECONDS  60
#define GUEST_SECONDS 180 /* generous: machines are shared */

enum {
	OPT_FILTER,
	OPT_ACCEL,
	OPT_NO_REWRITE,
	OPT_RUNNER,
	OPT_OUTPUT,
	OPT_JOBS,
	OPT_TESTS,
	OPT_HELP
};

static const struct opt table[] = {
    {.help = "Options:"},
    {OPT_FILTER, 0, "filter", "WORD", false,
     "only system calls of this name, or tests with WORD in theirs; repeatable"},
    {OPT_ACCEL, 0, "accel", "LIST", false, "kvm, tcg or kvm,tcg (default: those that work)"},
    {OPT_NO_REWRITE, 0, "no-rewrite", NULL, false, "as for run"},
    {OPT_RUNNER, 0, "runner", "CMD", false,
     "run the programs by this shell command, with their path as its last\n"
     "argument, instead of in uniload: to compare other systems"},
    {OPT_OUTPUT, 'o', "output", "DIR", false,
     "write conformance.md and conformance.json there (default: the first of\n"
     "them to standard output)"},
    {OPT_JOBS, 'j', "jobs", "N", false, "run N at a time (default: one for each CPU)"},
    {OPT_TESTS, 0, "tests", "DIR", false, "the suite in DIR instead of uniload's own"},
    {OPT_HELP, 'h', "help", NULL, false, "print this"},
    {0},
};

struct command {
	struct conformance c;
	struct strvec filters;
	const char *accel, *runner, *output, *tests;
	bool no_rewrite, help;
	unsigned jobs;
	/* of the batch that runs: */
	size_t system, left;
	bool last_try;
	bool *again; /* by test */
};

static int apply(void *ctx, int id, const char *value)
{
	struct command *m = ctx;

	switch (id) {
	case OPT_FILTER:
		strvec_add(&m->filters, "%s", value);
		break;
	case OPT_ACCEL:
		m->accel = value;
		break;
	case OPT_NO_REWRITE:
		m->no_rewrite = true;
		break;
	case OPT_RUNNER:
		m->runner = value;
		break;
	case OPT_OUTPUT:
		m->output = value;
		break;
	case OPT_JOBS:
		m->jobs = (unsigned)atoi(value);
		return m->jobs >= 1 && m->jobs <= 1000
			   ? 0
			   : fail(STATUS_FAILED, "-j %s: not a number of jobs", value);
	case OPT_TESTS:
		m->tests = value;
		break;
	case OPT_HELP:
		m->help = true;
		break;
	}
	return 0;
}

/* ---- systems and tests ---- */

static struct conf_system *add_system(struct command *m, const char *name)
{
	struct conf_system *s = &m->c.systems[m->c.n_systems++];

	s->name = xstrdup(name);
	return s;
}

/* uniload itself, with options that `uniload run` must know. */
static int add_uniload(struct command *m, const char *accel)
{
	char *name = xasprintf("%s%s", accel, m->no_rewrite ? "-norewrite" : "");
	struct conf_system *s = add_system(m, name);
	struct run_options o;
	char *argv[] = {"run", "--accel", (char *)(uintptr_t)accel, "x", "x", NULL};
	int status;

	free(name);
	if (m->no_rewrite)
		argv[3] = "--no-rewrite";
	status = run_options_parse(&o, 5, argv);
	run_options_free(&o);
	strvec_add(&s->prefix, "/proc/%d/exe",
		   (int)getpid()); /* though it may have been replaced */
	strvec_add(&s->prefix, "run");
	strvec_add(&s->prefix, "--accel");
	strvec_add(&s->prefix, "%s", accel);
	if (m->no_rewrite)
		strvec_add(&s->prefix, "--no-rewrite");
	return status;
}

static int choose_systems(struct command *m)
{
	const char *kvm = kvm_problem();

	add_system(m, "host");
	if (m->runner) {
		struct conf_system *s = add_system(m, "runner");

		strvec_add(&s->prefix, "sh");
		strvec_add(&s->prefix, "-c");
		strvec_add(&s->prefix, "%s \"$0\"", m->runner);
		return m->accel || m->no_rewrite
			   ? fail(
				 STATUS_FAILED,
				 "--runner: --accel and --no-rewrite are for uniload's own machine")
			   : 0;
	}
	if (m->accel == NULL) {
		if (kvm)
			say("without KVM, because %s", kvm);
		return (!kvm && add_uniload(m, "kvm")) || add_uniload(m, "tcg") ? STATUS_FAILED : 0;
	}
	if (strcmp(m->accel, "kvm,tcg") == 0)
		return add_uniload(m, "kvm") || add_uniload(m, "tcg") ? STATUS_FAILED : 0;
	if (strcmp(m->accel, "kvm") == 0 || strcmp(m->accel, "tcg") == 0)
		return add_uniload(m, m->accel);
	return fail(STATUS_FAILED, "--accel %s: must be kvm, tcg or kvm,tcg", m->accel);
}

static bool filter_matches(const struct command *m, const char *test, const char *call)
{
	for (size_t i = 0; i < m->filters.n; i++)
		if ((call && strcmp(call, m->filters.v[i]) == 0) ||
		    (test && strstr(test, m->filters.v[i])))
			return true;
	return m->filters.n == 0;
}

/* Calls that are asked for, tests that are about them, and calls that tests are about which are
 * asked for. */
static int choose_tests(struct command *m)
{
	struct suite *s = &m->c.suite;
	size_t n = 0;

	m->c.selected = xrealloc(NULL, (s->n_tests + 1) * sizeof(bool));
	for (size_t t = 0; t < s->n_tests; t++) {
		m->c.selected[t] = filter_matches(m, s->tests[t].name, NULL);
		for (size_t i = 0; i < systable_rows; i++) {
			const struct systable_row *row = &systable[i];
			bool real = row->status == STATUS_FULL || row->status == STATUS_PART;

			if (real && s->tests[t].calls[row->nr] &&
			    (m->c.selected[t] || filter_matches(m, NULL, row->name)))
				m->c.selected[t] = m->c.calls[row->nr] = true;
		}
		n += m->c.selected[t];
	}
	for (size_t i = 0; m->filters.n == 0 && i < systable_rows; i++)
		m->c.calls[systable[i].nr] =
		    systable[i].status == STATUS_FULL || systable[i].status == STATUS_PART;
	m->c.results = xrealloc(NULL, (s->n_tests * SYSTEMS_MAX + 1) * sizeof(*m->c.results));
	memset(m->c.results, 0, s->n_tests * SYSTEMS_MAX * sizeof(*m->c.results));
	return n ? 0 : fail(STATUS_FAILED, "no test is about what --filter says");
}

/* ---- running ---- */

static void add_deviation(struct command *m, const struct deviation *d)
{
	struct conformance *c = &m->c;

	if (c->n_deviations == c->room) {
		c->room = c->room ? 2 * c->room : 64;
		c->deviations = xrealloc(c->deviations, c->room * sizeof(*c->deviations));
	}
	c->deviations[c->n_deviations++] = *d;
}

/* How a program ended that has not said all. */
static char *ending(const struct job *job)
{
	if (job->timed_out)
		return xasprintf("no end after %u s", job->seconds);
	if (WIFSIGNALED(job->status))
		return xasprintf("killed by signal %d (%s)", WTERMSIG(job->status),
				 strsignal(WTERMSIG(job->status)));
	return xasprintf("ended with status %d", WEXITSTATUS(job->status));
}

static void judge(struct command *m, size_t test, const struct job *job, struct test_result *r,
		  bool tell)
{
	const char *name = m->c.suite.tests[test].name, *mode = m->c.systems[m->system].name;
	struct deviation d = {.test = test, .system = m->system};
	struct tap tap;

	tap_read(&tap, job->output);
	*r = (struct test_result){.ran = true};
	for (size_t i = 0; i < tap.n; i++) {
		const struct tap_case *c = &tap.v[i];
		const char *reason =
		    c->ok || m->system == 0 ? NULL : suite_xfail(&m->c.suite, name, c->line, mode);

		r->skipped += c->skipped;
		r->passed += c->ok && !c->skipped;
		r->failed += !c->ok && !reason;
		r->expected += !c->ok && reason;
		if (c->ok || !tell)
			continue;
		d.line = c->line;
		d.text = xstrdup(c->text);
		d.got = c->more ? xstrdup(c->more) : NULL;
		d.reason = reason ? xstrdup(reason) : NULL;
		add_deviation(m, &d);
	}
	if (!tap.complete || job->timed_out) {
		r->failed++;
		d = (struct deviation){.test = test, .system = m->system};
		d.text = xstrdup("the program reaches its end");
		d.got = ending(job);
		if (tell)
			add_deviation(m, &d);
		else
			free(d.text), free(d.got);
	}
	tap_free(&tap);
}

static void progress(const struct command *m, const char *name)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K%s: %zu left %s", m->c.systems[m->system].name, m->left,
			m->left ? name : "\r\033[K");
}

static void job_done(struct jobs *jobs, struct job *job)
{
	struct command *m = jobs->ctx;
	size_t test = (size_t)(uintptr_t)job->about;
	struct test_result *r = conf_result(&m->c, test, m->system);
	char *output = xstrdup(job->output);

	m->left--;
	judge(m, test, job, r, false);
	m->again[test] = r->failed && !m->last_try;
	if (!m->again[test]) {
		free(job->output);
		job->output = output;
		judge(m, test, job, r, m->system > 0 || r->failed);
		r->second_try = m->last_try;
	} else {
		free(output);
	}
	progress(m, m->c.suite.tests[test].name);
}

static void add_job(struct command *m, struct jobs *jobs, size_t test)
{
	const struct conf_system *s = &m->c.systems[m->system];
	const struct suite_test *t = &m->c.suite.tests[test];
	unsigned seconds = t->seconds ? t->seconds : m->system ? GUEST_SECONDS : HOST_SECONDS;
	struct job *job = jobs_add(jobs);

	for (size_t i = 0; i < s->prefix.n; i++)
		strvec_add(&job->argv, "%s", s->prefix.v[i]);
	strvec_add(&job->argv, "%s/%s", m->c.suite.dir, t->name);
	job->seconds = seconds;
	job->about = (void *)(uintptr_t)test;
	strvec_add(&job->env, "LC_ALL=C");
}

/* The tests for which `which` says so. */
static int run_batch(struct command *m, const bool *which, unsigned at_once)
{
	struct jobs jobs = {.done = job_done, .ctx = m};
	int status;

	for (size_t t = 0; t < m->c.suite.n_tests; t++)
		if (which[t])
			add_job(m, &jobs, t);
	m->left = jobs.n;
	status = jobs_run(&jobs, at_once);
	jobs_free(&jobs);
	return status;
}

static int run_system(struct command *m, size_t system)
{
	size_t size = m->c.suite.n_tests * sizeof(bool);
	bool *which = xrealloc(NULL, size + 1);
	int status;

	m->system = system;
	m->again = xrealloc(NULL, size + 1);
	memset(m->again, 0, size);
	/* What Linux itself does not pass says nothing about another system. */
	for (size_t t = 0; t < m->c.suite.n_tests; t++)
		which[t] =
		    m->c.selected[t] && (system == 0 || conf_result(&m->c, t, 0)->failed == 0);
	m->last_try = false;
	status = run_batch(m, which, m->jobs);
	m->last_try = true;
	memcpy(which, m->again, size);
	if (status == 0)
		status = run_batch(m, which, 1);
	free(which);
	free(m->again);
	return status;
}

/* ---- telling ---- */

static int write_file(const struct command *m, const char *name,
		      void (*print)(const struct conformance *, FILE *))
{
	char *path = xasprintf("%s/%s", m->output, name);
	FILE *f = fopen(path, "we");
	int status = 0;

	if (f)
		print(&m->c, f);
	if (f == NULL || ferror(f) | fclose(f))
		status = fail(STATUS_FAILED, "%s: %s", path, strerror(errno));
	free(path);
	return status;
}

static int tell(const struct command *m)
{
	int status = 0;

	if (m->output == NULL)
		conf_markdown(&m->c, stdout);
	else
		status = write_file(m, "conformance.md", conf_markdown) |
			 write_file(m, "conformance.json", conf_json);
	if (m->output && status == 0)
		say("%zu deviations from Linux, %zu of them unexplained: see %s/conformance.md",
		    conf_deviations(&m->c), conf_unexplained(&m->c), m->output);
	return status ? STATUS_FAILED : conf_unexplained(&m->c) ? 1 : 0;
}

static int conformance(struct command *m)
{
	int status = choose_systems(m);

	if (status == 0)
		status = suite_open(&m->c.suite, m->tests);
	if (status == 0)
		status = choose_tests(m);
	if (status == 0 && m->output && mkdir(m->output, 0777) < 0 && errno != EEXIST)
		status = fail(STATUS_FAILED, "%s: %s", m->output, strerror(errno));
	if (m->jobs == 0)
		m->jobs = jobs_cpus();
	for (size_t s = 0; status == 0 && s < m->c.n_systems; s++)
		status = run_system(m, s);
	return status ? status : tell(m);
}

static void release(struct command *m)
{
	for (size_t i = 0; i < m->c.n_systems; i++) {
		free(m->c.systems[i].name);
		strvec_free(&m->c.systems[i].prefix);
	}
	for (size_t i = 0; i < m->c.n_deviations; i++) {
		free(m->c.deviations[i].text);
		free(m->c.deviations[i].got);
		free(m->c.deviations[i].reason);
	}
	free(m->c.deviations);
	free(m->c.results);
	free(m->c.selected);
	suite_free(&m->c.suite);
	strvec_free(&m->filters);
}

int cmd_conformance(int argc, char **argv)
{
	struct command m = {0};
	int at, status = options_parse(table, argc, argv, HINT, apply, &m, &at);

	if (status == 0 && m.help) {
		printf(
		    "Usage: uniload conformance [options]\n\n"
		    "Run the conformance suite, programs about single system calls, on this Linux "
		    "and in uniload, and\n"
		    "report for every call the cases that pass here and there, and what "
		    "deviates.\n\n");
		options_help(table);
		printf(
		    "\nExit status: 0 if every deviation is a known one, 1 if not, 125 if uniload "
		    "failed.\n");
	} else if (status == 0 && at < argc) {
		status = fail(STATUS_FAILED, "conformance: what is %s? See '" HINT "'", argv[at]);
	} else if (status == 0) {
		status = conformance(&m);
	}
	release(&m);
	return status;
}
