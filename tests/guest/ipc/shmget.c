/* SPDX-License-Identifier: MIT */
/* shmget(2), shmat(2), shmdt(2), shmctl(2). */
#include "tests/guest/tap.h"

#include <sys/shm.h>
#include <time.h>

static struct shmid_ds ds;
static int key;

static int attached(int id)
{
	return shmctl(id, IPC_STAT, &ds) ? -1 : (int)ds.shm_nattch;
}

static bool good(const void *p)
{
	return p != (void *)-1;
}

static void test_get(void)
{
	int id;

	fails(shmget(key, 100, 0), ENOENT);
	works(id = shmget(key, 100, IPC_CREAT | 0600));
	fails(shmget(key, 100, IPC_CREAT | IPC_EXCL | 0600), EEXIST);
	is(shmget(key, 50, 0), id);
	is(shmget(key, 0, 0), id);
	is(shmget(key, 100, IPC_CREAT | 0600), id);
	fails(shmget(key, 101, 0), EINVAL);
	fails(shmget(IPC_PRIVATE, 0, IPC_CREAT | 0600), EINVAL);
	fails(shmget(IPC_PRIVATE, -1, 0600), EINVAL);
	fails(shmget(IPC_PRIVATE, 8192, 0600 | SHM_HUGETLB), ENOMEM);
	works(shmctl(id, IPC_RMID, NULL));
	fails(shmctl(id, IPC_RMID, NULL), EINVAL);
}

static void test_attach(void)
{
	int id = shmget(key, 5000, IPC_CREAT | 0640);
	char *p, *q, *r;

	ok(good(p = shmat(id, NULL, 0)));
	is((long)p % PAGE, 0);
	is(p[0], 0);
	strcpy(p, "hello");
	p[8191] = 1; /* to the end of the page */
	ok(good(q = shmat(id, NULL, SHM_RDONLY)));
	ok(p != q && !strcmp(q, "hello"));
	fails(mprotect(q, PAGE, PROT_READ | PROT_WRITE), EACCES);
	is(attached(id), 2);
	is(ds.shm_segsz, 5000);
	is(ds.shm_cpid, getpid());
	is(ds.shm_lpid, getpid());
	is(ds.shm_perm.mode, 0640);
	is(ds.shm_perm.__key, key);
	is(ds.shm_perm.cuid, geteuid());
	ok(ds.shm_atime > 0 && ds.shm_ctime > 0);
	is(ds.shm_dtime, 0);
	fails((long)shmat(id, p, 0), EINVAL);
	fails((long)shmat(id, p + 1, 0), EINVAL);
	fails((long)shmat(id, NULL, SHM_REMAP), EINVAL);
	fails((long)shmat(12345678, NULL, 0), EINVAL);
	ok(shmat(id, p, SHM_REMAP) == p);
	is(attached(id), 2);
	r = mmap(NULL, 8 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(r, 8 * PAGE);
	ok(shmat(id, r + PAGE + 5, SHM_RND) == r + PAGE);
	is(r[PAGE + 1], 'e');
	fails(shmdt(p + 1), EINVAL);
	fails(shmdt(p + PAGE), EINVAL);
	works(shmdt(p));
	fails(shmdt(p), EINVAL);
	is(attached(id), 2);
	ok(ds.shm_dtime > 0);
	/* Removed, it stays for those who are attached or know the number. */
	works(shmctl(id, IPC_RMID, NULL));
	is(attached(id), 2);
	is(ds.shm_perm.mode, 01000 | 0640);
	fails(shmget(key, 0, 0), ENOENT);
	ok(good(p = shmat(id, NULL, 0)) && !strcmp(p, "hello"));
	works(shmdt(p));
	works(shmdt(r + PAGE));
	works(shmdt(q));
	fails(attached(id), EINVAL);
}

/* munmap takes a part; shmdt the rest. */
static void test_parts(void)
{
	int id = shmget(IPC_PRIVATE, 3 * PAGE, 0600);
	char *p = shmat(id, NULL, 0);

	p[2 * PAGE] = 7;
	works(munmap(p + PAGE, PAGE));
	is(attached(id), 2); /* areas */
	works(shmdt(p));
	is(attached(id), 0);
	ok(good(p = shmat(id, NULL, 0)));
	is(p[2 * PAGE], 7);
	munmap(p, 3 * PAGE);
	is(attached(id), 0);
	works(shmctl(id, IPC_RMID, NULL));
	fails(attached(id), EINVAL);
}

static void test_ctl(void)
{
	int id = shmget(IPC_PRIVATE, 8192, 0600), top, index;
	struct shm_info use;
	struct shminfo limits;

	fails(shmctl(id, 99, &ds), EINVAL);
	fails(shmctl(-1, IPC_STAT, &ds), EINVAL);
	fails(shmctl(id, IPC_STAT, BAD_KERNEL), EFAULT);
	works(shmctl(id, IPC_STAT, &ds));
	ds.shm_perm.mode = 0444;
	works(shmctl(id, IPC_SET, &ds));
	works(shmctl(id, IPC_STAT, &ds));
	is(ds.shm_perm.mode, 0444);
	if (!is_root())
		fails((long)shmat(id, NULL, 0), EACCES);
	works(top = shmctl(0, IPC_INFO, (void *)&limits));
	is(limits.shmmin, 1);
	ok(limits.shmmni >= 4096);
	works(shmctl(0, SHM_INFO, (void *)&use));
	ok(use.used_ids >= 1 && use.shm_tot >= 2);
	for (index = 0; index <= top; index++)
		if (shmctl(index, SHM_STAT, &ds) == id)
			break;
	ok(index <= top);
	works(shmctl(id, IPC_RMID, NULL));
}

static void test_proc(void)
{
	int id = shmget(key, 12345, IPC_CREAT | 0600), fd = open("/proc/sysvipc/shm", O_RDONLY);
	char buf[65536], want[64];
	void *p = shmat(id, NULL, 0);
	int n = read(fd, buf, sizeof(buf) - 1);

	buf[n > 0 ? n : 0] = 0;
	snprintf(want, sizeof(want), "%10d %10d   600                 12345 %5d %5d      1 ", key,
		 id, getpid(), getpid());
	ok(strstr(buf, want));
	close(fd);
	fd = open("/proc/self/maps", O_RDONLY);
	n = read(fd, buf, sizeof(buf) - 1);
	buf[n > 0 ? n : 0] = 0;
	snprintf(want, sizeof(want), "/SYSV%08x (deleted)", key);
	ok(strstr(buf, want));
	close(fd);
	shmdt(p);
	works(shmctl(id, IPC_RMID, NULL));
}

int main(void)
{
	key = 0x40000000 | getpid() << 8 | (int)(time(NULL) & 0xff);
	test_get();
	test_attach();
	test_parts();
	test_ctl();
	test_proc();
	return tap_done();
}
