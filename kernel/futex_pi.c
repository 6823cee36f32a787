/* SPDX-License-Identifier: MIT */
/*
 * Futexes whose word names the owner (FUTEX_LOCK_PI and relatives;
 * Documentation/locking/pi-futex.rst). All threads have the same priority, so there is nothing to
 * inherit: waiters get the lock in order of arrival, handed over by the owner that gives it up or
 * ends. What the kernel keeps of a futex exists only while somebody waits for it; one mutex guards
 * all of it, and is held while program memory is touched. The uncontended case never comes here.
 */
#include "kernel/abi/linux.h"
#include "kernel/futex_private.h"
#include "kernel/heap.h"
#include "kernel/process.h"
#include "kernel/uaccess.h"
#include "kernel/wait.h"

/* A contended PI futex. (pi_mutex) */
struct pi_state {
	struct list link; /* of states */
	struct futex_key key;
	struct thread *owner;
	bool stale;	     /* it came from an owner that ended: the word does not name it yet */
	struct list waiters; /* in order of arrival; never empty */
};

/* A thread that waits for one; on its stack. (pi_mutex) */
struct futex_pi_waiter {
	struct list link; /* of state->waiters, or empty */
	struct thread *thread;
	struct futex_key key;	/* of the PI futex */
	struct pi_state *state; /* while it waits there */
	bool granted;		/* it is the owner now */
	bool inherited;		/* from an owner that ended: the word does not say so yet */
	struct wait_queue wq;
};

static struct mutex pi_mutex;
static struct list states = LIST_INIT(states); /* (pi_mutex) */

/* ---- what the kernel keeps ---- */

static struct pi_state *state_find(const struct futex_key *key)
{
	struct pi_state *s;

	list_for_each (s, &states, link)
		if (futex_key_equal(&s->key, key))
			return s;
	return NULL;
}

static int state_new(const struct futex_key *key, struct thread *owner, struct pi_state **out)
{
	struct pi_state *s = kzalloc(sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->key = *key;
	s->owner = owner;
	list_init(&s->waiters);
	list_add_tail(&s->link, &states);
	*out = s;
	return 0;
}

static void state_free(struct pi_state *s)
{
	list_del(&s->link);
	kfree(s);
}

/* w no longer waits; the last one takes the state along. */
static void leave(struct futex_pi_waiter *w)
{
	struct pi_state *s = w->state;

	list_del(&w->link);
	w->state = NULL;
	if (list_empty(&s->waiters))
		state_free(s);
}

static struct futex_pi_waiter *first_waiter(struct pi_state *s)
{
	return list_first(&s->waiters, struct futex_pi_waiter, link);
}

/* The state the thread waits for, or NULL. */
static struct pi_state *waits_for(const struct thread *t)
{
	struct futex_pi_waiter *w;
	struct pi_state *s;

	list_for_each (s, &states, link)
		list_for_each (w, &s->waiters, link)
			if (w->thread == t)
				return s;
	return NULL;
}

/* Would `t` wait for itself if it waited for a lock of `owner`? */
static bool would_deadlock(const struct thread *t, const struct thread *owner)
{
	struct pi_state *s;

	while (owner && owner != t) {
		s = waits_for(owner);
		owner = s ? s->owner : NULL;
	}
	return owner == t;
}

/* w is the owner from now on; the word is the caller's business. */
static void grant(struct futex_pi_waiter *w, bool inherited)
{
	struct pi_state *s = w->state;

	s->owner = w->thread;
	s->stale = inherited;
	leave(w);
	w->granted = true;
	w->inherited = inherited;
	wait_wake_all(&w->wq);
}

/* ---- the word ---- */

/* Replace *value, which the word was seen to hold. 0, -EAGAIN (*value is what it holds now) or
 * -EFAULT. */
static int word_change(uaddr_t addr, uint32_t *value, uint32_t new)
{
	uint32_t seen;

	if (user_cmpxchg32(addr, *value, new, &seen))
		return -EFAULT;
	if (seen == *value)
		return 0;
	*value = seen;
	return -EAGAIN;
}

/* The owner a word names. -ESRCH if there is no such thread. */
static int owner_find(uint32_t value, struct thread **out)
{
	*out = thread_find((int)(value & FUTEX_TID_MASK));
	return *out && (*out)->state != THREAD_DEAD ? 0 : -ESRCH;
}

/* Nobody has the lock in `value` and nobody waits: make t its owner. */
static int word_take(uaddr_t addr, uint32_t *value, const struct thread *t, bool contended)
{
	uint32_t new = (*value & FUTEX_OWNER_DIED) | (uint32_t)t->tid;

	return word_change(addr, value, contended ? new | FUTEX_WAITERS : new);
}

/*
 * Take the lock for t, or say in the word that somebody waits and find who has it. Returns 1
 * (taken), 0 (*out is its state, perhaps without waiters yet: then the caller adds one or frees
 * it), -EDEADLK, -ESRCH, -EINVAL (the word names another than the owner), -EFAULT or -ENOMEM.
 */
static int acquire(uaddr_t addr, const struct futex_key *key, struct thread *t, bool contended,
		   struct pi_state **out)
{
	struct pi_state *s = state_find(key);
	struct thread *owner;
	uint32_t value;
	int r;

	if (user_load32(addr, &value))
		return -EFAULT;
	do {
		if ((value & FUTEX_TID_MASK) == (uint32_t)t->tid)
			return -EDEADLK;
		if (!s && !(value & FUTEX_TID_MASK)) {
			r = word_take(addr, &value, t, contended);
			if (r == 0)
				return 1;
		} else {
			r = word_change(addr, &value, value | FUTEX_WAITERS);
		}
	} while (r == -EAGAIN);
	if (r)
		return r;
	if (s) {
		if (!s->stale && (value & FUTEX_TID_MASK) != (uint32_t)s->owner->tid)
			return -EINVAL;
		owner = s->owner;
	} else {
		r = owner_find(value, &owner);
		if (r)
			return r;
	}
	if (would_deadlock(t, owner))
		return -EDEADLK;
	*out = s;
	return s ? 0 : state_new(key, owner, out);
}

/* A lock whose owner ended has come to this thread: say so in the word. */
static int word_inherit(uaddr_t addr, const struct futex_key *key)
{
	struct pi_state *s = state_find(key);
	uint32_t value, new;
	int r;

	if (s)
		s->stale = false;
	if (user_load32(addr, &value))
		return -EFAULT;
	do {
		new = FUTEX_OWNER_DIED | FUTEX_WAITERS | (uint32_t)current->tid;
		r = word_change(addr, &value, new);
	} while (r == -EAGAIN);
	return r;
}

/* ---- waiting ---- */

static void waiter_init(struct futex_pi_waiter *w, const struct futex_key *key)
{
	*w = (struct futex_pi_waiter){.thread = current, .key = *key};
	list_init(&w->link);
	wait_queue_init(&w->wq);
}

static void wait_in(struct futex_pi_waiter *w, struct pi_state *s)
{
	w->state = s;
	list_add_tail(&w->link, &s->waiters);
}

static bool is_granted(const void *arg)
{
	const struct futex_pi_waiter *w = arg;

	return READ_ONCE(w->granted);
}

/* After a sleep that ended with r: the lock's own answer, if it has come. */
static int finish(struct futex_pi_waiter *w, uaddr_t addr, int r)
{
	mutex_lock(&pi_mutex);
	if (w->granted)
		r = w->inherited ? word_inherit(addr, &w->key) : 0;
	else if (w->state)
		leave(w);
	mutex_unlock(&pi_mutex);
	return r;
}

int futex_lock_pi(struct futex_addr f, const struct futex_deadline *until, bool try)
{
	struct futex_pi_waiter w;
	struct futex_key key;
	struct pi_state *s;
	struct file *file;
	int r = futex_key_get(f, &key, &file);

	if (r)
		goto out;
	waiter_init(&w, &key);
	mutex_lock(&pi_mutex);
	r = acquire(f.addr, &key, current, false, &s);
	if (r == 0 && !try)
		wait_in(&w, s);
	else if (r == 0 && list_empty(&s->waiters))
		state_free(s);
	mutex_unlock(&pi_mutex);
	if (r)
		r = MIN(r, 0);
	else
		r = try ? -EAGAIN : finish(&w, f.addr, futex_sleep(&w.wq, is_granted, &w, until));
out:
	futex_key_put(file);
	return r == -ERESTARTSYS ? -ERESTARTNOINTR : r;
}

/* Hand the lock to who has waited longest, or to nobody. Locks: pi_mutex. */
static int release(uaddr_t addr, const struct futex_key *key)
{
	struct pi_state *s = state_find(key);
	uint32_t value, new = 0;
	int r;

	if (user_load32(addr, &value))
		return -EFAULT;
	if (s && s->owner != current)
		return (value & FUTEX_TID_MASK) == (uint32_t)current->tid ? -EINVAL : -EPERM;
	if (s)
		new = FUTEX_WAITERS | (uint32_t)first_waiter(s)->thread->tid;
	do {
		if ((value & FUTEX_TID_MASK) != (uint32_t)current->tid)
			return -EPERM;
		r = word_change(addr, &value, new);
	} while (r == -EAGAIN);
	if (r == 0 && s)
		grant(first_waiter(s), false);
	return r;
}

int futex_unlock_pi(struct futex_addr f)
{
	struct futex_key key;
	struct file *file;
	int r = futex_key_get(f, &key, &file);

	if (r == 0) {
		mutex_lock(&pi_mutex);
		r = release(f.addr, &key);
		mutex_unlock(&pi_mutex);
	}
	futex_key_put(file);
	return r;
}

/* A state may lose its last waiter while it is handed on: look from the start after each. */
void futex_pi_exit(struct thread *t)
{
	struct pi_state *s;

	if (list_empty(&states))
		return;
	mutex_lock(&pi_mutex);
again:
	list_for_each (s, &states, link) {
		if (s->owner == t) {
			grant(first_waiter(s), true);
			goto again;
		}
	}
	mutex_unlock(&pi_mutex);
}

/* ---- waiting on one futex to be moved to another ---- */

struct moved_wait {
	struct futex_waiter w;
	struct futex_pi_waiter pi;
};

/* Woken without being moved, or the owner. */
static bool woken_or_granted(const void *arg)
{
	const struct moved_wait *m = arg;

	return READ_ONCE(m->pi.granted) || (!READ_ONCE(m->w.queued) && !READ_ONCE(m->pi.state));
}

static int wait_moved(struct moved_wait *m, struct futex_addr f, uint32_t value, uaddr_t pi_addr,
		      const struct futex_deadline *until)
{
	bool moved, again;
	uint32_t now;
	int r;

	futex_enqueue(&m->w);
	r = user_load32(f.addr, &now);
	if (r == 0 && now != value)
		r = -EAGAIN;
	if (r) {
		/* Whoever has moved it by now has counted it. */
		if (futex_dequeue(&m->w))
			return r;
	}
	do { /* it looks woken while it is being moved */
		r = futex_sleep(m->w.wq, woken_or_granted, m, until);
		mutex_lock(&pi_mutex);
		moved = !futex_dequeue(&m->w) && (m->pi.state || m->pi.granted);
		again = r == 0 && m->pi.state;
		mutex_unlock(&pi_mutex);
	} while (again);
	if (!moved) /* 0: woken by something that is not FUTEX_CMP_REQUEUE_PI */
		return r == 0 ? -EAGAIN : r == -ERESTARTSYS ? -ERESTARTNOINTR : r;
	/* It cannot start again from the first futex. */
	return finish(&m->pi, pi_addr, r == -ERESTARTSYS ? -EAGAIN : r);
}

int futex_wait_requeue_pi(struct futex_addr f, uint32_t value, uint32_t bitset,
			  const struct futex_deadline *until, struct futex_addr pi)
{
	struct moved_wait m = {.w.bitset = bitset};
	struct futex_key pi_key;
	struct file *file, *pi_file = NULL;
	int r;

	if (f.addr == pi.addr || !bitset)
		return -EINVAL;
	r = futex_key_get(f, &m.w.key, &file);
	if (r == 0)
		r = futex_key_get(pi, &pi_key, &pi_file);
	if (r == 0 && futex_key_equal(&m.w.key, &pi_key))
		r = -EINVAL;
	if (r == 0) {
		waiter_init(&m.pi, &pi_key);
		m.w.wq = &m.pi.wq;
		m.w.pi = &m.pi;
		r = wait_moved(&m, f, value, pi.addr, until);
	}
	futex_key_put(file);
	futex_key_put(pi_file);
	return r;
}

bool futex_pi_waits_for(const struct futex_pi_waiter *w, const struct futex_key *key)
{
	return futex_key_equal(&w->key, key);
}

/* Move up to n waiters; the first may get the lock at once. Locks: pi_mutex. Returns how many. */
static int move_waiters(const struct futex_key *from, struct futex_addr pi,
			const struct futex_key *pi_key, int n)
{
	struct futex_pi_waiter *w;
	struct pi_state *s;
	int done = 0, r;

	for (; done < n; done++) {
		r = futex_take_for_pi(from, pi_key, &w);
		if (r || !w)
			return r && !done ? r : done;
		r = acquire(pi.addr, pi_key, w->thread, n > 1, &s);
		if (r == 0) {
			wait_in(w, s);
		} else if (r > 0) {
			w->granted = true;
			wait_wake_all(&w->wq);
		} else { /* it gives up with EAGAIN; the caller learns why */
			wait_wake_all(&w->wq);
			return r;
		}
	}
	return done;
}

int futex_cmp_requeue_pi(struct futex_addr from, struct futex_addr pi, int n_wake, int n_move,
			 uint32_t cmp)
{
	struct futex_key kf, kp;
	struct file *ff, *fp = NULL;
	uint32_t now;
	int r;

	if (n_wake != 1 || n_move < 0 || from.addr == pi.addr)
		return -EINVAL;
	r = futex_key_get(from, &kf, &ff);
	if (r == 0)
		r = futex_key_get(pi, &kp, &fp);
	if (r == 0 && futex_key_equal(&kf, &kp))
		r = -EINVAL;
	if (r == 0) {
		mutex_lock(&pi_mutex);
		r = user_load32(from.addr, &now);
		if (r == 0)
			r = now != cmp ? -EAGAIN
				       : move_waiters(&kf, pi, &kp, MIN(n_move, INT32_MAX - 1) + 1);
		mutex_unlock(&pi_mutex);
	}
	futex_key_put(ff);
	futex_key_put(fp);
	return r;
}
