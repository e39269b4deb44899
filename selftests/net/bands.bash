# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the tests of queues and marks share. Sourced after lib.sh and common.sh.

MARKS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/marks.py

# urgent, marked: packets of h1 to h2, as counted.
urgent() { peer_json h1 pool0 h2 .tx_urgent; }
marked() { peer_json h1 pool0 h2 .tx_marked; }
# nothing_waits, more_waits N: of h1 for h2.
nothing_waits() { [ "$(peer_json h1 pool0 h2 .staged)" -eq 0 ]; }
more_waits() { [ "$(peer_json h1 pool0 h2 .staged)" -gt "$1" ]; }

# dam NS: nothing of the transport is taken there until no_dam.
dam() {
	on "$1" nft -f - <<-END
		table inet dam { chain input { type filter hook input priority 0; tcp sport 9253 drop; tcp dport 9253 drop; }; }
	END
}
no_dam() { on "$1" nft delete table inet dam; }

# listen_for_marks NS PORT COUNT SECONDS: write arrivals to $TMP/marks until then.
listen_for_marks() {
	: >"$TMP/marks.all"
	on "$1" "$MARKS" recv "$2" "$3" "$(($4 * POOL_SLOW))" >"$TMP/marks.all" &&
		sed 1d "$TMP/marks.all" >"$TMP/marks" &
	marks_pid=$!
	wait_for 5 grep -q listening "$TMP/marks.all"
}
