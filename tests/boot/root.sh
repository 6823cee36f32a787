#!/bin/bash
# SPDX-License-Identifier: MIT
# test: programs on a root image: changes as on Linux, from the module and from a disk; then images that are wrong
. tests/boot/lib.sh

command -v mkfs.erofs >/dev/null || { skip 'root images' 'mkfs.erofs (erofs-utils) is not installed'; done_testing; exit; }
PATTERN=abcdefghijklmnopqrstuvwxyz

# make_tree DIR: what tests/boot/prog/overlay.c finds in DIR/work, and the programs
make_tree()
{
	mkdir -p $1/work/dir/sub $1/work/names $1/bin
	cp "$P/overlay" "$(command -v busybox)" $1/bin
	yes $PATTERN | tr -d '\n' | head -c 20490 >$1/work/big
	yes $PATTERN | tr -d '\n' | head -c 12288 >$1/work/cut
	echo one >$1/work/dir/one
	ln $1/work/dir/one $1/work/dir/two
	ln -s one $1/work/dir/link
	echo old >$1/work/old
	for i in $(seq 0 299); do printf '%s' $i >$1/work/names/n$(printf %03d $i); done
	touch -d '2020-01-02 03:04:05.123456789' $1/work/dir/one
}

make_tree host
make_tree root
# Linux first, on a file system with O_TMPFILE.
"$P/overlay" host/work >want
is 'the program is right on Linux' $? 0 || grep '^not ok' want
u --rootfs root /bin/overlay /work >got
is 'changes on the overlay' $? 0
ok 'the same as on Linux' cmp want got || diff want got | head -20

# r ROOT ARG...: with the image treated so (tests/boot/host/root_qemu.c)
r()
{
	local how=$1
	shift
	ROOT=$how UNILOAD_QEMU=$P/root_qemu u --rootfs root "$@"
}

r disk /bin/overlay /work >got
is 'changes on the overlay, from a disk' $? 0
ok 'the same as on Linux, from a disk' cmp want got || diff want got | head -20
r disk /bin/busybox cat /bin/busybox >copy
ok 'a file from a disk' cmp copy root/bin/busybox

# wrong WHAT MESSAGE ROOT: the machine says so and ends with 126
wrong()
{
	status "$1" 126 r "$3" /bin/busybox true
	ok "$1: the message" grep -q "$2" err || head -3 err
	ok "$1: not a kernel bug" [ "$(grep -c 'kernel panic\|backtrace' err)" = 0 ]
}

wrong 'a cut image' 'truncated' 'cut 4096'
wrong 'no super block' 'not an EROFS' 'poke 1024 0'
wrong 'a wrong checksum' 'checksum' 'copy 1040 1041 4'
wrong 'other blocks' '4 KiB' 'poke 1036 9'
wrong 'another root' 'cannot be used' 'poke 1039 255'
wrong 'inodes outside' 'outside' 'poke 1067 255'

# Whatever byte of its inodes and directories is wrong, a walk through it ends, and the kernel lives.
bad=
for i in $(seq 0 $((LONG ? 200 : 20))); do
	r "poke $((1152 + i * 157)) $((i * 37 % 256))" --timeout 60 /bin/busybox find / -type f -links -9 >out 2>err
	case $? in 124 | 125) bad="$bad $i" ;; esac
	grep -q 'kernel panic\|backtrace' err && bad="$bad $i"
done
is 'walks through damaged images' "$bad" ''
done_testing
