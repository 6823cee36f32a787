/* SPDX-License-Identifier: MIT */
/*
 * Rules of the boot module for single system calls (--fake, --stub, --deny, --allow): answered here
 * instead of by a handler. They are for all processes, or for those that run one program
 * (--policy-for). Without rules nothing of this runs.
 */
#ifndef SYSCALLS_RULES_H
#define SYSCALLS_RULES_H

#include "kernel/abi/bootinfo.h"
#include "kernel/types.h"

/* Take the checked module's rules; they stay where they are. Once, before the program starts. */
void rules_init(const struct bootinfo *bi);
/* Are rules, and counts, about the calling process? */
bool rules_concern(void);
/* Is there a rule that is not to do as without rules? */
bool rules_cover(uint32_t nr);
/*
 * Make the call as its rule says, if rules_cover(nr) and the process is concerned: *ret becomes its
 * result. A refusal is logged,
 * once for each number. name: NULL if Linux has no such call. Does not return if the rule kills.
 */
bool rules_answer(uint32_t nr, const char *name, long *ret);

#endif
