/* SPDX-License-Identifier: MIT */
/*
 * Reading tar: blocks of 512 bytes, a header for every member, extensions before the member they
 * are about. Owners, modes, times, links and device nodes become what the archive says, which no
 * unpacking without root could do.
 */
#include "tools/tar.h"

#include "tools/spawn.h"
#include "tools/util.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define BLOCK	      512u
#define EXTENSION_MAX (1u << 20) /* a name or attribute list longer than that is damage */

struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8];
	char type;
	char link[100], magic[6], version[2], uname[32], gname[32], major[8], minor[8];
	char prefix[155], pad[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "");

/* What is known about the next member. */
struct member {
	char *path, *link; /* NULL: not told by an extension */
	bool has_size, has_mtime, has_uid, has_gid;
	uint64_t size, uid, gid;
	struct timespec mtime;
};

struct tar {
	struct fileset *set;
	const char *name;
	int fd;
	uint64_t at;
	struct member next;
};

static int damaged(const struct tar *t, const char *what)
{
	return fail(STATUS_FAILED, "%s: damaged tar archive: %s at byte %llu", t->name, what,
		    (unsigned long long)t->at);
}

static int read_exactly(const struct tar *t, void *buf, size_t len, uint64_t at)
{
	char *to = buf;

	while (len > 0) {
		ssize_t n = pread(t->fd, to, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(STATUS_FAILED, "%s: %s", t->name, strerror(errno));
		if (n == 0)
			return damaged(t, "it is truncated");
		to += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

/* Octal digits, or big-endian binary with the first bit set (GNU). ~0 if neither. */
static uint64_t number(const char *field, size_t len)
{
	uint64_t n = 0;
	size_t i = 0;

	if ((unsigned char)field[0] & 0x80) {
		n = (unsigned char)field[0] & 0x7f;
		for (i = 1; i < len; i++) {
			if (n >> 55)
				return ~0ull;
			n = n << 8 | (unsigned char)field[i];
		}
		return n;
	}
	while (i < len && field[i] == ' ')
		i++;
	for (; i < len && field[i] >= '0' && field[i] <= '7'; i++)
		n = n << 3 | (uint64_t)(field[i] - '0');
	return i == len || field[i] == '\0' || field[i] == ' ' ? n : ~0ull;
}
#define NUMBER(field) number(field, sizeof(field))

static bool sum_is_right(const struct header *h)
{
	const unsigned char *p = (const void *)h;
	unsigned sum = 0;

	for (size_t i = 0; i < BLOCK; i++)
		sum += i >= offsetof(struct header, sum) && i < offsetof(struct header, type)
			   ? ' '
			   : p[i];
	return NUMBER(h->sum) == sum;
}

static void forget(struct member *m)
{
	free(m->path);
	free(m->link);
	*m = (struct member){0};
}

/* The contents of an extension as a string. */
static int take_text(struct tar *t, uint64_t size, char **out)
{
	if (size > EXTENSION_MAX)
		return damaged(t, "an extension is too long");
	*out = xrealloc(NULL, size + 1);
	(*out)[size] = '\0';
	return read_exactly(t, *out, size, t->at);
}

static void set_text(char **to, const char *value)
{
	free(*to);
	*to = xstrdup(value);
}

static void take_record(struct member *m, const char *key, const char *value)
{
	char *end;

	if (strcmp(key, "path") == 0) {
		set_text(&m->path, value);
	} else if (strcmp(key, "linkpath") == 0) {
		set_text(&m->link, value);
	} else if (strcmp(key, "size") == 0) {
		m->size = strtoull(value, NULL, 10);
		m->has_size = true;
	} else if (strcmp(key, "uid") == 0) {
		m->uid = strtoull(value, NULL, 10);
		m->has_uid = true;
	} else if (strcmp(key, "gid") == 0) {
		m->gid = strtoull(value, NULL, 10);
		m->has_gid = true;
	} else if (strcmp(key, "mtime") == 0) {
		m->mtime.tv_sec = (time_t)strtoll(value, &end, 10);
		m->mtime.tv_nsec = 0;
		for (long unit = 100000000; *end == '.' && end[1] >= '0' && end[1] <= '9' && unit;
		     unit /= 10) {
			m->mtime.tv_nsec += (end[1] - '0') * unit;
			*++end = '.';
		}
		m->has_mtime = true;
	}
}

/* pax: "LENGTH KEY=VALUE\n" one after another. */
static int take_pax(struct tar *t, uint64_t size)
{
	char *text, *at;
	int status = take_text(t, size, &text);

	for (at = text; status == 0 && at < text + size;) {
		char *key, *value, *end = at;
		unsigned long len = strtoul(at, &key, 10);

		if (*key != ' ' || len < 5 || len > (size_t)(text + size - at) ||
		    at[len - 1] != '\n') {
			status = damaged(t, "a pax record");
			break;
		}
		end = at + len;
		end[-1] = '\0';
		value = strchr(++key, '=');
		if (value == NULL || value >= end) {
			status = damaged(t, "a pax record");
			break;
		}
		*value++ = '\0';
		take_record(&t->next, key, value);
		at = end;
	}
	free(text);
	return status;
}

static int take_long_name(struct tar *t, uint64_t size, char **to)
{
	free(*to);
	*to = NULL;
	return take_text(t, size, to);
}

static void fill_from_header(struct member *m, const struct header *h)
{
	bool ustar = memcmp(h->magic, "ustar\0", 6) == 0 && h->prefix[0];

	if (m->path == NULL)
		m->path = ustar ? xasprintf("%.155s/%.100s", h->prefix, h->name)
				: xasprintf("%.100s", h->name);
	if (m->link == NULL)
		m->link = xasprintf("%.100s", h->link);
	if (!m->has_mtime)
		m->mtime = (struct timespec){(time_t)NUMBER(h->mtime), 0};
	if (!m->has_uid)
		m->uid = NUMBER(h->uid);
	if (!m->has_gid)
		m->gid = NUMBER(h->gid);
}

static mode_t mode_of(const struct header *h, const char *path)
{
	mode_t mode = (mode_t)NUMBER(h->mode) & 07777;
	size_t len = strlen(path);

	switch (h->type) {
	case '2':
		return S_IFLNK | 0777;
	case '3':
		return S_IFCHR | mode;
	case '4':
		return S_IFBLK | mode;
	case '5':
		return S_IFDIR | mode;
	case '6':
		return S_IFIFO | mode;
	default: /* before ustar a directory was a file whose name ends in a slash */
		return (len && path[len - 1] == '/' ? S_IFDIR : S_IFREG) | mode;
	}
}

static int link_member(struct tar *t, struct node *n)
{
	struct node *to = fileset_lookup(t->set, t->next.link, false);

	if (to == NULL || S_ISDIR(to->mode))
		return damaged(t, "a hard link to what is not there");
	if (n->n || n->parent == NULL)
		return damaged(t, "a hard link in place of a directory");
	node_link(n, to);
	return 0;
}

static int add_member(struct tar *t, const struct header *h, uint64_t size)
{
	struct member *m = &t->next;
	struct node *n = fileset_make(t->set, m->path);
	mode_t mode = mode_of(h, m->path);

	if (n == NULL)
		return damaged(t, errno == ENAMETOOLONG
				      ? "a name is too long"
				      : "a name goes through what is no directory");
	if (h->type == '1')
		return link_member(t, n);
	if (m->uid > UINT32_MAX || m->gid > UINT32_MAX)
		return damaged(t, "an owner's number");
	if (n->parent == NULL && !S_ISDIR(mode))
		return damaged(t, "the root is no directory");
	if (!S_ISDIR(mode) || !S_ISDIR(n->mode))
		node_clear(n, mode);
	n->mode = mode;
	n->uid = (uid_t)m->uid;
	n->gid = (gid_t)m->gid;
	n->mtime = m->mtime;
	if (S_ISCHR(mode) || S_ISBLK(mode))
		n->rdev = makedev((unsigned)NUMBER(h->major), (unsigned)NUMBER(h->minor));
	if (S_ISLNK(mode)) {
		if (strlen(m->link) >= PATH_MAX)
			return damaged(t, "a symbolic link is too long");
		n->target = xstrdup(*m->link ? m->link : ".");
		n->size = strlen(n->target);
	}
	if (S_ISREG(mode)) {
		n->size = size;
		n->fd = t->fd;
		n->offset = t->at;
	}
	return 0;
}

/* One header and what follows it. *end is set at the archive's end. */
static int next_header(struct tar *t, uint64_t file_size, bool *end)
{
	static const char zeros[BLOCK];
	struct header h;
	uint64_t size;
	int status;

	*end = t->at == file_size;
	if (*end)
		return 0;
	status = read_exactly(t, &h, sizeof(h), t->at);
	*end = status == 0 && memcmp(&h, zeros, BLOCK) == 0;
	if (status || *end)
		return status;
	if (!sum_is_right(&h))
		return damaged(t, "a header's checksum is wrong");
	t->at += BLOCK;
	size = t->next.has_size && h.type != 'x' && h.type != 'L' && h.type != 'K' ? t->next.size
										   : NUMBER(h.size);
	if (h.type >= '1' && h.type <= '6')
		size = 0;
	if (size > file_size - t->at)
		return damaged(t, "it is truncated");
	switch (h.type) {
	case 'x':
		status = take_pax(t, size);
		break;
	case 'g': /* nothing that holds for all members is of use here */
		break;
	case 'L':
		status = take_long_name(t, size, &t->next.path);
		break;
	case 'K':
		status = take_long_name(t, size, &t->next.link);
		break;
	case 'S':
		return damaged(t, "sparse files are not supported: make it without --sparse");
	default:
		fill_from_header(&t->next, &h);
		status = add_member(t, &h, size);
		forget(&t->next);
	}
	t->at += (size + BLOCK - 1) / BLOCK * BLOCK;
	if (t->at > file_size)
		t->at = file_size;
	return status;
}

/* The program that unpacks what begins like this; NULL: nothing to unpack. */
static const char *unpacker(const unsigned char *head)
{
	if (head[0] == 0x1f && head[1] == 0x8b)
		return "gzip";
	if (memcmp(head,
		   "\xfd"
		   "7zXZ",
		   5) == 0)
		return "xz";
	if (memcmp(head, "BZh", 3) == 0)
		return "bzip2";
	if (memcmp(head, "\x28\xb5\x2f\xfd", 4) == 0)
		return "zstd";
	return NULL;
}

static int unpack(struct tar *t, int *plain)
{
	unsigned char head[6] = {0};
	const char *program;
	int status;

	*plain = t->fd;
	if (pread(t->fd, head, sizeof(head), 0) < 0)
		return fail(STATUS_FAILED, "%s: %s", t->name, strerror(errno));
	program = unpacker(head);
	if (program == NULL)
		return 0;
	*plain = temporary_file();
	if (*plain < 0)
		return STATUS_FAILED;
	status = spawn_filter(program, t->fd, *plain);
	if (status)
		return fail(STATUS_FAILED, "%s: %s -dc could not unpack it", t->name, program);
	t->fd = *plain;
	return 0;
}

int tar_read(struct fileset *s, int fd, const char *name, int *plain)
{
	struct tar t = {.set = s, .name = name, .fd = fd};
	struct stat st;
	bool end = false;
	int status = unpack(&t, plain);

	if (status == 0 && fstat(t.fd, &st) < 0)
		status = fail(STATUS_FAILED, "%s: %s", name, strerror(errno));
	if (status == 0 && st.st_size < (off_t)BLOCK)
		status = fail(STATUS_FAILED, "%s: neither a directory nor a tar archive", name);
	while (status == 0 && !end)
		status = next_header(&t, (uint64_t)st.st_size, &end);
	forget(&t.next);
	return status;
}
