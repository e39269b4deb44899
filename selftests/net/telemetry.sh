#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What both ends measure against what netem does and a stream of known rate; what each says
# of the other; and the events: suspect, roamed, no mismatch between honest ends.
# rigs: time
# timeout: 150
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/tcp.bash"

# netem OPTION...: in both directions, none without options.
netem() {
	local h
	for h in h1 h2; do
		if [ $# -gt 0 ]; then
			tc -n wan qdisc replace dev "$h" root netem limit 10000 "$@"
		else
			tc -n wan qdisc del dev "$h" root
		fi
	done
}
# session NS FILTER: what jq finds in the current session of NS.
session() { pool_json "$1" pool0 ".[].peers[].sessions[] | select(.current) | $2"; }
# own NS NAME, told NS NAME: a figure measured by NS, and one its peer has told it.
own() { session "$1" ".telemetry.$2"; }
told() { session "$1" ".peer_telemetry.$2"; }
# near VALUE WANT PERCENT
near() { [ "$1" -ge $(($2 - $2 * $3 / 100)) ] && [ "$1" -le $(($2 + $2 * $3 / 100)) ]; }
# check_near TEXT VALUE WANT PERCENT: a result.
check_near() { if near "$2" "$3" "$4"; then t_ok "$1"; else t_fail "$1" "$2 is not within $4 % of $3"; fi; }
# settles TEXT WANT PERCENT own|told NS NAME: a result: the figure comes to be that.
# What the host's other work does to one round trip is forgotten after a few more.
settles() {
	local text=$1 want=$2 percent=$3 what=$4 ns=$5 name=$6
	# shellcheck disable=SC2317
	figure_near() { near "$("$what" "$ns" "$name")" "$want" "$percent"; }
	if wait_for 40 figure_near; then
		t_ok "$text"
	else
		t_fail "$text" "$("$what" "$ns" "$name") is not within $percent % of $want"
	fi
}
# reported NS: it has heard its peer's figures, and knows its own round-trip time.
reported() { [ "$(session "$1" '.telemetry.rtt_ns > 0 and .peer_telemetry.rtt_ns > 0')" = true ]; }
# agree TEXT: no contradictions: none are shown, and nobody was told of any.
agree() {
	local h
	for h in h1 h2; do
		check_eq "$1: no contradiction on $h" '[]' "$(session $h '.mismatch | tostring')"
		check_eq "$1: nobody was told of one on $h" "" "$(events $h '.type == "mismatch"')"
	done
}

setup_pool
mon h1 pool0 || t_bail "events of h1 are heard"
mon h2 pool0 || t_bail "events of h2 are heard"
for h in h1 h2; do on $h "$POOL" set pool0 heartbeat 1; done

# --- delay ------------------------------------------------------------------------

check "100 ms of delay each way" netem delay 100ms
check "ping" ping_ok h1 10.10.0.2
start=$SECONDS
check "h1 has measured and has been told" wait_for 10 reported h1
check "h2 too" wait_for 10 reported h2
sleep 5
for h in h1 h2; do
	t_diag "$h: $(session $h '.telemetry | tostring')"
	settles "$h: a round-trip time of 200 ms, within 10 %" 200000000 10 own $h rtt_ns
	settles "$h: so says its peer" 200000000 10 told $h rtt_ns
	check "$h: with little jitter" wait_for 30 eval '[ "$(own $h jitter_ns)" -lt 6000000 ]'
	check_eq "$h: no loss over TCP" "0 0" "$(own $h loss_ppm) $(told $h loss_ppm)"
	check_near "$h: the segments of an Ethernet" "$(own $h mtu)" 1448 2
	check_cmp "$h: the other's figures are no older than a heartbeat" "$(told $h age_ms)" -lt $((1500 * POOL_SLOW))
	before=$((SECONDS - start)) up=$(($(own $h uptime_ns) / 1000000000)) told=$(($(told $h uptime_ns) / 1000000000))
	check_cmp "$h: up since the handshake" "$up" -ge $((before - 1))
	check_cmp "$h: and no longer" "$up" -le $((SECONDS - start + 4 * POOL_SLOW))
	check_cmp "$h: so says its peer" "$told" -ge $((before - 3 * POOL_SLOW))
	check_cmp "$h: and no more" "$told" -le $((SECONDS - start + 4 * POOL_SLOW))
	check_match "$h: a state digest" '^[1-9][0-9]*$' "$(own $h digest)"
	check_eq "$h: the other's is the same" "$(own $h digest)" "$(told $h digest)"
	check_eq "$h: nothing waits" "0 0" "$(own $h queue) $(told $h queue)"
done
check_eq "both have the same state digest" "$(own h1 digest)" "$(own h2 digest)"
agree "delay"

# --- jitter -----------------------------------------------------------------------

# The mean deviation of a sum of two even distributions is a third of their range to both
# sides together: 3.3 ms with 5, 13.3 ms with 20.
netem delay 100ms 5ms
sleep 10
for h in h1 h2; do
	t_diag "$h: $(own $h rtt_ns) $(own $h jitter_ns)"
	settles "$h: with 5 ms of jitter each way still 200 ms" 200000000 10 own $h rtt_ns
	settles "$h: the jitter is seen" 4000000 50 own $h jitter_ns
	check_eq "$h: still no loss" 0 "$(own $h loss_ppm)"
done
netem delay 100ms 20ms
for h in h1 h2; do
	settles "$h: 20 ms of it as well" 13300000 25 own $h jitter_ns
	t_diag "$h: $(own $h rtt_ns) $(own $h jitter_ns)"
done
agree "jitter"
netem

# --- throughput -------------------------------------------------------------------

cat >"$TMP/stream.py" <<-'END'
	import socket, sys, time
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	if sys.argv[1] == "sink":
	    s.bind(("10.10.0.2", 5201))
	    while True:
	        s.recv(2000)
	s.connect(("10.10.0.2", 5201))
	start = time.monotonic()
	for n in range(16000):
	    s.send(bytes(1000))
	    time.sleep(max(0, start + n / 1000 - time.monotonic()))
END
on h2 /usr/bin/python3 "$TMP/stream.py" sink &
sleep 2
on h1 /usr/bin/python3 "$TMP/stream.py" source &
pid=$!
sleep 2
# 1000 bytes in an inner packet of 1028, 1000 times a second: 8.224 Mbit/s. All that h2
# reports in some seconds, each report for the time since the one before.
settles "h2: what h1 sends is measured, within 10 %" 8224000 10 own h2 throughput_bps
end=$((SECONDS + 8))
while [ $SECONDS -lt $end ]; do
	session h1 '.peer_telemetry | "\(.uptime_ns) \(.throughput_bps)"'
	sleep 0.2
done >"$TMP/reports"
told=$(awk '$1 != last { if (last) { time += $1 - last; bits += $2 * ($1 - last) } last = $1 } END { printf "%d", bits / time }' "$TMP/reports")
back=$(own h1 throughput_bps)
wait $pid
check_eq "all of it was sent" 0 $?
t_diag "the receiver's reports say $told; the other way $back"
check_near "h1: it is told so, within 10 %" "$told" 8224000 10
check_cmp "h1: nothing comes back" "$back" -lt 100000
agree "throughput"
sleep 3
check_cmp "h2: the stream has ended" "$(own h2 throughput_bps)" -lt 100000

# --- rekeys and restarts ------------------------------------------------------------

rekeyed() { [ "$(own "$1" rekeys)" -ge "$2" ] && [ "$(told "$1" rekeys)" -ge "$2" ]; }
n=$(own h1 rekeys) digest=$(own h1 digest)
check_cmp "there was the rekey after the handshake" "$n" -ge 1
for _ in 1 2 3; do
	n=$((n + 1))
	check_eq "a rekey" "OK" "$(on h1 "$NET_DIR/netlink.py" rekey pool0 "$(pub h2)")"
	check "both ends count it" wait_for 10 eval 'rekeyed h1 $n && rekeyed h2 $n'
done
for h in h1 h2; do
	check_eq "$h: they lost nothing" 0 "$(own $h loss_ppm)"
	check_cmp "$h: the round-trip time stays" "$(own $h rtt_ns)" -gt 0
	check_cmp "$h: they are no restart" "$(own $h uptime_ns)" -gt 20000000000
	check_eq "$h: the digests are equal" "$(own $h digest)" "$(told $h digest)"
	check_eq "$h: as many rekeys as the epoch says" "$n $n" "$(session $h '"\(.epoch) \(.rekeys)"')"
	check_cmp "$h: the epoch is young" "$(session $h .epoch_age_ms)" -lt $((15000 * POOL_SLOW))
done
check_cmp "the digest is another one" "$(own h1 digest)" -ne "$digest"
agree "rekey"

id=$(current_id h1)
ip -n h2 link set pool0 down
ip -n h2 link set pool0 up
differs() { ping_ok h1 10.10.0.2 && [ "$(current_id h1)" != "$id" ]; }
check "h2 restarts: a new session" wait_for 10 differs
check "new figures" wait_for 10 reported h1
check "at both ends" wait_for 10 reported h2
for h in h1 h2; do
	check_eq "$h: nothing is lost" 0 "$(own $h loss_ppm)"
	check_cmp "$h: it is young" "$(own $h uptime_ns)" -lt $((15 * POOL_SLOW))000000000
	check_cmp "$h: and there is no spike" "$(own $h throughput_bps)" -lt 100000
done
agree "restart"

# --- events -------------------------------------------------------------------------

check_eq "nobody was suspect yet" "" "$(events h1 '.type == "suspect"')$(events h2 '.type == "suspect"')"
check_eq "nor has moved" "" "$(events h1 '.type == "roamed"')$(events h2 '.type == "roamed"')"
id=$(current_id h1)
kill_connections h1
check_event "the connection breaks: h1's session moves to another" 10 h1 ".type == \"roamed\" and .session_id == \"$id\""
check_event "so does h2's" 10 h2 ".type == \"roamed\" and .session_id == \"$id\""
check_eq "each tells where it is" "2" "$({ events h1 '.type == "roamed"'; events h2 '.type == "roamed"'; } | jq -r .remote | grep -c '10\.99\.0\.')"
check_eq "it is the same session" "$id" "$(current_id h1)"
sleep 2
check_cmp "h1: with the figures it had" "$(own h1 rtt_ns)" -gt 0
agree "roaming"

netem loss 100%
check_event "silence: h1 suspects" 10 h1 ".type == \"suspect\" and .session_id == \"$id\""
check_event "h2 suspects" 10 h2 ".type == \"suspect\" and .session_id == \"$id\""
sleep 3
check_eq "once" 1 "$(events h1 '.type == "suspect"' | wc -l)"
netem
check "it passes" wait_for 15 peer_state_is h1 pool0 h2 up
agree "suspicion"
netem loss 100%
again() { [ "$(events h1 '.type == "suspect"' | wc -l)" = 2 ]; }
check "and comes again: another event" wait_for 15 again
netem

# --- without heartbeats ----------------------------------------------------------------

on h1 "$NET_DIR/netlink.py" heartbeat pool0 "$(pub h2)" >"$TMP/said"
check_match "heartbeats off: done, and the reply warns" '^OK .*telemetry.*dead peers' "$(sed -n 1p "$TMP/said")"
check_eq "on: no warning" "OK" "$(sed -n '2s/ *$//p' "$TMP/said")"
check_match "off for a peer: it warns too" '^OK .*telemetry.*dead peers' "$(sed -n 3p "$TMP/said")"
check_eq "on: no warning" "OK" "$(sed -n '4s/ *$//p' "$TMP/said")"
t_done
