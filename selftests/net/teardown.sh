#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Everything is taken away under full traffic, again and again: devices, peers,
# keys, links, namespaces, the module. No complaint of the kernel, nothing left
# behind, and afterwards the traffic flows again.
# rigs: uml kasan
# timeout: 480
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/tcp.bash"
load_module
watch_objects || t_diag "no dynamic debug here: objects are not counted"
times=$(size 16 3)

# Traffic comes from c1 and c2 behind h1 and h2, so that no process keeps the
# namespaces of the devices: c1 - h1 = pool0 = h2 - c2.
build_host() {
	local h=$1 n=$2 c=c$2
	add_host "$h"
	add_link "$h" "$n"
	ip link add "lan0" netns "$h" type veth peer name eth0 netns "$c"
	ip -n "$h" addr add "10.$n.0.1/16" dev lan0
	ip -n "$h" link set lan0 up
	ip -n "$c" addr add "10.$n.0.2/16" dev eth0
	ip -n "$c" link set eth0 up
	ip -n "$c" route add default via "10.$n.0.1"
}
build_pool() {
	local h=h$1 n=$1 m=$2
	pool_add "$h" "$n" && pool_peer "$h" "h$m" "$m"
}
setup_wan
for n in 1 2; do
	ip netns add "c$n"
	ip -n "c$n" link set lo up
	build_host "h$n" "$n"
done
build_pool 1 2
build_pool 2 1

flows() { ping_ok c1 10.2.0.2 -W 2; }
check "the networks behind the hosts are connected" wait_for 10 flows

# Full traffic in both directions, for as long as the test runs.
on c1 "$XFER" blast 10.2.0.2 9 10000 &
on c2 "$XFER" blast 10.1.0.2 9 10000 &
on c1 ping -f -q 10.2.0.2 >/dev/null &
on c2 ping -f -q 10.1.0.2 >/dev/null &
on c2 iperf3 -s >/dev/null 2>&1 &
(
	while on c1 true; do
		on c1 timeout 20 iperf3 -c 10.2.0.2 -P 4 --bidir -t 10 --connect-timeout 500 >/dev/null 2>&1
		sleep 0.3
	done
) &

# again TEXT COMMAND...: many times, with traffic in between; then it flows again.
again() {
	local text=$1 i failed='' begin=$SECONDS; shift
	for i in $(seq "$times"); do
		"$@" "$i" || failed+=" $i"
		# Sometimes nothing was there yet, sometimes all of it.
		sleep "0.$((i * 37 % 4))"
	done >"$TMP/again" 2>&1
	check_eq "$text, $times times under traffic" '' "$failed$([ -z "$failed" ] || tail -n 5 "$TMP/again")"
	check "$text: traffic flows again" wait_for 20 flows
	t_diag "$text: $((SECONDS - begin)) s"
}

device() { local n=$((1 + $1 % 2)); ip -n "h$n" link del pool0; build_pool "$n" $((3 - n)); }
link() { local n=$((1 + $1 % 2)); ip -n "h$n" link set pool0 down; ip -n "h$n" link set pool0 up
	ip -n "h$n" route replace "10.$((3 - n)).0.0/16" dev pool0; }
peer() {
	local n=$((1 + $1 % 2)) m=$((2 - $1 % 2))
	on "h$n" "$POOL" set pool0 peer "$(cat "$TMP/h$m.pub")" remove && pool_peer "h$n" "h$m" "$m"
}
key() {
	local n=$((1 + $1 % 2))
	pool_keys other
	on "h$n" "$POOL" set pool0 private-key "$TMP/other.key" && sleep 0.1 &&
		on "h$n" "$POOL" set pool0 private-key "$TMP/h$n.key"
}
psk() {
	(umask 077; "$POOL" genpsk >"$TMP/psk")
	on h1 "$POOL" set pool0 peer "$(cat "$TMP/h2.pub")" preshared-key "$TMP/psk" &&
		on h2 "$POOL" set pool0 peer "$(cat "$TMP/h1.pub")" preshared-key "$TMP/psk"
}
port() { on h1 "$POOL" set pool0 listen-port 9999 && on h1 "$POOL" set pool0 listen-port 9253; }
# The namespace with everything in it.
host() {
	local n=$((1 + $1 % 2))
	ip netns del "h$n" && build_host "h$n" "$n" && build_pool "$n" $((3 - n))
}
# A device that lives in h2 and has its sockets in u2; one of the two goes.
apart() {
	local gone=h2 rest=u2
	[ $(($1 % 2)) = 0 ] || { gone=u2 rest=h2; }
	ip -n h2 link del pool0 2>/dev/null
	ip -n h2 link del eth0
	add_host u2
	until add_link u2 2 2>/dev/null; do sleep 0.1; done
	pool_link u2 && on u2 "$POOL" set pool0 private-key "$TMP/h2.key" listen-port 9253 &&
		ip -n u2 link set pool0 netns h2 && ip -n h2 addr add 10.10.0.2/24 dev pool0 &&
		ip -n h2 link set pool0 up && pool_peer h2 h1 1 || return
	wait_for 5 flows || return
	ip netns del "$gone"
	sleep 0.2
	ip netns del "$rest"
	until build_host h2 2 2>/dev/null; do ip netns del h2; sleep 0.1; done
	build_pool 2 1
}
module() {
	rmmod pool && load_module || return
	[ ! "${objects_pid:-}" ] || echo "module pool +p" >/sys/kernel/debug/dynamic_debug/control
	build_pool 1 2 && build_pool 2 1
}
module_tidy() {
	ip -n h1 link del pool0; ip -n h2 link del pool0
	module
}

# KASAN without KASAN_VMALLOC complains about the second module at an address.
can_reload() { ! zcat /proc/config.gz 2>/dev/null | grep -q '^CONFIG_KASAN=y' ||
	zcat /proc/config.gz | grep -q '^CONFIG_KASAN_VMALLOC=y'; }

again "link down" link
again "peer removed" peer
again "key changed" key
again "pre-shared key changed" psk
again "listen port changed" port
times=$(((times + 1) / 2))
again "device deleted" device
again "namespace deleted" host
times=$(size 5 2)
again "the device's or its sockets' namespace deleted" apart
if can_reload; then
	again "module removed after its devices" module_tidy
	again "module removed with its devices" module
else
	t_skip "module removed under traffic" "this kernel's KASAN keeps the shadow of a module that was unloaded"
fi

# shellcheck disable=SC2046
kill $(jobs -p | grep -vx "${objects_pid:-0}") 2>/dev/null
for ns in c1 c2; do ip netns pids $ns | xargs -r kill -KILL 2>/dev/null; done
ip netns del h1
ip netns del h2
check "the module can be unloaded, so nothing was left" unload_module
if [ "${objects_pid:-}" ]; then
	wait_for 10 objects_balanced	# dmesg may be behind
	kill "$objects_pid"
	check "every device, peer and session that was created was destroyed" objects_balanced
fi
t_done
