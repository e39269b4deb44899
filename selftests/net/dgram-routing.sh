#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Where packets of the tunnel go by the host's routes: around the tunnel by their mark,
# through another tunnel, or in circles, which end. And devices that hold each other's
# namespaces go with them.
# rigs: uml
# timeout: 240
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/tcp.bash"

load_module
watch_objects || t_diag "no dynamic debug here: objects are not counted"
setup_two
pool_add h1 1 transport udp && pool_add h2 2 transport udp && pool_peer h1 h2 2 && pool_peer h2 h1 1 ||
	t_bail "pool0 on both hosts"
check "ping" ping_ok h1 10.10.0.2
sent() { link_json "$1" "$2" .stats64.tx.packets; }
allow() { on "$1" "$POOL" set pool0 peer "$(pub "$2")" allowed-ips "$3"; }

# --- everything into the tunnel, but what is marked ---------------------------------------

ip -n h2 addr add 192.0.2.1/32 dev lo
ip -n h2 addr add 2001:db8::1/128 dev lo
allow h1 h2 0.0.0.0/0,::/0
on h1 "$POOL" set pool0 fwmark 0x51
for v in -4 -6; do
	ip -n h1 $v route add default dev pool0 table 51
	ip -n h1 $v rule add not fwmark 0x51 table 51
done
capture h1 eth0 "$TMP/out.pcap" ip or ip6
check "a host beyond the peer" ping_ok h1 192.0.2.1
check "over IPv6" ping_ok h1 2001:db8::1
check "the peer's own outer address" ping_ok h1 10.99.0.2
check "a flood of pings" on h1 timeout $((30 * POOL_SLOW)) ping -n -q -f -c 2000 192.0.2.1
check "a transfer" send_tcp h1 h2 192.0.2.1 7001 "$(blob 2000000)"
capture_end h1
check_eq "nothing but POOL leaves h1, and nothing else comes" 0 \
	"$(packets "$TMP/out.pcap" 'not udp port 9253 and not icmp6 and not arp')"
# A batch of equal packets is captured as one.
check_cmp "and that does" "$(packets "$TMP/out.pcap" udp port 9253)" -gt 200
check_eq "no loop" 0 "$(dev_drops h1 pool0 tx-loop)"
# Without the mark the tunnel's own packets go into it as well.
on h1 "$POOL" set pool0 fwmark off
looped() { on h1 ping -n -q -c 1 -W 1 192.0.2.1; [ "$(dev_drops h1 pool0 tx-loop)" -gt 0 ]; }
check "without the mark they come back to the device, which says so" wait_for 10 looped
on h1 ping -n -q -f -c 2000 -W 1 192.0.2.1 >/dev/null 2>&1 &
before=$(sent h1 pool0)
sleep 3
after=$(sent h1 pool0)
t_diag "3 s in the loop: $((after - before)) packets went out of pool0, tx-loop $(dev_drops h1 pool0 tx-loop)"
check "the machine does other things meanwhile" timeout 5 ip -n h1 link show pool0
wait $!
on h1 "$POOL" set pool0 fwmark 0x51
check "with the mark it goes on" wait_for 20 ping_ok h1 192.0.2.1
for v in -4 -6; do ip -n h1 $v rule del not fwmark 0x51 table 51; done
on h1 "$POOL" set pool0 fwmark off

# --- one host of the underlay, into the tunnel to itself --------------------------------------

before=$(dev_drops h1 pool0 tx-loop)
more_loops() { on h1 ping -n -q -c 1 -W 1 10.10.0.2; [ "$(dev_drops h1 pool0 tx-loop)" -gt "$before" ]; }
ip -n h1 route add 10.99.0.2/32 dev pool0
check "the endpoint is routed into the tunnel: it is found out" wait_for 10 more_loops
before=$(sent h1 pool0)
sleep 5
check_cmp "5 s: so many packets at most" $(($(sent h1 pool0) - before)) -le 200
ip -n h1 route del 10.99.0.2/32 dev pool0
check "the route is gone: it works again" wait_for 20 ping_ok h1 10.10.0.2

# --- a tunnel in a tunnel ---------------------------------------------------------------------

allow h1 h2 10.10.0.2/32,fd10::2/128,10.2.0.0/16,fd00:2::/64
for h in 1:2 2:1; do
	IFS=: read -r n m <<<"$h"
	pool_keys in1 in2
	ip -n h$n link add pool1 type pool transport udp
	on h$n "$POOL" set pool1 private-key "$TMP/in$n.key" listen-port 9254 \
		peer "$(pub in$m)" endpoint 10.10.0.$m:9254 allowed-ips 10.11.0.$m/32,fd11::$m/128
	ip -n h$n addr add 10.11.0.$n/24 dev pool1
	ip -n h$n addr add fd11::$n/64 dev pool1 nodad
	ip -n h$n link set pool1 up
done
check "the inner tunnel" wait_for 20 ping_ok h1 10.11.0.2
inner_mtu() { peer_json h1 pool1 in2 '.sessions[] | select(.current) | .telemetry.mtu'; }
check "it finds out how long packets may be: as pool0 takes them" wait_for 20 eval '[ "$(inner_mtu)" = "$(link_json h1 pool0 .mtu)" ]'
capture h1 pool0 "$TMP/nested.pcap"
room=$(($(inner_mtu) - 28 - 96 - 28))
check "the longest packet that fits" ping_ok h1 10.11.0.2 -M do -s $room
check_fails "one byte more does not" ping_ok h1 10.11.0.2 -M do -s $((room + 1))
check "both tunnels carry a transfer" send_tcp h1 h2 10.11.0.2 7002 "$(blob 3000000)" 40
capture_end h1
check_eq "no IP fragments in it" 0 "$(packets "$TMP/nested.pcap" 'ip[6:2] & 0x3fff != 0')"
check_eq "nor fragments of POOL" 0 "$(packets "$TMP/nested.pcap" 'udp port 9254 and udp[11] & 8 != 0')"
check_cmp "there was traffic" "$(packets "$TMP/nested.pcap" udp port 9254)" -gt 100

# IPv6 wants 1280 bytes, which is more than is left; the outer tunnel may use fragments.
for h in h1 h2; do ip -n $h link set pool0 mtu 1420; done
check "more room in pool0 is more room in pool1" wait_for 90 eval '[ "$(inner_mtu)" = 1420 ]'
check "IPv6 in both" wait_for 10 ping_ok h1 fd11::2 -M do -s 1232
check "a transfer over it" send_tcp h1 h2 fd11::2 7003 "$(blob 1000000)" 40

# --- two tunnels into each other -----------------------------------------------------------------

ip -n h1 route add 10.99.0.2/32 dev pool1
on h1 "$POOL" set pool1 peer "$(pub in2)" allowed-ips +10.99.0.2/32
b0=$(sent h1 pool0) b1=$(sent h1 pool1)
on h1 ping -n -q -c 20 -i 0.2 -W 1 10.10.0.2 >/dev/null
n0=$(($(sent h1 pool0) - b0)) n1=$(($(sent h1 pool1) - b1))
t_diag "20 pings in a circle of two tunnels: $n0 and $n1 packets"
check_cmp "what goes round gets longer and ends" $n0 -le 1000
check_cmp "in both" $n1 -le 1000
check_cmp "where there is no room for it" $(($(dev_drops h1 pool0 peer/tx-too-big) + $(dev_drops h1 pool1 peer/tx-too-big) +
	$(dev_drops h1 pool0 tx-loop) + $(dev_drops h1 pool1 tx-loop) + $(dev_drops h1 pool0 peer/tx-unreachable) + $(dev_drops h1 pool1 peer/tx-unreachable))) -gt 0
t_diag "$(for d in pool0 pool1; do pool_json h1 $d '.[] | .drops, .peers[].drops | tojson'; done | xargs)"
check "the machine does other things meanwhile" timeout 5 ip -n h1 link show
ip -n h1 route del 10.99.0.2/32 dev pool1
check "without that route both work" wait_for 30 ping_ok h1 10.11.0.2

# --- devices in each other's namespaces -------------------------------------------------------------

for n in 1 2; do add_host a$n; add_link a$n 2$n; pool_keys a$n; done
for n in 1 2; do ip -n a$n link add x$n type pool transport udp; done
ip -n a1 link set x1 netns a2
ip -n a2 link set x2 netns a1
for n in 1 2; do
	m=$((3 - n))
	on a$m "$POOL" set x$n private-key "$TMP/a$n.key" peer "$(pub a$m)" endpoint 10.99.0.2$m allowed-ips 10.12.0.$m/32
	ip -n a$m addr add 10.12.0.$n/24 dev x$n
	ip -n a$m link set x$n up
done
check "two devices, each in the namespace of the other's sockets" wait_for 20 ping_ok a2 10.12.0.2
for n in 1 2; do ip netns del a$n; ip netns del h$n; done
check "the module can be unloaded, so nothing was left" unload_module
if [ "${objects_pid:-}" ]; then
	wait_for 10 objects_balanced	# dmesg may be behind
	kill "$objects_pid"
	check "every device, peer and session that was created was destroyed" objects_balanced
fi
t_done
