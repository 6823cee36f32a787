/* SPDX-License-Identifier: MIT */
/*
 * Memory policies where there is one node: set_mempolicy(2), get_mempolicy(2), mbind(2),
 * set_mempolicy_home_node(2), migrate_pages(2), move_pages(2).
 */
#include "tests/guest/cred/cred.h"

#ifndef SYS_set_mempolicy_home_node
#define SYS_set_mempolicy_home_node 450
#endif

#define DEFAULT	   0
#define PREFERRED  1
#define BIND	   2
#define INTERLEAVE 3
#define LOCAL	   4
#define STATIC	   (1 << 15)
#define RELATIVE   (1 << 14)
#define F_NODE	   1l
#define F_ADDR	   2l
#define F_ALLOWED  4l
#define MOVE	   2
#define MOVE_ALL   4

static unsigned long one = 1, none, second = 2;

static long set(int mode, unsigned long *mask)
{
	return sys(set_mempolicy, mode, mask, mask ? 64l : 0l);
}

static int mode_now(unsigned long *nodes)
{
	int mode = -1;

	return sys(get_mempolicy, &mode, nodes, nodes ? 1024l : 0l, NULL, 0l) ? -1 : mode;
}

static void thread_policy(void)
{
	static unsigned long nodes[16];
	int mode, status = -1;
	pid_t pid;

	is(mode_now(nodes), DEFAULT);
	is(nodes[0], 0);
	is(set(BIND, &one), 0);
	nodes[15] = -1;
	is(mode_now(nodes), BIND);
	is(nodes[0], 1);
	is(nodes[15], 0);
	pid = fork();
	if (pid == 0)
		_exit(mode_now(NULL) == BIND ? 0 : 1);
	is(waitpid(pid, &status, 0), pid);
	is(status, 0);
	is(set(PREFERRED, &none), 0);
	is(mode_now(nodes), LOCAL);
	is(nodes[0], 0);
	is(set(PREFERRED, &one), 0);
	is(mode_now(NULL), PREFERRED);
	is(set(INTERLEAVE | STATIC, &one), 0);
	is(mode_now(NULL), INTERLEAVE | STATIC);
	is(sys(get_mempolicy, &mode, NULL, 0l, NULL, F_NODE), 0);
	is(mode, 0);
	is(set(BIND | RELATIVE, &second), 0); /* of the nodes there are */
	is(set(LOCAL, NULL), 0);
	is(mode_now(NULL), LOCAL);
	is(set(DEFAULT, NULL), 0);
	is(mode_now(NULL), DEFAULT);
	fails(set(BIND, &none), EINVAL);
	fails(set(BIND, NULL), EINVAL);
	fails(set(INTERLEAVE, &none), EINVAL);
	fails(set(DEFAULT, &one), EINVAL);
	fails(set(LOCAL, &one), EINVAL);
	fails(set(99, &one), EINVAL);
	fails(set(BIND | STATIC | RELATIVE, &one), EINVAL);
	fails(set(PREFERRED | STATIC, &none), EINVAL);
	fails(sys(set_mempolicy, BIND, BAD, 64l), EFAULT);
	fails(sys(set_mempolicy, BIND, &one, 1l << 20), EINVAL);
	is(mode_now(NULL), DEFAULT);
}

static void queries(void)
{
	static unsigned long nodes[2];
	char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int mode = -1;

	is(sys(get_mempolicy, NULL, NULL, 0l, NULL, 0l), 0);
	is(sys(get_mempolicy, &mode, nodes, 64l, NULL, F_ALLOWED), 0);
	is(nodes[0] & 1, 1);
	p[0] = 1;
	is(sys(get_mempolicy, &mode, NULL, 0l, p, F_ADDR), 0);
	is(mode, DEFAULT);
	is(sys(get_mempolicy, &mode, NULL, 0l, p, F_ADDR | F_NODE), 0);
	is(mode, 0);
	fails(sys(get_mempolicy, &mode, NULL, 0l, p, 0l), EINVAL);
	fails(sys(get_mempolicy, &mode, NULL, 0l, NULL, F_NODE), EINVAL);
	fails(sys(get_mempolicy, &mode, nodes, 64l, NULL, F_ALLOWED | F_NODE), EINVAL);
	fails(sys(get_mempolicy, &mode, nodes, 64l, NULL, 8l), EINVAL);
	fails(sys(get_mempolicy, &mode, nodes, 0l, NULL, 0l), EINVAL);
	fails(sys(get_mempolicy, BAD, NULL, 0l, NULL, 0l), EFAULT);
	fails(sys(get_mempolicy, NULL, BAD, 1024l, NULL, 0l), EFAULT);
	fails(sys(get_mempolicy, &mode, NULL, 0l, BAD, F_ADDR), EFAULT);
	munmap(p, PAGE);
}

static void ranges(void)
{
	char *p = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	is(sys(mbind, p, 3 * PAGE, BIND, &one, 64l, 0), 0);
	is(sys(mbind, p, PAGE, PREFERRED, &one, 64l, MOVE), 0);
	is(sys(mbind, p, 3 * PAGE, DEFAULT, NULL, 0l, 0), 0);
	is(sys(mbind, p, 0l, BIND, &one, 64l, 0), 0);
	fails(sys(mbind, p + 1, PAGE, BIND, &one, 64l, 0), EINVAL);
	fails(sys(mbind, p, PAGE, BIND, &none, 64l, 0), EINVAL);
	fails(sys(mbind, p, PAGE, 99, &one, 64l, 0), EINVAL);
	fails(sys(mbind, p, PAGE, BIND, &one, 64l, 1 << 20), EINVAL);
	fails(sys(mbind, p, PAGE, BIND, BAD, 64l, 0), EFAULT);
	fails(sys(mbind, p, -PAGE, BIND, &one, 64l, 0), EINVAL);
	munmap(p + PAGE, PAGE);
	fails(sys(mbind, p, 3 * PAGE, BIND, &one, 64l, 0), EFAULT);
	munmap(p, 3 * PAGE);
	p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (sys(set_mempolicy_home_node, p, 0l, 0l, 0l) && errno == ENOSYS) {
		skip("Linux before 5.17");
		return;
	}
	is(sys(set_mempolicy_home_node, p, 0l, 0l, 0l), 0);
	fails(sys(set_mempolicy_home_node, p, PAGE, 0l, 0l), ENOENT); /* no policy there */
	fails(sys(set_mempolicy_home_node, p, PAGE, 0l, 1l), EINVAL);
	fails(sys(set_mempolicy_home_node, p, PAGE, 4000l, 0l), EINVAL);
	fails(sys(set_mempolicy_home_node, p + 1, PAGE, 0l, 0l), EINVAL);
}

static void moving(void)
{
	char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *pages[] = {p, BAD};
	int status[2] = {7, 7}, to[2] = {0, 0};

	p[0] = 1;
	is(sys(move_pages, 0, 2l, pages, NULL, status, 0), 0);
	is(status[0], 0);
	is(status[1], -EFAULT);
	is(sys(move_pages, getpid(), 1l, pages, to, status, MOVE), 0);
	is(status[0], 0);
	fails(sys(move_pages, 0, 1l, pages, NULL, status, 1), EINVAL);
	fails(sys(move_pages, 0x3fffffff, 1l, pages, NULL, status, 0), ESRCH);
	fails(sys(move_pages, 0, 1l, BAD, NULL, status, 0), EFAULT);
	fails(sys(move_pages, 0, 1l, pages, NULL, BAD, 0), EFAULT);
	fails(sys(move_pages, 0, 1l, pages, BAD, status, MOVE), EFAULT);
	to[0] = -1;
	fails(sys(move_pages, 0, 1l, pages, to, status, MOVE), ENODEV);
	is(sys(migrate_pages, 0, 64l, &one, &one), 0);
	fails(sys(migrate_pages, 0x3fffffff, 64l, &one, &one), ESRCH);
	fails(sys(migrate_pages, 0, 64l, BAD, &one), EFAULT);
	fails(sys(migrate_pages, 0, 64l, &one, BAD), EFAULT);
	if (is_root()) {
		caps_drop(BIT(CAP_SYS_NICE));
		fails(sys(move_pages, 0, 1l, pages, NULL, status, MOVE_ALL), EPERM);
		fails(sys(mbind, p, PAGE, BIND, &one, 64l, MOVE_ALL), EPERM);
	}
	munmap(p, 2 * PAGE);
}

int main(void)
{
	if (sys(get_mempolicy, NULL, NULL, 0l, NULL, 0l)) {
		skip("no memory policies here");
		return tap_done();
	}
	thread_policy();
	queries();
	ranges();
	in_child(moving());
	return tap_done();
}
