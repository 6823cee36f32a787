/* SPDX-License-Identifier: MIT */
/*
 * Kernel heap: power-of-two-ish size classes from slabs of pages, large blocks straight from the
 * page allocator. Memory is never executable. Never sleeps; leaf lock inside.
 */
#ifndef KERNEL_HEAP_H
#define KERNEL_HEAP_H

#include "kernel/types.h"

/* 16-byte aligned (page-aligned from one page up); NULL when out of memory. kmalloc(0) gives a
 * unique block. */
void *kmalloc(size_t size) __attribute__((malloc));
void *kzalloc(size_t size) __attribute__((malloc));
/* As realloc(3); on failure the old block is kept and NULL returned. */
void *krealloc(void *p, size_t size);
void kfree(void *p); /* NULL allowed */
char *kstrdup(const char *s);
void *kmemdup(const void *p, size_t size);

#endif
