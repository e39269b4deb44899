# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the tests of connections, loss and teardown share. Sourced after lib.sh.

NET_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
XFER=$NET_DIR/xfer.py

# session_ids NS [DEV]: the Session IDs it has, one a line, sorted.
session_ids() { pool_json "$1" "${2:-pool0}" '.[].peers[].sessions[].session_id' | sort; }
# current_id NS: of the session that carries traffic.
current_id() { pool_json "$1" pool0 '.[].peers[].sessions[] | select(.current) | .session_id'; }
# reattached NS: how often the session that carries traffic moved to another connection.
reattached() { pool_json "$1" pool0 '.[].peers[].sessions[] | select(.current) | .reattached'; }
# handshakes NS: that led to a session.
handshakes() { pool_json "$1" pool0 '.[].handshakes'; }
# connected NS: is there a session that something has been received on?
connected() { pool_json "$1" pool0 '.[].peers[].state' | grep -qx up; }

# xfer_start NAME FROM TO ADDRESS BYTES: send a stream of bytes in the background.
xfer_start() {
	local name=$1 from=$2 to=$3 address=$4 bytes=$5
	rm -f "$TMP/$name.recv"
	on "$to" "$XFER" recv "$address" 7777 >"$TMP/$name.recv" 2>&1 &
	xfer_recv=$!
	wait_for 20 grep -s listening "$TMP/$name.recv"
	on "$from" "$XFER" send "$address" 7777 "$bytes" >"$TMP/$name.send" 2>&1 &
	xfer_send=$!
}

# xfer_running: has the last one not come to its end yet?
xfer_running() { kill -0 "$xfer_recv" 2>/dev/null || kill -0 "$xfer_send" 2>/dev/null; }

# xfer_check NAME TEXT SECONDS: a result: it ends in time, and what came is what was sent.
xfer_check() {
	local name=$1 text=$2 end=$((SECONDS + $3 * POOL_SLOW)) sent got
	while xfer_running && [ "$SECONDS" -lt "$end" ]; do sleep 0.1; done
	if xfer_running; then
		kill "$xfer_send" "$xfer_recv" 2>/dev/null
		t_fail "$text" "not at its end in time: $(cat "$TMP/$name.send" "$TMP/$name.recv")"
		return 1
	fi
	wait "$xfer_send" "$xfer_recv"
	sent=$(grep sha256 "$TMP/$name.send") got=$(grep sha256 "$TMP/$name.recv")
	if [ "$sent" ] && [ "$sent" = "$got" ]; then
		t_ok "$text"
	else
		t_fail "$text" "sent: $(cat "$TMP/$name.send") 
got: $(cat "$TMP/$name.recv")"
		return 1
	fi
}

# kill_connections NS: abort its ends of all connections on the port of POOL.
kill_connections() { on "$1" ss -K -t -n '( sport = 9253 or dport = 9253 )' >/dev/null 2>&1; }

# Everything pool.ko creates and destroys is in the kernel log; count it from here on.
watch_objects() {
	echo "module pool +p" >/sys/kernel/debug/dynamic_debug/control 2>/dev/null || return 1
	dmesg -w >"$TMP/objects" &
	# shellcheck disable=SC2034
	objects_pid=$!
	sleep 0.3
}
# objects_balanced: as many destroyed as created; says what is out of balance.
objects_balanced() {
	local what c d bad=0
	for what in device peer session; do
		c=$(grep -cE "pool: [^ ]+: $what .*created" "$TMP/objects")
		d=$(grep -cE "pool: [^ ]+: $what .*destroyed" "$TMP/objects")
		echo "$what: $c created, $d destroyed"
		[ "$c" -gt 0 ] && [ "$c" -eq "$d" ] || bad=1
	done
	return $bad
}
