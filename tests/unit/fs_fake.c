/* SPDX-License-Identifier: MIT */
/* The faked surroundings of tests/unit/fs_fake.h. Program memory is host memory; addresses below
 * 4096 are bad. */
#define _ISOC11_SOURCE /* only ISO C from the C library: its POSIX types are not the kernel's */
#include "tests/unit/fs_fake.h"
#include "kernel/process.h"

#include "fs/blockdev.h"
#include "fs/eventpoll.h"
#include "fs/init.h"
#include "fs/vfs.h"
#include "kernel/abi/bootinfo.h"
#include "kernel/clock.h"
#include "kernel/filelock.h"
#include "kernel/futex.h"
#include "kernel/heap.h"
#include "kernel/log.h"
#include "kernel/oom.h"
#include "kernel/random.h"
#include "kernel/sched.h"
#include "kernel/socket_fs.h"
#include "kernel/uaccess.h"
#include "kernel/utsname.h"
#include "kernel/vma.h"
#include "kernel/wait.h"
#include "kernel/x86_64/cpuinfo.h"
#include "tests/unit/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY (64ul << 20)

struct process fake_process;
static struct fs_context fake_fs;
static struct sighand fake_sighand;
struct list processes = LIST_INIT(processes);
struct thread fake_thread;
int fake_signal;
uint64_t fake_now = 1000000000ull * 1700000000ull;
long fake_alloc_left = -1, fake_allocated, fake_truncated;
bool (*fake_on_sleep)(void);

static struct mm fake_mm;

/* ---- heap ---- */

static bool out_of_memory(void)
{
	if (fake_alloc_left > 0)
		fake_alloc_left--;
	return fake_alloc_left == 0;
}

void *kmalloc(size_t n)
{
	void *p = out_of_memory() ? NULL : malloc(n ? n : 1);

	fake_allocated += p != NULL;
	return p;
}

void *kzalloc(size_t n)
{
	void *p = kmalloc(n);

	return p ? memset(p, 0, n) : NULL;
}

void *krealloc(void *old, size_t n)
{
	void *p = out_of_memory() ? NULL : realloc(old, n);

	fake_allocated += p && !old;
	return p;
}

void kfree(void *p)
{
	fake_allocated -= p != NULL;
	free(p);
}

char *kstrdup(const char *s)
{
	char *p = kmalloc(strlen(s) + 1);

	return p ? strcpy(p, s) : NULL;
}

/* ---- process ---- */

struct process *process_find(int pid)
{
	return pid == fake_process.pid ? &fake_process : NULL;
}

struct process *process_get(struct process *p)
{
	return p;
}

void process_put(struct process *p)
{
}

struct mm *mm_get(struct mm *mm)
{
	return mm;
}

void mm_put(struct mm *mm)
{
}

struct task_usage process_usage(struct process *p)
{
	return (struct task_usage){0};
}

struct process_hooks process_hooks;

void sched_breathe(void)
{
}

size_t mm_peek(struct mm *mm, uaddr_t addr, void *buf, size_t n)
{
	return 0;
}

bool mm_file_writable_mapped(struct inode *inode)
{
	return false;
}

void *kmemdup(const void *p, size_t size)
{
	void *copy = kmalloc(size);

	return copy ? memcpy(copy, p, size) : NULL;
}

int pid_last(void)
{
	return fake_process.pid;
}

unsigned process_count(uint32_t uid, unsigned *all)
{
	return *all = 1;
}

struct thread *current_thread(void)
{
	return &fake_thread;
}

int signal_send_thread(struct thread *t, const siginfo_t *info)
{
	fake_signal = info->si_signo;
	return 0;
}

void signal_sigpipe(void)
{
	fake_signal = SIGPIPE;
}

bool signal_pending(struct thread *t)
{
	return false;
}

void mm_file_truncated(struct inode *inode, uint64_t from)
{
	fake_truncated++;
}

bool mm_relieve(void)
{
	return false;
}

void mm_file_punched(struct inode *inode, uint64_t from, uint64_t to)
{
	fake_truncated++;
}

void mm_file_replaced(struct inode *inode, uint64_t index)
{
	fake_truncated++;
}

void mm_file_clean(struct inode *inode, uint64_t first, uint64_t last)
{
}

struct vma *mm_next(struct mm *mm, uaddr_t addr)
{
	return NULL;
}

/* ---- time: nothing is written back by it ---- */

struct mutex mm_exchange;

void timer_init(struct timer *t, void (*fire)(struct timer *))
{
	*t = (struct timer){.fire = fire};
}

void timer_arm(struct timer *t, uint64_t deadline_ns)
{
	t->armed = true;
}

int thread_kernel(void (*run)(void))
{
	return -ENOMEM;
}

/* ---- locks and sleep: one thread, so a held lock is a deadlock ---- */

void mutex_init(struct mutex *m)
{
	m->held = false;
}

void mutex_lock(struct mutex *m)
{
	if (m->held)
		panic("deadlock");
	m->held = true;
}

void mutex_unlock(struct mutex *m)
{
	if (!m->held)
		panic("unlock of a free mutex");
	m->held = false;
}

void wait_queue_init(struct wait_queue *wq)
{
	list_init(&wq->waiters);
}

void wait_prepare(struct waiter *w, struct wait_queue *wq)
{
}

void wait_finish(struct waiter *w)
{
}

int wait_sleep(uint64_t deadline_ns, bool interruptible)
{
	return fake_on_sleep && fake_on_sleep() ? 0 : -ERESTARTSYS;
}

size_t wait_wake(struct wait_queue *wq, size_t n)
{
	return 0;
}

/* ---- disks ---- */

struct fake_disk fake_disks[FAKE_DISKS];
unsigned fake_n_disks;

static int disk_start(struct blockdev *b)
{
	struct fake_disk *d = b->priv;

	if (d->fail)
		return -d->fail;
	b->size = d->size;
	b->read_only = d->read_only;
	b->logical_block = b->physical_block = b->io_min = d->block ? d->block : SECTOR_SIZE;
	b->max_sectors = 256;
	snprintf(b->serial, sizeof(b->serial), "fake%d", (int)(d - fake_disks));
	return 0;
}

static int disk_transfer(struct blockdev *b, bool write, uint64_t offset, struct page **pages,
			 size_t len)
{
	struct fake_disk *d = b->priv;

	if (!len || (offset | len) % b->logical_block || offset + len > d->size)
		panic("transfer of %zu bytes at %lu", len, (unsigned long)offset);
	*(write ? &d->writes : &d->reads) += 1;
	for (size_t done = 0; !d->fail && done < len; done += PAGE_SIZE) {
		void *mem = page_to_virt(*pages++), *disk = d->data + offset + done;

		memcpy(write ? disk : mem, write ? mem : disk, MIN(len - done, PAGE_SIZE));
	}
	return -d->fail;
}

static int disk_flush(struct blockdev *b)
{
	struct fake_disk *d = b->priv;

	d->flushes++;
	return -d->fail;
}

void virtio_blk_find(void)
{
	static const struct blockdev_ops ops = {
	    .start = disk_start, .transfer = disk_transfer, .flush = disk_flush};
	static struct blockdev disks[FAKE_DISKS];

	for (unsigned i = 0; i < fake_n_disks; i++) {
		disks[i].ops = &ops;
		disks[i].priv = &fake_disks[i];
		blockdev_add(&disks[i]);
	}
}

/* ---- the rest ---- */

size_t uaccess_read(void *dst, uaddr_t src, size_t n)
{
	if (src < PAGE_SIZE)
		return n;
	memcpy(dst, (void *)src, n);
	return 0;
}

size_t uaccess_write(uaddr_t dst, const void *src, size_t n)
{
	if (dst < PAGE_SIZE)
		return n;
	memcpy((void *)dst, src, n);
	return 0;
}

size_t uaccess_zero(uaddr_t dst, size_t n)
{
	if (dst < PAGE_SIZE)
		return n;
	memset((void *)dst, 0, n);
	return 0;
}

uint64_t clock_real_ns(void)
{
	return ++fake_now;
}

uint64_t clock_real_coarse_ns(void)
{
	return clock_real_ns();
}

uint64_t clock_mono_ns(void)
{
	return 5 * NSEC_PER_SEC;
}

uint64_t clock_thread_cpu_ns(void)
{
	return NSEC_PER_SEC;
}

uint64_t clock_process_cpu_ns(void)
{
	return NSEC_PER_SEC;
}

void random_bytes(void *buf, size_t n)
{
	memset(buf, 0x5a, n);
}

void random_mix(const void *data, size_t n)
{
}

void kernel_utsname(struct new_utsname *out)
{
	*out =
	    (struct new_utsname){.sysname = "Linux", .release = KERNEL_RELEASE, .nodename = "box"};
}

void kernel_set_hostname(const char *name, size_t n)
{
}

void kernel_set_domainname(const char *name, size_t n)
{
}

void cpu_info(struct cpu_info *out)
{
	*out = (struct cpu_info){.vendor = "Test"};
}

int cpu_flags_text(char *buf, size_t size)
{
	return snprintf(buf, size, "fpu");
}

uint64_t cpu_tsc_hz(void)
{
	return 2345678900;
}

long oom_points(struct process *p)
{
	return 0;
}

bool tty_present(void)
{
	return false;
}

bool tty_is_serial(void)
{
	return false;
}

int tty_open(struct inode *in, unsigned flags, struct file **out)
{
	return -ENXIO;
}

int tty_open_current(struct inode *in, unsigned flags, struct file **out)
{
	return -ENXIO;
}

int pty_open_master(struct inode *in, unsigned flags, struct file **out)
{
	return -ENXIO;
}

int pty_open_slave(unsigned index, struct inode *in, unsigned flags, struct file **out)
{
	return -ENXIO;
}

int pty_seed(struct inode *dir, const char *name, size_t len)
{
	return 0;
}

void filelock_closed(struct file *f, const struct files *fs)
{
}

void filelock_release(struct file *f)
{
}

int scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n < (int)size ? n : size ? (int)size - 1 : 0;
}

void fake_become(uint32_t uid, uint32_t group)
{
	static struct group_list *groups;
	static struct cred cred;

	if (!groups)
		groups = calloc(1, sizeof(*groups) + sizeof(groups->gid[0]));
	groups->n = group != 0;
	groups->gid[0] = group;
	fake_thread.cred = &cred;
	cred = (struct cred){.refs = 1,
			     .groups = groups,
			     .effective = uid == 0 ? CAPS_ALL : 0,
			     .permitted = uid == 0 ? CAPS_ALL : 0,
			     .bounding = CAPS_ALL,
			     .uid = uid,
			     .euid = uid,
			     .suid = uid,
			     .fsuid = uid,
			     .gid = uid,
			     .egid = uid,
			     .sgid = uid,
			     .fsgid = uid};
}

/* A boot module with nothing but a root image (NULL: not even that), in reserved memory. */
static const struct bootinfo *root_image(const void *image, size_t size)
{
	static struct bootinfo none;
	struct page *block;
	struct bootinfo *bi;

	if (!image)
		return &none;
	block = page_alloc(PAGE_MAX_ORDER, PAGE_ZEROED);
	if (!block || size + PAGE_SIZE > PAGE_SIZE << PAGE_MAX_ORDER)
		panic("the image is too large");
	page_split(block);
	bi = page_to_virt(block);
	bi->root_kind = BI_ROOT_MODULE;
	bi->root_data = PAGE_SIZE;
	bi->root_size = size;
	memcpy((char *)bi + PAGE_SIZE, image, size);
	for (size_t i = 0; i < 1u << PAGE_MAX_ORDER; i++)
		virt_to_page((char *)bi + i * PAGE_SIZE)->flags |= PG_RESERVED;
	return bi;
}

void fake_boot_over(const void *image, size_t size)
{
	struct process *p = &fake_process;

	if (arena_init(0x100000, MEMORY, NULL, 0, true))
		panic("no arena");
	p->pid = 42;
	p->mm = &fake_mm;
	p->sighand = &fake_sighand;
	fake_fs.umask = 022;
	list_add_tail(&p->link, &processes);
	p->n_threads = 1;
	list_init(&p->threads);
	list_init(&p->posix_timers);
	fake_thread.cred = &root_cred;
	fake_thread.process = p;
	fake_thread.tid = 42;
	list_add_tail(&fake_thread.process_link, &p->threads);
	for (int i = 0; i < RLIM_NLIMITS; i++)
		p->limits[i] = (struct rlimit64){UINT64_MAX, UINT64_MAX};
	p->limits[RLIMIT_NOFILE].rlim_cur = 1024;
	fake_become(0, 0);
	if (fs_init(root_image(image, size)) || files_new(&p->files))
		panic("no file systems");
	fake_fs.root = dentry_get(vfs_root());
	fake_fs.cwd = dentry_get(vfs_root());
	fake_thread.fs = &fake_fs;
}

void fake_boot(void)
{
	fake_boot_over(NULL, 0);
}

void klog(enum log_level level, const char *fmt, ...)
{
}

/* ---- what /proc asks about, empty ---- */

void mm_usage(struct mm *mm, uaddr_t start, uaddr_t end, struct mm_usage *out)
{
}

unsigned cpu_count(void)
{
	return 1;
}

uint32_t cpu_mask(void)
{
	return 1;
}

uint64_t sched_idle_ns(unsigned cpu)
{
	return 0;
}

bool cpu_cache(unsigned index, struct cpu_cache *out)
{
	return false;
}

void mm_usage_locked(struct mm *mm, uaddr_t start, uaddr_t end, struct mm_usage *out)
{
}

size_t mm_table_pages(struct mm *mm)
{
	return 1;
}

uint64_t mm_pagemap(struct mm *mm, uaddr_t addr)
{
	return 0;
}

bool vma_is_data(unsigned prot, unsigned flags)
{
	return false;
}

bool tty_controlling(const struct process *p, int *pgrp, unsigned *device)
{
	return false;
}

void filelock_each(void (*fn)(void *arg, const struct filelock *l, int number), void *arg)
{
}

/* ---- what message queues and asynchronous I/O reach beyond files, which no unit test does ---- */

void (*mm_gone)(struct mm *mm);

int64_t mm_map(struct mm *mm, uaddr_t addr, size_t len, unsigned prot, unsigned flags,
	       struct file *f, uint64_t offset, const char *name)
{
	abort();
}

int mm_unmap(struct mm *mm, uaddr_t addr, size_t len)
{
	abort();
}

int signal_send(struct process *p, const siginfo_t *info)
{
	abort();
}

int futex_sleep(struct wait_queue *wq, bool (*done)(const void *arg), const void *arg,
		const struct futex_deadline *until)
{
	abort();
}

void eventfd_signal(struct file *f)
{
	abort();
}

/* ---- network interfaces: none but the loopback ---- */

bool netif_row(unsigned nth, struct netif_row *row)
{
	static const uint8_t mac[6];

	*row = (struct netif_row){.name = "lo", .index = 1, .mac = mac, .broadcast = mac};
	return nth == 0;
}
