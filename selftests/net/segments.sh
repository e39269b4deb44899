#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Large packets: they travel whole over TCP, and what leaves by a device behind the other
# end without any offload has been cut, with the sizes and checksums that it would
# have had. Routed, through a bridge and NAT; towards a peer that takes none.
# rigs: uml kasan qemu
# timeout: 90
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.sh"

SIZE=$(size $((4 << 20)) $((1 << 20)))

setup_pool
check "h1 and h2 are connected" ping_ok h1 10.10.0.2

# Behind h2: h3 at the port of a bridge, with no offload of any kind on the way there.
add_host h3
ip link add to3 netns h2 type veth peer name eth0 netns h3
ip -n h2 link add br3 type bridge
ip -n h2 link set to3 master br3 up
ip -n h2 addr add 10.3.0.1/24 dev br3
ip -n h2 addr add fd00:3::1/64 dev br3 nodad
ip -n h2 link set br3 up
ip -n h3 addr add 10.3.0.3/24 dev eth0
ip -n h3 addr add fd00:3::3/64 dev eth0 nodad
ip -n h3 link set eth0 up
ip -n h3 route add default via 10.3.0.1
ip -n h3 -6 route add default via fd00:3::1
on h2 ethtool -K to3 tx off tso off gso off sg off gro off tx-udp-segmentation off >/dev/null
on h3 ethtool -K eth0 gro off >/dev/null
on h2 sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
ip -n h1 route add 10.3.0.0/24 dev pool0
ip -n h1 -6 route add fd00:3::/64 dev pool0
on h1 "$POOL" set pool0 peer "$(pub h2)" allowed-ips +10.3.0.0/24,+fd00:3::/64
check "h1 reaches h3 behind h2" ping_ok h1 10.3.0.3
check "over IPv6 too" ping_ok h1 fd00:3::3

large() { peer_json "$1" pool0 "$2" ".$3"; }

# whole TEXT COMMAND...: it succeeds, large packets went from h1 to h2, and as many came.
whole() {
	local text=$1 tx rx; shift
	tx=$(large h1 h2 tx_large) rx=$(large h2 h1 rx_large)
	check "$text" "$@"
	tx=$(($(large h1 h2 tx_large) - tx)) rx=$(($(large h2 h1 rx_large) - rx))
	check_cmp "$text: in large packets" "$tx" -gt 0
	check_eq "$text: all of which came" "$tx" "$rx"
}

# sums FILE: checksums in a capture, "good bad". Of fragments and ICMP none is looked at.
sums() {
	tcpdump -n -vv -r "$1" 'tcp or udp' 2>/dev/null >"$TMP/verbose"
	echo "$(grep -cE '\(correct\)|udp sum ok' "$TMP/verbose")" \
		"$(grep -cE 'incorrect|bad udp cksum|bad cksum|no cksum' "$TMP/verbose")"
}

# seen TEXT FILE MTU BYTES: what h3 saw, on Ethernet, from h1. A busy tcpdump may miss most of it.
seen() {
	local good bad
	read -r good bad <<<"$(sums "$2")"
	check_cmp "$1: h3 saw it" "$good" -ge $(($4 / $3 / 4))
	check_eq "$1: no checksum is wrong" 0 "$bad"
	check_eq "$1: no frame is longer than the MTU of $3" 0 "$(packets "$2" greater $(($3 + 15)))"
}

# udp_segments NS TO: 31 segments and an end of one UDP socket in one go, three times; and
# 3 with checksums that the sender's stack has filled in. What arrives at TO is compared.
udp_segments() {
	local rc=0
	ip netns exec h3 /usr/bin/python3 - "$((3 * POOL_SLOW))" >"$TMP/segments" <<'END' &
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
s.bind(('::', 6002))
s.settimeout(float(sys.argv[1]))
try:
    while True:
        d = s.recv(65536)
        print(len(d), d[0], d == bytes([d[0]]) * len(d))
except socket.timeout:
    pass
END
	local pid=$!
	wait_for 5 eval 'on h3 ss -Hlun "sport = :6002" | grep -q .'
	on "$1" /usr/bin/python3 - "$2" <<'END'
import socket, sys, time
to = sys.argv[1]
s = socket.socket(socket.AF_INET6 if ':' in to else socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(17, 103, 1200)     # UDP_SEGMENT
for n in range(3):
    s.sendto(b''.join(bytes([n * 40 + i]) * 1200 for i in range(31)) + bytes([n * 40 + 31]) * 7,
             (to, 6002))
    time.sleep(0.1)
END
	wait $pid || rc=1
	diff <(sort -n -k 2 "$TMP/segments") <(for n in 0 1 2; do
		for i in $(seq 0 30); do echo "1200 $((n * 40 + i)) True"; done
		echo "7 $((n * 40 + 31)) True"
	done) || rc=1
	return $rc
}

tcp_to() { local f; f=$(blob "$SIZE"); send_tcp h1 h3 "$1" 7000 "$f"; }

tcp_back() { local f; f=$(blob "$SIZE"); send_tcp h3 h1 10.10.0.1 7000 "$f"; }

# --- routed, out of a bridge ---------------------------------------------------------------

for to in 10.3.0.3 fd00:3::3; do
	headers=20
	[[ $to != *:* ]] || headers=40
	capture h3 eth0 "$TMP/tcp.pcap" tcp dst port 7000
	whole "TCP to $to, through a bridge" tcp_to $to
	capture_end h3
	seen "TCP to $to" "$TMP/tcp.pcap" 1356 "$SIZE"
	capture h3 eth0 "$TMP/udp.pcap" udp dst port 6002
	whole "UDP segments to $to" udp_segments h1 $to
	capture_end h3
	seen "UDP segments to $to" "$TMP/udp.pcap" $((1200 + 8 + headers)) $((96 * 1200))
	check_eq "UDP segments to $to: as many as were sent" 96 "$(packets "$TMP/udp.pcap")"
done

# With the offloads of the way to h3 on, they go on whole, and h3's stack has them as one.
on h2 ethtool -K to3 tx on sg on tso on gso on tx-udp-segmentation on >/dev/null
capture h3 eth0 "$TMP/large.pcap" tcp dst port 7000
whole "with offloads on the way to h3" tcp_to 10.3.0.3
capture_end h3
check_cmp "h3 had it in large packets" "$(packets "$TMP/large.pcap" greater 3000)" -gt 0
whole "UDP segments, with offloads on the way" udp_segments h1 fd00:3::3
on h2 ethtool -K to3 tx off tso off gso off sg off tx-udp-segmentation off >/dev/null

# --- ECN, NAT, a narrow way on ---------------------------------

on h1 sysctl -qw net.ipv4.tcp_ecn=1
on h3 sysctl -qw net.ipv4.tcp_ecn=1
whole "TCP with ECN" tcp_to 10.3.0.3
on h1 sysctl -qw net.ipv4.tcp_ecn=2

if on h2 nft -f - <<-END 2>/dev/null
	table ip nat {
		chain post { type nat hook postrouting priority 100; oifname "br3" masquerade; }
		chain pre { type nat hook prerouting priority -100; iifname "pool0" ip daddr 10.3.0.99 dnat to 10.3.0.3; }
	}
END
then
	capture h3 eth0 "$TMP/nat.pcap" tcp dst port 7000
	whole "TCP through NAT of both addresses" tcp_to 10.3.0.99
	capture_end h3
	seen "NAT" "$TMP/nat.pcap" 1356 "$SIZE"
	check_eq "NAT: from h2's address" 0 "$(packets "$TMP/nat.pcap" not src 10.3.0.1)"
	on h2 nft delete table ip nat
else
	t_skip "NAT" "no nftables here"
fi

ip -n h2 link set br3 mtu 700
ip -n h2 link set to3 mtu 700
capture h3 eth0 "$TMP/narrow.pcap" tcp dst port 7000
check "a narrower link behind the tunnel: TCP finds it" tcp_to 10.3.0.3
capture_end h3
seen "narrower link" "$TMP/narrow.pcap" 700 "$SIZE"
ip -n h2 link set to3 mtu 1500
ip -n h2 link set br3 mtu 1500
on h1 ip route flush cache

# --- what is not sent whole ---------------------------------------------------------------------

# cut TEXT COMMAND...: it succeeds, and no large packet was sent.
cut_() {
	local text=$1 tx; shift
	tx=$(large h1 h2 tx_large)
	check "$text" "$@"
	check_eq "$text: no large packet" "$tx" "$(large h1 h2 tx_large)"
}
on h1 ethtool -K pool0 tso off gso off tx-udp-segmentation off >/dev/null
cut_ "segmentation offload of pool0 off: TCP" tcp_to 10.3.0.3
cut_ "and UDP" udp_segments h1 10.3.0.3
on h1 ethtool -K pool0 tso on gso on tx-udp-segmentation on >/dev/null
for h in h1 h2; do ip -n $h link set pool0 mtu 120; done
cut_ "an MTU of 120: segments would be too small" tcp_to 10.3.0.3
for h in h1 h2; do ip -n $h link set pool0 mtu 65519; done
whole "an MTU of 65519" udp_segments h1 10.3.0.3
for h in h1 h2; do ip -n $h link set pool0 mtu 1356; done
whole "and as before" tcp_to 10.3.0.3

# --- peers that take none -------------------------------------------------------------------------

check_eq "nothing was dropped" '{}{}' \
	"$(pool_json h1 pool0 '.[].drops' | tr -d ' \n')$(pool_json h2 pool0 '.[].drops' | tr -d ' \n')"
on h2 ethtool -K pool0 gro off >/dev/null
whole "h2 sets gro off: not for the session that is" tcp_to 10.3.0.3
for h in h1 h2; do ip -n $h link set pool0 down; ip -n $h link set pool0 up; done
ip -n h1 route replace 10.3.0.0/24 dev pool0
check "a new session" wait_for 10 ping_ok h1 10.3.0.3
cut_ "h2 takes no large packets: TCP" tcp_to 10.3.0.3
cut_ "UDP" udp_segments h1 10.3.0.3
tx=$(large h2 h1 tx_large)
check "the other way" tcp_back
check_cmp "the other way: in large packets" "$(large h2 h1 tx_large)" -gt "$tx"
check_eq "h3 has seen no wrong checksum" 0 \
	"$(on h3 nstat -asz TcpInCsumErrors UdpInCsumErrors Udp6InCsumErrors | awk '!/^#/ { n += $2 } END { print n + 0 }')"
t_done
