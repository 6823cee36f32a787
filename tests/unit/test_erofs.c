/* SPDX-License-Identifier: MIT */
/*
 * The EROFS reader against mkfs.erofs: a tree made here goes through it and is read back name by
 * name and byte by byte; then images that are wrong in one point each. Skipped without mkfs.erofs.
 * unit: fs/erofs.c fs/erofs_dir.c tests/unit/erofs_image.c -D_GNU_SOURCE
 */
#include "tests/unit/unit.h"

#include "kernel/abi/erofs.h"
#include "tests/unit/erofs_image.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define NANOS 123456789

static char dir[] = "/tmp/erofs-test.XXXXXX";

static void make_file(const char *name, size_t size)
{
	int fd = open(name, O_CREAT | O_WRONLY | O_EXCL, 0644);
	struct timespec times[2] = {{1000000000, 0}, {1234567890, NANOS}};

	for (size_t i = 0; i < size; i++) {
		uint8_t c = (uint8_t)(i * 7 + (i >> 8) * 13 + size);

		if (write(fd, &c, 1) != 1)
			abort();
	}
	if (fd < 0 || futimens(fd, times))
		abort();
	close(fd);
}

static void make_tree(void)
{
	static const size_t sizes[] = {0, 1, 100, 4000, 4095, 4096, 4097, 8192, 12289, 70000};
	char name[300], filler[200];

	memset(filler, 'n', sizeof(filler));
	umask(0);
	if (mkdir("tree", 0755) || chdir("tree") || mkdir("many", 0700) || mkdir("empty", 01777))
		abort();
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		snprintf(name, sizeof(name), "f%zu", sizes[i]);
		make_file(name, sizes[i]);
	}
	for (int i = 0; i < 1000; i++) { /* several blocks of names */
		snprintf(name, sizeof(name), "many/%d-%.*s", i, i % 200, filler);
		make_file(name, (size_t)i % 3);
	}
	memset(name, 'x', 254); /* mkfs.erofs 1.5 fails at 255 */
	name[254] = 0;
	make_file(name, 5);
	if (link("f100", "hard") || symlink("f100", "soft") || mkfifo("fifo", 0620) ||
	    symlink(name, "long") || chmod("f1", 06711))
		abort();
	if (geteuid() == 0 && (mknod("char", S_IFCHR | 0600, makedev(300, 70000)) ||
			       lchown("f4095", 70000, 12) || lchown("soft", 5, 6)))
		abort();
	if (chdir(".."))
		abort();
}

/* The image mkfs.erofs makes of ./tree, or NULL. */
static void *make_image(const char *options, size_t *size)
{
	char command[256];
	struct stat st;
	void *data;
	int fd;

	snprintf(command, sizeof(command), "mkfs.erofs %s image tree >mkfs.log 2>&1", options);
	if (system(command) != 0 || (fd = open("image", O_RDONLY)) < 0)
		return NULL;
	fstat(fd, &st);
	data = malloc((size_t)st.st_size);
	if (read(fd, data, (size_t)st.st_size) != st.st_size)
		abort();
	close(fd);
	*size = (size_t)st.st_size;
	return data;
}

static void check_data(const struct erofs_node *n, const char *path)
{
	int fd = open(path, O_RDONLY);
	char want[PAGE_SIZE];
	struct erofs_span s, again;
	ssize_t len;
	uint64_t index = 0;

	while ((len = read(fd, want, sizeof(want))) > 0) {
		int r = erofs_span(n, index, &s);

		CHECK(erofs_span_now(n, index++, &again) == r);
		CHECK(r == 0 && s.len == (unsigned)len);
		if (r)
			break;
		CHECK(!s.page || memcmp((char *)page_to_virt(s.page) + s.off, want, s.len) == 0);
		CHECK(again.page == s.page && again.off == s.off && again.len == s.len);
		if (s.page) {
			page_put(s.page);
			page_put(s.page);
		}
	}
	CHECK(erofs_span(n, index, &s) == -ENODATA);
	CHECK(erofs_span_now(n, index, &s) == -ENODATA);
	close(fd);
}

static void check_link(const struct erofs_node *n, const char *path)
{
	char want[PAGE_SIZE], got[PAGE_SIZE];
	ssize_t len = readlink(path, want, sizeof(want));

	CHECK(erofs_readlink(n, got, sizeof(got)) == len);
	CHECK(memcmp(want, got, (size_t)len) == 0 && erofs_readlink(n, got, 2) == 2);
}

static unsigned count_names(const char *path)
{
	DIR *d = opendir(path);
	unsigned n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void check_tree(const struct erofs_node *d, uint64_t parent, const char *path);

static void check_object(struct erofs *fs, const struct erofs_node *parent,
			 const struct erofs_name *name, const char *path)
{
	struct erofs_node n;
	struct stat st;

	CHECK(erofs_node_get(fs, name->nid, &n) == 0 && lstat(path, &st) == 0);
	CHECK(n.mode == st.st_mode && n.nlink == st.st_nlink);
	CHECK(n.uid == st.st_uid && n.gid == st.st_gid);
	CHECK(S_ISDIR(st.st_mode) || n.size == (uint64_t)st.st_size);
	CHECK(n.rdev == st.st_rdev && name->dt_type == IFTODT(st.st_mode));
	CHECK(n.mtime_ns == (uint64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec);
	if (S_ISDIR(st.st_mode))
		check_tree(&n, parent->nid, path);
	else if (S_ISREG(st.st_mode))
		check_data(&n, path);
	else if (S_ISLNK(st.st_mode))
		check_link(&n, path);
}

static void check_tree(const struct erofs_node *d, uint64_t parent, const char *path)
{
	uint64_t pos = 0, nid, at;
	struct erofs_name name;
	unsigned found = 0;
	char child[1024];

	for (; erofs_next(d, &pos, &name) == 1; found++) {
		uint64_t before = pos;

		CHECK(erofs_lookup(d, name.name, name.len, &nid, &at) == 0 && nid == name.nid);
		CHECK(at < pos && erofs_next(d, &at, &name) == 1 && at == before);
		if (strcmp(name.name, ".") == 0)
			CHECK(name.nid == d->nid);
		else if (strcmp(name.name, "..") == 0)
			CHECK(name.nid == parent);
		else {
			snprintf(child, sizeof(child), "%s/%s", path, name.name);
			check_object(d->fs, d, &name, child);
		}
	}
	CHECK(found == count_names(path));
	CHECK(erofs_lookup(d, "absent", 6, &nid, NULL) == -ENOENT);
	CHECK(erofs_lookup(d, "\1", 1, &nid, NULL) == -ENOENT);
	CHECK(erofs_lookup(d, "\377", 1, &nid, NULL) == -ENOENT);
}

static void test_image(const char *options)
{
	struct erofs_source *src;
	struct erofs_node root, n;
	struct erofs_span s;
	struct erofs fs;
	uint64_t nid;
	size_t size;
	void *data = make_image(options, &size);

	CHECK(data != NULL);
	if (!data)
		return;
	src = image_new(data, size);
	CHECK(erofs_open(&fs, src) == 0);
	CHECK(erofs_node_get(&fs, fs.root_nid, &root) == 0 && S_ISDIR(root.mode));
	CHECK(erofs_lookup(&root, "f70000", 6, &nid, NULL) == 0);
	CHECK(erofs_node_get(&fs, nid, &n) == 0 && erofs_span_now(&n, 0, &s) == -EAGAIN);
	check_tree(&root, root.nid, "tree");
	CHECK(image_free(src) && image_log[0] == 0);
	free(data);
}

static int open_damaged(const void *good, size_t size, size_t at, uint32_t value, const char *log)
{
	char *data = malloc(size);
	struct erofs_source *src;
	struct erofs fs;
	int r;

	memcpy(data, good, size);
	if (at)
		memcpy(data + at, &value, sizeof(value));
	image_log[0] = 0;
	src = image_new(data, size);
	r = erofs_open(&fs, src);
	CHECK(image_free(src) && strstr(image_log, log));
	free(data);
	return r;
}

#define SUPER(member) (EROFS_SUPER_OFFSET + offsetof(struct erofs_super_block, member))

static void test_damage(void)
{
	size_t size;
	char *data = make_image("", &size);

	if (!data)
		return;
	CHECK(open_damaged(data, size, SUPER(magic), 1, "not an EROFS") == -EINVAL);
	CHECK(open_damaged(data, size, SUPER(inos), 77, "checksum") == -EUCLEAN);
	CHECK(open_damaged(data, size - PAGE_SIZE, 0, 0, "truncated") == -EUCLEAN);
	CHECK(open_damaged(data, 1000, 0, 0, "not an EROFS") == -EINVAL);
	memset(data + SUPER(feature_compat), 0, 4); /* no checksum from here on */
	CHECK(open_damaged(data, size, SUPER(inos), 77, "") == 0);
	CHECK(open_damaged(data, size, SUPER(meta_block), 1u << 30, "outside") == -EUCLEAN);
	CHECK(open_damaged(data, size, SUPER(feature_incompat), 128, "newer") == -EOPNOTSUPP);
	CHECK(open_damaged(data, size, SUPER(block_bits), 9, "4 KiB") == -EOPNOTSUPP);
	free(data);
}

/* Compressed files are recognised, each time, and said once. */
static void test_compressed(void)
{
	struct erofs_source *src;
	struct erofs_node root, n;
	struct erofs fs;
	uint64_t nid;
	size_t size;
	char *data = make_image("-zlz4", &size), *line;

	if (!data)
		return;
	src = image_new(data, size);
	image_log[0] = 0;
	CHECK(erofs_open(&fs, src) == 0 && erofs_node_get(&fs, fs.root_nid, &root) == 0);
	CHECK(erofs_lookup(&root, "f70000", 6, &nid, NULL) == 0);
	CHECK(erofs_node_get(&fs, nid, &n) == -EOPNOTSUPP);
	CHECK(erofs_node_get(&fs, nid, &n) == -EOPNOTSUPP);
	line = strstr(image_log, "compression");
	CHECK(line && !strstr(line + 1, "compression"));
	CHECK(image_free(src));
	free(data);
}

int main(void)
{
	if (system("command -v mkfs.erofs >/dev/null") != 0) {
		printf("ok 1 - mkfs.erofs # SKIP erofs-utils is not installed\n");
		return 0;
	}
	if (!mkdtemp(dir) || chdir(dir))
		abort();
	make_tree();
	test_image("");
	test_image("-Eforce-inode-extended");
	test_image("-Enoinline_data");
	test_image("--chunksize=4096");
	test_image("-Eforce-chunk-indexes --chunksize=8192");
	test_damage();
	test_compressed();
	if (chdir("/") || !strstr(dir, "/erofs-test."))
		abort();
	return system((snprintf(image_log, 100, "rm -rf %s", dir), image_log)) || UNIT_END();
}
