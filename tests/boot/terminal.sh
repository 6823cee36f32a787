#!/bin/bash
# SPDX-License-Identifier: MIT
# test: on a terminal: isatty, echo, line editing, ^C ^D, raw mode, window size, and the terminal is left as it was
. tests/boot/lib.sh

# both WHAT STEP... -- ARG...: the steps against `term ARG...` on this Linux and under uniload: the same must happen.
both()
{
	local what=$1 steps=() args=()
	shift
	while [ "$1" != -- ]; do
		steps+=("$1")
		shift
	done
	shift
	"$P/pty" -r 33 -c 77 "${steps[@]}" -- "$P/term" "$@" >wanted 2>err
	local wanted=$?
	"$P/pty" -r 33 -c 77 "${steps[@]}" -- "$UNILOAD" run --accel "$ACCEL" --timeout 100 "$P/term" "$@" >got 2>err
	is "$what: status" $? $wanted || sed 's/^/#   /' err
	ok "$what: the same on the screen" cmp -s wanted got || {
		echo "# Linux:"; sed 's/^/#   /' wanted | head -8 | cat -A
		echo "# uniload:"; sed 's/^/#   /' got | head -8 | cat -A
	}
}

both 'what it is' expect controlling -- info
both 'a line with echo' expect 'ready\r\n' send 'hello\n' expect '[hello]' eof expect 'end 0' -- lines
both 'carriage return becomes newline' expect 'ready\r\n' send 'abc\r' expect '[abc]' eof expect 'end 0' -- lines
both 'erase' expect 'ready\r\n' send 'abX\x7fc\n' expect '[abc]' eof expect 'end 0' -- lines
both 'kill line' expect 'ready\r\n' send 'rubbish\x15good\n' expect '[good]' eof expect 'end 0' -- lines
both 'erase word' expect 'ready\r\n' send 'one two\x17three\n' expect '[one three]' eof expect 'end 0' -- lines
both '^D after text gives it without newline' expect 'ready\r\n' send 'part\x04' expect '[part]' eof expect 'end 0' -- lines
both 'control characters are shown' expect 'ready\r\n' send 'a\x01b\n' expect '[' eof expect 'end 0' -- lines
both '^C kills' expect 'ready\r\n' send '\x03' -- lines
both '^\ kills' expect 'ready\r\n' send '\x1c' -- lines
both '^C to a handler' expect 'ready\r\n' send '\x03' expect 'signal 2' -- int
both 'window change' expect 'ready\r\n' winch 40x100 expect 'window 40x100' -- winch
both 'raw mode' expect 'ready\r\n' send a expect 'key 61' send '\x03' expect 'key 03' send '\r' expect 'key 0d' send '\x7f' \
	expect 'key 7f' send q expect 'key 71' -- raw
"$P/pty" expect tty -- "$UNILOAD" run --accel "$ACCEL" "$P/term" info </dev/null >got 2>&1
ok 'stdin, stdout and stderr are terminals' grep -q 'tty 111' got
"$P/pty" expect 'ready\r\n' hangup -- "$UNILOAD" run --accel "$ACCEL" "$P/signals" default >got 2>&1
is 'hanging up ends the program' $? 129
ok 'nothing is left running' no_machines
done_testing
