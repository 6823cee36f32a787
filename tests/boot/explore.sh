#!/bin/bash
# SPDX-License-Identifier: MIT
# test: uniload explore: calls that a program needs and does not need, its state, tests that cannot be used
# modes: once
# timeout: 600
. tests/boot/lib.sh
x() { timeout --foreground -k 5 500 "$UNILOAD" explore --run --accel="$ACCEL" "$@"; }

# getuid 102 must give the true answer, getgid 104 may give any, getppid 110 may fail but not be 0.
cat >trial <<'END'
"$RUN" 102 104 110 >"$TMPDIR/out" || exit 1
grep -qx "102: $(id -u)" "$TMPDIR/out" && grep -q '^104: ' "$TMPDIR/out" && ! grep -qx '110: 0' "$TMPDIR/out"
END
is 'what it found' "$(x "$P/calls" --test "sh $PWD/trial" --timeout 20 --state state -o report 2>&1)" ''
# The line about calls of this kind.
kind() { sed -n "s/^- $1: //p" report; }
ok 'required' grep -qw write <<<"$(kind Required)"
ok 'what must be right' grep -qw getuid <<<"$(kind "$([ "$(id -u)" = 0 ] && echo 'Fakeable only' || echo Required)")"
ok 'stubbable or fakeable' grep -qw getgid <<<"$(kind 'Stubbable (ENOSYS) or fakeable (0)')"
ok 'stubbable only' grep -qw getppid <<<"$(kind 'Stubbable only')"
made=$(grep -c '^call ' state)
ok 'all calls are in one of the kinds' [ "$(grep '^- ' report | tr ',' '\n' | wc -l)" = "$made" ]
ok '... and counted' grep -q "^| $made | " report
is 'the state knows both variants of each' "$(grep -c '^stub ' state) $(grep -c '^fake ' state)" "$made $made"

# ---- a program that another one starts: only its own calls count ----
cp "$P/calls" other
cat >inside <<'END'
[ "$("$1" 102)" = "102: $3" ] && [ "$("$2" 102 104)" = "102: $3
104: $4" ]
END
x "$P/calls" --driver /bin/busybox --run --add="$PWD/other" --run --add="$PWD/inside" --timeout 20 -o driven \
	--test "\"\$RUN\" sh $PWD/inside $P/calls $PWD/other $(id -u) $(id -g)"
is '--driver' $? 0
calls_of() { sed -n 's/^- [^:]*: //p' driven | tr -d ',' | tr ' ' '\n'; }
ok '... its call' grep -qx getuid <(calls_of)
ok '... not those of others' [ "$(calls_of | grep -cx 'getgid\|execve')" = 0 ]
ok '... is required, though others go on without rules' grep -q '^- Required: .*getuid\|^- Fakeable only: .*getuid' driven
refused '... of a program that is not there' 127 'not found' x none --driver /bin/busybox --test true

# ---- going on ----
grep -v '^fake get' state >shorter
printf 'fake getp' >>shorter # interrupted in the middle of a line
cp report first
x "$P/calls" --test "sh $PWD/trial" --state shorter --timeout 20 -o report
ok 'an interrupted experiment goes on' cmp first report
is '... with what was left' "$(grep -c '^stub ' shorter) $(grep '^fake .*ed$' shorter | sort -u | wc -l)" "$made $made"
refused 'a state of another experiment' 125 'is of another experiment' x "$P/calls" --test true --state state

# ---- mistakes ----
x "$P/hello" --test '"$RUN"; false' >out 2>err
is 'a test that fails with nothing changed' "$? $(head -1 err)" '125 uniload: the test fails with nothing changed; it said:'
refused 'a test without the program' 125 'the test did not run the program' x "$P/hello" --test true
refused 'no test' 125 '--test is missing' x "$P/hello"
refused 'no program' 125 'which program' x
refused 'arguments' 125 'business' x "$P/hello" --test true arg
refused 'a number that is none' 125 '-j x: not a number' x -j x "$P/hello" --test true
ok 'no directory is left' [ "$(find "$TMPDIR" -name 'uniload-*' | wc -l)" = 0 ]
ok 'nothing is left running' no_machines
done_testing
