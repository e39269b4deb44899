#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Everything at once, in no order: settings change, peers come and go, links go
# down, devices move, connections break and somebody watches, under traffic.
# Nothing may complain, and in the end nothing is left.
# rigs: uml kasan
# timeout: 150
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/tcp.bash"
load_module
watch_objects || t_diag "no dynamic debug here: objects are not counted"
setup_hosts 3
for n in 1 2 3; do
	pool_add "h$n" "$n" || t_bail "pool0 can be set up on h$n"
	ip netns add "g$n"	# where its device goes now and then
	ip -n "g$n" link set lo up
done
mesh() {
	local n m
	for n in 1 2 3; do
		for m in 1 2 3; do
			[ "$n" = "$m" ] || pool_peer "h$n" "h$m" "$m" || return
		done
	done
}
check "three hosts know each other" mesh
check "h1 reaches h2" ping_ok h1 10.10.0.2
check "h1 reaches h3" ping_ok h1 10.10.0.3

seconds=$(size 30 40)
end=$((SECONDS + seconds))
pool_keys k1 k2 k3
(umask 077; "$POOL" genpsk >"$TMP/psk")
# shellcheck disable=SC2329
# In its namespace, or in the one it is visiting.
p() { local n=$1; shift; on "h$n" "$POOL" "$@" || on "g$n" "$POOL" "$@"; }
pick() { echo $((1 + RANDOM % 3)); }
# other N: one of the two other hosts.
other() { echo $((1 + ($1 + RANDOM % 2) % 3)); }

step_peer() {
	local n m; n=$(pick) m=$(other "$n")
	p "$n" set pool0 peer "$(cat "$TMP/h$m.pub")" remove
	sleep "0.0$((RANDOM % 10))"
	pool_peer "h$n" "h$m" "$m"
}
step_set() {
	local n m peer; n=$(pick) m=$(other "$n") peer=$(cat "$TMP/h$m.pub")
	case $((RANDOM % 8)) in
	0) p "$n" set pool0 peer "$peer" allowed-ips "10.10.0.$m/32,10.$m.0.0/16" ;;
	1) p "$n" set pool0 peer "$peer" heartbeat $((1 + RANDOM % 5)) ;;
	2) p "$n" set pool0 name "n$RANDOM" ;;
	3) p "$n" set pool0 fwmark $((RANDOM % 2)) ;;
	4) p "$n" set pool0 listen-port $((9253 + RANDOM % 2)); p "$n" set pool0 listen-port 9253 ;;
	5) p "$n" set pool0 peer "$peer" preshared-key "$TMP/psk"; p "$m" set pool0 peer "$(cat "$TMP/h$n.pub")" preshared-key "$TMP/psk" ;;
	6) p "$n" set pool0 peer "$peer" endpoint "[fd99::$m]:9253" ;;
	7) p "$n" set pool0 peer "$peer" endpoint "10.99.0.$m:9253" ;;
	esac
}
step_key() {
	local n; n=$(pick)
	p "$n" set pool0 private-key "$TMP/k$n.key"
	p "$n" set pool0 private-key "$TMP/h$n.key"
}
# Peers without a network of their own, many at once.
step_crowd() {
	local n i; n=$(pick)
	local words=()
	for i in {1..20}; do
		words+=(peer "$(head -c 32 /dev/urandom | base64)" allowed-ips "10.77.$n.$i/32" endpoint "10.99.0.$((RANDOM % 4)):$((RANDOM % 2 ? 9253 : 1))")
	done
	p "$n" set pool0 "${words[@]}"
	on "h$n" ping -n -q -c 1 -W 1 "10.77.$n.$((1 + RANDOM % 20))"
	for ((i = 1; i < ${#words[@]}; i += 6)); do p "$n" set pool0 peer "${words[i]}" remove; done
}
step_show() {
	local n; n=$(pick)
	case $((RANDOM % 5)) in
	0) p "$n" show ;;
	1) p "$n" show pool0 --json ;;
	2) p "$n" showconf pool0 ;;
	3) ip -n "h$n" -d -s link show pool0 ;;
	4) p "$n" show pool0 dump ;;
	esac
}
step_link() {
	local n m; n=$(pick)
	ip -n "h$n" link set pool0 down
	sleep "0.0$((RANDOM % 10))"
	ip -n "h$n" link set pool0 up
	for m in 1 2 3; do [ "$m" = "$n" ] || ip -n "h$n" route replace "10.$m.0.0/16" dev pool0; done
}
step_move() {
	local n; n=$(pick)
	ip -n "h$n" link set pool0 netns "g$n" && ip -n "g$n" link set pool0 up
	sleep "0.0$((RANDOM % 10))"
	ip -n "g$n" link set pool0 netns "h$n" && step_home "$n"
}
step_home() {
	ip -n "h$1" addr replace "10.10.0.$1/24" dev pool0
	ip -n "h$1" addr replace "fd10::$1/64" dev pool0 nodad
	ip -n "h$1" link set pool0 up
}
step_device() {
	local n m; n=$(pick)
	ip -n "h$n" link del pool0
	pool_add "h$n" "$n"
	for m in 1 2 3; do [ "$m" = "$n" ] || pool_peer "h$n" "h$m" "$m"; done
}
step_transport() {
	local transports=(udp raw tcp auto)
	p "$(pick)" set pool0 transport "${transports[RANDOM % 4]}"
	sleep "0.$((RANDOM % 9))"
}
step_break() { kill_connections "h$(pick)"; sleep 0.1; }
step_wan() {
	local n; n=$(pick)
	ip -n wan link set "h$n" down; sleep 0.1; ip -n wan link set "h$n" up
}
step_monitor() { timeout "0.$((1 + RANDOM % 9))" ip netns exec "h$(pick)" "$POOL" monitor; }

for n in 1 2 3; do
	for m in 1 2 3; do
		[ "$n" != "$m" ] || continue
		on "h$n" "$XFER" blast "10.10.0.$m" 9 "$seconds" &
		on "h$n" ping -f -q -w "$seconds" "10.$m.0.1" >/dev/null 2>&1 &
	done
	on "h$n" iperf3 -s -D >/dev/null 2>&1
done
loops=()
for what in ${TRANSPORT:+transport} peer set key crowd show show link move device break break wan monitor; do
	(
		RANDOM=$BASHPID n=0
		while [ "$SECONDS" -lt "$end" ]; do
			"step_$what" >/dev/null 2>&1
			n=$((n + 1))
		done
		echo "$what $n" >>"$TMP/steps"
	) &
	loops+=($!)
done
(
	while [ "$SECONDS" -lt "$end" ]; do
		timeout 10 ip netns exec h1 iperf3 -c 10.10.0.2 -P 2 --bidir -t 3 --connect-timeout 300 >/dev/null 2>&1
	done
) &
loops+=($!)
wait "${loops[@]}"
check_eq "all of it ran to its end" $((${#loops[@]} - 1)) "$(wc -l <"$TMP/steps")"
t_diag "$(tr '\n' ' ' <"$TMP/steps")"

# And after all that, does it work?
for n in 1 2 3; do
	ip netns pids "h$n" | xargs -r kill -KILL 2>/dev/null
	ip netns pids "g$n" | xargs -r kill -KILL 2>/dev/null
	ip -n "h$n" link del pool0 2>/dev/null || ip -n "g$n" link del pool0 2>/dev/null
	ip -n wan link set "h$n" up
	check "a new device at h$n" pool_add "h$n" "$n"
done
check "three hosts know each other again" mesh
check "h1 reaches h2 afterwards" wait_for 15 ping_ok h1 10.10.0.2
check "h2 reaches h3 afterwards" wait_for 15 ping_ok h2 10.10.0.3
for n in 1 2 3; do ip -n "h$n" link del pool0; done
check_eq "nothing holds the module" 0 "$(cat /sys/module/pool/refcnt)"
check "it can be unloaded" unload_module
if [ "${objects_pid:-}" ]; then
	wait_for 10 objects_balanced	# dmesg may be behind
	kill "$objects_pid"
	check "every device, peer and session that was created was destroyed" objects_balanced
fi
t_done
