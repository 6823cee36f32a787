/* SPDX-License-Identifier: MIT */
/*
 * Prototypes of all handlers, derived from table.def: `long sys_NAME(arg_KIND name, ...)`, where
 * arg_KIND is the C type of the argument kind. STUB rows are declared too, so that writing a
 * handler comes before flipping its row.
 */
#ifndef SYSCALLS_PROTOTYPES_H
#define SYSCALLS_PROTOTYPES_H

#include "kernel/types.h"
#include "syscalls/args.h"

#define KIND(name, type, when, show, names) typedef type arg_##name;
#include "syscalls/kinds.def"

#define ARG_DECLARE(a)						arg_##a
#define ARGS(...)						ARG_MAP(ARG_DECLARE, __VA_ARGS__)
#define NOARGS							void
#define SYS(nr, name, status, value, result, frame, args, note) long sys_##name(args);
#include "syscalls/table.def"

#endif
