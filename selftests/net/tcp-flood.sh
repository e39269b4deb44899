#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Garbage and silent connections on the port of POOL, thousands of them: memory
# stays bounded, what is closed is counted, and a real peer still gets in.
# rigs: uml
# timeout: 110
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/tcp.bash"
load_module
setup_hosts 3
pool_add h1 1 && pool_peer h1 h2 2 && pool_peer h1 h3 3 || t_bail "pool0 can be set up on h1"
# The flood comes from h3, from as many sources as it likes.
for i in $(seq 100 163); do ip -n h3 addr add "10.99.0.$i/24" dev eth0; done
for i in $(seq 1 64); do ip -n h3 addr add "fd99:0:0:$i::1/64" dev eth0 nodad; done
ip -n h1 -6 route add fd99::/16 dev eth0
many=() many6=()
for i in $(seq 100 163); do many+=("10.99.0.$i"); done
for i in $(seq 1 64); do many6+=("fd99:0:0:$i::1"); done
on h1 ping -n -q -c 1 10.99.0.3 >/dev/null
on h3 ping -n -q -c 1 fd99::1 >/dev/null

unproven() { pool_json h1 pool0 '.[].unproven'; }
no_unproven() { [ "$(unproven)" = 0 ]; }
sockets() { on h1 ss -Htan state connected sport = 9253 | wc -l; }
available() { sync; awk '/^MemAvailable/ {print $2}' /proc/meminfo; }

# gets_in TEXT NS N: a peer that was not there before reaches h1 within 10 s.
gets_in() {
	local text=$1 ns=$2 n=$3 begin=$SECONDS
	pool_add "$ns" "$n" && pool_peer "$ns" h1 1 || t_bail "pool0 can be set up on $ns"
	check "$text gets in" wait_for 10 on "$ns" ping -n -q -c 1 -W 1 10.10.0.1
	t_diag "$text: after $((SECONDS - begin)) s"
	ip -n "$ns" link del pool0
}

memory=$(available)
# shellcheck disable=SC2016
sockets_before=$(on h1 awk '/^TCP:/ {print $3}' /proc/net/sockstat)
connections=$(size 1000 400)

# --- silent connections from one source
limited=$(dev_drops h1 pool0 conn-limited) timeout=$(dev_drops h1 pool0 conn-timeout)
on h3 "$XFER" hold 10.99.0.1 9253 "$connections" $((14 * POOL_SLOW)) 10.99.0.3 >"$TMP/hold" &
holder=$!
wait_for 10 grep -q made "$TMP/hold"
sleep 2
n=$(unproven)
check_cmp "$connections silent connections from one source: 64 of them are kept at most ($n)" "$n" -le 64
check_cmp "some are kept" "$n" -gt 0
n=$(sockets)
check_cmp "no more sockets than that, beside what waits to be accepted ($n)" "$n" -le 200
check_cmp "what was closed or refused is counted" "$(dev_drops h1 pool0 conn-limited)" -ge $((limited + connections / 2))
gets_in "a real peer from another source" h2 2
gets_in "a real peer from the same source" h3 3
check "unproven connections are gone after 10 s" wait_for 13 no_unproven
check_cmp "and they are counted" "$(dev_drops h1 pool0 conn-timeout)" -gt "$timeout"
wait "$holder"
t_diag "from one source: $(tail -n 1 "$TMP/hold")"

# --- silent connections from many sources, made again as often as they are closed
limited=$(dev_drops h1 pool0 conn-limited)
AGAIN=1 on h3 "$XFER" hold 10.99.0.1 9253 "$connections" $((12 * POOL_SLOW)) "${many[@]}" >"$TMP/hold" &
holder=$!
wait_for 10 grep -q made "$TMP/hold"
most=0
for _ in {1..10}; do
	n=$(unproven)
	[ "$n" -le "$most" ] || most=$n
	sleep 0.2
done
check_cmp "silent connections from 64 sources: 256 of them are kept at most ($most)" "$most" -le 256
check_cmp "more than one source could have" "$most" -gt 64
during=$(available)
t_diag "memory during the flood: $((memory - during)) kB less"
check_cmp "memory during the flood, in kB (was $memory)" "$during" -gt $((memory - 40000))
check_cmp "what was closed is counted" "$(dev_drops h1 pool0 conn-limited)" -gt "$limited"
gets_in "a real peer from another source, during the flood" h2 2
gets_in "a real peer from the host of the flood, during the flood" h3 3
wait "$holder"
t_diag "from many sources: $(tail -n 1 "$TMP/hold")"

on h3 "$XFER" hold fd99::1 9253 "$connections" $((3 * POOL_SLOW)) "${many6[@]}" >"$TMP/hold" &
holder=$!
wait_for 10 grep -q made "$TMP/hold"
sleep 1
n=$(unproven)
check_cmp "silent connections from 64 IPv6 networks: 256 of them are kept at most ($n)" "$n" -le 256
wait "$holder"

# --- garbage
for kind in random zero length type halves; do
	before=$(pool_json h1 pool0 '[.[].drops[]] | add // 0')
	for _ in 1 2 3 4; do
		on h3 timeout $((20 * POOL_SLOW)) "$XFER" garbage 10.99.0.1 9253 "$(size 150 40)" $kind >>"$TMP/garbage" &
		pids+=($!)
	done
	wait "${pids[@]}"
	pids=()
	check_cmp "garbage ($kind) is counted" "$(pool_json h1 pool0 '[.[].drops[]] | add // 0')" -gt "$before"
done
gets_in "a real peer after garbage" h2 2
gets_in "a real peer from the source of the garbage" h3 3
check "no unproven connection is left" wait_for 13 no_unproven
# The kernel gives back what it keeps for reuse when it comes to it.
memory_back() { echo 3 >/proc/sys/vm/drop_caches; [ "$(available)" -gt $((memory - 24000)) ]; }
check "memory comes back after it all" wait_for 15 memory_back
t_diag "memory after it all: $((memory - $(available))) kB less"
# shellcheck disable=SC2016
check_cmp "TCP sockets after it all" "$(on h1 awk '/^TCP:/ {print $3}' /proc/net/sockstat)" -le "$sockets_before"
check_eq "no session came out of it but those of real peers" 0 "$(pool_json h1 pool0 '[.[].peers[].sessions[]] | length')"
t_done
