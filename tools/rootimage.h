/* SPDX-License-Identifier: MIT */
/*
 * The root file system of a program that needs more than itself: its libraries and interpreters,
 * what --add names, or a whole --rootfs; as a set of files and as an EROFS image.
 */
#ifndef TOOLS_ROOTIMAGE_H
#define TOOLS_ROOTIMAGE_H

#include "tools/closure.h"
#include "tools/fileset.h"
#include "tools/program.h"
#include "tools/sha256.h"

struct root_spec {
	const char *rootfs; /* directory or tar archive; NULL: only what is needed */
	const struct strvec *adds;
	const char *path; /* the program's PATH: where env(1) finds interpreters */
	const char *library_path, *preload; /* its LD_LIBRARY_PATH and LD_PRELOAD; NULL: not set */
};

struct rootimage {
	struct fileset set;
	char *salt;		  /* what the contents depend on beside the set itself */
	int base;		  /* the file that contents of an archive are in; -1: none */
	int fd;			  /* the image; -1: not made */
	uint64_t size;		  /* of the image */
	char key[SHA256_HEX];	  /* its name in the cache */
	struct closure *closures; /* for `uniload inspect` */
	size_t n_closures;
};

/* Start with the rootfs, or nothing. Returns 0, or an exit status after saying why.
 * rootimage_free() is needed in any case. */
int rootimage_open(struct rootimage *r, const struct root_spec *spec);
/* Put in what --add says; after the program, if that is one of the host's, because its linker then
 * looks for the libraries. */
int rootimage_add_files(struct rootimage *r, const struct root_spec *spec);
/* Put a program of the host's in, with its libraries, and its interpreters if it is a script. */
int rootimage_add_program(struct rootimage *r, const struct root_spec *spec,
			  const struct program *p);
/* Get the image from the cache, or make it. */
int rootimage_make(struct rootimage *r);
/* The rewrite plan of its files (tools/plan.h) from the cache, or made; after rootimage_make(). */
void rootimage_plan(const struct rootimage *r, struct blob *plan);
void rootimage_free(struct rootimage *r);

#endif
