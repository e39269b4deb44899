#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Telemetry against the truth: 40 ms of delay, 5 ms of jitter and 1 % of loss, as a
# relay makes them, are reported by both ends within 10 %. (A relay, since over TCP
# no POOL packet is ever lost below, and a random jitter has no exact mean.)
# rigs: time
# timeout: 120
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../net/common.sh"
. "$(dirname "$0")/../net/tcp.bash"
. "$(dirname "$0")/common.bash"

session() { pool_json "$1" pool0 ".[].peers[].sessions[] | select(.current) | $2"; }
near() { [ "$1" -ge $(($2 - $2 * $3 / 100)) ] && [ "$1" -le $(($2 + $2 * $3 / 100)) ]; }
# all_near NAME WANT: at both ends, in both views: what they measure and are told.
all_near() {
	local h v
	for h in h1 h2; do
		for v in telemetry peer_telemetry; do
			near "$(session $h ".$v.$1")" "$2" 10 || return 1
		done
	done
}
figures() { for h in h1 h2; do session $h '"\(.telemetry) \(.peer_telemetry)"'; done; }
# settles TEXT NAME WANT: a result. What the host's other work does to one round trip is
# forgotten a few heartbeats later.
settles() {
	if wait_for 45 all_near "$2" "$3"; then t_ok "$1"; else t_fail "$1" "$(figures)"; fi
}

setup_pool
# HEARTBEATs of either end take 35 and 45 ms in turn; every hundredth DATA is lost.
ip netns exec h2 "$WIRE/mitm.py" --listen 9400 --connect 10.99.0.2:9253 --time 100000 \
	--swing c2s:35:45:5 --swing s2c:35:45:5 --lose c2s:100 --lose s2c:100 >"$TMP/relay" 2>&1 &
wait_for 10 grep -q listening "$TMP/relay" || t_bail "the relay: $(cat "$TMP/relay")"
on h2 "$POOL" set pool0 peer "$(pub h1)" remove
on h2 "$POOL" set pool0 heartbeat 1 peer "$(pub h1)" allowed-ips 10.10.0.1/32
on h1 "$POOL" set pool0 heartbeat 1 peer "$(pub h2)" endpoint 10.99.0.2:9400
check "ping through the relay" ping_ok h1 10.10.0.2
settles "40 ms of delay, within 10 % in all four views" rtt_ns 40000000
# RFC 6298's mean is 1/3 ms off the middle when a sample comes: 5.33 ms is exact.
settles "5 ms of jitter, within 10 %" jitter_ns 5200000
# Echo requests and replies: as many each way, all but one in 100 of what is left.
on h1 ping -n -q -i 0.003 -c 1000000 -w $((150 * POOL_SLOW)) 10.10.0.2 >/dev/null &
settles "1 % of loss, within 10 %" loss_ppm 10000
t_diag "$(figures)"
for h in h1 h2; do
	check_eq "$h: no contradiction" '[]' "$(session $h '.mismatch | tostring')"
done
t_done
