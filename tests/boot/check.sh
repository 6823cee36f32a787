#!/bin/bash
# SPDX-License-Identifier: MIT
# test: uniload check: what it says of programs before they run, and its status
# modes: host
. tests/boot/lib.sh
c() { timeout 60 "$UNILOAD" check "$@"; }

cat >libstub.c <<'END'
#define _GNU_SOURCE
#include <sys/swap.h>
int used(void) { return swapon("/nowhere", 0); }
END
cat >main.c <<'END'
int used(void);
int main(void) { return 0; }
int never(void) { return used(); }
END
cat >plain.c <<'END'
#include <unistd.h>
int main(void) { return write(1, "hello\n", 6) != 6; }
END
cat >hidden.c <<'END'
static __attribute__((noinline)) long f(long n) { long r; __asm__ volatile("syscall" : "=a"(r) : "a"(n) : "rcx", "r11", "memory"); return r; }
int main(int argc, char **argv) { return (int)f(argc); }
END
gcc -O1 plain.c -o plain && gcc -O1 -static plain.c -o static && gcc -O1 hidden.c -o hidden &&
	gcc -shared -fPIC libstub.c -o libstub.so && gcc main.c -L. -lstub -Wl,-rpath,"$PWD" -o stub || exit 99

status 'a plain program will run' 0 c ./plain
ok '... and says so' grep -qx 'verdict: will run' out
ok '... what it is' grep -qx '  kind: dynamic' out
ok '... its libraries' grep -Eq '^  .*/libc\.so\.6$' out
ok '... what calls lack' grep -Eq '^  PART  mmap  no MAP_HUGETLB' out
ok '... and nothing about complete ones' [ "$(grep -c '^  FULL  ' out)" = 0 ]
is '... nor what it cannot reach' "$(grep -c STUB out)" 1
status 'a static one' 0 c ./static
ok '... is one' grep -qx '  kind: static' out
status 'one that can make a missing call' 1 c ./stub
ok '... may run' grep -qx 'verdict: may run' out
ok '... because of it' grep -Eq '^  swapon fails with ENOSYS .*: called by swapon in .*/libc\.so\.6$' out
status 'one with a number that cannot be told' 1 c ./hidden
ok '... because of that' grep -Eq 'chosen at run time cannot be told \(1, the first is [^ ]+ in .*/hidden\)' out
rm libstub.so
status 'one whose library is missing will not run' 2 c ./stub
ok '... and says so' grep -qx 'verdict: will not run' out
ok '... and why' grep -Eq 'library libstub.so is missing' err
ok '... also where programs look' grep -Eq '^  it cannot be started: library libstub.so is missing' out
echo text >text
chmod +x text
status 'no program' 2 c ./text
status 'nothing' 2 c ./nothing
printf '#!%s/plain\n' "$PWD" >script
chmod +x script
status 'a script whose interpreter will run' 0 c ./script
ok '... is one' grep -qx '  kind: script' out
c --json ./hidden >out
ok 'JSON' python3 -c 'import json
r = json.load(open("out"))
assert r["verdict"] == "may run" and len(r["reasons"]) == 1 and r["program"]["kind"] == "dynamic"
calls = {c["name"]: c for c in r["calls"]}
assert calls["read"]["status"] == "FULL" and calls["mmap"]["number"] == 9 and calls["mmap"]["sites"] > 0
assert r["total"]["number_chosen_at_run_time"] == 1'
refused 'two programs' 125 'name one program' c ./plain ./static
done_testing
