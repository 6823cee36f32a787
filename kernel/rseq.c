/* SPDX-License-Identifier: MIT */
/*
 * Restartable sequences, as include/uapi/linux/rseq.h describes them. An area or a section
 * descriptor that is not valid costs the program a SIGSEGV, as on Linux. There is one node. The
 * concurrency id is the CPU's number: as Linux's, below the number of CPUs and of one running
 * thread at a time.
 */
#include "kernel/rseq.h"

#include "kernel/signal.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/uaccess.h"

#define RSEQ_ORIG_SIZE 32 /* size and alignment of the first version of struct rseq */

/* struct rseq as of Linux 6.3; older headers end at flags. */
struct rseq_area {
	uint32_t cpu_id_start, cpu_id;
	uint64_t rseq_cs;
	uint32_t flags, node_id, mm_cid, end;
};

_Static_assert(offsetof(struct rseq_area, rseq_cs) == offsetof(struct rseq, rseq_cs), "rseq_cs");
_Static_assert(offsetof(struct rseq_area, flags) == offsetof(struct rseq, flags), "flags");

static int put_ids(uaddr_t area, uint32_t cpu_id)
{
	bool valid = cpu_id != (uint32_t)RSEQ_CPU_ID_UNINITIALIZED;
	uint32_t cpus[2] = {valid ? cpu_id : 0, cpu_id},
		 ids[2] = {0, cpus[0]}; /* node_id, mm_cid */

	if (copy_to_user(area, cpus, sizeof(cpus)))
		return -EFAULT;
	return copy_to_user(area + offsetof(struct rseq_area, node_id), ids, sizeof(ids));
}

static int rseq_unregister(uaddr_t area, uint32_t len, uint32_t sig)
{
	struct thread *t = current;

	if (!t->rseq || t->rseq != area || t->rseq_len != len)
		return -EINVAL;
	if (t->rseq_sig != sig)
		return -EPERM;
	if (put_ids(area, (uint32_t)RSEQ_CPU_ID_UNINITIALIZED))
		return -EFAULT;
	t->rseq = 0;
	t->rseq_len = t->rseq_sig = 0;
	return 0;
}

/* The first version's size holds all the fields we know. */
static bool area_ok(uaddr_t area, uint32_t len)
{
	return len >= RSEQ_ORIG_SIZE && IS_ALIGNED(area, RSEQ_ORIG_SIZE);
}

int rseq_register(uaddr_t area, uint32_t len, int flags, uint32_t sig)
{
	struct thread *t = current;

	if (flags == RSEQ_FLAG_UNREGISTER)
		return rseq_unregister(area, len, sig);
	if (flags)
		return -EINVAL;
	if (t->rseq) {
		if (t->rseq != area || t->rseq_len != len)
			return -EINVAL;
		return t->rseq_sig != sig ? -EPERM : -EBUSY;
	}
	if (!area_ok(area, len))
		return -EINVAL;
	/* A section left over from before must not be taken for an active one. */
	if (!user_range_ok(area, len) ||
	    put_user(area + offsetof(struct rseq_area, rseq_cs), (uint64_t)0) ||
	    put_ids(area, t->cpu))
		return -EFAULT;
	t->rseq = area;
	t->rseq_len = len;
	t->rseq_sig = sig;
	return 0;
}

/* Fetch and check a section descriptor. Returns 0, -EFAULT or -EINVAL. */
static int section_get(uaddr_t at, struct rseq_cs *cs)
{
	uint32_t sig;

	if (copy_from_user(cs, at, sizeof(*cs)))
		return -EFAULT;
	if (cs->version > 0 || cs->start_ip >= TASK_SIZE || cs->abort_ip >= TASK_SIZE ||
	    cs->post_commit_offset >= TASK_SIZE - cs->start_ip ||
	    cs->abort_ip - cs->start_ip < cs->post_commit_offset)
		return -EINVAL;
	if (get_user(&sig, cs->abort_ip - sizeof(sig)))
		return -EFAULT;
	return sig == current->rseq_sig ? 0 : -EINVAL;
}

/* Leave the critical section regs are in, if any: through its abort handler. 0, -EFAULT or -EINVAL.
 */
static int section_abort(struct regs *regs)
{
	struct rseq_area area;
	struct rseq_cs cs;
	bool inside;
	int r;

	if (copy_from_user(&area, current->rseq, RSEQ_ORIG_SIZE))
		return -EFAULT;
	if (!area.rseq_cs)
		return 0;
	r = section_get(area.rseq_cs, &cs);
	if (r)
		return r;
	inside = regs->rip - cs.start_ip < cs.post_commit_offset;
	if (inside &&
	    (cs.flags || area.flags)) /* the old ways to say when not to abort are refused */
		return -EINVAL;
	r = put_user(current->rseq + offsetof(struct rseq_area, rseq_cs), (uint64_t)0);
	if (r == 0 && inside)
		regs->rip = cs.abort_ip;
	return r;
}

void rseq_signal(struct regs *regs, int signo)
{
	if (current->rseq && section_abort(regs))
		signal_force_segv(signo);
}

void rseq_resume(struct regs *regs)
{
	__atomic_and_fetch(&current->work, ~WORK_RSEQ, __ATOMIC_RELAXED);
	if (current->rseq && (section_abort(regs) || put_ids(current->rseq, current->cpu)))
		signal_force_segv(0);
}
