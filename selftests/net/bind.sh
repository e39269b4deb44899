#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A device that is bound to one address, to one interface: there it listens and
# from there it calls. What cannot be is refused and leaves everything as it was.
# rigs: uml kasan qemu
# timeout: 120
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.sh"

setup_pool
p() { on h1 "$POOL" "$@"; }
ip -n h1 addr add 10.99.0.11/24 dev eth0
ip -n h1 addr add fd99::11/64 dev eth0 nodad

# doors: where h1 listens.
doors() { on h1 ss -Hltn 'sport = :9253' | awk '{ print $4 }' | LC_ALL=C sort | paste -sd' '; }
# seen_from ADDRESS: does h2 see h1 there? By raw IP without a port.
seen_from() { [[ $(peer_json h2 pool0 h1 .connection) == "$1"?(:+([0-9])) ]]; }
session() { peer_json h1 pool0 h2 '.sessions[0].session_id'; }
bound() { pool_json h1 pool0 '.[] | "\(.bind_address) \(.bind_device)"'; }
# refused TEXT WORDS...: pool set fails with that text.
refused() {
	local re=$1; shift
	check_fails "refused: $*" p set pool0 "$@"
	check_match "and the message says why" "$re" "$OUT"
}

check_eq "bound to nothing at first" "null null" "$(bound)"
check "ping" ping_ok h1 10.10.0.2

# --- one address -------------------------------------------------------------------

check "bound to an address" p set pool0 bind 10.99.0.11
check_eq "it listens there, and nowhere else" 10.99.0.11:9253 "$(doors)"
check "it calls" ping_ok h1 10.10.0.2
check "from there" wait_for 5 seen_from 10.99.0.11
check_match "pool show tells" 'bound to: 10.99.0.11' "$(p show pool0)"
check_eq "JSON too" "10.99.0.11 null" "$(bound)"
check_match "and the file" '^BindAddress = 10.99.0.11$' "$(p showconf pool0)"

before=$(session)
refused 'no address of this host' bind 192.0.2.77
refused 'no address of this host' bind 2001:db8::77
refused 'no such interface' bind 10.99.0.1 bind-device nothing0
refused 'carry itself' bind-device pool0
check_eq "none of these ended the session" "$before" "$(session)"
check "nor the traffic" ping_ok h1 10.10.0.2
check_eq "and it is bound as before" "10.99.0.11 null 10.99.0.11:9253" "$(bound) $(doors)"
check "the same once more" p set pool0 bind 10.99.0.11
check_eq "is nothing to do" "$before" "$(session)"

# The address is there, the port on it is not: found only when it listens.
ip netns exec h1 socat TCP4-LISTEN:9253,bind=10.99.0.1 /dev/null &
other=$!
wait_for 5 eval '[ "$(doors)" = "10.99.0.11:9253 10.99.0.1:9253" ]'
refused 'something else has the port' bind 10.99.0.1
check_eq "it is back at the old address" "10.99.0.11 null 10.99.0.11:9253 10.99.0.1:9253" "$(bound) $(doors)"
check "and calls again" ping_ok h1 10.10.0.2
kill $other
wait $other 2>/dev/null
check "another address is as good" p set pool0 bind 10.99.0.1
check_eq "of those that are free" 10.99.0.1:9253 "$(doors)"
check "and the other end may call" ping_ok h2 10.10.0.1

# --- datagrams ------------------------------------------------------------------------

# socks PROTOCOL: the local addresses of h1's sockets of udp or raw.
socks() { on h1 ss -Hln "--$1" | awk '{ print $(NF - 1) }' | grep -E ':(9253|253|\*)$' | LC_ALL=C sort | paste -sd' '; }
used() { peer_json h1 pool0 h2 '.sessions[] | select(.current) | .transport'; }
check "bound to one address again" p set pool0 bind 10.99.0.11
for t in udp raw; do
	on h2 "$POOL" set pool0 transport $t
	check "transport $t while it is up" p set pool0 transport $t
	check "the session moves there" wait_for 20 eval "ping_ok h1 10.10.0.2 && [ \"\$(used)\" = $t ]"
	check "from the address it is bound to" wait_for 5 seen_from 10.99.0.11
	check_match "a socket has it" '^10\.99\.0\.11:[0-9*]+$' "$(socks $t)"
done
on h2 "$POOL" set pool0 transport tcp
check "and back" p set pool0 transport tcp
check "to tcp" wait_for 20 eval "ping_ok h1 10.10.0.2 && [ \"\$(used)\" = tcp ]"
p set pool0 bind 10.99.0.1

# --- IPv6 ----------------------------------------------------------------------------

check "bound to an IPv6 address" p set pool0 bind fd99::11
check_eq "it listens there" '[fd99::11]:9253' "$(doors)"
check_fails "a peer of IPv4 cannot be called from there" ping_ok h1 10.10.0.2
check_eq "and the peer says so" connect-failed "$(peer_json h1 pool0 h2 .last_error)"
p set pool0 peer "$(pub h2)" endpoint '[fd99::2]'
check "one of IPv6 can" wait_for 20 ping_ok h1 10.10.0.2
check "from there" wait_for 5 seen_from '[fd99::11]'

# Of an address of one link the interface must be known.
ll=fe80::11
ip -n h1 addr add $ll/64 dev eth0 nodad
refused 'link-local' bind $ll
check "together with it it is one" p set pool0 bind $ll bind-device eth0
check_eq "and listened on" "[$ll]%eth0:9253" "$(doors)"
refused 'link-local' bind-device none
check "both go together" p set pool0 bind none bind-device none
p set pool0 peer "$(pub h2)" endpoint 10.99.0.2
check "free again" wait_for 20 ping_ok h1 10.10.0.2

# --- one interface ---------------------------------------------------------------------

knock() { on h1 socat -u /dev/null "TCP4:$1:9253,connect-timeout=5"; }
check "before that every interface will do" knock 127.0.0.1
check "bound to an interface" p set pool0 bind-device eth0
check_match "it listens there" '%eth0:9253$' "$(doors)"
check_fails "and nowhere else" knock 127.0.0.1
check "it calls from there" wait_for 20 ping_ok h1 10.10.0.2
check "and is called" ping_ok h2 10.10.0.1
check_match "pool show tells" 'bound to interface: eth0' "$(p show pool0)"
p showconf pool0 >"$TMP/saved"
check_match "and the file" '^BindDevice = eth0$' "$(cat "$TMP/saved")"
before=$(session)
check "syncconf of that file" p syncconf pool0 "$TMP/saved"
check_eq "is nothing to do" "$before" "$(session)"

# Renamed it is the same one. Older kernels rename only what is down.
ip -n h1 link set eth0 down
ip -n h1 link set eth0 name uplink
ip -n h1 link set uplink up
check_eq "renamed, it is shown by its new name" "null uplink" "$(bound)"
check "and is still the one" wait_for 20 ping_ok h1 10.10.0.2
ip -n h1 link set pool0 down
ip -n h1 link set pool0 up
ip -n h1 route replace 10.2.0.0/16 dev pool0
check "also after it was down" wait_for 20 ping_ok h1 10.10.0.2
check_match "it listens on it" '%uplink:9253$' "$(doors)"

# --- an interface that goes ---------------------------------------------------------------

ip -n h1 link add d0 type dummy
ip -n h1 link set d0 up
check "bound to another one" p set pool0 bind-device d0
ip -n h1 link del d0
check_eq "when it goes, its name does" "null null" "$(bound)"
check_match "and people are told" 'bound to interface: number [0-9]+, which is gone' "$(p show pool0)"
ip -n h1 link add d0 type dummy
check_eq "a new one of that name is another one" "null null" "$(bound)"
ip -n h1 link set pool0 down
check_fails "the device cannot be set up" ip_rc ip -n h1 link set pool0 up
check_match "and the message says why" 'No such device' "$OUT"
check "a file that names none takes it away" p syncconf pool0 <(grep -v '^BindDevice' "$TMP/saved")
check_eq "for good" null "$(pool_json h1 pool0 '.[].bind_ifindex')"
check "and up it goes" ip -n h1 link set pool0 up
check "with everything" wait_for 20 ping_ok h1 10.10.0.2

# --- from another namespace -------------------------------------------------------------------

add_host away
ip -n h1 link set pool0 netns away
check "interfaces are those where the sockets are" on away "$POOL" set pool0 bind-device uplink
check_eq "and shown by their name there" uplink "$(pool_json away pool0 '.[].bind_device')"
check_fails "not those where the device is" ip_rc on away "$POOL" set pool0 bind-device pool0
check_match "and the message says why" 'in the network namespace of the device' "$OUT"

# Whose admin may not touch the namespace of the sockets.
unshare --user --map-root-user --net sleep 1000 &
guest=$!
wait_for 5 eval '[ "$(readlink /proc/$guest/ns/net)" != "$(readlink /proc/self/ns/net)" ]'
ip -n away link set pool0 netns $guest
in_guest() { nsenter -t $guest -U -n --preserve-credentials "$POOL" "$@"; }
check "the guest's admin may change what is inside" in_guest set pool0 heartbeat 7
for what in 'bind none' 'bind 10.99.0.11' 'bind-device none' 'bind-device uplink' 'fwmark 7' 'listen-port 9'; do
	# shellcheck disable=SC2086
	check_fails "but not the sockets: $what" in_guest set pool0 $what
	check_match "and the message says why" 'needs CAP_NET_ADMIN' "$OUT"
done
check_eq "nothing was changed" "null uplink 0 9253" \
	"$(in_guest show pool0 --json | jq -r '.[] | "\(.bind_address) \(.bind_device) \(.fwmark) \(.listen_port)"')"
kill $guest
t_done
