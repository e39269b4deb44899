#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Allocations of pool.ko fail: each one that a request makes, one at a time, and
# then a few of all of them, at random, under traffic, handshakes and rekeys. What
# is asked is done as a whole or refused, nothing complains, and as soon as there
# is memory again everything works and can be taken away.
# rigs: kasan
# timeout: 60
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/tcp.bash"
FAIL=/sys/kernel/debug/failslab
[ -w $FAIL/require-start ] || t_skip_all "this kernel cannot have allocations fail"
fault() { echo "$2" >"$FAIL/$1"; }

# only_ours: those made by a function of the module, or by what it has called; but
# not those of the kernel's tracker of references, which complains of it.
only_ours() {
	local symbols
	mapfile -t symbols < <(sed -n 's/^\([0-9a-f]*\) [tT] \([^ \t]*\)$/\1 \2/p' /proc/kallsyms | sort |
		grep -A 1 ' ref_tracker_alloc$')
	fault reject-start "0x${symbols[0]%% *}"
	fault reject-end "0x${symbols[1]%% *}"
	mapfile -t symbols < <(sed -n 's/^\([0-9a-f]*\) [tT] .*\[pool\]$/\1/p' /proc/kallsyms | sort)
	fault require-start "0x${symbols[0]}"
	fault require-end "$(printf '%#x' $((0x${symbols[-1]} + 1)))"
	fault stacktrace-depth 32
}
fault verbose 0
fault ignore-gfp-wait N
fault probability 0
# Page allocations take part in fail-nth as well, unless nobody can have made them.
echo 1 >/sys/kernel/debug/fail_page_alloc/require-end
echo 1 >/sys/kernel/debug/fail_page_alloc/stacktrace-depth

# nth N COMMAND...: run it; the Nth allocation of the module for it fails.
# shellcheck disable=SC2016
nth() { bash -c 'echo "$0" >/proc/self/fail-nth; exec "$@"' "$@"; }

# How it is told. The last two are what sockets and ports say when there is no memory.
SHORT='memory|buffer space|Too many open files in system|Address already in use'
# each TEXT PREPARE CHECK COMMAND...: two results: with one of its allocations failing,
# each of the first ones and then some, PREPARE before it, COMMAND succeeds or says that memory is short, and then
# CHECK RC holds; and there were some to fail.
each() {
	local text=$1 prepare=$2 verify=$3 n rc bad='' out; shift 3
	# A device that is made asks for a hundred, most of them in the kernel's own code.
	for ((n = 1; ; n += 1 + n / 10)); do
		[ "$n" -lt 500 ] || { bad+="there is no end"; break; }
		out=$($prepare 2>&1) || { bad+="before $n: $out "; break; }
		fault times 1
		rc=0
		out=$(nth "$n" "$@" 2>&1) || rc=$?
		[ "$rc" = 0 ] || grep -qiE "$SHORT" <<<"$out" || bad+="$n: exit $rc: $out "
		$verify "$rc" || bad+="$n: half done, exit $rc: $out "
		[ "$(cat $FAIL/times)" = 0 ] || break
	done
	check_eq "$text, without memory once: done, or refused as a whole" '' "$bad"
	check_cmp "$text: there were allocations to fail" "$n" -gt 1
	t_diag "$text: less than $n allocations"
}

load_module
only_ours
watch_objects || t_bail "objects are counted"
setup_two
pool_keys h1 h2 other

has_device() { ip -n h1 link show pool0 >/dev/null 2>&1; }
no_device() { ! has_device || ip -n h1 link del pool0; }
device_or_not() { if [ "$1" = 0 ]; then has_device; else ! has_device; fi; }
# What the kernel registers along with a device says so in one place.
SHORT+='|Invalid argument'
each "a device" no_device device_or_not ip -n h1 link add pool0 type pool

SHORT=${SHORT%|*}
no_device && ip -n h1 link add pool0 type pool && on h1 "$POOL" set pool0 private-key "$TMP/h1.key" ||
	t_bail "a device with a key"
up() { ip -n h1 -j link show pool0 up | grep -q pool0; }
make_down() { ip -n h1 link set pool0 down; }
up_or_not() { if [ "$1" = 0 ]; then up; else ! up; fi; }
each "up" make_down up_or_not ip -n h1 link set pool0 up

no_peer() { ! has_peer || on h1 "$POOL" set pool0 peer "$(pub h2)" remove; }
has_peer() { on h1 "$POOL" show pool0 dump | grep -qF "$(pub h2)"; }
networks() { peer_json h1 pool0 h2 '.allowed_ip | length'; }
peer_or_not() { if [ "$1" = 0 ]; then [ "$(networks)" = 20 ]; else ! has_peer; fi; }
prefixes=$(echo 10.10.0.2/32 fd10::2/128 10.2.{1..9}.0/24 fd00:2:{1..9}::/48 | tr ' ' ,)
each "a peer" no_peer peer_or_not ip netns exec h1 "$POOL" set pool0 peer "$(pub h2)" \
	endpoint 10.99.0.2:9253 allowed-ips "$prefixes"

all_of() { on h1 "$POOL" show pool0 --json >"$TMP/all"; }
shown_or_not() { [ "$1" != 0 ] || [ "$(jq '.[].peers[].allowed_ip | length' "$TMP/shown")" = 20 ]; }
each "a list" all_of shown_or_not ip netns exec h1 sh -c "exec $POOL show pool0 --json >$TMP/shown"
ip -n h1 link del pool0

# --- everything, at random -------------------------------------------------------

pool_add h1 1 && pool_add h2 2 && pool_peer h1 h2 2 && pool_peer h2 h1 1 || t_bail "pool0 can be set up"
check "ping" ping_ok h1 10.10.0.2
for n in 1 2; do
	on "h$n" "$POOL" monitor >/dev/null &
	on "h$n" "$XFER" blast "10.10.0.$((3 - n))" 9 1000 &
	on "h$n" ping -n -q -i 0.05 "10.10.0.$((3 - n))" >/dev/null &
done
# step N: what is asked may fail; that is not asked here.
step() {
	local h=h$((1 + $1 % 2)) n=$((1 + $1 % 2)) other m
	m=$((3 - n)) other=h$m
	case $((RANDOM % 7)) in
	0 | 1) kill_connections $h ;;
	2) on $h "$POOL" set pool0 peer "$(pub $other)" rekey ;;
	3) on $h "$POOL" set pool0 peer "$(pub $other)" remove; pool_peer $h $other $m ;;
	4) on $h "$POOL" set pool0 private-key "$TMP/other.key"; on $h "$POOL" set pool0 private-key "$TMP/$h.key" ;;
	5) ip -n $h link set pool0 down; ip -n $h link set pool0 up ;;
	6) on $h "$POOL" show pool0 --json; on $h "$POOL" set pool0 listen-port 9254; on $h "$POOL" set pool0 listen-port 9253 ;;
	esac
	sleep 0.2
}
new_keys() { [ "$(pool_json h1 pool0 '.[].peers[].sessions[] | select(.current) | .epoch')" -ge 1 ]; }
RANDOM=$(date +%s)
for percent in 2 20; do
	fault times 1000000
	fault probability $percent
	end=$((SECONDS + 12)) steps=0
	while [ "$SECONDS" -lt "$end" ]; do
		step $((steps += 1)) >/dev/null 2>&1
	done
	fault probability 0
	failed=$((1000000 - $(cat $FAIL/times)))
	t_diag "$percent %: $failed failures in $steps steps"
	check_cmp "$percent % fail: some did" "$failed" -ge 20
	# What was refused is asked for once more.
	for n in 1 2; do
		on "h$n" "$POOL" set pool0 private-key "$TMP/h$n.key" listen-port 9253
		ip -n "h$n" link set pool0 up
		pool_peer "h$n" "h$((3 - n))" $((3 - n))
	done
	check "$percent % fail: with memory again, h1 reaches h2" wait_for 15 ping_ok h1 10.10.0.2
	check "$percent % fail: h2 reaches h1" wait_for 15 ping_ok h2 10.10.0.1
	check "$percent % fail: they get new keys" wait_for 10 new_keys
done
for n in 1 2; do ip netns pids "h$n" | xargs -r kill -KILL; done
for n in 1 2; do check "the device of h$n can be deleted" ip -n "h$n" link del pool0; done
check "the module can be unloaded" unload_module
wait_for 10 objects_balanced
kill "$objects_pid"
check "every device, peer and session that was created was destroyed" objects_balanced
t_done
