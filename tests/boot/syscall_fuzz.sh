#!/bin/bash
# SPDX-License-Identifier: MIT
# test: random system calls, from one thread and from many, with plenty of memory and with little: the kernel survives
# long
# timeout: 900
. tests/boot/lib.sh

seconds=3 runs=2 first=${SEED:-1000}
[ "$LONG" = 1 ] && seconds=8 runs=25 first=${SEED:-$RANDOM}
truncate -s 8M disk
for ((seed = first; seed < first + runs; seed++)); do
	threads=$(((seed % 2) * 4 + 1)) memory=$((seed % 3 ? 128 : 48))M
	mkdir -p volume
	u --timeout 60 -m $memory --disk disk -v "$PWD/volume:/vol" "$P/syscall_fuzz" $seed $seconds $threads >out 2>err </dev/null
	status=$?
	# A call may end the process in any way it likes; 124 is a machine that hangs, 125 one that fails.
	ok "seed $seed, $threads threads, $memory" [ $status != 124 -a $status != 125 ] ||
		{ echo "# status $status"; head -n 40 err | sed 's/^/# /'; }
	chmod -R u+rwx volume 2>/dev/null
	rm -rf volume
done
ok 'no machine is left' no_machines
done_testing
