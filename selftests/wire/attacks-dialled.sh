#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Attacks on pool.ko by a responder that it calls.
# rigs: uml kasan
# timeout: 120
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.bash"

wire_setup
know fake allowed-ips 10.10.0.3/32 endpoint 10.99.0.2:9300 || t_bail "the responder as a peer"
attacks --key "$TMP/fake.key" --target 10.99.0.1:9253 --inner 10.10.0.3 10.10.0.1 \
	--listen 10.99.0.2:9300 --slow 'dialled*' \
	--trigger "ip netns exec h1 ping -n -q -c 1 -W 1 10.10.0.3"
check_eq "as an initiator it does no curve operation as responder" 0 "$(dev .curve_operations)"
t_done
