# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the tests of datagrams share. Sourced after lib.sh and common.sh.
#
# A narrow path between h1 and h2, whose own interfaces take 9000 bytes:
# h1 - r1 - r2 - h2, where the routers tell by ICMP what is too big; or the bridge
# of setup_two, which just drops it.

DGRAM=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/dgram.py
FAMILY=${FAMILY:-4}

# current NS FILTER: what jq finds in its current session.
current() { pool_json "$1" pool0 ".[].peers[].sessions[] | select(.current) | $2"; }
# mtu_of NS: the path MTU that it goes by.
mtu_of() { current "$1" .telemetry.mtu; }
# mtu_fits NS MTU: it is that of the path, or less by the grain of the search. (A bridge
# lets pass what would be that long with a VLAN tag.)
mtu_fits() { local m; m=$(mtu_of "$1") && [ "$m" -le $(($2 + grace)) ] && [ "$m" -gt $(($2 - 8)) ]; }
grace=0
both_fit() { mtu_fits h1 "$1" && mtu_fits h2 "$1"; }

# outer N: the address of host N on the underlay.
outer() { if [ "$FAMILY" = 6 ]; then echo "fd99::$1"; else echo "10.99.0.$1"; fi; }

# setup_routers: h1 - r1 - r2 - h2, addresses as ever; n1 and n2 are the ends of the
# narrow link.
setup_routers() {
	local n m h r
	for h in h1 h2 r1 r2; do add_host $h; done
	ip link add n1 netns r1 type veth peer name n2 netns r2
	for n in 1 2; do
		m=$((3 - n)) h=h$n r=r$n
		ip link add eth0 netns $h mtu 9000 type veth peer name $h netns $r mtu 9000
		ip -n $h addr add 10.99.0.$n/32 dev eth0
		ip -n $h addr add fd99::$n/128 dev eth0 nodad
		ip -n $h link set eth0 up
		ip -n $h route add default via 10.98.0.$n dev eth0 onlink
		ip -n $h route add default via fd98::$n dev eth0 onlink
		ip -n $r addr add 10.98.0.$n/32 dev lo
		ip -n $r addr add fd98::$n/128 dev $h nodad
		ip -n $r link set $h up
		ip -n $r route add 10.99.0.$n/32 dev $h
		ip -n $r route add fd99::$n/128 dev $h
		ip -n $r addr add 10.97.0.$n/24 dev n$n
		ip -n $r addr add fd97::$n/64 dev n$n nodad
		ip -n $r link set n$n up
		add_lan $h $n
		# What is captured is what goes out, one by one.
		on $h ethtool -K eth0 tx-udp-segmentation off
	done
	route_on
}
# route_on: what a link loses that IPv6 has been off on.
route_on() {
	local n
	for n in 1 2; do
		ip -n r$n addr replace fd97::$n/64 dev n$n nodad
		ip -n r$n route replace 10.99.0.$((3 - n))/32 via 10.97.0.$((3 - n))
		ip -n r$n route replace fd99::$((3 - n))/128 via fd97::$((3 - n))
	done
}
# setup_bridge: the same by setup_two.
setup_bridge() {
	local h
	setup_two
	grace=4
	ip -n wan link set br0 mtu 9000
	for h in h1 h2; do
		ip -n $h link set eth0 mtu 9000
		ip -n wan link set $h mtu 9000
		on $h ethtool -K eth0 tx-udp-segmentation off
	done
}
# narrow MTU: the path is so narrow from now on.
narrow() {
	local n
	if ip netns list | grep -qw r1; then
		for n in 1 2; do ip -n r$n link set n$n mtu "$1" || return; done
		[ "$1" -lt 1280 ] || route_on
	else
		for n in h1 h2; do ip -n wan link set $n mtu "$1" || return; done
	fi
}
# thin RATE: and so slow, with 5 ms of delay.
thin() {
	local n
	if ip netns list | grep -qw r1; then
		for n in 1 2; do tc -n r$n qdisc replace dev n$n root netem rate "$1" delay 5ms limit 40; done
	else
		for n in h1 h2; do tc -n wan qdisc replace dev $n root netem rate "$1" delay 5ms limit 40; done
	fi
}

# pair_up: pool0 on both, each knowing the other by its address of FAMILY.
pair_up() {
	local n m
	for n in 1 2; do pool_add h$n $n || return; done
	for n in 1 2; do
		m=$((3 - n))
		pool_peer h$n h$m $m &&
		on h$n "$POOL" set pool0 peer "$(pub h$m)" endpoint "$(outer $m | sed 's/.*:.*/[&]/'):9253" || return
	done
}

# bulk FROM TO ADDRESS: a stream until bulk_end; what arrives is told in $TMP/bulk.TO.
bulk() {
	: >"$TMP/bulk.$2"
	ip netns exec "$2" "$DGRAM" sink "$3" 7780 >"$TMP/bulk.$2" &
	bulk_pids+=($!)
	wait_for 5 grep -q listening "$TMP/bulk.$2"
	ip netns exec "$1" "$DGRAM" source "$3" 7780 &
	bulk_pids+=($!)
}
bulk_end() {
	[ ${#bulk_pids[@]} -gt 0 ] || return 0	# or wait would wait for everything
	kill "${bulk_pids[@]}" 2>/dev/null
	wait "${bulk_pids[@]}" 2>/dev/null
	bulk_pids=()
}
bulk_pids=()
# arrived NS: bytes so far.
arrived() { tail -n 1 "$TMP/bulk.$1" | cut -d' ' -f2; }
# clock: milliseconds, of the clock that sink tells.
clock() { python3 -c 'import time; print(time.monotonic_ns() // 1000000)'; }
# resumed NS SINCE BYTES: have so many arrived since then?
resumed() { awk -v t="$2" -v n="$3" '$1 < t { at = $2 } END { exit !($2 - at >= n) }' "$TMP/bulk.$1"; }
# silence NS SINCE: the longest time without a byte, in ms, since shortly before then.
silence() {
	awk -v t="$2" '$1 >= t && last && $1 - last > max { max = $1 - last } { last = $1 } END { print max + 0 }' \
		"$TMP/bulk.$1"
}
