#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Audit records: a session that comes up or goes down leaves one where audit is
# on, and none where it is off.
# rigs: uml
# timeout: 60
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.sh"

AUDIT=$(dirname "$0")/audit.py
"$AUDIT" status >"$TMP/status" 2>&1 || t_skip_all "no audit in this kernel: $(cat "$TMP/status")"
setup_pool
"$AUDIT" listen >"$TMP/audit" &
wait_for 5 grep -q listening "$TMP/audit" || t_bail "the audit log can be read: $(cat "$TMP/audit")"
"$AUDIT" enable 0
check "audit is off: h1 and h2 are connected" ping_ok h1 10.10.0.2
on h1 "$POOL" set pool0 peer "$(pub h2)" remove
sleep 1
check_eq "no record of it" 0 "$(grep -c pool-session "$TMP/audit")"

"$AUDIT" enable 1
t_defer "$AUDIT" enable 0
pool_peer h1 h2 2
check "audit is on: connected again" ping_ok h1 10.10.0.2
id=$(peer_json h1 pool0 h2 '.sessions[0].session_id')
hex() { base64 -d <"$TMP/$1.pub" | od -An -v -tx1 | tr -d ' \n'; }
# record REGEX: how many.
records() { grep -cE "^1316 audit\([0-9.:]+\): $1\$" "$TMP/audit"; }
some() { [ "$(records "$1")" -eq "$2" ]; }
check "a record at h1: the session is up" wait_for 5 some "op=pool-session-up dev=pool0 peer=$(hex h2) session=$id" 1
check "and at h2" wait_for 5 some "op=pool-session-up dev=pool0 peer=$(hex h1) session=$id" 1
on h1 "$POOL" set pool0 peer "$(pub h2)" remove
check "it goes down at h1, with the reason" wait_for 5 \
	some "op=pool-session-down dev=pool0 peer=$(hex h2) session=$id reason=peer-removed" 1
check "and at h2" wait_for 5 \
	some "op=pool-session-down dev=pool0 peer=$(hex h1) session=$id reason=closed-by-peer" 1
check_eq "four records in all" 4 "$(records 'op=pool-session-.*')"
t_done
