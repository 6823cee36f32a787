/* SPDX-License-Identifier: MIT */
/*
 * Volumes of `uniload run`: directories of the host that QEMU serves to the guest (virtio-9p).
 */
#ifndef TOOLS_VOLUME_H
#define TOOLS_VOLUME_H

#include "tools/module.h"
#include "tools/util.h"

struct volumes {
	struct guest_volume *v; /* strings are its own */
	size_t n;
	struct strvec writable; /* directories of this host */
};

/* Understand and check the values of --volume; QEMU's arguments for them are added to devices.
 * Returns 0, or an exit status after saying why. */
int volumes_parse(struct volumes *out, const struct strvec *values, struct strvec *devices);
/* Have what is in them written to this host's disks, `elsewhere` also what is on file systems
 * mounted below: 0 or errno. May take long. */
int volumes_sync(const struct volumes *v, bool elsewhere);
void volumes_free(struct volumes *v);

#endif
