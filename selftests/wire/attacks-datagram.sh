#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Attacks on pool.ko over UDP and raw IP: handshakes and sessions without a
# connection, datagrams that are none, fragments, probes, and peers that seem to move.
# rigs: uml kasan
# timeout: 700
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.bash"

wire_setup
# The other one is to be called by TCP, so the device serves that too.
know att allowed-ips 10.10.0.2/32 && know other transport tcp || t_bail "the attacker as a peer"
for n in 51 52 53 54 55; do ip -n h2 addr add 10.99.0.$n/24 dev eth0; done
again="ip netns exec h1 $POOL set pool0 peer $(cat "$TMP/att.pub") remove peer $(cat "$TMP/att.pub") \
	allowed-ips 10.10.0.2/32"
load=()
[ "$POOL_SLOW" != 1 ] || load=(--load)

# attacks_on TRANSPORT [scenario...]
attacks_on() {
	local transport=$1; shift

	ip -n h1 link set pool0 down
	on h1 "$POOL" set pool0 transport "$transport" || t_bail "a device on $transport"
	ip -n h1 link set pool0 up
	attacks --transport "$transport" --key "$TMP/att.key" --target 10.99.0.1:9253 \
		--source 10.99.0.2 --sources 10.99.0.51-55 --inner 10.10.0.2 10.10.0.1 \
		--second-key "$TMP/other.key" --pause "$again" --slow --tcp-too "${load[@]}" --skip 'dialled*' "$@"
}

attacks_on udp
# What is the same on both is not run twice; and without ports whoever else is at the address
# hears the session too, and cannot say that there was no answer.
attacks_on raw 'datagram*' 'roam*' 'fragment*' 'discover*' ecn 'init-[efw]*' flip
t_done
