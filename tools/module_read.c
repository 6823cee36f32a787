/* SPDX-License-Identifier: MIT */
/*
 * Reading a boot module back: of an image that is run or looked at. The guest checks again what it
 * gets; here a damaged module must end in a message.
 */
#include "tools/module.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 4096ull

struct view {
	const unsigned char *data;
	uint64_t size; /* of the module, and of what is mapped */
	struct bootinfo bi;
	int fd;
	uint64_t base; /* of the module in fd */
	const char *wrong;
};

static bool inside(const struct view *v, uint64_t at, uint64_t len)
{
	return at <= v->size && len <= v->size - at;
}

/* A copy of the string at an offset; "" and v->wrong if there is none. */
static char *string(struct view *v, uint64_t at)
{
	if (at >= v->size || memchr(v->data + at, '\0', v->size - at) == NULL) {
		v->wrong = "a string is outside it";
		return xstrdup("");
	}
	return xstrdup((const char *)v->data + at);
}

static void strings(struct view *v, const struct bi_strings *s, struct strvec *out)
{
	uint64_t at = s->offset, end = (uint64_t)s->offset + s->length;

	if (!inside(v, s->offset, s->length)) {
		v->wrong = "a list of strings is outside it";
		return;
	}
	for (uint32_t i = 0; i < s->count; i++) {
		const unsigned char *nul = at < end ? memchr(v->data + at, '\0', end - at) : NULL;

		if (nul == NULL) {
			v->wrong = "a list of strings is too short";
			return;
		}
		strvec_add(out, "%s", (const char *)v->data + at);
		at = (uint64_t)(nul - v->data) + 1;
	}
}

static void file(struct view *v, const struct bi_file *f, struct guest_files *files)
{
	struct guest_file *g = guest_files_add(files, string(v, f->path));

	g->type = f->type;
	g->mode = f->mode;
	g->uid = f->uid;
	g->gid = f->gid;
	g->mtime_ns = f->mtime_ns;
	if (f->type == BI_FILE_SYMLINK) {
		g->text = string(v, f->data);
	} else if (f->type == BI_FILE_REG) {
		if (!inside(v, f->data, f->size))
			v->wrong = "a file is outside it";
		g->fd = v->fd;
		g->offset = v->base + f->data;
		g->size = f->size;
	} else if (f->type != BI_FILE_DIR) {
		v->wrong = "a file has no type";
	}
}

static void tables(struct view *v, struct module_parts *m)
{
	const struct bootinfo *bi = &v->bi;

	if (!inside(v, bi->files, (uint64_t)bi->n_files * sizeof(struct bi_file)) ||
	    !inside(v, bi->groups, (uint64_t)bi->n_groups * sizeof(uint32_t)) ||
	    !inside(v, bi->rules, (uint64_t)bi->n_rules * sizeof(struct bi_rule)) ||
	    !inside(v, bi->plan_offset, bi->plan_size)) {
		v->wrong = "a table is outside it";
		return;
	}
	for (uint32_t i = 0; v->wrong == NULL && i < bi->n_files; i++) {
		struct bi_file f;

		memcpy(&f, v->data + bi->files + i * sizeof(f), sizeof(f));
		file(v, &f, &m->files);
	}
	m->rules = xrealloc(NULL, bi->n_rules * sizeof(struct bi_rule));
	memcpy(m->rules, v->data + bi->rules, bi->n_rules * sizeof(struct bi_rule));
	m->plan = xrealloc(NULL, bi->plan_size);
	memcpy(m->plan, v->data + bi->plan_offset, bi->plan_size);
	m->groups = xrealloc(NULL, bi->n_groups * sizeof(gid_t));
	memcpy(m->groups, v->data + bi->groups, bi->n_groups * sizeof(gid_t));
}

static void take(struct view *v, struct module_parts *m)
{
	const struct bootinfo *bi = &v->bi;

	m->exe = string(v, bi->exe);
	m->cwd = string(v, bi->cwd);
	m->hostname = string(v, bi->hostname);
	strings(v, &bi->argv, &m->argv);
	strings(v, &bi->envp, &m->envp);
	tables(v, m);
	if (bi->root_kind == BI_ROOT_MODULE && !inside(v, bi->root_data, bi->root_size))
		v->wrong = "its root is outside it";
	else if (bi->root_kind != BI_ROOT_MODULE && bi->root_kind != BI_ROOT_NONE)
		v->wrong = "its root is not in it";
	if (v->wrong == NULL && m->argv.n == 0)
		v->wrong = "it has no arguments";
	m->spec = (struct module_spec){
	    .flags = bi->flags,
	    .exe = m->exe,
	    .cwd = m->cwd,
	    .hostname = m->hostname,
	    .argv = m->argv.v,
	    .envp = m->envp.v,
	    .files = &m->files,
	    .uid = bi->uid,
	    .gid = bi->gid,
	    .umask = bi->umask,
	    .cpus = bi->n_cpus,
	    .net = bi->net,
	    .groups = m->groups,
	    .n_groups = bi->n_groups,
	    .rules = m->rules,
	    .n_rules = bi->n_rules,
	    .plan = m->plan,
	    .plan_size = v->wrong ? 0 : bi->plan_size,
	    .root_fd = v->fd,
	    .root_offset = v->base + bi->root_data,
	    .root_size = bi->root_kind == BI_ROOT_MODULE ? bi->root_size : 0,
	};
}

const char *module_read(struct module_parts *m, int fd, uint64_t offset, uint64_t size)
{
	struct view v = {.size = size, .fd = fd, .base = offset};
	void *data;

	*m = (struct module_parts){0};
	if (size < sizeof(v.bi))
		return "it is truncated";
	data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, (off_t)offset);
	if (data == MAP_FAILED)
		return strerror(errno);
	v.data = data;
	memcpy(&v.bi, data, sizeof(v.bi));
	if (v.bi.magic != BOOTINFO_MAGIC)
		v.wrong = "it has another beginning";
	else if (v.bi.version != BOOTINFO_VERSION || v.bi.header_size < sizeof(v.bi))
		v.wrong = "it is of another version";
	else if (v.bi.total_size > size)
		v.wrong = "it is truncated";
	else
		take(&v, m);
	munmap(data, size);
	return v.wrong;
}

void module_parts_free(struct module_parts *m)
{
	guest_files_free(&m->files);
	strvec_free(&m->argv);
	strvec_free(&m->envp);
	free(m->exe);
	free(m->cwd);
	free(m->hostname);
	free(m->groups);
	free(m->rules);
	free(m->plan);
}
