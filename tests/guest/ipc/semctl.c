/* SPDX-License-Identifier: MIT */
/* semctl(2): every command; /proc/sysvipc/sem. */
#include "tests/guest/tap.h"

#include <sys/sem.h>
#include <time.h>

static struct semid_ds ds;
static int id, key;

static void test_values(void)
{
	unsigned short v[3] = {7, 8, 9}, *at_edge = (unsigned short *)edge() - 3;

	works(semctl(id, 0, SETALL, v));
	is(semctl(id, 1, GETVAL), 8);
	memset(v, 0, sizeof(v));
	works(semctl(id, 0, GETALL, v));
	ok(v[0] == 7 && v[1] == 8 && v[2] == 9);
	works(semctl(id, 0, GETALL, at_edge));
	is(at_edge[2], 9);
	fails(semctl(id, 0, GETALL, at_edge + 1), EFAULT);
	fails(semctl(id, 0, GETALL, readonly_page()), EFAULT);
	fails(semctl(id, 0, SETALL, at_edge + 1), EFAULT);
	fails(semctl(id, 0, SETALL, BAD_KERNEL), EFAULT);
	at_edge[1] = 32768;
	fails(semctl(id, 0, SETALL, at_edge), ERANGE);
	is(semctl(id, 0, GETVAL), 7);
	works(semctl(id, 2, SETVAL, 32767));
	is(semctl(id, 2, GETVAL), 32767);
	is(semctl(id, 2, GETPID), getpid());
	fails(semctl(id, 2, SETVAL, 32768), ERANGE);
	fails(semctl(id, 2, SETVAL, -1), ERANGE);
	fails(semctl(id, 3, SETVAL, 1), EINVAL);
	fails(semctl(id, -1, SETVAL, 1), EINVAL);
	fails(semctl(id, 3, GETVAL), EINVAL);
	fails(semctl(id, -1, GETPID), EINVAL);
	is(semctl(id, 0, GETNCNT), 0);
	is(semctl(id, 0, GETZCNT), 0);
	fails(semctl(id, 3, GETNCNT), EINVAL);
	fails(semctl(id, 0, 99), EINVAL);
	fails(semctl(id, 0, IPC_STAT | 0x100, &ds), EINVAL);
	fails(semctl(-1, 0, GETVAL), EINVAL);
	fails(semctl(id + 32768 * 100, 0, GETVAL), EINVAL);
	fails(semctl(id + 32768 * 100, 0, SETVAL, 40000), ERANGE);
}

static void test_stat(void)
{
	time_t now = time(NULL);
	struct sembuf b = {0, 1, 0};

	works(semctl(id, 0, IPC_STAT, &ds));
	is(ds.sem_nsems, 3);
	is(ds.sem_perm.__key, key);
	is(ds.sem_perm.mode, 0640);
	is(ds.sem_perm.uid, geteuid());
	is(ds.sem_perm.cgid, getegid());
	is(ds.sem_otime, 0);
	ok(ds.sem_ctime >= now - 60 && ds.sem_ctime <= now + 1);
	works(semop(id, &b, 1));
	works(semctl(id, 0, IPC_STAT, &ds));
	ok(ds.sem_otime >= now - 60 && ds.sem_otime <= now + 60);
	fails(semctl(id, 0, IPC_STAT, BAD), EFAULT);
	fails(semctl(id, 0, IPC_STAT, edge() - sizeof(ds) + 1), EFAULT);
	fails(semctl(id + 32768 * 100, 0, IPC_STAT, &ds), EINVAL);
}

static void test_set(void)
{
	works(semctl(id, 0, IPC_STAT, &ds));
	ds.sem_perm.mode = 0666 | 01000;
	works(semctl(id, 0, IPC_SET, &ds));
	works(semctl(id, 0, IPC_STAT, &ds));
	is(ds.sem_perm.mode, 0666);
	fails(semctl(id, 0, IPC_SET, BAD), EFAULT);
	fails(semctl(id + 32768 * 100, 0, IPC_SET, &ds), EINVAL);
	ds.sem_perm.uid = -1;
	fails(semctl(id, 0, IPC_SET, &ds), EINVAL);
	ds.sem_perm.uid = geteuid();
	ds.sem_perm.mode = 0;
	works(semctl(id, 0, IPC_SET, &ds));
	if (is_root()) {
		skip("root may do everything");
	} else {
		unsigned short v[3] = {0};

		fails(semctl(id, 0, IPC_STAT, &ds), EACCES);
		fails(semctl(id, 0, GETVAL), EACCES);
		fails(semctl(id, 9, GETVAL), EACCES);
		fails(semctl(id, 0, SETALL, v), EACCES);
		fails(semctl(id, 0, SETVAL, 0), EACCES);
		fails(semctl(id, 9, SETVAL, 0), EINVAL);
		works(semctl(id % 32768, 0, SEM_STAT_ANY, &ds));
	}
	ds.sem_perm.mode = 0640;
	works(semctl(id, 0, IPC_SET, &ds));
}

static void test_info(void)
{
	struct seminfo in = {0};
	int top;

	works(top = semctl(0, 0, IPC_INFO, &in));
	ok(top >= id % 32768);
	is(in.semvmx, 32767);
	is(in.semaem, 32767);
	is(in.semusz, 20);
	ok(in.semmsl > 0 && in.semmns > 0 && in.semopm > 0 && in.semmni > 0);
	works(semctl(0, 0, SEM_INFO, &in));
	ok(in.semusz >= 1 && in.semaem >= 3);
	fails(semctl(0, 0, SEM_INFO, BAD), EFAULT);
	fails(semctl(0, 0, IPC_INFO, BAD_KERNEL), EFAULT);
	is(semctl(id % 32768, 0, SEM_STAT, &ds), id);
	is(semctl(id % 32768, 0, SEM_STAT_ANY, &ds), id);
	is(ds.sem_nsems, 3);
	fails(semctl(32767, 0, SEM_STAT, &ds), EINVAL);
	fails(semctl(id % 32768, 0, SEM_STAT, BAD), EFAULT);
}

static void test_proc(void)
{
	char buf[65536], want[64];
	int fd = open("/proc/sysvipc/sem", O_RDONLY);
	int n = read(fd, buf, sizeof(buf) - 1);

	buf[n > 0 ? n : 0] = 0;
	ok(!strncmp(
	    buf,
	    "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      "
	    "ctime\n",
	    80));
	snprintf(want, sizeof(want), "\n%10d %10d   640          3 %5d %5d %5d ", key, id,
		 geteuid(), getegid(), geteuid());
	ok(strstr(buf, want));
	close(fd);
}

int main(void)
{
	key = 0x42000000 | getpid() << 8 | (int)(time(NULL) & 0xff);
	works(id = semget(key, 3, IPC_CREAT | 0640));
	test_stat();
	test_values();
	test_set();
	test_info();
	test_proc();
	works(semctl(id, 0, IPC_RMID));
	fails(semctl(id, 0, IPC_RMID), EINVAL);
	return tap_done();
}
