/* SPDX-License-Identifier: MIT */
/*
 * What survives a call whose neighbours may be moved: flags, the red zone, vector registers; and
 * what RCX and R11 hold after it.
 */
#include "tests/guest/rewrite/sites.h"

struct state {
	uint64_t flags, near, far; /* before and after; near and far: the red zone */
	uint64_t rcx, r11, rax;
	uint8_t xmm[2][16];
};

static struct state in, out;
static const void *back;

static void make_call(void)
{
	__asm__ volatile("sub $256, %%rsp\n" /* this function's own red zone stays below */
			 "movups 48(%[in]), %%xmm3; movups 64(%[in]), %%xmm15\n"
			 "lea 9f(%%rip), %%rax; mov %%rax, %[back]\n"
			 "mov 8(%[in]), %%rax; mov %%rax, -8(%%rsp)\n"
			 "mov 16(%[in]), %%rax; mov %%rax, -128(%%rsp)\n"
			 "mov -8(%%rsp), %%rdx\n" /* pushfq and popfq go over it */
			 "push 0(%[in]); popfq\n"
			 "mov %%rdx, -8(%%rsp)\n"
			 "mov $39, %%eax\n"
			 "syscall\n"
			 "9: mov %%rcx, 24(%[out]); mov %%r11, 32(%[out]); mov %%rax, 40(%[out])\n"
			 "mov -8(%%rsp), %%rax; mov %%rax, 8(%[out])\n"
			 "mov -128(%%rsp), %%rax; mov %%rax, 16(%[out])\n"
			 "pushfq; pop 0(%[out]); cld\n"
			 "movups %%xmm3, 48(%[out]); movups %%xmm15, 64(%[out])\n"
			 "add $256, %%rsp\n"
			 : [back] "=m"(back)
			 : [in] "r"(&in), [out] "r"(&out)
			 : "rax", "rcx", "rdx", "r11", "xmm3", "xmm15", "memory", "cc");
}

static bool kept(uint64_t flags)
{
	for (int i = 0; i < 16; i++)
		in.xmm[0][i] = in.xmm[1][15 - i] = (uint8_t)(i * 17 + flags);
	in.flags = flags | 0x202;
	in.near = 0x1122334455667788ul;
	in.far = ~in.near;
	memset(&out, 0xa5, sizeof(out));
	make_call();
	return out.flags == in.flags && out.near == in.near && out.far == in.far &&
	       !memcmp(in.xmm, out.xmm, sizeof(in.xmm)) && out.r11 == in.flags &&
	       out.rcx == (uint64_t)back && out.rax == (uint64_t)getpid();
}

int main(void)
{
	const uint64_t cf = 1, pf = 4, af = 16, zf = 0x40, sf = 0x80, df = 0x400, of = 0x800;
	int odd = 0;

	for (unsigned i = 0; i < 128; i++)
		odd += !kept((i & 1 ? cf : 0) | (i & 2 ? pf : 0) | (i & 4 ? af : 0) |
			     (i & 8 ? zf : 0) | (i & 16 ? sf : 0) | (i & 32 ? df : 0) |
			     (i & 64 ? of : 0));
	is(odd, 0);
	ok(kept(0x200000)); /* ID */
	ok(kept(0x40000));  /* AC */
	ok(kept(0));
	/* The stack pointer is nobody's business. */
	for (int i = 0; i < 20; i++)
		odd += site_no_stack() != getpid();
	is(odd, 0);
	return tap_done();
}
