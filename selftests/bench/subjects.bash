# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
#
# The subjects: how each tunnel is set up between two namespaces. Sourced by bench.sh.
# A pair NAME is the namespaces NAME1 and NAME2, 10.99.0.1 and 10.99.0.2 on v1 and v2.

all_subjects() { echo veth pool-tcp pool-udp pool-raw wireguard ovpn-tcp ovpn-udp kernel; }

on() { local ns=$1; shift; ip netns exec "$ns" "$@"; }

# inner SUBJECT HOST: its address inside.
inner() {
	case $1 in
	veth) echo "10.99.0.$2" ;;
	pool-tcp) echo "10.1.0.$2" ;;
	pool-udp) echo "10.2.0.$2" ;;
	pool-raw) echo "10.3.0.$2" ;;
	wireguard) echo "10.4.0.$2" ;;
	ovpn-tcp) echo "10.5.0.$2" ;;
	ovpn-udp) echo "10.6.0.$2" ;;
	esac
}

# device SUBJECT: its name, the same on both ends.
device() {
	case $1 in
	veth) echo eth0 ;;
	*) echo "$1" ;;
	esac
}

# keys SUBJECT HOST: its key pair in $tmp/SUBJECT.HOST.{key,pub}.
keys() {
	local file=$tmp/$1.$2
	[ ! -s "$file.pub" ] || return 0
	case $1 in
	pool-*) (umask 077; "$POOL" genkey >"$file.key"); "$POOL" pubkey <"$file.key" >"$file.pub" ;;
	wireguard) (umask 077; wg genkey >"$file.key"); wg pubkey <"$file.key" >"$file.pub" ;;
	esac
}

# pair_add NAME: two hosts side by side.
pair_add() {
	local n
	ip netns add "${1}1"
	ip netns add "${1}2"
	ip link add eth0 netns "${1}1" type veth peer name eth0 netns "${1}2"
	for n in 1 2; do
		on "$1$n" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
		ip -n "$1$n" link set lo up
		ip -n "$1$n" addr add "10.99.0.$n/24" dev eth0
		ip -n "$1$n" link set eth0 up
	done
}

# path_add NAME: two hosts with a path between them, namespace NAME0, which sees every
# packet as a wire would: segmented.
path_add() {
	local n
	ip netns add "${1}0"
	ip -n "${1}0" link add br0 type bridge
	ip -n "${1}0" link set br0 up
	for n in 1 2; do
		ip netns add "$1$n"
		ip link add eth0 netns "$1$n" type veth peer name "v$n" netns "${1}0"
		on "$1$n" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
		on "$1$n" ethtool -K eth0 tso off gso off tx-udp-segmentation off >/dev/null
		ip -n "${1}0" link set "v$n" master br0 up
		ip -n "$1$n" link set lo up
		ip -n "$1$n" addr add "10.99.0.$n/24" dev eth0
		ip -n "$1$n" link set eth0 up
	done
}

# pair_del NAME: and everything in it. Devices first: that is done when it returns.
pair_del() {
	local ns
	for ns in $(ip netns list | cut -d' ' -f1); do
		[[ $ns == "$1"[0-9] ]] || continue
		ip netns pids "$ns" | xargs -r kill 2>/dev/null || true
		ip -n "$ns" link del group default 2>/dev/null || true
		ip netns del "$ns"
	done
}

# tunnel_add PAIR SUBJECT: the tunnel, and both ends have answered.
tunnel_add() {
	local n dev
	dev=$(device "$2")
	case $2 in
	veth) ;;
	pool-*) for n in 1 2; do pool_add "$1$n" "$2" "$n"; done ;;
	wireguard) for n in 1 2; do wireguard_add "$1$n" "$n"; done ;;
	ovpn-*) ovpn_add "$1" "$2" ;;
	esac
	for n in 1 2; do
		[ "$2" = veth ] && break
		ip -n "$1$n" addr add "$(inner "$2" "$n")/24" dev "$dev"
		ip -n "$1$n" link set "$dev" up
	done
	for n in {1..20}; do
		on "${1}1" ping -q -c 1 -W 1 "$(inner "$2" 2)" >/dev/null && return
	done
	say "$2 does not come up"
	return 1
}

# Each on a port of its own: pool-tcp and the others live side by side.
port_of() {
	case $1 in
	pool-tcp) echo 9253 ;;
	pool-udp) echo 9254 ;;
	pool-raw) echo 9255 ;;
	wireguard) echo 51820 ;;
	ovpn-tcp) echo 1194 ;;
	ovpn-udp) echo 1195 ;;
	esac
}

# pool_add NS SUBJECT HOST: its device, with the other host as its peer.
pool_add() {
	local m=$((3 - $3)) port
	port=$(port_of "$2")
	keys "$2" 1; keys "$2" 2
	ip -n "$1" link add "$2" type pool transport "${2#pool-}"
	on "$1" "$POOL" set "$2" private-key "$tmp/$2.$3.key" listen-port "$port" \
		peer "$(cat "$tmp/$2.$m.pub")" endpoint "10.99.0.$m:$port" allowed-ips "$(inner "$2" $m)/32"
}

wireguard_add() {
	local m=$((3 - $2)) port
	port=$(port_of wireguard)
	keys wireguard 1; keys wireguard 2
	ip -n "$1" link add wireguard type wireguard
	on "$1" wg set wireguard private-key "$tmp/wireguard.$2.key" listen-port "$port" \
		peer "$(cat "$tmp/wireguard.$m.pub")" endpoint "10.99.0.$m:$port" \
		allowed-ips "$(inner wireguard $m)/32"
}
