/* SPDX-License-Identifier: MIT */
/*
 * Thousands of random reads, writes, appends, truncations, stores and loads through mappings,
 * msync, fsync, removals and new openings of one file, against a copy in memory. With an argument:
 * on that block device, whose size does not change.
 */
/* volume: also there */
#include "tests/guest/tap.h"

enum { SIZE = 24 * PAGE, STEPS = 4000 };

static uint64_t state;
static unsigned char model[SIZE], buf[SIZE];
static size_t size; /* of the file */
static int fd, second;
static const char *device;
static unsigned char *map; /* SIZE bytes of the file, shared */
static int bad;

static unsigned pick(unsigned n)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(state >> 33) % n;
}

static void expect(bool good, const char *what, long step)
{
	if (!good && bad++ < 5)
		tap_print("# step %ld: %s\n", step, what);
}

static void do_read(long step)
{
	size_t at = pick(SIZE), len = 1 + pick(pick(4) ? 600 : SIZE), want;

	if (device)
		len = at + len > SIZE ? SIZE - at : len;
	want = at >= size ? 0 : at + len > size ? size - at : len;
	expect(pread(pick(2) ? fd : second, buf, len, (off_t)at) == (ssize_t)want, "count", step);
	expect(memcmp(buf, model + at, want) == 0, "read", step);
}

static void do_write(long step)
{
	size_t at = pick(SIZE), len = 1 + pick(pick(4) ? 600 : SIZE);
	int to = pick(2) ? fd : second;

	if (!device && to == second) /* opened with O_APPEND */
		at = size;
	len = at + len > SIZE ? SIZE - at : len;
	memset(buf, (int)pick(256), len);
	expect(pwrite(to, buf, len, (off_t)at) == (ssize_t)len, "write", step);
	if (at > size && len)
		memset(model + size, 0, at - size);
	memcpy(model + at, buf, len);
	size = len && at + len > size ? at + len : size;
}

static void do_truncate(long step)
{
	size_t to = pick(SIZE);

	if (device)
		return;
	expect(ftruncate(fd, (off_t)to) == 0, "ftruncate", step);
	if (to > size)
		memset(model + size, 0, to - size);
	size = to;
}

static void do_store(long step)
{
	size_t at = size ? pick((unsigned)size) : 0, len = 1 + pick(3 * PAGE);

	len = at + len > size ? size - at : len;
	memset(map + at, (int)step, len);
	memset(model + at, (int)step, len);
	if (pick(4) == 0)
		expect(msync(map, SIZE, pick(2) ? MS_SYNC : MS_ASYNC) == 0, "msync", step);
}

static void do_load(long step)
{
	expect(memcmp(map, model, size) == 0, "mapping", step);
	for (size_t i = size; i % PAGE; i++)
		expect(map[i] == 0 || device, "behind the end", step);
}

static void do_open(long step)
{
	struct stat st;

	if (pick(3) == 0)
		expect(fsync(pick(2) ? fd : second) == 0, "fsync", step);
	if (pick(3) == 0)
		expect(fstat(fd, &st) == 0 && (device || st.st_size == (off_t)size), "size", step);
	if (pick(8))
		return;
	munmap(map, SIZE);
	close(second);
	second = open(device ? device : "random", O_RDWR | (device ? 0 : O_APPEND));
	expect(second >= 0, "open again", step);
	map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, second, 0);
	expect(map != MAP_FAILED, "mmap", step);
}

static void run(uint64_t seed, bool orphan)
{
	static void (*const ops[])(long) = {do_read,  do_read,	do_write, do_write, do_truncate,
					    do_store, do_store, do_load,  do_open};
	const char *path = device ? device : "random";

	state = seed;
	bad = 0;
	fd = open(path, O_RDWR | O_CREAT, 0600);
	second = open(path, O_RDWR | (device ? 0 : O_APPEND));
	map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ok(fd >= 0 && second >= 0 && map != MAP_FAILED, "open and map");
	size = device ? SIZE : 0;
	memset(model, 0, SIZE);
	if (device)
		is(pwrite(fd, model, SIZE, 0), SIZE);
	if (orphan)
		is(unlink("random"), 0);
	for (long i = 0; i < STEPS; i++) {
		unsigned op = pick(sizeof(ops) / sizeof(ops[0]));

		if (!orphan || ops[op] != do_open)
			ops[op](i);
	}
	do_load(STEPS);
	is(bad, 0);
	munmap(map, SIZE);
	close(second);
	close(fd);
}

int main(int argc, char **argv)
{
	device = argc > 1 ? argv[1] : NULL;
	if (!device)
		tmp();
	run(1, false);
	if (!device) {
		is(unlink("random"), 0);
		run(2, true);
	}
	return tap_done();
}
