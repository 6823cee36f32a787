/* SPDX-License-Identifier: MIT */
/*
 * The sockets' ABI of Linux x86-64: what Debian's linux-libc-dev exports, and below what only the C
 * libraries write down (socket(2), send(2), recv(2), cmsg(3), unix(7)).
 */
#ifndef KERNEL_ABI_SOCKET_H
#define KERNEL_ABI_SOCKET_H

#include "kernel/abi/linux.h"

#include <asm/socket.h>
#include <asm/sockios.h>
#include <linux/sockios.h>
#include <linux/un.h>

/* Families, those that may be named in a trace; SOCK_FAMILIES is one more than the largest. */
enum {
	AF_UNSPEC = 0,
	AF_UNIX = 1,
	AF_INET = 2,
	AF_INET6 = 10,
	AF_NETLINK = 16,
	AF_PACKET = 17,
	AF_VSOCK = 40,
	SOCK_FAMILIES = 46,
};

/* Types, and the flags that socket(2) and accept4(2) take with them. */
enum {
	SOCK_STREAM = 1,
	SOCK_DGRAM = 2,
	SOCK_RAW = 3,
	SOCK_RDM = 4,
	SOCK_SEQPACKET = 5,
	SOCK_DCCP = 6,
	SOCK_PACKET = 10,
	SOCK_TYPES = 11, /* one more than the largest */
	SOCK_TYPE_MASK = 0xf,
	SOCK_NONBLOCK = O_NONBLOCK,
	SOCK_CLOEXEC = O_CLOEXEC,
};

enum {
	MSG_OOB = 1,
	MSG_PEEK = 2,
	MSG_DONTROUTE = 4,
	MSG_CTRUNC = 8,
	MSG_TRUNC = 0x20,
	MSG_DONTWAIT = 0x40,
	MSG_EOR = 0x80,
	MSG_WAITALL = 0x100,
	MSG_ERRQUEUE = 0x2000,
	MSG_NOSIGNAL = 0x4000,
	MSG_MORE = 0x8000,
	MSG_WAITFORONE = 0x10000,
	MSG_CMSG_CLOEXEC = 0x40000000,
};
#define MSG_CMSG_COMPAT 0x80000000u /* the kernel's own */

enum { SHUT_RD, SHUT_WR, SHUT_RDWR };

enum { SCM_RIGHTS = 1, SCM_CREDENTIALS = 2, SCM_MAX_FD = 253 };

#define SOMAXCONN 4096 /* /proc/sys/net/core/somaxconn */

struct sockaddr_any {
	uint16_t family;
	uint8_t data[_K_SS_MAXSIZE - 2];
};

struct user_msghdr {
	uaddr_t msg_name;
	int msg_namelen;
	uaddr_t msg_iov;
	uint64_t msg_iovlen;
	uaddr_t msg_control;
	uint64_t msg_controllen;
	unsigned msg_flags;
};

struct user_mmsghdr {
	struct user_msghdr hdr;
	unsigned len;
};

struct cmsghdr {
	uint64_t cmsg_len; /* with this header */
	int cmsg_level, cmsg_type;
};

#define CMSG_ALIGN(n) ALIGN_UP((size_t)(n), sizeof(uint64_t))
#define CMSG_LEN(n)   (sizeof(struct cmsghdr) + (n))
#define CMSG_SPACE(n) (sizeof(struct cmsghdr) + CMSG_ALIGN(n))

struct ucred {
	int pid;
	uint32_t uid, gid;
};

struct linger {
	int l_onoff, l_linger;
};

#endif
