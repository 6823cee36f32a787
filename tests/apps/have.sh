#!/bin/sh
# SPDX-License-Identifier: MIT
# have.sh PACKAGE...: are these Debian packages installed? As root, installs what is missing.
missing=
for p; do
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing="$missing $p"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" != 0 ]; then
	echo "not installed:$missing" >&2
	exit 1
fi
exec 9>>/tmp/uniload-apt.lock && flock 9
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086
apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends $missing >/dev/null 2>&1 ||
	{ apt-get update -qq && apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends $missing >/dev/null 2>&1; } ||
	{ echo "cannot install:$missing" >&2; exit 1; }
