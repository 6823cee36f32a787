/* SPDX-License-Identifier: MIT */
/*
 * Open files and the descriptor table: the seam between syscalls and everything that can be open.
 * File systems, pipes, terminals and sockets each supply a struct file_ops; nobody asks "is it a
 * socket?".
 */
#ifndef KERNEL_FILE_H
#define KERNEL_FILE_H

#include "kernel/abi/linux.h"
#include "kernel/iter.h"
#include "kernel/lock.h"

struct file;
struct inode;
struct page;
struct dentry;
struct poll_table;

/* Receives directory entries; returns false when its buffer is full (the entry is then not
 * consumed). */
struct dir_sink {
	bool (*add)(struct dir_sink *s, const char *name, size_t len, uint64_t ino,
		    unsigned dt_type, int64_t next_off);
};

/*
 * All operations: a NULL member means the errno in brackets. They return >= 0 or -errno, may sleep,
 * and are called with no lock held. pos is the offset to use and is advanced by what was
 * transferred; it is NULL for files without a position (pipes, terminals, sockets: FILE_STREAM).
 */
struct file_ops {
	ssize_t (*read)(struct file *f, struct iter *to, uint64_t *pos);    /* [EINVAL] */
	ssize_t (*write)(struct file *f, struct iter *from, uint64_t *pos); /* [EINVAL] */
	/* Events now ready (EPOLL* bits = POLL* bits); if pt is not NULL registers on the file's
	 * wait queues. [always ready] */
	unsigned (*poll)(struct file *f, struct poll_table *pt);
	long (*ioctl)(struct file *f, unsigned cmd, uaddr_t arg); /* [ENOTTY] */
	int64_t (*seek)(struct file *f, int64_t off,
			int whence); /* [ESPIPE]; generic_seek serves regular files */
	int (*readdir)(struct file *f,
		       struct dir_sink *s);	      /* from f->pos, advances it; [ENOTDIR] */
	int (*fsync)(struct file *f, bool data_only); /* [EINVAL] */
	int (*fallocate)(struct file *f, int mode, uint64_t off,
			 uint64_t len); /* [EOPNOTSUPP; ESPIPE for streams] */
	/*
	 * Page `index` of the file for a mapping, referenced. write: a store through a shared
	 * mapping is about to happen; the page must then be the file's own and is modified from
	 * now on. Without it the page is mapped read-only unless FILE_MAP_WRITE is in f->kind: a
	 * later store asks again with write, and whatever page comes back replaces the first in
	 * all mappings. When the file replaces a page at another time it calls mm_file_replaced().
	 * [ENODEV] Returns 0, -ENODATA beyond the end of file (SIGBUS), -ENOMEM or -EIO. Context:
	 * under mm->lock; may sleep.
	 */
	int (*map_page)(struct file *f, uint64_t index, bool write, struct page **out);
	/*
	 * Those of pages [first, first + n) that are at hand, referenced, NULL in place of others:
	 * they are mapped along with one that was asked for, and mincore(2) tells of them. Neither
	 * sleeps nor makes pages. [map_page for some]
	 */
	void (*map_around)(struct file *f, uint64_t first, size_t n, struct page **out);
	int (*set_flags)(struct file *f,
			 unsigned flags); /* F_SETFL changed O_APPEND/O_NONBLOCK/O_DIRECT... [0] */
	void (*closed)(struct file *f);	  /* the current process closed a descriptor of it */
	void (*release)(struct file *f);  /* last reference gone */
	/* What /proc/self/fd shows for a file without a place: "[eventfd]" gives
	 * anon_inode:[eventfd]. NULL: from the inode's type, as pipe:[ino] and socket:[ino]. */
	const char *anon_name;
};

enum {
	FILE_STREAM = 1,    /* no position: lseek and pread give ESPIPE */
	FILE_PATH = 2,	    /* O_PATH: only names a place */
	FILE_MAP_WRITE = 4, /* map_page's pages may always be stored to through shared mappings:
			       nobody needs to know which were (tmpfs, memfd) */
	FILE_WRITER = 8,    /* counted in inode->writers and mount->writers (VFS) */
	FILE_NOEXEC = 16,   /* on a mount from which nothing is executed or mapped to be */
	FILE_NOT_SENT = 32, /* not by SCM_RIGHTS: an io_uring, whose requests hold files */
};

/* (a) atomic, (i) immutable after open, (l) file->lock, (n) by its owner's rules */
struct file {
	uint32_t refs;		    /* (a) */
	unsigned flags;		    /* O_* status and access mode, (l) */
	unsigned kind;		    /* FILE_* (i) */
	const struct file_ops *ops; /* (i) */
	uint64_t pos; /* (l) held across a whole read/write of a positioned file, as Linux does */
	struct mutex lock;
	struct inode *inode;  /* (i) always set; anonymous files have an anonymous inode */
	struct inode *mapped; /* (i) whose pages mappings show, for mm_file_*(): inode, but behind a
				 device's node the device's; not referenced */
	struct dentry *dentry; /* (i) where it was opened; NULL for anonymous files */
	void *priv;	       /* (n) */
	struct list watchers;  /* (n) of epoll items; not initialised while there were none */
	bool locked;	       /* may hold advisory locks, kernel/filelock.c */
	struct async *async;   /* (n) of O_ASYNC, kernel/async.c; NULL: it is not set */
	uint8_t owner_type, owner_signal; /* F_SETOWN_EX, F_SETSIG */
	bool owner_permitted;		  /* whoever made it the owner may send it signals */
	int owner;
};

static inline bool file_readable(const struct file *f)
{
	unsigned acc = f->flags & O_ACCMODE;

	return (acc == O_RDONLY || acc == O_RDWR) && !(f->kind & FILE_PATH);
}

static inline bool file_writable(const struct file *f)
{
	unsigned acc = f->flags & O_ACCMODE;

	return (acc == O_WRONLY || acc == O_RDWR) && !(f->kind & FILE_PATH);
}

/* New file with refs = 1; takes over the caller's reference to inode. 0 or -ENOMEM (-ENFILE never).
 */
int file_new(const struct file_ops *ops, struct inode *inode, unsigned flags, unsigned kind,
	     struct file **out);
struct file *file_get(struct file *f);
void file_put(struct file *f); /* the last one calls release, then drops inode and dentry */
/* Drops the references to f->inode and f->dentry; set by the VFS at boot (they are its objects). */
extern void (*file_place_release)(struct file *f);
/* Called before a file with watchers goes; set by who puts them there. */
extern void (*file_watch_release)(struct file *f);
/* The same for a file with O_ASYNC. */
extern void (*file_async_release)(struct file *f);

/* Told of what was done with a file, while somebody watches files (inotify); else NULL. */
enum file_happening { FILE_WAS_READ, FILE_WAS_WRITTEN, FILE_IS_CLOSED };
extern void (*file_event)(struct file *f, enum file_happening what);

/* Read/write at f->pos under its lock (advancing it) or, with pos != NULL, at *pos. Check access
 * mode, give EBADF. */
ssize_t file_read(struct file *f, struct iter *to, uint64_t *pos);
ssize_t file_write(struct file *f, struct iter *from, uint64_t *pos);
#define MAX_RW_COUNT 0x7ffff000ul /* one call transfers at most this much, as Linux */
unsigned file_poll(struct file *f, struct poll_table *pt);
int64_t file_seek(struct file *f, int64_t off, int whence);
/* SEEK_SET/CUR/END/DATA/HOLE over an object of `size` bytes without holes. */
int64_t noop_seek(struct file *f, int64_t off, int whence); /* accepted and without effect */
int64_t generic_seek(struct file *f, int64_t off, int whence, uint64_t size);

/* Write back whatever is modified in memory only (end of the program, memory is short); durable: to
 * stable storage (sync(2)). 0 or the first error. May sleep. Set by fs/pagecache_flush.c; NULL:
 * there is nothing. */
extern int (*file_sync_all)(bool durable);

/* Is the file open for writing anywhere? Set by the VFS; NULL: no file is. */
extern bool (*file_may_change)(const struct file *f);

/*
 * Where the file comes from: its number in the root image, or FILE_IN_MODULE with the physical
 * address of its contents; and its size there. False: it is not from there, or has been changed.
 * Set by the VFS.
 */
#define FILE_IN_MODULE (1ull << 63)
extern bool (*file_origin)(const struct file *f, uint64_t *nid, uint64_t *size);

/* ---- descriptor table: one per process ---- */
struct fd_entry {
	struct file *file; /* NULL = free */
	bool cloexec;
};

struct files {
	uint32_t refs;	      /* (a) */
	struct spinlock lock; /* private to file.c */
	struct fd_entry *fds; /* (lock) */
	unsigned size;	      /* (lock) */
	unsigned next_hint;   /* (lock) no free descriptor below it */
};

int files_new(struct files **out);
struct files *files_get(struct files *fs);
/* A table of its own with the same open files. 0 or -ENOMEM. */
int files_copy(struct files *from, struct files **out);
void files_put(struct files *fs);
/* The file behind fd with a new reference, or NULL (EBADF). O_PATH files are returned: callers
 * check access. */
struct file *fd_get(struct files *fs, int fd);
/* Lowest free descriptor >= min; takes over the caller's reference on success. Returns fd, -EMFILE,
 * -ENOMEM, -EINVAL. */
int fd_install(struct files *fs, struct file *f, int min, bool cloexec);
/* Is there a free descriptor: 0 or -EMFILE. For calls that say so before they wait. */
int fd_room(struct files *fs);
/* Put f (reference taken over) at exactly fd, closing what was there. */
int fd_install_at(struct files *fs, struct file *f, int fd, bool cloexec);
int fd_close(struct files *fs, int fd); /* 0 or -EBADF */
int fd_get_cloexec(struct files *fs, int fd);
int fd_set_cloexec(struct files *fs, int fd, bool on);
/* Close (or, with cloexec, mark) every descriptor in [lo, hi]. */
void fd_close_range(struct files *fs, unsigned lo, unsigned hi, bool cloexec);
/* exec: close everything marked close-on-exec. */
void files_close_exec(struct files *fs);
/* First open descriptor >= min, or -1: for walking the table. */
int fd_next(struct files *fs, int min);
/* Slots the table has now (FDSize). */
unsigned files_size(struct files *fs);

#endif
