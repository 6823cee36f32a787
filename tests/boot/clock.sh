#!/bin/bash
# SPDX-License-Identifier: MIT
# test: setting the clock moves what waits for a moment of it
. tests/boot/lib.sh

status 'the clock can be set' 0 u "$P/clock"
is 'who waits is told' "$(cat out)" 'sleep Success
futex Connection timed out
timer 1
timerfd 1
cancelled 1
relative 0
timer back 0
timerfd back 0'
done_testing
