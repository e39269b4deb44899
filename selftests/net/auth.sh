#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Wrong keys: no session at either end, and each end tells what it can know.
# h1 is called by h2 … h6, each of them wrong in a way of its own.
# Not on kasan: wire/attacks has handshakes fail there in more ways.
# rigs: uml qemu
# timeout: 90
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.sh"

load_module
setup_hosts 7
for i in 1 2 3 4 5 6 7; do pool_add h$i $i || t_bail "pool0 on h$i"; done
pool_keys stranger
for p in right wrong; do (umask 077; "$POOL" genpsk >"$TMP/$p.psk"); done

# h2 believes h1's key to be another one.
pool_peer h1 h2 2
on h2 "$POOL" set pool0 peer "$(pub stranger)" endpoint 10.99.0.1:9253 allowed-ips 10.10.0.1/32
# h3 knows h1, but h1 does not know h3.
pool_peer h3 h1 1
# h4 has another pre-shared key than h1.
pool_peer h1 h4 4 preshared-key "$TMP/right.psk"
pool_peer h4 h1 1 preshared-key "$TMP/wrong.psk"
# h5 has one where h1 has none; h6 the other way round.
pool_peer h1 h5 5
pool_peer h5 h1 1 preshared-key "$TMP/right.psk"
pool_peer h1 h6 6 preshared-key "$TMP/right.psk"
pool_peer h6 h1 1
# h7 is as it should be.
pool_peer h1 h7 7 preshared-key "$TMP/right.psk"
pool_peer h7 h1 1 preshared-key "$TMP/right.psk"
# They call; h1 calls nobody.
for i in 2 4 5 6 7; do on h1 "$POOL" set pool0 peer "$(pub h$i)" endpoint none; done

for i in 1 2 3 4; do mon h$i pool0 || t_bail "events of h$i are heard"; done
on h1 "$POOL" monitor >"$TMP/human" &
dmesg -C
for i in 2 3 4 5 6; do
	on h$i ping -q -n -c 2 -W 1 10.10.0.1 >"$TMP/ping.h$i" 2>&1 &
done
check "with the right keys and the right pre-shared key it works" ping_ok h7 10.10.0.1

check_event "unknown peer: h1 tells, and which key it was" 15 h1 \
	".type == \"error\" and .reason == \"unknown-peer\" and .public_key == \"$(pub h3)\" and (.remote | startswith(\"10.99.0.3:\"))"
check_event "wrong pre-shared key: h1 tells whose" 15 h1 \
	".type == \"error\" and .reason == \"psk-mismatch\" and (.public_key == \"$(pub h4)\" or .public_key == \"$(pub h5)\" or .public_key == \"$(pub h6)\")"
check_match "in words too" 'error .*unknown-peer \(.*not configured here' "$(wait_for 3 grep -q unknown-peer "$TMP/human"; cat "$TMP/human")"
counts() { [ "$(dev_drops h1 pool0 "$1")" -gt 0 ]; }
check "h1 counts hs-unknown-peer" wait_for 10 counts hs-unknown-peer
check "h1 counts hs-hmac for the INIT to another key" wait_for 10 counts hs-hmac
for i in 4 5 6; do
	psk_of() { [ "$(peer_json h1 pool0 h$i '.drops."hs-psk" // 0')" -gt 0 ]; }
	check "h1 counts hs-psk at peer h$i" wait_for 10 psk_of
	check_eq "and tells it as the last error" psk-mismatch "$(peer_json h1 pool0 h$i .last_error)"
done
# They go on trying; the two are not read at once.
check "the peers' hs-psk are the device's" wait_for 5 \
	eval '[ "$(dev_drops h1 pool0 peer/hs-psk)" = "$(dev_drops h1 pool0 hs-psk)" ]'
check_match "pool show names it for people" 'psk-mismatch|pre-shared key is not' "$(on h1 "$POOL" show pool0)"
check_eq "h1 knows no error of h7" null "$(peer_json h1 pool0 h7 .last_error)"
check_eq "nor of h2, of which it cannot know" null "$(peer_json h1 pool0 h2 .last_error)"

# The caller gets no answer and says so.
check_event "h2: no-answer" 16 h2 ".type == \"error\" and .reason == \"no-answer\" and .public_key == \"$(pub stranger)\""
check_eq "h2: as the last error" no-answer "$(peer_json h2 pool0 stranger .last_error)"
check_match "h2: pool show says what it may be" 'no-answer.*|[Ww]rong key for this peer' "$(on h2 "$POOL" show pool0)"
for i in 3 4 5 6; do
	has_error() { [ "$(peer_json h$i pool0 h1 .last_error)" != null ]; }
	check "h$i knows that its handshake was refused or not answered" wait_for 2 has_error
	t_diag "h$i: $(peer_json h$i pool0 h1 .last_error)"
done
for i in 2 3 4 5 6; do
	check_eq "h$i: no session" 0 "$(sessions_of h$i pool0)"
	check_match "h$i: no ping was answered" ' 0 received' "$(wait_for 10 grep -q received "$TMP/ping.h$i"; cat "$TMP/ping.h$i")"
done
check_eq "h1: the one session with h7" 1 "$(sessions_of h1 pool0)"
check_eq "and it is h7's" confirmed "$(peer_json h1 pool0 h7 '.sessions[0].state')"
check_eq "h1: no session ever came up but that" 1 "$(events h1 '.type == "session-up"' | wc -l)"
# too_soon REASON: how many of h1's events of this kind came less than 9 s after another.
too_soon() {
	events h1 ".type == \"error\" and .reason == \"$1\"" |
		jq -s '[.[].time | sub("\\.[0-9]+Z"; "Z") | fromdateiso8601] | [range(1; length) as $i | .[$i] - .[$i - 1] | select(. < 9)] | length'
}
for r in unknown-peer psk-mismatch; do
	check_eq "$r is told once in 10 s, not for each" 0 "$(too_soon $r)"
done
check_eq "not a word of it in the kernel log" "" "$(dmesg | grep -i pool | grep -vE 'created|destroyed')"

# --- put right ----------------------------------------------------------------------

pool_peer h1 h3 3; on h1 "$POOL" set pool0 peer "$(pub h3)" endpoint none
check "h3 is known now: ping" wait_for 20 ping_ok h3 10.10.0.1
on h4 "$POOL" set pool0 peer "$(pub h1)" preshared-key "$TMP/right.psk"
check "h4 has the right pre-shared key now: ping" wait_for 20 ping_ok h4 10.10.0.1
(umask 077; : >"$TMP/none")
on h5 "$POOL" set pool0 peer "$(pub h1)" preshared-key "$TMP/none"
check "h5 has none now: ping" wait_for 20 ping_ok h5 10.10.0.1

# --- own key ------------------------------------------------------------------------

before=$(on h1 "$POOL" showconf pool0)
check_fails "the device's own key is refused as a peer's" on h1 "$POOL" set pool0 peer "$(pub h1)" allowed-ips 10.9.9.9/32
check_match "and the message says why" "own key" "$OUT"
check_fails "a peer's key is refused as the device's own" on h1 "$POOL" set pool0 private-key "$TMP/h7.key"
check_match "and the message says why" "peer has the public key" "$OUT"
check_eq "nothing was changed" "$before" "$(on h1 "$POOL" showconf pool0)"
check "nor disturbed" ping_ok h7 10.10.0.1

# --- a key changes while it is in use ---------------------------------------------------

sid=$(peer_json h7 pool0 h1 '.sessions[0].session_id')
on h7 "$POOL" set pool0 private-key "$TMP/stranger.key"
check_eq "the key of h7 changes: its sessions end" 0 "$(sessions_of h7 pool0)"
gone() { [ "$(peer_json h1 pool0 h7 '.sessions | length')" = 0 ]; }
check "also at h1" wait_for 5 gone
check_eq "the new key is shown" "$(pub stranger)" "$(pool_json h7 pool0 '.[].public_key')"
check_fails "h1 does not know it: no ping" ping_most 2 h7 10.10.0.1 -W 1
on h1 "$POOL" set pool0 peer "$(pub h7)" remove
on h1 "$POOL" set pool0 peer "$(pub stranger)" allowed-ips 10.10.0.7/32 preshared-key "$TMP/right.psk"
check "h1 knows it now: ping" wait_for 20 ping_ok h7 10.10.0.1
if [ "$(peer_json h7 pool0 h1 '.sessions[0].session_id')" != "$sid" ]; then
	t_ok "in a session of its own"
else
	t_fail "in a session of its own" "$sid"
fi
sid=$(peer_json h7 pool0 h1 '.sessions[0].session_id')
on h7 "$POOL" set pool0 private-key "$TMP/stranger.key"
check_eq "the same key once more changes nothing" "$sid" "$(peer_json h7 pool0 h1 '.sessions[0].session_id')"
on h7 "$POOL" set pool0 private-key "$TMP/none"
check_eq "without a key: no session" "0 null" "$(sessions_of h7 pool0) $(pool_json h7 pool0 '.[].public_key')"
check_fails "and no ping" ping_most 2 h7 10.10.0.1 -W 1
on h7 "$POOL" set pool0 private-key "$TMP/stranger.key"
check "with the key: ping" wait_for 20 ping_ok h7 10.10.0.1

# --- public keys of low order -------------------------------------------------------------

# 0, 1, the two of order 8, p - 1, p, p + 1, and again with the bit that X25519 ignores.
n=10	# of the addresses
low_order() {
	python3 - <<'END'
import base64
p = 2**255 - 19
points = [0, 1,
          int.from_bytes(bytes.fromhex('e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800'), 'little'),
          int.from_bytes(bytes.fromhex('5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157'), 'little'),
          p - 1, p, p + 1]
for x in points + [x | 2**255 for x in points]:
    print(base64.b64encode(x.to_bytes(32, 'little')).decode())
END
}
taken=0
for key in $(low_order); do
	n=$((n + 1))
	on h6 "$POOL" set pool0 peer "$key" endpoint 10.99.0.1:9253 allowed-ips 10.66.0.$n/32 2>"$TMP/said" || continue
	taken=$((taken + 1))
	ip -n h6 route replace 10.66.0.$n/32 dev pool0
	on h6 ping -q -n -c 1 -W 1 10.66.0.$n >/dev/null 2>&1 &
done
check_fails "the all-zero public key is refused" on h6 "$POOL" set pool0 peer AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= allowed-ips 10.66.0.9/32
t_diag "$taken of 14 keys of low order were taken as a peer's"
sleep $((2 * POOL_SLOW))
check_eq "keys of low order: no session with any of them" 0 "$(sessions_of h6 pool0)"
low_waits() { [ "$(pool_json h6 pool0 '[.[].peers[] | select(.allowed_ip[0] | startswith("10.66.")) | .staged] | add // 0')" = 0 ]; }
check "keys of low order: nothing waits for them for ever" wait_for 5 low_waits
t_diag "$(pool_json h6 pool0 '[.[].peers[] | select(.allowed_ip[0] | startswith("10.66.")) | .last_error] | unique | map(tostring) | join(" ")')"
check "h1 is not disturbed" ping_ok h4 10.10.0.1
t_done
