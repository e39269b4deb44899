# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What several tests of this directory share, on top of ../lib.sh. Not a test.

# pub NAME: the public key of a key pair of pool_keys.
pub() { cat "$TMP/$1.pub"; }

# peer_json NS DEV NAME FILTER: what jq finds in the peer with NAME's key.
peer_json() { pool_json "$1" "$2" ".[] | .peers[] | select(.public_key == \"$(pub "$3")\") | $4"; }

# peer_state_is NS DEV NAME STATE
peer_state_is() { [ "$(peer_json "$1" "$2" "$3" .state)" = "$4" ]; }

# sessions_of NS DEV: how many sessions its peers have.
sessions_of() { pool_json "$1" "$2" '[.[].peers[].sessions[]] | length'; }

# outer_filter: what tcpdump calls the packets of the transport the test is run over.
outer_filter() {
	case ${TRANSPORT:-tcp} in
	raw) echo '(ip proto 253 or ip6 proto 253)' ;;
	*) echo "${TRANSPORT:-tcp} port 9253" ;;
	esac
}

# link_json NS DEV FILTER: what jq finds in `ip -s -d -j link show`.
link_json() { ip -n "$1" -s -d -j link show "$2" | jq -r ".[0] | $3"; }

# listens NS PORT: does a TCP socket listen there?
listens() { on "$1" ss -Hltn "sport = :$2" | grep -q .; }

# ip_rc COMMAND...: run ip; its exit code for bad words, 255, becomes 1.
ip_rc() { "$@" || return $(($? == 255 ? 1 : $?)); }

# blob BYTES [MARKER]: a file of random data, its name on stdout. A marker is put
# in a hundred times, so that no way of cutting it into packets hides all of them.
blob() {
	local f
	f=$(mktemp "$TMP/blob.XXXXXX")
	if [ "${2:-}" ]; then
		for _ in {1..100}; do
			head -c "$(($1 / 100))" /dev/urandom
			printf '%s' "$2"
		done
	else
		head -c "$1" /dev/urandom
	fi >"$f"
	echo "$f"
}

# send_tcp FROM TO ADDRESS PORT FILE [SECONDS]: FILE over one TCP connection to
# ADDRESS of host TO; fails unless what arrives has the same SHA-256.
send_tcp() {
	local from=$1 to=$2 addr=$3 port=$4 file=$5 limit=$((${6:-20} * POOL_SLOW)) got rc=0 server
	got=$(mktemp "$TMP/got.XXXXXX")
	[[ $addr != *:* ]] || addr="[$addr]"
	ip netns exec "$to" timeout "$limit" \
		socat -u "TCP6-LISTEN:$port,reuseaddr,ipv6only=0" "CREATE:$got" >"$got.log" 2>&1 &
	server=$!
	wait_for 5 listens "$to" "$port" || { echo "nobody listens on port $port"; return 1; }
	on "$from" timeout "$limit" socat -u "OPEN:$file" "TCP:$addr:$port" || rc=$?
	[ "$rc" = 0 ] || kill "$server"
	wait "$server" || rc=$?
	[ "$(sha256sum <"$got")" = "$(sha256sum <"$file")" ] || {
		echo "$(stat -c %s "$got") of $(stat -c %s "$file") bytes arrived, exit code $rc; or they differ"
		rc=1
	}
	cat "$got.log"
	rm -f "$got" "$got.log"
	return "$rc"
}

# send_both_ways A B ADDRESS_OF_A ADDRESS_OF_B BYTES: two transfers at once.
send_both_ways() {
	local there back rc=0
	there=$(blob "$5") back=$(blob "$5")
	send_tcp "$1" "$2" "$4" 7001 "$there" & local pid=$!
	send_tcp "$2" "$1" "$3" 7002 "$back" || rc=1
	wait "$pid" || rc=1
	rm -f "$there" "$back"
	return "$rc"
}

# capture NS DEV FILE [FILTER]: tcpdump until capture_end.
capture() {
	local ns=$1 dev=$2 file=$3; shift 3
	: >"$file.err"	# there may have been one of that name
	on "$ns" tcpdump -i "$dev" -n -U --immediate-mode -s 0 -B 16384 -w "$file" "$@" 2>"$file.err" &
	wait_for 5 grep -q 'listening on' "$file.err"
}

# capture_end NS...: end them, with all that was captured written.
capture_end() {
	local ns pid
	sleep 0.3
	for ns; do
		for pid in $(ip netns pids "$ns"); do
			[ "$(cat "/proc/$pid/comm" 2>/dev/null)" != tcpdump ] || kill -INT "$pid"
		done
	done
	wait_for 5 eval '! pgrep -x tcpdump'
}

# packets FILE [FILTER...]: how many captured packets match.
packets() { local f=$1; shift; tcpdump -n -r "$f" "$@" 2>/dev/null | wc -l; }

# --- events -----------------------------------------------------------------

MON_KEY=AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAEA=

# mon NS DEV: begin to record the events of NS in $TMP/events.NS. Returns once
# events are heard; a peer is made and removed on DEV to find out.
mon() {
	on "$1" "$POOL" monitor --json >>"$TMP/events.$1" &
	wait_for 10 mon_hears "$1" "$2"
}
mon_hears() {
	on "$1" "$POOL" set "$2" peer "$MON_KEY"
	on "$1" "$POOL" set "$2" peer "$MON_KEY" remove
	[ -s "$TMP/events.$1" ]
}

# events NS FILTER: the events for which jq's FILTER is true, a line each.
events() { jq -c "select(.public_key != \"$MON_KEY\") | select($2)" "$TMP/events.$1" 2>/dev/null; }
has_event() { events "$1" "$2" | grep -q .; }

# check_event TEXT SECONDS NS FILTER: a result: such an event is heard in time.
check_event() {
	if wait_for "$2" has_event "$3" "$4"; then
		t_ok "$1"
	else
		t_fail "$1" "no such event on $3: $4
$(tail -n 15 "$TMP/events.$3")"
	fi
}

# --- life and death of objects -----------------------------------------------

# debug_on: have the module tell of every device, peer and session made and freed.
debug_on() {
	[ -e /sys/kernel/debug/dynamic_debug/control ] || mount -t debugfs debugfs /sys/kernel/debug
	echo 'module pool +p' >/sys/kernel/debug/dynamic_debug/control
	debug_mark="pool-guest: mark $BASHPID $RANDOM$RANDOM"
	echo "$debug_mark" >/dev/kmsg
}
debug_off() { echo 'module pool -p' >/sys/kernel/debug/dynamic_debug/control; }
# debug_count REGEX: such lines since debug_on.
debug_count() { dmesg | sed -n "/$debug_mark/,\$p" | grep -cE "pool: .*$1"; }

# debug_balance WHAT: as many were destroyed as created; what is too much is shown.
debug_balance() {
	local made gone
	made=$(debug_count "$1( [0-9]+)? created") gone=$(debug_count "$1( [0-9]+)? destroyed")
	[ "$made" -gt 0 ] && [ "$made" = "$gone" ] || { echo "$1: $made created, $gone destroyed"; return 1; }
}

# no_module: pool.ko could be unloaded and is gone. For the end of a test.
no_module() { unload_module && [ ! -d /sys/module/pool ]; }
