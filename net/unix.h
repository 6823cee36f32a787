/* SPDX-License-Identifier: MIT */
/*
 * AF_UNIX sockets: unix(7). Between net/unix*.c only. unix.c has names and lives, unix_conn.c
 * connections, unix_stream.c and unix_dgram.c data, unix_gc.c messages and what they carry.
 *
 * Locks: unix_lock, one spin lock for all sockets because nearly everything touches two of them,
 * guards every member below but the immutable; the short sections under it never sleep.
 * read_lock (mutex, outside it) is held over a whole receive: what heads the queue then stays.
 */
#ifndef NET_UNIX_H
#define NET_UNIX_H

#include "kernel/list.h"
#include "net/scm.h"
#include "net/socket.h"

enum unix_state { UNIX_UNCONNECTED, UNIX_LISTENING, UNIX_CONNECTED };

/* A name; shared by a listener and what it accepts. Immutable but for refs. */
struct unix_addr {
	uint32_t refs;
	unsigned len; /* as getsockname gives it: with the family, and a path's NUL */
	union {
		struct sockaddr_un sun;
		uint8_t raw[sizeof(struct sockaddr_un) + 1]; /* a path may fill sun */
	};
};

struct unix_sock {
	struct socket s;
	uint32_t refs; /* (a) file, peers, messages it sent, waiters */
	enum unix_state state;
	unsigned shutdown;	   /* RCV_SHUTDOWN, SEND_SHUTDOWN */
	bool dead;		   /* the file is gone */
	struct unix_addr *addr;	   /* NULL: none; never changes after it is set */
	struct inode *place;	   /* of a path, owned by who bound it */
	struct list all, bound;	   /* unix_table; sockets to be found by name */
	struct unix_sock *peer;	   /* referenced; stays when a connection's peer goes */
	struct list clients;	   /* datagrams: those whose peer this is ... */
	struct list client_link;   /* ... and membership there */
	struct list queue;	   /* struct unix_msg to be read */
	unsigned n_queued;	   /* messages there, or connections in `pending` */
	unsigned backlog;	   /* more than this many: full */
	struct list pending;	   /* a listener's connections not yet accepted ... */
	struct list pending_link;  /* ... and membership there */
	size_t wmem;		   /* what its own messages take while nobody has read them */
	struct wait_queue room_wq; /* of those who wait for room in queue or pending */
	struct mutex read_lock;
	struct list inflight_link; /* of sockets that messages carry */
	unsigned inflight;	   /* how often they do */
	unsigned gc_refs;	   /* unix_gc.c */
	bool gc_live;
	struct list gc_link;
};

struct unix_msg {
	struct list link;
	struct unix_sock *from; /* referenced */
	size_t len, off;	/* off: bytes of a stream already read */
	size_t charge;		/* of from->wmem */
	struct scm scm;
	uint8_t data[];
};

extern struct spinlock unix_lock;

static inline struct unix_sock *unix_sock(struct socket *s)
{
	return container_of(s, struct unix_sock, s);
}

static inline bool unix_connected_type(const struct unix_sock *u)
{
	return u->s.type != SOCK_DGRAM;
}

static inline struct unix_sock *unix_get(struct unix_sock *u)
{
	__atomic_add_fetch(&u->refs, 1, __ATOMIC_RELAXED);
	return u;
}

/* ---- unix.c ---- */
void unix_put(struct unix_sock *u);
int unix_new(int type, struct unix_sock **out);
void unix_release(struct socket *s);
/* Give a socket that has no name an abstract one. 0 or -ENOMEM. */
int unix_autobind(struct unix_sock *u);
/* A program's address is well-formed: 0 or -EINVAL. */
int unix_check_addr(const struct sockaddr_any *a, unsigned len);
/* The socket of that type and name, referenced. -ECONNREFUSED, -EPROTOTYPE, or the path's error. */
int unix_find(const struct sockaddr_any *a, unsigned len, int type, struct unix_sock **out);
/* Copy a socket's name (an empty one if it has none): its length. */
unsigned unix_copy_addr(const struct unix_sock *u, struct sockaddr_any *a);
/* Wake all who wait for something of u. */
void unix_wake(struct unix_sock *u);
/* Has u room for more that it sends? For poll and waking. */
static inline bool unix_writable(const struct unix_sock *u)
{
	return u->state != UNIX_LISTENING && u->wmem * 4 <= u->s.sndbuf;
}

/* ---- unix_conn.c ---- */
int unix_listen(struct socket *s, unsigned backlog);
int unix_accept(struct socket *s, bool nonblock, struct socket **out);
int unix_connect_stream(struct unix_sock *u, const struct sockaddr_any *a, unsigned len,
			bool nonblock);
int unix_pair(struct socket *a, struct socket *b);

/* ---- unix_stream.c ---- */
ssize_t unix_stream_send(struct unix_sock *u, struct sock_msg *m);
ssize_t unix_stream_recv(struct unix_sock *u, struct sock_msg *m);

/* ---- unix_dgram.c: datagrams and SOCK_SEQPACKET ---- */
ssize_t unix_dgram_send(struct unix_sock *u, struct sock_msg *m);
ssize_t unix_dgram_recv(struct unix_sock *u, struct sock_msg *m);
int unix_connect_dgram(struct unix_sock *u, const struct sockaddr_any *a, unsigned len);
/* Is `other` too full to take another datagram of u? Locks: unix_lock. */
bool unix_peer_full(const struct unix_sock *u, const struct unix_sock *other);
/* There is room in u again. Locks: unix_lock. */
void unix_wake_senders(struct unix_sock *u);

/* ---- unix_gc.c ---- */
/*
 * A message of n bytes from m->data, charged to u, waiting for room in its send buffer. Takes over
 * scm->files on success. -EAGAIN, -EPIPE (shut down), a pending error, -EFAULT, -ENOBUFS,
 * -ETOOMANYREFS, -ERESTARTSYS or -EINTR.
 */
int unix_msg_new(struct unix_sock *u, struct sock_msg *m, size_t n, struct scm *scm,
		 struct unix_msg **out);
/* The files of msg are the caller's now. */
struct scm_files *unix_msg_take_files(struct unix_msg *msg);
/* Free a message that is in no queue. May sleep; what it carried may be closed. */
void unix_msg_free(struct unix_msg *msg);
void unix_msgs_free(struct list *msgs);
/* Somebody has let go of a socket: free those that only messages in their own queues still hold. */
void unix_gc(void);
/* Sends to or from a socket that wants to know who sends carry it. Locks: unix_lock. */
void unix_add_cred(struct unix_msg *msg, const struct unix_sock *other);

#endif
