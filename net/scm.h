/* SPDX-License-Identifier: MIT */
/* Ancillary data of SOL_SOCKET: open files (SCM_RIGHTS) and who sends (SCM_CREDENTIALS), unix(7).
 */
#ifndef NET_SCM_H
#define NET_SCM_H

#include "net/socket.h"

/* Open files on their way, referenced. */
struct scm_files {
	unsigned n;
	struct list link; /* the owner's, when it is to be freed */
	struct file *file[SCM_MAX_FD];
};

struct scm {
	struct scm_files *files; /* NULL: none */
	struct ucred cred;
	bool has_cred;
};

/*
 * What the program gave in m->control. 0, -EINVAL (malformed, or nothing we know), -EBADF, -EPERM,
 * -ESRCH, -ENOMEM; on 0 the caller owns out->files.
 */
int scm_parse(const struct sock_msg *m, struct scm *out);
void scm_files_put(struct scm_files *files); /* NULL allowed */
/* Hand scm to the program; it keeps its own references. Sets m->out_flags. */
void scm_deliver(struct socket *s, struct sock_msg *m, const struct scm *scm);

#endif
