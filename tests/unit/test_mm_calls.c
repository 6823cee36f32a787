/* SPDX-License-Identifier: MIT */
/*
 * Answers of the memory calls in the corners, one by one; the expected values are what Linux 6.18
 * answered to the same calls. Then stacks, the break, limits, and what filling costs.
 * unit: kernel/mm.c kernel/mm_fork.c kernel/mm_gather.c kernel/mm_file.c kernel/mm_fault.c
 * kernel/mm_range.c kernel/mm_move.c kernel/vma.c kernel/x86_64/pt.c kernel/page.c kernel/heap.c
 * kernel/mm_stubs.c loader/rewrite.c tests/unit/arena.c
 */
#include "tests/unit/mmsim.h"

#define K PAGE_SIZE
enum { RW = PROT_READ | PROT_WRITE, ANON = MAP_PRIVATE | MAP_ANONYMOUS };

static const uaddr_t base = SIM_BASE;
static struct sim_file rw_file, ro_file, wo_file;

static int64_t map(uaddr_t a, size_t len, unsigned prot, unsigned flags)
{
	return mm_map(mm, a, len, prot, flags, NULL, 0, NULL);
}

static int64_t map_file(struct sim_file *f, size_t len, unsigned prot, unsigned flags, uint64_t off)
{
	return mm_map(mm, 0, len, prot, flags, &f->f, off, NULL);
}

/* Areas [0,2) rw [2,3) r [3,4) rw, a hole, [6,8) rw. */
static void fresh(void)
{
	CHECK(mm_unmap(mm, base, SIM_PAGES * K) == 0);
	CHECK(map(base, 2 * K, RW, ANON | MAP_FIXED) == (int64_t)base);
	CHECK(map(base + 2 * K, K, PROT_READ, ANON | MAP_FIXED) > 0);
	CHECK(map(base + 3 * K, K, RW, ANON | MAP_FIXED) > 0);
	CHECK(map(base + 6 * K, 2 * K, RW, ANON | MAP_FIXED) > 0);
}

static void test_mmap(void)
{
	int64_t a;

	CHECK(map(0, K, RW, ANON | MAP_FIXED) == -EPERM); /* as Linux without CAP_SYS_RAWIO */
	CHECK(map(0x8000, K, RW, ANON | MAP_FIXED) == -EPERM);
	CHECK(map(0x8000, K, RW, ANON) == 0x10000);
	CHECK(map(0x8001, K, RW, ANON | MAP_FIXED) == -EINVAL);
	CHECK(map(0, 0, RW, ANON) == -EINVAL);
	CHECK(map(0, SIZE_MAX, RW, ANON) == -ENOMEM);
	CHECK(map(0, 1ul << 47, PROT_NONE, ANON) == -ENOMEM);
	CHECK(map(0, 1ul << 46, PROT_NONE, ANON) > 0);
	CHECK(map(0, 1ul << 40, RW, ANON) == -ENOMEM);
	CHECK((a = map(0, 1ul << 40, RW, ANON | MAP_NORESERVE)) > 0 && IS_ALIGNED(a, HUGE_SIZE));
	CHECK(map(0, K, RW, MAP_ANONYMOUS) == -EINVAL);
	CHECK(map(0, K, RW, MAP_SHARED_VALIDATE | MAP_ANONYMOUS) == -EINVAL);
	CHECK(map(0, K, RW, 8 | MAP_ANONYMOUS) > 0);
	CHECK(map(0, K, RW, 8 | MAP_ANONYMOUS | MAP_LOCKED) == -EINVAL);
	CHECK(map_file(&rw_file, K, RW, 8, 0) == -EINVAL);
	CHECK(map_file(&rw_file, K, RW, MAP_PRIVATE, 1) == -EINVAL);
	CHECK(map_file(&rw_file, 2 * K, RW, MAP_PRIVATE, -K) == -EOVERFLOW);
	CHECK(map_file(&ro_file, K, RW, MAP_SHARED, 0) == -EACCES);
	CHECK(map_file(&ro_file, K, RW, MAP_PRIVATE, 0) > 0);
	CHECK(map_file(&wo_file, K, PROT_READ, MAP_PRIVATE, 0) == -EACCES);
	CHECK(map_file(&ro_file, K, RW, MAP_PRIVATE | MAP_GROWSDOWN, 0) == -EINVAL);
	CHECK(map_file(&rw_file, K, RW, 0, 0) == -EINVAL);
	CHECK(map_file(&rw_file, K, RW, MAP_SHARED_VALIDATE | MAP_SYNC, 0) == -EOPNOTSUPP);
	CHECK(map_file(&rw_file, K, RW, MAP_SHARED_VALIDATE, 0) > 0);
	CHECK(map(0x7ffffffff000, K, PROT_READ, ANON | MAP_FIXED) == -ENOMEM);
	CHECK(map(0x7fffffffe000, K, PROT_READ, ANON | MAP_FIXED) == 0x7fffffffe000);
	CHECK(map(0x7ffffffff001, K, PROT_READ, ANON | MAP_FIXED) == -ENOMEM);
	fresh();
	CHECK(map(base, K, RW, ANON | MAP_FIXED_NOREPLACE) == -EEXIST);
	CHECK(map(base + 1, K, RW, ANON | MAP_FIXED_NOREPLACE) == -EINVAL);
	CHECK(map(base + 4 * K, 2 * K, RW, ANON | MAP_FIXED_NOREPLACE) == (int64_t)(base + 4 * K));
	a = map(0, K, RW, ANON | MAP_32BIT);
	CHECK(a >= 0x40000000 && a < 0x80000000);
	CHECK(map(0, K, 0xff, ANON) > 0);
}

static void test_munmap_mprotect(void)
{
	int64_t shared;

	CHECK(mm_unmap(mm, base + 1, K) == -EINVAL && mm_unmap(mm, base, 0) == -EINVAL);
	CHECK(mm_unmap(mm, TASK_SIZE, 1) == -EINVAL && mm_unmap(mm, 0, SIZE_MAX) == -EINVAL);
	CHECK(mm_unmap(mm, 0, K) == 0);
	fresh();
	shared = map_file(&ro_file, K, PROT_READ, MAP_SHARED, 0);
	CHECK(mm_protect(mm, base + 1, K, PROT_READ) == -EINVAL);
	CHECK(mm_protect(mm, base, 0, 0x80) == 0 && mm_protect(mm, base, K, 0x80) == -EINVAL);
	CHECK(mm_protect(mm, base, SIZE_MAX, PROT_READ) == -ENOMEM);
	CHECK(mm_protect(mm, base + 4 * K, K, PROT_READ) == -ENOMEM);
	CHECK(mm_protect(mm, base, K, PROT_GROWSDOWN | PROT_READ) == -EINVAL);
	CHECK(mm_protect(mm, base, K, PROT_GROWSUP | PROT_READ) == -EINVAL);
	CHECK(mm_protect(mm, base, K, PROT_GROWSDOWN | PROT_GROWSUP) == -EINVAL);
	CHECK(mm_protect(mm, base, K, PROT_SEM | RW) == 0);
	CHECK(mm_protect(mm, base, 8 * K, RW) == -ENOMEM); /* up to the hole it is done: */
	CHECK(mm_find(mm, base)->start == base && mm_find(mm, base)->end == base + 4 * K);
	CHECK(mm_protect(mm, (uaddr_t)-4096, K, PROT_READ) == -ENOMEM);
	CHECK(mm_protect(mm, (uaddr_t)shared, K, RW) == -EACCES);
	CHECK(mm_protect(mm, (uaddr_t)shared, K, PROT_READ | PROT_EXEC) == 0);
}

static void test_madvise(void)
{
	uaddr_t shared, none, past;

	fresh();
	shared = (uaddr_t)map_file(&ro_file, K, PROT_READ, MAP_SHARED, 0);
	none = (uaddr_t)map(0, K, PROT_NONE, ANON);
	past = (uaddr_t)map_file(&rw_file, 4 * K, RW, MAP_SHARED, (SIM_FILE_PAGES - 2) * K);
	CHECK(mm_advise(mm, base, K, 5) == -EINVAL && mm_advise(mm, base, 0, 999) == -EINVAL);
	CHECK(mm_advise(mm, base, 0, MADV_FREE) == 0 && mm_advise(mm, base, 1, MADV_DONTNEED) == 0);
	CHECK(mm_advise(mm, base + 1, K, MADV_DONTNEED) == -EINVAL);
	CHECK(mm_advise(mm, base, SIZE_MAX, MADV_DONTNEED) == -EINVAL);
	CHECK(mm_advise(mm, base, -K, MADV_DONTNEED) == -EINVAL);
	CHECK(mm_advise(mm, base, 8 * K, MADV_DONTNEED) == -ENOMEM);
	CHECK(mm_advise(mm, base, 8 * K, MADV_WILLNEED) == -ENOMEM);
	CHECK(mm_advise(mm, TASK_SIZE, K, MADV_DONTNEED) == -ENOMEM);
	CHECK(mm_advise(mm, base, K, MADV_REMOVE) == -EINVAL &&
	      mm_advise(mm, shared, K, MADV_REMOVE) == -EACCES);
	CHECK(mm_advise(mm, shared, K, MADV_FREE) == -EINVAL &&
	      mm_advise(mm, shared, K, MADV_WIPEONFORK) == -EINVAL);
	CHECK(mm_advise(mm, none, K, MADV_POPULATE_READ) == -EINVAL);
	CHECK(mm_advise(mm, shared, K, MADV_POPULATE_WRITE) == -EINVAL);
	CHECK(mm_advise(mm, past, 4 * K, MADV_POPULATE_WRITE) == -EFAULT);
	CHECK(mm_advise(mm, base, 8 * K, MADV_POPULATE_READ) == -ENOMEM);
	CHECK(mm_advise(mm, base, 2 * K, MADV_POPULATE_WRITE) == 0);
	sim_process.limits[RLIMIT_MEMLOCK].rlim_cur = 2 * K;
	CHECK(mm_lock_range(mm, base, 3 * K, 0) == -ENOMEM);
	CHECK(mm_lock_range(mm, base, K, 0) == 0 && mm_lock_range(mm, base, 2 * K, 0) == 0);
	CHECK(mm->locked_pages == 2 && mm_lock_range(mm, base + 3 * K, 1, 0) == -ENOMEM);
	CHECK(map(0, K, RW, ANON | MAP_LOCKED) == -EAGAIN);
	CHECK(mm_advise(mm, base, K, MADV_DONTNEED) == -EINVAL &&
	      mm_advise(mm, base, K, MADV_COLD) == -EINVAL);
	CHECK(mm_advise(mm, base, K, MADV_DONTNEED_LOCKED) == 0);
	CHECK(mm_sync(mm, base, K, MS_INVALIDATE) == -EBUSY);
	sim_process.limits[RLIMIT_MEMLOCK].rlim_cur = 0;
	CHECK(mm_lock_range(mm, base, K, 0) == -EPERM);
	sim_process.limits[RLIMIT_MEMLOCK].rlim_cur = RLIM64_INFINITY;
	CHECK(mm_unlock_range(mm, base, 8 * K) == -ENOMEM && mm->locked_pages == 0);
	CHECK(mm_lock_range(mm, none, K, 0) == -ENOMEM &&
	      mm_lock_range(mm, past, 4 * K, 0) == -ENOMEM);
	CHECK(mm_lock_range(mm, base, 0, 0) == 0 &&
	      mm_lock_range(mm, (uaddr_t)-4096, 1, 0) == -EINVAL);
	mm_lock_all(mm, 0);
}

static void test_msync_mincore(void)
{
	uint8_t vec[8];

	fresh();
	CHECK(mm_sync(mm, base, K, 7) == -EINVAL &&
	      mm_sync(mm, base, K, MS_ASYNC | MS_SYNC) == -EINVAL);
	CHECK(mm_sync(mm, base, K, 8) == -EINVAL && mm_sync(mm, base + 1, K, MS_SYNC) == -EINVAL);
	CHECK(mm_sync(mm, base, SIZE_MAX, MS_SYNC) == 0 &&
	      mm_sync(mm, base, -K, MS_SYNC) == -ENOMEM);
	CHECK(mm_sync(mm, base, 8 * K, MS_SYNC) == -ENOMEM && mm_sync(mm, base, 4 * K, 0) == 0);
	CHECK(mm_advise(mm, base, 4 * K, MADV_DONTNEED) == 0);
	CHECK(mm_mincore(mm, base, 4, vec) == 4 && !vec[0] && !vec[3]);
	CHECK(mm_fault(mm, base, MM_WRITE) == 0);
	CHECK(mm_mincore(mm, base, 2, vec) == 2 && vec[0] == 1);
	CHECK(mm_mincore(mm, base, 8, vec) == 4);
}

static void test_mremap(void)
{
	const unsigned move = MREMAP_MAYMOVE, fixed = MREMAP_MAYMOVE | MREMAP_FIXED;
	const unsigned dont = MREMAP_MAYMOVE | MREMAP_DONTUNMAP;
	uaddr_t shared;
	int64_t a;

	fresh();
	CHECK(mm_remap(mm, base, K, 0, move, 0) == -EINVAL &&
	      mm_remap(mm, base, 0, K, move, 0) == -EINVAL);
	CHECK(mm_remap(mm, base + 1, K, K, move, 0) == -EINVAL &&
	      mm_remap(mm, base, K, K, 8, 0) == -EINVAL);
	CHECK(mm_remap(mm, base, K, K, MREMAP_FIXED, base + 9 * K) == -EINVAL);
	CHECK(mm_remap(mm, base, K, 2 * K, fixed, base) == -EINVAL);
	CHECK(mm_remap(mm, base, K, 2 * K, fixed, base + 100 * K + 1) == -EINVAL);
	CHECK(mm_remap(mm, base, K, 2 * K, dont, 0) == -EINVAL &&
	      mm_remap(mm, base, K, K, 4, 0) == -EINVAL);
	CHECK(mm_remap(mm, base, K, SIZE_MAX, move, 0) == -EINVAL);
	CHECK(mm_remap(mm, base, K, 1ul << 47, move, 0) == -EINVAL);
	CHECK(mm_remap(mm, base + 4 * K, K, K, 0, 0) == -EFAULT);
	CHECK(mm_remap(mm, base + 4 * K, 2 * K, K, 0, 0) == -EFAULT);
	CHECK(mm_remap(mm, base, 8 * K, 8 * K, 0, 0) == (int64_t)base);
	CHECK(mm_remap(mm, base, 3 * K, 4 * K, move, 0) == -EFAULT);
	CHECK(mm_remap(mm, base, 2 * K, 3 * K, 0, 0) == -ENOMEM);
	CHECK(mm_remap(mm, base + 3 * K, K, 3 * K, 0, 0) == (int64_t)(base + 3 * K));
	fresh();
	CHECK(mm_remap(mm, base + 3 * K, K, 4 * K, 0, 0) == -ENOMEM);
	CHECK(mm_remap(mm, base, 8 * K, 8 * K, fixed, base + 100 * K) == (int64_t)(base + 100 * K));
	CHECK(!mm_find(mm, base) && !mm_find(mm, base + 104 * K) && mm_find(mm, base + 107 * K));
	fresh();
	CHECK(mm_remap(mm, base, 8 * K, 4 * K, fixed, base + 100 * K) == -EFAULT);
	CHECK(mm_remap(mm, base, 8 * K, 8 * K, dont, 0) == -EFAULT);
	a = mm_remap(mm, base, 2 * K, 2 * K, dont, base + 300 * K);
	CHECK(a == (int64_t)(base + 300 * K) && mm_find(mm, base));
	CHECK(mm_remap(mm, base, 2 * K, 2 * K, dont, base + 1) == -EINVAL);
	CHECK(mm_remap(mm, base, 2 * K, 1ul << 40, move, 0) == -ENOMEM);
	CHECK(mm_remap(mm, base, K, K, fixed, 0x1000) == -EPERM);
	CHECK(mm_remap(mm, base, K, K, fixed, TASK_SIZE) == -EINVAL);
	fresh();
	CHECK(mm_remap(mm, base, 8 * K, K, 0, 0) == (int64_t)base && !mm_find(mm, base + K) &&
	      !mm_find(mm, base + 7 * K));
	shared = (uaddr_t)map_file(&rw_file, 2 * K, RW, MAP_SHARED, 0);
	CHECK(mm_remap(mm, shared, 0, 2 * K, 0, 0) == -ENOMEM);
	a = mm_remap(mm, shared, 0, 2 * K, move, 0);
	CHECK(a > 0 && (uaddr_t)a != shared && mm_find(mm, shared));
}

static void test_stack(void)
{
	uaddr_t top = base + 1024 * K, bottom = top - 4 * K;
	struct vma *v;

	CHECK(mm_unmap(mm, base, SIM_PAGES * K) == 0);
	CHECK(map(bottom, 4 * K, RW, ANON | MAP_FIXED | MAP_GROWSDOWN) == (int64_t)bottom);
	CHECK(map(base, 512 * K, RW, ANON | MAP_FIXED) == (int64_t)base);
	sim_process.limits[RLIMIT_STACK].rlim_cur = 200 * K;
	CHECK(mm_fault(mm, top - 200 * K, MM_WRITE) == 0);
	v = mm_find(mm, top - 1);
	CHECK(v->start == top - 200 * K && v->end == top);
	CHECK(mm_fault(mm, top - 200 * K - 1, MM_WRITE) == -EFAULT); /* RLIMIT_STACK */
	sim_process.limits[RLIMIT_STACK].rlim_cur = RLIM64_INFINITY;
	CHECK(mm_fault(mm, base + (512 + 256) * K, MM_READ) ==
	      0); /* the guard gap of 256 pages is kept ... */
	CHECK(mm_fault(mm, base + (512 + 256) * K - 1, MM_READ) == -EFAULT);
	CHECK(map(base + 512 * K + 100 * K, K, RW, ANON) !=
	      (int64_t)(base + 612 * K)); /* ... by others, too */
	CHECK(map(base + 512 * K + 100 * K, K, RW, ANON | MAP_FIXED) > 0);
	CHECK(mm_protect(mm, top - K, K, PROT_READ | PROT_GROWSDOWN) == 0);
	CHECK(!(mm_find(mm, base + (512 + 256) * K)->prot & PROT_WRITE));
}

static void test_brk(void)
{
	uaddr_t start = base + 2000 * K;

	CHECK(mm_unmap(mm, base, SIM_PAGES * K) == 0);
	mm->brk_start = mm->brk = start;
	CHECK(mm_brk(mm, 0) == start && mm_brk(mm, start - K) == start);
	CHECK(mm_brk(mm, start + 5) == start + 5 && mm_find(mm, start)->end == start + K);
	CHECK(!strcmp(mm_find(mm, start)->name, "[heap]"));
	CHECK(mm_brk(mm, start + 3 * K) == start + 3 * K &&
	      mm_find(mm, start)->end == start + 3 * K);
	CHECK(map(start + 10 * K, K, RW, ANON | MAP_FIXED) > 0);
	CHECK(mm_brk(mm, start + 10 * K) == start + 3 * K &&
	      mm_brk(mm, start + 9 * K) == start + 9 * K);
	CHECK(mm_brk(mm, start + 1) == start + 1 && mm_find(mm, start)->end == start + K);
	sim_process.limits[RLIMIT_DATA].rlim_cur = 4 * K;
	CHECK(mm_brk(mm, start + 5 * K) == start + 1);
	sim_process.limits[RLIMIT_DATA].rlim_cur = RLIM64_INFINITY;
	CHECK(mm_brk(mm, start) == start && !mm_find(mm, start));
}

static void test_limits(void)
{
	uaddr_t a;

	CHECK(mm_unmap(mm, 0, TASK_SIZE) == 0 && mm->total_pages == 0 && mm->resident_pages == 0);
	a = (uaddr_t)map(0, 16 * K, RW, ANON);
	sim_process.limits[RLIMIT_AS].rlim_cur = 20 * K;
	CHECK(map(0, 5 * K, PROT_NONE, ANON) == -ENOMEM &&
	      map(a, 20 * K, RW, ANON | MAP_FIXED) > 0);
	CHECK(mm_remap(mm, a, 20 * K, 21 * K, MREMAP_MAYMOVE, 0) == -ENOMEM);
	sim_process.limits[RLIMIT_AS].rlim_cur = RLIM64_INFINITY;
	sim_process.limits[RLIMIT_DATA].rlim_cur = 20 * K;
	CHECK(map(0, K, RW, ANON) == -ENOMEM && map(0, K, PROT_READ, ANON) > 0);
	CHECK(mm_protect(mm, (uaddr_t)map(0, K, PROT_READ, ANON), K, RW) == -ENOMEM);
	sim_process.limits[RLIMIT_DATA].rlim_cur = RLIM64_INFINITY;
	CHECK(mm_unmap(mm, 0, TASK_SIZE) == 0);
}

/* What makes faults and flushes expensive is not done without need. */
static void test_costs(void)
{
	size_t flushes = sim_flushes, free_pages;
	uint32_t *word;
	int64_t a;

	CHECK((a = map(base, 16 * K, RW, ANON | MAP_FIXED)) > 0 &&
	      mm->resident_pages == 16); /* filled at once */
	CHECK(mm_protect(mm, base, K, PROT_READ) == 0 && sim_flushes == flushes + 1);
	CHECK(mm_protect(mm, base, K, RW) == 0 &&
	      sim_flushes == flushes + 1); /* more rights: no flush */
	CHECK(mm_unmap(mm, base, 16 * K) == 0 && sim_flushes == flushes + 2);
	CHECK(map(base, 1ul << 39, PROT_NONE, ANON | MAP_FIXED) > 0 && mm->resident_pages == 0);
	free_pages = page_free_count();
	CHECK(mm_protect(mm, base, SIM_PAGES * K, RW) == 0);
	CHECK(page_free_count() >= free_pages - 1 && sim_flushes == flushes + 2);
	CHECK(sim_access(700, MM_WRITE, &word) == 0 && mm->resident_pages == 512); /* 2 MiB */
	CHECK(mm_advise(mm, base, SIM_PAGES * K, MADV_NOHUGEPAGE) == 0);
	CHECK(sim_access(20, MM_WRITE, &word) == 0 && mm->resident_pages == 512 + 16); /* 64 KiB */
	CHECK(mm_unmap(mm, base + 600 * K, K) == 0 && mm->resident_pages == 512 + 15);
	CHECK(sim_access(700, MM_READ, &word) == 0 && sim_access(600, MM_READ, &word) == -EFAULT);
	CHECK(mm_unmap(mm, base, 1ul << 39) == 0 && mm->resident_pages == 0);
	CHECK(pt_tables(mm->root) <= 8 && sim_flushes <= flushes + 5);
}

static void test_kernel_pages(void)
{
	struct page *p[2] = {page_alloc(0, PAGE_ZEROED), page_alloc(0, PAGE_ZEROED)};
	uint32_t *word;
	int64_t a = mm_map_pages(mm, base, p, 2, PROT_READ | PROT_EXEC, "[vdso]");

	CHECK(a == (int64_t)base && p[0]->refs == 2 && sim_access(1, MM_EXEC, &word) == 0);
	CHECK(mm_protect(mm, base, K, PROT_READ | PROT_EXEC | PROT_WRITE) == -EACCES);
	CHECK(mm_advise(mm, base, K, MADV_DONTNEED) == -EINVAL &&
	      sim_access(0, MM_WRITE, &word) == -EACCES);
	CHECK(mm_remap(mm, base, 2 * K, 2 * K, MREMAP_MAYMOVE | MREMAP_FIXED, base + 50 * K) > 0);
	CHECK(sim_access(51, MM_READ, &word) == 0 && word == page_to_virt(p[1]));
	CHECK(mm_unmap(mm, base + 50 * K, 2 * K) == 0 && p[0]->refs == 1);
}

int main(void)
{
	sim_boot(64 << 20);
	sim_start();
	sim_file_init(&rw_file, O_RDWR);
	sim_file_init(&ro_file, O_RDONLY);
	sim_file_init(&wo_file, O_WRONLY);
	test_mmap();
	test_munmap_mprotect();
	test_madvise();
	test_msync_mincore();
	test_mremap();
	test_stack();
	test_brk();
	test_limits();
	test_costs();
	test_kernel_pages();
	CHECK(mm_file_writable_mapped(rw_file.f.inode) == false);
	CHECK(rw_file.f.refs == 1 && ro_file.f.refs == 1);
	return UNIT_END();
}
