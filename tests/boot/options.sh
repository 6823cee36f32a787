#!/bin/bash
# SPDX-License-Identifier: MIT
# test: the options of uniload run: arguments, environment, directory, time limit, strace, strict, memory
. tests/boot/lib.sh

# ---- arguments ----
is 'argv[0] as typed' "$(u "$P/env" | head -1)" "arg 0 [$P/env]"
is 'odd arguments arrive' "$(u "$P/env" '' 'two words' '*' $'new\nline' '-x' --accel ü | grep -c '^arg')" 8
is 'an empty argument' "$(u "$P/env" '' | sed -n 2p)" 'arg 1 []'
is 'options after the program are its own' "$(u "$P/env" --timeout 1 | sed -n 2p)" 'arg 1 [--timeout]'
is '-- ends the options' "$(u -- "$P/hello")" hello
is 'many arguments' "$(u "$P/env" $(seq 2000) | grep -c '^arg')" 2001
long=$(head -c 100000 /dev/zero | tr '\0' x)
is 'a long argument' "$(u "$P/env" "$long" | sed -n 2p | wc -c)" 100009
cp "$P/hello" 'name with spaces'
is 'spaces in the name' "$(u './name with spaces')" hello
cp "$P/hello" found && is 'found in PATH' "$(PATH=$PWD:$PATH u found)" hello
is 'static-PIE' "$(u "$P/hello-pie" x)" $'hello\nx'
[ -s "$P/hello-musl" ] && is 'static musl' "$(u "$P/hello-musl" x)" $'hello\nx'

# ---- environment and directory ----
is '-e sets' "$(u -e A=1 -e 'B=two words' -e C= "$P/env" | grep -E '^env \[[ABC]=')" $'env [A=1]\nenv [B=two words]\nenv [C=]'
is '-e without a value copies' "$(D=copied u -e D "$P/env" | grep 'env \[D=')" 'env [D=copied]'
is 'the rest of the environment stays here' "$(SECRET=1 u "$P/env" | grep -c SECRET)" 0
is '-w' "$(u -w /tmp "$P/env" | grep cwd)" 'cwd [/tmp]'
is '-w makes it' "$(u -w /made/up/path "$P/env" | grep cwd)" 'cwd [/made/up/path]'
is 'the directory is as here' "$(u "$P/env" | grep cwd)" "cwd [$(pwd -P)]"

# ---- time and memory ----
start=$SECONDS
status '--timeout' 124 u --timeout 1 "$P/signals" ignore
ok '--timeout is kept' [ $((SECONDS - start)) -lt 30 ]
status 'in time' 0 u --timeout 100 "$P/hello"
for m in 8M 64M 1G; do
	is "-m $m" "$(u -m $m "$P/hello")" hello
done

# ---- processors ----
is 'one without -c' "$(u /bin/busybox nproc)" 1
for n in 1 2 16; do
	is "-c $n" "$(u -c $n /bin/busybox sh -c 'nproc; grep -c ^processor /proc/cpuinfo; cat /sys/devices/system/cpu/online')" \
		"$n"$'\n'"$n"$'\n'"0$([ $n = 1 ] || echo "-$((n - 1))")"
done
"$UNILOAD" build -c 3 -o nproc.img /bin/busybox --args nproc
is 'an image says how many' "$(u nproc.img)" 3
is '-c beside an image' "$(u -c 2 nproc.img)" 2
is 'inspect tells' "$("$UNILOAD" inspect nproc.img | grep -c '^ *cpus: *3$')" 1
status 'exit status with two' 3 u -c 2 "$P/die" exit 3
status 'a signal with two' 139 u -c 2 "$P/die" raise 11

# ---- strace, strict, verbose ----
u --strace "$P/hello" >out 2>err
is '--strace leaves stdout alone' "$(cat out)" hello
ok '--strace shows the write' grep -Eq '^write\(1, "hello\\n", 6\) += 6' err
ok '--strace shows the end' grep -Eq '^exit_group\(0\)' err
is '--strace says how it ended' "$(tail -n 1 err)" '+++ exited with 0 +++'
u --strace --timeout 2 /bin/busybox sleep 1000 >out 2>err
ok '--strace shows a call that sleeps' grep -q '^clock_nanosleep(CLOCK_REALTIME, 0, {tv_sec=1000, tv_nsec=0}' err
u --strace "$P/die" thread exit 3 >out 2>err
ok '--strace shows one that others overtake' grep -Eq '^\[pid +[0-9]+\] .* <unfinished \.\.\.>$' err
u --strace "$P/die" raise 10 >out 2>err
ok '--strace shows a signal' grep -q '^--- SIGUSR1 {si_signo=SIGUSR1, si_code=SI_TKILL, si_pid=' err
is '--strace says what killed it' "$(tail -n 1 err)" '+++ killed by SIGUSR1 +++'
u --strace=trace "$P/hello" >out 2>err
ok '--strace=FILE' grep -Eq '^write\(1, "hello\\n", 6\) += 6' trace
ok '--strace=FILE leaves stderr alone' [ ! -s err ]
u --strace "$P/env" stub >out 2>err
ok '--strace names errors' grep -Eq '^swapon\(.*= -1 E[A-Z]+' err
status 'an unimplemented call is an errno' 0 u "$P/env" stub
u --strict "$P/env" stub >out 2>err
is '--strict stops there, as a filter would: SIGSYS' $? 159
ok '--strict names the call' grep -q swapon err
is '--strict: nothing after it ran' "$(cat out)" ''
status '--strict lets good programs run' 0 u --strict "$P/hello"
u --verbose "$P/hello" >out 2>err
is '--verbose leaves stdout alone' "$(cat out)" hello
ok '--verbose shows the QEMU command' grep -q qemu err
is 'quiet by default' "$(u "$P/hello" 2>&1)" hello

# ---- the command itself ----
ok '--version' grep -Eq '^uniload [0-9]+\.[0-9]+' <("$UNILOAD" --version)
ok '--help' grep -q 'uniload run\|run ' <("$UNILOAD" --help)
ok 'run --help' grep -q -- '--accel' <("$UNILOAD" run --help)
ok 'table lists read' grep -Eq '\bread\b' <("$UNILOAD" table)
"$UNILOAD" --help >/dev/full 2>err
ok '--help to a full disk fails' [ $? = 125 ]
ok 'nothing is left running' no_machines
done_testing
