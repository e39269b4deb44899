#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A peer that stops reading, or reads at a crawl: what waits for it is bounded
# and counted, the other peers of the device do not notice, and when it reads
# again everything is as before.
# rigs: uml
# timeout: 100
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/tcp.bash"
load_module
setup_hosts 3
for n in 1 2 3; do pool_add "h$n" "$n" || t_bail "pool0 can be set up on h$n"; done
pool_peer h1 h2 2; pool_peer h1 h3 3; pool_peer h2 h1 1; pool_peer h3 h1 1
check "h1 and h2 are connected" ping_ok h1 10.10.0.2
check "h1 and h3 are connected" ping_ok h1 10.10.0.3
on h3 iperf3 -s -D >/dev/null

peer_of() { pool_json h1 pool0 ".[].peers[] | select(.public_key == \"$(cat "$TMP/$1.pub")\") | $2"; }
available() { awk '/^MemAvailable/ {print $2}' /proc/meminfo; }
# speed: of one flow from h1 to h3, in kbit/s.
speed() { on h1 timeout 60 iperf3 -c 10.10.0.3 -t 2 -J 2>/dev/null | jq -r '.end.sum_received.bits_per_second / 1000 | floor' || echo 0; }
# most_staged SECONDS: the longest queue seen.
most_staged() {
	local end=$((SECONDS + $1)) most=0 n
	while [ "$SECONDS" -lt "$end" ]; do
		n=$(peer_of h2 .staged)
		[ "$n" -le "$most" ] || most=$n
		sleep 0.1
	done
	echo "$most"
}

# The other flow of traffic is there before and after, so that speeds compare.
on h1 "$XFER" blast 10.10.0.2 9 3000 &
full=$(speed)
id=$(current_id h2)

# slow NAME SECONDS: what must hold while h2 does not read.
slow() {
	local name=$1 memory congested most now
	memory=$(available)
	congested=$(peer_of h2 '.drops."tx-congested" // 0')
	sleep 1
	most=$(most_staged 3)
	check_cmp "$name: 1024 packets wait for it at most ($most)" "$most" -le 1024
	check_cmp "$name: packets do wait" "$most" -gt 0
	# The machine may be busy with something else for a moment.
	for _ in 1 2 3; do
		now=$(speed)
		[ "$now" -lt $((full / 10)) ] || break
	done
	# A tenth: the machine has others to serve, and a peer that is held up gets nothing.
	check_cmp "$name: traffic for another peer is not held up ($now of $full kbit/s)" "$now" -ge $((full / 10 + 1))
	check "$name: another peer answers" ping_ok h1 10.10.0.3
	check_cmp "$name: what found no room is counted" "$(peer_of h2 '.drops."tx-congested" // 0')" -gt "$congested"
	check_cmp "$name: memory, in kB (was $memory)" "$(available)" -gt $((memory - 30000))
}
recovers() {
	check "$1: h2 is reached again afterwards" wait_for 15 ping_ok h1 10.10.0.2
	check_eq "$1: in the same session" "$id" "$(current_id h2)"
}

# Nothing that comes is taken, nothing is acknowledged.
on h2 nft -f - <<-END
	table inet stop { chain input { type filter hook input priority 0; tcp sport 9253 drop; tcp dport 9253 drop; }; }
END
slow "stopped"
on h2 nft delete table inet stop
recovers "stopped"

tc -n wan qdisc add dev h2 root netem rate 64kbit limit 100
slow "at a crawl"
tc -n wan qdisc del dev h2 root
recovers "at a crawl"
t_done
