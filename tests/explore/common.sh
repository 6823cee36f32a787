# SPDX-License-Identifier: MIT
# Sourced by the tests of servers, which run inside the machine, in bash: the server under test and its clients.
set -u
dir=/tmp/explore
mkdir -p "$dir" && cd "$dir" || exit 99
trap 'kill $(jobs -p) 2>/dev/null' EXIT

fail() { echo "failed: $*"; exit 1; }
# is WHAT GOT WANTED
is() { [ "$2" = "$3" ] || fail "$1: got '$2', want '$3'"; }
# has WHAT PATTERN: standard input has such a line.
has() { grep -q -- "$2" || fail "$1"; }
# start COMMAND...: the server, in the background; the test has failed when it has ended before `up` succeeds.
start()
{
	"$@" >>"$dir/log" 2>&1 &
	server=$!
}
# up COMMAND...: wait until this succeeds, because the server is there.
up()
{
	for _ in $(seq 60); do
		timeout 2 "$@" >/dev/null 2>&1 && return
		kill -0 "$server" 2>/dev/null || fail "the server has ended: $(tail -n 3 "$dir/log")"
		sleep 0.05
	done
	fail "the server does not answer"
}
# down COMMAND...: this ends the server, with status 0.
down()
{
	timeout 3 "$@" >/dev/null 2>&1
	for _ in $(seq 100); do
		kill -0 "$server" 2>/dev/null || break
		sleep 0.05
	done
	kill -0 "$server" 2>/dev/null && fail "the server does not end"
	wait "$server" || fail "the server ended with $?"
}
