/* SPDX-License-Identifier: MIT */
/*
 * The boot module (kernel/abi/bootinfo.h): everything the guest is told, in one memory file for
 * QEMU's -initrd.
 */
#ifndef TOOLS_MODULE_H
#define TOOLS_MODULE_H

#include "kernel/abi/bootinfo.h"
#include "tools/util.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* One object of the guest's first root file system; members as in struct bi_file. */
struct guest_file {
	char *path;
	uint32_t type, mode, uid, gid;
	uint64_t mtime_ns;
	char *text; /* contents, or a symbolic link's target; NULL: take them from fd */
	int fd;
	uint64_t offset, size; /* bytes to take from fd */
};

struct guest_files {
	struct guest_file *v;
	size_t n, room;
};

/* A zeroed entry to fill in, valid until the next call; strings become the list's own. */
struct guest_file *guest_files_add(struct guest_files *files, char *path);
void guest_files_free(struct guest_files *files);

/* A volume to mount; members as in struct bi_volume. */
struct guest_volume {
	const char *tag, *path;
	uint32_t flags;
};

/* What a module is made from; strings are borrowed. */
struct module_spec {
	uint32_t flags; /* enum bi_flags */
	const char *exe, *cwd, *hostname;
	char *const *argv, *const *envp; /* NULL-terminated */
	const struct guest_files *files;
	uint32_t uid, gid, umask;
	unsigned cpus;
	const gid_t *groups;
	size_t n_groups;
	struct bi_std std[3];
	uint16_t tty_rows, tty_cols;
	const struct guest_volume *volumes;
	size_t n_volumes;
	const struct bi_rule *rules; /* as struct bootinfo wants them */
	size_t n_rules;
	const char *rules_for; /* NULL: all programs */
	struct bi_net net;
	uint64_t tsc_hz;
	int root_fd;	      /* an EROFS image, put into the module ... */
	uint64_t root_size;   /* ... with this many bytes; 0: none */
	uint64_t root_offset; /* where it begins in root_fd */
	bool root_on_disk;    /* it is on the disk with serial number BI_ROOT_SERIAL */
	const void *plan;     /* kernel/abi/plan.h */
	size_t plan_size;     /* 0: none */
};

/* A module in the making. */
struct module {
	int fd;	       /* a memory file (close-on-exec), -1: none */
	uint64_t size; /* of it, from the beginning */
	struct blob tables;
	const struct guest_files *files; /* contents, with the root image: borrowed */
	int root_fd;
	uint64_t root_offset, root_size;
};
#define MODULE_NONE                                                                                \
	{                                                                                          \
		.fd = -1                                                                           \
	}

/*
 * In three steps, because QEMU starts meanwhile: the file, which may be left out, its size, and
 * what is in it. Return 0, or -1 after saying why. module_free() closes the file.
 */
int module_open(struct module *m);
int module_lay_out(struct module *m, const struct module_spec *spec);
int module_fill(struct module *m);
void module_free(struct module *m);

/* A module taken apart again; strings and tables are its own. */
struct module_parts {
	struct module_spec spec;
	struct guest_files files;
	struct strvec argv, envp;
	char *exe, *cwd, *hostname;
	gid_t *groups;
	void *plan;
	struct bi_rule *rules;
};

/*
 * Take apart the module in [offset, offset + size) of fd (offset page-aligned): spec and files say
 * what is in it; contents stay in fd. Nothing in it is trusted. NULL, or what is wrong with it
 * (static text). module_parts_free() is needed in any case.
 */
const char *module_read(struct module_parts *m, int fd, uint64_t offset, uint64_t size);
void module_parts_free(struct module_parts *m);

/* A better value for bootinfo.tsc_hz, while QEMU is still starting. */
void module_set_tsc_hz(int fd, uint64_t tsc_hz);

#endif
