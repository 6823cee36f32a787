/* SPDX-License-Identifier: MIT */
/*
 * The page cache under random calls, against an array that knows what the file should hold: reads,
 * writes, stores through mappings, write-back, truncation, memory running out, transfers that fail.
 * unit: tests/unit/arena.c kernel/page.c kernel/iter.c fs/radix.c fs/pagecache.c
 * fs/pagecache_flush.c
 */
#define _ISOC11_SOURCE /* only ISO C from the C library: its POSIX types are not the kernel's */
#include "fs/pagecache.h"
#include "fs/vfs.h"
#include "kernel/heap.h"
#include "kernel/page.h"
#include "kernel/uaccess.h"
#include "tests/unit/arena.h"
#include "tests/unit/unit.h"

#include <string.h>

enum { PAGES = 600, SIZE = PAGES * PAGE_SIZE, ROUNDS = 60000 };

static uint8_t storage[SIZE], model[SIZE];
static uint64_t size; /* of the file; storage beyond `stored` reads as zeros */
static struct inode inode;
static struct pagecache pc;
static int fail_read, fail_write;
static size_t n_reads, n_writes, n_flushes, pages_read, pages_written;
static bool destroyed;

/* ---- surroundings ---- */

int (*file_sync_all)(bool durable);
static struct process process = {.mm = (struct mm *)&process};
static struct thread thread = {.process = &process};

void writeback_expect(void)
{
}

struct thread *current_thread(void)
{
	return &thread;
}

void *kmalloc(size_t n)
{
	return malloc(n);
}

void *kzalloc(size_t n)
{
	return calloc(1, n);
}

void kfree(void *p)
{
	free(p);
}

static size_t readable = SIZE; /* bytes from wherever a copy starts, then a bad page */

size_t uaccess_read(void *dst, uaddr_t src, size_t n)
{
	size_t good = MIN(n, readable);

	CHECK(!pc.io.held && !pc.writeback.held && !pc.tree_lock.held);
	memcpy(dst, (void *)src, good);
	return n - good;
}

size_t uaccess_write(uaddr_t dst, const void *src, size_t n)
{
	CHECK(!pc.io.held && !pc.writeback.held && !pc.tree_lock.held);
	memcpy((void *)dst, src, n);
	return 0;
}

size_t uaccess_zero(uaddr_t dst, size_t n)
{
	memset((void *)dst, 0, n);
	return 0;
}

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
	m->held = false;
}

struct inode *inode_get(struct inode *in)
{
	in->refs++;
	return in;
}

void inode_put(struct inode *in)
{
	destroyed |= --in->refs == 0;
}

/* ---- mappings: one slot per page ---- */

static struct {
	struct page *p;
	bool write;
} maps[PAGES];

static void unmap(uint64_t first, uint64_t end)
{
	for (uint64_t i = first; i < end && i < PAGES; i++) {
		if (maps[i].p)
			page_put(maps[i].p);
		maps[i].p = NULL;
	}
}

void mm_file_truncated(struct inode *in, uint64_t from)
{
	CHECK(in == &inode && !pc.io.held);
	unmap((from + PAGE_SIZE - 1) / PAGE_SIZE, PAGES);
}

bool mm_relieve(void)
{
	return false;
}

void mm_file_punched(struct inode *in, uint64_t from, uint64_t to)
{
	CHECK(in == &inode && !pc.io.held);
	unmap(from / PAGE_SIZE, to / PAGE_SIZE);
}

static uint64_t map_pages(void)
{
	return (size + PAGE_SIZE - 1) / PAGE_SIZE;
}

/* As a fault: the page for a read or a store. */
static int map(uint64_t index, bool write)
{
	struct page *p;
	int r;

	if (maps[index].p && (maps[index].write || !write))
		return 0;
	r = pagecache_map(&pc, index, map_pages(), write, &p);
	if (r == -ENOMEM && pc.n_dirty > page_total() / 8) { /* as mm_fault does */
		CHECK(write && pagecache_sync_all(false) == 0);
		r = pagecache_map(&pc, index, map_pages(), write, &p);
	}
	if (r)
		return r;
	unmap(index, index + 1);
	maps[index].p = p;
	maps[index].write = write;
	return 0;
}

/* Sometimes a store comes in just after write permission is gone. */
static uint64_t store_late = UINT64_MAX;

void mm_file_clean(struct inode *in, uint64_t first, uint64_t last)
{
	CHECK(in == &inode && !pc.io.held && !pc.tree_lock.held);
	for (uint64_t i = first; i <= last; i++)
		maps[i].write = false;
	if (store_late - first <= last - first && store_late < size / PAGE_SIZE) {
		uint64_t i = store_late;

		store_late = UINT64_MAX;
		if (map(i, true) == 0)
			model[i * PAGE_SIZE] = ++*(uint8_t *)page_to_virt(maps[i].p);
	}
}

/* ---- storage ---- */

static uint64_t stored_size;

static int transfer_read(struct pagecache *c, uint64_t index, struct page **pages, size_t n)
{
	CHECK(c->io.held && n >= 1 && n <= PAGECACHE_RUN && index + n <= PAGES);
	n_reads++;
	if (fail_read) {
		memset(page_to_virt(pages[0]), 0xee, PAGE_SIZE);
		return fail_read;
	}
	pages_read += n;
	for (size_t i = 0; i < n; i++) {
		uint64_t at = (index + i) * PAGE_SIZE;
		size_t have = at < stored_size ? MIN(stored_size - at, PAGE_SIZE) : 0;

		memcpy(page_to_virt(pages[i]), storage + at, have);
		memset((char *)page_to_virt(pages[i]) + have, 0, PAGE_SIZE - have);
	}
	return 0;
}

static int transfer_write(struct pagecache *c, uint64_t index, struct page **pages, size_t n)
{
	CHECK(c->io.held && n >= 1 && n <= PAGECACHE_RUN);
	n_writes++;
	if (fail_write)
		return fail_write;
	pages_written += n;
	for (size_t i = 0; i < n; i++) {
		uint64_t at = (index + i) * PAGE_SIZE;
		size_t len = at < size ? MIN(size - at, PAGE_SIZE) : 0;

		if (len && at > stored_size) /* a gap reads as zeros */
			memset(storage + stored_size, 0, at - stored_size);
		memcpy(storage + at, page_to_virt(pages[i]), len);
		stored_size = MAX(stored_size, at + len);
	}
	return 0;
}

static int transfer_flush(struct pagecache *c)
{
	n_flushes++;
	return 0;
}

static const struct pagecache_ops ops = {transfer_read, transfer_write, transfer_flush};

static bool is_cached(uint64_t index)
{
	struct page *p[3];

	pagecache_map_around(&pc, index, 3, map_pages(), p);
	for (int i = 0; i < 3; i++) {
		CHECK(!p[i] || (p[i]->priv == index + i && index + i < map_pages()));
		if (p[i])
			page_put(p[i]);
	}
	return p[0];
}

/* ---- random operations ---- */

static uint64_t pick(uint64_t n)
{
	return (uint64_t)rand() % n;
}

static void do_read(void)
{
	static uint8_t buf[40 * PAGE_SIZE];
	uint64_t pos = pick(SIZE), start = pos;
	size_t len = pick(8) ? pick(3 * PAGE_SIZE) : pick(sizeof(buf));
	size_t want = pos < size ? MIN(len, size - pos) : 0;
	struct iter to;
	ssize_t r;

	iter_user(&to, (uaddr_t)buf, len);
	r = pagecache_read(&pc, &to, &pos, size);
	CHECK(r == (ssize_t)want && pos == start + want);
	CHECK(memcmp(buf, model + start, want) == 0);
}

static void set_size(uint64_t to)
{
	uint64_t old = size;

	size = to;
	if (to < old) {
		memset(model + to, 0, old - to);
		stored_size = MIN(stored_size, to);
	}
	pagecache_truncate(&pc, MIN(old, to));
}

static void do_write(void)
{
	static uint8_t buf[20 * PAGE_SIZE];
	bool bad = pick(10) == 0;
	uint64_t pos = pick(3) ? pick(SIZE - sizeof(buf)) : pick(PAGES - 20) * PAGE_SIZE, at = pos;
	size_t len = pick(4) ? pick(3 * PAGE_SIZE) : pick(sizeof(buf));
	struct iter it;
	ssize_t r;

	if (bad) {
		readable = pick(1000);
		len = MIN(len, PAGE_SIZE - at % PAGE_SIZE);
	}
	for (size_t i = 0; i < len; i++)
		buf[i] = (uint8_t)rand();
	iter_user(&it, (uaddr_t)buf, len);
	r = pagecache_write(&pc, &it, &pos, size);
	readable = SIZE;
	if (r == -EFAULT && bad)
		return;
	CHECK(r >= 0 && pos == at + (size_t)r && it.left == len - (size_t)r);
	CHECK(bad ? (size_t)r <= len : (size_t)r == len);
	memcpy(model + at, buf, (size_t)r);
	size = MAX(size, pos);
}

static void do_map(void)
{
	uint64_t i = pick(PAGES);
	bool write = pick(2);
	int r = map(i, write);

	if (i >= map_pages()) {
		CHECK(r == -ENODATA);
		return;
	}
	CHECK(r == 0);
	CHECK(memcmp(page_to_virt(maps[i].p), model + i * PAGE_SIZE, PAGE_SIZE) == 0);
	if (write && (i + 1) * PAGE_SIZE <= size) {
		uint64_t off = pick(PAGE_SIZE);

		model[i * PAGE_SIZE + off] = ((uint8_t *)page_to_virt(maps[i].p))[off] =
		    (uint8_t)rand();
	}
}

static void check_stored(void)
{
	for (int tries = 0; tries < 3 && pc.n_dirty; tries++)
		CHECK(pagecache_sync(&pc) == 0); /* again after a late store */
	CHECK(pc.n_dirty == 0 && list_empty(&pc.dirty) && !pc.pinned && inode.refs == 1);
	CHECK(memcmp(storage, model, stored_size) == 0);
	for (uint64_t i = stored_size; i < size; i++)
		if (model[i])
			CHECK(!"everything was stored");
}

static void do_update(void)
{
	uint8_t data[300];
	uint64_t pos = size > sizeof(data) ? pick(size - sizeof(data)) : 0;

	if (!pos || pos + sizeof(data) > stored_size)
		return;
	memset(data, rand(), sizeof(data));
	memcpy(storage + pos, data, sizeof(data));
	memcpy(model + pos, data, sizeof(data));
	pagecache_update(&pc, pos, data, sizeof(data));
}

static void step(void)
{
	uint64_t a = pick(PAGES), b = pick(PAGES), kind = pick(100);

	if (kind < 30) {
		do_read();
	} else if (kind < 55) {
		do_write();
	} else if (kind < 75) {
		do_map();
	} else if (kind < 80) {
		unmap(MIN(a, b), MAX(a, b));
	} else if (kind < 85) {
		store_late = pick(3) ? UINT64_MAX : a;
		CHECK(pagecache_writeback(&pc, MIN(a, b), MAX(a, b)) == 0);
	} else if (kind < 88) {
		check_stored();
	} else if (kind < 91) {
		set_size(pick(4) ? pick(SIZE) : a * PAGE_SIZE);
	} else if (kind < 94) {
		do_update();
	} else if (kind < 96) {
		check_stored();
		pagecache_invalidate(&pc, MIN(a, b), MAX(a, b));
		CHECK(!is_cached(a));
	} else {
		uint64_t held = pc.n_pages;
		size_t n = pagecache_reclaim(a);

		CHECK(n <= a && pc.n_pages == held - n);
	}
}

static void test_random(void)
{
	uint64_t pages, dirty;

	for (int i = 0; i < ROUNDS; i++) {
		step();
		pagecache_totals(&pages, &dirty);
		CHECK(pages == pc.n_pages && dirty == pc.n_dirty && pc.pinned == (dirty != 0));
		CHECK(page_reclaimable == pages - dirty && inode.refs == 1 + pc.pinned);
	}
	check_stored();
	unmap(0, PAGES);
}

/* ---- particular promises ---- */

static void fresh(uint64_t bytes)
{
	unmap(0, PAGES);
	pagecache_destroy(&pc);
	CHECK(page_reclaimable == 0);
	inode = (struct inode){.refs = 1};
	destroyed = false;
	for (size_t i = 0; i < SIZE; i++)
		storage[i] = model[i] = i < bytes ? (uint8_t)(i / 61) : 0;
	size = stored_size = bytes;
	pagecache_init(&pc, &ops, &inode);
	n_reads = n_writes = n_flushes = pages_read = pages_written = 0;
}

static ssize_t read_at(uint64_t pos, size_t len)
{
	static uint8_t buf[SIZE];
	struct iter to;
	ssize_t r;

	iter_user(&to, (uaddr_t)buf, len);
	r = pagecache_read(&pc, &to, &pos, size);
	CHECK(r < 0 || memcmp(buf, model + pos - r, (size_t)r) == 0);
	return r;
}

static ssize_t write_at(uint64_t pos, size_t len)
{
	static uint8_t buf[SIZE];
	struct iter from;
	ssize_t r;

	memset(buf, (int)(pos >> 4 | 1), len);
	memcpy(model + pos, buf, len);
	iter_user(&from, (uaddr_t)buf, len);
	r = pagecache_write(&pc, &from, &pos, size);
	size = MAX(size, pos);
	return r;
}

static void test_transfers(void)
{
	fresh(512 * PAGE_SIZE);
	CHECK(read_at(0, 512 * PAGE_SIZE) == 512 * (ssize_t)PAGE_SIZE);
	CHECK(n_reads <= 8 && pages_read == 512); /* in sequence: 16, 32, 64, 128 ... */
	CHECK(read_at(7 * PAGE_SIZE + 5, 3 * PAGE_SIZE) == 3 * (ssize_t)PAGE_SIZE && n_reads <= 8);

	fresh(512 * PAGE_SIZE);
	CHECK(read_at(100 * PAGE_SIZE, 1) == 1 && n_reads == 1 && pages_read == 16);
	CHECK(is_cached(96) && is_cached(111) && !is_cached(112));

	/* Whole pages, and what lies beyond the end, are not read first. */
	fresh(10 * PAGE_SIZE + 7);
	CHECK(write_at(2 * PAGE_SIZE, 3 * PAGE_SIZE) > 0 && write_at(10 * PAGE_SIZE, 100) == 100);
	CHECK(write_at(40 * PAGE_SIZE + 50, 9) == 9 && n_reads == 0);
	CHECK(write_at(7 * PAGE_SIZE + 1, 1) == 1 && n_reads == 1);
	CHECK(read_at(0, SIZE) == (ssize_t)size);

	/* Write-back in runs, oldest first; a second time there is nothing to do. */
	CHECK(pagecache_writeback(&pc, 0, UINT64_MAX) == 0 && n_writes == 4 && pages_written == 6);
	CHECK(pagecache_writeback(&pc, 0, UINT64_MAX) == 0 && n_writes == 4 && n_flushes == 0);
	CHECK(pagecache_sync(&pc) == 0 && n_flushes == 1);
	CHECK(pagecache_sync(&pc) == 0 && n_flushes == 1);
	check_stored();
}

static void test_errors(void)
{
	struct page *p;

	fresh(64 * PAGE_SIZE);
	fail_read = -EIO;
	CHECK(read_at(0, 100) == -EIO && n_reads == 2 && pc.n_pages == 0);
	CHECK(pagecache_map(&pc, 3, 64, false, &p) == -EIO);
	CHECK(write_at(5, 10) == -EIO && pc.n_dirty == 0);
	fail_read = 0;
	memcpy(model, storage, SIZE);
	CHECK(read_at(0, 100) == 100);

	CHECK(write_at(0, PAGE_SIZE) > 0);
	fail_write = -ENOSPC;
	CHECK(pagecache_sync_all(true) == -ENOSPC);
	fail_write = 0;
	CHECK(pagecache_writeback(&pc, 0, 0) == -ENOSPC); /* told once */
	CHECK(pagecache_writeback(&pc, 0, 0) == 0);
}

static void test_inode_stays(void)
{
	fresh(4 * PAGE_SIZE);
	CHECK(write_at(0, 10) == 10 && inode.refs == 2);
	inode_put(&inode); /* nobody has it open any more */
	CHECK(!destroyed && pagecache_sync_all(true) == 0 && destroyed);
	CHECK(memcmp(storage, model, SIZE) == 0);
	inode.refs = 1;
	CHECK(file_sync_all == pagecache_sync_all);
}

static void test_reclaim(void)
{
	struct page *held[16], *p;
	struct list taken = LIST_INIT(taken);

	fresh(400 * PAGE_SIZE);
	CHECK(read_at(0, 400 * PAGE_SIZE) > 0 && pc.n_pages == 400);
	CHECK(write_at(3 * PAGE_SIZE, 1) == 1);
	for (uint64_t i = 0; i < 16; i++)
		CHECK(pagecache_get(&pc, i, 400, &held[i]) == 0);
	CHECK(pagecache_reclaim(10) == 10 && pc.n_pages == 390);
	(void)pagecache_reclaim(SIZE);
	CHECK(pc.n_pages == 16 && pagecache_reclaim(1) == 0);
	CHECK(read_at(0, 400 * PAGE_SIZE) > 0);

	/* The allocator takes them when it has nothing else; used ones last. */
	while (page_free_count() && (p = page_alloc(0, 0)))
		list_add_tail(&p->link, &taken);
	CHECK(pc.n_pages == 400);
	p = page_alloc(0, 0);
	CHECK(p && pc.n_pages < 400 && pc.n_pages > 300);
	page_put(p);
	/* Reading goes on with hardly any memory. */
	CHECK(read_at(0, 400 * PAGE_SIZE) > 0);
	while (page_available() > 16 && (p = page_alloc(0, 0)))
		list_add_tail(&p->link, &taken);
	CHECK(write_at(20 * PAGE_SIZE, 5) == 5 && read_at(0, 400 * PAGE_SIZE) > 0);
	while ((p = page_alloc(0, 0)))
		list_add_tail(&p->link, &taken);
	CHECK(pc.n_pages == 17); /* held or modified */
	CHECK(read_at(200 * PAGE_SIZE, 5) == -ENOMEM && read_at(0, 5) == 5);
	page_put_list(&taken);
	for (uint64_t i = 0; i < 16; i++)
		page_put(held[i]);
	check_stored();
}

/* Much is modified: write-back starts by itself. */
static void test_throttle(void)
{
	struct page *p;

	fresh(0);
	for (int round = 0; round < 40; round++) {
		CHECK(write_at(0, 500 * PAGE_SIZE) == 500 * (ssize_t)PAGE_SIZE);
		CHECK(pc.n_dirty <= page_total() / 8);
	}
	CHECK(n_writes > 0);
	for (int i = 0; pc.n_dirty <= page_total() / 8; i++)
		CHECK(map(i, true) == 0);
	CHECK(pagecache_map(&pc, 499, 500, true, &p) == -ENOMEM);
	CHECK(pagecache_map(&pc, 499, 500, false, &p) == 0);
	page_put(p);
	check_stored();
}

int main(void)
{
	size_t before;

	CHECK(arena_init(0x100000, 12ul << 20, NULL, 0, true) == 0);
	before = page_free_count();
	inode = (struct inode){.refs = 1};
	pagecache_init(&pc, &ops, &inode);
	srand(1);
	test_random();
	test_transfers();
	test_errors();
	test_inode_stays();
	test_reclaim();
	test_throttle();
	fresh(0);
	CHECK(page_free_count() == before);
	return UNIT_END();
}
