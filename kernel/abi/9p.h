/* SPDX-License-Identifier: MIT */
/*
 * Facts of 9P2000.L, the file protocol of virtio-9p: message types, flags and sizes. Integers are
 * little-endian, a string is a 16-bit length and bytes, a qid is type (8), version (32), path (64).
 */
#ifndef KERNEL_ABI_9P_H
#define KERNEL_ABI_9P_H

#define P9_VERSION_TEXT "9P2000.L"
#define P9_NOTAG	0xffffu
#define P9_NOFID	0xffffffffu

/* Every message starts with size (32, of all of it), type (8) and tag (16). */
#define P9_HEADER 7u
#define P9_QID	  13u

/* Requests; the answer is one more, or P9_RLERROR. */
enum p9_type {
	P9_RLERROR = 7, /* ecode[4], a Linux errno */
	P9_TSTATFS = 8,
	P9_TLOPEN = 12,
	P9_TLCREATE = 14,
	P9_TSYMLINK = 16,
	P9_TMKNOD = 18,
	P9_TREADLINK = 22,
	P9_TGETATTR = 24,
	P9_TSETATTR = 26,
	P9_TREADDIR = 40,
	P9_TFSYNC = 50,
	P9_TLINK = 70,
	P9_TMKDIR = 72,
	P9_TRENAMEAT = 74,
	P9_TUNLINKAT = 76,
	P9_TVERSION = 100,
	P9_TATTACH = 104,
	P9_TWALK = 110,
	P9_TREAD = 116,
	P9_TWRITE = 118,
	P9_TCLUNK = 120,
};

#define P9_QTDIR     0x80
#define P9_QTSYMLINK 0x02

#define P9_GETATTR_BASIC 0x7ffull

/* valid of P9_TSETATTR; a time without _SET means now */
enum {
	P9_SET_MODE = 1,
	P9_SET_UID = 2,
	P9_SET_GID = 4,
	P9_SET_SIZE = 8,
	P9_SET_ATIME = 16,
	P9_SET_MTIME = 32,
	P9_SET_CTIME = 64,
	P9_SET_ATIME_SET = 128,
	P9_SET_MTIME_SET = 256,
};

/* Flags of P9_TLOPEN and P9_TLCREATE have Linux's generic values, which are x86's. */

#define P9_AT_REMOVEDIR 0x200

/* What precedes the data in P9_TWRITE, and in the answers to P9_TREAD and P9_TREADDIR. */
#define P9_TWRITE_HEADER (P9_HEADER + 16)
#define P9_RREAD_HEADER	 (P9_HEADER + 4)
/* A message with data is larger than its data by less than this. */
#define P9_IO_HEADER 24u

#define P9_V9FS_MAGIC 0x01021997

#endif
