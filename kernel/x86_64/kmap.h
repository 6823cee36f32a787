/* SPDX-License-Identifier: MIT */
/* The kernel's own half of the address space. */
#ifndef KERNEL_X86_64_KMAP_H
#define KERNEL_X86_64_KMAP_H

#include "kernel/page.h"

/* At most so many bytes of page tables will kmap_init make. */
uint64_t kmap_size(const struct mem_range *ram, size_t n);

/*
 * Build the final kernel page tables (exact rights for the image, direct map of the given RAM,
 * nothing executable but kernel text) in the pages from `*bump` upwards, switch to them, and
 * advance *bump past what was used.
 */
void kmap_init(const struct mem_range *ram, size_t n, paddr_t *bump);

/* Map device registers (uncached, not executable): their kernel address, or NULL when out of
 * memory. */
void *kmap_device(paddr_t pa, size_t size);

/* A kernel stack of KSTACK_SIZE with an unmapped page below: its lowest address, or NULL. */
#define KSTACK_SIZE 16384ul
void *kstack_alloc(void);
/* Keep a stack for the next kstack_alloc. */
void kstack_free(void *stack);

#endif
