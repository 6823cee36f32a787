# SPDX-License-Identifier: MIT
# Builds what tests/run executes: `make -f tests/tests.mk guest boot`. Kept apart from the product's Makefile because
# nothing here is needed to build or install uniload. Output goes to build/tests/.
B     := build
OUT   := $(B)/tests
UAPI  := $(B)/uapi
WARN  := -Wall -Wextra -Werror -Wno-unused-parameter -Wno-unused-result -Wno-nonnull -Wno-stringop-overflow \
	-Wno-stringop-overread -Wno-array-bounds -Wno-missing-field-initializers -Wno-clobbered -Wno-infinite-recursion \
	-Wno-pointer-to-int-cast -Wno-format-truncation
FLAGS := -std=gnu17 -O1 -g $(WARN) -fno-builtin-memcmp -I. -MMD -MP

MUSL_LIB := /usr/lib/$(shell gcc -dumpmachine | cut -d- -f1)-linux-musl
MUSL_PIE := -nostartfiles -static -Wl,-pie,--no-dynamic-linker,-z,text,-z,relro

SOURCES := $(wildcard tests/guest/*/*.c)
GUEST   := $(SOURCES:tests/guest/%.c=$(OUT)/guest/%)
MUSL    := $(if $(shell command -v musl-gcc),$(GUEST:%=%.musl))
PROGS   := $(patsubst tests/boot/prog/%.c,$(OUT)/boot/%,$(wildcard tests/boot/prog/*.c))
HOST    := $(patsubst tests/boot/host/%.c,$(OUT)/boot/%,$(wildcard tests/boot/host/*.c))

.PHONY: guest boot suite install-suite
.DELETE_ON_ERROR:
guest: $(GUEST) $(MUSL)
boot: $(PROGS) $(HOST) $(OUT)/boot/hello-pie $(OUT)/boot/hello-musl

# What `uniload conformance` runs: the programs and what they are.
suite: $(GUEST) $(OUT)/manifest
$(OUT)/manifest: tests/manifest tests/Manifest.pm syscalls/table.def $(SOURCES)
	@mkdir -p $(@D)
	tests/manifest > $@.new && mv $@.new $@

# Installed are the programs linked against musl, if there is one: they are a tenth as large.
install-suite: $(if $(MUSL),$(MUSL),$(GUEST)) $(OUT)/manifest
	@test -n "$(SUITE_DIR)"
	install -D -m 0644 $(OUT)/manifest $(SUITE_DIR)/manifest
	@for t in $(GUEST:$(OUT)/%=%); do install -D -s -m 0755 $(OUT)/$$t$(if $(MUSL),.musl) $(SUITE_DIR)/$$t || exit; done

$(UAPI):
	@$(MAKE) -s $(UAPI)

# Static against glibc, at a fixed address; the boot tests' programs too.
$(OUT)/guest/%: tests/guest/%.c tests/tests.mk
	@mkdir -p $(@D)
	gcc $(FLAGS) -static -no-pie -MF $@.d $< -lm -o $@
$(OUT)/boot/%: tests/boot/prog/%.c tests/tests.mk
	@mkdir -p $(@D)
	gcc $(FLAGS) -O0 -static -no-pie -MF $@.d $(filter %.c,$^) -o $@
$(OUT)/boot/syscall_fuzz: tests/boot/prog/fuzz/values.c

# The same against musl, position-independent. Debian's musl-gcc does not know -static-pie: its parts are named here.
$(OUT)/guest/%.musl: tests/guest/%.c tests/tests.mk | $(UAPI)
	@mkdir -p $(@D)
	musl-gcc $(FLAGS) -isystem $(UAPI) -fPIE -MF $@.d -MQ $@ -c $< -o $@.o
	musl-gcc $(MUSL_PIE) $(MUSL_LIB)/rcrt1.o $(MUSL_LIB)/crti.o $@.o $(MUSL_LIB)/crtn.o -o $@
	@rm -f $@.o

$(OUT)/boot/hello-pie: tests/boot/prog/hello.c
	@mkdir -p $(@D)
	gcc $(FLAGS) -static-pie -fPIE -MF $@.d $< -o $@
$(OUT)/boot/hello-musl: tests/boot/prog/hello.c
	@mkdir -p $(@D)
	$(if $(MUSL),musl-gcc -static -O1 $< -o $@,cp /dev/null $@)

# The stand-in for QEMU checks the boot module with the guest's own code.
$(OUT)/boot/fake_qemu: tests/boot/host/fake_qemu.c kernel/bootinfo.c tests/tests.mk
	@mkdir -p $(@D)
	gcc $(FLAGS) $(filter %.c,$^) -o $@

# Programs that run on the host: the pty driver, the maker of broken files.
$(OUT)/boot/%: tests/boot/host/%.c tests/tests.mk
	@mkdir -p $(@D)
	gcc $(FLAGS) -MF $@.d $< -o $@

-include $(GUEST:=.d) $(MUSL:=.d) $(PROGS:=.d) $(HOST:=.d)
