/* SPDX-License-Identifier: MIT */
/*
 * How it stays quick and safe: every pair of bytes 0f 05 is a candidate, so no site is missed; only
 * the code around candidates is disassembled; where branches lead is not asked of the disassembly
 * alone (tools/scan_targets.h).
 */
#include "tools/scan.h"

#include "loader/rewrite.h"
#include "tools/scan_code.h"
#include "tools/scan_elf.h"
#include "tools/scan_targets.h"
#include "tools/util.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define JUMP	      5 /* bytes */
#define REACH	      SCAN_REACH
#define SHORT	      160 /* beyond this no short branch leads into a region */
#define MAX_CHAIN     4	  /* instructions moved, at most */
#define GUEST_PAGE    4096
#define MOST_VERIFIED (1u << 20) /* bytes of one function */
#define MOST_SWEPT                                                                                 \
	(16u << 20) /* bytes of code without any known function: more is not looked at             \
		     */

/* Instructions next to a site that could be moved, nearest first. */
struct chain {
	unsigned n;
	uint8_t length[MAX_CHAIN];
};

/* A candidate and its surroundings. */
struct place {
	uint64_t address;
	struct chain before, after;
	int number;
	uint32_t boundaries; /* bit n: an instruction begins n + 1 bytes before */
	bool insn, reached, indirect;
	bool swept; /* no way is known from the beginning of a function to here */
};

struct work {
	struct scan_elf elf;
	struct place *places;
	size_t n, room;
	struct scan_targets targets;
};

/* ---- candidates ---- */

static void find_candidates(struct work *w)
{
	static const uint8_t opcode[] = {0x0f, 0x05};

	for (size_t i = 0; i < w->elf.n_spans; i++) {
		const struct scan_span *s = &w->elf.spans[i];
		const uint8_t *at = s->bytes, *end = s->bytes + s->size;

		while (s->exec && (at = memmem(at, (size_t)(end - at), opcode, sizeof(opcode)))) {
			if (w->n == w->room) {
				w->room = w->room ? 2 * w->room : 64;
				w->places = xrealloc(w->places, w->room * sizeof(*w->places));
			}
			w->places[w->n++] = (struct place){
			    .address = s->address + (uint64_t)(at - s->bytes), .number = -1};
			at += sizeof(opcode);
		}
	}
}

static int place_order(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

static void find_targets(struct work *w)
{
	scan_targets_open(&w->targets, w->places[0].address, w->places[w->n - 1].address);
	for (size_t i = 0; i < w->n; i++)
		scan_targets_want(&w->targets, w->places[i].address);
	for (size_t i = 0; i < w->elf.n_spans; i++)
		scan_targets_find(&w->targets, &w->elf.spans[i], w->elf.placed);
}

/* ---- surroundings ---- */

static struct chain chain_before(const struct scan_code *c, size_t at)
{
	struct chain chain = {0};

	for (size_t length; chain.n < MAX_CHAIN && (length = c->back[at]); at -= length) {
		if (!(c->insn[at - length] & INSN_MOVABLE))
			break;
		chain.length[chain.n++] = (uint8_t)length;
	}
	return chain;
}

static struct chain chain_after(const struct scan_code *c, size_t at)
{
	struct chain chain = {0};

	for (size_t length; chain.n < MAX_CHAIN && at < c->size; at += length) {
		length = c->length[at];
		/* With nothing left to go on to, the jump back would have no place to lead to. */
		if (length == 0 || !(c->insn[at] & INSN_MOVABLE) || at + length >= c->size)
			break;
		chain.length[chain.n++] = (uint8_t)length;
	}
	return chain;
}

/* Where instructions begin before the site; before this piece of code, anywhere. */
static uint32_t boundaries_before(const struct scan_code *c, size_t at)
{
	uint32_t bits = 0;

	for (size_t d = 1; d <= REACH; d++)
		if (d > at || c->length[at - d])
			bits |= 1u << (d - 1);
	return bits;
}

static void look_around(struct place *p, const struct scan_code *c)
{
	size_t at = p->address - c->address;
	bool reached = c->insn[at] & INSN_REACHED;

	p->insn = true;
	p->reached = reached || at < c->clean;
	p->swept = !reached;
	p->indirect = c->indirect;
	p->number = scan_code_number(c, at);
	p->boundaries = boundaries_before(c, at);
	p->before = chain_before(c, at);
	p->after = chain_after(c, at + 2);
}

/* A candidate inside of another instruction is none. */
static bool inside_another(const struct scan_code *c, size_t at)
{
	for (size_t d = 1; d < 15 && d <= at; d++)
		if (c->length[at - d] > d)
			return true;
	return false;
}

static void found_target(void *ctx, uint64_t target, bool call)
{
	struct work *w = ctx;

	scan_targets_add(&w->targets, (struct scan_target){.to = target});
}

static void found_nothing(void *ctx, uint64_t target, bool call)
{
}

static void read_piece(struct work *w, uint64_t from, uint64_t to, bool function, size_t *next)
{
	struct scan_code code;
	uint64_t left;
	const uint8_t *bytes = scan_elf_at(&w->elf, from, &left);

	if (bytes == NULL || to - from > MOST_SWEPT)
		return;
	scan_code_read(&code, from, bytes, to - from < left ? to - from : left, function,
		       found_target, w);
	while (*next < w->n && w->places[*next].address < from)
		++*next;
	for (; *next < w->n && w->places[*next].address - from < code.size; ++*next) {
		struct place *p = &w->places[*next];
		size_t at = p->address - from;

		if (code.insn[at] & INSN_SYSCALL)
			look_around(p, &code);
		else
			p->insn = !inside_another(&code, at);
	}
	scan_code_free(&code);
}

/* The piece of code at an address: from where something begins to where the next thing does. */
struct piece {
	uint64_t begin, end;
	bool function;
};

static struct piece piece_at(const struct scan_elf *e, const struct scan_span *s, uint64_t address)
{
	size_t i = scan_elf_starts_up_to(e, address);
	struct piece p = {.begin = s->address, .end = s->address + s->size};

	if (i && e->starts[i - 1].address >= s->address) {
		p.begin = e->starts[i - 1].address;
		p.function = !e->starts[i - 1].label;
	}
	if (i < e->n_starts && e->starts[i].address < p.end)
		p.end = e->starts[i].address;
	return p;
}

/* Take apart the pieces of [from, to) that are not done yet. */
static void read_between(struct work *w, uint64_t from, uint64_t to, uint64_t *done, size_t *next)
{
	const struct scan_span *s = scan_elf_code(&w->elf, from);

	while (s && from < to && from < s->address + s->size) {
		struct piece p = piece_at(&w->elf, s, from);

		if (p.end > *done) {
			read_piece(w, p.begin, p.end, p.function, next);
			*done = p.end;
		}
		from = p.end;
	}
}

/* ---- functions that nothing but calls tells of ---- */

static void found_call(void *ctx, uint64_t target, bool call)
{
	struct scan_elf *found = ctx;

	if (call)
		scan_elf_add_start(found, &(struct scan_start){.address = target});
}

/* Does the file tell of most functions, as compilers for most languages see to? Or is it too large
 * to find out? */
static bool functions_known(const struct work *w)
{
	uint64_t size = 0;
	size_t known = 0;

	for (size_t i = 0; i < w->n; i++)
		known += scan_elf_frame(&w->elf, w->places[i].address) != NULL;
	for (size_t i = 0; i < w->elf.n_spans; i++)
		size += w->elf.spans[i].exec ? w->elf.spans[i].size : 0;
	return w->elf.go || known > w->n / 2 || size > MOST_SWEPT;
}

/* What is called in a piece of code without a doubt is a function. */
static void find_called(struct work *w)
{
	struct scan_elf found = w->elf; /* with starts of its own: those of w are being used */

	found.starts = NULL;
	found.n_starts = found.starts_room = 0;
	for (size_t i = 0; i < w->elf.n_spans; i++) {
		const struct scan_span *s = &w->elf.spans[i];
		struct piece p;

		for (uint64_t at = s->address; s->exec && at - s->address < s->size; at = p.end) {
			struct scan_code code;

			p = piece_at(&w->elf, s, at);
			scan_code_read(&code, p.begin, s->bytes + (p.begin - s->address),
				       p.end - p.begin, p.function, found_call, &found);
			scan_code_free(&code);
		}
	}
	for (size_t i = 0; i < found.n_starts; i++)
		scan_elf_add_start(&w->elf, &found.starts[i]);
	free(found.starts);
	scan_elf_sort(&w->elf);
}

static void read_surroundings(struct work *w)
{
	uint64_t done = 0;
	size_t next = 0;

	for (size_t i = 0; i < w->n; i++) {
		uint64_t at = w->places[i].address;
		const struct scan_span *s = scan_elf_code(&w->elf, at);
		uint64_t from = s && at - s->address < SHORT ? s->address : at - SHORT;

		read_between(w, from, at + SHORT, &done, &next);
	}
}

/* ---- decisions ---- */

/*
 * Is a target none? What looks like naming it is in a function that was taken apart without a doubt
 * from its beginning to its end, and is no operand there.
 */
static bool mistaken(const struct work *w, const struct scan_target *t)
{
	const struct scan_span *s = t->from ? scan_elf_code(&w->elf, t->from) : NULL;
	struct scan_code code;
	struct piece p;
	bool operand = true;

	if (!s)
		return false;
	p = piece_at(&w->elf, s, t->from);
	if (!p.function || p.end - p.begin > MOST_VERIFIED)
		return false;
	scan_code_read(&code, p.begin, s->bytes + (p.begin - s->address), p.end - p.begin, true,
		       found_nothing, NULL);
	if (code.clean == code.size)
		operand = scan_code_operand(&code, t->from - p.begin, t->relative);
	scan_code_free(&code);
	return !operand;
}

/* Does anything lead into the middle of what was taken for an instruction? Then it was a mistake.
 */
static bool out_of_step(const struct work *w, const struct place *p)
{
	const struct scan_targets *t = &w->targets;

	for (size_t i = scan_targets_above(t, p->address - REACH - 1);
	     i < t->n && t->v[i].to < p->address; i++)
		if (!(p->boundaries & 1u << (p->address - t->v[i].to - 1)) &&
		    !mistaken(w, &t->v[i]))
			return true;
	return false;
}

/* Does anything lead to between `start` and `end`? */
static bool landed_in(const struct work *w, uint64_t start, uint64_t end)
{
	const struct scan_targets *t = &w->targets;

	for (size_t i = scan_targets_above(t, start); i < t->n && t->v[i].to < end; i++)
		if (!mistaken(w, &t->v[i]))
			return true;
	return false;
}

/* May these `length` bytes from `start` be replaced? `inner`: there are boundaries inside. The
 * guest changes one page at a time. */
static enum scan_reason check_region(const struct work *w, const struct place *p, uint64_t start,
				     unsigned length, bool inner)
{
	const struct scan_frame *frame = scan_elf_frame(&w->elf, p->address);

	if (start / GUEST_PAGE != (start + length - 1) / GUEST_PAGE)
		return SCAN_TWO_PAGES;
	if (landed_in(w, start, start + length))
		return SCAN_LANDING;
	if (inner && (p->indirect || p->swept || (frame && frame->pads)))
		return SCAN_UNSURE;
	return SCAN_REWRITTEN;
}

/* A region for the jump; 0 and a reason in *why if there is none. */
static unsigned try_before(const struct work *w, const struct place *p, enum scan_reason *why)
{
	unsigned length = 0;

	for (unsigned i = 0; i < p->before.n; i++) {
		length += p->before.length[i];
		if (length < JUMP)
			continue;
		*why = check_region(w, p, p->address - length, length, i > 0);
		return *why == SCAN_REWRITTEN ? length : 0;
	}
	*why = SCAN_NO_ROOM;
	return 0;
}

static unsigned try_after(const struct work *w, const struct place *p, enum scan_reason *why)
{
	unsigned length = 2;

	for (unsigned i = 0; i < p->after.n; i++) {
		length += p->after.length[i];
		if (length < JUMP)
			continue;
		*why = check_region(w, p, p->address, length, true);
		return *why == SCAN_REWRITTEN ? length : 0;
	}
	*why = SCAN_NO_ROOM;
	return 0;
}

static struct plan_site planned(const struct work *w, uint64_t start, unsigned length,
				enum plan_tactic tactic)
{
	const struct scan_span *s = scan_elf_code(&w->elf, start);
	struct plan_site site = {.start = (uint32_t)(s->offset + (start - s->address)),
				 .length = (uint8_t)length,
				 .tactic = (uint8_t)tactic};

	site.check = rewrite_check(s->bytes + (start - s->address), rewrite_extent(&site));
	return site;
}

/* `mov $15, %rax; syscall`, in this form: libgcc and gdb know a signal's frame by it where
 * .eh_frame says nothing. */
static bool signal_frame(const struct work *w, const struct place *p)
{
	static const uint8_t mov[] = {0x48, 0xc7, 0xc0, 15, 0, 0, 0};
	const struct scan_frame *frame = scan_elf_frame(&w->elf, p->address);
	uint64_t left;
	const uint8_t *at = scan_elf_at(&w->elf, p->address - sizeof(mov), &left);

	return at && memcmp(at, mov, sizeof(mov)) == 0 && !(frame && frame->signal);
}

/* `free` is where what was already given away ends; `limit` where the next site's begins. */
static void decide(const struct work *w, const struct place *p, uint64_t free, uint64_t limit,
		   struct scan_site *out)
{
	enum scan_reason before, after;
	unsigned length;

	bool sure = p->reached && !out_of_step(w, p);

	out->reason = sure ? SCAN_SIGNAL_FRAME : SCAN_NOT_REACHED;
	if (!sure || signal_frame(w, p))
		return;
	length = try_before(w, p, &before);
	if (length && p->address - length >= free) {
		out->reason = SCAN_REWRITTEN;
		out->plan = planned(w, p->address - length, length, PLAN_BEFORE);
		return;
	}
	length = try_after(w, p, &after);
	if (length && p->address >= free && p->address + length <= limit) {
		out->reason = SCAN_REWRITTEN;
		out->plan = planned(w, p->address, length, PLAN_AFTER);
		return;
	}
	out->reason = before == SCAN_NO_ROOM && after != SCAN_REWRITTEN ? after : before;
	if (out->reason == SCAN_REWRITTEN)
		out->reason = SCAN_NO_ROOM;
}

static void name_site(const struct work *w, struct scan_site *site)
{
	const struct scan_elf *e = &w->elf;
	const struct scan_frame *frame = scan_elf_frame(e, site->address);
	size_t i = scan_elf_starts_up_to(e, site->address);

	site->into = i ? site->address - e->starts[i - 1].address : 0;
	for (; i; i--) {
		const struct scan_start *s = &e->starts[i - 1];

		if (frame && s->address < frame->begin)
			return;
		if (s->name == NULL || (s->size && site->address - s->address >= s->size))
			continue;
		if (s->size == 0 && frame == NULL && i < e->n_starts &&
		    e->starts[i].address <= site->address)
			return;
		site->function = s->name;
		site->into = site->address - s->address;
		return;
	}
}

static void add_site(struct scan *s, const struct work *w, const struct place *p, uint64_t *free,
		     uint64_t limit)
{
	struct scan_site *site;

	if (s->n == s->room) {
		s->room = s->room ? 2 * s->room : 64;
		s->sites = xrealloc(s->sites, s->room * sizeof(*s->sites));
	}
	site = &s->sites[s->n++];
	*site = (struct scan_site){.address = p->address, .number = p->number};
	name_site(w, site);
	decide(w, p, *free, limit, site);
	*free = p->address + (site->reason == SCAN_REWRITTEN && site->plan.tactic == PLAN_AFTER
				  ? site->plan.length
				  : 2);
}

void scan_bytes(struct scan *s, const uint8_t *data, uint64_t size)
{
	struct work w = {0};
	uint64_t free_from = 0;

	*s = (struct scan){0};
	if (scan_elf_open(&w.elf, data, size))
		find_candidates(&w);
	if (w.n) {
		qsort(w.places, w.n, sizeof(*w.places), place_order);
		scan_elf_read(&w.elf);
		if (!functions_known(&w))
			find_called(&w);
		find_targets(&w);
		read_surroundings(&w);
		scan_targets_sort(&w.targets);
	}
	for (size_t i = 0; i < w.n; i++)
		if (w.places[i].insn)
			add_site(s, &w, &w.places[i], &free_from,
				 i + 1 < w.n ? w.places[i + 1].address : UINT64_MAX);
	scan_elf_close(&w.elf);
	free(w.places);
	scan_targets_close(&w.targets);
}

int scan_file(struct scan *s, int fd, uint64_t offset, uint64_t size)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), skip = offset % page;
	char magic[4];
	void *map;

	*s = (struct scan){0};
	if (size < sizeof(magic) ||
	    pread(fd, magic, sizeof(magic), (off_t)offset) != sizeof(magic) ||
	    memcmp(magic, "\177ELF", sizeof(magic)) != 0 || skip % 8)
		return 0;
	map = mmap(NULL, size + skip, PROT_READ, MAP_PRIVATE, fd, (off_t)(offset - skip));
	if (map == MAP_FAILED)
		return -errno;
	scan_bytes(s, (const uint8_t *)map + skip, size);
	s->map = map;
	s->map_size = size + skip;
	return 0;
}

void scan_free(struct scan *s)
{
	free(s->sites);
	if (s->map)
		munmap(s->map, s->map_size);
	*s = (struct scan){0};
}

const char *scan_tactic_text(const struct scan_site *site)
{
	if (site->reason != SCAN_REWRITTEN)
		return "trap";
	return site->plan.tactic == PLAN_BEFORE ? "before" : "after";
}

const char *scan_reason_text(enum scan_reason reason)
{
	static const char *const texts[] = {
	    [SCAN_REWRITTEN] = "",
	    [SCAN_NOT_REACHED] = "may be data: no code is known to lead to it",
	    [SCAN_SIGNAL_FRAME] = "unwinders know a signal's frame by these bytes",
	    [SCAN_LANDING] = "a branch leads into the bytes needed",
	    [SCAN_UNSURE] = "a jump table or exception may lead into the bytes needed",
	    [SCAN_TWO_PAGES] = "what would be replaced lies in two pages",
	    [SCAN_NO_ROOM] = "too few instructions that can be moved",
	};

	return texts[reason];
}
