#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What a packet meets that cannot be sent: ICMP unreachable, a bounded queue,
# and a counter for every reason. (That the queue is given up after 90 s is
# shown by liveness.sh.)
# Not on kasan: net/overload and net/stress drop as much there.
# rigs: uml
# timeout: 60
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.sh"

load_module
setup_two
pool_add h1 1 || t_bail "pool0 on h1"
pool_keys h2 nobody

# refused_icmp TEXT COUNTER ADDRESS: a ping ends in ICMP unreachable, and just
# this one counter rises by just one.
refused_icmp() {
	local before after out rx
	before=$(dev_drops h1 pool0 "$2")
	rx=$(link_json h1 pool0 .stats64.tx.dropped)
	out=$(on h1 ping -n -c 1 -W $((2 * POOL_SLOW)) "$3" 2>&1)
	after=$(dev_drops h1 pool0 "$2")
	check_match "$1: the sender is told (ICMP unreachable)" 'Host Unreachable|Address unreachable' "$out"
	check_eq "$1: counted as $2, and in tx_dropped" "1 1" \
		"$((after - before)) $(($(link_json h1 pool0 .stats64.tx.dropped) - rx))"
}

refused_icmp "no peer, IPv4" tx-no-peer 10.10.0.2
refused_icmp "no peer, IPv6" tx-no-peer fd10::2

on h1 "$POOL" set pool0 peer "$(pub h2)" allowed-ips 10.10.0.2/32,fd10::2/128
refused_icmp "a peer without endpoint, IPv4" tx-no-endpoint 10.10.0.2
refused_icmp "a peer without endpoint, IPv6" tx-no-endpoint fd10::2
check_eq "the peer counts it too" 2 "$(dev_drops h1 pool0 peer/tx-no-endpoint)"
refused_icmp "beside it, IPv4" tx-no-peer 10.10.0.3
check_eq "TCP is told at once" "No route to host" \
	"$(on h1 timeout 20 socat -u /dev/null TCP:10.10.0.2:80 2>&1 | grep -o 'No route to host' | head -n 1)"

# What is forwarded is told to its sender.
add_host l1
ip link add eth1 netns l1 type veth peer name lan1 netns h1
ip -n h1 addr add 10.101.0.1/24 dev lan1
ip -n h1 link set lan1 up
ip -n l1 addr add 10.101.0.2/24 dev eth1
ip -n l1 link set eth1 up
ip -n l1 route add default via 10.101.0.1
check_match "a forwarded packet: its sender is told" 'From 10\.(101|10)\.0\.1 .*Host Unreachable' \
	"$(on l1 ping -n -c 1 -W $((2 * POOL_SLOW)) 10.10.0.2 2>&1)"

# Not IP.
before=$(dev_drops h1 pool0 tx-not-ip)
on h1 python3 - <<'END'
import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM)
for proto, data in ((0x88cc, b'\x01' * 60), (0x0806, b'\x45' + b'\0' * 59), (0x0800, b'\x60' + b'\0' * 59),
                    (0x86dd, b'\x45' + b'\0' * 59), (0x0800, b'\x45'), (0x86dd, b'\x60\0\0')):
    try:
        s.sendto(data, ('pool0', proto))
    except OSError as e:
        print('#', hex(proto), e)
END
check_eq "what is not IP, or another IP than it says, is dropped and counted" 6 \
	$(($(dev_drops h1 pool0 tx-not-ip) - before))

# --- down ---------------------------------------------------------------------------

ip -n h1 link set pool0 down
check_match "pool0 down: no way there" 'Network is unreachable|Network unreachable' \
	"$(on h1 ping -n -c 1 -W 1 10.10.0.2 2>&1)"
ip -n h1 link set pool0 up
ip -n h1 addr replace fd10::1/64 dev pool0 nodad

# --- a dead endpoint: the queue is bounded ---------------------------------------------

# Nobody answers there, not even with a reset.
ip -n h1 neigh add 10.99.0.77 lladdr 02:00:00:00:00:77 dev eth0
on h1 "$POOL" set pool0 peer "$(pub h2)" endpoint 10.99.0.77:9253

# datagrams N: numbered, to port 5000 of h2.
datagrams() {
	on h1 python3 - "$1" <<'END'
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(20)
for i in range(int(sys.argv[1])):
    s.sendto(b'%05d' % i, ('10.10.0.2', 5000))
END
}
full=$(dev_drops h1 pool0 tx-staged-full)
check "600 packets are taken, without blocking their sender" datagrams 600
check_eq "all of them wait" 600 "$(peer_json h1 pool0 h2 .staged)"
check_eq "none is dropped" 0 "$(($(dev_drops h1 pool0 tx-staged-full) - full))"
check_eq "the peer is connecting" connecting "$(peer_json h1 pool0 h2 .state)"
check "1500 more" datagrams 1500
check_eq "1024 wait" 1024 "$(peer_json h1 pool0 h2 .staged)"
check_eq "the rest is counted as tx-staged-full" $((600 + 1500 - 1024)) "$(($(dev_drops h1 pool0 tx-staged-full) - full))"
check_eq "at the peer too" $((600 + 1500 - 1024)) "$(dev_drops h1 pool0 peer/tx-staged-full)"

# The other end comes to life: what waits arrives, and it is the newest.
pool_add h2 2
on h2 "$POOL" set pool0 peer "$(pub h1)" allowed-ips 10.10.0.1/32,fd10::1/128
on h2 python3 - "$((5 * POOL_SLOW))" >"$TMP/arrived" <<'END' &
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # SO_RCVBUFFORCE
s.bind(('0.0.0.0', 5000))
s.settimeout(30)
try:
    while True:
        print(s.recv(100).decode(), flush=True)
        s.settimeout(float(sys.argv[1]))
except socket.timeout:
    pass
END
arrived=$!
wait_for 5 eval 'on h2 ss -Hlun "sport = :5000" | grep -q .'
on h1 "$POOL" set pool0 peer "$(pub h2)" endpoint 10.99.0.2:9253
wait $arrived
check_eq "a right endpoint: all that waited arrives" 1024 "$(wc -l <"$TMP/arrived")"
check_eq "the newest, in their order" "$(seq -f %05g $((1500 - 1024)) 1499 | sha256sum)" "$(sha256sum <"$TMP/arrived")"
check_eq "nothing waits any more" 0 "$(peer_json h1 pool0 h2 .staged)"
check "ping" ping_ok h1 10.10.0.2

# By memory: 4 MiB at most, and a packet takes up to twice its length.
on h1 "$POOL" set pool0 peer "$(pub h2)" remove
ip -n h1 link set pool0 mtu 9000
on h1 "$POOL" set pool0 peer "$(pub h2)" endpoint 10.99.0.77:9253 allowed-ips 10.10.0.2/32
on h1 python3 - <<'END'
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(20)
for i in range(700):
    s.sendto(bytes(8192 - 28), ('10.10.0.2', 5000))
END
waits=$(peer_json h1 pool0 h2 .staged)
check_cmp "large packets: no more than 4 MiB wait" "$waits" -le 512
check_cmp "and not much less" "$waits" -ge 200
down=$(dev_drops h1 pool0 tx-down)
ip -n h1 link set pool0 down
check_eq "pool0 down: what waited is dropped as tx-down" "$waits" "$(($(dev_drops h1 pool0 tx-down) - down))"
check_eq "and nothing waits" 0 "$(peer_json h1 pool0 h2 .staged)"
t_done
