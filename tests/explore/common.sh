# SPDX-License-Identifier: MIT
# Sourced by the tests of servers, which run inside the machine, in bash: the server under test and its clients. They do much
# in bash itself, because starting programs takes most of a test's time.
set -u
dir=${TMPDIR:-/tmp}
cd "$dir" || exit 99
trap 'kill $(jobs -p) 2>/dev/null' EXIT

# A twentieth of a second, without a process: nothing ever comes out of this pipe.
exec {nothing}<> <(:)
nap() { read -r -t 0.05 -u "$nothing"; }

fail()
{
	echo "failed: $*"
	exit 1
}
# is WHAT GOT WANTED
is() { [ "$2" = "$3" ] || fail "$1: got '$2', want '$3'"; }
# start COMMAND...: the server, in the background
start()
{
	"$@" >>"$dir/log" 2>&1 &
	server=$!
}
# up_port PORT: wait until the server takes connections; the test has failed if it ends before.
up_port()
{
	local i
	for ((i = 0; i < 200; i++)); do
		(exec 9<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return
		kill -0 "$server" 2>/dev/null || fail "the server has ended: $(<"$dir/log")"
		nap
	done
	fail "the server does not listen"
}
# down COMMAND...: this ends the server, with status 0.
down()
{
	local i
	"$@" >/dev/null 2>&1
	for ((i = 0; i < 200; i++)); do
		kill -0 "$server" 2>/dev/null || break
		nap
	done
	[ $i -lt 200 ] || fail "the server does not end"
	wait "$server" || fail "the server ended with $?"
}
