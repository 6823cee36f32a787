/* SPDX-License-Identifier: MIT */
/*
 * The radix tree of fs/radix.h. Every node has at least one entry: removing the last entry frees
 * it, and an empty tree has no memory. The tree grows at the top and shrinks again only when it is
 * empty.
 */
#include "fs/radix.h"
#include "kernel/abi/errno.h"
#include "kernel/heap.h"

#define RADIX_BITS	 6
#define RADIX_SLOTS	 (1u << RADIX_BITS)
#define RADIX_MAX_HEIGHT 11 /* 64 bits */

struct radix_node {
	uint64_t used; /* bit n: slots[n] is not NULL */
	void *slots[RADIX_SLOTS];
};

/* Largest index a tree of this height can hold. */
static uint64_t max_index(unsigned height)
{
	return height >= RADIX_MAX_HEIGHT ? UINT64_MAX : (1ull << (RADIX_BITS * height)) - 1;
}

static unsigned slot_of(uint64_t index, unsigned level)
{
	return (index >> (RADIX_BITS * level)) & (RADIX_SLOTS - 1);
}

/* The value at index, or NULL. */
void *radix_get(const struct radix *r, uint64_t index)
{
	void *p = r->top;

	if (index > max_index(r->height))
		return NULL;
	for (unsigned level = r->height; level-- > 0 && p;)
		p = ((struct radix_node *)p)->slots[slot_of(index, level)];
	return p;
}

static void node_put(struct radix_node *n, unsigned slot, void *value)
{
	n->slots[slot] = value;
	n->used |= 1ull << slot;
}

/* Add levels on top until index fits. 0 or -ENOMEM. */
static int grow(struct radix *r, uint64_t index)
{
	while (index > max_index(r->height)) {
		if (r->top) {
			struct radix_node *n = kzalloc(sizeof(*n));

			if (!n)
				return -ENOMEM;
			node_put(n, 0, r->top);
			r->top = n;
		}
		r->height++;
	}
	return 0;
}

/* Remove index below p; returns the value. *empty: p itself is to be freed by the caller. */
static void *remove_below(struct radix_node *n, unsigned height, uint64_t index, bool *empty)
{
	unsigned slot = slot_of(index, height - 1);
	void *value = n->slots[slot];
	bool gone = true;

	if (value && height > 1) {
		struct radix_node *child = value;

		value = remove_below(child, height - 1, index, &gone);
		if (gone)
			kfree(child);
	}
	if (gone) {
		n->slots[slot] = NULL;
		n->used &= ~(1ull << slot);
	}
	*empty = n->used == 0;
	return value;
}

/* Take the value at index out and return it (NULL: there was none). */
void *radix_remove(struct radix *r, uint64_t index)
{
	void *value = r->top;
	bool empty = true;

	if (!r->top || index > max_index(r->height))
		return NULL;
	if (r->height) {
		value = remove_below(r->top, r->height, index, &empty);
		if (empty)
			kfree(r->top);
	}
	if (empty)
		*r = (struct radix){NULL, 0};
	return value;
}

/* Store value (not NULL) at index, replacing what was there. 0 or -ENOMEM (nothing changed). */
int radix_set(struct radix *r, uint64_t index, void *value)
{
	void **p = &r->top;
	struct radix_node *n = NULL;
	unsigned slot = 0;

	if (grow(r, index))
		return -ENOMEM;
	for (unsigned level = r->height; level-- > 0;) {
		if (!*p) {
			struct radix_node *fresh = kzalloc(sizeof(*fresh));

			if (!fresh) {
				radix_remove(r, index); /* frees the nodes made so far */
				return -ENOMEM;
			}
			*p = fresh;
			if (n)
				n->used |= 1ull << slot;
		}
		n = *p;
		slot = slot_of(index, level);
		p = &n->slots[slot];
	}
	*p = value;
	if (n)
		n->used |= 1ull << slot;
	return 0;
}

/* Smallest entry >= *index (forward) or largest <= *index, below p; moves *index there. */
static void *search(void *p, unsigned height, uint64_t *index, bool forward)
{
	struct radix_node *n = p;
	unsigned first;

	if (height == 0)
		return p;
	first = slot_of(*index, height - 1);
	for (unsigned slot = first;;) {
		uint64_t mask = forward ? ~0ull << slot : ~0ull >> (63 - slot);
		uint64_t left = n->used & mask;
		unsigned shift = RADIX_BITS * (height - 1);
		uint64_t base;
		void *v;

		if (!left)
			return NULL;
		slot = forward ? (unsigned)__builtin_ctzll(left)
			       : 63 - (unsigned)__builtin_clzll(left);
		base =
		    height >= RADIX_MAX_HEIGHT ? 0 : *index & ~((1ull << (shift + RADIX_BITS)) - 1);
		if (slot != first) {
			*index = base | (uint64_t)slot << shift;
			if (!forward)
				*index |= (1ull << shift) - 1;
		}
		v = search(n->slots[slot], height - 1, index, forward);
		if (v)
			return v;
		if (slot == (forward ? 63u : 0u))
			return NULL;
		slot = forward ? slot + 1 : slot - 1;
		first = RADIX_SLOTS; /* further slots are searched from their edge */
	}
}

/* First entry at or after *index, which moves to it; NULL: there is none (*index is then
 * undefined). */
void *radix_next(const struct radix *r, uint64_t *index)
{
	if (!r->top || *index > max_index(r->height))
		return NULL;
	return search(r->top, r->height, index, true);
}

/* Last entry at or before *index, as radix_next. */
void *radix_prev(const struct radix *r, uint64_t *index)
{
	if (!r->top)
		return NULL;
	*index = *index > max_index(r->height) ? max_index(r->height) : *index;
	return search(r->top, r->height, index, false);
}
