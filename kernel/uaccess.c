/* SPDX-License-Identifier: MIT */
/*
 * Copying to and from program memory. The range check keeps handlers out of the kernel half;
 * everything else is left to the page tables: a fault inside user_copy and its kin is first offered
 * to mm_fault (demand filling) and, if that cannot resolve it, ends the copy early (kernel/trap.c).
 */
#include "kernel/uaccess.h"

#include "kernel/x86_64/entry.h"

/*
 * The copy moves words; after a fault up to 7 good bytes may be left before the bad page. Linux
 * delivers those too, so they are copied one by one.
 */
static size_t copy_exact(void *dst, const void *src, size_t n)
{
	size_t left = user_copy(dst, src, n), tail;

	if (likely(!left))
		return 0;
	tail = MIN(left, sizeof(uint64_t) - 1);
	return left - tail +
	       user_copy((char *)dst + (n - left), (const char *)src + (n - left), tail);
}

/* How much of [addr, addr + n) lies in the program's half. */
static size_t clip(uaddr_t addr, size_t n)
{
	if (addr >= TASK_SIZE)
		return 0;
	return MIN(n, TASK_SIZE - addr);
}

size_t uaccess_read(void *dst, uaddr_t src, size_t n)
{
	size_t ok = clip(src, n);

	return n - ok + (ok ? copy_exact(dst, (const void *)src, ok) : 0);
}

size_t uaccess_write(uaddr_t dst, const void *src, size_t n)
{
	size_t ok = clip(dst, n);

	return n - ok + (ok ? copy_exact((void *)dst, src, ok) : 0);
}

size_t uaccess_zero(uaddr_t dst, size_t n)
{
	size_t ok = clip(dst, n);

	size_t left = ok ? user_zero((void *)dst, ok) : 0;

	if (unlikely(left)) { /* as in copy_exact */
		size_t tail = MIN(left, sizeof(uint64_t) - 1);

		left = left - tail + user_zero((void *)(dst + (ok - left)), tail);
	}
	return n - ok + left;
}

ssize_t strncpy_from_user(char *dst, uaddr_t src, size_t size)
{
	size_t ok = clip(src, size);
	ssize_t len;

	if (!ok)
		return size ? -EFAULT : -ENAMETOOLONG;
	len = user_copy_string(dst, (const char *)src, ok);
	if (len < 0 || ((size_t)len == ok && ok < size))
		return -EFAULT;
	return (size_t)len == size ? -ENAMETOOLONG : len;
}

int user_cmpxchg32(uaddr_t addr, uint32_t expect, uint32_t desired, uint32_t *old)
{
	if (!user_range_ok(addr, sizeof(uint32_t)) || addr % sizeof(uint32_t))
		return -EFAULT;
	return user_cmpxchg((uint32_t *)addr, expect, desired, old) ? -EFAULT : 0;
}

int user_load32(uaddr_t addr, uint32_t *value)
{
	return copy_from_user(value, addr, sizeof(*value));
}
