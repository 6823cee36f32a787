/* SPDX-License-Identifier: MIT */
/*
 * What the machine itself knows about time, for when no uniload command tells: how fast the TSC
 * runs and what time of day it is.
 */
#ifndef KERNEL_X86_64_PLATFORM_CLOCK_H
#define KERNEL_X86_64_PLATFORM_CLOCK_H

#include "kernel/types.h"

/*
 * The TSC's frequency in Hz: as the CPU or the hypervisor states it, as KVM scales its clock, or
 * measured for 10 ms against the local APIC's timer, which is used up by that. After apic_init().
 */
uint64_t platform_tsc_hz(void);
/* Nanoseconds since 1970 by KVM's clock or the real-time clock's whole seconds; 0 if there is
 * neither. */
uint64_t platform_real_ns(void);

#endif
