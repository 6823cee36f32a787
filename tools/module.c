/* SPDX-License-Identifier: MIT */
/*
 * Building the module in two steps: header, strings and tables in a growing buffer, where contents
 * only get their offsets (page-aligned, so that the guest can map them in place), which tells the
 * size; then all of it is written to a memfd. Nothing ever is in a file system.
 */
#include "tools/module.h"

#include "tools/util.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <unistd.h>

#define PAGE 4096ull

struct guest_file *guest_files_add(struct guest_files *files, char *path)
{
	if (files->n == files->room) {
		files->room = files->room ? 2 * files->room : 32;
		files->v = xrealloc(files->v, files->room * sizeof(*files->v));
	}
	files->v[files->n] = (struct guest_file){.path = path, .fd = -1};
	return &files->v[files->n++];
}

void guest_files_free(struct guest_files *files)
{
	for (size_t i = 0; i < files->n; i++) {
		free(files->v[i].path);
		free(files->v[i].text);
	}
	free(files->v);
	*files = (struct guest_files){0};
}

static uint32_t add_string(struct blob *b, const char *s)
{
	return (uint32_t)blob_add(b, s, strlen(s) + 1, 1);
}

static struct bi_strings add_strings(struct blob *b, char *const *v)
{
	struct bi_strings s = {.offset = (uint32_t)b->len};

	for (; v[s.count]; s.count++)
		add_string(b, v[s.count]);
	s.length = (uint32_t)b->len - s.offset;
	return s;
}

static uint64_t content_size(const struct guest_file *f)
{
	return f->text ? strlen(f->text) : f->size;
}

static void add_volumes(struct blob *b, struct bootinfo *bi, const struct module_spec *spec)
{
	struct bi_volume *table = xrealloc(NULL, (spec->n_volumes + 1) * sizeof(*table));

	for (size_t i = 0; i < spec->n_volumes; i++)
		table[i] = (struct bi_volume){.tag = add_string(b, spec->volumes[i].tag),
					      .path = add_string(b, spec->volumes[i].path),
					      .flags = spec->volumes[i].flags};
	bi->volumes = (uint32_t)blob_add(b, table, spec->n_volumes * sizeof(*table), 8);
	bi->n_volumes = (uint32_t)spec->n_volumes;
	free(table);
}

/* The file table, without the places of contents. */
static void add_files(struct blob *b, struct bootinfo *bi, const struct guest_files *files)
{
	struct bi_file *table = xrealloc(NULL, files->n * sizeof(*table));

	for (size_t i = 0; i < files->n; i++) {
		const struct guest_file *f = &files->v[i];

		table[i] = (struct bi_file){.path = add_string(b, f->path),
					    .type = f->type,
					    .mode = f->mode,
					    .uid = f->uid,
					    .gid = f->gid,
					    .mtime_ns = f->mtime_ns};
		if (f->type != BI_FILE_DIR)
			table[i].size = content_size(f);
		if (f->type == BI_FILE_SYMLINK)
			table[i].data = add_string(b, f->text);
	}
	bi->files = (uint32_t)blob_add(b, table, files->n * sizeof(*table), 8);
	bi->n_files = (uint32_t)files->n;
	free(table);
}

/* Give each regular file and the root image its page-aligned place behind the tables; returns the
 * module's size. */
static uint64_t place_contents(struct blob *b, struct bootinfo *bi, uint64_t root_size)
{
	struct bi_file *f = (struct bi_file *)(void *)(b->data + bi->files);
	uint64_t end = b->len;

	for (uint32_t i = 0; i < bi->n_files; i++) {
		if (f[i].type != BI_FILE_REG)
			continue;
		f[i].data = (end + PAGE - 1) / PAGE * PAGE;
		end = f[i].data + f[i].size;
	}
	if (root_size) {
		bi->root_kind = BI_ROOT_MODULE;
		bi->root_data = (end + PAGE - 1) / PAGE * PAGE;
		bi->root_size = root_size;
		end = bi->root_data + root_size;
	}
	return (end + PAGE - 1) / PAGE * PAGE;
}

static int fill_seed(struct bootinfo *bi)
{
	for (size_t done = 0; done < sizeof(bi->seed);) {
		ssize_t n = getrandom(bi->seed + done, sizeof(bi->seed) - done, 0);

		if (n < 0 && errno != EINTR)
			return fail(-1, "cannot get random numbers: %s", strerror(errno));
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* Everything but contents. */
static int describe(const struct module_spec *spec, struct blob *b)
{
	struct bootinfo bi = {
	    .magic = BOOTINFO_MAGIC,
	    .version = BOOTINFO_VERSION,
	    .header_size = sizeof(bi),
	    .flags = spec->flags,
	    .uid = spec->uid,
	    .gid = spec->gid,
	    .umask = spec->umask,
	    .n_cpus = spec->cpus,
	    .n_groups = (uint32_t)spec->n_groups,
	    .net = spec->net,
	    .std = {spec->std[0], spec->std[1], spec->std[2]},
	    .tty_rows = spec->tty_rows,
	    .tty_cols = spec->tty_cols,
	    .tsc_hz = spec->tsc_hz,
	    .realtime_ns = spec->flags & BI_IMAGE ? 0 : realtime_ns(),
	};

	_Static_assert(sizeof(gid_t) == sizeof(uint32_t), "groups are copied as they are");
	blob_add(b, NULL, sizeof(bi), 8);
	bi.exe = add_string(b, spec->exe);
	bi.cwd = add_string(b, spec->cwd);
	bi.hostname = add_string(b, spec->hostname);
	bi.argv = add_strings(b, spec->argv);
	bi.envp = add_strings(b, spec->envp);
	bi.groups = (uint32_t)blob_add(b, spec->groups, spec->n_groups * sizeof(gid_t), 4);
	bi.rules = (uint32_t)blob_add(b, spec->rules, spec->n_rules * sizeof(*spec->rules), 8);
	bi.n_rules = (uint32_t)spec->n_rules;
	bi.rules_for = spec->rules_for ? add_string(b, spec->rules_for) : 0;
	bi.plan_offset = blob_add(b, spec->plan, spec->plan_size, 8);
	bi.plan_size = spec->plan_size;
	add_volumes(b, &bi, spec);
	add_files(b, &bi, spec->files);
	if (b->len > INT_MAX)
		return fail(-1, "arguments and environment are too long: %zu bytes", b->len);
	if (spec->root_on_disk)
		bi.root_kind = BI_ROOT_DISK;
	bi.total_size = place_contents(b, &bi, spec->root_size);
	if (!(spec->flags & BI_IMAGE) && fill_seed(&bi) < 0)
		return -1;
	memcpy(b->data, &bi, sizeof(bi));
	return 0;
}

static int write_at(int fd, const void *data, size_t len, uint64_t at)
{
	const char *from = data;

	while (len > 0) {
		ssize_t n = pwrite(fd, from, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(-1, "cannot write the boot module: %s",
				    strerror(n ? errno : ENOSPC));
		from += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

/* Copy `size` bytes of `from_fd`, which messages call `what`, from `offset` on. */
static int copy_at(int fd, int from_fd, uint64_t offset, const char *what, uint64_t size,
		   uint64_t at)
{
	off_t from = (off_t)offset;

	if (lseek(fd, (off_t)at, SEEK_SET) < 0)
		return fail(-1, "cannot seek in the boot module: %s", strerror(errno));
	while ((uint64_t)from < offset + size) {
		ssize_t n = sendfile(fd, from_fd, &from, offset + size - (uint64_t)from);

		if (n == 0)
			return fail(-1, "%s: it became shorter while it was read", what);
		if (n < 0 && errno != EINTR)
			return fail(-1, "%s: cannot copy it into the boot module: %s", what,
				    strerror(errno));
	}
	return 0;
}

int module_fill(struct module *m)
{
	const struct bootinfo *bi = (const void *)m->tables.data;
	const struct bi_file *table = (const void *)(m->tables.data + bi->files);
	int err = write_at(m->fd, m->tables.data, m->tables.len, 0);

	for (size_t i = 0; err == 0 && i < m->files->n; i++) {
		const struct guest_file *f = &m->files->v[i];

		if (f->type == BI_FILE_REG)
			err = f->text ? write_at(m->fd, f->text, table[i].size, table[i].data)
				      : copy_at(m->fd, f->fd, f->offset, f->path, f->size,
						table[i].data);
	}
	if (err == 0 && m->root_size)
		err = copy_at(m->fd, m->root_fd, m->root_offset, "the root image", m->root_size,
			      bi->root_data);
	return err;
}

int module_open(struct module *m)
{
	m->fd = memfd_create("uniload-module", MFD_CLOEXEC);
	return m->fd < 0 ? fail(-1, "cannot create a memory file: %s", strerror(errno)) : 0;
}

int module_lay_out(struct module *m, const struct module_spec *spec)
{
	m->files = spec->files;
	m->root_fd = spec->root_fd;
	m->root_offset = spec->root_offset;
	m->root_size = spec->root_size;
	if ((m->fd < 0 && module_open(m) < 0) || describe(spec, &m->tables) < 0)
		return -1;
	m->size = ((const struct bootinfo *)(const void *)m->tables.data)->total_size;
	if (ftruncate(m->fd, (off_t)m->size) < 0)
		return fail(-1, "cannot make the boot module %llu bytes large: %s",
			    (unsigned long long)m->size, strerror(errno));
	return 0;
}

void module_free(struct module *m)
{
	if (m->fd >= 0)
		close(m->fd);
	free(m->tables.data);
	*m = (struct module)MODULE_NONE;
}

void module_set_tsc_hz(int fd, uint64_t tsc_hz)
{
	/* If it cannot be written, the first value is good enough. */
	if (pwrite(fd, &tsc_hz, sizeof(tsc_hz), offsetof(struct bootinfo, tsc_hz)) < 0)
		return;
}
