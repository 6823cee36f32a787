/* SPDX-License-Identifier: MIT */
/* unit: loader/rewrite.c */
/*
 * Stubs: their shape, where RIP is in them, what is refused; and run on this CPU, with an entry
 * that shows what it was given.
 */
#include "kernel/abi/errno.h"
#include "loader/rewrite.h"
#include "tests/unit/unit.h"

#include <string.h>
#include <sys/mman.h>

#define SITE  0x400000ull
#define STUB  0x10000000ull
#define ENTRY 0xffffffff80201000ull

/* mov $39, %eax; syscall; ret */
static const uint8_t plain[] = {0xb8, 39, 0, 0, 0, 0x0f, 0x05, 0xc3};
/* xor %edi, %edi; mov $60, %eax; syscall */
static const uint8_t two[] = {0x31, 0xff, 0xb8, 60, 0, 0, 0, 0x0f, 0x05};
/* syscall; mov %rax, %rbx; add $1, %rbx; ret */
static const uint8_t after[] = {0x0f, 0x05, 0x48, 0x89, 0xc3, 0x48, 0x83, 0xc3, 0x01, 0xc3};

static struct rewrite_stub stub;
static uint8_t patched[REWRITE_MAX_LENGTH];

static struct plan_site site(unsigned tactic, uint8_t length, const uint8_t *code)
{
	struct plan_site s = {.length = length, .tactic = (uint8_t)tactic};

	s.check = rewrite_check(code, rewrite_extent(&s));
	return s;
}

static int make(unsigned tactic, uint8_t length, const uint8_t *code)
{
	struct plan_site s = site(tactic, length, code);

	return rewrite_make(&s, code, SITE, STUB, ENTRY, &stub, patched);
}

static void refused(void)
{
	uint8_t other[sizeof(plain)];
	struct plan_site s = site(PLAN_BEFORE, 5, plain);

	CHECK(rewrite_check((const uint8_t *)"123456789", 9) == 0x3926);
	CHECK(make(PLAN_BEFORE, 4, plain + 1) == -EINVAL);
	CHECK(make(PLAN_AFTER, 2, after) == -EINVAL);
	CHECK(make(2, 5, plain) == -EINVAL);
	CHECK(make(PLAN_AFTER, 5, plain) == -ESTALE); /* no syscall there */
	memcpy(other, plain, sizeof(plain));
	other[1]++;
	CHECK(rewrite_make(&s, other, SITE, STUB, ENTRY, &stub, patched) == -ESTALE);
	CHECK(rewrite_make(&s, plain, SITE, SITE + (1ull << 31), ENTRY, &stub, patched) == -ERANGE);
	CHECK(rewrite_make(&s, plain, SITE, SITE + (1ull << 31) - 64, ENTRY, &stub, patched) == 0);
	CHECK(rewrite_make(&s, plain, SITE + (1ull << 40), SITE, ENTRY, &stub, patched) == -ERANGE);
	CHECK(rewrite_make(&s, plain, SITE, STUB, 1ull << 31, &stub, patched) == -ERANGE);
	CHECK(rewrite_make(&s, plain, SITE, STUB, 0x7ffffff8, &stub, patched) == 0);
	s.length = REWRITE_MAX_LENGTH + 1;
	CHECK(rewrite_make(&s, plain, SITE, STUB, ENTRY, &stub, patched) == -EINVAL);
}

static void shapes(void)
{
	uint8_t was[REWRITE_MAX_LENGTH];
	int32_t rel;

	CHECK(make(PLAN_BEFORE, 7, two) == 0);
	memcpy(&rel, patched + 1, sizeof(rel));
	CHECK(patched[0] == 0xe9 && SITE + 5 + (int64_t)rel == STUB);
	CHECK(patched[5] == 0xcc && patched[6] == 0xcc);
	CHECK(memcmp(stub.code, two, 7) == 0);
	CHECK(rewrite_in_place(&stub, STUB, patched));
	CHECK(!rewrite_in_place(&stub, STUB + 64, patched));
	CHECK(!rewrite_in_place(&stub, STUB, two));
	rewrite_original(&stub, was);
	CHECK(memcmp(was, two, 7) == 0);
	CHECK(make(PLAN_AFTER, 9, after) == 0);
	rewrite_original(&stub, was);
	CHECK(memcmp(was, after, 9) == 0);
	memset(&stub, 0, sizeof(stub));
	CHECK(!rewrite_in_place(&stub, STUB, patched));
	CHECK(rewrite_stub_offset(&stub, 3) == 0);
}

static void places(void)
{
	CHECK(make(PLAN_BEFORE, 7, two) == 0);
	CHECK(rewrite_program_rip(&stub, 0) == SITE);
	CHECK(rewrite_program_rip(&stub, 2) == SITE + 2);
	CHECK(rewrite_program_rip(&stub, 7) == SITE + 7);  /* the lea: at the syscall */
	CHECK(rewrite_program_rip(&stub, 14) == SITE + 7); /* the jump into the kernel */
	CHECK(rewrite_stub_offset(&stub, SITE) == 0);	   /* the jump is there */
	CHECK(rewrite_stub_offset(&stub, SITE + 2) == 2);
	CHECK(rewrite_stub_offset(&stub, SITE + 7) == 0); /* the syscall is there */
	CHECK(rewrite_stub_offset(&stub, SITE - 1) == 0);
	CHECK(rewrite_step_offset(&stub) == 0);

	CHECK(make(PLAN_AFTER, 9, after) == 0);
	CHECK(rewrite_program_rip(&stub, 0) == SITE);
	CHECK(rewrite_program_rip(&stub, 7) == SITE);
	CHECK(rewrite_program_rip(&stub, rewrite_step_offset(&stub)) == SITE);
	CHECK(memcmp(stub.code + rewrite_step_offset(&stub), "\x0f\x05", 2) == 0);
	CHECK(rewrite_stub_offset(&stub, SITE) == 0);
	for (unsigned i = 2; i < 9; i++) {
		size_t off = rewrite_stub_offset(&stub, SITE + i);

		CHECK(stub.code[off] == after[i]);
		CHECK(rewrite_program_rip(&stub, off) == SITE + i);
	}
	CHECK(rewrite_stub_offset(&stub, SITE + 9) == 0);
	/* the jump back */
	CHECK(rewrite_program_rip(&stub, rewrite_stub_offset(&stub, SITE + 8) + 1) == SITE + 9);
}

static void found_at_run_time(void)
{
	struct plan_site s;

	CHECK(rewrite_is_plain(plain, 39, &s));
	CHECK(rewrite_make(&s, plain, SITE, STUB, ENTRY, &stub, patched) == 0);
	CHECK(!rewrite_is_plain(plain, 40, &s));
	CHECK(!rewrite_is_plain(plain + 1, 39, &s));
	CHECK(!rewrite_is_plain(two, 60, &s));
	CHECK(rewrite_is_plain(two + 2, 60, &s));
}

/* Gives RAX * 2 + 1; with DF, carry and the stack as they were. */
extern const char entry_code[];
__asm__(".text\n"
	"entry_code: lea 1(%rax, %rax), %rax\n"
	"jmp *%rcx\n");

static uint8_t *memory;

/* Run the code, rewritten, from the far end of what a stub can reach. */
static long run(const uint8_t *code, size_t n, unsigned tactic, uint8_t at, uint8_t length)
{
	uint8_t *text = memory, *page = memory + 4096, *word = memory + 8192;
	struct plan_site s = site(tactic, length, code + at);
	const void *entry = entry_code;
	long r;

	memcpy(text, code, n);
	memcpy(word, &entry, sizeof(entry));
	if (rewrite_make(&s, code + at, (uint64_t)(text + at), (uint64_t)page, (uint64_t)word,
			 &stub, patched))
		return -1;
	memcpy(page, stub.code, sizeof(stub.code));
	memcpy(text + at, patched, length);
	__asm__ volatile("push %%rbx; sub $128, %%rsp; call *%1; add $128, %%rsp; pop %%rbx"
			 : "=a"(r)
			 : "r"(text)
			 : "rcx", "rdx", "rdi", "r11", "memory", "cc");
	return r;
}

static void executed(void)
{
	/* mov $5, %edx; mov $7, %eax; syscall; add %rdx, %rax; ret */
	static const uint8_t before[] = {0xba, 5, 0,	0,    0,    0xb8, 7,	0,
					 0,    0, 0x0f, 0x05, 0x48, 0x01, 0xd0, 0xc3};
	/* mov $7, %eax; syscall; mov %rax, %rdx; add %rdx, %rax; ret */
	static const uint8_t behind[] = {0xb8, 7,    0,	   0,	 0,    0x0f, 0x05,
					 0x48, 0x89, 0xc2, 0x48, 0x01, 0xd0, 0xc3};

	memory = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	CHECK(memory != MAP_FAILED);
	CHECK(run(before, sizeof(before), PLAN_BEFORE, 0, 10) == 20);
	CHECK(run(before, sizeof(before), PLAN_BEFORE, 5, 5) == 20);
	CHECK(run(before, sizeof(before), PLAN_AFTER, 10, 5) == 20);
	CHECK(run(behind, sizeof(behind), PLAN_AFTER, 5, 5) == 30);
	CHECK(run(behind, sizeof(behind), PLAN_AFTER, 5, 8) == 30);
}

int main(void)
{
	refused();
	shapes();
	places();
	found_at_run_time();
	executed();
	return UNIT_END();
}
