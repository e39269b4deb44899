#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A bad underlay: loss, delay, reordering, corruption, duplication. What goes
# through the tunnel arrives complete, and in one session.
# rigs: uml
# timeout: 150
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/tcp.bash"
setup_pool
check "the two hosts are connected" ping_ok h1 10.10.0.2
id=$(current_id h1)

netem() {
	local h
	for h in h1 h2; do tc -n wan qdisc replace dev "$h" root netem limit 5000 "$@"; done
}
# through NAME BYTES NETEM...: transfers there and back under it, for ten seconds.
through() {
	local name=$1 bytes=$2 i=0 end=$((SECONDS + 10)) from=h1 to=h2 address=10.10.0.2; shift 2
	netem "$@"
	while [ "$SECONDS" -lt "$end" ]; do
		xfer_start "netem$i" "$from" "$to" "$address" "$bytes"
		xfer_check "netem$i" "$name: transfer $i of $bytes bytes from $from to $to, SHA-256 equal" 60 || break
		i=$((i + 1))
		if [ "$from" = h1 ]; then
			from=h2 to=h1 address=fd10::1
		else
			from=h1 to=h2 address=10.10.0.2
		fi
	done
	for h in h1 h2; do tc -n wan qdisc del dev "$h" root; done
	check "$name: the hosts are connected afterwards" wait_for 10 ping_ok h1 10.10.0.2
}
mb=$((1 << 20))
through "loss 1 %" $((8 * mb / $(size 1 8))) loss 1%
through "loss 5 %" $((2 * mb / $(size 1 8))) loss 5%
through "delay 40 ms" $((4 * mb / $(size 1 8))) delay 40ms
through "reordering 25 %" $((8 * mb / $(size 1 8))) delay 5ms reorder 25% gap 3
through "corruption 1 %" $((4 * mb / $(size 1 8))) corrupt 1%
through "duplication 5 %" $((8 * mb / $(size 1 8))) duplicate 5%
through "all of it" $((mb / $(size 1 4))) delay 10ms 3ms loss 1% corrupt 0.5% duplicate 1% reorder 5%
check_eq "it was one session all the time" "$id" "$(current_id h1)"
# The checksum of TCP has missed some of it, if any came through at all: then it was refused here.
t_diag "rx-auth $(dev_drops h1 pool0 rx-auth) $(dev_drops h2 pool0 rx-auth), rx-decrypt $(dev_drops h1 pool0 rx-decrypt) $(dev_drops h2 pool0 rx-decrypt)"
t_done
