#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Floods from forged sources: INITs by the million, handshakes of yesterday, garbage with
# the Session ID of somebody else. No more bytes go out than came in, memory stays, a real
# peer gets in, and who has a session keeps it and most of its speed.
# rigs: uml
# timeout: 480
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.sh"

NET=$POOL_TOP/selftests/net
FLOOD=$POOL_TOP/build/selftests/flood
export PYTHONDONTWRITEBYTECODE=1
/usr/bin/python3 -c 'import cryptography' 2>/dev/null || t_skip_all "no python3-cryptography in the guest"
load_module
setup_hosts 3
# Whoever 198.18.0.0/15 is, answers go through h3 and end there.
ip -n h1 route add 198.18.0.0/15 via 10.99.0.3
ip -n h2 route add 198.18.0.0/15 via 10.99.0.3
ip -n h3 route add blackhole 198.18.0.0/15
on h3 ping -n -q -c 1 10.99.0.1 >/dev/null
on h3 ping -n -q -c 1 10.99.0.2 >/dev/null

traffic() { link_json h1 eth0 '.stats64 | "\(.rx.bytes) \(.tx.bytes)"'; }
dev() { pool_json h1 pool0 ".[] | $1"; }
session() { pool_json "$1" pool0 '.[].peers[].sessions[] | select(.current) | .session_id'; }
available() { awk '/^MemAvailable/ { print $2 }' /proc/meminfo; }
slab() { awk '/^Slab/ { print $2 }' /proc/meminfo; }
# flood NAME OPTION...: from h3, in the background.
flood() {
	local name=$1; shift
	ip netns exec h3 "$FLOOD" "$@" >"$TMP/$name.sent" 2>&1 &
	flood_pid=$!
}
flooding() { kill -0 "$flood_pid" 2>/dev/null; }
flood_ends() { wait "$flood_pid"; t_diag "$1: $(cat "$TMP/$1.sent")"; }
setup() {
	pool_add h1 1 transport "$1" && pool_peer h1 h2 2 || t_bail "pool0 on h1"
	# One file of INITs must do for all of a flood, on a slow machine too.
	on h1 "$POOL" set pool0 init-skew 3600 peer "$(pub h2)" endpoint none
	pool_keys h1
	/usr/bin/python3 "$NET/flood.py" inits "$TMP/h1.pub" 4096 >"$TMP/inits" || t_bail "INITs can be made"
}
h2_on() { pool_add h2 2 transport "$1" && pool_peer h2 h1 1 || t_bail "pool0 on h2"; }

# --- INITs -------------------------------------------------------------------------

for t in udp raw; do
	setup $t
	[ $t = udp ] && to=udp:9253 count=$(size 1000000 50000) || to=raw count=$(size 200000 20000)
	memory=$(available) before_slab=$(slab)
	read -ra before <<<"$(traffic)"
	flood $t 10.99.0.1 $to "$count" "$TMP/inits"
	check "$t: INITs come in" wait_for 10 eval '[ "$(dev .inits_received)" -gt 1000 ]'
	begin=$SECONDS
	h2_on $t
	check "$t: a real peer gets in" wait_for 10 on h2 ping -n -q -c 1 -W 1 10.10.0.1
	t_diag "$t: after $((SECONDS - begin)) s, the flood $(flooding && echo goes on || echo is over)"
	during=$(available) during_slab=$(slab)
	flood_ends $t
	sleep 1
	read -ra after <<<"$(traffic)"
	in=$((after[0] - before[0])) out=$((after[1] - before[1]))
	t_diag "$t: $in bytes in, $out out" "$(dev '"\(.inits_received) INITs, \(.challenges_sent) full CHALLENGEs, \(.prove_work_sent) prove-work, drops \(.drops)"' | tr -d '\n')"
	check_cmp "$t: the flood came to h1" $in -ge $((count * 100))
	check_cmp "$t: no more goes out than came in" $out -le $in
	check_cmp "$t: most were answered with 'prove work first', or not at all" \
		"$(dev .prove_work_sent)" -gt 0
	check_cmp "$t: who has no work to show takes its turn" "$(dev '.drops."hs-limited" // 0')" -gt 0
	check_cmp "$t: memory available during the flood, in kB (was $memory)" "$during" -gt $((memory - 24000))
	check_cmp "$t: kernel memory during the flood, in kB (was $before_slab)" "$during_slab" -lt $((before_slab + 16000))
	memory_back() { echo 3 >/proc/sys/vm/drop_caches; [ "$(available)" -gt $((memory - 8000)) ]; }
	check "$t: memory after it" wait_for 15 memory_back
	check_eq "$t: no session but that of the real peer" 1 "$(dev '[.peers[].sessions[]] | length')"
	check "$t: which works" ping_ok h2 10.10.0.1
	for h in h1 h2; do ip -n $h link del pool0; done
done

# --- packets of an old handshake ------------------------------------------------------

setup udp
capture h1 eth0 "$TMP/hs.pcap" udp port 9253
h2_on udp
check "a handshake is recorded" wait_for 10 ping_ok h2 10.10.0.1
capture_end h1
id=$(session h1)
for kind in 1 2; do
	/usr/bin/python3 "$NET/flood.py" captured "$TMP/hs.pcap" $kind >"$TMP/replay"
	[ -s "$TMP/replay" ] || t_fail "there is a packet of type $kind in it"
	for from in "" "-s 10.99.0.2 -p 9253" "-s 10.99.0.1 -p 9253"; do
		for to in 10.99.0.1 10.99.0.2; do
			[ "$from" != "-s $to -p 9253" ] || continue
			read -ra before <<<"$(traffic)"
			# shellcheck disable=SC2086
			flood replay -r 50000 $from "$to" udp:9253 "$(size 20000 2000)" "$TMP/replay"
			wait "$flood_pid"
			sleep 0.5
			read -ra after <<<"$(traffic)"
			[ $to = 10.99.0.2 ] || check_cmp "replayed type $kind ${from:-from anywhere}: bytes out, of $((after[0] - before[0])) in" \
				$((after[1] - before[1])) -le $((after[0] - before[0]))
		done
	done
done
check "pings go on" ping_ok h2 10.10.0.1
check_eq "in the same session" "$id $id" "$(session h1) $(session h2)"
check_eq "the only one" "1 1" "$(pool_json h1 pool0 '[.[].peers[].sessions[]] | length') $(pool_json h2 pool0 '[.[].peers[].sessions[]] | length')"
check_eq "one handshake" "1 1" "$(dev .handshakes) $(pool_json h2 pool0 '.[].handshakes')"

# --- garbage with a live Session ID ----------------------------------------------------

on h1 iperf3 -s >/dev/null 2>&1 &
wait_for 5 listens h1 5201
goodput() { on h2 timeout $((20 * POOL_SLOW)) iperf3 -c 10.10.0.1 -t 4 -J | jq '.end.sum_received.bits_per_second | floor'; }
capture h1 eth0 "$TMP/live.pcap" udp port 9253 and src 10.99.0.2
check "DATA is recorded" ping_ok h2 10.10.0.1 -s 1300
capture_end h1
/usr/bin/python3 "$NET/flood.py" garbage "$TMP/live.pcap" 4000 1452 >"$TMP/garbage"
alone=$(goodput)
rate=$((alone / 8 / 1356))
dropped=$(dev '[.drops[]] | add // 0')
flood garbage -r $rate -s 10.99.0.2 -p 9253 10.99.0.1 udp:9253 $((rate * 600)) "$TMP/garbage"
beside=$(goodput)
check "garbage came all the time" flooding
kill "$flood_pid"; wait "$flood_pid"
t_diag "goodput: $alone bit/s alone, $beside beside $rate packets of garbage a second; drops $(dev '.drops | tojson')"
check_cmp "garbage was told from packets" "$(dev '[.drops[]] | add // 0')" -gt $((dropped + rate))
# Who makes the garbage needs a processor too.
check_cmp "a transfer goes on beside it" "${beside:-0}" -gt $((alone / 6))
check "the session stays" ping_ok h2 10.10.0.1
check_eq "the same" "$id $id" "$(session h1) $(session h2)"
check_match "where it was" '^10\.99\.0\.2:9253$' "$(peer_json h1 pool0 h2 .connection)"
t_done
