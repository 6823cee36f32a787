#!/bin/bash
# SPDX-License-Identifier: MIT
# test: images that boot without uniload: bare qemu-system-x86_64, terminal on the serial port, power-off at the end
. tests/boot/lib.sh

# ---- making them: a stand-in for QEMU keeps what uniload would boot ----
cat >capture <<'END'
#!/bin/bash
while [ $# -gt 0 ]; do
	case $1 in -readconfig) cat "$2" >/dev/null ;; -kernel) cp "$2" kernel ;; -initrd) cp "$2" module ;; esac
	shift
done
exit 1
END
chmod +x capture

# image FILE MIB ARG...: an image that runs this, with so much empty space in it.
image()
{
	local file=$1 more=$2
	shift 2
	UNILOAD_QEMU=$PWD/capture "$UNILOAD" run --accel tcg "$@" </dev/null >/dev/null 2>&1
	"$P/mkimage" -c module module.image "$more" && "$P/mkimage" kernel "$file" module.image
}

# q FILE ARG...: boot it by QEMU alone; what the serial port said, without carriage returns.
q()
{
	local file=$1
	shift
	timeout --foreground -k 5 60 qemu-system-x86_64 -M "${MACHINE:-microvm}" -accel "$ACCEL" -nographic -kernel "$file" "$@" \
		2>qemu.err </dev/null | tr -d '\r'
	return "${PIPESTATUS[0]}"
}

image hello.img 0 "$P/hello" x
ok 'an image can be made' [ -s hello.img ]

# ---- the promise: no argument but the kernel ----
if [ "$ACCEL" = tcg ]; then
	timeout -k 5 60 qemu-system-x86_64 -M microvm -kernel hello.img -display none -serial file:serial </dev/null
	is 'it ends by itself' $? 0
	is 'on the serial port' "$(tr -d '\r' <serial)" $'hello\nx'
fi
is 'hello' "$(q hello.img)" $'hello\nx'
q hello.img >/dev/null
is 'QEMU ends with 0' $? 0
for cpu in max qemu64 $([ "$ACCEL" = kvm ] && echo host); do
	is "-cpu $cpu" "$(q hello.img -cpu $cpu)" $'hello\nx'
done
is '-m 32' "$(q hello.img -m 32)" $'hello\nx'
is '-m 4G' "$(q hello.img -m 4G)" $'hello\nx'
is '-smp 1' "$(q hello.img -smp 1)" $'hello\nx'
is 'no timer, no clock chip' "$(MACHINE=microvm,pit=off,pic=off,rtc=off q hello.img)" $'hello\nx'
is 'one interrupt controller' "$(MACHINE=microvm,ioapic2=off q hello.img)" $'hello\nx'
is 'a virtio-console that is not ours' \
	"$(q hello.img -device virtio-serial-device -chardev null,id=c -device virtconsole,chardev=c)" $'hello\nx'
MACHINE=microvm,isa-serial=off q hello.img >/dev/null
is 'without a serial port it runs and ends' $? 0

is 'a module from the loader wins' "$(q kernel -initrd module.image)" $'hello\nx'

# ---- machines it cannot use ----
ends_halted() # WHAT REGEX MACHINE ARG...: says why and stays
{
	local what=$1 regex=$2 machine=$3
	shift 3
	MACHINE=$machine timeout -k 5 5 qemu-system-x86_64 -M "$machine" -accel "$ACCEL" -display none -serial file:serial \
		-kernel hello.img "$@" 2>/dev/null </dev/null
	ok "$what" grep -Eq "^uniload: .*($regex)" serial || sed 's/^/#   /' serial
}
refused_image() # WHAT REGEX IMAGE ARG...: says why and switches off
{
	local what=$1 regex=$2
	shift 2
	q "$@" >serial
	is "$what: it ends" $? 0
	ok "$what" grep -Eq "^uniload: .*($regex)" serial || sed 's/^/#   /' serial
}
ends_halted 'no NX' 'lacks 64-bit mode or NX' microvm -cpu qemu64,-nx
ends_halted 'a 32-bit CPU' 'lacks 64-bit mode or NX' microvm -cpu qemu32
ends_halted 'too little memory' 'not enough memory' microvm -m 2
ends_halted 'no way to switch off' 'cannot be switched off' microvm,acpi=off
is 'reboot=t: a reset ends it' "$(MACHINE=microvm,acpi=off q hello.img -no-reboot -append reboot=t)" $'hello\nx'

# ---- devices the user adds ----
image verbose.img 0 --verbose "$P/hello"
for legacy in true false; do
	for machine in microvm microvm,acpi=off; do
		MACHINE=$machine timeout -k 5 20 qemu-system-x86_64 -M $machine -accel "$ACCEL" -display none -serial file:serial \
			-no-reboot -global virtio-mmio.force-legacy=$legacy -device virtio-rng-device \
			-device isa-debug-exit,iobase=0x501,iosize=2 -kernel verbose.img 2>/dev/null </dev/null
		ok "virtio-rng on $machine, legacy=$legacy" grep -q '64 random bytes' serial
	done
done

image disk.img 0 /bin/busybox head -n 1 /dev/vda
echo 'first line of the disk' >disk && truncate -s 1M disk
for legacy in true false; do
	is "a disk, legacy=$legacy" "$(q disk.img -global virtio-mmio.force-legacy=$legacy \
		-drive file=disk,format=raw,if=none,id=d -device virtio-blk-device,drive=d)" 'first line of the disk'
done

# ---- the program ----
image status.img 0 "$P/die" exit 7
is 'its status is told' "$(q status.img)" 'uniload: the program ended with status 7'
image signal.img 0 "$P/die" raise 11
is 'its signal is told' "$(q signal.img)" 'uniload: the program was ended by SIGSEGV'
image date.img 0 /bin/busybox date +%s
now=$(date +%s) then=$(q date.img)
ok 'the time of day' [ "$then" -ge $((now - 2)) -a "$then" -le $((now + 30)) ] || echo "# $then, here $now"
start=$(date +%s%N)
image sleep.img 0 /bin/busybox sleep 3
q sleep.img
took=$((($(date +%s%N) - start) / 1000000))
ok 'seconds are seconds' [ $took -ge 2990 -a $took -lt 8000 ] || echo "# $took ms"
image random.img 0 /bin/busybox head -c 16 /dev/urandom
ok 'random numbers differ' [ "$(q random.img | od -An -tx1)" != "$(q random.img | od -An -tx1)" ]
image tty.img 0 /bin/busybox tty
is 'the terminal' "$(q tty.img)" /dev/ttyS0
image cat.img 0 /bin/busybox cat
is 'it reads lines and echoes' "$( (sleep 2; printf 'ab\177c\n'; sleep 1; printf 'd\n'; sleep 1; printf '\004') |
	timeout -k 5 60 qemu-system-x86_64 -M microvm -accel "$ACCEL" -nographic -kernel cat.img 2>/dev/null | tr -d '\r')" \
	$'ab\b \bc\nac\nd\nd'
image big-line.img 0 /bin/busybox seq 20000
is 'much output arrives' "$(q big-line.img | md5sum)" "$(seq 20000 | md5sum)"

# ---- processors: of those there are, as many are used as the image was made for ----
image nproc.img 0 -c 3 /bin/busybox nproc
for n in 1 2 5; do
	is "made for 3, on $n" "$(q nproc.img -smp $n)" "$((n < 3 ? n : 3))"
done
is 'made for 3, with numbers that leave gaps' "$(q nproc.img -smp 6,sockets=2,cores=3,threads=1)" 3
is 'made for 3, no ACPI to tell of them' "$(MACHINE=microvm,acpi=off q nproc.img -smp 3 -no-reboot -append reboot=t)" 1
is 'made for 1, on 4' "$(q hello.img -smp 4)" $'hello\nx'

# ---- big images ----
image big.img 100 "$P/hello"
is '100 MiB in 128 MiB' "$(q big.img)" hello
image bigger.img 200 "$P/hello"
refused_image '200 MiB need more' 'not enough memory for this image of 20[0-9] MiB' bigger.img
is '200 MiB in 512 MiB' "$(q bigger.img -m 512)" hello
done_testing
