/* SPDX-License-Identifier: MIT */
/*
 * The contract between the uniload command (host) and the kernel (guest): the boot module that
 * describes the program to run, and the messages on the control port. Self-contained; both sides
 * compile this one file. Little-endian, every offset is from the start of the module, every
 * structure naturally aligned.
 *
 * The module is passed as the first PVH module (QEMU's -initrd). Layout: struct bootinfo, then
 * strings and tables in any order, then file contents, each starting on a 4 KiB boundary so that it
 * can be mapped in place. The guest validates every offset and length; a module it does not like
 * ends the machine with a message.
 */
#ifndef KERNEL_ABI_BOOTINFO_H
#define KERNEL_ABI_BOOTINFO_H

#include <stdint.h>

#define BOOTINFO_MAGIC	 0x64616f6c696e75ull /* "uniload\0" */
#define BOOTINFO_VERSION 5		     /* changes when old and new cannot work together */

#define BOOTINFO_MAX_CPUS 16

/* `count` NUL-terminated strings one after another in [offset, offset + length). */
struct bi_strings {
	uint32_t offset, length, count;
};

enum bi_std_kind { /* what descriptors 0, 1, 2 are on the host */
		   BI_STD_CLOSED = 0,
		   BI_STD_NULL = 1,   /* /dev/null: the guest opens its own */
		   BI_STD_STREAM = 2, /* pipe, socket or file: relayed bytes; in the guest a FIFO */
		   BI_STD_TTY = 3, /* terminal: relayed bytes, the guest does the line discipline,
				      the host is in raw mode */
};

enum bi_std_flags {
	BI_STDF_SYNC =
	    1, /* every write waits for BI_MSG_ACK (character devices such as /dev/full) */
	BI_STDF_SAME_AS_1 = 2, /* descriptor 2 is the same open file as 1: send both down the stdout
				  stream, in order */
	BI_STDF_FILE = 4, /* descriptor 0 is a regular file: a read gives all that is asked for, up
			     to the end */
};

struct bi_std {
	uint8_t kind, flags;
	uint16_t unused;
};

enum bi_flags {
	BI_STRACE = 1 << 0,	  /* print every syscall */
	BI_STRACE_PORT = 1 << 1,  /* ... on the trace port instead of the stderr stream */
	BI_STRICT = 1 << 2,	  /* a STUB or FAKE syscall ends the run */
	BI_VERBOSE = 1 << 3,	  /* LOG_INFO messages, registers and backtrace at a fatal signal */
	BI_REWRITE_PLAN = 1 << 4, /* carry out the plan (plan_offset) */
	BI_MISSING = 1 << 5, /* report paths that were asked for and not found: BI_MSG_MISSING */
	BI_IMAGE = 1 << 6,   /* written into an image: seed, tsc_hz, realtime_ns are 0, std[] says
				nothing unless the host adapted the module (uniload run IMG) */
	BI_COUNT = 1 << 7,   /* count calls, and send BI_MSG_SYSCALL at the end */
	BI_REWRITE_ONLINE = 1 << 8, /* rewrite sites that trap again and again */
	BI_REWRITE_STATS = 1 << 9, /* log at the end which sites were rewritten and which trapped */
};

/*
 * What becomes of a system call, if not what its handler makes of it. A table of rules is ordered
 * by number, each number once; a last one for BI_RULE_REST is for all numbers without a rule.
 */
enum bi_rule_action {
	BI_RULE_ALLOW = 0,  /* as without rules */
	BI_RULE_ANSWER = 1, /* answers `value`: >= 0 or -errno */
	BI_RULE_DENY = 2,   /* the same, and is told on the log, once for each number */
	BI_RULE_KILL = 3,   /* is told on the log, and ends the process by SIGSYS */
};
#define BI_RULE_REST UINT32_MAX

struct bi_rule {
	uint32_t nr;
	uint32_t action; /* enum bi_rule_action */
	int64_t value;
};

/*
 * The root file system is a writable overlay, in memory, over an EROFS image (or over nothing);
 * the entries of `files` are then put on top of it.
 */
enum bi_root_kind {
	BI_ROOT_NONE = 0,
	BI_ROOT_MODULE = 1, /* in the module at root_data, page-aligned, root_size bytes */
	BI_ROOT_DISK = 2,   /* on the virtio-blk device with serial number BI_ROOT_SERIAL */
};
#define BI_ROOT_SERIAL "uniload-root"

/* What the first network device has from the start; addresses as IPv6, IPv4 mapped. */
struct bi_net {
	uint8_t ip[16], gateway[16]; /* all zero: none */
	uint32_t prefix;	     /* bits, of the family's own length */
	uint32_t unused;
};

enum bi_volume_flags { BI_VOLUME_RO = 1 };

/* A directory of the host's, served by virtio-9p. */
struct bi_volume {
	uint32_t tag;	/* offset of the device's mount tag */
	uint32_t path;	/* offset of the absolute path where it is mounted; made if missing */
	uint32_t flags; /* enum bi_volume_flags */
	uint32_t unused;
};

enum bi_file_type { BI_FILE_REG = 0, BI_FILE_DIR = 1, BI_FILE_SYMLINK = 2 };

/* One object of the initial root file system. Parents come before children; missing parents are
 * made with mode 0755. */
struct bi_file {
	uint32_t path; /* offset of a NUL-terminated absolute path */
	uint32_t type; /* enum bi_file_type */
	uint32_t mode; /* permission bits */
	uint32_t uid, gid;
	uint32_t unused;
	uint64_t data;	   /* offset of the contents (page-aligned); for a symlink of its target,
			      NUL-terminated */
	uint64_t size;	   /* bytes; for a symlink without the NUL */
	uint64_t mtime_ns; /* since 1970 */
};

struct bootinfo {
	uint64_t magic;
	uint32_t version;
	uint32_t header_size; /* sizeof(struct bootinfo) of the writer */
	uint64_t total_size;  /* of the module */
	uint32_t flags;	      /* enum bi_flags */
	uint32_t exe;	      /* offset of the program's absolute path (an entry of files) */
	struct bi_strings argv, envp;
	uint32_t cwd;		 /* offset of an absolute path; made if missing */
	uint32_t hostname;	 /* offset of a string */
	uint32_t files, n_files; /* offset and count of struct bi_file */
	uint32_t uid, gid;
	uint32_t groups, n_groups; /* offset and count of uint32_t */
	uint32_t umask;
	struct bi_std std[3];
	uint16_t tty_rows, tty_cols; /* if any std is a terminal */
	uint32_t root_kind;	     /* enum bi_root_kind */
	uint64_t root_data, root_size;
	uint32_t volumes, n_volumes;	 /* offset and count of struct bi_volume, in mount order */
	uint32_t rules, n_rules;	 /* offset and count of struct bi_rule */
	uint64_t plan_offset, plan_size; /* kernel/abi/plan.h, 8-byte aligned; size 0: no plan */
	uint64_t tsc_hz;		 /* host's TSC frequency; 0 = unknown */
	uint64_t realtime_ns; /* when the module was written; refined through BI_MSG_TIME_REQ */
	uint32_t n_cpus;      /* to use, up to BOOTINFO_MAX_CPUS; 0 is 1 */
	uint32_t rules_for;   /* offset of the absolute path of the program whose processes rules
			       * and BI_COUNT are about, no link in it; 0: of all */
	uint8_t seed[64];     /* random bytes for the guest's generator */
	struct bi_net net;
};

/*
 * Ports of the virtio-console device (multiport, "virtserialport,nr=N"). The trace port exists only
 * with BI_STRACE_PORT. All carry raw bytes except CTL, which carries struct bi_msg both ways.
 */
enum bi_port {
	BI_PORT_STDIO = 1,  /* host -> guest: stdin; guest -> host: stdout */
	BI_PORT_STDERR = 2, /* guest -> host: stderr */
	BI_PORT_CTL = 3,
	BI_PORT_LOG = 4,   /* guest -> host: kernel messages, lines of text */
	BI_PORT_TRACE = 5, /* guest -> host: --strace=FILE */
};

enum bi_msg_type {
	/* guest -> host */
	BI_MSG_EXIT = 1, /* arg = wait(2) status (as waitpid gives it: code << 8, or signal | 0x80
			  * core flag); v[0..3] = bytes ever sent on STDIO, STDERR, LOG, TRACE: the
			  * host drains that many and may then kill the machine */
	BI_MSG_PANIC =
	    2, /* the kernel failed; text is on the log port or the serial port; v[] as in EXIT */
	BI_MSG_TIME_REQ = 3,	 /* v[0] = cookie */
	BI_MSG_STDIN_CLOSED = 4, /* the program can no longer read stdin */
	BI_MSG_SIGNAL_ACK = 5, /* arg = signal of a BI_MSG_SIGNAL now taken over (delivered, pending
				* or ignored); sent from interrupt processing: it shows that the
				* kernel is alive. Without it (or any other message or output) the
				* host kills the machine 5 s after a signal that ends programs */
	BI_MSG_MISSING = 6,    /* a path that does not exist was asked for; arg = its length; the
				* message is followed by the path, padded with zeros to a multiple
				* of sizeof(struct bi_msg). Each path once, before EXIT */
	BI_MSG_SYNC_REQ = 7,   /* what was done to volumes so far is to be on the host's disks;
				* v[0] = number, growing; arg = 1: they hold files of other file
				* systems than that of their own directory */
	BI_MSG_SYSCALL = 8, /* with BI_COUNT, before EXIT, one for each call made: arg = number, or
			     * UINT32_MAX for all that Linux does not have; v[] = calls, those
			     * that failed, ns of CPU time in them, ns from entry to return */
	/* host -> guest */
	BI_MSG_STDIN_EOF = 16, /* v[0] = bytes ever sent on STDIO; end of file after them. A
				* terminal may send it when it is hung up. arg = 0, or the errno
				* with which reads fail after those bytes */
	BI_MSG_OUT_ERROR = 17, /* arg = bi_port, v[0] = errno: later writes fail with it (EPIPE also
				  raises SIGPIPE) */
	BI_MSG_ACK = 18, /* arg = bi_port, v[0] = bytes ever written successfully to the real file
			    (SYNC streams) */
	BI_MSG_SIGNAL =
	    19, /* arg = signal number to send to the program; 0 only asks for BI_MSG_SIGNAL_ACK */
	BI_MSG_WINSIZE = 20, /* v[0] = rows, v[1] = columns */
	BI_MSG_TIME = 21,    /* v[0] = cookie, v[1] = CLOCK_REALTIME in ns when this was sent */
	BI_MSG_SYNCED = 22, /* v[0] = number of a BI_MSG_SYNC_REQ that is done, and those before it;
			     * arg = 0 or errno */
};

struct bi_msg {
	uint32_t type;
	uint32_t arg;
	uint64_t v[4];
};

/*
 * The kernel's ELF file carries a note (owner BI_NOTE_OWNER, type BI_NOTE_EMBED) whose descriptor
 * is this structure, inside a loaded segment. Building an image means: append the module as one
 * more PT_LOAD at `module` and write its place here. All zero: the module comes as PVH module.
 */
#define BI_NOTE_OWNER	 "uniload"
#define BI_NOTE_EMBED	 1
#define BI_IMAGE_VERSION 1

struct bi_embed {
	uint64_t module, size;	   /* physical address, page-aligned, and bytes */
	uint32_t bootinfo_version; /* BOOTINFO_VERSION of the kernel */
	uint32_t image_version;	   /* BI_IMAGE_VERSION in an image, else 0 */
};

/* Written to the debug-exit port (isa-debug-exit, iobase BI_DEBUG_EXIT_PORT) when the control port
 * cannot be used. */
#define BI_DEBUG_EXIT_PORT  0x501
#define BI_DEBUG_EXIT_PANIC 0x55 /* QEMU exits with (value << 1) | 1 */

#endif
