#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The tool and the plugin against pool.ko, on devices without traffic. For a
# guest, as root, from this directory or with its path:
#
#   selftests/vm/run.sh uml -- sh userspace/tests/kernel.sh

cd "$(dirname "$0")" || exit 1
TOOL=${POOL:-../../build/userspace/pool}
. ./lib.sh
POOL=$TOOL
umask 077
tab=$(printf '\t')
printf '%s\n' "$SECRET" >"$tmp/key"
PUBLIC=$("$POOL" pubkey <"$tmp/key")

modprobe pool || { echo "Bail out! pool.ko does not load"; exit 1; }
try show
is "show finds the family" 0
try show pool0
is "no such device" 1 "pool: show: pool0: No such device: ip link add NAME type pool makes one"
try show lo
is "no device of ours" 1 "pool: show: lo: not a device of kind pool"

check "ip link add with the plugin" ip link add pool0 type pool listen-port 1234 fwmark 0x20
check "and without options" ip link add pool1 type pool
ip -d link show pool0 >"$tmp/out"
has "ip -d link show" "pool listen-port 1234 transport tcp fwmark 0x20"
ip -d -j link show pool0 | tr -d ' \n' >"$tmp/out"
has "ip -d -j link show" '"info_data":{"listen_port":1234,"transport":"tcp","fwmark":"0x20"}'
check "ip link set" ip link set pool0 type pool listen-port 4321 fwmark off
ip -d link show pool0 >"$tmp/out"
has "has an effect" "pool listen-port 4321 transport tcp"
try show interfaces
out "both are there" "pool0 pool1"
try show pool0 listen-port
out "as ip has set it" 4321

try set pool0 private-key "$tmp/key" listen-port 1234 heartbeat 9 name alpha organisation 11 \
	segment 22 init-skew 60
is "set a device" 0
try show pool0
out "public key" "  public key: $PUBLIC"
out "name" '  name: "alpha"'
out "skew" "  allowed clock skew: 60 seconds"
try address pool0
cp "$tmp/out" "$tmp/of_device"
try address "$PUBLIC" organisation 11 segment 22
check "the kernel's address is ours" cmp -s "$tmp/out" "$tmp/of_device"

try set pool0 peer $KEY_A endpoint 192.0.2.5:9253 allowed-ips 10.1.2.3/16,auto \
	preshared-key "$tmp/key" heartbeat 3 peer $KEY_B allowed-ips 2001:db8::/32
is "set peers" 0
mapped=$("$POOL" address $KEY_A organisation 11 segment 22 | sed -n 2p)
try show pool0 allowed-ips
has "auto is the same here and there" "$mapped/128"
has "the prefix is cut" "10.1.0.0/16"
try set pool0 peer $KEY_A allowed-ips +192.168.0.0/24,-10.1.0.0/16,-auto
is "add and take away" 0
try show pool0 allowed-ips
out "what is left" "$KEY_A${tab}192.168.0.0/24"
try set pool0 peer $KEY_B allowed-ips +192.168.0.0/24
try show pool0 allowed-ips
out "a prefix moves" "$KEY_A${tab}(none)"
try set pool0 peer $KEY_A create-only
is "create-only" 1 "peer $KEY_A: there is a peer with this key"
try set pool0 peer $KEY_C update-only
is "update-only" 1 "peer $KEY_C: there is no peer with this key"
try set pool0 peer $KEY_C remove
is "remove what is not there" 1 "peer $KEY_C: there is no peer with this key"
try set pool0 peer "$PUBLIC"
is "its own key" 1 "this is the device's own key"
try set pool0 peer $KEY_A endpoint '[fe80::1]:9253'
is "link-local without its interface" 1 "a link-local endpoint needs its interface"
try set pool0 peer $KEY_A endpoint '[fe80::1%lo]:9253'
is "and with it" 0
try show pool0 endpoints
out "which is shown" "$KEY_A${tab}[fe80::1%lo]:9253"
for t in raw udp auto tcp; do
	try set pool0 transport $t
	is "transport $t" 0
	try show pool0
	out "which is shown" "  transport: $t"
	try set pool0 peer $KEY_A transport $t
	is "transport $t of a peer" 0
done
try set pool0 peer $KEY_A transport auto
try showconf pool0
out "which stands in the file" "Transport = auto"
try set pool0 peer $KEY_A transport tcp

# Limits, DSCP, heartbeats, new keys.
try set pool0 rekey-after-packets 1000 rekey-after-time 60 reject-after-packets 2000 \
	reject-after-time 120 dscp 46 peer $KEY_A rekey-after-time 30
is "set limits" 0
try show pool0
out "limits of the device: new keys" "  new keys after: 1000 packets or 1 minute"
out "limits of the device: hard stop" "  hard stop after: 2000 packets or 2 minutes"
out "limits of a peer" "  new keys after: 1000 packets or 30 seconds"
out "dscp" "  dscp: 46"
check "limits only where they are a peer's own" test "$(grep -c "after:" "$tmp/out")" -eq 3
try showconf pool0
out "limits in a file" "RekeyAfterTime = 60"
out "those of a peer" "RekeyAfterTime = 30"
out "DSCP in a file" "Dscp = 46"
try set pool0 dscp inherit
is "dscp inherit" 0
try show pool0
out "is shown" "  dscp: that of the inner packets"
# What the tool cannot know to be wrong: it depends on what is set already.
try set pool0 rekey-after-time 120
is "a rekey after the hard stop" 1 "pool: set: pool0: rekey-after-time must be below reject-after-time"
try set pool0 reject-after-packets 1000
is "the same in packets" 1 "pool: set: pool0: rekey-after-packets must be below reject-after-packets"
try set pool0 peer $KEY_A rekey-after-time 120
is "a rekey of a peer after the device's hard stop" 1 \
	"peer $KEY_A: rekey-after-time must be below reject-after-time"
try show pool0
out "nothing was changed" "  hard stop after: 2000 packets or 2 minutes"
out "nor of the peer" "  new keys after: 1000 packets or 30 seconds"
try set pool0 rekey-after-packets 251658240 rekey-after-time 3540 reject-after-packets 269484032 \
	reject-after-time 3780 dscp 0
is "up to the protocol's limits" 0
try show pool0
lacks "which are not shown" "hard stop"
lacks "nor is no DSCP" "dscp"
try set pool0 peer $KEY_A rekey
is "new keys for a peer without a session" 1 "peer $KEY_A: the peer has no session whose keys could be replaced"
try set pool0 peer $KEY_C rekey
is "new keys for no peer" 1 "peer $KEY_C: there is no peer with this key"
for how in off 0; do
	try set pool0 heartbeat $how
	is "heartbeat $how" 0 "pool: warning: no heartbeats: no telemetry, dead peers stay unnoticed"
	try show pool0
	out "is shown" "  heartbeat: off"
	try set pool0 heartbeat 9
	is "heartbeats again, without a warning" 0
done
try set pool0 peer $KEY_A heartbeat off
is "heartbeat off for a peer" 0 "pool: warning: peer $KEY_A: no heartbeats: no telemetry, dead peers stay unnoticed"
try set pool0 peer $KEY_A heartbeat 3
is "and on" 0

check "up" ip link set pool0 up
check "the other one too" ip link set pool1 up
try set pool1 listen-port 1234
is "a port in use" 1 "something else listens on that port: choose another listen-port"
try set pool1 listen-port 0
is "any port" 0
try show pool1 listen-port
check "is told as it is" test "$(cat "$tmp/out")" -gt 0

# Files.
try showconf pool0
is "showconf" 0
cp "$tmp/out" "$tmp/shown"
lacks "without secrets" "$SECRET"
for how in setconf syncconf addconf; do
	try $how pool0 "$tmp/shown"
	is "$how of showconf" 0
	try showconf pool0
	sort "$tmp/shown" >"$tmp/1"
	sort "$tmp/out" >"$tmp/2"
	check "$how of showconf changes nothing" cmp -s "$tmp/1" "$tmp/2"
	try show pool0
	out "$how keeps the private key" "  public key: $PUBLIC"
	out "$how keeps the pre-shared key" "  preshared key: (set)"
done

# Events.
: >"$tmp/events"
"$POOL" monitor --json >"$tmp/events" &
monitor=$!
n=0
while [ "$(wc -l <"$tmp/events")" -lt 2 ] && [ $n -lt 50 ]; do
	"$POOL" set pool1 peer $KEY_C
	"$POOL" set pool1 peer $KEY_C remove
	sleep 0.2
	n=$((n + 1))
done
kill $monitor
cp "$tmp/events" "$tmp/out"
has "monitor: added" "\"ifname\":\"pool1\",\"type\":\"peer-added\",\"reason\":\"none\",\"public_key\":\"$KEY_C\""
has "monitor: removed" '"type":"peer-removed"'

# A prefix list beyond one message, and many peers.
many=$(awk 'BEGIN { for (i = 0; i < 3000; i++) printf "%s10.%d.%d.0/24", i ? "," : "", i / 250, i % 250 }')
try set pool1 peer $KEY_C allowed-ips "$many"
is "3000 allowed-ips" 0
try show pool1 allowed-ips
check "are all there" test "$(tr ' ' '\n' <"$tmp/out" | grep -c /24)" -eq 3000
awk 'BEGIN {
	b = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	print "[Interface]\nListenPort = 9300"
	for (i = 0; i < 10000; i++) {
		k = ""
		for (n = i + 1; length(k) < 42; n = int(n / 64))
			k = k substr(b, n % 64 + 1, 1)
		printf "[Peer]\nPublicKey = %sA=\nEndpoint = 192.0.2.1:%d\nAllowedIPs = 10.%d.%d.%d/32, fd00::%x/128\n", k, i % 60000 + 1, i / 65536, i / 256 % 256, i % 256, i
	}
}' >"$tmp/many.conf"
start=$(date +%s%N)
try setconf pool1 "$tmp/many.conf"
stop=$(date +%s%N)
is "setconf of 10,000 peers" 0
ms=$(((stop - start) / 1000000))
echo "# in $ms ms"
start=$(date +%s%N)
try show pool1 peers
stop=$(date +%s%N)
echo "# shown in $(((stop - start) / 1000000)) ms"
check "they are there" test "$(sort -u "$tmp/out" | wc -l)" -eq 10000
start=$(date +%s%N)
try syncconf pool1 "$tmp/many.conf"
stop=$(date +%s%N)
is "syncconf of the same" 0
echo "# in $(((stop - start) / 1000000)) ms"
head -n 39202 "$tmp/many.conf" >"$tmp/less.conf"
start=$(date +%s%N)
try syncconf pool1 "$tmp/less.conf"
stop=$(date +%s%N)
is "syncconf without 200 of them" 0
echo "# in $(((stop - start) / 1000000)) ms"
try show pool1 peers
check "the others are left" test "$(wc -l <"$tmp/out")" -eq 9800
# Dumps while peers come and go.
(for i in 1 2 3 4 5 6 7 8 9 10; do
	"$POOL" set pool1 peer $KEY_C allowed-ips 10.250.0.0/16
	"$POOL" set pool1 peer $KEY_C remove
done) &
changer=$!
for i in 1 2 3; do
	try show pool1 peers
	is "a dump under change $i" 0
	check "has them" test "$(grep -vc $KEY_C "$tmp/out")" -eq 9800
	check "once each" test "$(sort "$tmp/out" | uniq -d | wc -l)" -eq 0
done
wait $changer
check "delete" ip link del pool0
check "delete the other" ip link del pool1
if command -v setpriv >/dev/null; then
	setpriv --reuid 65534 --clear-groups "$POOL" show >"$tmp/out" 2>"$tmp/err"
	code=$? tried="show, as nobody"
	is "without rights" 1 "pool: show: Operation not permitted: run as root"
fi
finish
