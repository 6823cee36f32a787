#!/bin/bash
# SPDX-License-Identifier: MIT
# test: threads x epoll x AF_UNIX sockets under a storm of signals: nothing wrong, nobody stands still
# long
# timeout: 2100
. tests/boot/lib.sh

seconds=5
[ "$LONG" = 1 ] && seconds=120
is 'on Linux' "$(timeout 60 "$P/sockets" 3 8 2>/dev/null)" 'sockets: ran, 0 wrong'
is 'in uniload' "$(timeout $((seconds + 90)) "$UNILOAD" run --accel "$ACCEL" "$P/sockets" $seconds 8 2>err)" \
	'sockets: ran, 0 wrong'
sed 's/^/# /' err
done_testing
