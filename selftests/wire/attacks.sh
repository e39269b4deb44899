#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Attacks on pool.ko by whoever can connect to it: what it does on the wire, what
# it counts, and that it does no curve operation that is not paid for.
# rigs: uml kasan
# timeout: 240
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.bash"

wire_setup
know att allowed-ips 10.10.0.2/32 && know other || t_bail "the attacker as a peer"
(umask 077; "$POOL" genpsk >"$TMP/psk")

inner=(--inner 10.10.0.2 10.10.0.1)
v4=(--key "$TMP/att.key" --target 10.99.0.1:9253)
again="ip netns exec h1 $POOL set pool0 peer $(cat "$TMP/att.pub") remove peer $(cat "$TMP/att.pub") \
	allowed-ips 10.10.0.2/32"
skip=(--skip 'dialled*' --skip init-load)  # see attacks-dialled and attacks-load
load=()
[ "$POOL_SLOW" != 1 ] || load=(--load)
attacks "${v4[@]}" "${inner[@]}" --second-key "$TMP/other.key" \
	--pause "$again" --slow "${load[@]}" "${skip[@]}"

# Once more what matters most, over IPv6 and with a pre-shared key.
know att preshared-key "$TMP/psk" || t_bail "a pre-shared key"
attacks --key "$TMP/att.key" --target "[fd99::1]:9253" --psk "$TMP/psk" "${inner[@]}" \
	init-old init-filled response-psk response-spent response-replayed flip mitm-swap-both

# And what only a device that takes no large packets refuses.
on h1 ethtool -K pool0 gro off >/dev/null
know att preshared-key /dev/null || t_bail "no pre-shared key any more"
attacks "${v4[@]}" "${inner[@]}" --modest segment-modest
on h1 ethtool -K pool0 gro on >/dev/null
know att preshared-key "$TMP/psk"

check "a ping afterwards" py_peer att --psk "$TMP/psk" --connect 10.99.0.1:9253 \
	--ping 10.10.0.2 10.10.0.1 3 --time $((10 * POOL_SLOW)) --close
check "no connection is left" wait_for 15 test "$(dev .connections)" -eq 0
t_done
