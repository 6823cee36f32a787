#!/bin/bash
# SPDX-License-Identifier: MIT
# test: --disk: what programs find, what is in the file afterwards, what uniload refuses
. tests/boot/lib.sh
BB=/bin/busybox

# ---- a block device as Linux's ----
size=$((1048576 + 4096 + 512))
truncate -s $size odd.img
if loop=$(losetup -f --show odd.img 2>/dev/null); then
	is 'the expectations hold on this Linux' "$("$P/disk" "$loop" $size | grep -A1 '^not')" ''
	losetup -d "$loop"
else
	skip 'the expectations hold on this Linux' 'no loop devices here'
fi
truncate -s 0 odd.img && truncate -s $size odd.img
u --disk odd.img "$P/disk" /dev/vda $size >out
is 'they hold in the machine' "$(grep -A1 '^not' out)" ''
is 'all of them were tried' "$(grep -c '^ok' out)" "$(sed -n 's/^1\.\.//p' out)"

truncate -s 1M random.img
u --disk random.img "$TESTS/guest/volume/random" /dev/vda >out
is 'random reads, writes, stores and loads' "$(grep -c '^ok' out) $(grep '^not\|^#' out)" '3 '

# ---- which is which ----
for i in 1 2 3; do
	truncate -s ${i}M "disk$i.img"
	echo "this is $i" | dd of="disk$i.img" conv=notrunc status=none
done
two="--disk disk2.img --disk disk1.img:ro --disk disk3.img"
is 'nodes' "$(u $two $BB stat -c '%n %F %a %u %g %t,%T' /dev/vda /dev/vdb /dev/vdc)" \
	$'/dev/vda block special file 660 0 6 fe,0\n/dev/vdb block special file 660 0 6 fe,10\n/dev/vdc block special file 660 0 6 fe,20'
is 'in the order of the options' "$(u $two $BB head -q -n 1 /dev/vda /dev/vdb /dev/vdc)" $'this is 2\nthis is 1\nthis is 3'
is 'no more than those' "$(u $two $BB ls /dev | grep -c '^vd')" 3
is 'none without the option' "$(u $BB ls /dev | grep -c '^vd')" 0
status 'a read-only disk is not written' 1 u $two $BB dd if=/dev/zero of=/dev/vdb bs=4k count=1
ok 'and dd says why' grep -q 'Operation not permitted' err
is 'its file is as it was' "$(head -n 1 disk1.img)" 'this is 1'
cp disk1.img 'a,b: c=d.img'
is 'odd characters in the name' "$(u --disk 'a,b: c=d.img' $BB head -n 1 /dev/vda)" 'this is 1'
all=
for i in 1 2 3 4 5 6 7; do
	truncate -s 1M "m$i.img" && all="$all --disk m$i.img"
done
is 'seven disks' "$(u $all $BB ls /dev | grep -c '^vd')" 7

# ---- bytes ----
head -c 5000000 /dev/urandom >data
truncate -s 8M big.img
status 'dd to the disk' 0 u --disk big.img $BB dd of=/dev/vda bs=64k <data
ok 'every byte is in the file' cmp -n 5000000 data big.img
is 'dd from the disk' "$(u --disk big.img:ro $BB dd if=/dev/vda bs=100k 2>/dev/null | sha256sum)" "$(sha256sum <big.img)"
is 'with O_DIRECT' "$(u --disk big.img $BB dd if=/dev/vda bs=64k iflag=direct 2>/dev/null | sha256sum)" "$(sha256sum <big.img)"
truncate -s 32M fs.img
status 'mke2fs' 0 u --disk fs.img $BB mke2fs -F /dev/vda
if command -v e2fsck >/dev/null; then
	ok 'made a good file system' bash -c 'e2fsck -fn fs.img >/dev/null 2>&1'
else
	skip 'made a good file system' 'no e2fsck here'
fi
truncate -s 8M rec.img
u --disk rec.img "$P/records" write /dev/vda >out
last=$(tail -n 1 out)
is 'a disk full of records' "$last" $((8 * 256 - 1))
is 'all there' "$("$P/records" check rec.img "$last")" ''

if [ "$LONG" = 1 ]; then
	truncate -s 0 rec.img && truncate -s 1M rec.img
	u --disk rec.img $BB sh -c 'exec 5<>/dev/vda; echo modified >&5; exec /bin/busybox sleep 100' &
	pid=$!
	sleep 15
	is 'what was modified is in memory' "$(head -c 4 rec.img | tr -d '\0')" ''
	sleep 40
	is 'and half a minute later in the file' "$(head -n 1 rec.img | tr -d '\0')" modified
	kill $pid
	wait $pid
fi

# ---- refused ----
refused 'missing file' 125 'nope.img: no such file' u --disk nope.img "$P/hello"
refused 'a directory' 125 '/: it is a directory' u --disk / "$P/hello"
refused 'not a file' 125 'neither a file nor' u --disk /dev/null "$P/hello"
refused 'no name' 125 'empty' u --disk '' "$P/hello"
refused 'only :ro' 125 ':ro: no such file' u --disk :ro "$P/hello"
: >empty.img
refused 'an empty file' 125 'empty' u --disk empty.img "$P/hello"
head -c 1000 /dev/zero >part.img
refused 'not whole sectors' 125 '1000 bytes, is not a multiple of 512' u --disk part.img "$P/hello"
refused 'too many' 125 'at most 7' u $all --disk big.img "$P/hello"
if [ "$(id -u)" != 0 ]; then
	chmod 0 part.img
	refused 'unreadable' 125 'permission denied' u --disk part.img "$P/hello"
	chmod 444 disk3.img
	refused 'may not be written' 125 'cannot be written: disk3.img:ro only reads' u --disk disk3.img "$P/hello"
	is 'may be read' "$(u --disk disk3.img:ro $BB head -n 1 /dev/vda)" 'this is 3'
fi
u --disk disk2.img $BB sleep 20 &
pid=$!
for _ in $(seq 100); do
	grep -q disk2.img /proc/[0-9]*/cmdline 2>/dev/null && sleep 1 && break
	sleep 0.1
done
refused 'in use' 125 'another machine is using it' u --disk disk2.img "$P/hello"
refused 'in use, to read' 125 'another machine is using it' u --disk disk2.img:ro "$P/hello"
kill $pid
wait $pid
no_machines
is 'free again' "$(u --disk disk2.img "$P/hello")" hello
refused 'twice in one machine' 125 'given twice' u --disk disk2.img --disk disk2.img "$P/hello"
is 'twice to read' "$(u --disk disk2.img:ro --disk disk2.img:ro "$P/hello")" hello

# ---- errors of the host's disk are the program's ----
mkdir full
if mount -t tmpfs -o size=1M none full 2>/dev/null; then
	truncate -s 8M full/disk.img
	status 'the host has no room' 1 u --disk full/disk.img $BB dd if=/dev/zero of=/dev/vda bs=64k count=64 conv=fsync
	ok 'fsync says so' grep -qi 'error' err
	umount -l full
else
	skip 'the host has no room' 'cannot mount a small tmpfs here'
fi
done_testing
