/* SPDX-License-Identifier: MIT */
/* arch_prctl(2): the FS and GS bases really move; refusals. */
#include "tests/guest/tap.h"

enum { SET_GS = 0x1001, SET_FS = 0x1002, GET_FS = 0x1003, GET_GS = 0x1004 };

static uint64_t area[4] = {0x1122334455667788, 0x99aabbccddeeff00};

/* Reads the first word at the FS base `base` and puts the old base back, without touching TLS in
 * between. */
static uint64_t through_fs(uint64_t base, uint64_t old)
{
	uint64_t got;

	__asm__ volatile("mov $158, %%eax\n mov $0x1002, %%edi\n syscall\n"
			 "mov %%fs:0, %%r12\n"
			 "mov $158, %%eax\n mov $0x1002, %%edi\n mov %[old], %%rsi\n syscall\n"
			 "mov %%r12, %[got]\n"
			 : [got] "=r"(got), "+S"(base)
			 : [old] "r"(old)
			 : "rax", "rdi", "rcx", "r11", "r12", "memory");
	return got;
}

static uint64_t through_gs(void)
{
	uint64_t v;

	__asm__ volatile("mov %%gs:8, %0" : "=r"(v));
	return v;
}

int main(void)
{
	uint64_t fs = 0, gs = 1, again = 0;

	is(sys(arch_prctl, GET_FS, &fs), 0);
	ok(fs != 0);
	is(*(uint64_t *)fs, fs); /* the thread pointer points at itself */
	is(through_fs((uint64_t)area, fs), 0x1122334455667788);
	is(sys(arch_prctl, GET_FS, &again), 0);
	is(again, fs);
	is(sys(arch_prctl, GET_GS, &gs), 0);
	is(gs, 0);
	is(sys(arch_prctl, SET_GS, area), 0); /* xfail: the GS base is the kernel's (table.def) */
	is(through_gs(), 0x99aabbccddeeff00); /* xfail: the GS base is the kernel's (table.def) */
	usleep(1000);
	is(through_gs(), 0x99aabbccddeeff00); /* xfail: the GS base is the kernel's (table.def) */
	is(sys(arch_prctl, GET_GS, &gs), 0);
	is(gs, area);			     /* xfail: the GS base is the kernel's (table.def) */
	is(sys(arch_prctl, SET_GS, 0ul), 0); /* xfail: the GS base is the kernel's (table.def) */
	fails(sys(arch_prctl, SET_GS, 0xffff888000000000ul), EPERM);
	fails(sys(arch_prctl, SET_FS, 0x8000000000000000ul), EPERM);
	fails(sys(arch_prctl, GET_FS, BAD), EFAULT);
	fails(sys(arch_prctl, 0x9999, 0ul), EINVAL);
	return tap_done();
}
