/* SPDX-License-Identifier: MIT */
/*
 * Sets of files: from the host and from tar, into an EROFS image and back; the same bytes for the
 * same files. fsck.erofs looks at the images too, if it is there.
 * unit: tools/fileset.c tools/erofs_write.c tools/erofs_read.c tools/hostfiles.c tools/tar.c
 *	tools/spawn.c tools/util.c -D_GNU_SOURCE
 */
#include "tests/unit/unit.h"
#include "tools/erofs_write.h"
#include "tools/hostfiles.h"
#include "tools/tar.h"
#include "tools/util.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const size_t sizes[] = {0, 1, 1024, 1025, 4095, 4096, 4097, 70000};
#define N_SIZES (sizeof(sizes) / sizeof(sizes[0]))

static int contents; /* a file whose bytes the regular files are */

static void make_contents(void)
{
	unsigned char bytes[70000];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 7 + i / 251);
	contents = memfd_create("contents", 0);
	if (write(contents, bytes, sizeof(bytes)) != sizeof(bytes))
		abort();
}

static struct node *put(struct fileset *s, const char *path, mode_t mode)
{
	struct node *n = fileset_make(s, path);

	if (n == NULL)
		abort();
	n->mode = mode;
	return n;
}

/* A set with everything in it. */
static void fill(struct fileset *s, int many)
{
	char path[300];
	struct node *n;

	fileset_init(s);
	for (size_t i = 0; i < N_SIZES; i++) {
		snprintf(path, sizeof(path), "/files/of/%zu", sizes[i]);
		n = put(s, path, S_IFREG | 04755);
		n->size = sizes[i];
		n->fd = contents;
		n->uid = 100000;
		n->gid = 70000 + (gid_t)i;
		n->mtime = (struct timespec){5000000000 + (time_t)i, 123456789};
	}
	node_link(put(s, "/hard", S_IFREG), fileset_lookup(s, "/files/of/4097", false));
	n = put(s, "/link", S_IFLNK | 0777);
	n->target = xstrdup("files/of/../of");
	n->size = strlen(n->target);
	n = put(s, "/long", S_IFLNK | 0777);
	n->target = xrealloc(NULL, 4096);
	memset(n->target, 'x', 4095);
	n->target[4095] = '\0';
	n->size = 4095;
	put(s, "/dev/null", S_IFCHR | 0666)->rdev = makedev(1, 3);
	put(s, "/dev/big", S_IFBLK | 0600)->rdev = makedev(259, 70000);
	put(s, "/fifo", S_IFIFO | 0600);
	for (int i = 0; i < many; i++) {
		snprintf(path, sizeof(path), "/many/%d-%s", i, i % 7 ? "x" : "a longer name");
		put(s, path, S_IFDIR | 0700);
	}
	for (int c = '!'; c < 127; c++) { /* names on both sides of "." and ".." */
		snprintf(path, sizeof(path), "/names/%c", c);
		if (c != '.' && c != '/')
			put(s, path, S_IFREG | 0600);
	}
	memset(path, 'n', 256);
	memcpy(path, "/", 1);
	path[256] = '\0';
	put(s, path, S_IFREG);
}

static int image_of(const struct fileset *s, uint64_t *size)
{
	int fd = memfd_create("image", 0);

	CHECK(erofs_write(s, fd, NULL, size) == 0);
	CHECK(*size % 4096 == 0 && lseek(fd, 0, SEEK_END) == (off_t)*size);
	return fd;
}

static bool same_bytes(int a, uint64_t at_a, int b, uint64_t at_b, uint64_t size)
{
	char *x = xrealloc(NULL, size), *y = xrealloc(NULL, size);
	bool same = pread(a, x, size, (off_t)at_a) == (ssize_t)size &&
		    pread(b, y, size, (off_t)at_b) == (ssize_t)size && memcmp(x, y, size) == 0;

	free(x);
	free(y);
	return same;
}

static int open_node(const struct node *n, uint64_t *at)
{
	*at = n->host ? 0 : n->offset;
	return n->host ? open(n->host, O_RDONLY) : dup(n->fd);
}

static bool same_contents(const struct node *x, const struct node *y)
{
	uint64_t at_x, at_y;
	int a = open_node(x, &at_x), b = open_node(y, &at_y);
	bool same = x->size == 0 || same_bytes(a, at_x, b, at_y, x->size);

	close(a);
	close(b);
	return same;
}

/* Are the sets equal, in everything that an image holds? Says where not. */
static bool equal(struct fileset *a, struct fileset *b, bool owners)
{
	struct node *x = a->root, *y = b->root;

	for (; x && y; x = node_next(a->root, x), y = node_next(b->root, y)) {
		struct node *f = node_file(x), *g = node_file(y);
		bool good = strcmp(x->name, y->name) == 0 && f->mode == g->mode && x->n == y->n &&
			    (x->parent == NULL || f->mtime.tv_sec == g->mtime.tv_sec);

		if (owners)
			good &= f->uid == g->uid && f->gid == g->gid;
		if (good && S_ISREG(f->mode))
			good = f->size == g->size && f->nlink == g->nlink && same_contents(f, g);
		if (good && S_ISLNK(f->mode))
			good = strcmp(f->target, g->target) == 0;
		if (good && (S_ISCHR(f->mode) || S_ISBLK(f->mode)))
			good = f->rdev == g->rdev;
		if (!good) {
			char *path = node_path(x);

			printf("# different: %s\n", path);
			free(path);
			return false;
		}
	}
	return x == NULL && y == NULL;
}

/* A Linux tool's opinion. */
static bool fsck(int fd)
{
	char command[100];

	if (system("command -v fsck.erofs >/dev/null") != 0)
		return true;
	snprintf(command, sizeof(command), "fsck.erofs /proc/%d/fd/%d >/dev/null 2>&1", getpid(),
		 fd);
	return system(command) == 0;
}

static void test_image(void)
{
	struct fileset a, b, c;
	uint64_t size, size2;
	int fd, fd2;

	fill(&a, 3000);
	fd = image_of(&a, &size);
	CHECK(fsck(fd));
	fileset_init(&b);
	CHECK(erofs_read(&b, fd, 0, size) == NULL);
	CHECK(equal(&a, &b, true));
	CHECK(fileset_lookup(&b, "/hard", false)->link ||
	      fileset_lookup(&b, "/files/of/4097", false)->link);
	/* Again from the other set, made in another order: the same bytes. */
	fill(&c, 3000);
	fd2 = image_of(&c, &size2);
	CHECK(size == size2 && same_bytes(fd, 0, fd2, 0, size));
	close(fd2);
	fd2 = image_of(&b, &size2);
	CHECK(size == size2 && same_bytes(fd, 0, fd2, 0, size));
	/* Large files are on a block; the image can be anywhere in a file. */
	CHECK(fileset_lookup(&b, "/files/of/70000", false)->offset % 4096 == 0);
	close(fd);
	close(fd2);
	fileset_free(&a);
	fileset_free(&b);
	fileset_free(&c);
}

static void test_damage(void)
{
	struct fileset a, b;
	uint64_t size;
	int fd;
	unsigned char *p;
	unsigned found = 0;

	fill(&a, 10);
	fd = image_of(&a, &size);
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	for (size_t at = 1024; at < 9000; at += 9) {
		unsigned char old = p[at];

		p[at] ^= (unsigned char)(1 + at % 255);
		fileset_init(&b);
		found += erofs_read(&b, fd, 0, size) != NULL; /* an end is all we ask for */
		fileset_free(&b);
		p[at] = old;
	}
	CHECK(found > 100);
	fileset_init(&b);
	CHECK(erofs_read(&b, fd, 0, size - 4096) != NULL);
	fileset_free(&b);
	munmap(p, size);
	close(fd);
	fileset_free(&a);
}

static void test_paths(void)
{
	struct fileset s;
	char *path;

	fill(&s, 0);
	path = node_path(fileset_lookup(&s, "/link/1025", true));
	CHECK(strcmp(path, "/files/of/1025") == 0);
	free(path);
	CHECK(fileset_lookup(&s, "/../../link/.././of/1", true) != NULL);
	CHECK(S_ISLNK(fileset_lookup(&s, "/link", false)->mode));
	CHECK(S_ISDIR(fileset_lookup(&s, "/link/", false)->mode));
	CHECK(fileset_lookup(&s, "/fifo/x", true) == NULL && errno == ENOTDIR);
	CHECK(fileset_lookup(&s, "/none", true) == NULL && errno == ENOENT);
	put(&s, "/loop", S_IFLNK | 0777)->target = xstrdup("loop");
	CHECK(fileset_lookup(&s, "/loop", true) == NULL && errno == ELOOP);
	put(&s, "/link/new", S_IFREG);
	CHECK(fileset_lookup(&s, "/files/of/new", false) != NULL);
	/* The other name keeps the file when the first one becomes something else. */
	node_clear(fileset_lookup(&s, "/files/of/4097", false), S_IFREG);
	CHECK(fileset_lookup(&s, "/hard", false)->size == 4097 &&
	      fileset_lookup(&s, "/hard", false)->link == NULL);
	fileset_free(&s);
}

static char dir[] = "/tmp/uniload-rootset.XXXXXX";

static int shell(const char *command)
{
	char *line = xasprintf("cd %s && %s", dir, command);
	int status = system(line);

	free(line);
	return status;
}

static int from_tar(struct fileset *s, const char *name, int *plain)
{
	char *path = xasprintf("%s/%s", dir, name);
	int fd = open(path, O_RDONLY), status;

	fileset_init(s);
	status = tar_read(s, fd, path, plain);
	free(path);
	return status;
}

static void test_tar(void)
{
	static const char *const made[] = {
	    "tar --format=gnu -cf a.tar -C tree .",
	    "tar --format=pax -cf a.tar -C tree .",
	    "tar --format=ustar -cf a.tar -C tree d hard s e",
	    "tar -czf a.tar -C tree .",
	    "tar --format=v7 -cf a.tar -C tree d hard s e",
	};
	struct fileset host, s;
	char *tree = xasprintf("%s/tree", dir);
	int plain;

	CHECK(
	    shell("mkdir -p tree/d/e && seq 9999 >tree/d/numbers && ln tree/d/numbers tree/hard && "
		  "ln -s d/numbers tree/s && mkdir -m 1711 tree/e && touch -d @1234567 tree/e/f && "
		  "chmod 4751 tree/e/f") == 0);
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		if (i == 3) /* names that only two of the formats can hold */
			CHECK(shell("l=$(printf %0150d 7); mkdir -p tree/$l/$l && "
				    "echo x >tree/$l/$l/f && ln -s $l/$l tree/long; "
				    "tar --format=gnu -cf b.tar -C tree .") == 0);
		fileset_init(&host);
		CHECK(hostfiles_add_tree(&host, tree, "/") == 0);
		CHECK(shell(made[i < 4 ? i : 3]) == 0);
		CHECK(from_tar(&s, "a.tar", &plain) == 0);
		CHECK(equal(&host, &s, true));
		fileset_free(&s);
		fileset_free(&host);
		close(plain);
	}
	CHECK(shell("tar --numeric-owner --owner=1234567 --group=77 -cf o.tar -C tree s") == 0 &&
	      from_tar(&s, "o.tar", &plain) == 0);
	CHECK(fileset_lookup(&s, "/s", false)->uid == 1234567 &&
	      fileset_lookup(&s, "/s", false)->gid == 77);
	fileset_free(&s);
	CHECK(shell("head -c 5000 b.tar >cut.tar") == 0);
	CHECK(from_tar(&s, "cut.tar", &plain) == STATUS_FAILED);
	fileset_free(&s);
	CHECK(shell("head -c 5000 tree/d/numbers >none.tar") == 0);
	CHECK(from_tar(&s, "none.tar", &plain) == STATUS_FAILED);
	fileset_free(&s);
	free(tree);
}

/* One header of an archive; text: what follows it, or NULL. */
static void header(int fd, const char *name, char type, const char *link, const char *text)
{
	char h[512] = {0}, pad[512] = {0};
	size_t len = text ? strlen(text) + 1 : 0;
	unsigned sum = 8 * ' ';

	snprintf(h, 100, "%s", name);
	snprintf(h + 100, 8, "%07o", 0644);
	snprintf(h + 124, 12, "%011o", (unsigned)len);
	h[156] = type;
	snprintf(h + 157, 100, "%s", link);
	for (size_t i = 0; i < sizeof(h); i++)
		sum += (unsigned char)h[i];
	snprintf(h + 148, 8, "%06o", sum);
	if (write(fd, h, sizeof(h)) != sizeof(h) || write(fd, text, len) != (ssize_t)len ||
	    write(fd, pad, -len % 512) < 0)
		abort();
}

static void member(int fd, const char *name, char type, const char *link)
{
	if (strlen(name) >= 100)
		header(fd, "long", 'L', "", name);
	if (strlen(link) >= 100)
		header(fd, "long", 'K', "", link);
	header(fd, name, type, link, NULL);
}

struct hostile {
	struct {
		const char *name;
		char type;
		const char *link;
	} members[6];
	bool good;
};

/* What no tar makes: names that replace what others depend on, and lengths nobody expects. */
static void test_hostile(void)
{
	static char name[300], target[5000], deep[5000];
	static const struct hostile archives[] = {
	    {{{"d/a", '0', ""}, {"d/b", '0', ""}, {"x", '1', "d/b"}, {"d", '0', ""}}, true},
	    {{{"d/a", '0', ""}, {"d/b", '1', "d/a"}, {"d/c", '1', "d/a"}, {"d", '2', "x"}}, true},
	    {{{"d/a", '0', ""}, {"d", '1', "d/a"}}, false},
	    {{{"a", '0', ""}, {"/", '1', "a"}}, false},
	    {{{"a", '0', ""}, {"a", '1', "a"}}, true},
	    {{{"s", '2', "d"}, {"h", '1', "s"}, {"d/x", '0', ""}, {"h/y", '0', ""}}, true},
	    {{{name, '0', ""}}, false},
	    {{{"s", '2', target}}, false},
	    {{{deep, '0', ""}}, false},
	    {{{"../../a", '0', ""}, {"/../b", '0', ""}, {"l", '2', "/.."}, {"l/c", '0', ""}}, true},
	};

	memset(name, 'n', sizeof(name) - 1);
	memset(target, 't', sizeof(target) - 1);
	for (size_t i = 0; i + 1 < sizeof(deep); i++)
		deep[i] = i & 1 ? '/' : 'd';
	for (size_t i = 0; i < sizeof(archives) / sizeof(archives[0]); i++) {
		int fd = memfd_create("tar", 0), image = memfd_create("image", 0), plain;
		struct fileset s, back;
		uint64_t size = 0;

		for (int n = 0; archives[i].members[n].name; n++)
			member(fd, archives[i].members[n].name, archives[i].members[n].type,
			       archives[i].members[n].link);
		fileset_init(&s);
		fileset_init(&back);
		CHECK((tar_read(&s, fd, "hostile", &plain) == 0) == archives[i].good);
		if (archives[i].good) {
			CHECK(erofs_write(&s, image, NULL, &size) == 0);
			CHECK(erofs_read(&back, image, 0, size) == NULL);
			CHECK(equal(&s, &back, false));
		}
		fileset_free(&back);
		fileset_free(&s);
		close(image);
		close(fd);
	}
}

static void test_names(void)
{
	struct fileset s;
	char *path = xasprintf("%s/up/../chain", dir);
	char *real;
	struct node *n;

	CHECK(shell("mkdir -p up real && echo x >real/file && ln -sfn real there && "
		    "ln -sfn there/file chain") == 0);
	fileset_init(&s);
	CHECK(hostfiles_add_name(&s, path, &n) == 0 && n->size == 2);
	real = node_path(n);
	CHECK(strstr(real, "/real/file") != NULL);
	CHECK(fileset_lookup(&s, path, true) == n);
	free(real);
	free(path);
	path = xasprintf("%s/there", dir);
	CHECK(S_ISLNK(fileset_lookup(&s, path, false)->mode));
	free(path);
	CHECK(hostfiles_add_name(&s, "/nonexistent/x", &n) == -ENOENT);
	fileset_free(&s);
}

int main(void)
{
	if (mkdtemp(dir) == NULL)
		return 1;
	make_contents();
	test_image();
	test_damage();
	test_paths();
	test_tar();
	test_hostile();
	test_names();
	shell("rm -rf ../${PWD##*/}");
	return UNIT_END();
}
