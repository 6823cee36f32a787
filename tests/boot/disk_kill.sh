#!/bin/bash
# SPDX-License-Identifier: MIT
# test: a machine that is killed loses nothing that a program was told is on the disk
# timeout: 1800
. tests/boot/lib.sh
rounds=5
[ "$LONG" = 1 ] && rounds=100
total=0 lost=
for i in $(seq $rounds); do
	rm -f disk.img && truncate -s 256M disk.img
	: >confirmed
	timeout -s KILL 60 "$UNILOAD" run --accel "$ACCEL" --disk disk.img "$P/records" write /dev/vda >confirmed &
	pid=$!
	until [ -s confirmed ] || ! kill -0 $pid 2>/dev/null; do
		sleep 0.01
	done
	sleep "0.$((RANDOM % 90 + 10))"
	machine=$(pgrep -P "$(pgrep -P $pid)")
	if [ $((i % 2)) = 0 ] && [ -n "$machine" ]; then
		kill -KILL $machine
	else
		kill -KILL "$(pgrep -P $pid)"
	fi
	wait $pid
	no_machines || echo '# a machine is still there'
	last=$(grep -c '' confirmed) # the last line may be cut off by the kill: then it is not confirmed
	[ -n "$(tail -c 1 confirmed)" ] && last=$((last - 1))
	last=$((last - 1))
	[ $last -ge 0 ] && lost="$lost$("$P/records" check disk.img $last)" && total=$((total + last + 1))
done 2>killed # bash says who was killed
echo "# $total records confirmed in $rounds rounds"
is 'nothing confirmed is lost' "$lost" ''
ok 'records were confirmed' [ $total -gt $((rounds * 10)) ]
done_testing
