# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154
# For tests/perf/run: file systems and disks. The Linux guest has the same EROFS image and disk; its kernel (Debian's
# cloud kernel) has no 9p, so volumes are compared with the host's own directory only.

# What b_fs does everywhere: its jobs, by where tmpfs, the root's files, a volume and a disk are.
fs_jobs() { echo names tmpfs "$1" data tmpfs "$1/data" read root "$2/big" list root "$2/many"; }
volume_jobs() { echo names volume "$1" data volume "$1/data"; }

make_root()
{
	mkdir -p "$tmp/root/many" "$tmp/volume" "$tmp/host"
	cp build/perf/b_fs "$tmp/root/b_fs"
	head -c 32M /dev/urandom >"$tmp/root/big"
	for i in $(seq 500); do echo "$i" >"$tmp/root/many/f$i"; done
	truncate -s 64M "$tmp/disk"
	mkfs.erofs "$tmp/root.erofs" "$tmp/root" >/dev/null 2>&1
}

uniload_files()
{
	# shellcheck disable=SC2046
	timeout --foreground 300 build/uniload run --accel "$1" -m 256M --rootfs "$tmp/root" -v "$tmp/volume:/volume" --disk "$tmp/disk" \
		/b_fs $(fs_jobs /tmp "") $(volume_jobs /volume) data disk /dev/vda
}

linux_files()
{
	eval "timeout --foreground 300 $(linux_guest 256 "$tmp/files.cpio") $(linux_disk "$tmp/root.erofs" on) $(linux_disk "$tmp/disk" off)" \
		</dev/null | tr -d '\r'
}

file_benchmarks()
{
	local i
	command -v mkfs.erofs >/dev/null || { say "file systems: skipped, mkfs.erofs (erofs-utils) is not installed"; return; }
	say "file systems and disks, $rounds turns of each system"
	make_root
	tests/perf/linux-guest.sh disks "$tmp/files.cpio" \
		"mount -t erofs -o ro /dev/vda /root; /bin/b_fs $(fs_jobs /tmp /root) data disk /dev/vdb" build/perf/b_fs
	for ((i = 1; i <= rounds; i++)); do
		in_time $i || break
		say "  turn $i"
		# shellcheck disable=SC2046
		build/perf/b_fs $(fs_jobs "$shm" "$tmp/root") $(volume_jobs "$tmp/host") data disk "$tmp/disk.host" >>"$tmp/f.host"
		linux_files >>"$tmp/f.linux"
		uniload_files tcg >>"$tmp/f.tcg"
		if $kvm_works; then uniload_files kvm >>"$tmp/f.kvm"; fi
	done
	{
		echo "## File systems and disks (medians)"
		echo
		echo "tmpfs; the root: an EROFS image on a virtio-blk disk (host: the same files in its own file system); volume: virtio-9p"
		echo "(host: the directory itself; the Linux guest's kernel has no 9p); disk: virtio-blk (host: a file). Cold: not in the"
		echo "guest's memory, but in the host's. us/call: less is better; MiB/s: more is better."
		echo
		medians_table "$tmp/f.host" "$tmp/f.linux" "$tmp/f.tcg" "$tmp/f.kvm"
		echo
	} >>"$out"
}
