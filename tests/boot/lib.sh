# SPDX-License-Identifier: MIT
#
# Sourced by the scripts of tests/boot. Each expectation is one line: `is WHAT GOT WANTED`, `ok WHAT COMMAND...`.
# tests/run gives UNILOAD (the command), ACCEL, TESTS (where the built programs are), TMPDIR (removed afterwards), LONG.
set -u
UNILOAD=${UNILOAD:-$PWD/build/uniload} TESTS=${TESTS:-$PWD/build/tests} ACCEL=${ACCEL:-tcg} LONG=${LONG:-0}
P=$TESTS/boot # the programs of tests/boot/prog
if [ -z "${TMPDIR:-}" ]; then
	TMPDIR=$(mktemp -d /tmp/uniload-boot.XXXXXX)
	trap 'rm -rf "$TMPDIR"' EXIT
fi
cd "$TMPDIR" || exit 99
tap_n=0 tap_bad=0

# ok WHAT COMMAND...: the command must succeed.
ok()
{
	local what=$1
	shift
	tap_n=$((tap_n + 1))
	if "$@"; then
		echo "ok $tap_n - $what"
	else
		echo "not ok $tap_n - $what"
		tap_bad=$((tap_bad + 1))
		return 1
	fi
}

# is WHAT GOT WANTED
is()
{
	ok "$1" [ "$2" = "$3" ] || printf '# got %q, want %q\n' "$2" "$3"
}

skip()
{
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - $1 # SKIP $2"
}

done_testing()
{
	echo "1..$tap_n"
	[ $tap_bad = 0 ]
}

# u ARG...: uniload run, in the mode under test, with a limit of its own.
u()
{
	timeout --foreground -k 5 120 "$UNILOAD" run --accel "$ACCEL" "$@"
}

# status WHAT WANTED COMMAND...: exit status of the command; its output is left in the files out and err.
status()
{
	local what=$1 wanted=$2
	shift 2
	"$@" >out 2>err
	is "$what" $? "$wanted" || sed 's/^/#   /' err | head -5
}

# refused WHAT STATUS REGEX COMMAND...: that status, nothing on stdout, exactly one line "uniload: ..." on stderr.
refused()
{
	local what=$1 wanted=$2 regex=$3
	shift 3
	"$@" >out 2>err </dev/null
	local got=$?
	[ $got = "$wanted" ] && [ ! -s out ] && [ "$(wc -l <err)" = 1 ] && grep -Eqi "^uniload: .*($regex)" err
	ok "$what" [ $? = 0 ] || {
		echo "# status $got, want $wanted; want one line with: $regex"
		sed 's/^/#   /' err | head -5
	}
}

# QEMU processes that this script's runs have started and that are still there.
machines()
{
	local p n=0
	for p in /proc/[0-9]*; do
		if grep -qs qemu "$p/comm" && tr '\0' '\n' <"$p/environ" 2>/dev/null | grep -qxF "TMPDIR=$TMPDIR"; then
			n=$((n + 1))
		fi
	done 2>/dev/null
	echo $n
}

# no_machines: true once all of them are gone, waiting up to ten seconds.
no_machines()
{
	local i
	for i in $(seq 100); do
		[ "$(machines)" = 0 ] && return 0
		sleep 0.1
	done
	return 1
}
export TMPDIR
