#!/bin/bash
# SPDX-License-Identifier: MIT
# test: input that cannot be run: each has its own one-line error and status, and nothing is started
# modes: once
. tests/boot/lib.sh

mkdir elf
"$P/mkelf" "$P/hello" elf || exit 99

# name, words that the message must contain
while read -r name words; do
	refused "$name is refused" 126 "elf/$name: .*($words)" u "elf/$name"
done <<'END'
empty			empty
short_header		truncated|short|header
half_header		truncated|short|header
text			not an ELF
class32			32-bit
big_endian		big-endian
aarch64			aarch64|arm
object			object
core			core
no_headers		nothing to load
header_size		header
headers_beyond		header
headers_wrap		header
many_headers		header
cut_in_half		truncated|beyond|segment|header
filesz_above_memsz	segment
segment_beyond		segment
segment_wraps		segment|address space|big
kernel_address		segment|address
hole_address		segment|address
misaligned		segment
overlap			overlap|segment
huge			big|address|memory|segment
entry_outside		entry
entry_in_data		entry
backwards		segment|overlap|order
only_notes		segment|load
missing_interpreter	interpreter|dynamic
endless_interpreter	interpreter
END

for name in fine fine_no_sections fine_os_abi fine_trailing fine_no_stack_note fine_read_only_data; do
	is "$name runs" "$(u elf/$name 2>&1)" hello
done
refused 'more bss than -m' 126 'memory' u -m 128M elf/fine_big_bss
is 'enough memory for the bss' "$(u -m 512M elf/fine_big_bss 2>&1)" hello

refused 'no such file' 127 'nowhere' u ./nowhere
refused 'not in PATH' 127 'no-such-program-xyz' env PATH=/usr/bin:/bin "$UNILOAD" run no-such-program-xyz
refused 'file as a directory' 127 '.' u elf/fine/x
refused 'directory' 126 'directory' u ./elf
cp elf/fine plain && chmod 644 plain
refused 'not executable' 126 'executable' u ./plain
if [ "$(id -u)" = 0 ]; then
	skip 'unreadable' 'root reads everything'
else
	cp elf/fine secret && chmod 111 secret
	refused 'unreadable' 126 'read' u ./secret
fi
refused 'FIFO' 126 'regular|executable' u /dev/null
ln -s loop loop
refused 'loop of links' 126 'symbolic' u ./loop

refused 'unknown option' 125 '--frobnicate' u --frobnicate "$P/hello"
refused 'unknown letter' 125 '-Z' u -Z "$P/hello"
refused 'no program' 125 'program' u
refused '-m without a value' 125 '-m' u -m
refused '-m nonsense' 125 'size' u -m lots "$P/hello"
refused '-m too small' 125 'small' u -m 64K "$P/hello"
for n in 0 -1 1.5 two 2x '' 17 99999999999999999999; do
	refused "-c '$n'" 125 'processors' u -c "$n" "$P/hello"
	refused "build -c '$n'" 125 'processors' timeout 60 "$UNILOAD" build -c "$n" "$P/hello" -o c.img
done
refused '-m too big for the host' 125 'host|more' u -m 9999G "$P/hello"
refused '--accel nonsense' 125 'accel' "$UNILOAD" run --accel xen "$P/hello"
refused '--timeout nonsense' 125 'time' u --timeout soon "$P/hello"
refused '-w relative' 125 'absolute' u -w here "$P/hello"
refused '--strace to nowhere' 125 'nonexistent' u --strace=/nonexistent/file "$P/hello"
refused 'no command' 125 'command' "$UNILOAD"
refused 'unknown command' 125 'fly' "$UNILOAD" fly
refused 'no QEMU' 125 'qemu' env UNILOAD_QEMU=/nonexistent "$UNILOAD" run --accel "$ACCEL" "$P/hello"
refused 'QEMU that is not executable' 125 'qemu|plain' env UNILOAD_QEMU="$PWD/plain" "$UNILOAD" run --accel "$ACCEL" "$P/hello"
refused 'QEMU that dies' 125 'qemu' env UNILOAD_QEMU=/bin/false "$UNILOAD" run --accel "$ACCEL" "$P/hello"
status 'QEMU option that it does not know' 125 u --qemu-arg -no-such-option "$P/hello"
ok 'what QEMU said is passed on' grep -q 'uniload: .*no-such-option' err

head -c 40000000 /dev/zero >tail
cat elf/fine tail >fat && chmod 755 fat
refused 'program larger than -m' 126 'memory' u -m 16M ./fat
ok 'nothing is left running' no_machines
done_testing
