# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
#
# What many configured peers cost, and memory. Sourced by bench.sh.

prepare_peers() {
	# WireGuard has a kernel thread for each peer.
	sysctl -qw kernel.threads-max=100000 kernel.pid_max=200000
	[ ! -s "$tmp/peers.10000" ] || return 0
	/usr/bin/python3 "$here/peers.py" "$tmp/peers.100" 2 100
	/usr/bin/python3 "$here/peers.py" "$tmp/peers.1000" 101 1000
	/usr/bin/python3 "$here/peers.py" "$tmp/peers.10000" 1001 10000
	/usr/bin/python3 "$here/peers.py" "$tmp/peers.all" 1 10000
}

# tool SUBJECT: who configures it.
tool() { case $1 in pool-*) echo "$POOL" ;; wireguard) echo wg ;; esac; }

# One flow through one peer, while more and more others are configured on both ends.
measure_peers() {
	local count
	pair_del p
	pair_add p
	tunnel_add p "$1"
	serve p2
	sleep 1
	for count in 1 100 1000 10000; do
		if [ $count != 1 ]; then
			on p1 "$(tool "$1")" addconf "$1" "$tmp/peers.$count"
			on p2 "$(tool "$1")" addconf "$1" "$tmp/peers.$count"
		fi
		matches peers_$count "$only_rows" || continue
		iperf p "$1" "$seconds" "\"peers_$count \\(.end.sum_received.bits_per_second / 1e6)\""
	done
	pair_del p
}

# elapsed COMMAND...: how many seconds it takes.
elapsed() {
	local start=$EPOCHREALTIME
	"$@" >/dev/null
	awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.3f\n", b - a }'
}

# used_memory [WORD]: bytes of the kernel's own, once nothing is being given back any more;
# with those that /proc/meminfo has under WORD. (Free memory would tell of everything, but
# only to some megabytes.)
used_memory() {
	local last=0 now still=0 cache words="Slab: VmallocUsed: Percpu: ${1:-}"
	for _ in {1..40}; do
		echo 3 >/proc/sys/vm/drop_caches
		for cache in /sys/kernel/slab/*/shrink; do echo 1 >"$cache"; done
		echo 1 >/proc/sys/vm/stat_refresh
		now=$(awk -v words=" $words " 'index(words, " " $1 " ") { sum += $2 } END { print sum }' /proc/meminfo)
		if [ $((now - last)) -lt 100 ] && [ $((last - now)) -lt 100 ]; then
			still=$((still + 1))
		else
			still=0
		fi
		[ $still -lt 3 ] || break
		last=$now
		sleep 0.5
	done
	echo $((now * 1024))
}

# 10,000 peers at once, of which nobody speaks.
measure_table() {
	local before after stacks=''
	pair_del p
	pair_add p
	case $1 in
	pool-*) pool_add p1 "$1" 1 ;;
	wireguard) wireguard_add p1 1 ;;
	esac
	ip -n p1 link set "$1" up
	# A peer of WireGuard is a thread too. (With VMAP_STACK its stack is counted already.)
	[ "$POOL_RIG" = qemu ] || stacks=KernelStack:
	before=$(used_memory $stacks)
	echo "peers_configure_s $(elapsed on p1 "$(tool "$1")" addconf "$1" "$tmp/peers.all")"
	after=$(used_memory $stacks)
	echo "mem_peer_idle $(((after - before) / 10000))"
	echo "peers_dump_s $(elapsed on p1 "$(tool "$1")" show "$1" dump)"
	[ "$(on p1 "$(tool "$1")" show "$1" dump | wc -l)" = 10002 ]
	pair_del p
}
