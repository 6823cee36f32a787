/* SPDX-License-Identifier: MIT */
/* What the handlers of the socket calls share. */
#ifndef SYSCALLS_SOCKET_H
#define SYSCALLS_SOCKET_H

#include "net/socket.h"
#include "syscalls/util.h"

/* The socket behind fd; f is referenced. 0, -EBADF or -ENOTSOCK. */
int socket_from_fd(int fd, struct file **f, struct socket **s);
/* Copy an address in: 0, -EINVAL or -EFAULT. */
int address_from_user(struct sockaddr_any *a, uaddr_t uaddr, int len);
/* As much of an address as *ulen allows; *ulen becomes its length. 0, -EINVAL or -EFAULT. */
int address_to_user(const struct sockaddr_any *a, unsigned len, uaddr_t uaddr, uaddr_t ulen);

/* ---- the calls on an open file, as fileops.h; flags with what only the call itself says ---- */

/* A new socket's file: flags are SOCK_NONBLOCK. */
int socket_new_file(int family, int type, int protocol, unsigned flags, struct file **out);
/* A connection's file; the peer's address goes where uaddr says, if anywhere. */
int socket_accept_file(struct socket *s, bool nonblock, unsigned flags, uaddr_t uaddr, uaddr_t ulen,
		       struct file **out);
int socket_shutdown(struct socket *s, int how);

/* A struct msghdr taken apart: sendmsg(2) and recvmsg(2) may be tried several times with it. */
struct user_msg {
	struct user_msghdr hdr;
	struct iov_buf bufs;
	struct iter it;
	struct sockaddr_any name;
	struct sock_msg m;
};
/* Copy in what is there. 0 (then user_msg_put), -EFAULT, -EINVAL, -EMSGSIZE, -ENOBUFS, -ENOMEM. */
int user_msg_get(struct user_msg *u, uaddr_t umsg, bool send);
void user_msg_put(struct user_msg *u);
ssize_t user_msg_send(struct user_msg *u, struct socket *s, unsigned flags);
/* What came with the message is stored at umsg. */
ssize_t user_msg_recv(struct user_msg *u, struct socket *s, uaddr_t umsg, unsigned flags);

#endif
