#!/bin/bash
# SPDX-License-Identifier: MIT
# test: --net: frames over a tap interface, DHCP and ARP on QEMU's own network, what uniload refuses
# timeout: 600
. tests/boot/lib.sh
BB=/bin/busybox
count=3000
[ "$LONG" = 1 ] && count=100000

# ---- QEMU's own network ----
refused 'another word' 125 'must be user, tap=NAME or none' u --net bridge $BB true
refused '--mac without a device' 125 'no network device' u --mac 52:54:00:00:00:01 $BB true
refused '--mac of a group' 125 'not the address of one interface' u --net user --mac 01:00:00:00:00:01 $BB true
refused '--ip without its network' 125 'say for example' u --net user --ip 10.0.0.1 $BB true
refused '--ip with an odd gateway' 125 'gateway' u --net user --ip 10.0.0.1/24,::1 $BB true
refused '--hostname' 125 'letters, digits' u --hostname 'a b' $BB true
refused 'no such interface' 125 'no such interface' u --net tap=none-such $BB true
refused 'not a tap interface' 125 'not a tap interface' u --net tap=lo $BB true
cat >qemu <<'END'
#!/bin/sh
echo "qemu: -netdev user,id=net0: network backend 'user' is not compiled into this binary" >&2
exit 1
END
chmod +x qemu
UNILOAD_QEMU=$PWD/qemu refused 'a QEMU without it' 125 'built without it' u --net user $BB true
is 'none by default' "$(u $BB ls /sys/class/net)" lo
is '--net none' "$(u --net none $BB ls /sys/class/net)" lo
is '--hostname' "$(u --hostname box $BB sh -c 'hostname; cat /etc/hostname; grep -c box /etc/hosts; echo $HOSTNAME')" $'box\nbox\n1\nbox'
"$UNILOAD" build -o img --hostname made --ip 10.0.2.15/24,10.0.2.2 $BB --args sh -c 'hostname; ip route' >/dev/null
is 'in an image' "$("$UNILOAD" inspect img | grep -c '^ *hostname.* made$\|10.0.2.15/24,10.0.2.2$')" 2

cat >lease <<'END'
#!/bin/sh
[ "$1" = bound ] && busybox ip addr add $ip/24 dev $interface && busybox ip route add default via $router dev $interface
END
chmod +x lease
if u --net user $BB true 2>err; then
	is 'an image with it' "$(u --net user img)" $'made\n10.0.2.0/24 dev eth0 scope link  src 10.0.2.15 \ndefault via 10.0.2.2 dev eth0 '
	is 'its address' "$(u --net user --mac 52:54:00:12:34:99 $BB cat /sys/class/net/eth0/address)" 52:54:00:12:34:99
	is 'a lease by DHCP' "$(u --net user --add lease:/lease --add $BB $BB sh -c \
		'ip link set eth0 up; udhcpc -f -q -n -t 20 -i eth0 -s /lease 2>/dev/null; ip route')" \
		$'10.0.2.0/24 dev eth0 scope link  src 10.0.2.15 \ndefault via 10.0.2.2 dev eth0 '
	is 'ARP' "$(u --net user --ip 10.0.2.15/24 $BB arping -c 1 -w 30 -s 10.0.2.15 -I eth0 10.0.2.2 2>/dev/null |
		grep -c 'reply from 10.0.2.2 \[52:55:0a:00:02:02\]')" 1
	is 'no way out yet' "$(u --net user --ip 10.0.2.15/24 $BB sh -c 'nc 10.0.2.2 80 || nc 10.9.9.9 80' 2>&1 |
		sed 's/.*: //')" $'No route to host\nNetwork is unreachable'
	is 'an older device' "$(u --net user --ip 10.0.2.15/24 --qemu-arg -global --qemu-arg virtio-mmio.force-legacy=true \
		$BB arping -c 1 -w 30 -s 10.0.2.15 -I eth0 10.0.2.2 2>/dev/null | grep -c 'reply from 10.0.2.2')" 1
else
	skip "QEMU's own network" "this QEMU has none: $(head -n 1 err)"
fi

# ---- a tap interface, in a network namespace that goes with this script's child ----
# frames WHAT COUNT NETEM: in the namespace; prints what the host's side found.
cat >tap <<END
ip tuntap add ul0 mode tap && ip link set ul0 up || exit 77
[ -z "\$2" ] || tc qdisc add dev ul0 root netem \$2 2>/dev/null || exit 78
timeout -k 5 250 "$UNILOAD" run --accel "$ACCEL" --net tap=ul0 --add "$P/frames:/frames" $BB sh -c 'ip link set eth0 up && /frames echo eth0' >guest 2>&1 &
timeout -k 5 250 "$P/frames" check ul0 \$1
status=\$?
wait
exit \$status
END
over_tap()
{
	local what=$1
	shift
	unshare --net bash tap "$@" >out 2>err
	case $? in
	77 | 78) skip "$what" 'no tap interfaces, or no netem, for us here' ;;
	*) is "$what" "$(cat out guest)" "$1 frames, 0 wrong" || sed 's/^/# /' err ;;
	esac
}
if unshare --net true 2>/dev/null; then
	over_tap 'every byte of many frames, both ways' $count ''
	over_tap 'with loss, delay and in another order' $((count / 5)) 'loss 5% delay 2ms reorder 25% 50%'
else
	skip 'frames over a tap interface' 'no right to network namespaces'
fi
ok 'nothing is left running' no_machines
done_testing
