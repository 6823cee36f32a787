/* SPDX-License-Identifier: MIT */
/*
 * A static program alone needs no root image: then nothing here costs anything.
 */
#include "tools/payload.h"

#include "tools/cache.h"
#include "tools/plan_cache.h"

#include <stdlib.h>
#include <string.h>
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

/* A program alone, which is entry `index` over no root. */
static void program_plan(const struct program *p, size_t index, struct blob *out)
{
	char *salt = xasprintf("program %zu", index), key[SHA256_HEX];
	struct plan plan = {0};
	struct fileset set;

	fileset_init(&set);
	node_set_stat(set.root, &p->st);
	set.root->size = (uint64_t)p->st.st_size;
	cache_key(&set, salt, key);
	if (!plan_cached(key, out)) {
		plan_add_file(&plan, PLAN_MODULE_FILE + index, p->fd, p->offset, set.root->size);
		plan_write(&plan, out);
		plan_keep(key, out);
	}
	fileset_free(&set);
	free(salt);
}

void payload_plan(const struct payload *p, const struct guest_files *over, struct blob *plan)
{
	if (p->has_root) {
		rootimage_plan(&p->root, plan);
		return;
	}
	for (size_t i = 0; i < over->n; i++)
		if (over->v[i].type == BI_FILE_REG && strcmp(over->v[i].path, p->program.path) == 0)
			program_plan(&p->program, i, plan);
}

void payload_close(struct payload *p)
{
	program_close(&p->program);
	user_free(&p->user);
	rootimage_free(&p->root);
}
