/* SPDX-License-Identifier: MIT */
/*
 * A tar archive (ustar, GNU and pax; as docker export makes it) as a set of files.
 */
#ifndef TOOLS_TAR_H
#define TOOLS_TAR_H

#include "tools/fileset.h"

/*
 * Read the archive at fd into the set: contents stay in the file. A compressed archive (gzip, xz,
 * bzip2, zstd) is unpacked first by that program into an unnamed temporary file; *plain gets the
 * descriptor that the set's files are in, which may be fd itself. `name` is for messages. Returns
 * 0, or an exit status after saying why.
 */
int tar_read(struct fileset *s, int fd, const char *name, int *plain);

#endif
