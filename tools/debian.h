/* SPDX-License-Identifier: MIT */
/*
 * Installed Debian packages of this host, from dpkg's own records.
 */
#ifndef TOOLS_DEBIAN_H
#define TOOLS_DEBIAN_H

#include "tools/util.h"

/*
 * Files, directories and symbolic links of a package and of all it depends on (what it merely
 * recommends is left out, as is documentation), by absolute path. Returns 0, or an exit status
 * after saying why.
 */
int debian_files(const char *package, struct strvec *paths);

/* For each path the name of the package it is from, or NULL; the caller frees the names and the
 * array. Reads the records of all packages. */
char **debian_owners(const struct strvec *paths);

#endif
