#!/bin/bash
# SPDX-License-Identifier: MIT
# test: threads, futexes, signals, epoll, timers, pipes and processes all at once: nobody stands still, nothing is wrong
# long
# timeout: 7200
. tests/boot/lib.sh

# SECONDS_EACH=1800 for half an hour each.
seconds=${SECONDS_EACH:-60}

# stress WHAT COMMAND...: the program must end with 0.
stress()
{
	local what=$1
	shift
	ok "$what, $seconds s" timeout --foreground -k 5 $((seconds * 2 + 300)) "$@" "$seconds" 120 >out 2>&1 ||
		sed 's/^/# /' out | head -60
}

stress 'on this Linux' "$P/stress_threads"
stress 'one processor' "$UNILOAD" run --accel "$ACCEL" "$P/stress_threads"
done_testing
