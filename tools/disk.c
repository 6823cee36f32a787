/* SPDX-License-Identifier: MIT */
/*
 * Disks of the machine. QEMU opens the files itself and locks them, which decides; what is checked
 * here is what deserves a better message than QEMU's.
 *
 * A write that the machine was told is done is in this host's page cache and survives the death of
 * QEMU; a flush (fsync in the machine) is an fdatasync of the file here and survives that of the
 * host. Errors are the program's to see: by default QEMU would stop the machine when this host's
 * disk is full.
 */
#include "tools/disk.h"

#include "kernel/abi/bootinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR 512
/* Bytes of an image by whose locks QEMU says what it does with it: the n-th of these is locked by
 * who uses permission n (block/file-posix.c); permission 1 is to write, and one who is only reading
 * has others. */
#define IMAGE_LOCK_FIRST 100
#define IMAGE_LOCK_WRITE (IMAGE_LOCK_FIRST + 1)
#define IMAGE_LOCK_COUNT 200

struct disk {
	char *path;
	bool read_only;
	struct stat st;
};

static void parse(struct disk *d, const char *text)
{
	size_t len = strlen(text);

	d->read_only = len > 3 && strcmp(text + len - 3, ":ro") == 0;
	d->path = xasprintf("%.*s", (int)(d->read_only ? len - 3 : len), text);
}

/* 0, or a status after saying what is wrong with its size. */
static int check_size(const struct disk *d, int fd)
{
	uint64_t size = (uint64_t)d->st.st_size;

	if (S_ISBLK(d->st.st_mode) && ioctl(fd, BLKGETSIZE64, &size) < 0)
		return fail(STATUS_FAILED, "--disk %s: cannot find out its size: %s", d->path,
			    strerror(errno));
	if (size == 0)
		return fail(STATUS_FAILED,
			    "--disk %s: it is empty: truncate -s 64M gives it a size", d->path);
	if (size % SECTOR)
		return fail(STATUS_FAILED,
			    "--disk %s: its size, %llu bytes, is not a multiple of %d", d->path,
			    (unsigned long long)size, SECTOR);
	return 0;
}

/* Would QEMU find it in use? A writer shares with nobody, readers share with readers. */
static bool in_use(const struct disk *d, int fd)
{
	struct flock lock = {
	    .l_type = F_WRLCK, /* theirs are read locks: this conflicts with any */
	    .l_whence = SEEK_SET,
	    .l_start = d->read_only ? IMAGE_LOCK_WRITE : IMAGE_LOCK_FIRST,
	    .l_len = d->read_only ? 1 : IMAGE_LOCK_COUNT,
	};

	return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static int check_open(struct disk *d, int fd)
{
	if (fstat(fd, &d->st) < 0)
		return fail(STATUS_FAILED, "--disk %s: %s", d->path, strerror(errno));
	if (!S_ISREG(d->st.st_mode) && !S_ISBLK(d->st.st_mode))
		return fail(STATUS_FAILED, "--disk %s: neither a file nor a block device", d->path);
	if (in_use(d, fd))
		return fail(STATUS_FAILED, "--disk %s: another machine is using it%s", d->path,
			    d->read_only ? "" : " (several can share it with :ro)");
	return check_size(d, fd);
}

static int check(struct disk *d)
{
	int status, fd;

	if (stat(d->path, &d->st) == 0 && S_ISDIR(d->st.st_mode))
		return fail(STATUS_FAILED, "--disk %s: it is a directory: see --volume", d->path);
	fd = open(d->path, (d->read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && !d->read_only && (errno == EACCES || errno == EROFS) &&
	    access(d->path, R_OK) == 0)
		return fail(STATUS_FAILED, "--disk %s: it cannot be written: %s:ro only reads it",
			    d->path, d->path);
	if (fd < 0)
		return fail(STATUS_FAILED, "--disk %s: %s", d->path, strerror(errno));
	status = check_open(d, fd);
	close(fd);
	return status;
}

/* QEMU's option syntax: a comma ends a value, two are one. */
static char *double_commas(const char *text)
{
	char *out = xrealloc(NULL, 2 * strlen(text) + 1), *p = out;

	for (; *text; text++) {
		*p++ = *text;
		if (*text == ',')
			*p++ = ',';
	}
	*p = '\0';
	return out;
}

static void add_arguments(const struct disk *d, size_t n, struct strvec *args)
{
	char *path = double_commas(d->path);

	strvec_add(args, "-blockdev");
	strvec_add(args,
		   "driver=%s,node-name=disk%zu,read-only=%s,cache.direct=off,cache.no-flush=off,"
		   "filename=%s",
		   S_ISBLK(d->st.st_mode) ? "host_device" : "file", n, d->read_only ? "on" : "off",
		   path);
	strvec_add(args, "-device");
	strvec_add(args,
		   "virtio-blk-device,drive=disk%zu,serial=disk%zu,rerror=report,werror=report", n,
		   n);
	free(path);
}

/* The same file twice, once to be written: each would keep the other from it. */
static int check_twice(const struct disk *disks, size_t n)
{
	const struct disk *d = &disks[n];

	for (size_t i = 0; i < n; i++)
		if (disks[i].st.st_dev == d->st.st_dev && disks[i].st.st_ino == d->st.st_ino &&
		    !(disks[i].read_only && d->read_only))
			return fail(STATUS_FAILED,
				    "--disk %s: given twice, which only works with :ro", d->path);
	return 0;
}

int disks_prepare(const struct strvec *options, struct strvec *args)
{
	struct disk *disks = xrealloc(NULL, (options->n + 1) * sizeof(*disks));
	size_t n = 0;
	int status = 0;

	for (; status == 0 && n < options->n; n++) {
		parse(&disks[n], options->v[n]);
		status = check(&disks[n]);
		if (status == 0)
			status = check_twice(disks, n);
		if (status == 0)
			add_arguments(&disks[n], n, args);
	}
	while (n)
		free(disks[--n].path);
	free(disks);
	return status;
}

char *disk_root_config(int fd, uint64_t offset, uint64_t size)
{
	return xasprintf("[drive \"root\"]\n"
			 "if = \"none\"\n"
			 "format = \"raw\"\n"
			 "read-only = \"on\"\n"
			 "offset = \"%llu\"\n"
			 "size = \"%llu\"\n"
			 "file = \"/proc/%d/fd/%d\"\n"
			 "[device]\n"
			 "driver = \"virtio-blk-device\"\n"
			 "drive = \"root\"\n"
			 "serial = \"" BI_ROOT_SERIAL "\"\n"
			 "rerror = \"report\"\n"
			 "werror = \"report\"\n",
			 (unsigned long long)offset, (unsigned long long)size, (int)getpid(), fd);
}
