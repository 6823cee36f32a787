#!/bin/bash
# SPDX-License-Identifier: MIT
# test: standard input, output and error are separate, byte-exact, flow-controlled, and end when they end
# timeout: 900
. tests/boot/lib.sh

size=$((16 << 20))
[ "$LONG" = 1 ] && size=$((1 << 30))

# ---- bytes ----
wanted=$("$P/io" gen $size | "$P/io" sum)
is "$size bytes out" "$(u "$P/io" gen $size | "$P/io" sum)" "$wanted"
is "$size bytes in" "$("$P/io" gen $size | u "$P/io" sum)" "$wanted"
is "$size bytes through, both ways at once" "$("$P/io" gen $size | u "$P/io" cat | "$P/io" sum)" "$wanted"
"$P/io" gen 1000003 >file
is 'from a file' "$(u "$P/io" sum <file)" "$("$P/io" sum <file)"
u "$P/io" cat <file >copy
ok 'to a file' cmp -s file copy
is 'appended to a file' "$(echo first >log; u "$P/hello" >>log; cat log)" "first
hello"
for n in 1 7 4095 4096 4097; do
	head -c 20001 file | u "$P/io" cat $n | cmp -s - <(head -c 20001 file)
	ok "in reads of $n" [ "${PIPESTATUS[1]}${PIPESTATUS[2]}" = 00 ]
done
is 'empty input: file' "$(u "$P/io" sum </dev/null)" '0 cbf29ce484222325'
is 'empty input: pipe' "$(: | u "$P/io" sum)" '0 cbf29ce484222325'
is 'input in pieces' "$( (printf a; sleep 0.3; printf b; sleep 0.3; printf c) | u "$P/io" cat)" abc
is 'zero bytes are bytes' "$(head -c 1000 /dev/zero | u "$P/io" cat | tr -d '\0' | wc -c)" 0

# ---- separation ----
u "$P/io" both >out 2>err
is 'stdout has its lines' "$(md5sum <out)" "$(for i in {0..999}; do echo "out $i"; done | md5sum)"
is 'stderr has its lines' "$(md5sum <err)" "$(for i in {0..999}; do echo "err $i"; done | md5sum)"
u "$P/io" both >both 2>&1
is 'in one file they keep their order' "$(md5sum <both)" "$(for i in {0..999}; do echo "out $i
err $i"; done | md5sum)"

# ---- what is not there ----
is 'closed stdin' "$(u "$P/io" state <&-)" 'closed stream stream'
u "$P/io" state >&- 2>err </dev/null
is 'closed stdout' "$(cat err)" 'device closed stream'
is 'closed stderr' "$(u "$P/io" state 2>&- </dev/null)" 'device stream closed'
status 'everything closed' 0 bash -c "$(declare -f u); UNILOAD='$UNILOAD' ACCEL=$ACCEL; u '$P/io' state <&- >&- 2>&-"
is '/dev/null on all' "$(u "$P/io" state </dev/null 2>/dev/null)" 'device stream device'
u "$P/hello" >&- 2>/dev/null
is 'hello with stdout closed ends as on Linux' $? "$("$P/hello" >&- 2>/dev/null; echo $?)"

# ---- output that fails ----
is '/dev/full' "$(u "$P/io" full 2>&1 >/dev/full)" 'No space left on device'
u "$P/io" full >/dev/full 2>/dev/null
is '/dev/full: status' $? 1
u "$P/io" gen 100000000 2>/dev/null | head -c 1 >/dev/null
is 'SIGPIPE when the reader goes' "${PIPESTATUS[0]}" 141
start=$SECONDS
yes | u "$P/io" drain 100000 >out
is 'input that never ends is not waited for' "${PIPESTATUS[1]} $(cat out)" '0 enough'
ok 'and that is quick' [ $((SECONDS - start)) -lt 60 ]
(sleep 3; echo late) | u "$P/hello" >out
is 'unread input does not hold the machine' "$(cat out)" hello
u "$P/io" gen 8000000 | (sleep 1; "$P/io" sum) >out
is 'a slow reader loses nothing' "$(cat out)" "$("$P/io" gen 8000000 | "$P/io" sum)"
ok 'nothing is left running' no_machines
done_testing
