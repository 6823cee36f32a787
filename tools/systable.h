/* SPDX-License-Identifier: MIT */
/* The system call table (syscalls/table.def) as the host command sees it. */
#ifndef TOOLS_SYSTABLE_H
#define TOOLS_SYSTABLE_H

#include "syscalls/table.h"

#include <stddef.h>

struct systable_row {
	unsigned nr;
	const char *name;
	enum syscall_status status;
	const char *value; /* of a STUB its errno, of a FAKE its answer */
	const char *note;
};

/* Every number is smaller; numbers that Linux does not have are among them. */
union systable_numbers {
#define SYS(nr, name, status, value, result, frame, args, note) char name##_[nr + 1];
#include "syscalls/table.def"
};
#define SYSTABLE_NUMBERS ((unsigned)sizeof(union systable_numbers))

extern const struct systable_row systable[]; /* in the order of numbers */
extern const size_t systable_rows;
extern const char *const systable_status[]; /* "FULL", by enum syscall_status */

/* NULL if Linux has none. A name is `len` bytes at `name`. */
const struct systable_row *systable_by_number(unsigned nr);
const struct systable_row *systable_by_name(const char *name, size_t len);
/* The name of the table that is most like this one. */
const char *systable_nearest(const char *name, size_t len);

#endif
