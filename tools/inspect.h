/* SPDX-License-Identifier: MIT */
/* Parts of `uniload inspect` that have files of their own. */
#ifndef TOOLS_INSPECT_H
#define TOOLS_INSPECT_H

#include "tools/fileset.h"
#include "tools/module.h"
#include "tools/report.h"

/* inspect_syscalls.c: the whole report of --syscalls on the files of a root (NULL: none) and those
 * over it. Files that cannot be read are named on standard error. */
void tell_syscalls(struct report *r, const struct fileset *set, const struct guest_files *over);

#endif
