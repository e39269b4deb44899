#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Inner IPv4 and IPv6 over outer IPv4 and IPv6: pings, TCP both ways with equal
# SHA-256, nothing in the clear; devices made with and without the ip plugin.
# Not on kasan: every other test does as much there.
# rigs: uml qemu
# timeout: 60
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.sh"

SIZE=$((4 << 20))
[ "$POOL_SLOW" -eq 1 ] || SIZE=$((1 << 20))
MARKER=THE-MARKER-THAT-NOBODY-ELSE-MAY-READ

load_module
setup_two
pool_keys h1 h2

check "a device is made without the plugin" env IP_LIB_DIR=/nonexistent ip -n h1 link add pool0 type pool
check_eq "its MTU is 1356" 1356 "$(link_json h1 pool0 .mtu)"
check_eq "and its port 9253" 9253 "$(pool_json h1 pool0 '.[].listen_port')"
check "a device is made with options of the plugin" \
	ip -n h2 link add pool0 type pool listen-port 9400 transport tcp fwmark 0x1f
check_eq "the options have been taken" '9400 tcp 31' \
	"$(pool_json h2 pool0 '.[] | "\(.listen_port) \(.transport) \(.fwmark)"')"
ip -n h2 link del pool0

ip -n h1 link del pool0
pool_add h1 1 || t_bail "pool0 on h1"
pool_add h2 2 || t_bail "pool0 on h2"

for outer in 4 6; do
	if [ $outer = 4 ]; then ep1=10.99.0.1:9253 ep2=10.99.0.2:9253; else ep1=[fd99::1]:9253 ep2=[fd99::2]:9253; fi
	for i in 1 2; do on h$i "$POOL" set pool0 peer "$(pub h$((3 - i)))" remove 2>/dev/null; done
	pool_peer h1 h2 2 && on h1 "$POOL" set pool0 peer "$(pub h2)" endpoint "$ep2" || t_bail "peers on h1"
	pool_peer h2 h1 1 && on h2 "$POOL" set pool0 peer "$(pub h1)" endpoint "$ep1" || t_bail "peers on h2"

	capture wan h1 "$TMP/outer.pcap"
	capture h1 pool0 "$TMP/inner.pcap"
	check "inner IPv4 over outer IPv$outer: ping" ping_ok h1 10.10.0.2
	check "inner IPv6 over outer IPv$outer: ping" ping_ok h1 fd10::2
	check "and from the other side" ping_ok h2 10.10.0.1
	marked=$(blob 65536 "$MARKER")
	check "a known text goes through" send_tcp h1 h2 10.10.0.2 7000 "$marked"
	capture_end wan h1

	remote=$(peer_json h1 pool0 h2 .connection)
	case $outer$remote in
	410.99.0.2*|6\[fd99::2\]*|6fd99::2) t_ok "the connection is an IPv$outer one" ;;
	*) t_fail "the connection is an IPv$outer one" "it goes to $remote" ;;
	esac
	check "the text is seen inside" grep -qa "$MARKER" "$TMP/inner.pcap"
	check_eq "it is not seen on the underlay (outer IPv$outer)" 0 "$(grep -ca "$MARKER" "$TMP/outer.pcap")"
	check_cmp "the underlay was looked at" "$(packets "$TMP/outer.pcap" "$(outer_filter)")" -gt 20
	check_eq "nothing but POOL between the hosts" 0 \
		"$(packets "$TMP/outer.pcap" "(ip or ip6) and not $(outer_filter) and not icmp6")"

	check "inner IPv4 over outer IPv$outer: TCP both ways, equal SHA-256" \
		send_both_ways h1 h2 10.10.0.1 10.10.0.2 "$SIZE"
	check "inner IPv6 over outer IPv$outer: TCP both ways, equal SHA-256" \
		send_both_ways h1 h2 fd10::1 fd10::2 "$SIZE"
	check "between the networks behind" ping_ok h1 10.2.0.1 -I 10.1.0.1
	check "between the IPv6 networks behind" ping_ok h1 fd00:2::1 -I fd00:1::1
	check_eq "one session at each end" "1 1" "$(sessions_of h1 pool0) $(sessions_of h2 pool0)"
done
# But for what tells TCP that this machine does not keep up.
check_eq "nothing was dropped on h1" '{}' "$(pool_json h1 pool0 '.[].drops | del(."tx-codel")' | tr -d ' \n')"
check_eq "nothing was dropped on h2" '{}' "$(pool_json h2 pool0 '.[].drops | del(."tx-codel")' | tr -d ' \n')"
t_done
