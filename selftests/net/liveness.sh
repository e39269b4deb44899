#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Heartbeats; a peer that vanishes is suspect after three of them and dead after
# 45 s; traffic is back soon after the peer. Beside it, on h3: packets for an
# endpoint that never answers are given up after 90 s.
# rigs: uml
# timeout: 170
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.sh"

setup_pool
add_host h3
add_link h3 3
pool_add h3 3 || t_bail "pool0 on h3"
pool_keys nobody

# --- h3: an endpoint that never answers -------------------------------------------

ip -n h3 neigh add 10.99.0.77 lladdr 02:00:00:00:00:77 dev eth0
on h3 "$POOL" set pool0 peer "$(pub nobody)" endpoint 10.99.0.77:9253 allowed-ips 10.10.0.77/32,fd10::77/128
h3_start=$SECONDS
on h3 ping -n -c 1 -W 110 10.10.0.77 >"$TMP/ping4" 2>&1 &
on h3 ping -n -c 1 -W 110 fd10::77 >"$TMP/ping6" 2>&1 &
staged() { peer_json h3 pool0 nobody .staged; }
check "h3: two packets wait" wait_for 2 eval '[ "$(staged)" = 2 ]'
check_eq "h3: connecting" connecting "$(peer_json h3 pool0 nobody .state)"
# What becomes of them is watched beside the rest, by a clock of its own.
(
	while [ "$(staged)" = 2 ] && [ $((SECONDS - h3_start)) -lt 120 ]; do sleep 0.5; done
	echo $((SECONDS - h3_start)) >"$TMP/given-up"
) &
h3_watch=$!

# --- heartbeats ---------------------------------------------------------------------

for h in h1 h2; do on $h "$POOL" set pool0 heartbeat 1; mon $h pool0; done
check "ping" ping_ok h1 10.10.0.2
# sent_in SECONDS: packets that h1 and h2 send of themselves, in n1 and n2; scaled
# from the time that it took to a minute, as a busy machine measures it.
seqs() { echo "$(peer_json h1 pool0 h2 '.sessions[0].tx_sequence') $(peer_json h2 pool0 h1 '.sessions[0].tx_sequence')"; }
sent_in() {
	local a b begin ms
	begin=$(date +%s%N); read -ra a <<<"$(seqs)"
	sleep "$1"
	ms=$((($(date +%s%N) - begin) / 1000000)); read -ra b <<<"$(seqs)"
	n1=$(((b[0] - a[0]) * 60000 / ms)) n2=$(((b[1] - a[1]) * 60000 / ms))
	t_diag "in $ms ms: $((b[0] - a[0])) and $((b[1] - a[1])) packets"
}
sleep 2
sent_in 10
check_cmp "a heartbeat each second, and an answer to the other's: 96 a minute at least" $n1 -ge 96
check_cmp "but no more than there are" $n1 -le 144
check_cmp "the other end too" $n2 -ge 96
check_eq "they keep it up" up "$(peer_json h1 pool0 h2 .state)"
on h2 "$POOL" set pool0 heartbeat off
sleep 1
sent_in 10
check_cmp "one end's off: the other's go on" $n1 -ge 45
check_cmp "at its own pace" $n1 -le 75
check_cmp "and are answered" $n2 -ge 45
check_cmp "no more than that" $n2 -le 75
on h1 "$POOL" set pool0 heartbeat off
sleep 1
sent_in 4
check_eq "both off: silence" "0 0" "$n1 $n2"
check_eq "which is no reason for suspicion" up "$(peer_json h1 pool0 h2 .state)"
on h1 "$POOL" set pool0 heartbeat 1
on h2 "$POOL" set pool0 peer "$(pub h1)" heartbeat 1
sent_in 4
check_cmp "on again, by the peer's own setting: heartbeats" $n2 -ge 90

# --- gone, and back soon ----------------------------------------------------------------

cut() { on h2 nft 'add table inet cut; add chain inet cut i { type filter hook input priority 0; }; add chain inet cut o { type filter hook output priority 0; }; add rule inet cut i iifname eth0 drop; add rule inet cut o oifname eth0 drop'; }
mend() { on h2 nft delete table inet cut; }
# A rig without netfilter.
if [ "$POOL_RIG" = time ]; then
	cut() { tc -n wan qdisc add dev h1 root netem loss 100% && tc -n wan qdisc add dev h2 root netem loss 100%; }
	mend() { tc -n wan qdisc del dev h1 root; tc -n wan qdisc del dev h2 root; }
fi
# back WITHIN: seconds until a ping is answered.
back() {
	local start=$SECONDS
	while [ $((SECONDS - start)) -lt 30 ]; do
		on h1 ping -q -n -c 1 -W 1 10.10.0.2 >/dev/null && break
	done
	echo $((SECONDS - start))
}
check "the underlay is cut" cut
start=$SECONDS
check "h1 suspects its peer" wait_for 10 peer_state_is h1 pool0 h2 suspect
took=$((SECONDS - start))
check_cmp "after three intervals and no sooner" $took -ge 2
check_cmp "nor much later" $took -le 7
check "h2 suspects too" wait_for 3 peer_state_is h2 pool0 h1 suspect
check_eq "the session is still there" 1 "$(sessions_of h1 pool0)"
sleep 5
mend
took=$(back)
t_diag "8 s of silence: back after $took s"
check_cmp "traffic is back within 10 s" "$took" -le 10
check "and so is the state" wait_for 5 peer_state_is h1 pool0 h2 up
check "at both ends" wait_for 5 peer_state_is h2 pool0 h1 up
check_eq "nobody was declared dead" "" "$(events h1 '.reason == "dead"')"

# --- gone for good ------------------------------------------------------------------------

check "the underlay is cut again" cut
start=$SECONDS
ended() { has_event h1 '.type == "session-down" and .reason == "dead"'; }
sleep 38
check_fails "not dead after 38 s" ended
check "dead" wait_for 15 ended
took=$((SECONDS - start))
t_diag "dead after $took s"
check_cmp "after 45 s at most, and what a clock needs" $took -le 52
check "at the other end too" wait_for 5 has_event h2 '.type == "session-down" and .reason == "dead"'
check_eq "no session is left" "0 0" "$(sessions_of h1 pool0) $(sessions_of h2 pool0)"
check_match "the last error tells it, or that nobody answers since" '^(dead|no-answer|connect-failed)$' \
	"$(peer_json h1 pool0 h2 .last_error)"
mend
took=$(back)
t_diag "back after $took s"
check_cmp "the peer is back: traffic within 10 s" "$took" -le 10
check "up" wait_for 5 peer_state_is h1 pool0 h2 up

# --- h3 again -----------------------------------------------------------------------------

wait "$h3_watch"
took=$(cat "$TMP/given-up")
t_diag "given up after $took s"
check_cmp "h3: after 86 s the packets still wait" "$took" -ge 86
check_cmp "h3: after 90 s they do not, and what a clock needs" "$took" -le 130
check_eq "h3: none is left" 0 "$(staged)"
check_eq "h3: dropped as tx-no-session" 2 "$(dev_drops h3 pool0 tx-no-session)"
check "h3: their sender is told (ICMP unreachable)" wait_for 3 grep -q 'Host Unreachable' "$TMP/ping4"
check "h3: over IPv6 too" wait_for 3 grep -q 'Address unreachable' "$TMP/ping6"
check_eq "h3: idle" idle "$(peer_json h3 pool0 nobody .state)"
check_match "h3: the last error says why" '^(connect-failed|no-answer)$' "$(peer_json h3 pool0 nobody .last_error)"
t_done
