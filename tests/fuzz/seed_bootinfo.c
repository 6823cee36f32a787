/* SPDX-License-Identifier: MIT */
/* Writes a small valid boot module to standard output: the fuzzer's starting point. */
#include "kernel/abi/bootinfo.h"

#include <stdio.h>
#include <string.h>

static struct {
	struct bootinfo bi;
	struct bi_file files[3];
	uint32_t groups[2];
	char strings[256];
	char page[4096] __attribute__((aligned(4096)));
} m;

#define AT(member) ((uint32_t)((char *)&m.member - (char *)&m))

static uint32_t used;

static uint32_t put(const char *s, size_t n)
{
	uint32_t at = AT(strings) + used;

	memcpy(m.strings + used, s, n);
	used += n;
	return at;
}

#define STR(s) put(s, sizeof(s))

int main(void)
{
	m.bi = (struct bootinfo){.magic = BOOTINFO_MAGIC,
				 .version = BOOTINFO_VERSION,
				 .header_size = sizeof(m.bi),
				 .total_size = sizeof(m),
				 .files = AT(files),
				 .n_files = 3,
				 .groups = AT(groups),
				 .n_groups = 2,
				 .umask = 022};
	m.bi.exe = STR("/bin/a");
	m.bi.cwd = STR("/tmp");
	m.bi.hostname = STR("host");
	m.bi.argv = (struct bi_strings){STR("a\0b\0c"), 6, 3};
	m.bi.envp = (struct bi_strings){STR("A=1\0B=2"), 8, 2};
	m.files[0] = (struct bi_file){.path = STR("/bin"), .type = BI_FILE_DIR, .mode = 0755};
	m.files[1] =
	    (struct bi_file){.path = m.bi.exe, .mode = 0755, .data = AT(page), .size = 4000};
	m.files[2] = (struct bi_file){
	    .path = STR("/l"), .type = BI_FILE_SYMLINK, .data = STR("bin"), .size = 3};
	return fwrite(&m, sizeof(m), 1, stdout) != 1;
}
