#!/bin/bash
# SPDX-License-Identifier: MIT
# test: --summary, --record and what becomes of single system calls: --fake, --stub, --deny, --allow, sealed images
. tests/boot/lib.sh
c=$P/calls
# Numbers: getuid 102, getgid 104, getppid 110, swapon 167; 335 and 5000 do not exist.

# ---- --fake, --stub ----
is '--fake answers 0' "$(u --fake swapon "$c" 167)" '167: 0'
is '--fake with a value' "$(u --fake getuid=77 --fake getppid=0x10 "$c" 102 110)" $'102: 77\n110: 16'
is '--stub' "$(u --stub getuid=ENOSYS "$c" 102 104 | head -1)" '102: -1 ENOSYS'
is '... in silence' "$(u --stub swapon=EBUSY "$c" 167 2>&1)" '167: -1 EBUSY'
is 'the last word counts' "$(u --stub getuid=EIO --fake getuid=5 "$c" 102)" '102: 5'
is '--strict lets a fake pass that was asked for' "$(u --strict --fake swapon=1 "$c" 167)" '167: 1'
is '... under --strace' "$(u --strace=trace --fake getuid=77 "$c" 102; grep -c '^getuid() .*= 77$' trace)" $'102: 77\n1'
is 'a call that reads the whole frame' "$(u --stub vfork=EAGAIN "$c" 58)" '58: -1 EAGAIN'

# ---- --deny ----
is '--deny fails with EPERM' "$(u --deny getuid,getgid "$c" 102 104 110 2>err | head -2)" $'102: -1 EPERM\n104: -1 EPERM'
ok '... and says so' grep -Eq '^uniload: system call getuid \(102\) is not allowed: it fails with EPERM$' err
u --deny getuid "$c" 102 102 102 >out 2>err
is '... once' "$(cat out; wc -l <err)" $'102: -1 EPERM\n102: -1 EPERM\n102: -1 EPERM\n1'
is '--deny with an errno' "$(u --deny getuid=EACCES "$c" 102 2>/dev/null)" '102: -1 EACCES'
u --deny getuid,swapon=kill "$c" 104 102 104 >out 2>err
is '--deny with kill: SIGSYS' $? 159
is '... there and then' "$(wc -l <out)" 1
ok '... and says so' grep -q 'getuid (102) is not allowed: the process ends' err

# ---- --record and --allow ----
is '--record leaves the output alone' "$(u --record list "$c" 102)" "102: $(id -u)"
ok '... writes names' grep -qx getuid list
ok '... and no others' grep -qvx getgid list
is '... sorted' "$(grep -v '^#' list)" "$(grep -v '^#' list | LC_ALL=C sort)"
is '... all that is needed' "$(u --allow @list "$c" 102 2>&1)" "102: $(id -u)"
is '--allow refuses the rest' "$(u --allow @list "$c" 102 104 2>err)" "102: $(id -u)"$'\n104: -1 EPERM'
ok '... and says so' grep -q 'getgid (104) is not allowed' err
is '--seccomp-from is the same' "$(u --seccomp-from list --deny-with EACCES "$c" 104 2>/dev/null)" '104: -1 EACCES'
u --allow @list --deny-with kill "$c" 104 >out 2>err
is '--deny-with kill' $? 159
is 'what does not exist stays ENOSYS' "$(u --allow @list "$c" 335 5000 2>/dev/null)" $'335: -1 ENOSYS\n5000: -1 ENOSYS'
is '--fake adds to --allow' "$(u --allow @list --fake getgid=3 "$c" 104 2>&1)" '104: 3'
is '--deny takes from --allow' "$(u --allow @list --deny getuid "$c" 102 2>/dev/null)" '102: -1 EPERM'
sed -i 's/^getuid$/# why it is needed\ngetuid # here/' list
u --record list "$c" 104 >/dev/null
is 'recording again adds, comments stay' "$(grep -cx getgid list) $(grep -A1 '^# why' list)" $'1 # why it is needed\ngetuid # here' ||
	sed 's/^/# /' list
u --record crash "$c" 102 abort >/dev/null
is '--record after a crash' "$?, $(grep -cx getuid crash)" '134, 1'
is 'the same in a child' "$(u --deny getgid /bin/busybox sh -c 'id -g >/dev/null 2>&1; echo $?' 2>&1 | grep -c getgid)" 1

# ---- an image sealed to its record ----
"$UNILOAD" build "$c" -o sealed.img --seccomp-from list --args 102 104 110 2>err
is 'a sealed image' "$(u sealed.img 2>err)" $'102: 0\n104: 0\n110: -1 EPERM'
ok '... says what it refuses' grep -q 'getppid (110) is not allowed' err
{ cat list && echo getppid; } >more
is '... which no option opens again' "$(u --allow @more --fake getppid sealed.img 110 2>/dev/null)" '110: -1 EPERM'
is '... but options may forbid more' "$(u --deny getuid sealed.img 102 2>/dev/null)" '102: -1 EPERM'
ok 'inspect tells' grep -Eq '^ +all others  refused  EPERM$' <("$UNILOAD" inspect sealed.img)
timeout -k 5 60 qemu-system-x86_64 -M microvm -accel "$ACCEL" -nodefaults -no-reboot -display none -serial stdio -kernel sealed.img \
	</dev/null 2>/dev/null | tr -d '\r' >out
is '... and without uniload' "$(grep '^[0-9]' out)" $'102: 0\n104: 0\n110: -1 EPERM'

# ---- --summary ----
counted() # FILE NAME: calls and errors of this call
{
	awk -v name="$2" '$NF == name { if (NF == 7) print $5 "/" $6; else print $5 "/0" }' "$1"
}
u --summary=sum "$c" 102 102 102 167 5000 >out 2>err
is '--summary=FILE leaves the streams alone' "$(wc -l <out) $(wc -l <err)" '5 0'
is '... counts calls' "$(counted sum getuid)" 3/0
is '... and errors' "$(counted sum swapon)" 1/1
is '... a call that does not return' "$(counted sum exit_group)" 1/0
is '... calls without a name' "$(awk '/no such call/ { print $5 "/" $6 }' sum)" 1/1
is '... and all of them' "$(tail -1 sum | awk '{ print $1, $NF, $5 }')" "100.00 total $(awk '$5 ~ /^[0-9]+$/ && !/total/ { n += $5 } END { print n }' sum)"
is '... of all threads' "$(u --summary=sum "$c" thread; counted sum getppid)" 4000/0
u --summary "$c" 102 >out 2>err
is '--summary is on standard error' "$(counted err getuid)" 1/0
u --summary=sum "$c" 102 abort >/dev/null
is '--summary after a crash' "$? $(counted sum getuid)" '134 1/0'
u --summary=sum "$c" 102 hang >out &
until [ -s out ]; do sleep 0.1; done
kill %1
wait %1
is '--summary after a signal' "$? $(counted sum getuid)" '143 1/0'
u --summary --timeout 1 "$c" hang >out 2>err
ok '--summary without an end says so' grep -q 'no system calls were counted' err
is '--strict, --strace and --summary together' "$(u --strict --strace=trace --summary=sum "$c" 102 >out; counted sum getuid)" 1/0

# ---- --policy-for ----
cp "$c" other
own() { u --policy-for "$(realpath "$c")" "$@"; }
in_shell() { own --add "$c" --add "$PWD/other" "${@:1:$#-1}" /bin/busybox sh -c "${@: -1}"; }
is '--policy-for: that program' "$(own --stub getuid=EIO "$c" 102)" '102: -1 EIO'
is '... no other' "$(own --stub getuid=EIO "$PWD/other" 102)" "102: $(id -u)"
is '... which a shell starts, one after the other' "$(in_shell --stub getuid=EIO "$c 102; $PWD/other 102; $c 102")" \
	$'102: -1 EIO\n'"102: $(id -u)"$'\n102: -1 EIO'
is '... refusals' "$(own --deny getuid "$PWD/other" 102 2>&1)" "102: $(id -u)"
is '... its threads' "$(own --summary=sum "$c" thread; counted sum getppid)" 4000/0
in_shell --record one --summary=sum "$c 104; $PWD/other 102; true" >/dev/null
is '... in --record and --summary' "$(grep -cx getgid one) $(grep -cx getuid one) $(counted sum getgid) $(counted sum fork)$(counted sum execve)" '1 0 1/0 '
refused '... with an image that has rules' 125 'the image has rules' u --policy-for "$c" sealed.img
refused '... by half a path' 125 'not an absolute path' u --policy-for calls "$c"

# ---- mistakes ----
refused 'an unknown name' 125 'no system call getuld: did you mean getuid' u --fake getuld "$c"
refused '... in a list' 125 '--deny: Linux has no system call opne: did you mean open' u --deny read,opne "$c"
printf 'read\n  wirte # ?\n' >bad
refused '... in a file' 125 'bad:2: Linux has no system call wirte: did you mean write' u --seccomp-from bad "$c"
refused '... in the record' 125 'bad:2: Linux has no system call wirte' u --record bad "$c"
refused 'no file' 125 'nofile: No such file' u --allow @nofile "$c"
refused 'no errno' 125 'say how the call fails' u --stub getuid "$c"
refused 'an unknown errno' 125 '--stub getuid=EWHAT: say how' u --stub getuid=EWHAT "$c"
refused 'a value that is none' 125 'must be a number' u --fake getuid=-1 "$c"
refused 'an unknown way to refuse' 125 'EWHAT is neither an errno nor kill' u --deny getuid=EWHAT "$c"
refused '--deny-with alone' 125 '--deny-with is for' u --deny-with kill "$c"
refused 'a record that is no file' 125 'not a regular file' u --record . "$c"
refused 'a summary that cannot be written' 125 'summary=no/dir: No such file' u --summary=no/dir "$c"
refused 'build: an unknown name' 125 'did you mean getuid' "$UNILOAD" build "$c" --fake getuld
ok 'nothing is left running' no_machines
done_testing
