#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What does not fit the path travels in fragments, both ways, over a path of 576 bytes
# too; nothing is cut that need not be; what gets lost is given up after 5 s, counted
# and reported, and takes no more memory than the spec says.
# rigs: uml
# timeout: 240
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/dgram.bash"
: "${TRANSPORT:=udp}"

load_module
setup_bridge
narrow 1500
pair_up || t_bail "pool0 on both hosts"
for h in h1 h2; do on $h "$POOL" set pool0 heartbeat 1; done
# data FILE: of h1's DATA in it, how many were cut, and how many not.
data() { "$DGRAM" packets "$1" "$(outer 1)" | awk '$3 == 3 { n[int($4 / 8) % 2]++ } END { print n[1] + 0, n[0] + 0 }'; }
mtu() { local h; for h in h1 h2; do ip -n $h link set pool0 mtu "$1" || return; done; }
timeouts() { dev_drops "$1" pool0 peer/rx-fragment-timeout; }
told() { peer_json h1 pool0 h2 '.peer_errors."frag-timeout" // 0'; }
evicted() { dev_drops "$1" pool0 peer/rx-fragment-evicted; }

# --- none where none are needed ----------------------------------------------------

check "ping" ping_ok h1 10.10.0.2
check "the path MTU is found: 1500" wait_for 60 both_fit 1500
capture h1 eth0 "$TMP/whole.pcap" -s 160
file=$(blob $((2 << 20)))
check "the default MTU: TCP" send_tcp h1 h2 10.10.0.2 7000 "$file"
check "TCP over IPv6" send_tcp h1 h2 fd10::2 7000 "$file"
capture_end h1
read -r cut whole < <(data "$TMP/whole.pcap")
check_eq "on an Ethernet nothing is cut" 0 "$cut"
check_cmp "of all that was sent" "$whole" -gt 1500

# --- where they are ------------------------------------------------------------------

mtu 9000
capture h1 eth0 "$TMP/cut.pcap" -s 160
check "MTU 9000: TCP" send_tcp h1 h2 10.10.0.2 7000 "$file" 60
check "MTU 9000: TCP over IPv6, the other way" send_tcp h2 h1 fd10::1 7000 "$file" 60
capture_end h1
read -r cut _ < <(data "$TMP/cut.pcap")
check_cmp "that was cut" "$cut" -gt 1500
check_cmp "into pieces that fit" "$("$DGRAM" packets "$TMP/cut.pcap" "$(outer 1)" | awk '$2 > m { m = $2 } END { print m }')" -le $((1500 + grace))

mtu 65000
[ "$FAMILY" = 6 ] && least=1280 || least=576
narrow "$least"
on h1 ping -n -q -c 20 -i 0.5 -W 1 -s 1400 10.10.0.2 >/dev/null
check "the path MTU is found: $least" wait_for 60 both_fit "$least"
for to in h1:10.10.0.2 h2:10.10.0.1 h1:fd10::2 h2:fd10::1; do
	check "over a path of $least bytes: pings of 65000 bytes, ${to#*:}" \
		ping_ok "${to%%:*}" "${to#*:}" -s $((65000 - 48))
done
check "TCP" send_tcp h1 h2 10.10.0.2 7000 "$file" 60

# --- loss ----------------------------------------------------------------------------------

# What was under way when the path became narrow is given up by now, or never.
sleep $((6 * POOL_SLOW))
# shellcheck disable=SC2034
before=$(timeouts h2) heard=$(told)
tc -n wan qdisc add dev h2 root netem loss 50% limit 5000
on h1 ping -n -q -c 1 -W 1 -s 20000 10.10.0.2 >/dev/null
check "a message that is not complete is given up" wait_for 10 eval '[ "$(timeouts h2)" -gt "$before" ]'
check "and its sender is told" wait_for 20 eval '[ "$(told)" -gt "$heard" ]'
check_cmp "no more than there were" "$(told)" -le "$(timeouts h2)"

# 65 kB, of which no 16 may be held, 500 times.
free() { awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo; }
before=$(free)
on h1 ping -n -q -i 0.004 -c 500 -W 1 -s 60000 10.10.0.2 >/dev/null
during=$(free)
t_diag "$((before - during)) kB less, $(evicted h2) evicted, $(timeouts h2) given up"
check_cmp "500 incomplete messages: there is no room for more than 16" "$(evicted h2)" -ge 400
check_cmp "and no memory" $((before - during)) -lt 16000
tc -n wan qdisc del dev h2 root
check "the rest is given up" wait_for 10 eval '[ $(($(timeouts h2) + $(evicted h2))) -ge 450 ]'
check "without loss: ping" wait_for 10 ping_ok h1 10.10.0.2 -s 60000

# --- below the floor -------------------------------------------------------------------------

if [ "$FAMILY" = 4 ]; then
	narrow_hosts() { ip -n h1 link set eth0 mtu "$1" && ip -n h2 link set eth0 mtu "$1"; }
	narrow_hosts 400
	check "an interface of 400 bytes: cut into still smaller pieces" wait_for 10 ping_ok h1 10.10.0.2 -s 1000
	narrow_hosts 380
	# refused ADDRESS: what is too long is refused at once, not lost.
	refused() { on h1 ping -n -c 1 -W 1 -M do -s 1200 "$1" 2>&1 | grep -qiE 'frag needed|too big|too long'; }
	check "380: no longer, and the sender is told (ICMP)" wait_for 10 refused 10.10.0.2
	check "over IPv6 too" wait_for 10 refused fd10::2
	check_cmp "and it is counted" "$(dev_drops h1 pool0 peer/tx-too-big)" -ge 2
	check "what fits passes" wait_for 10 ping_ok h1 10.10.0.2 -s 100
	narrow_hosts 132
	check "132, which takes nothing: the sender is told" wait_for 10 refused 10.10.0.2
fi
t_done
