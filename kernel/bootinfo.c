/* SPDX-License-Identifier: MIT */
/*
 * Validation of the boot module. It comes from the host's own command, so a wrong one is a bug or a
 * mismatch of versions; all the same nothing outside it is read, whatever it says: every offset,
 * length, count and string is checked here, once. Runs before there is a heap; keeps no state.
 */
#include "kernel/bootinfo.h"

#include "kernel/abi/linux.h"
#include "kernel/string.h"

#define HOSTNAME_MAX 64 /* uname(2): __NEW_UTS_LEN */

static bool in_module(const struct bootinfo *bi, uint64_t offset, uint64_t len)
{
	return offset >= sizeof(*bi) && offset <= bi->total_size && len <= bi->total_size - offset;
}

/* `count` objects of `size` bytes, naturally aligned. An empty table may be anywhere. */
static bool table_ok(const struct bootinfo *bi, uint64_t offset, uint64_t count, size_t size,
		     size_t align)
{
	return count == 0 || (IS_ALIGNED(offset, align) && in_module(bi, offset, count * size));
}

/* A NUL-terminated string of less than max bytes lies at offset. */
static bool string_ok(const struct bootinfo *bi, uint64_t offset, size_t max)
{
	const char *s = (const char *)bi + offset;

	if (!in_module(bi, offset, 1))
		return false;
	max = MIN(max, bi->total_size - offset);
	return memchr(s, '\0', max) != NULL;
}

static bool path_ok(const struct bootinfo *bi, uint64_t offset)
{
	return string_ok(bi, offset, PATH_MAX_LEN) && ((const char *)bi)[offset] == '/';
}

/* Exactly s->count strings fill [offset, offset + length). */
static bool strings_ok(const struct bootinfo *bi, const struct bi_strings *s)
{
	const char *p = (const char *)bi + s->offset;
	uint32_t left = s->length, found = 0;

	if (s->count == 0 && s->length == 0)
		return true;
	if (!in_module(bi, s->offset, s->length))
		return false;
	while (left > 0) {
		const char *end = memchr(p, '\0', left);

		if (end == NULL)
			return false;
		left -= (uint32_t)(end - p) + 1;
		p = end + 1;
		found++;
	}
	return found == s->count;
}

static bool symlink_ok(const struct bootinfo *bi, const struct bi_file *f)
{
	return f->size > 0 && f->size < PATH_MAX_LEN && in_module(bi, f->data, f->size + 1) &&
	       strnlen((const char *)bi + f->data, f->size + 1) == f->size;
}

static const char *check_file(const struct bootinfo *bi, const struct bi_file *f)
{
	if (!path_ok(bi, f->path))
		return "a file's path is invalid";
	if (f->mode > 07777)
		return "a file's mode is invalid";
	switch (f->type) {
	case BI_FILE_REG:
		if (f->size > 0 &&
		    (!IS_ALIGNED(f->data, PAGE_SIZE) || !in_module(bi, f->data, f->size)))
			return "a file's contents are misplaced";
		return NULL;
	case BI_FILE_DIR:
		return NULL;
	case BI_FILE_SYMLINK:
		return symlink_ok(bi, f) ? NULL : "a symbolic link's target is invalid";
	default:
		return "a file's type is unknown";
	}
}

static const char *check_header(const struct bootinfo *bi, uint64_t size)
{
	if (!IS_ALIGNED((uintptr_t)bi, PAGE_SIZE))
		return "it does not start on a page boundary";
	if (size < sizeof(*bi))
		return "it is shorter than its header";
	if (bi->magic != BOOTINFO_MAGIC)
		return "it is not a uniload boot module";
	if (bi->version != BOOTINFO_VERSION)
		return "it is of another version than this kernel";
	if (bi->header_size < sizeof(*bi) || bi->total_size < bi->header_size)
		return "its header is too short";
	if (bi->total_size > size)
		return "it is truncated";
	return NULL;
}

static const char *check_fields(const struct bootinfo *bi)
{
	if (!path_ok(bi, bi->exe))
		return "the program's path is invalid";
	if (!path_ok(bi, bi->cwd))
		return "the working directory is invalid";
	if (!string_ok(bi, bi->hostname, HOSTNAME_MAX + 1))
		return "the host name is invalid";
	if (!strings_ok(bi, &bi->argv))
		return "the arguments are invalid";
	if (!strings_ok(bi, &bi->envp))
		return "the environment is invalid";
	if (bi->n_groups > BOOTINFO_MAX_GROUPS ||
	    !table_ok(bi, bi->groups, bi->n_groups, sizeof(uint32_t), _Alignof(uint32_t)))
		return "the group list is invalid";
	if (!table_ok(bi, bi->files, bi->n_files, sizeof(struct bi_file), _Alignof(struct bi_file)))
		return "the file table is invalid";
	if (bi->n_cpus > BOOTINFO_MAX_CPUS)
		return "the number of CPUs is invalid";
	if (bi->umask > 0777)
		return "the umask is invalid";
	for (size_t i = 0; i < ARRAY_SIZE(bi->std); i++)
		if (bi->std[i].kind > BI_STD_TTY)
			return "a standard descriptor is of an unknown kind";
	return NULL;
}

static const char *check_root(const struct bootinfo *bi)
{
	switch (bi->root_kind) {
	case BI_ROOT_NONE:
	case BI_ROOT_DISK:
		return NULL;
	case BI_ROOT_MODULE:
		return IS_ALIGNED(bi->root_data, PAGE_SIZE) &&
			       in_module(bi, bi->root_data, bi->root_size)
			   ? NULL
			   : "the root file system is misplaced";
	default:
		return "the root file system is of an unknown kind";
	}
}

static const char *check_volumes(const struct bootinfo *bi)
{
	const struct bi_volume *v = bootinfo_volumes(bi);

	if (!table_ok(bi, bi->volumes, bi->n_volumes, sizeof(*v), _Alignof(struct bi_volume)))
		return "the volume table is invalid";
	for (uint32_t i = 0; i < bi->n_volumes; i++)
		if (!string_ok(bi, v[i].tag, BOOTINFO_MAX_TAG + 1) || !path_ok(bi, v[i].path))
			return "a volume is invalid";
	return NULL;
}

static const char *check_rules(const struct bootinfo *bi)
{
	const struct bi_rule *r = bootinfo_rules(bi);

	if (!table_ok(bi, bi->rules, bi->n_rules, sizeof(*r), _Alignof(struct bi_rule)))
		return "the table of rules is invalid";
	if (bi->rules_for && !path_ok(bi, bi->rules_for))
		return "the program that rules are for is invalid";
	for (uint32_t i = 0; i < bi->n_rules; i++)
		if (r[i].action > BI_RULE_KILL || (i > 0 && r[i].nr <= r[i - 1].nr))
			return "a rule is invalid";
	return NULL;
}

static const char *check_plan(const struct bootinfo *bi)
{
	const struct plan_header *h;

	if (!bi->plan_size)
		return NULL;
	if (!IS_ALIGNED(bi->plan_offset, _Alignof(struct plan_file)) ||
	    bi->plan_size < sizeof(*h) || !in_module(bi, bi->plan_offset, bi->plan_size))
		return "the plan is misplaced";
	h = bootinfo_plan(bi);
	if (h->magic != PLAN_MAGIC || h->version != PLAN_VERSION)
		return "the plan is of another version";
	if (sizeof(*h) + h->files * sizeof(struct plan_file) + h->sites * sizeof(struct plan_site) >
	    bi->plan_size)
		return "the plan is truncated";
	return NULL;
}

const char *bootinfo_check(const void *module, uint64_t size)
{
	const struct bootinfo *bi = module;
	const char *why = check_header(bi, size);

	if (why == NULL)
		why = check_fields(bi);
	if (why == NULL)
		why = check_root(bi);
	if (why == NULL)
		why = check_volumes(bi);
	if (why == NULL)
		why = check_rules(bi);
	if (why == NULL)
		why = check_plan(bi);
	for (uint32_t i = 0; why == NULL && i < bi->n_files; i++)
		why = check_file(bi, &bootinfo_files(bi)[i]);
	return why;
}

void bootinfo_strings(const struct bootinfo *bi, const struct bi_strings *s, const char **out)
{
	const char *p = bootinfo_string(bi, s->offset);

	for (uint32_t i = 0; i < s->count; i++) {
		out[i] = p;
		p += strlen(p) + 1;
	}
}
