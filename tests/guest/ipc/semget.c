/* SPDX-License-Identifier: MIT */
/* semget(2): keys, sizes, limits. */
#include "tests/guest/tap.h"

#include <sys/sem.h>
#include <time.h>

static int key;

static void remove_set(int id)
{
	works(semctl(id, 0, IPC_RMID));
}

static void test_keys(void)
{
	int id, other;

	fails(semget(key, 3, 0), ENOENT);
	fails(semget(key, 0, IPC_CREAT | 0600), EINVAL);
	works(id = semget(key, 3, IPC_CREAT | 0600));
	is(semget(key, 3, 0), id);
	is(semget(key, 0, 0), id);
	is(semget(key, 2, IPC_CREAT | 0600), id);
	fails(semget(key, 4, 0), EINVAL);
	fails(semget(key, 4, IPC_CREAT), EINVAL);
	fails(semget(key, 3, IPC_CREAT | IPC_EXCL | 0600), EEXIST);
	works(other = semget(IPC_PRIVATE, 1, 0600));
	ok(other != id);
	remove_set(other);
	works(other = semget(IPC_PRIVATE, 1, IPC_CREAT | IPC_EXCL | 0600));
	remove_set(other);
	remove_set(id);
	fails(semget(key, 3, 0), ENOENT);
	fails(semctl(id, 0, IPC_RMID), EINVAL);
	/* The number of what is gone is not given again soon. */
	works(other = semget(key, 3, IPC_CREAT | 0600));
	ok(other != id);
	remove_set(other);
}

static void test_sizes(void)
{
	FILE *f = fopen("/proc/sys/kernel/sem", "r");
	int most = 0, all, ops, sets, id;

	is(f ? fscanf(f, "%d %d %d %d", &most, &all, &ops, &sets) : 0, 4);
	if (f)
		fclose(f);
	ok(most > 0 && all >= most && ops > 0 && sets > 0);
	fails(semget(IPC_PRIVATE, -1, 0600), EINVAL);
	fails(semget(IPC_PRIVATE, most + 1, 0600), EINVAL);
	works(id = semget(IPC_PRIVATE, 1000, 0600));
	is(semctl(id, 999, GETVAL), 0);
	fails(semctl(id, 1000, GETVAL), EINVAL);
	remove_set(id);
}

static void test_rights(void)
{
	int id = semget(key, 1, IPC_CREAT | 0000);

	if (is_root()) {
		is(semget(key, 1, 0600), id);
		skip("root may do everything");
	} else {
		fails(semget(key, 1, 0600), EACCES);
		is(semget(key, 1, 0), id);
	}
	remove_set(id);
}

int main(void)
{
	key = 0x41000000 | getpid() << 8 | (int)(time(NULL) & 0xff);
	test_keys();
	test_sizes();
	test_rights();
	return tap_done();
}
