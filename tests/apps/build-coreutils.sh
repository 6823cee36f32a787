#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Builds GNU coreutils as static programs from Debian's own source package, for tests/apps. The package is fetched
# with a private apt configuration made from the machine's sources (nothing outside build/ is touched), pinned by
# version and checked by SHA-256 on top of apt's signatures. Result: build/third_party/coreutils/PROGRAM and a stamp.
# Takes about two minutes once; later calls return at once. Exit status 0, or 1 with one line saying why not.
set -u
cd "$(dirname "$0")/../.." || exit 1

version=9.1-1
tarball=coreutils_9.1.orig.tar.xz
sha256=61a1f410d78ba7e7f37a5a4f50e6d1320aca33375484a3255eddf17a38580423
programs="base32 base64 b2sum basename cat chmod cksum comm cp csplit cut date dd df dircolors dirname du echo env
	expand expr factor false fmt fold head join link ln ls md5sum mkdir mktemp mv nl numfmt od paste pr printenv
	printf ptx pwd readlink realpath rm rmdir seq sha1sum sha256sum sha512sum shuf sleep sort split stat sum sync
	tac tail tee test touch tr true truncate tsort uname unexpand uniq unlink wc whoami yes"

root=$PWD/build/third_party
out=$root/coreutils
work=$root/coreutils.work
log=$root/coreutils.log
jobs=${JOBS:-2}

die()
{
	echo "build-coreutils: $*" >&2
	exit 1
}

. tests/apps/private-apt.sh
third_party_lock || die 'cannot write to build/third_party'
[ "$(cat "$out/.stamp" 2>/dev/null)" = "$version" ] && exit 0
for tool in apt-get xz tar gcc make sha256sum; do
	command -v "$tool" >/dev/null || die "$tool is not installed"
done
rm -rf "$work" "$out"
mkdir -p "$work" "$out" || exit 1

fetch()
{
	private_apt_init "$root/apt" &&
	(cd "$work" && private_apt source --download-only "coreutils=$version")
}

build()
{
	cd "$work" && tar -xf "$tarball" --strip-components=1 &&
	FORCE_UNSAFE_CONFIGURE=1 ./configure --quiet --disable-nls --disable-acl --disable-xattr --disable-libcap \
		--without-selinux --without-libgmp --with-openssl=no --disable-dependency-tracking \
		CFLAGS="-O1 -w" LDFLAGS=-static &&
	# The generated headers and lib/ come with any full target; asking for the programs alone skips the rest.
	make -s -j"$jobs" lib/configmake.h $(make -s -f - built <<-'MK'
		include Makefile
		built: ; @echo $(BUILT_SOURCES)
	MK
	) && make -s -j"$jobs" $(printf 'src/%s ' $programs)
}

fetch >"$log" 2>&1 || die "cannot fetch coreutils $version (see build/third_party/coreutils.log)"
echo "$sha256  $work/$tarball" | sha256sum --quiet -c - >>"$log" 2>&1 || die "$tarball: wrong SHA-256"
(build) >>"$log" 2>&1 || die "build failed (see build/third_party/coreutils.log)"
for p in $programs; do
	strip -o "$out/$p" "$work/src/$p" || die "$p was not built"
done
rm -rf "$work"
echo "$version" >"$out/.stamp"
