#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Prepare the Linux guest that the benchmarks compare with: Debian's cloud kernel, unpacked (not installed) and
# uncompressed, so that decompression does not count. Prints the path of vmlinux. Needs the network once.
# linux-guest.sh initramfs OUT PROGRAM [ARG...]: an initramfs whose /init is PROGRAM itself (a static one); with
# arguments, busybox as init runs it with them.
# linux-guest.sh disks OUT SCRIPT [FILE...]: an initramfs that loads the drivers of virtio-blk and EROFS and runs
# SCRIPT in busybox's shell; the FILEs are in /bin.
set -euo pipefail
cd "$(dirname "$0")/../.."
dir=build/third_party/linux
source tests/apps/private-apt.sh

fetch_vmlinux()
{
	mkdir -p "$dir"
	third_party_lock
	[ -s "$dir/vmlinux" ] && return
	private_apt_init "$PWD/build/third_party/apt"
	local package
	package=$(apt-cache -o Dir::State::lists="$PWD/build/third_party/apt/lists" \
		-o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$PWD/build/third_party/apt/parts" \
		depends linux-image-cloud-amd64 | awk '/Depends: linux-image/ { print $2; exit }')
	(cd "$dir" && private_apt download "$package" >&2 && dpkg-deb -x "$package"_*.deb root && rm -f ./*.deb)
	unpack_bzimage "$dir"/root/boot/vmlinuz-* "$dir/vmlinux"
}

# The compressed kernel inside a bzImage: where and how long is in its header (Linux boot protocol 2.08).
unpack_bzimage()
{
	local sects offset length
	sects=$(od -An -tu1 -j$((0x1f1)) -N1 "$1") offset=$(od -An -tu4 -j$((0x248)) -N4 "$1")
	length=$(od -An -tu4 -j$((0x24c)) -N4 "$1")
	dd if="$1" of="$2.z" bs=1M iflag=skip_bytes,count_bytes skip=$(((sects + 1) * 512 + offset)) \
		count="$length" status=none
	case $(od -An -tx1 -N4 "$2.z" | tr -d ' ') in
	02214c18) lz4 -dcq "$2.z" >"$2" ;;
	28b52ffd) zstd -dcq "$2.z" >"$2" 2>/dev/null || [ -s "$2" ] ;;
	fd377a58) xz -dcq "$2.z" >"$2" 2>/dev/null || [ -s "$2" ] ;;
	*) echo "linux-guest: unknown compression of $1" >&2; return 1 ;;
	esac
	rm -f "$2.z"
}

make_initramfs()
{
	local out=$1 program=$2 tree
	shift 2
	tree=$(mktemp -d "$dir/tree.XXXXXX")
	mkdir -p "$tree"/{dev,proc,sys,tmp,bin}
	if [ $# = 0 ]; then
		cp "$program" "$tree/init"
	else
		cp "$program" "$tree/bin/program"
		cp /bin/busybox "$tree/bin/busybox"
		printf '#!/bin/busybox sh\n/bin/busybox mount -t devtmpfs d /dev\n/bin/busybox ip link set lo up\ncd /tmp\nexport BENCH_SCALE=%s\n/bin/program %s\n/bin/busybox reboot -f\n' "${BENCH_SCALE:-100}" "$*" >"$tree/init"
		chmod +x "$tree/init"
	fi
	mknod "$tree/dev/console" c 5 1 2>/dev/null || true
	mknod "$tree/dev/null" c 1 3 2>/dev/null || true
	(cd "$tree" && find . | cpio -o -H newc --quiet) >"$out"
	rm -rf "$tree"
}

# In the order of their needs.
drivers="virtio_ring virtio virtio_mmio virtio_blk libcrc32c netfs fscache erofs"

make_disks_initramfs()
{
	local out=$1 script=$2 tree name
	shift 2
	tree=$(mktemp -d "$dir/tree.XXXXXX")
	mkdir -p "$tree"/{dev,proc,sys,tmp,bin,lib,root}
	cp /bin/busybox "$@" "$tree/bin"
	for name in $drivers; do
		find "$dir/root/lib/modules" -name "$name.ko" -exec cp {} "$tree/lib" \;
	done
	cat >"$tree/init" <<-END
		#!/bin/busybox sh
		/bin/busybox --install /bin
		mount -t devtmpfs d /dev
		mount -t tmpfs t /tmp
		for name in $drivers; do insmod /lib/\$name.ko; done
		cd /tmp
		$script
		reboot -f
	END
	chmod +x "$tree/init"
	mknod "$tree/dev/console" c 5 1 2>/dev/null || true
	(cd "$tree" && find . | cpio -o -H newc --quiet) >"$out"
	rm -rf "$tree"
}

case "${1:-}" in
"") fetch_vmlinux && echo "$dir/vmlinux" ;;
initramfs) shift; mkdir -p "$dir"; make_initramfs "$@" ;;
disks) shift; make_disks_initramfs "$@" ;;
*) echo "usage: linux-guest.sh [initramfs OUT PROGRAM [ARG...] | disks OUT SCRIPT [FILE...]]" >&2; exit 2 ;;
esac
