#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ECN and DSCP on datagrams: the outer ECN field is that of the inner packet, and what
# the underlay makes of it reaches the inner one as RFC 6040 says. Control packets are
# Not-ECT. DSCP of the outer packets: none, a fixed one, or that of the inner ones.
# rigs: uml
# timeout: 240
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/bands.bash"
. "$(dirname "$0")/dgram.bash"

load_module
setup_two
for h in h1 h2; do on $h ethtool -K eth0 tx-udp-segmentation off; done

patience=	# seconds for what arrives
# sent TOS [N [SIZE [TO]]]: N datagrams with TOS to h2; what arrives is in $TMP/marks.
sent() {
	listen_for_marks h2 7001 "${2:-3}" "${patience:-20}"
	on h1 "$MARKS" send "${4:-10.10.0.2}" 7001 "${2:-3}" "${3:-100}" "$1"
	wait "$marks_pid"
}
# ecns: the ECN fields of what arrived, once each.
ecns() { awk 'NF { print $1 % 4 }' "$TMP/marks" | sort -nu | xargs; }
# outer_ecn FILE TYPE...: those of h1's datagrams of these types, once each.
outer_ecn() {
	local f=$1; shift
	"$DGRAM" packets "$f" "$(outer 1)" | awk -v types=" $* " 'index(types, " " $3 " ") { print $6 }' | sort -nu | xargs
}
# make_it ECN: what the underlay makes of the ECN field; undone by leave_it. nft does not
# do it to IPv6; there netem makes CE of what is capable, and drops the rest.
make_it() {
	[ $FAMILY = 4 ] || { tc -n wan qdisc add dev h2 root netem loss 100% ecn; return; }
	on h2 nft -f - <<-END
		table inet marks { chain pre { type filter hook prerouting priority -400;
			iifname eth0 ip ecn set $1;
		}; }
	END
}
leave_it() { if [ $FAMILY = 4 ]; then on h2 nft delete table inet marks; else tc -n wan qdisc del dev h2 root; fi; }

for TRANSPORT in udp raw; do
	for FAMILY in 4 6; do
		way="$TRANSPORT, IPv$FAMILY"
		pair_up || t_bail "$way: pool0 on both hosts"
		check "$way: ping" ping_ok h1 10.10.0.2
		check "$way: the path MTU is known" wait_for 20 both_fit 1500

		# One after the other, told apart by their lengths.
		for to in 10.10.0.2 fd10::2; do
			capture h1 eth0 "$TMP/cap"
			got=''
			for e in 0 1 2 3; do
				sent $((0x28 + e)) 3 $((1000 + 8 * e)) $to
				got+="$(awk '{ print $1 }' "$TMP/marks" | uniq -c | awk '{ print $2 "x" $1 }' | xargs) "
			done
			capture_end h1
			check_eq "$way, to $to: ECN and DSCP arrive as they were sent" "40x3 41x3 42x3 43x3 " "$got"
			[ $to = 10.10.0.2 ] && header=28 || header=48
			check_eq "$way, to $to: ECN is on the outside" "0 1 2 3" "$("$DGRAM" packets "$TMP/cap" "$(outer 1)" |
				awk -v h=$((header + 96 + 1000)) '$3 == 3 && $5 >= h && $5 <= h + 24 { print ($5 - h) / 8 == $6 ? $6 : "wrong" }' |
				sort -u | xargs)"
		done

		# RFC 6040, figure 4: a row for each outer field, inner 0 to 3; x is a drop.
		for row in 'not-ect 0 1 2 3' 'ect1 0 1 1 3' 'ect0 0 1 2 3' 'ce x 3 3 3'; do
			# shellcheck disable=SC2086
			set -- $row
			mark=$1; shift
			[ $TRANSPORT$FAMILY = udp4 ] || [ "$mark" = ce ] || continue
			make_it "$mark" || t_fail "the underlay can change ECN"
			dropped=$(dev_drops h2 pool0 peer/rx-ecn)
			for e in 0 1 2 3; do
				[ $FAMILY = 4 ] || [ "$1" != x ] || { shift; continue; }
				[ "$1" = x ] && patience=2 || patience=
				sent $e
				if [ "$1" = x ]; then
					check_eq "$way: $mark outside of ECN $e: dropped, as rx-ecn" " 3" \
						"$(ecns) $(($(dev_drops h2 pool0 peer/rx-ecn) - dropped))"
				else
					check_eq "$way: $mark outside of ECN $e" "$1" "$(ecns)"
				fi
				shift
			done
			patience=
			leave_it
		done

		for n in 1 2; do ip -n h$n link set pool0 mtu 9000; done
		capture h1 eth0 "$TMP/cap"
		make_it ce
		sent 2 3 8000
		check_eq "$way: CE on fragments reaches the message" 3 "$(ecns)"
		leave_it
		sent 2 3 8000
		check_eq "$way: none without it" 2 "$(ecns)"
		on h1 "$POOL" set pool0 peer "$(pub h2)" rekey
		on h1 "$POOL" set pool0 heartbeat 1
		on h2 ping -n -q -c 5 -i 0.3 -Q 2 10.10.0.1 >/dev/null
		on h1 "$POOL" set pool0 peer "$(pub h2)" remove
		capture_end h1
		check_eq "$way: control packets are Not-ECT" 0 "$(outer_ecn "$TMP/cap" 0 1 2 4 5 6 7 10)"
		check_cmp "$way: there were some of four kinds" "$("$DGRAM" packets "$TMP/cap" "$(outer 1)" |
			awk '$3 > 3 { seen[$3] = 1 } END { print length(seen) }')" -ge 4
		for h in h1 h2; do ip -n $h link del pool0; done
	done
done

# --- congestion, and DSCP ---------------------------------------------------------------

TRANSPORT=udp FAMILY=4
pair_up || t_bail "pool0 on both hosts"
check "ping" ping_ok h1 10.10.0.2
check "the path MTU is known" wait_for 20 both_fit 1500
tc -n wan qdisc add dev h2 root netem loss 20% ecn limit 5000
sent 2 1000 500
ce=$(awk '$1 % 4 == 3' "$TMP/marks" | wc -l)
t_diag "$ce of $(wc -l <"$TMP/marks") arrive with CE, $(marked) from h1's own queue"
ce=$((ce - $(marked)))
check_eq "an underlay that marks one of five: all arrive" 1000 "$(wc -l <"$TMP/marks")"
check_cmp "marked" "$ce" -gt 100
check_cmp "some of them" "$ce" -lt 300
tc -n wan qdisc del dev h2 root

# outside TOS: the DSCPs of the outer DATA meanwhile.
outside() {
	capture h1 eth0 "$TMP/outer" "src host 10.99.0.1 and udp port 9253"
	on h1 ping -n -q -c 3 -i 0.2 -s 600 -Q "$1" 10.10.0.2 >/dev/null
	capture_end h1
	tcpdump -n -v -r "$TMP/outer" 'greater 500' 2>/dev/null | sed -n 's/.*(tos 0x\([0-9a-f]*\),.*/0x\1/p' |
		while read -r tos; do echo $((tos / 4)); done | sort -nu | xargs
}
check_eq "by default the outer DSCP is 0" 0 "$(outside 0xb8)"
on h1 "$POOL" set pool0 dscp 34
check_eq "a fixed one" 34 "$(outside 0xb8)"
check_eq "with the ECN of the inner packet" 34 "$(outside 0x02)"
on h1 "$POOL" set pool0 dscp inherit
check_eq "that of the inner packet" 46 "$(outside 0xb8)"
check_eq "and of another one" 10 "$(outside 0x28)"
t_done
