#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Runs a table of programs, each on this Linux and under uniload with the same input, and compares standard output,
# standard error and status byte for byte. usage: table.sh FILE.tab
#
# A table: `# program: COMMAND %` says what a line's first word becomes, `# before: SCRIPT` what must have succeeded.
# Every other line is one case: the name of its input (a function input_NAME here; - for none), a tab, the command in
# shell quoting. `# xfail: REASON` at the end of a line: it fails under uniload for that reason.
table=$PWD/$1
tests=$PWD/tests
. tests/boot/lib.sh

lines()
{
	awk -v n="$1" 'BEGIN { srand(7); for (i = 0; i < n; i++) { x = (x * 1103515245 + 12345) % 2147483648;
		printf "%d\tname%d\t%.3f\t%s\n", x % 100000, x % 977, x / 7919, substr("the quick brown fox jumps over", x % 25 + 1, 5) } }'
}
input_-() { :; }
input_text() { cat "$tests/../LICENSE" "$tests/run" "$tests/boot/lib.sh"; }
input_words() { tr -cs 'A-Za-z' '\n' <"$tests/run"; }
input_table() { lines 3000; }
input_big() { "$P/io" gen 8000000; }
input_small() { "$P/io" gen 70001; }
input_numbers() { seq 1 997 20000 | awk '{ print ($1 * 7919) % 10007 - 5000 }'; }
input_script() { printf "%s\n" "echo one" "pwd" "cd /" "pwd" "umask" "exit"; }
input_sorted() { seq 100 300; }
input_gz() { input_text | gzip -9n; }
input_bz2() { input_text | bzip2; }
input_xz() { input_text | xz; }
input_base64() { input_small | base64; }
input_uu() { input_text | busybox uuencode -m name; }
input_dos() { input_text | sed 's/$/\r/'; }
input_ed() { printf 'a\nfirst line\nsecond line\nthird\n.\n1,$s/line/LINE/\n2m0\nw file\n1,$p\n=\nq\n'; }
input_tree()
{
	mkdir -p tree/sub/deep
	input_text >tree/text
	input_small >tree/sub/binary
	echo x >tree/sub/deep/x
	ln -sf ../text tree/sub/link
	chmod 750 tree/sub
	touch -d @1000000000 tree/text tree/sub/binary tree/sub/deep/x tree/sub/deep tree/sub tree
}
input_tar() { input_tree; tar --format=ustar --sort=name --owner=0 --group=0 -cf - tree; }
input_cpio() { input_tree; find tree | LC_ALL=C sort | busybox cpio -o -H newc 2>/dev/null; }
input_patch() { printf -- '--- /dev/null\n+++ new.txt\n@@ -0,0 +1,2 @@\n+one\n+two\n'; }

# input NAME: its file, made on first use.
input()
{
	[ -e "$TMPDIR/in.$1" ] || (mkdir -p make.$1 && cd make.$1 && input_$1 >"$TMPDIR/in.$1" && cd .. && rm -rf make.$1)
}

# one INPUT COMMAND: the case, both ways, in two fresh directories of the same name.
one()
{
	local words=() clean=(env -i "PATH=$PATH" "HOME=$HOME")
	eval "words=($2)"
	local file=${program//%/${words[0]}}
	eval "words=($file \"\${words[@]:1}\")"
	input "$1"
	mkdir work
	# Through a pipe, because that is what standard input is in the guest; some programs tell it from a file.
	(cd work && if [ "$1" = - ]; then cat /dev/null; else cat "$TMPDIR/in.$1"; fi 2>/dev/null |
		{ "${clean[@]}" "${words[@]}" >../host.out 2>../host.err; echo $? >../host.status; })
	rm -rf work
	mkdir work
	(cd work && timeout --foreground -k 5 200 "$UNILOAD" run --accel "$ACCEL" -e PATH -e HOME "${words[@]}" <"$TMPDIR/in.$1" \
		>../guest.out 2>../guest.err; echo $? >../guest.status)
	rm -rf work
	cmp -s host.out guest.out && cmp -s host.err guest.err && cmp -s host.status guest.status
}

# Why they differ, briefly.
explain()
{
	local what
	for what in status err out; do
		cmp -s host.$what guest.$what && continue
		echo "#  $what, host and guest:"
		diff <(head -c 4000 host.$what | cat -v) <(head -c 4000 guest.$what | cat -v) | head -6 | sed 's/^/#  /'
	done
}

program=$(sed -n 's/^# program: //p' "$table")
before=$(sed -n 's/^# before: //p' "$table")
program=${program//@/$tests/..}
if [ -n "$before" ] && ! (cd "$tests/.." && $before) 2>why >/dev/null; then
	echo "1..0 # SKIP $(tail -1 why)"
	exit 0
fi
command -v gzip bzip2 xz >/dev/null || echo '# some inputs cannot be made'
while IFS=$'\t' read -r in command; do
	case $in in '#'* | '') continue ;; esac
	reason=${command##*# xfail: }
	[ "$reason" = "$command" ] && reason= || reason=" # TODO $reason"
	command=${command%%# xfail: *}
	ok "$command <$in$reason" one "$in" "$command" || explain
done <"$table"
ok 'nothing is left running' no_machines
done_testing
