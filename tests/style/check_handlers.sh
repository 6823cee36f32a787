#!/bin/sh
# SPDX-License-Identifier: MIT
# Every FULL and PART row of syscalls/table.def has its handler in the tree, and no STUB or FAKE row has one (it would
# never be called). Prints one line per mistake.
cd "$(dirname "$0")/../.." || exit 1
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

sed -n 's/^SYS( *[0-9]*, \([a-z0-9_]*\), *\(FULL\|PART\),.*/\1/p' syscalls/table.def | sort >"$tmp/real"
sed -n 's/^SYS( *[0-9]*, \([a-z0-9_]*\), *\(STUB\|FAKE\),.*/\1/p' syscalls/table.def | sort >"$tmp/none"
grep -hoE '^(__noreturn )?long sys_[a-z0-9_]+\(' syscalls/*.c syscalls/uring/*.c | sed 's/.*sys_//; s/($//' | sort >"$tmp/have"

for name in $(comm -23 "$tmp/real" "$tmp/have"); do
	echo "not ok - $name: the row says FULL or PART, but there is no sys_$name"
done >"$tmp/out"
for name in $(comm -12 "$tmp/none" "$tmp/have"); do
	echo "not ok - $name: sys_$name exists, but the row says STUB or FAKE"
done >>"$tmp/out"
for name in $(uniq -d "$tmp/have"); do
	echo "not ok - $name: sys_$name is defined twice"
done >>"$tmp/out"
cat "$tmp/out"
[ -s "$tmp/out" ] && exit 1
echo "ok - handlers: $(wc -l <"$tmp/real") rows, each with its handler"
