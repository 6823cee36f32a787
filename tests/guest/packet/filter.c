/* SPDX-License-Identifier: MIT */
/* setsockopt(2) of SO_ATTACH_FILTER, SO_DETACH_FILTER, SO_LOCK_FILTER, SO_GET_FILTER: classic BPF
 * over frames. */
#include "tests/guest/packet/packet.h"

static int in, out;

static int attach(struct sock_filter *insns, unsigned n)
{
	struct sock_fprog p = {n, insns};

	return setsockopt(in, SOL_SOCKET, SO_ATTACH_FILTER, &p, sizeof(p));
}
#define ATTACH(...)                                                                                \
	attach((struct sock_filter[]){__VA_ARGS__},                                                \
	       sizeof((struct sock_filter[]){__VA_ARGS__}) / sizeof(struct sock_filter))

/* Bytes that come through of a frame of 100 bytes whose 15th is `mark`; 0: none. */
static int passed(uint8_t mark)
{
	uint8_t frame[100], got[200];

	make_frame(frame, sizeof(frame), PROTOCOL, 0);
	frame[14] = mark;
	if (send(out, frame, sizeof(frame), 0) != sizeof(frame))
		return -1;
	return (int)recv(in, got, sizeof(got), MSG_DONTWAIT);
}

/* What a program leaves in A, as the length that passes (0 and -1: nothing). */
#define RESULT(...) (ATTACH(__VA_ARGS__, BPF_STMT(BPF_RET | BPF_A, 0)) ? -99 : passed(0x45))

static void test_running(void)
{
	is(passed(1), 100);
	is(ATTACH(BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 14), BPF_JUMP(BPF_JMP | BPF_JEQ, 7, 0, 1),
		  BPF_STMT(BPF_RET | BPF_K, 0xffff), BPF_STMT(BPF_RET | BPF_K, 0)),
	   0);
	is(passed(7), 100);
	is(passed(8), -1);
	is(ATTACH(BPF_STMT(BPF_RET | BPF_K, 33)), 0);
	is(passed(0), 33);
	is(RESULT(BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0), BPF_STMT(BPF_ALU | BPF_SUB | BPF_K, 1)),
	   99);
	is(RESULT(BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 14), BPF_STMT(BPF_MISC | BPF_TXA, 0)), 20);
	is(RESULT(BPF_STMT(BPF_LDX | BPF_IMM, 10), BPF_STMT(BPF_LD | BPF_B | BPF_IND, 4)), 0x45);
	is(RESULT(BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12), BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 90)),
	   PROTOCOL % 90);
	is(RESULT(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 24)),
	   2);
	is(RESULT(BPF_STMT(BPF_LD | BPF_IMM, 30), BPF_STMT(BPF_ST, 3),
		  BPF_STMT(BPF_LDX | BPF_MEM, 3), BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0)),
	   60);
	is(RESULT(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_IFINDEX)), LO);
	is(RESULT(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_PROTOCOL),
		  BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 63)),
	   PROTOCOL & 63);
	is(RESULT(BPF_STMT(BPF_LD | BPF_B | BPF_ABS, SKF_NET_OFF)), 0x45);
	is(RESULT(BPF_STMT(BPF_LD | BPF_B | BPF_ABS, SKF_LL_OFF + 5)), 7);
	is(RESULT(BPF_STMT(BPF_LDX | BPF_IMM, 9), BPF_STMT(BPF_LD | BPF_IMM, 12),
		  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_ALU_XOR_X)),
	   12 ^ 9);
	/* What is not there, and division by zero, end the program with 0. */
	is(ATTACH(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 97), BPF_STMT(BPF_RET | BPF_K, 9)), 0);
	is(passed(0), -1);
	is(ATTACH(BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 99), BPF_STMT(BPF_RET | BPF_K, 9)), 0);
	is(passed(0), 9);
	is(ATTACH(BPF_STMT(BPF_LDX | BPF_IMM, 0), BPF_STMT(BPF_LD | BPF_IMM, 5),
		  BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0), BPF_STMT(BPF_RET | BPF_K, 9)),
	   0);
	is(passed(0), -1);
}

static void test_checking(void)
{
	struct sock_fprog none = {0, NULL};
	struct sock_filter one = BPF_STMT(BPF_RET | BPF_K, 1);
	struct sock_fprog p = {1, &one};

	fails(ATTACH(BPF_STMT(BPF_LD | BPF_IMM, 1)), EINVAL); /* no end */
	fails(ATTACH(BPF_STMT(0xffff, 0), BPF_STMT(BPF_RET | BPF_K, 0)), EINVAL);
	fails(ATTACH(BPF_STMT(BPF_JMP | BPF_JA, 1), BPF_STMT(BPF_RET | BPF_K, 0)), EINVAL);
	fails(ATTACH(BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), BPF_STMT(BPF_RET | BPF_K, 0)), EINVAL);
	fails(ATTACH(BPF_STMT(BPF_LD | BPF_MEM, 0), BPF_STMT(BPF_RET | BPF_K, 0)), EINVAL);
	fails(ATTACH(BPF_STMT(BPF_LD | BPF_MEM, 16), BPF_STMT(BPF_RET | BPF_K, 0)), EINVAL);
	fails(ATTACH(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + 2),
		     BPF_STMT(BPF_RET | BPF_K, 0)),
	      EINVAL);
	fails(setsockopt(in, SOL_SOCKET, SO_ATTACH_FILTER, &none, sizeof(none)), EINVAL);
	fails(setsockopt(in, SOL_SOCKET, SO_ATTACH_FILTER, &p, sizeof(p) - 1), EINVAL);
	p.filter = BAD;
	fails(setsockopt(in, SOL_SOCKET, SO_ATTACH_FILTER, &p, sizeof(p)), EFAULT);
}

static void test_life(void)
{
	struct sock_filter got[2] = {{0}};
	socklen_t len = 0;
	int zero = 0, on = 1, v = -1;

	is(ATTACH(BPF_STMT(BPF_RET | BPF_K, 44)), 0);
	is(getsockopt(in, SOL_SOCKET, SO_GET_FILTER, got, &len), 0);
	is(len, 1); /* instructions */
	len = 2;
	is(getsockopt(in, SOL_SOCKET, SO_GET_FILTER, got, &len), 0);
	ok(len == 1 && got[0].code == (BPF_RET | BPF_K) && got[0].k == 44);
	is(setsockopt(in, SOL_SOCKET, SO_DETACH_FILTER, &zero, sizeof(zero)), 0);
	fails(setsockopt(in, SOL_SOCKET, SO_DETACH_FILTER, &zero, sizeof(zero)), ENOENT);
	is(passed(0), 100);
	is(setsockopt(in, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof(on)), 0);
	len = sizeof(v);
	is(getsockopt(in, SOL_SOCKET, SO_LOCK_FILTER, &v, &len), 0);
	is(v, 1);
	fails(setsockopt(in, SOL_SOCKET, SO_LOCK_FILTER, &zero, sizeof(zero)), EPERM);
	fails(ATTACH(BPF_STMT(BPF_RET | BPF_K, 0)), EPERM);
	fails(setsockopt(in, SOL_SOCKET, SO_DETACH_FILTER, &zero, sizeof(zero)), EPERM);
}

int main(void)
{
	if (have_packets()) {
		in = open_on_lo(SOCK_RAW, PROTOCOL);
		out = open_on_lo(SOCK_RAW, 0);
		test_running();
		test_checking();
		test_life();
	}
	return tap_done();
}
