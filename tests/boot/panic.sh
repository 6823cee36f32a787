#!/bin/bash
# SPDX-License-Identifier: MIT
# test: a kernel panic says why and where, and ends the machine, on whichever processor it happens
. tests/boot/lib.sh

# panics CPUS WHICH
panics()
{
	u --timeout 100 -c "$1" "$P/panic" "$2" >out 2>err </dev/null
	is "panic on processor $2 of $1" $? 125
	ok 'it says so once' [ "$(grep -c 'kernel panic' err)" = 1 ]
	ok 'and where' grep -q 'in thread .* (panic)' err
}

panics 1 0
panics 2 0
panics 2 1
ok 'no machine is left' no_machines
done_testing
