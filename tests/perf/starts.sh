# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154
# For tests/perf/run: the starts that are promised. python3 as Debian installs it, with its library, and the size of
# the root image, which is to make no difference.

three() { printf '| %s | %s | %s | %s |\n' "$1" $(sed -n "${2}p" "$3"); }

# Milliseconds between the medians of two lines of python's table.
beyond_echo() { awk -v a="$(median_of "$1" "$tmp/python")" -v b="$(median_of "$2" "$tmp/python")" 'BEGIN { print a - b }'; }

python_start()
{
	local python pylib image turns=$((rounds * 4))
	local -a kvm=() program nothing=(/bin/echo came to its end)
	python=$(command -v /usr/bin/python3) || { say "python3: skipped, it is not installed"; return; }
	pylib=$("$python" -c 'import os; print(os.path.dirname(os.__file__))')
	program=("$python" -c 'print("came to its end")')
	say "python3 -c 'print()', exec to exit, $turns turns"
	build/uniload run --accel tcg --add "$pylib" "${program[@]}" >/dev/null # makes the image
	image=$(find "$tmp/cache/uniload" -name '*.erofs' | head -1)
	build/uniload run --accel tcg --add "$pylib" "${nothing[@]}" >/dev/null
	$kvm_works && kvm=(-- build/uniload run --accel kvm --add "$pylib" "${program[@]}"
		-- build/uniload run --accel kvm --add "$pylib" "${nothing[@]}")
	build/perf/firstbyte -e -n $turns -b "$(left 0.4)" -x "its end" -- "${program[@]}" -- "${nothing[@]}" \
		-- build/uniload run --accel tcg --add "$pylib" "${program[@]}" "${kvm[@]}" >"$tmp/python"
	tests/perf/linux-guest.sh disks "$tmp/python.cpio" \
		"mount -t erofs -o ro /dev/vda /root; chroot /root ${program[*]@Q}"
	eval "linux=($(linux_guest 256 "$tmp/python.cpio") $(linux_disk "$image" on))"
	build/perf/firstbyte -e -n "$rounds" -b "$(left)" -t 120 -x "its end" -- "${linux[@]}" \
		-- build/uniload run --accel tcg --add "$pylib" "${program[@]}" >"$tmp/python-linux"
	{
		echo "## python3 -c 'print(...)': exec of the command to its exit (ms: minimum, median, maximum)"
		echo
		echo "| system | min | median | max |"
		echo "|---|---|---|---|"
		three 'host, native' 1 "$tmp/python"
		three 'host, echo instead' 2 "$tmp/python"
		three 'uniload, TCG' 3 "$tmp/python"
		$kvm_works && three 'uniload, KVM' 4 "$tmp/python"
		$kvm_works && three 'uniload, KVM, echo instead, with the same files' 5 "$tmp/python"
		three 'Linux guest, TCG' 1 "$tmp/python-linux"
		three 'uniload, TCG, in turn with the Linux guest' 2 "$tmp/python-linux"
		echo
		$kvm_works && echo "uniload, KVM / host, medians: $(ratio "$(median_of 4 "$tmp/python")" "$(median_of 1 "$tmp/python")")x (goal: 3);" \
			"what python3 takes more than echo: $(ratio "$(beyond_echo 4 5)" "$(beyond_echo 1 2)")x"
		echo "Linux guest / uniload, TCG, medians: $(ratio "$(median_of 1 "$tmp/python-linux")" "$(median_of 2 "$tmp/python-linux")")x (goal: 3)"
		echo
	} >>"$out"
	$kvm_works && promise 3 'python3 -c, exec to exit, KVM / host' '<= 3' "$(ratio "$(median_of 4 "$tmp/python")" "$(median_of 1 "$tmp/python")")"
	promise 3 'python3 -c, TCG, Linux guest / uniload' '>= 3' "$(ratio "$(median_of 1 "$tmp/python-linux")" "$(median_of 2 "$tmp/python-linux")")"
}

# A root of that many MiB, in files of 1 MiB
make_sized()
{
	mkdir -p "$tmp/root$1"
	cp build/perf/hello "$tmp/root$1/hello"
	head -c "$1M" /dev/urandom | (cd "$tmp/root$1" && split -b 1M -d -a 4 - filler)
}

root_sizes()
{
	local accel size
	say "start from roots of different sizes, $((rounds * 4)) turns"
	for size in 5 9 1024; do
		make_sized $size
		build/uniload run --accel tcg --rootfs "$tmp/root$size" /hello >/dev/null # makes the image
	done
	{
		echo "## Start by the size of the root image: exec of the command to its exit (ms: minimum, median, maximum)"
		echo
		echo "| accelerator, root | min | median | max |"
		echo "|---|---|---|---|"
		for accel in $accels; do
			build/perf/firstbyte -e -n $((rounds * 4)) -b "$(left 0.5)" -x "hello from" \
				-- build/uniload run --accel "$accel" --rootfs "$tmp/root5" /hello \
				-- build/uniload run --accel "$accel" --rootfs "$tmp/root9" /hello \
				-- build/uniload run --accel "$accel" --rootfs "$tmp/root1024" /hello >"$tmp/sizes-$accel"
			three "${accel^^}, 5 MiB in the boot module" 1 "$tmp/sizes-$accel"
			three "${accel^^}, 9 MiB on virtio-blk" 2 "$tmp/sizes-$accel"
			three "${accel^^}, 1 GiB on virtio-blk" 3 "$tmp/sizes-$accel"
		done
		echo
		for accel in $accels; do
			echo "${accel^^}, 1 GiB / 5 MiB, medians: $(ratio "$(median_of 3 "$tmp/sizes-$accel")" "$(median_of 1 "$tmp/sizes-$accel")")x (goal: 1.2)"
		done
		echo
	} >>"$out"
	for accel in $accels; do
		promise 3 "start with a root of 1 GiB / 5 MiB, ${accel^^}" '<= 1.2' \
			"$(ratio "$(median_of 3 "$tmp/sizes-$accel")" "$(median_of 1 "$tmp/sizes-$accel")")"
	done
	rm -rf "$tmp/root1024"
}
