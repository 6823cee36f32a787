/* SPDX-License-Identifier: MIT */
/*
 * The little of ACPI that is needed where no uniload command is at the other end: how to switch the
 * machine off, which processors there are, and which virtio-mmio devices QEMU's microvm has. Tables
 * are mapped when asked for. Nothing in them is trusted: what does not check out is not there.
 */
#ifndef KERNEL_X86_64_ACPI_H
#define KERNEL_X86_64_ACPI_H

#include "kernel/types.h"

/* Remember where the RSDP is; 0: there is no ACPI. */
void acpi_init(paddr_t rsdp);
/* Power off (sleep state S5) through the sleep control register of a machine with reduced hardware;
 * returns if that is not possible. */
void acpi_power_off(void);
/* The local APICs' numbers of the processors there are, at most max of them. Returns how many. */
unsigned acpi_cpus(uint8_t *apic_ids, unsigned max);
/* Call `add` for each virtio-mmio device the DSDT describes. */
void acpi_virtio_devices(int (*add)(paddr_t pa, uint64_t size, unsigned gsi));

#endif
