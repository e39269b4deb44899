#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Checksums and segmentation, on and off, at every size of MTU: what goes in
# comes out. And the counters count it exactly.
# rigs: uml kasan
# timeout: 240
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.sh"

setup_pool
SIZE=$((2 << 20))
[ "$POOL_SLOW" -eq 1 ] || SIZE=400000
# Nothing but what the tests send.
for h in h1 h2; do on $h "$POOL" set pool0 heartbeat off; done
check "ping" ping_ok h1 10.10.0.2

# --- counters --------------------------------------------------------------------

# counts: packets and bytes of pool0 and of the peer, in and out, on both hosts. On
# datagrams a peer's bytes are fragments, and acknowledgments that watch the path, too.
counts() {
	local h o
	for h in h1 h2; do
		[ $h = h1 ] && o=h2 || o=h1
		link_json $h pool0 '.stats64 | "\(.tx.packets) \(.tx.bytes) \(.rx.packets) \(.rx.bytes)"'
		peer_json $h pool0 $o '"\(.tx_packets) \(.rx_packets)"'
		[ "${TRANSPORT:-tcp}" != tcp ] || peer_json $h pool0 $o '"\(.tx_bytes) \(.rx_bytes)"'
	done | xargs
}
# expect TEXT N LENGTH COMMAND...: N packets of LENGTH each way.
expect() {
	local text=$1 n=$2 len=$3 before after want='' got='' i b a out; shift 3
	before=$(counts)
	out=$("$@" 2>&1) || t_diag "$out"
	sleep 0.2
	after=$(counts)
	read -ra b <<<"$before"; read -ra a <<<"$after"
	for i in "${!b[@]}"; do got+="$((a[i] - b[i])) "; done
	for i in 1 2; do
		want+="$n $((n * len)) $n $((n * len)) $n $n "
		[ "${TRANSPORT:-tcp}" != tcp ] || want+="$((n * (len + 96))) $((n * (len + 96))) "
	done
	check_eq "$text: $n packets of $len bytes, $((len + 96)) of POOL, at each of the counters" "$want" "$got"
}
sleep 1	# hellos and their acknowledgments
expect "small pings" 20 84 on h1 ping -q -n -c 20 -i 0.02 10.10.0.2
expect "the other way" 7 528 on h2 ping -q -n -c 7 -i 0.02 -s 500 10.10.0.1
expect "IPv6" 5 1348 on h1 ping -q -n -c 5 -i 0.02 -s 1300 fd10::2
expect "at the MTU" 5 1356 on h1 ping -q -n -c 5 -i 0.02 -s 1328 -M do 10.10.0.2
check_eq "no errors, no drops" "0 0 0 0 {}" \
	"$(link_json h1 pool0 '.stats64 | "\(.tx.errors) \(.tx.dropped) \(.rx.errors) \(.rx.dropped)"') $(pool_json h1 pool0 '.[].drops' | tr -d ' \n')"

# --- offloads of pool0 ---------------------------------------------------------------

# udp_varied NS ADDRESS N: N datagrams of varied length and content, each of
# which has to come back from ADDRESS; the kernel's own checksums judge.
on h2 python3 - <<'END' &
import socket
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
s.bind(('::', 6000))
while True:
    d, a = s.recvfrom(65536)
    s.sendto(d, a)
END
disown
udp_varied() {
	on "$1" python3 - "$2" "$3" "$((2 * POOL_SLOW))" <<'END'
import random, socket, sys
addr, n = sys.argv[1], int(sys.argv[2])
s = socket.socket(socket.AF_INET6 if ':' in addr else socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(float(sys.argv[3]))
s.connect((addr, 6000))
rnd = random.Random(5)
for i in range(n):
    d = rnd.randbytes(rnd.choice((1, 2, 3, 7, 100, 1000, 1281)))
    s.send(d)
    got = s.recv(65536)
    if got != d:
        sys.exit('datagram %d came back changed' % i)
END
}
wait_for 5 eval 'on h2 ss -Hlun "sport = :6000" | grep -q .'
all_ways() {
	check "$1: TCP over IPv4" send_both_ways h1 h2 10.10.0.1 10.10.0.2 "$SIZE"
	check "$1: TCP over IPv6" send_both_ways h1 h2 fd10::1 fd10::2 "$SIZE"
	check "$1: UDP over IPv4" udp_varied h1 10.10.0.2 50
	check "$1: UDP over IPv6" udp_varied h1 fd10::2 50
	check "$1: fragments" ping_ok h1 10.10.0.2 -s 5000
	check "$1: IPv6 fragments" ping_ok h1 fd10::2 -s 5000
}
feature() { [ "$(on "$1" ethtool -k pool0 | awk -v f="$2:" '$1 == f { print $2 }')" = "$3" ]; }

capture h1 pool0 "$TMP/gso.pcap" tcp
all_ways "as it is made"
capture_end h1
check_cmp "TCP comes to pool0 in pieces larger than the MTU" \
	"$(packets "$TMP/gso.pcap" 'tcp and greater 2000')" -gt 0
for f in tcp-segmentation-offload generic-segmentation-offload generic-receive-offload \
	tx-checksumming rx-checksumming scatter-gather; do
	check "$f is on" feature h1 $f on
done
check "all offloads can be turned off" \
	eval 'for h in h1 h2; do on $h ethtool -K pool0 tso off gso off gro off tx off rx off sg off || exit 1; done'
check "and they are" eval 'feature h1 tcp-segmentation-offload off && feature h1 tx-checksumming off'
all_ways "all offloads off"
on h1 ethtool -K pool0 tx on rx on sg on
check "checksums on, segmentation off: TCP" send_both_ways h1 h2 10.10.0.1 10.10.0.2 "$SIZE"
on h1 ethtool -K pool0 tso on gso on gro on
check "one end on, the other off: TCP" send_both_ways h1 h2 fd10::1 fd10::2 "$SIZE"
on h2 ethtool -K pool0 tx on rx on sg on tso on gso on gro on

# Of the underlay.
for h in h1 h2; do on $h ethtool -K eth0 tso off gso off gro off tx off rx off; done
check "offloads of the underlay off: TCP" send_both_ways h1 h2 10.10.0.1 10.10.0.2 "$SIZE"
check "offloads of the underlay off: UDP" udp_varied h1 fd10::2 20
for h in h1 h2; do on $h ethtool -K eth0 tx on rx on tso on gso on gro on; done

# --- UDP's zero checksum ------------------------------------------------------------------

# Over all values of a 16-bit word one checksum folds to zero, which to UDP over
# IPv6 would mean that there is none: it has to travel as 0xffff.
zero_checksum() {
	on h1 python3 - "$1" <<'END'
import socket, struct, sys
src, dst = 'fd10::1', 'fd10::2'
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.settimeout(float(sys.argv[1]))
s.bind((src, 6001))
s.connect((dst, 6000))
def fold(data):
    n = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    while n >> 16:
        n = (n & 0xffff) + (n >> 16)
    return n
pseudo = socket.inet_pton(socket.AF_INET6, src) + socket.inet_pton(socket.AF_INET6, dst)
for length in (2, 4, 100, 1280):
    rest = bytes(length - 2)
    head = pseudo + struct.pack('!LHHHHHH', length + 8, 0, 17, 6001, 6000, length + 8, 0)
    word = 0xffff - fold(head + rest)           # makes the sum 0xffff, the checksum zero
    assert fold(head + struct.pack('!H', word) + rest) == 0xffff
    for near in (-1, 0, 1):
        d = struct.pack('!H', (word + near) & 0xffff) + rest
        s.send(d)
        assert s.recv(2000) == d
END
}
errors() { on h2 awk '$1 == "Udp6InCsumErrors" || $1 == "Udp6InErrors" { n += $2 } END { print n + 0 }' /proc/net/snmp6; }
capture h2 pool0 "$TMP/zero.pcap" udp port 6001
check "checksums that fold to zero: IPv6" zero_checksum $((2 * POOL_SLOW))
on h1 ethtool -K pool0 tx off
check "the same, computed by the stack" zero_checksum $((2 * POOL_SLOW))
on h1 ethtool -K pool0 tx on
capture_end h2
check_eq "no checksum error was seen" 0 "$(errors)"
# bytes 46 and 47 of an IPv6 packet without a link header: the UDP checksum
check_eq "none of them is zero on the way in" 0 "$(packets "$TMP/zero.pcap" 'udp dst port 6000 and ip6[46:2] = 0')"
check_cmp "some are 0xffff" "$(packets "$TMP/zero.pcap" 'udp dst port 6000 and ip6[46:2] = 0xffff')" -ge 8

# --- UDP GSO --------------------------------------------------------------------------------

udp_gso() {
	on h2 python3 - "$((2 * POOL_SLOW))" >"$TMP/gso" <<'END' &
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
s.bind(('::', 6002))
s.settimeout(float(sys.argv[1]))
try:
    while True:
        d = s.recv(65536)
        print(len(d), d[0])
except socket.timeout:
    pass
END
	local pid=$!
	wait_for 5 eval 'on h2 ss -Hlun "sport = :6002" | grep -q .'
	on h1 python3 - <<'END'
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(17, 103, 1000)     # UDP_SEGMENT
s.sendto(b''.join(bytes([i]) * 1000 for i in range(20)) + b'\x63' * 10, ('10.10.0.2', 6002))
END
	wait $pid
	diff "$TMP/gso" <(for i in $(seq 0 19); do echo "1000 $i"; done; echo 10 99)
}
check "UDP segmentation: every segment arrives, none more" udp_gso

# --- MTU ----------------------------------------------------------------------------------------

mtu() { local h; for h in h1 h2; do ip -n $h link set pool0 mtu "$1" || return 1; done; }
for m in 9000 65519; do
	check "MTU $m" mtu $m
	check "MTU $m: a large ping" ping_ok h1 10.10.0.2 -s 60000
	check "MTU $m: a large ping over IPv6" ping_ok h1 fd10::2 -s 60000
	check "MTU $m: TCP both ways" send_both_ways h1 h2 10.10.0.1 10.10.0.2 "$SIZE"
	check "MTU $m: TCP over IPv6 both ways" send_both_ways h1 h2 fd10::1 fd10::2 "$SIZE"
done
check "a packet of just the largest size" ping_ok h1 10.10.0.2 -M do -s $((65519 - 28))
expect "and as long as can be" 3 65507 on h1 ping -q -n -c 3 -i 0.05 -s $((65507 - 28)) -M do 10.10.0.2
check_fails "not one byte more" on h1 ping -n -c 1 -W 1 -M do -s $((65520 - 28)) 10.10.0.2
check_fails "no larger MTU" ip -n h1 link set pool0 mtu 65520
check "MTU 1280" mtu 1280
check "MTU 1280: ping" ping_ok h1 fd10::2 -s 3000
check "MTU 1280: TCP over IPv6 both ways" send_both_ways h1 h2 fd10::1 fd10::2 "$SIZE"
check "MTU 576" mtu 576
check "MTU 576: ping" ping_ok h1 10.10.0.2 -s 3000
check "MTU 576: TCP both ways" send_both_ways h1 h2 10.10.0.1 10.10.0.2 "$SIZE"
check "MTU 68" mtu 68
check "MTU 68: ping" ping_ok h1 10.10.0.2
mtu 1356
# One end smaller than the other: nothing is lost that may be fragmented.
ip -n h2 link set pool0 mtu 600
check "unequal MTUs: TCP both ways" send_both_ways h1 h2 10.10.0.1 10.10.0.2 "$SIZE"
check_eq "all in the first session" "1 1" "$(peer_json h1 pool0 h2 .handshakes) $(sessions_of h1 pool0)"
check_eq "nothing was refused in all that" '{}' "$(pool_json h2 pool0 '.[].drops' | tr -d ' \n')"
t_done
