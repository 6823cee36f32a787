#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Fetches Debian packages of statically linked programs for tests/apps and unpacks them under build/third_party/static.
# Nothing is installed. Later calls return at once. Exit status 0, or 1 with one line saying why not.
set -u
cd "$(dirname "$0")/../.." || exit 1
packages="bash-static zsh-static sash"
out=$PWD/build/third_party/static
log=$PWD/build/third_party/static.log

. tests/apps/private-apt.sh
third_party_lock || exit 1
[ "$(cat "$out/.stamp" 2>/dev/null)" = "$packages" ] && exit 0
mkdir -p "$out/deb"
{
	private_apt_init "$PWD/build/third_party/apt" &&
	(cd "$out/deb" && private_apt download $packages) &&
	for deb in "$out"/deb/*.deb; do
		dpkg-deb -x "$deb" "$out" || exit 1
	done
} >"$log" 2>&1 || {
	echo "fetch-static: cannot fetch $packages (see build/third_party/static.log)" >&2
	exit 1
}
rm -rf "$out/deb"
echo "$packages" >"$out/.stamp"
