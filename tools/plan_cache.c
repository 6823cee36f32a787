/* SPDX-License-Identifier: MIT */
/* A plan's name depends on the scanner too: another one may decide otherwise. */
#include "tools/plan_cache.h"

#include "tools/cache.h"
#include "tools/scan.h"

#include <string.h>
#include <unistd.h>

#define MAX_PLAN (64u << 20) /* bytes; far above that of all of Debian */

static void plan_key(const char *key, char name[SHA256_HEX])
{
	static const char what[] = "plan";
	const uint32_t versions[] = {SCAN_VERSION, PLAN_VERSION};
	struct sha256 h;

	sha256_start(&h);
	sha256_add(&h, what, sizeof(what));
	sha256_add(&h, versions, sizeof(versions));
	sha256_add(&h, key, strlen(key));
	sha256_end(&h, name);
}

bool plan_cached(const char *key, struct blob *plan)
{
	char name[SHA256_HEX];
	uint64_t size;
	bool whole;
	int fd;

	plan_key(key, name);
	fd = cache_find(CACHE_PLAN, name, &size);
	if (fd < 0)
		return false;
	whole = size <= MAX_PLAN;
	if (whole) {
		blob_add(plan, NULL, size, 8);
		whole = pread(fd, plan->data, size, 0) == (ssize_t)size;
	}
	close(fd);
	if (!whole)
		plan->len = 0;
	return whole;
}

void plan_keep(const char *key, const struct blob *plan)
{
	char name[SHA256_HEX];
	int fd = plan->len <= MAX_PLAN ? cache_new() : -1;

	if (fd < 0)
		return;
	plan_key(key, name);
	if (pwrite(fd, plan->data, plan->len, 0) == (ssize_t)plan->len)
		cache_keep(CACHE_PLAN, fd, name, plan->len);
	else
		cache_drop();
	close(fd);
}
