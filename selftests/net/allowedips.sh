#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Which peer a packet goes to and which addresses a peer may use: longest
# prefix, prefixes that move and go, auto, spoofed sources, routed subnets,
# default routes. h1 is the hub; h2 and h3 have the same addresses on lan0.
# rigs: uml kasan qemu
# timeout: 60
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.sh"

load_module
setup_hosts 3
for i in 1 2 3; do pool_add h$i $i || t_bail "pool0 on h$i"; done
for i in 2 3; do
	pool_peer h1 h$i $i || t_bail "peer on h1"
	pool_peer h$i h1 1 || t_bail "peer on h$i"
	on h$i "$POOL" set pool0 peer "$(pub h1)" allowed-ips 10.10.0.0/24,fd10::/64,10.1.0.0/16,fd00:1::/64
	# Both could answer: it is the table of h1 that decides.
	for a in 10.20.1.1 10.20.5.1 10.20.5.129 192.0.2.9; do ip -n h$i addr add $a/32 dev lan0; done
	for a in fd20:1::1 fd20:5::1; do ip -n h$i addr add $a/128 dev lan0 nodad; done
done
ip -n h1 route add 10.20.0.0/16 dev pool0
ip -n h1 -6 route add fd20::/16 dev pool0

# ips PEER WORD: change the peer's allowed-ips on h1.
ips() { on h1 "$POOL" set pool0 peer "$(pub "$1")" allowed-ips "$2"; }
# has PEER: its allowed-ips on h1, sorted.
has() { peer_json h1 pool0 "$1" '.allowed_ip | sort | join(" ")'; }
tx() { peer_json h1 pool0 "$1" .tx_packets; }
rx() { peer_json h1 pool0 "$1" .rx_packets; }

# goes TEXT ADDRESS PEER: a ping from h1 goes to this peer, and is answered by it.
goes() {
	local tx2 tx3 rx2 rx3 out
	tx2=$(tx h2) tx3=$(tx h3) rx2=$(rx h2) rx3=$(rx h3)
	out=$(on h1 ping -n -q -c 1 -W $((2 * POOL_SLOW)) "$2" 2>&1)
	check_eq "$1: $2 goes to $3" "$([ "$3" = h2 ] && echo '1 0 1 0' || echo '0 1 0 1')" \
		"$(($(tx h2) - tx2)) $(($(tx h3) - tx3)) $(($(rx h2) - rx2)) $(($(rx h3) - rx3))"
	[ "${PIPESTATUS[0]}" = 0 ] || t_diag "$out"
}
# unreachable TEXT ADDRESS
unreachable() { check_match "$1: $2 is unreachable" 'Unreachable' "$(on h1 ping -n -c 1 -W 1 "$2" 2>&1)"; }

check "ping to h2" ping_ok h1 10.10.0.2
check "ping to h3" ping_ok h1 10.10.0.3

# --- longest prefix ----------------------------------------------------------

ips h2 +10.20.0.0/16,+fd20::/16
ips h3 +10.20.5.0/24,+fd20:5::/32
goes "the shorter prefix" 10.20.1.1 h2
goes "the longer prefix" 10.20.5.1 h3
goes "the shorter prefix" fd20:1::1 h2
goes "the longer prefix" fd20:5::1 h3
ips h2 +10.20.5.128/25
goes "a longer one within" 10.20.5.129 h2
goes "and beside it" 10.20.5.1 h3
ips h3 +10.20.5.129/32
goes "one address" 10.20.5.129 h3
ips h3 -10.20.5.129/32
ips h2 -10.20.5.128/25
goes "the longer ones are removed" 10.20.5.129 h3

# --- prefixes that move and go ---------------------------------------------------

ips h2 +10.20.5.0/24
goes "moved to another peer" 10.20.5.1 h2
check_eq "the first one has it no more" "" "$(has h3 | grep -F '10.20.5.0/24')"
check_match "the second one has" '10\.20\.5\.0/24' "$(has h2)"
ips h3 +10.20.5.0/24
goes "and back" 10.20.5.1 h3
ips h3 -10.20.5.0/24
goes "removed: the shorter one is left" 10.20.5.1 h2
check "removing what is not there is no error" ips h3 -10.20.5.0/24
ips h3 -10.20.0.0/16
goes "removing another peer's prefix does nothing" 10.20.5.1 h2
ips h2 -10.20.0.0/16
unreachable "no prefix is left" 10.20.5.1
ips h3 10.10.0.3/32,fd10::3/128,10.20.0.0/16
check_eq "a list without signs replaces" "10.10.0.3/32 10.20.0.0/16 fd10::3/128" "$(has h3)"
unreachable "what the list leaves out" 10.3.0.1
goes "what the list leaves out goes to the shorter prefix" fd20:5::1 h2
goes "what the list has" 10.20.5.1 h3
ips h3 10.10.0.3/24,10.20.7.7/16,fd20:0:5::9/32
check_match "bits behind the prefix are cut off" '^10\.10\.0\.0/24 10\.20\.0\.0/16 fd20::/32$' "$(has h3)"
ips h3 ''
check_eq "an empty list takes all" "" "$(has h3)"
unreachable "nothing is left" 10.20.5.1
check_fails "one prefix for two peers in one line" on h1 "$POOL" set pool0 \
	peer "$(pub h2)" allowed-ips +10.50.0.0/16 peer "$(pub h3)" allowed-ips +10.50.0.0/16
ips h3 10.10.0.3/32,fd10::3/128,10.3.0.0/16,fd00:3::/64
ips h2 10.10.0.2/32,fd10::2/128,10.2.0.0/16,fd00:2::/64

# --- sources ------------------------------------------------------------------------

# spoof FROM ADDRESS TARGET: three pings to h1 from an address that is not FROM's.
spoof() {
	local before after rx0 rx1 peer0 peer1
	before=$(dev_drops h1 pool0 rx-source) rx0=$(link_json h1 pool0 .stats64.rx.packets)
	peer0=$(peer_json h1 pool0 "$1" '.drops."rx-source" // 0')
	on "$1" ping -n -q -c 3 -i 0.2 -W 1 -I "$2" "$3" >/dev/null 2>&1
	# They may still be on their way.
	wait_for 5 eval "[ \$((\$(dev_drops h1 pool0 rx-source) - $before)) -ge 3 ]"
	after=$(dev_drops h1 pool0 rx-source) rx1=$(link_json h1 pool0 .stats64.rx.packets)
	peer1=$(peer_json h1 pool0 "$1" '.drops."rx-source" // 0')
	check_eq "from $2 of $1 to $3: dropped and counted at device and peer, none received" "3 3 0" \
		"$((after - before)) $((peer1 - peer0)) $((rx1 - rx0))"
}
check "the sender's own address is allowed" ping_ok h2 10.10.0.1
ip -n h2 addr add 10.77.0.1/32 dev pool0
ip -n h2 -6 addr add fd77::1/128 dev pool0 nodad
ip -n h2 addr add 10.10.0.33/32 dev pool0
spoof h2 10.77.0.1 10.10.0.1
spoof h2 fd77::1 fd10::1
ip -n h3 addr del 10.10.0.3/24 dev pool0
ip -n h2 addr add 10.10.0.3/32 dev pool0
spoof h2 10.10.0.3 10.10.0.1
ip -n h2 addr del 10.10.0.3/32 dev pool0
ip -n h3 addr add 10.10.0.3/24 dev pool0
ips h2 +10.77.0.0/16
ip -n h1 route add 10.77.0.0/16 dev pool0
check "allowed now" ping_ok h2 10.10.0.1 -I 10.77.0.1
ips h3 +10.77.0.1/32
spoof h2 10.77.0.1 10.10.0.1
ips h3 -10.77.0.1/32
check "still the same session" ping_ok h1 10.10.0.2
check_eq "the device's error counter says it too" "$(dev_drops h1 pool0 rx-source)" \
	"$(link_json h1 pool0 .stats64.rx.errors)"

# --- auto -------------------------------------------------------------------------------

auto2=$(on h2 "$POOL" address pool0 | tail -n 1) auto1=$(on h1 "$POOL" address pool0 | tail -n 1)
check_eq "pool address of the key says the same" "$auto2" "$("$POOL" address "$(pub h2)" | tail -n 1)"
ips h2 +auto
on h2 "$POOL" set pool0 peer "$(pub h1)" allowed-ips +auto
check_match "auto is listed as an address" "$auto2/128" "$(has h2)"
ip -n h1 -6 addr add "$auto1/64" dev pool0 nodad
ip -n h2 -6 addr add "$auto2/64" dev pool0 nodad
check "ping between the addresses of the keys" ping_ok h1 "$auto2" -I "$auto1"
ips h2 -auto
check_eq "-auto removes it" "" "$(has h2 | grep -F "$auto2")"
on h1 "$POOL" set pool0 organisation 2a segment 17
ips h2 +auto
check_match "auto is that of organisation and segment" \
	"$("$POOL" address "$(pub h2)" organisation 2a segment 17 | tail -n 1)/128" "$(has h2)"

# --- subnets behind the peers ---------------------------------------------------------------

for i in 2 3; do
	add_host l$i
	ip link add eth1 netns l$i type veth peer name lan1 netns h$i
	ip -n h$i addr add 10.10$i.0.1/24 dev lan1
	ip -n h$i addr add fd64:$i::1/64 dev lan1 nodad
	ip -n h$i link set lan1 up
	ip -n l$i addr add 10.10$i.0.2/24 dev eth1
	ip -n l$i addr add fd64:$i::2/64 dev eth1 nodad
	ip -n l$i link set eth1 up
	ip -n l$i route add default via 10.10$i.0.1
	ip -n l$i -6 route add default via fd64:$i::1
	ips h$i +10.10$i.0.0/24,+fd64:$i::/64
	ip -n h1 route add 10.10$i.0.0/24 dev pool0
	ip -n h1 -6 route add fd64:$i::/64 dev pool0
done
on h2 "$POOL" set pool0 peer "$(pub h1)" allowed-ips +10.103.0.0/24,+fd64:3::/64
on h3 "$POOL" set pool0 peer "$(pub h1)" allowed-ips +10.102.0.0/24,+fd64:2::/64
ip -n h2 route add 10.103.0.0/24 dev pool0; ip -n h2 -6 route add fd64:3::/64 dev pool0
ip -n h3 route add 10.102.0.0/24 dev pool0; ip -n h3 -6 route add fd64:2::/64 dev pool0
check "from a subnet behind one peer, over the hub, to one behind the other" ping_ok l2 10.103.0.2
check "IPv6 too" ping_ok l2 fd64:3::2
check "a transfer both ways" send_both_ways l2 l3 10.102.0.2 10.103.0.2 300000
check "from peer to peer over the hub" ping_ok h2 10.10.0.3
check_eq "the hub tells nobody of a shorter way" 0 \
	"$(on h2 ping -n -c 2 -i 0.2 10.10.0.3 | grep -ci redirect)"

# --- default routes ---------------------------------------------------------------------------

on h2 "$POOL" set pool0 peer "$(pub h1)" allowed-ips 0.0.0.0/0,::/0
ip -n h2 route add default dev pool0
ip -n h2 -6 route add default dev pool0
check_eq "shown as they are" "0.0.0.0/0 ::/0" "$(peer_json h2 pool0 h1 '.allowed_ip | sort | join(" ")')"
ip -n h1 addr add 203.0.113.1/32 dev lan0
ip -n h1 addr add 2001:db8::1/128 dev lan0 nodad
check "all of IPv4 goes there" ping_ok h2 203.0.113.1
check "all of IPv6 goes there" ping_ok h2 2001:db8::1 -I fd10::2
check "from the subnet behind as well" ping_ok l2 203.0.113.1

# The underlay itself by the default route: only the mark keeps it out.
on h2 "$POOL" set pool0 fwmark 0x77
ip -n h2 route del 10.99.0.0/24 dev eth0
ip -n h2 route add 10.99.0.0/24 dev eth0 src 10.99.0.2 table 77
ip -n h2 rule add fwmark 0x77 table 77
ip -n h2 link set pool0 down
ip -n h2 link set pool0 up
ip -n h2 route add default dev pool0
check "with fwmark the transport takes a way of its own" ping_ok h2 203.0.113.1 -I 10.10.0.2
t_done
