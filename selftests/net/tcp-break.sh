#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The TCP connection is broken in mid-transfer, in every way and at either end:
# the transfer completes in the same session, without another handshake.
# rigs: uml
# timeout: 150
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/tcp.bash"
setup_pool

bytes=$(size $((52 << 20)) $((2 << 20)))

# before: what must be the same afterwards.
before() {
	id1=$(current_id h1) id2=$(current_id h2)
	hs1=$(handshakes h1) hs2=$(handshakes h2)
	re1=$(reattached h1) re2=$(reattached h2)
}
# after NAME: a result for each of them.
after() {
	local name=$1 n1 n2
	n1=$(current_id h1) n2=$(current_id h2)
	check_eq "$name: the same session at h1" "$id1" "$n1"
	check_eq "$name: the same session at h2" "$id2" "$n2"
	check_eq "$name: no handshake" "$hs1 $hs2" "$(handshakes h1) $(handshakes h2)"
	check_cmp "$name: h1 says that it was re-attached" "$(reattached h1)" -gt "$re1"
	check_cmp "$name: h2 says that it was re-attached" "$(reattached h2)" -gt "$re2"
}

rst_at() {
	# What comes from the other end is answered by a reset and goes no further.
	on "$1" nft -f - <<-END
		table inet cut {
			chain input {
				type filter hook input priority 0
				tcp sport 9253 reject with tcp reset
				tcp dport 9253 tcp flags & syn == 0 reject with tcp reset
			}
		}
	END
	sleep 0.2
	on "$1" nft delete table inet cut
}

both() { kill_connections h1 & kill_connections h2; wait $!; }

# broken NAME FROM TO ADDRESS TIMES PAUSE COMMAND...
broken() {
	local name=$1 from=$2 to=$3 address=$4 times=$5 pause=$6 n=0; shift 6
	before
	xfer_start "$name" "$from" "$to" "$address" "$bytes"
	sleep "$pause"
	while [ "$n" -lt "$times" ] && xfer_running; do
		"$@"
		n=$((n + 1))
		sleep "$pause"
	done
	check_cmp "$name: broken in mid-transfer" "$n" -ge "$(size 3 1)"
	xfer_check "$name" "$name: the transfer completes, SHA-256 equal ($n breaks)" 40
	after "$name"
}

# Long enough to be broken several times.
if [ "$POOL_SLOW" -eq 1 ]; then
	for port in h1 h2; do
		tc -n wan qdisc add dev "$port" root netem rate 160mbit limit 20000
	done
fi

check "the two hosts are connected" ping_ok h1 10.10.0.2
check "h1 dialled" test "$(on h1 ss -tn dport = 9253 | grep -c ESTAB)" = 1

broken dialler-kills h1 h2 10.10.0.2 4 0.5 kill_connections h1
broken listener-kills h1 h2 10.10.0.2 4 0.5 kill_connections h2
broken reverse h2 h1 10.10.0.1 4 0.5 kill_connections h1
broken both-kill h1 h2 10.2.0.1 4 0.5 both
broken reset-at-sender h1 h2 10.10.0.2 3 0.6 rst_at h1
broken reset-at-receiver h1 h2 fd10::2 3 0.6 rst_at h2
broken often h1 h2 10.10.0.2 "$(size 20 10)" 0.2 kill_connections h1

# A peer that has no endpoint waits to be called again.
on h2 "$POOL" set pool0 peer "$(cat "$TMP/h1.pub")" remove
on h2 "$POOL" set pool0 peer "$(cat "$TMP/h1.pub")" allowed-ips 10.10.0.1/32,fd10::1/128,10.1.0.0/16
check "connected to one that only listens" wait_for 15 ping_ok h1 10.10.0.2
sleep 1
broken listener-only h2 h1 10.10.0.1 4 0.5 kill_connections h2
broken listener-only-dialler h1 h2 10.10.0.2 4 0.5 kill_connections h1

check_eq "no packet failed to verify" "0 0" \
	"$(dev_drops h1 pool0 rx-auth) $(dev_drops h2 pool0 rx-auth)"
t_done
