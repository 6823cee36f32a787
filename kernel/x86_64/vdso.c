/* SPDX-License-Identifier: MIT */
/* The clock page behind the vDSO (kernel/x86_64/vvar.h); its image is in vdso_image.S. */
#include "kernel/x86_64/vvar.h"

union vvar_page vvar_page __attribute__((aligned(PAGE_SIZE))) = {.v = {.n_cpus = 1}};

_Static_assert(sizeof(vvar_page) == PAGE_SIZE, "exactly one page is shown to the program");
