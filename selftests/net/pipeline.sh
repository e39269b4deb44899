#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Batches that several CPUs work on: what comes out is what went in, in its order, over each
# transport; a gigabyte; CPUs that come and go meanwhile.
# rigs: uml kasan qemu
# timeout: 240
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/tcp.bash"
setup_pool

T=/sys/kernel/tracing
mkdir -p $T
[ -d $T/events ] || mount -t tracefs tracefs $T 2>/dev/null
if [ -d $T/events/pool ]; then
	echo 1 >$T/events/pool/pool_batch/enable
	# The module goes at the end, and what its events have recorded with it.
	t_defer eval "echo 0 >$T/events/pool/pool_batch/enable; : >$T/trace"
fi
# Who cannot keep up is told so, and nothing need be sent twice.
for ns in h1 h2; do on $ns sysctl -qw net.ipv4.tcp_ecn=1; done

# all_drops NS: every drop of a packet of a session, in or out, with its reason.
all_drops() { pool_json "$1" pool0 '[.. | .drops? // empty | to_entries[] | select(.value > 0)] | unique | map("\(.key) \(.value)") | join(" ")'; }
# carrier NS: the transport of the session that carries traffic.
carrier() { pool_json "$1" pool0 '.[].peers[].sessions[] | select(.current) | .transport'; }

seconds=$(size 6 15)
for transport in tcp udp raw; do
	for ns in h1 h2; do ip -n $ns link set pool0 type pool transport $transport; done
	check "$transport: connected" wait_for 20 ping_ok h1 10.10.0.2
	check "$transport: it is what carries them" wait_for 20 eval '[ "$(carrier h1)" = '$transport' ]'
	sleep 1		# the path MTU is known
	before=$(all_drops h1)/$(all_drops h2)
	on h2 iperf3 -s -1 -B 10.10.0.2 >/dev/null 2>&1 &
	wait_for 10 eval 'on h2 ss -Hltn sport = :5201 | grep -q .'
	on h1 iperf3 -c 10.10.0.2 -P 16 -t "$seconds" -J >"$TMP/iperf.json" 2>&1
	wait $!
	bytes=$(jq '.end.sum_received.bytes // 0 | floor' "$TMP/iperf.json")
	t_diag "$transport: $((bytes / seconds / 125000)) Mbit/s in 16 flows"
	check_cmp "$transport: 16 flows went through" "$bytes" -gt 1000000
	check_cmp "$transport: none of them stood still" \
		"$(jq '[.end.streams[].receiver.bytes] | min // 0 | floor' "$TMP/iperf.json")" -gt 0
	# Datagrams are lost where a busy receiver's socket is full, and that is counted.
	[ "$transport" != tcp ] || check_eq "$transport: nothing was dropped" "$before" "$(all_drops h1)/$(all_drops h2)"

	# Beside bulk that has every CPU at work: each flow in its order.
	on h2 "$XFER" sink 7070 >"$TMP/seen" 2>&1 &
	sink=$!
	on h2 iperf3 -s -1 -B 10.10.0.2 >/dev/null 2>&1 &
	server=$!
	wait_for 10 grep -q listening "$TMP/seen"
	wait_for 10 eval 'on h2 ss -Hltn sport = :5201 | grep -q .'
	on h1 iperf3 -c 10.10.0.2 -P 2 -t "$seconds" >/dev/null 2>&1 &
	client=$!
	for flow in $(seq 16); do
		on h1 "$XFER" number 7070 "$flow" 1000 10.10.0.2 &
		numbers[flow]=$!
	done
	wait "${numbers[@]}" $client $server
	kill $sink
	check_cmp "$transport: numbered datagrams of 16 flows came" "$(grep -c ^round "$TMP/seen")" -gt 1000
	check_eq "$transport: none overtook another of its flow" "" "$(awk '
		$1 == "round" { if (($2 in last) && $4 <= last[$2]) print $2, last[$2], $4; last[$2] = $4 }' "$TMP/seen" | head -n 3)"
done

for ns in h1 h2; do ip -n $ns link set pool0 type pool transport tcp; done
check "back on tcp" wait_for 20 ping_ok h1 10.10.0.2
bytes=$(size $((1000 << 20)) $((4 << 20)))
xfer_start big h1 h2 10.10.0.2 "$bytes"
xfer_check big "$((bytes >> 20)) MiB, SHA-256 equal" 120

# --- CPUs that come and go ----------------------------------------------------------------

if [ -w /sys/devices/system/cpu/cpu1/online ]; then
	before=$(all_drops h1)/$(all_drops h2)
	xfer_start hotplug h1 h2 10.10.0.2 $((8 << 20))
	n=0
	while xfer_running && [ $n -lt 10 ]; do
		echo $((n % 2)) >/sys/devices/system/cpu/cpu1/online
		n=$((n + 1))
		sleep 1
	done
	echo 1 >/sys/devices/system/cpu/cpu1/online
	check_cmp "a CPU went away and came back under traffic" $n -ge 2
	xfer_check hotplug "the transfer completes, SHA-256 equal" 60
	check_eq "nothing was dropped" "$before" "$(all_drops h1)/$(all_drops h2)"
else
	t_skip "CPUs come and go under traffic" "this kernel cannot take one away"
fi

if [ -d $T/events/pool ] && [ "$(nproc)" -gt 1 ]; then
	for what in seal open; do
		shared=$(grep -cE "pool_batch: .* $what .* helped=[1-9]" $T/trace)
		t_diag "$what: $shared of $(grep -cE "pool_batch: .* $what " $T/trace) batches shared, of those that the trace kept"
		check_cmp "another CPU took part: $what" "$shared" -gt 0
	done
fi
t_done
