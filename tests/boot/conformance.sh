#!/bin/bash
# SPDX-License-Identifier: MIT
# test: uniload conformance: what it finds in programs that are good, bad, known to be bad, dead; its two reports
# modes: once
. tests/boot/lib.sh
mkdir -p suite/guest/f
for name in good bad known wrong dies hangs skips; do cp "$P/cases" suite/guest/f/$name; done
{
	printf 'test\tguest/f/%s\t0\tread,getpid\n' good
	printf 'test\tguest/f/%s\t0\tread\n' bad wrong dies
	printf 'test\tguest/f/%s\t0\tgetuid\n' known skips
	printf 'test\tguest/f/%s\t1\t-\n' hangs
	printf 'xfail\tguest/f/known\t6\t7\t%s\tit is so\n' "$ACCEL" other
} >suite/manifest

# c ARG...: with that suite, in this mode.
c() { timeout --foreground -k 5 200 "$UNILOAD" conformance --tests suite "$@"; }

c --accel "$ACCEL" -o report 2>err
is 'deviations without a reason are status 1' $? 1
ok 'a summary for people' grep -Eq '^uniload: 4 deviations from Linux, 3 of them unexplained: see report/conformance.md$' err
ok 'cases of all tests of a call' grep -qF '| 0 | `read` | FULL | 3 / 5 |  |' report/conformance.md
ok '... of one test' grep -qF '| 39 | `getpid` | FULL | 1 / 1 |  |' report/conformance.md
ok '... known to fail, and skipped' grep -qF '| 102 | `getuid` | FULL | 2 / 3 |  |' report/conformance.md
ok '... calls without a test' grep -qF '| 1 | `write` | FULL | no test |' report/conformance.md
# Lines about one test.
said() { grep -E "^- guest/f/$1[ ,]" report/conformance.md; }
is 'what fails is named' "$(said bad)" "- guest/f/bad, $ACCEL, line 6: \`one | two\`: got 1, want 2. **Unexplained.**"
is '... with its reason' "$(said known)" "- guest/f/known, $ACCEL, line 7: \`known\`: got 1, want 2. Known: it is so"
is 'a test that Linux fails' "$(said wrong)" \
	'- guest/f/wrong, host, line 8: `wrong`: got 1, want 2. So it is on this Linux: the test was not run elsewhere.'
is 'a dead one' "$(said dies)" "- guest/f/dies, $ACCEL: \`the program reaches its end\`: ended with status 137. **Unexplained.**"
ok 'one that hangs' grep -q '^- guest/f/hangs,.*the program reaches its end' report/conformance.md
is 'nothing about the good ones' "$(said good; said skips)" ''
ok 'JSON' python3 -c 'import json, sys
r = json.load(open("report/conformance.json"))
accel = sys.argv[1]
calls = {c["name"]: c for c in r["calls"]}
tests = {t["name"]: t["results"] for t in r["tests"]}
assert calls["read"]["results"]["host"]["passed"] == 5 and calls["read"]["results"][accel]["passed"] == 3
assert calls["getuid"]["results"][accel] == {"passed": 2, "failed": 0, "failed_as_known": 1, "skipped": 1}
assert calls["write"]["tests"] == [] and "guest/f/good" in calls["read"]["tests"] and calls["read"]["status"] == "FULL"
assert accel not in tests["guest/f/wrong"] and tests["guest/f/good"][accel]["passed"] == 1
assert r["deviations_unexplained"] == 3
assert [d["known"] for d in r["deviations"] if d["test"] == "guest/f/known"] == ["it is so"]' "$ACCEL"

is '--filter by test' "$(c --accel "$ACCEL" --filter f/good | head -3 | tail -1)" '2 system calls, 1 tests; 0 deviations, 0 of them unexplained.'
is '--filter by call' "$(c --accel "$ACCEL" --filter getpid | grep -c '^| 39 | `getpid` | FULL | 1 / 1 |')" 1
c --accel "$ACCEL" --filter getuid >page
is 'only known deviations are status 0' $? 0
c --runner 'env -u TMPDIR' --filter bad --filter good >page
is '--runner: another system' "$? $(grep -c '^- guest/f/bad, runner, line 6:' page)" '1 1'
ok '... has a column' grep -qF '| `getpid` | FULL | 1 / 1 |' page
is '--runner that does nothing else' "$(c --runner '' --filter bad | grep -c '^None')" 1

refused 'a suite that is not there' 125 'nowhere/manifest: No such file' c --tests nowhere
refused 'a filter for nothing' 125 'no test is about what --filter says' c --accel "$ACCEL" --filter nothing
echo 'test me' >suite/manifest
refused 'a manifest that is none' 125 'suite/manifest:1: not a line' c
refused 'an accelerator that is none' 125 '--accel xen: must be' c --accel xen
refused '--runner with --accel' 125 '--accel and --no-rewrite are for' c --runner x --accel tcg
refused 'no number of jobs' 125 '-j 0: not a number' c -j 0
refused 'an argument' 125 'what is x' c x
ok 'no directory is left' [ "$(find "$TMPDIR" -name 'uniload-job-*' | wc -l)" = 0 ]
ok 'nothing is left running' no_machines
done_testing
