#!/bin/bash
# SPDX-License-Identifier: MIT
# test: uniload build: bootable images, what is in them, running them with uniload and without
. tests/boot/lib.sh
export XDG_CACHE_HOME=$TMPDIR/cache

b() { timeout --foreground -k 5 120 "$UNILOAD" build "$@"; }
# direct IMG: without uniload, on the serial port
direct()
{
	timeout --foreground -k 5 60 qemu-system-x86_64 -M microvm -nodefaults -no-reboot -display none -serial stdio \
		-accel "$ACCEL" -cpu "$([ "$ACCEL" = kvm ] && echo host || echo max)" -kernel "$1" </dev/null | tr -d '\r'
}

status 'build' 0 b "$P/env" -o env.img -e A=1 --cwd /tmp --args one 'two words'
is 'nothing is printed' "$(cat out err)" ''
is 'an image need not be executable' "$(stat -c %a env.img)" 644
u env.img >out
is 'the name of the program' "$(head -1 out)" "arg 0 [$P/env]"
is 'its arguments' "$(sed -n 2,3p out)" $'arg 1 [one]\narg 2 [two words]'
ok 'its environment' grep -q 'A=1' out
u -e A=2 -e B=3 env.img x >out
is 'arguments of the run replace them' "$(grep ^arg out | tail -n +2)" 'arg 1 [x]'
ok 'environment of the run' grep -q 'A=2' out
ok '... added' grep -q 'B=3' out
direct env.img >out
is 'it boots by itself' "$(sed -n 2,3p out)" $'arg 1 [one]\narg 2 [two words]'
b /bin/busybox --cwd /tmp -o sh.img --args sh -c 'pwd; read x; echo $x; exit 7'
is 'standard input and working directory' "$(echo in | u sh.img)" $'/tmp\nin'
echo in | u sh.img >out
is 'exit status' $? 7
is '-w of the run' "$(u -w /etc sh.img sh -c pwd)" /etc

# The same input gives the same bytes, whoever builds when and where.
cp env.img first.img && sleep 1.1 && (umask 077 && cd / && TZ=Asia/Tokyo b "$P/env" -o "$TMPDIR/second.img" -e A=1 \
	--cwd /tmp --args one 'two words')
ok 'the same bytes' cmp first.img second.img
is 'umask holds' "$(stat -c %a second.img)" 600
cp "$P/hello" app && "$UNILOAD" ./app && is 'uniload FILE; the default name' "$(u app.img)" hello
"$UNILOAD" ./app && ok 'an image is overwritten' true
echo text >text.img
refused 'what is not an image is not overwritten' 125 'text.img.*not an image: -f' b ./app -o text.img
status '-f does it' 0 b -f ./app -o text.img
is '... and it is one' "$(u text.img)" hello

refused 'build without a program' 125 'which program' b -o x.img
refused 'build of nothing' 127 'nothing: No such file' b ./nothing
refused 'arguments without --args' 125 'x: the program.s arguments come after --args' b ./app x
refused 'a directory that is not there' 125 'nowhere/x.img: No such file' b ./app -o nowhere/x.img
refused 'a directory as image' 125 'not a regular file' b ./app -o "$TMPDIR"
ok 'nothing is left behind' [ -z "$(find . -name '*.img.*')" ]

# broken images; the note's value is the module's address, its size, and two version numbers
at=$(grep -abo 'uniload' env.img | while IFS=: read -r o _; do
	[ "$(dd if=env.img bs=1 skip=$((o - 4)) count=4 2>/dev/null | od -An -tu4)" -eq 1 ] && echo $((o + 8)) && break
done)
broken() { cp env.img bad.img && printf "$2" | dd of=bad.img bs=1 seek=$((at + $1)) conv=notrunc 2>/dev/null; }
broken 20 '\002' && refused 'a newer image' 126 'newer uniload' u bad.img
broken 16 '\377' && refused 'a newer module' 126 'newer uniload' u bad.img
broken 16 '\001' && refused 'an older module' 126 'older uniload.*build it again' u bad.img
broken 0 '\001' && refused 'a module somewhere else' 126 'damaged image: its module is not there' u bad.img
head -c "$(($(stat -c %s env.img) - 5000))" env.img >bad.img && refused 'a truncated image' 126 'truncated' u bad.img
m=$(readelf -lW env.img | awk '$1 == "LOAD" { o = $2 } END { print o }')
cp env.img bad.img
printf 'X' | dd of=bad.img bs=1 seek=$((m)) conv=notrunc 2>/dev/null && refused 'a damaged module' 126 'damaged image: the module' u bad.img
# ---- inspect ----
i() { timeout 60 "$UNILOAD" inspect "$@"; }
i env.img >out
is 'inspect of an image: its program' "$(sed -n '/^program/,/kind/p' out)" "program:
  path: $P/env
  kind: static"
is '... its manifest' "$(sed -n '/arguments/,/environment/p' out | sed -n 2,4p)" "    $P/env
    one
    two words"
ok '... its files' grep -Eq "^  -[0-7]{4}  [0-9]+  [0-9]+  $(stat -c %s "$P/env")  $P/env\$" out
ok 'inspect of a program: where a library was found' grep -Eq '/libc.so.6  /etc/ld.so.cache  /usr/bin/ls' <(i /bin/ls)
ok '... its interpreter' grep -q 'interpreter: /lib64/ld-linux-x86-64.so.2' <(i /bin/ls)
is 'inspect: what it says of an image of a program and of the program' "$(b /bin/ls -o ls.img; i ls.img | sed -n '/^files/,/group$/{/passwd$/d; p}')" \
	"$(i /bin/ls | sed -n '/^files/,/group$/{/passwd$/d; p}')"
ok '--json' python3 -c 'import json, sys
a = json.load(open(sys.argv[1]))
assert a["manifest"]["arguments"][1:] == ["one", "two words"] and a["manifest"]["image_version"] == 1
assert a["program"]["segments"][0]["access"] and a["total"]["files"] == len(a["files"])
assert any(f["path"] == "/etc/passwd" for f in a["files"])' <(i --json env.img)
i --syscalls /bin/ls >sites
ok '--syscalls: the files with sites' grep -q '^  /.*/libc.so.6:$' sites
ok '... a site with its number, tactic and function' grep -Eq '^    0x[0-9a-f]+ +39 +getpid +before  _*getpid\+0x5$' sites
ok '... a call with its status' grep -Eq '^  39   getpid +FULL$' sites
is '... their number' "$(grep -c '^    0x' sites)" "$(awk '$1 == "sites:" && NF > 1 { print $2 }' sites)"
ok '--syscalls: the same of a program and its image' cmp <(i --syscalls ls.img) sites
ok '--syscalls --json' python3 -c 'import json, sys
a = json.load(open(sys.argv[1]))
assert sum(len(s) for s in a["sites"].values()) == a["total"]["sites"]
assert any(c["name"] == "getpid" and c["status"] == "FULL" for c in a["calls"])' <(i --syscalls --json /bin/ls)
is 'an image has a plan for all sites but those left alone' "$(i ls.img | sed -n 's/^  rewrite_sites: //p')" \
	"$(awk '$1 == "before:" || $1 == "after:" { n += $2 } END { print n }' sites)"
b --rewrite=plan "$P/env" -o plan.img && ok '--rewrite is noted in the image' grep -q '^  rewrite: plan$' <(i plan.img)
refused '--rewrite=maybe' 125 'must be plan, online, both or no' b --rewrite=maybe /bin/ls
refused 'inspect of nothing' 127 'nothing: No such file' i ./nothing
refused 'inspect of two' 125 'name one image or program' i env.img sh.img
refused '--add with an image' 125 'is an image: --add is for when it is built' u --add /bin/busybox env.img
refused 'an image in a root' 127 'not found in PATH of the root' u --rootfs . env.img
done_testing
