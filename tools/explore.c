/* SPDX-License-Identifier: MIT */
/*
 * `uniload explore`: which of the system calls that a program makes does it need? Its test is run
 * once as it is, which tells the calls, then for each of these with the call failing (ENOSYS) and
 * with the call pretended (0).
 */
#include "tools/explore.h"

#include "tools/commands.h"
#include "tools/jobs.h"
#include "tools/options.h"
#include "tools/policy.h"
#include "tools/program.h"
#include "tools/util.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define HINT	      "uniload explore --help"
#define LEAST_SECONDS 10 /* for a test, however quick it was */

enum { OPT_TEST, OPT_DRIVER, OPT_RUN, OPT_JOBS, OPT_STATE, OPT_TIMEOUT, OPT_OUTPUT, OPT_HELP };

static const struct opt table[] = {
    {.help = "Options:"},
    {OPT_TEST, 0, "test", "CMD", false,
     "a shell command that succeeds if the program works; it starts the program\n"
     "as \"$RUN\" ARG..."},
    {OPT_DRIVER, 0, "driver", "PROGRAM", false,
     "\"$RUN\" ARG... starts PROGRAM, and APP is there for it to start: a shell that\n"
     "starts a server and its clients; only APP's calls count"},
    {OPT_RUN, 0, "run", "OPTION", false,
     "an option for uniload run: --run --accel=tcg --run -m64M; repeatable"},
    {OPT_JOBS, 'j', "jobs", "N", false, "run N tests at a time (default: one for each CPU)"},
    {OPT_STATE, 0, "state", "FILE", false,
     "keep what was found out in FILE, and go on from there next time"},
    {OPT_TIMEOUT, 0, "timeout", "SEC", false,
     "a test that takes longer has failed (default: ten times as long as it takes\n"
     "with nothing changed, at least 10)"},
    {OPT_OUTPUT, 'o', "output", "FILE", false, "write the report there, not to standard output"},
    {OPT_HELP, 'h', "help", NULL, false, "print this"},
    {0},
};

struct explore {
	struct experiment e;
	struct strvec run_options;
	const char *state_path, *output;
	unsigned jobs, seconds;
	bool help;
	char *directory; /* of the scripts behind $RUN */
	FILE *state;
	size_t left;
};

static int set_number(unsigned *to, const char *option, const char *value)
{
	char *end;
	unsigned long n = strtoul(value, &end, 10);

	*to = (unsigned)n;
	return *value >= '1' && *value <= '9' && *end == '\0' && n <= 1000000
		   ? 0
		   : fail(STATUS_FAILED, "%s %s: not a number from 1 on", option, value);
}

static int apply(void *ctx, int id, const char *value)
{
	struct explore *x = ctx;

	switch (id) {
	case OPT_TEST:
		x->e.test = value;
		break;
	case OPT_DRIVER:
		x->e.driver = value;
		break;
	case OPT_RUN:
		strvec_add(&x->run_options, "%s", value);
		break;
	case OPT_JOBS:
		return set_number(&x->jobs, "-j", value);
	case OPT_STATE:
		x->state_path = value;
		break;
	case OPT_TIMEOUT:
		return set_number(&x->seconds, "--timeout", value);
	case OPT_OUTPUT:
		x->output = value;
		break;
	case OPT_HELP:
		x->help = true;
		break;
	}
	return 0;
}

/* Options come before and after APP. */
static int parse(struct explore *x, int argc, char **argv)
{
	int at, status = options_parse(table, argc, argv, HINT, apply, x, &at);

	if (status || x->help)
		return status;
	if (at >= argc)
		return fail(STATUS_FAILED, "explore: which program? See '" HINT "'");
	x->e.app = argv[at];
	argv += at;
	argc -= at;
	status = options_parse(table, argc, argv, HINT, apply, x, &at);
	if (status == 0 && !x->help && at < argc)
		status = fail(STATUS_FAILED,
			      "explore: %s: the program's arguments are the test's business: see "
			      "'" HINT "'",
			      argv[at]);
	if (status == 0 && !x->help && x->e.test == NULL)
		status = fail(STATUS_FAILED, "explore: --test is missing: see '" HINT "'");
	return status;
}

/* ---- one test ---- */

/* The script that is $RUN: uniload run with these words more. Its path, or NULL after saying why.
 */
static char *make_script(const struct explore *x, const char *name, const struct strvec *more)
{
	char *path = xasprintf("%s/%s", x->directory, name), *word;
	FILE *f = fopen(path, "we");

	if (f) {
		fprintf(f, "#!/bin/sh\nexec /proc/%d/exe run", (int)getpid());
		for (size_t i = 0; i < x->run_options.n + more->n; i++) {
			word = shell_quote(i < x->run_options.n ? x->run_options.v[i]
								: more->v[i - x->run_options.n]);
			fprintf(f, " %s", word);
			free(word);
		}
		word = shell_quote(x->e.driver ? x->e.driver : x->e.app);
		fprintf(f, " -- %s \"$@\"\n", word);
		free(word);
	}
	if (f == NULL || fchmod(fileno(f), 0700) < 0 || ferror(f) | fclose(f)) {
		say("%s: %s", path, strerror(errno));
		free(path);
		return NULL;
	}
	return path;
}

static int add_test(struct explore *x, struct jobs *jobs, const char *name,
		    const struct strvec *more, uintptr_t about)
{
	char *script = make_script(x, name, more);
	struct job *job;

	if (script == NULL)
		return STATUS_FAILED;
	job = jobs_add(jobs);
	strvec_add(&job->argv, "sh");
	strvec_add(&job->argv, "-c");
	strvec_add(&job->argv, "%s", x->e.test);
	strvec_add(&job->env, "RUN=%s", script);
	job->seconds = x->seconds;
	job->about = (void *)about;
	free(script);
	return 0;
}

static enum outcome outcome_of(const struct job *job)
{
	return !job->timed_out && WIFEXITED(job->status) && WEXITSTATUS(job->status) == 0 ? PASSED
											  : FAILED;
}

/* One test alone; its output becomes *said (or NULL). */
static int run_one(struct explore *x, const char *name, const struct strvec *more, enum outcome *o,
		   char **said)
{
	struct jobs jobs = {0};
	int status = add_test(x, &jobs, name, more, 0);

	if (status == 0)
		status = jobs_run(&jobs, 1);
	if (status == 0) {
		*o = outcome_of(&jobs.v[0]);
		if (said)
			*said = xstrdup(jobs.v[0].output);
	}
	jobs_free(&jobs);
	return status;
}

/* ---- as things are ---- */

/* The test with nothing changed: it must pass, and tells the calls and the time. */
static int baseline(struct explore *x)
{
	char *record = xasprintf("%s/calls", x->directory), *said = NULL;
	struct strvec more = {0};
	enum outcome o = FAILED;
	uint64_t began = monotonic_ns(), seconds;
	int status;

	strvec_add(&more, "--record");
	strvec_add(&more, "%s", record);
	status = run_one(x, "baseline", &more, &o, &said);
	seconds = (monotonic_ns() - began) / 1000000000 * 10;
	if (status == 0 && o != PASSED)
		status =
		    fail(STATUS_FAILED, "the test fails with nothing changed; it said:\n%s", said);
	if (status == 0 && access(record, F_OK) < 0)
		status =
		    fail(STATUS_FAILED, "the test did not run the program: it is to start it as "
					"\"$RUN\"");
	if (status == 0)
		status = policy_read_list(record, x->e.made);
	for (unsigned nr = 0; status == 0 && nr < SYSTABLE_NUMBERS; nr++)
		if (x->e.made[nr])
			state_note_call(x->state, nr);
	if (x->seconds == 0)
		x->seconds = seconds > LEAST_SECONDS ? (unsigned)seconds : LEAST_SECONDS;
	strvec_free(&more);
	free(record);
	free(said);
	return status;
}

/* ---- the variants ---- */

static void add_rule(struct strvec *more, unsigned nr, enum variant v)
{
	strvec_add(more, v == STUBBED ? "--stub" : "--fake");
	strvec_add(more, v == STUBBED ? "%s=ENOSYS" : "%s", systable_by_number(nr)->name);
}

static void progress(const struct explore *x, const char *name)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K%zu tests left%s%s", x->left, *name ? ": " : "\r\033[K",
			name);
}

static void job_done(struct jobs *jobs, struct job *job)
{
	struct explore *x = jobs->ctx;
	uintptr_t about = (uintptr_t)job->about;
	unsigned nr = (unsigned)(about / VARIANTS);
	enum variant v = (enum variant)(about % VARIANTS);

	x->left--;
	x->e.outcome[nr][v] = outcome_of(job);
	state_note_outcome(x->state, nr, v, x->e.outcome[nr][v]);
	progress(x, x->left ? systable_by_number(nr)->name : "");
}

static int try_variants(struct explore *x)
{
	struct jobs jobs = {.done = job_done, .ctx = x};
	int status = 0;

	for (unsigned i = 0; status == 0 && i < SYSTABLE_NUMBERS * VARIANTS; i++) {
		unsigned nr = i / VARIANTS;
		enum variant v = (enum variant)(i % VARIANTS);
		struct strvec more = {0};
		char *name;

		if (!x->e.made[nr] || x->e.outcome[nr][v] != UNKNOWN)
			continue;
		add_rule(&more, nr, v);
		name = xasprintf("%s-%s", variant_names[v], systable_by_number(nr)->name);
		status = add_test(x, &jobs, name, &more, i);
		free(name);
		strvec_free(&more);
	}
	x->left = jobs.n;
	if (status == 0)
		status = jobs_run(&jobs, x->jobs);
	jobs_free(&jobs);
	return status;
}

static int try_together(struct explore *x)
{
	struct strvec more = {0};
	int status;

	for (unsigned nr = 0; nr < SYSTABLE_NUMBERS; nr++)
		for (int v = 0; v < VARIANTS; v++)
			if (x->e.made[nr] && x->e.outcome[nr][v] == PASSED) {
				add_rule(&more, nr, (enum variant)v);
				break;
			}
	status = more.n ? run_one(x, "together", &more, &x->e.together, NULL) : 0;
	strvec_free(&more);
	return status;
}

/* ---- all of it ---- */

static void remove_scripts(const struct explore *x)
{
	for (unsigned i = 0; i < SYSTABLE_NUMBERS * VARIANTS + 3; i++) {
		static const char *const others[] = {"baseline", "calls", "together"};
		const struct systable_row *row = systable_by_number(i / VARIANTS);
		char *path =
		    i < SYSTABLE_NUMBERS * VARIANTS
			? xasprintf("%s/%s-%s", x->directory, variant_names[i % VARIANTS],
				    row ? row->name : "")
			: xasprintf("%s/%s", x->directory, others[i - SYSTABLE_NUMBERS * VARIANTS]);

		unlink(path);
		free(path);
	}
	rmdir(x->directory);
}

static int tell(const struct explore *x)
{
	FILE *f = x->output ? fopen(x->output, "we") : stdout;

	if (f == NULL)
		return fail(STATUS_FAILED, "%s: %s", x->output, strerror(errno));
	explore_report(&x->e, f);
	if (f != stdout && ferror(f) | fclose(f))
		return fail(STATUS_FAILED, "%s: cannot write it", x->output);
	return 0;
}

static bool knows_calls(const struct explore *x)
{
	for (unsigned nr = 0; nr < SYSTABLE_NUMBERS; nr++)
		if (x->e.made[nr])
			return true;
	return false;
}

/* What makes the driver's machine one about APP. */
static int add_app(struct explore *x)
{
	const struct place here = {.path = getenv("PATH")};
	struct program p;
	int status = program_open(&p, x->e.app, &here);

	if (status == 0) {
		strvec_add(&x->run_options, "--add");
		strvec_add(&x->run_options, "%s", p.alias ? p.alias : p.path);
		strvec_add(&x->run_options, "--policy-for");
		strvec_add(&x->run_options, "%s", p.path);
	}
	program_close(&p);
	return status;
}

static int explore(struct explore *x)
{
	const char *tmp = getenv("TMPDIR");
	int status = 0;

	if (x->state_path && (x->state = state_open(&x->e, x->state_path)) == NULL)
		return STATUS_FAILED;
	x->directory = xasprintf("%s/uniload-explore-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (mkdtemp(x->directory) == NULL)
		return fail(STATUS_FAILED, "%s: %s", x->directory, strerror(errno));
	if (x->jobs == 0)
		x->jobs = jobs_cpus();
	if (x->e.driver)
		status = add_app(x);
	if (status == 0 && (!knows_calls(x) || x->seconds == 0))
		status = baseline(x);
	if (status == 0)
		status = try_variants(x);
	if (status == 0)
		status = try_together(x);
	remove_scripts(x);
	return status ? status : tell(x);
}

int cmd_explore(int argc, char **argv)
{
	struct explore x = {0};
	int status = parse(&x, argc, argv);

	if (status == 0 && x.help) {
		printf("Usage: uniload explore [options] APP --test CMD\n\n"
		       "Find out which of the system calls that APP makes in its test it needs: "
		       "with each "
		       "of them in turn failing\n(ENOSYS), then pretended (0), does the test still "
		       "pass?\n\n");
		options_help(table);
		printf(
		    "\nFor example: uniload explore sqlite3 --test 'out=$(\"$RUN\" :memory: "
		    "\"select 6*7\") "
		    "&& [ \"$out\" = 42 ]'\n"
		    "Exit status: 0, also if every call is required; 125 uniload, or the unchanged "
		    "test, failed.\n");
	} else if (status == 0) {
		status = explore(&x);
	}
	if (x.state)
		fclose(x.state);
	free(x.directory);
	strvec_free(&x.run_options);
	return status;
}
