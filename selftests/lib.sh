# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# For the tests that run in a guest (selftests/net, selftests/wire). A test is
# an executable bash file that starts like this:
#
#	#!/bin/bash
#	# SPDX-License-Identifier: GPL-2.0
#	# What this test shows.
#	# rigs: uml kasan qemu		which rigs it belongs to
#	# timeout: 60			seconds on the quick rig; slow rigs get more
#	# boot: kmemleak=on ...		words for the kernel's command line, if any
#	. "$(dirname "$0")/../lib.sh"
#	load_module
#	setup_two
#	...
#	t_done
#
# and prints TAP through the helpers below. Without t_done at its end it has failed.
#
# From the rig: POOL_RIG (its name), POOL_TOP (the checkout), POOL_KO (pool.ko
# of this kernel), POOL (the tool), IP_LIB_DIR (where `ip` finds link_pool.so),
# RESULTS (a directory that stays on the host), POOL_SLOW (1, or how many times
# more patience this rig needs). TMP is a directory of the test's own.

set -u
: "${POOL_TOP:=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}" "${POOL_SLOW:=1}" "${POOL_RIG:=}"
: "${POOL:=$POOL_TOP/build/userspace/pool}" "${POOL_KO:=}"
: "${RESULTS:=/tmp}"
# Tests delete every namespace in the end, and load and unload modules.
[ "$POOL_RIG" ] || { echo "run it in a guest: selftests/vm/run.sh uml -- $0" >&2; exit 2; }
export IP_LIB_DIR=${IP_LIB_DIR:-$POOL_TOP/build/iproute2-plugin}
export PATH="${POOL%/*}:$PATH"
TMP=$(mktemp -d)

t_count=0 t_failed=0 t_finished=

# --- TAP --------------------------------------------------------------------

# t_diag TEXT...: a remark, for the reader.
t_diag() { printf '%s\n' "$*" | sed 's/^/# /'; }

# t_ok TEXT / t_fail TEXT [REMARK]: a result.
t_ok() { t_count=$((t_count + 1)); echo "ok $t_count - $1"; }
t_fail() {
	t_count=$((t_count + 1)); t_failed=$((t_failed + 1))
	echo "not ok $t_count - $1"
	[ -z "${2:-}" ] || t_diag "$2"
}

# t_skip TEXT REASON: a result that could not be had here.
t_skip() { t_count=$((t_count + 1)); echo "ok $t_count - $1 # SKIP $2"; }

# t_skip_all REASON: nothing of this test can run here.
t_skip_all() { echo "1..0 # SKIP $*"; t_finished=1; exit 0; }

# t_bail TEXT: the ground for the rest is missing, a failure.
t_bail() { t_fail "$*"; t_done; exit 1; }

# t_done: print the plan; the last line of every test.
t_done() { echo "1..$t_count"; t_finished=1; [ "$t_failed" -eq 0 ]; }

# check TEXT COMMAND...: a result: the command must succeed. Its output is
# shown if it does not.
check() {
	local text=$1 out; shift
	if out=$("$@" 2>&1); then t_ok "$text"; else t_fail "$text" "exit $?: $*${out:+
$out}"; fi
}

# check_fails TEXT COMMAND...: a result: the command must fail, and not by a
# signal. What it said is left in $OUT.
check_fails() {
	local text=$1 rc=0; shift
	OUT=$("$@" 2>&1) || rc=$?
	if [ "$rc" -gt 0 ] && [ "$rc" -lt 124 ]; then
		t_ok "$text"
	else
		t_fail "$text" "exit $rc: $*${OUT:+
$OUT}"
	fi
}

# check_eq TEXT EXPECTED ACTUAL; check_match TEXT REGEX ACTUAL: results.
check_eq() { if [ "$2" = "$3" ]; then t_ok "$1"; else t_fail "$1" "expected: $2
got: $3"; fi; }
check_match() { if grep -qE -- "$2" <<<"$3"; then t_ok "$1"; else t_fail "$1" "expected to match: $2
got: $3"; fi; }

# check_cmp TEXT A OP B: a result of an integer comparison: -eq -ne -lt -le -gt -ge.
check_cmp() {
	if test "$2" "$3" "$4"; then t_ok "$1"; else t_fail "$1" "not so: $2 $3 $4"; fi
}

# wait_for SECONDS COMMAND...: try until it succeeds, for so long on a machine of
# our own. Slow rigs wait longer, and a busy machine is forgiven: who waits for
# something that comes does not wait at all.
wait_for() {
	local end=$((SECONDS + $1 * POOL_SLOW + 5 + $1 / 2)); shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.1
	done
}

# quick_rig: is this a rig where a test may take its full measure?
# size QUICK SLOW: a number that suits the rig.
quick_rig() { [ "$POOL_SLOW" -eq 1 ]; }
size() { if quick_rig; then echo "$1"; else echo "$2"; fi; }

# --- the module -------------------------------------------------------------

# load_module: pool.ko with what it depends on; ends the test if it does not load.
load_module() {
	local said
	[ ! -d /sys/module/pool ] || return 0
	said=$(modprobe pool 2>&1) || t_bail "pool.ko loads: $said"
}

# unload_module: fails if something still holds it.
unload_module() { [ ! -d /sys/module/pool ] || wait_for 5 modprobe -r pool; }

# --- hosts ------------------------------------------------------------------

# on NS COMMAND...: run it in a network namespace.
on() { local ns=$1; shift; ip netns exec "$ns" "$@"; }

# add_host NS: a host without links. Its addresses are usable at once.
add_host() {
	ip netns add "$1"
	on "$1" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 \
		net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	ip -n "$1" link set lo up
}

# add_link NS N: plug host NS into the underlay, as eth0 with 10.99.0.N and
# fd99::N. In namespace wan the other end is called NS; netem goes there.
add_link() {
	ip link add eth0 netns "$1" type veth peer name "$1" netns wan
	ip -n wan link set "$1" master br0 up
	ip -n "$1" addr add "10.99.0.$2/24" dev eth0
	ip -n "$1" addr add "fd99::$2/64" dev eth0 nodad
	ip -n "$1" link set eth0 up
}

# add_lan NS N: a network behind host NS: dummy lan0 with 10.N.0.1/16 and fd00:N::1/64.
add_lan() {
	ip -n "$1" link add lan0 type dummy
	ip -n "$1" addr add "10.$2.0.1/16" dev lan0
	ip -n "$1" addr add "fd00:$2::1/64" dev lan0 nodad
	ip -n "$1" link set lan0 up
}

# setup_wan: the underlay: namespace wan with the bridge br0.
setup_wan() {
	ip netns add wan
	ip -n wan link set lo up
	ip -n wan link add br0 type bridge
	ip -n wan link set br0 up
	# A bridge of ours passes on whatever it is given, at once.
	on wan sysctl -qw net.ipv6.conf.all.disable_ipv6=1
}

# setup_hosts N: hosts h1 … hN on one underlay, each with a network behind it.
setup_hosts() {
	local i
	setup_wan
	for i in $(seq "$1"); do
		add_host "h$i"
		add_link "h$i" "$i"
		add_lan "h$i" "$i"
	done
}

# setup_two: h1 and h2. Addresses: underlay 10.99.0.1 and .2, fd99::1 and ::2;
# networks behind them 10.1.0.0/16 fd00:1::/64 and 10.2.0.0/16 fd00:2::/64.
setup_two() { setup_hosts 2; }

# --- pool -------------------------------------------------------------------

# pool_keys NAME...: a key pair each, in $TMP/NAME.key and $TMP/NAME.pub.
pool_keys() {
	local n
	for n; do
		[ ! -f "$TMP/$n.key" ] || continue
		(umask 077; "$POOL" genkey >"$TMP/$n.key")
		"$POOL" pubkey <"$TMP/$n.key" >"$TMP/$n.pub"
	done
}

# pool_link NS [ip-link option...]: pool0 in NS. The transport is that of TRANSPORT, by
# which a test is run over another one than its own: see net/udp-basic.sh.
pool_link() {
	local ns=$1; shift
	ip -n "$ns" link add pool0 type pool ${TRANSPORT:+transport "$TRANSPORT"} "$@"
}

# pool_add NS N [ip-link option...]: pool0 in NS, its key, the port 9253, up,
# with the inner addresses 10.10.0.N/24 and fd10::N/64.
pool_add() {
	local ns=$1 n=$2; shift 2
	pool_keys "$ns"
	pool_link "$ns" "$@" &&
	on "$ns" "$POOL" set pool0 private-key "$TMP/$ns.key" listen-port 9253 &&
	ip -n "$ns" addr add "10.10.0.$n/24" dev pool0 &&
	ip -n "$ns" addr add "fd10::$n/64" dev pool0 nodad &&
	ip -n "$ns" link set pool0 up
}

# pool_peer NS PEER M [option...]: let NS know host PEER, number M: its endpoint
# 10.99.0.M:9253, its inner addresses, and routes to the networks behind it.
pool_peer() {
	local ns=$1 peer=$2 m=$3; shift 3
	pool_keys "$peer"
	on "$ns" "$POOL" set pool0 peer "$(cat "$TMP/$peer.pub")" endpoint "10.99.0.$m:9253" \
		allowed-ips "10.10.0.$m/32,fd10::$m/128,10.$m.0.0/16,fd00:$m::/64" "$@" &&
	ip -n "$ns" route replace "10.$m.0.0/16" dev pool0 src "$(lan_of "$ns" 4)" &&
	ip -n "$ns" -6 route replace "fd00:$m::/64" dev pool0
}

# lan_of NS 4|6: the host's own address on its lan0.
lan_of() { ip -n "$1" -j -"$2" addr show dev lan0 scope global | jq -r '.[].addr_info[0].local'; }

# setup_pool: setup_two with pool0 on both, each knowing the other.
setup_pool() {
	load_module
	setup_two
	pool_add h1 1 && pool_add h2 2 && pool_peer h1 h2 2 && pool_peer h2 h1 1 ||
		t_bail "pool0 can be set up on both hosts"
}

# ping_most LOST NS ADDRESS [ping option...]: three packets, or as many as the
# options say, of which LOST may stay unanswered. (ping itself is content with one
# answer; and once it has one it waits for the others only twice as long as that
# took. What comes later on a busy machine is late, not lost: the stack counts it.)
ping_most() {
	local lost=$1 ns=$2 to=$3 out before; shift 3
	before=$(echo_replies "$ns")
	out=$(on "$ns" ping -n -q -c 3 -i 0.2 -W "$((4 * POOL_SLOW))" "$@" "$to" 2>&1)
	echo "$out"
	[[ $out =~ ([0-9]+)\ packets\ transmitted,\ ([0-9]+)\ received ]] || return 1
	[ $((BASH_REMATCH[1] - BASH_REMATCH[2])) -gt "$lost" ] || return 0
	[ "${BASH_REMATCH[2]}" -gt 0 ] || return 1
	wait_for 5 echo_replies_at_least "$ns" $((before + BASH_REMATCH[1] - lost))
}
echo_replies() {
	on "$1" nstat -asz IcmpInEchoReps Icmp6InEchoReplies |
		awk '$1 ~ /Echo/ { n += $2 } END { print n + 0 }'
}
echo_replies_at_least() { [ "$(echo_replies "$1")" -ge "$2" ]; }

# ping_ok NS ADDRESS [ping option...]: three packets, all answered.
ping_ok() { ping_most 0 "$@"; }

# pool_json NS DEV FILTER: what jq's FILTER finds in `pool show DEV --json`.
pool_json() { on "$1" "$POOL" show "$2" --json | jq -r "$3"; }

# dev_drops NS DEV NAME: a drop counter of the device; of all its peers together
# with NAME peer/NAME.
dev_drops() {
	case $3 in
	peer/*) pool_json "$1" "$2" "[.. | .peers? // empty | .[] | .drops.\"${3#peer/}\" // 0] | add // 0" ;;
	*) pool_json "$1" "$2" "[.. | .drops? // empty | .\"$3\" // empty][0] // 0" ;;
	esac
}

# --- the end ----------------------------------------------------------------

t_cleanups=()
# t_defer COMMAND...: run it at the end, last come first.
t_defer() { t_cleanups=("$(printf '%q ' "$@")" "${t_cleanups[@]}"); }

t_cleanup() {
	local rc=$? c ns
	trap - EXIT
	[ "$t_finished" ] || { t_fail "the test came to its end" "exit $rc"; t_done; rc=1; }
	for c in "${t_cleanups[@]}"; do eval "$c"; done
	# shellcheck disable=SC2046
	kill $(jobs -p) 2>/dev/null
	# Nothing but ip and kill: tests have functions called cut, break and so on.
	while read -r ns _; do
		command ip netns pids "$ns" 2>/dev/null | xargs -r kill -KILL 2>/dev/null
		command ip netns del "$ns"
	done < <(command ip netns list)
	unload_module
	rm -rf "$TMP"
	exit "$rc"
}
trap t_cleanup EXIT
trap 'exit 143' TERM INT HUP
