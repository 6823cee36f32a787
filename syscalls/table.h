/* SPDX-License-Identifier: MIT */
/*
 * What C code sees of table.def: enumerations of its columns and the initialiser of a row's
 * argument kinds. Shared by the kernel and the host command; no code, nothing but compile-time
 * names.
 */
#ifndef SYSCALLS_TABLE_H
#define SYSCALLS_TABLE_H

#include "syscalls/args.h"

enum syscall_status { STATUS_NONE, STATUS_FULL, STATUS_PART, STATUS_FAKE, STATUS_STUB };

enum syscall_result {
	RESULT_INT,
	RESULT_COUNT,
	RESULT_FD,
	RESULT_PID,
	RESULT_ADDR,
	RESULT_OCT,
	RESULT_NONE,
};

enum syscall_frame { FRAME_0, FRAME_REGS };

enum arg_kind {
	KIND_NONE, /* ends a row's list */
#define KIND(name, type, when, show, names) KIND_##name,
#include "syscalls/kinds.def"
	N_ARG_KINDS
};

/*
 * ARG_KIND(FD fd) is KIND_FD as a constant: the preprocessor cannot drop the name from `kind name`,
 * but the two declare a member, whose size tells the kind.
 */
#define KIND(name, type, when, show, names) typedef char kind_##name[KIND_##name];
#include "syscalls/kinds.def"
#define ARG_KIND(a) sizeof(struct { kind_##a; })

#endif
