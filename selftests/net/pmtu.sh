#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The path MTU is found by probes, whatever the width of a link in the middle, and
# found again when that changes in mid-session. ICMP tells of it here; in
# net/pmtu-blackhole nothing does. UDP over IPv4; net/raw-pmtu is the rest.
# rigs: time
# timeout: 600
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/dgram.bash"
: "${TRANSPORT:=udp}" "${SETUP:=setup_routers}"

load_module
"$SETUP"
thin 3mbit
narrow 1500
pair_up || t_bail "pool0 on both hosts"
for h in h1 h2; do on $h "$POOL" set pool0 heartbeat 1; done
check "ping" ping_ok h1 10.10.0.2
id=$(current h1 .session_id)
capture h1 eth0 "$TMP/h1.pcap" -s 160
capture h2 eth0 "$TMP/h2.pcap" -s 160
widths=(1500 1280 1430 9000 1280 1500)
[ "$FAMILY" = 6 ] || widths=(1500 1280 1430 9000 576 1500)

# until_fit SECONDS MTU: without looking all the time, which is what takes time here.
until_fit() {
	local end=$((SECONDS + $1))
	until both_fit "$2"; do [ "$SECONDS" -lt "$end" ] && sleep 5 || return; done
}
streams() { bulk h1 h2 10.10.0.2 && bulk h2 h1 10.10.0.1; }
check "the path MTU is found: 1500" until_fit 60 1500

# width MTU: from now on; it is noticed, the streams flow again, and nothing too long is
# sent any more. What is wider is looked for once in a minute. (From 9000 to 1500 nothing would
# be noticed: no inner packet is so long.)
now=1500 found=
width() {
	local since epoch to h
	streams || t_fail "streams in both directions"
	sleep 2
	since=$(clock) epoch=$(date +%s.%N)
	narrow "$1" || t_fail "the link can be made so"
	sleep 7
	for h in h1 h2; do
		check "$now to $1: the stream to $h flows" wait_for 20 resumed $h "$since" 200000
		to=$(silence $h "$since")
		t_diag "$now to $1: $h had nothing for $to ms"
		check_cmp "$now to $1: $h had it again in time" "$to" -lt 10000
	done
	sleep 3
	bulk_end
	check "$now to $1: the path MTU is found" until_fit 100 "$1"
	found+="$epoch $1"$'\n'
	now=$1
}
for w in "${widths[@]}"; do [ "$w" = "$now" ] || width "$w"; done
t_diag "found: $(mtu_of h1) and $(mtu_of h2)"

# Whoever says that it is narrower is not believed.
if [ "$SETUP" = setup_routers ]; then
	fragments() { "$DGRAM" packets "$TMP/h1.pcap" "$(outer 1)" | awk -v t="$1" '$1 >= t && $3 == 3 && int($4 / 8) % 2' | wc -l; }
	epoch=$(date +%s.%N)
	streams
	on r1 "$DGRAM" toobig "$(outer 1)" "$(outer 2)" 68 10
	check "forged ICMP: the path MTU is what it was" mtu_fits h1 1500
	end=$(date +%s.%N)
fi
check_eq "all that in one session" "$id" "$(current h1 .session_id)"
bulk_end
capture_end h1 h2
if [ "$SETUP" = setup_routers ]; then
	check_eq "forged ICMP: no packet was cut" 0 "$(fragments "$epoch")"
	check_cmp "forged ICMP: it was told" "$(on h1 nstat -asz IcmpInDestUnreachs Icmp6InPktTooBigs | awk '/^Icmp/ { n += $2 } END { print n }')" -ge 10
	"$DGRAM" packets "$TMP/h1.pcap" "$(outer 1)" | awk -v a="$epoch" -v b="$end" \
		'$1 >= a && $1 < b && $3 == 10 && $5 > 104' >"$TMP/forged"
	t_diag "forged ICMP: $(wc -l <"$TMP/forged") probes in 10 s"
fi

for n in 1 2; do
	"$DGRAM" packets "$TMP/h$n.pcap" "$(outer $n)" >"$TMP/h$n"
	check_cmp "h$n: there were probes" "$(awk '$3 == 10 && $5 > 104' "$TMP/h$n" | wc -l)" -gt 10
	check_eq "h$n: never two in a second" "" \
		"$(awk '$3 == 10 && $5 > 104 { if (last && $1 - last < 0.9) print last, $0; last = $1 }' "$TMP/h$n")"
	check_eq "h$n: no DATA that is too long, 5 s after the path has become narrow" "" "$(
		{ sed 's/^/width /' <<<"$found"; sed 's/^/packet /' "$TMP/h$n"; } |
		awk -v grace=$grace '$1 == "width" && NF == 3 { n++; from[n] = $2; mtu[n] = $3 }
			$1 == "packet" && $4 == 3 {
				while (at < n && $2 >= from[at + 1]) at++
				if (at && $2 > from[at] + 5 && $3 > mtu[at] + grace) { print mtu[at], $0; if (++bad > 5) exit }
			}')"
done
t_done
