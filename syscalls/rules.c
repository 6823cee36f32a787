/* SPDX-License-Identifier: MIT */
/*
 * The rules are looked up only for calls that have one (dispatch.c diverts these and no others), so
 * a binary search is quick enough.
 */
#include "syscalls/rules.h"

#include "kernel/abi/linux.h"
#include "kernel/bootinfo.h"
#include "kernel/errname.h"
#include "kernel/log.h"
#include "kernel/process.h"
#include "kernel/signal.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "syscalls/strace.h"

static const struct bi_rule *rules;
static uint32_t n_rules;
static const char *program; /* whose processes they are for; NULL: all */
static uint8_t told[64]; /* log-once marks, a bit for each number; numbers beyond share the last */

void rules_init(const struct bootinfo *bi)
{
	rules = bootinfo_rules(bi);
	n_rules = bi->n_rules;
	if (bi->rules_for)
		program = bootinfo_string(bi, bi->rules_for);
}

/* A process is what it executes: it stays one after fork(2), and is none any more after execve(2)
 * of something else. The path is there as long as the process has threads. */
bool rules_concern(void)
{
	const char *path = current->process->exe_path;

	return !program || (path && strcmp(path, program) == 0);
}

/* The rule for nr, or the one for the rest; NULL if there is none. */
static const struct bi_rule *find(uint32_t nr)
{
	uint32_t low = 0, high = n_rules;

	while (low < high) {
		uint32_t mid = (low + high) / 2;

		if (rules[mid].nr == nr)
			return &rules[mid];
		if (rules[mid].nr < nr)
			low = mid + 1;
		else
			high = mid;
	}
	return n_rules && rules[n_rules - 1].nr == BI_RULE_REST ? &rules[n_rules - 1] : NULL;
}

bool rules_cover(uint32_t nr)
{
	const struct bi_rule *r = find(nr);

	return r && r->action != BI_RULE_ALLOW;
}

static bool first_time(uint32_t nr)
{
	uint32_t bit = MIN(nr, 8 * sizeof(told) - 1);
	uint8_t mask = 1u << bit % 8;

	return !(__atomic_fetch_or(&told[bit / 8], mask, __ATOMIC_RELAXED) & mask);
}

static void tell(uint32_t nr, const char *name, const char *what, const char *more)
{
	if (first_time(nr))
		log_warn("system call %s (%u) is not allowed: %s%s", name ? name : "without a name",
			 nr, what, more);
}

bool rules_answer(uint32_t nr, const char *name, long *ret)
{
	const struct bi_rule *r = find(nr);

	if (!r || r->action == BI_RULE_ALLOW || !rules_concern())
		return false;
	/* A call that Linux does not have is not there: programs ask to learn just that. */
	*ret = name ? r->value : -ENOSYS;
	switch (r->action) {
	case BI_RULE_DENY:
		tell(nr, name, "it fails with ", errno_name(-*ret));
		break;
	case BI_RULE_KILL:
		tell(nr, name, "the process ends", "");
		process_exit(signal_exit_status(SIGSYS));
	}
	return true;
}
