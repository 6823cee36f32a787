/* SPDX-License-Identifier: MIT */
/* Shared by the tests of credentials: capabilities without a library, and children to lose them in.
 */
#ifndef TESTS_GUEST_CRED_H
#define TESTS_GUEST_CRED_H

#include "tests/guest/tap.h"

#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define BIT(cap) (1ull << (cap))
#define USER	 4321 /* no capability follows from it */

struct caps {
	uint64_t effective, permitted, inheritable;
};

static __attribute__((unused)) int caps_get(struct caps *c)
{
	struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct d[2];
	int r = sys(capget, &h, d);

	c->effective = d[0].effective | (uint64_t)d[1].effective << 32;
	c->permitted = d[0].permitted | (uint64_t)d[1].permitted << 32;
	c->inheritable = d[0].inheritable | (uint64_t)d[1].inheritable << 32;
	return r;
}

static __attribute__((unused)) int caps_set(uint64_t effective, uint64_t permitted,
					    uint64_t inheritable)
{
	struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct d[2] = {
	    {(uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable},
	    {effective >> 32, permitted >> 32, inheritable >> 32}};

	return sys(capset, &h, d);
}

/* Without one capability, whatever it has. */
static __attribute__((unused)) int caps_drop(uint64_t bits)
{
	struct caps c;

	caps_get(&c);
	return caps_set(c.effective & ~bits, c.permitted & ~bits, c.inheritable & ~bits);
}

static __attribute__((unused)) uint64_t effective(void)
{
	struct caps c;

	caps_get(&c);
	return c.effective;
}

static __attribute__((unused)) uint64_t permitted(void)
{
	struct caps c;

	caps_get(&c);
	return c.permitted;
}

/* A line of /proc/self/status that is a hexadecimal number, or -1. */
static __attribute__((unused)) long status_hex(const char *name)
{
	char buf[4096], *at;
	int fd = open("/proc/thread-self/status", O_RDONLY);
	ssize_t n = read(fd, buf, sizeof(buf) - 1);

	close(fd);
	buf[n > 0 ? n : 0] = '\0';
	at = strstr(buf, name);
	return at ? (long)strtoul(at + strlen(name) + 1, NULL, 16) : -1;
}

/* What a child has to say, with its own expectations: the counters are shared. */
#define in_child(statement)                                                                        \
	do {                                                                                       \
		int *shared_ =                                                                     \
		    mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);   \
		int status_ = 0;                                                                   \
		pid_t pid_ = fork();                                                               \
                                                                                                   \
		if (pid_ == 0) {                                                                   \
			statement;                                                                 \
			shared_[0] = tap_count;                                                    \
			shared_[1] = tap_failed;                                                   \
			_exit(0);                                                                  \
		}                                                                                  \
		if (waitpid(pid_, &status_, 0) == pid_ && status_ == 0) {                          \
			tap_count = shared_[0];                                                    \
			tap_failed = shared_[1];                                                   \
		} else {                                                                           \
			ok(false, "the child said it all: " #statement);                           \
		}                                                                                  \
		munmap(shared_, PAGE);                                                             \
	} while (0)

#endif
