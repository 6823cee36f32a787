/* SPDX-License-Identifier: MIT */
/*
 * System V semaphores. Operations that cannot be done yet wait on their set, oldest first, in two
 * lists: those that only wait for zeros, and those that change something. Whoever changes a value
 * does, in their name, all waiting operations that can be done then (settle), and wakes who waited
 * with the result: so nobody wakes in vain, and the order is Linux's. What SEM_UNDO has added up is
 * in a struct undo for each process and set.
 *
 * Locks: table.lock for everything.
 */
#include "fs/sem.h"

#include "fs/ipc.h"
#include "fs/seq.h"
#include "kernel/heap.h"
#include "kernel/task.h"
#include "kernel/wait.h"

struct sem {
	int value;
	int pid; /* of the last operation */
};

struct sem_set {
	struct ipc_perm_info perm;
	int n;
	int64_t otime, ctime;	  /* seconds */
	struct list zeros, alter; /* of struct pending */
	struct list undos;	  /* of struct undo, set_link */
	struct sem sems[];
};

struct undo {
	struct list process_link, set_link;
	struct sem_set *set;
	int16_t adjust[]; /* to add at the end */
};

struct sem_undos {
	uint32_t refs;	  /* processes */
	struct list list; /* of struct undo, process_link */
};

/* The operations of one call. */
struct pending {
	struct list link;
	const struct sembuf *ops, *blocking; /* blocking: what it waits for */
	unsigned n;
	struct undo *undo; /* NULL: without SEM_UNDO */
	int pid;
	bool done;
	int status; /* when done */
	struct wait_queue wq;
};

int sem_limits[] = {SEMMSL, SEMMNS, SEMOPM, SEMMNI};
static struct ipc_table table = IPC_TABLE_INIT(sem_limits[SEM_SETS]);
static int n_sems; /* in all sets */

static struct sem_set *set_of(struct ipc_perm_info *p)
{
	return container_of(p, struct sem_set, perm);
}

/* ---- operations ---- */

/* One operation. 0, 1: not yet, or -ERANGE. */
static int try_one(struct sem_set *set, const struct sembuf *op, struct undo *u)
{
	struct sem *s = &set->sems[op->sem_num];
	int value = s->value + op->sem_op;

	if ((!op->sem_op && s->value) || value < 0)
		return 1;
	if (value > SEMVMX)
		return -ERANGE;
	if (op->sem_flg & SEM_UNDO) {
		int adjust = u->adjust[op->sem_num] - op->sem_op;

		if (adjust < -SEMAEM - 1 || adjust > SEMAEM)
			return -ERANGE;
		u->adjust[op->sem_num] = (int16_t)adjust;
	}
	s->value = value;
	return 0;
}

static void take_back(struct sem_set *set, const struct sembuf *op, struct undo *u)
{
	set->sems[op->sem_num].value -= op->sem_op;
	if (op->sem_flg & SEM_UNDO)
		u->adjust[op->sem_num] = (int16_t)(u->adjust[op->sem_num] + op->sem_op);
}

/* All of them, each seeing what those before it did, or none. 0, 1: not yet, or -errno. */
static int try_all(struct sem_set *set, struct pending *p)
{
	unsigned i;
	int r = 0;

	for (i = 0; i < p->n && r == 0; i++)
		r = try_one(set, &p->ops[i], p->undo);
	if (r) {
		p->blocking = &p->ops[--i];
		if (r == 1 && (p->blocking->sem_flg & IPC_NOWAIT))
			r = -EAGAIN;
		while (i-- > 0)
			take_back(set, &p->ops[i], p->undo);
		return r;
	}
	for (i = 0; i < p->n; i++)
		set->sems[p->ops[i].sem_num].pid = p->pid;
	return 0;
}

static void finish(struct pending *p, int status)
{
	list_del(&p->link);
	p->status = status;
	p->done = true;
	wait_wake_all(&p->wq);
}

/* Do what can be done of a list; with first, one success at most. Did one succeed? */
static bool settle_list(struct sem_set *set, struct list *waiting, bool first)
{
	struct pending *p, *next;
	bool any = false;

	list_for_each_safe (p, next, waiting, link) {
		int r = try_all(set, p);

		if (r == 1)
			continue;
		finish(p, r);
		any |= r == 0;
		if (any && first)
			break;
	}
	return any;
}

/* Values have changed: do all that can be done now. Did any succeed? */
static bool settle(struct sem_set *set)
{
	bool any = settle_list(set, &set->zeros, false);

	while (settle_list(set, &set->alter, true)) {
		(void)settle_list(set, &set->zeros, false);
		any = true;
	}
	return any;
}

/* As settle, after semctl(2): the time is that of operations only. */
static void settle_after_set(struct sem_set *set)
{
	set->ctime = ipc_now();
	if (settle(set))
		set->otime = set->ctime;
}

/* ---- undoing ---- */

/* What the current process has to undo in the set; NULL: no memory. */
static struct undo *undo_get(struct sem_set *set)
{
	struct process *p = current_process();
	struct undo *u;

	if (!p->sem_undos) {
		p->sem_undos = kzalloc(sizeof(*p->sem_undos));
		if (!p->sem_undos)
			return NULL;
		p->sem_undos->refs = 1;
		list_init(&p->sem_undos->list);
	}
	list_for_each (u, &p->sem_undos->list, process_link)
		if (u->set == set)
			return u;
	u = kzalloc(sizeof(*u) + set->n * sizeof(u->adjust[0]));
	if (!u)
		return NULL;
	u->set = set;
	list_add_tail(&u->process_link, &p->sem_undos->list);
	list_add_tail(&u->set_link, &set->undos);
	return u;
}

static void undo_free(struct undo *u)
{
	list_del(&u->process_link);
	list_del(&u->set_link);
	kfree(u);
}

/* Somebody has set the value: there is nothing to go back to. */
static void forget_undo(struct sem_set *set, int num)
{
	struct undo *u;

	list_for_each (u, &set->undos, set_link)
		u->adjust[num] = 0;
}

static void undo_apply(struct undo *u, int pid)
{
	struct sem_set *set = u->set;

	for (int i = 0; i < set->n; i++) {
		if (!u->adjust[i])
			continue;
		set->sems[i].value = MIN(MAX(set->sems[i].value + u->adjust[i], 0), SEMVMX);
		set->sems[i].pid = pid;
	}
	undo_free(u);
	(void)settle(set);
	set->otime = ipc_now();
}

int sem_share_undo(struct process *child)
{
	struct process *p = current_process();

	spin_lock(&table.lock);
	if (!p->sem_undos) {
		p->sem_undos = kzalloc(sizeof(*p->sem_undos));
		if (p->sem_undos) {
			p->sem_undos->refs = 1;
			list_init(&p->sem_undos->list);
		}
	}
	child->sem_undos = p->sem_undos;
	if (child->sem_undos)
		child->sem_undos->refs++;
	spin_unlock(&table.lock);
	return child->sem_undos ? 0 : -ENOMEM;
}

void sem_undo_all(struct process *p)
{
	struct sem_undos *all = p->sem_undos;

	if (!all)
		return;
	p->sem_undos = NULL;
	spin_lock(&table.lock);
	if (!--all->refs) {
		while (!list_empty(&all->list))
			undo_apply(list_first(&all->list, struct undo, process_link), p->pid);
		kfree(all);
	}
	spin_unlock(&table.lock);
}

/* ---- semop ---- */

/* Checks that need the set, and what is to be undone. 0 or -errno. Lock held. */
static int prepare(struct sem_set *set, struct pending *p, bool *alters)
{
	bool undo = false;
	int r;

	*alters = false;
	for (unsigned i = 0; i < p->n; i++) {
		if (p->ops[i].sem_num >= set->n)
			return -EFBIG;
		*alters |= p->ops[i].sem_op != 0;
		undo |= p->ops[i].sem_flg & SEM_UNDO;
	}
	r = ipc_permission(&set->perm, *alters ? 0222 : 0444);
	if (r || !undo)
		return r;
	p->undo = undo_get(set);
	return p->undo ? 0 : -ENOMEM;
}

/* At once, or queued (1). Lock held. */
static int start(struct sem_set *set, struct pending *p)
{
	bool alters;
	int r = prepare(set, p, &alters);

	if (r == 0)
		r = try_all(set, p);
	if (r == 0) {
		if (alters)
			(void)settle(set);
		set->otime = ipc_now();
	} else if (r == 1) {
		list_add_tail(&p->link, alters ? &set->alter : &set->zeros);
	}
	return r;
}

int sem_operate(int id, const struct sembuf *ops, unsigned n, uint64_t deadline_ns)
{
	struct pending p = {.ops = ops, .n = n, .pid = current_process()->pid};
	struct ipc_perm_info *perm;
	int r;

	spin_lock(&table.lock);
	perm = ipc_find(&table, id);
	r = perm ? start(set_of(perm), &p) : -EINVAL;
	spin_unlock(&table.lock);
	if (r != 1)
		return r;
	r = wait_until(&p.wq, READ_ONCE(p.done), deadline_ns);
	spin_lock(&table.lock);
	if (p.done)
		r = p.status;
	else
		list_del(&p.link);
	spin_unlock(&table.lock);
	return r == -ETIMEDOUT ? -EAGAIN : r == -ERESTARTSYS ? -EINTR : r;
}

/* ---- semget ---- */

static int make(int key, int n, unsigned flags)
{
	struct sem_set *set;
	int r;

	if (!n)
		return -EINVAL;
	if (n > sem_limits[SEM_ALL] - n_sems)
		return -ENOSPC;
	set = kzalloc(sizeof(*set) + n * sizeof(set->sems[0]));
	if (!set)
		return -ENOMEM;
	r = ipc_add(&table, &set->perm, key, flags);
	if (r) {
		kfree(set);
		return r;
	}
	set->n = n;
	set->ctime = ipc_now();
	list_init(&set->zeros);
	list_init(&set->alter);
	list_init(&set->undos);
	n_sems += n;
	return set->perm.id;
}

int sem_get(int key, int n, unsigned flags)
{
	struct ipc_perm_info *p;
	int r;

	if (n < 0 || n > sem_limits[SEM_PER_SET])
		return -EINVAL;
	spin_lock(&table.lock);
	r = ipc_lookup(&table, key, flags, &p);
	if (r == 0 && !p)
		r = make(key, n, flags);
	else if (r == 0 && n > set_of(p)->n)
		r = -EINVAL;
	else if (r == 0)
		r = ipc_permission(p, flags) ?: p->id;
	spin_unlock(&table.lock);
	return r;
}

/* ---- semctl ---- */

/* How many wait for this semaphore to be zero, or to be more. */
static int count_waiting(const struct list *waiting, int num, bool zero)
{
	const struct pending *p;
	int n = 0;

	list_for_each (p, waiting, link)
		n += p->blocking->sem_num == num &&
		     (zero ? !p->blocking->sem_op : p->blocking->sem_op < 0);
	return n;
}

static int query(const struct sem_set *set, int num, int cmd)
{
	if (num < 0 || num >= set->n)
		return -EINVAL;
	switch (cmd) {
	case GETVAL:
		return set->sems[num].value;
	case GETPID:
		return set->sems[num].pid;
	default:
		return count_waiting(&set->zeros, num, cmd == GETZCNT) +
		       count_waiting(&set->alter, num, cmd == GETZCNT);
	}
}

int sem_query(int id, int num, int cmd)
{
	struct ipc_perm_info *p;
	int r;

	spin_lock(&table.lock);
	r = ipc_use(&table, id, 0444, &p);
	if (r == 0)
		r = query(set_of(p), num, cmd);
	spin_unlock(&table.lock);
	return r;
}

static void set_value(struct sem_set *set, int num, int value)
{
	forget_undo(set, num);
	set->sems[num] = (struct sem){value, current_process()->pid};
}

int sem_set_value(int id, int num, int value)
{
	struct ipc_perm_info *p;
	int r;

	if (value < 0 || value > SEMVMX)
		return -ERANGE;
	spin_lock(&table.lock);
	p = ipc_find(&table, id);
	if (!p || num < 0 || num >= set_of(p)->n)
		r = -EINVAL;
	else
		r = ipc_permission(p, 0222);
	if (r == 0) {
		set_value(set_of(p), num, value);
		settle_after_set(set_of(p));
	}
	spin_unlock(&table.lock);
	return r;
}

int sem_values(int id, uint16_t **out, unsigned *n)
{
	struct ipc_perm_info *p;
	int r;

	spin_lock(&table.lock);
	r = ipc_use(&table, id, 0444, &p);
	if (r == 0) {
		*n = (unsigned)set_of(p)->n;
		*out = kmalloc(*n * sizeof(**out));
		r = *out ? 0 : -ENOMEM;
	}
	for (unsigned i = 0; r == 0 && i < *n; i++)
		(*out)[i] = (uint16_t)set_of(p)->sems[i].value;
	spin_unlock(&table.lock);
	return r;
}

int sem_writable(int id)
{
	struct ipc_perm_info *p;
	int r;

	spin_lock(&table.lock);
	r = ipc_use(&table, id, 0222, &p) ?: set_of(p)->n;
	spin_unlock(&table.lock);
	return r;
}

int sem_set_values(int id, const uint16_t *values, unsigned n)
{
	struct ipc_perm_info *p;
	int r;

	for (unsigned i = 0; i < n; i++)
		if (values[i] > SEMVMX)
			return -ERANGE;
	spin_lock(&table.lock);
	r = ipc_use(&table, id, 0222, &p);
	if (r == -EINVAL || (r == 0 && (unsigned)set_of(p)->n != n))
		r = -EIDRM; /* it went since sem_writable() */
	for (unsigned i = 0; r == 0 && i < n; i++)
		set_value(set_of(p), (int)i, values[i]);
	if (r == 0)
		settle_after_set(set_of(p));
	spin_unlock(&table.lock);
	return r;
}

int sem_stat(int id, bool by_place, bool any, struct semid64_ds *out)
{
	struct ipc_perm_info *p;
	int r;

	spin_lock(&table.lock);
	r = ipc_stat(&table, id, by_place, any, &p);
	if (r >= 0) {
		*out = (struct semid64_ds){.sem_otime = set_of(p)->otime,
					   .sem_ctime = set_of(p)->ctime,
					   .sem_nsems = (unsigned long)set_of(p)->n};
		ipc_fill(p, &out->sem_perm);
	}
	spin_unlock(&table.lock);
	return r;
}

int sem_set(int id, const struct ipc64_perm *to)
{
	struct ipc_perm_info *p;
	int r;

	spin_lock(&table.lock);
	r = ipc_own(&table, id, &p) ?: ipc_change(p, to);
	if (r == 0)
		set_of(p)->ctime = ipc_now();
	spin_unlock(&table.lock);
	return r;
}

static void destroy(struct sem_set *set)
{
	while (!list_empty(&set->undos))
		undo_free(list_first(&set->undos, struct undo, set_link));
	while (!list_empty(&set->zeros))
		finish(list_first(&set->zeros, struct pending, link), -EIDRM);
	while (!list_empty(&set->alter))
		finish(list_first(&set->alter, struct pending, link), -EIDRM);
	ipc_remove(&table, &set->perm);
	n_sems -= set->n;
	kfree(set);
}

int sem_remove(int id)
{
	struct ipc_perm_info *p;
	int r;

	spin_lock(&table.lock);
	r = ipc_own(&table, id, &p);
	if (r == 0)
		destroy(set_of(p));
	spin_unlock(&table.lock);
	return r;
}

int sem_info(bool use, struct seminfo *out)
{
	int top;

	spin_lock(&table.lock);
	*out = (struct seminfo){.semmap = SEMMAP,
				.semmni = sem_limits[SEM_SETS],
				.semmns = sem_limits[SEM_ALL],
				.semmnu = SEMMNU,
				.semmsl = sem_limits[SEM_PER_SET],
				.semopm = sem_limits[SEM_OPERATIONS],
				.semume = SEMUME,
				.semusz = use ? (int)table.count : SEMUSZ,
				.semvmx = SEMVMX,
				.semaem = use ? n_sems : SEMAEM};
	top = ipc_top(&table);
	spin_unlock(&table.lock);
	return top;
}

void sem_show(struct seq *q)
{
	struct ipc_perm_info *p;

	spin_lock(&table.lock);
	for (uint64_t at = 0; (p = ipc_next(&table, &at)) != NULL; at++)
		seq_printf(q, "%10d %10d  %4o %10d %5u %5u %5u %5u %10ld %10ld\n", p->key, p->id,
			   p->mode, set_of(p)->n, p->uid, p->gid, p->cuid, p->cgid,
			   (long)set_of(p)->otime, (long)set_of(p)->ctime);
	spin_unlock(&table.lock);
}
