#!/bin/bash
# SPDX-License-Identifier: MIT
# test: 1,000 boots in a row, accelerators mixed, one in five killed half-way: none fails, nothing is left behind
# modes: once
# long
# timeout: 3600
. tests/boot/lib.sh

boots=${BOOTS:-1000}
accels=(tcg)
"$UNILOAD" run --accel kvm "$P/hello" >/dev/null 2>&1 && accels=(kvm tcg)
echo "# $boots boots with: ${accels[*]}"

processes()
{
	ls -d /proc/[0-9]* | wc -l
}

before=$(processes) wrong=0 killed=0 ran=0
for ((i = 0; i < boots; i++)); do
	accel=${accels[i % ${#accels[@]}]}
	if ((i % 5 == 4)); then
		"$UNILOAD" run --accel $accel "$P/signals" spin >/dev/null 2>&1 &
		pid=$!
		sleep 0.0$((RANDOM % 10))
		kill -$([ $((i % 10)) = 4 ] && echo KILL || echo TERM) $pid
		wait $pid 2>/dev/null
		killed=$((killed + 1))
	else
		got=$(timeout --foreground -k 5 60 "$UNILOAD" run --accel $accel "$P/hello" $i 2>err)
		if [ $? != 0 ] || [ "$got" != $'hello\n'$i ]; then
			wrong=$((wrong + 1))
			echo "# boot $i ($accel): $(head -c 200 err)"
		fi
		ran=$((ran + 1))
	fi
done
is "$ran runs print what they must" $wrong 0
ok "after $killed kills no machine is left" no_machines
ok 'no process is left' [ "$(processes)" -le $((before + 20)) ]
is 'no file is left' "$(ls | grep -vxE 'out|err')" ''
done_testing
