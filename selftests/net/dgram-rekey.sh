#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# New keys inside a session over UDP: right after the handshake, by hand, by time, by
# packets, by both at once, and over a path that loses and delays: nothing is dropped
# for its keys. (net/rekey has the rest, which is no matter of the transport.)
# rigs: uml
# timeout: 90
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/tcp.bash"
. "$(dirname "$0")/dgram.bash"
: "${TRANSPORT:=udp}"

epoch() { current "$1" .epoch; }
both_at() { [ "$(epoch h1)" = "$1" ] && [ "$(epoch h2)" = "$1" ]; }
both_beyond() { [ "$(epoch h1)" -ge "$1" ] && [ "$(epoch h2)" -ge "$1" ]; }
both() { on h1 "$POOL" set pool0 "$@" && on h2 "$POOL" set pool0 "$@"; }
rekey() { on "$1" "$POOL" set pool0 peer "$(pub "$2")" rekey; }
inner() { pool_json "$1" pool0 "[.[].peers[].$2] | add"; }
# A lost comparison drops an offer, which is no packet of anybody's.
drops() { pool_json "$1" pool0 '.[].peers[].drops | del(."rx-rekey", ."rx-replayed") | tojson'; }
all_came() { [ "$(inner h1 tx_packets)" = "$(inner h2 rx_packets)" ] && [ "$(inner h2 tx_packets)" = "$(inner h1 rx_packets)" ]; }
streams() {
	ip netns exec h1 ping -n -q -i 0.005 -c 1000000 10.10.0.2 >/dev/null &
	pids=($!)
	ip netns exec h2 ping -n -q -i 0.01 -s 3000 -c 1000000 10.10.0.1 >/dev/null &
	pids+=($!)
}
streams_end() { kill -INT "${pids[@]}"; wait "${pids[@]}"; }

load_module
setup_two
pair_up || t_bail "pool0 on both hosts"
check "ping" ping_ok h1 10.10.0.2
check "the responder offers epoch 1 at once, both are in it" wait_for 5 both_at 1
id=$(current_id h1)
streams
sleep 1.2
rekey h1 h2
check "by hand, by the initiator" wait_for 5 both_at 2
sleep 2.2
rekey h2 h1
check "by hand, by the responder" wait_for 5 both_at 3
both rekey-after-time 3
sleep 8
check "by time" wait_for 10 both_beyond 5
both rekey-after-time 3540
both rekey-after-packets 1000
at=$(epoch h1)
check "by packets" wait_for 30 both_beyond $((at + 2))
both rekey-after-packets 251658240
for _ in {1..5}; do
	sleep 1.3
	at=$(epoch h1)
	rekey h1 h2 & rekey h2 h1
	wait $!
	wait_for 10 both_beyond $((at + 1)) || break
done
check "by both at once: they agree" wait_for 10 eval 'both_at "$(epoch h1)"'
streams_end
check "nothing was lost" wait_for 10 all_came
check_eq "nor dropped" '{} {}' "$(drops h1) $(drops h2)"

for h in h1 h2; do tc -n wan qdisc add dev $h root netem delay 20ms 10ms loss 30% limit 5000; done
streams
at=$(epoch h1)
for n in 1 2 3; do
	sleep 2
	rekey h$((1 + n % 2)) h$((2 - n % 2))
	check "30 % of loss: rekey $n comes about" wait_for 30 both_beyond $((at + n))
done
streams_end
for h in h1 h2; do tc -n wan qdisc del dev $h root; done
check "without loss again: ping" wait_for 10 ping_ok h1 10.10.0.2
check_eq "no packet was refused for its keys" '0 0' "$(for h in h1 h2; do
	pool_json $h pool0 '.[].peers[].drops | (."rx-decrypt" // 0) + (."rx-auth" // 0) + (."rx-expired" // 0) + (."rx-sequence" // 0)'
done | paste -sd' ')"
check_eq "all that in one session" "$id" "$(current_id h1)"
t_done
