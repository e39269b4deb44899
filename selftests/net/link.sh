#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The life of a device: made, shown, changed, moved to another namespace with
# its sockets staying behind, deleted in every way; nothing leaks.
# rigs: uml kasan
# timeout: 180
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.sh"

# --- the module by itself -----------------------------------------------------

aliases=$(modinfo -F alias "$POOL_KO")
check_match "modinfo: the alias of the link kind" '^rtnl-link-pool$' "$aliases"
check_match "modinfo: the alias of the netlink family" '^net-pf-16-proto-16-family-pool$' "$aliases"
ip netns add a
check_eq "the module is not loaded yet" "" "$(lsmod | grep '^pool ')"
check "making a device loads the module" ip -n a link add pool0 type pool
ip -n a link del pool0
check "the module can be unloaded" no_module
on a "$POOL" show >/dev/null 2>&1
check "asking the netlink family loads the module" test -d /sys/module/pool
load_module
debug_on

# --- made and shown -------------------------------------------------------------

check "made without a name" ip -n a link add type pool
check_match "the kernel names it" '^pool0$' "$(ip -n a -j link show type pool | jq -r '.[].ifname')"
check "a second one" ip -n a link add type pool
check_eq "two of them" 2 "$(ip -n a -j link show type pool | jq length)"
check_eq "pool shows the same" "pool0 pool1" "$(on a "$POOL" show interfaces)"
check "a name of 15 bytes" ip -n a link add pool-0123456789 type pool
check "it can be set" on a "$POOL" set pool-0123456789 heartbeat 7
check_eq "and shown" 7 "$(pool_json a pool-0123456789 '.[].heartbeat')"
check_fails "not one of 16" ip -n a link add pool-0123456789a type pool
check_fails "not one with a slash" ip_rc ip -n a link add a/b type pool
check_fails "not a name twice" ip -n a link add pool0 type pool
check_match "which is told" 'File exists' "$OUT"
check "deleted" ip -n a link del pool-0123456789
check_eq "and gone" "pool0 pool1" "$(on a "$POOL" show interfaces)"
check_eq "kind, MTU limits and type" 'pool 0 65519 none' \
	"$(link_json a pool0 '"\(.linkinfo.info_kind) \(.min_mtu) \(.max_mtu) \(.link_type)"')"
check_eq "renamed" "pool1 other" "$(ip -n a link set pool0 name other; on a "$POOL" show interfaces | tr ' ' '\n' | sort -r | xargs)"
ip -n a link del other
ip -n a link del pool1

# --- with the plugin ------------------------------------------------------------

check "made with all options of the plugin" \
	ip -n a link add pool0 type pool listen-port 9300 transport tcp fwmark 0x2a
check_match "ip -d shows the port" 'listen-port 9300' "$(ip -n a -d link show pool0)"
check_match "and the mark" 'fwmark 0x2a' "$(ip -n a -d link show pool0)"
check_match "and the transport" 'transport tcp' "$(ip -n a -d link show pool0)"
check_eq "so does ip -d -j, the port as a number" number \
	"$(link_json a pool0 '[.linkinfo.info_data | .. | numbers | select(. == 9300) | type][0]')"
check "changed by ip link set" ip -n a link set pool0 type pool listen-port 9301
check_eq "as pool shows" 9301 "$(pool_json a pool0 '.[].listen_port')"
check_eq "the rest stays" 42 "$(pool_json a pool0 '.[].fwmark')"
check_match "ip link help pool tells the options" 'listen-port' "$(ip link help pool 2>&1)"
for bad in 'listen-port 65536' 'listen-port x' 'listen-port' 'transport quic' 'fwmark 0x100000000' 'colour red'; do
	# shellcheck disable=SC2086
	check_fails "refused: $bad" ip_rc ip -n a link add pool9 type pool $bad
	# shellcheck disable=SC2086
	check_fails "and in a change: $bad" ip_rc ip -n a link set pool0 type pool $bad
done
check_eq "nothing of that was done" '9301 42 tcp pool0' \
	"$(pool_json a pool0 '.[] | "\(.listen_port) \(.fwmark) \(.transport)"') $(on a "$POOL" show interfaces)"
ip netns del a

# --- the port --------------------------------------------------------------------

setup_two
pool_add h1 1 && pool_add h2 2 && pool_peer h1 h2 2 && pool_peer h2 h1 1 || t_bail "two hosts with pool0"
check "ping" ping_ok h1 10.10.0.2
on h1 socat TCP6-LISTEN:9999,ipv6only=0,fork /dev/null &
wait_for 5 listens h1 9999
check_fails "another's port is refused" on h1 "$POOL" set pool0 listen-port 9999
check_match "and the message says why" 'listens on that port' "$OUT"
check_eq "the port stays as it was" 9253 "$(pool_json h1 pool0 '.[].listen_port')"
check "and is listened on" listens h1 9253
check "traffic goes on" ping_ok h1 10.10.0.2
ip -n h1 link add poolx type pool
check_fails "a second device cannot come up on the same port" ip -n h1 link set poolx up
check_match "which is told" 'Address already in use' "$OUT"
check_eq "it is down" "" "$(link_json h1 poolx '.flags[] | select(. == "UP")')"
on h1 "$POOL" set poolx listen-port 0
check "with port 0 it can" ip -n h1 link set poolx up
port=$(pool_json h1 poolx '.[].listen_port')
check_cmp "the port that it got is shown" "$port" -gt 0
check "and listened on" listens h1 "$port"
ip -n h1 link del poolx
check "no more when it is deleted" eval "! listens h1 $port"
check "the port is changed while up" on h1 "$POOL" set pool0 listen-port 9254
check "the new one is listened on" listens h1 9254
check "the old one is not" eval '! listens h1 9253'
check "traffic goes on" ping_ok h1 10.10.0.2
on h1 "$POOL" set pool0 listen-port 9253

# --- down and up -------------------------------------------------------------------

ip -n h1 link set pool0 down
check "down: the port is closed" eval '! listens h1 9253'
check_eq "down: no session, no connection" "0 0" "$(pool_json h1 pool0 '.[] | "\(.sessions) \(.connections)"')"
check_eq "down: the other end has been told" 0 "$(wait_for 5 eval '[ "$(sessions_of h2 pool0)" = 0 ]'; sessions_of h2 pool0)"
check_eq "down: no socket is left" "" "$(on h1 ss -Htan | grep 9253 | grep -v TIME-WAIT)"
ip -n h1 link set pool0 up
ip -n h1 addr replace fd10::1/64 dev pool0 nodad
check "up again: ping" ping_ok h1 10.10.0.2
check "up again: ping from the other side" ping_ok h2 10.10.0.1
for _ in 1 2 3; do
	ip -n h1 link set pool0 down
	ip -n h1 link set pool0 up
done
check "three times down and up: ping" ping_ok h1 10.10.0.2

# --- the device moves, its sockets stay ---------------------------------------------

ip netns add in1
ip -n in1 link set lo up
check "moved to another namespace" ip -n h1 link set pool0 netns in1
ip -n in1 addr add 10.10.0.1/24 dev pool0
ip -n in1 addr add fd10::1/64 dev pool0 nodad
ip -n in1 link set pool0 up
check_fails "pool does not find it where it was" on h1 "$POOL" show pool0
check_eq "but where it is" pool0 "$(on in1 "$POOL" show interfaces)"
check "it listens where it was made" listens h1 9253
check "not where it is" eval '! listens in1 9253'
check "traffic flows" ping_ok in1 10.10.0.2
check "IPv6 too" ping_ok in1 fd10::2
check "and from the other side" ping_ok h2 10.10.0.1
check "a transfer both ways" send_both_ways in1 h2 10.10.0.1 10.10.0.2 300000
check "its connections are where it was made" \
	eval 'on h1 ss -Htn state established "( sport = :9253 or dport = :9253 )" | grep -q . '
check "it can be set where it is" on in1 "$POOL" set pool0 heartbeat 4
check "the port is that of the other namespace" on in1 "$POOL" set pool0 listen-port 9255
check "as one can see" listens h1 9255
on in1 "$POOL" set pool0 listen-port 9253
check "traffic flows again" ping_ok in1 10.10.0.2
check_match "ip link tells that its link is elsewhere" '^[0-9]+$' "$(link_json in1 pool0 .link_netnsid)"

check "moved back" ip -n in1 link set pool0 netns h1
ip -n h1 addr add 10.10.0.1/24 dev pool0
ip -n h1 link set pool0 up
check "traffic flows" ping_ok h1 10.10.0.2
ip -n h1 link set pool0 netns in1
ip -n in1 addr add 10.10.0.1/24 dev pool0
ip -n in1 link set pool0 up
check "and once more elsewhere" ping_ok in1 10.10.0.2

# ping_on NS [OPTION...]: traffic to h2 that does not end by itself.
ping_on() {
	local ns=$1; shift
	on "$ns" ping -q -n -i 0.01 "$@" 10.10.0.2 >/dev/null 2>&1 &
	disown
	wait_for 5 eval "ip netns pids $ns | grep -q ."
}

# --- the namespace of the sockets goes --------------------------------------------------

ping_on in1
ip netns pids h1 | xargs -r kill -KILL
ip netns del h1
# Its veth goes when the last reference has gone.
check "the namespace of the sockets can be deleted for good" wait_for 10 eval '! ip -n wan link show h1'
check_eq "the device has no carrier" "" "$(link_json in1 pool0 '.flags[] | select(. == "LOWER_UP")')"
check_eq "no session, no connection" "0 0" "$(pool_json in1 pool0 '.[] | "\(.sessions) \(.connections)"')"
check_fails "its port cannot be set any more" on in1 "$POOL" set pool0 listen-port 9999
check_match "and the message says why" "namespace of the device's sockets is gone" "$OUT"
ip -n in1 link set pool0 down
check_fails "it cannot come up" ip -n in1 link set pool0 up
check "it can be shown" on in1 "$POOL" show pool0
check "and deleted" ip -n in1 link del pool0
ip netns pids in1 | xargs -r kill -KILL
ip netns del in1

# --- the namespace of the device goes ----------------------------------------------------

add_host h1
add_link h1 1
ip netns add in1
ip -n in1 link set lo up
check "made elsewhere by link-netns" ip -n in1 link add pool0 link-netns h1 type pool
on in1 "$POOL" set pool0 private-key "$TMP/h1.key" listen-port 9253 \
	peer "$(pub h2)" endpoint 10.99.0.2:9253 allowed-ips 10.10.0.2/32
ip -n in1 addr add 10.10.0.1/24 dev pool0
ip -n in1 link set pool0 up
check "its sockets are in the other namespace" listens h1 9253
check "traffic flows" ping_ok in1 10.10.0.2
ping_on in1
ip netns pids in1 | xargs -r kill -KILL
ip netns del in1
check "the namespace of the device goes: the port is closed" wait_for 10 eval '! listens h1 9253'
check_eq "and no socket is left" "" "$(on h1 ss -Htan '( sport = :9253 or dport = :9253 )' | grep -v TIME-WAIT)"

# --- deleted under traffic ----------------------------------------------------------------

n=10
[ "$POOL_SLOW" -eq 1 ] || n=5
ok=0
for _ in $(seq $n); do
	pool_add h1 1 && pool_peer h1 h2 2 2>/dev/null
	wait_for 5 ping_ok h1 10.10.0.2 -c 1 && ok=$((ok + 1))
	ping_on h1 -s 1000 -i 0.002
	ip -n h1 link del pool0
	ip netns pids h1 | xargs -r kill -KILL
done
check_eq "$n times made, connected and deleted under traffic" "$n" "$ok"

# --- nothing leaks ----------------------------------------------------------------------------

for ns in h1 h2; do
	ip netns pids $ns | xargs -r kill -KILL
	ip netns del $ns
done
# What RCU still holds is destroyed within this time.
wait_for 10 debug_balance device
for what in device peer session; do
	check "as many destroyed as created: $what" debug_balance $what
done
debug_off
check "the module can be unloaded" no_module
load_module

# kilobytes of kernel memory that nobody can take back
kernel_memory() { awk '/^(SUnreclaim|VmallocUsed|Percpu|KernelStack|PageTables):/ { n += $2 } END { print n }' /proc/meminfo; }
# add_delete N NS: N devices made, some of them up, and deleted, 50 at a time.
add_delete() {
	local i
	for i in $(seq "$1"); do
		echo "link add dev p$i group 77 type pool"
		[ $((i % 50)) -ne 1 ] || echo "link set dev p$i up"
		[ $((i % 50)) -ne 0 ] || echo "link del group 77"
	done | on "$2" ip -batch -
}
ip netns add a
cycles=1000
[ "$POOL_SLOW" -eq 1 ] || cycles=200
# Until the allocator has what it keeps for itself.
check "300 devices made and deleted" add_delete 300 a
sleep 1
# What leaks, leaks each time. What the allocator, RCU and KASAN keep for later, they do not.
missing=$cycles start=$SECONDS
for round in 1 2 3; do
	before=$(kernel_memory)
	add_delete $cycles a || t_fail "$cycles devices made and deleted"
	wait_for 5 eval "[ \$((\$(kernel_memory) - $before)) -lt $cycles ]"
	missing=$(($(kernel_memory) - before))
	t_diag "round $round: $before KB before, $missing KB more after $cycles devices"
	[ "$missing" -ge "$cycles" ] || break
done
t_diag "took $((SECONDS - start)) s"
check_cmp "less than 1 KB each is missing" "$missing" -lt "$cycles"
ip netns del a
check "the module can be unloaded" no_module
t_done
