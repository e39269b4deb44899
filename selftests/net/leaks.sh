#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Whatever pool.ko allocates it frees again: the kernel looks through its memory
# for what nobody points to any more, after handshakes that succeed and that fail,
# rekeys, heartbeats, broken connections, garbage, peers and keys that go with
# traffic on them, and the module that is pulled out from under it all.
# rigs: kasan
# timeout: 60
# One CPU, and slabs without lists of what they gave away: see vm/check.sh.
# boot: kmemleak=on slab_debug=F ncpus=1
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/tcp.bash"
. "$(dirname "$0")/dgram.bash"
KMEMLEAK=/sys/kernel/debug/kmemleak
[ -w $KMEMLEAK ] || t_skip_all "this kernel does not look for leaks"

# look: what nobody points to. The first scan only takes note of what moved since,
# and what is younger than 5 s is spared.
look() {
	sleep 6
	echo scan >$KMEMLEAK && echo scan >$KMEMLEAK && cat $KMEMLEAK
}
# none_left TEXT: a result.
none_left() {
	local found n
	if ! found=$(look); then
		t_fail "$1" "the kernel does not look"
	elif [ "$found" ]; then
		n=$(grep -c ^unreferenced <<<"$found")
		t_fail "$1" "$n objects:
$(head -n 80 <<<"$found")"
		echo clear >$KMEMLEAK
	else
		t_ok "$1"
	fi
}

in_epoch() { [ "$(current h1 .epoch)" = "$1" ] && [ "$(current h2 .epoch)" = "$1" ]; }
beats() { [ "$(current "$1" .peer_telemetry.rtt_ns)" -gt 0 ]; }
pair() { pool_add h1 1 && pool_add h2 2 && pool_peer h1 h2 2 && pool_peer h2 h1 1; }

trouble_tcp() {
	local n kind
	for n in h1 h2 h1; do
		kill_connections "$n"
		wait_for 10 ping_ok h1 10.10.0.2 || return
	done
	for kind in random length halves; do
		on h2 timeout 20 "$XFER" garbage 10.99.0.1 9253 5 "$kind" >/dev/null
	done
}
# Messages that never become complete, and an address that changes.
trouble_udp() {
	local n
	for n in h1 h2; do
		ip -n $n link set pool0 mtu 9000
		# Or a whole batch would be lost at once.
		on $n ethtool -K eth0 tx-udp-segmentation off
	done
	ping_ok h1 10.10.0.2 -s 30000 || return
	for n in h1 h2; do tc -n wan qdisc add dev $n root netem loss 40% duplicate 10%; done
	on h1 ping -n -q -c 30 -i 0.02 -W 1 -s 8000 10.10.0.2
	for n in h1 h2; do tc -n wan qdisc del dev $n root; done
	on h2 "$DGRAM" garbage 10.99.0.1 9253 200
	on h2 sysctl -qw net.ipv4.conf.all.promote_secondaries=1
	ip -n h2 addr add 10.99.0.22/24 dev eth0 && ip -n h2 addr del 10.99.0.2/24 dev eth0
	wait_for 10 ping_ok h2 10.10.0.1 || return
	ip -n h2 addr add 10.99.0.2/24 dev eth0 && ip -n h2 addr del 10.99.0.22/24 dev eth0
	wait_for 10 ping_ok h2 10.10.0.1
}
trouble_raw() { trouble_udp; }

# cycle N: two devices live and die.
cycle() {
	local n
	pair || return
	for n in h1 h2; do on $n "$POOL" set pool0 heartbeat 1; done
	ping_ok h1 10.10.0.2 && ping_ok h2 fd10::1 || return
	# New keys, by themselves and by hand.
	wait_for 5 in_epoch 1 || return
	for n in 2 3; do
		sleep 2.2
		on "h$((n - 1))" "$POOL" set pool0 peer "$(pub "h$((4 - n))")" rekey
		wait_for 5 in_epoch "$n" || return
	done
	wait_for 10 beats h1 && wait_for 10 beats h2 || return
	"trouble_${TRANSPORT:-tcp}" || return
	# A handshake that fails at its end, a new key, a peer that goes with its session.
	on h1 "$POOL" set pool0 peer "$(pub h2)" preshared-key "$TMP/psk"
	on h1 ping -n -q -c 1 -W 1 10.10.0.2
	on h2 "$POOL" set pool0 peer "$(pub h1)" preshared-key "$TMP/psk"
	wait_for 20 ping_ok h2 10.10.0.1 || return
	on h1 "$POOL" set pool0 private-key "$TMP/other.key"
	on h2 "$POOL" set pool0 peer "$(pub h1)" remove
	# What waits for an answer that does not come.
	on h1 "$POOL" set pool0 peer "$(pub h2)" endpoint 10.99.0.77:9253
	on h1 ping -n -q -c 3 -i 0.2 -W 1 10.10.0.2
	[ "$1" = 1 ] || ip -n h1 link set pool0 down
	ip -n h1 link del pool0 && ip -n h2 link del pool0
}

load_module
setup_two
(umask 077; "$POOL" genpsk >"$TMP/psk")
pool_keys other
on h1 "$POOL" monitor >"$TMP/events" &
mon_pid=$!
look >"$TMP/before"
t_diag "before, of others: $(grep -c ^unreferenced "$TMP/before")"
echo clear >$KMEMLEAK

for n in 1 2; do check "life $n of two devices" cycle "$n"; done
none_left "all memory of four devices is known or free"

# Traffic that waits, traffic that flows, a rekey that is under way.
check "two devices" pair
check "that have a session" ping_ok h1 10.10.0.2
for n in 1 2; do
	on "h$n" "$XFER" blast "10.10.0.$((3 - n))" 9 1000 &
	on "h$n" ping -f -q "10.10.0.$((3 - n))" >/dev/null 2>&1 &
done
sleep 3
on h1 "$POOL" set pool0 peer "$(pub h2)" rekey
kill $mon_pid
check "the module goes under traffic, with its devices" rmmod pool
for n in 1 2; do ip netns pids "h$n" | xargs -r kill -KILL; done
none_left "all memory of the module is free"
t_done
