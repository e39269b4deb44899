#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# More than 2,000 INITs within a second, which only a rig whose time stands still while
# it works takes for certain.
# rigs: time
# timeout: 60
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.bash"

wire_setup
know att allowed-ips 10.10.0.2/32 || t_bail "the attacker as a peer"
for i in {100..162}; do ip -n h2 addr add "10.99.0.$i/24" dev eth0; done
attacks --key "$TMP/att.key" --target 10.99.0.1:9253 --inner 10.10.0.2 10.10.0.1 --slow \
	--load --sources 10.99.0.100-162 init-load
t_done
