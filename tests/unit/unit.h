/* SPDX-License-Identifier: MIT */
/* Tiny test harness for host-compiled parts: CHECK prints TAP-like lines; main returns UNIT_END().
 */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <stdio.h>
#include <stdlib.h>

static int unit_run, unit_failed;

#define CHECK(cond)                                                                                \
	do {                                                                                       \
		unit_run++;                                                                        \
		if (!(cond)) {                                                                     \
			unit_failed++;                                                             \
			printf("not ok %d - %s (%s:%d)\n", unit_run, #cond, __FILE__, __LINE__);   \
		}                                                                                  \
	} while (0)

#define UNIT_END()                                                                                 \
	(printf("%s: %d passed, %d failed\n", __FILE__, unit_run - unit_failed, unit_failed),      \
	 unit_failed != 0)

#endif
