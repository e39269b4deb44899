#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# pool monitor: peers, connections and sessions, up and down, and why; JSON
# lines that are JSON; nobody's events but those of this namespace.
# rigs: uml kasan
# timeout: 60
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.sh"

load_module
setup_hosts 3
pool_add h1 1 && pool_add h2 2 && pool_add h3 3 || t_bail "pool0 on all hosts"
mon h1 pool0 || t_bail "events of h1 are heard"
mon h2 pool0 || t_bail "events of h2 are heard"
mon h3 pool0 || t_bail "events of h3 are heard"
on h1 "$POOL" monitor >>"$TMP/human" &
from() { echo ".public_key == \"$(pub "$1")\""; }
# forget: only what comes from now on counts.
forget() { local h; sleep 0.3; for h in h1 h2 h3; do : >"$TMP/events.$h"; done; }

pool_peer h1 h2 2
check_event "a peer is added" 5 h1 "$(from h2) and .type == \"peer-added\""
pool_peer h2 h1 1
check_event "and at the other end" 5 h2 "$(from h1) and .type == \"peer-added\""
check "ping" ping_ok h1 10.10.0.2

up='.type == "session-up"' down='.type == "session-down"'
check_event "first handshake: session up at the initiator" 5 h1 "$up and $(from h2) and .role == \"initiator\""
check_event "and at the responder" 5 h2 "$up and $(from h1) and .role == \"responder\""
check_eq "with the same Session ID" "$(events h1 "$up" | jq -r .session_id)" "$(events h2 "$up" | jq -r .session_id)"
check_eq "which pool show knows" "$(events h1 "$up" | jq -r .session_id)" \
	"$(peer_json h1 pool0 h2 '.sessions[0].session_id')"
check_event "the connection is up at the initiator" 5 h1 ".type == \"connection-up\" and .remote == \"10.99.0.2:9253\""
check_event "and at the responder" 5 h2 '.type == "connection-up" and (.remote | startswith("10.99.0.1:"))'
check_eq "each just once" "1 1 1 1" "$(for h in h1 h2; do events $h "$up" | wc -l; events $h '.type == "connection-up"' | wc -l; done | xargs)"
check_eq "the events tell their device" '"pool0"' "$(jq -c .ifname "$TMP/events.h1" | sort -u)"
check_eq "and its index" "$(ip -n h1 -j link show pool0 | jq '.[0].ifindex')" "$(jq -c .ifindex "$TMP/events.h1" | sort -u)"

forget
on h2 "$POOL" set pool0 peer "$(pub h1)" remove
check_event "the peer is removed at the other end: session down, closed by peer" 5 h1 "$down and .reason == \"closed-by-peer\" and $(from h2)"
check_event "there: session down, peer removed" 5 h2 "$down and .reason == \"peer-removed\" and $(from h1)"
check_event "and the peer itself" 5 h2 ".type == \"peer-removed\" and $(from h1)"
check_event "and its connection" 5 h2 ".type == \"connection-down\" and $(from h1)"

pool_peer h2 h1 1
check "again: ping" ping_ok h2 10.10.0.1
forget
ip -n h1 link set pool0 down
check_event "device down: session down, device-down" 5 h1 "$down and .reason == \"device-down\""
check_event "at the other end: closed by peer" 5 h2 "$down and .reason == \"closed-by-peer\""
ip -n h1 link set pool0 up
check "up again: ping" ping_ok h1 10.10.0.2

forget
pool_keys other
on h1 "$POOL" set pool0 private-key "$TMP/other.key"
check_event "another private key: session down, key-changed" 5 h1 "$down and .reason == \"key-changed\""
check_event "at the other end: closed by peer" 5 h2 "$down and .reason == \"closed-by-peer\""
on h1 "$POOL" set pool0 private-key "$TMP/h1.key"
check "the old key again: ping" ping_ok h1 10.10.0.2

forget
(umask 077; "$POOL" genpsk >"$TMP/psk")
on h1 "$POOL" set pool0 peer "$(pub h2)" preshared-key "$TMP/psk"
check_event "another pre-shared key: session down, key-changed" 5 h1 "$down and .reason == \"key-changed\""
on h2 "$POOL" set pool0 peer "$(pub h1)" preshared-key "$TMP/psk"
check "known to both: ping" ping_ok h1 10.10.0.2
check_event "session up" 5 h1 "$up"

forget
ip -n h1 link del pool0
check_event "device deleted: session down" 5 h1 "$down and (.reason == \"device-down\" or .reason == \"peer-removed\")"
check_event "at the other end: closed by peer" 5 h2 "$down and .reason == \"closed-by-peer\""

# Nobody listens: that connection is refused.
forget
ip -n h2 link set pool0 down
ip -n h2 link set pool0 up
on h2 "$POOL" set pool0 peer "$(pub h1)" endpoint 10.99.0.1:9253
on h2 ping -q -n -c 1 -W 1 10.10.0.1 >/dev/null
check_event "nobody listens: connect-failed" 10 h2 ".type == \"error\" and .reason == \"connect-failed\""
check_eq "and as the last error" connect-failed "$(peer_json h2 pool0 h1 .last_error)"

check_eq "a namespace without peers heard nothing" "" "$(events h3 true)"
check_eq "every line of h1 is a JSON object" true "$(jq -s 'all(.[]; type == "object")' "$TMP/events.h1")"
check_eq "every line has a type, a time and a device" true \
	"$(cat "$TMP"/events.h? | jq -s 'all(.[]; (.type | type == "string") and (.time | test("^[0-9]{4}-[0-9T:.-]+Z$")) and (.ifname | type == "string"))')"
check_match "without --json: a line for people" 'pool0: session-up peer [A-Za-z0-9+/]{43}= session [0-9a-f]{32} as initiator remote 10\.99\.0\.2:9253' "$(cat "$TMP/human")"
check_match "with the reason in words" 'session-down .*: key-changed \(.*private key' "$(cat "$TMP/human")"
t_done
