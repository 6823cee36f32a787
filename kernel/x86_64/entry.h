/* SPDX-License-Identifier: MIT */
/* What the entry assembly (entry.S, switch.S) and C give each other. */
#ifndef KERNEL_X86_64_ENTRY_H
#define KERNEL_X86_64_ENTRY_H

#include "kernel/types.h"

struct cpu;
struct regs;

/* ---- assembly called from C ---- */
long nub_call(unsigned service, uint64_t arg);
long nub_call2(unsigned service, uint64_t arg, uint64_t arg2);
long syscall_probe_call(void); /* 3 if `syscall` arrives in ring 3, else 0 */
void context_switch(uint64_t *save_rsp, uint64_t load_rsp);
size_t user_copy(void *dst, const void *src, size_t n);
size_t user_zero(void *dst, size_t n);
ssize_t user_copy_string(char *dst, const char *src, size_t n);
int user_cmpxchg(uint32_t *p, uint32_t expect, uint32_t desired, uint32_t *old);
int user_xsave(void *area, uint64_t mask, bool have_xsave);
int user_xrstor(const void *area, uint64_t mask, bool have_xsave);

/* Faults in this range resume at user_access_fault. */
extern const char user_access_begin[], user_access_end[], user_access_fault[];
/* The way out to the program with interrupts unmasked, and the jump that leaves. */
extern const char exit_begin[], exit_syscall_jmp[], exit_end[];

/* The system call table (syscalls/dispatch.c) as the entry calls it, and how many rows it may use
 * directly: 0 sends every call through syscall_slow. */
typedef long (*syscall_fn)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);
extern uint32_t syscall_limit;
/* Stands in the table for handlers that read the complete frame: goes to syscall_slow. */
void syscall_needs_frame(void);

/* Taken by kernel_enter, given back by kernel_leave; how many CPUs wait for it in C. */
extern uint8_t kernel_lock;
extern uint32_t kernel_lock_waiters;
/* Where calls of them are to be written once there are several CPUs: place and target, in pairs. */
extern const uint64_t lock_sites[], lock_sites_end[];

/* Real-mode code for address 0, and whom it starts. */
extern const char ap_trampoline[], ap_trampoline_end[];
extern struct cpu *ap_cpu;

/* Where stubs of rewritten system calls jump to. */
extern const char syscall_entry_stub[];

/* ---- C called from assembly ---- */
__noreturn void smp_main(void);
void kernel_lock_wait(void);
void kernel_flush_stale(void);
__noreturn void kernel_main(void);
long syscall_slow(struct regs *regs);
/* Everything to do before the program goes on: interrupts, other threads, signals. */
void exit_to_program(struct regs *regs);
void exception_in_program(struct regs *regs);
void exception_in_kernel(struct regs *regs);
__noreturn void exception_bad_stack(struct regs *regs);

#endif
