#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# pool.ko and the Python peer, which was written from the specification alone:
# either of them calls, inner and outer IPv4 and IPv6, with and without a
# pre-shared key and work first, sessions that move, both ends at once, a man in
# the middle. Where that would take ten minutes: a part of it, with every value of each.
# rigs: uml qemu
# timeout: 240
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.bash"

wire_setup
(umask 077; "$POOL" genpsk >"$TMP/psk"; "$POOL" genpsk >"$TMP/psk2"; : >"$TMP/no-psk")
limit=$((15 * POOL_SLOW))
answer=(--answer 10.10.0.2 --answer fd10::2)
allowed=(allowed-ips "10.10.0.2/32,fd10::2/128")

# pings: of the Python peer, through the session, to pool0.
pings=(--ping 10.10.0.2 10.10.0.1 5 --ping fd10::2 fd10::1 5)

# tcp_to ADDRESS: a file from h1 to h2; what comes is the same.
tcp_to() {
	local to=$1 server rc=0
	[[ $to != *:* ]] || to="[$to]"
	head -c 300000 /dev/urandom >"$TMP/file"
	rm -f "$TMP/copy"
	ip netns exec h2 timeout "$limit" socat -u TCP6-LISTEN:7000,reuseaddr,ipv6only=0 \
		"CREATE:$TMP/copy" &
	server=$!
	wait_for 5 eval 'on h2 ss -Hltn "sport = :7000" | grep -q .' || rc=1
	on h1 timeout "$limit" socat -u "OPEN:$TMP/file" "TCP:$to:7000" || rc=1
	wait $server || rc=1
	cmp "$TMP/file" "$TMP/copy" || rc=1
	return $rc
}

# --- the Python peer calls ---------------------------------------------------

for outer in 4 6; do
	to=10.99.0.1:9253
	[ $outer = 4 ] || to="[fd99::1]:9253"
	for psk in without with; do
		quick_rig || case $outer-$psk in 4-with | 6-without) ;; *) continue ;; esac
		text="Python calls over IPv$outer $psk pre-shared key"
		know caller "${allowed[@]}" || t_bail "the caller as a peer"
		more=()
		if [ $psk = with ]; then
			more=(--psk "$TMP/psk")
			know caller preshared-key "$TMP/psk"
		fi
		check "$text: its pings" py_peer caller "${more[@]}" --connect "$to" "${pings[@]}" \
			--time "$limit" --close
		check "$text: CLOSE ends the session" wait_for 5 no_session caller
		background caller "${more[@]}" --connect "$to" "${answer[@]}" --name "python-$outer"
		check "$text: a session" wait_for 30 logged session-up
		check "$text: pings from pool0" ping_ok h1 10.10.0.2
		check "$text: IPv6 pings from pool0" ping_ok h1 fd10::2
		check_eq "$text: one session, as responder" "1 responder confirmed true" \
			"$(peer caller '"\(.sessions | length) \(.sessions[0] | "\(.role) \(.state) \(.current)")"')"
		check_eq "$text: its name and largest packet" "python-$outer 65519" \
			"$(peer caller '"\(.name) \(.max_plaintext)"')"
		finished
		check_eq "$text: it has taken pool0's address" \
			"$(dev .address | sed 's/^pool1://; s/-[OSNC]//g')" "$(last_line '.peers[0].address')"
		forget caller
	done
done

# --- pool0 calls -------------------------------------------------------------

for outer in 4 6; do
	to=10.99.0.2:9300
	[ $outer = 4 ] || to="[fd99::2]:9300"
	for how in "" "--psk $TMP/psk" --prove-work "--difficulty 18" "--prove-work --difficulty 17 --psk $TMP/psk"; do
		quick_rig || case $outer$how in 4 | 6*17*) ;; *) continue ;; esac
		text="pool0 calls over IPv$outer${how:+, ${how//$TMP\//}}"
		pool_keys called
		# shellcheck disable=SC2086
		listening called $how "${answer[@]}"
		know called "${allowed[@]}" endpoint "$to"
		[[ $how != *psk* ]] || know called preshared-key "$TMP/psk"
		check "$text: ping" ping_ok h1 10.10.0.2 -W $((8 * POOL_SLOW))
		check "$text: IPv6 ping" ping_ok h1 fd10::2
		check_eq "$text: one session, as initiator" "1 initiator confirmed true" \
			"$(peer called '"\(.sessions | length) \(.sessions[0] | "\(.role) \(.state) \(.current)")"')"
		forget called
		check "$text: removing the peer sends CLOSE" wait_for 5 grep -q closed-by-peer "$TMP/log"
		finished
		check_eq "$text: the Python peer dropped nothing" '{}' "$(last_line '.drops | tostring')"
	done
done

# --- the peer as a device ----------------------------------------------------

if [ -e /dev/net/tun ] || modprobe tun 2>/dev/null; then
	know called "${allowed[@]}" endpoint 10.99.0.2:9300
	listening called --tun pytun0
	ip -n h2 addr add 10.10.0.2/24 dev pytun0
	ip -n h2 addr add fd10::2/64 dev pytun0 nodad
	ip -n h2 link set pytun0 up mtu 1356
	check "kernel to kernel, through a TUN device of the Python peer" ping_ok h1 10.10.0.2
	check "and IPv6, the other way" ping_ok h2 fd10::1
	check "and packets that fill the MTU" ping_ok h2 10.10.0.1 -s 1328 -M "do"
	# Large packets: Python cuts them, and h2's stack judges its checksums.
	large() { peer called .tx_large; }
	for to in 10.10.0.2 fd10::2; do
		before=$(large)
		check "TCP in large packets to $to, cut by Python" tcp_to $to
		check_cmp "$to: they were large" "$(large)" -gt "$before"
	done
	finished
	check_eq "all of which it had" "$(large)" "$(last_line '[.peers[0].sessions[].rx_large] | add')"
	check_eq "and it dropped nothing" '{}' "$(last_line '.drops | tostring')"
	check_eq "no checksum was wrong" 0 "$(on h2 nstat -asz TcpInCsumErrors | awk '!/^#/ { print $2 }')"
	forget called

	know called "${allowed[@]}" endpoint 10.99.0.2:9300
	listening called --tun pytun0 --no-large
	ip -n h2 addr add 10.10.0.2/24 dev pytun0
	ip -n h2 link set pytun0 up mtu 1356
	check "Python takes no large packets: TCP" tcp_to 10.10.0.2
	check_eq "and gets none" 0 "$(large)"
	check "but ICMP as before" ping_ok h1 10.10.0.2
	finished
	forget called
else
	t_skip "the Python peer behind a TUN device" "this kernel has none"
fi

# --- large packets from the Python peer -------------------------------------------

# large_from SOURCE ADDRESS: a UDP packet of 20 segments and an end; $TMP/large says what came.
large_from() {
	: >"$TMP/large"
	ip netns exec h1 /usr/bin/python3 - "$2" "$limit" >"$TMP/large" 2>&1 <<-'END' &
		import socket, sys
		s = socket.socket(socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
		s.bind((sys.argv[1], 6005))
		s.settimeout(float(sys.argv[2]))
		got = [s.recv(65536) for _ in range(21)]
		print([len(d) for d in got] == [1200] * 20 + [7] and
		      b''.join(got) == bytes(n % 256 for n in range(24007)) and 'the same' or got)
	END
	wait_for 5 eval 'on h1 ss -Hlun "sport = :6005" | grep -q .'
	background caller --connect 10.99.0.1:9253 --large "$1" "$2" 6005 24007 1200
}
know caller "${allowed[@]}"
for pair in "10.10.0.2 10.10.0.1" "fd10::2 fd10::1"; do
	# shellcheck disable=SC2086
	large_from $pair
	check "a large packet from Python, ${pair% *}: every segment, unchanged" \
		wait_for 10 grep -qx "the same" "$TMP/large"
	check_eq "${pair% *}: it came whole" 1 "$(peer caller .rx_large)"
	finished
	forget caller; know caller "${allowed[@]}"
done
on h1 ethtool -K pool0 gro off >/dev/null
large_from 10.10.0.2 10.10.0.1
check "pool0 takes no large packets: Python cuts" wait_for 10 grep -qx "the same" "$TMP/large"
check_eq "and sends none" 0 "$(peer caller .rx_large)"
finished
on h1 ethtool -K pool0 gro on >/dev/null
forget caller
check_eq "no checksum was wrong" 0 "$(on h1 nstat -asz UdpInCsumErrors Udp6InCsumErrors |
	awk '!/^#/ { n += $2 } END { print n + 0 }')"
check_eq "no packet was refused" 0 "$(drops rx-segment)"

# --- sessions that move ------------------------------------------------------

know caller "${allowed[@]}"
for how in --reconnect "--rst --reconnect"; do
	# shellcheck disable=SC2086
	check "pings go on after ${how% --*} of the connection" py_peer caller --connect 10.99.0.1:9253 \
		--ping 10.10.0.2 10.10.0.1 30 --interval 0.1 --time "$limit" $how 1
	check_eq "in the same session, re-attached ($how)" "1 1" \
		"$(peer caller '"\(.sessions | length) \(.sessions[0].reattached)"')"
	forget caller; know caller "${allowed[@]}"
done

listening called "${answer[@]}" --reconnect 2
know called "${allowed[@]}" endpoint 10.99.0.2:9300
# What was on the connection is lost with it.
check "pool0 called, and the connection broke: pings go on" ping_most 5 h1 10.10.0.2 -c 25
check "it did break" logged connection-down
# pool0 waits 3 s for an answer; where that can be too short it may call again.
check_cmp "without a new handshake" "$(ups)" -le $((POOL_SLOW > 1 ? 2 : 1))
forget called
finished

# --- all the rest, where there is time --------------------------------------------

quick_rig || { t_done; exit; }

# --- what must not succeed ---------------------------------------------------

# refused TEXT COUNTER [option...]: it is counted, and no session comes of it.
refused() {
	local text=$1 counter=$2 before; shift 2
	before=$(drops "$counter")
	background caller --connect 10.99.0.1:9253 "$@"
	check "$text: counted as $counter" wait_for 15 eval "[ \$(drops $counter) -gt $before ]"
	sleep 0.5
	check_eq "$text: no session" 0 "$(ups)"
	finished
}
know caller "${allowed[@]}" preshared-key "$TMP/psk2"
refused "another pre-shared key" hs-psk --psk "$TMP/psk"
refused "no pre-shared key" hs-psk
know caller preshared-key "$TMP/no-psk"
refused "a clock 40 s ahead" hs-time --skew 40
# What the INIT was under way does not count.
check_match "and shown" '^(3[5-9]|40|41)$' "$(dev .skew_seen)"
on h1 "$POOL" set pool0 init-skew 60
check "but not if the operator allows more" py_peer caller --connect 10.99.0.1:9253 --skew 40 \
	--time "$limit" "${pings[@]}" --close
# Its highest timestamp is in the future now; a new peer has no record.
forget caller
on h1 "$POOL" set pool0 init-skew 30

# --- a new session beside the old one ----------------------------------------

know caller "${allowed[@]}"
check "a full handshake every 2 s, pings go on" py_peer caller --connect 10.99.0.1:9253 \
	--ping 10.10.0.2 10.10.0.1 60 --interval 0.1 --time $((limit * 2)) --renew 2
check_cmp "at most three sessions" "$(peer caller '.sessions | length')" -le 3
forget caller

# --- both at once ------------------------------------------------------------

# Two identities, one below and one above the key of h1.
mine=$(on h1 "$POOL" show pool0 public-key | base64 -d | od -An -v -tx1 | tr -d ' \n')
i=0
while [ ! -e "$TMP/lower.key" ] || [ ! -e "$TMP/higher.key" ]; do
	i=$((i + 1))
	pool_keys "try$i"
	their=$(base64 -d "$TMP/try$i.pub" | od -An -v -tx1 | tr -d ' \n')
	name=higher
	[[ $their > $mine ]] || name=lower
	mv "$TMP/try$i.key" "$TMP/$name.key"; mv "$TMP/try$i.pub" "$TMP/$name.pub"
done
# The CHALLENGE to one of them takes 3 s, and the other succeeds meanwhile.
for who in pool0 Python; do
	for name in lower higher; do
		text="both call, $who is later, Python with the $name key"
		if [ $who = pool0 ]; then
			know "$name" "${allowed[@]}" endpoint 10.99.0.2:9400
			man --connect 10.99.0.2:9300 --delay s2c:0:3
			listening "$name" --connect 10.99.0.1:9253 --connect-after 2 "${answer[@]}"
		else
			know "$name" "${allowed[@]}" endpoint 10.99.0.2:9300
			man --connect 10.99.0.1:9253 --delay s2c:0:3
			listening "$name" --connect 10.99.0.2:9400 "${answer[@]}"
		fi
		check "$text: ping" ping_ok h1 10.10.0.2 -W $((10 * POOL_SLOW))
		check "$text: two sessions" wait_for 5 two_sessions "$name"
		check "$text: pings while it is being sorted out" ping_most 6 h1 10.10.0.2 -c 60 -i 0.25
		check "$text: one session is left" wait_for 10 one_session "$name"
		check "$text: one connection" wait_for 5 one_connection
		# What was on the connection that was closed is lost.
		check "$text: ping afterwards" wait_for 10 ping_ok h1 fd10::2
		finished
		check_eq "$text: they agree on the session" "1 $(peer "$name" '.sessions[0].session_id')" \
			"$(last_line '.peers[0].sessions | "\(length) \(.[0].sid)"')"
		check_eq "$text: it is pool0's own or Python's, by the lower key" \
			"$([ "$name" = lower ] && echo responder || echo initiator)" "$(peer "$name" '.sessions[0].role')"
		forget "$name"
		man_ends
	done
done

know caller "${allowed[@]}" endpoint 10.99.0.2:9300
background caller --listen 9300 --role initiator "${answer[@]}"
wait_for 10 grep -q listening "$TMP/log"
check "Python starts a handshake on a connection that pool0 dialled: ping" ping_ok h1 10.10.0.2
finished
forget caller

# --- a man in the middle -----------------------------------------------------

know caller "${allowed[@]}"
man --connect 10.99.0.1:9253 --drop c2s:4 --corrupt s2c:6:90 --double c2s:8 --delay s2c:9:0.5
check "Python calls through a relay that drops, changes, doubles, delays" py_peer caller \
	--connect 10.99.0.2:9400 --ping 10.10.0.2 10.10.0.1 20 --time "$limit"
man_ends
forget caller

listening called "${answer[@]}"
man --connect 10.99.0.2:9300 --drop c2s:4 --corrupt c2s:6:90 --double s2c:5
know called "${allowed[@]}" endpoint 10.99.0.2:9400
on h1 ping -n -q -c 15 -i 0.3 -W 1 10.10.0.2 >/dev/null
# Which of its packets are hit depends on who was quicker; in the end all is well.
check "pool0 calls through such a relay: pings afterwards" wait_for 20 ping_ok h1 10.10.0.2
check_eq "still in one session" 1 "$(ups)"
forget called
man_ends
finished

for what in e_i e_r both; do
	listening called "${answer[@]}"
	man --connect 10.99.0.2:9300 --swap $what --responder-key "$TMP/called.pub"
	know called "${allowed[@]}" endpoint 10.99.0.2:9400
	check_fails "pool0 calls, $what replaced on the way: no ping" on h1 ping -n -q -c 2 -W 1 10.10.0.2
	check_eq "and no session ($what)" "0 0" "$(ups) $(peer called '[.sessions[] | select(.state == "confirmed")] | length')"
	forget called
	man_ends
	finished
done
t_done
