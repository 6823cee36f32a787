#!/bin/bash
# SPDX-License-Identifier: MIT
# test: the exit status is the program's; a death by signal is 128 + its number, as a shell says it
. tests/boot/lib.sh

# same ARG...: the program `die` must end here as it does on this Linux.
same()
{
	("$P/die" "$@") >/dev/null 2>&1 </dev/null
	status "die $* ends as on Linux" $? u "$P/die" "$@"
}

ulimit -c 0
for code in 0 1 2 42 125 126 127 128 254 255 256 257 -1; do
	same exit $code
done
same _exit 7
for sig in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 24 25 26 27 29 30 31 34 64; do
	same raise $sig
done
for sig in 17 18 23 28; do
	same raise $sig # ignored by default
done
for how in null div stack abort ud2 int3 hlt text data jump blocked pipe; do
	same $how
done
for how in 'exit 33' 'last 44' null abort stack; do
	same thread $how
done

# What Linux with this much memory would do: the out-of-memory killer, or ENOMEM from mmap (the program's status 12).
u -m 64M "$P/die" eat >out 2>err
got=$?
ok 'eating all memory ends the program, 137 (or 12), not the machine' [ $got = 137 -o $got = 12 ] ||
	echo "# status $got"
status 'and the next run is fine' 0 u "$P/hello"

status 'verbose: a fault says more' 139 u --verbose "$P/die" null
ok 'verbose: it names the signal' grep -q SIGSEGV err
ok 'verbose: it shows registers' grep -Eqi 'rip' err
status 'quiet: a fault is not explained at length' 139 u "$P/die" null
ok 'quiet: at most one line' [ "$(wc -l <err)" -le 1 ]
ok 'nothing is left running' no_machines
is 'execve that fails too late' "$(u /bin/busybox sh -c 'ulimit -v 1000; exec /bin/busybox true'; echo $?)" 139
is 'execve that fails in time' "$(u /bin/busybox sh -c 'exec /nowhere' 2>/dev/null; echo $?)" 127
done_testing
