/* SPDX-License-Identifier: MIT */
/* /proc/self/maps: well-formed, sorted, has the program, heap, stack and vDSO with the right
 * permissions. */
#include "tests/guest/tap.h"

static int data = 1;

struct area {
	uintptr_t start, end;
	unsigned long off, ino;
	char perms[5], path[256];
};

static struct area areas[200];
static int n_areas;

static void load(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	char line[512];

	n_areas = 0;
	while (f && n_areas < 200 && fgets(line, sizeof(line), f)) {
		struct area *a = &areas[n_areas];
		unsigned maj, min;

		a->path[0] = 0;
		if (sscanf(line, "%lx-%lx %4s %lx %x:%x %lu %255[^\n]", &a->start, &a->end,
			   a->perms, &a->off, &maj, &min, &a->ino, a->path) >= 7)
			n_areas++;
	}
	if (f)
		fclose(f);
}

static struct area *at(const void *p)
{
	for (int i = 0; i < n_areas; i++)
		if (areas[i].start <= (uintptr_t)p && (uintptr_t)p < areas[i].end)
			return &areas[i];
	return NULL;
}

static bool perms_are(const void *p, const char *perms)
{
	struct area *a = at(p);

	return a && !strcmp(a->perms, perms);
}

/* Offsets follow a file's pages, also where a mapping was split or begins in the middle. */
static void offsets(void)
{
	int fd;
	struct stat st;
	char *p;

	tmp();
	fd = open("mapped", O_RDWR | O_CREAT | O_TRUNC, 0600);
	is(ftruncate(fd, 8 * PAGE), 0);
	is(fstat(fd, &st), 0);
	p = mmap(NULL, 6 * PAGE, PROT_READ, MAP_SHARED, fd, 2 * PAGE);
	is(mprotect(p + 2 * PAGE, PAGE, PROT_READ | PROT_WRITE), 0);
	is(munmap(p + 4 * PAGE, PAGE), 0);
	load();
	ok(at(p) && at(p)->off == 2 * PAGE && at(p)->ino == st.st_ino && perms_are(p, "r--s"));
	ok(at(p + 2 * PAGE) && at(p + 2 * PAGE)->off == 4 * PAGE);
	ok(perms_are(p + 2 * PAGE, "rw-s"));
	ok(at(p + 3 * PAGE) && at(p + 3 * PAGE)->off == 5 * PAGE);
	ok(!at(p + 4 * PAGE) || at(p + 4 * PAGE)->ino != st.st_ino);
	ok(at(p + 5 * PAGE) && at(p + 5 * PAGE)->off == 7 * PAGE);
	ok(at(p) && strstr(at(p)->path, "/mapped"));
	is(unlink("mapped"), 0);
	load();
	ok(at(p) && strstr(at(p)->path, "/mapped (deleted)"));
	munmap(p, 6 * PAGE);
	close(fd);
}

int main(void)
{
	int local = 0, sorted = 1, wx = 0;
	char *p = mmap(NULL, 3 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	     exe[256] = {0}, *brk_now;

	readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	mprotect(p + PAGE, PAGE, PROT_NONE);
	load();
	ok(n_areas >= 5);
	for (int i = 0; i < n_areas; i++) {
		sorted &= areas[i].start < areas[i].end &&
			  !((areas[i].start | areas[i].end) & (PAGE - 1));
		sorted &= !i || areas[i - 1].end <= areas[i].start;
		wx += areas[i].perms[1] == 'w' && areas[i].perms[2] == 'x';
	}
	ok(sorted);
	is(wx, 0);
	ok(perms_are(main, "r-xp"));
	ok(perms_are("a constant", "r--p"));
	ok(perms_are(&data, "rw-p"));
	ok(perms_are(&local, "rw-p"));
	ok(at(main) && !strcmp(at(main)->path, exe));
	ok(at(&local) && strstr(at(&local)->path, "[stack]"));
	ok(perms_are(p, "r--p") && perms_are(p + PAGE, "---p") && perms_are(p + 2 * PAGE, "r--p"));
	ok(!at(NULL));
	mprotect(p + PAGE, PAGE, PROT_READ);
	load();
	ok(at(p) && at(p) == at(p + 2 * PAGE), "equal neighbours are merged");
	munmap(p, 3 * PAGE);
	offsets();
	load();
	ok(!at(p));
	brk_now = (char *)sys(brk, 0ul);
	is(sys(brk, brk_now + 100000), brk_now + 100000);
	load();
	ok(at(brk_now + 99999) && strstr(at(brk_now + 99999)->path, "[heap]"));
	return tap_done();
}
