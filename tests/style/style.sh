#!/bin/bash
# SPDX-License-Identifier: MIT
# test: the house rules that a script can check, and that each checker does find what it looks for
# modes: host
root=$PWD
. tests/boot/lib.sh

# clean WHAT CHECKER: the checker has nothing to say about the tree (notes apart).
clean()
{
	"$root/tests/style/$2" "$root" >found 2>&1
	local status=$?
	[ $status = 77 ] && { skip "$1" 'clang-format 14 is not installed'; return; }
	grep '^note: ' found | sed 's/^/# /'
	ok "$1" [ $status = 0 ] || grep -v '^note: ' found | head -40 | sed 's/^/#   /'
}

# plant FILE: makes a file with these contents (standard input) in an otherwise innocent tree.
plant()
{
	rm -rf planted
	mkdir -p "planted/$(dirname "$1")" planted/kernel
	cp "$root/.clang-format" planted
	{ echo '/* SPDX-License-Identifier: MIT */'; echo '/* Says what it is for. */'; cat; } >"planted/$1"
}

# caught WHAT CHECKER WORDS: the checker complains about the planted tree with these words.
caught()
{
	"$root/tests/style/$2" planted >found 2>&1
	local status=$?
	[ $status = 77 ] && { skip "caught: $1" 'clang-format 14 is not installed'; return; }
	[ $status = 1 ] && grep -q -- "$3" found
	ok "caught: $1" [ $? = 0 ] || sed 's/^/#   /' found | head -5
}

# fine WHAT CHECKER: it does not complain about the planted tree.
fine()
{
	"$root/tests/style/$2" planted >found 2>&1
	ok "not caught: $1" [ $? != 1 ] || sed 's/^/#   /' found | head -5
}

# includes FILE TARGET: plants that include.
includes()
{
	echo "#include \"$2\"" | plant "$1"
}

lines()
{
	for ((i = 0; i < $1; i++)); do echo "$2"; done
}

# ---- include directions and machine code ----
clean 'include directions, assembly in its places' check-arrows
includes kernel/page.c fs/vfs.h
caught 'kernel includes fs' check-arrows 'kernel/ may not include fs/vfs.h'
includes kernel/page.c syscalls/syscall.h
caught 'kernel includes syscalls' check-arrows 'kernel/page.c:3'
includes fs/tmpfs.c net/socket.h
caught 'fs includes net' check-arrows 'may not include'
includes net/socket.c fs/vfs.h
caught 'net includes fs' check-arrows 'may not include'
includes loader/elf.c kernel/page.h
caught 'loader includes the kernel' check-arrows 'may not include'
includes tools/run.c kernel/task.h
caught 'tools include the kernel' check-arrows 'may not include'
includes tools/run.c tests/unit/unit.h
caught 'tools include tests' check-arrows 'may not include'
includes kernel/abi/linux.h kernel/page.h
caught 'abi includes the kernel' check-arrows 'may not include'
includes syscalls/exec.c kernel/ring0/nub.h
caught 'syscalls reach into ring 0' check-arrows 'not for'
includes fs/tmpfs.c vfs.h
caught 'include without a path' check-arrows 'not a path'
includes kernel/main.c fs/vfs.h
fine 'main.c includes fs' check-arrows
includes syscalls/rw.c kernel/file.h
fine 'syscalls include the kernel' check-arrows
echo 'void f(void) { __asm__ volatile("cli"); }' | plant kernel/page.c
caught 'privileged instruction in the kernel' check-arrows assembly
printf 'void f(void) { __asm__ volatile(\n"mov %%%%rax, %%%%rbx"); }\n' | plant syscalls/rw.c
caught 'assembly in a handler' check-arrows assembly
echo 'nop' | plant fs/x.S
caught 'an assembly file in fs' check-arrows assembly
echo 'void f(void) { __asm__ volatile("" ::: "memory"); }' | plant kernel/page.c
fine 'a compiler barrier' check-arrows
echo 'void f(void) { __asm__ volatile("wrmsr"); }' | plant kernel/x86_64/cpu.c
fine 'assembly in kernel/x86_64' check-arrows

# ---- headers of files ----
clean 'licence and purpose at the top of every file' check-headers
plant kernel/page.c </dev/null
sed -i 1d planted/kernel/page.c
caught 'no licence' check-headers 'no SPDX'
plant kernel/page.c <<<'int x;'
sed -i 2d planted/kernel/page.c
caught 'no purpose' check-headers 'what the file is for'
plant kernel/page.h <<<'typedef struct page page_t;'
caught 'typedef of a struct' check-headers typedef
plant kernel/page.h <<<'struct page;'
fine 'a good header' check-headers

# ---- sizes ----
clean 'sizes of functions and files' check-sizes
{ printf 'int f(void)\n{\n'; lines 101 '	f();'; echo '}'; } | plant kernel/page.c
caught 'a long function' check-sizes 'more than 100'
{ printf 'int f(void)\n{\n'; lines 70 '	f();'; echo '}'; } | plant kernel/page.c
fine 'a function of 70 lines' check-sizes
ok 'but it is noted' grep -q '^note: .*f(void)' found
lines 720 'int x;' | plant kernel/page.c
caught 'a long file' check-sizes 'more than 700'

# ---- format ----
clean 'clang-format' check-format
printf 'int  f( void ){return 1;}\n' | plant kernel/page.c
caught 'a badly formatted file' check-format kernel/page.c
printf 'int f(void);\n' | plant kernel/page.c
fine 'a well formatted one' check-format

# ---- the syscall table ----
sh "$root/tests/style/check_handlers.sh" >handlers 2>&1
is 'every row of the table has its handler' $? 0 || sed 's/^/#   /' handlers

# ---- the page made from it and from the tests ----
"$root/tests/syscalls-md" --check "$root" >found 2>&1
is 'every call that works has a test, and SYSCALLS.md is fresh' $? 0 || sed 's/^/#   /' found | head -20
rm -rf planted
mkdir -p planted/syscalls planted/tests/guest/f
echo 'SYS(  0, read, FULL, 0, COUNT, 0, ARGS(FD fd, BUF_OUT buf, SIZE count), "")' >planted/syscalls/table.def
echo 'SYS(  1, write, PART, 0, COUNT, 0, ARGS(FD fd), "only \"half\"")' >>planted/syscalls/table.def
printf '/* L */\n/* read(2), but not its relative. */\n#include "write(2)"\n' >planted/tests/guest/f/t.c
(cd planted && "$root/tests/syscalls-md" --check . >../found 2>&1)
is 'caught: a row without a test' "$(head -1 found)" 'write (PART): no guest test names it in its header: write(2)'
ok 'caught: a page that is not there' grep -q 'SYSCALLS.md is not what' found
mv planted/tests/guest/f/t.c planted/tests/guest/f/write.c
sed -i 's/relative/relative write(2)/' planted/tests/guest/f/write.c
"$root/tests/syscalls-md" planted >page
ok 'the page names what is missing and the test' \
	grep -qxF '| 1 | `write` | PART | only "half" | [f/write](tests/guest/f/write.c) |' page
cp page planted/SYSCALLS.md
is 'a fresh page is fine' "$("$root/tests/syscalls-md" --check planted)" ''
rm -rf planted
done_testing
