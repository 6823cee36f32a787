/* SPDX-License-Identifier: MIT */
/*
 * Scripts: the `#!` line at the beginning of a file names the program that reads it. Pure, used on
 * the host too. What counts as one, and how it is cut, is Linux's (fs/binfmt_script.c's behaviour).
 */
#ifndef LOADER_SCRIPT_H
#define LOADER_SCRIPT_H

#include "kernel/types.h"

#define SCRIPT_HEAD_SIZE  256 /* of a file are looked at; a longer path is refused */
#define SCRIPT_MAX_LEVELS 5   /* scripts whose interpreters are scripts; more: -ELOOP */

struct script {
	char interp[SCRIPT_HEAD_SIZE];
	char arg[SCRIPT_HEAD_SIZE]; /* all behind the path, as one argument */
	bool has_arg;
};

/*
 * Read the first bytes of a file, zeros behind its end. 1: *out is filled; 0: not a script;
 * -ENOEXEC: begins as one, but names no interpreter or one whose path is cut off.
 */
int script_parse(const char head[SCRIPT_HEAD_SIZE], struct script *out);

#endif
