/* SPDX-License-Identifier: MIT */
/*
 * QEMU, but with another root image than uniload gave it: UNILOAD_QEMU points here. What is done to
 * the image in the boot module is in ROOT: "poke OFFSET VALUE" (a byte of the image; its checksum
 * is switched off), "copy FROM TO COUNT" (bytes inside it), "cut BYTES" (off its end), or "disk"
 * (it goes to a disk of the machine).
 */
#define _GNU_SOURCE
#include "kernel/abi/bootinfo.h"
#include "kernel/abi/erofs.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void die(const char *why)
{
	fprintf(stderr, "root_qemu: %s\n", why);
	exit(1);
}

static uint8_t *load(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY);
	struct stat st;
	uint8_t *data;

	if (fd < 0 || fstat(fd, &st))
		die("no module");
	*size = (size_t)st.st_size;
	data = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		die("the module cannot be mapped");
	close(fd);
	return data;
}

/* A memory file with this content, as a path. */
static char *store(const void *data, size_t size)
{
	int fd = memfd_create("root", 0);
	char *path;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size ||
	    asprintf(&path, "/dev/fd/%d", fd) < 0)
		die("no memory file");
	return path;
}

/* uniload closes it when the module is complete. */
static char *wait_for_config(const char *path)
{
	static char text[65536];
	int fd = open(path, O_RDONLY);
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, text + len, sizeof(text) - len)) > 0)
		len += (size_t)n;
	if (n < 0)
		die("no configuration");
	close(fd);
	return store(text, len);
}

static void damage(struct bootinfo *bi, uint8_t *image, const char *how)
{
	struct erofs_super_block *sb = (void *)(image + EROFS_SUPER_OFFSET);
	unsigned long a, b, n;

	if (sscanf(how, "poke %lu %lu", &a, &b) == 2 && a < bi->root_size) {
		sb->feature_compat &= ~(uint32_t)EROFS_COMPAT_CHECKSUM;
		image[a] = (uint8_t)b;
	} else if (sscanf(how, "copy %lu %lu %lu", &a, &b, &n) == 3 && a + n <= bi->root_size &&
		   b + n <= bi->root_size) {
		memmove(image + b, image + a, n);
	} else if (sscanf(how, "cut %lu", &n) == 1 && n < bi->root_size) {
		bi->root_size -= n;
	} else {
		die("what is to be done?");
	}
}

int main(int argc, char **argv)
{
	char **args = calloc((size_t)argc + 8, sizeof(*args)), *drive;
	const char *how = getenv("ROOT");
	int n = 0;

	for (int i = 0; i < argc; i++) {
		struct bootinfo *bi;
		uint8_t *image;
		size_t size;

		args[n++] = argv[i];
		if (strcmp(argv[i], "-readconfig") == 0)
			args[n++] = wait_for_config(argv[++i]);
		if (strcmp(argv[i], "-initrd") || !how)
			continue;
		bi = (void *)load(argv[++i], &size);
		if (bi->root_kind != BI_ROOT_MODULE)
			die("no root image in the module");
		image = (uint8_t *)bi + bi->root_data;
		if (strcmp(how, "disk") == 0) {
			if (asprintf(&drive, "file=%s,if=none,id=root,format=raw",
				     store(image, bi->root_size)) < 0)
				die("no memory");
			bi->root_kind = BI_ROOT_DISK;
			memset(image, 0, bi->root_size);
		} else {
			damage(bi, image, how);
		}
		args[n++] = store(bi, size);
		if (bi->root_kind != BI_ROOT_DISK)
			continue;
		args[n++] = "-drive";
		args[n++] = drive;
		args[n++] = "-device";
		args[n++] = "virtio-blk-device,drive=root,serial=" BI_ROOT_SERIAL;
	}
	args[0] = "qemu-system-x86_64";
	execvp(args[0], args);
	die("qemu-system-x86_64 cannot be started");
}
