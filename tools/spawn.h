/* SPDX-License-Identifier: MIT */
/*
 * Helper programs and temporary files.
 */
#ifndef TOOLS_SPAWN_H
#define TOOLS_SPAWN_H

/* Run `PROGRAM -dc` from one descriptor (from its start) to another, and wait for it. Returns 0, or
 * -1 if it could not be started or failed; it has said why. */
int spawn_filter(const char *program, int in, int out);

/* An empty file without a name in $TMPDIR or /tmp, gone when it is closed; -1 after saying why. */
int temporary_file(void);

#endif
