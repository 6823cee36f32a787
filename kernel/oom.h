/* SPDX-License-Identifier: MIT */
/* Who has to go when a page fault finds no memory: the process that holds most, as on Linux. */
#ifndef KERNEL_OOM_H
#define KERNEL_OOM_H

struct process;

#define OOM_ADJ_MAX                                                                                \
	1000 /* of process->oom_score_adj, in thousandths of memory; minus it: never               \
	      */

/* Pages that p holds, page tables included, and its adjustment; 0 for one without memory. */
long oom_points(struct process *p);
/*
 * Kill the process with the most points. Returns when it has given back its memory, or must the
 * caller end first; not if that is the caller's own process. May sleep. Locks: none held.
 */
void oom_kill(void);

#endif
