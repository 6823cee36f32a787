#!/bin/bash
# SPDX-License-Identifier: MIT
#
# usage: tests/fuzz/syscalls.sh CALLS [SECONDS]
#
# Make random system calls (tests/boot/prog/syscall_fuzz.c) in machines of all kinds, one after another, until CALLS of
# them, or for that long at most. A line for each machine is added to build/fuzz-syscalls.log: commit, accelerator, seed,
# threads, processors, memory, rewriting, exit status, calls. The last line of the output sums up that file. A machine that does not
# end with 0 has hung or failed: its messages are kept beside the log, and the exit status is 1.
set -u
cd "$(dirname "$0")/../.." || exit 99
[ $# -ge 1 ] || { sed -n 's/^# //p' "$0" | sed -n 2,8p; exit 2; }
make -s -f tests/tests.mk build/tests/boot/syscall_fuzz || exit 99
wanted=$1 deadline=$((SECONDS + ${2:-1000000})) each=20 made=0 bad=0
log=$PWD/build/fuzz-syscalls.log commit=$(git describe --always --dirty)
work=$(mktemp -d /tmp/uniload-fuzz.XXXXXX)
trap 'chmod -R u+rwx "$work"; rm -rf "$work"' EXIT
# Of its own: the tree may be built anew meanwhile.
cp build/uniload build/tests/boot/syscall_fuzz "$work" && cd "$work" || exit 99
accels=(tcg)
[ -w /dev/kvm ] && accels+=(kvm)

while [ $made -lt "$wanted" ] && [ $SECONDS -lt $deadline ]; do
	seed=$((RANDOM * 32768 + RANDOM)) accel=${accels[RANDOM % ${#accels[@]}]}
	threads=$((RANDOM % 3 ? RANDOM % 8 + 1 : 1)) memory=$((RANDOM % 4 ? 128 : 48))M cpus=$((RANDOM % 3 ? 1 : 2))
	rewrite=$([ $((RANDOM % 3)) = 0 ] && echo --no-rewrite)
	truncate -s 0 disk && truncate -s 8M disk
	mkdir -p volume
	timeout --foreground -k 5 $((each + 100)) ./uniload run --accel $accel --timeout $((each + 60)) -c $cpus -m $memory $rewrite \
		--disk disk -v "$work/volume:/vol" ./syscall_fuzz $seed $each $threads >out 2>err </dev/null
	status=$?
	calls=$(grep -axE '[0-9]+ calls' out | cut -d' ' -f1)
	made=$((made + ${calls:-0}))
	line="$commit $accel seed=$seed threads=$threads cpus=$cpus $memory ${rewrite:-rewrite} status=$status ${calls:-0}"
	echo "$line" | tee -a "$log"
	if [ $status != 0 ]; then
		bad=$((bad + 1))
		{ echo "# $line" && cat err; } >"$log.$seed"
	fi
	chmod -R u+rwx volume 2>/dev/null
	rm -rf volume
done
awk '{ n += $NF; bad += $(NF - 1) != "status=0"; runs++ } END { print n " calls in " runs " machines, of which " bad+0 " hung or failed" }' "$log"
[ $bad = 0 ]
