#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the fuzzers of this folder and runs each for SECONDS (default 600): tests/fuzz/run.sh [SECONDS [NAME...]].
# A finding is kept as build/fuzz/NAME-crash-*; rerun it with build/fuzz/NAME FILE. Needs clang.
set -eu
cd "$(dirname "$0")/../.."
seconds=${1:-600}
[ $# -gt 0 ] && shift
out=build/fuzz
mkdir -p $out

seeds_elf() { # a handful of tiny executables of different shapes
	printf '.globl _start\n_start: mov $60,%%eax\n syscall\n.data\n.quad _start\n.bss\n.space 9000\n' |
		gcc -c -x assembler - -o $out/seed.o
	n=0
	for flags in -static -static-pie "-static -z noseparate-code" "-static -N" \
		"-static-pie -z max-page-size=0x200000 -z noexecstack" "-pie -Wl,-dynamic-linker,/lib/ld.so"; do
		n=$((n + 1))
		# -z needs its argument; everything else is one word per flag
		gcc -nostdlib -nostartfiles -s -Wl,--build-id=none -Wl,-w $flags $out/seed.o -o "$1/$n" 2>/dev/null || rm -f "$1/$n"
	done
}

seeds_bootinfo() {
	gcc -I. tests/fuzz/seed_bootinfo.c -o $out/seed_bootinfo
	$out/seed_bootinfo >"$1/1"
}

# $1 is the beginning of the names.
seeds_erofs() { # small trees through mkfs.erofs, one image per layout of data
	rm -rf $out/tree
	mkdir -p $out/tree/d/e
	(
		cd $out/tree
		seq 1200 | head -c 5000 >plain
		echo small >d/small
		ln d/small d/e/hard
		ln -s d/small soft
		mkfifo fifo
		for i in 1 2 3 4 5 6 7 8; do : >d/e/name$i; done
	)
	n=0
	for flags in "" -Eforce-inode-extended -Enoinline_data --chunksize=4096 \
		"-Eforce-chunk-indexes --chunksize=4096" -zlz4; do
		n=$((n + 1))
		mkfs.erofs $flags "$1$n" $out/tree >/dev/null 2>&1 || rm -f "$1$n"
	done
	[ -f "${1}1" ] || { echo "not ok - fuzz erofs: mkfs.erofs (erofs-utils) does not work" >&2; exit 1; }
}

seeds_ldcache() { # a cache of a few libraries, in both formats
	rm -rf $out/ldroot
	mkdir -p $out/ldroot/lib $out/ldroot/etc
	for lib in libc.so.6 libm.so.6 libz.so.1; do
		cp "$(gcc -print-file-name=libc.so.6)" $out/ldroot/lib/$lib
	done
	for format in new compat; do
		/sbin/ldconfig -r $out/ldroot -c $format -C /etc/$format -f /dev/null /lib 2>/dev/null || true
		[ ! -f $out/ldroot/etc/$format ] || cp $out/ldroot/etc/$format "$1/$format"
	done
	[ -n "$(ls "$1")" ] || head -c 16000 /etc/ld.so.cache >"$1/host"
}

seeds_module() { # a module, and images to be read without one
	seeds_bootinfo "$1"
	seeds_erofs "$1/image"
}

seeds_tar() { # files of all kinds, in the formats that tar writes; no checksums (fuzz_tar.c puts them in)
	rm -rf $out/tartree
	mkdir -p $out/tartree/d/e
	echo some text >$out/tartree/d/file
	ln $out/tartree/d/file $out/tartree/hard
	ln -s d/e $out/tartree/soft
	mkfifo $out/tartree/d/e/fifo
	: >$out/tartree/d/$(head -c 150 /dev/zero | tr '\0' x)
	for format in v7 ustar gnu pax; do
		tar -C $out/tartree --format=$format -cf "$1/$format" . 2>/dev/null || true
		perl -0777 -pi -e 's/[0-7]{6}\0 (?=[0-9A-Za-z])/fix\0\0\0\0 /g' "$1/$format"
	done
}

seeds_p9() { # an attribute reply and a walk, as QEMU sends them
	printf '\000\377\000\240\000\000\000\157\001\000\377\007' >"$1/1"
	printf '\003\377\000\026\000\000\000\157\001\000\001\000\200\1\0\0\0\1\2\3\4\5\6\7\10' >"$1/2"
}

seeds_net() { # a device with all features; frames of one and of two buffers, an interrupt after each
	printf '\243\071\001\001\000\074\000%0100d\006\010\000\020%0100d\006' 0 0 >"$1/1"
	printf '\240\271\001\000\210\377\000%0100d\200\001\000%0100d\006\003\001\000\000\001\006' 0 0 >"$1/2"
}

for name in ${*:-$(ls tests/fuzz/fuzz_*.c | sed 's,.*/fuzz_,,; s,\.c$,,')}; do
	source=tests/fuzz/fuzz_$name.c
	corpus=$out/corpus-$name
	mkdir -p "$corpus"
	clang -std=gnu17 -O1 -g -Wall -Wextra -Wno-unused-parameter -I. -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=all "$source" $(sed -n 's,.*/\* fuzz: *\(.*\) \*/,\1,p' "$source") -o "$out/$name"
	[ -n "$(ls "$corpus")" ] || "seeds_$name" "$corpus/"
	"$out/$name" -max_total_time="$seconds" -max_len=16384 -timeout=10 -print_final_stats=1 \
		-artifact_prefix="$out/$name-" "$corpus" 2>"$out/$name.log" || {
		tail -40 "$out/$name.log"
		echo "not ok - fuzz $name: see $out/$name.log" >&2
		exit 1
	}
	echo "ok - fuzz $name: $(sed -n 's/.*number_of_executed_units: *//p' "$out/$name.log") runs"
done
