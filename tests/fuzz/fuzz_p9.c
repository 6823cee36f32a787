/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the reading of 9P replies: the input is how the reply is read (one byte), how much of it
 * is in one piece (two bytes), then the reply.
 */
/* fuzz: fs/p9_proto.c */
#include "fs/p9_proto.h"

#include <stdlib.h>
#include <string.h>

#define ROOM 8192u

static volatile uint64_t sink;

static void use_bytes(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sink += (uint8_t)s[i];
}

static void use_entries(struct p9_msg *m)
{
	struct p9_dirent e;
	uint64_t ino;

	m->at = 0;
	m->bad = false;
	while (p9_get_dirent(m, &e) == 1) {
		use_bytes(e.name, e.len);
		if (memchr(e.name, '/', e.len) || memchr(e.name, 0, e.len))
			abort();
		sink += p9_split_path(e.qid.path, &ino);
	}
}

static void use_reply(unsigned how, struct p9_msg *m)
{
	struct p9_attr attr;
	struct p9_statfs statfs;
	struct p9_qid qid = {0};
	uint32_t msize;
	int64_t n;
	size_t len;

	switch (how % 7) {
	case 0:
		if (p9_get_attr(m, &attr) == 0)
			sink += attr.size + attr.mtime_ns;
		break;
	case 1:
		if (p9_get_statfs(m, &statfs) == 0)
			sink += statfs.blocks;
		break;
	case 2:
		if (p9_get_version(m, 65536, &msize) == 0 && (msize > 65536 || msize < 4096))
			abort();
		break;
	case 3:
		if (p9_get_walk(m, how / 7 % 3, &qid) == 0)
			sink += qid.path;
		break;
	case 4:
		n = p9_get_count(m, 4096, how & 64);
		if (n > 4096 || ((how & 64) && n > 0 && (size_t)n > m->whole - m->at))
			abort();
		break;
	case 5:
		use_bytes(p9_get_string(m, &len), len);
		break;
	case 6:
		use_entries(m);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct p9_msg m;
	size_t room;
	uint8_t *copy;

	if (size < 3)
		return 0;
	room = (data[1] | (size_t)data[2] << 8) % ROOM;
	copy = malloc(room + 1);
	memcpy(copy, data + 3, size - 3 < room ? size - 3 : room);
	if (size - 3 < room)
		memset(copy + (size - 3), 0, room - (size - 3));
	if (p9_reply(&m, copy, room, size - 3, P9_TWALK, 1) == 0)
		use_reply(data[0], &m);
	m = (struct p9_msg){.data = copy, .size = room, .whole = room + 100};
	use_reply(data[0], &m);
	free(copy);
	return 0;
}
