/* SPDX-License-Identifier: MIT */
/*
 * sync(2), syncfs(2), fsync(2), fdatasync(2), sync_file_range(2), readahead(2), fadvise64(2): on
 * files, directories and what is neither; arguments and refusals. The data is what it was.
 */
/* volume: also there */
#include "tests/guest/tap.h"

static void test_all(int fd, int pipe_fd)
{
	is(sys(sync), 0);
	is(sys(syncfs, fd), 0);
	is(sys(fsync, fd), 0);
	is(sys(fdatasync, fd), 0);
	fails(sys(fsync, pipe_fd), EINVAL);
	fails(sys(fdatasync, pipe_fd), EINVAL);
	fails(sys(fsync, FD_NONE), EBADF);
	fails(sys(fdatasync, -1), EBADF);
	fails(sys(syncfs, FD_NONE), EBADF);
}

static void test_range(int fd, int pipe_fd)
{
	is(sys(sync_file_range, fd, 0l, 0l, 0), 0);
	is(sys(sync_file_range, fd, 0l, 4096l, 7), 0);
	is(sys(sync_file_range, fd, 1l << 40, 4096l, 2), 0);
	fails(sys(sync_file_range, fd, 0l, 0l, 8), EINVAL);
	fails(sys(sync_file_range, fd, -1l, 0l, 2), EINVAL);
	fails(sys(sync_file_range, fd, 0l, -1l, 2), EINVAL);
	fails(sys(sync_file_range, fd, INT64_MAX, 2l, 2), EINVAL);
	fails(sys(sync_file_range, pipe_fd, 0l, 0l, 2), ESPIPE);
	fails(sys(sync_file_range, FD_NONE, 0l, 0l, 2), EBADF);
}

static void test_advice(int fd, int pipe_fd, int writer)
{
	for (int advice = 0; advice <= 5; advice++)
		is(sys(fadvise64, fd, 0l, 0l, advice), 0);
	is(sys(fadvise64, fd, 1l << 40, 4096l, 4), 0);
	fails(sys(fadvise64, fd, 0l, 0l, 6), EINVAL);
	fails(sys(fadvise64, fd, 0l, -1l, 0), EINVAL);
	fails(sys(fadvise64, pipe_fd, 0l, 0l, 0), ESPIPE);
	fails(sys(fadvise64, FD_NONE, 0l, 0l, 0), EBADF);
	is(sys(readahead, fd, 0l, 4096), 0);
	is(sys(readahead, fd, 1l << 40, 4096), 0);
	fails(sys(readahead, pipe_fd, 0l, 4096), EINVAL);
	fails(sys(readahead, writer, 0l, 4096), EBADF);
	fails(sys(readahead, FD_NONE, 0l, 4096), EBADF);
}

int main(void)
{
	int fd, p[2], writer, dir, place;

	tmp();
	fd = file_with("f", "what is in it");
	writer = open("f", O_WRONLY);
	dir = open(".", O_RDONLY | O_DIRECTORY);
	place = open("f", O_PATH);
	is(pipe(p), 0);
	test_all(fd, p[0]);
	is(sys(fsync, dir), 0);
	is(sys(syncfs, dir), 0);
	fails(sys(fsync, place), EBADF);
	fails(sys(syncfs, place), EBADF);
	test_range(fd, p[0]);
	test_advice(fd, p[0], writer);
	ok(file_is("f", "what is in it"));
	return tap_done();
}
