/* SPDX-License-Identifier: MIT */
/*
 * Rewriting as the rest of the kernel sees it: the plan, RIP around signals, traps that are
 * counted, and figures for --stats. What is done to memory is kernel/mm_stubs.c.
 */
#include "kernel/stubs.h"

#include "kernel/abi/bootinfo.h"
#include "kernel/bootinfo.h"
#include "kernel/file.h"
#include "kernel/heap.h"
#include "kernel/ksym.h"
#include "kernel/log.h"
#include "kernel/mm_private.h"
#include "kernel/page.h"
#include "kernel/string.h"
#include "kernel/stubs_private.h"
#include "kernel/task.h"
#include "kernel/x86_64/entry.h"
#include "loader/rewrite.h"

/*
 * Traps of a site before it is rewritten. A rewrite costs a copied page, a flush and new
 * translations, which is some traps' worth where ring 0 is interpreted and more elsewhere; and most
 * code that runs once runs a few times.
 */
#define TRAPS_BEFORE 6

uint64_t stubs_ignored[STUBS_IGNORED];
uint32_t stubs_watch;

static const struct bootinfo *module;
static bool online;
static struct {
	const struct plan_header *header; /* NULL: there is none, or it is not to be used */
	const struct plan_file *files;
	const struct plan_site *sites;
} plan;

/* How often which place trapped lately: one place per value of the low bits. */
static struct recent {
	uint64_t rip;
	unsigned traps;
} recent[STUBS_IGNORED];

/* ---- the plan ---- */

/* Number of the module's file whose contents begin at pa, or UINT32_MAX. */
static uint64_t module_index(paddr_t pa)
{
	const struct bi_file *f = bootinfo_files(module);

	for (uint32_t i = 0; i < module->n_files; i++)
		if (f[i].type == BI_FILE_REG && f[i].size && f[i].data == pa - virt_to_phys(module))
			return i;
	return UINT32_MAX;
}

static const struct plan_file *plan_find(uint64_t nid)
{
	uint32_t lo = 0, hi = plan.header->files;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (plan.files[mid].nid < nid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < plan.header->files && plan.files[lo].nid == nid ? &plan.files[lo] : NULL;
}

bool stubs_plan_of(const struct file *f, struct plan_view *out)
{
	const struct plan_file *pf;
	uint64_t nid, size;

	if (!plan.header || !file_origin || !file_origin(f, &nid, &size))
		return false;
	if (nid & FILE_IN_MODULE)
		nid = PLAN_MODULE_FILE + module_index(nid & ~FILE_IN_MODULE);
	pf = plan_find(nid);
	if (!pf || pf->size != size || pf->first_site > plan.header->sites ||
	    pf->sites > plan.header->sites - pf->first_site)
		return false;
	*out = (struct plan_view){plan.sites + pf->first_site, pf->sites};
	return true;
}

uint64_t stubs_entry_word(void)
{
	static const void *const word = syscall_entry_stub;

	return (uint64_t)&word;
}

/* ---- RIP ---- */

static uaddr_t translate(uaddr_t rip, uaddr_t (*fn)(struct mm *mm, uaddr_t rip))
{
	struct mm *mm = current_mm();

	mm_lock(mm);
	rip = fn(mm, rip);
	mm_unlock(mm);
	return rip;
}

static bool any_stubs(void)
{
	return current_mm() && READ_ONCE(current_mm()->stubs);
}

uaddr_t stubs_program_rip(const struct regs *regs)
{
	return any_stubs() ? translate(regs->rip, mm_stubs_program_rip) : regs->rip;
}

void stubs_leave(struct regs *regs)
{
	regs->rip = stubs_program_rip(regs);
}

void stubs_enter(struct regs *regs)
{
	if (any_stubs())
		regs->rip = translate(regs->rip, mm_stubs_moved_rip);
}

bool stubs_step(struct regs *regs)
{
	uaddr_t rip = any_stubs() ? translate(regs->rip, mm_stubs_step_rip) : 0;

	if (!rip)
		return false;
	regs->rip = rip;
	return true;
}

void stubs_hidden(struct regs *regs, void (*fn)(struct regs *regs))
{
	uaddr_t inside = regs->rip, rip;

	stubs_leave(regs);
	rip = regs->rip;
	fn(regs);
	if (regs->rip == rip)
		regs->rip = inside;
}

/* ---- figures ---- */

/* A place that traps. What is there is found out at its first trap: later it may be gone. */
struct place {
	uint64_t rip, traps;
	uint32_t nr;
	int pid;
	char name[64];
};

enum { PLACES = 1024, PLACES_SHOWN = 20 };

static struct {
	struct place *places; /* NULL: nobody wants to know */
	uint64_t calls, traps;
	uint64_t rewritten[STUBS_COUNTERS];
} stats;

bool stubs_counting(void)
{
	return stats.places;
}

void stubs_count_call(void)
{
	stats.calls++;
}

void stubs_note(enum stubs_counter which, unsigned n)
{
	stats.rewritten[which] += n;
}

static void count_trap(uaddr_t rip, uint64_t nr)
{
	struct place *p = NULL;
	size_t at = rip * 0x9e3779b97f4a7c15ull >> 32;

	stats.traps++;
	for (size_t i = 0; i < PLACES; i++) {
		p = &stats.places[(at + i) % PLACES];
		if (!p->rip || (p->rip == rip && p->nr == nr))
			break;
		p = NULL;
	}
	if (!p) /* that many are more than anybody reads */
		return;
	p->traps++;
	if (p->rip)
		return;
	p->rip = rip;
	p->nr = (uint32_t)nr;
	p->pid = current_process()->pid;
	ksym_format_program(current_mm(), rip - REWRITE_SYSCALL, p->name, sizeof(p->name));
}

void stubs_report(void)
{
	if (!stats.places)
		return;
	klog(LOG_WARN,
	     "rewriting: %u sites planned, %lu rewritten by plan, %lu after traps; of %lu system "
	     "calls %lu trapped",
	     plan.header ? plan.header->sites : 0, stats.rewritten[STUBS_PLANNED],
	     stats.rewritten[STUBS_ONLINE], stats.calls, stats.traps);
	for (unsigned shown = 0; shown < PLACES_SHOWN; shown++) {
		struct place *most = &stats.places[0];

		for (size_t i = 1; i < PLACES; i++)
			if (stats.places[i].traps > most->traps)
				most = &stats.places[i];
		if (!most->traps)
			return;
		klog(LOG_WARN, "%8lu traps at %012lx %s, call %u, process %d", most->traps,
		     most->rip - REWRITE_SYSCALL, most->name, most->nr, most->pid);
		most->traps = 0;
	}
}

/* ---- traps ---- */

void stubs_look_again(void)
{
	if (online)
		memset(stubs_ignored, 0, sizeof(stubs_ignored));
}

void stubs_trapped(uaddr_t rip, uint64_t nr)
{
	size_t at = rip % STUBS_IGNORED;
	struct recent *r = &recent[at];
	int error;

	if (stats.places)
		count_trap(rip, nr);
	if (!online)
		return;
	if (r->rip != rip)
		*r = (struct recent){.rip = rip};
	if (++r->traps < TRAPS_BEFORE)
		return;
	mm_lock(current_mm());
	error = mm_stubs_add(current_mm(), rip, nr);
	mm_unlock(current_mm());
	r->traps = 0;
	if (!error)
		stubs_note(STUBS_ONLINE, 1);
	else if (!stats.places)
		stubs_ignored[at] = rip;
}

void stubs_init(const struct bootinfo *bi)
{
	const struct plan_header *h = bootinfo_plan(bi);

	module = bi;
	if (bi->plan_size && (bi->flags & BI_REWRITE_PLAN)) {
		plan.header = h;
		plan.files = (const struct plan_file *)(h + 1);
		plan.sites = (const struct plan_site *)(plan.files + h->files);
	}
	online = bi->flags & BI_REWRITE_ONLINE;
	if (bi->flags & BI_REWRITE_STATS) {
		stats.places = kzalloc(PLACES * sizeof(*stats.places));
		if (!stats.places)
			log_warn("no memory to count system calls that trap");
	}
	stubs_watch = online || stats.places;
}
