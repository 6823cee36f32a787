/* SPDX-License-Identifier: MIT */
/*
 * Paths that the program asked for and that do not exist (BI_MISSING): noted at lookup, each once,
 * told to the host at the end. Without missing_enable() nothing of this runs.
 */
#ifndef FS_MISSING_H
#define FS_MISSING_H

#include "kernel/types.h"

void missing_enable(void);
/* Pass on all that was noted, in the order in which it was first asked for. */
void missing_report(void (*tell)(const char *path, size_t len));

#endif
