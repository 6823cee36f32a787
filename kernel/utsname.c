/* SPDX-License-Identifier: MIT */
/* The names of the system, the two that can be changed among them. */
#include "kernel/utsname.h"

#include "kernel/lock.h"
#include "kernel/string.h"

static struct spinlock lock;
static struct new_utsname names = {
    /* (lock) */
    .sysname = "Linux",	       .nodename = "(none)", .release = KERNEL_RELEASE,
    .version = KERNEL_VERSION, .machine = "x86_64",  .domainname = "(none)",
};

void kernel_utsname(struct new_utsname *out)
{
	spin_lock(&lock);
	*out = names;
	spin_unlock(&lock);
}

static void set(char field[__NEW_UTS_LEN + 1], const char *name, size_t len)
{
	len = MIN(len, (size_t)__NEW_UTS_LEN);
	spin_lock(&lock);
	memcpy(field, name, len);
	memset(field + len, 0, __NEW_UTS_LEN + 1 - len);
	spin_unlock(&lock);
}

void kernel_set_hostname(const char *name, size_t len)
{
	set(names.nodename, name, len);
}

void kernel_set_domainname(const char *name, size_t len)
{
	set(names.domainname, name, len);
}
