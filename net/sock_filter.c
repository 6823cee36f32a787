/* SPDX-License-Identifier: MIT */
/* Filters of sockets: keeping them, and what they may ask about a frame. */
#include "net/sock_filter.h"

#include "kernel/bpf.h"
#include "kernel/heap.h"
#include "kernel/random.h"
#include "kernel/uaccess.h"

struct sock_filter_prog {
	uint32_t len;
	struct sock_filter insn[];
};

void sock_filter_put(struct sock_filter_prog *f)
{
	kfree(f);
}

/* ---- running ---- */

struct frame_input {
	struct bpf_input in;
	const struct netbuf *b;
	size_t start;
};

/* What is not in the frame's bytes. Tags stay in the frame here. */
static uint32_t beside(const struct netbuf *b, uint32_t what)
{
	switch (what) {
	case SKF_AD_PROTOCOL:
		return __builtin_bswap16(b->protocol);
	case SKF_AD_PKTTYPE:
		return b->kind;
	case SKF_AD_IFINDEX:
		return (uint32_t)b->netif->index;
	case SKF_AD_HATYPE:
		return b->netif->type;
	case SKF_AD_RANDOM:
		return (uint32_t)random_u64();
	}
	return 0; /* mark, queue, hash, CPU, tag */
}

static bool load(const struct bpf_input *in, uint32_t off, unsigned size, uint32_t *out)
{
	const struct frame_input *f = container_of(in, const struct frame_input, in);
	size_t at = f->start + off;
	uint32_t raw = 0;

	if (off >= (uint32_t)SKF_AD_OFF && off < (uint32_t)SKF_AD_OFF + SKF_AD_MAX) {
		*out = beside(f->b, off - (uint32_t)SKF_AD_OFF);
		return true;
	}
	if (off >= (uint32_t)SKF_NET_OFF)
		at = ETH_HEADER + off - (uint32_t)SKF_NET_OFF;
	else if (off >= (uint32_t)SKF_LL_OFF)
		at = off - (uint32_t)SKF_LL_OFF;
	if (netbuf_read(f->b, at, &raw, size) != size)
		return false;
	*out = size == 4 ? __builtin_bswap32(raw) : size == 2 ? __builtin_bswap16(raw) : raw;
	return true;
}

uint32_t sock_filter_frame(const struct sock_filter_prog *f, const struct netbuf *b, size_t start)
{
	const struct frame_input frame = {
	    {.len = b->len - (uint32_t)start, .load = load}, b, start};

	return bpf_run(f->insn, &frame.in);
}

/* ---- options ---- */

/* The program's struct sock_fprog. */
struct user_fprog {
	uint16_t len;
	uaddr_t insn;
};

int socket_attach_filter(struct socket *s, uaddr_t val, unsigned len)
{
	struct sock_filter_prog *f;
	struct user_fprog u;
	int r;

	if (len != sizeof(u))
		return -EINVAL;
	if (get_user(&u, val))
		return -EFAULT;
	if (!u.len || u.len > BPF_MAXINSNS || !u.insn)
		return -EINVAL;
	f = kmalloc(sizeof(*f) + u.len * sizeof(f->insn[0]));
	if (!f)
		return -ENOMEM;
	f->len = u.len;
	r = copy_from_user(f->insn, u.insn, u.len * sizeof(f->insn[0]));
	if (!r)
		r = bpf_check(f->insn, f->len);
	if (!r && s->filter_locked)
		r = -EPERM;
	if (r) {
		kfree(f);
		return r;
	}
	sock_filter_put(s->filter);
	s->filter = f;
	return 0;
}

int socket_detach_filter(struct socket *s)
{
	if (s->filter_locked)
		return -EPERM;
	if (!s->filter)
		return -ENOENT;
	sock_filter_put(s->filter);
	s->filter = NULL;
	return 0;
}

/* SO_GET_FILTER counts instructions, not bytes. The copy is because the filter may change while the
 * program's memory is waited for. */
int socket_get_filter(struct socket *s, uaddr_t val, uaddr_t ulen)
{
	struct sock_filter_prog *f = NULL;
	int room, r, len;

	if (get_user(&room, ulen))
		return -EFAULT;
	len = s->filter ? (int)s->filter->len : 0;
	if (room && room < len)
		return -EINVAL;
	if (room && len) {
		f = kmemdup(s->filter, sizeof(*f) + len * sizeof(f->insn[0]));
		if (!f)
			return -ENOMEM;
	}
	r = f ? copy_to_user(val, f->insn, len * sizeof(f->insn[0])) : 0;
	kfree(f);
	return r ? r : put_user(ulen, len);
}
