/* SPDX-License-Identifier: MIT */
/* What the handlers of the socket calls share. */
#ifndef SYSCALLS_SOCKET_H
#define SYSCALLS_SOCKET_H

#include "net/socket.h"

/* The socket behind fd; f is referenced. 0, -EBADF or -ENOTSOCK. */
int socket_from_fd(int fd, struct file **f, struct socket **s);
/* Copy an address in: 0, -EINVAL or -EFAULT. */
int address_from_user(struct sockaddr_any *a, uaddr_t uaddr, int len);
/* As much of an address as *ulen allows; *ulen becomes its length. 0, -EINVAL or -EFAULT. */
int address_to_user(const struct sockaddr_any *a, unsigned len, uaddr_t uaddr, uaddr_t ulen);

#endif
