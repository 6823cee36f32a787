/* SPDX-License-Identifier: MIT */
/*
 * The stack a program starts with, byte for byte where Linux would put things (System V ABI
 *x86-64 3.4.1; the order of the strings and the alignment are those of Linux's exec). From the top
 *down:
 *
 *	8 zero bytes, execfn, environment strings, argument strings, [random gap, to 16], platform,
 *16 random bytes, [to 16] auxv, NULL, envp[], NULL, argv[], argc <- sp
 *
 * Pure: writes only through its callback, and nothing before the sizes have been checked to fit.
 */
#include "kernel/abi/errno.h"
#include "kernel/string.h"
#include "loader/elf.h"

#include <linux/auxvec.h>

#define STRINGS_MAX   (6ull << 20) /* three quarters of Linux's default stack limit */
#define STRINGS_FLOOR 131072ull	   /* ARG_MAX: allowed however small the stack limit */

/* A run of 8-byte words on its way to the program. */
struct words {
	elf_write_fn write;
	void *ctx;
	uint64_t addr; /* of buf[0] */
	size_t n;
	int error;
	uint64_t buf[64];
};

static void words_flush(struct words *w)
{
	if (w->error == 0 && w->n > 0)
		w->error = w->write(w->ctx, w->addr, w->buf, w->n * sizeof(w->buf[0]));
	w->addr += w->n * sizeof(w->buf[0]);
	w->n = 0;
}

static void words_put(struct words *w, uint64_t value)
{
	w->buf[w->n++] = value;
	if (w->n == ARRAY_SIZE(w->buf))
		words_flush(w);
}

/* Takes len bytes from *room; false if they are not there. */
static bool take(uint64_t *room, uint64_t len)
{
	if (len > *room)
		return false;
	*room -= len;
	return true;
}

/* Sum of the strings' sizes with their NULs, taken from *room: 0 or -E2BIG. */
static int measure(const char *const *s, size_t n, uint64_t *room, uint64_t *total)
{
	*total = 0;
	for (size_t i = 0; i < n; i++) {
		size_t len = strnlen(s[i], ELF_MAX_STRING) + 1;

		if (len > ELF_MAX_STRING || !take(room, len))
			return -E2BIG;
		*total += len;
	}
	return 0;
}

/* Bytes strings may take: Linux's bprm_stack_limits(). 0 or -E2BIG. */
static int strings_room(uint64_t limit, size_t argc, size_t envc, uint64_t *room)
{
	*room = MAX(MIN(limit / 4, STRINGS_MAX), STRINGS_FLOOR);
	if (argc > STRINGS_MAX || envc > STRINGS_MAX ||
	    !take(room, (argc + envc) * sizeof(uint64_t)) || *room == 0)
		return -E2BIG;
	return 0;
}

/* Store strings one after another from addr. */
static int write_strings(elf_write_fn write, void *ctx, const char *const *s, size_t n,
			 uint64_t addr)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		size_t len = strlen(s[i]) + 1;

		r = write(ctx, addr, s[i], len);
		addr += len;
	}
	return r;
}

/* Addresses of strings lying one after another from addr, then NULL. */
static void put_pointers(struct words *w, const char *const *s, size_t n, uint64_t addr)
{
	for (size_t i = 0; i < n; i++) {
		words_put(w, addr);
		addr += strlen(s[i]) + 1;
	}
	words_put(w, 0);
}

/* The vector to publish: the caller's entries with the addresses that only now are known. */
static int fill_auxv(const struct elf_stack_args *a, uint64_t execfn, uint64_t platform,
		     uint64_t random, struct elf_stack *out)
{
	if (a->n_aux >= ELF_MAX_AUX)
		return -EINVAL;
	for (size_t i = 0; i < a->n_aux; i++) {
		struct elf_aux x = a->aux[i];

		if (x.type == AT_EXECFN)
			x.value = execfn;
		else if (x.type == AT_PLATFORM)
			x.value = platform;
		else if (x.type == AT_RANDOM)
			x.value = random;
		out->auxv[i] = x;
	}
	out->auxv[a->n_aux] = (struct elf_aux){AT_NULL, 0};
	out->n_auxv = a->n_aux + 1;
	return 0;
}

/* argc, argv, envp and the auxiliary vector, upwards from out->sp. */
static int write_tables(const struct elf_stack_args *a, elf_write_fn write, void *ctx,
			const struct elf_stack *out)
{
	struct words w = {.write = write, .ctx = ctx, .addr = out->sp};

	words_put(&w, a->argc);
	put_pointers(&w, a->argv, a->argc, out->arg_start);
	put_pointers(&w, a->envp, a->envc, out->env_start);
	for (size_t i = 0; i < out->n_auxv; i++) {
		words_put(&w, out->auxv[i].type);
		words_put(&w, out->auxv[i].value);
	}
	words_flush(&w);
	return w.error;
}

/* Decide where everything goes; nothing is written yet. *platform gets that string's address. */
static int layout(const struct elf_stack_args *a, uint64_t top, uint64_t limit,
		  struct elf_stack *out, uint64_t *platform)
{
	uint64_t room, arg_len, env_len, execfn_len, random;
	int r;

	if (strings_room(limit, a->argc, a->envc, &room) < 0 ||
	    measure(&a->execfn, 1, &room, &execfn_len) < 0 ||
	    measure(a->envp, a->envc, &room, &env_len) < 0 ||
	    measure(a->argv, a->argc, &room, &arg_len) < 0)
		return -E2BIG;
	out->env_end = top - sizeof(uint64_t) - execfn_len;
	out->arg_end = out->env_start = out->env_end - env_len;
	out->arg_start = out->arg_end - arg_len;
	*platform = ((out->arg_start - a->jitter % 8192) & ~15ull) - (strlen(a->platform) + 1);
	random = *platform - sizeof(a->random);
	r = fill_auxv(a, out->env_end, *platform, random, out);
	if (r < 0)
		return r;
	out->sp = random - out->n_auxv * sizeof(struct elf_aux);
	out->sp = (out->sp - (a->argc + a->envc + 3) * sizeof(uint64_t)) & ~15ull;
	return top - out->sp > limit ? -E2BIG : 0;
}

/* A program started without any argument gets one empty string, as in Linux. */
static struct elf_stack_args with_argument(const struct elf_stack_args *args)
{
	static const char *const no_args[] = {""};
	struct elf_stack_args a = *args;

	if (a.argc == 0) {
		a.argv = no_args;
		a.argc = 1;
	}
	return a;
}

int elf_plan_stack(const struct elf_stack_args *args, uint64_t top, uint64_t limit,
		   struct elf_stack *out)
{
	struct elf_stack_args a = with_argument(args);
	uint64_t platform;

	return layout(&a, top, limit, out, &platform);
}

int elf_build_stack(const struct elf_stack_args *args, uint64_t top, uint64_t limit,
		    elf_write_fn write, void *ctx, struct elf_stack *out)
{
	struct elf_stack_args a = with_argument(args);
	static const uint64_t zero;
	uint64_t platform;
	int r = layout(&a, top, limit, out, &platform);

	if (r == 0)
		r = write(ctx, top - sizeof(zero), &zero, sizeof(zero));
	if (r == 0)
		r = write_strings(write, ctx, &a.execfn, 1, out->env_end);
	if (r == 0)
		r = write_strings(write, ctx, a.envp, a.envc, out->env_start);
	if (r == 0)
		r = write_strings(write, ctx, a.argv, a.argc, out->arg_start);
	if (r == 0)
		r = write_strings(write, ctx, &a.platform, 1, platform);
	if (r == 0)
		r = write(ctx, platform - sizeof(a.random), a.random, sizeof(a.random));
	return r == 0 ? write_tables(&a, write, ctx, out) : r;
}
