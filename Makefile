# uniload: one Makefile; all output goes to build/. `make help` lists the targets.
SHELL   := /bin/bash
B       := build
VERSION := 0.1.0
CC      := gcc
PREFIX  ?= /usr/local

# One short line per step; V=1 shows the commands.
Q       := $(if $(V),,@)
say      = $(if $(V),,@printf '  %-7s %s\n' $(1) $(2))

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:

# ---- kernel -------------------------------------------------------------------------------------------------
KSRC_C  := $(wildcard kernel/*.c kernel/ring0/*.c kernel/x86_64/*.c loader/*.c fs/*.c fs/proc/*.c net/*.c syscalls/*.c syscalls/uring/*.c)
KSRC_S  := $(wildcard kernel/ring0/*.S kernel/x86_64/*.S)
KOBJ    := $(KSRC_C:%.c=$(B)/obj/%.o) $(KSRC_S:%.S=$(B)/obj/%.o)
UAPI    := $(B)/uapi
WARN    := -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wvla -Wundef -Wno-unused-parameter
KCFLAGS := -std=gnu17 -Os -g $(WARN) -ffreestanding -nostdinc -isystem $(shell $(CC) -print-file-name=include) \
	-isystem $(UAPI) -I. -mcmodel=kernel -mgeneral-regs-only -mno-red-zone -fno-pic -fno-pie \
	-fno-omit-frame-pointer -fno-asynchronous-unwind-tables -fno-strict-aliasing -fno-delete-null-pointer-checks \
	-fwrapv -fcf-protection=none -ffunction-sections -fdata-sections -fstack-protector-strong \
	-mstack-protector-guard=tls -mstack-protector-guard-reg=gs -mstack-protector-guard-offset=40 -MMD -MP

$(UAPI):
	@mkdir -p $@.tmp && ln -sfn /usr/include/linux $@.tmp/linux && ln -sfn /usr/include/asm-generic $@.tmp/asm-generic \
	  && ln -sfn /usr/include/$$($(CC) -print-multiarch)/asm $@.tmp/asm && mv $@.tmp $@

$(B)/obj/%.o: %.c | $(UAPI)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(KCFLAGS) -c $< -o $@

$(B)/obj/%.o: %.S | $(UAPI)
	@mkdir -p $(@D)
	$(call say,AS,$<)
	$(Q)$(CC) $(KCFLAGS) -D__ASSEMBLER__ -c $< -o $@

$(B)/obj/syscalls/%.o: KCFLAGS += -Wno-cast-function-type
# Small is fast at boot, where all code runs once; these run often.
HOT     := kernel/file kernel/iter kernel/uaccess kernel/wait kernel/heap kernel/page kernel/string kernel/mm_fault \
	kernel/mm_gather kernel/vma kernel/x86_64/pt fs/tmpfs_file fs/radix fs/pipe fs/vfs_dentry fs/vfs_walk fs/stdio \
	syscalls/rw syscalls/util syscalls/stat
$(HOT:%=$(B)/obj/%.o): KCFLAGS += -O2

# The vDSO: a shared object of its own, embedded by kernel/x86_64/vdso_image.S.
VDSO_CFLAGS := -std=gnu17 -O2 -fPIC -ffreestanding -nostdlib -mgeneral-regs-only -fno-stack-protector -fcf-protection=none \
	-fno-strict-aliasing $(WARN) -I. -nostdinc -isystem $(shell $(CC) -print-file-name=include) -isystem $(UAPI)
$(B)/vdso.so: kernel/x86_64/vdso/vdso.c kernel/x86_64/vdso/vdso.ld kernel/x86_64/vvar.h | $(UAPI)
	@mkdir -p $(@D)
	$(call say,VDSO,$@)
	$(Q)$(CC) $(VDSO_CFLAGS) -shared -Wl,-soname,linux-vdso.so.1 -Wl,--hash-style=both -Wl,--eh-frame-hdr -Wl,-Bsymbolic \
	  -Wl,--build-id=none -Wl,-z,max-page-size=4096 -Wl,-T,kernel/x86_64/vdso/vdso.ld $< -o $@
	@strip --strip-debug $@
$(B)/obj/kernel/x86_64/vdso_image.o: $(B)/vdso.so

# The kernel is linked twice: the second time with the symbol table made from the first.
$(B)/kernel.lds: kernel/kernel.ld kernel/x86_64/layout.h
	@mkdir -p $(@D)
	$(Q)$(CC) -E -P -x c -D__ASSEMBLER__ -I. $< -o $@
KLD := ld -nostdlib -static -z max-page-size=4096 -z noexecstack --no-warn-rwx-segments --gc-sections -T $(B)/kernel.lds
$(B)/kernel.debug: $(KOBJ) $(B)/kernel.lds kernel/ksym.sh
	$(call say,LD,$@)
	$(Q): | sh kernel/ksym.sh > $(B)/ksym0.S && $(CC) -c $(B)/ksym0.S -o $(B)/ksym0.o
	$(Q)$(KLD) $(KOBJ) $(B)/ksym0.o -o $(B)/kernel.pass1
	$(Q)nm -n $(B)/kernel.pass1 | sh kernel/ksym.sh > $(B)/ksym.S && $(CC) -c $(B)/ksym.S -o $(B)/ksym.o
	$(Q)$(KLD) $(KOBJ) $(B)/ksym.o -o $@
	@objdump -d $@ > $(B)/kernel.asm && nm -n $@ > $(B)/kernel.sym
$(B)/kernel.elf: $(B)/kernel.debug
	$(Q)strip -s $< -o $@

# ---- host command -------------------------------------------------------------------------------------------
TSRC    := $(wildcard tools/*.c loader/*.c)
TOBJ    := $(TSRC:%.c=$(B)/host/%.o) $(B)/host/tools/kernel_image.o $(B)/host/tools/firmware_rom.o
HCFLAGS := -std=gnu17 -O2 -g -Wall -Wextra -Werror -Wmissing-prototypes -Wno-unused-parameter -I. -MMD -MP \
	-D_GNU_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -DUNILOAD_VERSION='"$(VERSION)"'
ZYDIS   := $(or $(wildcard /usr/lib/$(shell $(CC) -print-multiarch)/libZydis.a),-lZydis)
$(B)/host/%.o: %.c
	@mkdir -p $(@D)
	$(call say,HOSTCC,$<)
	$(Q)$(CC) $(HCFLAGS) -c $< -o $@
$(B)/host/tools/kernel_image.o: tools/kernel_image.S $(B)/kernel.elf
	@mkdir -p $(@D)
	$(Q)$(CC) -I$(B) -c $< -o $@
$(B)/host/%.o: %.S
	@mkdir -p $(@D)
	$(Q)$(CC) -c $< -o $@
$(B)/uniload: $(TOBJ)
	$(call say,LD,$@)
	$(Q)$(CC) $(TOBJ) -lelf $(ZYDIS) -o $@

# ---- what people type ---------------------------------------------------------------------------------------
.PHONY: all help deps-build deps-check demo check check-all unit guest install conformance conformance-suite run gdb bench fuzz explore \
	format lint tags docs clean
all: deps-build ## build build/uniload (installs missing Debian packages if root)
	@$(MAKE) --no-print-directory $(B)/uniload

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

deps-build:
	@.ci/deps build
deps-check:
	@.ci/deps check

demo: all ## boot an unmodified Debian program (busybox-static) in a virtual machine
	@tests/demo

check: deps-check all ## build and run the tests (T=pattern for some of them); under 10 minutes
	@tests/run $(if $(T),-T '$(T)')

check-all: deps-check all ## the long suite too: stress, big transfers, all combinations
	@tests/run --long $(if $(T),-T '$(T)')
	@$(if $(T),:,$(MAKE) --no-print-directory conformance)

explore: all ## find out which system calls five programs need: EXPLORE.md's table (UNPACKED=DIR, JOBS=n)
	@tests/explore/run

run: all ## run a program: make run PROG='/bin/busybox echo hello'
	@$(B)/uniload run $(PROG)

gdb: all ## run PROG and wait for a debugger
	@$(B)/uniload run --gdb $(PROG)

install: all ## install the command, and the suite of `uniload conformance`, under PREFIX (default /usr/local)
	install -D -m 0755 $(B)/uniload $(DESTDIR)$(PREFIX)/bin/uniload
	@$(MAKE) --no-print-directory -f tests/tests.mk install-suite SUITE_DIR=$(DESTDIR)$(PREFIX)/lib/uniload/conformance

conformance-suite: all ## build the programs that `uniload conformance` runs from this tree
	@$(MAKE) --no-print-directory -f tests/tests.mk suite
conformance: conformance-suite ## run them all; the report is build/conformance/conformance.md
	@$(B)/uniload conformance -o $(B)/conformance


bench: deps-check all ## measure against a Linux guest and the host: build/bench.md
	@tests/perf/run

fuzz: deps-check ## fuzz the parsers (SECONDS_EACH=n, default 600)
	@tests/fuzz/run.sh $(or $(SECONDS_EACH),600)

format: ## rewrite sources with clang-format
	@clang-format -i $$(git ls-files '*.c' '*.h')

lint: ## format, include arrows, sizes, table (tests/style)
	@tests/run style

tags: ## an index for editors
	@ctags -R kernel loader fs net syscalls tools

docs: ## write SYSCALLS.md from the system call table and the tests
	@tests/syscalls-md > SYSCALLS.md.new && mv SYSCALLS.md.new SYSCALLS.md

clean: ## remove build/
	rm -rf $(B)

# ---- unit tests: tests/unit/test_X.c names the sources (and flags) it needs in a comment of its own, `unit: a.c b.c` ----
UCC     := clang
UCFLAGS := -std=gnu17 -O1 -g -Wall -Wextra -Wno-unused-parameter -I. -DUNIT_TEST -fsanitize=address,undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer -MMD -MP
UNIT    := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/test_*.c))
# What `@fs` stands for: the file systems that need no device, on a faked kernel.
FS_UNIT := tests/unit/fs_fake.c tests/unit/arena.c $(addprefix kernel/,cred.c page.c file.c iter.c poll.c errname.c) \
	$(filter-out $(wildcard fs/stdio.c fs/async.c fs/*tty*.c fs/pty.c fs/*9p*.c fs/p9*.c fs/virtio*.c fs/event*.c fs/*fd.c),$(wildcard fs/*.c fs/proc/*.c))
unit_words   = $(shell awk '/unit:/ { on = 1; sub(/.*unit:/, "") } on { e = /\*\//; gsub(/[*\/] *$$|^ \*|\*\//, ""); print; if (e) exit }' $(1))
unit_sources = $(1) $(filter %.c,$(patsubst @fs,$(FS_UNIT),$(call unit_words,$(1))))
unit_objects = $(patsubst %.c,$(B)/unit/obj$(filter -D%,$(call unit_words,$(1)))/%.o,$(call unit_sources,$(1)))
.SECONDEXPANSION:
$(UNIT): $(B)/unit/%: $$(call unit_objects,tests/unit/$$*.c)
	$(call say,UNIT,tests/unit/$*.c)
	$(Q)$(UCC) $(UCFLAGS) $^ $(filter -l%,$(call unit_words,tests/unit/$*.c)) -o $@
define unit_rule
$(B)/unit/obj$(1)/%.o: %.c Makefile
	@mkdir -p $$(@D)
	$$(Q)$(UCC) $(UCFLAGS) $(1) -c $$< -o $$@
endef
$(foreach flag,$(sort $(filter -D%,$(foreach t,$(wildcard tests/unit/test_*.c),$(call unit_words,$(t))))),$(eval $(call unit_rule,$(flag))))
$(eval $(call unit_rule,))

-include $(KOBJ:.o=.d) $(TOBJ:.o=.d) $(wildcard $(B)/unit/*/*.d $(B)/unit/*/*/*.d $(B)/unit/*/*/*/*.d)
