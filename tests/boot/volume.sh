#!/bin/bash
# SPDX-License-Identifier: MIT
# Volumes seen from both sides: bad options, what the host does while the guest looks, what is out of reach, read-only
# volumes, and records that fsync confirmed before the machine was killed.
# test
# timeout: 1800
. "$(dirname "$0")/lib.sh"

mkdir host ro other
echo text >host/file
ln -s "$PWD/other" host/outside
ln -s "../../../../../../../../../..$PWD/other/secret" host/up
echo secret >other/secret

# sh LINES: busybox's shell, with its own commands only, in a machine with the volume.
vsh()
{
	u -v host:/data "$@" /bin/busybox sh 2>&1
}

bad_options()
{
	refused 'a host directory that is missing' 125 'nowhere.*no such file' u -v nowhere:/data $P/hello
	refused 'a file instead of a directory' 125 'is a file.*--add' u -v host/file:/data $P/hello
	refused 'a device instead of a directory' 125 'not a directory' u -v /dev/null:/data $P/hello
	refused 'no guest path' 125 'must be HOST:GUEST' u -v host $P/hello
	refused 'an empty guest path' 125 'must be HOST:GUEST' u -v host: $P/hello
	refused 'a relative guest path' 125 'absolute' u -v host:data $P/hello
	refused 'an unknown option' 125 'option' u -v host:/data:z $P/hello
	refused 'the root' 125 'rootfs' u -v host:/ $P/hello
	refused 'the root in disguise' 125 'rootfs' u -v host://./ $P/hello
	refused 'a guest path with ..' 125 "'\.\.'" u -v host:/a/../b $P/hello
	refused 'two at one place' 125 'another volume' u -v host:/data -v other:/data/ $P/hello
	refused 'too many' 125 'at most 7' u -v host:/1 -v host:/2 -v host:/3 -v host:/4 -v host:/5 \
		-v host:/6 -v host:/7 -v host:/8 $P/hello
	refused 'a mount point that is a file' 125 'volume at /proc/version' u -v host:/proc/version $P/hello
}

names()
{
	mkdir 'a:b,c' && echo odd >'a:b,c/f'
	is 'a host path with a colon and a comma' "$(u -v "a:b,c:/data" /bin/busybox cat /data/f)" odd
	is 'missing directories are made' "$(u -v host:/x/y/z /bin/busybox cat /x/y/z/file)" text
	is 'seven volumes, one inside another' \
		"$(u -v host:/1 -v other:/2 -v ro:/3 -v other:/1/in -v host:/5 -v host:/6 -v other:/7 \
			/bin/busybox cat /1/in/secret /2/secret /1/file /6/file /7/secret)" \
		"$(printf 'secret\nsecret\ntext\ntext\nsecret')"
	is 'the mount point was made in the outer one' "$(ls -d host/in)" host/in
	rmdir host/in
	ok 'it is in /proc/mounts' eval "u -v host:/data /bin/busybox cat /proc/mounts | grep -q '^vol0 /data 9p rw,'"
	is 'the file is the same file' "$(u -v host:/data /bin/busybox stat -c '%i %a %u %g %s %h %X %Y %Z' /data/file)" \
		"$(stat -c '%i %a %u %g %s %h %X %Y %Z' host/file)"
}

nothing_outside()
{
	is 'a link to an absolute path leads into the guest' "$(u -v host:/data /bin/busybox cat /data/outside/secret 2>&1)" \
		"cat: can't open '/data/outside/secret': No such file or directory"
	is '.. from the root of the volume' "$(u -v host:/data /bin/busybox ls /data/../data/file)" /data/../data/file
	is 'many ..' "$(u -v host:/data /bin/busybox cat /data/../../../../data/file)" text
	is 'a link with many .. stays inside' "$(u -v host:/data /bin/busybox cat /data/up 2>&1)" \
		"cat: can't open '/data/up': No such file or directory"
}

read_only()
{
	echo keep >ro/file
	is 'write to a read-only volume' "$(u -v ro:/data:ro /bin/busybox touch /data/new 2>&1)" \
		'touch: /data/new: Read-only file system'
	is 'remove from it' "$(u -v ro:/data:ro /bin/busybox rm -f /data/file 2>&1)" \
		"rm: can't remove '/data/file': Read-only file system"
	is 'chmod in it' "$(u -v ro:/data:ro /bin/busybox chmod 0 /data/file 2>&1)" \
		'chmod: /data/file: Read-only file system'
	is 'read from it' "$(u -v ro:/data:ro /bin/busybox cat /data/file)" keep
	ok 'QEMU is told too' eval "u --verbose -v ro:/data:ro $P/hello 2>&1 | grep -q readonly=on"
	is 'nothing has changed' "$(ls ro)" file
}

# The host changes things while a program looks. Both sides take turns: a line in, a line out.
ask()
{
	echo "$1" >&"${SH[1]}"
	read -r -t 60 answer <&"${SH[0]}" || answer='no answer'
}

both_sides()
{
	coproc SH { u -v host:/data /bin/busybox sh; }
	local pid=$SH_PID
	ask 'read x </data/file; echo $x'
	is 'the file' "$answer" text
	echo 'other text' >host/file
	ask 'read x </data/file; echo $x'
	is 'changed in place' "$answer" 'other text'
	echo third >host/tmp && mv host/tmp host/file
	ask 'read x </data/file; echo $x'
	is 'replaced by another' "$answer" third
	rm host/file
	ask '[ -e /data/file ] && echo there || echo gone'
	is 'removed' "$answer" gone
	mkdir host/file
	ask '[ -d /data/file ] && echo directory || echo none'
	is 'a directory now' "$answer" directory
	rmdir host/file
	ask 'echo new >/data/file; echo done'
	is 'made here' "$(cat host/file)" new
	mkdir -p host/d1/d2 && echo deep >host/d1/d2/f
	ask 'read x </data/d1/d2/f; echo $x'
	is 'a new tree' "$answer" deep
	mv host/d1 host/d3
	ask 'read x </data/d3/d2/f; echo $x'
	is 'renamed' "$answer" deep
	ask '[ -e /data/d1/d2/f ] && echo there || echo gone'
	is 'the old name' "$answer" gone
	ask 'exec 5>>/data/log; echo one >&5; echo done'
	echo two >>host/log
	ask 'echo three >&5; echo done'
	is 'both append to one file' "$(tr '\n' ' ' <host/log)" 'one two three '
	ask 'exec 6</data/log; rm=1; echo done'
	rm host/log
	ask 'read x <&6; echo $x'
	is 'a removed file that is open' "$answer" one
	chmod 640 host/file
	ask 'exec 5>&-; exec 6<&-; echo closed'
	eval "exec ${SH[1]}>&-"
	wait $pid
	rm -rf host/d3
	echo text >host/file
}

# Descriptors that this script's machine has open on the volume.
held()
{
	local p
	for p in /proc/[0-9]*; do
		grep -qs qemu "$p/comm" && tr '\0' '\n' <"$p/environ" 2>/dev/null | grep -qxF "TMPDIR=$TMPDIR" || continue
		ls -l "$p/fd" 2>/dev/null | grep -c " $PWD/host"
	done 2>/dev/null
}

nothing_leaks()
{
	local before after
	coproc CH { u -v host:/data $P/churn names /data ${1:-200} 2>&1; }
	local pid=$CH_PID
	read -r -t 100 answer <&"${CH[0]}"
	before=$(held)
	echo >&"${CH[1]}"
	read -r -t 100 answer <&"${CH[0]}"
	after=$(held)
	is 'names come and go' "$answer" 'done'
	is 'the server holds no more than before' "$after" "$before"
	ok 'and that is little' [ "${after:-99}" -le 4 ]
	echo >&"${CH[1]}"
	wait $pid
	is 'nothing of it is left' "$(ls host)" $'file\noutside\nup'
	status 'a thousand files open at a time' 0 eval "(ulimit -S -n 256; u -v host:/data $P/churn open /data 1000)"
}

# sync(2) means the disks of the host.
synced()
{
	if ! strace -f -o trace true 2>/dev/null; then
		skip 'sync reaches the disk of the host' 'no strace here'
		return
	fi
	truncate -s 1M disk.img
	strace -f -e trace=syncfs,fsync,fdatasync,write -o trace "$UNILOAD" run --accel "$ACCEL" -v host:/data --disk disk.img \
		$P/churn sync /data >out
	is 'sync returns' "$(cat out)" synced
	ok 'the file system of the volume was synced' grep -q 'syncfs.*= 0' trace
	ok 'before the program went on' \
		[ "$(grep -n 'syncfs(' trace | head -1 | cut -d: -f1)" -lt "$(grep -n 'write(1, "synced' trace | head -1 | cut -d: -f1)" ]
	strace -f -e trace=fsync,fdatasync -o trace "$UNILOAD" run --accel "$ACCEL" --disk disk.img \
		/bin/busybox sh -c 'echo x >/dev/vda; exec /bin/busybox sync'
	ok 'as was the disk' grep -q 'fdatasync.*= 0' trace
	"$UNILOAD" run --accel "$ACCEL" -v host:/data /bin/busybox sh -c 'echo at the end >/data/synced'
	is 'without sync it is in the file at the end' "$(cat host/synced)" 'at the end'
	rm host/synced
}

# Every record that the program saw confirmed must be in the file.
kill_round()
{
	local last
	rm -f host/records
	"$UNILOAD" run --accel "$ACCEL" -v host:/data $P/append /data/records >confirmed 2>/dev/null &
	local pid=$!
	sleep "0.$((RANDOM % 7 + 3))$((RANDOM % 10))"
	kill -KILL $pid
	wait $pid 2>/dev/null
	no_machines || return 1
	last=$(tail -n 1 confirmed | grep -x 'record [0-9]\{8\}' || tail -n 2 confirmed | head -n 1)
	records=$((records + $(wc -l <confirmed)))
	[ -z "$last" ] || { grep -qx "$last" host/records && ! cmp confirmed host/records 2>&1 | grep -q differ; }
}

killed()
{
	local rounds=5 i good=0
	records=0
	[ "$LONG" = 1 ] && rounds=100
	for i in $(seq $rounds); do
		kill_round && good=$((good + 1))
	done
	is "confirmed records after $rounds kills" $good $rounds
	ok 'some were confirmed' [ $records -gt 0 ]
	echo "# $records records confirmed"
}

bad_options
names
nothing_outside
read_only
both_sides
nothing_leaks
synced
killed
ok 'no machine is left' no_machines
is 'nothing strange is left in the volume' "$(rm -f host/records; ls host | tr '\n' ' ')" 'file outside up '
done_testing
