/* SPDX-License-Identifier: MIT */
/* Plans in the cache: tools/cache.h. */
#ifndef TOOLS_PLAN_CACHE_H
#define TOOLS_PLAN_CACHE_H

#include "tools/plan.h"

/* Get the plan that belongs to what `key` (cache_key()) stands for; false: it is not there. */
bool plan_cached(const char *key, struct blob *plan);
void plan_keep(const char *key, const struct blob *plan);

#endif
