#!/bin/bash
# SPDX-License-Identifier: MIT
# test: signals to uniload reach the program or end the machine; a killed uniload leaves nothing behind
. tests/boot/lib.sh

# in_background ARG...: starts the program `signals` and waits until it is ready; its pid is in $pid.
in_background()
{
	: >out
	# A shell without job control starts this with SIGINT ignored, which would be inherited.
	perl -e '$SIG{INT} = "DEFAULT"; exec @ARGV' \
		"$UNILOAD" run --accel "$ACCEL" --timeout 100 "$P/signals" "$@" >out 2>err </dev/null &
	pid=$!
	for _ in $(seq 300); do
		grep -qs ready out && return 0
		sleep 0.1
	done
	echo "# not ready after 30 s"
}

for sig in TERM INT HUP USR1 USR2; do
	n=$(kill -l $sig)
	in_background wait
	kill -$sig $pid
	wait $pid
	is "SIG$sig reaches the program" "$? $(tail -1 out)" "$((40 + n)) signal $n"
	in_background default
	kill -$sig $pid
	wait $pid
	is "SIG$sig ends a program that does not catch it" $? $((128 + n))
done
in_background spin
kill -TERM $pid
wait $pid
is 'SIGTERM ends a program that never makes a call' $? 143
in_background ignore
kill -TERM $pid
sleep 1
ok 'SIGTERM does not end a program that ignores it' kill -0 $pid
kill -KILL $pid
wait $pid 2>/dev/null

for round in 1 2 3; do
	in_background spin
	kill -KILL $pid
	wait $pid 2>/dev/null
	is "killed while running, round $round" $? 137
done
for delay in 0.005 0.02 0.05; do
	"$UNILOAD" run --accel "$ACCEL" "$P/hello" >/dev/null 2>&1 &
	pid=$!
	sleep $delay
	kill -KILL $pid 2>/dev/null
	wait $pid 2>/dev/null
done
ok 'no machine survives' no_machines
is 'no file is left in the directory' "$(ls | grep -vxE 'out|err')" ''
done_testing
