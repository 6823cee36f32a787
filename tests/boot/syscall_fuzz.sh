#!/bin/bash
# SPDX-License-Identifier: MIT
# test: random system calls, from one thread and from many, with plenty of memory and with little: the kernel survives
# long
# timeout: 900
. tests/boot/lib.sh

seconds=3 runs=2 first=${SEED:-1000} calls=0
[ "$LONG" = 1 ] && seconds=8 runs=25 first=${SEED:-$RANDOM}
truncate -s 8M disk
for ((seed = first; seed < first + runs; seed++)); do
	threads=$(((seed % 2) * 4 + 1)) memory=$((seed % 3 ? 128 : 48))M
	mkdir -p volume
	u --timeout 60 -m $memory --disk disk -v "$PWD/volume:/vol" "$P/syscall_fuzz" $seed $seconds $threads >out 2>err </dev/null
	status=$?
	# Whatever became of the process that made the calls, the one that guards it ends well. 124 is a machine that hangs.
	is "seed $seed, $threads threads, $memory" $status 0 || head -n 40 err | sed 's/^/# /'
	n=$(grep -axE '[0-9]+ calls' out | cut -d' ' -f1)
	calls=$((calls + ${n:-0}))
	chmod -R u+rwx volume 2>/dev/null
	rm -rf volume
done
ok "$calls calls were made" [ $calls -gt $((runs * 100)) ]
ok 'no machine is left' no_machines
done_testing
