#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Every bad word on the command line: exit code 2, the word named, and nothing
# sent (there is no kernel module here, so what gets past the checks ends with
# code 1 and "not loaded").

. ./lib.sh
POOL=$OUT/tests/pool-fake
POOL_FAKE=$tmp/state
POOL_FAKE_FAULT=nofamily
# A machine without a name server must not wait for one.
POOL_ENDPOINT_RESOLUTION_RETRIES=0
export POOL_FAKE POOL_FAKE_FAULT POOL_ENDPOINT_RESOLUTION_RETRIES
past="not loaded"
printf '%s\n' "$SECRET" >"$tmp/key"
chmod 600 "$tmp/key"

# bad NAME TEXT WORDS...
bad() {
	bad_name=$1 bad_text=$2
	shift 2
	try "$@"
	is "$bad_name" 2 "$bad_text"
}

# good WORDS...: past the checks
good() {
	try "$@"
	is "taken: $*" 1 "$past"
}

try
is "no word: show" 1 "pool: show: the kernel module is not loaded: modprobe pool"
bad "unknown command" 'pool: there is no command "frobnicate"' frobnicate
bad "empty command" 'there is no command ""' ""
bad "control characters are not echoed" 'there is no command "??[2J"' "$(printf '\033\007[2J')"
bad "help of nothing" 'there is no command "nope"' help nope
bad "help of two" "one command at a time" help set show

bad "set: nothing" "the name of a device is missing" set
bad "set: nothing to set" "there is nothing to set" set pool0
bad "set: long name" '"pool0123456789ab": not the name of a device' set pool0123456789ab listen-port 1
bad "set: empty name" '"": not the name of a device' set "" listen-port 1
bad "set: slash" '"a/b": not the name of a device' set a/b listen-port 1
bad "set: index 0" '"0": not the index' set 0 listen-port 1
bad "set: index too large" '"99999999999": not the index' set 99999999999 listen-port 1
bad "set: unknown word" '"listen": no such setting of a device' set pool0 listen 1
bad "set: peer's word too early" '"endpoint": no such setting of a device' set pool0 endpoint a:1
bad "set: device's word too late" '"listen-port": no such setting of a peer' set pool0 peer $KEY_A listen-port 1
bad "set: wg's word" '"persistent-keepalive": no such setting of a peer' set pool0 peer $KEY_A persistent-keepalive 25
bad "set: no value" '"listen-port": a value is missing' set pool0 listen-port
bad "set: no peer key" '"peer": a public key is missing' set pool0 peer
bad "set: value twice" '"fwmark": given twice' set pool0 fwmark 1 fwmark 2
bad "set: key twice" '"private-key": given twice' set pool0 private-key a private-key b

for v in "" x -1 65536 1.5 0x50 "9253 " "+1" 99999999999999999999999; do
	bad "listen-port '$v'" '"listen-port": '"$v"': must be a number from 0 to 65535' set pool0 listen-port "$v"
done
good set pool0 listen-port 0
good set pool0 listen-port 65535
for v in "" TCP quic 1; do
	bad "transport '$v'" '"transport": '"$v"': must be tcp, raw, udp or auto' set pool0 transport "$v"
done
for v in tcp raw udp auto; do
	good set pool0 transport $v
	good set pool0 peer $KEY_A transport $v
done
for v in "" eth0 192.0.2.1:9253 192.0.2.0/24 '[::1]' fe80::1%eth0 off 256.0.0.1; do
	bad "bind '$v'" '"bind": '"$v"': must be an IPv4 or IPv6 address of this host, or none' set pool0 bind "$v"
done
for v in 192.0.2.1 2001:db8::1 ::ffff:192.0.2.1 none; do
	good set pool0 bind $v
done
for v in "" a/b "a b" eth0:1 abcdefghijklmnop; do
	bad "bind-device '$v'" '"bind-device": '"$v"': must be the name of an interface, or none' set pool0 bind-device "$v"
done
good set pool0 bind-device eth0
good set pool0 bind-device none
bad "bind of a peer" '"bind": no such setting of a peer' set pool0 peer $KEY_A bind 192.0.2.1
for v in "" on 0x -1 0x1g 4294967296 0x100000000; do
	bad "fwmark '$v'" '"fwmark": '"$v"': must be a number up to 0xffffffff, or off' set pool0 fwmark "$v"
done
good set pool0 fwmark off
good set pool0 fwmark 0xffffffff
good set pool0 fwmark 4294967295
for v in "" 3601 -5 5s on; do
	bad "heartbeat '$v'" '"heartbeat": '"$v"': must be a number of seconds from 0 to 3600, or off' set pool0 heartbeat "$v"
	bad "peer heartbeat '$v'" '"heartbeat": '"$v"': must be a number' set pool0 peer $KEY_A heartbeat "$v"
done
good set pool0 heartbeat off
good set pool0 heartbeat 3600
for v in "" 29 0 4294967296 30s; do
	bad "init-skew '$v'" '"init-skew": '"$v"': must be a number of seconds, 30 or more' set pool0 init-skew "$v"
done
good set pool0 init-skew 30
for w in organisation segment; do
	for v in "" g 0x 12345678901234567 -1 "1 2"; do
		bad "$w '$v'" '"'$w'": '"$v"': must be 1 to 16 hex digits' set pool0 $w "$v"
	done
	good set pool0 $w 0123456789abcdef
	good set pool0 $w 0xF
done
for v in "" 0 251658241 -1 1k 4294967297; do
	bad "rekey-after-packets '$v'" '"rekey-after-packets": '"$v"': must be a number of packets from 1 to 251658240 (what the protocol allows can only be lowered)' set pool0 rekey-after-packets "$v"
	bad "peer rekey-after-packets '$v'" '"rekey-after-packets": '"$v"': must be' set pool0 peer $KEY_A rekey-after-packets "$v"
done
for v in "" 0 3541 1h off default; do
	bad "rekey-after-time '$v'" '"rekey-after-time": '"$v"': must be a number of seconds from 1 to 3540' set pool0 rekey-after-time "$v"
	bad "peer rekey-after-time '$v'" '"rekey-after-time": '"$v"': must be' set pool0 peer $KEY_A rekey-after-time "$v"
done
for v in "" 1 269484033; do
	bad "reject-after-packets '$v'" '"reject-after-packets": '"$v"': must be a number of packets from 2 to 269484032' set pool0 reject-after-packets "$v"
done
for v in "" 1 3781; do
	bad "reject-after-time '$v'" '"reject-after-time": '"$v"': must be a number of seconds from 2 to 3780' set pool0 reject-after-time "$v"
done
bad "limits: the wrong way round" '"rekey-after-time": 10: must be less than "reject-after-time" (10)' set pool0 reject-after-time 10 rekey-after-time 10
bad "limits of a peer: the wrong way round" "peer $KEY_A: \"rekey-after-packets\": 9: must be less than \"reject-after-packets\" (8)" set pool0 peer $KEY_A rekey-after-packets 9 reject-after-packets 8
bad "a limit twice" '"rekey-after-time": given twice' set pool0 rekey-after-time 1 rekey-after-time 2
good set pool0 rekey-after-packets 1 rekey-after-time 1 reject-after-packets 2 reject-after-time 2
good set pool0 rekey-after-packets 251658240 rekey-after-time 3540 reject-after-packets 269484032 reject-after-time 3780
good set pool0 rekey-after-time 9 peer $KEY_A reject-after-time 5
for v in "" -1 64 0x10 EF Inherit; do
	bad "dscp '$v'" '"dscp": '"$v"': must be a number from 0 to 63, or inherit' set pool0 dscp "$v"
done
bad "dscp of a peer" '"dscp": no such setting of a peer' set pool0 peer $KEY_A dscp 1
good set pool0 dscp 0
good set pool0 dscp 63
good set pool0 dscp inherit
bad "rekey of the device" '"rekey": no such setting of a device' set pool0 rekey
bad "rekey and remove" '"remove" goes with nothing else' set pool0 peer $KEY_A rekey remove
bad "rekey and create-only" "peer $KEY_A: \"rekey\" is for a peer that is there" set pool0 peer $KEY_A rekey create-only
good set pool0 peer $KEY_A rekey
good set pool0 peer $KEY_A rekey update-only rekey-after-time 5
bad "name too long" "a name has at most 32 bytes" set pool0 name 123456789012345678901234567890123
bad "name with a control character" "a name is UTF-8 without control characters" set pool0 name "$(printf 'a\tb')"
bad "name not UTF-8" "a name is UTF-8 without control characters" set pool0 name "$(printf 'a\377b')"
bad "name that turns text around" "a name is UTF-8 without control characters" set pool0 name "$(printf 'a\342\200\256b')"
bad "name with a blank" "neither begins nor ends with a blank" set pool0 name " a"
good set pool0 name ""
good set pool0 name 12345678901234567890123456789012
good set pool0 name "$(printf 'gr\303\274n')"

for v in x "" "${KEY_A}=" "${KEY_A%=}" "$KEY_A " AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyB= "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHy!="; do
	bad "peer '$v'" '"peer": '"$v"': a key is 44 characters of base64' set pool0 peer "$v"
done
bad "peer all zero" "this is no public key" set pool0 peer AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=

for v in 10.0.0.0/33 10.0.0.0/-1 10.0.0.0/ 10.0.0.0/a 10.0.0.0/8/8 0.0.0.0/99999999999999999999; do
	bad "allowed-ips '$v'" 'pool: set: "allowed-ips": '"$v"': prefix length must be 0 to 32' set pool0 peer $KEY_A allowed-ips "$v"
done
bad "allowed-ips v6 length" '"allowed-ips": fd00::/129: prefix length must be 0 to 128' set pool0 peer $KEY_A allowed-ips fd00::/129
for v in 10.0.0 10.0.0.256 fd00:::1 host.example /8 "1.2.3.4 /8" 010.0.0.1 AUTO fe80::1%eth0; do
	bad "allowed-ips '$v'" '"allowed-ips": '"$v"': must be an IPv4 or IPv6 address' set pool0 peer $KEY_A allowed-ips "$v"
done
bad "allowed-ips: the second is wrong" '"allowed-ips": 10.0.0.0/40: prefix length' set pool0 peer $KEY_A allowed-ips 10.1.0.0/16,10.0.0.0/40
for v in "," "10.0.0.0/8," ",10.0.0.0/8" "10.0.0.0/8,,10.1.0.0/16" + - "10.0.0.0/8,+"; do
	bad "allowed-ips '$v'" '"allowed-ips": ' set pool0 peer $KEY_A allowed-ips "$v"
done
bad "allowed-ips: mixed signs" "give all of the list with + or -, or none of it" set pool0 peer $KEY_A allowed-ips 10.0.0.0/8,+10.1.0.0/16
bad "allowed-ips: one prefix for two peers" "10.0.0.0/8 is given to two peers, and only one can have it: $KEY_A and $KEY_B" \
	set pool0 peer $KEY_A allowed-ips 10.1.2.3/8 peer $KEY_B allowed-ips 10.0.0.0/8
good set pool0 peer $KEY_A allowed-ips ""
good set pool0 peer $KEY_A allowed-ips 0.0.0.0/0,::/0,auto
good set pool0 peer $KEY_A allowed-ips +10.0.0.1,-10.0.0.0/8,-auto
good set pool0 peer $KEY_A allowed-ips "10.0.0.0/8, fd00::/8"

for v in host:0 host:65536 host: host:x host:-1 host:99999999999999999999 '[::1]:0' '[::1]:'; do
	bad "endpoint '$v'" '"endpoint": '"$v"': the port must be a number from 1 to 65535' set pool0 peer $KEY_A endpoint "$v"
done
for v in ::1:9253 '[::1' '[::1]9253' fd00::1; do
	bad "endpoint '$v'" '"endpoint": '"$v"': an IPv6 endpoint is written [ADDRESS]:PORT' set pool0 peer $KEY_A endpoint "$v"
done
for v in "" :9253 '[]' '[]:9253'; do
	bad "endpoint '$v'" '"endpoint": '"$v"': the host is missing' set pool0 peer $KEY_A endpoint "$v"
done
good set pool0 peer $KEY_A endpoint 192.0.2.1:9253
good set pool0 peer $KEY_A endpoint '[2001:db8::1]:9253'
good set pool0 peer $KEY_A endpoint 192.0.2.1
good set pool0 peer $KEY_A endpoint '[2001:db8::1]'
good set pool0 peer $KEY_A endpoint none
try set pool0 peer $KEY_A endpoint '[not-v6]:9253'
is "endpoint: no address between brackets" 1 "not an IPv6 address between the brackets"
try set pool0 peer $KEY_A endpoint 'no such host:9253'
is "endpoint: unknown host" 1 "endpoint: no such host:9253: cannot look up the host"

bad "remove with more" '"remove" goes with nothing else' set pool0 peer $KEY_A remove endpoint none
bad "remove with more before" '"remove" goes with nothing else' set pool0 peer $KEY_A heartbeat 5 remove
bad "update-only and create-only" "exclude each other" set pool0 peer $KEY_A update-only create-only
bad "remove twice over" '"remove" goes with nothing else' set pool0 peer $KEY_A remove update-only peer $KEY_B
good set pool0 peer $KEY_A remove
good set pool0 peer $KEY_A remove peer $KEY_A allowed-ips 10.0.0.0/8
good set 7 listen-port 1

# Secrets.
bad "private key as a word" "is seen by every user: give the name of a file" set pool0 private-key $SECRET
lacks "and it is not repeated" "$SECRET"
bad "pre-shared key as a word" "is seen by every user" set pool0 peer $KEY_A preshared-key $SECRET
lacks "and it is not repeated" "$SECRET"
bad "two secrets from stdin" "standard input holds one secret" set pool0 private-key - peer $KEY_A preshared-key /dev/stdin
bad "empty name of a key file" "the name of a file is missing" set pool0 private-key ""
try set pool0 private-key "$tmp/none"
is "key file: not there" 1 "$tmp/none: No such file or directory"
try set pool0 private-key "$tmp"
is "key file: a directory" 1 "$tmp: Is a directory"
printf 'this is not a key, but it is secret\n' >"$tmp/garbage"
chmod 600 "$tmp/garbage"
try set pool0 private-key "$tmp/garbage"
is "key file: garbage" 1 "$tmp/garbage: this is no key"
lacks "and it is not repeated" "secret"
printf '%s\n%s\n' "$SECRET" "$SECRET" >"$tmp/two"
chmod 600 "$tmp/two"
try set pool0 private-key "$tmp/two"
is "key file: two keys" 1 "$tmp/two: this is no key"
head -c 100000 /dev/zero >"$tmp/zeros"
chmod 600 "$tmp/zeros"
try set pool0 private-key "$tmp/zeros"
is "key file: zeros" 1 "$tmp/zeros: this is no key"
good set pool0 private-key "$tmp/key"
good set pool0 private-key /dev/null
printf '\n  %s \r\n\n' "$SECRET" >"$tmp/blanks"
chmod 600 "$tmp/blanks"
good set pool0 private-key "$tmp/blanks"
lacks "no warning for a private file" "every user may open"
chmod 644 "$tmp/blanks"
try set pool0 private-key "$tmp/blanks"
is "key file that all may read: warned" 1 "$tmp/blanks: every user may open this secret: chmod 600"
try_from "$tmp/key" set pool0 private-key -
is "key from stdin" 1 "$past"

bad "show: unknown option" '"--xml": must be --json or --watch' show --xml
for v in 0 86401 1.5 99999999999999999999; do
	bad "show: --watch $v" '"--watch": '"$v"': must be a number from 1 to 86400' show --watch $v
done
bad "show: --watch -1" '"-1": must be --json or --watch' show --watch -1
bad "show: --watch=1" '"--watch=1": must be --json or --watch' show --watch=1
bad "show: --watch twice" '"-w": given twice' show --watch 2 -w 3
good show --watch
good show pool0 --watch 5 --json
good show -w 86400 pool0 peers
good show --watch pool0
bad "show: unknown view" '"colour": must be one of public-key, listen-port' show pool0 colour
bad "show: private key" '"private-key": must be one of' show pool0 private-key
bad "show: two views" '"peers": one view at a time' show pool0 dump peers
bad "show: interfaces and more" '"interfaces" goes with nothing else' show interfaces peers
bad "show: interfaces as JSON" '"interfaces" goes with nothing else' show interfaces --json
bad "show: JSON of a view" '--json is the whole document' show pool0 --json peers
bad "show: long name" 'not the name of a device' show 12345678901234567890
good show pool0 peers
good show --json
good show interfaces
bad "showconf: nothing" "the name of a device is missing" showconf
bad "showconf: two" "one device at a time" showconf pool0 pool1
for c in setconf addconf syncconf; do
	bad "$c: nothing" "pool: $c: the name of a device and of a file" $c
	bad "$c: no file" "the name of a device and of a file" $c pool0
	bad "$c: more" "the name of a device and of a file" $c pool0 a b
	try $c pool0 "$tmp/none"
	is "$c: no such file" 1 "$tmp/none: No such file or directory"
done
bad "monitor: unknown word" '"pool0": must be --json' monitor pool0

for c in "" show set genkey genpsk pubkey address showconf setconf syncconf addconf monitor help; do
	try help $c
	is "help $c" 0
	check "help $c has something to say" test -s "$tmp/out"
	check "help $c fits a terminal" test "$(awk 'length > 79' "$tmp/out" | wc -l)" -eq 0
	[ -z "$c" ] && continue
	cp "$tmp/out" "$tmp/help"
	try $c --help
	is "$c --help" 0
	check "$c --help is help $c" cmp -s "$tmp/out" "$tmp/help"
done
try --help
is "--help" 0
for c in show set genkey genpsk pubkey address showconf setconf syncconf addconf monitor help; do
	has "--help lists $c" "  $c "
done
try --version
is "--version" 0
has "--version tells" "pool 0."
"$POOL" help >/dev/full 2>"$tmp/err"
code=$? tried="help > /dev/full"
is "a full disk is told" 1 "the output could not be written"
"$POOL" genkey >/dev/full 2>"$tmp/err"
code=$? tried="genkey > /dev/full"
is "a key that is not written is told" 1 "the output could not be written"

# Without the fake: this machine's kernel has no such family, or no device so.
POOL=$OUT/tests/pool
try show nosuchdev0
is "the real kernel" 1 "pool: show: "
finish
