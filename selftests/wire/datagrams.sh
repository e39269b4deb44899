#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# pool.ko and the Python peer over UDP and raw IP: either of them calls, over IPv4
# and IPv6; packets that need fragments in both directions; path-MTU search of both
# through a narrow router; a Python peer that moves in mid-session.
# rigs: uml qemu
# timeout: 400
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.bash"

wire_setup
ip -n h1 link set pool0 mtu 20000
limit=$((15 * POOL_SLOW))
answer=(--answer 10.10.0.2 --answer fd10::2)
allowed=(allowed-ips "10.10.0.2/32,fd10::2/128")
pings=(--ping 10.10.0.2 10.10.0.1 5 --ping fd10::2 fd10::1 5)

session() { peer "$1" ".sessions[] | select(.current) | $2"; }
session_is() { [ "$(session "$1" "$2")" = "$3" ]; }

for t in udp raw; do
	on h1 "$POOL" set pool0 transport $t || t_bail "pool0 on $t"
	for outer in 4 6; do
		quick_rig || case $t-$outer in udp-4 | raw-6) ;; *) continue ;; esac
		to=10.99.0.1:9253 from=10.99.0.2:9300
		[ $outer = 4 ] || to="[fd99::1]:9253" from="[fd99::2]:9300"
		text="$t over IPv$outer"

		know caller "${allowed[@]}" || t_bail "the caller as a peer"
		check "$text: Python calls: its pings" py_peer caller --transport $t --connect "$to" \
			"${pings[@]}" --time "$limit" --close
		check "$text: CLOSE ends the session" wait_for 5 no_session caller
		check "$text: Python calls: pings that need fragments" py_peer caller --transport $t \
			--connect "$to" --ping-size 9000 "${pings[@]}" --time "$limit" --close
		forget caller

		pool_keys called
		listening called --transport $t "${answer[@]}" --mtu-search
		know called "${allowed[@]}" endpoint "$from"
		check "$text: pool0 calls: ping" ping_ok h1 10.10.0.2 -W $((8 * POOL_SLOW))
		check "$text: and IPv6" ping_ok h1 fd10::2
		check "$text: pings that need fragments" ping_ok h1 10.10.0.2 -s 19000
		check_eq "$text: one session, as initiator" "initiator confirmed $t" \
			"$(session called '"\(.role) \(.state) \(.transport)"')"
		check "$text: the path MTU is that of the interface" \
			wait_for 10 session_is called .telemetry.mtu 1500
		check "$text: and the Python peer's search says the same" \
			wait_for 20 session_is called .peer_telemetry.mtu 1500
		forget called
		check "$text: removing the peer sends CLOSE" wait_for 5 grep -q closed-by-peer "$TMP/log"
		finished
		check_eq "$text: the Python peer dropped nothing" '{}' "$(last_line '.drops | tostring')"
	done
done

# --- a peer that moves --------------------------------------------------------

on h1 "$POOL" set pool0 transport udp
ip -n h2 addr add 10.99.0.77/24 dev eth0
know mover "${allowed[@]}"
background mover --transport udp --connect 10.99.0.1:9253 "${answer[@]}" --heartbeat 1 \
	--move $((4 * POOL_SLOW)) --move-to 10.99.0.77:9777
check "a session with a peer that will move" wait_for 30 logged session-up
id=$(session mover .session_id)
check "it moves, and the session with it" \
	wait_for $((15 * POOL_SLOW)) session_is mover .remote 10.99.0.77:9777
check "pings follow" ping_ok h1 10.10.0.2
check_eq "in the same session" "$id" "$(session mover .session_id)"
finished
t_done
