/* SPDX-License-Identifier: MIT */
/*
 * Extended attributes: setxattr(2), lsetxattr(2), fsetxattr(2), getxattr(2), lgetxattr(2),
 * fgetxattr(2), listxattr(2), llistxattr(2), flistxattr(2), removexattr(2), lremovexattr(2),
 * fremovexattr(2); flags, lengths, names, bad pointers; who may use which names; what becomes of
 * them when the file changes.
 */
#include "tests/guest/cred/cred.h"

#include <linux/xattr.h>
#include <sys/inotify.h>

static char buf[65536], big[65537];

static ssize_t get(const char *path, const char *name)
{
	memset(buf, 0, sizeof(buf));
	return sys(getxattr, path, name, buf, sizeof(buf));
}

static bool lists(const char *path, const char *name)
{
	ssize_t n = sys(listxattr, path, buf, sizeof(buf));

	for (char *p = buf; p < buf + n; p += strlen(p) + 1)
		if (!strcmp(p, name))
			return true;
	return false;
}

static void values(void)
{
	is(sys(setxattr, "f", "user.one", "value", 5, 0), 0);
	is(get("f", "user.one"), 5);
	same(buf, "value", 5);
	is(sys(getxattr, "f", "user.one", NULL, 0), 5);
	is(sys(getxattr, "f", "user.one", BAD, 0), 5);
	fails(sys(getxattr, "f", "user.one", buf, 4), ERANGE);
	is(sys(getxattr, "f", "user.one", buf, 5), 5);
	fails(sys(setxattr, "f", "user.one", "x", 1, XATTR_CREATE), EEXIST);
	is(sys(setxattr, "f", "user.one", "other", 5, XATTR_REPLACE), 0);
	is(get("f", "user.one"), 5);
	same(buf, "other", 5);
	fails(sys(setxattr, "f", "user.two", "x", 1, XATTR_REPLACE), ENODATA);
	is(sys(setxattr, "f", "user.two", "", 0, XATTR_CREATE), 0);
	is(get("f", "user.two"), 0);
	is(sys(setxattr, "f", "user.two", "a\0b", 3, 0), 0);
	is(get("f", "user.two"), 3);
	same(buf, "a\0b", 3);
	ok(lists("f", "user.one") && lists("f", "user.two"));
	is(sys(removexattr, "f", "user.one"), 0);
	fails(sys(removexattr, "f", "user.one"), ENODATA);
	fails(sys(getxattr, "f", "user.one", buf, 10), ENODATA);
	ok(!lists("f", "user.one") && lists("f", "user.two"));
	is(sys(removexattr, "f", "user.two"), 0);
	is(sys(setxattr, "d", "user.dir", "x", 1, 0), 0);
	is(get("d", "user.dir"), 1);
	is(get("f", "user.dir"), -1);
}

static void lists_of_names(void)
{
	ssize_t before = sys(listxattr, "f", NULL, 0);

	ok(before >= 0);
	is(sys(setxattr, "f", "user.list", "x", 1, 0), 0);
	is(sys(listxattr, "f", NULL, 0), before + 10);
	fails(sys(listxattr, "f", buf, before + 9), ERANGE);
	is(sys(listxattr, "f", buf, before + 10), before + 10);
	fails(sys(listxattr, "f", BAD, 100), EFAULT);
	fails(sys(listxattr, "none", buf, 100), ENOENT);
	fails(sys(listxattr, BAD, buf, 100), EFAULT);
	is(sys(removexattr, "f", "user.list"), 0);
}

static void by_descriptor(void)
{
	int fd = open("f", O_RDONLY), path = open("f", O_PATH), p[2];

	is(sys(fsetxattr, fd, "user.fd", "abc", 3, 0),
	   0); /* the file's mode counts, not the fd's */
	is(sys(fgetxattr, fd, "user.fd", buf, 10), 3);
	ok(sys(flistxattr, fd, buf, sizeof(buf)) >= 8);
	is(sys(fremovexattr, fd, "user.fd"), 0);
	fails(sys(fremovexattr, fd, "user.fd"), ENODATA);
	fails(sys(fgetxattr, path, "user.fd", buf, 10), EBADF);
	fails(sys(fsetxattr, path, "user.fd", "", 0, 0), EBADF);
	fails(sys(flistxattr, path, buf, 10), EBADF);
	fails(sys(fremovexattr, path, "user.fd"), EBADF);
	fails(sys(fgetxattr, FD_NONE, "user.fd", buf, 10), EBADF);
	fails(sys(fsetxattr, FD_NONE, "user.fd", "", 0, 0), EBADF);
	fails(sys(flistxattr, FD_NONE, buf, 10), EBADF);
	fails(sys(fremovexattr, FD_NONE, "user.fd"), EBADF);
	pipe(p);
	fails(sys(fsetxattr, p[0], "user.fd", "", 0, 0), EPERM);
	fails(sys(fgetxattr, p[0], "user.fd", buf, 10), ENODATA);
	close(p[0]);
	close(p[1]);
	close(fd);
	close(path);
}

static void links(void)
{
	fails(sys(lsetxattr, "link", "user.l", "x", 1, 0), EPERM);
	fails(sys(lgetxattr, "link", "user.l", buf, 10), ENODATA);
	fails(sys(lremovexattr, "link", "user.l"), EPERM);
	is(sys(setxattr, "link", "user.l", "x", 1, 0), 0);
	is(get("f", "user.l"), 1);
	is(sys(lgetxattr, "f", "user.l", buf, 10), 1);
	ok(sys(llistxattr, "link", buf, sizeof(buf)) >= 0);
	ok(sys(llistxattr, "f", buf, sizeof(buf)) >= 7);
	is(sys(lsetxattr, "f", "user.l", "xy", 2, 0), 0);
	is(sys(lremovexattr, "f", "user.l"), 0);
	fails(sys(setxattr, "dangling", "user.l", "x", 1, 0), ENOENT);
	fails(sys(setxattr, "f/x", "user.l", "x", 1, 0), ENOTDIR);
	fails(sys(setxattr, "fifo", "user.l", "x", 1, 0), EPERM);
	fails(sys(getxattr, "fifo", "user.l", buf, 1), ENODATA);
}

static void errors(void)
{
	char name[300], *end = edge();

	fails(sys(setxattr, "f", "user.x", "", 0, 4), EINVAL);
	fails(sys(setxattr, "f", "", "", 0, 0), ERANGE);
	fails(sys(getxattr, "f", "", buf, 1), ERANGE);
	fails(sys(removexattr, "f", ""), ERANGE);
	memset(name, 'x', sizeof(name));
	memcpy(name, "user.", 5);
	name[256] = '\0';
	fails(sys(setxattr, "f", name, "", 0, 0), ERANGE);
	fails(sys(getxattr, "f", name, buf, 1), ERANGE);
	fails(sys(removexattr, "f", name), ERANGE);
	name[255] = '\0';
	is(sys(setxattr, "f", name, "v", 1, 0), 0);
	is(get("f", name), 1);
	is(sys(removexattr, "f", name), 0);
	fails(sys(setxattr, "f", "user.", "", 0, 0), EINVAL);
	fails(sys(getxattr, "f", "user.", buf, 1), EINVAL);
	fails(sys(setxattr, "f", "nothing", "", 0, 0), EOPNOTSUPP);
	fails(sys(getxattr, "f", "nothing", buf, 1), EOPNOTSUPP);
	fails(sys(setxattr, "f", "system.nothing", "", 0, 0), EOPNOTSUPP);
	fails(sys(setxattr, "f", "user.x", big, sizeof(big), 0), E2BIG);
	fails(sys(setxattr, "f", "user.x", BAD, 1, 0), EFAULT);
	fails(sys(setxattr, "f", "user.x", end - 2, 3, 0), EFAULT);
	fails(sys(setxattr, "f", BAD, "x", 1, 0), EFAULT);
	fails(sys(setxattr, "f", NULL, "x", 1, 0), EFAULT);
	fails(sys(setxattr, BAD, "user.x", "x", 1, 0), EFAULT);
	is(sys(setxattr, "f", "user.x", "xyz", 3, 0), 0);
	fails(sys(getxattr, "f", "user.x", BAD, 3), EFAULT);
	fails(sys(getxattr, "f", "user.x", end - 2, 3), EFAULT);
	fails(sys(getxattr, "f", NULL, buf, 3), EFAULT);
	is(sys(getxattr, "f", "user.x", end - 3, 3), 3);
	fails(sys(removexattr, "f", BAD), EFAULT);
	fails(sys(removexattr, BAD, "user.x"), EFAULT);
	is(sys(removexattr, "f", "user.x"), 0);
}

static void large(void)
{
	long r;

	memset(big, 'b', sizeof(big));
	is(sys(setxattr, "f", "user.big", big, 2000, 0), 0);
	is(get("f", "user.big"), 2000);
	same(buf, big, 2000);
	r = sys(setxattr, "f", "user.big", big, 65536, 0);
	if (r && (errno == ENOSPC || errno == E2BIG)) {
		skip("a file system with little room for attributes");
	} else {
		is(r, 0);
		is(get("f", "user.big"), 65536);
		same(buf, big, 65536);
	}
	is(sys(removexattr, "f", "user.big"), 0);
}

static void kept(void)
{
	struct stat before, after;

	is(sys(setxattr, "f", "user.kept", "x", 1, 0), 0);
	is(link("f", "second"), 0);
	is(get("second", "user.kept"), 1);
	is(rename("second", "third"), 0);
	is(get("third", "user.kept"), 1);
	is(truncate("f", 0), 0);
	is(chmod("f", 0600), 0);
	is(get("f", "user.kept"), 1);
	stat("f", &before);
	usleep(20000);
	is(sys(setxattr, "f", "user.kept", "y", 1, 0), 0);
	stat("f", &after);
	ok(after.st_ctim.tv_sec > before.st_ctim.tv_sec ||
	   after.st_ctim.tv_nsec > before.st_ctim.tv_nsec);
	ok(after.st_mtim.tv_nsec == before.st_mtim.tv_nsec);
	unlink("third");
}

static void watched(void)
{
	struct inotify_event *e = (struct inotify_event *)buf;
	int fd = inotify_init1(IN_NONBLOCK);

	inotify_add_watch(fd, "f", IN_ATTRIB);
	is(sys(setxattr, "f", "user.w", "x", 1, 0), 0);
	ok(read(fd, buf, sizeof(buf)) >= (ssize_t)sizeof(*e));
	is(e->mask, IN_ATTRIB);
	is(sys(removexattr, "f", "user.w"), 0);
	ok(read(fd, buf, sizeof(buf)) >= (ssize_t)sizeof(*e));
	close(fd);
}

static void privileged_names(void)
{
	is(sys(setxattr, "f", "trusted.t", "x", 1, 0), 0);
	is(sys(setxattr, "f", "security.s", "x", 1, 0), 0);
	is(sys(lsetxattr, "link", "trusted.t", "xy", 2, 0), 0);
	is(sys(lgetxattr, "link", "trusted.t", buf, 9), 2);
	ok(lists("f", "trusted.t") && lists("f", "security.s"));
	caps_drop(BIT(CAP_SYS_ADMIN));
	ok(!lists("f", "trusted.t") && lists("f", "security.s"));
	fails(sys(getxattr, "f", "trusted.t", buf, 1), ENODATA);
	fails(sys(setxattr, "f", "trusted.t", "x", 1, 0), EPERM);
	fails(sys(removexattr, "f", "trusted.t"), EPERM);
	is(get("f", "security.s"), 1);
	fails(sys(setxattr, "f", "security.s", "x", 1, 0), EPERM);
	fails(sys(removexattr, "f", "security.s"), EPERM);
}

static void of_others(void)
{
	is(sys(setxattr, "f", "user.r", "x", 1, 0), 0);
	is(sys(setxattr, "sticky", "user.r", "x", 1, 0), 0);
	chmod("f", 0644);
	setresuid(USER, USER, USER);
	is(get("f", "user.r"), 1);
	ok(lists("f", "user.r"));
	fails(sys(setxattr, "f", "user.r", "x", 1, 0), EACCES);
	fails(sys(removexattr, "f", "user.r"), EACCES);
	fails(sys(setxattr, "sticky", "user.r", "x", 1, 0), EPERM);
	fails(sys(getxattr, "secret", "user.r", buf, 1), EACCES);
	is(sys(setxattr, "all", "user.r", "x", 1, 0), 0);
}

/* security.capability: who may set it, its form, and that it goes when the file changes. */
static void capabilities(void)
{
	struct vfs_cap_data d = {VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE};
	int fd = open("all", O_RDWR);

	d.data[0].permitted = BIT(CAP_CHOWN);
	fails(sys(setxattr, "all", "security.capability", &d, 7, 0), EINVAL);
	is(sys(setxattr, "all", "security.capability", &d, sizeof(d), 0), 0);
	is(get("all", "security.capability"), sizeof(d));
	is(write(fd, "x", 1), 1);
	fails(sys(getxattr, "all", "security.capability", buf, 100), ENODATA);
	is(sys(setxattr, "all", "security.capability", &d, sizeof(d), 0), 0);
	is(chown("all", 0, 0), 0);
	fails(sys(getxattr, "all", "security.capability", buf, 100), ENODATA);
	is(sys(setxattr, "all", "security.capability", &d, sizeof(d), 0), 0);
	is(sys(removexattr, "all", "security.capability"), 0);
	caps_drop(BIT(CAP_SETFCAP));
	fails(sys(setxattr, "all", "security.capability", &d, sizeof(d), 0), EPERM);
	close(fd);
}

int main(void)
{
	tmp();
	chmod(".", 0755);
	close(file_with("f", "text"));
	close(file_with("secret", "x"));
	chmod("secret", 0600);
	close(file_with("all", "x"));
	chmod("all", 0666);
	mkdir("d", 0755);
	mkdir("sticky", 0777);
	chmod("sticky", 01777);
	symlink("f", "link");
	symlink("none", "dangling");
	mkfifo("fifo", 0666);
	if (sys(setxattr, "f", "user.try", "x", 1, 0) && errno == EOPNOTSUPP) {
		skip("no attributes on this file system");
		return tap_done();
	}
	sys(removexattr, "f", "user.try");
	values();
	lists_of_names();
	by_descriptor();
	links();
	errors();
	large();
	kept();
	watched();
	if (is_root()) {
		in_child(privileged_names());
		in_child(of_others());
		in_child(capabilities());
	} else {
		skip("needs root");
	}
	return tap_done();
}
