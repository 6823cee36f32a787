/* SPDX-License-Identifier: MIT */
/*
 * ARG_MAP(f, a, b, ...) expands to f(a), f(b), ... for up to six arguments: what files that include
 * table.def define ARGS with. Pasting a prefix onto an argument `kind name` gives `prefix_kind
 * name`, a declaration once the prefixed kinds are types. Shared by the kernel and the host
 * command.
 */
#ifndef SYSCALLS_ARGS_H
#define SYSCALLS_ARGS_H

#define SYSCALL_MAX_ARGS 6

#define ARG_MAP(f, a, ...)  f(a) __VA_OPT__(, ARG_MAP2(f, __VA_ARGS__))
#define ARG_MAP2(f, a, ...) f(a) __VA_OPT__(, ARG_MAP3(f, __VA_ARGS__))
#define ARG_MAP3(f, a, ...) f(a) __VA_OPT__(, ARG_MAP4(f, __VA_ARGS__))
#define ARG_MAP4(f, a, ...) f(a) __VA_OPT__(, ARG_MAP5(f, __VA_ARGS__))
#define ARG_MAP5(f, a, ...) f(a) __VA_OPT__(, ARG_MAP6(f, __VA_ARGS__))
#define ARG_MAP6(f, a)	    f(a)

#endif
