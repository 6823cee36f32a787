/* SPDX-License-Identifier: MIT */
/*
 * Ancillary data (net/scm.h). What does not fit into the program's buffer is dropped and MSG_CTRUNC
 * says so, as Linux does; descriptors that cannot be installed count as not fitting.
 */
#include "net/scm.h"
#include "kernel/heap.h"
#include "kernel/process.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/uaccess.h"

#define NOBODY 65534u

void scm_files_put(struct scm_files *files)
{
	for (unsigned i = 0; files && i < files->n; i++)
		file_put(files->file[i]);
	kfree(files);
}

/* ---- sending ---- */

/* Add the descriptors of one SCM_RIGHTS. */
static int parse_rights(const uint8_t *data, size_t len, struct scm *out)
{
	struct scm_files *files = out->files;
	size_t n = len / sizeof(int);

	if (!n)
		return 0;
	if (n > SCM_MAX_FD || (files && files->n + n > SCM_MAX_FD))
		return -EINVAL;
	if (!files)
		files = out->files = kzalloc(sizeof(*files));
	if (!files)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct file *f;
		int fd;

		memcpy(&fd, data + i * sizeof(fd), sizeof(fd));
		f = fd_get(current_process()->files, fd);
		if (!f)
			return -EBADF;
		files->file[files->n++] = f;
		if (f->kind & FILE_NOT_SENT)
			return -EINVAL;
	}
	return 0;
}

/* Only the privileged may say that they are somebody else. */
static int check_cred(const struct ucred *c)
{
	const struct process *p = current_process();
	const struct cred *own = current->cred;

	if (c->pid != p->pid && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (c->uid != own->uid && c->uid != own->euid && c->uid != own->suid &&
	    !capable(CAP_SETUID))
		return -EPERM;
	if (c->gid != own->gid && c->gid != own->egid && c->gid != own->sgid &&
	    !capable(CAP_SETGID))
		return -EPERM;
	return c->pid == p->pid || thread_find(c->pid) ? 0 : -ESRCH;
}

static int parse_one(const struct cmsghdr *h, const uint8_t *data, struct scm *out)
{
	size_t len = h->cmsg_len - sizeof(*h);

	if (h->cmsg_level != SOL_SOCKET)
		return 0;
	switch (h->cmsg_type) {
	case SCM_RIGHTS:
		return parse_rights(data, len, out);
	case SCM_CREDENTIALS:
		if (len != sizeof(out->cred))
			return -EINVAL;
		memcpy(&out->cred, data, len);
		out->has_cred = true;
		return check_cred(&out->cred);
	}
	return -EINVAL;
}

int scm_parse(const struct sock_msg *m, struct scm *out)
{
	size_t at = 0;
	int r = 0;

	*out = (struct scm){0};
	while (!r && m->control && at + sizeof(struct cmsghdr) <= m->control_len) {
		struct cmsghdr h;

		memcpy(&h, m->control + at, sizeof(h));
		if (h.cmsg_len < sizeof(h) || h.cmsg_len > m->control_len - at)
			r = -EINVAL;
		else
			r = parse_one(&h, m->control + at + sizeof(h), out);
		at += CMSG_ALIGN(h.cmsg_len);
	}
	if (r) {
		scm_files_put(out->files);
		out->files = NULL;
	}
	return r;
}

/* ---- receiving ---- */

/* Room for `n` bytes of data is used up in the program's buffer. */
static void advance(struct sock_msg *m, size_t n)
{
	size_t space = MIN(CMSG_SPACE(n), m->control_len);

	m->control_to += space;
	m->control_len -= space;
}

static void deliver_cred(struct sock_msg *m, const struct ucred *c)
{
	struct cmsghdr h = {CMSG_LEN(sizeof(*c)), SOL_SOCKET, SCM_CREDENTIALS};

	if (m->control_len < sizeof(h)) {
		m->out_flags |= MSG_CTRUNC;
		return;
	}
	if (m->control_len < h.cmsg_len) {
		m->out_flags |= MSG_CTRUNC;
		h.cmsg_len = m->control_len;
	}
	if (!put_user(m->control_to, h) &&
	    !copy_to_user(m->control_to + sizeof(h), c, h.cmsg_len - sizeof(h)))
		advance(m, h.cmsg_len - sizeof(h));
}

/* Install one file and tell its number: 0 or why the rest is not delivered either. */
static int install(struct file *f, uaddr_t to, bool cloexec)
{
	struct files *fs = current_process()->files;
	int fd = fd_install(fs, file_get(f), 0, cloexec);

	if (fd < 0) {
		file_put(f);
		return fd;
	}
	if (put_user(to, fd)) {
		fd_close(fs, fd);
		return -EFAULT;
	}
	return 0;
}

static void deliver_files(struct sock_msg *m, const struct scm_files *files)
{
	struct cmsghdr h = {0, SOL_SOCKET, SCM_RIGHTS};
	size_t room = m->control_len > sizeof(h) ? (m->control_len - sizeof(h)) / sizeof(int) : 0;
	unsigned n = 0;

	while (n < MIN((size_t)files->n, room) &&
	       !install(files->file[n], m->control_to + CMSG_LEN(n * sizeof(int)),
			m->flags & MSG_CMSG_CLOEXEC))
		n++;
	if (n < files->n)
		m->out_flags |= MSG_CTRUNC;
	h.cmsg_len = CMSG_LEN(n * sizeof(int));
	if (n && !put_user(m->control_to, h))
		advance(m, n * sizeof(int));
}

void scm_deliver(struct socket *s, struct sock_msg *m, const struct scm *scm)
{
	struct ucred c = {.pid = 0, .uid = NOBODY, .gid = NOBODY};

	if (s->options & SOCKOPT_PASSCRED)
		deliver_cred(m, scm->has_cred ? &scm->cred : &c);
	if (scm->files)
		deliver_files(m, scm->files);
}
