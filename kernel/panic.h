/* SPDX-License-Identifier: MIT */
/* The abort path (no allocation, no lock) and the report of a program's fatal signal. */
#ifndef KERNEL_PANIC_H
#define KERNEL_PANIC_H

#include "kernel/abi/linux.h"
#include "kernel/log.h"

struct regs;

/* The machine or what it was given is wrong, not the kernel: say so and end the machine, as panic()
 * does but for the details. */
__noreturn __cold_fn void boot_failed(const char *fmt, ...) __printf(1, 2);
/* panic() at the point of an exception: reports these registers instead of the caller's. */
__noreturn __cold_fn void panic_regs(const struct regs *regs, const char *fmt, ...) __printf(2, 3);

/* With --verbose: signal, registers and symbolised backtrace of a program that dies by a fault. */
void fatal_signal_report(int signo, const siginfo_t *info, const struct regs *regs);

#endif
