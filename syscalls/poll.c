/* SPDX-License-Identifier: MIT */
/*
 * poll(2), ppoll(2), select(2), pselect(2). Both families become an array of (file, wanted events)
 * for wait_events(); every file is referenced while its wait queues may be used. The time not slept
 * is written back where Linux does, and a signal mask given with the call lasts until the handler
 * of the signal that ended it has run.
 */
#include "syscalls/syscall.h"

#include "kernel/heap.h"
#include "kernel/poll.h"
#include "syscalls/poll.h"
#include "syscalls/util.h"

#define POLL_ALWAYS (POLLERR | POLLHUP)
#define SELECT_IN   (POLLRDNORM | POLLRDBAND | POLLIN | POLLHUP | POLLERR | POLLNVAL)
#define SELECT_OUT  (POLLWRBAND | POLLWRNORM | POLLOUT | POLLERR | POLLNVAL)
#define SELECT_EX   (POLLPRI | POLLNVAL)
#define NS_PER_MS   1000000ull

struct poll_item {
	struct file *file; /* referenced; NULL: not open, or not asked for */
	unsigned wanted, ready;
};

/* Ask every file once; returns how many are ready. Registers on wait queues only until the first
 * that is. */
static size_t scan(struct poll_item *items, size_t n, struct poll_table *pt)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		if (items[i].file)
			items[i].ready = file_poll(items[i].file, pt) & items[i].wanted;
		if (items[i].ready) {
			count++;
			pt = NULL;
		}
	}
	return count;
}

/*
 * Wait until something is ready or the deadline (0: do not wait) passes.
 * Returns how many items are ready, -ERESTARTNOHAND (a signal), -ENOMEM.
 */
static long wait_events(struct poll_item *items, size_t n, uint64_t deadline)
{
	bool last = deadline == 0;

	for (;;) {
		struct poll_entry room[8];
		struct poll_table pt;
		bool done;
		long r;

		poll_table_init(&pt, room, ARRAY_SIZE(room));
		r = scan(items, n, last ? NULL : &pt);
		if (!r && pt.error)
			r = pt.error;
		if (!r && signal_pending(current))
			r = -ERESTARTNOHAND;
		done = r || last;
		if (!done)
			last = wait_sleep(deadline, true) == -ETIMEDOUT;
		poll_table_free(&pt);
		if (done)
			return r;
	}
}

static void put_items(struct poll_item *items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (items[i].file)
			file_put(items[i].file);
	kfree(items);
}

/* ---- poll ---- */

static struct poll_item pollfd_item(const struct pollfd *p)
{
	struct poll_item item = {.wanted = (uint16_t)p->events | POLL_ALWAYS};

	if (p->fd < 0)
		return item;
	item.file = fd_file(p->fd);
	if (!item.file)
		item.ready = POLLNVAL;
	return item;
}

static long poll_fds(uaddr_t ufds, unsigned n, uint64_t deadline)
{
	struct poll_item *items;
	struct pollfd *fds;
	long r = -ENOMEM;

	if (n > current_process()->limits[RLIMIT_NOFILE].rlim_cur)
		return -EINVAL;
	fds = kmalloc(n * sizeof(*fds));
	items = kzalloc(n * sizeof(*items));
	if (!fds || !items)
		goto out;
	r = copy_from_user(fds, ufds, n * sizeof(*fds));
	if (r)
		goto out;
	for (unsigned i = 0; i < n; i++)
		items[i] = pollfd_item(&fds[i]);
	r = wait_events(items, n, deadline);
	for (unsigned i = 0; i < n; i++)
		if (put_user(ufds + i * sizeof(*fds) + offsetof(struct pollfd, revents),
			     (short)items[i].ready))
			r = -EFAULT;
out:
	if (items)
		put_items(items, n);
	kfree(fds);
	return r;
}

/* poll(2). */
long sys_poll(uaddr_t fds, unsigned nfds, int timeout_ms)
{
	return poll_fds(fds, nfds, deadline_in_ms(timeout_ms));
}

/* ---- what ppoll, select and pselect have in common ---- */

uint64_t timeout_deadline(uint64_t ns)
{
	return ns ? deadline_in(ns) : 0;
}

uint64_t deadline_in_ms(int timeout_ms)
{
	return timeout_ms < 0 ? NO_DEADLINE : timeout_deadline(timeout_ms * NS_PER_MS);
}

int timespec_deadline(uaddr_t uts, uint64_t *deadline)
{
	uint64_t ns;
	int r;

	*deadline = NO_DEADLINE;
	if (!uts)
		return 0;
	r = timespec_from_user(uts, &ns);
	if (!r)
		*deadline = timeout_deadline(ns);
	return r;
}

int temp_mask_begin(uaddr_t umask, size_t size)
{
	uint64_t mask;

	if (!umask)
		return 0;
	if (size != sizeof(mask))
		return -EINVAL;
	if (get_user(&mask, umask))
		return -EFAULT;
	signal_set_temp_mask(mask);
	return 0;
}

void temp_mask_end(uaddr_t umask, bool interrupted)
{
	if (umask && !interrupted)
		signal_restore_temp_mask();
}

/* A timeout that cannot be written back must not be waited for again from the start. */
static long end_timeout(int write_failed, long result)
{
	return write_failed && result == -ERESTARTNOHAND ? -EINTR : result;
}

/* ppoll(2): the system call updates the timeout, the C library hides it. */
long sys_ppoll(uaddr_t fds, unsigned nfds, uaddr_t uts, uaddr_t umask, size_t size)
{
	uint64_t deadline;
	long r = timespec_deadline(uts, &deadline);

	if (!r)
		r = temp_mask_begin(umask, size);
	if (r)
		return r;
	r = poll_fds(fds, nfds, deadline);
	temp_mask_end(umask, r == -ERESTARTNOHAND);
	if (uts)
		r = end_timeout(timespec_to_user(uts, deadline_left(deadline)), r);
	return r;
}

/* ---- select ---- */

enum { SET_IN, SET_OUT, SET_EX, N_SETS };

/* Three bitmaps of n descriptors. */
struct fd_sets {
	uaddr_t user[N_SETS];
	size_t n, words; /* descriptors, 64-bit words of one bitmap */
	uint64_t *bits;	 /* the three bitmaps one after another */
};

static bool set_has(const struct fd_sets *s, int set, size_t fd)
{
	return s->bits[set * s->words + fd / 64] >> (fd % 64) & 1;
}

static int sets_get(struct fd_sets *s, int nfds)
{
	if (nfds < 0)
		return -EINVAL;
	s->n = MIN((size_t)nfds, (size_t)files_size(current_process()->files));
	s->words = (s->n + 63) / 64;
	s->bits = kzalloc(N_SETS * s->words * 8);
	if (!s->bits)
		return -ENOMEM;
	for (int i = 0; i < N_SETS; i++) {
		if (s->user[i] &&
		    copy_from_user(s->bits + i * s->words, s->user[i], s->words * 8)) {
			kfree(s->bits);
			return -EFAULT;
		}
	}
	return 0;
}

/* Files for all descriptors in any set; -EBADF if one is not open. */
static int sets_open(const struct fd_sets *s, struct poll_item *items)
{
	static const unsigned wanted[N_SETS] = {SELECT_IN, SELECT_OUT, SELECT_EX};

	for (size_t fd = 0; fd < s->n; fd++) {
		for (int i = 0; i < N_SETS; i++)
			if (set_has(s, i, fd))
				items[fd].wanted |= wanted[i];
		if (!items[fd].wanted)
			continue;
		items[fd].file = fd_file_any(fd);
		if (!items[fd].file)
			return -EBADF;
	}
	return 0;
}

/* Keep the bits whose events came; returns how many there are in all sets. */
static long sets_result(struct fd_sets *s, const struct poll_item *items)
{
	static const unsigned wanted[N_SETS] = {SELECT_IN, SELECT_OUT, SELECT_EX};
	long count = 0;

	for (int i = 0; i < N_SETS; i++) {
		for (size_t fd = 0; fd < s->n; fd++) {
			if (set_has(s, i, fd) && (items[fd].ready & wanted[i]))
				count++;
			else
				s->bits[i * s->words + fd / 64] &= ~(1ull << (fd % 64));
		}
	}
	return count;
}

static int sets_put(const struct fd_sets *s)
{
	for (int i = 0; i < N_SETS; i++)
		if (s->user[i] && copy_to_user(s->user[i], s->bits + i * s->words, s->words * 8))
			return -EFAULT;
	return 0;
}

static long select_fds(int nfds, uaddr_t in, uaddr_t out, uaddr_t ex, uint64_t deadline)
{
	struct fd_sets sets = {.user = {in, out, ex}};
	struct poll_item *items;
	long r = sets_get(&sets, nfds);

	if (r)
		return r;
	r = -ENOMEM;
	items = kzalloc(sets.n * sizeof(*items));
	if (!items)
		goto out;
	r = sets_open(&sets, items);
	if (!r)
		r = wait_events(items, sets.n, deadline);
	if (r >= 0)
		r = sets_result(&sets, items);
	if (r >= 0 && sets_put(&sets))
		r = -EFAULT;
	put_items(items, sets.n);
out:
	kfree(sets.bits);
	return r;
}

/* select takes microseconds beyond a second, too. */
static int timeval_deadline(uaddr_t utv, uint64_t *deadline)
{
	struct __kernel_old_timeval tv;

	*deadline = NO_DEADLINE;
	if (!utv)
		return 0;
	if (get_user(&tv, utv))
		return -EFAULT;
	if (tv.tv_sec < 0 || tv.tv_usec < 0)
		return -EINVAL;
	if ((uint64_t)tv.tv_sec < INT64_MAX / NSEC_PER_SEC / 2 &&
	    (uint64_t)tv.tv_usec < INT64_MAX / 2000)
		*deadline = timeout_deadline(tv.tv_sec * NSEC_PER_SEC + tv.tv_usec * NSEC_PER_USEC);
	return 0;
}

/* select(2): updates the timeout, as its NOTES say. */
long sys_select(int nfds, uaddr_t in, uaddr_t out, uaddr_t ex, uaddr_t utv)
{
	struct __kernel_old_timeval tv;
	uint64_t deadline, left;
	long r = timeval_deadline(utv, &deadline);

	if (r)
		return r;
	r = select_fds(nfds, in, out, ex, deadline);
	if (!utv)
		return r;
	left = deadline_left(deadline);
	tv.tv_sec = left / NSEC_PER_SEC;
	tv.tv_usec = left % NSEC_PER_SEC / NSEC_PER_USEC;
	return end_timeout(put_user(utv, tv), r);
}

/* pselect(2): the sixth argument points at a mask and its size. */
long sys_pselect6(int nfds, uaddr_t in, uaddr_t out, uaddr_t ex, uaddr_t uts, uaddr_t usig)
{
	struct {
		uaddr_t mask;
		size_t size;
	} sig = {0};
	uint64_t deadline;
	long r;

	if (usig && get_user(&sig, usig))
		return -EFAULT;
	r = timespec_deadline(uts, &deadline);
	if (!r)
		r = temp_mask_begin(sig.mask, sig.size);
	if (r)
		return r;
	r = select_fds(nfds, in, out, ex, deadline);
	temp_mask_end(sig.mask, r == -ERESTARTNOHAND);
	if (uts)
		r = end_timeout(timespec_to_user(uts, deadline_left(deadline)), r);
	return r;
}
