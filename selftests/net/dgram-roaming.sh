#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# An end that moves: to other addresses, to the other family, to another port by a
# translator. The session goes on, and nothing but probes goes where nobody has
# answered from. Answers come from the address that was called. Bytes are counted.
# rigs: uml
# timeout: 240
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.sh"

load_module
setup_two
for h in h1 h2; do on $h sysctl -qw net.ipv4.conf.all.promote_secondaries=1; done

# What each end sees of the other; the session, which must stay the same.
seen() { peer_json "$1" pool0 "$2" .connection; }
seen_is() { [ "$(seen "$1" "$2")" = "$3$port" ]; }
v6() { [ "$port" ] && echo "[$1]" || echo "$1"; }
session() { pool_json "$1" pool0 '.[].peers[].sessions[] | select(.current) | .session_id'; }
same_session() { [ "$(session h1) $(session h2)" = "$id $id" ]; }
move_h1() { ip -n h1 addr add "$2/24" dev eth0; ip -n h1 addr del "$1/24" dev eth0; }

# follows TEXT ADDRESS: h2 does after a packet of h1, and its own traffic goes there.
follows() {
	check "$t: $1: h1 gets through" ping_most 2 h1 10.10.0.2
	check "$t: $1: h2 sees it there" wait_for 5 seen_is h2 h1 "$2"
	check "$t: $1: traffic of h2 goes there" ping_ok h2 10.10.0.1
	check "$t: $1: it is the same session" same_session
}

# payload CHAIN: the bytes of POOL that have passed h1's filter there. (A capture loses some
# on a busy machine.) Their IP and UDP headers are not of POOL.
payload() {
	on h1 nft -j list chain inet count "$1" |
		jq -r --argjson h "$header" '[.. | .counter? // empty][0] | .bytes - $h * .packets'
}
counters() { peer_json "$1" pool0 "$2" '"\(.tx_bytes) \(.rx_bytes)"'; }
quiet() {
	local before
	before=$(counters h1 h2)
	sleep 1.5
	[ "$before" = "$(counters h1 h2)" ]
}
# count_bytes: what the ends count is what is on the wire.
count_bytes() {
	local a1 a2 b1 b2
	for h in h1 h2; do on $h "$POOL" set pool0 heartbeat off; done
	check "$t: heartbeats off: it is quiet in the end" wait_for 20 quiet
	on h1 nft -f - <<-END
	table inet count {
		chain there { type filter hook output priority 0; $match counter; }
		chain back { type filter hook input priority 0; $match counter; }
	}
	END
	read -ra a1 <<<"$(counters h1 h2)"; read -ra a2 <<<"$(counters h2 h1)"
	check "$t: pings of three sizes" eval 'ping_ok h1 10.10.0.2 && ping_ok h2 10.10.0.1 -s 1300 && ping_ok h1 fd10::2 -s 4000'
	check "$t: and a transfer" send_tcp h1 h2 10.10.0.2 7001 "$(blob 300000)"
	check "$t: quiet again" wait_for 20 quiet
	read -ra b1 <<<"$(counters h1 h2)"; read -ra b2 <<<"$(counters h2 h1)"
	local there=$((b1[0] - a1[0])) back=$((b2[0] - a2[0]))
	check_eq "$t: $there bytes sent to h2: on the wire, received" "$there $there" \
		"$(payload there) $((b2[1] - a2[1]))"
	check_eq "$t: $back bytes sent to h1" "$back $back" "$(payload back) $((b1[1] - a1[1]))"
	on h1 nft delete table inet count
	check_cmp "$t: it was more than the transfer" $there -gt 300000
}

# rebind PORT: a translator at h1's door gives its packets this port, from now on.
rebind() {
	on h1 nft -f - <<-END
	table ip door
	delete table ip door
	table ip door {
		chain out { type filter hook output priority raw; udp sport 9253 udp sport set $1; }
		chain in { type filter hook prerouting priority raw; udp dport 9253 drop; udp dport $1 udp dport set 9253; }
	}
	END
}

for t in udp raw; do
	case $t in
	udp) port=:9253 match='udp dport 9253' header=28 wire='udp port 9253' first='udp[8]' ;;
	raw) port='' match='ip protocol 253' header=20 wire='ip proto 253' first='ip[20]' ;;
	esac
	pool_add h1 1 transport $t && pool_add h2 2 transport $t && pool_peer h1 h2 2 && pool_peer h2 h1 1 ||
		t_bail "pool0 on both hosts"
	# h2 has not been told where h1 is.
	on h2 "$POOL" set pool0 peer "$(pub h1)" endpoint none
	check "$t: ping" ping_ok h1 10.10.0.2
	id=$(session h1)
	check "$t: h2 knows where h1 is" seen_is h2 h1 10.99.0.1
	count_bytes
	for h in h1 h2; do on $h "$POOL" set pool0 heartbeat 1; done

	# --- another address
	capture h1 eth0 "$TMP/move.$t" "$wire and dst 10.99.0.31"
	move_h1 10.99.0.1 10.99.0.31
	follows "another address" 10.99.0.31
	tcpdump -r "$TMP/move.$t" -c 1 -w "$TMP/first.$t" 2>/dev/null
	check_eq "$t: the first packet that goes to it is a probe" 1 "$(packets "$TMP/first.$t" "$first = 0x1a")"

	# Nothing of the mover's own but its heartbeat.
	move_h1 10.99.0.31 10.99.0.32
	check "$t: a heartbeat is enough" wait_for 8 seen_is h2 h1 10.99.0.32
	check "$t: h2 gets through" ping_ok h2 10.10.0.1
	move_h1 10.99.0.32 10.99.0.1
	follows "and back" 10.99.0.1

	# --- another family, as h1 is told
	p2() { on h1 "$POOL" set pool0 peer "$(pub h2)" endpoint "$1"; }
	p2 "[fd99::2]$port"
	check "$t: the endpoint is set to IPv6: the session moves" wait_for 8 seen_is h1 h2 "$(v6 fd99::2)"
	follows "IPv6" "$(v6 fd99::1)"
	ip -n h1 addr add fd99::31/64 dev eth0 nodad
	ip -n h1 addr del fd99::1/64 dev eth0
	follows "another IPv6 address" "$(v6 fd99::31)"
	ip -n h1 addr add fd99::1/64 dev eth0 nodad
	p2 "10.99.0.2$port"
	check "$t: the endpoint is set to IPv4: the session moves" wait_for 8 seen_is h1 h2 10.99.0.2
	follows "IPv4" 10.99.0.1
	ip -n h1 addr del fd99::31/64 dev eth0

	# --- another port
	if [ $t = udp ]; then
		for port in :40001 :40002; do
			rebind "${port#:}"
			follows "a translator: port ${port#:}" 10.99.0.1
		done
		on h1 nft delete table ip door
		port=:9253
		follows "no translator" 10.99.0.1
	fi

	# --- the address that was called
	ip -n h2 addr add 10.99.0.41/24 dev eth0
	ip -n h2 addr add 10.99.0.42/24 dev eth0
	p2 "10.99.0.42$port"
	check "$t: h1 calls another address of h2" wait_for 8 seen_is h1 h2 10.99.0.42
	check "$t: with an answer" ping_ok h1 10.10.0.2
	capture h1 eth0 "$TMP/stick.$t" "$wire"
	check "$t: pings, both ways" eval 'ping_ok h1 10.10.0.2 && ping_ok h2 10.10.0.1'
	check_cmp "$t: h2 sends from the address that was called" "$(packets "$TMP/stick.$t" src 10.99.0.42)" -ge 6
	check_eq "$t: from no other" 0 "$(packets "$TMP/stick.$t" src net 10.99.0 and not src 10.99.0.42 and not src 10.99.0.1)"
	ip -n h2 addr del 10.99.0.42/24 dev eth0
	check "$t: it is gone: h2 sends from another" wait_for 8 seen_is h1 h2 10.99.0.2
	check "$t: traffic goes on" ping_ok h1 10.10.0.2
	check "$t: both ways" ping_ok h2 10.10.0.1
	check "$t: in the same session" same_session
	ip -n h2 addr del 10.99.0.41/24 dev eth0
	check_eq "$t: one handshake in all" "1 1" "$(pool_json h1 pool0 '.[].handshakes') $(pool_json h2 pool0 '.[].handshakes')"
	for h in h1 h2; do ip -n $h link del pool0; done
done
t_done
