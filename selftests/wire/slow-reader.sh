#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A peer that stops reading, as its window closes: what waits for it is bounded
# and counted, others do not notice, and when it reads again its session goes on.
# rigs: uml kasan
# timeout: 60
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.bash"

wire_setup
know slow allowed-ips 10.10.0.2/32,fd10::2/128
know other allowed-ips 10.10.0.3/32 endpoint 10.99.0.2:9301
# python_peer NAME LOG ADDRESS [option...]
python_peer() {
	local name=$1 log=$2 address=$3; shift 3
	ip netns exec h2 "$WIRE/peer.py" run --key "$TMP/$name.key" --peer-key "$TMP/h1.pub" \
		--time $((100 * POOL_SLOW)) --answer "$address" "$@" >"$TMP/$log" 2>&1 &
	py=$!
}
python_peer slow slow.log 10.10.0.2 --connect 10.99.0.1:9253
slow=$py
check "a session with it" wait_for 10 grep -q session-up "$TMP/slow.log"
python_peer other other.log 10.10.0.3 --listen 9301
check "and another peer" wait_for 10 grep -q listening "$TMP/other.log"
check "ping" ping_ok h1 10.10.0.2
check "ping to the other" ping_ok h1 10.10.0.3
sid=$(peer slow '.sessions[0].session_id')

staged() { peer slow .staged; }
congested() { peer slow '.drops."tx-congested" // 0'; }
# zero_window: what h1 has to send does not fit into the other end any more.
zero_window() { on h1 ss -Htn state established 'sport = 9253' | awk '$2 > 0 { n++ } END { exit !n }'; }
memory() { awk '/^MemAvailable/ { print $2 }' /proc/meminfo; }
before=$(memory)
kill -STOP "$slow"
# Tens of megabytes, of which 4 may wait.
on h1 "$POOL_TOP/selftests/net/xfer.py" blast 10.10.0.2 9 $((5 * POOL_SLOW)) &
blast=$!
sleep $((2 * POOL_SLOW))
check "it does not read" zero_window
most=0
for _ in 1 2 3 4 5; do
	n=$(staged)
	[ "$n" -le "$most" ] || most=$n
	sleep 0.2
done
check_cmp "packets wait for it" "$most" -gt 0
check_cmp "1024 at most" "$most" -le 1024
check_cmp "what found no room is counted" "$(congested)" -gt 0
check_cmp "memory, in kB (was $before)" "$(memory)" -gt $((before - 24000))
check "the other peer answers meanwhile" ping_ok h1 10.10.0.3
kill "$blast"
kill -CONT "$slow"
check "it reads again: ping" wait_for 20 ping_ok h1 10.10.0.2
check "and nothing waits" wait_for 20 eval '[ "$(staged)" = 0 ]'
check_eq "in the same session" "$sid" "$(peer slow '.sessions[0].session_id')"
kill "$slow" "$py"
wait "$slow" "$py"
t_done
