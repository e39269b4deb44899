#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# showconf, setconf, addconf and syncconf against the fake kernel.

. ./lib.sh
POOL=$OUT/tests/pool-fake
POOL_FAKE=$tmp/state
POOL_FAKE_LOG=$tmp/log
export POOL_FAKE POOL_FAKE_LOG
umask 077
tab=$(printf '\t')
mkdir "$tmp/etc"
printf '%s\n' "$SECRET" >"$tmp/etc/key"
PUBLIC=$("$POOL" pubkey <"$tmp/etc/key")

sent() {
	sent_n=$(grep -cE -e "$3" "$tmp/log" 2>/dev/null)
	if [ "${sent_n:-0}" -eq "$2" ]; then ok "$1"; else
		not_ok "$1" "wanted $2 of $3, got ${sent_n:-0}" "$(head -n 30 "$tmp/log")"
	fi
}

cat >"$tmp/etc/a.conf" <<EOF
[Interface]
PrivateKeyFile = key
ListenPort = 1234
FwMark = 0x20
Heartbeat = 9
Name = alpha
Organisation = 11
Segment = 22
InitSkew = 60
RekeyAfterPackets = 1000
RekeyAfterTime = 60
RejectAfterPackets = 2000
RejectAfterTime = 120
Dscp = 10
Transport = udp
BindAddress = 192.0.2.1
BindDevice = eth0

[Peer]
PublicKey = $KEY_A
RekeyAfterTime = 30
RejectAfterPackets = 2000
PresharedKeyFile = key
Endpoint = 192.0.2.5:9253
AllowedIPs = 10.0.0.0/8, 192.168.0.0/16
AllowedIPs = auto
Heartbeat = 3

[Peer]
PublicKey = $KEY_B
Endpoint = [2001:db8::1]:9253
EOF
try setconf pool0 "$tmp/etc/a.conf"
is "setconf, names of files beside it" 0
try showconf pool0
is "showconf" 0
cp "$tmp/out" "$tmp/shown"
out "the key is told, not given" "# PrivateKeyFile = (set; the kernel does not give keys out)"
out "the other, too" "# PresharedKeyFile = (set; the kernel does not give keys out)"
lacks "no secret" "$SECRET"
out "port" "ListenPort = 1234"
out "fwmark" "FwMark = 0x20"
out "name" "Name = alpha"
out "organisation" "Organisation = 0000000000000011"
out "skew" "InitSkew = 60"
out "endpoint" "Endpoint = [2001:db8::1]:9253"
out "limits: packets" "RekeyAfterPackets = 1000"
out "limits: time" "RekeyAfterTime = 60"
out "limits: the hard stop in packets" "RejectAfterPackets = 2000"
out "limits: and in time" "RejectAfterTime = 120"
out "limits: of a peer" "RekeyAfterTime = 30"
check "limits: not where they are the device's" test "$(grep -c After "$tmp/out")" -eq 5
out "dscp" "Dscp = 10"
out "transport" "Transport = udp"
out "bound to an address" "BindAddress = 192.0.2.1"
out "and to an interface" "BindDevice = eth0"
mapped=$("$POOL" address $KEY_A organisation 11 segment 22 | sed -n 2p)
has "allowed-ips" "AllowedIPs = "
has "auto by its value" "$mapped/128"

# What was shown can be loaded, and is the same.
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
rm -f "$tmp/log"
try syncconf pool0 "$tmp/shown"
sent "syncconf of the same sends nothing" 0 "_SET|_DEL"
"$POOL" set pool0 bind-device gone0
try showconf pool0
cp "$tmp/out" "$tmp/gone"
out "an interface that is gone is told" "# BindDevice = (the interface is gone)"
try syncconf pool0 "$tmp/gone"
try show pool0 --json
has "syncconf takes away what is gone" '"bind_ifindex": null'
"$POOL" set pool0 bind-device eth0
try_from "$tmp/shown" setconf pool0 -
is "setconf from stdin" 0
try_from "$tmp/shown" setconf pool0 /dev/stdin
is "setconf from /dev/stdin" 0

# What is not named goes.
sed -e "/^\[Peer\]/,\$d" -e '/^\(Name\|FwMark\|Organisation\|ListenPort\|Heartbeat\|Transport\|Bind\)/d' "$tmp/shown" >"$tmp/b.conf"
cat >>"$tmp/b.conf" <<EOF
[Peer]
PublicKey = $KEY_A
[Peer]
PublicKey = $KEY_C
AllowedIPs = 10.0.0.0/8
EOF
rm -f "$tmp/log"
try syncconf pool0 "$tmp/b.conf"
is "syncconf of another" 0
try show pool0 dump
out "defaults" "$PUBLIC${tab}9253${tab}tcp${tab}0x0${tab}5${tab}0000000000000000${tab}0000000000000022${tab}60"
has "A lost endpoint and allowed-ips, kept its key" "$KEY_A${tab}(set)${tab}(none)${tab}(none)${tab}"
try showconf pool0
lacks "not bound any more" "Bind"
out "limits that are named stay" "RekeyAfterTime = 60"
check "limits of a peer that are not named are the device's" test "$(grep -c After "$tmp/out")" -eq 4
try show pool0 dump
has "A's heartbeat is the device's" "${tab}0${tab}0${tab}0${tab}5${tab}tcp"
has "C has come, with A's prefix" "$KEY_C${tab}(none)${tab}(none)${tab}10.0.0.0/8${tab}"
lacks "B has gone" "$KEY_B"
sent "B was removed" 1 "PEER_DEL"
sent "two were set" 2 "PEER_SET"

cat >"$tmp/c.conf" <<EOF
[Interface]
PrivateKey = none
[Peer]
PublicKey = $KEY_A
PresharedKey = none
EOF
try setconf pool0 "$tmp/c.conf"
is "keys taken away" 0
"$POOL" showconf pool0 >"$tmp/shown_c"
check "limits and dscp have their defaults" test "$(grep -c 'After\|Dscp' "$tmp/shown_c")" -eq 0
lacks "no warning where there is no secret" "every user"
try show pool0 dump
out "no private key" "(none)${tab}9253${tab}tcp${tab}0x0${tab}5${tab}0000000000000000${tab}0000000000000000${tab}30"
has "no pre-shared key" "$KEY_A${tab}(none)${tab}(none)"

cat >"$tmp/d.conf" <<EOF
[Interface]
ListenPort = 777
[Peer]
PublicKey = $KEY_A
Heartbeat = 60
[Peer]
PublicKey = $KEY_B
AllowedIPs = 10.7.0.0/16
EOF
"$POOL" set pool0 heartbeat 50 peer $KEY_A allowed-ips 10.8.0.0/16
try addconf pool0 "$tmp/d.conf"
is "addconf" 0
try show pool0 dump
has "addconf: what is named changes" "${tab}777${tab}tcp${tab}0x0${tab}50${tab}"
has "addconf: allowed-ips not named stay" "${tab}10.8.0.0/16${tab}0${tab}0${tab}0${tab}60${tab}"
has "addconf: a new peer" "$KEY_B"

# The file is checked as a whole before anything is sent.
"$POOL" show pool0 dump >"$tmp/before"
n=0
for line in "ListenPort = 1x" "Dscp = 64" "BindAddress = eth0" "BindDevice = a/b" "Transport = tls" "RekeyAfterTime = 0" \
	"RekeyAfterTime = 9${tab}RejectAfterTime = 9" "[Peer]" "PostUp = true" "PrivateKeyFile = missing" "Bogus" \
	"[Peer]${tab}PublicKey = $KEY_C${tab}Endpoint = [x]:1"; do
	n=$((n + 1))
	{ cat "$tmp/d.conf"; echo "[Interface]"; } | sed '2d' >"$tmp/bad.conf"
	printf '%s\n' "$line" | tr '\t' '\n' >>"$tmp/bad.conf"
	rm -f "$tmp/log"
	for how in setconf syncconf addconf; do
		try $how pool0 "$tmp/bad.conf"
		is "bad file $n: $how" 1 "pool: $how: "
	done
	check "bad file $n: nothing is sent" test ! -e "$tmp/log"
done
"$POOL" show pool0 dump >"$tmp/after"
check "nothing changed" cmp -s "$tmp/before" "$tmp/after"
printf '[Interface]\nListenPort = 1x\n' >"$tmp/bad.conf"
try setconf pool0 "$tmp/bad.conf"
is "file and line are named" 1 "pool: setconf: $tmp/bad.conf: line 2: \"ListenPort\": 1x: must be a number"
printf 'x\0y' >"$tmp/bad.conf"
try setconf pool0 "$tmp/bad.conf"
is "no text" 1 "this is no text"
try setconf pool0 "$tmp"
is "a directory" 1 "Is a directory"
printf '[Interface]\nPrivateKeyFile = -\n' >"$tmp/stdin.conf"
try_from "$tmp/stdin.conf" setconf pool0 -
is "stdin cannot be both" 1 "standard input holds one secret, and it is taken already"
printf '[Interface]\nPrivateKey = %s\n' "$SECRET" >"$tmp/open.conf"
chmod 644 "$tmp/open.conf"
try setconf pool1 "$tmp/open.conf"
is "a file that all may read: warned" 0 "$tmp/open.conf: every user may open the secrets in it"
try setconf nope "$tmp/d.conf"
is "no such device" 1 "pool: setconf: nope: No such device"

# Refusals in the middle.
rm -f "$tmp/state"
POOL_FAKE_FAULT=refuse=2 "$POOL" setconf pool0 "$tmp/shown" >"$tmp/out" 2>"$tmp/err"
code=$? tried="setconf with a refusal"
is "the refused peer is named" 1 "peer $KEY_B: the peer table is full"
try show pool0 peers
out "the other is there" $KEY_A

# Ten thousand peers; the limit is for the plain build, the sanitizers take their time.
rm -f "$tmp/state" "$tmp/log"
unset POOL_FAKE_LOG
awk 'BEGIN {
	b = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	print "[Interface]\nListenPort = 9253"
	for (i = 0; i < 10000; i++) {
		k = ""
		for (n = i + 1; length(k) < 42; n = int(n / 64))
			k = k substr(b, n % 64 + 1, 1)
		printf "[Peer]\nPublicKey = %sA=\nEndpoint = 192.0.2.1:%d\nAllowedIPs = 10.%d.%d.%d/32, fd00::%x/128\n", k, i % 60000 + 1, i / 65536, i / 256 % 256, i % 256, i
	}
}' >"$tmp/many.conf"
start=$(date +%s%N)
try setconf pool0 "$tmp/many.conf"
stop=$(date +%s%N)
is "setconf of 10,000 peers" 0
echo "# with sanitizers $(((stop - start) / 1000000)) ms, the fake kernel included"
try show pool0 peers
check "they are there" test "$(sort -u "$tmp/out" | wc -l)" -eq 10000
start=$(date +%s%N)
try syncconf pool0 "$tmp/many.conf"
stop=$(date +%s%N)
is "syncconf of the same" 0
echo "# with sanitizers $(((stop - start) / 1000000)) ms"
head -n 20002 "$tmp/many.conf" >"$tmp/half.conf"
try syncconf pool0 "$tmp/half.conf"
try show pool0 peers
check "half of them" test "$(wc -l <"$tmp/out")" -eq 5000
finish
