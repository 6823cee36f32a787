/* SPDX-License-Identifier: MIT */
/*
 * loader/stack.c. The strongest check comes first: rebuild the stack this very process was started
 * with, and compare it byte for byte with what Linux made. Then the limits of execve(2).
 */
/* unit: loader/stack.c */
#include "kernel/abi/errno.h"
#include "loader/elf.h"
#include "tests/unit/unit.h"

#include <linux/auxvec.h>
#include <string.h>

#define TOP  0x7ffff0000000ull
#define SIZE (8ull << 20)

extern char **environ;

/* The program's stack area: [base, base + size) in mem; writes outside fail the test. */
static struct {
	uint8_t *mem;
	uint64_t base, size;
	int fail_at; /* make the n-th write fail */
} area;

static int write_area(void *ctx, uint64_t addr, const void *data, size_t len)
{
	if (area.fail_at > 0 && --area.fail_at == 0)
		return -EFAULT;
	CHECK(addr >= area.base && len <= area.size && addr - area.base <= area.size - len);
	memcpy(area.mem + (addr - area.base), data, len);
	return 0;
}

static void area_init(uint64_t top, uint64_t size)
{
	free(area.mem);
	area.mem = calloc(1, size);
	area.base = top - size;
	area.size = size;
	area.fail_at = 0;
}

static uint64_t word(uint64_t addr)
{
	uint64_t v;

	memcpy(&v, area.mem + (addr - area.base), sizeof(v));
	return v;
}

static const char *text(uint64_t addr)
{
	return (const char *)area.mem + (addr - area.base);
}

/* End of this process's stack area. */
static uint64_t own_stack_top(void)
{
	char line[512];
	unsigned long lo, hi, top = 0;
	FILE *maps = fopen("/proc/self/maps", "r");

	while (maps != NULL && fgets(line, sizeof(line), maps))
		if (strstr(line, "[stack]") && sscanf(line, "%lx-%lx", &lo, &hi) == 2)
			top = hi;
	if (maps != NULL)
		fclose(maps);
	return top;
}

static void test_like_linux(int argc, char **argv)
{
	struct elf_stack_args args = {
	    .argv = (const char *const *)argv, .argc = argc, .envp = (const char *const *)environ};
	uint64_t top = own_stack_top(), sp = (uint64_t)(argv - 1);
	struct elf_aux aux[ELF_MAX_AUX];
	struct elf_stack st;

	while (environ[args.envc] != NULL)
		args.envc++;
	for (uint64_t *a = (uint64_t *)(environ + args.envc + 1); a[0] != AT_NULL; a += 2) {
		aux[args.n_aux++] = (struct elf_aux){a[0], a[1]};
		if (a[0] == AT_EXECFN)
			args.execfn = (const char *)a[1];
		if (a[0] == AT_PLATFORM)
			args.platform = (const char *)a[1];
		if (a[0] == AT_RANDOM)
			memcpy(args.random, (const void *)a[1], sizeof(args.random));
	}
	args.aux = aux;
	/* Linux's random shift ended above the platform string. */
	args.jitter = (uint64_t)argv[0] - ((uint64_t)args.platform + strlen(args.platform) + 1);
	area_init(top, SIZE);
	CHECK(elf_build_stack(&args, top, SIZE, write_area, NULL, &st) == 0);
	CHECK(st.sp == sp);
	CHECK(st.arg_start == (uint64_t)argv[0] && st.env_start == (uint64_t)environ[0]);
	CHECK(st.sp != sp || memcmp(text(sp), (const void *)sp, top - sp) == 0);
}

static struct elf_stack_args small(void)
{
	static const char *const argv[] = {"prog", "", "third"}, *const envp[] = {"A=1", "B=22"};
	static const struct elf_aux aux[] = {
	    {AT_PAGESZ, 4096}, {AT_RANDOM, 0}, {AT_EXECFN, 0}, {AT_PLATFORM, 0}};

	return (struct elf_stack_args){.argv = argv,
				       .argc = 3,
				       .envp = envp,
				       .envc = 2,
				       .execfn = "/bin/prog",
				       .platform = "x86_64",
				       .random = "0123456789abcde",
				       .jitter = 12345,
				       .aux = aux,
				       .n_aux = 4};
}

static void test_contents(void)
{
	struct elf_stack_args args = small();
	struct elf_stack st;
	uint64_t p;

	area_init(TOP, SIZE);
	CHECK(elf_build_stack(&args, TOP, SIZE, write_area, NULL, &st) == 0);
	CHECK(st.sp % 16 == 0 && st.sp < st.arg_start && st.sp > TOP - 3 * 4096);
	CHECK(memcmp(text(st.arg_start), "prog\0\0third", 12) == 0);
	CHECK(st.arg_end - st.arg_start == 12 && st.env_start == st.arg_end);
	CHECK(memcmp(text(st.env_start), "A=1\0B=22\0/bin/prog\0\0\0\0\0\0\0\0", 27) == 0);
	CHECK(st.env_end - st.env_start == 9 && st.env_end + 10 + 8 == TOP);

	p = st.sp;
	CHECK(word(p) == 3);
	CHECK(strcmp(text(word(p + 8)), "prog") == 0 && word(p + 8) == st.arg_start);
	CHECK(strcmp(text(word(p + 16)), "") == 0);
	CHECK(strcmp(text(word(p + 24)), "third") == 0);
	CHECK(word(p + 32) == 0);
	CHECK(strcmp(text(word(p + 40)), "A=1") == 0 && strcmp(text(word(p + 48)), "B=22") == 0);
	CHECK(word(p + 56) == 0);
	p += 64;
	CHECK(memcmp(text(p), st.auxv, st.n_auxv * sizeof(st.auxv[0])) == 0);
	CHECK(st.n_auxv == 5 && word(p) == AT_PAGESZ && word(p + 8) == 4096);
	CHECK(word(p + 16) == AT_RANDOM && memcmp(text(word(p + 24)), args.random, 16) == 0);
	CHECK(word(p + 32) == AT_EXECFN && strcmp(text(word(p + 40)), "/bin/prog") == 0);
	CHECK(word(p + 48) == AT_PLATFORM && strcmp(text(word(p + 56)), "x86_64") == 0);
	CHECK(word(p + 64) == AT_NULL && word(p + 72) == 0);
}

/* The shift stays within 8 KiB and the alignment holds for every value of it. */
static void test_jitter(void)
{
	struct elf_stack_args args = small();
	struct elf_stack st;
	uint64_t lo = TOP, hi = 0;

	area_init(TOP, SIZE);
	for (uint64_t j = 0; j < 3 * 8192; j += 5) {
		args.jitter = j;
		CHECK(elf_build_stack(&args, TOP, SIZE, write_area, NULL, &st) == 0);
		CHECK(st.sp % 16 == 0);
		lo = MIN(lo, st.sp);
		hi = MAX(hi, st.sp);
	}
	CHECK(hi - lo <= 8192 && hi - lo > 8000);
}

static void test_no_arguments(void)
{
	struct elf_stack_args args = small();
	struct elf_stack st;

	args.argc = args.envc = 0;
	area_init(TOP, SIZE);
	CHECK(elf_build_stack(&args, TOP, SIZE, write_area, NULL, &st) == 0);
	CHECK(word(st.sp) == 1 && strcmp(text(word(st.sp + 8)), "") == 0);
	CHECK(word(st.sp + 16) == 0 && word(st.sp + 24) == 0);
}

static int build_with(const char *arg, size_t argc, uint64_t limit)
{
	struct elf_stack_args args = small();
	const char **argv = calloc(argc + 1, sizeof(*argv));
	struct elf_stack st;
	int r;

	for (size_t i = 0; i < argc; i++)
		argv[i] = arg;
	args.argv = argv;
	args.argc = argc;
	args.envc = 0;
	area_init(TOP, MIN(limit, 64ull << 20));
	r = elf_build_stack(&args, TOP, limit, write_area, NULL, &st);
	free(argv);
	return r;
}

static void test_limits(void)
{
	static char big[ELF_MAX_STRING + 1];
	const size_t per = 128 + 8; /* a string of 128 bytes and its pointer */
	const size_t room = (2 << 20) - 10 /* execfn */;

	memset(big, 'x', ELF_MAX_STRING - 1);
	CHECK(build_with(big, 1, SIZE) == 0); /* 128 KiB with the NUL */
	big[ELF_MAX_STRING - 1] = 'x';
	CHECK(build_with(big, 1, SIZE) == -E2BIG);

	/* A quarter of the stack limit, pointers counted; three quarters of 8 MiB at most; 128 KiB
	 * at least. */
	big[127] = '\0';
	CHECK(build_with(big, room / per, SIZE) == 0);
	CHECK(build_with(big, room / per + 1, SIZE) == -E2BIG);
	CHECK(build_with(big, (6 << 20) / per - 1, 1ull << 40) == 0);
	CHECK(build_with(big, (6 << 20) / per + 1, 1ull << 40) == -E2BIG);
	CHECK(build_with(big, (128 << 10) / per - 1, 256 << 10) == 0);
	CHECK(build_with(big, (128 << 10) / per + 1, 256 << 10) == -E2BIG);
	CHECK(build_with(big, 10, 4096) == -E2BIG); /* and all of it must fit */
	CHECK(build_with("", SIZE, SIZE) == -E2BIG);
}

static void test_failures(void)
{
	struct elf_stack_args args = small();
	struct elf_aux aux[ELF_MAX_AUX] = {{0}};
	struct elf_stack st;
	int n = 0;

	for (int r = -EFAULT; r != 0; n++) {
		area_init(TOP, SIZE);
		area.fail_at = n + 1;
		r = elf_build_stack(&args, TOP, SIZE, write_area, NULL, &st);
		CHECK(r == 0 || r == -EFAULT);
	}
	CHECK(n > 8); /* each single write was made to fail once */
	args.aux = aux;
	area_init(TOP, SIZE);
	args.n_aux = ELF_MAX_AUX - 1;
	CHECK(elf_build_stack(&args, TOP, SIZE, write_area, NULL, &st) == 0);
	args.n_aux++;
	CHECK(elf_build_stack(&args, TOP, SIZE, write_area, NULL, &st) == -EINVAL);
}

int main(int argc, char **argv)
{
	test_like_linux(argc, argv);
	test_contents();
	test_jitter();
	test_no_arguments();
	test_limits();
	test_failures();
	free(area.mem);
	return UNIT_END();
}
