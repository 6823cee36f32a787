/* SPDX-License-Identifier: MIT */
/*
 * The only door to program memory. Program and kernel share one address space; these functions
 * check the range, let a demand fault be filled, and turn a bad address into -EFAULT. May sleep (a
 * fault may read a file).
 */
#ifndef KERNEL_UACCESS_H
#define KERNEL_UACCESS_H

#include "kernel/abi/linux.h"
#include "kernel/types.h"

/* Copy n bytes. Returns the number of bytes NOT copied (0 = all), as far as the first bad byte. */
size_t uaccess_read(void *dst, uaddr_t src, size_t n) __must_check;
size_t uaccess_write(uaddr_t dst, const void *src, size_t n) __must_check;
size_t uaccess_zero(uaddr_t dst, size_t n) __must_check;

/* Whole-object forms: 0 or -EFAULT. */
static inline int copy_from_user(void *dst, uaddr_t src, size_t n)
{
	return uaccess_read(dst, src, n) ? -EFAULT : 0;
}

static inline int copy_to_user(uaddr_t dst, const void *src, size_t n)
{
	return uaccess_write(dst, src, n) ? -EFAULT : 0;
}

/* get_user(&var, addr), put_user(addr, value): one object, 0 or -EFAULT. */
#define get_user(ptr, addr) copy_from_user((ptr), (addr), sizeof(*(ptr)))
#define put_user(addr, value)                                                                      \
	({                                                                                         \
		__typeof__(value) put_v_ = (value);                                                \
		copy_to_user((addr), &put_v_, sizeof(put_v_));                                     \
	})

/*
 * Copy a NUL-terminated string of at most size bytes including the NUL.
 * Returns its length without the NUL, -EFAULT, or -ENAMETOOLONG when no NUL was found within size.
 */
ssize_t strncpy_from_user(char *dst, uaddr_t src, size_t size);

/* Atomically compare-and-exchange / load a 32-bit word (futexes): 0 or -EFAULT; *old gets the
 * previous value. */
int user_cmpxchg32(uaddr_t addr, uint32_t expect, uint32_t desired, uint32_t *old);
int user_load32(uaddr_t addr, uint32_t *value);

/* True if [addr, addr + n) lies wholly in the program's half. */
static inline bool user_range_ok(uaddr_t addr, size_t n)
{
	return n <= TASK_SIZE && addr <= TASK_SIZE - n;
}

#endif
