#!/bin/bash
# SPDX-License-Identifier: MIT
# test: io_uring with garbage in its rings: the kernel survives
# timeout: 300
. tests/boot/lib.sh

rounds=2000 runs=2 first=${SEED:-1}
[ "$LONG" = 1 ] && rounds=50000 runs=20 first=${SEED:-$RANDOM}
for ((seed = first; seed < first + runs; seed++)); do
	u --timeout 120 "$P/uring_fuzz" $seed $rounds >out 2>err </dev/null
	is "seed $seed: status" $? 0
	ok "seed $seed: it ends as it should" grep -q '^1\.\.' out || head -n 40 err | sed 's/^/# /'
done
ok 'no machine is left' no_machines
done_testing
