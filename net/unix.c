/* SPDX-License-Identifier: MIT */
/*
 * AF_UNIX sockets (net/unix.h): how they come and go, their names, and the operations that are the
 * same for all types.
 */
#include "net/unix.h"
#include "kernel/heap.h"
#include "kernel/poll.h"
#include "kernel/random.h"
#include "kernel/socket_fs.h"
#include "kernel/string.h"
#include "kernel/uaccess.h"

#include <linux/eventpoll.h>
#include <linux/net.h>

#define NAME_OFFSET    offsetof(struct sockaddr_un, sun_path)
#define MAX_DGRAM_QLEN 10 /* /proc/sys/net/unix/max_dgram_qlen */

struct spinlock unix_lock = SPINLOCK_INIT;
static struct list all = LIST_INIT(all), bound = LIST_INIT(bound);

/* ---- life ---- */

static bool table_row(unsigned index, struct unix_row *row);

int unix_new(int type, struct unix_sock **out)
{
	struct unix_sock *u = kzalloc(sizeof(*u));

	if (!u)
		return -ENOMEM;
	socket_init(&u->s, &unix_ops, AF_UNIX, type);
	u->refs = 1;
	u->backlog = MAX_DGRAM_QLEN;
	list_init(&u->bound);
	list_init(&u->clients);
	list_init(&u->client_link);
	list_init(&u->queue);
	list_init(&u->pending);
	list_init(&u->pending_link);
	list_init(&u->inflight_link);
	wait_queue_init(&u->room_wq);
	mutex_init(&u->read_lock);
	spin_lock(&unix_lock);
	list_add_tail(&u->all, &all);
	spin_unlock(&unix_lock);
	*out = u;
	return 0;
}

/* SOCK_RAW is an old name of SOCK_DGRAM here. */
static int create(int type, int protocol, struct socket **out)
{
	struct unix_sock *u;
	int r;

	if (protocol && protocol != AF_UNIX)
		return -EPROTONOSUPPORT;
	if (type == SOCK_RAW)
		type = SOCK_DGRAM;
	if (type != SOCK_STREAM && type != SOCK_DGRAM && type != SOCK_SEQPACKET)
		return -ESOCKTNOSUPPORT;
	unix_table_row = table_row;
	r = unix_new(type, &u);
	if (!r)
		*out = &u->s;
	return r;
}

static void addr_put(struct unix_addr *a)
{
	if (a && !__atomic_sub_fetch(&a->refs, 1, __ATOMIC_ACQ_REL))
		kfree(a);
}

void unix_put(struct unix_sock *u)
{
	if (__atomic_sub_fetch(&u->refs, 1, __ATOMIC_ACQ_REL))
		return;
	spin_lock(&unix_lock);
	list_del(&u->all);
	spin_unlock(&unix_lock);
	addr_put(u->addr);
	kfree(u);
}

void unix_wake(struct unix_sock *u)
{
	wait_wake_all(&u->s.wq);
}

/* The peer of a connection hears that it has ended. Locks: unix_lock. */
static void hang_up(struct unix_sock *u)
{
	struct unix_sock *peer = u->peer;

	if (!peer || !unix_connected_type(u))
		return;
	peer->shutdown = ALL_SHUTDOWN;
	if (!list_empty(&u->queue) || !u->s.ino) /* not read, or not even accepted */
		peer->s.error = ECONNRESET;
	unix_wake(peer);
}

/* Connections that nobody will accept any more. */
static void drop_pending(struct list *pending)
{
	while (!list_empty(pending)) {
		struct unix_sock *u = list_first(pending, struct unix_sock, pending_link);

		list_del(&u->pending_link);
		unix_release(&u->s);
	}
}

void unix_release(struct socket *s)
{
	struct unix_sock *u = unix_sock(s), *peer;
	struct list msgs, pending;
	struct inode *place;

	spin_lock(&unix_lock);
	hang_up(u);
	u->dead = true;
	u->state = UNIX_UNCONNECTED;
	u->shutdown = ALL_SHUTDOWN;
	u->s.listening = false;
	list_del(&u->bound);
	list_del(&u->client_link);
	peer = u->peer;
	u->peer = NULL;
	place = u->place;
	u->place = NULL;
	list_take(&u->queue, &msgs);
	list_take(&u->pending, &pending);
	u->n_queued = 0;
	unix_wake_senders(u);
	spin_unlock(&unix_lock);
	drop_pending(&pending);
	unix_msgs_free(&msgs);
	if (place)
		socket_places.put(place);
	if (peer)
		unix_put(peer);
	unix_put(u);
	unix_gc();
}

/* ---- names ---- */

int unix_check_addr(const struct sockaddr_any *a, unsigned len)
{
	if (len <= NAME_OFFSET || len > sizeof(struct sockaddr_un) || a->family != AF_UNIX)
		return -EINVAL;
	return 0;
}

static bool is_path(const struct sockaddr_any *a)
{
	return a->data[0] != '\0';
}

/* The path, with the NUL that a program may leave out. */
static void copy_path(const struct sockaddr_any *a, unsigned len, char path[UNIX_PATH_MAX + 1])
{
	memcpy(path, a->data, len - NAME_OFFSET);
	path[len - NAME_OFFSET] = '\0';
}

unsigned unix_copy_addr(const struct unix_sock *u, struct sockaddr_any *a)
{
	const struct unix_addr *addr = u->addr;

	if (!addr) {
		a->family = AF_UNIX;
		return NAME_OFFSET;
	}
	memcpy(a, addr->raw, addr->len);
	return addr->len;
}

/* Locks: unix_lock. */
static struct unix_sock *find_abstract(const void *sun, unsigned len, int type)
{
	struct unix_sock *u;

	list_for_each (u, &bound, bound)
		if (!u->place && u->s.type == type && u->addr->len == len &&
		    memcmp(u->addr->raw, sun, len) == 0)
			return u;
	return NULL;
}

/* Locks: unix_lock. */
static struct unix_sock *find_place(const struct inode *place)
{
	struct unix_sock *u;

	list_for_each (u, &bound, bound)
		if (u->place == place)
			return u;
	return NULL;
}

static int find_by_path(const char *path, int type, struct unix_sock **out)
{
	struct inode *place;
	struct unix_sock *u;
	int r = socket_places.find(path, &place);

	if (r)
		return r;
	spin_lock(&unix_lock);
	u = find_place(place);
	if (!u)
		r = -ECONNREFUSED;
	else if (u->s.type != type)
		r = -EPROTOTYPE;
	else
		*out = unix_get(u);
	spin_unlock(&unix_lock);
	socket_places.put(place);
	return r;
}

int unix_find(const struct sockaddr_any *a, unsigned len, int type, struct unix_sock **out)
{
	char path[UNIX_PATH_MAX + 1];
	struct unix_sock *u;

	if (is_path(a)) {
		copy_path(a, len, path);
		return find_by_path(path, type, out);
	}
	spin_lock(&unix_lock);
	u = find_abstract(a, len, type);
	if (u)
		*out = unix_get(u);
	spin_unlock(&unix_lock);
	return u ? 0 : -ECONNREFUSED;
}

static struct unix_addr *addr_new(const void *sun, unsigned len)
{
	struct unix_addr *addr = kzalloc(sizeof(*addr));

	if (!addr)
		return NULL;
	addr->refs = 1;
	addr->len = len;
	memcpy(addr->raw, sun, len);
	return addr;
}

/* Name u; place (may be NULL) is taken over on success. 0, -EINVAL (it has a name), -EADDRINUSE. */
static int take_name(struct unix_sock *u, struct unix_addr *addr, struct inode *place)
{
	int r = 0;

	spin_lock(&unix_lock);
	if (u->addr)
		r = -EINVAL;
	else if (!place && find_abstract(addr->raw, addr->len, u->s.type))
		r = -EADDRINUSE;
	if (!r) {
		u->addr = addr;
		u->place = place;
		list_add_tail(&u->bound, &bound);
	}
	spin_unlock(&unix_lock);
	return r;
}

static int bind_path(struct unix_sock *u, const struct sockaddr_any *a, unsigned len)
{
	char path[UNIX_PATH_MAX + 1];
	struct unix_addr *addr;
	struct inode *place;
	int r;

	copy_path(a, len, path);
	addr = addr_new(a, NAME_OFFSET + strlen(path));
	if (!addr)
		return -ENOMEM;
	addr->len++;
	r = socket_places.make(path, &place);
	if (r)
		goto fail;
	r = take_name(u, addr, place);
	if (!r)
		return 0;
	socket_places.undo(path);
	socket_places.put(place);
fail:
	kfree(addr);
	return r;
}

static int bind_abstract(struct unix_sock *u, const void *sun, unsigned len)
{
	struct unix_addr *addr = addr_new(sun, len);
	int r;

	if (!addr)
		return -ENOMEM;
	r = take_name(u, addr, NULL);
	if (r)
		kfree(addr);
	return r;
}

/* A NUL and five hexadecimal digits. */
int unix_autobind(struct unix_sock *u)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int r = -EADDRINUSE;

	for (uint32_t n = random_u64(); r == -EADDRINUSE; n++) {
		if (u->addr)
			return 0;
		snprintf(sun.sun_path + 1, 6, "%05x", n & 0xfffff);
		r = bind_abstract(u, &sun, NAME_OFFSET + 6);
	}
	return r == -EINVAL ? 0 : r;
}

static int bind(struct socket *s, const struct sockaddr_any *a, unsigned len)
{
	struct unix_sock *u = unix_sock(s);
	int r;

	if (len == NAME_OFFSET && a->family == AF_UNIX)
		return u->addr ? -EINVAL : unix_autobind(u);
	r = unix_check_addr(a, len);
	if (r)
		return r;
	return is_path(a) ? bind_path(u, a, len) : bind_abstract(u, a, len);
}

static int getname(struct socket *s, bool of_peer, struct sockaddr_any *a)
{
	struct unix_sock *u = unix_sock(s);
	int r = -ENOTCONN;

	spin_lock(&unix_lock);
	if (of_peer)
		u = u->peer;
	if (u)
		r = unix_copy_addr(u, a);
	spin_unlock(&unix_lock);
	return r;
}

/* ---- by type ---- */

static int connect(struct socket *s, const struct sockaddr_any *a, unsigned len, bool nonblock)
{
	struct unix_sock *u = unix_sock(s);

	return unix_connected_type(u) ? unix_connect_stream(u, a, len, nonblock)
				      : unix_connect_dgram(u, a, len);
}

static ssize_t send(struct socket *s, struct sock_msg *m)
{
	return s->type == SOCK_STREAM ? unix_stream_send(unix_sock(s), m)
				      : unix_dgram_send(unix_sock(s), m);
}

static ssize_t recv(struct socket *s, struct sock_msg *m)
{
	return s->type == SOCK_STREAM ? unix_stream_recv(unix_sock(s), m)
				      : unix_dgram_recv(unix_sock(s), m);
}

/* ---- the rest ---- */

static int shut_down(struct socket *s, int how)
{
	struct unix_sock *u = unix_sock(s);
	unsigned mode = how + 1;

	spin_lock(&unix_lock);
	u->shutdown |= mode;
	unix_wake(u);
	unix_wake_senders(u);
	if (u->peer && unix_connected_type(u)) {
		/* what one end does not send the other does not receive */
		u->peer->shutdown |= (mode & RCV_SHUTDOWN ? SEND_SHUTDOWN : 0) |
				     (mode & SEND_SHUTDOWN ? RCV_SHUTDOWN : 0);
		unix_wake(u->peer);
	}
	spin_unlock(&unix_lock);
	return 0;
}

static unsigned poll(struct socket *s, struct poll_table *pt)
{
	struct unix_sock *u = unix_sock(s);
	bool writable;
	unsigned events = 0;

	poll_wait(pt, &s->wq);
	spin_lock(&unix_lock);
	writable = unix_writable(u);
	if (s->type == SOCK_DGRAM && u->peer && unix_peer_full(u, u->peer))
		writable = false;
	if (s->error)
		events |= EPOLLERR;
	if (u->shutdown == ALL_SHUTDOWN)
		events |= EPOLLHUP;
	if (u->shutdown & RCV_SHUTDOWN)
		events |= EPOLLRDHUP | EPOLLIN | EPOLLRDNORM;
	if (!list_empty(&u->queue) || !list_empty(&u->pending))
		events |= EPOLLIN | EPOLLRDNORM;
	if (unix_connected_type(u) && u->state == UNIX_UNCONNECTED)
		events |= EPOLLHUP;
	if (writable)
		events |= EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND;
	spin_unlock(&unix_lock);
	return events;
}

/* SIOCINQ: all bytes of a connection, else those of the first datagram. */
static int readable_bytes(struct unix_sock *u)
{
	struct unix_msg *msg;
	size_t n = 0;

	if (u->state == UNIX_LISTENING)
		return -EINVAL;
	spin_lock(&unix_lock);
	list_for_each (msg, &u->queue, link) {
		n += msg->len - msg->off;
		if (!unix_connected_type(u))
			break;
	}
	spin_unlock(&unix_lock);
	return n;
}

static long ioctl(struct socket *s, unsigned cmd, uaddr_t arg)
{
	struct unix_sock *u = unix_sock(s);
	int n;

	switch (cmd) {
	case SIOCOUTQ:
		return put_user(arg, (int)u->wmem);
	case SIOCINQ:
		n = readable_bytes(u);
		return n < 0 ? n : put_user(arg, n);
	}
	return -ENOTTY;
}

const struct socket_ops unix_ops = {
    .create = create,
    .pair = unix_pair,
    .bind = bind,
    .connect = connect,
    .listen = unix_listen,
    .accept = unix_accept,
    .getname = getname,
    .send = send,
    .recv = recv,
    .shutdown = shut_down,
    .poll = poll,
    .ioctl = ioctl,
    .release = unix_release,
};

/* ---- /proc/net/unix ---- */

static void fill_row(const struct unix_sock *u, struct unix_row *row)
{
	bool connected = u->state == UNIX_CONNECTED;

	*row = (struct unix_row){
	    .id = u->s.ino,
	    .refs = u->refs,
	    .flags = u->s.listening ? __SO_ACCEPTCON : 0,
	    .type = u->s.type,
	    .ino = u->s.ino,
	};
	if (u->s.file)
		row->state = connected ? SS_CONNECTED : SS_UNCONNECTED;
	else
		row->state = connected ? SS_CONNECTING : SS_DISCONNECTING;
	if (u->addr) {
		row->name_len = u->addr->len - NAME_OFFSET - (u->addr->sun.sun_path[0] ? 1 : 0);
		memcpy(row->name, u->addr->sun.sun_path, row->name_len);
	}
}

static bool table_row(unsigned index, struct unix_row *row)
{
	struct unix_sock *u;
	bool found = false;

	spin_lock(&unix_lock);
	list_for_each (u, &all, all) {
		if (index--)
			continue;
		fill_row(u, row);
		found = true;
		break;
	}
	spin_unlock(&unix_lock);
	return found;
}
