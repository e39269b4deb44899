#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The tool against the fake kernel: what set does, what show says, and what
# happens when the kernel says no.

. ./lib.sh
POOL=$OUT/tests/pool-fake
POOL_FAKE=$tmp/state
POOL_FAKE_LOG=$tmp/log
export POOL_FAKE POOL_FAKE_LOG
umask 077
printf '%s\n' "$SECRET" >"$tmp/key"
PUBLIC=$("$POOL" pubkey <"$tmp/key")
tab=$(printf '\t')

# fault FAULT: for the next try
fault() {
	POOL_FAKE_FAULT=$1
	export POOL_FAKE_FAULT
}

forget() {
	rm -f "$tmp/state" "$tmp/log"
	POOL_FAKE_FAULT=
}

# sent NAME NUMBER PATTERN: so many requests of the log match
sent() {
	sent_n=$(grep -cE -e "$3" "$tmp/log" 2>/dev/null)
	if [ "${sent_n:-0}" -eq "$2" ]; then ok "$1"; else
		not_ok "$1" "wanted $2 of $3, got ${sent_n:-0}" "$(head -n 30 "$tmp/log")"
	fi
}

try show interfaces
is "show interfaces" 0
out "both" "pool0 pool1"
try show
is "show without keys" 0
has "how to set one" "pool set pool0 private-key FILE"
try set pool0 private-key "$tmp/key" listen-port 1234 fwmark 0x20 heartbeat 9 name alpha \
	organisation 11 segment 22 init-skew 60
is "set a device" 0
sent "in one message" 1 "_SET"
try show pool0
is "show it" 0
out "interface" "interface: pool0"
out "public key" "  public key: $PUBLIC"
out "port" "  listening port: 1234"
out "fwmark" "  fwmark: 0x20"
out "heartbeat" "  heartbeat: every 9 seconds"
out "name" '  name: "alpha"'
out "skew" "  allowed clock skew: 60 seconds"
out "peers" "  peers: 0, 0 sessions, 0 connections"
lacks "no colours in a file" "$(printf '\033')"
POOL_COLOR=always "$POOL" show pool0 >"$tmp/out"
has "colours on demand" "$(printf '\033[1m')"
NO_COLOR=1 POOL_COLOR=never "$POOL" show pool0 >"$tmp/out"
lacks "and not" "$(printf '\033')"
try set pool0 transport auto bind 192.0.2.9 bind-device eth0
is "set what carries it" 0
try show pool0
out "transport" "  transport: auto"
out "address" "  bound to: 192.0.2.9"
out "interface" "  bound to interface: eth0"
try show pool0 --json
has "and in JSON" '"bind_address": "192.0.2.9"'
has "the interface" '"bind_device": "eth0"'
has "its index" '"bind_ifindex": 42'
try set pool0 bind 2001:db8::9 bind-device gone0
try show pool0
out "IPv6" "  bound to: 2001:db8::9"
out "an interface that is gone" "  bound to interface: number 42, which is gone"
try show pool0 --json
has "and has no name" '"bind_device": null'
try set pool0 bind none bind-device none transport tcp
try show pool0
lacks "no longer" "bound to"
try show 7 listen-port
out "by index" 1234
try show 8 public-key
out "no key" "(none)"
try show all listen-port
out "all: the name comes first" "pool0${tab}1234"
out "all: each" "pool1${tab}9254"
try show nope
is "no such device" 1 "pool: show: nope: No such device: ip link add NAME type pool"
try show 99
is "no such index" 1 "pool: show: 99: No such device"
try set nope listen-port 1
is "set: no such device" 1 "pool: set: nope: No such device"

# The address, as the device and as its key.
try address pool0
cp "$tmp/out" "$tmp/of_device"
try address "$PUBLIC" organisation 11 segment 22
check "address DEV is address KEY" cmp -s "$tmp/out" "$tmp/of_device"
try address
out "address of all" "pool0$tab$(sed -n 1p "$tmp/of_device")$tab$(sed -n 2p "$tmp/of_device")"
out "address without a key" "pool1$tab(none)$tab(none)"
try address pool1
is "address of one without a key" 1 "it has no private key"

# Peers.
try set pool0 peer $KEY_A endpoint 192.0.2.5:9253 allowed-ips 10.1.2.3/16,auto \
	preshared-key "$tmp/key" heartbeat 3 peer $KEY_B allowed-ips 2001:db8::/32
is "set peers" 0
mapped=$("$POOL" address $KEY_A organisation 11 segment 22 | sed -n 2p)
try show pool0 peers
out "peer A" $KEY_A
out "peer B" $KEY_B
try show pool0 endpoints
out "endpoint" "$KEY_A${tab}192.0.2.5:9253"
out "no endpoint" "$KEY_B${tab}(none)"
try show pool0 allowed-ips
out "allowed-ips, cut to the prefix, and auto" "$KEY_A${tab}10.1.0.0/16 $mapped/128"
try show pool0 latest-handshakes
out "no handshake yet" "$KEY_A${tab}0"
try set pool0 peer $KEY_A allowed-ips +192.168.0.0/24,-10.1.0.0/16
try show pool0 allowed-ips
out "added and taken away" "$KEY_A${tab}192.168.0.0/24 $mapped/128"
try set pool0 peer $KEY_A allowed-ips -auto
is "auto taken away" 0
try show pool0 allowed-ips
out "is gone" "$KEY_A${tab}192.168.0.0/24"
try set pool0 peer $KEY_A allowed-ips 172.16.0.0/12
try show pool0 allowed-ips
out "replaced" "$KEY_A${tab}172.16.0.0/12"
try set pool0 peer $KEY_B allowed-ips +172.16.0.0/12
try show pool0 allowed-ips
out "moved away" "$KEY_A${tab}(none)"
try set pool0 peer $KEY_A allowed-ips ""
is "empty list" 0
try set pool0 organisation 33 peer $KEY_A allowed-ips auto
try set pool0 organisation 44 peer $KEY_A allowed-ips +auto
try set pool0 organisation 33 peer $KEY_A allowed-ips -auto
mapped=$("$POOL" address $KEY_A organisation 44 segment 22 | sed -n 2p)
try show pool0 allowed-ips
out "-auto goes by the organisation in the same command" "$KEY_A$tab$mapped/128"
try set pool0 peer $KEY_A endpoint none
try show pool0 endpoints
out "endpoint taken away" "$KEY_A${tab}(none)"
try set pool0 peer $KEY_A endpoint '[2001:db8::9]:77'
try show pool0 endpoints
out "IPv6 endpoint" "$KEY_A${tab}[2001:db8::9]:77"
try set pool0 peer $KEY_A endpoint later.example:78
is "a name server that answers late" 0
try show pool0 endpoints
out "is asked again" "$KEY_A${tab}192.0.2.77:78"
POOL_ENDPOINT_RESOLUTION_RETRIES=1
export POOL_ENDPOINT_RESOLUTION_RETRIES
try set pool0 listen-port 99 peer $KEY_A endpoint never.example:78
is "but not for ever" 1 "endpoint: never.example:78: cannot look up the host: Temporary failure"
try show pool0 listen-port
lacks "and nothing was changed" 99
try show pool0
out "preshared key is set" "  preshared key: (set)"
out "own heartbeat" "  heartbeat: every 3 seconds"
lacks "no secret is shown" "$SECRET"
try set pool0 peer $KEY_A preshared-key /dev/null
try show pool0
lacks "preshared key taken away" "preshared key"
try set pool0 private-key /dev/null
try show pool0 public-key
out "private key taken away" "(none)"
try set pool0 peer $KEY_A create-only
is "create-only" 1 "pool: peer $KEY_A: there is such a peer already"
is "create-only: and the summary" 1 "pool: set: pool0: 1 peer was refused, the rest is done"
try set pool0 peer $KEY_C update-only heartbeat 1
is "update-only" 1 "peer $KEY_C: there is no such peer"
try set pool0 peer $KEY_C remove
is "remove what is not there" 1 "peer $KEY_C: there is no peer with this key"
try set pool0 peer $KEY_C update-only peer $KEY_A heartbeat 77 peer $KEY_B create-only
is "two of three are refused" 1 "2 peers were refused, the rest is done"
try show pool0 dump
has "and the third is done" "${tab}77${tab}tcp${tab}idle"
try set pool0 peer $KEY_A remove
is "remove" 0
try show pool0 peers
out "one is left" $KEY_B
lacks "one is gone" $KEY_A
fault notransport
try set pool0 transport udp peer $KEY_A
is "the kernel's own words" 1 "pool: set: pool0: this transport is not built"
try show pool0 peers
lacks "nothing behind a refused device is done" $KEY_A
fault busyport
try set pool0 listen-port 22
is "port in use" 1 "something else listens on that port: choose another listen-port"
fault noext,busyport
try set pool0 listen-port 22
is "port in use, no words of the kernel" 1 "Address already in use: choose another listen-port"
try set nope listen-port 22
is "no such device, no words of the kernel" 1 "pool: set: nope: No such device: ip link add NAME"
fault noext,notransport
try set pool0 transport udp
is "no words of the kernel" 1 "Operation not supported: the kernel module may be older"

# Many addresses: several messages, the first with the flags.
forget
many=$(awk 'BEGIN { for (i = 0; i < 1400; i++) printf "%s10.%d.%d.0/24", i ? "," : "", i / 250, i % 250 }')
try set pool0 peer $KEY_A create-only allowed-ips "$many"
is "1400 allowed-ips" 0
sent "in three messages" 3 "PEER_SET"
try show pool0 allowed-ips
check "all of them are there" test "$(tr ' ' '\n' <"$tmp/out" | grep -c /24)" -eq 1400
rm -f "$tmp/log"
try set pool0 peer $KEY_A create-only allowed-ips "10.200.0.0/24,$many"
is "when the first is refused" 1 "there is such a peer already"
sent "the others are not sent" 1 "PEER_SET"
try show pool0 allowed-ips
check "and nothing changed" test "$(tr ' ' '\n' <"$tmp/out" | grep -c /24)" -eq 1400

# A busy device.
forget
"$POOL" set pool0 private-key "$tmp/key" peer $KEY_A allowed-ips 10.0.0.0/8 peer $KEY_B
POOL_FAKE_BUSY=1
export POOL_FAKE_BUSY
try show pool0
is "busy" 0
out "counts" "  peers: 2, 4 sessions, 2 connections"
out "skew of a caller" "  clock: the last INIT refused for its time was 45 seconds behind ours"
out "drops" "  dropped: 4"
out "by reason" "    rx-replayed: 3 (a sequence number seen before)"
out "peer's drops" "    tx-congested: 7 (the peer's transport did not drain; the oldest of the flow with most went)"
out "state" "  state: up"
out "transfer" "  transfer: 5.00 GiB received, 1.50 KiB sent"
has "handshake" "  latest handshake: 1"
out "last error" "  last error: psk-mismatch: the peer's identity is right, its pre-shared key is not, 5 seconds ago"
out "a foreign name is harmless" '  calls itself: "evil\x1b[2J\x22name\xff"'
out "session" "  session: a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
out "session's state" "    responder, confirmed, current, 1 hour, 1 minute, 1 second old"
out "session's epoch" "    epoch 1, its keys are 1 minute, 1 second old"
out "session's epoch without an age" "    epoch 0"
out "what the peer accepts" "  accepts: tcp, udp; packets of up to 9000 bytes"
out "rekeys of the peer" "  rekeys: 3"
out "rekeys of the device" "  handshakes: 1152921504606846976 completed, 6 rekeys; 5 INIT received, 0 CHALLENGE sent, 0 RESPONSE received"
out "drivers" "  crypto: aead(fast), hmac(faster)"
out "overload of the peer" "  overloaded: it says so, for 1 minute, 12 seconds; the queue to it is cut"
out "overload of this host" "  overloaded: yes (packets of peers come faster than this host takes them, and they are told)"
out "queue limit" "  queue limit: 256 packets in each band"
out "urgent and marked" "  packets sent: 12345, 345 of them urgent, 9 large, 67 marked CE (congestion)"
out "errors here" "  errors here: seq-invalid 3, other 1 (of its packets)"
out "errors reported" "  errors there: auth-fail 12, other 1 (of our packets, as it says)"
# The table, as a whole: what contradicts is flagged, and only that.
sed -n "/ here  .*peer says/,/views contradict/p" "$tmp/out" | head -n 11 >"$tmp/table"
cat >"$tmp/want" <<'EOF'
                            here         peer says (1 second ago)
    rtt                 80.41 ms         250.00 ms  !
    jitter               4.87 ms            480 ns
    loss                 1.012 %               0 %
    throughput     943.21 Mbit/s      12.35 kbit/s
    queue             17 packets         0 packets
    mtu                        -        1448 bytes
    uptime             1 h 1 min         1 h 1 min
    rekeys                     1                 1
    digest              deadbeef          12345678  !
    views contradict: rtt, digest
EOF
check "both views, side by side" diff "$tmp/want" "$tmp/table"
check "one table for each current session" test "$(grep -c "peer says" "$tmp/out")" -eq 2
lacks "limits as usual are not told" "hard stop"
lacks "the usual DSCP neither" "dscp"
cp "$tmp/out" "$tmp/shown"
POOL_COLOR=always "$POOL" show pool0 >"$tmp/out"
has "what contradicts is red" "$(printf '\033[31mrtt ')"
POOL_FAKE_FAULT=agree "$POOL" show pool0 >"$tmp/out"
has "views that agree" "rtt                 80.41 ms          80.41 ms"
lacks "have no flag" "!"
lacks "and no digest" "digest"
lacks "nor a contradiction" "contradict"
POOL_FAKE_FAULT=mute "$POOL" show pool0 >"$tmp/out"
has "a peer that has told nothing" "here         peer says (nothing yet)"
has "has dashes" "rtt                 80.41 ms                 -"
POOL_FAKE_FAULT=most "$POOL" show pool0 >"$tmp/out"
has "the most that the protocol can tell: throughput" "  >= 4.29 Gbit/s"
has "queue" "  >= 65535 packets"
has "no round trip yet, no jitter" "jitter                     -"
has "overload" "overloaded: it says so, for at least 4 minutes, 15 seconds"
cp "$tmp/shown" "$tmp/out"
out "session's connection" "    tcp 192.0.2.1:9253 -> 192.0.2.2:50000, connection number 3"
out "session without one" "    no connection at the moment"
LC_ALL=C.UTF-8 "$POOL" show pool0 >"$tmp/out"
has "an arrow where there is one" "192.0.2.1:9253 $(printf '\342\206\222') 192.0.2.2:50000"
try show pool0 transfer
out "transfer view" "$KEY_A${tab}5368709120${tab}1536"
try show pool0 drops
out "drops view: device" "-${tab}rx-replayed${tab}3"
out "drops view: peer" "$KEY_A${tab}tx-congested${tab}7"
try show all sessions
out "sessions view" "pool0$tab$KEY_A${tab}a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1${tab}responder${tab}confirmed${tab}current${tab}1${tab}3661${tab}192.0.2.1:9253${tab}192.0.2.2:50000"
try show all dump
out "dump: device" "pool0$tab$PUBLIC${tab}9253${tab}tcp${tab}0x0${tab}5${tab}0000000000000000${tab}0000000000000000${tab}30"
check "dump: columns of a peer" test "$(grep "$KEY_A" "$tmp/out" | awk -F'\t' '{ print NF }')" -eq 13

if command -v python3 >/dev/null; then
	try show --json
	cp "$tmp/out" "$tmp/doc"
	python3 - "$tmp/doc" "$PUBLIC" $KEY_A >"$tmp/py" 2>&1 <<-'EOF'
		import json, sys
		d = json.load(open(sys.argv[1]))
		assert list(d) == ["pool0", "pool1"]
		p = d["pool0"]
		assert p["public_key"] == sys.argv[2] and p["listen_port"] == 9253
		assert p["drops"] == {"rx-replayed": 3, "tx-codel": 1}, p["drops"]
		assert p["handshakes"] == 1 << 60 and p["skew_seen"] == -45
		assert p["name"] is None and p["organisation"] == "0" * 16
		assert p["rekey_after_packets"] == 251658240 and p["rekey_after_time"] == 3540
		assert p["reject_after_packets"] == 269484032 and p["reject_after_time"] == 3780
		assert p["aead_driver"] == "aead(fast)" and p["hmac_driver"] == "hmac(faster)"
		assert p["dscp"] == 0 and p["rekeys"] == 6 and p["overloaded"] is True
		assert d["pool1"]["public_key"] is None and d["pool1"]["peers"] == []
		a = p["peers"][0]
		assert a["public_key"] == sys.argv[3] and a["rx_packets"] == (1 << 64) - 1
		assert a["allowed_ip"] == ["10.0.0.0/8"] and a["has_preshared_key"] is False
		assert a["name"] == 'evil\x1b[2J"name\ufffd' and a["transports"] == ["tcp", "udp"]
		assert a["endpoint"] is None and a["connection"] == "[2001:db8::5]:40000"
		assert a["last_error"] == "psk-mismatch" and a["last_error_age"] == 5400
		assert a["address"] is None and a["address_ipv6"] is None
		assert a["rekeys"] == 3 and a["tx_urgent"] == 345 and a["tx_marked"] == 67
		assert a["rx_large"] == 8 and a["tx_large"] == 9
		assert a["queue_limit"] == 256 and a["overload"] == 72
		assert a["errors"] == {"seq-invalid": 3, "other": 1}, a["errors"]
		assert a["peer_errors"] == {"auth-fail": 12, "other": 1}, a["peer_errors"]
		assert a["rekey_after_packets"] is None and a["reject_after_time"] is None
		s = a["sessions"]
		t, u = s[0]["telemetry"], s[0]["peer_telemetry"]
		assert list(t) == ["rtt_ns", "jitter_ns", "loss_ppm", "throughput_bps", "mtu",
				   "queue", "uptime_ns", "rekeys", "config_version", "digest",
				   "journal"] and list(u) == list(t) + ["age_ms"]
		assert t["rtt_ns"] == 80412345 and u["rtt_ns"] == 250000000 and u["age_ms"] == 1840
		assert s[0]["mismatch"] == ["rtt", "digest"] and s[1]["mismatch"] == []
		assert s[0]["rekeys"] == s[0]["epoch"] == 1 and s[0]["epoch_age_ms"] == 61000
		assert s[1]["telemetry"] is None and s[1]["peer_telemetry"] is None
		assert len(s) == 2 and s[0]["current"] is True and s[1]["current"] is False
		assert s[0]["session_id"] == "a1" * 16 and s[0]["age"] == 3661000
		assert s[1]["local"] is None and s[1]["state"] == "pending"
	EOF
	code=$? tried="show --json"
	check "JSON document: $(tail -n 1 "$tmp/py")" test $code -eq 0
	try show pool1 --json
	check "JSON of one" python3 -c "import json, sys; assert list(json.load(open('$tmp/out'))) == ['pool1']"
	try monitor --json
	is "monitor ends with the socket" 1 "netlink: receive"
	python3 - "$tmp/out" >"$tmp/py" 2>&1 <<-'EOF'
		import json, sys
		e = [json.loads(l) for l in open(sys.argv[1])]
		a, b, c = e[0], e[1], e[-1]
		new = {x["type"]: x for x in e[2:-1]}
		assert [x["type"] for x in e[2:]] == ["rekeyed", "roamed", "suspect", "overload",
			"overload-end", "mismatch", "peer-error", "peer-error", "session-down", "lost"]
		assert new["rekeyed"]["epoch"] == 3 and new["roamed"]["epoch"] is None
		assert new["roamed"]["remote"] == "[2001:db8::7]:9253"
		assert new["overload"]["seconds"] == 12 and new["suspect"]["seconds"] is None
		assert new["mismatch"]["mismatch"] == ["rtt", "digest"] and a["mismatch"] == []
		assert e[8]["code"] == "auth-fail" and e[8]["count"] == 5
		assert e[9]["code"] == "other" and e[9]["count"] == 1
		assert new["session-down"]["code"] == "rekey-fail" and a["code"] is None
		assert new["session-down"]["reason"] == "closed-by-peer"
		assert a["type"] == "session-up" and a["role"] == "initiator" and a["ifname"] == "pool0"
		assert a["session_id"].startswith("040506") and a["reason"] is None
		assert b["type"] == "error" and b["reason"] == "unknown-peer" and b["count"] == 4
		assert b["remote"] == "[2001:db8::7]:9253" and b["public_key"] is None
		assert c["type"] == "lost" and c["time"].endswith("Z")
	EOF
	code=$? tried="monitor --json"
	check "JSON events: $(tail -n 1 "$tmp/py")" test $code -eq 0
fi
try monitor
has "monitor: session" " pool0: session-up peer AQID"
out_like() {
	if grep -qxE -e "[0-9:.]{12} pool0: $2" "$tmp/out"; then ok "$1"; else
		dump_try "$1" "wanted a line like: $2"
	fi
}
who="peer AQIDA{39}= session 040506(00){13} as initiator"
out_like "monitor: rekeyed" "rekeyed $who, epoch 3"
out_like "monitor: roamed" "roamed $who remote \\[2001:db8::7\\]:9253"
out_like "monitor: suspect" "suspect $who"
out_like "monitor: overload" "overload $who, for 12 seconds"
out_like "monitor: overload-end" "overload-end $who"
out_like "monitor: mismatch" "mismatch $who, in rtt, digest"
out_like "monitor: peer-error" "peer-error $who, code auth-fail, 5 times"
out_like "monitor: peer-error of a later revision" "peer-error $who, code 0x20"
out_like "monitor: session-down with a code" "session-down $who remote \\[2001:db8::7\\]:9253: closed-by-peer, code rekey-fail"
has "monitor: as whom" " as initiator remote [2001:db8::7]:9253"
has "monitor: error" " pool0: error remote [2001:db8::7]:9253: unknown-peer (a handshake succeeded up to an identity that is not configured here), 4 times"
is "monitor: lost events are told" 1 "some are lost"
unset POOL_FAKE_BUSY

# Limits, DSCP, new keys.
forget
try set pool0 rekey-after-packets 1000 rekey-after-time 60 reject-after-packets 2000 \
	reject-after-time 120 dscp 46 peer $KEY_A rekey-after-time 30 peer $KEY_B
is "set limits" 0
sent "limits and dscp in one message" 1 "DEVICE_SET .* = 0"
try show pool0
out "limits of the device: new keys" "  new keys after: 1000 packets or 1 minute"
out "limits of the device: hard stop" "  hard stop after: 2000 packets or 2 minutes"
out "dscp" "  dscp: 46"
out "limits of a peer" "  new keys after: 1000 packets or 30 seconds"
check "only where they are its own" test "$(grep -c "after:" "$tmp/out")" -eq 3
try set pool0 dscp inherit peer $KEY_A reject-after-packets 1500
try show pool0
out "dscp of the inner packets" "  dscp: that of the inner packets"
out "a hard stop of a peer" "  hard stop after: 1500 packets or 2 minutes"
if command -v python3 >/dev/null; then
	try show --json
	cp "$tmp/out" "$tmp/doc"
	python3 - "$tmp/doc" >"$tmp/py" 2>&1 <<-'EOF'
		import json, sys
		d = json.load(open(sys.argv[1]))["pool0"]
		assert d["rekey_after_packets"] == 1000 and d["rekey_after_time"] == 60
		assert d["reject_after_packets"] == 2000 and d["reject_after_time"] == 120
		assert d["dscp"] == "inherit" and d["overloaded"] is False and d["rekeys"] is None
		a, b = d["peers"]
		assert a["rekey_after_time"] == 30 and a["reject_after_packets"] == 1500
		assert a["reject_after_time"] is None and b["rekey_after_time"] is None
		assert a["overload"] is None and a["errors"] == {} and a["peer_errors"] == {}
	EOF
	code=$?
	check "limits in JSON: $(tail -n 1 "$tmp/py")" test $code -eq 0
fi
try set pool0 peer $KEY_A rekey
is "new keys" 0
# update-only and rekey
sent "asked for by a flag" 1 "PEER_SET .*:9 = 0"
try set pool0 peer $KEY_C rekey
is "not for a peer that is not there" 1 "peer $KEY_C: there is no such peer"
try show pool0 peers
lacks "which is not made" "$KEY_C"

# Done, but.
try set pool0 heartbeat off peer $KEY_A heartbeat 0 peer $KEY_B heartbeat 5
is "a warning of the kernel" 0 "pool: warning: without heartbeats a dead peer is not noticed"
is "and of a peer" 0 "pool: warning: peer $KEY_A: without heartbeats"
lacks "only of that" "peer $KEY_B"
try show pool0
out "and it was done" "  heartbeat: off"
fault noext
try set pool0 heartbeat off
is "no words, no warning" 0

# Again and again: the device goes away after three looks.
fault gone=3
start=$(date +%s)
try show pool0 --watch listen-port
is "watch, until the device goes" 1 "pool: show: pool0: No such device"
check "a second apart" test $(($(date +%s) - start)) -ge 2
check "one after the other" test "$(tr '\n' , <"$tmp/out")" = "9253,,9253,,9253,"
lacks "no terminal, no repainting" "$(printf '\033')"
fault gone=2
try show --json -w 1
check "JSON: a line each" test "$(grep -c '^{"pool0":{.*}}$' "$tmp/out")" -eq 2
check "JSON: and nothing else" test "$(wc -l <"$tmp/out")" -eq 2
if command -v script >/dev/null; then
	tried="show --watch on a terminal"
	script -qec "\"$POOL\" show pool0 --watch 1" /dev/null >"$tmp/out" 2>"$tmp/err" </dev/null
	code=$?
	is "watch on a terminal" 1
	check "each report begins in the corner" \
		test "$(grep -cF "$(printf '\033[H\033[2J')" "$tmp/out")" -eq 2
	has "and tells how often it comes" "every 1 second"
fi
fault ""
"$POOL" show pool0 --watch >/dev/full 2>"$tmp/err"
code=$? tried="show --watch > /dev/full"
is "watch ends when nothing can be written" 1 "the output could not be written"

# Trouble.
fault intr=3
try show pool0 peers
is "torn dumps are read again" 0
check "and nothing is there twice" test "$(sort "$tmp/out" | uniq -d | wc -l)" -eq 0
fault always-intr
try show
is "but not for ever" 1 "the configuration kept changing while it was read: try again"
fault eintr
try show pool0 peers
is "interrupted reads go on" 0
try set pool0 peer $KEY_A heartbeat 5
is "interrupted acks, too" 0
fault eperm
for c in "show" "show pool0" "set pool0 listen-port 1" "showconf pool0" "set pool0 peer $KEY_A"; do
	try $c
	is "without rights: $c" 1 "Operation not permitted: run as root"
done
fault truncate
try show pool0
is "a malformed answer" 1 "\"fwmark\" is malformed: module and tool do not fit each other"
finish
