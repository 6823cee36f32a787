/* SPDX-License-Identifier: MIT */
/* getdents64(2): complete, well-formed, resumable by d_off, honest about small buffers; and the old
 * getdents(2). */
#include "tests/guest/tap.h"

struct ent {
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	uint8_t type;
	char name[];
};

static char buf[1 << 16];
static int seen[300], dots, others, malformed;

static void note(const struct ent *e)
{
	int i;

	if (e->reclen & 7 || e->reclen < 24 || strlen(e->name) + 20 > e->reclen || !e->ino)
		malformed++;
	if (!strcmp(e->name, ".") || !strcmp(e->name, ".."))
		dots += e->type == DT_DIR || e->type == DT_UNKNOWN;
	else if (sscanf(e->name, "file%d", &i) == 1 && i < 300)
		seen[i]++;
	else
		others++;
}

/* Reads to the end with this buffer size; returns the number of entries, -errno on failure. */
static int list(int fd, size_t size)
{
	int n = 0;
	long r;

	memset(seen, 0, sizeof(seen));
	dots = others = malformed = 0;
	while ((r = sys(getdents64, fd, buf, size)) > 0)
		for (long at = 0; at < r; at += ((struct ent *)(buf + at))->reclen, n++)
			note((struct ent *)(buf + at));
	return r ? -errno : n;
}

static void complete(int d)
{
	int once = 0;

	is(list(d, sizeof(buf)), 302);
	for (int i = 0; i < 300; i++)
		once += seen[i] == 1;
	is(once, 300);
	is(dots, 2);
	is(others, 0);
	is(malformed, 0);
	is(sys(getdents64, d, buf, sizeof(buf)), 0);
	is(lseek(d, 0, SEEK_SET), 0);
	is(list(d, 64), 302);
	lseek(d, 0, SEEK_SET);
	is(list(d, 200), 302);
}

static void resume(int d)
{
	struct ent *e = (struct ent *)buf;
	int64_t off;
	char name[32];

	lseek(d, 0, SEEK_SET);
	ok(sys(getdents64, d, buf, 256ul) > 0);
	off = e->off;
	e = (struct ent *)(buf + e->reclen);
	strcpy(name, e->name);
	is(lseek(d, off, SEEK_SET), off);
	ok(sys(getdents64, d, buf, 256ul) > 0);
	ok(!strcmp(((struct ent *)buf)->name, name), "d_off leads to the next entry");
}

static void types(void)
{
	struct ent *e;
	struct stat st;
	int d, good = 0;
	long r;

	mkdir("t", 0755);
	close(file_with("t/reg", ""));
	mkdir("t/dir", 0755);
	symlink("reg", "t/lnk");
	mknod("t/fifo", S_IFIFO | 0600, 0);
	d = open("t", O_RDONLY);
	r = sys(getdents64, d, buf, sizeof(buf));
	for (long at = 0; at < r; at += e->reclen) {
		char path[64];

		e = (struct ent *)(buf + at);
		snprintf(path, sizeof(path), "t/%s", e->name);
		if (!strcmp(e->name, "..") || lstat(path, &st))
			continue;
		good += e->ino == st.st_ino && e->type == (st.st_mode >> 12 & 15);
	}
	is(good, 5);
	is(unlink("t/reg"), 0);
	lseek(d, 0, SEEK_SET);
	is(list(d, sizeof(buf)), 5);
}

static void old_call(int d)
{
	struct old {
		unsigned long ino, off;
		unsigned short reclen;
		char name[];
	} * o;
	long r;
	int n = 0, typed = 0;

	lseek(d, 0, SEEK_SET);
	while ((r = sys(getdents, d, buf, sizeof(buf))) > 0)
		for (long at = 0; at < r; at += o->reclen, n++) {
			o = (struct old *)(buf + at);
			typed +=
			    buf[at + o->reclen - 1] == DT_REG || buf[at + o->reclen - 1] == DT_DIR;
		}
	is(n, 302);
	is(typed, 302);
}

static void errors(int d)
{
	fails(sys(getdents64, -1, buf, 100ul), EBADF);
	fails(sys(getdents64, open("many/file1", O_RDONLY), buf, 100ul), ENOTDIR);
	lseek(d, 0, SEEK_SET);
	fails(sys(getdents64, d, buf, 10ul), EINVAL);
	fails(sys(getdents64, d, BAD, 100ul), EFAULT);
	rmdir("t/dir");
	d = open("empty", O_RDONLY);
	is(list(d, sizeof(buf)), 2);
	lseek(d, 0, SEEK_SET);
	is(rmdir("empty"), 0);
	fails(sys(getdents64, d, buf, 100ul), ENOENT);
}

int main(void)
{
	char name[32];
	int d;

	tmp();
	mkdir("many", 0755);
	mkdir("empty", 0755);
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "many/file%d", i);
		close(file_with(name, ""));
	}
	d = open("many", O_RDONLY | O_DIRECTORY);
	complete(d);
	resume(d);
	types();
	old_call(d);
	errors(d);
	return tap_done();
}
