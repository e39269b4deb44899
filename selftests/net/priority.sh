#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Two bands per peer: which packets are urgent, that they carry PRIORITY and
# overtake what waits, and that the others are not starved.
# Not on kasan: net/overload is at the same queues.
# rigs: uml
# timeout: 90
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/tcp.bash"
. "$(dirname "$0")/bands.bash"

setup_pool
capture h1 eth0 "$TMP/cap" tcp port 9253 || t_bail "a capture of the underlay"
check "h1 and h2 are connected" ping_ok h1 10.10.0.2
quiet=$(urgent)

# What is urgent: by DSCP, from 32 on, in both families, and by priority.
# sent TOS [PRIORITY]: how many of 5 datagrams went out as urgent.
sent() {
	local before
	before=$(urgent)
	on h1 "$MARKS" send "${to:-10.10.0.2}" 9 5 100 "$@"
	wait_for 5 nothing_waits || return
	echo $(($(urgent) - before))
}
check_eq "DSCP 0 is not urgent" 0 "$(sent 0)"
check_eq "DSCP 31 is not" 0 "$(sent 0x7c 0)"
check_eq "DSCP 32 is" 5 "$(sent 0x80 0)"
check_eq "EF is" 5 "$(sent 0xb8 0)"
check_eq "with ECT, too" 5 "$(sent 0xba 0)"
check_eq "DSCP 0 with the priority 'interactive' is" 5 "$(sent 0 6)"
check_eq "DSCP 0 with the priority 'control' is" 5 "$(sent 0 7)"
check_eq "DSCP 0 with the priority 'bulk' is not" 0 "$(sent 0 2)"
check_eq "IPv6: DSCP 31 is not" 0 "$(to=fd10::2 sent 0x7c 0)"
check_eq "IPv6: EF is" 5 "$(to=fd10::2 sent 0xb8 0)"
capture_end h1

# On the wire: as many DATA with PRIORITY as were counted, and none but DATA.
"$MARKS" headers "$TMP/cap" 10.99.0.1 9253 >"$TMP/headers" || t_fail "the capture can be read"
check_eq "PRIORITY is on the DATA of all that are urgent" "$(($(urgent) - quiet))" \
	"$(awk '$1 == 3 && int($2 / 4) % 2' "$TMP/headers" | wc -l)"
check_cmp "other DATA is without" "$(awk '$1 == 3 && !(int($2 / 4) % 2)' "$TMP/headers" | wc -l)" -ge 20
check_eq "and nothing but DATA has it" 0 "$(awk '$1 != 3 && int($2 / 4) % 2' "$TMP/headers" | wc -l)"
check_cmp "the urgent ones are some of all that were sent" "$(urgent)" -lt "$(peer_json h1 pool0 h2 .tx_packets)"

# Overtaking: h2 does not take anything while normal ones fill the queue, then
# urgent ones come.
dam h2
normals=700 urgents=64
listen_for_marks h2 7001 $((normals + urgents)) 30
on h1 "$MARKS" send 10.10.0.2 7001 $normals 1200 0
# Until the socket is full there is nothing to overtake.
settled() { local n; n=$(peer_json h1 pool0 h2 .staged); sleep 0.5; more_waits $((n - 1)); }
wait_for 10 settled
check_cmp "normal ones wait" "$(peer_json h1 pool0 h2 .staged)" -gt 200
on h1 "$MARKS" send 10.10.0.2 7001 $urgents 1200 0xb8
check_eq "no packet found no room" 0 "$(dev_drops h1 pool0 peer/tx-congested)"
no_dam h2
wait "$marks_pid"
# After so long CoDel sheds a few, which it counts.
arrived=$(wc -l <"$TMP/marks") shed=$(dev_drops h1 pool0 peer/tx-codel)
check_eq "all arrive, but for what is counted" $((normals + urgents)) $((arrived + shed))
check_cmp "which is little" "$shed" -le 10
for tos in 184 0; do
	check "those with TOS $tos in their order" sort -nuc \
		<(awk -v tos=$tos '$1 == tos {print $2}' "$TMP/marks")
done
# From the first urgent one to the last: how often normal ones come between, how often
# more than one, and the longest run of urgent ones. More than one is right while no
# urgent one waits: a batch that the socket took when the first of them had come.
read -r gaps wide longest after < <(awk '
	$1 == 184 { if (++run > longest) longest = run
		gaps += gap > 0; wide += gap > 1; gap = 0; seen = 1 }
	$1 == 0 { run = 0; if (seen) gap++ }
	END { print gaps + 0, wide + 0, longest + 0, gap + 0 }' "$TMP/marks")
t_diag "normal ones between urgent ones: $gaps times, $wide times several; after them: $after; longest run: $longest"
check_cmp "urgent ones overtake hundreds that waited" "$after" -gt 200
check_eq "15 urgent ones in a row is the most" 15 "$longest"
check_cmp "then comes a normal one" "$gaps" -ge $((urgents / 15))
check_cmp "and just one" "$wide" -le 1
check_cmp "no more often than that" "$gaps" -le $((urgents / 15 + 1))

# A thin link with more normal traffic than it takes: who is urgent hardly notices, and
# another flow of normal packets has turns of its own.
tc -n wan qdisc add dev h2 root tbf rate 2mbit burst 10kb limit 100kb
on h1 "$XFER" blast 10.10.0.2 9 $((15 * POOL_SLOW)) >/dev/null 2>&1 &
blast=$!
wait_for 10 more_waits 400 || t_fail "the queue fills"
replies() { on h1 ping -n -q -c 10 -i 0.3 -w 8 -Q "$1" 10.10.0.2 | sed -n 's/.* \([0-9]*\) received.*/\1/p'; }
replies 0 >"$TMP/normal" & normal=$!
fast=$(replies 0xb8)
wait "$normal"
slow=$(cat "$TMP/normal")
t_diag "in 8 s: $fast answers of 10 with EF, $slow without"
check_cmp "beside a flood: EF is answered" "$fast" -ge 8
check_cmp "and so is another flow" "$slow" -ge 8
kill "$blast" 2>/dev/null
tc -n wan qdisc del dev h2 root
t_done
