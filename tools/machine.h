/* SPDX-License-Identifier: MIT */
/*
 * The virtual machine: a QEMU process and the sockets to its ports.
 */
#ifndef TOOLS_MACHINE_H
#define TOOLS_MACHINE_H

#include "kernel/abi/bootinfo.h"
#include "tools/util.h"

#include <signal.h>
#include <sys/types.h>

#define PORT_DEBUG 0 /* text of early boot and panics: not a virtio port but a debug console */
#define PORT_COUNT (BI_PORT_TRACE + 1)

struct machine_spec {
	uint64_t memory; /* bytes */
	unsigned cpus;
	bool kvm, trace, verbose;
	const char *gdb;	      /* NULL, TCP port or path of a Unix socket */
	int kernel_fd, module_fd;     /* read from machine_go() on */
	int firmware_fd;	      /* the same; -1: QEMU's own */
	int tap_fd;		      /* for a device; -1: none */
	const struct strvec *devices; /* QEMU arguments of volumes, disks, network */
	const struct strvec *extra;   /* arguments for QEMU given by the user */
	const sigset_t *child_mask;   /* signal mask for QEMU */
};

struct machine {
	pid_t pid;	      /* 0: reaped */
	int status;	      /* wait(2) status once reaped */
	int port[PORT_COUNT]; /* our ends, nonblocking; -1: not there */
	int text;	      /* what QEMU prints itself; -1 if that goes to our standard error */
	int go, exec_error;   /* pipes, until machine_go(); -1 */
};
#define MACHINE_NONE                                                                               \
	{                                                                                          \
		.port = {[0 ... PORT_COUNT - 1] = -1}, .text = -1, .go = -1, .exec_error = -1      \
	}

/*
 * Start QEMU, which takes a while to load itself, and later let it go on: it looks at no file and
 * no accelerator before. `config` is what only became known meanwhile, in the syntax of its option
 * -readconfig, or NULL. Return 0, or an exit status after saying why.
 */
int machine_start(struct machine *m, const struct machine_spec *spec);
int machine_go(struct machine *m, const char *config, bool verbose);
/* Has it ended by itself? Reaps it then. */
bool machine_ended(struct machine *m);
/* End it now and reap it; harmless if it has ended. */
void machine_kill(struct machine *m);
/* The same for one that no relay has seen, started or not: its ports are closed, too. */
void machine_discard(struct machine *m);

/*
 * accel.c: NULL if KVM works here, else why not (static text). The first asks what takes no time,
 * the second tries it, for a millisecond or two.
 */
const char *kvm_absence(void);
const char *kvm_problem(void);

#endif
