/* SPDX-License-Identifier: MIT */
/* inotify_init(2), inotify_init1(2), inotify_add_watch(2), inotify_rm_watch(2): every kind of event
 * with its order, names and cookies; masks, limits, reading. */
#include "tests/guest/tap.h"

#include <poll.h>
#include <pthread.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>

static int in;
static char seen[8192];
static char events[65536];

/* What was read, as "wd:NAME|NAME(file) ..."; a cookie is #, or ## where it differs from the last.
 */
static const char *drain(void)
{
	static const char *const names[] = {
	    "ACCESS",	  "MODIFY",   "ATTRIB",	    "CLOSE_WRITE", "CLOSE_NOWRITE", "OPEN",
	    "MOVED_FROM", "MOVED_TO", "CREATE",	    "DELETE",	   "DELETE_SELF",   "MOVE_SELF",
	    "?",	  "UNMOUNT",  "Q_OVERFLOW", "IGNORED"};
	ssize_t n = read(in, events, sizeof(events));
	uint32_t cookie = 0;
	char *out = seen;

	*out = 0;
	for (char *p = events; n > 0 && p < events + n;) {
		struct inotify_event *e = (void *)p;

		out += sprintf(out, "%s%d:", out == seen ? "" : " ", e->wd);
		for (int i = 0; i < 16; i++)
			if (e->mask & 1u << i)
				out += sprintf(out, "%s", names[i]);
		out += sprintf(out, "%s", e->mask & IN_ISDIR ? "/" : "");
		if (e->len)
			out += sprintf(out, "(%s)", e->name);
		if (e->cookie)
			out += sprintf(out, e->cookie == cookie ? "#" : "##");
		cookie = e->cookie;
		p += sizeof(*e) + e->len;
	}
	return seen;
}

#define gives(call, text)                                                                          \
	({                                                                                         \
		works(call);                                                                       \
		if (!ok(strcmp(drain(), text) == 0, #call " is told"))                             \
			diag("got %s", seen);                                                      \
	})

static void make(const char *name)
{
	close(open(name, O_WRONLY | O_CREAT, 0644));
}

static void test_file(void)
{
	struct timespec ts[2] = {{1, 0}, {0, UTIME_OMIT}};
	char b[10];
	int f;

	gives(f = open("d/f", O_RDWR | O_CREAT, 0644), "1:CREATE(f) 1:OPEN(f)");
	is(inotify_add_watch(in, "d/f", IN_ALL_EVENTS), 2);
	gives(write(f, "abc", 3), "1:MODIFY(f) 2:MODIFY");
	gives(pread(f, b, 3, 0), "1:ACCESS(f) 2:ACCESS");
	gives(read(f, b, 3), "");
	gives(ftruncate(f, 2), "1:MODIFY(f) 2:MODIFY");
	gives(fchmod(f, 0600), "1:ATTRIB(f) 2:ATTRIB");
	gives(chmod("d/f", 0644), "1:ATTRIB(f) 2:ATTRIB");
	gives(chown("d/f", -1, -1), "");
	gives(chown("d/f", getuid(), getgid()), "1:ATTRIB(f) 2:ATTRIB");
	gives(utimensat(AT_FDCWD, "d/f", NULL, 0), "1:ATTRIB(f) 2:ATTRIB");
	gives(utimensat(AT_FDCWD, "d/f", ts, 0), "1:ACCESS(f) 2:ACCESS");
	ts[0].tv_nsec = UTIME_OMIT;
	ts[1].tv_nsec = 3;
	gives(utimensat(AT_FDCWD, "d/f", ts, 0), "1:MODIFY(f) 2:MODIFY");
	gives(fallocate(f, 0, 0, 100), "1:MODIFY(f) 2:MODIFY");
	gives(truncate("d/f", 5), "1:MODIFY(f) 2:MODIFY");
	gives(close(f), "1:CLOSE_WRITE(f) 2:CLOSE_WRITE");
	gives(f = open("d/f", O_RDONLY | O_TRUNC), "1:OPEN(f) 2:OPEN 1:MODIFY(f) 2:MODIFY");
	gives(close(f), "1:CLOSE_NOWRITE(f) 2:CLOSE_NOWRITE");
	gives(f = open("d/f", O_PATH), "");
	gives(close(f), "");
}

static void test_names(void)
{
	DIR *d;
	int f;

	gives(link("d/f", "d/g"), "2:ATTRIB 1:CREATE(g)");
	gives(unlink("d/g"), "2:ATTRIB 1:DELETE(g)");
	gives(symlink("f", "d/s"), "1:CREATE(s)");
	gives(mkdir("d/sub", 0755), "1:CREATE/(sub)");
	gives(mkfifo("d/p", 0644), "1:CREATE(p)");
	gives(rename("d/f", "d/h"), "1:MOVED_FROM(f)## 1:MOVED_TO(h)# 2:MOVE_SELF");
	gives(rename("d/h", "d/f"), "1:MOVED_FROM(h)## 1:MOVED_TO(f)# 2:MOVE_SELF");
	gives(rename("d/sub", "sub"), "1:MOVED_FROM/(sub)##");
	gives(rename("sub", "d/sub"), "1:MOVED_TO/(sub)##");
	gives(rename("d", "e"), "1:MOVE_SELF");
	gives(rename("e", "d"), "1:MOVE_SELF");
	make("d/o");
	drain();
	is(inotify_add_watch(in, "d/o", IN_ALL_EVENTS), 3);
	gives(rename("d/f", "d/o"), "1:MOVED_FROM(f)## 1:MOVED_TO(o)# 3:ATTRIB 2:MOVE_SELF "
				    "3:DELETE_SELF 3:IGNORED");
	gives(rename("d/o", "d/f"), "1:MOVED_FROM(o)## 1:MOVED_TO(f)# 2:MOVE_SELF");
	gives(sys(renameat2, AT_FDCWD, "d/f", AT_FDCWD, "d/s", 2),
	      "1:MOVED_FROM(f)## 1:MOVED_TO(s)# 2:MOVE_SELF 1:MOVED_FROM(s)## 1:MOVED_TO(f)#");
	sys(renameat2, AT_FDCWD, "d/f", AT_FDCWD, "d/s", 2);
	drain();
	works((d = opendir("d")) ? 0 : -1);
	ok(!strcmp(drain(), "1:OPEN/"));
	ok(readdir(d) && !strcmp(drain(), "1:ACCESS/"));
	gives(closedir(d), "1:CLOSE_NOWRITE/");
	gives(f = open("d/s", O_RDWR), "1:OPEN(f) 2:OPEN"); /* through the link */
	gives(unlink("d/f"), "2:ATTRIB 1:DELETE(f)");
	gives(write(f, "a", 1), "1:MODIFY(f) 2:MODIFY");
	gives(close(f), "1:CLOSE_WRITE(f) 2:CLOSE_WRITE 2:DELETE_SELF 2:IGNORED");
	gives(rmdir("d/sub"), "1:DELETE/(sub)");
	gives(unlink("d/p"), "1:DELETE(p)");
	unlink("d/s");
	make("d/w");
	drain();
	is(inotify_add_watch(in, "d/w", IN_DELETE_SELF), 4);
	gives(unlink("d/w"), "4:DELETE_SELF 4:IGNORED 1:DELETE(w)");
}

static void test_masks(void)
{
	int f = open("d/x", O_CREAT | O_RDWR, 0644);

	drain();
	is(inotify_add_watch(in, "d/x", IN_MODIFY | IN_ONESHOT), 5);
	gives(write(f, "a", 1), "1:MODIFY(x) 5:MODIFY 5:IGNORED");
	gives(write(f, "a", 1), "1:MODIFY(x)");
	is(inotify_add_watch(in, "d", IN_MODIFY | IN_EXCL_UNLINK), 1);
	gives(unlink("d/x"), "");
	gives(write(f, "a", 1), "");
	close(f);
	is(inotify_add_watch(in, "d", IN_CREATE | IN_MASK_ADD), 1);
	make("d/y");
	ok(!strcmp(drain(), "1:CREATE(y)"));
	fails(inotify_add_watch(in, "d", IN_CREATE | IN_MASK_ADD | IN_MASK_CREATE), EINVAL);
	fails(inotify_add_watch(in, "d", IN_CREATE | IN_MASK_CREATE), EEXIST);
	fails(inotify_add_watch(in, "d/y", IN_CREATE | IN_ONLYDIR), ENOTDIR);
	fails(inotify_add_watch(in, "d/nope", IN_CREATE), ENOENT);
	fails(inotify_add_watch(in, "d", 0), EINVAL);
	fails(inotify_add_watch(STDIN_FILENO, "d", 1), EINVAL);
	fails(inotify_add_watch(FD_NONE, "d", 1), EBADF);
	fails(inotify_add_watch(in, BAD, 1), EFAULT);
	is(inotify_add_watch(in, "d", IN_ONLYDIR), 1);
	fails(inotify_rm_watch(in, 77), EINVAL);
	fails(inotify_rm_watch(STDIN_FILENO, 1), EINVAL);
	fails(inotify_rm_watch(FD_NONE, 1), EBADF);
	gives(inotify_rm_watch(in, 1), "1:IGNORED");
	fails(inotify_init1(1), EINVAL);
	symlink("nowhere", "d/l");
	fails(inotify_add_watch(in, "d/l", IN_ATTRIB), ENOENT);
	works(f = inotify_add_watch(in, "d/l", IN_ATTRIB | IN_DONT_FOLLOW));
	works(inotify_rm_watch(in, f));
	drain();
}

static void test_reading(void)
{
	struct pollfd p = {.events = POLLIN};
	char b[64];
	int n, wd;

	works(wd = inotify_add_watch(in, "d", IN_ALL_EVENTS));
	p.fd = in;
	is(poll(&p, 1, 0), 0);
	fails(read(in, b, sizeof(b)), EAGAIN);
	make("d/123456789012345");
	make("d/1234567890123456");
	is(poll(&p, 1, 0), 1);
	is(p.revents, POLLIN);
	is(ioctl(in, FIONREAD, &n), 0);
	is(n, 3 * 32 + 3 * 48);
	fails(read(in, b, 10), EINVAL);
	is(read(in, b, 63), 32);
	is(((struct inotify_event *)b)->len, 16);
	ok(!strcmp(((struct inotify_event *)b)->name, "123456789012345"));
	is(read(in, b, 64), 64);
	fails(read(in, b, 47), EINVAL);
	is(read(in, b, 48), 48);
	is(((struct inotify_event *)b)->len, 32);
	fails(read(in, BAD, 100), EFAULT);
	drain();
	/* The same again is one event. */
	make("d/z");
	drain();
	for (int i = 0; i < 3; i++)
		chmod("d/z", 0600);
	snprintf(b, sizeof(b), "%d:ATTRIB(z)", wd);
	ok(!strcmp(drain(), b));
	unlink("d/z");
	drain();
}

static void *toucher(void *arg)
{
	usleep(50000);
	make("d/late");
	return NULL;
}

static void test_blocking(void)
{
	struct inotify_event *e = (void *)events;
	pthread_t t;
	int fd = inotify_init();

	works(fd);
	works(inotify_add_watch(fd, "d", IN_CREATE));
	pthread_create(&t, NULL, toucher, NULL);
	ok(read(fd, events, sizeof(events)) > 0 && e->mask == IN_CREATE &&
	   !strcmp(e->name, "late"));
	pthread_join(t, NULL);
	close(fd);
}

static void test_overflow(void)
{
	int fd = inotify_init1(IN_NONBLOCK), f = open("d/many", O_RDWR | O_CREAT, 0644), n = 0,
	    last = 0;
	ssize_t r;
	char b[1];

	works(inotify_add_watch(fd, "d/many", IN_ACCESS | IN_MODIFY));
	for (int i = 0; i < 8300; i++) {
		pwrite(f, "a", 1, 0);
		pread(f, b, 1, 0);
	}
	while ((r = read(fd, events, sizeof(events))) > 0)
		for (char *p = events; p < events + r; n++) {
			struct inotify_event *e = (void *)p;

			last = e->wd == -1 && e->mask == IN_Q_OVERFLOW;
			p += sizeof(*e) + e->len;
		}
	is(n, 16384 + 1);
	is(last, 1);
	close(f);
	close(fd);
}

static void test_end(void)
{
	int wd = inotify_add_watch(in, "gone", IN_ALL_EVENTS);
	char want[64];

	snprintf(want, sizeof(want), "%d:ATTRIB/", wd);
	chmod("gone", 0700);
	ok(!strcmp(drain(), want));
	snprintf(want, sizeof(want), "%d:DELETE_SELF %d:IGNORED", wd, wd);
	rmdir("gone");
	ok(!strcmp(drain(), want));
	fails(inotify_rm_watch(in, wd), EINVAL);
}

int main(void)
{
	tmp();
	mkdir("d", 0755);
	mkdir("gone", 0755);
	works(in = inotify_init1(IN_NONBLOCK));
	is(inotify_add_watch(in, "d", IN_ALL_EVENTS), 1);
	test_file();
	test_names();
	test_masks();
	test_reading();
	test_blocking();
	drain();
	test_end();
	close(in);
	test_overflow();
	return tap_done();
}
