/* SPDX-License-Identifier: MIT */
/* pipe(2), pipe2(2): descriptors for what fs/pipe.c makes. Nothing stays open when the numbers
 * cannot be handed out. */
#include "syscalls/syscall.h"

#include "syscalls/util.h"

#define NOTIFICATION_PIPE O_EXCL /* linux/watch_queue.h */

/* pipe2(2). */
long sys_pipe2(uaddr_t ufds, int flags)
{
	struct files *fs = current_process()->files;
	struct file *rd, *wr;
	int fds[2], r;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT | NOTIFICATION_PIPE))
		return -EINVAL;
	if (flags & NOTIFICATION_PIPE)
		return -ENOPKG;
	r = pipe_new(flags & ~O_CLOEXEC, &rd, &wr);
	if (r)
		return r;
	fds[0] = fd_new(rd, flags & O_CLOEXEC);
	if (fds[0] < 0) {
		file_put(wr);
		return fds[0];
	}
	fds[1] = fd_new(wr, flags & O_CLOEXEC);
	r = fds[1] < 0 ? fds[1] : copy_to_user(ufds, fds, sizeof(fds));
	if (r)
		fd_close(fs, fds[0]);
	if (r && fds[1] >= 0)
		fd_close(fs, fds[1]);
	return r;
}

/* pipe(2). */
long sys_pipe(uaddr_t ufds)
{
	return sys_pipe2(ufds, 0);
}
