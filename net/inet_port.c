/* SPDX-License-Identifier: MIT */
/*
 * Ports of Internet sockets: who has which, who may have the same, and who gets what comes in.
 * Sockets with a port are in the list of their port's hash; TCP and UDP ports are apart.
 */
#include "net/inet_port.h"
#include "kernel/random.h"
#include "kernel/socket_fs.h"
#include "kernel/string.h"

#define BUCKETS	   256u
#define PORT_FIRST 32768u /* /proc/sys/net/ipv4/ip_local_port_range */
#define PORT_LAST  60999u

/* (inet_lock) an untouched bucket is all zero */
static struct list tcp_ports[BUCKETS], udp_ports[BUCKETS];

static struct list *bucket_of(int type, unsigned port)
{
	struct list *b = &(type == SOCK_STREAM ? tcp_ports : udp_ports)[port % BUCKETS];

	if (!b->next)
		list_init(b);
	return b;
}

void inet_port_add(struct inet_sock *u)
{
	list_add_tail(&u->port_link, bucket_of(u->s.type, u->local.port));
}

/* ---- who may have the same port ---- */

static bool takes_v4(const struct inet_sock *u, const struct in6_addr *ip)
{
	return inet_is_v4(ip) || (inet_is_any(ip) && !u->opts.v6only);
}

static bool takes_v6(const struct in6_addr *ip)
{
	return !inet_is_v4(ip);
}

/* Is there an address that both u, if bound to ip, and other would get packets for? */
static bool overlap(const struct inet_sock *u, const struct in6_addr *ip,
		    const struct inet_sock *other)
{
	const struct in6_addr *oip = &other->local.ip;

	if (inet_is_any(ip) || inet_is_any(oip))
		return (takes_v4(u, ip) && takes_v4(other, oip)) || (takes_v6(ip) && takes_v6(oip));
	return inet_same(ip, oip);
}

/* May u and other, which overlap, share the port? */
static bool may_share(const struct inet_sock *u, const struct inet_sock *other)
{
	unsigned both = u->s.options & other->s.options;

	if ((both & SOCKOPT_REUSEADDR) && (u->s.type == SOCK_DGRAM || other->state != TCP_LISTEN))
		return true;
	return (both & SOCKOPT_REUSEPORT) && u->owner == other->owner;
}

static bool conflicts(const struct inet_sock *u, const struct in6_addr *ip, unsigned port)
{
	struct inet_sock *other;

	list_for_each (other, bucket_of(u->s.type, port), port_link)
		if (other != u && other->s.protocol == u->s.protocol && other->local.port == port &&
		    overlap(u, ip, other) && !may_share(u, other))
			return true;
	return false;
}

int inet_may_listen(const struct inet_sock *u)
{
	struct inet_sock *other;

	list_for_each (other, bucket_of(u->s.type, u->local.port), port_link) {
		unsigned both = u->s.options & other->s.options;

		if (other == u || other->local.port != u->local.port || other->state != TCP_LISTEN)
			continue;
		if (overlap(u, &u->local.ip, other) &&
		    !((both & SOCKOPT_REUSEPORT) && u->owner == other->owner))
			return -EADDRINUSE;
	}
	return 0;
}

/* Is (local port, remote) a connection that exists? */
static bool connection_exists(int type, int protocol, unsigned port, const struct inet_addr *remote)
{
	struct inet_sock *other;

	list_for_each (other, bucket_of(type, port), port_link)
		if (other->s.protocol == protocol && other->local.port == port &&
		    (!other->remote.port || (other->remote.port == remote->port &&
					     inet_same(&other->remote.ip, &remote->ip))))
			return true;
	return false;
}

/* From a random port on, the first that is good. */
int inet_auto_port(struct inet_sock *u, const struct inet_addr *remote)
{
	unsigned range = PORT_LAST - PORT_FIRST + 1, start = random_u64() % range;

	for (unsigned i = 0; i < range; i++) {
		unsigned port = PORT_FIRST + (start + i) % range;

		if (remote ? connection_exists(u->s.type, u->s.protocol, port, remote)
			   : conflicts(u, &u->local.ip, port))
			continue;
		u->local.port = port;
		inet_port_add(u);
		return 0;
	}
	return remote ? -EADDRNOTAVAIL : -EADDRINUSE;
}

int inet_take_port(struct inet_sock *u, const struct inet_addr *a)
{
	struct inet_addr old = u->local;
	int r = 0;

	u->local.ip = a->ip;
	if (!a->port)
		r = inet_auto_port(u, NULL);
	else if (conflicts(u, &a->ip, a->port))
		r = -EADDRINUSE;
	if (r) {
		u->local = old;
		return r;
	}
	if (a->port) {
		u->local.port = a->port;
		inet_port_add(u);
	}
	return 0;
}

/* ---- who gets it ---- */

/* How well u fits what comes for `to` from `from`; 0: not at all. */
static unsigned score(const struct inet_sock *u, const struct inet_addr *to,
		      const struct inet_addr *from)
{
	unsigned n = 1;

	if (inet_is_any(&u->local.ip)) {
		if (inet_is_v4(&to->ip) ? !takes_v4(u, &u->local.ip) : !takes_v6(&u->local.ip))
			return 0;
	} else if (!inet_same(&u->local.ip, &to->ip)) {
		return 0;
	} else {
		n += 4;
	}
	if (u->s.type == SOCK_DGRAM && u->remote.port) {
		if (u->remote.port != from->port || !inet_same(&u->remote.ip, &from->ip))
			return 0;
		n += 8;
	}
	/* a socket of the address's own family before one that takes both */
	return n + ((u->s.family == AF_INET) == inet_is_v4(&to->ip) ? 1 : 0);
}

/* Sockets that share a port with SO_REUSEPORT share what comes by who sends it. */
static bool takes_turn(const struct inet_addr *from, unsigned nth)
{
	uint32_t h = from->port * 2654435761u ^ from->ip.s6_addr32[3];

	h ^= h >> 15;
	return h % nth == 0;
}

struct inet_sock *inet_lookup(int protocol, const struct inet_addr *to,
			      const struct inet_addr *from)
{
	int type = protocol == IPPROTO_TCP ? SOCK_STREAM : SOCK_DGRAM;
	struct inet_sock *u, *best = NULL;
	unsigned best_score = 0, equal = 0;

	list_for_each (u, bucket_of(type, to->port), port_link) {
		unsigned n;

		if (u->s.protocol != protocol || u->local.port != to->port ||
		    (type == SOCK_STREAM && u->state != TCP_LISTEN))
			continue;
		n = score(u, to, from);
		if (!n || n < best_score)
			continue;
		equal = n > best_score ? 1 : equal + 1;
		if (n > best_score || ((u->s.options & SOCKOPT_REUSEPORT) ? takes_turn(from, equal)
									  : type == SOCK_DGRAM))
			best = u;
		best_score = n;
	}
	return best;
}

/* ---- /proc/net ---- */

static void fill_row(const struct inet_sock *u, bool v6, struct inet_row *row)
{
	*row = (struct inet_row){
	    .local_port = u->local.port,
	    .remote_port = u->remote.port,
	    .state = u->state,
	    .rx_queue = u->state == TCP_LISTEN ? u->n_pending : u->queued,
	    .uid = u->owner,
	    .refs = u->refs,
	    .ino = u->s.ino,
	};
	memcpy(row->local, v6 ? u->local.ip.s6_addr : &u->local.ip.s6_addr[12], v6 ? 16 : 4);
	memcpy(row->remote, v6 ? u->remote.ip.s6_addr : &u->remote.ip.s6_addr[12], v6 ? 16 : 4);
}

bool inet_port_row(bool v6, bool stream, unsigned index, struct inet_row *row)
{
	int type = stream ? SOCK_STREAM : SOCK_DGRAM, family = v6 ? AF_INET6 : AF_INET;
	bool found = false;

	spin_lock(&inet_lock);
	for (unsigned b = 0; b < BUCKETS && !found; b++) {
		struct inet_sock *u;

		list_for_each (u, bucket_of(type, b), port_link) {
			if (u->s.family != family || u->s.protocol == IPPROTO_UDPLITE || index--)
				continue;
			fill_row(u, v6, row);
			found = true;
			break;
		}
	}
	spin_unlock(&inet_lock);
	return found;
}
