#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# New keys inside a session: right after the handshake, by hand, by time, by
# packets; offered by both at once; over a path that loses REKEY; behind a stream
# that was stuck; and what happens where no REKEY comes through. Nothing is lost.
# An hour takes seconds here: the limits are shortened, the clock runs as ever.
# Not on kasan, where it takes minutes: wire/attacks, net/leaks and net/failslab
# are at the same code.
# rigs: uml
# timeout: 240
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/tcp.bash"

WIRE=$POOL_TOP/selftests/wire
export PYTHONDONTWRITEBYTECODE=1 POOL_SLOW

# current NS FILTER: what jq finds in its current session.
current() { pool_json "$1" pool0 ".[].peers[].sessions[] | select(.current) | $2"; }
epoch() { current "$1" .epoch; }
both_at() { [ "$(epoch h1)" = "$1" ] && [ "$(epoch h2)" = "$1" ]; }
both_beyond() { [ "$(epoch h1)" -ge "$1" ] && [ "$(epoch h2)" -ge "$1" ]; }
# both OPTION...: set it on both devices.
both() { on h1 "$POOL" set pool0 "$@" && on h2 "$POOL" set pool0 "$@"; }
# rekey NS: by hand.
rekey() {
	local other=h2
	[ "$1" = h1 ] || other=h1
	on "$1" "$POOL" set pool0 peer "$(pub $other)" rekey
}
inner() { pool_json "$1" pool0 "[.[].peers[].$2] | add"; }

# flow_begin: count from here; flow_end TEXT: a result: what one end has sent the
# other has received, and nothing of it was dropped.
flow_begin() {
	sleep 1
	flow_tx1=$(inner h1 tx_packets) flow_rx2=$(inner h2 rx_packets)
	flow_tx2=$(inner h2 tx_packets) flow_rx1=$(inner h1 rx_packets)
	flow_drops=$(all_drops)
}
all_drops() {
	local ns
	for ns in h1 h2; do
		# A lost comparison drops an offer, which is no packet of anybody's.
		pool_json "$ns" pool0 '.[].peers[].drops | del(."rx-rekey") | tojson'
	done | paste -sd' '
}
flow_settled() {
	[ $(($(inner h1 tx_packets) - flow_tx1)) = $(($(inner h2 rx_packets) - flow_rx2)) ] &&
	[ $(($(inner h2 tx_packets) - flow_tx2)) = $(($(inner h1 rx_packets) - flow_rx1)) ]
}
flow_end() {
	local text=$1 sent
	if wait_for 10 flow_settled; then
		sent=$(($(inner h1 tx_packets) - flow_tx1))
		[ "$sent" -gt 50 ] && t_ok "$text" || t_fail "$text" "only $sent packets: shows nothing"
		t_diag "$text: $sent and $(($(inner h2 tx_packets) - flow_tx2)) packets"
	else
		t_fail "$text" "h1 sent $(($(inner h1 tx_packets) - flow_tx1)), h2 got $(($(inner h2 rx_packets) - flow_rx2));
h2 sent $(($(inner h2 tx_packets) - flow_tx2)), h1 got $(($(inner h1 rx_packets) - flow_rx1))"
	fi
	check_eq "$text: no drops" "$flow_drops" "$(all_drops)"
}

setup_pool
mon h1 pool0 || t_bail "events of h1 are heard"
mon h2 pool0 || t_bail "events of h2 are heard"

# --- after the handshake, and by hand ----------------------------------------

check "ping" ping_ok h1 10.10.0.2
check "the responder offers epoch 1 at once, both are in it" wait_for 3 both_at 1
check_event "h1 is told" 5 h1 '.type == "rekeyed" and .epoch == 1'
check_event "h2 is told" 5 h2 '.type == "rekeyed" and .epoch == 1'
id=$(current_id h1)
sleep 1.2
check "by hand, by the initiator" rekey h1
check "both are in epoch 2" wait_for 5 both_at 2
sleep 2.2
check "by hand, by the responder" rekey h2
check "both are in epoch 3" wait_for 5 both_at 3
check_eq "and have counted three" "3 3" "$(current h1 .rekeys) $(current h2 .rekeys)"
check_eq "the peer has, too" "3 3" "$(inner h1 rekeys) $(inner h2 rekeys)"
check_eq "in the same session" "$id" "$(current_id h1)"
check_cmp "the keys are young" "$(current h1 .epoch_age_ms)" -lt $((10000 * POOL_SLOW))
on h1 "$POOL" set pool0 peer "$MON_KEY" allowed-ips 10.77.0.0/16
check_fails "a peer without a session has none to replace" on h1 "$POOL" set pool0 peer "$MON_KEY" rekey
check_match "and is told so" "no session" "$OUT"
on h1 "$POOL" set pool0 peer "$MON_KEY" remove

# --- limits -------------------------------------------------------------------

check_fails "the hard stop comes after the rekey" on h1 "$POOL" set pool0 rekey-after-time 100 reject-after-time 100
check_fails "in packets too" on h1 "$POOL" set pool0 rekey-after-packets 1000 reject-after-packets 1000
check_fails "more than the protocol allows is refused" on h1 "$POOL" set pool0 rekey-after-time 3541
check_fails "for packets too" on h1 "$POOL" set pool0 reject-after-packets 269484033
check_eq "nothing has changed" "3540 3780 251658240 269484032" \
	"$(pool_json h1 pool0 '.[] | "\(.rekey_after_time) \(.reject_after_time) \(.rekey_after_packets) \(.reject_after_packets)"')"

# --- three hours, and some thousands of packets --------------------------------

# The streams last until enough was done. A flood would leave an emulated machine no time
# for anything else.
packets=2000 pace=(-f)
[ "$POOL_RIG" != qemu ] || packets=200 pace=(-i 0.02)
streams() {
	on h1 ping -n -q "${pace[@]}" -c 1000000 -w $((60 * POOL_SLOW)) 10.10.0.2 >/dev/null &
	streams=$!
	on h2 ping -n -q -i 0.02 -c 100000 -w $((60 * POOL_SLOW)) 10.10.0.1 >/dev/null &
	streams+=" $!"
}
streams_end() {
	# shellcheck disable=SC2086
	kill -INT $streams; wait $streams
}

flow_begin
start=$(epoch h1)
both rekey-after-time 3
streams
sleep 13
check "three hours of 3 s each: at least three rekeys" wait_for 5 both_beyond $((start + 3))
streams_end
check_eq "in the same session" "$id" "$(current_id h1)"
both rekey-after-time 3540
flow_end "three hours lose nothing"

flow_begin
both rekey-after-packets $packets
start=$(epoch h1)
streams
check "by packets: at least two rekeys" wait_for 10 both_beyond $((start + 2))
streams_end
both rekey-after-packets 251658240
flow_end "rekeys by packets lose nothing"

# --- both at once ---------------------------------------------------------------

for h in h1 h2; do tc -n wan qdisc add dev $h root netem delay 100ms; done
flow_begin
on h1 ping -n -q -i 0.01 -c 100000 -w $((POOL_SLOW * 120)) 10.10.0.2 >/dev/null &
ping_pid=$!
sleep 2
agree() { local e; e=$(epoch h1); [ "$e" -gt "$at" ] && both_at "$e"; }
rounds=20 good=0 together=0
# Where a command takes longer than the path, one end may come after the other, and a
# trigger that had to wait reach into the next round: how many epochs it takes is open.
[ "$POOL_RIG" != qemu ] || rounds=5
for i in $(seq $rounds); do
	at=$(epoch h1)
	before=$(($(dev_drops h1 pool0 rx-rekey) + $(dev_drops h2 pool0 rx-rekey)))
	rekey h1 & rekey h2
	wait $!
	wait_for 10 both_beyond $((at + 1)) || break
	# a second for the old keys to drain, or the next trigger would wait
	sleep 1.3
	if [ "$POOL_RIG" = qemu ]; then
		wait_for 10 agree && good=$((good + 1))
		continue
	fi
	# Where no offers crossed, one trigger came after the other's rekey was done.
	if [ $(($(dev_drops h1 pool0 rx-rekey) + $(dev_drops h2 pool0 rx-rekey))) = "$before" ]; then
		both_at $((at + 1)) || both_at $((at + 2)) && good=$((good + 1))
	else
		together=$((together + 1))
		both_at $((at + 1)) && good=$((good + 1))
	fi
done
check_eq "$rounds simultaneous triggers: $([ "$POOL_RIG" = qemu ] || echo one epoch each,) never a split" $rounds $good
[ "$POOL_RIG" = qemu ] || check_cmp "in most of them both had offered" "$together" -ge $((rounds / 2))
kill -INT $ping_pid; wait $ping_pid
flow_end "simultaneous rekeys lose nothing"
check_eq "in the same session" "$id" "$(current_id h1)"
for h in h1 h2; do tc -n wan qdisc del dev $h root; done

# Through a relay in Python: where there is time, or else in wire/rekey.
[ "$POOL_RIG" != qemu ] || { t_done; exit; }

# --- through a relay --------------------------------------------------------------

# relayed [option...]: h1 reaches h2 only by a relay, which does that to packets.
relayed() {
	on h2 "$POOL" set pool0 peer "$(pub h1)" remove
	on h1 "$POOL" set pool0 peer "$(pub h2)" remove
	if [ "${relay_pid:-}" ]; then kill "$relay_pid"; wait "$relay_pid"; fi
	ip netns exec h2 "$WIRE/mitm.py" --listen 9400 --connect 10.99.0.2:9253 --time 100000 "$@" >"$TMP/relay" 2>&1 &
	relay_pid=$!
	wait_for 10 grep -q listening "$TMP/relay" || t_bail "the relay: $(cat "$TMP/relay")"
	on h1 "$POOL" set pool0 peer "$(pub h2)" endpoint 10.99.0.2:9400 allowed-ips 10.10.0.2/32,fd10::2/128
	on h2 "$POOL" set pool0 peer "$(pub h1)" allowed-ips 10.10.0.1/32,fd10::1/128
	check "through a relay $*: ping" ping_ok h1 10.10.0.2
}

# The stream of either direction stuck for 3 s just when a REKEY passes.
for offerer in h1 h2; do
	# The first REKEY of each direction is of epoch 1.
	[ $offerer = h1 ] && hold=c2s:3:6:1 || hold=s2c:3:6:1
	relayed --hold "$hold"
	flow_begin
	on h1 ping -n -q -i 0.01 -c 100000 -w 8 10.10.0.2 >/dev/null &
	ping_pid=$!
	at=$(epoch h1)
	wait_for 8 both_beyond 1
	sleep 1.2
	rekey $offerer
	wait $ping_pid
	check "$offerer offers while 3 s of stream are stuck: done" wait_for 10 both_beyond 2
	flow_end "a rekey of $offerer behind 3 s of queued stream loses nothing"
done

relayed --drop-type c2s:6:3 --drop-type s2c:6:3
check "three REKEYs of either end lost: repeated until it is done" wait_for 40 both_at 1

# No REKEY at all comes through: a new session, before the hard stop.
relayed --drop-type c2s:6 --drop-type s2c:6
both rekey-after-time 4 reject-after-time 12
flow_begin
id=$(current_id h1)
on h1 ping -n -q -i 0.01 -c 100000 -w 14 10.10.0.2 >/dev/null
check_eq "without REKEY: epoch 0" 0 "$(epoch h1)"
check "a new session has taken over" test "$(current_id h1)" != "$id"
flow_end "and nothing was lost"
check_eq "no session reached its hard stop" "" \
	"$(events h1 '.type == "session-down" and .reason == "expired"')"

# Neither REKEY nor handshakes: the hard stop holds.
relayed --drop-type c2s:6 --drop-type s2c:6 --drop-type c2s:0:0:1 --drop-type s2c:0
id=$(current_id h1)
check_event "without REKEY and handshakes: the hard stop" 30 h1 \
	".type == \"session-down\" and .reason == \"expired\" and .session_id == \"$id\""
check_event "at the other end too" 15 h2 \
	".type == \"session-down\" and .session_id == \"$id\""
before=$(inner h2 rx_packets)
check_fails "then nothing passes" on h1 ping -n -q -c 3 -i 0.2 -W 1 10.10.0.2
check_eq "nothing at all" "$before" "$(inner h2 rx_packets)"
kill "$relay_pid"
both rekey-after-time 3540 reject-after-time 3780

t_done
