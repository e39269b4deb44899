#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# New keys inside a session, and the two views of it, between pool.ko and the
# Python peer: either of them offers, both at once, offers and answers lost, a
# stream that is stuck, limits in time and in packets, a peer that knows no REKEY;
# telemetry that is true, and lies. The Python peer's key log fails if a sequence
# is used twice under a key. (On a slow rig no losses and lies.)
# rigs: uml qemu
# timeout: 240
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.bash"

wire_setup
answer=(--answer 10.10.0.2 --answer fd10::2)
allowed=(allowed-ips "10.10.0.2/32,fd10::2/128")

# current NAME FILTER: of the session with NAME in use, as pool0 shows it.
current() { peer "$1" ".sessions[] | select(.current) | $2"; }
in_epoch() { [ "$(current "$1" .epoch)" = "$2" ]; }
beyond_epoch() { [ "$(current "$1" .epoch)" -ge "$2" ]; }
# rekeys ROLE: of the Python peer, as "offerer" or "answerer".
rekeys() { grep '"rekeyed"' "$TMP/log" | grep -c "\"role\": \"$1\""; }
# stream [COUNT]: pings close together, none of which may be lost. What ping itself calls lost
# may only be late: it waits for the last one twice as long as the slowest took so far.
stream() {
	local want=$(($(echo_replies h1) + ${1:-100}))
	ping_most "${1:-100}" h1 10.10.0.2 -c "${1:-100}" -i 0.03 &&
		wait_for 10 replied "$want"
}
replied() { echo_replies_at_least h1 "$1"; }
# ended TEXT: a result: the Python peer came to its end, so no sequence was used twice.
ended() {
	finished
	check_eq "$1: no sequence was used twice under a key" end "$(last_line .event)"
}
# says FILTER: the Python peer at its end, of its session in use.
says() { last_line ".peers[0].sessions[] | select(.current) | $1"; }
# caller [option...]; through, by way of the relay; called: the Python peer calls or is called.
# A prefix belongs to one peer, so it is given anew.
caller() {
	know caller "${allowed[@]}" || t_bail "the caller as a peer"
	background caller --connect 10.99.0.1:9253 --key-log --close "${answer[@]}" "$@"
}
through() {
	know caller "${allowed[@]}"
	background caller --connect 10.99.0.2:9400 --key-log --close "${answer[@]}"
}
called() {
	pool_keys called
	listening called --key-log --close "${answer[@]}"
	know called "${allowed[@]}" endpoint 10.99.0.2:9300
}

# --- after the handshake -------------------------------------------------------

text="Python calls"
caller
check "$text: a session" wait_for 10 logged session-up
check "$text: pool0 offers epoch 1 at once, and it is taken" wait_for 10 in_epoch caller 1
check "$text: ping" ping_ok h1 10.10.0.2
check "$text: ping, IPv6" ping_ok h1 fd10::2
ended "$text"
check_eq "$text: Python has answered" "0 1" "$(rekeys offerer) $(rekeys answerer)"
check_eq "$text: the keys of the handshake are gone" "[1]" "$(says '.epochs | tostring')"
check_eq "$text: nothing was refused" "0 {}" "$(drops rx-rekey) $(last_line '.drops | tostring')"

text="pool0 calls"
called
check "$text: ping" ping_ok h1 10.10.0.2
check "$text: Python offers epoch 1, and it is taken" wait_for 10 in_epoch called 1
check "$text: ping, IPv6" ping_ok h1 fd10::2
ended "$text"
check_eq "$text: pool0 has answered" "1 0" "$(rekeys offerer) $(rekeys answerer)"
check_eq "$text: the keys of the handshake are gone" "[1]" "$(says '.epochs | tostring')"
check_eq "$text: nothing was refused" "0 {}" "$(drops rx-rekey) $(last_line '.drops | tostring')"
forget called

# --- under traffic ---------------------------------------------------------------

text="Python offers every 2 s"
caller --rekey-after 2
check "$text: a session" wait_for 10 logged session-up
check "$text: no ping is lost" stream "$(size 200 60)"
check "$text: several epochs" wait_for 15 beyond_epoch caller 4
ended "$text"
check_cmp "$text: by its offers" "$(rekeys offerer)" -ge 3
check_eq "$text: one session" 1 "$(ups)"

text="pool0 offers every 2 s"
called
on h1 "$POOL" set pool0 rekey-after-time 2
check "$text: no ping is lost" stream "$(size 200 60)"
check "$text: several epochs" wait_for 15 beyond_epoch called 4
on h1 "$POOL" set pool0 rekey-after-time 3540
ended "$text"
check_cmp "$text: by its offers" "$(rekeys answerer)" -ge 3
check_eq "$text: one session" 1 "$(ups)"
forget called

text="pool0 offers after 50 packets"
caller
on h1 "$POOL" set pool0 rekey-after-packets 50
check "$text: a session" wait_for 10 logged session-up
check "$text: no ping is lost" stream 200
check "$text: several epochs" wait_for 15 beyond_epoch caller 3
on h1 "$POOL" set pool0 rekey-after-packets 251658240
ended "$text"

text="the operator asks"
caller
check "$text: a session" wait_for 10 in_epoch caller 1
sleep 2		# not while the keys of before are kept
on h1 "$POOL" set pool0 peer "$(cat "$TMP/caller.pub")" rekey
check "$text: epoch 2" wait_for 10 in_epoch caller 2
check "$text: ping" ping_ok h1 10.10.0.2
ended "$text"

# --- both at once ------------------------------------------------------------------

for how in wins loses; do
	text="both offer, Python's $how"
	before=$(drops rx-rekey)
	caller --offer-on-offer $how
	check "$text: a session" wait_for 10 logged session-up
	check "$text: epoch 1" wait_for 10 in_epoch caller 1
	check "$text: no ping is lost" stream 20
	ended "$text"
	if [ $how = wins ]; then
		check_eq "$text: and is answered" "1 0" "$(rekeys offerer) $(rekeys answerer)"
		check_cmp "$text: pool0's is dropped" "$(last_line '.drops."rx-rekey" // 0')" -ge 1
		check_eq "$text: nothing of Python's is" "$before" "$(drops rx-rekey)"
	else
		check_eq "$text: pool0's is answered" "0 1" "$(rekeys offerer) $(rekeys answerer)"
		check_cmp "$text: Python's is dropped" "$(drops rx-rekey)" -gt "$before"
	fi
done

# --- all the rest, where there is time -----------------------------------------------

quick_rig || { forget caller; t_done; exit; }

# --- losses, and a stream that is stuck ---------------------------------------------

for lost in "s2c:6:2" "c2s:6:2"; do
	text="REKEY lost on the way, $lost"
	man --connect 10.99.0.1:9253 --drop-type "$lost"
	through
	check "$text: a session" wait_for 10 logged session-up
	check "$text: pings meanwhile" stream 30
	check "$text: it is repeated" wait_for 15 in_epoch caller 1
	check "$text: ping" ping_ok h1 10.10.0.2
	ended "$text"
	man_ends
done

for held in "s2c:4:6" "c2s:4:6"; do
	text="the stream is stuck for 4 s from REKEY on, $held"
	man --connect 10.99.0.1:9253 --hold "$held"
	through
	check "$text: a session" wait_for 10 logged session-up
	check "$text: no ping is lost" stream 150
	check "$text: epoch 1" wait_for 15 in_epoch caller 1
	ended "$text"
	check_eq "$text: one session" 1 "$(ups)"
	man_ends
done

text="REKEY lost for ever"
man --connect 10.99.0.1:9253 --drop-type c2s:6
through
on h1 "$POOL" set pool0 reject-after-time 24 rekey-after-time 8
check "$text: a session" wait_for 10 logged session-up
check "$text: pings meanwhile" stream 20
renewed() { [ "$(ups)" -ge 2 ]; }
check "$text: a handshake comes before the hard stop" wait_for 40 renewed
check "$text: no ping is lost" stream 20
on h1 "$POOL" set pool0 reject-after-time 3780 rekey-after-time 3540
ended "$text"
man_ends

# --- a peer of the first revision -----------------------------------------------------

text="a peer that knows no REKEY"
caller --no-rekey --no-telemetry
check "$text: a session" wait_for 10 logged session-up
check "$text: pings" stream 30
ended "$text"
check_eq "$text: in epoch 0" 0 "$(says .epoch)"
check_cmp "$text: the type was not spoken" "$(last_line '.drops."rx-type" // 0')" -ge 1

# --- two views -------------------------------------------------------------------------

text="honest"
caller --heartbeat 1
on h1 "$POOL" set pool0 heartbeat 1
reported() { [ "$(current caller '.telemetry.rtt_ns > 0 and .peer_telemetry.rtt_ns > 0')" = true ]; }
check "$text: both views are there" wait_for 15 reported
sleep 2
check_eq "$text: the digests are equal" "$(current caller .telemetry.digest)" \
	"$(current caller .peer_telemetry.digest)"
check_eq "$text: the epoch" 1 "$(current caller .peer_telemetry.rekeys)"
check_match "$text: no contradiction at pool0" '^\[("rtt")?\]$' "$(current caller '.mismatch | tostring')"
ended "$text"
check_match "$text: none at the Python peer" '^\{("rtt":[0-9]+)?\}$' "$(says '.mismatches | tostring')"
check_cmp "$text: it has heard pool0's round-trip time" "$(says .theirs.rtt)" -gt 0
check_cmp "$text: and its segment size" "$(says .theirs.mtu)" -ge 1000
check_eq "$text: and the same digest" "$(says .own.digest)" "$(says .theirs.digest)"

for lie in rtt=9000000000 loss=1000001 throughput=4294967295 uptime=99000000000 rekeys=7 digest=1; do
	field=${lie%=*}
	text="it lies about $field"
	caller --heartbeat 1 --lie $lie
	lied() { current caller '.mismatch[]' | grep -qx "$field"; }
	check "$text: shown" wait_for 15 lied
	check "$text: ping" ping_ok h1 10.10.0.2
	ended "$text"
done
forget caller
t_done
