/* SPDX-License-Identifier: MIT */
/*
 * The program's address space: a sorted set of areas (struct vma) over a page table. The functions
 * implement the semantics of mmap(2) and its relatives; argument checks that need a file descriptor
 * are the caller's. All take mm->lock themselves unless they say otherwise.
 */
#ifndef KERNEL_MM_H
#define KERNEL_MM_H

#include "kernel/abi/linux.h"
#include "kernel/lock.h"

struct file;
struct page;
struct stub_areas;

/*
 * One mapped range with uniform attributes; neighbours that can be merged are. (mm->lock) for all.
 */
struct vma {
	uaddr_t start, end; /* page-aligned, end exclusive */
	unsigned prot;	    /* PROT_READ | PROT_WRITE | PROT_EXEC */
	unsigned flags;	    /* MAP_*, VMA_*: see below */
	struct file *file;  /* referenced; NULL for anonymous */
	uint64_t offset;    /* file offset of start, bytes */
	const char *name;   /* static label for /proc/self/maps ("[stack]"), or NULL */
	/* Balanced tree by address, private to vma.c: */
	struct vma *left, *right;
	int height;
	uaddr_t sub_lo, sub_hi; /* span of the subtree, with the gap below a growing stack */
	size_t sub_gap;		/* largest hole inside that span */
};

/*
 * vma.flags besides MAP_PRIVATE, MAP_SHARED, MAP_ANONYMOUS, MAP_NORESERVE, MAP_GROWSDOWN and
 * MAP_LOCKED. mm_map takes them as well.
 */
enum {
	VMA_HUGEPAGE = 1 << 24,	   /* MADV_HUGEPAGE */
	VMA_NOHUGE = 1 << 25,	   /* MADV_NOHUGEPAGE */
	VMA_LOCKONFAULT = 1 << 26, /* MLOCK_ONFAULT: locked, but not filled in advance */
	VMA_NOWRITE = 1 << 27,	   /* may never get PROT_WRITE */
	VMA_PINNED = 1 << 28,	   /* the kernel's (vDSO, vvar): may be unmapped, not refilled */
	VMA_DONTFORK = 1 << 29,	   /* MADV_DONTFORK */
	VMA_WIPEONFORK = 1 << 30,  /* MADV_WIPEONFORK */
};

#define MM_MAX_AREAS  65530   /* Linux's vm.max_map_count */
#define MMAP_MIN_ADDR 65536ul /* vm.mmap_min_addr: nothing is ever mapped below it */

/*
 * users: processes that live in it, and those who look at one of theirs; without users it is empty
 * and never becomes used again. refs: holders of this structure and of the page-table root; all
 * users together are one.
 */
struct mm {
	uint32_t users, refs; /* (a) */
	struct list link;     /* all there are, kernel/mm_file.c */
	struct mutex lock;
	paddr_t root;		  /* page-table root (PML4) */
	struct vma *areas;	  /* tree root, (lock) */
	size_t n_areas;		  /* (lock) <= MM_MAX_AREAS */
	struct stub_areas *stubs; /* (lock) kernel/mm_stubs.c; NULL: none so far */
	struct vma *dead;	  /* (lock) removed; their files are dropped with the lock */
	struct file *shown;	  /* (lock) one of its pages was replaced: mm_show_page */
	uint64_t shown_at;	  /* (lock) offset of that page */
	unsigned def_flags;	  /* (lock) that mlockall(MCL_FUTURE) gives to new areas */
	uaddr_t mmap_top;	  /* top-down search starts here; set by exec */
	uaddr_t brk_start;	  /* set by exec */
	uaddr_t brk;		  /* (lock) current break, not page-aligned */
	uaddr_t stack_top;	  /* set by exec, for /proc and stack growth limit */
	uaddr_t arg_start, arg_end, env_start, env_end; /* for /proc/self/cmdline, environ */
	size_t total_pages;				/* (lock) virtual size */
	size_t data_pages;		  /* (lock) of it private and writable: RLIMIT_DATA */
	size_t locked_pages;		  /* (lock) of it mlocked: RLIMIT_MEMLOCK */
	size_t resident_pages;		  /* (lock) */
	size_t peak_total, peak_resident; /* (lock) before the last decrease; the peak may be now */
};

int mm_new(struct mm **out); /* 0 or -ENOMEM; one user */
struct mm *mm_get(struct mm *mm);
void mm_put(struct mm *mm); /* the last user's unmaps everything; may sleep */
/* Called when nobody uses mm any more; set by who keeps something for address spaces (AIO), else
 * NULL. */
extern void (*mm_gone)(struct mm *mm);
/*
 * fork(2): *out is a new address space that shows what mm, the caller's, does; pages of private
 * areas are copied when one side writes to them. 0 or -ENOMEM.
 */
int mm_fork(struct mm *mm, struct mm **out);
/* Load mm's page table (on this CPU), unless it is loaded. */
void mm_activate(struct mm *mm);

/*
 * mmap(2). offset in bytes. Returns the address or -EINVAL, -ENOMEM, -EEXIST (MAP_FIXED_NOREPLACE),
 * -ENODEV.
 */
int64_t mm_map(struct mm *mm, uaddr_t addr, size_t len, unsigned prot, unsigned flags,
	       struct file *file, uint64_t offset, const char *name);
/*
 * Map existing frames (vDSO, device memory): pages are referenced, not copied. Address 0 = choose.
 */
int64_t mm_map_pages(struct mm *mm, uaddr_t addr, struct page **pages, size_t n, unsigned prot,
		     const char *name);
/*
 * A range without mappings: at addr if that is not 0, else where mmap(2) would put it, at a
 * multiple of align (a power of two, at least a page). Returns the address, -EEXIST (not free) or
 * -ENOMEM. It stays free as long as nobody maps: for exec.
 */
int64_t mm_find_free(struct mm *mm, uaddr_t addr, size_t len, size_t align);
int mm_unmap(struct mm *mm, uaddr_t addr, size_t len);			/* munmap(2) */
int mm_protect(struct mm *mm, uaddr_t addr, size_t len, unsigned prot); /* mprotect(2) */
int64_t mm_remap(struct mm *mm, uaddr_t old, size_t old_len, size_t new_len, unsigned flags,
		 uaddr_t new_addr);
int mm_advise(struct mm *mm, uaddr_t addr, size_t len, int advice);   /* madvise(2) */
int mm_sync(struct mm *mm, uaddr_t addr, size_t len, unsigned flags); /* msync(2) */
/* mincore(2): one byte per page into kernel vec. Returns how many, short of n_pages at a hole. */
size_t mm_mincore(struct mm *mm, uaddr_t addr, size_t n_pages, uint8_t *vec);
/*
 * mlock2(2) with flags 0 or MLOCK_ONFAULT, munlock(2), mlockall(2) with flags 0 for munlockall(2).
 */
int mm_lock_range(struct mm *mm, uaddr_t addr, size_t len, unsigned flags);
int mm_unlock_range(struct mm *mm, uaddr_t addr, size_t len);
int mm_lock_all(struct mm *mm, unsigned flags);
uaddr_t mm_brk(struct mm *mm, uaddr_t brk); /* brk(2): returns the new or unchanged break */
/* Fill all pages of a range now (MAP_POPULATE, mlock): 0, -ENOMEM, -EFAULT. */
int mm_populate(struct mm *mm, uaddr_t addr, size_t len);

enum mm_access { MM_READ = 0, MM_WRITE = 1, MM_EXEC = 2 };

/*
 * Resolve a page fault at addr. Returns 0 (retry), -EFAULT (no mapping: SEGV_MAPERR), -EACCES
 * (SEGV_ACCERR), -ENODATA (beyond the end of a mapped file: SIGBUS BUS_ADRERR), -EIO, -ENOMEM (out
 * of memory).
 */
int mm_fault(struct mm *mm, uaddr_t addr, enum mm_access access);

/* The area containing addr, or NULL; valid while the caller holds mm->lock. */
struct vma *mm_find(struct mm *mm, uaddr_t addr);
/*
 * First area with end > addr, for walking: start with 0, go on with v->end. Caller holds mm->lock.
 */
struct vma *mm_next(struct mm *mm, uaddr_t addr);

/* What is in memory of a range, in pages; the shared zero page does not count. */
struct mm_usage {
	size_t anon, file, shmem; /* resident, by what backs them */
	size_t shared_clean, shared_dirty, private_clean, private_dirty;
	size_t huge; /* of anon, in 2 MiB leaves */
	size_t resident;
};
/* Adds what [start, end) holds to *out. Caller holds mm->lock. */
void mm_usage_locked(struct mm *mm, uaddr_t start, uaddr_t end, struct mm_usage *out);
void mm_usage(struct mm *mm, uaddr_t start, uaddr_t end, struct mm_usage *out); /* takes it */
/* The page's word in /proc/<pid>/pagemap. Caller holds mm->lock. */
uint64_t mm_pagemap(struct mm *mm, uaddr_t addr);
size_t mm_table_pages(struct mm *mm); /* frames of the page table */

/*
 * For file systems, before they drop their own references to the pages; for the mappings in every
 * address space. Truncation: drop every page of `inode`'s mappings at or beyond file offset `from`
 * (page-aligned up), private copies included.
 */
struct inode;
void mm_file_truncated(struct inode *inode, uint64_t from);
/* A hole was punched: the same for the whole pages in [from, to), but private copies stay. */
void mm_file_punched(struct inode *inode, uint64_t from, uint64_t to);
/*
 * Page `index` of the file was replaced by another: drop translations that show the old one (not
 * private copies), so that they fault in the new one.
 */
void mm_file_replaced(struct inode *inode, uint64_t index);
/*
 * Pages [first, last] of the file are about to be written back: take write permission away from
 * shared mappings of them, so that the next store calls map_page again.
 */
void mm_file_clean(struct inode *inode, uint64_t first, uint64_t last);
/*
 * There was no memory: write modified file pages back and take clean ones out of the mappings, so
 * that they can be given up. False if that cannot have helped; try again at most RELIEVE_TRIES
 * times.
 */
bool mm_relieve(void);
#define RELIEVE_TRIES 3

/* Copy what is present of [addr, addr + n) in any address space. Returns bytes. */
size_t mm_peek(struct mm *mm, uaddr_t addr, void *buf, size_t n);

/*
 * Copy from (MM_READ) or to (MM_WRITE) any address space what its program could read or write
 * there, filling pages. Bytes, fewer at the first address where it could not. May sleep.
 */
size_t mm_copy(struct mm *mm, uaddr_t addr, void *buf, size_t n, enum mm_access access);

/* Does a shared mapping allow writing to the file (F_SEAL_WRITE gives EBUSY then)? */
bool mm_file_writable_mapped(struct inode *inode);

#endif
