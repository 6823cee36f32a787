/* SPDX-License-Identifier: MIT */
/*
 * Sockets: an object per socket with the operations of its family, behind struct file_ops. System
 * calls reach the family through these operations only, so another family is one more row in
 * net/socket.c. A socket may exist before it has a file (a connection nobody has accepted yet).
 */
#ifndef NET_SOCKET_H
#define NET_SOCKET_H

#include "kernel/abi/socket.h"
#include "kernel/file.h"
#include "kernel/wait.h"

struct socket;
struct poll_table;

/* One message on its way between a system call and a family. */
struct sock_msg {
	struct iter *data;
	unsigned flags; /* MSG_* of the call, with MSG_DONTWAIT if the file does not block */
	/* The address: of a send, NULL if the call gave none; of a receive, where to put it. */
	struct sockaddr_any *name;
	unsigned name_len;  /* of a receive: 0 until a name is put there */
	uint8_t *control;   /* of a send: ancillary data, copied in */
	uaddr_t control_to; /* of a receive: where it goes */
	size_t control_len; /* of a receive: what is left of it */
	unsigned out_flags; /* of a receive: MSG_* */
};

/*
 * A family's operations; NULL means the errno in brackets. They return >= 0 or -errno and may
 * sleep. Addresses are kernel copies of at most sizeof(struct sockaddr_any); a send or receive of
 * n bytes is over the iter. Non-blocking calls say so by MSG_DONTWAIT or an argument.
 */
struct socket_ops {
	/* Fill in a new socket of `type`, or -EPROTONOSUPPORT, -ESOCKTNOSUPPORT, -ENOMEM. */
	int (*create)(int type, int protocol, struct socket **out);
	int (*pair)(struct socket *a, struct socket *b); /* [EOPNOTSUPP] */
	int (*bind)(struct socket *s, const struct sockaddr_any *a, unsigned len);
	int (*connect)(struct socket *s, const struct sockaddr_any *a, unsigned len, bool nonblock);
	int (*listen)(struct socket *s, unsigned backlog);		     /* [EOPNOTSUPP] */
	int (*accept)(struct socket *s, bool nonblock, struct socket **out); /* [EOPNOTSUPP] */
	/* Own or the peer's address: its length. */
	int (*getname)(struct socket *s, bool peer, struct sockaddr_any *a);
	ssize_t (*send)(struct socket *s, struct sock_msg *m);
	ssize_t (*recv)(struct socket *s, struct sock_msg *m);
	int (*shutdown)(struct socket *s, int how);
	unsigned (*poll)(struct socket *s, struct poll_table *pt);
	long (*ioctl)(struct socket *s, unsigned cmd, uaddr_t arg); /* [ENOTTY] */
	/* Options of other levels than SOL_SOCKET, which net/sockopt.c serves. [EOPNOTSUPP] */
	int (*setopt)(struct socket *s, int level, int opt, uaddr_t val, unsigned len);
	int (*getopt)(struct socket *s, int level, int opt, uaddr_t val, uaddr_t len);
	/* A page of what the program shares with the socket, as file_ops. [ENODEV] */
	int (*map_page)(struct socket *s, uint64_t index, struct page **out);
	void (*release)(struct socket *s); /* the file is gone; frees s in the end */
	bool filters;			   /* what is received goes through s->filter */
};

/* What a socket has been told to receive or send no more. */
enum { RCV_SHUTDOWN = 1, SEND_SHUTDOWN = 2, ALL_SHUTDOWN = 3 };

/* socket.options */
enum {
	SOCKOPT_DEBUG = 1 << 0,
	SOCKOPT_REUSEADDR = 1 << 1,
	SOCKOPT_DONTROUTE = 1 << 2,
	SOCKOPT_BROADCAST = 1 << 3,
	SOCKOPT_KEEPALIVE = 1 << 4,
	SOCKOPT_OOBINLINE = 1 << 5,
	SOCKOPT_NO_CHECK = 1 << 6,
	SOCKOPT_REUSEPORT = 1 << 7,
	SOCKOPT_PASSCRED = 1 << 8,
};

/* (i) immutable, (f) its family's lock; options are single words */
struct socket {
	const struct socket_ops *ops; /* (i) */
	int family, type, protocol;   /* (i) */
	uint64_t ino;		      /* of its file; 0: none yet */
	struct file *file;	      /* not referenced; NULL: none (yet, or any more) */
	unsigned options;	      /* SOCKOPT_* */
	unsigned sndbuf, rcvbuf, rcvlowat;
	uint64_t sndtimeo_ns, rcvtimeo_ns; /* NO_DEADLINE: none */
	struct linger linger;
	int priority;
	unsigned mark;
	int error;			 /* (f) positive errno for the next call, SO_ERROR */
	bool listening;			 /* (f) */
	struct ucred peer;		 /* (f) SO_PEERCRED */
	struct sock_filter_prog *filter; /* net/sock_filter.h */
	bool filter_locked;		 /* SO_LOCK_FILTER */
	struct wait_queue wq;		 /* readers, writers, pollers: woken at every change */
};

/* Defaults and limits of net.core: rmem_default = wmem_default = rmem_max = wmem_max. */
#define SOCK_BUF_DEFAULT 212992u

/* Set up what all families share. */
void socket_init(struct socket *s, const struct socket_ops *ops, int family, int type);
/* A new socket. 0, -EAFNOSUPPORT, -EINVAL (type), or what the family's create gives. */
int socket_create(int family, int type, int protocol, struct socket **out);
/* The socket behind an open file; NULL: it is none (ENOTSOCK). */
struct socket *socket_of(const struct file *f);
/* The open file of a socket that has none, over an inode numbered ino; takes both over on success.
 * flags: O_NONBLOCK. 0 or -ENOMEM. */
int socket_file(struct socket *s, struct inode *in, uint64_t ino, unsigned flags,
		struct file **out);
/* Send or receive; does what all families do the same. Returns bytes or -errno. */
ssize_t socket_send(struct socket *s, struct sock_msg *m);
ssize_t socket_recv(struct socket *s, struct sock_msg *m);

/* Give the receiver one piece of ancillary data, as far as there is room. */
void socket_put_control(struct sock_msg *m, int level, int type, const void *data, size_t len);
/* Take the pending error: 0 or -errno. */
int socket_take_error(struct socket *s);
/* When a wait that starts now ends. */
uint64_t socket_deadline(uint64_t timeout_ns, bool nonblock);
/* What a wait that ended without success gives: -ERESTARTSYS is -EINTR where a timeout is set,
 * -ETIMEDOUT is -EAGAIN. */
int socket_wait_error(int r, uint64_t timeout_ns);
struct ucred socket_current_cred(bool effective); /* of the caller: real or effective IDs */

/* ---- net/sockopt.c: socket(7). Addresses are the program's; len of a get points to an int. ----
 */
int socket_setopt(struct socket *s, int level, int opt, uaddr_t val, int len);
int socket_getopt(struct socket *s, int level, int opt, uaddr_t val, uaddr_t len);
/* Give the program an option's value: at most *len bytes, and how many. 0, -EFAULT, -EINVAL. */
int socket_store_opt(const void *data, unsigned size, uaddr_t val, uaddr_t len);

/* ---- the families ---- */
extern const struct socket_ops unix_ops, inet_ops, inet6_ops, netlink_ops, packet_ops;

#endif
