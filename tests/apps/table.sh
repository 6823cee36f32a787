#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Runs a table of programs, each on this Linux and under uniload with the same input, and compares standard output,
# standard error and status byte for byte. usage: table.sh FILE.tab
#
# A table: `# program: COMMAND %` says what a line's first word becomes, `# before: SCRIPT` what must have succeeded,
# `# options: ...` what uniload run is told besides, `# setup: COMMANDS` what is done in the working directory before
# each run, and `# volume` that this directory is a volume of the guest: what is in it afterwards is compared too, but
# for the contents of `# ignore: FILE`.
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
input_json() { lines 400 | awk -F '\t' '{ printf "{\"id\":%d,\"who\":{\"name\":\"%s\",\"n\":[%s,%d]},\"t\":\"%s\"}\n", $1, $2, $3, NR, $4 }'; }
input_xml()
{
	echo '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE list [<!ELEMENT list (item*)><!ELEMENT item (#PCDATA)><!ATTLIST item id CDATA #REQUIRED>]><list>'
	lines 300 | awk -F '\t' '{ printf "<item id=\"%d\">%s &amp; %s</item>", $1, $2, $4 }'
	echo '</list>'
}
input_c()
{
	cat <<-'END'
	typedef unsigned long size_t;
	int printf(const char *, ...);
	static unsigned long fib(unsigned n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
	struct node { struct node *next; int value; };
	int main(int argc, char **argv)
	{
		struct node list[8] = {0}, *p;
		double sum = 0;
		for (int i = 0; i < 8; i++) { list[i].value = i * argc; list[i].next = i < 7 ? &list[i + 1] : 0; }
		for (p = list; p; p = p->next) { switch (p->value % 5) { case 0: sum += 0.5; break; case 3: sum *= 2; break; default: sum -= p->value; } }
		return printf("%s %lu %f\n", argv[0], fib(20), sum) < 0;
	}
	END
}
input_asm() { input_c | gcc -x c -O2 -S - -o -; }
input_object() { input_c | gcc -x c -O1 -c - -o o.o && cat o.o; }
input_key() { openssl genrsa -traditional 1024 2>/dev/null; }
input_arith() { printf '%s\n' 'scale=60' '4*a(1)' 'e(1)' '2^500' 'define f(n) { if (n < 2) return n; return f(n-1)+f(n-2) }' 'f(15)' 'sqrt(2)' '1/0'; }
input_tcl()
{
	cat <<-'END'
	proc fib n { expr {$n < 2 ? $n : [fib [expr {$n - 1}]] + [fib [expr {$n - 2}]]} }
	puts [fib 18]
	set f [open x w]; puts $f [lsort -integer {5 3 9 1}]; close $f
	set f [open x]; puts [read $f]; close $f; file delete x
	puts [regsub -all {(\w+)} "a bc" {<\1>}]; puts [clock format 0 -gmt 1 -format %Y]; puts [dict get {a 1 b 2} b]
	puts [expr {2 ** 200}]; catch {error no} e; puts $e
	exit 4
	END
}
input_sql()
{
	cat <<-'END'
	create table t(a integer primary key, b text, c real);
	with recursive n(i) as (select 1 union all select i + 1 from n where i < 100000)
		insert into t select i, 'name' || (i * 7919 % 10007), i / 7.0 from n;
	create index ib on t(b);
	select count(*), sum(a), max(b), round(avg(c), 6) from t;
	select b, count(*) from t group by b order by 2 desc, 1 limit 5;
	update t set c = c * 2 where a % 3 = 0;
	delete from t where a % 10 = 4;
	begin; insert into t(b) values('x'), ('y'); rollback;
	select count(*), round(total(c), 3) from t;
	pragma integrity_check;
	vacuum;
	select count(distinct b) from t where b > 'name5';
	END
}
input_ppm() { awk 'BEGIN { print "P3\n64 48\n255"; for (y = 0; y < 48; y++) for (x = 0; x < 64; x++) print (x * 4) % 256, (y * 5) % 256, (x * y) % 256 }'; }
input_wav() { ffmpeg -v error -f lavfi -i 'sine=frequency=440:duration=2:sample_rate=22050' -bitexact -f wav -; }
input_avi() { ffmpeg -v error -f lavfi -i 'testsrc=size=160x120:rate=10:duration=2' -c:v mpeg4 -threads 1 -bitexact -f avi pipe:1 2>/dev/null || ffmpeg -v error -f lavfi -i 'testsrc=size=160x120:rate=10:duration=2' -c:v mpeg4 -threads 1 -bitexact -f nut -; }
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
	[ -e "$TMPDIR/in.$1" ] || (mkdir -p make.$1 && cd make.$1 && input_$1 >"$TMPDIR/in.$1" </dev/null && cd .. && rm -rf make.$1)
}

# The files below a directory: type, mode, size and contents or target of each.
list_files()
{
	(cd "$1" && find . -printf '%P %y %m %l\n' | LC_ALL=C sort &&
		find . -type f ! -path "./${ignore:-none}" -exec md5sum {} + | LC_ALL=C sort -k 2)
}

# one INPUT COMMAND: the case, both ways, in two fresh directories of the same name.
one()
{
	local what words=() clean=(env -i "PATH=$PATH" "HOME=$HOME")
	eval "words=($2)"
	local file=${program//%/${words[0]}}
	eval "words=($file \"\${words[@]:1}\")"
	input "$1"
	fresh
	# Through a pipe, because that is what standard input is in the guest; some programs tell it from a file.
	(cd work && if [ "$1" = - ]; then cat /dev/null; else cat "$TMPDIR/in.$1"; fi 2>/dev/null |
		{ "${clean[@]}" "${words[@]}" >../host.out 2>../host.err; echo $? >../host.status; })
	[ -z "$volume" ] || list_files work >host.files
	fresh
	(cd work && timeout --foreground -k 5 200 "$UNILOAD" run --accel "$ACCEL" ${REWRITE:+--rewrite="$REWRITE"} -e PATH -e HOME ${volume:+-v "$PWD:$PWD"} \
		"${options[@]}" "${words[@]}" <"$TMPDIR/in.$1" >../guest.out 2>../guest.err; echo $? >../guest.status)
	[ -z "$volume" ] || list_files work >guest.files
	for what in ${volume:+files} status err out; do
		cmp -s host.$what guest.$what || return
	done
}

# A working directory with what the table wants in it.
fresh()
{
	rm -rf work
	mkdir work
	[ -z "$setup" ] || (cd work && eval "$setup")
}

# Why they differ, briefly.
explain()
{
	local what
	for what in ${volume:+files} status err out; do
		cmp -s host.$what guest.$what && continue
		echo "#  $what, host and guest:"
		diff <(head -c 4000 host.$what | cat -v) <(head -c 4000 guest.$what | cat -v) | head -6 | cut -c1-160 |
			sed 's/^/#  /'
	done
}

program=$(sed -n 's/^# program: //p' "$table")
before=$(sed -n 's/^# before: //p' "$table")
setup=$(sed -n 's/^# setup: //p' "$table")
ignore=$(sed -n 's/^# ignore: //p' "$table")
volume=$(sed -n 's/^# volume.*/yes/p' "$table")
eval "options=($(sed -n 's/^# options: //p' "$table"))"
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
