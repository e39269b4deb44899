#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The demo, in the guest. Topology:
#
#   c1 ──── h1 ════ wan ════ h2 ──── c2        c1, c2: machines behind the hosts
#   10.1.0.2   10.99.0.1  10.99.0.2  10.2.0.2
#
# Results are TAP; the commands that matter are shown as they are given.

. "$(dirname "$0")/../lib.sh"

SIZE=$((104 * 1000 * 1000))
MARKER="POOL-demo-plaintext-$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')"

title() { printf '\n\033[1m## %s\033[0m\n' "$*"; }

# at HOST COMMAND...: show it as typed on that host, and do it.
at() {
	local host=$1; shift
	printf '\033[32m%s#\033[0m %s\n' "$host" "$*"
	on "$host" "$@"
}

# add_client HOST N: machine cN in the network behind HOST, instead of its dummy.
add_client() {
	ip -n "$1" link del lan0
	add_host "c$2"
	ip link add lan0 netns "$1" type veth peer name eth0 netns "c$2"
	ip -n "$1" addr add "10.$2.0.1/16" dev lan0
	ip -n "$1" addr add "fd00:$2::1/64" dev lan0 nodad
	ip -n "$1" link set lan0 up
	ip -n "c$2" addr add "10.$2.0.2/16" dev eth0
	ip -n "c$2" addr add "fd00:$2::2/64" dev eth0 nodad
	ip -n "c$2" link set eth0 up
	ip -n "c$2" route add default via "10.$2.0.1"
	ip -n "c$2" -6 route add default via "fd00:$2::1"
}

# sessions HOST: the session ids, current first.
sessions() { on "$1" "$POOL" show pool0 --json | jq -r '[.. | .session_id? // empty] | sort | join(" ")'; }

title "Two hosts on an underlay, a machine behind each; kernel $(uname -r)"
load_module
setup_two
add_client h1 1
add_client h2 2
on wan tcpdump -i h1 -n -s 0 -B 131072 -w "$TMP/underlay.pcap" 2>"$TMP/tcpdump.log" &
tcpdump_pid=$!
wait_for 10 grep -q 'listening on' "$TMP/tcpdump.log"

title "Keys and pool0 on both"
cd "$TMP" || exit
umask 077
for n in 1 2; do
	printf '\033[32mh%s#\033[0m pool genkey > h%s.key; pool pubkey < h%s.key > h%s.pub\n' $n $n $n $n
	"$POOL" genkey >h$n.key && "$POOL" pubkey <h$n.key >h$n.pub || t_bail "keys"
done
for n in 1 2; do
	o=$((3 - n))
	at h$n ip link add pool0 type pool || t_bail "ip link add"
	at h$n pool set pool0 private-key h$n.key listen-port 9253 \
		peer "$(cat h$o.pub)" endpoint 10.99.0.$o:9253 \
		allowed-ips "10.10.0.$o/32,fd10::$o/128,10.$o.0.0/16,fd00:$o::/64" || t_bail "pool set"
	at h$n ip addr add 10.10.0.$n/24 dev pool0
	at h$n ip addr add fd10::$n/64 dev pool0 nodad
	at h$n ip link set pool0 up
	at h$n ip route add 10.$o.0.0/16 dev pool0
	at h$n ip -6 route add fd00:$o::/64 dev pool0
done

title "Ping through the tunnel"
at h1 ping -n -c 3 -i 0.3 -W 5 10.10.0.2 && t_ok "ping over IPv4" || t_fail "ping over IPv4"
at h1 ping -n -c 3 -i 0.3 -W 5 fd10::2 && t_ok "ping over IPv6" || t_fail "ping over IPv6"
check "ping from the machine behind h1 to the one behind h2" ping_ok c1 10.2.0.2
check "the same over IPv6" ping_ok c1 fd00:2::2
before=$(sessions h1)
check_match "one session, known to both" '^[0-9a-f]{32}$' "$before"
check_eq "by the same id" "$before" "$(sessions h2)"

title "New keys inside the session, by hand"
# epochs: that of the session in use, at either end.
epochs() { for h in h1 h2; do on $h "$POOL" show pool0 --json | jq -r '.[].peers[].sessions[] | select(.current) | .epoch'; done; }
# The first ones come by themselves, right after the handshake.
wait_for 10 eval '[ "$(echo $(epochs))" = "1 1" ]'
at h1 pool set pool0 peer "$(cat h2.pub)" rekey
check "both ends have changed to epoch 2" wait_for 10 eval '[ "$(echo $(epochs))" = "2 2" ]'
check_eq "in the same session" "$before $before" "$(sessions h1) $(sessions h2)"

title "$((SIZE / 1000000)) MB from c1 to c2, and the TCP connection under it killed half-way"
# Random bytes with the marker every megabyte, so that any leak would show.
for _ in $(seq $((SIZE / 1000000))); do
	head -c $((1000000 - ${#MARKER})) /dev/urandom
	printf %s "$MARKER"
done >payload
sent=$(sha256sum <payload | cut -d' ' -f1)
echo "c1: $(stat -c %s payload) bytes, sha256 $sent"
on c2 socat -u -b 262144 TCP-LISTEN:5000,reuseaddr CREATE:received &
server=$!
wait_for 5 eval 'on c2 ss -Hltn "sport = :5000" | grep -q .'
start=$(date +%s%N)
on c1 socat -u -b 262144 OPEN:payload TCP:10.2.0.2:5000 &
client=$!
half() { [ "$(stat -c %s received 2>/dev/null || echo 0)" -ge $((SIZE / 2)) ]; }
wait_for 120 half
killed_at=$(stat -c %s received)
kill -0 $client 2>/dev/null || t_fail "the transfer is still under way when its connection is killed"
at h1 ss -K -t state established '( sport = :9253 or dport = :9253 )' | tee killed
check "a TCP connection of POOL was killed after $((killed_at / 1000000)) MB" grep -q 9253 killed
wait $client && wait $server
check_eq "the transfer ended well" 0 $?
ms=$((($(date +%s%N) - start) / 1000000))
got=$(sha256sum <received | cut -d' ' -f1)
echo "c2: $(stat -c %s received) bytes, sha256 $got; $((SIZE * 8 / ms / 1000)) Mbit/s"
check_eq "SHA-256 is equal at both ends" "$sent" "$got"
check_eq "h1 still has the same session, and no other" "$before" "$(sessions h1)"
check_eq "and so has h2" "$before" "$(sessions h2)"
check "the session has moved to a new connection" test "$(on h1 "$POOL" show pool0 --json |
	jq '[.. | .reattached? // empty] | add')" -ge 1

title "What the tool says"
views() { for h in h1 h2; do on $h "$POOL" show pool0 --json | jq -e '[.. | .telemetry?, .peer_telemetry? | .rtt_ns? // empty] | length == 2 and min > 0' || return; done; }
check "each end has measured, and has been told what the other has" wait_for 10 views
at h1 pool show
at h2 pool show

sleep 1
pkill -TERM -x tcpdump
wait $tcpdump_pid
check_match "the capture is complete" '^0 packets dropped by kernel' "$(cat tcpdump.log)"
check "the marker is in what was sent" grep -q -a "$MARKER" received
printf %s "$MARKER" >"$RESULTS/marker"
cp underlay.pcap "$RESULTS/"
echo
t_done
