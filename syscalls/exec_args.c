/* SPDX-License-Identifier: MIT */
/* Copies of argument strings, many in one allocation. */
#include "syscalls/exec_args.h"

#include "kernel/bootinfo.h"
#include "kernel/heap.h"
#include "kernel/string.h"
#include "kernel/uaccess.h"
#include "loader/elf.h"
#include "loader/script.h"

/* Each script adds up to two arguments in front; an empty argv gets one. */
#define FRONT	     (2 * (SCRIPT_MAX_LEVELS + 1) + 1)
#define STRING_GUESS 256ul /* most are shorter */
#define ARGS_BLOCK   8192ul
#define STRINGS_ROOM (6ull << 20) /* Linux: three quarters of its default stack limit */
#define ARG_MIN	     131072ull	  /* ... and what is always allowed */

struct args_block {
	struct args_block *next;
	size_t used, size;
	char data[];
};

/* Room for a string of up to `size` bytes. NULL: no memory. */
static char *reserve(struct exec_args *a, size_t size)
{
	struct args_block *b = a->blocks;

	if (b == NULL || b->size - b->used < size) {
		size_t data = MAX(size, ARGS_BLOCK - sizeof(*b));

		b = kmalloc(sizeof(*b) + data);
		if (b == NULL)
			return NULL;
		*b = (struct args_block){.next = a->blocks, .size = data};
		a->blocks = b;
	}
	return b->data + b->used;
}

static int vector_new(struct exec_args *a, size_t argc, size_t envc)
{
	a->vector = kmalloc((FRONT + argc + envc) * sizeof(*a->vector));
	if (a->vector == NULL)
		return -ENOMEM;
	a->argv = a->vector + FRONT;
	a->envp = a->argv + argc;
	a->argc = argc;
	a->envc = envc;
	return 0;
}

/* ---- from the program ---- */

/* Pointers before the null one. -EFAULT, -E2BIG. */
static long count(uaddr_t array, uint64_t room)
{
	uaddr_t p;
	long n = 0;

	if (array == 0)
		return 0;
	for (;; n++) {
		if (get_user(&p, array + (uint64_t)n * sizeof(p)))
			return -EFAULT;
		if (p == 0)
			return n;
		if ((uint64_t)n * sizeof(p) > room)
			return -E2BIG;
	}
}

/* One string, taken from *room. */
static int copy_string(struct exec_args *a, uaddr_t from, uint64_t *room, const char **out)
{
	ssize_t len = -ENAMETOOLONG;

	for (size_t n = STRING_GUESS; n <= ELF_MAX_STRING && len == -ENAMETOOLONG; n *= 2) {
		char *to = reserve(a, n);

		if (to == NULL)
			return -ENOMEM;
		*out = to;
		len = strncpy_from_user(to, from, n);
	}
	if (len < 0)
		return len == -ENAMETOOLONG ? -E2BIG : (int)len;
	if ((uint64_t)len + 1 > *room)
		return -E2BIG;
	*room -= (uint64_t)len + 1;
	a->blocks->used += (size_t)len + 1;
	return 0;
}

/* The program may change the array meanwhile: a pointer that is null now fails as an address. */
static int copy_strings(struct exec_args *a, uaddr_t array, size_t n, uint64_t *room,
			const char **out)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		uaddr_t from;

		r = get_user(&from, array + i * sizeof(from));
		if (r == 0)
			r = copy_string(a, from, room, &out[i]);
	}
	return r;
}

int exec_args_user(struct exec_args *a, uaddr_t argv, uaddr_t envp, uint64_t limit)
{
	uint64_t room = MAX(MIN(limit / 4, STRINGS_ROOM), ARG_MIN), pointers;
	long argc = count(argv, room), envc = argc < 0 ? argc : count(envp, room);
	int r;

	*a = (struct exec_args){0};
	if (envc < 0)
		return (int)envc;
	pointers = ((uint64_t)MAX(argc, 1l) + (uint64_t)envc) * sizeof(uaddr_t);
	if (pointers >= room)
		return -E2BIG;
	room -= pointers;
	r = vector_new(a, (size_t)argc, (size_t)envc);
	if (r == 0)
		r = copy_strings(a, envp, a->envc, &room, a->envp);
	if (r == 0)
		r = copy_strings(a, argv, a->argc, &room, a->argv);
	if (r == 0 && a->argc == 0) { /* no program has to live without an argument */
		*--a->argv = "";
		a->argc = 1;
	}
	return r;
}

/* ---- the rest ---- */

int exec_args_boot(struct exec_args *a, const struct bootinfo *bi)
{
	int r;

	*a = (struct exec_args){0};
	r = vector_new(a, bi->argv.count, bi->envp.count);
	if (r == 0) {
		bootinfo_strings(bi, &bi->argv, a->argv);
		bootinfo_strings(bi, &bi->envp, a->envp);
	}
	return r;
}

void exec_args_free(struct exec_args *a)
{
	while (a->blocks != NULL) {
		struct args_block *b = a->blocks;

		a->blocks = b->next;
		kfree(b);
	}
	kfree(a->vector);
}

static int push(struct exec_args *a, const char *s)
{
	size_t size = strlen(s) + 1;
	char *copy = reserve(a, size);

	if (copy == NULL)
		return -ENOMEM;
	memcpy(copy, s, size);
	a->blocks->used += size;
	*--a->argv = copy;
	a->argc++;
	return 0;
}

int exec_args_script(struct exec_args *a, const char *interp, const char *arg, const char *script)
{
	int r;

	if (a->argc > 0) {
		a->argv++;
		a->argc--;
	}
	r = push(a, script);
	if (r == 0 && arg != NULL)
		r = push(a, arg);
	if (r == 0)
		r = push(a, interp);
	return r;
}
