/* SPDX-License-Identifier: MIT */
/*
 * A static program alone needs no root image: then nothing here costs anything.
 */
#include "tools/payload.h"

#include <stdlib.h>
#include <unistd.h>

int payload_open(struct payload *p, const struct payload_spec *spec)
{
	struct root_spec root = {
	    .rootfs = spec->rootfs,
	    .adds = spec->adds,
	    .path = guest_search_path(spec->env),
	    .library_path = guest_setting(spec->env, "LD_LIBRARY_PATH"),
	    .preload = guest_setting(spec->env, "LD_PRELOAD"),
	};
	struct place place = {NULL, getenv("PATH"), root.path};
	int status = 0;

	*p = (struct payload)PAYLOAD_NONE;
	if (spec->rootfs == NULL)
		status = program_open(&p->program, spec->app, &place);
	if (status)
		return status;
	p->has_root = spec->rootfs || spec->adds->n || p->program.interp || p->program.n_needs;
	if (p->has_root)
		status = rootimage_open(&p->root, &root);
	if (p->has_root && status == 0 && spec->rootfs == NULL)
		status = rootimage_add_program(&p->root, &root, &p->program);
	if (p->has_root && status == 0)
		status = rootimage_add_files(&p->root, &root);
	place.set = &p->root.set;
	if (spec->rootfs && status == 0)
		status = program_open(&p->program, spec->app, &place);
	if (status == 0 && (spec->as_root || spec->rootfs))
		user_init_root(&p->user, payload_set(p));
	else if (status == 0 && user_init(&p->user) < 0)
		status = STATUS_FAILED;
	return status;
}

const struct fileset *payload_set(const struct payload *p)
{
	return p->has_root ? &p->root.set : NULL;
}

void payload_close(struct payload *p)
{
	program_close(&p->program);
	user_free(&p->user);
	rootimage_free(&p->root);
}
