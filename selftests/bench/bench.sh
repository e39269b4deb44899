#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the guest: POOL over TCP, UDP and raw IP beside WireGuard and plain veth, two
# namespaces joined by a veth pair, one flow of iperf3 TCP and round trips per second. The
# subjects take turns, round after round, so that a noisy machine is as noisy for all.
# Usage: bench.sh [ROUNDS [SECONDS]]; writes $RESULTS/bench.json and prints a table.
set -eu

rounds=${1:-5} seconds=${2:-3}
: "${POOL:?}" "${RESULTS:?}"
here=$(cd "$(dirname "$0")" && pwd)
rr=${RR:-$here/../../build/bench/rr}
tmp=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$tmp"' EXIT
umask 077

transports='tcp udp raw'
subjects="veth $(printf 'pool-%s ' $transports)wireguard"

# inner SUBJECT HOST: its address inside.
inner() {
	case $1 in
	veth) echo "10.99.0.$2" ;;
	pool-tcp) echo "10.1.0.$2" ;;
	wireguard) echo "10.2.0.$2" ;;
	pool-udp) echo "10.3.0.$2" ;;
	pool-raw) echo "10.4.0.$2" ;;
	esac
}

modprobe pool
ip netns add h1
ip netns add h2
ip link add v1 netns h1 type veth peer name v2 netns h2
for n in 1 2; do
	ip -n h$n link set lo up
	ip -n h$n addr add 10.99.0.$n/24 dev v$n
	ip -n h$n link set v$n up
	"$POOL" genkey >"$tmp/p$n"
	wg genkey >"$tmp/w$n"
done

# pool_device HOST TRANSPORT PORT, with the other host as its peer.
pool_device() {
	local m=$((3 - $1)) dev=pool-$2
	ip -n "h$1" link add "$dev" type pool transport "$2"
	ip netns exec "h$1" "$POOL" set "$dev" private-key "$tmp/p$1" listen-port "$3" \
		peer "$("$POOL" pubkey <"$tmp/p$m")" endpoint "10.99.0.$m:$3" \
		allowed-ips "$(inner "$dev" $m)/32"
	ip -n "h$1" addr add "$(inner "$dev" "$1")/24" dev "$dev"
	ip -n "h$1" link set "$dev" up
}

for n in 1 2; do
	m=$((3 - n)) port=9253
	for t in $transports; do
		pool_device $n "$t" $((port++))
	done
	ip -n h$n link add wg0 type wireguard
	ip netns exec h$n wg set wg0 private-key "$tmp/w$n" listen-port 51820 \
		peer "$(wg pubkey <"$tmp/w$m")" endpoint 10.99.0.$m:51820 \
		allowed-ips "$(inner wireguard $m)/32"
	ip -n h$n addr add "$(inner wireguard $n)/24" dev wg0
	ip -n h$n link set wg0 up
done
ip netns exec h2 iperf3 -s >/dev/null 2>&1 &
ip netns exec h2 "$rr" -l &
sleep 1
for s in $subjects; do ip netns exec h1 ping -q -c 2 -W 5 "$(inner "$s" 2)" >/dev/null; done
# The search for the path MTU of each is over.
sleep 3

for round in $(seq "$rounds"); do
	for s in $subjects; do
		ip netns exec h1 iperf3 -J -c "$(inner "$s" 2)" -t "$seconds" |
			jq -r '.end.sum_received.bits_per_second / 1e6' >>"$tmp/tcp_bulk_1.$s"
		ip netns exec h1 "$rr" "$(inner "$s" 2)" "$seconds" >>"$tmp/tcp_rr.$s"
	done
	echo "round $round of $rounds done" >&2
done

unit() { case $1 in tcp_bulk_1) echo Mbit/s ;; tcp_rr) echo 1/s ;; esac; }
for row in tcp_bulk_1 tcp_rr; do
	for s in $subjects; do
		jq -s --arg row $row --arg s "$s" --arg unit "$(unit $row)" \
			'{row: $row, subject: $s, unit: $unit, rounds: .}' "$tmp/$row.$s"
	done
done | jq -s . >"$RESULTS/bench.json"

jq -r '
	def median: sort | if length % 2 == 1 then .[length / 2 | floor]
		else (.[length / 2 - 1] + .[length / 2]) / 2 end;
	def of($row; $s): map(select(.row == $row and .subject == $s)) | .[0].rounds | median;
	. as $all |
	"| row | unit | subject | median | / WireGuard |", "|---|---|---|---|---|",
	(["tcp_bulk_1", "tcp_rr"][] as $row |
		($all | map(select(.row == $row))[] |
		"| \($row) | \(.unit) | \(.subject) | \(.rounds | median | round) | " +
		"\((.rounds | median) / ($all | of($row; "wireguard")) * 100 | round / 100) |"))
' "$RESULTS/bench.json"
