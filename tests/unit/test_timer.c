/* SPDX-License-Identifier: MIT */
/* Timers over a pretended clock event, and the interval timers on them. */
/* unit: kernel/timer.c kernel/itimer.c */
#define _POSIX_C_SOURCE 200809L
#include "kernel/clock.h"
#include "kernel/itimer.h"
#include "kernel/task.h"
#include "kernel/timer.h"
#include "kernel/x86_64/cpuinfo.h"
#include "tests/unit/unit.h"

#include <string.h>

#define MS 1000000ull

static uint64_t now_ns, cpu_ns, event_ns = UINT64_MAX;
static unsigned arms;
static int raised[65];
static struct process proc;

uint64_t clock_mono_ns(void)
{
	return now_ns;
}

unsigned cpu_count(void)
{
	return 1;
}

uint64_t process_cpu_ns_now(struct process *p)
{
	return cpu_ns;
}

void clockevent_arm(uint64_t deadline_ns)
{
	event_ns = deadline_ns;
	arms++;
}

void signal_raise(struct process *p, int signo)
{
	CHECK(p == &proc);
	raised[signo]++;
}

/*
 * Let time pass as the hardware would: the event fires once, then is spent. cpu: does the process
 * run meanwhile?
 */
static void advance(uint64_t to, bool cpu)
{
	while (event_ns <= to) {
		if (cpu && event_ns > now_ns)
			cpu_ns += event_ns - now_ns;
		now_ns = event_ns > now_ns ? event_ns : now_ns;
		event_ns = UINT64_MAX;
		timer_interrupt();
	}
	if (cpu)
		cpu_ns += to - now_ns;
	now_ns = to;
}

/* ---- timers ---- */

static char order[32];

struct named {
	struct timer t;
	char name;
	struct named *arm_too;
};

static void fired(struct timer *t)
{
	struct named *n = container_of(t, struct named, t);

	CHECK(!t->armed);
	CHECK(now_ns >= t->deadline_ns);
	strncat(order, &n->name, 1);
	if (n->arm_too)
		timer_arm(&n->arm_too->t, now_ns);
}

static void test_order(void)
{
	struct named n[4] = {{.name = 'a'}, {.name = 'b'}, {.name = 'c'}, {.name = 'd'}};

	for (int i = 0; i < 4; i++)
		timer_init(&n[i].t, fired);
	timer_arm(&n[0].t, 30);
	timer_arm(&n[1].t, 10);
	timer_arm(&n[2].t, 20);
	timer_arm(&n[3].t, 20);
	CHECK(event_ns == 10 && timer_next_ns() == 10);
	advance(9, false);
	CHECK(strcmp(order, "") == 0);
	advance(20, false);
	CHECK(strcmp(order, "bcd") == 0); /* equal deadlines: first armed, first fired */
	advance(100, false);
	CHECK(strcmp(order, "bcda") == 0);
	CHECK(timer_next_ns() == UINT64_MAX);

	/* A callback may arm another that is due at once. */
	order[0] = 0;
	n[0].arm_too = &n[1];
	timer_arm(&n[0].t, 110);
	advance(120, false);
	CHECK(strcmp(order, "ab") == 0);

	/* In the past: fires at the next chance. */
	order[0] = 0;
	timer_arm(&n[2].t, 1);
	advance(121, false);
	CHECK(strcmp(order, "c") == 0);
}

static void test_move_and_disarm(void)
{
	struct named n = {.name = 'x'}, m = {.name = 'y'};
	unsigned before;

	order[0] = 0;
	timer_init(&n.t, fired);
	timer_init(&m.t, fired);
	timer_disarm(&n.t); /* harmless */
	timer_arm(&n.t, 1000);
	timer_arm(&n.t, 2000);
	advance(1500, false);
	CHECK(strcmp(order, "") == 0);
	advance(2000, false);
	CHECK(strcmp(order, "x") == 0);

	/* Arming and disarming again and again, as poll does, programs the hardware once. */
	before = arms;
	for (int i = 0; i < 100; i++) {
		timer_arm(&m.t, 5000 + i);
		timer_disarm(&m.t);
	}
	CHECK(arms - before <= 1);
	advance(6000, false);
	CHECK(strcmp(order, "x") == 0);
	CHECK(event_ns == UINT64_MAX);

	/* An event that came early is set again. */
	timer_arm(&m.t, 7000);
	now_ns = 6990;
	event_ns = UINT64_MAX;
	timer_interrupt();
	CHECK(event_ns == 7000);
	advance(7000, false);
	CHECK(strcmp(order, "xy") == 0);
}

/* ---- interval timers ---- */

static void set(int which, uint64_t value, uint64_t interval)
{
	struct itimer_value v = {value, interval}, old;

	itimer_set(&proc, which, &v, &old);
}

static uint64_t left(int which)
{
	struct itimer_value v;

	itimer_get(&proc, which, &v);
	return v.value_ns;
}

static void test_real(void)
{
	struct itimer_value v = {0, 5 * MS}, old;
	uint64_t t0 = now_ns;

	set(ITIMER_REAL, 10 * MS, 5 * MS);
	advance(t0 + 4 * MS, false);
	CHECK(left(ITIMER_REAL) == 6 * MS);
	advance(t0 + 10 * MS, false);
	CHECK(raised[SIGALRM] == 1);
	/* Until the signal is taken, the next interval does not start. */
	CHECK(left(ITIMER_REAL) == 0);
	advance(t0 + 31 * MS, false);
	CHECK(raised[SIGALRM] == 1);
	itimer_real_rearm(&proc);
	CHECK(left(ITIMER_REAL) == 4 * MS); /* on the grid: 35 */
	itimer_real_rearm(&proc);
	advance(t0 + 35 * MS, false);
	CHECK(raised[SIGALRM] == 2);
	/* A zero value stops it and clears the interval. */
	itimer_real_rearm(&proc);
	itimer_set(&proc, ITIMER_REAL, &v, &old);
	CHECK(old.value_ns == 5 * MS && old.interval_ns == 5 * MS);
	itimer_get(&proc, ITIMER_REAL, &v);
	CHECK(v.value_ns == 0 && v.interval_ns == 0);
	advance(t0 + 100 * MS, false);
	CHECK(raised[SIGALRM] == 2);
}

static void test_cpu(void)
{
	uint64_t t0 = now_ns;
	unsigned before;

	set(ITIMER_PROF, 10 * MS, 10 * MS);
	set(ITIMER_VIRTUAL, 25 * MS, 0);
	advance(t0 + 9 * MS, true);
	CHECK(raised[SIGPROF] == 0);
	advance(t0 + 10 * MS, true);
	CHECK(raised[SIGPROF] == 1);
	advance(t0 + 30 * MS, true);
	CHECK(raised[SIGPROF] == 3 && raised[SIGVTALRM] == 1);
	CHECK(left(ITIMER_VIRTUAL) == 0);
	/* Asleep: nothing expires, and the clock is looked at rarely. */
	before = arms;
	advance(t0 + 1030 * MS, false);
	CHECK(raised[SIGPROF] == 3);
	CHECK(arms - before <= 260);
	advance(t0 + 1050 * MS, true);
	CHECK(raised[SIGPROF] == 5 || raised[SIGPROF] == 4);
	CHECK(left(ITIMER_PROF) <= 10 * MS);
	set(ITIMER_PROF, 0, 0);
	advance(t0 + 2000 * MS, true);
	CHECK(raised[SIGPROF] <= 5);
	CHECK(event_ns == UINT64_MAX);
}

static void test_cpu_limit(void)
{
	uint64_t t0 = now_ns - cpu_ns; /* when the CPU clock would have been 0 */

	proc.limits[RLIMIT_CPU] = (struct rlimit64){5, 7};
	itimer_cpu_limit_changed(&proc);
	advance(t0 + 4999 * MS, true);
	CHECK(raised[SIGXCPU] == 0);
	advance(t0 + 5001 * MS, true);
	CHECK(raised[SIGXCPU] == 1);
	advance(t0 + 6001 * MS, true);
	CHECK(raised[SIGXCPU] == 2 && raised[SIGKILL] == 0);
	advance(t0 + 7001 * MS, true);
	CHECK(raised[SIGKILL] >= 1);
}

int main(void)
{
	proc.limits[RLIMIT_CPU] = (struct rlimit64){UINT64_MAX, UINT64_MAX};
	test_order();
	test_move_and_disarm();
	test_real();
	test_cpu();
	test_cpu_limit();
	return UNIT_END();
}
