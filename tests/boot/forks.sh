#!/bin/bash
# SPDX-License-Identifier: MIT
# test: processes by the hundred (--long: until their numbers begin again): statuses, limits, no memory is lost
# timeout: 600
. tests/boot/lib.sh

count=300
[ "$LONG" = 1 ] && count=33500
status "$count processes, one after the other and many at once" 0 timeout --foreground -k 5 500 "$UNILOAD" run \
	--accel "$ACCEL" "$P/forks" $count
ok 'all is well' [ "$(grep -c good out)" = 11 -a "$(grep -c BAD out)" = 0 ] || sed 's/^/# /' out
done_testing
