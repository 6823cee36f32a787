#!/bin/bash
# SPDX-License-Identifier: MIT
# test: dynamic programs, scripts, added files and roots: what uniload says when a part of them is not there.
. tests/boot/lib.sh
export XDG_CACHE_HOME=$TMPDIR/cache

lib() # NAME [gcc options]: a library lib/NAME with one function
{
	local name=$1
	shift
	mkdir -p lib
	echo "int f_${name%%.*}(void) { return 1; }" | gcc -shared -fPIC -x c - -x none "$@" -Wl,-soname,"$name" -o "lib/$name"
}
prog() # NAME [gcc options]
{
	local name=$1
	shift
	echo '#include <stdio.h>
	int main(void) { puts("hello"); return 3; }' | gcc -x c - -x none -Wl,--no-as-needed "$@" -o "$name"
}

lib libone.so
lib libtwo.so -Llib -Wl,--no-as-needed -lone
prog both -Llib -Wl,-rpath,'$ORIGIN/lib' -ltwo -Wl,-rpath-link,lib
refused 'a library of a library: RUNPATH is not inherited' 126 'libone.so is missing, needed by .*/lib/libtwo.so; looked in: .*x86_64-linux-gnu' u ./both
refused 'a missing library' 126 'libtwo.so is missing, needed by .*/both; looked in: RUNPATH .*/lib, /etc/ld.so.cache' \
	sh -c 'mv lib/libtwo.so two; timeout 60 "$0" run --accel "$1" ./both; s=$?; mv two lib/libtwo.so; exit $s' "$UNILOAD" "$ACCEL"
printf 'damaged' >lib/libone.so
refused 'a file that is no library' 126 'lib/libone.so, needed by .*libtwo.so, cannot be used: damaged' u -e LD_LIBRARY_PATH="$TMPDIR/lib" ./both
prog interp -Wl,-dynamic-linker,/nonexistent/ld.so
refused 'a missing interpreter' 126 'interp.*interpreter /nonexistent/ld.so is missing' u ./interp
prog text -Wl,-dynamic-linker,/etc/passwd
refused 'an interpreter that is none' 126 'interpreter /etc/passwd.*not an x86-64 ELF' u ./text

script() { printf "$2" >"$1" && chmod +x "$1"; }
script noname '#!\n'
refused 'a script that names no interpreter' 126 'names no interpreter' u ./noname
script gone '#!/nonexistent/sh -e\n'
refused 'a script for what is not there' 127 'gone: its interpreter /nonexistent/sh' u ./gone
script noenv '#!/usr/bin/env no-such-program\n'
refused 'env for what is not there' 127 'noenv: its interpreter no-such-program' u ./noenv
script self "#!$TMPDIR/self\n"
refused 'a script for itself' 126 'too many scripts' u ./self
script long "#!/$(printf '%0300d' 7)\n"
refused 'a first line that is too long' 126 'names no interpreter' u ./long
script foreign "#!$TMPDIR/object\n"
echo 'int x;' | gcc -c -x c - -o object && chmod +x object
refused 'an interpreter that cannot run' 126 'foreign: its interpreter .*object: an object file' u ./foreign

refused '--add of nothing' 125 '--add nothing: No such file' u --add nothing "$P/hello"
refused '--add of a device' 125 'neither a file nor a directory' u --add /dev/null "$P/hello"
refused '--add of a program that lacks a library' 126 'libone.so is missing' u --add both "$P/hello"
refused '--rootfs of nothing' 125 '--rootfs nothing: No such file' u --rootfs nothing sh
refused '--rootfs of a text' 125 'damaged tar archive' u --rootfs "$P/hello" sh
refused '--rootfs of an empty file' 125 'neither a directory nor a tar' u --rootfs <(:) sh
mkdir -p root/bin root/etc && cp /bin/busybox root/bin/busybox && cp both root/bin/ && : >root/bin/plain
refused 'a program that is not in the root' 127 'not in the root file system' u --rootfs root /bin/ls
refused 'a name that is not in the root' 127 'not found in PATH of the root' u --rootfs root ls
refused 'a file in the root that is not executable' 126 'not executable' u --rootfs root /bin/plain
refused 'a program whose interpreter is not in the root' 126 'interpreter /lib64/ld-linux-x86-64.so.2 is not in the root' \
	u --rootfs root /bin/both
tar -cf root.tar -C root . && head -c 20000 root.tar >cut.tar && gzip -c root.tar | head -c 30000 >cut.tar.gz
refused 'a truncated archive' 125 'cut.tar: damaged.*truncated' u --rootfs cut.tar busybox
status 'a truncated compressed archive' 125 u --rootfs cut.tar.gz busybox
ok '... says which' grep -q '^uniload: cut.tar.gz: gzip -dc could not unpack it' err
UNILOAD_CACHE_SIZE=much refused 'a size of the cache' 125 'UNILOAD_CACHE_SIZE much' u --rootfs root /bin/busybox

# ---- what runs ----
lib libone.so
is 'LD_LIBRARY_PATH of the program counts' "$(u -e LD_LIBRARY_PATH="$TMPDIR/lib" ./both)" hello
prog pie && prog nopie -no-pie
status 'a PIE' 3 u ./pie
is '... its output' "$(cat out)" hello
is 'a program at a fixed address' "$(u ./nopie)" hello
prog rpath -Llib -Wl,--disable-new-dtags,-rpath,'$ORIGIN/lib' -ltwo
is 'RPATH holds for libraries of libraries' "$(u ./rpath)" hello
ln -s pie link; is 'by another name' "$(u ./link)" hello
if command -v musl-gcc >/dev/null; then
	echo '#include <stdio.h>
	int main(void) { return puts("musl") < 0; }' | musl-gcc -x c - -o musl
	is 'a program for musl' "$(u ./musl)" musl
else
	skip 'a program for musl' 'no musl-gcc'
fi
script shell '#!/bin/bash\necho "bash $1"\n'
is 'a script and its interpreter' "$(u ./shell x)" 'bash x'
script perl '#!/usr/bin/env perl\nprint "perl $ARGV[0]\\n";\n'
is 'a script through env' "$(u ./perl x)" 'perl x'
is 'a root directory' "$(u --rootfs root busybox echo in)" in
is '... its files' "$(u --rootfs root --add pie:/etc/ /bin/busybox ls /etc/pie)" /etc/pie
is '... as archive' "$(u --rootfs root.tar busybox ls /bin)" $'both\nbusybox\nplain'
gzip -k root.tar && is '... compressed' "$(u --rootfs root.tar.gz busybox pwd)" /
is 'the owner of a root is root' "$(u --rootfs root busybox id -u)" 0
echo 'root:x:0:0::/home/of/root:/bin/sh' >root/etc/passwd
is 'its passwd counts' "$(u --rootfs root busybox sh -c 'echo $HOME')" /home/of/root
head -c 30000000 /dev/urandom >root/big && sum=$(sha256sum <root/big)
is 'a large root, as a disk' "$(u --rootfs root busybox sha256sum /big)" "${sum%-}/big"
gcc -static -x c - -o root/touch <<'END'
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
int main(int argc, char **argv)
{
	unsigned char *p = mmap(0, 30000000, PROT_READ, MAP_PRIVATE, open(argv[1], O_RDONLY), 0);
	unsigned long sum = 0;
	for (int i = 0; i < 30000000 * 2; i += 4096)
		sum += p[i % 30000000];
	printf("%lu\n", sum);
}
END
is '... mapped, in less memory' "$(u -m 16M --rootfs root /touch /big)" "$(root/touch root/big)"
mkdir -p tree/sub && ln -s sub tree/s && echo x >tree/sub/file
is 'an added directory' "$(u --add tree:/t /bin/busybox cat /t/s/file)" x
is 'an added file under its own name' "$(u --add tree/s/file /bin/busybox cat "$TMPDIR/tree/s/file")" x
is 'an added program brings its libraries' "$(u --add ./both -e LD_LIBRARY_PATH="$TMPDIR/lib" /bin/busybox ls lib)" $'libone.so\nlibtwo.so'

# ---- the cache ----
files() { ls cache/uniload/*.erofs | wc -l; } # plans have files of their own
rm -rf cache && u ./pie >out; n=$(files); u ./pie >out
is 'one image' "$n" 1
is '... used again' "$(files)" 1
touch pie && u ./pie >out
is 'another one when the program changes' "$(files)" 2
UNILOAD_CACHE_SIZE=4M u ./pie >out; UNILOAD_CACHE_SIZE=4M u ./nopie >out
is 'the limit: the least recently used one goes' "$(files)" 1
rm -rf cache && UNILOAD_CACHE_SIZE=0 u ./pie >out
is 'no cache' "$(cat out) $(ls -d cache 2>/dev/null)" 'hello '
: >cache
is 'a cache that cannot be' "$(u ./pie)" hello
rm cache; u ./pie >out; : >"$(echo cache/uniload/*.erofs)"
is 'a damaged image in it' "$(u ./pie)" hello
rm -rf cache; u ./pie >out; : >"$(echo cache/uniload/*.plan)"
is 'a damaged plan in it' "$(u ./pie)" hello
rm -rf cache
for i in 1 2 3 4; do u ./pie >out$i & done
wait
is 'several at once' "$(cat out[1-4] | sort | uniq -c | tr -s ' ') $(files)" ' 4 hello 1'

# ---- packages ----
refused 'a package that is not installed' 125 'deb:uniload-none: no such package is installed here' u --add deb:uniload-none "$P/hello"
refused 'a package and a root' 125 'a --rootfs has packages of its own' u --rootfs / --add deb:perl-base "$P/hello"
is 'perl without its modules' "$(u /usr/bin/perl -Mstrict -e 1 2>&1 | grep -c 'locate strict.pm')" 1
is 'a package' "$(u --add deb:perl-base /usr/bin/perl -Mstrict -MPOSIX -e 'print POSIX::floor(1.5), -e "/usr/share/doc/perl-base" // 0')" 10
# base-files depends on awk, which is the name of no package, and through it on the C library.
is 'what it depends on' "$(u --add deb:base-files /bin/busybox sh -c 'cd /; echo usr/bin/*awk* lib/x86_64-linux-gnu/libc.so.? etc/debian_version' |
	grep -c 'usr/bin/[a-z-]*awk.* lib/x86_64-linux-gnu/libc.so.6 etc/debian_version')" 1
u --missing /usr/bin/perl -Mstrict -e 1 2>&1 | grep strict.pm.*deb >out
is '--missing: packages' "$(head -1 out)" 'uniload: missing, but here: --add /usr/lib/x86_64-linux-gnu/perl-base/strict.pm or --add deb:perl-base'

# ---- --missing ----
is '--missing, nothing to say' "$(u --missing "$P/hello" 2>&1)" hello
u --missing /bin/busybox cat /etc/shadow /nowhere "$TMPDIR/lib/libone.so" 2>&1 | grep uniload: >out
is '--missing: what is here' "$(cat out)" "uniload: missing, but here: --add /etc/shadow
uniload: missing, but here: --add $TMPDIR/lib/libone.so"
u --missing=all -w /etc /bin/busybox cat shadow ../nowhere /etc/shadow 2>&1 | grep uniload: >out
is '--missing=all: each once, from the root' "$(cat out)" "uniload: missing, but here: --add /etc/shadow
uniload: missing: /etc/../nowhere"
done_testing
