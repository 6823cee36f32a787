/* SPDX-License-Identifier: MIT */
/*
 * Memory policies, numa(7). The machine has one node, 0, so that no policy makes a difference: what
 * a thread has set is remembered for get_mempolicy(2), what is said of ranges is checked.
 */
#include "kernel/heap.h"
#include "kernel/process.h"
#include "kernel/string.h"
#include "syscalls/inspect.h"
#include "syscalls/syscall.h"
#include "syscalls/util.h"

#include <linux/mempolicy.h>

#ifndef MPOL_WEIGHTED_INTERLEAVE
#define MPOL_WEIGHTED_INTERLEAVE 6 /* Linux 6.9 */
#endif
#define MODES	    (MPOL_WEIGHTED_INTERLEAVE + 1)
#define MOST_NODES  1024 /* that Linux can be built for, as distributions do */
#define NODE_MASK   1ul	 /* of the nodes there are */
#define ONE_NODE(n) ((n) == NODE_MASK)

/* ---- sets of nodes ---- */

/* The nodes a program names, of which only the first 64 are kept: 0, -EINVAL, -EFAULT. */
static long get_nodes(uaddr_t mask, unsigned long maxnode, uint64_t *out)
{
	uint64_t words[MOST_NODES / 64] = {0}, extra;
	size_t n;

	*out = 0;
	maxnode--; /* as Linux has it: the last bit does not count */
	if (!mask || !maxnode)
		return 0;
	if (maxnode > PAGE_SIZE * 8)
		return -EINVAL;
	n = ALIGN_UP(maxnode, 64ul) / 64;
	for (size_t i = ARRAY_SIZE(words); i < n; i++) {
		if (get_user(&extra, mask + i * 8))
			return -EFAULT;
		if (extra)
			return -EINVAL;
	}
	n = MIN(n, ARRAY_SIZE(words));
	if (copy_from_user(words, mask, n * 8))
		return -EFAULT;
	if (maxnode < n * 64)
		words[n - 1] &= (1ul << maxnode % 64) - 1;
	*out = words[0];
	for (size_t i = 1; i < n; i++)
		if (words[i]) /* nodes that there are not */
			*out |= 1ul << 63;
	return 0;
}

static long put_nodes(uaddr_t mask, unsigned long maxnode, uint64_t nodes)
{
	size_t bytes = ALIGN_UP(maxnode - 1, 64ul) / 8;
	uint64_t zero = 0;

	if (bytes > PAGE_SIZE)
		return -EINVAL;
	for (size_t at = 8; at < bytes; at += 8)
		if (put_user(mask + at, zero))
			return -EFAULT;
	return bytes ? copy_to_user(mask, &nodes, sizeof(nodes)) : 0;
}

/* ---- policies ---- */

/* Check mode (with its flags) and nodes; both become what is kept of them. 0 or -EINVAL. */
static long make_policy(unsigned *mode, uint64_t *nodes)
{
	unsigned flags = *mode & MPOL_MODE_FLAGS, m = *mode & ~MPOL_MODE_FLAGS;

	if (m >= MODES || ((flags & MPOL_F_STATIC_NODES) && (flags & MPOL_F_RELATIVE_NODES)))
		return -EINVAL;
	if ((flags & MPOL_F_NUMA_BALANCING) && m != MPOL_BIND && m != MPOL_PREFERRED_MANY)
		return -EINVAL;
	if (m == MPOL_DEFAULT || m == MPOL_LOCAL) {
		*mode = m;
		return *nodes || (m == MPOL_LOCAL && flags) ? -EINVAL : 0;
	}
	if (m == MPOL_PREFERRED && !*nodes) {
		*mode = MPOL_LOCAL;
		return flags & (MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES) ? -EINVAL : 0;
	}
	if (flags & MPOL_F_RELATIVE_NODES)
		*nodes = *nodes ? NODE_MASK : 0; /* folded onto the nodes there are */
	*nodes &= NODE_MASK;
	return *nodes ? 0 : -EINVAL;
}

long sys_set_mempolicy(unsigned mode, uaddr_t nodemask, unsigned long maxnode)
{
	uint64_t nodes;
	long r = get_nodes(nodemask, maxnode, &nodes);

	if (!r)
		r = make_policy(&mode, &nodes);
	if (!r)
		current->mempolicy = mode;
	return r;
}

/* The nodes of a thread's policy. */
static uint64_t nodes_of(unsigned policy)
{
	unsigned m = policy & ~MPOL_MODE_FLAGS;

	return m == MPOL_DEFAULT || m == MPOL_LOCAL ? 0 : NODE_MASK;
}

/* MPOL_F_ADDR: is something mapped there? */
static bool is_mapped(uaddr_t addr)
{
	struct mm *mm = current_mm();
	bool there;

	mutex_lock(&mm->lock);
	there = mm_find(mm, addr) != NULL;
	mutex_unlock(&mm->lock);
	return there;
}

/* What get_mempolicy(2) reports: 0 or -errno. */
static long policy_asked(uaddr_t addr, unsigned flags, int *mode, uint64_t *nodes)
{
	unsigned own = current->mempolicy;
	bool weave = (own & ~MPOL_MODE_FLAGS) == MPOL_INTERLEAVE ||
		     (own & ~MPOL_MODE_FLAGS) == MPOL_WEIGHTED_INTERLEAVE;

	*mode = 0;
	*nodes = NODE_MASK;
	if (flags & MPOL_F_MEMS_ALLOWED)
		return flags & (MPOL_F_NODE | MPOL_F_ADDR) ? -EINVAL : 0;
	if (!(flags & MPOL_F_ADDR) && addr)
		return -EINVAL;
	if ((flags & MPOL_F_ADDR) && !is_mapped(addr))
		return -EFAULT;
	*nodes = nodes_of(own);
	if (flags & MPOL_F_NODE)
		return flags & MPOL_F_ADDR || weave ? 0 : -EINVAL; /* node 0 */
	*mode = own;
	return 0;
}

long sys_get_mempolicy(uaddr_t umode, uaddr_t nodemask, unsigned long maxnode, uaddr_t addr,
		       unsigned flags)
{
	uint64_t nodes;
	int mode;
	long r;

	if (flags & ~(MPOL_F_NODE | MPOL_F_ADDR | MPOL_F_MEMS_ALLOWED) || (nodemask && maxnode < 1))
		return -EINVAL;
	r = policy_asked(addr, flags, &mode, &nodes);
	if (!r && umode)
		r = put_user(umode, mode);
	if (!r && nodemask)
		r = put_nodes(nodemask, maxnode, nodes);
	return r;
}

/* Is all of [start, end) mapped? */
static bool all_mapped(uaddr_t start, uaddr_t end)
{
	struct mm *mm = current_mm();
	struct vma *v;

	mutex_lock(&mm->lock);
	while (start < end && (v = mm_find(mm, start)))
		start = v->end;
	mutex_unlock(&mm->lock);
	return start >= end;
}

long sys_mbind(uaddr_t addr, size_t len, unsigned mode, uaddr_t nodemask, unsigned long maxnode,
	       unsigned flags)
{
	uint64_t nodes;
	long r = get_nodes(nodemask, maxnode, &nodes);

	if (r)
		return r;
	if (flags & ~(MPOL_MF_STRICT | MPOL_MF_MOVE | MPOL_MF_MOVE_ALL))
		return -EINVAL;
	if ((flags & MPOL_MF_MOVE_ALL) && !capable(CAP_SYS_NICE))
		return -EPERM;
	if (addr & ~PAGE_MASK)
		return -EINVAL;
	len = ALIGN_UP(len, PAGE_SIZE);
	if (addr + len < addr)
		return -EINVAL;
	if (!len)
		return 0;
	r = make_policy(&mode, &nodes);
	return r ? r : all_mapped(addr, addr + len) ? 0 : -EFAULT;
}

long sys_set_mempolicy_home_node(uaddr_t addr, size_t len, unsigned long home_node, unsigned flags)
{
	if ((addr & ~PAGE_MASK) || flags || home_node)
		return -EINVAL;
	len = ALIGN_UP(len, PAGE_SIZE);
	if (addr + len < addr)
		return -EINVAL;
	return len ? -ENOENT : 0;
}

/* ---- moving ---- */

long sys_migrate_pages(int pid, unsigned long maxnode, uaddr_t old_nodes, uaddr_t new_nodes)
{
	uint64_t old, new;
	struct mm *mm;
	long r = get_nodes(old_nodes, maxnode, &old);

	if (!r)
		r = get_nodes(new_nodes, maxnode, &new);
	if (!r)
		r = inspect_mm_of(pid, &mm);
	if (r)
		return r;
	mm_put(mm);
	if ((new & ~NODE_MASK) && !capable(CAP_SYS_NICE))
		return -EPERM;
	return new &NODE_MASK ? 0 : -EINVAL; /* pages left behind */
}

/* The node of the page at addr, -ENOENT (none there yet) or -EFAULT. */
static int node_of(struct mm *mm, uaddr_t addr)
{
	int r = -EFAULT;

	mutex_lock(&mm->lock);
	if (mm_find(mm, addr))
		r = mm_pagemap(mm, addr) ? 0 : -ENOENT;
	mutex_unlock(&mm->lock);
	return r;
}

static long move_each(struct mm *mm, unsigned long count, uaddr_t pages, uaddr_t nodes,
		      uaddr_t status)
{
	for (unsigned long i = 0; i < count; i++) {
		uint64_t addr;
		int node = 0, state;

		if (get_user(&addr, pages + i * sizeof(addr)) ||
		    (nodes && get_user(&node, nodes + i * sizeof(node))))
			return -EFAULT;
		if (node != 0)
			return -ENODEV;
		state = node_of(mm, addr);
		if (put_user(status + i * sizeof(state), state))
			return -EFAULT;
	}
	return 0;
}

long sys_move_pages(int pid, unsigned long count, uaddr_t pages, uaddr_t nodes, uaddr_t status,
		    unsigned flags)
{
	struct mm *mm;
	long r;

	if (flags & ~(MPOL_MF_MOVE | MPOL_MF_MOVE_ALL))
		return -EINVAL;
	if ((flags & MPOL_MF_MOVE_ALL) && !capable(CAP_SYS_NICE))
		return -EPERM;
	r = inspect_mm_of(pid, &mm);
	if (r)
		return r;
	r = move_each(mm, count, pages, nodes, status);
	mm_put(mm);
	return r;
}
