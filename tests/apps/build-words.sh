#!/bin/bash
# SPDX-License-Identifier: MIT
#
# build-words.sh go|gostd|rust|java: builds programs with Debian's compiler, which must be installed (LONG=1 installs
# it), in build/tests/apps: words-go from tests/apps/src/words.go, the tests of Go's own library (go/PACKAGE.test),
# words-rust (dynamic) and words-rust-static from words.rs, java/Threads.class. Status 0, or 1 with one line saying
# why not.
set -u
cd "$(dirname "$0")/../.." || exit 1
PATH=/usr/bin:$PATH
src=tests/apps/src/words
out=$PWD/build/tests/apps
mkdir -p "$out" || exit 1
exec 9>"$out/.lock" && flock 9

# The compiler of that package.
compiler()
{
	[ "${LONG:-0}" != 1 ] || tests/apps/have.sh "$2" || exit 1
	"$1" "$3" >/dev/null 2>&1 && return
	echo "$1 is not installed ($2)" >&2
	exit 1
}

# build FILE SOURCE COMMAND...: FILE from SOURCE, unless it is newer.
build()
{
	local file=$1 source=$2
	shift 2
	[ "$file" -nt "$source" ] && return
	"$@" -o "$file.new" "$source" >"$out/log" 2>&1 && mv "$file.new" "$file" && return
	echo "$source does not compile: $(head -1 "$out/log")" >&2
	exit 1
}

case $1 in
go)
	compiler go golang-go version
	export GOCACHE=$out/go-cache GOFLAGS=-mod=mod CGO_ENABLED=0
	build "$out/words-go" $src.go go build -ldflags=-buildid=
	;;
gostd)
	compiler go golang-go version
	export GOCACHE=$out/go-cache GOFLAGS=-mod=mod CGO_ENABLED=0
	mkdir -p "$out/go"
	for package in sync sync/atomic context io bufio path/filepath time os os/signal os/exec net runtime; do
		file=$out/go/${package//\//_}.test
		build "$file" "$package" go test -tags timetzdata -c
	done
	;;
java)
	compiler javac openjdk-17-jdk-headless -version
	[ "$out/java/Threads.class" -nt tests/apps/src/Threads.java ] && exit 0
	javac --release 17 -d "$out/java" tests/apps/src/Threads.java >"$out/log" 2>&1 && exit 0
	echo "Threads.java does not compile: $(head -1 "$out/log")" >&2
	exit 1
	;;
rust)
	compiler rustc rustc --version
	build "$out/words-rust" $src.rs rustc -C opt-level=1
	build "$out/words-rust-static" $src.rs rustc -C opt-level=1 -C target-feature=+crt-static
	;;
esac
