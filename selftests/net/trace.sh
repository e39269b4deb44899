#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Tracepoints: handshake, packets, drops and rekeys can be watched.
# rigs: uml kasan
# timeout: 60
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.sh"

load_module
mkdir -p /sys/kernel/tracing
[ -d /sys/kernel/tracing/events ] || mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null ||
	t_skip_all "no tracefs in this kernel"
T=/sys/kernel/tracing
[ -d $T/events/pool ] || t_bail "the events of pool are there"
check_eq "six events" "pool_batch pool_drop pool_handshake pool_rekey pool_rx pool_tx" \
	"$(cd $T/events/pool && echo */ | tr -d /)"
echo 1 >$T/events/pool/enable
# The module goes at the end, and what its events have recorded with it.
t_defer eval "echo 0 >$T/events/pool/enable"

setup_pool
check "h1 and h2 are connected" ping_ok h1 10.10.0.2
on h1 ping -q -c 1 -W 1 -I pool0 192.0.2.1 >/dev/null 2>&1
on h1 "$POOL" set pool0 peer "$(pub h2)" rekey
sleep "$((2 * POOL_SLOW))"
echo 0 >$T/events/pool/enable
cp $T/trace "$TMP/trace"

id=$(peer_json h1 pool0 h2 '.sessions[0].session_id')
# lines REGEX: such lines; count REGEX: how many.
lines() { grep -oE "pool_[a-z]+: .*" "$TMP/trace" | grep -E -- "$1"; }
count() { lines "$1" | wc -l; }
stages=$(lines '^pool_handshake: dev=pool0 peer=[0-9]+ stage=' | sed 's/.*stage=//' | sort | uniq -c |
	awk '{print $2 ":" $1}' | xargs)
check_eq "each stage of the handshake, at the end it belongs to" \
	"challenge-sent:1 challenge-taken:1 confirmed:2 init-sent:1 init-taken:1 response-sent:1 response-taken:1" \
	"$stages"
tx=$(count "^pool_tx: dev=pool0 peer=[0-9]+ session=$id type=DATA sequence=[0-9]+ length=180\$")
rx=$(count "^pool_rx: dev=pool0 peer=[0-9]+ session=$id type=DATA sequence=[0-9]+ length=180\$")
check_eq "three echo requests and three answers are sent, with the session's number" 6 "$tx"
check_eq "and received" 6 "$rx"
check_cmp "heartbeats are sent" "$(count '^pool_tx: .* type=HEARTBEAT ')" -ge 1
check_eq "every sequence that was received was sent" "" \
	"$(comm -13 <(lines '^pool_tx' | sed 's/.*\(type=.*\)/\1/' | sort) <(lines '^pool_rx' | sed 's/.*\(type=.*\)/\1/' | sort))"
check_cmp "a drop, with its reason in words" "$(count '^pool_drop: dev=pool0 peer=0 reason=tx-no-peer count=1')" -ge 1
check_cmp "a rekey: offered" "$(count "^pool_rekey: .* session=$id epoch=1 step=offer-sent")" -ge 1
check_cmp "answered" "$(count '^pool_rekey: .* epoch=1 step=answer-taken')" -ge 1
check_eq "and done, at both ends" 2 "$(count '^pool_rekey: .* epoch=1 step=done')"
: >$T/trace
t_done
