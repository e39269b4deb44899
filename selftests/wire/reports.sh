#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Errors and reports between pool.ko and the Python peer: what each has dropped is
# counted by code at both ends, told once, and comes with an event.
# rigs: uml kasan
# timeout: 120
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.bash"
. "$(dirname "$0")/../net/common.sh"

wire_setup
know py allowed-ips 10.10.0.2/32 && on h1 "$POOL" set pool0 heartbeat 1 || t_bail "the peer is known"
mon h1 pool0 || t_bail "events are heard"

on h2 "$WIRE/reports.py" --target 10.99.0.1:9253 --key "$TMP/py.key" --peer-key "$TMP/h1.pub" \
	--close 7 >"$TMP/steps" 2>"$TMP/err"
rc=$?
while read -r line; do
	[ "$(jq -r .ok <<<"$line")" = true ] && t_ok "$(jq -r .step <<<"$line")" ||
		t_fail "$(jq -r .step <<<"$line")" "$line"
done <"$TMP/steps"
check_eq "the Python peer came to its end" "0 " "$rc $(cat "$TMP/err")"

# A version mismatch is counted for the peer whose connection it came on, and never told.
check_eq "errors of the peer by code" \
	'{"auth-fail":3,"config-reject":2,"decrypt-fail":1,"seq-invalid":3,"version-mismatch":1}' \
	"$(peer py .errors | jq -cS .)"
check_eq "what the peer says of ours" '{"auth-fail":6,"other":2,"rekey-fail":1}' "$(peer py .peer_errors | jq -cS .)"
check_event "event: the peer reports AUTH_FAIL, with the count" 3 h1 \
	'.type == "peer-error" and .code == "auth-fail" and .count == 5'
check_event "and a code of another revision" 3 h1 '.type == "peer-error" and .code == "other" and .count == 2'
check_eq "no event for what has no count, and one for each code" 2 "$(events h1 '.type == "peer-error"' | wc -l)"
check_event "event: the peer is overloaded" 3 h1 '.type == "overload" and .seconds == 7'
check_event "event: another version" 3 h1 '.type == "error" and .reason == "version-mismatch"'
check_event "event: session down, with the code of CLOSE" 3 h1 \
	'.type == "session-down" and .reason == "closed-by-peer" and .code == "rekey-fail"'
check_eq "drops by their reasons" "2 2 1 1 1 1 1" \
	"$(for d in rx-not-encrypted rx-replayed rx-sequence rx-decrypt rx-auth rx-version hs-version; do drops $d; done | xargs)"
check_cmp "types not spoken" "$(drops rx-type)" -eq 3
check "the overload ends by itself" wait_for 20 eval '[ "$(peer py .queue_limit)" -eq 1024 ]'
check_event "event: it is over" 3 h1 '.type == "overload-end"'

# --- DATA that is too long for the peer ---------------------------------------

know small allowed-ips "10.10.0.3/32,fd10::3/128"
on h2 "$WIRE/peer.py" run --key "$TMP/small.key" --peer-key "$TMP/h1.pub" --connect 10.99.0.1:9253 \
	--max-plaintext 1300 --answer 10.10.0.3 --answer fd10::3 --time $((60 * POOL_SLOW)) >"$TMP/log" 2>&1 &
check "a peer that takes 1300 bytes" wait_for 15 eval '[ "$(peer small .max_plaintext)" = 1300 ]'
check "1300 bytes pass" ping_ok h1 10.10.0.3 -s 1272 -M "do"
before=$(drops tx-too-big)
check_fails "1301 bytes do not" on h1 ping -n -c 2 -i 0.2 -W 1 -s 1273 -M "do" 10.10.0.3
check_match "the sender is told how much does" "mtu ?= ?1300" "$OUT"
check_fails "IPv6 neither" on h1 ping -n -c 2 -i 0.2 -W 1 -s 1253 -M "do" fd10::3
check_match "and is told so" "mtu ?= ?1300" "$OUT"
check_cmp "it is counted" "$(drops tx-too-big)" -gt "$before"
check_event "event: mtu-exceeded" 3 h1 \
	".type == \"error\" and .reason == \"mtu-exceeded\" and .public_key == \"$(pub small)\""
t_done
