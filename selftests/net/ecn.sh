#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# DSCP and ECN of the inner packets: they arrive as they were sent; ECN-capable
# ones are marked CE under pressure, before any is dropped, and only then. DSCP
# of the outer packets: none, a fixed one, or that of the inner packets.
# Not on kasan: net/offload is at the same headers.
# rigs: uml
# timeout: 90
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/bands.bash"

setup_pool
check "h1 and h2 are connected" ping_ok h1 10.10.0.2
congested() { dev_drops h1 pool0 peer/tx-congested; }

# End to end: all ECN codepoints, with some DSCPs.
for to in 10.10.0.2 fd10::2; do
	want=''
	listen_for_marks h2 7001 24 15
	for dscp in 0 1 10 31 46 63; do
		for ecn in 0 1 2 3; do
			on h1 "$MARKS" send "$to" 7001 1 64 $((dscp * 4 + ecn))
			want+="$((dscp * 4 + ecn)) "
		done
	done
	wait "$marks_pid"
	# Urgent ones may overtake: what counts is that each is there.
	check_eq "to $to: DSCP and ECN arrive as they were sent" "$(xargs -n1 <<<"$want" | sort -n | xargs)" \
		"$(cut -d' ' -f1 "$TMP/marks" | sort -n | xargs)"
done
check_eq "without pressure nothing is marked" 0 "$(marked)"

# pressure TO TOS [ARRIVE]: 1000 packets while h2 takes none; so many arrive. CoDel has its
# say when it takes them at last: a few that know no ECN are shed.
pressure() {
	before=$(marked) drops=$(congested)
	dam h2
	listen_for_marks h2 7001 "${3:-1000}" 30
	on h1 "$MARKS" send "$1" 7001 1000 1200 "$2"
	more_waits 512 || t_fail "more than half of the queue is full"
	no_dam h2
	wait "$marks_pid"
	ce=$(awk '$1 % 4 == 3' "$TMP/marks" | wc -l)
	t_diag "TOS $2: $ce of $(wc -l <"$TMP/marks") arrive with CE"
}
pressure 10.10.0.2 0x02
check_cmp "ECT(0) under pressure: CE" "$ce" -gt 50
check_eq "as many as were counted" $(($(marked) - before)) "$ce"
check_eq "the rest as it was" "$((1000 - ce))" "$(awk '$1 == 2' "$TMP/marks" | wc -l)"
check_cmp "hardly one of the first is marked" "$(head -n 400 "$TMP/marks" | grep -c '^3')" -le 20
check_eq "none was dropped for want of room" "$drops" "$(congested)"
check_eq "and none for its delay" 0 "$(dev_drops h1 pool0 peer/tx-codel)"
pressure fd10::2 0x29
check_cmp "IPv6, AF11 and ECT(1): CE" "$ce" -gt 50
check_eq "the DSCP stays" "41 43" "$(cut -d' ' -f1 "$TMP/marks" | sort -nu | xargs)"
pressure 10.10.0.2 0x00 980
check_eq "Not-ECT: never" 0 "$ce"
check_eq "and nothing is counted" "$before" "$(marked)"
pressure 10.10.0.2 0xba
check_cmp "the urgent band as well" "$ce" -gt 50

# What waits for a first session meets no congestion.
pool_keys h3
on h1 "$POOL" set pool0 peer "$(pub h3)" endpoint 10.99.0.77:9253 allowed-ips 10.10.0.3/32
on h1 "$MARKS" send 10.10.0.3 9 700 100 0x02
check_cmp "without a session: packets wait" "$(peer_json h1 pool0 h3 .staged)" -gt 600
check_eq "and none is marked" 0 "$(peer_json h1 pool0 h3 .tx_marked)"

# --- the outer packets

# outer COMMAND...: the DSCPs of what h1 sends to h2 with data meanwhile, once each.
outer() {
	capture h1 eth0 "$TMP/outer" "src host 10.99.0.1 and tcp port 9253"
	"$@" >/dev/null 2>&1
	capture_end h1
	tcpdump -n -v -r "$TMP/outer" 'greater 150' 2>/dev/null | sed -n 's/.*(tos 0x\([0-9a-f]*\),.*/0x\1/p' |
		while read -r tos; do echo $((tos / 4)); done | sort -nu | xargs
}
pings() { on h1 ping -n -q -c 3 -i 0.2 -Q "$1" 10.10.0.2; }
check_eq "by default the outer DSCP is 0" 0 "$(outer pings 0xb8)"
check "another one is set" on h1 "$POOL" set pool0 dscp 34
check_eq "and shown" 34 "$(pool_json h1 pool0 '.[].dscp')"
check_eq "a connection that is there has it" 34 "$(outer pings 0xb8)"
id=$(peer_json h1 pool0 h2 '.sessions[0].session_id')
ip -n h1 link set pool0 down; ip -n h1 link set pool0 up
check_eq "and a new one, from its SYN on" 34 "$(outer pings 0)"
check "with another session" test "$id" != "$(peer_json h1 pool0 h2 '.sessions[0].session_id')"
check "inherit" on h1 "$POOL" set pool0 dscp inherit
pings 0x28 >/dev/null
check_eq "the outer one is that of the inner packets" 10 "$(outer pings 0x28)"
check_eq "of others too" 46 "$(outer pings 0xb8)"
check_eq "ECN of the inner one is none of the outer one's" 46 "$(outer pings 0xbb)"
check "off again" on h1 "$POOL" set pool0 dscp 0
check_eq "and 0 again" 0 "$(outer pings 0xb8)"
check_fails "no DSCP above 63" on h1 "$POOL" set pool0 dscp 65
t_done
