/* SPDX-License-Identifier: MIT */
/*
 * What the scanner finds and decides. The functions below say in their names what they expect:
 * before5_ and after8_ the region, trap_ none; `nN` at the end the number of the call. unit:
 *	tools/scan.c tools/scan_code.c tools/scan_elf.c tools/scan_frames.c tools/scan_go.c
 *	tools/util.c tools/scan_targets.c loader/rewrite.c -D_GNU_SOURCE -lZydis
 */
#include "tests/unit/unit.h"
#include "tools/scan.h"
#include "tools/util.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/uniload-scan.XXXXXX";

#define FUNCTION(name, body)                                                                       \
	".globl " name "\n.type " name ",@function\n" name ":\n.cfi_startproc\n" body              \
	"\n.cfi_endproc\n.size " name ",.-" name "\n.p2align 4\n"

static const char source[] = ".text\n"
    /* clang-format off */
    FUNCTION("before5_mov_n39", "mov $39,%eax; syscall; ret")
    FUNCTION("before7_mov64_n39", "mov $39,%rax; syscall; ret")
    FUNCTION("before5_load", "mov 8(%rsp),%r9; syscall; ret")
    FUNCTION("before5_jump_to_syscall", "mov $39,%eax; 1: syscall; test %eax,%eax; js 1b; ret")
    FUNCTION("before5_jump_to_first", "1: mov $39,%eax; syscall; test %eax,%eax; js 1b; ret")
    FUNCTION("before8_two_n1", "mov $1,%eax; mov %rdi,%rsi; syscall; ret")
    FUNCTION("before6_three", "mov %edi,%eax; mov %esi,%edi; mov %edx,%esi; syscall; ret")
    FUNCTION("after6_jump_between", "xor %eax,%eax; 1: mov %esi,%edi; syscall; cmp $9,%rax; js 1b; ret")
    FUNCTION("after6_long_jump_between", "xor %eax,%eax; 1: mov %esi,%edi; syscall; cmp $9,%rax; {disp32} js 1b; ret")
    FUNCTION("after8_branch_before_n0", "test %edi,%edi; jne 1f; xor %eax,%eax; syscall; "
	     "cmp $-4096,%rax; ja 1f; ret; 1: ud2")
    FUNCTION("after5_relative_before", "lea here(%rip),%rsi; syscall; mov %eax,%ebx; pop %rcx; ret; here: nop")
    FUNCTION("after7_call_before", "call before5_mov_n39; syscall; mov $60,%esi; nop; ret")
    FUNCTION("trap_jump_behind", "jmp 1f; syscall; 1: cmp $-4096,%rax; ja 1b; ret")
    FUNCTION("trap_pointer_behind", "call *%rsi; syscall; behind: cmp $-4096,%rax; ret")
    FUNCTION("trap_computed_behind", "call *%rsi; syscall; computed: cmp $-4096,%rax; ret; lea computed(%rip),%rax; ret")
    FUNCTION("trap_tight", "call *%rsi; syscall; ret")
    FUNCTION("after7_loop", "call *%rsi; syscall; mov $1,%eax; 1: jmp 1b")
    FUNCTION("trap_table", "mov %edi,%edi; notrack jmp *(%rsi,%rdi,8); 1: mov %eax,%edi; mov %esi,%ebx; inc %eax; syscall; ret")
    FUNCTION("trap_string", "rep movsb; syscall; rep stosb; nopw 8(%rax); ret")
    /* what looks like a call to between them is part of a constant */
    FUNCTION("before8_chance_n1", "mov $1,%eax; 1: mov %rdi,%rsi; syscall; ret; "
	     ".byte 0x48,0xb8,0,0xe8; .long 1b-.-4; .byte 0,0; ret")
    FUNCTION("caller", "call before8_chance_n1; call caller; ret")
    ".globl trap_sigreturn_n15\n.type trap_sigreturn_n15,@function\n"
    "trap_sigreturn_n15: mov $15,%rax; syscall; ud2\n.p2align 4\n"
    ".globl labelled\n.type labelled,@function\nlabelled: xor %eax,%eax; .globl trap_label\n"
    "trap_label: mov %esi,%edi; syscall; cmp $9,%rax; ret\n"
							     /* clang-format on */
							     ".data\n.quad behind\n.section "
							     ".note.GNU-stack\n";

static int shell(const char *fmt, const char *arg)
{
	char *command = xasprintf(fmt, arg), *line = xasprintf("cd %s && %s", dir, command);
	int status = system(line);

	free(command);
	free(line);
	return status;
}

static void scan_path(const char *path, struct scan *s)
{
	int fd = open(path, O_RDONLY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || scan_file(s, fd, 0, (uint64_t)st.st_size) != 0)
		abort();
	close(fd);
}

/* Is the site as its function's name says? */
static bool as_named(const struct scan_site *s)
{
	const char *number = s->function ? strrchr(s->function, 'n') : NULL;
	char tactic[8];
	unsigned length = 0;

	if (s->function == NULL)
		return false;
	if (number && number[-1] == '_' && s->number != atoi(number + 1))
		return false;
	if (strncmp(s->function, "trap_", 5) == 0)
		return s->reason != SCAN_REWRITTEN;
	return sscanf(s->function, "%6[a-z]%u_", tactic, &length) == 2 &&
	       strcmp(tactic, scan_tactic_text(s)) == 0 && length == s->plan.length;
}

static void test_shapes(const char *flags)
{
	char *path = xasprintf("%s/shapes.so", dir);
	struct scan s;
	size_t traps = 0;

	CHECK(shell("gcc -nostdlib %s -o shapes.so shapes.s", flags) == 0);
	scan_path(path, &s);
	for (size_t i = 0; i < s.n; i++) {
		CHECK(as_named(&s.sites[i]));
		if (!as_named(&s.sites[i]))
			printf("# %s: %s %u, number %d, %s\n", s.sites[i].function,
			       scan_tactic_text(&s.sites[i]), s.sites[i].plan.length,
			       s.sites[i].number, scan_reason_text(s.sites[i].reason));
		traps += s.sites[i].reason != SCAN_REWRITTEN;
	}
	CHECK(s.n == 22);
	CHECK(traps == 8);
	scan_free(&s);
	free(path);
}

/* Without symbols, .eh_frame and section headers sites are found, and no region is less safe. */
static void test_stripped(void)
{
	char *path = xasprintf("%s/stripped.so", dir);
	char *whole = xasprintf("%s/shapes.so", dir);
	struct scan s, full;
	size_t same = 0;

	CHECK(shell("strip -s -o stripped.so %s -R .eh_frame", "shapes.so") == 0);
	scan_path(whole, &full);
	scan_path(path, &s);
	CHECK(s.n == full.n);
	for (size_t i = 0; i < s.n && i < full.n; i++)
		same += s.sites[i].address == full.sites[i].address &&
			(s.sites[i].reason == SCAN_REWRITTEN) ==
			    (full.sites[i].reason == SCAN_REWRITTEN);
	CHECK(same == full.n);
	scan_free(&s);
	scan_free(&full);
	free(path);
	free(whole);
}

/* The same sites that binutils sees, in a program that is all there is. */
static void test_against_objdump(const char *program)
{
	char *out = xasprintf("%s/objdump", dir), line[32];
	struct scan s;
	size_t n = 0, agree = 0;
	FILE *f;

	CHECK(shell("objdump -d %s | sed -n 's/^ *\\([0-9a-f]*\\):.*\\tsyscall *$/\\1/p' > objdump",
		    program) == 0);
	f = fopen(out, "r");
	scan_path(program, &s);
	for (; f && fgets(line, sizeof(line), f); n++)
		agree += n < s.n && s.sites[n].address == strtoull(line, NULL, 16);
	CHECK(n > 100);
	CHECK(n == s.n);
	CHECK(agree == n);
	if (f)
		fclose(f);
	scan_free(&s);
	free(out);
}

/* Damage: every byte of the headers, and files cut short. Nothing may crash. */
static void test_damage(void)
{
	char *path = xasprintf("%s/shapes.so", dir);
	int fd = open(path, O_RDONLY);
	size_t size = (size_t)lseek(fd, 0, SEEK_END);
	uint64_t *data = aligned_alloc(8, (size + 7) / 8 * 8);
	uint8_t *bytes = (uint8_t *)data;
	struct scan s;

	CHECK(pread(fd, data, size, 0) == (ssize_t)size);
	for (size_t i = 0; i < size; i += i < 1024 ? 1 : 61) {
		uint8_t old = bytes[i];

		for (int value = 0; value < 256; value += 51) {
			bytes[i] = (uint8_t)value;
			scan_bytes(&s, bytes, size);
			scan_free(&s);
		}
		bytes[i] = old;
	}
	for (size_t cut = 0; cut < size; cut += 97) {
		void *part = aligned_alloc(8, (cut + 7) / 8 * 8 + 8);

		memcpy(part, data, cut);
		scan_bytes(&s, part, cut);
		scan_free(&s);
		free(part);
	}
	scan_bytes(&s, bytes, size);
	CHECK(s.n > 0);
	scan_free(&s);
	free(data);
	close(fd);
	free(path);
}

static void test_other_files(void)
{
	char *path = xasprintf("%s/shapes.s", dir);
	struct scan s;

	scan_path(path, &s);
	CHECK(s.n == 0);
	scan_free(&s);
	CHECK(scan_file(&s, -1, 0, 100) == 0 && s.n == 0);
	scan_free(&s);
	free(path);
}

int main(void)
{
	char *path;
	FILE *f;

	if (mkdtemp(dir) == NULL)
		return 1;
	path = xasprintf("%s/shapes.s", dir);
	f = fopen(path, "w");
	if (f == NULL || fputs(source, f) < 0 || fclose(f) != 0)
		return 1;
	test_shapes("-shared");
	test_stripped();
	test_damage();
	test_other_files();
	test_shapes("-static -no-pie -Wl,-e,before5_mov_n39");
	test_against_objdump("/bin/busybox");
	shell("rm -rf %s", dir);
	free(path);
	return UNIT_END();
}
