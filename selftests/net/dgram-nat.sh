#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# An address translator in the way, outside and inside the tunnel. Heartbeats keep its
# entries alive; where it forgets them sooner, the session is found again behind
# another port. Errors about inner packets reach those who sent them.
# rigs: uml
# timeout: 240
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.sh"

load_module
# c1 - lan:h1 - r (translates) - wan - h2 - c2; h2 has no way back to h1 but the translation.
setup_wan
for h in r h1 h2 c1 c2; do add_host $h; done
add_link r 9
add_link h2 2
# wire A DEVICE ADDRESS B DEVICE ADDRESS
wire() {
	ip link add "$2" netns "$1" type veth peer name "$5" netns "$4"
	ip -n "$1" addr add "$3" dev "$2"; ip -n "$1" link set "$2" up
	ip -n "$4" addr add "$6" dev "$5"; ip -n "$4" link set "$5" up
}
wire h1 eth0 192.168.5.1/24 r lan0 192.168.5.254/24
wire c1 eth0 10.1.0.2/16 h1 lan0 10.1.0.1/16
wire c2 eth0 10.2.0.2/16 h2 lan0 10.2.0.1/16
for h in c1:h1:1 c2:h2:2; do
	IFS=: read -r c h n <<<"$h"
	ip -n "$c" addr add "fd00:$n::2/64" dev eth0 nodad; ip -n "$h" addr add "fd00:$n::1/64" dev lan0 nodad
	ip -n "$c" route add default via "10.$n.0.1"; ip -n "$c" -6 route add default via "fd00:$n::1"
	# Errors come as often as the test asks for them.
	on "$h" sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
done
ip -n h1 route add default via 192.168.5.254
# Every entry gets a port of its own, so that a new one is seen.
on r nft -f - <<-END
table ip nat {
	chain post { type nat hook postrouting priority srcnat; oifname "eth0" masquerade fully-random; }
}
END
forget_after() {
	on r sysctl -qw net.netfilter.nf_conntrack_udp_timeout="$1" \
		net.netfilter.nf_conntrack_udp_timeout_stream="$1" \
		net.netfilter.nf_conntrack_generic_timeout="$1"
}
heartbeat() { local h; for h in h1 h2; do on $h "$POOL" set pool0 heartbeat "$1" 2>/dev/null; done; }
seen() { peer_json h2 pool0 h1 .connection; }
session() { pool_json "$1" pool0 '.[].peers[].sessions[] | select(.current) | .session_id'; }
same_session() { [ "$(session h1) $(session h2)" = "$id $id" ]; }
entries() { on r conntrack -L -s 192.168.5.1 2>/dev/null | wc -l; }
no_entry() { [ "$(entries)" = 0 ]; }
one_ping() { on "$1" ping -n -q -c 1 -W "${3:-2}" "$2"; }
few_pings() { on "$1" ping -n -q -c 5 -i 0.2 -W 2 "$2"; }
setup() {
	pool_add h1 1 transport "$1" && pool_add h2 2 transport "$1" && pool_peer h1 h2 2 && pool_peer h2 h1 1 &&
		on h2 "$POOL" set pool0 peer "$(pub h1)" endpoint none || t_bail "pool0 on both hosts"
}

for t in udp raw; do
	forget_after $((6 * POOL_SLOW))
	setup $t
	heartbeat 1
	check "$t: ping through the translator" ping_ok h1 10.10.0.2
	id=$(session h1)
	check_match "$t: h2 sees the translator" '^10\.99\.0\.9(:[0-9]+)?$' "$(seen)"

	# --- entries that outlive a heartbeat
	before=$(seen)
	sleep $((14 * POOL_SLOW))
	check "$t: more than two lives of an entry later h2 still gets through" ping_ok h2 10.10.0.1
	check_eq "$t: by the same entry" "$before" "$(seen)"
	check "$t: in the same session" same_session

	# --- no heartbeats: the way back is lost, until the one inside sends
	heartbeat off
	forget_after 1
	check "$t: without heartbeats the entry goes" wait_for 20 no_entry
	check_fails "$t: and with it the way back" one_ping h2 10.10.0.1
	check "$t: it is quiet again" wait_for 20 no_entry
	# What comes first from a new place is answered at the old one.
	check "$t: h1 gets through" wait_for 10 few_pings h1 10.10.0.2
	ip netns exec h1 ping -q -i 0.2 10.10.0.2 >/dev/null &
	check "$t: and so does h2, while h1 keeps the way open" wait_for 10 one_ping h2 10.10.0.1
	kill $!
	check "$t: in the same session" same_session

	# --- entries that are forgotten before the next heartbeat
	# (Without ports, what h2 sends into the void takes the place of the next entry.)
	if [ $t = udp ]; then
		heartbeat 4
		before=$(seen)
		sleep $((10 * POOL_SLOW))
		check "$t: entries shorter than the heartbeat: h2 gets through after one" wait_for 15 one_ping h2 10.10.0.1 1
		check "$t: by a new entry" test "$before" != "$(seen)"
	fi
	check "$t: in the same session" same_session
	check_eq "$t: one handshake in all" "1 1" "$(pool_json h1 pool0 '.[].handshakes') $(pool_json h2 pool0 '.[].handshakes')"
	[ $t = raw ] || for h in h1 h2; do ip -n $h link del pool0; done
done

# --- errors about inner packets, with a second translator at the mouth of the tunnel

heartbeat 1
forget_after 60
for h in h1 h2; do ip -n $h link del pool0; done
setup udp
heartbeat 1
on h1 nft -f - <<-END
table inet inner {
	chain post { type nat hook postrouting priority srcnat; oifname "pool0" masquerade; }
}
END
check "c1 reaches c2" wait_for 10 one_ping c1 10.2.0.2
check "over IPv6 too" wait_for 10 one_ping c1 fd00:2::2
check_cmp "translated: h2 has no way back to c1" "$(ip -n h2 route get 10.1.0.2 2>/dev/null | grep -c pool0)" -eq 1
# says TEXT REGEX PING...: c1's ping is told so.
says() {
	local text=$1 re=$2 out; shift 2
	for _ in 1 2 3; do
		out=$(on c1 ping -n -c 2 -i 0.2 -W 3 "$@" 2>&1)
		grep -qE "$re" <<<"$out" && break
	done
	check_match "$text" "$re" "$out"
}
says "TTL exceeded beyond the tunnel" 'From 10\.10\.0\.2 .*Time to live exceeded' -t 2 10.2.0.2
says "over IPv6" 'From fd10::2 .*Time exceeded: Hop limit' -t 2 fd00:2::2
ip -n h2 link set lan0 mtu 1300
ip -n c2 link set eth0 mtu 1300
says "too big beyond the tunnel" 'From 10\.10\.0\.2 .*[Ff]rag.* needed.*mtu = 1300' -M do -s 1320 10.2.0.2
says "over IPv6" 'From fd10::2 .*Packet too big: mtu=1300' -M do -s 1300 fd00:2::2
# Of the device itself: what it refuses was translated already.
mtu=$(link_json h1 pool0 .mtu)
ip -n h1 link set pool0 mtu 1280
says "too big for the device" 'mtu ?= ?1280' -M do -s 1260 10.2.0.2
ip -n h1 link set pool0 mtu "$mtu"
for net in 10.77.0.0/16 fd00:77::/64; do ip -n h1 route add $net dev pool0; done
says "no peer for it" 'From 10\.1\.0\.1 .*Destination Host Unreachable' 10.77.0.1
says "over IPv6" 'From fd00:1::1 .*Destination unreachable: Address unreachable' fd00:77::1
check_cmp "both are counted" "$(dev_drops h1 pool0 tx-no-peer)" -ge 4
t_done
