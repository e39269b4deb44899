#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Every bad value, from the command line and in raw netlink: refused with a
# reason, and nothing changed. Files of settings, many peers, many allowed-ips,
# and secrets that never come out.
# rigs: uml kasan qemu
# timeout: 120
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.sh"

load_module
add_host h1
add_host h2
umask 077
pool_keys h1 h2 a b c
"$POOL" genpsk >"$TMP/psk"
A=$(pub a) B=$(pub b) C=$(pub c)
NL=$POOL_TOP/selftests/net/netlink.py
p() { on h1 "$POOL" "$@"; }

pool_add h1 1 || t_bail "pool0 on h1"
p set pool0 fwmark 0x2a heartbeat 7 name "alpha" organisation 1f segment 2e init-skew 60 \
	peer "$A" endpoint 192.0.2.1:9253 allowed-ips 10.2.0.0/16,fd00:2::/64 preshared-key "$TMP/psk" \
	peer "$B" endpoint "[2001:db8::7]:1" allowed-ips 10.3.0.0/16,auto heartbeat 30 \
	peer "$C" || t_bail "pool0 can be set"

# settings NS DEV: all that was configured.
settings() {
	on "$1" "$POOL" showconf "$2" && pool_json "$1" "$2" '.[] | [.public_key, .listen_port, .transport, .fwmark,
		.bind_address, .bind_device, .bind_ifindex,
		.heartbeat, .name, .organisation, .segment, .init_skew,
		[.peers[] | .public_key, .has_preshared_key, .endpoint, .transport, .heartbeat, .allowed_ip]]'
}
same() { check "$1: nothing was changed" diff <(echo "$before") <(settings h1 pool0); }
before=$(settings h1 pool0)
check_match "what was set is shown" '"alpha"' "$before"

# --- the command line ---------------------------------------------------------------

# bad CODE WORDS... -- WORDS...: refused with this exit code, and a line that matches.
bad() {
	local code=$1 re=$2 out rc=0; shift 2
	out=$(p "$@" 2>&1 </dev/null) || rc=$?
	if [ $rc != "$code" ]; then
		t_fail "refused: $*" "exit code $rc, not $code: $out"
	elif ! grep -qE -- "$re" <<<"$out"; then
		t_fail "refused: $*" "message: $out"
	else
		t_ok "refused: $*"
	fi
}
for v in -1 65536 x '' 1e3; do bad 2 'listen-port' set pool0 listen-port "$v"; done
for v in 4294967296 -1 x; do bad 2 fwmark set pool0 fwmark "$v"; done
for v in 3601 -1 x; do bad 2 heartbeat set pool0 heartbeat "$v"; done
for v in 29 -1 x; do bad 2 init-skew set pool0 init-skew "$v"; done
for v in 12345678901234567 xyz; do bad 2 organisation set pool0 organisation "$v"; bad 2 segment set pool0 segment "$v"; done
bad 2 transport set pool0 transport carrier-pigeon
bad 2 bind set pool0 bind eth0
bad 2 bind set pool0 bind 192.0.2.1:9253
bad 1 'address of this host' set pool0 bind 0.0.0.0
bad 1 'address of this host' set pool0 bind 224.0.0.1
bad 1 'address of this host' set pool0 bind 255.255.255.255
bad 1 'address of this host' set pool0 bind ff02::1
bad 1 'address of this host' set pool0 bind ::
bad 1 'link-local' set pool0 bind fe80::1
bad 1 'no address of this host' set pool0 bind 192.0.2.77
bad 1 'no address of this host' set pool0 bind 2001:db8::77
bad 2 bind-device set pool0 bind-device a/b
bad 1 'no such interface' set pool0 bind-device nothing0
bad 1 'carry itself' set pool0 bind-device pool0
bad 1 'no such interface' set pool0 bind 127.0.0.1 bind-device nothing0
# Good beside what is refused.
bad 1 'peer has the public key' set pool0 bind 127.0.0.1 bind-device lo private-key "$TMP/a.key"
bad 2 name set pool0 name 123456789012345678901234567890123
bad 2 name set pool0 name $'a\tb'
bad 2 'key' set pool0 peer nonsense allowed-ips 10.9.0.0/16
bad 2 'key' set pool0 peer "${A%=}" allowed-ips 10.9.0.0/16
bad 1 'own key' set pool0 peer "$(pub h1)" allowed-ips 10.9.0.0/16
bad 1 'there is such a peer|there is a peer' set pool0 peer "$A" create-only allowed-ips 10.9.0.0/16
bad 1 'there is no (such )?peer' set pool0 peer "$(pub h2)" update-only allowed-ips 10.9.0.0/16
bad 1 'there is no (such )?peer' set pool0 peer "$(pub h2)" remove
bad 2 exclude set pool0 peer "$A" update-only create-only
for v in 10.0.0.0/33 fd00::/129 10.0.0 host 10.0.0.0/x +10.1.0.0/16,10.2.0.0/16; do bad 2 allowed-ips set pool0 peer "$A" allowed-ips "$v"; done
for v in 192.0.2.1: 192.0.2.1:0 192.0.2.1:65536 fd00::1:5 '[fd00::1' '[fd00::1]:' :5; do bad 2 endpoint set pool0 peer "$A" endpoint "$v"; done
bad 1 'one host' set pool0 peer "$A" endpoint 0.0.0.0:1
bad 1 'one host' set pool0 peer "$A" endpoint 224.0.0.1:1
bad 1 'one host' set pool0 peer "$A" endpoint 255.255.255.255:1
bad 1 'one host' set pool0 peer "$A" endpoint '[ff02::1]:1'
bad 1 'interface' set pool0 peer "$A" endpoint '[fe80::1]:1'
bad 1 'No such file' set pool0 private-key "$TMP/nothing-here"
bad 1 'key' set pool0 private-key /etc/hostname
bad 1 'key' set pool0 peer "$A" preshared-key /etc/hostname
bad 1 'peer has the public key' set pool0 private-key "$TMP/a.key"
bad 2 'given twice' set pool0 listen-port 1 listen-port 2
bad 2 'no such setting' set pool0 colour red
bad 2 'missing' set pool0 listen-port
bad 2 'nothing to set' set pool0
bad 1 '[Nn]o such device' set pool9 listen-port 1
bad 1 'kind pool' set lo listen-port 1
bad 1 '[Nn]o such device' show pool9
bad 2 '' set '' listen-port 1
# The second is bad: the first is not done either.
bad 2 'allowed-ips' set pool0 listen-port 9777 peer "$A" endpoint none peer "$B" allowed-ips 10.0.0.0/40
same "the command line"

# Of files.
conf() { printf '%b' "$1" >"$TMP/conf"; }
for cmd in setconf syncconf addconf; do
	conf '[Interface]\nListenPort = 9888\n[Peer]\nPublicKey = nonsense\n'; bad 1 'conf:4|line 4|PublicKey' $cmd pool0 "$TMP/conf"
	conf '[Interface]\nColour = red\n'; bad 1 'Colour' $cmd pool0 "$TMP/conf"
	conf "[Interface]\nHeartbeat = 3\n[Peer]\nAllowedIPs = 10.0.0.0/8\n"; bad 1 'PublicKey' $cmd pool0 "$TMP/conf"
	conf 'ListenPort = 1\n'; bad 1 '' $cmd pool0 "$TMP/conf"
	bad 1 'No such file' $cmd pool0 "$TMP/nothing-here"
	head -c 3000 /dev/urandom >"$TMP/conf"; bad 1 '' $cmd pool0 "$TMP/conf"
done
same "files"

# --- raw netlink ------------------------------------------------------------------------

on h1 python3 "$NL" abuse pool0 "$A" "$(pub h1)" "$(cat "$TMP/a.key")" >"$TMP/abuse" 2>&1
rc=$? n=0
while read -r verdict rest; do
	case $verdict in
	ok) n=$((n + 1)) ;;
	fail) t_fail "netlink: ${rest%%: wanted*}" "$rest" ;;
	*) t_diag "$verdict $rest" ;;
	esac
done <"$TMP/abuse"
check_eq "netlink: all cases were tried" 0 $rc
check_cmp "netlink: refused with the right error and a message" $n -ge 150
t_diag "$n cases"
same "netlink"

ip -n h1 link add fuzz type pool
check "netlink: 1,500 mutated requests" eval "on h1 python3 '$NL' fuzz fuzz 1500 1 >'$TMP/fuzzed' 2>&1 || { cat '$TMP/fuzzed'; false; }"
t_diag "$(cat "$TMP/fuzzed")"
check "the device can be deleted after that" ip -n h1 link del fuzz
same "mutated requests for another device"

# --- who may -----------------------------------------------------------------------------

nobody='setpriv --reuid 65534 --regid 65534 --clear-groups'
# The checkout need not be open to everyone.
mkdir -m 755 "$TMP/open"; chmod 755 "$TMP"
install -m 755 "$POOL" "$TMP/open/pool"; install -m 644 "$NL" "$TMP/open/netlink.py"
# shellcheck disable=SC2086
check_eq "an ordinary user: every command is refused" "EPERM" \
	"$(on h1 $nobody python3 "$TMP/open/netlink.py" perm pool0 | sort -u)"
# shellcheck disable=SC2086
check_fails "an ordinary user: pool show" on h1 $nobody "$TMP/open/pool" show pool0
check_match "and the message says why" 'permitted|CAP_NET_ADMIN|root' "$OUT"
# shellcheck disable=SC2086
check_fails "an ordinary user: pool set" on h1 $nobody "$TMP/open/pool" set pool0 listen-port 1
check_eq "root of another user namespace: every command is refused" "EPERM" \
	"$(on h1 unshare --user --map-root-user python3 "$NL" perm pool0 | sort -u)"
check_fails "another network namespace does not see it" on h2 "$POOL" set pool0 listen-port 1
check_match "which is told" '[Nn]o such device' "$OUT"
check_eq "nor does it list it" "" "$(on h2 "$POOL" show interfaces)"
same "others"

# --- create-only, update-only, remove, replace ------------------------------------------------

check "create-only" p set pool0 peer "$(pub h2)" create-only allowed-ips 10.8.0.0/16
check "update-only" p set pool0 peer "$(pub h2)" update-only heartbeat 9
check_eq "both done" "9 10.8.0.0/16" "$(peer_json h1 pool0 h2 '"\(.heartbeat) \(.allowed_ip[0])"')"
check "removed" p set pool0 peer "$(pub h2)" remove
same "made, changed, removed"
check "endpoint none" p set pool0 peer "$A" endpoint none
check_eq "takes the endpoint away" null "$(peer_json h1 pool0 a .endpoint)"
p set pool0 peer "$A" endpoint 192.0.2.1:9253
same "and set again"

# --- files ---------------------------------------------------------------------------------------

p showconf pool0 >"$TMP/saved"
check "setconf takes what showconf gave" p setconf pool0 "$TMP/saved"
same "showconf, setconf (keys that the file does not name stay)"
check "syncconf too" p syncconf pool0 "$TMP/saved"
same "showconf, syncconf"
ip -n h2 link add pool5 type pool
check "another device takes it" on h2 "$POOL" setconf pool5 "$TMP/saved"
check_eq "and shows the same, but for the keys" "$(grep -v 'KeyFile' "$TMP/saved")" "$(on h2 "$POOL" showconf pool5)"
printf '[Peer]\nPublicKey = %s\nAllowedIPs = 10.8.0.0/16\n' "$(pub h2)" >"$TMP/more"
check "addconf adds a peer" p addconf pool0 "$TMP/more"
check_eq "and leaves the rest" 4 "$(pool_json h1 pool0 '.[].peers | length')"
check "syncconf removes it" p syncconf pool0 "$TMP/saved"
same "addconf, syncconf"
check "setconf with peers of its own replaces them" p setconf pool0 "$TMP/more"
check_eq "all" "$(pub h2)" "$(p show pool0 peers)"
check_eq "and sets defaults" "9253 5 null 0" "$(pool_json h1 pool0 '.[] | "\(.listen_port) \(.heartbeat) \(.name) \(.fwmark)"')"
check_eq "but not the private key" "$(pub h1)" "$(pool_json h1 pool0 '.[].public_key')"
p setconf pool0 "$TMP/saved"
p set pool0 peer "$A" preshared-key "$TMP/psk"

# --- secrets ----------------------------------------------------------------------------------------

secret() { base64 -d "$1" | od -An -v -tx1 | tr -d ' \n'; }
{
	p show; p show pool0; p show --json; p show pool0 dump; p showconf pool0; p show all peers
	ip -n h1 -d link show pool0; ip -n h1 -d -j link show pool0; dmesg
} >"$TMP/shown" 2>&1
check_eq "keys are not shown anywhere, as text" 0 "$(grep -cF -e "$(cat "$TMP/h1.key")" -e "$(cat "$TMP/psk")" "$TMP/shown")"
check_eq "nor in hex" 0 "$(tr -d ' :\n' <"$TMP/shown" | grep -ciF -e "$(secret "$TMP/h1.key")" -e "$(secret "$TMP/psk")")"
check_eq "nor are they in any netlink message" absent \
	"$(on h1 python3 "$NL" dump pool0 "$(secret "$TMP/h1.key")" "$(secret "$TMP/psk")" | sed -n 's/^secret //p' | sort -u)"
check_match "that one is set is told" 'true' "$(peer_json h1 pool0 a .has_preshared_key)"

# --- an endpoint without a port ---------------------------------------------------------------------

endpoint_of_c() { peer_json h1 pool0 c .endpoint; }
p set pool0 peer "$C" endpoint 192.0.2.8
check_eq "an endpoint without a port has the usual one" 192.0.2.8:9253 "$(endpoint_of_c)"
p set pool0 peer "$C" endpoint '[2001:db8::8]'
check_eq "IPv6 too" '[2001:db8::8]:9253' "$(endpoint_of_c)"
check_eq "the kernel itself takes port 0 for it" OK "$(on h1 python3 "$NL" noport pool0 "$C")"
check_eq "and says which it is" 192.0.2.9:9253 "$(endpoint_of_c)"
p set pool0 peer "$C" endpoint none

# --- transports of a device that is down ------------------------------------------------------------

ip -n h1 link add down0 type pool
for t in raw udp auto tcp; do
	check "transport $t" p set down0 transport "$t"
	check_eq "is shown" "$t" "$(pool_json h1 down0 '.[].transport')"
done
ip -n h1 link del down0

# --- a peer with many allowed-ips ----------------------------------------------------------------------

for i in $(seq 0 1999); do echo "10.$((64 + i / 256)).$((i % 256)).0/24"; done >"$TMP/ips"
start=$SECONDS
check "2,000 allowed-ips for one peer" p set pool0 peer "$C" allowed-ips "$(paste -sd, "$TMP/ips")"
check_eq "all are shown, each once" "$(sort "$TMP/ips" | sha256sum)" "$(peer_json h1 pool0 c '.allowed_ip[]' | sort | sha256sum)"
read -r _ _ _ messages _ ips _ different <<<"$(on h1 python3 "$NL" dump pool0 | grep -F "$C")"
check_cmp "they come in several messages" "$messages" -gt 1
check_eq "complete" "2000 2000" "$ips $different"
check_eq "the other peers are shown too" 3 "$(p show pool0 peers | wc -l)"
p showconf pool0 >"$TMP/large"
check "a file with them can be set" p setconf pool0 "$TMP/large"
check_eq "and is the same" "$(sha256sum <"$TMP/large")" "$(p showconf pool0 | sha256sum)"
check_match "in one request of 240 KB, or not at all" '^(0|90|105)' "$(on h1 python3 "$NL" many pool0 5000)"
t_diag "many allowed-ips: $((SECONDS - start)) s"

# --- many peers --------------------------------------------------------------------------------------------

# peers_file N: settings with N peers, each with two addresses.
peers_file() {
	python3 - "$1" <<'END'
import base64, hashlib, sys
print('[Interface]')
for i in range(int(sys.argv[1])):
    k = base64.b64encode(hashlib.sha256(b'%d' % i).digest()).decode()
    print('[Peer]\nPublicKey = %s\nEndpoint = 192.0.2.1:%d\nAllowedIPs = 10.%d.%d.%d/32, fd00::%x:%x/128'
          % (k, 1 + i % 65535, 64 + (i >> 16), i >> 8 & 255, i & 255, 1 + (i >> 8), 1 + (i & 255)))
END
}
# many N: set, shown, gone.
many() {
	local n=$1 t0 t1 t2 t3
	peers_file "$n" >"$TMP/peers"
	t0=$(date +%s%N)
	check "$n peers set" p setconf pool0 "$TMP/peers"
	t1=$(date +%s%N)
	p show pool0 allowed-ips >"$TMP/list"
	t2=$(date +%s%N)
	check_eq "$n peers dumped, each once and complete" "$n $n $n" \
		"$(wc -l <"$TMP/list") $(cut -f1 "$TMP/list" | sort -u | wc -l) $(grep -c '/32.*/128' "$TMP/list")"
	check_eq "$n peers counted" "$n" "$(p show pool0 dump | grep -c 192.0.2.1)"
	t3=$(date +%s%N)
	check "$n peers removed" p setconf pool0 /dev/null
	check_eq "none is left" "" "$(p show pool0 peers)"
	t_diag "$n peers: set $(((t1 - t0) / 1000000)) ms, dumped $(((t2 - t1) / 1000000)) ms, removed $((($(date +%s%N) - t3) / 1000000)) ms"
}
many 1000
if [ "$POOL_RIG" = uml ]; then
	many 10000
	# One more than there may be.
	peers_file 65536 >"$TMP/peers"
	check "65,536 peers set" p setconf pool0 "$TMP/peers"
	check_fails "not one more" p set pool0 peer "$A" allowed-ips 10.1.0.0/16
	check_match "and the message says why" '65536|65,536' "$OUT"
	check_eq "there are as many as may be" 65536 "$(p show pool0 peers | wc -l)"
	start=$SECONDS
	check "the device can be deleted with all of them" ip -n h1 link del pool0
	t_diag "deleted in $((SECONDS - start)) s"
fi
t_done
