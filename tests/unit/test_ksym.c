/* SPDX-License-Identifier: MIT */
/* kernel/ksym.c: kernel names from a small table; program names from this very test's own file, and
 * from damaged ones. */
/* unit: kernel/ksym.c */
#define _ISOC11_SOURCE /* only ISO C from the C library: its POSIX types are not the kernel's */
#include "kernel/ksym.h"

#include "kernel/file.h"
#include "kernel/mm.h"
#include "kernel/x86_64/layout.h"
#include "tests/unit/unit.h"

#include <string.h>

const uint32_t ksym_count = 3;
const uint32_t ksym_first = 0x100000;
const uint16_t ksym_sizes[] = {0x10, 0x10, 0xe0};
const char ksym_words[] = "cold\0th";
const char ksym_names[] = "first\0second.\200\0\201ird";

/* ---- the rest of the kernel, as far as ksym.c needs it ---- */

static uint8_t *image; /* contents of the file behind the mapping */
static size_t image_size;
static int file_refs;
static struct vma area;

int scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n < (int)size ? n : (int)size - 1;
}

void iter_kernel(struct iter *it, void *base, size_t len)
{
	it->one = (struct iovec){base, len};
}

ssize_t file_read(struct file *f, struct iter *to, uint64_t *pos)
{
	size_t left = *pos < image_size ? image_size - *pos : 0, n = MIN(to->one.iov_len, left);

	memcpy(to->one.iov_base, image + (n ? *pos : 0), n);
	return n;
}

struct file *file_get(struct file *f)
{
	file_refs++;
	return f;
}

void file_put(struct file *f)
{
	file_refs--;
}

struct vma *mm_find(struct mm *mm, uaddr_t addr)
{
	return addr >= area.start && addr < area.end ? &area : NULL;
}

void mutex_lock(struct mutex *m)
{
	m->held = true;
}

void mutex_unlock(struct mutex *m)
{
	m->held = false;
}

/* ---- tests ---- */

static const char *kernel_name(uint64_t addr)
{
	static char buf[KSYM_TEXT_MAX];

	ksym_format(addr, buf, sizeof(buf));
	return buf;
}

static void test_kernel(void)
{
	const uint64_t base = KERNEL_BASE + 0x100000;
	char tiny[6];

	CHECK(!strcmp(kernel_name(base), "first+0x0"));
	CHECK(!strcmp(kernel_name(base + 0xf), "first+0xf"));
	CHECK(!strcmp(kernel_name(base + 0x10), "second.cold+0x0"));
	CHECK(!strcmp(kernel_name(base + 0xff), "third+0xdf"));
	CHECK(!strcmp(kernel_name(base + 0x100), "0xffffffff80100100"));
	CHECK(!strcmp(kernel_name(base - 1), "0xffffffff800fffff"));
	CHECK(!strcmp(kernel_name(0), "0x0"));
	CHECK(ksym_format(base, tiny, sizeof(tiny)) == 5 && !strcmp(tiny, "first"));
}

static const char *program_name(uaddr_t addr)
{
	static char buf[KSYM_TEXT_MAX];
	struct mm mm = {0};

	ksym_format_program(&mm, addr, buf, sizeof(buf));
	CHECK(file_refs == 0 && !mm.lock.held);
	return buf;
}

/* Describe the mapping of this process that contains addr, and read its file. */
static void map_self(uint64_t addr)
{
	FILE *maps = fopen("/proc/self/maps", "r"), *exe = fopen("/proc/self/exe", "r");
	unsigned long lo, hi, off;
	char line[512];

	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %*s %lx", &lo, &hi, &off) == 3 && addr >= lo && addr < hi)
			area = (struct vma){
			    .start = lo, .end = hi, .offset = off, .file = (struct file *)&area};
	fclose(maps);
	fseek(exe, 0, SEEK_END);
	image_size = (size_t)ftell(exe);
	rewind(exe);
	image = malloc(image_size);
	CHECK(fread(image, 1, image_size, exe) == image_size);
	fclose(exe);
}

static void test_program(void)
{
	uint64_t here = (uint64_t)test_kernel;

	map_self(here);
	CHECK(!strcmp(program_name(here), "test_kernel+0x0"));
	CHECK(!strcmp(program_name(here + 7), "test_kernel+0x7"));
	CHECK(!strcmp(program_name((uint64_t)program_name + 1), "program_name+0x1"));
	CHECK(!strcmp(program_name(area.start - 1), "?"));
}

/* Whatever a file says, an answer comes back. */
static void test_damaged(void)
{
	uint64_t here = (uint64_t)test_kernel;
	uint8_t *good = malloc(image_size);
	size_t full = image_size;

	memcpy(good, image, full);
	for (int i = 0; i < 300; i++) {
		for (int j = 0; j < 20; j++) {
			size_t at = (size_t)rand() % (j < 10 ? 64 : 4096);

			image[at] = (size_t)rand();
			image[full - 1 - at] = (size_t)rand(); /* section headers are at the end */
		}
		image_size = i % 3 ? full : (size_t)rand() % full;
		CHECK(program_name(here)[0] != '\0');
		memcpy(image, good, full);
	}
	image_size = full;
	image[0] = 0;
	CHECK(strncmp(program_name(here), "file+0x", 7) == 0);
	area.file = NULL;
	area.name = "[vdso]";
	CHECK(!strcmp(program_name(area.start + 0x93), "[vdso]+0x93"));
	area.name = NULL;
	CHECK(!strcmp(program_name(area.start), "?"));
	free(good);
	free(image);
}

int main(void)
{
	test_kernel();
	test_program();
	test_damaged();
	return UNIT_END();
}
