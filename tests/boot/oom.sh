#!/bin/bash
# SPDX-License-Identifier: MIT
# test: memory runs out: the process that holds most is killed, unless its oom_score_adj says never
. tests/boot/lib.sh

status 'the biggest process is killed' 0 u -m 64M "$P/oom" 0
is 'it, not the one that asked' "$(tr '\n' ' ' <out)" 'small ended big killed '
ok 'and the user is told' grep -q 'out of memory: process [0-9]* (oom) is killed' err
status 'one that may not be killed' 0 u -m 64M "$P/oom" -1000
is 'then the other' "$(tr '\n' ' ' <out)" 'small killed big ended '
status 'the program alone' 137 u -m 64M busybox sh -c 'x=xxxxxxxxxxxxxxxx; while :; do x=$x$x; done'
ok 'it is the program' grep -q 'out of memory: the program is killed' err
done_testing
