#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Two ends call each other at the same moment, two hundred times. Whatever they
# make of it, no packet that waited is lost, and in the end there is one session
# and one connection: the lower key's end closes what is too many.
# rigs: uml
# timeout: 120
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/tcp.bash"
load_module
setup_two
pairs=$(size 40 8) rounds=$(size 5 2) packets=20

# One pair of devices each, all in the same two namespaces.
keys=()
for i in $(seq "$pairs"); do keys+=("a$i" "b$i"); done
pool_keys "${keys[@]}"
make_end() {
	local ns=$1 me=$2 it=$3 n=$4 m=$5 i
	for i in $(seq "$pairs"); do
		ip -n "$ns" link add "p$i" type pool &&
		on "$ns" "$POOL" set "p$i" private-key "$TMP/$me$i.key" listen-port $((9300 + i)) \
			peer "$(cat "$TMP/$it$i.pub")" endpoint "10.99.0.$m:$((9300 + i))" \
			allowed-ips "10.20.$i.$m/32" &&
		ip -n "$ns" addr add "10.20.$i.$n/24" dev "p$i" || return
	done
}
check "one end of $pairs pairs" make_end h1 a b 1 2
check "the other end" make_end h2 b a 2 1
for i in $(seq "$pairs"); do echo "link set p$i up"; done >"$TMP/up"
sed 's/up$/down/' "$TMP/up" >"$TMP/down"

for ns in h1 h2; do
	on "$ns" "$XFER" sink 5000 >"$TMP/got.$ns" &
done
to_h2=$(for i in $(seq "$pairs"); do echo "10.20.$i.2"; done)
to_h1=$(for i in $(seq "$pairs"); do echo "10.20.$i.1"; done)

# got NS ROUND: different datagrams of that round that have come to NS.
got() { grep "^round $2 " "$TMP/got.$1" | sort -u | wc -l; }
all_in() { [ "$(got h1 "$1")" = $((pairs * packets)) ] && [ "$(got h2 "$1")" = $((pairs * packets)) ]; }
# summary NS: per device: name, sessions, connections, the Session IDs.
summary() {
	on "$1" "$POOL" show --json | jq -r 'to_entries[] | .value | "\(.ifname) \(.sessions) \(.connections) " +
		([.peers[].sessions[].session_id] | sort | join(","))' | sort
}
settled() {
	summary h1 >"$TMP/s1"; summary h2 >"$TMP/s2"
	cmp -s "$TMP/s1" "$TMP/s2" && ! grep -qvE '^p[0-9]+ 1 1 [0-9a-f]{32}$' "$TMP/s1"
}

# both up|down: all devices, at the same time at both ends.
both() {
	local pid
	ip -n h1 -batch "$TMP/$1" & pid=$!
	ip -n h2 -batch "$TMP/$1"
	wait "$pid"
}

twice=0
for r in $(seq "$rounds"); do
	both up
	# shellcheck disable=SC2086
	on h1 "$XFER" number 5000 "$r" "$packets" $to_h2 & a=$!
	# shellcheck disable=SC2086
	on h2 "$XFER" number 5000 "$r" "$packets" $to_h1 & b=$!
	wait "$a" "$b"
	if wait_for 20 all_in "$r"; then
		t_ok "round $r: all $((2 * pairs * packets)) packets came"
	else
		t_fail "round $r: all $((2 * pairs * packets)) packets came" \
			"h1 $(got h1 "$r"), h2 $(got h2 "$r")
$(on h1 "$POOL" show --json | jq -c 'to_entries[]|[.key,.value.drops,.value.peers[].drops]')
$(on h2 "$POOL" show --json | jq -c 'to_entries[]|[.key,.value.drops,.value.peers[].drops]')"
	fi
	summary h1 >"$TMP/s1"
	n=$(awk '$2 > 1' "$TMP/s1" | wc -l)
	twice=$((twice + n))
	sleep 10
	if wait_for 6 settled; then
		t_ok "round $r: one session and one connection of each pair is left ($n had two)"
	else
		t_fail "round $r: one session and one connection of each pair is left ($n had two)" \
			"$(diff -y -W 150 "$TMP/s1" "$TMP/s2")"
	fi
	both down
done
check_cmp "$twice of $((pairs * rounds)) times both ends were quick enough to make two sessions" "$twice" -ge $((pairs * rounds / 4))
t_done
