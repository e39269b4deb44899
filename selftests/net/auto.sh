#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Transport auto: what does not get through is left for the next one, and taken up again
# when it does; and a peer is moved by hand. An inner transfer goes on all the time.
# rigs: uml
# timeout: 700
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/tcp.bash"

load_module
setup_two
# A path on which a transfer takes a while.
for h in h1 h2; do tc -n wan qdisc add dev $h root netem limit 200 delay 10ms rate 4mbit; done

used() { peer_json "$1" pool0 "$2" '.sessions[] | select(.current) | .transport'; }
both_use() { [ "$(used h1 h2) $(used h2 h1)" = "$1 $1" ]; }
# filter TRANSPORT...: both hosts drop what comes by these, and by no others.
filter() {
	local h what rules=''
	for what; do
		case $what in
		udp) rules+='udp dport 9253 drop; ' ;;
		raw) rules+='meta l4proto 253 drop; ' ;;
		tcp) rules+='tcp dport 9253 drop; tcp sport 9253 drop; ' ;;
		esac
	done
	for h in h1 h2; do
		on $h nft -f - <<-END || t_bail "packets can be filtered"
		table inet door
		delete table inet door
		table inet door {
			chain in { type filter hook prerouting priority raw; $rules}
		}
		END
	done
}
# moves TEXT TRANSPORT SECONDS: both ends do, so soon on a machine of our own.
moves() {
	local text=$1 transport=$2 limit=$3 begin took
	begin=$(date +%s%N)
	check "$text: to $transport" wait_for "$limit" both_use "$transport"
	took=$((($(date +%s%N) - begin) / 1000000))
	t_diag "$text: $transport after $took ms"
}
# during NAME BYTES COMMAND...: an inner transfer, and what happens meanwhile.
during() {
	local name=$1 bytes=$2; shift 2
	xfer_start "$name" h1 h2 10.10.0.2 "$bytes"
	sleep 1
	"$@"
	check "$name: the transfer still goes on" xfer_running
	xfer_check "$name" "$name: the transfer is complete, SHA-256 equal" 300
}

pool_add h1 1 transport auto && pool_add h2 2 transport auto && pool_peer h1 h2 2 && pool_peer h2 h1 1 ||
	t_bail "pool0 on both hosts"
check "ping" wait_for 20 ping_ok h1 10.10.0.2
check "what costs least is used: raw" wait_for 5 both_use raw

# --- one after the other is filtered ----------------------------------------------------

raw_goes() { filter raw; moves "protocol 253 is dropped" udp 10; }
during "raw goes" 12000000 raw_goes
udp_goes() { filter raw udp; moves "UDP is dropped too" tcp 10; }
during "udp goes" 12000000 udp_goes
check "ping over tcp" ping_ok h1 10.10.0.2
sleep 20
check "20 s later it is still tcp" both_use tcp
check "ping" ping_ok h2 10.10.0.1

# --- and is let through again --------------------------------------------------------------

all_come() { filter; moves "nothing is dropped" raw 75; }
during "all come back" 50000000 all_come

# --- filtered from the beginning -------------------------------------------------------------

for h in h1 h2; do ip -n $h link set pool0 down; done
filter raw udp
for h in h1 h2; do ip -n $h link set pool0 up; done
begin=$(date +%s)
check "both filtered at the start: ping" wait_for 40 ping_ok h1 10.10.0.2
check_cmp "within 20 s" $(($(date +%s) - begin)) -le 20
check "over tcp" both_use tcp
filter udp tcp
moves "now all but protocol 253 is dropped" raw 75
filter

# --- by hand ------------------------------------------------------------------------------------

peer_to() {
	on h1 "$POOL" set pool0 peer "$(pub h2)" transport "$1"
	on h2 "$POOL" set pool0 peer "$(pub h1)" transport "$1"
}
by_hand() {
	local t
	for t in udp tcp udp raw tcp; do
		peer_to $t
		moves "peer set to $t" $t 10
		sleep 2
	done
}
drops() { for h in h1 h2; do pool_json $h pool0 '.[].peers[].drops | [.[]] | add // 0'; done | xargs; }
before=$(drops)
during "by hand" 20000000 by_hand
t_diag "drops of peers: $before before, $(drops) after: $(for h in h1 h2; do pool_json $h pool0 '.[].peers[].drops | tojson'; done | xargs)"
one_session() { [ "$(sessions_of h1 pool0) $(sessions_of h2 pool0)" = "1 1" ]; }
check "one session is left at each end" wait_for 90 one_session
t_done
