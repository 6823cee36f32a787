/* SPDX-License-Identifier: MIT */
/* Routes (net/netif.h): the table `main`, as state. Nothing is sent by it before there is a
 * protocol stack; it says which errno a try gets. */
#include "kernel/heap.h"
#include "net/inet.h"
#include "net/netif.h"
#include "net/netlink.h"

struct list routes = LIST_INIT(routes);

/* Bits of an address that are the prefix of `bits`, which counts in the address's own family. */
static bool matches(const struct in6_addr *net, unsigned bits, const struct in6_addr *ip)
{
	unsigned at = 0;

	if (inet_is_v4(net) != inet_is_v4(ip))
		return false;
	for (bits += inet_is_v4(net) ? 96 : 0; bits >= 8; bits -= 8, at++)
		if (net->s6_addr[at] != ip->s6_addr[at])
			return false;
	return !bits || !((net->s6_addr[at] ^ ip->s6_addr[at]) >> (8 - bits));
}

static void clear_host_part(struct in6_addr *net, unsigned bits)
{
	for (bits += inet_is_v4(net) ? 96 : 0; bits < 128; bits++)
		net->s6_addr[bits / 8] &= (uint8_t) ~(0x80 >> bits % 8);
}

const struct route *route_lookup(const struct in6_addr *dst, int oif)
{
	const struct route *r;

	list_for_each (r, &routes, link)
		if (matches(&r->dst, r->prefix, dst) && (!oif || r->oif == oif))
			return r;
	return NULL;
}

/* What may not be twice. */
static bool same_key(const struct route *a, const struct route *b)
{
	return a->prefix == b->prefix && inet_same(&a->dst, &b->dst) && a->metric == b->metric &&
	       a->tos == b->tos && inet_is_v4(&a->dst) == inet_is_v4(&b->dst);
}

static void insert(struct route *r)
{
	struct route *other;

	list_for_each (other, &routes, link)
		if (other->prefix < r->prefix ||
		    (other->prefix == r->prefix && other->metric > r->metric))
			break;
	list_add_before(&r->link, &other->link);
	rtnetlink_route_changed(r, true);
}

static void remove(struct route *r)
{
	list_del(&r->link);
	rtnetlink_route_changed(r, false);
	kfree(r);
}

/* Which interface, if it is not said: the one that reaches the gateway. */
static int check(struct route *r)
{
	const struct route *way;
	const struct netif *n;
	struct in6_addr net = r->dst;

	clear_host_part(&net, r->prefix);
	if (!inet_same(&net, &r->dst))
		return -EINVAL;
	if (r->type != RTN_UNICAST)
		return 0;
	if (!inet_is_any(&r->gw)) {
		way = route_lookup(&r->gw, r->oif);
		if (!way || way->type != RTN_UNICAST || !inet_is_any(&way->gw))
			return -ENETUNREACH;
		r->oif = way->oif;
	}
	n = r->oif ? netif_by_index(r->oif) : NULL;
	if (!n)
		return -ENODEV;
	return n->flags & IFF_UP ? 0 : -ENETDOWN;
}

int route_add(const struct route *wanted, unsigned nlm_flags)
{
	struct route *r, *old = NULL, *other, *next;
	int err;

	r = kmalloc(sizeof(*r));
	if (!r)
		return -ENOBUFS;
	*r = *wanted;
	list_init(&r->link);
	err = check(r);
	list_for_each_safe (other, next, &routes, link)
		if (!err && same_key(other, r))
			old = other;
	if (!err && old && (nlm_flags & NLM_F_EXCL || !(nlm_flags & NLM_F_REPLACE)))
		err = -EEXIST;
	if (!err && !old && !(nlm_flags & NLM_F_CREATE))
		err = -ENOENT;
	if (err) {
		kfree(r);
		return err;
	}
	if (old)
		remove(old);
	insert(r);
	return 0;
}

/* What the request does not say, any will do. */
static bool is_meant(const struct route *r, const struct route *w)
{
	return r->prefix == w->prefix && inet_same(&r->dst, &w->dst) &&
	       inet_is_v4(&r->dst) == inet_is_v4(&w->dst) && (!w->oif || r->oif == w->oif) &&
	       (inet_is_any(&w->gw) || inet_same(&r->gw, &w->gw)) &&
	       (!w->metric || r->metric == w->metric) &&
	       (!w->protocol || r->protocol == w->protocol) && (!w->type || r->type == w->type) &&
	       (w->scope == RT_SCOPE_NOWHERE || r->scope == w->scope);
}

int route_del(const struct route *wanted)
{
	struct route *r, *next;

	list_for_each_safe (r, next, &routes, link) {
		if (!is_meant(r, wanted))
			continue;
		remove(r);
		return 0;
	}
	return -ESRCH;
}

void route_of_addr(const struct netif *n, const struct netif_addr *a, bool add)
{
	bool v4 = inet_is_v4(&a->ip);
	struct route r = {.dst = a->ip,
			  .prefix = a->prefix,
			  .metric = v4 ? 0 : 256,
			  .protocol = RTPROT_KERNEL,
			  .scope = v4 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
			  .type = RTN_UNICAST,
			  .oif = n->index};

	if ((n->flags & IFF_LOOPBACK) || !(n->flags & IFF_UP) || a->prefix == (v4 ? 32 : 128))
		return;
	if (v4)
		r.src = a->ip;
	clear_host_part(&r.dst, r.prefix);
	if (add)
		route_add(&r, NLM_F_CREATE | NLM_F_EXCL); /* there already: another's, as good */
	else
		route_del(&r);
}

void route_netif_changed(const struct netif *n)
{
	struct route *r, *next;

	if (n->flags & IFF_UP) {
		for (unsigned i = 0; i < n->n_addrs; i++)
			route_of_addr(n, &n->addr[i], true);
		return;
	}
	list_for_each_safe (r, next, &routes, link)
		if (r->oif == n->index)
			remove(r);
}
