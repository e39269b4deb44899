#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A peer that reports what is not so: each lie is flagged, in `pool show` and by an
# event, and nothing else suffers. An honest peer, written from the specification
# alone, is not flagged, and finds nothing to flag in pool.ko.
# rigs: uml kasan
# timeout: 90
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../net/common.sh"
. "$(dirname "$0")/common.bash"

wire_setup
mon h1 pool0 || t_bail "events of h1 are heard"
on h1 "$POOL" set pool0 heartbeat 1

# starts NAME [option...]: the Python peer in the background, with a session.
starts() {
	local name=$1; shift
	: >"$TMP/log"
	know "$name" allowed-ips 10.10.0.2/32
	ip netns exec h2 "$WIRE/peer.py" run --key "$TMP/$name.key" --peer-key "$TMP/h1.pub" --connect 10.99.0.1:9253 \
		--answer 10.10.0.2 --heartbeat 0.5 --time $((60 * POOL_SLOW)) --close "$@" >"$TMP/log" 2>&1 &
	py=$!
	wait_for 15 grep -q '"session-up"' "$TMP/log" || t_bail "$name has a session: $(cat "$TMP/log")"
}
ends() { kill "$py"; wait "$py"; forget "$1"; }
figure() { peer "$1" ".sessions[] | select(.current) | $2"; }
shown() { [ "$(figure "$1" '.mismatch | tostring')" = "$2" ]; }
reports() { [ "$(figure "$1" '.peer_telemetry.uptime_ns > 4000000000 and .telemetry.rtt_ns > 0')" = true ]; }

# --- an honest one ----------------------------------------------------------------

starts honest
check "ping" ping_ok h1 10.10.0.2
check "it reports for 4 s" wait_for 15 reports honest
t_diag "pool.ko: $(figure honest '.telemetry | tostring')"
t_diag "Python: $(figure honest '.peer_telemetry | tostring')"
check_eq "no contradiction" '[]' "$(figure honest '.mismatch | tostring')"
check_eq "nobody was told of one" "" "$(events h1 '.type == "mismatch"')"
check_eq "the digests are equal" "$(figure honest .telemetry.digest)" "$(figure honest .peer_telemetry.digest)"
check_eq "nothing is lost, either way" "0 0" "$(figure honest '"\(.telemetry.loss_ppm) \(.peer_telemetry.loss_ppm)"')"
ends honest
check_eq "Python finds nothing wrong with pool.ko" "" "$(grep '"mismatch", ' "$TMP/log" | grep -E 'loss|uptime|rekeys|digest')"

# --- liars ------------------------------------------------------------------------

for lie in rtt=5000000000 loss=1000001 throughput=4000000000 uptime=3600000000000 rekeys=77 digest=1; do
	field=${lie%=*}
	starts "$field" --lie "$lie"
	check "a lie about $field: shown" wait_for 15 shown "$field" "[\"$field\"]"
	check_event "and told" 5 h1 ".type == \"mismatch\" and .mismatch == [\"$field\"] and .public_key == \"$(pub "$field")\""
	check_eq "what it says is shown as it says it" "${lie#*=}" \
		"$(figure "$field" ".peer_telemetry | .${field}_ns // .${field}_ppm // .${field}_bps // .$field")"
	check_eq "the own figure beside it is another one" true "$(figure "$field" "(.telemetry | .${field}_ns // .${field}_ppm // .${field}_bps // .$field) != ${lie#*=}")"
	check "and traffic flows" ping_ok h1 10.10.0.2
	sleep 1
	about=".type == \"mismatch\" and .public_key == \"$(pub "$field")\""
	check_eq "listeners are told once" 1 "$(events h1 "$about and .mismatch == [\"$field\"]" | wc -l)"
	t_diag "$(events h1 "$about")"
	ends "$field"
done
t_done
