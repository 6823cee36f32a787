/* SPDX-License-Identifier: MIT */
/*
 * The boot module as the host writes it, read back with the guest's own check (kernel/bootinfo.c).
 * unit: tools/module.c tools/rootfs.c tools/fileset.c tools/util.c kernel/bootinfo.c -D_GNU_SOURCE
 */
#include "kernel/bootinfo.h"
#include "tests/unit/unit.h"
#include "tools/rootfs.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct bi_file *find(const struct bootinfo *bi, const char *path)
{
	for (uint32_t i = 0; i < bi->n_files; i++)
		if (strcmp(bootinfo_path(bi, &bootinfo_files(bi)[i]), path) == 0)
			return &bootinfo_files(bi)[i];
	return NULL;
}

static int make_program(const char *bytes, size_t len)
{
	int fd = memfd_create("program", MFD_CLOEXEC);

	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
		abort();
	return fd;
}

static const struct bootinfo *build(const struct module_spec *spec, uint64_t *size)
{
	struct module m = MODULE_NONE;
	void *p;

	if (module_lay_out(&m, spec) < 0 || module_fill(&m) < 0)
		abort();
	*size = m.size;
	p = mmap(NULL, *size, PROT_READ, MAP_SHARED, m.fd, 0);
	if (p == MAP_FAILED)
		abort();
	module_set_tsc_hz(m.fd, 2300000000u);
	module_free(&m);
	return p;
}

static void check_strings(const struct bootinfo *bi, const struct bi_strings *s, char *const *want)
{
	const char *v[16];
	uint32_t n = 0;

	while (want[n])
		n++;
	CHECK(s->count == n);
	bootinfo_strings(bi, s, v);
	for (uint32_t i = 0; i < n; i++)
		CHECK(strcmp(v[i], want[i]) == 0);
}

static void check_files(const struct bootinfo *bi, const char *bytes, size_t len)
{
	const struct bi_file *f = find(bi, "/opt/tool/prog");

	CHECK(f && f->type == BI_FILE_REG && f->mode == 0751 && f->uid == 12 && f->size == len);
	CHECK(f && f->data % 4096 == 0 && memcmp(bootinfo_data(bi, f), bytes, len) == 0);
	CHECK(f && f->mtime_ns == 1000000002ull);
	f = find(bi, "/opt/alias");
	CHECK(f && f->type == BI_FILE_SYMLINK &&
	      strcmp(bootinfo_data(bi, f), "/opt/tool/prog") == 0);
	f = find(bi, "/tmp");
	CHECK(f && f->type == BI_FILE_DIR && f->mode == 01777);
	f = find(bi, "/bin");
	CHECK(f && f->type == BI_FILE_SYMLINK && strcmp(bootinfo_data(bi, f), "usr/bin") == 0);
	f = find(bi, "/etc/passwd");
	CHECK(f && strstr(bootinfo_data(bi, f), "\nann:x:1000:1000::/home/ann:/bin/zsh\n"));
	CHECK(f && strncmp(bootinfo_data(bi, f), "root:x:0:0:root:/root:/bin/sh\n", 30) == 0);
	CHECK(find(bi, "/etc/hosts") && find(bi, "/etc/resolv.conf") &&
	      find(bi, "/etc/nsswitch.conf"));
}

static void test_module(void)
{
	static char bytes[10000];
	char *argv[] = {"prog", "", "two words", NULL}, *envp[] = {"A=1", NULL};
	gid_t groups[] = {1000, 70001};
	struct user user = {1000, 1000, groups, 2, "ann", "/home/ann", "/bin/zsh", "box"};
	struct program program = {.path = "/opt/tool/prog", .alias = "/opt/alias"};
	struct guest_files files = {0};
	struct module_spec spec = {
	    .flags = BI_STRICT,
	    .exe = program.path,
	    .cwd = "/",
	    .hostname = "name",
	    .argv = argv,
	    .envp = envp,
	    .files = &files,
	    .uid = 1000,
	    .gid = 1000,
	    .umask = 027,
	    .groups = groups,
	    .n_groups = 2,
	    .std = {{BI_STD_NULL, 0, 0}, {BI_STD_STREAM, BI_STDF_SYNC, 0}},
	    .tsc_hz = 1,
	    .root_fd = make_program("image", 5),
	    .root_size = 5,
	};
	const struct bootinfo *bi, *other;
	uint64_t size;

	memset(bytes, 'x', sizeof(bytes));
	program.fd = make_program(bytes, sizeof(bytes));
	program.st = (struct stat){
	    .st_mode = S_IFREG | 0751, .st_uid = 12, .st_size = sizeof(bytes), .st_mtim = {1, 2}};
	rootfs_build(&files, NULL, &program, &user, "/", 1);
	bi = build(&spec, &size);
	CHECK(bootinfo_check(bi, size) == NULL);
	CHECK(size == bi->total_size && size % 4096 == 0);
	CHECK(strcmp(bootinfo_string(bi, bi->exe), "/opt/tool/prog") == 0);
	CHECK(strcmp(bootinfo_string(bi, bi->cwd), "/") == 0);
	CHECK(strcmp(bootinfo_string(bi, bi->hostname), "name") == 0);
	check_strings(bi, &bi->argv, argv);
	check_strings(bi, &bi->envp, envp);
	check_files(bi, bytes, sizeof(bytes));
	CHECK(bi->flags == BI_STRICT && bi->uid == 1000 && bi->gid == 1000 && bi->umask == 027);
	CHECK(bi->n_groups == 2 && bootinfo_groups(bi)[1] == 70001);
	CHECK(bi->std[1].kind == BI_STD_STREAM && bi->std[1].flags == BI_STDF_SYNC);
	CHECK(bi->tsc_hz == 2300000000u && bi->realtime_ns > 1600000000ull * 1000000000);
	CHECK(bi->root_kind == BI_ROOT_MODULE && bi->root_size == 5 && bi->root_data % 4096 == 0);
	CHECK(memcmp((const char *)bi + bi->root_data, "image", 5) == 0);
	spec.root_size = 0;
	other = build(&spec, &size);
	CHECK(memcmp(bi->seed, other->seed, sizeof(bi->seed)) != 0);
	CHECK(other->root_kind == BI_ROOT_NONE);
	CHECK(munmap((void *)(uintptr_t)bi, bi->total_size) == 0 &&
	      munmap((void *)(uintptr_t)other, size) == 0);
	guest_files_free(&files);
	close(spec.root_fd);
	close(program.fd);
}

/* A file that is shorter than it was said to be is an error, not a hole. */
static void test_shrunk_file(void)
{
	char *none[] = {NULL};
	struct guest_files files = {0};
	struct guest_file *f = guest_files_add(&files, xstrdup("/prog"));
	struct module_spec spec = {.exe = "/prog",
				   .cwd = "/",
				   .hostname = "h",
				   .argv = none,
				   .envp = none,
				   .files = &files};
	struct module m = MODULE_NONE;

	f->fd = make_program("abc", 3);
	f->size = 4;
	CHECK(module_lay_out(&m, &spec) == 0);
	CHECK(module_fill(&m) == -1);
	module_free(&m);
	close(f->fd);
	guest_files_free(&files);
}

/* A host without merged /usr: /bin is a directory when the program is in it. */
static void test_unmerged(void)
{
	struct user user = {.name = "root", .home = "/root", .shell = "/bin/sh"};
	struct program program = {.path = "/bin/prog", .fd = -1};
	struct guest_files files = {0};
	bool bin = false, sbin = false;

	rootfs_build(&files, NULL, &program, &user, "/", 1);
	for (size_t i = 0; i < files.n; i++) {
		bin |= strcmp(files.v[i].path, "/bin") == 0;
		sbin |= strcmp(files.v[i].path, "/sbin") == 0;
	}
	CHECK(!bin && sbin);
	guest_files_free(&files);
}

static void test_environment(void)
{
	struct user user = {.home = "/home/ann", .hostname = "box"};
	struct strvec env = {0}, settings = {0};

	setenv("TERM", "vt220", 1);
	setenv("COPIED", "here", 1);
	unsetenv("MISSING");
	strvec_add(&settings, "HOME=/else");
	strvec_add(&settings, "COPIED");
	strvec_add(&settings, "MISSING");
	strvec_add(&settings, "X=a=b");
	guest_environment(&env, &user, true, &settings);
	CHECK(env.n == 6 && env.v[6] == NULL);
	CHECK(strncmp(env.v[0], "PATH=/usr/local/sbin:", 21) == 0);
	CHECK(strcmp(env.v[1], "HOSTNAME=box") == 0 && strcmp(env.v[2], "TERM=vt220") == 0);
	CHECK(strcmp(env.v[3], "HOME=/else") == 0 && strcmp(env.v[4], "COPIED=here") == 0);
	CHECK(strcmp(env.v[5], "X=a=b") == 0);
	strvec_free(&env);
	strvec_free(&settings);
}

int main(void)
{
	test_module();
	test_shrunk_file();
	test_unmerged();
	test_environment();
	return UNIT_END();
}
