#!/bin/bash
# SPDX-License-Identifier: MIT
# test: rewriting of system calls: how many become jumps, chosen by options, told by --stats
# modes: accel
. tests/boot/lib.sh

loop='i=0; while [ $i -lt 3000 ]; do kill -0 $$; i=$((i + 1)); done; echo done'
# calls HOW: run the loop; sets planned, by_plan, online, calls, traps.
calls()
{
	u "$1" --stats /bin/busybox sh -c "$loop" >out 2>err
	is "$1: it runs" "$(cat out)" 'done'
	read -r planned by_plan online calls traps < <(sed -n 's/^uniload: rewriting: \([0-9]*\) sites planned, \([0-9]*\) rewritten by plan, \([0-9]*\) after traps; of \([0-9]*\) system calls \([0-9]*\) trapped$/\1 \2 \3 \4 \5/p' err)
	ok "$1: at least 3000 calls were made" [ "${calls:-0}" -ge 3000 ]
}

calls --rewrite=both
ok 'of them 99 % are jumps' [ $((traps * 100)) -le "$calls" ]
ok 'sites were planned, and rewritten' [ "$planned" -gt 0 -a "$by_plan" -gt 0 ]
calls --rewrite=plan
ok 'by the plan alone, too' [ $((traps * 100)) -le "$calls" ]
is 'nothing else is' "$online" 0
calls --rewrite=online
is 'without a plan nothing is planned' "$planned $by_plan" '0 0'
ok 'sites that trap again and again become jumps' [ "$online" -gt 0 -a $((traps * 20)) -le "$calls" ]
calls --no-rewrite
is 'no site is rewritten' "$planned $by_plan $online" '0 0 0'
is 'all calls trap' "$traps" "$calls"
ok 'the place is told' grep -q ' traps at 0*[0-9a-f]* .*, call 62, process 2$' err

# Of what an image has in it, plans are the smallest part.
XDG_CACHE_HOME=$PWD/cache "$UNILOAD" build -f /usr/bin/awk -o awk.img
plan=$(stat -c %s cache/uniload/*.plan) image=$(stat -c %s awk.img)
ok 'the plan makes an image grow by less than a percent' [ "${plan:-0}" -gt 0 -a $((plan * 100)) -le "$image" ]

u /bin/busybox true 2>err
is 'nothing is told without --stats' "$(cat err)" ''
done_testing
