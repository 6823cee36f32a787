# uniload: one Makefile; all output goes to build/. `make help` lists the targets.
SHELL   := /bin/bash
B       := build
VERSION := 0.1.0
CC      := gcc
PREFIX  ?= /usr/local

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:

# ---- kernel -------------------------------------------------------------------------------------------------
KSRC_C  := $(wildcard kernel/*.c kernel/ring0/*.c kernel/x86_64/*.c loader/*.c fs/*.c net/*.c syscalls/*.c)
KSRC_S  := $(wildcard kernel/ring0/*.S kernel/x86_64/*.S)
KOBJ    := $(KSRC_C:%.c=$(B)/obj/%.o) $(KSRC_S:%.S=$(B)/obj/%.o)
UAPI    := $(B)/uapi
WARN    := -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wvla -Wundef -Wno-unused-parameter
KCFLAGS := -std=gnu17 -O2 -g $(WARN) -ffreestanding -nostdinc -isystem $(shell $(CC) -print-file-name=include) \
	-isystem $(UAPI) -I. -mcmodel=kernel -mgeneral-regs-only -mno-red-zone -fno-pic -fno-pie \
	-fno-omit-frame-pointer -fno-asynchronous-unwind-tables -fno-strict-aliasing -fno-delete-null-pointer-checks \
	-fwrapv -fcf-protection=none -ffunction-sections -fdata-sections -fstack-protector-strong \
	-mstack-protector-guard=tls -mstack-protector-guard-reg=gs -mstack-protector-guard-offset=40 -MMD -MP

$(UAPI):
	@mkdir -p $@.tmp && ln -sfn /usr/include/linux $@.tmp/linux && ln -sfn /usr/include/asm-generic $@.tmp/asm-generic \
	  && ln -sfn /usr/include/$$($(CC) -print-multiarch)/asm $@.tmp/asm && mv $@.tmp $@

$(B)/obj/%.o: %.c | $(UAPI)
	@mkdir -p $(@D)
	$(CC) $(KCFLAGS) -c $< -o $@

$(B)/obj/%.o: %.S | $(UAPI)
	@mkdir -p $(@D)
	$(CC) $(KCFLAGS) -D__ASSEMBLER__ -c $< -o $@

# ---- unit tests: tests/unit/test_X.c names the sources it links in a comment `unit: a.c b.c` ------------------------
UCC     := clang
UCFLAGS := -std=gnu17 -O1 -g -Wall -Wextra -Wno-unused-parameter -I. -DUNIT_TEST -fsanitize=address,undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer
UNIT    := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/test_*.c))
$(B)/unit/%: tests/unit/%.c tests/unit/unit.h
	@mkdir -p $(@D)
	$(UCC) $(UCFLAGS) $< $$(sed -n 's/.*unit: *//p' $< | sed 's,\*/,,') -o $@

-include $(KOBJ:.o=.d)
