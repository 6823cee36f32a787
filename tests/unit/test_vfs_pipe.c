/* SPDX-License-Identifier: MIT */
/* Pipes, FIFOs, descriptor tables and poll tables on the host. */
/* unit: @fs */
#define _ISOC11_SOURCE /* only ISO C from the C library: its POSIX types are not the kernel's */
#include "tests/unit/unit.h"

#include "fs/vfs.h"
#include "kernel/page.h"
#include "kernel/poll.h"
#include "tests/unit/arena.h"
#include "tests/unit/fs_fake.h"
#include "tests/unit/vfs_calls.h"

#include <linux/eventpoll.h>
#include <string.h>

static void test_pipe(void)
{
	static char big[70000];
	struct file *rd, *wr;
	char buf[16];

	CHECK(pipe_new(O_NONBLOCK, &rd, &wr) == 0);
	CHECK(get(rd, buf, 1) == -EAGAIN && get(rd, buf, 0) == 0);
	CHECK(file_poll(rd, NULL) == 0 && file_poll(wr, NULL) == (EPOLLOUT | EPOLLWRNORM));
	CHECK(put(rd, "x", 1) == -EBADF && get_at(rd, buf, 1, 0) == -ESPIPE);
	CHECK(put(wr, big, sizeof(big)) == 65536 && put(wr, "x", 1) == -EAGAIN &&
	      file_poll(wr, NULL) == 0);
	CHECK(pipe_get_size(rd) == 65536 && pipe_set_size(wr, 4096) == -EBUSY);
	CHECK(pipe_set_size(wr, 100000) == 131072 && put(wr, big, 4097) == 4097);
	CHECK(get(rd, big, sizeof(big)) == 69633 && file_poll(rd, NULL) == 0);
	CHECK(put(wr, "a", 1) == 1 && put(wr, "b", 1) == 1 && get(rd, buf, 16) == 2 &&
	      memcmp(buf, "ab", 2) == 0);
	/* 4095 bytes leave no room in their page for 4095 more: each takes a segment. */
	CHECK(pipe_set_size(wr, 0) == 4096);
	CHECK(put(wr, big, 4095) == 4095 && put(wr, big, 2) == -EAGAIN && put(wr, big, 1) == 1);
	CHECK(get(rd, big, 5000) == 4096);
	file_put(wr);
	CHECK(file_poll(rd, NULL) == EPOLLHUP && get(rd, buf, 1) == 0);
	file_put(rd);
	CHECK(pipe_new(O_DIRECT, &rd, &wr) == 0);
	CHECK(put(wr, "one", 3) == 3 && put(wr, "two", 3) == 3);
	CHECK(get(rd, buf, 2) == 2 && get(rd, buf, 16) == 3 && memcmp(buf, "two", 3) == 0);
	CHECK(get(rd, buf, 1) == -ERESTARTSYS);
	file_put(rd);
	CHECK(file_poll(wr, NULL) == (EPOLLOUT | EPOLLWRNORM | EPOLLERR));
	CHECK(put(wr, "x", 1) == -EPIPE && fake_signal == SIGPIPE && put(wr, "", 0) == 0);
	fake_signal = 0;
	file_put(wr);
}

static struct file *late_writer;

static bool open_writer(void)
{
	return !late_writer && vfs_open(NULL, "/w/fifo", O_WRONLY, 0, 0, &late_writer) == 0;
}

static void test_fifo(void)
{
	struct file *rd, *wr, *both;
	char buf[4];

	CHECK(vfs_mknod(NULL, "/w/fifo", S_IFIFO | 0666, 0) == 0);
	CHECK(open_close("/w/fifo", O_WRONLY | O_NONBLOCK, 0) == -ENXIO);
	CHECK(open_close("/w/fifo", O_WRONLY, 0) == -ERESTARTSYS &&
	      open_close("/w/fifo", O_RDONLY, 0) == -ERESTARTSYS);
	rd = must_open("/w/fifo", O_RDONLY | O_NONBLOCK);
	CHECK(file_poll(rd, NULL) == 0 &&
	      get(rd, buf, 1) == 0); /* no writer yet: end of file, but no hang-up */
	wr = must_open("/w/fifo", O_WRONLY | O_NONBLOCK);
	CHECK(put(wr, "hi", 2) == 2 && get(rd, buf, 4) == 2);
	file_put(wr);
	CHECK(file_poll(rd, NULL) == EPOLLHUP);
	file_put(rd);
	both = must_open("/w/fifo", O_RDWR);
	CHECK(put(both, "z", 1) == 1 && get(both, buf, 1) == 1);
	file_put(both);
	fake_on_sleep = open_writer;
	rd = must_open("/w/fifo", O_RDONLY); /* sleeps until the writer comes */
	fake_on_sleep = NULL;
	CHECK(late_writer && put(late_writer, "q", 1) == 1 && get(rd, buf, 1) == 1);
	file_put(late_writer);
	file_put(rd);
	CHECK(vfs_unlink(NULL, "/w/fifo") == 0);
}

static void test_fds(void)
{
	struct files *fs = fake_process.files;
	struct file *f;

	CHECK(open_close("/w/f", O_RDWR | O_CREAT, 0644) == 0);
	f = must_open("/w/f", O_RDONLY);

	CHECK(fd_install(fs, file_get(f), 0, false) == 0 &&
	      fd_install(fs, file_get(f), 0, false) == 1);
	CHECK(fd_install(fs, file_get(f), 500, true) == 500 &&
	      fd_install(fs, file_get(f), 500, false) == 501);
	CHECK(fd_close(fs, 0) == 0 && fd_install(fs, file_get(f), 0, false) == 0);
	CHECK(fd_install(fs, f, 1024, false) == -EINVAL && fd_install(fs, f, -1, false) == -EINVAL);
	CHECK(fd_install(fs, file_get(f), 1023, false) == 1023 &&
	      fd_install(fs, f, 1023, false) == -EMFILE);
	CHECK(fd_install_at(fs, f, 1024, false) == -EBADF);
	CHECK(fd_install_at(fs, file_get(f), 1, true) == 1 && fd_get_cloexec(fs, 1) == 1);
	CHECK(fd_close(fs, 2) == -EBADF && fd_close(fs, -1) == -EBADF && fd_get(fs, 99999) == NULL);
	fd_close_range(fs, 0, UINT32_MAX, false);
	CHECK(f->refs == 1 && fd_next(fs, 0) == -1);
	file_put(f);
}

static void test_poll_table(void)
{
	struct wait_queue q[12];
	struct poll_entry room[8];
	struct poll_table pt;
	long before = fake_allocated;

	poll_table_init(&pt, room, ARRAY_SIZE(room));
	for (size_t i = 0; i < ARRAY_SIZE(q); i++)
		poll_wait(&pt, &q[i]);
	CHECK(pt.error == 0 && fake_allocated == before + 12 - 8);
	poll_table_free(&pt);
	CHECK(fake_allocated == before && list_empty(&pt.entries));
	poll_wait(NULL, &q[0]);
}

int main(void)
{
	fake_boot();
	CHECK(vfs_mkdir(NULL, "/w", 0755) == 0);
	test_pipe();
	test_fifo();
	test_fds();
	test_poll_table();
	return UNIT_END();
}
