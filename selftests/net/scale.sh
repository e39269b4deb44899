#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Many peers: set by one command, told as they were given, none in the way of one that is
# used, removed, and the memory comes back. Many sessions at once. What a peer costs.
# rigs: uml kasan
# timeout: 150
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.sh"

N=$(size 10000 300)	# peers that are only configured
LIVE=$(size 200 20)	# peers with a session
IDLE_MAX=4096 LIVE_MAX=24576	# bytes each

# check_timed TEXT COMMAND...: as check, and say how long it took.
check_timed() {
	local start
	start=$(date +%s%N)
	check "$@"
	t_diag "$1: $((($(date +%s%N) - start) / 1000000)) ms"
}

# kernel_memory: bytes that the kernel has allocated for itself, without what its allocator
# keeps for later. All that is POOL's comes from there, and what it makes others allocate:
# sockets, routes, keys of ciphers.
kernel_memory() {
	local f
	for f in /sys/kernel/slab/*/shrink; do echo 1 >"$f"; done
	awk '/^(SUnreclaim|VmallocUsed|Percpu):/ { n += $2 } END { print n * 1024 }' /proc/meminfo
}
# memory_at_most BYTES
memory_at_most() { [ "$(kernel_memory)" -le "$1" ]; }

p() { on h1 "$POOL" "$@"; }

setup_pool
check "two hosts know each other" ping_ok h1 10.10.0.2

# --- configured ------------------------------------------------------------------------------

python3 - "$N" >"$TMP/peers" <<'END'
import base64, hashlib, sys
for i in range(int(sys.argv[1])):
    key = base64.b64encode(hashlib.sha256(b'%d' % i).digest()).decode()
    print('[Peer]\nPublicKey = %s\nEndpoint = 192.0.2.1:%d\nAllowedIPs = 10.%d.%d.%d/32\nAllowedIPs = fd00::%x:%x/128\n'
          % (key, 1 + i % 65535, 64 + (i >> 16), i >> 8 & 255, i & 255, 1 + (i >> 8), 1 + (i & 255)))
END
# as_given: the peers of a configuration on stdin that have an endpoint, a line each.
as_given() {
	awk '$1 == "[Peer]" { tell() } $1 == "PublicKey" { key = $3 } $1 == "Endpoint" { ep = $3 }
		$1 == "AllowedIPs" { for (i = 3; i <= NF; i++) ips = ips " " $i }
		function tell() { gsub(/,/, "", ips); if (ep) print key, ep ips; key = ep = ips = "" }
		END { tell() }' | sort
}
as_given <"$TMP/peers" >"$TMP/given"
[ "$(wc -l <"$TMP/given")" = "$N" ] || t_bail "a list of $N peers"

before=$(kernel_memory)
check_timed "$N peers by one command" p addconf pool0 "$TMP/peers"
each=$((($(kernel_memory) - before) / N))
t_diag "memory of a peer with two prefixes that is only configured: $each bytes"
! quick_rig || check_cmp "an idle peer takes at most 4 KiB" "$each" -le $IDLE_MAX

check_timed "$N peers told in JSON" eval 'p show pool0 --json >"$TMP/json"'
check_timed "$N peers told as a table" eval 'p show pool0 dump >"$TMP/dump"'
jq -r '.[].peers[] | select(.endpoint | startswith("192.0.2.1")) |
	"\(.public_key) \(.endpoint) \(.allowed_ip | join(" "))"' "$TMP/json" | sort >"$TMP/told"
check "they are told in JSON as they were given" cmp "$TMP/given" "$TMP/told"
check_eq "and in the table, each once" "$N" "$(cut -f1 "$TMP/dump" | grep -cxFf <(cut -d' ' -f1 "$TMP/given"))"
p showconf pool0 | as_given | grep ' 192\.0\.2\.1:' >"$TMP/told"
check "and as a configuration" cmp "$TMP/given" "$TMP/told"

check "the peer that is used still answers" ping_ok h1 10.10.0.2
check "a transfer to it" send_tcp h1 h2 10.10.0.2 7000 "$(blob "$(size 16 2)000000")"
check_eq "its session is the same" 1 "$(sessions_of h1 pool0)"

# Twice the same: no peer changes, and nothing that is in use is disturbed.
p showconf pool0 >"$TMP/conf"
mon h1 pool0
check_timed "syncconf of the same" p syncconf pool0 "$TMP/conf"
check_eq "changes nothing" "$(sha256sum <"$TMP/conf")" "$(p showconf pool0 | sha256sum)"
check_eq "not for a moment" "" "$(events h1 true)"
check_eq "and the session is the same" 1 "$(peer_json h1 pool0 h2 .handshakes)"

# All but the one in use, one request each.
{ echo '[Interface]'; awk '/^\[Interface\]/ { on = 1; next } /^\[Peer\]/ { on = 0 } on' "$TMP/conf"
	printf '[Peer]\nPublicKey = %s\nEndpoint = 10.99.0.2:9253\n' "$(pub h2)"
	echo 'AllowedIPs = 10.10.0.2/32, fd10::2/128, 10.2.0.0/16, fd00:2::/64'; } >"$TMP/one"
check_timed "all but that one removed, a request for each" p syncconf pool0 "$TMP/one"
check_eq "it alone is left" "$(pub h2)" "$(p show pool0 peers)"
heard_of() { [ "$(events h1 '.type == "peer-removed"' | wc -l)" = "$1" ]; }
check "whoever listens has heard of each" wait_for 10 heard_of "$N"
check "it still answers" ping_ok h1 10.10.0.2
check_eq "in the same session" 1 "$(peer_json h1 pool0 h2 .handshakes)"
check "the memory is back" wait_for 10 memory_at_most $((before + N * each / 16 + 500000))
t_diag "memory that is not back: $((($(kernel_memory) - before) / 1024)) KiB of $((N * each / 1024))"

check_timed "all of them again" p addconf pool0 "$TMP/peers"
check_timed "and removed all at once" p setconf pool0 "$TMP/one"
check_eq "one is left" "$(pub h2)" "$(p show pool0 peers)"
check "the memory is back again" wait_for 10 memory_at_most $((before + N * each / 16 + 500000))

# --- in use ----------------------------------------------------------------------------------

# setup_spokes: h2 gets LIVE devices s1, s2 …, each another peer of pool0 on h1.
setup_spokes() {
	local i key
	seq -f 'link add s%g type pool' "$LIVE" >"$TMP/links"
	on h2 env IP_LIB_DIR=/nonexistent ip -b "$TMP/links" || return
	for i in $(seq "$LIVE"); do
		key=$("$POOL" genkey)
		on h2 "$POOL" setconf "s$i" /dev/stdin <<-END && ip -n h2 link set "s$i" up || return
			[Interface]
			PrivateKey = $key
			ListenPort = $((10000 + i))
			[Peer]
			PublicKey = $(pub h1)
			AllowedIPs = 10.10.0.1/32
		END
		cat >>"$TMP/spokes" <<-END
			[Peer]
			PublicKey = $("$POOL" pubkey <<<"$key")
			Endpoint = 10.99.0.2:$((10000 + i))
			AllowedIPs = 10.20.$((i / 250)).$((1 + i % 250))/32
		END
	done
	ip -n h1 route add 10.20.0.0/16 dev pool0
}
# call_all: a packet to each, which asks for a session.
call_all() {
	on h1 python3 - "$LIVE" <<'END'
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(1, int(sys.argv[1]) + 1):
    s.sendto(b'x', ('10.20.%d.%d' % (i // 250, 1 + i % 250), 9))
END
}
n_up() { pool_json h1 pool0 '[.[].peers[] | select(.state == "up")] | length'; }
all_up() { [ "$(n_up)" = $((LIVE + 1)) ]; }

# live TRANSPORT: their sessions by it, and what they cost.
live() {
	local base each i
	for i in $(seq "$LIVE"); do on h2 "$POOL" set "s$i" transport "$1"; done
	p set pool0 transport "$1"
	p addconf pool0 "$TMP/spokes"
	base=$(kernel_memory)
	call_all
	check_timed "$1: $LIVE peers with a session" wait_for 60 all_up
	# Heartbeats have been exchanged, connections and buffers that are not needed given back.
	sleep 6
	# Both ends are here; and a peer is still what it was when it was idle.
	each=$((($(kernel_memory) - base) / LIVE / 2 + idle))
	t_diag "$1: memory of a peer with a live session, its sockets included: $each bytes"
	! quick_rig || check_cmp "$1: a live peer takes at most 24 KiB" "$each" -le $LIVE_MAX
	p setconf pool0 "$TMP/one"
	check_eq "$1: they are removed" "$(pub h2)" "$(p show pool0 peers)"
	! quick_rig || check "$1: the memory is back" wait_for 20 memory_at_most $((base + LIVE * idle))
}
idle=$each
setup_spokes || t_bail "$LIVE devices can be set up"
live tcp
live udp
t_done
