/* SPDX-License-Identifier: MIT */
/*
 * Confirmed records: `records write FILE` writes numbered records of 4 KiB to FILE (a disk or a
 * file that is large enough), makes each durable in one of the ways there are, and prints its
 * number when that is done; it ends when FILE is full. `records check FILE N` is for the host, when
 * the machine was killed: records 0 ... N must all be there, whole; prints what is not.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define RECORD 4096

static uint64_t record[RECORD / 8] __attribute__((aligned(RECORD)));
static char *map; /* of the whole file */

static void fill(uint64_t n)
{
	for (size_t i = 0; i < RECORD / 8; i++)
		record[i] = (n + 1) * 0x9e3779b97f4a7c15ull ^ i;
}

static int opened(const char *path, int flags)
{
	int fd = open(path, flags);

	if (fd < 0) {
		perror(path);
		exit(2);
	}
	return fd;
}

static int put(int fd, uint64_t n)
{
	return pwrite(fd, record, RECORD, n * RECORD) == RECORD ? 0 : -1;
}

/* Write record n so that it lasts. */
static int store(const char *path, uint64_t n)
{
	static int plain = -1, synced = -1, direct = -1;

	if (plain < 0) {
		plain = opened(path, O_RDWR);
		synced = opened(path, O_RDWR | O_DSYNC);
		direct = opened(path, O_RDWR | O_DIRECT);
	}
	switch (n % 5) {
	case 0:
		return put(plain, n) || fsync(plain);
	case 1:
		return put(plain, n) || fdatasync(plain);
	case 2:
		return put(synced, n);
	case 3:
		return put(direct, n) || fdatasync(direct);
	default:
		memcpy(map + n * RECORD, record, RECORD);
		return msync(map + n * RECORD, RECORD, MS_SYNC);
	}
}

static int write_records(const char *path)
{
	int fd = opened(path, O_RDWR);
	off_t size = lseek(fd, 0, SEEK_END);

	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return 2;
	for (uint64_t n = 0; n < (uint64_t)size / RECORD; n++) {
		char line[32];
		int len = snprintf(line, sizeof(line), "%llu\n", (unsigned long long)n);

		fill(n);
		if (store(path, n)) {
			perror("store");
			return 2;
		}
		if (write(1, line, len) != len)
			return 2;
	}
	return 0;
}

static int check_records(const char *path, uint64_t last)
{
	int fd = opened(path, O_RDONLY);
	uint64_t bad = 0;

	for (uint64_t n = 0; n <= last; n++) {
		uint64_t found[RECORD / 8];

		fill(n);
		if (pread(fd, found, RECORD, n * RECORD) == RECORD &&
		    memcmp(found, record, RECORD) == 0)
			continue;
		if (!bad++)
			printf("record %llu of %llu is lost\n", (unsigned long long)n,
			       (unsigned long long)last);
	}
	if (bad > 1)
		printf("and %llu more\n", (unsigned long long)bad - 1);
	return bad != 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "write") == 0)
		return write_records(argv[2]);
	if (argc == 4 && strcmp(argv[1], "check") == 0)
		return check_records(argv[2], strtoull(argv[3], NULL, 10));
	return 2;
}
