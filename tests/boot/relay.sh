#!/bin/bash
# SPDX-License-Identifier: MIT
# test: the host side alone, against a stand-in for QEMU that also misbehaves: relay, signals, deaf and dying machines
# modes: host
. tests/boot/lib.sh

export UNILOAD_QEMU=$P/fake_qemu UNILOAD_ACCEL=tcg LC_ALL=C
APP=$P/hello

run() { timeout --foreground -k 1 60 "$UNILOAD" run "$@"; }
fake() { run "$APP" "$@"; }

# error WHAT WANTED TEXT COMMAND...: the status, and exactly one line with TEXT.
error()
{
	local what=$1 wanted=$2 text=$3
	shift 3
	status "$what: status" "$wanted" "$@"
	is "$what: one line" "$(wc -l <err)" 1
	ok "$what: says '$text'" grep -qF -- "$text" err
}

# begin ARG...: a machine in the background that has said "ready"; its pid is in $pid.
begin()
{
	: >out
	perl -e '$SIG{INT} = $SIG{QUIT} = "DEFAULT"; exec @ARGV' "$UNILOAD" run "$@" >out 2>err &
	pid=$!
	for _ in $(seq 200); do
		grep -q ready out && return
		sleep 0.05
	done
}

ms() { echo $(($(date +%s%N) / 1000000)); }

# ---- statuses ----
for code in 0 1 255; do status "exit $code" $code fake exit $((code << 8)); done
status 'killed by SIGSEGV, with a core flag' 139 fake exit $((11 | 128))
is 'nothing is said about a death by signal' "$(cat err)" ''
fake late >out 2>err
is 'bytes later than the exit message' "$? $(cat out) $(cat err)" '5 output err'

# ---- bytes ----
head -c 3000000 /dev/urandom >random
fake cat <random | cmp - random
is 'a file through cat' "${PIPESTATUS[*]}" '0 0'
cat random | fake cat | cmp - random
is 'a pipe through cat' "${PIPESTATUS[*]}" '0 0 0'
is 'nothing from a pipe' "$(: | fake cat | wc -c)" 0
: >empty
is 'nothing from a file' "$(fake cat <empty | wc -c)" 0
is 'end of input after pauses' "$( (echo a; sleep 0.3; echo b) | fake cat)" $'a\nb'
mkfifo fifo
(echo through a fifo >fifo) &
is 'a FIFO' "$(fake cat <fifo)" 'through a fifo'
(echo first; fake gen 8; echo last) >file
is 'the offset of a shared file' "$(tr -d '\000\001\n' <file)" firstlast
is 'a GiB out' "$(fake gen $((1 << 30)) | tail -c 4 | od -An -tx1)" ' ff ff ff 0f'
head -c 1G /dev/zero | fake cat | cmp - <(head -c 1G /dev/zero)
is 'a GiB both ways' "${PIPESTATUS[*]}" '0 0 0'
fake both >out 2>err
is 'output and error apart' "$(cat out) $(cat err)" 'to output to error'
fake gen 400000000 | (sleep 1; pgrep -f "^$UNILOAD run $APP gen 400000000" | xargs -I% grep VmHWM /proc/%/status >rss; wc -c >count)
is 'a slow reader gets it all' "$(cat count)" 400000000
ok 'and costs no memory' [ "$(awk '{ print $2 }' rss)" -lt 16000 ]

# ---- broken output and input ----
fake sync >/dev/full
is '/dev/full: ENOSPC' $? 28
fake sync >/dev/zero
is 'a device acknowledges' $? 0
fake gen 100000000 2>err | head -c 10 >/dev/null
is 'the reader leaves: SIGPIPE' "${PIPESTATUS[0]}" 141
start=$(ms)
fake wait-error | true
is 'an idle program hears of it: EPIPE' "${PIPESTATUS[0]}" 32
ok 'at once' [ $(($(ms) - start)) -lt 3000 ]
fake both >&- 2>err
is 'closed output' $? 0
is 'closed error' "$(fake both 2>&-)" 'to output'
is 'kinds: closed' "$(fake std 2>&1 <&- | head -1)" '0/0'
is 'kinds: null, pipe, same as 1' "$(fake std 2>&1 </dev/null | tr '\n' ' ')" '1/0 2/0 2/2 '
is 'kinds: device' "$(fake std 2>&1 >/dev/full </dev/null | tr '\n' ' ')" '1/0 2/1 2/0 '
fake cat <"$TMPDIR" 2>err
is 'reading a directory fails' "$? $(grep -c 'Is a directory' err)" '21 1'
yes 2>/dev/null | fake close-input
is 'whoever writes to closed input gets SIGPIPE' "${PIPESTATUS[0]}" 141

# ---- signals ----
for sig in INT TERM HUP QUIT USR1 USR2; do
	begin "$APP" signal die
	kill -$sig $pid
	wait $pid
	is "SIG$sig reaches the program" "$? $(tail -1 out)" "$((128 + $(kill -l $sig))) signal $(kill -l $sig)"
done
begin "$APP" signal ack
kill -TERM $pid
sleep 0.7
kill -TERM $pid
sleep 0.3
ok 'a program that goes on after SIGTERM goes on' kill -0 $pid
kill -KILL $pid
wait $pid 2>/dev/null
begin "$APP" signal deaf
kill -TERM $pid
kill -TERM $pid
sleep 0.7
ok 'two signals at once are one' kill -0 $pid
kill -TERM $pid
wait $pid
is 'a deaf machine is killed by the second SIGTERM' $? 143
begin "$APP" signal deaf
start=$(ms)
kill -HUP $pid
wait $pid
is 'or after 5 s' "$? $((($(ms) - start) / 1000))" '129 5'
nohup "$UNILOAD" run --timeout 2 "$APP" signal die >out 2>/dev/null &
pid=$!
sleep 1
kill -HUP $pid
wait $pid
is 'an ignored signal stays ignored' "$? $(cat out)" '124 ready'
begin --timeout 60 "$APP" signal die
kill -TSTP $pid
sleep 0.3
is 'SIGTSTP stops both' "$(ps -o stat= -p $pid | cut -c1)$(ps -o stat= --ppid $pid | cut -c1)" TT
kill -CONT $pid
kill -USR1 $pid
wait $pid
is 'SIGCONT continues both' $? 138
start=$(ms)
status '--timeout' 124 run --timeout 0.5 "$APP" hang
is 'what came before it is there' "$(cat out)" before
ok 'it is on time' [ $(($(ms) - start)) -lt 3000 ]
status 'the clock' 0 fake time

# ---- terminal ----
"$P/pty" -r 33 -c 77 expect '33 77' winch 40x100 expect '40 100' -- "$UNILOAD" run "$APP" winsize >got
is 'window size' $? 0
"$P/pty" expect ready send 'a\x03\x1a\r' expect '<61>' expect '<03>' expect '<1a>' expect '<0d>' send q -- \
	"$UNILOAD" run "$APP" tty >got
is 'every key arrives as it is' $? 7
(sleep 1; pkill -KILL -of "^$UNILOAD run $APP tty") & # the oldest: not the process that guards the terminal
"$P/pty" expect ready -- bash -c '"$@"; sleep 0.3; exit 3' - "$UNILOAD" run "$APP" tty >got 2>&1
is 'uniload killed by SIGKILL: the terminal is as it was' $? 3
wait
"$P/pty" expect ready send '\x03' expect 'killed after 2 s' -- "$UNILOAD" run --timeout 2 "$APP" signal deaf >got
is 'one ^C does not kill a machine' $? 124
"$P/pty" expect ready send '\x03' expect again send '\x03' -- \
	bash -c '(sleep 1.5; echo again) & exec "$@"' - "$UNILOAD" run --timeout 30 "$APP" signal deaf >got
is 'the second ^C frees from a deaf one' $? 130
# ---- failures ----
status 'panic' 125 fake panic
ok 'its text' grep -q 'panic: no reason' err
ok 'its log' grep -q 'backtrace: none' err
status 'panic through the exit port' 125 fake debug-exit
ok 'its text too' grep -q 'early panic' err
status 'QEMU fails' 125 fake fail
is 'its words are marked' "$(head -1 err)" 'uniload: QEMU: -accel: bad luck'
error 'QEMU resets' 125 'stopped before' fake reset
error 'QEMU crashes' 125 'killed by signal 6' fake crash
UNILOAD_QEMU=/nonexistent/qemu error 'no QEMU' 125 'install QEMU' fake exit 0
UNILOAD_QEMU=/etc/passwd error 'QEMU not executable' 125 'Permission denied' fake exit 0

# ---- what the guest is told ----
fake dump >out
ok 'the program at its path' grep -q -- "^- 0755 $(stat -c '%u:%g %s' "$APP") $APP\$" out
ok 'a plausible TSC' [ "$(sed -n 's/^tsc //p' out)" -gt 100000000 ]
fake file "$APP" | cmp - "$APP"
is 'the contents of the program' "${PIPESTATUS[*]}" '0 0'
FOO=copied run -e FOO -e BAR=x=y -e UNSET -e HOME=/here -eHOME=/there "$APP" dump >out
is 'the environment' "$(sed -n 's/^env //p' out | tr '\n' ' ')" "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:\
/sbin:/bin HOSTNAME=uniload FOO=copied BAR=x=y HOME=/there "
ln -s "$APP" alias
ok 'a symbolic link to the program' grep -qx "l 0777 0:0 ${#APP} $(pwd -P)/alias -> $APP" <(run ./alias dump)
run --strace=trace "$APP" both >/dev/null 2>&1
is '--strace=FILE' "$(cat trace)" 'to trace'
run --strace=/dev/full "$APP" both >/dev/null 2>err
is '--strace to a full disk' "$? $(grep -c incomplete err)" '0 1'
run --gdb=/tmp/some.sock "$APP" both >/dev/null 2>err
ok '--gdb says how to connect' grep -q 'target remote /tmp/some.sock' err

# ---- nothing is left behind ----
pids=()
for _ in $(seq 20); do
	"$UNILOAD" run "$APP" hang >/dev/null 2>&1 &
	disown
	pids+=($!)
done
sleep 0.5
kill -KILL "${pids[@]}"
left() { pgrep -f "^$UNILOAD_QEMU" | xargs -r ps -o stat= -p | grep -vc Z; }
for _ in $(seq 100); do # on a loaded machine dying takes its time, too
	[ "$(left)" = 0 ] && break
	sleep 0.2
done
is 'no QEMU survives a killed uniload' "$(left)" 0
done_testing
