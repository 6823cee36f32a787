#!/bin/bash
# SPDX-License-Identifier: MIT
# test: the test runner itself: it must notice what goes wrong, in every way a test can go wrong
# modes: host
root=$PWD
. tests/boot/lib.sh

# A small tree with the runner, one guest test at a time, and a "uniload" that runs the program here, with FAKE set.
mkdir -p tree/tests/guest/f tree/build/tests/boot tree/syscalls
cp "$root/tests/run" "$root/tests/Manifest.pm" "$root/tests/tests.mk" tree/tests
cp "$root/syscalls/table.def" tree/syscalls
cp "$root/tests/guest/tap.h" tree/tests/guest
cat >tree/build/uniload <<'END'
#!/bin/sh
[ "$2" = --help ] && exit 0
for last; do :; done
FAKE=1 exec "$last"
END
printf '#!/bin/sh\n' >tree/build/tests/boot/hello
chmod +x tree/build/uniload tree/build/tests/boot/hello

# runner WHAT STATUS LAST-LINE-REGEX OUTPUT-WORDS <<< BODY of main: the runner's verdict on that test.
runner()
{
	rm -rf tree/tests/guest/f/*.c tree/build/tests/guest
	{
		printf '/* SPDX-License-Identifier: MIT */\n/* t */\n#include "tests/guest/tap.h"\n'
		echo '#define FAKE (getenv("FAKE") != NULL)'
		printf 'int main(void)\n{\n'
		cat
		printf 'return tap_done();\n}\n'
	} >tree/tests/guest/f/t.c
	(cd tree && PATH=/usr/bin:/bin tests/run --accel tcg -j1 -T guest/f/t guest) >found 2>&1
	local status=$?
	[ $status = "$2" ] && tail -1 found | grep -Eq "$3" && grep -q -- "$4" found
	ok "$1" [ $? = 0 ] || sed 's/^/#   /' found | tail -12
}

runner 'all is well' 0 '^4 passed, 0 failed$' 'host 2 *tcg 2' <<<'ok(1); is(2, 2);'
runner 'failing on Linux is a wrong test' 1 '^1 passed, 1 failed$' 'this test is wrong' <<<'ok(1); ok(0);'
runner 'failing under uniload alone' 1 '^3 passed, 1 failed$' 'rerun: tests/run -T guest/f/t --accel tcg guest' \
	<<<'ok(1); ok(!FAKE);'
runner 'expected failure' 0 '^4 passed, 0 failed$' 'tcg 2' <<<'ok(1);
ok(!FAKE); /* xfail: a reason */'
runner 'expected on another accelerator only' 1 '^3 passed, 1 failed$' 'FAIL' <<<'ok(1);
ok(!FAKE); /* xfail(kvm): a reason */'
runner 'unexpected pass' 1 '^3 passed, 1 failed$' 'passed unexpectedly (a reason)' <<<'ok(1);
ok(1); /* xfail: a reason */'
runner 'crash' 1 '^3 passed, 1 failed$' 'died: killed by signal 11\|died: exit status 139' <<<'ok(1); if (FAKE) raise(SIGSEGV); ok(1);'
runner 'silent exit' 1 '^3 passed, 1 failed$' 'died: exit status 0' <<<'ok(1); if (FAKE) _exit(0); ok(1);'
runner 'lying plan' 1 'failed$' 'died' <<<'ok(1); if (FAKE) { tap_print("1..7\n"); _exit(0); }'
runner 'hanging' 1 '^3 passed, 1 failed$' 'no result after\|killed by' <<<'ok(1); /* timeout: 1 */
if (FAKE)
	pause();
ok(1);'
runner 'skipped' 0 '^2 passed, 0 failed, 2 skipped$' 'skipped: guest/f/t: no luck' <<<'ok(1); skip("no luck");'
runner 'does not compile' 1 '^0 passed, 1 failed$' 'could not be built' <<<'nonsense;'
(cd tree && tests/run -T nothing-of-the-kind guest) >found 2>&1
ok 'a pattern that matches nothing is an error' [ $? != 0 ]
(cd tree && tests/run nosuchsuite) >found 2>&1
ok 'an unknown suite is an error' [ $? != 0 ]
is 'nothing is left behind' "$(ls -d uniload-tests.* 2>/dev/null)" ''
rm -rf tree
done_testing
