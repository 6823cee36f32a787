/* SPDX-License-Identifier: MIT */
/* Filters of system calls: keeping, checking and asking them. */
#include "kernel/seccomp.h"

#include "kernel/abi/errno.h"
#include "kernel/bpf.h"
#include "kernel/heap.h"

struct seccomp_filter *seccomp_new(uint16_t len)
{
	struct seccomp_filter *f = kzalloc(sizeof(*f) + len * sizeof(f->insn[0]));

	if (f) {
		f->refs = 1;
		f->len = len;
	}
	return f;
}

struct seccomp_filter *seccomp_get(struct seccomp_filter *f)
{
	if (f)
		__atomic_add_fetch(&f->refs, 1, __ATOMIC_RELAXED);
	return f;
}

void seccomp_put(struct seccomp_filter *f)
{
	while (f && !__atomic_sub_fetch(&f->refs, 1, __ATOMIC_ACQ_REL)) {
		struct seccomp_filter *prev = f->prev;

		kfree(f);
		f = prev;
	}
}

bool seccomp_is_above(const struct seccomp_filter *a, const struct seccomp_filter *b)
{
	while (b && b != a)
		b = b->prev;
	return a == b;
}

/* ---- checking ---- */

/* Is it an instruction that may look at a system call? Its data are whole words; BPF_MOD came later
 * than these filters. */
static bool insn_ok(const struct sock_filter *i)
{
	switch (BPF_CLASS(i->code)) {
	case BPF_LD:
		if (BPF_MODE(i->code) == BPF_ABS)
			return BPF_SIZE(i->code) == BPF_W && i->k < sizeof(struct seccomp_data) &&
			       i->k % 4 == 0;
		return BPF_MODE(i->code) != BPF_IND;
	case BPF_LDX:
		return BPF_MODE(i->code) != BPF_MSH;
	case BPF_ALU:
		return BPF_OP(i->code) != BPF_MOD;
	}
	return true;
}

int seccomp_check(const struct seccomp_filter *f)
{
	int r = bpf_check(f->insn, f->len);

	for (uint32_t pc = 0; !r && pc < f->len; pc++)
		if (!insn_ok(&f->insn[pc]))
			r = -EINVAL;
	return r;
}

/* ---- asking ---- */

struct call_input {
	struct bpf_input in;
	const struct seccomp_data *data;
};

static bool load(const struct bpf_input *in, uint32_t off, unsigned size, uint32_t *out)
{
	*out = ((const uint32_t *)container_of(in, const struct call_input, in)->data)[off / 4];
	return true;
}

/* The more severe an action, the smaller as a signed number. */
static int32_t severity(uint32_t ret)
{
	return (int32_t)(ret & SECCOMP_RET_ACTION_FULL);
}

uint32_t seccomp_run(const struct seccomp_filter *f, const struct seccomp_data *data,
		     const struct seccomp_filter **who)
{
	const struct call_input call = {{.len = sizeof(*data), .load = load}, data};
	uint32_t ret = SECCOMP_RET_ALLOW;

	for (*who = NULL; f; f = f->prev) {
		uint32_t r = bpf_run(f->insn, &call.in);

		if (severity(r) < severity(ret)) {
			ret = r;
			*who = f;
		}
	}
	return ret;
}
