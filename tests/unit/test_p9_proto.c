/* SPDX-License-Identifier: MIT */
/*
 * The 9P wire format: what is packed, and that replies cut short, too long or nonsensical are
 * refused. unit: fs/p9_proto.c
 */
#define _ISOC11_SOURCE /* only ISO C from the C library: its POSIX types are not the kernel's */
#include "tests/unit/unit.h"

#include "fs/p9_proto.h"
#include "kernel/abi/linux.h"

#include <string.h>

static uint8_t buf[8192];

/* A reply of `type` with what `fill` puts into it; returns its length. */
static size_t reply(uint8_t type, uint16_t tag, void (*fill)(struct p9_msg *m))
{
	struct p9_msg m;

	p9_begin(&m, buf, sizeof(buf), type, tag);
	fill(&m);
	CHECK(p9_end(&m, 0) == 0);
	return m.at;
}

static void put_qid(struct p9_msg *m)
{
	p9_put8(m, P9_QTDIR);
	p9_put32(m, 7);
	p9_put64(m, 0x123456789abcdef1ull);
}

static void put_attr(struct p9_msg *m)
{
	p9_put64(m, P9_GETATTR_BASIC);
	put_qid(m);
	p9_put32(m, S_IFREG | 0644);
	p9_put32(m, 1000);
	p9_put32(m, 100);
	p9_put64(m, 2);
	p9_put64(m, 0);
	p9_put64(m, 5ull << 30);
	p9_put64(m, 4096);
	p9_put64(m, 8);
	for (uint64_t i = 1; i <= 3; i++) {
		p9_put64(m, 1000 * i);
		p9_put64(m, i);
	}
	for (int i = 0; i < 4; i++)
		p9_put64(m, 0);
}

static void test_request(void)
{
	static const uint8_t want[] = {21, 0, 0, 0, 110, 3, 0, 4, 3,   2,  1,
				       5,  0, 0, 0, 1,	 0, 2, 0, 'a', 'b'};
	struct p9_msg m;

	p9_begin(&m, buf, sizeof(buf), P9_TWALK, 3);
	p9_put32(&m, 0x01020304);
	p9_put32(&m, 5);
	p9_put16(&m, 1);
	p9_put_string(&m, "ab", 2);
	CHECK(p9_end(&m, 0) == 0 && m.at == sizeof(want));
	CHECK(memcmp(buf, want, sizeof(want)) == 0);
	p9_begin(&m, buf, 12, P9_TWALK, 3);
	p9_put_string(&m, "abcd", 4);
	CHECK(p9_end(&m, 0) == -ENAMETOOLONG);
	p9_begin(&m, buf, sizeof(buf), P9_TWRITE, 3);
	CHECK(p9_end(&m, 100) == 0 && buf[0] == P9_HEADER + 100);
}

static void test_attr(void)
{
	size_t len = reply(P9_TGETATTR + 1, 9, put_attr);
	struct p9_attr a;
	struct p9_msg m;

	CHECK(p9_reply(&m, buf, sizeof(buf), len, P9_TGETATTR, 9) == 0);
	CHECK(p9_get_attr(&m, &a) == 0);
	CHECK(a.qid.path == 0x123456789abcdef1ull && a.mode == (S_IFREG | 0644) && a.uid == 1000);
	CHECK(a.gid == 100 && a.nlink == 2 && a.size == 5ull << 30 && a.blocks == 8);
	CHECK(a.atime_ns == 1000000000001ull && a.mtime_ns == 2000000000002ull);
	CHECK(a.ctime_ns == 3000000000003ull);
	for (size_t cut = 0; cut < len; cut++) { /* cut short without, then with the size true */
		uint8_t size = buf[0];

		CHECK(p9_reply(&m, buf, sizeof(buf), cut, P9_TGETATTR, 9) == -EIO);
		buf[0] = (uint8_t)cut;
		CHECK((p9_reply(&m, buf, sizeof(buf), cut, P9_TGETATTR, 9)
			   ?: p9_get_attr(&m, &a)) == -EIO);
		buf[0] = size;
	}
	CHECK(p9_reply(&m, buf, sizeof(buf), len, P9_TGETATTR, 8) == -EIO);
	CHECK(p9_reply(&m, buf, sizeof(buf), len, P9_TWALK, 9) == -EIO);
	buf[P9_HEADER + 8 + P9_QID + 1] = 0; /* no file type */
	CHECK(p9_reply(&m, buf, sizeof(buf), len, P9_TGETATTR, 9) == 0);
	CHECK(p9_get_attr(&m, &a) == -EIO);
}

static uint32_t code;

static void put_code(struct p9_msg *m)
{
	p9_put32(m, code);
}

static void test_error(void)
{
	static const uint32_t bad[] = {0, 134, 512, 0x80000000, 0xffffffff};
	struct p9_msg m;

	code = ENOENT;
	CHECK(p9_reply(&m, buf, sizeof(buf), reply(P9_RLERROR, 1, put_code), P9_TWALK, 1) ==
	      -ENOENT);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		code = bad[i];
		CHECK(p9_reply(&m, buf, sizeof(buf), reply(P9_RLERROR, 1, put_code), P9_TWALK, 1) ==
		      -EIO);
	}
}

static void test_count(void)
{
	struct p9_msg m;
	size_t len;

	code = 100;
	len = reply(P9_TREAD + 1, 1, put_code);
	buf[0] = P9_RREAD_HEADER + 100;
	CHECK(p9_reply(&m, buf, P9_RREAD_HEADER, len + 100, P9_TREAD, 1) == 0);
	CHECK(p9_get_count(&m, 100, true) == 100);
	p9_reply(&m, buf, P9_RREAD_HEADER, len + 100, P9_TREAD, 1);
	CHECK(p9_get_count(&m, 99, true) == -EIO); /* more than was asked for */
	buf[0] = P9_RREAD_HEADER + 99;		   /* more than there is */
	p9_reply(&m, buf, P9_RREAD_HEADER, len + 100, P9_TREAD, 1);
	CHECK(p9_get_count(&m, 100, true) == -EIO);
}

static void test_walk(void)
{
	struct p9_msg m;
	struct p9_qid q;

	p9_begin(&m, buf, sizeof(buf), P9_TWALK + 1, 1);
	p9_put16(&m, 1);
	put_qid(&m);
	p9_end(&m, 0);
	CHECK(p9_reply(&m, buf, sizeof(buf), m.at, P9_TWALK, 1) == 0);
	CHECK(p9_get_walk(&m, 1, &q) == 0 && q.path == 0x123456789abcdef1ull);
	p9_reply(&m, buf, sizeof(buf), P9_HEADER + 2 + P9_QID, P9_TWALK, 1);
	CHECK(p9_get_walk(&m, 2, &q) == -ENOENT);
	p9_reply(&m, buf, sizeof(buf), P9_HEADER + 2 + P9_QID, P9_TWALK, 1);
	CHECK(p9_get_walk(&m, 0, &q) == -EIO);
}

static int dirent(const char *name, size_t len, uint64_t offset)
{
	struct p9_msg m = {.data = buf, .size = sizeof(buf)};
	struct p9_dirent e;

	put_qid(&m);
	p9_put64(&m, offset);
	p9_put8(&m, DT_REG);
	p9_put_string(&m, name, len);
	m = (struct p9_msg){.data = buf, .size = m.at};
	for (m.size--; m.size > 0; m.size--, m.at = 0, m.bad = false)
		CHECK(p9_get_dirent(&m, &e) == -EIO);
	m.size = P9_QID + 8 + 1 + 2 + len;
	return p9_get_dirent(&m, &e);
}

static void test_dirent(void)
{
	char longest[257];

	memset(longest, 'x', sizeof(longest));
	CHECK(dirent("name", 4, 1) == 1);
	CHECK(dirent(longest, 255, 1) == 1);
	CHECK(dirent(longest, 256, 1) == -EIO);
	CHECK(dirent("", 0, 1) == -EIO);
	CHECK(dirent("a/b", 3, 1) == -EIO);
	CHECK(dirent("../x", 4, 1) == -EIO);
	CHECK(dirent("a\0b", 3, 1) == -EIO);
	CHECK(dirent("name", 4, 1ull << 63) == -EIO);
}

static void test_split(void)
{
	uint64_t ino;

	CHECK(p9_split_path(12345ull << 1 | 1, &ino) == 1 && ino == 12345);
	CHECK(p9_split_path(12345ull << 3 | 2, &ino) == 2 && ino == 12345);
	CHECK(p9_split_path(12345ull << 3 | 6, &ino) == 3 && ino == 12345);
	CHECK(p9_split_path(12345ull << 5 | 4, &ino) == 4 && ino == 12345);
	CHECK(p9_split_path(0, &ino) == 0 && ino == 0);
	CHECK(p9_split_path(1ull << 63, &ino) == 0 && ino == 1ull << 63);
}

int main(void)
{
	test_request();
	test_attr();
	test_error();
	test_count();
	test_walk();
	test_dirent();
	test_split();
	return UNIT_END();
}
