/* SPDX-License-Identifier: MIT */
/*
 * Futexes. A waiter queues itself before it looks at the word, and a waker changes the word before
 * it looks at the queue, so no wake-up is lost. No lock is held while program memory is touched:
 * that may fault a page in and sleep.
 */
#include "kernel/futex_private.h"

#include "kernel/clock.h"
#include "kernel/file.h"
#include "kernel/mm.h"
#include "kernel/task.h"
#include "kernel/uaccess.h"
#include "kernel/wait.h"

#define N_BUCKETS 64

struct bucket {
	struct spinlock lock;
	struct list waiters; /* in order of arrival */
};

static struct bucket buckets[N_BUCKETS];

/* ---- keys ---- */

int futex_key_get(struct futex_addr f, struct futex_key *key, struct file **file)
{
	struct mm *mm = current_mm();
	struct vma *v;

	*file = NULL;
	if (!IS_ALIGNED(f.addr, sizeof(uint32_t)))
		return -EINVAL;
	if (!user_range_ok(f.addr, sizeof(uint32_t)))
		return -EFAULT;
	*key = (struct futex_key){mm, f.addr};
	if (!f.shared)
		return 0;
	mutex_lock(&mm->lock);
	v = mm_find(mm, f.addr);
	if (v && v->file && (v->flags & MAP_SHARED)) {
		*file = file_get(v->file);
		key->space = v->file->mapped;
		key->offset = v->offset + (f.addr - v->start);
	}
	mutex_unlock(&mm->lock);
	return v && v->prot != PROT_NONE ? 0 : -EFAULT;
}

void futex_key_put(struct file *file)
{
	if (file)
		file_put(file);
}

/* ---- buckets ---- */

static struct bucket *bucket_of(const struct futex_key *key)
{
	uint64_t h = ((uint64_t)key->space ^ key->offset) * 0x9e3779b97f4a7c15ull;

	return &buckets[h >> 58];
}

_Static_assert(N_BUCKETS == 1 << (64 - 58), "bucket_of takes the top bits");

/* Buckets in zeroed memory are valid: the list is linked at first use. */
static struct bucket *bucket_lock(const struct futex_key *key)
{
	struct bucket *b = bucket_of(key);

	spin_lock(&b->lock);
	if (!b->waiters.next)
		list_init(&b->waiters);
	return b;
}

/* A waiter may be moved while we wait for its bucket's lock: make sure it is the right one. */
static struct bucket *bucket_lock_waiter(const struct futex_waiter *w)
{
	for (;;) {
		struct futex_key key = w->key;
		struct bucket *b = bucket_lock(&key);

		if (futex_key_equal(&key, &w->key))
			return b;
		spin_unlock(&b->lock);
	}
}

/* Lock two buckets, by address; they may be the same. */
static void bucket_lock_two(const struct futex_key *a, const struct futex_key *b)
{
	bool swap = bucket_of(b) < bucket_of(a);

	bucket_lock(swap ? b : a);
	if (bucket_of(a) != bucket_of(b))
		bucket_lock(swap ? a : b);
}

static void bucket_unlock_two(const struct futex_key *a, const struct futex_key *b)
{
	spin_unlock(&bucket_of(a)->lock);
	if (bucket_of(a) != bucket_of(b))
		spin_unlock(&bucket_of(b)->lock);
}

/* Locks: w's bucket. After this the waiter's stack may be gone as soon as the lock is dropped. */
static void wake_one(struct futex_waiter *w)
{
	list_del(&w->link);
	w->queued = false;
	wait_wake_all(w->wq);
}

/*
 * Locks: the bucket of key. Like Linux, n < 1 still wakes one, and a thread that waits to be moved
 * to a PI futex is -EINVAL.
 */
static int wake_key(const struct futex_key *key, int n, uint32_t bitset)
{
	struct futex_waiter *w, *tmp;
	int woken = 0;

	list_for_each_safe (w, tmp, &bucket_of(key)->waiters, link) {
		if (!futex_key_equal(&w->key, key) || !(w->bitset & bitset))
			continue;
		if (w->pi)
			return -EINVAL;
		wake_one(w);
		if (++woken >= n)
			break;
	}
	return woken;
}

/* ---- waiting ---- */

void futex_enqueue(struct futex_waiter *w)
{
	struct bucket *b = bucket_lock(&w->key);

	list_add_tail(&w->link, &b->waiters);
	w->queued = true;
	spin_unlock(&b->lock);
}

bool futex_dequeue(struct futex_waiter *w)
{
	struct bucket *b = bucket_lock_waiter(w);
	bool queued = w->queued;

	if (queued)
		list_del(&w->link);
	w->queued = false;
	spin_unlock(&b->lock);
	return queued;
}

/* The deadline as a moment of CLOCK_MONOTONIC, as the clocks stand now. */
static uint64_t mono_deadline(const struct futex_deadline *until)
{
	uint64_t real, mono;

	if (!until->realtime || until->ns == NO_DEADLINE)
		return until->ns;
	real = clock_real_ns();
	mono = clock_mono_ns();
	return until->ns > real ? mono + (until->ns - real) : 0;
}

int futex_sleep(struct wait_queue *wq, bool (*done)(const void *arg), const void *arg,
		const struct futex_deadline *until)
{
	bool may_move = until->realtime && until->ns != NO_DEADLINE;
	struct waiter self = {0}, clock = {0};
	int r = 0;

	while (r == 0 && !done(arg)) {
		wait_prepare(&self, wq);
		if (may_move) /* it may be set */
			wait_prepare(&clock, &clock_set_wq);
		if (!done(arg))
			r = wait_sleep(mono_deadline(until), true);
		wait_finish(&self);
		wait_finish(&clock);
		if (r == -ETIMEDOUT && may_move && clock_real_ns() < until->ns)
			r = 0;
	}
	return r;
}

static bool is_taken(const void *arg)
{
	const struct futex_waiter *w = arg;

	return !READ_ONCE(w->queued);
}

int futex_wait(struct futex_addr f, uint32_t value, uint32_t bitset,
	       const struct futex_deadline *until)
{
	struct wait_queue wq = WAIT_QUEUE_INIT(wq);
	struct futex_waiter w = {.bitset = bitset, .wq = &wq};
	struct file *file;
	uint32_t now;
	int r;

	if (!bitset)
		return -EINVAL;
	r = futex_key_get(f, &w.key, &file);
	if (r)
		goto out;
	futex_enqueue(&w);
	r = user_load32(f.addr, &now);
	if (r == 0 && now != value)
		r = -EAGAIN;
	if (r == 0)
		r = futex_sleep(&wq, is_taken, &w, until);
	/* Whoever chose this thread counts on it having been woken, whatever else happened. */
	if (!futex_dequeue(&w))
		r = 0;
out:
	futex_key_put(file);
	return r;
}

/* ---- waking ---- */

int futex_wake(struct futex_addr f, int n, uint32_t bitset)
{
	struct futex_key key;
	struct file *file;
	int r;

	if (!bitset)
		return -EINVAL;
	r = futex_key_get(f, &key, &file);
	if (r == 0) {
		struct bucket *b = bucket_lock(&key);

		r = wake_key(&key, n, bitset);
		spin_unlock(&b->lock);
	}
	futex_key_put(file);
	return r;
}

/* Locks: both buckets. */
static int requeue_keys(const struct futex_key *from, const struct futex_key *to, int n_wake,
			int n_move)
{
	struct futex_waiter *w, *tmp;
	int done = 0;

	list_for_each_safe (w, tmp, &bucket_of(from)->waiters, link) {
		if (done - n_wake >= n_move)
			break;
		if (!futex_key_equal(&w->key, from))
			continue;
		if (w->pi)
			return -EINVAL;
		if (++done <= n_wake) {
			wake_one(w);
		} else if (!futex_key_equal(from, to)) {
			list_del(&w->link);
			w->key = *to;
			list_add_tail(&w->link, &bucket_of(to)->waiters);
		}
	}
	return done;
}

int futex_take_for_pi(const struct futex_key *from, const struct futex_key *to,
		      struct futex_pi_waiter **out)
{
	struct bucket *b = bucket_lock(from);
	struct futex_waiter *w;
	int r = 0;

	*out = NULL;
	list_for_each (w, &b->waiters, link) {
		if (!futex_key_equal(&w->key, from))
			continue;
		if (w->pi && futex_pi_waits_for(w->pi, to)) {
			list_del(&w->link);
			w->queued = false;
			*out = w->pi;
		} else {
			r = -EINVAL;
		}
		break;
	}
	spin_unlock(&b->lock);
	return r;
}

/* Both keys of a two-futex call; *fa and *fb are to be put in any case. */
static int keys_get(struct futex_addr a, struct futex_addr b, struct futex_key *ka,
		    struct futex_key *kb, struct file **fa, struct file **fb)
{
	int r = futex_key_get(a, ka, fa);

	*fb = NULL;
	return r ? r : futex_key_get(b, kb, fb);
}

int futex_requeue(struct futex_addr from, struct futex_addr to, int n_wake, int n_move,
		  const uint32_t *cmp)
{
	struct futex_key kf, kt;
	struct file *ff, *ft;
	uint32_t now;
	int r;

	if (n_wake < 0 || n_move < 0)
		return -EINVAL;
	r = keys_get(from, to, &kf, &kt, &ff, &ft);
	if (r == 0 && cmp) {
		r = user_load32(from.addr, &now);
		if (r == 0 && now != *cmp)
			r = -EAGAIN;
	}
	if (r == 0) {
		bucket_lock_two(&kf, &kt);
		r = requeue_keys(&kf, &kt, n_wake, n_move);
		bucket_unlock_two(&kf, &kt);
	}
	futex_key_put(ff);
	futex_key_put(ft);
	return r;
}

/* ---- FUTEX_WAKE_OP ---- */

static int32_t sign_extend12(uint32_t v)
{
	return (int32_t)(v << 20) >> 20;
}

/* The new value of the word. Returns 0 or -ENOSYS. */
static int op_apply(unsigned op, uint32_t old, uint32_t arg, uint32_t *new)
{
	switch (op) {
	case FUTEX_OP_SET:
		*new = arg;
		return 0;
	case FUTEX_OP_ADD:
		*new = old + arg;
		return 0;
	case FUTEX_OP_OR:
		*new = old | arg;
		return 0;
	case FUTEX_OP_ANDN:
		*new = old & ~arg;
		return 0;
	case FUTEX_OP_XOR:
		*new = old ^ arg;
		return 0;
	default:
		return -ENOSYS;
	}
}

/* Does the old value compare? 0, 1 or -ENOSYS. */
static int op_compare(unsigned cmp, int32_t old, int32_t arg)
{
	switch (cmp) {
	case FUTEX_OP_CMP_EQ:
		return old == arg;
	case FUTEX_OP_CMP_NE:
		return old != arg;
	case FUTEX_OP_CMP_LT:
		return old < arg;
	case FUTEX_OP_CMP_GE:
		return old >= arg;
	case FUTEX_OP_CMP_LE:
		return old <= arg;
	case FUTEX_OP_CMP_GT:
		return old > arg;
	default:
		return -ENOSYS;
	}
}

/* Change the word atomically and compare what it was. 0 (does not compare), 1, -ENOSYS or -EFAULT.
 */
static int op_on_user(uaddr_t addr, uint32_t code)
{
	unsigned op = code >> 28 & 7, cmp = code >> 24 & 15;
	uint32_t arg = (uint32_t)sign_extend12(code >> 12), old, seen, new;
	int r = user_load32(addr, &old);

	if (code >> 28 & FUTEX_OP_OPARG_SHIFT)
		arg = 1u << (arg & 31);
	while (r == 0) {
		r = op_apply(op, old, arg, &new);
		if (r == 0)
			r = user_cmpxchg32(addr, old, new, &seen);
		if (r == 0 && seen == old)
			return op_compare(cmp, (int32_t)old, sign_extend12(code));
		old = seen;
	}
	return r;
}

int futex_wake_op(struct futex_addr a, struct futex_addr b, int n_a, int n_b, uint32_t op)
{
	struct futex_key ka, kb;
	struct file *fa, *fb;
	int r = keys_get(a, b, &ka, &kb, &fa, &fb);

	if (r == 0)
		r = op_on_user(b.addr, op);
	if (r >= 0) {
		bool both = r > 0;

		bucket_lock_two(&ka, &kb);
		r = wake_key(&ka, n_a, FUTEX_BITSET_MATCH_ANY);
		if (both && r >= 0) {
			int more = wake_key(&kb, n_b, FUTEX_BITSET_MATCH_ANY);

			r = more < 0 ? more : r + more;
		}
		bucket_unlock_two(&ka, &kb);
	}
	futex_key_put(fa);
	futex_key_put(fb);
	return r;
}
