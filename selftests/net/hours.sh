#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A day of a session by its real limits, on a rig where time skips what is idle:
# three hours with an hour's rekeys lose no packet, every epoch has its own
# sequences, and after 24 hours a full handshake takes over.
# rigs: time
# timeout: 20000
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/tcp.bash"

current() { pool_json "$1" pool0 ".[].peers[].sessions[] | select(.current) | $2"; }
inner() { pool_json "$1" pool0 "[.[].peers[].$2] | add"; }
# pings SECONDS INTERVAL: in both directions, in that time; prints what was lost.
pings() {
	on h1 ping -n -q -i "$2" -c $(($1 / $2)) 10.10.0.2 >"$TMP/ping1" &
	on h2 ping -n -q -i "$2" -c $(($1 / $2)) 10.10.0.1 >"$TMP/ping2"
	wait $!
	cat "$TMP/ping1" "$TMP/ping2" |
		sed -n 's/^\([0-9]*\) packets transmitted, \([0-9]*\) received.*/\1 \2/p' |
		awk '{ sent += $1; lost += $1 - $2 } END { print lost " of " sent }'
}
settled() {
	[ "$(inner h1 tx_packets)" = "$(inner h2 rx_packets)" ] &&
	[ "$(inner h2 tx_packets)" = "$(inner h1 rx_packets)" ]
}
all_drops() { pool_json "$1" pool0 '.[].drops | tojson'; }
# rekeys NS: when they were, as seconds since the session came up, and to which epoch.
rekeys() {
	events "$1" '.type == "session-up" or .type == "rekeyed"' | jq -r '"\(.time) \(.epoch // 0)"' |
		while read -r at epoch; do echo "$(date -d "$at" +%s) $epoch"; done |
		awk 'NR == 1 { up = $1; next } { print $1 - up " " $2 }'
}

setup_pool
mon h1 pool0 || t_bail "events of h1 are heard"
mon h2 pool0 || t_bail "events of h2 are heard"
capture=$TMP/wire.pcap
on h1 tcpdump -U -q -n -i eth0 -w "$capture" 'tcp port 9253' 2>/dev/null &
sleep 2
check "ping" ping_ok h1 10.10.0.2
id=$(current_id h1)
began=$(date +%s)

check_eq "three hours and a bit: no ping is lost" "0 of 22400" "$(pings 11200 1)"
check_cmp "these were hours" $(($(date +%s) - began)) -ge 11190
check_eq "the same session" "$id" "$(current_id h1)"
check_eq "one handshake" "1 1" "$(handshakes h1) $(handshakes h2)"
check_eq "the first rekey and three more" "4 4" "$(current h1 .rekeys) $(current h2 .rekeys)"
t_diag "$(rekeys h1 | tr '\n' ',')"
check_eq "an hour apart, less the minute that the initiator is early" "0 1 3540 2 7080 3 10620 4 " \
	"$(rekeys h1 | awk '{ printf "%d %d ", $1 < 5 ? 0 : $1 - $1 % 10, $2 }')"
check "what was sent was received" wait_for 10 settled
check_eq "and nothing dropped" '{} {}' "$(all_drops h1) $(all_drops h2)"
sleep 1
pkill -INT tcpdump; wait_for 5 eval '! pgrep -x tcpdump'
check "on the wire: every epoch has sequences of its own, and no sequence comes twice" \
	"$NET_DIR/sequences.py" "$capture" 5
t_diag "$("$NET_DIR/sequences.py" "$capture" 5)"

pings $((86400 - 11200 + 200)) 40 >/dev/null
check "a day later: a handshake has made another session" test "$(current_id h1)" != "$id"
check_eq "the only one" "2 2" "$(handshakes h1) $(handshakes h2)"
check_cmp "until then the old one had its rekeys" "$(inner h1 rekeys)" -ge 25
check "nothing was lost by it" wait_for 10 settled
check "ping" ping_ok h2 10.10.0.1
t_done
