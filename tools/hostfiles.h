/* SPDX-License-Identifier: MIT */
/*
 * Files of this host in a set of files.
 */
#ifndef TOOLS_HOSTFILES_H
#define TOOLS_HOSTFILES_H

#include "tools/fileset.h"

/*
 * A file under the name it has here: directories and symbolic links on the way become what they
 * are here, the last link's target included, so that the name means the same file in the machine.
 * *out is the file itself. Returns 0 or -errno.
 */
int hostfiles_add_name(struct fileset *s, const char *path, struct node **out);

/*
 * What `host` is (symbolic links in `host` itself are followed), as `guest`: a file, or a directory
 * with all that is below it, hard links among them kept. What was there before is replaced, but
 * directories are merged. Contents of /proc and the like are left out. Returns 0, or an exit status
 * after saying why.
 */
int hostfiles_add_tree(struct fileset *s, const char *host, const char *guest);

#endif
