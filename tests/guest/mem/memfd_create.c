/* SPDX-License-Identifier: MIT */
/*
 * memfd_create(2) and its seals: what each forbids to writes, sizes, modes and mappings, which are
 * refused while mappings can write, and what a sealed file may still be mapped for.
 */
#include "tests/guest/tap.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x10
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x20
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8u
#endif
#define RW (PROT_READ | PROT_WRITE)

static int sealable(off_t size)
{
	int fd = memfd_create("seals", MFD_ALLOW_SEALING);

	ftruncate(fd, size);
	return fd;
}

static int seal(int fd, int seals)
{
	return fcntl(fd, F_ADD_SEALS, seals);
}

static char *map(int fd, int prot, int flags)
{
	return mmap(NULL, PAGE, prot, flags, fd, 0);
}

static mode_t mode(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? 0 : st.st_mode & 07777;
}

static void test_write(void)
{
	int fd = sealable(2 * PAGE);
	char *p = map(fd, PROT_READ, MAP_SHARED), *q;

	fails(seal(fd, F_SEAL_WRITE), EBUSY); /* it could be made writable */
	is(mprotect(p, PAGE, RW), 0);
	munmap(p, PAGE);
	is(seal(fd, F_SEAL_WRITE), 0);
	fails(pwrite(fd, "a", 1, 0), EPERM);
	fails(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE), EPERM);
	fails(map(fd, RW, MAP_SHARED), EPERM);
	p = map(fd, PROT_READ, MAP_SHARED);
	ok(p != MAP_FAILED);
	fails(mprotect(p, PAGE, RW), EACCES);
	fails(madvise(p, PAGE, MADV_REMOVE), EACCES);
	q = map(fd, RW, MAP_PRIVATE);
	q[0] = 1;
	ok(p[0] == 0);
	is(ftruncate(fd, PAGE), 0); /* not what this seal is about */
	close(fd);
}

static void test_future_write(void)
{
	int fd = sealable(2 * PAGE);
	char *p = map(fd, RW, MAP_SHARED), *q;

	fails(seal(fd, F_SEAL_WRITE), EBUSY);
	is(fcntl(fd, F_GET_SEALS), 0);
	is(seal(fd, F_SEAL_FUTURE_WRITE), 0);
	p[0] = 7; /* this mapping was there before */
	is(mprotect(p, PAGE, PROT_READ), 0);
	is(mprotect(p, PAGE, RW), 0);
	fails(write(fd, "x", 1), EPERM);
	fails(map(fd, RW, MAP_SHARED), EPERM);
	q = map(fd, PROT_READ, MAP_SHARED);
	is(q[0], 7);
	fails(mprotect(q, PAGE, RW), EACCES);
	fails(seal(fd, F_SEAL_WRITE), EBUSY);
	munmap(p, PAGE);
	is(seal(fd, F_SEAL_WRITE), 0); /* q can never write */
	close(fd);
}

static void test_size(void)
{
	int fd = sealable(PAGE);

	is(seal(fd, F_SEAL_SHRINK), 0);
	fails(ftruncate(fd, 100), EPERM);
	is(ftruncate(fd, PAGE), 0);
	is(ftruncate(fd, 5000), 0);
	is(seal(fd, F_SEAL_GROW), 0);
	fails(ftruncate(fd, 6000), EPERM);
	fails(pwrite(fd, "abc", 3, 4999), EPERM);
	fails(pwrite(fd, "abc", 3, 5000), EPERM);
	is(pwrite(fd, "abc", 3, 4997), 3);
	fails(fallocate(fd, 0, 0, 9000), EPERM);
	is(fcntl(fd, F_GET_SEALS), F_SEAL_SHRINK | F_SEAL_GROW);
	close(fd);
}

static void test_exec(void)
{
	int fd = memfd_create("noexec", MFD_NOEXEC_SEAL);

	if (fd < 0) {
		skip("Linux before 6.3");
		return;
	}
	is(mode(fd), 0666);
	is(fcntl(fd, F_GET_SEALS), F_SEAL_EXEC);
	fails(fchmod(fd, 0777), EPERM);
	is(fchmod(fd, 0600), 0);
	is(seal(fd, F_SEAL_GROW), 0);
	close(fd);

	fd = sealable(PAGE); /* executable: its contents are sealed along */
	is(mode(fd), 0777);
	is(seal(fd, F_SEAL_EXEC), 0);
	is(fcntl(fd, F_GET_SEALS),
	   F_SEAL_EXEC | F_SEAL_FUTURE_WRITE | F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK);
	fails(fchmod(fd, 0666), EPERM);
	is(fchmod(fd, 0755), 0);
	close(fd);
	fd = sealable(PAGE);
	ok(map(fd, RW, MAP_SHARED) != MAP_FAILED);
	fails(seal(fd, F_SEAL_EXEC), EBUSY);
	fchmod(fd, 0644);
	is(seal(fd, F_SEAL_EXEC), 0);
	is(fcntl(fd, F_GET_SEALS), F_SEAL_EXEC);
	close(fd);
}

static void test_refusals(void)
{
	int fd = memfd_create("plain", 0), ro;
	char path[32];

	fails(seal(fd, F_SEAL_GROW), EPERM);
	is(fcntl(fd, F_GET_SEALS), F_SEAL_SEAL);
	close(fd);
	fd = sealable(PAGE);
	fails(seal(fd, 0x40), EINVAL);
	is(seal(fd, 0), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ro = open(path, O_RDONLY);
	fails(seal(ro, F_SEAL_GROW), EPERM);
	ok(map(ro, PROT_READ, MAP_SHARED) != MAP_FAILED); /* can never write */
	is(seal(fd, F_SEAL_WRITE), 0);
	is(seal(fd, F_SEAL_SEAL), 0);
	fails(seal(fd, 0), EPERM);
	is(fcntl(ro, F_GET_SEALS), F_SEAL_SEAL | F_SEAL_WRITE);
	fails(memfd_create("both", MFD_NOEXEC_SEAL | 16), EINVAL);
	fails(memfd_create("unknown", 0x80), EINVAL);
	fails(sys(memfd_create, BAD, 0), EFAULT);
}

int main(void)
{
	test_write();
	test_future_write();
	test_size();
	test_exec();
	test_refusals();
	return tap_done();
}
