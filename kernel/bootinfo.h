/* SPDX-License-Identifier: MIT */
/*
 * The guest's side of the boot module (kernel/abi/bootinfo.h): checked once, then read through
 * these accessors, which need no checks of their own. The module is immutable and stays where the
 * machine put it; pointers into it stay valid.
 */
#ifndef KERNEL_BOOTINFO_H
#define KERNEL_BOOTINFO_H

#include "kernel/abi/bootinfo.h"
#include "kernel/abi/plan.h"
#include "kernel/types.h"

#define BOOTINFO_MAX_GROUPS 65536 /* Linux: NGROUPS_MAX */
#define BOOTINFO_MAX_TAG    31	  /* characters of a 9p mount tag */

/*
 * Check all of a module of `size` bytes at `module`. Returns NULL if it is good: from then on it
 * may be used as a struct bootinfo; else what is wrong with it, for people.
 */
const char *bootinfo_check(const void *module, uint64_t size);

/* The functions below take a module that passed bootinfo_check and offsets out of it. */
static inline const char *bootinfo_string(const struct bootinfo *bi, uint32_t offset)
{
	return (const char *)bi + offset;
}

static inline const struct bi_file *bootinfo_files(const struct bootinfo *bi)
{
	return (const struct bi_file *)((const char *)bi + bi->files);
}

static inline const char *bootinfo_path(const struct bootinfo *bi, const struct bi_file *f)
{
	return bootinfo_string(bi, f->path);
}

/* Contents of a regular file that is not empty, or target of a symbolic link (NUL-terminated). */
static inline const void *bootinfo_data(const struct bootinfo *bi, const struct bi_file *f)
{
	return (const char *)bi + f->data;
}

static inline const uint32_t *bootinfo_groups(const struct bootinfo *bi)
{
	return (const uint32_t *)((const char *)bi + bi->groups);
}

static inline const struct bi_volume *bootinfo_volumes(const struct bootinfo *bi)
{
	return (const struct bi_volume *)((const char *)bi + bi->volumes);
}

static inline const struct bi_rule *bootinfo_rules(const struct bootinfo *bi)
{
	return (const struct bi_rule *)((const char *)bi + bi->rules);
}

/*
 * The plan, if plan_size is not 0. That its tables lie inside the module is checked, what stands in
 * them is not.
 */
static inline const struct plan_header *bootinfo_plan(const struct bootinfo *bi)
{
	return (const struct plan_header *)((const char *)bi + bi->plan_offset);
}

/* Pointers to all strings of bi->argv or bi->envp into out[s->count]. */
void bootinfo_strings(const struct bootinfo *bi, const struct bi_strings *s, const char **out);

#endif
