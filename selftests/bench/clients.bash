# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
#
# Many clients call one server at the same time: handshakes per second, and the memory
# that a session takes. Sourced by bench.sh.

CLIENTS=200

prepare_clients() { :; }

# clients_add SUBJECT: namespace p1 with a device for each client, p2 with the server's.
clients_add() {
	local n dir=$tmp/clients
	pair_add p
	ip -n p2 addr add 10.98.255.1/16 dev eth0
	rm -rf "$dir"
	mkdir "$dir"
	/usr/bin/python3 "$here/clients.py" setup $CLIENTS "$dir" "$1"
	ip -n p1 -batch "$dir/devices"
	case $1 in
	pool-*) ip -n p2 link add server type pool transport "${1#pool-}" ;;
	wireguard) ip -n p2 link add server type wireguard ;;
	esac
	on p2 "$(tool "$1")" setconf server "$dir/server.conf"
	# shellcheck disable=SC2016
	on p1 bash -c 'for n in $(seq "$2"); do "$1" setconf "c$n" "$3/$n.conf" || exit; done' - \
		"$(tool "$1")" $CLIENTS "$dir"
	ip -n p2 link set server up
	ip -n p2 route add 10.97.0.0/16 dev server src 10.98.255.1
	ip -n p2 route add local 10.96.0.0/16 dev lo
	ip -n p1 -batch "$dir/routes"
	# Nobody has to look for a neighbour first.
	on p1 ping -q -c 1 10.98.255.1 >/dev/null
	for n in $(seq $CLIENTS); do
		echo "neigh replace 10.98.$((n >> 8)).$((n & 255)) dev eth0 nud permanent lladdr \
			$(ip -n p1 -j link show eth0 | jq -r '.[0].address')"
	done | tr -d '\t' >"$dir/neighbours"
	ip -n p2 -batch "$dir/neighbours"
}

measure_clients() {
	local before after answered time
	pair_del p
	clients_add "$1"
	before=$(used_memory)
	read -r answered time < <(on p1 /usr/bin/python3 "$here/clients.py" call $CLIENTS)
	[ "$answered" = $CLIENTS ] || { echo "only $answered of $CLIENTS clients came through" >&2; return 1; }
	awk -v n=$CLIENTS -v t="$time" 'BEGIN { print "handshakes", n / t }'
	after=$(used_memory)
	# A session has two ends here.
	echo "mem_session $(((after - before) / CLIENTS / 2))"
	pair_del p
}
